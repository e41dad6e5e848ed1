//! Lists, pipelines, simple commands and redirections (POSIX "Shell Command Language" §2.7, §2.9.1–§2.9.3).

use super::super::ast::*;
use super::word::Place;
use super::{Parsed, Parser};

/// Builtins whose operands may be array assignments.
const DECLARATIONS: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];

impl Parser {
    /// The commands of one line: `a; b & c`.
    pub(super) fn line_of_commands(&mut self) -> Parsed<Script> {
        let mut items = Vec::new();
        loop {
            let mut item = self.and_or()?;
            let separated = self.separator(&mut item);
            items.push(item);
            self.skip_blanks();
            if !separated || matches!(self.peek(), None | Some('\n')) {
                return Ok(Script(items));
            }
        }
    }

    /// The commands between two reserved words or in brackets: at least one.
    pub(super) fn compound_list(&mut self) -> Parsed<Script> {
        self.skip_newlines();
        if self.at_closing() {
            return Err(self.unexpected());
        }
        self.commands_until_closing()
    }

    /// The same where nothing is a list too: in `$( )` and the arms of a `case`.
    pub(super) fn commands_until_closing(&mut self) -> Parsed<Script> {
        let mut items = Vec::new();
        self.skip_newlines();
        while !self.at_closing() {
            let mut item = self.and_or()?;
            let mut separated = self.separator(&mut item);
            items.push(item);
            self.skip_blanks();
            separated |= self.peek() == Some('\n');
            self.skip_newlines();
            if !separated {
                break;
            }
        }
        Ok(Script(items))
    }

    /// Takes `;` or `&` after a command.
    fn separator(&mut self, item: &mut Item) -> bool {
        item.background = self.eat_operator("&");
        item.background || self.eat_operator(";")
    }

