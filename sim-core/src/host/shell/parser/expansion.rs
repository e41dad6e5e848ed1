//! What begins with `$` or a backquote (POSIX "Shell Command Language" §2.6.2–§2.6.4; bash manual §3.5.3).

use super::super::ast::*;
use super::word::Place;
use super::{DEPTH_MAX, Parsed, Parser, SyntaxErrorKind};

impl Parser {
    /// Reads what a `$` begins.
    pub(super) fn dollar(&mut self, quoted: bool, word: &mut Word) -> Parsed<()> {
        let line = self.line;
        self.bump();
        match self.peek() {
            Some('(') => {
                let before = (self.at, self.line);
                if self.looking_at("((")
                    && let Some(text) = self.double_brackets()?
                {
                    let expression = self.arithmetic_word(text, line)?;
                    word.0.push(Piece::Arithmetic { expression });
                    return Ok(());
                }
                (self.at, self.line) = before;
                self.bump();
                let script = self.substituted_script()?;
                word.0.push(Piece::Command { script, quoted });
            }
            Some('{') => word.0.extend(self.braced_parameter(quoted)?),
            Some('[') => {
                self.bump();
                self.balanced('[', ']')?;
                self.refuse("'$[ … ]' is not simulated; '$(( … ))' is");
            }
            Some('\'') if !quoted => self.ansi_c_quotes(word)?,
            // `$"…"` is the same text in another language.
            Some('"') if !quoted => self.double_quotes(word)?,
            _ => match self.plain_parameter() {
                Some(parameter) => word.0.push(Piece::Parameter { parameter, otherwise: Otherwise::Value, quoted }),
                None if self.eat("-") => self.refuse("'$-' is not simulated"),
                None if quoted => word.push_quoted("$"),
                None => word.push_text('$'),
            },
        }
        Ok(())
    }

    /// A parameter without braces: `$name`, `$1`, `$?`.
    fn plain_parameter(&mut self) -> Option<Parameter> {
        let first = self.peek()?;
        if first.is_ascii_digit() {
            self.bump();
            return Some(positional(&first.to_string()));
        }
        if first == '_' || first.is_ascii_alphabetic() {
            return Some(Parameter::Variable(
                self.take_while(|letter| letter == '_' || letter.is_ascii_alphanumeric()),
            ));
        }
        let parameter = match first {
            '@' | '*' => Parameter::All,
            '#' => Parameter::Count,
            '?' => Parameter::Status,
            '$' => Parameter::ProcessId,
            '!' => Parameter::LastJob,
            _ => return None,
        };
        self.bump();
        Some(parameter)
    }

    /// `${…}`; `None` when it is not simulated.
    fn braced_parameter(&mut self, quoted: bool) -> Parsed<Option<Piece>> {
        let (start, line) = (self.at, self.line);
        self.bump();
        let piece = match self.parameter_and_rest(quoted)? {
            Some((parameter, otherwise)) if self.eat("}") => Some(Piece::Parameter { parameter, otherwise, quoted }),
            Some(_) if self.peek().is_none() => {
                return Err(self.error_at(start, line, SyntaxErrorKind::Unmatched('}')));
            }
            _ => None,
        };
        if piece.is_none() {
            (self.at, self.line) = (start + 1, line);
            let text = self.balanced('{', '}')?;
            let arrays = text.contains('[');
            self.refuse(match arrays {
                true => "arrays are not simulated".to_owned(),
                false => format!("the expansion '${{{text}}}' is not simulated"),
            });
        }
        Ok(piece)
    }

    /// What stands between the braces, as far as it is known.
    fn parameter_and_rest(&mut self, quoted: bool) -> Parsed<Option<(Parameter, Otherwise)>> {
        if self.looking_at("#") && !self.looking_at("#}") {
            self.bump();
            return Ok(self.braced_name().map(|parameter| (parameter, Otherwise::Length)));
        }
        let Some(parameter) = self.braced_name() else { return Ok(None) };
        let also_if_empty = self.looking_at(":-") || self.looking_at(":=") || self.looking_at(":+");
        if also_if_empty {
            self.bump();
        }
        let otherwise = if self.eat("-") {
            Otherwise::Default { word: self.braced_word(quoted)?, also_if_empty }
        } else if self.eat("=") {
            Otherwise::Assign { word: self.braced_word(quoted)?, also_if_empty }
        } else if self.eat("+") {
            Otherwise::Alternative { word: self.braced_word(quoted)?, also_if_empty }
        } else if let Some(sign @ ('#' | '%')) = self.peek() {
            self.bump();
            let longest = self.peek() == Some(sign);
            if longest {
                self.bump();
            }
            let end = if sign == '#' { End::Prefix } else { End::Suffix };
            // Quotes mean something in the pattern even between double quotes.
            Otherwise::Remove { pattern: self.braced_word(false)?, end, longest }
        } else {
            Otherwise::Value
        };
        Ok(Some((parameter, otherwise)))
    }

