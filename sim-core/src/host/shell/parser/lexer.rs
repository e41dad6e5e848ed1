//! Token recognition (POSIX "Shell Command Language" §2.3, §2.4): blanks, comments, line continuation, operators and reserved
//! words. It reads characters and knows no grammar.

use super::{Parsed, Parser, SyntaxErrorKind};

/// The control and redirection operators of bash, a longer one before its beginnings.
const OPERATORS: [&str; 23] = [
    ";;&", "<<<", "<<-", "&>>", "&&", "||", ";;", ";&", "|&", "&>", "<<", ">>", "<&", ">&", "<>", ">|", ";", "&", "|",
    "<", ">", "(", ")",
];

/// Words that end a list of commands when they stand where a command could.
const CLOSING_WORDS: [&str; 9] = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "]]"];

/// Characters that end a word unless quoted.
pub(super) fn is_metacharacter(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

/// Whether a text is a name (POSIX §3.216).
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|letter: char| letter.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|letter| letter == '_' || letter.is_ascii_alphanumeric())
}

impl Parser {
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn looking_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    /// Takes one character.
    pub(super) fn bump(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        self.line += u32::from(letter == '\n');
        Some(letter)
    }

    /// Takes a text without newlines if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes characters as long as they fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.bump();
        }
        self.text[start..self.at].to_owned()
    }

    /// Skips blanks, continued lines, and the comment that may follow.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => drop(self.bump()),
                Some('\\') if self.looking_at("\\\n") => {
                    self.bump();
                    self.bump();
                }
                // A `#` begins a comment only where a token could begin.
                Some('#') if self.at_token_start() => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.bump();
                    }
                }
                _ => return,
            }
        }
    }

    fn at_token_start(&self) -> bool {
        self.text[..self.at].chars().next_back().is_none_or(is_metacharacter)
    }

    /// Takes the newline that comes next and the here-documents below it.
    pub(super) fn newline(&mut self) {
        self.bump();
        self.read_pending_here_documents();
    }

    /// Skips blanks and newlines.
    pub(super) fn skip_newlines(&mut self) {
        self.skip_blanks();
        while self.peek() == Some('\n') {
            self.newline();
            self.skip_blanks();
        }
    }

    /// The operator that comes next, if one does. A newline is not among them.
    pub(super) fn operator(&self) -> Option<&'static str> {
        OPERATORS.into_iter().find(|operator| self.looking_at(operator))
    }

    /// Takes an operator if exactly it comes next after blanks.
    pub(super) fn eat_operator(&mut self, operator: &str) -> bool {
        self.skip_blanks();
        self.operator() == Some(operator) && self.eat(operator)
    }

    pub(super) fn expect_operator(&mut self, operator: &str) -> Parsed<()> {
        if self.eat_operator(operator) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Whether a reserved word comes next, as a whole word.
    pub(super) fn at_reserved(&self, word: &str) -> bool {
        self.rest().strip_prefix(word).is_some_and(|after| after.chars().next().is_none_or(is_metacharacter))
    }

    /// Takes a reserved word if it comes next after blanks.
    pub(super) fn eat_reserved(&mut self, word: &str) -> bool {
        self.skip_blanks();
        self.at_reserved(word) && self.eat(word)
    }

    pub(super) fn expect_reserved(&mut self, word: &str) -> Parsed<()> {
        if self.eat_reserved(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Whether what comes next ends a list of commands.
    pub(super) fn at_closing(&self) -> bool {
        matches!(self.operator(), Some(")" | ";;" | ";&" | ";;&"))
            || self.peek().is_none()
            || CLOSING_WORDS.into_iter().any(|word| self.at_reserved(word))
    }

    /// The next token as an error names it; `None` at the end of the text.
    pub(super) fn token_text(&self) -> Option<String> {
        match self.peek()? {
            '\n' => Some("newline".to_owned()),
            _ => match self.operator() {
                Some(operator) => Some(operator.to_owned()),
                None => {
                    let word = self.rest();
                    let end = word.find(is_metacharacter).unwrap_or(word.len());
                    Some(word[..end].to_owned())
                }
            },
        }
    }

    /// Takes a quoted or bracketed text up to the `close` that belongs to an `open` already taken, as it stands. Quotes and
    /// escapes inside hide what they contain.
    pub(super) fn balanced(&mut self, open: char, close: char) -> Parsed<String> {
        let (start, line) = (self.at, self.line);
        let mut depth = 1usize;
        while let Some(letter) = self.bump() {
            match letter {
                '\\' => drop(self.bump()),
                '\'' | '"' | '`' => self.skip_quoted(letter),
                _ if letter == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(self.text[start..self.at - close.len_utf8()].to_owned());
                    }
                }
                _ if letter == open => depth += 1,
                _ => {}
            }
        }
        Err(self.error_at(start, line, SyntaxErrorKind::Unmatched(close)))
    }

    fn skip_quoted(&mut self, quote: char) {
        while let Some(letter) = self.bump() {
            if letter == quote {
                return;
            }
            if letter == '\\' && quote != '\'' {
                self.bump();
            }
        }
    }
}