    fn and_or(&mut self) -> Parsed<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let join = if self.eat_operator("&&") {
                Join::And
            } else if self.eat_operator("||") {
                Join::Or
            } else {
                return Ok(Item { first, rest, background: false });
            };
            self.skip_newlines();
            rest.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let (mut negated, mut prefixed) = (false, false);
        loop {
            if self.eat_reserved("!") {
                negated = !negated;
            } else if self.eat_reserved("time") {
                // What it measures is not shown; `-p` only changes how that looks.
                self.eat_reserved("-p");
            } else {
                break;
            }
            prefixed = true;
        }
        if prefixed && matches!(self.peek(), None | Some('\n' | ';')) {
            // bash takes `!` alone for the negation of nothing, which is true.
            return Ok(Pipeline { negated, commands: vec![Command::nothing(self.line)] });
        }
        let mut commands = vec![self.command()?];
        loop {
            if self.eat_operator("|&") {
                // Short for `2>&1 |`.
                let with_errors = Redirection::Duplicate { descriptor: 2, of: 1 };
                commands.last_mut().expect("a pipeline has a first command").redirections.push(with_errors);
            } else if !self.eat_operator("|") {
                return Ok(Pipeline { negated, commands });
            }
            self.skip_newlines();
            commands.push(self.command()?);
        }
    }

    /// A command with its redirections. What it says that is not simulated costs this command and not those around it.
    pub(super) fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let line = Some(self.line);
        let around = self.refused.take();
        let (kind, redirections) = self.deeper(|parser| match parser.compound()? {
            Some(kind @ CommandKind::Function { .. }) => Ok((kind, Vec::new())),
            Some(kind) => Ok((kind, parser.redirections()?)),
            None => parser.simple(),
        })?;
        let refused = std::mem::replace(&mut self.refused, around);
        Ok(match refused {
            Some(what) => Command { line, kind: CommandKind::NotUnderstood { what }, redirections: Vec::new() },
            None => Command { line, kind, redirections },
        })
    }

    fn simple(&mut self) -> Parsed<(CommandKind, Vec<Redirection>)> {
        let (mut assignments, mut words, mut redirections) = (Vec::new(), Vec::new(), Vec::new());
        let mut declares = false;
        let (start, mut first_word_end) = (self.at, self.at);
        loop {
            self.skip_blanks();
            let word_start = self.at;
            if let Some(redirection) = self.redirection()? {
                redirections.extend(redirection);
                continue;
            }
            if (words.is_empty() && self.assignment(&mut assignments)?) || (declares && self.array_assignment()?) {
                continue;
            }
            if self.at_word() {
                let written = self.words(&mut words)?;
                if words.len() == written {
                    first_word_end = self.at;
                    declares = DECLARATIONS.contains(&&self.text[word_start..self.at]);
                }
            } else {
                break;
            }
        }
        if self.peek() == Some('(') && words.len() == 1 && assignments.is_empty() && redirections.is_empty() {
            let name = self.text[start..first_word_end].to_owned();
            return Ok((self.function_body(name)?, redirections));
        }
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok((CommandKind::Simple { assignments, words }, redirections))
    }

    /// Whether a word begins here, process substitution included.
    pub(super) fn at_word(&self) -> bool {
        self.peek().is_some_and(|letter| !super::lexer::is_metacharacter(letter)) || self.at_process_substitution()
    }

    pub(super) fn at_process_substitution(&self) -> bool {
        self.looking_at("<(") || self.looking_at(">(")
    }

    /// Takes `NAME=value` or `NAME+=value`.
    fn assignment(&mut self, assignments: &mut Vec<Assignment>) -> Parsed<bool> {
        if self.array_assignment()? {
            return Ok(true);
        }
        let Some((name, append)) = self.assignment_target() else { return Ok(false) };
        self.at += name.len() + if append { 2 } else { 1 };
        let value = self.word(Place::AssignmentValue)?;
        assignments.push(Assignment { name, value, append });
        Ok(true)
    }

    /// The name before `=` or `+=`, not taken.
    fn assignment_target(&self) -> Option<(String, bool)> {
        let rest = self.rest();
        let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric())?;
        let (name, after) = rest.split_at(end);
        let append = after.starts_with("+=");
        (super::lexer::is_name(name) && (append || after.starts_with('='))).then(|| (name.to_owned(), append))
    }

    /// Takes `NAME=(…)` and `NAME[…]=…`, which are only recognised.
    fn array_assignment(&mut self) -> Parsed<bool> {
        let rest = self.rest();
        let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !super::lexer::is_name(name) {
            return Ok(false);
        }
        let mut after = after;
        let element = after.starts_with('[');
        if element {
            // An element's index cannot hold blanks here; with them it is a word like any other.
            let Some(close) = after.find(|letter: char| letter == ']' || letter.is_whitespace()) else {
                return Ok(false);
            };
            let Some(rest) = after[close..].strip_prefix(']') else { return Ok(false) };
            after = rest;
        }
        let Some(value) = after.strip_prefix("+=").or(after.strip_prefix('=')) else { return Ok(false) };
        if !element && !value.starts_with('(') {
            return Ok(false);
        }
        let taken = self.rest().len() - value.len();
        self.at += taken;
        if self.eat("(") {
            self.skip_newlines();
            while self.at_word() {
                self.word(Place::Word)?;
                self.skip_newlines();
            }
            self.expect_operator(")")?;
        } else {
            self.word(Place::AssignmentValue)?;
        }
        self.refuse("arrays are not simulated");
        Ok(true)
    }

    pub(super) fn redirections(&mut self) -> Parsed<Vec<Redirection>> {
        let mut redirections = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirection()? {
                Some(redirection) => redirections.extend(redirection),
                None => return Ok(redirections),
            }
        }
    }

    /// Takes a redirection if one comes next; the inner `None` is one that is not simulated.
    fn redirection(&mut self) -> Parsed<Option<Option<Redirection>>> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let after = &rest[digits..];
        let (number, named) = (rest[..digits].parse::<i32>().ok(), rest.starts_with('{'));
        if named {
            // `{name}>file`, which opens a descriptor and says its number.
            let end = rest[1..].find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
            let (name, after) = rest[1..].split_at(end.unwrap_or_default());
            if !super::lexer::is_name(name) || !after.starts_with(['}']) || !after[1..].starts_with(['<', '>']) {
                return Ok(None);
            }
            self.at += name.len() + 2;
            self.refuse("descriptors chosen by the shell are not simulated");
        } else if (digits > 0 && (number.is_none() || !after.starts_with(['<', '>'])))
            || (digits == 0 && self.at_process_substitution())
        {
            return Ok(None);
        }
        let (start, at_operator) = (self.at, self.at + if named { 0 } else { digits });
        let operator = OPERATORS.into_iter().find(|operator| self.text[at_operator..].starts_with(operator));
        let Some(operator) = operator else { return Ok(None) };
        self.at = at_operator + operator.len();
        if let "<<" | "<<-" = operator {
            return Ok(Some(Some(self.here_document(operator == "<<-")?)));
        }
        self.skip_blanks();
        if !self.at_word() {
            return Err(self.unexpected());
        }
        if matches!(operator, ">" | ">>" | "&>" | "&>>") && self.rest().starts_with(">(") {
            let script = self.process_substitution()?;
            let descriptor = if operator.starts_with('&') { None } else { Some(number.unwrap_or(1)) };
            return Ok(Some(Some(Redirection::WriteToCommand { descriptor, script })));
        }
        let target_start = self.at;
        let word = self.word(Place::Word)?;
        let target = &self.text[target_start..self.at];
        let write = |append| Redirection::Write { descriptor: number.unwrap_or(1), file: word.clone(), append };
        let redirection = match operator {
            "<" | "<>" if matches!(number, None | Some(0)) => Some(Redirection::Read(word)),
            ">" | ">|" => Some(write(false)),
            ">>" => Some(write(true)),
            "&>" => Some(Redirection::Both { file: word, append: false }),
            "&>>" => Some(Redirection::Both { file: word, append: true }),
            "<<<" => Some(Redirection::HereString(word)),
            ">&" => match target.parse() {
                Ok(of) => Some(Redirection::Duplicate { descriptor: number.unwrap_or(1), of }),
                Err(_) if number.is_none() && target != "-" => Some(Redirection::Both { file: word, append: false }),
                Err(_) => None,
            },
            _ => None,
        };
        if redirection.is_none() {
            let text = self.text[start..self.at].to_owned();
            self.refuse(format!("the redirection '{text}' is not simulated"));
        }
        Ok(Some(redirection))
    }
}

/// What begins a redirection, a longer one before its beginnings.
const OPERATORS: [&str; 12] = ["<<<", "<<-", "&>>", "<<", "<&", "<>", ">>", ">&", ">|", "&>", "<", ">"];
