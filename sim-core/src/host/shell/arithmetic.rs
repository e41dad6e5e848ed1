//! Shell arithmetic (POSIX "Shell Command Language" §2.6.4; bash manual §6.5): C's operators on 64-bit integers that wrap.
//!
//! An expression is calculated while it is read, after its parameters have been expanded. What a `&&`, `||` or `?:` leaves out
//! is read too, without effect.

use super::interpret::Shell;

/// How deep brackets, signs and right-hand sides may stand inside each other.
const DEPTH_MAX: usize = 48;

/// Operators of two operands and how tightly they bind, a longer one before its beginnings.
const BINARY: [(&str, u8); 19] = [
    ("**", 11),
    ("<<", 8),
    (">>", 8),
    ("<=", 7),
    (">=", 7),
    ("==", 6),
    ("!=", 6),
    ("&&", 2),
    ("||", 1),
    ("*", 10),
    ("/", 10),
    ("%", 10),
    ("+", 9),
    ("-", 9),
    ("<", 7),
    (">", 7),
    ("&", 5),
    ("^", 4),
    ("|", 3),
];

/// Operators that assign.
const ASSIGNMENT: [&str; 11] = ["<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="];

/// Calculates an expression; `None` when it is not one or divides by zero. Nothing at all counts as 0.
pub(super) fn evaluate(shell: &mut Shell, expression: &str) -> Option<i64> {
    let mut calculator = Calculator { shell, rest: expression.trim(), depth: 0 };
    if calculator.rest.is_empty() {
        return Some(0);
    }
    let value = calculator.comma(true)?;
    calculator.rest.is_empty().then_some(value)
}

/// `live` says whether what is read has an effect.
struct Calculator<'a> {
    shell: &'a mut Shell,
    rest: &'a str,
    depth: usize,
}

impl<'a> Calculator<'a> {
    fn comma(&mut self, live: bool) -> Option<i64> {
        let mut value = self.assignment(live)?;
        while self.eat(",") {
            value = self.assignment(live)?;
        }
        Some(value)
    }

    fn assignment(&mut self, live: bool) -> Option<i64> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let value = match self.assignment_target() {
            Some((name, operator)) => {
                let right = self.assignment(live)?;
                let value =
                    if operator.is_empty() { right } else { self.apply(operator, self.variable(name), right, live)? };
                self.assign(name, value, live);
                value
            }
            None => self.conditional(live)?,
        };
        self.depth -= 1;
        Some(value)
    }

    fn conditional(&mut self, live: bool) -> Option<i64> {
        let condition = self.binary(0, live)?;
        if !self.eat("?") {
            return Some(condition);
        }
        let holds = condition != 0;
        let yes = self.assignment(live && holds)?;
        if !self.eat(":") {
            return None;
        }
        let no = self.assignment(live && !holds)?;
        Some(if holds { yes } else { no })
    }

    /// Precedence climbing: operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8, live: bool) -> Option<i64> {
        let mut left = self.unary(live)?;
        while let Some((operator, tightness)) = self.binary_operator().filter(|&(_, tightness)| tightness >= least) {
            self.eat(operator);
            let decided = matches!((operator, left != 0), ("&&", false) | ("||", true));
            // Only the power is grouped from the right.
            let least = if operator == "**" { tightness } else { tightness + 1 };
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return None;
            }
            let live = live && !decided;
            let right = self.binary(least, live)?;
            self.depth -= 1;
            left = if decided { i64::from(left != 0) } else { self.apply(operator, left, right, live)? };
        }
        Some(left)
    }

    fn binary_operator(&self) -> Option<(&'static str, u8)> {
        BINARY.into_iter().find(|(operator, _)| self.rest.starts_with(operator))
    }

    fn unary(&mut self, live: bool) -> Option<i64> {
        for (operator, by) in [("++", 1), ("--", -1)] {
            let Some(after) = self.rest.strip_prefix(operator) else { continue };
            let (name, after) = name_at(after.trim_start());
            if !name.is_empty() {
                self.rest = after.trim_start();
                let value = self.variable(name).wrapping_add(by);
                self.assign(name, value, live);
                return Some(value);
            }
        }
        for operator in ["+", "-", "!", "~"] {
            if self.eat(operator) {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return None;
                }
                let value = self.unary(live)?;
                self.depth -= 1;
                return Some(match operator {
                    "-" => value.wrapping_neg(),
                    "!" => i64::from(value == 0),
                    "~" => !value,
                    _ => value,
                });
            }
        }
        self.operand(live)
    }

    fn operand(&mut self, live: bool) -> Option<i64> {
        if self.eat("(") {
            let value = self.comma(live)?;
            return self.eat(")").then_some(value);
        }
        let (name, after) = name_at(self.rest);
        if name.is_empty() {
            return self.number();
        }
        self.rest = after.trim_start();
        let value = self.variable(name);
        if self.eat("++") {
            self.assign(name, value.wrapping_add(1), live);
        } else if self.eat("--") {
            self.assign(name, value.wrapping_sub(1), live);
        }
        Some(value)
    }

    /// `10`, `0x1f`, `017`, `2#101`.
    fn number(&mut self) -> Option<i64> {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '#';
        let end = self.rest.find(|letter| !is_part(letter)).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at(end);
        self.rest = after.trim_start();
        number(digits)
    }

    /// A name and the operator of an assignment to it without its `=`, both taken.
    fn assignment_target(&mut self) -> Option<(&'a str, &'static str)> {
        let (name, after) = name_at(self.rest);
        let after = after.trim_start();
        if name.is_empty() || after.starts_with("==") {
            return None;
        }
        let operator = ASSIGNMENT.into_iter().find(|operator| after.starts_with(operator))?;
        self.rest = after[operator.len()..].trim_start();
        Some((name, &operator[..operator.len() - 1]))
    }

    fn eat(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn variable(&self, name: &str) -> i64 {
        self.shell.variable(name).and_then(|value| number(value.trim())).unwrap_or(0)
    }

    fn assign(&mut self, name: &str, value: i64, live: bool) {
        if live {
            self.shell.set_variable(name, value.to_string());
        }
    }

    fn apply(&self, operator: &str, left: i64, right: i64, live: bool) -> Option<i64> {
        let truth = i64::from;
        Some(match operator {
            // What is left out may divide by zero.
            _ if !live => left,
            "**" => left.wrapping_pow(u32::try_from(right).ok()?),
            "*" => left.wrapping_mul(right),
            "/" if right != 0 => left.wrapping_div(right),
            "%" if right != 0 => left.wrapping_rem(right),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "<" => truth(left < right),
            "<=" => truth(left <= right),
            ">" => truth(left > right),
            ">=" => truth(left >= right),
            "==" => truth(left == right),
            "!=" => truth(left != right),
            "&" => left & right,
            "^" => left ^ right,
            "|" => left | right,
            "&&" => truth(left != 0 && right != 0),
            "||" => truth(left != 0 || right != 0),
            _ => return None,
        })
    }
}

/// The name a text begins with, empty if with none, and what follows.
fn name_at(text: &str) -> (&str, &str) {
    if text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return ("", text);
    }
    let end = text.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric()).unwrap_or(text.len());
    text.split_at(end)
}

fn number(digits: &str) -> Option<i64> {
    let (digits, radix) = match digits.split_once('#') {
        Some((base, digits)) => (digits, base.parse().ok().filter(|base| (2..=36).contains(base))?),
        None => match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
            None => (digits, 10),
        },
    };
    i64::from_str_radix(digits, radix).ok()
}
