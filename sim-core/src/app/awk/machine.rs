//! Runs a program over records.
//!
//! `Differs from AWS:` `for (k in a)` goes by the order of the keys' texts, where gawk's order is nobody's business. A program is
//! stopped after a bounded number of steps, so that none can hang the simulator.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use super::ast::*;
use super::format::format;
use super::value::Value;
use crate::host::Sys;

/// Statements and rounds that a program may run.
const STEPS_MAX: u32 = 1_000_000;
/// The last field that can be made by assigning to it.
const FIELDS_MAX: usize = 10_000;

/// What leaves the ordinary order of statements.
pub(super) enum Leave {
    Next,
    Break,
    Continue,
    Exit(i32),
    Fail(Failure),
}

/// Why a program cannot go on.
pub(super) enum Failure {
    Fatal(String),
    NotSimulated(String),
}

/// What a statement leads to.
pub(super) type Flow = Result<(), Leave>;
type Evaluated<T> = Result<T, Leave>;

fn fatal<T>(text: impl Into<String>) -> Evaluated<T> {
    Err(Leave::Fail(Failure::Fatal(text.into())))
}

/// Whether a program looks at any record.
pub(super) fn reads(program: &Program) -> bool {
    program.0.iter().any(|rule| !matches!(rule.pattern, Pattern::Begin))
}

/// A program's state.
pub(super) struct Machine<'a> {
    sys: &'a Sys,
    variables: BTreeMap<String, Value>,
    arrays: BTreeMap<String, BTreeMap<String, Value>>,
    record: String,
    fields: Vec<Value>,
    /// Ranges whose first pattern has matched and whose second has not yet.
    open_ranges: BTreeSet<usize>,
    /// Files that were written to; they are emptied only once.
    written: BTreeSet<String>,
    regexes: BTreeMap<String, Regex>,
    steps: u32,
}

