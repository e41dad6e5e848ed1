//! Words and quoting (POSIX "Shell Command Language" §2.2; bash manual §3.1.2).

use super::super::ast::{Piece, Script, Word};
use super::lexer::is_metacharacter;
use super::{Parsed, Parser, SyntaxErrorKind};

/// Where a word stands, which decides what ends it and what is special in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// An argument, a pattern, a file name.
    Word,
    /// After `NAME=`: a tilde is also special after a colon.
    AssignmentValue,
    /// After `=~`: brackets and bars belong to it.
    Regex,
    /// In `${x:-…}`, up to the closing brace.
    Braces { quoted: bool },
    /// Between double quotes, up to the closing one.
    Quotes,
    /// All of a here-document's text.
    HereDocument,
    /// All of an arithmetic expression.
    Arithmetic,
}

impl Place {
    /// Whether what stands here is neither split nor a pattern.
    fn is_quoted(self) -> bool {
        matches!(self, Place::Braces { quoted: true } | Place::Quotes | Place::HereDocument | Place::Arithmetic)
    }

    /// Whether a backslash before this character is taken away; elsewhere in quotes it stays.
    fn escapes(self, letter: char) -> bool {
        match self {
            Place::Quotes => matches!(letter, '$' | '`' | '"' | '\\'),
            Place::Braces { quoted: true } => matches!(letter, '$' | '`' | '"' | '\\' | '}'),
            Place::HereDocument | Place::Arithmetic => matches!(letter, '$' | '`' | '\\'),
            _ => true,
        }
    }
}

impl Parser {
    /// Reads one word and adds what it stands for after brace expansion; gives how many that were.
    pub(super) fn words(&mut self, words: &mut Vec<Word>) -> Parsed<usize> {
        let start = self.at;
        let word = self.word(Place::Word)?;
        let before = words.len();
        match super::brace::expand(&word, self.at - start) {
            Some(expanded) => words.extend(expanded),
            None => {
                self.refuse("a brace expansion into so many words is not simulated");
                words.push(word);
            }
        }
        Ok(words.len() - before)
    }

    /// Reads a word up to what ends it in its place. The end is not taken.
    pub(super) fn word(&mut self, place: Place) -> Parsed<Word> {
        let mut word = Word::default();
        let start = self.at;
        let mut brackets = 0usize;
        while let Some(letter) = self.peek() {
            match place {
                Place::Word | Place::AssignmentValue if self.at_process_substitution() => {
                    self.process_substitution()?;
                    self.refuse("process substitution is not simulated");
                    continue;
                }
                Place::Word | Place::AssignmentValue if is_metacharacter(letter) => break,
                Place::Regex => match letter {
                    '(' => brackets += 1,
                    ')' if brackets == 0 => break,
                    ')' => brackets -= 1,
                    '\n' => break,
                    ' ' | '\t' if brackets == 0 => break,
                    _ => {}
                },
                Place::Braces { .. } if letter == '}' => break,
                Place::Quotes if letter == '"' => break,
                _ => {}
            }
            match letter {
                '\\' => self.backslash(place, &mut word),
                '\'' if !place.is_quoted() => {
                    let text = self.quoted_text('\'')?;
                    word.push_quoted(&text);
                }
                '"' if place == Place::Arithmetic => drop(self.bump()),
                '"' if !matches!(place, Place::Quotes | Place::HereDocument) => self.double_quotes(&mut word)?,
                '$' => self.dollar(place.is_quoted(), &mut word)?,
                '`' => self.backquotes(place.is_quoted(), &mut word)?,
                '~' if self.tilde_is_special(place, start) => self.tilde(&mut word),
                _ => {
                    self.bump();
                    word.push(letter, place.is_quoted());
                }
            }
        }
        Ok(word)
    }

    fn backslash(&mut self, place: Place, word: &mut Word) {
        self.bump();
        match self.peek() {
            Some('\n') => drop(self.bump()),
            Some(letter) if place.escapes(letter) => {
                self.bump();
                // A regular expression needs its backslashes.
                if place == Place::Regex {
                    word.push('\\', true);
                }
                word.push(letter, true);
            }
            _ => word.push('\\', true),
        }
    }

    /// The text between two quotes, in which nothing is special.
    fn quoted_text(&mut self, quote: char) -> Parsed<String> {
        let (at, line) = (self.at, self.line);
        self.bump();
        let text = self.take_while(|letter| letter != quote);
        match self.bump() {
            Some(_) => Ok(text),
            None => Err(self.error_at(at, line, SyntaxErrorKind::Unmatched(quote))),
        }
    }

    pub(super) fn double_quotes(&mut self, word: &mut Word) -> Parsed<()> {
        let (at, line) = (self.at, self.line);
        self.bump();
        let inside = self.deeper(|parser| parser.word(Place::Quotes))?;
        if self.bump().is_none() {
            return Err(self.error_at(at, line, SyntaxErrorKind::Unmatched('"')));
        }
        // Quotes around nothing still make a word.
        word.push_quoted("");
        word.0.extend(inside.0);
        Ok(())
    }

    fn tilde_is_special(&self, place: Place, start: usize) -> bool {
        match place {
            Place::Word | Place::Braces { quoted: false } => self.at == start,
            Place::AssignmentValue => self.at == start || self.text[..self.at].ends_with(':'),
            _ => false,
        }
    }

    fn tilde(&mut self, word: &mut Word) {
        self.bump();
        let ends = |letter: char| is_metacharacter(letter) || matches!(letter, '/' | ':' | '}');
        let user = self.take_while(|letter| !ends(letter) && !matches!(letter, '\'' | '"' | '$' | '`' | '\\'));
        match (user.as_str(), self.peek()) {
            ("", next) if next.is_none_or(ends) => word.0.push(Piece::Home),
            ("", _) => word.push('~', false),
            _ => self.refuse(format!("'~{user}' is not simulated")),
        }
    }

    /// `<(…)` and `>(…)`; as words they are only recognised.
    pub(super) fn process_substitution(&mut self) -> Parsed<Script> {
        self.bump();
        self.bump();
        self.substituted_script()
    }

    /// The text of a here-document. What is wrong in it costs its text, not the script: bash expands it only when the
    /// command runs.
    pub(super) fn here_document_word(&mut self) -> Word {
        use super::super::ast::CommandKind;
        let line = self.line;
        let (mut word, failure) = match self.word(Place::HereDocument) {
            Ok(word) => (word, self.refused.take().map(|what| (line, CommandKind::NotUnderstood { what }))),
            Err(error) => (Word::default(), Some((error.line, CommandKind::Broken { error }))),
        };
        if let Some((line, kind)) = failure {
            word.0.push(Piece::Command { script: Script::of(line, kind), quoted: true });
        }
        word
    }
}

impl Word {
    /// Adds a character as it stands.
    fn push(&mut self, letter: char, quoted: bool) {
        match self.0.last_mut() {
            Some(Piece::Quoted(text)) if quoted => text.push(letter),
            Some(Piece::Text(text)) if !quoted => text.push(letter),
            _ if quoted => self.0.push(Piece::Quoted(letter.to_string())),
            _ => self.0.push(Piece::Text(letter.to_string())),
        }
    }

    pub(super) fn push_text(&mut self, letter: char) {
        self.push(letter, false);
    }

    pub(super) fn push_quoted(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Quoted(before)) => before.push_str(text),
            _ => self.0.push(Piece::Quoted(text.to_owned())),
        }
    }
}
