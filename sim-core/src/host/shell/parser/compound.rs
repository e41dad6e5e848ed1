//! Compound commands and functions (POSIX "Shell Command Language" §2.9.4, §2.9.5; bash manual §3.2.5, §3.3).

use std::sync::Arc;

use super::super::ast::*;
use super::word::Place;
use super::{Parsed, Parser, SyntaxErrorKind};

impl Parser {
    /// The compound command that begins here, without its redirections; `None` when it is a simple one.
    pub(super) fn compound(&mut self) -> Parsed<Option<CommandKind>> {
        Ok(Some(if self.looking_at("((") {
            self.arithmetic_or_subshell()?
        } else if self.looking_at("(") {
            self.subshell()?
        } else if self.eat_reserved("{") {
            let body = self.compound_list()?;
            self.expect_reserved("}")?;
            CommandKind::Group(body)
        } else if self.eat_reserved("if") {
            self.if_clause()?
        } else if self.eat_reserved("for") {
            self.for_clause()?
        } else if self.eat_reserved("while") {
            self.while_clause(false)?
        } else if self.eat_reserved("until") {
            self.while_clause(true)?
        } else if self.eat_reserved("case") {
            self.case_clause()?
        } else if self.eat_reserved("[[") {
            CommandKind::Test(self.conditional()?)
        } else if self.eat_reserved("function") {
            self.function()?
        } else if self.eat_reserved("select") {
            let kind = self.for_clause()?;
            self.refuse("'select' is not simulated: nobody is there to answer");
            kind
        } else if self.eat_reserved("coproc") {
            let command = self.command()?;
            self.refuse("'coproc' is not simulated");
            command.kind
        } else if self.at_closing() {
            return Err(self.unexpected());
        } else {
            return Ok(None);
        }))
    }

    fn subshell(&mut self) -> Parsed<CommandKind> {
        self.expect_operator("(")?;
        let body = self.compound_list()?;
        self.expect_operator(")")?;
        Ok(CommandKind::Subshell(body))
    }

    /// `((` is arithmetic if the bracket that closes the inner one is followed by another, and two subshells otherwise.
    fn arithmetic_or_subshell(&mut self) -> Parsed<CommandKind> {
        let before = (self.at, self.line);
        match self.double_brackets()? {
            Some(expression) => Ok(CommandKind::Arithmetic { expression: self.arithmetic_word(expression, before.1)? }),
            None => {
                (self.at, self.line) = before;
                self.subshell()
            }
        }
    }

    /// Takes `((…))` and gives what is inside; `None` when the brackets do not close together.
    pub(super) fn double_brackets(&mut self) -> Parsed<Option<String>> {
        self.eat("((");
        let text = self.balanced('(', ')')?;
        Ok(self.eat(")").then_some(text))
    }