impl<'a> Machine<'a> {
    pub(super) fn new(sys: &'a Sys) -> Machine<'a> {
        let text = |text: &str| Value::Text(text.to_owned());
        let variables = [("FS", text(" ")), ("OFS", text(" ")), ("ORS", text("\n")), ("SUBSEP", text("\u{1c}"))];
        let counters = ["NR", "NF", "FNR", "RSTART"].map(|name| (name, Value::Number(0.0)));
        let all = variables.into_iter().chain(counters).chain([("RLENGTH", Value::Number(-1.0))]);
        let environment = sys.environment.iter().map(|(name, value)| (name.clone(), Value::Input(value.clone())));
        Machine {
            sys,
            variables: all.map(|(name, value)| (name.to_owned(), value)).collect(),
            arrays: [("ENVIRON".to_owned(), environment.collect())].into(),
            record: String::new(),
            fields: Vec::new(),
            open_ranges: BTreeSet::new(),
            written: BTreeSet::new(),
            regexes: BTreeMap::new(),
            steps: 0,
        }
    }

    /// A variable that the command line sets.
    pub(super) fn assign(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), Value::Input(value.to_owned()));
    }

    pub(super) fn begin(&mut self, program: &Program) -> Flow {
        for rule in program.0.iter().filter(|rule| matches!(rule.pattern, Pattern::Begin)) {
            self.act(rule)?;
        }
        Ok(())
    }

    /// A file begins.
    pub(super) fn open(&mut self, name: &str) {
        let name = if name == "-" { "" } else { name };
        self.variables.insert("FILENAME".to_owned(), Value::Text(name.to_owned()));
        self.variables.insert("FNR".to_owned(), Value::Number(0.0));
    }

    /// A line of it.
    pub(super) fn read(&mut self, program: &Program, line: &str) -> Flow {
        for counter in ["NR", "FNR"] {
            let number = self.variable(counter).to_number() + 1.0;
            self.variables.insert(counter.to_owned(), Value::Number(number));
        }
        self.set_record(line.to_owned())?;
        for rule in &program.0 {
            if !self.applies(&rule.pattern)? {
                continue;
            }
            match self.act(rule) {
                Err(Leave::Next) => break,
                flow => flow?,
            }
        }
        Ok(())
    }

    /// END, also after an `exit`; the status that the program has chosen.
    pub(super) fn end(&mut self, program: &Program, before: Flow) -> Result<Option<i32>, Failure> {
        let mut status = match before {
            Err(Leave::Fail(failure)) => return Err(failure),
            Err(Leave::Exit(status)) => Some(status),
            _ => None,
        };
        for rule in program.0.iter().filter(|rule| matches!(rule.pattern, Pattern::End)) {
            match self.act(rule) {
                Err(Leave::Exit(last)) => {
                    status = Some(last);
                    break;
                }
                Err(Leave::Fail(failure)) => return Err(failure),
                _ => {}
            }
        }
        Ok(status)
    }

    fn applies(&mut self, pattern: &Pattern) -> Evaluated<bool> {
        Ok(match pattern {
            Pattern::Begin | Pattern::End => false,
            Pattern::Always => true,
            Pattern::When(condition) => self.value(condition)?.is_true(),
            Pattern::Range(first, last, number) => {
                if !self.open_ranges.contains(number) && !self.value(first)?.is_true() {
                    return Ok(false);
                }
                if self.value(last)?.is_true() {
                    self.open_ranges.remove(number);
                } else {
                    self.open_ranges.insert(*number);
                }
                true
            }
        })
    }

    fn act(&mut self, rule: &Rule) -> Flow {
        match &rule.action {
            Some(statements) => self.all(statements),
            None => self.write(format!("{}{}", self.record, self.variable("ORS").to_text()), None),
        }
    }

    fn all(&mut self, statements: &[Statement]) -> Flow {
        statements.iter().try_for_each(|statement| self.perform(statement))
    }

    fn step(&mut self) -> Flow {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(Leave::Fail(Failure::NotSimulated(format!("more than {STEPS_MAX} steps"))));
        }
        Ok(())
    }

    fn perform(&mut self, statement: &Statement) -> Flow {
        self.step()?;
        match statement {
            Statement::Print { values, to } => {
                let mut line = if values.is_empty() {
                    self.record.clone()
                } else {
                    let texts = values.iter().map(|value| self.text(value)).collect::<Evaluated<Vec<_>>>()?;
                    texts.join(&self.variable("OFS").to_text())
                };
                line.push_str(&self.variable("ORS").to_text());
                self.write(line, to.as_ref())
            }
            Statement::Printf { values, to } => {
                let text = self.formatted(values)?;
                self.write(text, to.as_ref())
            }
            Statement::Do(expression) => self.value(expression).map(drop),
            Statement::Block(statements) => self.all(statements),
            Statement::If { condition, then, otherwise } => {
                if self.value(condition)?.is_true() {
                    self.perform(then)
                } else {
                    otherwise.as_ref().map_or(Ok(()), |otherwise| self.perform(otherwise))
                }
            }
            Statement::While { condition, step, body } => loop {
                self.step()?;
                if let Some(condition) = condition
                    && !self.value(condition)?.is_true()
                {
                    return Ok(());
                }
                match self.perform(body) {
                    Err(Leave::Break) => return Ok(()),
                    Ok(()) | Err(Leave::Continue) => {}
                    leave => return leave,
                }
                if let Some(step) = step {
                    self.perform(step)?;
                }
            },
            Statement::ForIn { variable, array, body } => {
                let keys: Vec<String> =
                    self.arrays.get(array).into_iter().flat_map(|array| array.keys().cloned()).collect();
                for key in keys {
                    self.set(&Place::Variable(variable.clone()), Value::Input(key))?;
                    match self.perform(body) {
                        Err(Leave::Break) => return Ok(()),
                        Ok(()) | Err(Leave::Continue) => {}
                        leave => return leave,
                    }
                }
                Ok(())
            }
            Statement::Delete { array, key } => {
                match key {
                    Some(key) => {
                        let key = self.key(key)?;
                        self.arrays.entry(array.clone()).or_default().remove(&key);
                    }
                    None => drop(self.arrays.remove(array)),
                }
                Ok(())
            }
            Statement::Next => Err(Leave::Next),
            Statement::Break => Err(Leave::Break),
            Statement::Continue => Err(Leave::Continue),
            Statement::Exit(status) => {
                let status = status.as_ref().map_or(Ok(0.0), |status| self.number(status))?;
                Err(Leave::Exit(status as i32 & 0xff))
            }
        }
    }

    fn write(&mut self, text: String, to: Option<&Target>) -> Flow {
        let Some(Target { file, append }) = to else {
            self.sys.print(text);
            return Ok(());
        };
        let name = self.text(file)?;
        match name.as_str() {
            "/dev/stdout" => self.sys.print(text),
            "/dev/stderr" => self.sys.eprint(text),
            "/dev/null" => {}
            _ => {
                let path = self.sys.path(&name);
                let first = self.written.insert(path.clone());
                let opened = self.sys.files(|files| match (first, append) {
                    (false, _) => Ok(()),
                    (true, true) => files.open_for_append(&path),
                    (true, false) => files.create(&path),
                });
                if let Err(error) = opened {
                    return fatal(format!("cannot redirect to `{name}': {error}"));
                }
                self.sys.files(|files| files.append(&path, text.as_bytes()));
            }
        }
        Ok(())
    }
}