    fn braced_name(&mut self) -> Option<Parameter> {
        match self.peek()? {
            digit if digit.is_ascii_digit() => Some(positional(&self.take_while(|letter| letter.is_ascii_digit()))),
            // `${!name}` is another thing.
            '!' if !self.looking_at("!}") => None,
            _ => self.plain_parameter(),
        }
    }

    fn braced_word(&mut self, quoted: bool) -> Parsed<Word> {
        self.deeper(|parser| parser.word(Place::Braces { quoted }))
    }

    fn ansi_c_quotes(&mut self, word: &mut Word) -> Parsed<()> {
        let (at, line) = (self.at, self.line);
        self.bump();
        let start = self.at;
        loop {
            match self.bump() {
                Some('\\') => drop(self.bump()),
                Some('\'') => break,
                Some(_) => {}
                None => return Err(self.error_at(at, line, SyntaxErrorKind::Unmatched('\''))),
            }
        }
        word.push_quoted(&super::super::unescape(&self.text[start..self.at - 1]));
        Ok(())
    }

    /// The commands up to the bracket that closes a substitution, which is taken. The here-documents of the line around it
    /// wait until that line ends.
    pub(super) fn substituted_script(&mut self) -> Parsed<Script> {
        let around = std::mem::take(&mut self.pending);
        let script = self.deeper(Parser::commands_until_closing).map_err(|mut error| {
            if error.kind == SyntaxErrorKind::UnexpectedEnd {
                error.kind = SyntaxErrorKind::Unmatched(')');
            }
            error
        })?;
        if self.peek().is_none() {
            return Err(self.error(SyntaxErrorKind::Unmatched(')')));
        }
        self.expect_operator(")")?;
        let inside = std::mem::replace(&mut self.pending, around);
        self.pending.extend(inside);
        Ok(script)
    }

    /// `` `…` ``: its text loses one layer of backslashes and is then a script of its own, so that what is wrong in it shows
    /// only when it runs.
    pub(super) fn backquotes(&mut self, quoted: bool, word: &mut Word) -> Parsed<()> {
        let (at, line) = (self.at, self.line);
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return Err(self.error_at(at, line, SyntaxErrorKind::Unmatched('`'))),
                Some('`') => break,
                Some('\\') => match self.peek() {
                    Some(letter) if matches!(letter, '`' | '\\' | '$') || (quoted && letter == '"') => {
                        text.extend(self.bump());
                    }
                    _ => text.push('\\'),
                },
                Some(letter) => text.push(letter),
            }
        }
        let script = self.inside(text, line, |parser| {
            let mut script = Script::default();
            loop {
                match parser.next_command() {
                    Ok(Some(commands)) => script.0.extend(commands.0),
                    Ok(None) => return script,
                    Err(error) => {
                        script.0.extend(Script::of(error.line, CommandKind::Broken { error }).0);
                        return script;
                    }
                }
            }
        })?;
        word.0.push(Piece::Command { script, quoted });
        Ok(())
    }

    /// The text of an arithmetic expression, whose parameters are expanded before it is calculated.
    pub(super) fn arithmetic_word(&mut self, text: String, line: u32) -> Parsed<Word> {
        self.inside(text, line, |parser| parser.word(Place::Arithmetic))?
    }

    /// Reads a text that was found in this one.
    fn inside<T>(&mut self, text: String, line: u32, read: impl FnOnce(&mut Parser) -> T) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(SyntaxErrorKind::TooDeep));
        }
        let mut parser = Parser::nested(text, line, self.depth + 1);
        let result = read(&mut parser);
        // A here-document named on the last line of a text has nothing below it.
        parser.read_pending_here_documents();
        self.warnings.append(&mut parser.warnings);
        if let Some(what) = parser.refused {
            self.refuse(what);
        }
        Ok(result)
    }
}

fn positional(digits: &str) -> Parameter {
    match digits.parse() {
        Ok(0) => Parameter::ShellName,
        Ok(number) => Parameter::Positional(number),
        // More than there can ever be.
        Err(_) => Parameter::Positional(usize::MAX),
    }
}
