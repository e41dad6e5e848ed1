//! Programs that pass text on as it comes: `cat`, `tee`, `head`, `tail`, `grep`, `yes`, and the lines that all filters read.

use super::options::{Options, Parsed};
use super::text::{basic_to_extended, operands};
use crate::host::Sys;

/// What a filter reads: standard input as it comes, or a file.
pub(super) enum Text {
    Stdin(Sys),
    File(std::vec::IntoIter<String>),
}

impl Text {
    /// The next line, with its end.
    pub(super) async fn line(&mut self) -> Option<String> {
        match self {
            Text::Stdin(sys) => sys.read_line().await.map(|line| lossy(&line)),
            Text::File(lines) => lines.next(),
        }
    }

    /// All that is left.
    pub(super) async fn all(self) -> String {
        match self {
            Text::Stdin(sys) => lossy(&sys.read_all().await),
            Text::File(lines) => lines.collect(),
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A line without its end.
pub(super) fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The named files, or standard input when there are none (`-` is standard input).
pub(super) fn inputs(sys: &Sys, program: &str, names: &[String], exit: &mut i32) -> Vec<(String, Text)> {
    if names.is_empty() {
        return vec![("-".to_owned(), Text::Stdin(sys.clone()))];
    }
    let mut texts = Vec::new();
    for name in names {
        if name == "-" {
            texts.push((name.clone(), Text::Stdin(sys.clone())));
            continue;
        }
        match sys.read_file(name) {
            Ok(bytes) => {
                let lines: Vec<String> = lossy(&bytes).split_inclusive('\n').map(str::to_owned).collect();
                texts.push((name.clone(), Text::File(lines.into_iter())));
            }
            Err(error) => {
                sys.eprint(format!("{program}: {name}: {error}\n"));
                *exit = 1;
            }
        }
    }
    texts
}

/// `cat`.
pub(crate) async fn cat(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut names: Vec<String> = match operands(&sys, "cat", &arguments, "u") {
        Ok((_, names)) => names,
        Err(exit) => return exit,
    };
    if names.is_empty() {
        names.push("-".to_owned());
    }
    let mut exit = 0;
    for name in names {
        if name == "-" {
            loop {
                match sys.read_some().await {
                    bytes if bytes.is_empty() => break,
                    bytes => sys.print(bytes),
                }
            }
            continue;
        }
        match sys.read_file(&name) {
            Ok(bytes) => sys.print(bytes),
            Err(error) => {
                sys.eprint(format!("cat: {name}: {error}\n"));
                exit = 1;
            }
        }
    }
    exit
}

/// `tee`.
pub(crate) async fn tee(sys: Sys, arguments: Vec<String>) -> i32 {
    let (flags, names) = match operands(&sys, "tee", &arguments, "ai") {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let (mut exit, mut paths) = (0, Vec::new());
    for name in names.iter().filter(|name| *name != "/dev/null") {
        let path = sys.path(name);
        let is_appended = flags.contains(&'a');
        match sys.files(|files| if is_appended { files.open_for_append(&path) } else { files.create(&path) }) {
            Ok(()) => paths.push(path),
            Err(error) => {
                sys.eprint(format!("tee: {name}: {error}\n"));
                exit = 1;
            }
        }
    }
    loop {
        let bytes = sys.read_some().await;
        if bytes.is_empty() {
            return exit;
        }
        sys.files(|files| paths.iter().for_each(|path| files.append(path, &bytes)));
        sys.print(bytes);
    }
}

/// `grep`.
pub(crate) async fn grep(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut flags, mut names, mut most) = (Vec::new(), Vec::new(), usize::MAX);
    for parsed in Options::new(&arguments, "m") {
        match parsed {
            Parsed::Flag(letter) if "icvqEoFwnsh".contains(letter) => flags.push(letter),
            Parsed::Long("line-buffered") => {}
            Parsed::Value('m', value) => match value.parse() {
                Ok(count) => most = count,
                Err(_) => {
                    sys.eprint("grep: invalid max count\n");
                    return 2;
                }
            },
            Parsed::Operand(name) => names.push(name.to_owned()),
            Parsed::Long(name) => return sys.not_simulated("grep", &format!("--{name}")),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("grep", &format!("-{letter}"));
            }
        }
    }
    if names.is_empty() {
        sys.eprint("Usage: grep [OPTION]... PATTERN [FILE]...\n");
        return 2;
    }
    let has = |flag: char| flags.contains(&flag);
    let mut pattern = names.remove(0);
    if has('F') {
        pattern = regex_lite::escape(&pattern);
    } else if !has('E') {
        pattern = basic_to_extended(&pattern);
    }
    if has('w') {
        pattern = format!(r"\b(?:{pattern})\b");
    }
    let Ok(regex) = regex_lite::RegexBuilder::new(&pattern).case_insensitive(has('i')).build() else {
        sys.eprint("grep: Invalid regular expression\n");
        return 2;
    };
    let mut exit = 0;
    let (mut found, several) = (0, names.len() > 1 && !has('h'));
    for (name, mut text) in inputs(&sys, "grep", &names, &mut exit) {
        let (mut number, mut here) = (0, 0);
        while here < most {
            let Some(line) = text.line().await else { break };
            let line = without_end(&line);
            number += 1;
            if regex.is_match(line) == has('v') {
                continue;
            }
            (found, here) = (found + 1, here + 1);
            if has('q') {
                return 0; // It has seen enough.
            }
            if has('c') {
                continue;
            }
            let number = if has('n') { format!("{number}:") } else { String::new() };
            let name = if several { format!("{name}:") } else { String::new() };
            if has('o') {
                for part in regex.find_iter(line) {
                    sys.print(format!("{name}{number}{}\n", part.as_str()));
                }
            } else {
                sys.print(format!("{name}{number}{line}\n"));
            }
        }
    }
    if has('c') {
        sys.print(format!("{found}\n"));
    }
    match (found, exit) {
        (1.., _) => 0,
        (_, 0) => 1,
        _ => 2,
    }
}

/// What `head` and `tail` show.
struct Part {
    count: usize,
    /// `-c`: bytes instead of lines.
    by_bytes: bool,
    /// `-f`, `-F`.
    follow: bool,
    names: Vec<String>,
}

impl Part {
    fn parse(sys: &Sys, program: &str, arguments: &[String]) -> Result<Part, i32> {
        let mut part = Part { count: 10, by_bytes: false, follow: false, names: Vec::new() };
        // `-5` is `-n 5`.
        let arguments: Vec<String> = arguments
            .iter()
            .map(|word| match word.strip_prefix('-') {
                Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                    format!("-n{digits}")
                }
                _ => word.clone(),
            })
            .collect();
        for parsed in Options::new(&arguments, "nc") {
            match parsed {
                Parsed::Value(letter @ ('n' | 'c'), value) => {
                    part.by_bytes = letter == 'c';
                    match value.parse() {
                        Ok(count) if !value.starts_with('+') => part.count = count,
                        _ => return Err(sys.not_simulated(program, &format!("-{letter} {value}"))),
                    }
                }
                Parsed::Flag('f' | 'F') if program == "tail" => part.follow = true,
                Parsed::Operand(name) => part.names.push(name.to_owned()),
                Parsed::Long(name) => return Err(sys.not_simulated(program, &format!("--{name}"))),
                Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                    return Err(sys.not_simulated(program, &format!("-{letter}")));
                }
            }
        }
        Ok(part)
    }
}

