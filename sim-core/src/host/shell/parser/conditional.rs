//! `[[ … ]]` (bash manual §3.2.5.2): its own small grammar, in which words are not split and `<`, `(` and `&&` are operators of
//! the test.

use super::super::ast::{Test, Word};
use super::word::Place;
use super::{Parsed, Parser, SyntaxErrorKind};

/// Operators of two operands that are words of their own.
const BINARY: [&str; 13] = ["==", "=", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

impl Parser {
    /// What stands between `[[`, already taken, and `]]`, which is taken too.
    pub(super) fn conditional(&mut self) -> Parsed<Test> {
        let test = self.test_or()?;
        self.skip_newlines();
        if self.eat_reserved("]]") {
            Ok(test)
        } else {
            Err(self.conditional_error("syntax error in conditional expression"))
        }
    }

    fn test_or(&mut self) -> Parsed<Test> {
        let mut test = self.test_and()?;
        self.skip_newlines();
        while self.eat_operator("||") {
            test = Test::Or(Box::new(test), Box::new(self.test_and()?));
            self.skip_newlines();
        }
        Ok(test)
    }

    fn test_and(&mut self) -> Parsed<Test> {
        let mut test = self.test_one()?;
        self.skip_newlines();
        while self.eat_operator("&&") {
            test = Test::And(Box::new(test), Box::new(self.test_one()?));
            self.skip_newlines();
        }
        Ok(test)
    }

    fn test_one(&mut self) -> Parsed<Test> {
        self.skip_newlines();
        if self.eat_reserved("!") {
            return Ok(Test::Not(Box::new(self.deeper(Parser::test_one)?)));
        }
        if self.eat_operator("(") {
            let test = self.deeper(Parser::test_or)?;
            if !self.eat_operator(")") {
                let token = self.token_text().unwrap_or_else(|| "EOF".to_owned());
                return Err(self.conditional_error(&format!("unexpected token `{token}', expected `)'")));
            }
            return Ok(test);
        }
        if let Some(operator) = self.unary_operator() {
            self.at += operator.len();
            let operand = self.operand()?;
            let Some(operand) = operand else {
                let token = self.token_text().unwrap_or_else(|| "EOF".to_owned());
                let what = format!("unexpected argument `{token}' to conditional unary operator");
                return Err(self.conditional_error(&what));
            };
            return Ok(Test::Unary(operator, operand));
        }
        let Some(left) = self.operand()? else {
            return Err(self.conditional_error("syntax error in conditional expression"));
        };
        self.skip_blanks();
        let Some(operator) = self.binary_operator() else {
            let ends = self.at_reserved("]]") || matches!(self.operator(), Some("&&" | "||" | ")"));
            return if ends || matches!(self.peek(), Some('\n')) {
                Ok(Test::Unary("-n".to_owned(), left))
            } else {
                Err(self.conditional_error("conditional binary operator expected"))
            };
        };
        self.at += operator.len();
        let place = if operator == "=~" { Place::Regex } else { Place::Word };
        self.skip_blanks();
        if self.at_reserved("]]") || (!self.at_word() && place == Place::Word) {
            let token = self.token_text().unwrap_or_else(|| "EOF".to_owned());
            let what = format!("unexpected argument `{token}' to conditional binary operator");
            return Err(self.conditional_error(&what));
        }
        Ok(Test::Binary(left, operator.to_owned(), self.word(place)?))
    }

    fn operand(&mut self) -> Parsed<Option<Word>> {
        self.skip_blanks();
        if self.at_reserved("]]") || !self.at_word() { Ok(None) } else { Ok(Some(self.word(Place::Word)?)) }
    }

    /// A letter after a dash, when it is the whole word and something other than an operator follows.
    fn unary_operator(&self) -> Option<String> {
        let mut letters = self.rest().chars();
        let operator: String = letters.by_ref().take(2).collect();
        let is_one = operator.starts_with('-') && operator.ends_with(|letter: char| letter.is_ascii_alphabetic());
        (is_one && self.at_reserved(&operator)).then_some(operator)
    }

    fn binary_operator(&self) -> Option<&'static str> {
        BINARY.into_iter().find(|operator| self.at_reserved(operator)).or_else(|| {
            ["<", ">"].into_iter().find(|operator| self.looking_at(operator) && !self.at_process_substitution())
        })
    }

    fn conditional_error(&self, what: &str) -> super::SyntaxError {
        match self.peek() {
            None => self.error(SyntaxErrorKind::UnexpectedEnd),
            Some(_) => self.error(SyntaxErrorKind::Conditional(what.to_owned())),
        }
    }
}
