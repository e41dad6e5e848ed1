//! Words to a tree: one function for each level of binding, loosest first (POSIX "awk", Expressions in Decreasing Precedence).

use super::Refusal;
use super::ast::*;
use super::lexer::{Called, Token};

type Parsed<T> = Result<T, Refusal>;

/// Reads rules out of words.
pub(super) struct Parser {
    words: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    ranges: usize,
    /// `>` writes to a file here: right behind `print`, outside brackets.
    greater_redirects: bool,
    depth: u32,
}

/// How deep brackets and statements may lie in each other.
const DEPTH_MAX: u32 = 100;

impl Parser {
    pub(super) fn new(words: Vec<(usize, Token)>, end: usize) -> Parser {
        Parser { words, at: 0, end, ranges: 0, greater_redirects: false, depth: 0 }
    }

    pub(super) fn program(mut self) -> Parsed<Program> {
        let mut rules = Vec::new();
        loop {
            self.skip_ends();
            if self.peek().is_none() {
                return Ok(Program(rules));
            }
            rules.push(self.rule()?);
        }
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let pattern = match self.peek() {
            Some(Token::Name(name, _)) if name == "BEGIN" => self.skip(Pattern::Begin),
            Some(Token::Name(name, _)) if name == "END" => self.skip(Pattern::End),
            Some(Token::Name(name, _)) if name == "function" || name == "func" => {
                return Err(Refusal::NotSimulated("function".to_owned()));
            }
            Some(Token::Sign("{")) => Pattern::Always,
            _ => {
                let first = self.expression()?;
                if self.take(",") {
                    self.skip_newlines();
                    self.ranges += 1;
                    Pattern::Range(first, self.expression()?, self.ranges - 1)
                } else {
                    Pattern::When(first)
                }
            }
        };
        let action = if self.looking_at("{") { Some(self.block()?) } else { None };
        if action.is_none() && matches!(pattern, Pattern::Begin | Pattern::End) {
            return Err(self.error());
        }
        Ok(Rule { pattern, action })
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            self.skip_ends();
            if self.take("}") {
                return Ok(statements);
            }
            statements.push(self.statement()?);
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        self.deeper(Parser::statement_here)
    }

    fn statement_here(&mut self) -> Parsed<Statement> {
        if self.looking_at("{") {
            return Ok(Statement::Block(self.block()?));
        }
        if self.take(";") {
            return Ok(Statement::Block(Vec::new()));
        }
        let name = match self.peek() {
            Some(Token::Name(name, _)) => name.clone(),
            _ => String::new(),
        };
        let statement = match name.as_str() {
            "if" => return self.conditional(),
            "while" => {
                self.at += 1;
                let condition = self.in_brackets()?;
                let body = self.body()?;
                return Ok(Statement::While { condition: Some(condition), step: None, body });
            }
            "for" => return self.for_loop(),
            "do" | "getline" | "function" | "return" | "nextfile" => return Err(Refusal::NotSimulated(name)),
            "next" => self.skip(Statement::Next),
            "break" => self.skip(Statement::Break),
            "continue" => self.skip(Statement::Continue),
            "exit" => {
                self.at += 1;
                let status = if self.at_end_of_statement() { None } else { Some(self.expression()?) };
                Statement::Exit(status)
            }
            _ => self.simple()?,
        };
        self.end_statement()?;
        Ok(statement)
    }

    /// What may stand in the head of a `for` too.
    fn simple(&mut self) -> Parsed<Statement> {
        match self.peek() {
            Some(Token::Name(name, _)) if name == "print" || name == "printf" => {
                let formatted = name == "printf";
                self.at += 1;
                let (values, to) = self.printed()?;
                if formatted && values.is_empty() {
                    return Err(self.error());
                }
                Ok(if formatted { Statement::Printf { values, to } } else { Statement::Print { values, to } })
            }
            Some(Token::Name(name, _)) if name == "delete" => {
                self.at += 1;
                let array = self.name()?;
                let key = if self.take("[") { Some(self.list("]")?) } else { None };
                Ok(Statement::Delete { array, key })
            }
            _ => Ok(Statement::Do(self.expression()?)),
        }
    }

    fn printed(&mut self) -> Parsed<(Vec<Expression>, Option<Target>)> {
        let outer = std::mem::replace(&mut self.greater_redirects, true);
        let printed = self.printed_here();
        self.greater_redirects = outer;
        printed
    }

