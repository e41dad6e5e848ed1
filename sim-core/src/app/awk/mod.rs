//! `awk`: the language of POSIX "awk" as labs and user data use it – patterns, fields, `print` and `printf`, variables, arrays,
//! arithmetic and the functions of text. What it does not know is refused by name: functions of one's own, `getline`, pipes, `RS`.
//!
//! [`lexer`] and [`parser`] read the program into [`ast`], [`machine`] runs it over records, [`value`] is what numbers and texts
//! are to each other, [`mod@format`] is `printf`.

mod ast;
mod format;
mod lexer;
mod machine;
mod parser;
mod value;

use super::options::{Options, Parsed};
use super::streams::{inputs, without_end};
use crate::host::Sys;
use ast::Program;
use machine::Machine;

/// Why a program is not run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// Not awk, from this byte on.
    Syntax(usize),
    /// Good awk that is not simulated.
    NotSimulated(String),
}

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut separator, mut assignments, mut source, mut operands) = (None, Vec::new(), None, Vec::new());
    let mut words = Options::new(&arguments, "Fvf");
    while let Some(parsed) = words.next() {
        match parsed {
            Parsed::Value('F', text) => {
                separator = Some(if text == "t" { "\t".to_owned() } else { lexer::unescape(text) })
            }
            Parsed::Value('v', text) => match text.split_once('=') {
                Some(pair) => assignments.push(pair),
                None => {
                    sys.eprint(format!("awk: fatal: `{text}' argument to `-v' not in `var=value' form\n"));
                    return 2;
                }
            },
            Parsed::Value('f', name) => match sys.read_file(name) {
                Ok(bytes) => source = Some(String::from_utf8_lossy(&bytes).into_owned()),
                Err(error) => {
                    sys.eprint(format!("awk: fatal: cannot open source file `{name}' for reading: {error}\n"));
                    return 2;
                }
            },
            Parsed::Operand(word) if source.is_none() => source = Some(word.to_owned()),
            // What stands behind the program is not for awk to read.
            Parsed::Operand(word) => {
                operands.push(word.to_owned());
                while let Some(word) = words.take_word() {
                    operands.push(word.to_owned());
                }
            }
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("awk", &format!("-{letter}"));
            }
            Parsed::Long(name) => return sys.not_simulated("awk", &format!("--{name}")),
        }
    }
    let Some(source) = source else {
        sys.eprint("Usage: awk [POSIX or GNU style options] -f progfile [--] file ...\nUsage: awk [POSIX or GNU style options] [--] 'program' file ...\n");
        return 2;
    };
    let program = match parse(&source) {
        Ok(program) => program,
        Err(Refusal::NotSimulated(what)) => return refuse(&sys, &what),
        Err(Refusal::Syntax(at)) => return complain(&sys, &source, at),
    };
    let mut machine = Machine::new(&sys);
    if let Some(separator) = separator {
        machine.assign("FS", &separator);
    }
    for (name, value) in assignments {
        machine.assign(name, &lexer::unescape(value));
    }
    run(&sys, &mut machine, &program, &operands).await
}

fn parse(source: &str) -> Result<Program, Refusal> {
    parser::Parser::new(lexer::read(source)?, source.len()).program()
}

/// BEGIN, the records of every file, END.
async fn run(sys: &Sys, machine: &mut Machine<'_>, program: &Program, operands: &[String]) -> i32 {
    let mut exit = 0;
    let mut flow = machine.begin(program);
    if flow.is_ok() && machine::reads(program) {
        let is_assignment = |word: &str| {
            let name = word.split_once('=').map_or("", |(name, _)| name);
            name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        let only_assignments = operands.iter().all(|word| is_assignment(word));
        let standard_input = only_assignments.then(|| "-".to_owned());
        for word in operands.iter().chain(&standard_input) {
            if let Some((name, value)) = word.split_once('=').filter(|_| is_assignment(word)) {
                machine.assign(name, &lexer::unescape(value));
                continue;
            }
            let mut missing = 0;
            'files: for (name, mut text) in inputs(sys, "awk: warning", std::slice::from_ref(word), &mut missing) {
                machine.open(&name);
                while let Some(line) = text.line().await {
                    flow = machine.read(program, without_end(&line));
                    if flow.is_err() {
                        break 'files;
                    }
                }
            }
            exit = exit.max(missing * 2);
            if flow.is_err() {
                break;
            }
        }
    }
    match machine.end(program, flow) {
        Ok(status) => status.unwrap_or(exit),
        Err(machine::Failure::Fatal(text)) => {
            sys.eprint(format!("awk: cmd. line:1: fatal: {text}\n"));
            2
        }
        Err(machine::Failure::NotSimulated(what)) => refuse(sys, &what),
    }
}

fn refuse(sys: &Sys, what: &str) -> i32 {
    sys.eprint(format!("vpcsim: awk: '{what}' is not simulated\n"));
    sys.note(format!("awk: '{what}' is not simulated; the program stopped there"));
    2
}

/// As gawk shows a mistake: the line, and a mark below the place.
fn complain(sys: &Sys, source: &str, at: usize) -> i32 {
    let begins = source[..at].rfind('\n').map_or(0, |end| end + 1);
    let number = source[..begins].matches('\n').count() + 1;
    let line = source[begins..].lines().next().unwrap_or_default();
    let what = if at == source.len() { "unexpected newline or end of string" } else { "syntax error" };
    let space = " ".repeat(source[begins..at].chars().count());
    sys.eprint(format!("awk: cmd. line:{number}: {line}\nawk: cmd. line:{number}: {space}^ {what}\n"));
    1
}
