//! Here-documents (POSIX "Shell Command Language" §2.7.4): their bodies begin on the line below the command, or below the
//! substitution, that names them, in the order of the operators.

use std::sync::{Arc, OnceLock};

use super::super::ast::{Piece, Redirection, Word};
use super::{Parsed, Parser, SyntaxErrorKind, Warning};

/// A here-document whose body has not been reached.
#[derive(Debug)]
pub(super) struct PendingHereDocument {
    delimiter: String,
    expands: bool,
    strips_tabs: bool,
    line: u32,
    body: Arc<OnceLock<Word>>,
}

impl Parser {
    /// The redirection after its operator; the body is filled in when the newline comes.
    pub(super) fn here_document(&mut self, strips_tabs: bool) -> Parsed<Redirection> {
        let line = self.line;
        let (delimiter, quoted) = self.delimiter()?;
        let body = Arc::<OnceLock<Word>>::default();
        self.pending.push(PendingHereDocument {
            delimiter,
            expands: !quoted,
            strips_tabs,
            line,
            body: Arc::clone(&body),
        });
        Ok(Redirection::HereDocument(body))
    }

    /// The delimiter after quote removal, and whether anything of it was quoted. Nothing in it is expanded.
    fn delimiter(&mut self) -> Parsed<(String, bool)> {
        self.skip_blanks();
        if self.peek().is_none_or(super::lexer::is_metacharacter) {
            return Err(self.unexpected());
        }
        let (mut delimiter, mut quoted) = (String::new(), false);
        while let Some(letter) = self.peek().filter(|&letter| !super::lexer::is_metacharacter(letter)) {
            let (at, line) = (self.at, self.line);
            self.bump();
            match letter {
                '\'' | '"' => {
                    quoted = true;
                    loop {
                        match self.bump() {
                            Some(inside) if inside == letter => break,
                            Some(inside) => delimiter.push(inside),
                            None => return Err(self.error_at(at, line, SyntaxErrorKind::Unmatched(letter))),
                        }
                    }
                }
                '\\' => {
                    quoted = true;
                    delimiter.extend(self.bump());
                }
                _ => delimiter.push(letter),
            }
        }
        Ok((delimiter, quoted))
    }

    /// Reads the bodies that begin here.
    pub(super) fn read_pending_here_documents(&mut self) {
        for document in std::mem::take(&mut self.pending) {
            let first_line = self.line;
            let text = self.body(&document);
            let word = if document.expands {
                let mut inside = Parser::nested(text, first_line, self.depth + 1);
                let word = inside.here_document_word();
                inside.read_pending_here_documents();
                self.warnings.append(&mut inside.warnings);
                word
            } else {
                Word(vec![Piece::Quoted(text)])
            };
            document.body.set(word).expect("each pending here-document is read once");
        }
    }

    /// The lines up to the delimiter.
    fn body(&mut self, document: &PendingHereDocument) -> String {
        let mut body = String::new();
        // With expansion, a line that ends in a backslash goes on in the next, which is then not the delimiter.
        let mut continued = false;
        loop {
            if self.peek().is_none() {
                let (start, wanted) = (document.line, &document.delimiter);
                self.warnings.push(Warning {
                    line: self.last_line(),
                    text: format!("here-document at line {start} delimited by end-of-file (wanted `{wanted}')"),
                });
                return body;
            }
            if document.strips_tabs {
                self.take_while(|letter| letter == '\t');
            }
            let start = self.at;
            self.take_while(|letter| letter != '\n');
            let line = &self.text[start..self.at];
            let ends = !continued && line == document.delimiter;
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if !ends {
                body.push_str(line);
            }
            let newline = self.bump().is_some();
            if ends {
                return body;
            }
            if newline {
                body.push('\n');
            }
            continued = document.expands && backslashes % 2 == 1;
        }
    }

    /// The last line that has text, where bash says it stopped.
    fn last_line(&self) -> u32 {
        self.line - u32::from(self.text.ends_with('\n') && self.line > 1)
    }
}