    fn printed_here(&mut self) -> Parsed<(Vec<Expression>, Option<Target>)> {
        let mut values = Vec::new();
        if !self.at_end_of_statement() && !self.at_redirection() {
            // `print (a, b)`: the brackets hold the list, unless something goes on behind them.
            let before = self.at;
            let list = if self.take("(") { self.bracketed(|parser| parser.list(")")) } else { Err(self.error()) };
            match list {
                Ok(list) if self.at_end_of_statement() || self.at_redirection() => values = list,
                _ => {
                    self.at = before;
                    values.push(self.expression()?);
                    while self.take(",") {
                        self.skip_newlines();
                        values.push(self.expression()?);
                    }
                }
            }
        }
        if self.looking_at("|") {
            return Err(Refusal::NotSimulated("print | command".to_owned()));
        }
        let append = self.looking_at(">>");
        let to =
            if self.take(">") || self.take(">>") { Some(Target { file: self.concatenation()?, append }) } else { None };
        Ok((values, to))
    }

    fn conditional(&mut self) -> Parsed<Statement> {
        self.at += 1;
        let condition = self.in_brackets()?;
        let then = self.body()?;
        let before = self.at;
        self.skip_ends();
        let otherwise = if self.take_name("else") {
            Some(self.body()?)
        } else {
            self.at = before;
            None
        };
        Ok(Statement::If { condition, then, otherwise })
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.at += 1;
        self.expect("(")?;
        if let [
            (_, Token::Name(variable, _)),
            (_, Token::Name(word, _)),
            (_, Token::Name(array, _)),
            (_, Token::Sign(")")),
        ] = &self.words[self.at..self.words.len().min(self.at + 4)]
            && word == "in"
        {
            let (variable, array) = (variable.clone(), array.clone());
            self.at += 4;
            return Ok(Statement::ForIn { variable, array, body: self.body()? });
        }
        let start = if self.looking_at(";") { None } else { Some(self.simple()?) };
        self.expect(";")?;
        let condition = if self.looking_at(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        let step = if self.looking_at(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        let round = Statement::While { condition, step, body: self.body()? };
        Ok(match start {
            Some(start) => Statement::Block(vec![start, round]),
            None => round,
        })
    }

    fn body(&mut self) -> Parsed<Box<Statement>> {
        self.skip_newlines();
        Ok(Box::new(self.statement()?))
    }

    fn in_brackets(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let inner = self.bracketed(Parser::expression)?;
        self.expect(")")?;
        Ok(inner)
    }
}

/// Expressions.
impl Parser {
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(Parser::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expression> {
        let left = self.choice()?;
        let Expression::Place(place) = &left else { return Ok(left) };
        let operator = match self.peek() {
            Some(Token::Sign("=")) => None,
            Some(Token::Sign("+=")) => Some(Arithmetic::Add),
            Some(Token::Sign("-=")) => Some(Arithmetic::Subtract),
            Some(Token::Sign("*=")) => Some(Arithmetic::Multiply),
            Some(Token::Sign("/=")) => Some(Arithmetic::Divide),
            Some(Token::Sign("%=")) => Some(Arithmetic::Remainder),
            Some(Token::Sign("^=" | "**=")) => Some(Arithmetic::Power),
            _ => return Ok(left),
        };
        self.at += 1;
        self.skip_newlines();
        let value = Box::new(self.expression()?);
        let place = place.clone();
        Ok(match operator {
            None => Expression::Assign(place, value),
            Some(operator) => Expression::Change(place, operator, value),
        })
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.either()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        Ok(Expression::Choose(Box::new(condition), Box::new(then), Box::new(self.expression()?)))
    }

    fn either(&mut self) -> Parsed<Expression> {
        let mut left = self.both()?;
        while self.take("||") {
            self.skip_newlines();
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.take("&&") {
            self.skip_newlines();
            left = Expression::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expression> {
        let mut left = self.matching()?;
        while self.take_name("in") {
            left = Expression::In(vec![left], self.name()?);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        loop {
            let negated = self.looking_at("!~");
            if !self.take("~") && !self.take("!~") {
                return Ok(left);
            }
            let pattern = Box::new(self.comparison()?);
            left = Expression::Match { text: Box::new(left), pattern, negated };
        }
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.concatenation()?;
        let comparison = match self.peek() {
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign("==")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign(">")) if !self.greater_redirects => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            _ => return Ok(left),
        };
        self.at += 1;
        Ok(Expression::Compare(comparison, Box::new(left), Box::new(self.concatenation()?)))
    }

    /// Values beside each other.
    fn concatenation(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        loop {
            let goes_on = match self.peek() {
                Some(Token::Number(_) | Token::Text(_)) => true,
                Some(Token::Name(name, _)) => name != "in",
                Some(Token::Sign(sign)) => matches!(*sign, "$" | "(" | "!" | "++" | "--"),
                _ => false,
            };
            if !goes_on {
                return Ok(left);
            }
            left = Expression::Concatenate(Box::new(left), Box::new(self.sum()?));
        }
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Sign("+")) => Arithmetic::Add,
                Some(Token::Sign("-")) => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Sign("*")) => Arithmetic::Multiply,
                Some(Token::Sign("/")) => Arithmetic::Divide,
                Some(Token::Sign("%")) => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
        self.deeper(|parser| {
            if parser.take("!") {
                return Ok(Expression::Not(Box::new(parser.unary()?)));
            }
            if parser.take("-") {
                return Ok(Expression::Negate(Box::new(parser.unary()?)));
            }
            if parser.take("+") {
                // Makes a number of it.
                let value = Box::new(parser.unary()?);
                return Ok(Expression::Arithmetic(Arithmetic::Add, Box::new(Expression::Number(0.0)), value));
            }
            parser.power()
        })
    }

    fn power(&mut self) -> Parsed<Expression> {
        let base = self.stepped()?;
        if self.take("^") || self.take("**") {
            // Binds to the right, and tighter than a sign on its left only.
            return Ok(Expression::Arithmetic(Arithmetic::Power, Box::new(base), Box::new(self.unary()?)));
        }
        Ok(base)
    }

    fn stepped(&mut self) -> Parsed<Expression> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(sign) {
                let Expression::Place(place) = self.primary()? else { return Err(self.error()) };
                return Ok(Expression::Step(place, by, When::After));
            }
        }
        let value = self.primary()?;
        if let Expression::Place(place) = &value {
            for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                if self.take(sign) {
                    return Ok(Expression::Step(place.clone(), by, When::Before));
                }
            }
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let Some(token) = self.peek().cloned() else { return Err(self.error()) };
        match token {
            Token::Number(number) => Ok(self.skip(Expression::Number(number))),
            Token::Text(text) => Ok(self.skip(Expression::Text(text))),
            Token::Regex(pattern) => Ok(self.skip(Expression::Regex(pattern))),
            Token::Sign("$") => {
                self.at += 1;
                // `$NF-1` is one less than the last field; `$++i` and `$-1` are allowed.
                let number = if self.looking_at("-") { self.unary()? } else { self.deeper(Parser::stepped_index)? };
                Ok(Expression::Place(Place::Field(Box::new(number))))
            }
            Token::Sign("(") => {
                self.at += 1;
                let mut list = self.bracketed(|parser| parser.list(")"))?;
                match (list.len(), self.looking_at_name("in")) {
                    (1, _) => Ok(list.remove(0)),
                    (2.., true) => {
                        self.at += 1;
                        Ok(Expression::In(list, self.name()?))
                    }
                    _ => Err(self.error()),
                }
            }
            Token::Name(name, called) => self.named(&name, called),
            Token::Sign(_) | Token::NewLine => Err(self.error()),
        }
    }

    fn stepped_index(&mut self) -> Parsed<Expression> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(sign) {
                let Expression::Place(place) = self.primary()? else { return Err(self.error()) };
                return Ok(Expression::Step(place, by, When::After));
            }
        }
        self.primary()
    }