/// `head`, by lines or bytes. It reads no more than it shows.
pub(crate) async fn head(sys: Sys, arguments: Vec<String>) -> i32 {
    let part = match Part::parse(&sys, "head", &arguments) {
        Ok(part) => part,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    for (_, mut text) in inputs(&sys, "head", &part.names, &mut exit) {
        let mut left = part.count;
        while left > 0 {
            let Some(line) = text.line().await else { break };
            let len = if part.by_bytes { line.len().min(left) } else { line.len() };
            sys.print(&line.as_bytes()[..len]);
            left -= if part.by_bytes { len } else { 1 };
        }
    }
    exit
}

/// `tail`, by lines or bytes; with `-f` what is added to the file later, too.
pub(crate) async fn tail(sys: Sys, arguments: Vec<String>) -> i32 {
    let part = match Part::parse(&sys, "tail", &arguments) {
        Ok(part) => part,
        Err(exit) => return exit,
    };
    let mut exit = 0;
    let mut seen = sys.file_changes();
    for (_, text) in inputs(&sys, "tail", &part.names, &mut exit) {
        let text = text.all().await;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let skipped: usize = lines[..lines.len().saturating_sub(part.count)].iter().map(|line| line.len()).sum();
        let from = if part.by_bytes { text.len().saturating_sub(part.count) } else { skipped };
        sys.print(&text.as_bytes()[from..]);
    }
    let ([name], true) = (part.names.as_slice(), part.follow) else {
        if part.follow && part.names.len() > 1 {
            sys.note("tail -f of several files is not simulated; it ended with what was there");
        }
        return exit;
    };
    if exit != 0 {
        sys.eprint("tail: no files remaining\n");
        return exit;
    }
    let mut len = sys.read_file(name).map(|bytes| bytes.len()).unwrap_or_default();
    // When nobody reads any longer there is nothing to wait for (coreutils 8.28).
    while sys.file_change_or_closed(&mut seen).await {
        let Ok(bytes) = sys.read_file(name) else { continue };
        if bytes.len() < len {
            sys.eprint(format!("tail: {name}: file truncated\n"));
            len = 0;
        }
        if bytes.len() > len {
            sys.print(&bytes[len..]);
            len = bytes.len();
        }
    }
    exit
}

/// `yes [WORD]…`: its line for ever, as fast as it is read.
pub(crate) async fn yes(sys: Sys, arguments: Vec<String>) -> i32 {
    /// Lines that it prints where nobody can stop it.
    const LINES_MAX: usize = 1_000;
    let words = if arguments.len() > 1 { arguments[1..].join(" ") } else { "y".to_owned() };
    let line = words + "\n";
    if !sys.stdout_is_pipe() {
        sys.print(line.repeat(LINES_MAX));
        sys.note(format!("yes never ends; it was stopped after {LINES_MAX} lines"));
        return 1;
    }
    const BUFFER: usize = 8_192;
    let lines = line.repeat((BUFFER / line.len()).max(1));
    loop {
        sys.print(&lines);
        sys.give_way().await;
    }
}
