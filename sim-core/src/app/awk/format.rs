//! `printf` and `sprintf` (POSIX "awk", Output Statements; C's conversions).

use super::value::Value;

/// Fills a format with values; `Err` names a conversion that is not simulated.
pub(super) fn format(format: &str, values: &[Value]) -> Result<String, String> {
    let mut values = values.iter();
    let mut result = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            result.push(letter);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = letters.next_if(|letter| "-0+ ".contains(*letter)) {
            match flag {
                '-' => spec.left = true,
                '0' => spec.zeros = true,
                other => spec.sign = Some(other),
            }
        }
        let number = |letters: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse::<usize>().ok().map(|number| number.min(WIDTH_MAX))
        };
        spec.width = number(&mut letters).unwrap_or(0);
        if letters.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut letters).unwrap_or(0));
        }
        match letters.next() {
            Some('%') => result.push('%'),
            Some(kind) => {
                let value = if "sdicxXouefg".contains(kind) { values.next() } else { None };
                result.push_str(&spec.convert(kind, value.unwrap_or(&Value::Unset))?);
            }
            None => result.push('%'),
        }
    }
    Ok(result)
}

const WIDTH_MAX: usize = 1_000;

/// What stands between `%` and its letter.
#[derive(Default)]
struct Spec {
    left: bool,
    zeros: bool,
    sign: Option<char>,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn convert(&self, kind: char, value: &Value) -> Result<String, String> {
        let number = value.to_number();
        let text = match kind {
            's' => {
                let text = value.to_text();
                return Ok(
                    self.pad(self.precision.map_or(text.clone(), |most| text.chars().take(most).collect()), false)
                );
            }
            'c' => {
                let letter = match value {
                    Value::Number(code) => char::from_u32(*code as u32),
                    other => other.to_text().chars().next(),
                };
                return Ok(self.pad(letter.map_or_else(String::new, String::from), false));
            }
            'd' | 'i' => {
                let digits = format!("{}", (number.trunc() as i64).unsigned_abs());
                self.signed(number.trunc() < 0.0, digits)
            }
            'u' => format!("{}", number.trunc() as i64 as u64),
            'x' => format!("{:x}", number.trunc() as i64),
            'X' => format!("{:X}", number.trunc() as i64),
            'o' => format!("{:o}", number.trunc() as i64),
            'f' => self.signed(number.is_sign_negative(), format!("{:.*}", self.precision.unwrap_or(6), number.abs())),
            'e' => self.signed(number.is_sign_negative(), exponential(number.abs(), self.precision.unwrap_or(6))),
            'g' => self.signed(number.is_sign_negative(), general(number.abs(), self.precision.unwrap_or(6))),
            other => return Err(format!("%{other}")),
        };
        Ok(self.pad(text, self.zeros))
    }

    fn signed(&self, negative: bool, digits: String) -> String {
        match (negative, self.sign) {
            (true, _) => format!("-{digits}"),
            (false, Some(sign)) => format!("{sign}{digits}"),
            (false, None) => digits,
        }
    }

    fn pad(&self, text: String, zeros: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.left {
            return text + &" ".repeat(missing);
        }
        if !zeros {
            return " ".repeat(missing) + &text;
        }
        let sign = usize::from(text.starts_with(['-', '+', ' ']));
        format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
    }
}

/// C's `%e`: at least two digits of exponent.
fn exponential(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0);
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// C's `%g`: so many digits, in the shorter way, without zeros at the end.
pub(super) fn general(number: f64, precision: usize) -> String {
    let precision = precision.max(1);
    if number == 0.0 {
        return "0".to_owned();
    }
    if !number.is_finite() {
        return if number.is_nan() {
            "nan"
        } else if number < 0.0 {
            "-inf"
        } else {
            "inf"
        }
        .to_owned();
    }
    let scientific = format!("{number:.*e}", precision - 1);
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    let trim = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    if exponent < -4 || exponent >= precision as i32 {
        let text = exponential(number, precision - 1);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", trim(digits));
    }
    trim(&format!("{number:.*}", (precision as i32 - 1 - exponent).max(0) as usize))
}