    fn if_clause(&mut self) -> Parsed<CommandKind> {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.compound_list()?;
            self.expect_reserved("then")?;
            branches.push((condition, self.compound_list()?));
            if self.eat_reserved("elif") {
                continue;
            }
            if self.eat_reserved("else") {
                otherwise = Some(self.compound_list()?);
            }
            self.expect_reserved("fi")?;
            return Ok(CommandKind::If { branches, otherwise });
        }
    }

    fn while_clause(&mut self, until: bool) -> Parsed<CommandKind> {
        let condition = self.compound_list()?;
        Ok(CommandKind::While { until, condition, body: self.do_group()? })
    }

    fn do_group(&mut self) -> Parsed<Script> {
        self.expect_reserved("do")?;
        let body = self.compound_list()?;
        self.expect_reserved("done")?;
        Ok(body)
    }

    /// The body of a `for`, which bash also takes in braces.
    fn loop_body(&mut self) -> Parsed<Script> {
        self.skip_newlines();
        if self.eat_reserved("{") {
            let body = self.compound_list()?;
            self.expect_reserved("}")?;
            return Ok(body);
        }
        self.do_group()
    }

    /// `for` and `select`, after that word.
    fn for_clause(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        if self.looking_at("((") {
            return self.for_arithmetic();
        }
        if !self.at_word() {
            return Err(self.unexpected());
        }
        let start = self.at;
        self.word(Place::Word)?;
        let variable = self.text[start..self.at].to_owned();
        if !super::lexer::is_name(&variable) {
            self.refuse(format!("`{variable}': not a valid identifier"));
        }
        let separated = self.eat_operator(";");
        self.skip_newlines();
        let mut words = None;
        if !separated && self.eat_reserved("in") {
            let mut list = Vec::new();
            self.skip_blanks();
            while self.at_word() {
                self.words(&mut list)?;
                self.skip_blanks();
            }
            if !self.eat_operator(";") && self.peek() != Some('\n') {
                return Err(self.unexpected());
            }
            words = Some(list);
        }
        Ok(CommandKind::For { variable, words, body: self.loop_body()? })
    }

    fn for_arithmetic(&mut self) -> Parsed<CommandKind> {
        let line = self.line;
        let Some(header) = self.double_brackets()? else { return Err(self.unexpected()) };
        let parts: Vec<&str> = header.split(';').collect();
        let &[start, condition, step] = parts.as_slice() else {
            let what = "syntax error: arithmetic expression required".to_owned();
            return Err(self.error(SyntaxErrorKind::Conditional(what)));
        };
        let start = self.arithmetic_word(start.to_owned(), line)?;
        let condition = self.arithmetic_word(condition.to_owned(), line)?;
        let step = self.arithmetic_word(step.to_owned(), line)?;
        self.eat_operator(";");
        Ok(CommandKind::ForArithmetic { start, condition, step, body: self.loop_body()? })
    }

    fn case_clause(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        if !self.at_word() {
            return Err(self.unexpected());
        }
        let value = self.word(Place::Word)?;
        self.skip_newlines();
        self.expect_reserved("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines();
            if self.eat_reserved("esac") {
                return Ok(CommandKind::Case { value, arms });
            }
            self.eat_operator("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                if !self.at_word() {
                    return Err(self.unexpected());
                }
                patterns.push(self.word(Place::Word)?);
                if !self.eat_operator("|") {
                    break;
                }
            }
            self.expect_operator(")")?;
            arms.push((patterns, self.commands_until_closing()?));
            if self.eat_operator(";&") || self.eat_operator(";;&") {
                self.refuse("falling through the arms of a 'case' is not simulated");
            } else if !self.eat_operator(";;") {
                self.expect_reserved("esac")?;
                return Ok(CommandKind::Case { value, arms });
            }
        }
    }

    /// After the word `function`: a name, and brackets or not.
    fn function(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        if !self.at_word() {
            return Err(self.unexpected());
        }
        let start = self.at;
        self.word(Place::Word)?;
        let name = self.text[start..self.at].to_owned();
        self.skip_blanks();
        if self.looking_at("(") && !self.looking_at("((") {
            return self.function_body(name);
        }
        self.function_command(name)
    }

    /// After the name: `() { …; }`.
    pub(super) fn function_body(&mut self, name: String) -> Parsed<CommandKind> {
        let bracket = (self.at, self.line);
        self.expect_operator("(")?;
        if !self.eat_operator(")") {
            // `echo a (b)`: bash stumbles over what is inside if there was a name alone, as here.
            (self.at, self.line) = if self.peek().is_none() { bracket } else { (self.at, self.line) };
            return Err(self.unexpected());
        }
        self.function_command(name)
    }

    fn function_command(&mut self, name: String) -> Parsed<CommandKind> {
        self.skip_newlines();
        let line = Some(self.line);
        let around = self.refused.take();
        let body = self.deeper(|parser| {
            let Some(kind) = parser.compound()? else { return Err(parser.unexpected()) };
            Ok((kind, parser.redirections()?))
        })?;
        let (kind, redirections) = match std::mem::replace(&mut self.refused, around) {
            Some(what) => (CommandKind::NotUnderstood { what }, Vec::new()),
            None => body,
        };
        Ok(CommandKind::Function { name, body: Arc::new(Command { line, kind, redirections }) })
    }
}
