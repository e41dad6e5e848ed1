//! awk's values: numbers, texts, and texts from outside that are numbers when they look like one (POSIX "awk", Expressions).

use std::cmp::Ordering;

use super::format::general;

/// A value.
#[derive(Clone, Default, Debug)]
pub(super) enum Value {
    /// Of a variable nobody has set: empty, and zero.
    #[default]
    Unset,
    Number(f64),
    Text(String),
    /// A field, or what a user gave: its look decides.
    Input(String),
}

impl Value {
    pub(super) fn truth(holds: bool) -> Value {
        Value::Number(f64::from(u8::from(holds)))
    }

    pub(super) fn to_number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text).0,
        }
    }

    pub(super) fn to_text(&self) -> String {
        match self {
            Value::Unset => String::new(),
            Value::Number(number) => number_text(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match (self.as_number(), self) {
            (Some(number), _) => number != 0.0,
            (None, value) => !value.to_text().is_empty(),
        }
    }

    /// Numbers compare as numbers, everything else as text.
    pub(super) fn compare(&self, other: &Value) -> Ordering {
        match (self.as_number(), other.as_number()) {
            (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
            _ => self.to_text().cmp(&other.to_text()),
        }
    }

    fn as_number(&self) -> Option<f64> {
        match self {
            Value::Unset => Some(0.0),
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
            Value::Input(text) => {
                let (number, rest) = leading_number(text);
                (!text.trim().is_empty() && rest.trim().is_empty()).then_some(number)
            }
        }
    }
}

/// A number as text: whole ones in full, others with six digits (`CONVFMT`).
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 { format!("{}", number as i64) } else { general(number, 6) }
}

/// The number a text begins with, and what stands behind it.
fn leading_number(text: &str) -> (f64, &str) {
    let trimmed = text.trim_start();
    let bytes = trimmed.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = digits(sign);
    let mut seen = end > sign;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        seen |= fraction > end + 1;
        end = fraction;
    }
    if !seen {
        return (0.0, text);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    (trimmed[..end].parse().unwrap_or(0.0), &trimmed[end..])
}
