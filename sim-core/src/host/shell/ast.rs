//! The shell language as vpcsim understands it: our own small tree, independent of the parser that fills it.
//!
//! The grammar is that of POSIX "Shell Command Language" §2.9 with bash's `[[ … ]]`, `(( … ))`, `&>` and brace ranges. What else
//! bash knows is kept as [`CommandKind::NotUnderstood`], so that the rest of the script still runs.

use std::sync::{Arc, OnceLock};

use super::parser::SyntaxError;

/// Commands in order.
#[derive(Clone, Default, Debug)]
pub(super) struct Script(pub(super) Vec<Item>);

/// One and-or list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(Join, Pipeline)>,
    pub(super) background: bool,
}

/// What joins two pipelines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Join {
    And,
    Or,
}

/// Commands whose outputs feed each other; they run one after the other, not at once (see `interpret`).
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) negated: bool,
    pub(super) commands: Vec<Command>,
}

/// A command with its redirections.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) line: Option<u32>,
    pub(super) kind: CommandKind,
    pub(super) redirections: Vec<Redirection>,
}

impl Command {
    /// Whether it is `exec` with nothing but redirections, which are the shell's own from then on.
    pub(super) fn is_exec_alone(&self) -> bool {
        let CommandKind::Simple { assignments, words } = &self.kind else { return false };
        let name = match words.as_slice() {
            [Word(pieces)] => pieces.as_slice(),
            _ => return false,
        };
        assignments.is_empty() && matches!(name, [Piece::Text(name)] if name == "exec")
    }

    /// A command of no words, which is true.
    pub(super) fn nothing(line: u32) -> Command {
        let kind = CommandKind::Simple { assignments: Vec::new(), words: Vec::new() };
        Command { line: Some(line), kind, redirections: Vec::new() }
    }
}

/// What a command does.
#[derive(Clone, Debug)]
pub(super) enum CommandKind {
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
    },
    Subshell(Script),
    Group(Script),
    If {
        branches: Vec<(Script, Script)>,
        otherwise: Option<Script>,
    },
    For {
        variable: String,
        words: Option<Vec<Word>>,
        body: Script,
    },
    While {
        until: bool,
        condition: Script,
        body: Script,
    },
    Case {
        value: Word,
        arms: Vec<(Vec<Word>, Script)>,
    },
    Test(Test),
    /// `(( … ))`.
    Arithmetic {
        expression: Word,
    },
    /// `for (( …; …; … ))`; an empty condition holds.
    ForArithmetic {
        start: Word,
        condition: Word,
        step: Word,
        body: Script,
    },
    Function {
        name: String,
        body: Arc<Command>,
    },
    /// Good bash that is not simulated.
    NotUnderstood {
        what: String,
    },
    /// Not a command at all, in backquotes or in a here-document: bash finds out only when it runs the substitution.
    Broken {
        error: SyntaxError,
    },
}

/// `NAME=value`, `NAME+=value`.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: Word,
    pub(super) append: bool,
}

impl Script {
    /// A script of one command.
    pub(super) fn of(line: u32, kind: CommandKind) -> Script {
        let command = Command { line: Some(line), kind, redirections: Vec::new() };
        let first = Pipeline { negated: false, commands: vec![command] };
        Script(vec![Item { first, rest: Vec::new(), background: false }])
    }
}

/// Where a stream goes or comes from.
#[derive(Clone, Debug)]
pub(super) enum Redirection {
    Read(Word),
    Write {
        descriptor: i32,
        file: Word,
        append: bool,
    },
    Duplicate {
        descriptor: i32,
        of: i32,
    },
    Both {
        file: Word,
        append: bool,
    },
    /// `>(…)` as what is written to; without a descriptor both streams go there.
    WriteToCommand {
        descriptor: Option<i32>,
        script: Script,
    },
    /// The body stands below the command's line, so it is set when the parser gets there.
    HereDocument(Arc<OnceLock<Word>>),
    HereString(Word),
}

/// The inside of `[[ … ]]`.
#[derive(Clone, Debug)]
pub(super) enum Test {
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    Unary(String, Word),
    Binary(Word, String, Word),
}

/// A word before expansion.
#[derive(Clone, Default, Debug)]
pub(super) struct Word(pub(super) Vec<Piece>);

/// A part of a word.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// As it stands; `*`, `?` and `[` are patterns.
    Text(String),
    /// As it stands, whatever it is; an empty one still makes a word.
    Quoted(String),
    /// `~`.
    Home,
    /// `$x`, `${x:-word}`…
    Parameter { parameter: Parameter, otherwise: Otherwise, quoted: bool },
    /// `$(…)`.
    Command { script: Script, quoted: bool },
    /// `$((…))`.
    Arithmetic { expression: Word },
}

/// What `$` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Parameter {
    Variable(String),
    Positional(usize),
    /// `$@` and `$*`.
    All,
    Count,
    Status,
    ProcessId,
    /// `$!`.
    LastJob,
    ShellName,
}

/// What a parameter expansion does besides giving the value.
#[derive(Clone, Debug)]
pub(super) enum Otherwise {
    Value,
    /// `${x:-word}`; without the colon only when unset.
    Default {
        word: Word,
        also_if_empty: bool,
    },
    /// `${x:=word}`.
    Assign {
        word: Word,
        also_if_empty: bool,
    },
    /// `${x:+word}`.
    Alternative {
        word: Word,
        also_if_empty: bool,
    },
    /// `${#x}`.
    Length,
    /// `${x#pattern}`, `${x%pattern}`; twice for the longest.
    Remove {
        pattern: Word,
        end: End,
        longest: bool,
    },
}

/// Which end of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Prefix,
    Suffix,
}