/// Values.
impl Machine<'_> {
    fn variable(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    fn number(&mut self, expression: &Expression) -> Evaluated<f64> {
        Ok(self.value(expression)?.to_number())
    }

    fn text(&mut self, expression: &Expression) -> Evaluated<String> {
        Ok(self.value(expression)?.to_text())
    }

    fn value(&mut self, expression: &Expression) -> Evaluated<Value> {
        Ok(match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Regex(pattern) => Value::truth(self.regex(pattern)?.is_match(&self.record)),
            Expression::Place(place) => self.get(place)?,
            Expression::Assign(place, value) => {
                let value = self.value(value)?;
                self.set(place, value.clone())?;
                value
            }
            Expression::Change(place, operator, by) => {
                let by = self.number(by)?;
                let value = Value::Number(calculate(*operator, self.get(place)?.to_number(), by)?);
                self.set(place, value.clone())?;
                value
            }
            Expression::Step(place, by, which) => {
                let before = self.get(place)?.to_number();
                self.set(place, Value::Number(before + by))?;
                Value::Number(if *which == When::Before { before } else { before + by })
            }
            Expression::Arithmetic(operator, left, right) => {
                let left = self.number(left)?;
                Value::Number(calculate(*operator, left, self.number(right)?)?)
            }
            Expression::Compare(comparison, left, right) => {
                let left = self.value(left)?;
                let order = left.compare(&self.value(right)?);
                Value::truth(match comparison {
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                })
            }
            Expression::Match { text, pattern, negated } => {
                let text = self.text(text)?;
                let pattern = self.pattern(pattern)?;
                Value::truth(pattern.is_match(&text) != *negated)
            }
            Expression::Concatenate(left, right) => {
                let left = self.text(left)?;
                Value::Text(left + &self.text(right)?)
            }
            Expression::And(left, right) => Value::truth(self.value(left)?.is_true() && self.value(right)?.is_true()),
            Expression::Or(left, right) => Value::truth(self.value(left)?.is_true() || self.value(right)?.is_true()),
            Expression::Not(inner) => Value::truth(!self.value(inner)?.is_true()),
            Expression::Negate(inner) => Value::Number(-self.number(inner)?),
            Expression::Choose(condition, then, otherwise) => {
                let chosen = if self.value(condition)?.is_true() { then } else { otherwise };
                self.value(chosen)?
            }
            Expression::In(key, array) => {
                let key = self.key(key)?;
                Value::truth(self.arrays.get(array).is_some_and(|array| array.contains_key(&key)))
            }
            Expression::Call(builtin, arguments) => self.call(*builtin, arguments)?,
        })
    }

    fn key(&mut self, parts: &[Expression]) -> Evaluated<String> {
        let texts = parts.iter().map(|part| self.text(part)).collect::<Evaluated<Vec<_>>>()?;
        Ok(texts.join(&self.variable("SUBSEP").to_text()))
    }

    fn field_number(&mut self, number: &Expression) -> Evaluated<usize> {
        let number = self.number(number)?;
        if number < 0.0 {
            return fatal(format!("attempt to access field {}", number as i64));
        }
        Ok(number as usize)
    }

    fn get(&mut self, place: &Place) -> Evaluated<Value> {
        Ok(match place {
            Place::Variable(name) => self.variable(name),
            Place::Field(number) => match self.field_number(number)? {
                0 => Value::Input(self.record.clone()),
                number => self.fields.get(number - 1).cloned().unwrap_or_default(),
            },
            Place::Element(array, key) => {
                let key = self.key(key)?;
                // To ask for an element makes it.
                self.arrays.entry(array.clone()).or_default().entry(key).or_default().clone()
            }
        })
    }

    fn set(&mut self, place: &Place, value: Value) -> Flow {
        match place {
            Place::Variable(name) => {
                let count = (name == "NF").then(|| value.to_number().max(0.0) as usize);
                self.variables.insert(name.clone(), value);
                if let Some(count) = count {
                    self.fields.resize(count.min(FIELDS_MAX), Value::Unset);
                    self.join_fields();
                }
            }
            Place::Field(number) => match self.field_number(number)? {
                0 => self.set_record(value.to_text())?,
                number if number > FIELDS_MAX => return fatal(format!("field {number} is too far")),
                number => {
                    if self.fields.len() < number {
                        self.fields.resize(number, Value::Unset);
                    }
                    self.fields[number - 1] = value;
                    self.join_fields();
                }
            },
            Place::Element(array, key) => {
                let key = self.key(key)?;
                self.arrays.entry(array.clone()).or_default().insert(key, value);
            }
        }
        Ok(())
    }

    /// A record is what its fields are when one of them was changed.
    fn join_fields(&mut self) {
        let texts: Vec<String> = self.fields.iter().map(Value::to_text).collect();
        self.record = texts.join(&self.variable("OFS").to_text());
        self.variables.insert("NF".to_owned(), Value::Number(self.fields.len() as f64));
    }

    fn set_record(&mut self, record: String) -> Flow {
        let separator = self.variable("FS").to_text();
        self.fields = self.split(&record, &separator)?.into_iter().map(Value::Input).collect();
        self.variables.insert("NF".to_owned(), Value::Number(self.fields.len() as f64));
        self.record = record;
        Ok(())
    }

    /// A space parts at any white space, another single character at itself, anything else is a regular expression.
    fn split(&mut self, text: &str, separator: &str) -> Evaluated<Vec<String>> {
        let own = |parts: std::str::SplitWhitespace<'_>| parts.map(str::to_owned).collect();
        if text.is_empty() || separator == " " {
            return Ok(own(text.split_whitespace()));
        }
        let mut letters = separator.chars();
        Ok(match (letters.next(), letters.next()) {
            (None, _) => text.chars().map(String::from).collect(),
            (Some(letter), None) => text.split(letter).map(str::to_owned).collect(),
            _ => self.regex(separator)?.split(text).map(str::to_owned).collect(),
        })
    }

    /// What stands where a pattern is wanted: `/…/`, or a text that is one.
    fn pattern(&mut self, expression: &Expression) -> Evaluated<Regex> {
        match expression {
            Expression::Regex(pattern) => self.regex(pattern),
            other => {
                let pattern = self.text(other)?;
                self.regex(&pattern)
            }
        }
    }

    fn regex(&mut self, pattern: &str) -> Evaluated<Regex> {
        if let Some(regex) = self.regexes.get(pattern) {
            return Ok(regex.clone());
        }
        let Ok(regex) = Regex::new(pattern) else {
            return Err(Leave::Fail(Failure::NotSimulated(format!("/{pattern}/"))));
        };
        self.regexes.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }

    fn formatted(&mut self, values: &[Expression]) -> Evaluated<String> {
        let values = values.iter().map(|value| self.value(value)).collect::<Evaluated<Vec<_>>>()?;
        let (text, rest) = values.split_first().expect("the parser wants a format");
        format(&text.to_text(), rest).map_err(|what| Leave::Fail(Failure::NotSimulated(format!("printf {what}"))))
    }

    fn call(&mut self, builtin: Builtin, arguments: &[Expression]) -> Evaluated<Value> {
        Ok(match (builtin, arguments) {
            (Builtin::Length, [Expression::Place(Place::Variable(name))]) if self.arrays.contains_key(name) => {
                Value::Number(self.arrays[name].len() as f64)
            }
            (Builtin::Length, arguments) => {
                let text = arguments.first().map_or(Ok(self.record.clone()), |text| self.text(text))?;
                Value::Number(text.chars().count() as f64)
            }
            (Builtin::Sprintf, values) => Value::Text(self.formatted(values)?),
            (Builtin::Int, [number]) => Value::Number(self.number(number)?.trunc()),
            (Builtin::ToLower, [text]) => Value::Text(self.text(text)?.to_lowercase()),
            (Builtin::ToUpper, [text]) => Value::Text(self.text(text)?.to_uppercase()),
            (Builtin::Index, [text, part]) => {
                let text = self.text(text)?;
                let at = text.find(&self.text(part)?);
                Value::Number(at.map_or(0, |at| text[..at].chars().count() + 1) as f64)
            }
            (Builtin::Substr, [text, rest @ ..]) => {
                let text = self.text(text)?;
                let start = self.number(&rest[0])?.round();
                let end = rest.get(1).map_or(Ok(f64::INFINITY), |len| Ok(start + self.number(len)?.round()))?;
                let within = |number: usize| (start..end).contains(&(number as f64));
                Value::Text(
                    text.chars().zip(1..).filter(|&(_, number)| within(number)).map(|(letter, _)| letter).collect(),
                )
            }
            (Builtin::Match, [text, pattern]) => {
                let text = self.text(text)?;
                let found = self
                    .pattern(pattern)?
                    .find(&text)
                    .map(|found| (text[..found.start()].chars().count() + 1, found.as_str().chars().count() as f64));
                let (start, len) = found.unwrap_or((0, -1.0));
                self.variables.insert("RSTART".to_owned(), Value::Number(start as f64));
                self.variables.insert("RLENGTH".to_owned(), Value::Number(len));
                Value::Number(start as f64)
            }
            (Builtin::Split, [text, Expression::Place(Place::Variable(array)), rest @ ..]) => {
                let text = self.text(text)?;
                let separator = match rest.first() {
                    Some(Expression::Regex(pattern)) => pattern.clone(),
                    Some(other) => self.text(other)?,
                    None => self.variable("FS").to_text(),
                };
                let parts = self.split(&text, &separator)?;
                let count = parts.len();
                let numbered =
                    (1..).zip(parts).map(|(number, part): (u32, String)| (number.to_string(), Value::Input(part)));
                self.arrays.insert(array.clone(), numbered.collect());
                Value::Number(count as f64)
            }
            (Builtin::Sub | Builtin::Gsub, [pattern, replacement, rest @ ..]) => {
                let record = Place::Field(Box::new(Expression::Number(0.0)));
                let place = match rest.first() {
                    None => &record,
                    Some(Expression::Place(place)) => place,
                    Some(_) => return fatal("sub third parameter is not a changeable object"),
                };
                let (pattern, replacement) = (self.pattern(pattern)?, self.text(replacement)?);
                let text = self.get(place)?.to_text();
                let most = if builtin == Builtin::Gsub { usize::MAX } else { 1 };
                let (changed, count) = substitute(&pattern, &text, &replacement, most);
                if count > 0 {
                    self.set(place, Value::Text(changed))?;
                }
                Value::Number(count as f64)
            }
            _ => return fatal(format!("{builtin:?}: wrong arguments")),
        })
    }
}

fn calculate(operator: Arithmetic, left: f64, right: f64) -> Evaluated<f64> {
    Ok(match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide if right == 0.0 => return fatal("division by zero attempted"),
        Arithmetic::Remainder if right == 0.0 => return fatal("division by zero attempted in `%'"),
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
        Arithmetic::Power => left.powf(right),
    })
}

/// Replaces matches; `&` in the replacement is what matched, `\&` the sign itself.
fn substitute(pattern: &Regex, text: &str, replacement: &str, most: usize) -> (String, usize) {
    let (mut result, mut after, mut count) = (String::new(), 0, 0);
    for found in pattern.find_iter(text).take(most) {
        result.push_str(&text[after..found.start()]);
        let mut letters = replacement.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '&' => result.push_str(found.as_str()),
                '\\' => result.push(letters.next().unwrap_or('\\')),
                other => result.push(other),
            }
        }
        after = found.end();
        count += 1;
    }
    result.push_str(&text[after..]);
    (result, count)
}