    fn named(&mut self, name: &str, called: Called) -> Parsed<Expression> {
        let builtin = match name {
            "length" => Builtin::Length,
            "substr" => Builtin::Substr,
            "index" => Builtin::Index,
            "split" => Builtin::Split,
            "sub" => Builtin::Sub,
            "gsub" => Builtin::Gsub,
            "match" => Builtin::Match,
            "tolower" => Builtin::ToLower,
            "toupper" => Builtin::ToUpper,
            "sprintf" => Builtin::Sprintf,
            "int" => Builtin::Int,
            // `RS` and the clock would need more than this awk reads; the keywords cannot stand here.
            "RS" | "RT" | "FPAT" | "FIELDWIDTHS" | "IGNORECASE" | "getline" => {
                return Err(Refusal::NotSimulated(name.to_owned()));
            }
            "BEGIN" | "END" | "if" | "else" | "while" | "for" | "do" | "in" | "print" | "printf" | "next" | "exit"
            | "delete" => return Err(self.error()),
            _ if called == Called::Yes => return Err(Refusal::NotSimulated(format!("{name}()"))),
            _ => {
                self.at += 1;
                if self.take("[") {
                    let key = self.bracketed(|parser| parser.list("]"))?;
                    return Ok(Expression::Place(Place::Element(name.to_owned(), key)));
                }
                return Ok(Expression::Place(Place::Variable(name.to_owned())));
            }
        };
        self.at += 1;
        if !self.take("(") {
            let alone = builtin == Builtin::Length;
            return if alone { Ok(Expression::Call(builtin, Vec::new())) } else { Err(self.error()) };
        }
        let arguments = self.bracketed(|parser| if parser.take(")") { Ok(Vec::new()) } else { parser.list(")") })?;
        let fits = match builtin {
            Builtin::Length => arguments.len() <= 1,
            Builtin::Index => arguments.len() == 2,
            Builtin::Substr | Builtin::Split | Builtin::Sub | Builtin::Gsub => matches!(arguments.len(), 2 | 3),
            Builtin::Match if arguments.len() == 3 => {
                return Err(Refusal::NotSimulated("match(s, r, array)".to_owned()));
            }
            Builtin::Match => arguments.len() == 2,
            Builtin::Sprintf => !arguments.is_empty(),
            Builtin::ToLower | Builtin::ToUpper | Builtin::Int => arguments.len() == 1,
        };
        if fits { Ok(Expression::Call(builtin, arguments)) } else { Err(self.error()) }
    }

