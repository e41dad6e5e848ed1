//! From text to [`ast`](super::ast), as bash reads a script: one complete command at a time.
//!
//! POSIX.1-2024 "Shell Command Language" §2.2 (quoting), §2.3 (token recognition), §2.7 (redirection), §2.10 (grammar), with the
//! bash 5.2 features that labs use. The text is read once, from the left, by recursive descent: there is no separate list of
//! tokens, because what ends a token depends on where it stands (`}` in a word, in `${…}`, in command position).
//!
//! | file | reads |
//! |---|---|
//! | `lexer` | blanks, comments, operators, reserved words |
//! | `grammar` | lists, pipelines, simple commands, redirections |
//! | `compound` | `if`, `for`, `case`, functions… |
//! | `conditional` | `[[ … ]]` |
//! | `word` | words and quoting |
//! | `expansion` | what begins with `$` or a backquote |
//! | `brace` | `{a,b}` and `{1..3}` |
//! | `here_document` | bodies below the line |
//!
//! Two things can be wrong. A [`SyntaxError`] ends the reading, as in bash. What is good bash but is not simulated (arrays,
//! process substitution) is read to its end and makes its command [`CommandKind::NotUnderstood`](super::ast::CommandKind).

mod brace;
mod compound;
mod conditional;
mod expansion;
mod grammar;
mod here_document;
mod lexer;
mod word;

use std::fmt;

use super::ast::Script;
use here_document::PendingHereDocument;

/// How deep constructs may stand inside each other. Each level costs stack here and again when it runs.
const DEPTH_MAX: usize = 32;

/// Why a text is not a script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SyntaxError {
    /// Counted from 1.
    pub(super) line: u32,
    pub(super) kind: SyntaxErrorKind,
    /// The text of that line, which bash repeats.
    pub(super) source: String,
}

/// The errors bash tells apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SyntaxErrorKind {
    UnexpectedToken(String),
    UnexpectedEnd,
    /// The closing character that never came.
    Unmatched(char),
    /// In `[[ … ]]`, in bash's words.
    Conditional(String),
    /// Our own bound; bash has none.
    TooDeep,
}

impl SyntaxError {
    /// Whether bash repeats the line below the message when it reads a script.
    pub(super) fn repeats_source(&self) -> bool {
        matches!(self.kind, SyntaxErrorKind::UnexpectedToken(_))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SyntaxErrorKind::UnexpectedToken(token) => write!(f, "syntax error near unexpected token `{token}'"),
            SyntaxErrorKind::UnexpectedEnd => f.write_str("syntax error: unexpected end of file"),
            SyntaxErrorKind::Unmatched(close) => {
                write!(f, "unexpected EOF while looking for matching `{close}'")
            }
            SyntaxErrorKind::Conditional(what) => f.write_str(what),
            SyntaxErrorKind::TooDeep => write!(f, "constructs nested more than {DEPTH_MAX} deep are not simulated"),
        }
    }
}

/// What bash says about a text and then runs it all the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Warning {
    pub(super) line: u32,
    pub(super) text: String,
}

type Parsed<T> = Result<T, SyntaxError>;

/// A reader of one text.
#[derive(Debug)]
pub(super) struct Parser {
    text: String,
    /// The next byte to read; always a character boundary.
    at: usize,
    /// The line `at` is on.
    line: u32,
    depth: usize,
    /// Here-documents whose bodies begin after the next newline.
    pending: Vec<PendingHereDocument>,
    /// What the command being read says that is not simulated.
    refused: Option<String>,
    warnings: Vec<Warning>,
}

impl Parser {
    /// Reads a script or what was typed.
    ///
    /// `Differs from AWS:` lines that end as on Windows are read as if they did not; bash would take the carriage return as
    /// part of the last word, and the simulator has better things to teach.
    pub(super) fn new(text: &str) -> Parser {
        let mut text = text.replace("\r\n", "\n");
        // As bash does when a file lacks it.
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Parser::nested(text, 1, 0)
    }

    /// Reads a text found inside another one, on `line` of it.
    fn nested(text: String, line: u32, depth: usize) -> Parser {
        Parser { text, at: 0, line, depth, pending: Vec::new(), refused: None, warnings: Vec::new() }
    }

    /// The next complete command, which ends with its line; `None` at the end of the text.
    pub(super) fn next_command(&mut self) -> Parsed<Option<Script>> {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Ok(None),
                Some('\n') => self.newline(),
                Some(_) => break,
            }
        }
        let list = self.line_of_commands()?;
        match self.peek() {
            None => self.read_pending_here_documents(),
            Some('\n') => self.newline(),
            Some(_) => return Err(self.unexpected()),
        }
        Ok(Some(list))
    }

    /// After an error at the prompt: the rest of the line is forgotten and bash asks for the next.
    pub(super) fn forget_line(&mut self) {
        self.pending.clear();
        self.refused = None;
        self.depth = 0;
        while self.peek().is_some_and(|letter| letter != '\n') {
            self.bump();
        }
    }

    /// Takes what there was to warn of since the last call.
    pub(super) fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Reads a part one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(SyntaxErrorKind::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Remembers that the command being read cannot be run; the first reason stays.
    fn refuse(&mut self, what: impl Into<String>) {
        self.refused.get_or_insert_with(|| what.into());
    }

    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        self.error_at(self.at, self.line, kind)
    }

    fn error_at(&self, at: usize, line: u32, kind: SyntaxErrorKind) -> SyntaxError {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let source = self.text[start..].lines().next().unwrap_or_default().to_owned();
        SyntaxError { line, kind, source }
    }

    /// The error of a token that cannot stand where it does.
    fn unexpected(&mut self) -> SyntaxError {
        self.skip_blanks();
        let (at, line) = (self.at, self.line);
        if self.at_word() && !self.at_process_substitution() {
            // The token is the whole word as written; a quote that is open in it is the earlier error.
            if let Err(error) = self.deeper(|parser| parser.word(word::Place::Word)) {
                return error;
            }
            let token = self.text[at..self.at].to_owned();
            return self.error_at(at, line, SyntaxErrorKind::UnexpectedToken(token));
        }
        let token = self.token_text();
        self.error(token.map_or(SyntaxErrorKind::UnexpectedEnd, SyntaxErrorKind::UnexpectedToken))
    }
}
