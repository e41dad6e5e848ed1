//! JMESPath expressions over a command's answer: `save`, and `expect: json:` (the JMESPath specification; the
//! `jmespath` crate evaluates them).
//!
//! Like the AWS CLI's `--query`, this takes the older literal without quotes too, `` [?Key==`Name`] ``.

use serde_json::Value;

use super::substitute::{AnyName, Names, Text, sentence};
use crate::frontend::diagnostic::Diagnostic;

/// How deep an expression may nest, in opening brackets and operators. The crate recurses for each of them, and labs
/// need a few dozen.
const MAX_OPERATORS: usize = 500;

/// An expression with names to be filled in. It is kept as text: a compiled one shares values that cannot cross
/// threads, and compiling takes microseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    /// The expression.
    pub expression: Text,
}

impl Query {
    /// What is wrong with the expression, whatever its names stand for.
    pub(super) fn problem(&self) -> Option<Diagnostic> {
        let sample = self.expression.fill(&mut AnyName).expect("every name has a stand-in");
        let why = compile(&sample).err()?;
        Some(Diagnostic::error("VPC056", self.expression.span(), "this is not a JMESPath expression").label(why))
    }

    /// What the expression finds in an answer; `null` where it finds nothing.
    ///
    /// # Errors
    /// What is wrong with the expression or with its names, in words.
    pub fn search(&self, answer: &Value, names: &mut dyn Names) -> Result<Value, String> {
        let expression = self.expression.fill(names).map_err(|problems| sentence(&problems))?;
        let found = compile(&expression)?.search(answer).map_err(|error| in_words(&error))?;
        serde_json::to_value(&*found).map_err(|error| error.to_string())
    }
}

fn compile(expression: &str) -> Result<jmespath::Expression<'static>, String> {
    if expression.bytes().filter(|byte| b"([{.|&!<>=".contains(byte)).count() > MAX_OPERATORS {
        return Err(format!("vpcsim takes no more than {MAX_OPERATORS} operators"));
    }
    jmespath::compile(&quote_old_literals(expression)).map_err(|error| in_words(&error))
}

/// `` `Name` `` as `` `"Name"` ``, where the literal is no JSON as it stands.
fn quote_old_literals(expression: &str) -> String {
    let mut quoted = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(start) = rest.find(['\'', '"', '`']) {
        let delimiter = char::from(rest.as_bytes()[start]);
        let inside = &rest[start + 1..];
        let Some(length) = length_to(inside, delimiter) else { break };
        let text = &inside[..length];
        quoted.push_str(&rest[..=start]);
        if delimiter == '`' && serde_json::from_str::<Value>(&text.replace("\\`", "`")).is_err() {
            quoted.push_str(&Value::from(text.trim_start()).to_string());
        } else {
            quoted.push_str(text);
        }
        quoted.push(delimiter);
        rest = &inside[length + 1..];
    }
    quoted + rest
}

/// How far it is to the delimiter, going past characters behind a backslash.
fn length_to(text: &str, delimiter: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == delimiter && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// What the crate has to say, without the drawing it adds.
fn in_words(error: &jmespath::JmespathError) -> String {
    let reason = error.reason.to_string();
    let reason = reason.trim_start_matches("Parse error: ").trim_start_matches("Runtime error: ");
    format!("{reason}, at character {}", error.offset + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_those_of_the_aws_cli() {
        let answer = json!({ "Vpcs": [{ "VpcId": "vpc-01", "Tags": [{ "Key": "Name", "Value": "a`b" }], "N": 1 }] });
        for (expression, expected) in [
            ("Vpcs[0].VpcId", json!("vpc-01")),
            ("Vpcs[?N==`1`].VpcId", json!(["vpc-01"])),
            ("Vpcs[].Tags[?Key==`Name`].Value[]", json!(["a`b"])),
            ("Vpcs[].Tags[?Key==`\"Name\"`].Value[]", json!(["a`b"])),
            ("Vpcs[].Tags[?Key=='Name'].Value | [0]", json!(["a`b"])),
            ("Vpcs[].Tags[?Value=='a`b'].Key[]", json!(["Name"])),
            ("Vpcs[7].VpcId", json!(null)),
        ] {
            let found = compile(expression).map(|query| query.search(&answer).expect("it can be evaluated"));
            assert_eq!(
                found.map(|found| serde_json::to_value(&*found).expect("it is JSON")),
                Ok(expected),
                "{expression}"
            );
        }
    }

    #[test]
    fn deep_expressions_are_refused_before_they_overflow() {
        for deep in ["(".repeat(100_000), "[".repeat(100_000), "!".repeat(100_000), "a.".repeat(100_000)] {
            assert!(compile(&deep).is_err());
        }
    }

    #[test]
    fn extreme_numbers_do_not_overflow() {
        for index in [
            "-2147483648",
            "2147483647",
            "99999999999999999999",
            "-99999999999999999999",
            "::-2147483648",
            "-2147483648:2147483647:2147483647",
            "::0",
            "2147483647:-2147483648:-1",
        ] {
            let _ = compile(&format!("[{index}]")).map(|query| query.search(json!([1, 2, 3])));
        }
        for call in [
            "to_number('1e999')",
            "sum([`1e308`,`1e308`])",
            "abs(`-9223372036854775808`)",
            "ceil(`1e300`)",
            "max([`1`])",
            "avg(`[]`)",
            "join('', `[]`)",
            "reverse('서')",
            "sort_by(@, &@)",
            "merge()",
            "to_number('-')",
        ] {
            let _ = compile(call).map(|query| query.search(json!([1, 2, 3])));
        }
    }
}