    /// Expressions up to a closing sign, at least one.
    fn list(&mut self, close: &'static str) -> Parsed<Vec<Expression>> {
        let mut list = Vec::new();
        loop {
            self.skip_newlines();
            list.push(self.expression()?);
            self.skip_newlines();
            if self.take(close) {
                return Ok(list);
            }
            self.expect(",")?;
        }
    }
}

/// Words.
impl Parser {
    fn bracketed<T>(&mut self, inner: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        let outer = std::mem::replace(&mut self.greater_redirects, false);
        let result = inner(self);
        self.greater_redirects = outer;
        result
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        let result = if self.depth > DEPTH_MAX { Err(self.error()) } else { inner(self) };
        self.depth -= 1;
        result
    }

    fn peek(&self) -> Option<&Token> {
        self.words.get(self.at).map(|(_, token)| token)
    }

    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    fn looking_at(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn looking_at_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(found, _)) if found == name)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.looking_at(sign);
        self.at += usize::from(found);
        found
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = self.looking_at_name(name);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) { Ok(()) } else { Err(self.error()) }
    }

    fn name(&mut self) -> Parsed<String> {
        match self.peek().cloned() {
            Some(Token::Name(name, _)) => Ok(self.skip(name)),
            _ => Err(self.error()),
        }
    }

    fn skip_newlines(&mut self) {
        while self.peek() == Some(&Token::NewLine) {
            self.at += 1;
        }
    }

    fn skip_ends(&mut self) {
        while self.peek() == Some(&Token::NewLine) || self.looking_at(";") {
            self.at += 1;
        }
    }

    fn at_end_of_statement(&self) -> bool {
        matches!(self.peek(), None | Some(Token::NewLine | Token::Sign(";" | "}")))
    }

    fn at_redirection(&self) -> bool {
        matches!(self.peek(), Some(Token::Sign(">" | ">>" | "|")))
    }

    fn end_statement(&mut self) -> Parsed<()> {
        if !self.at_end_of_statement() {
            return Err(if self.looking_at("|") { Refusal::NotSimulated("|".to_owned()) } else { self.error() });
        }
        if !self.looking_at("}") {
            self.at += 1;
        }
        Ok(())
    }

    fn error(&self) -> Refusal {
        Refusal::Syntax(self.words.get(self.at).map_or(self.end, |&(at, _)| at))
    }
}
