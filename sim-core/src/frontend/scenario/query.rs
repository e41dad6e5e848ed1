//! JMESPath expressions in a scenario, with names to be filled in: `save`, and `expect: json:`.

use serde_json::Value;

use super::substitute::{AnyName, Names, Text, sentence};
use crate::frontend::diagnostic::Diagnostic;
use crate::frontend::query;

/// An expression with names to be filled in. It is kept as text: a compiled one shares values that cannot cross
/// threads, and compiling takes microseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Query {
    /// The expression.
    pub expression: Text,
}

impl Query {
    /// What is wrong with the expression, whatever its names stand for.
    pub(super) fn problem(&self) -> Option<Diagnostic> {
        let sample = self.expression.fill(&mut AnyName).expect("every name has a stand-in");
        let why = query::Query::new(&sample).err()?.reason;
        Some(Diagnostic::error("VPC056", self.expression.span(), "this is not a JMESPath expression").label(why))
    }

    /// What the expression finds in an answer; `null` where it finds nothing.
    ///
    /// # Errors
    /// What is wrong with the expression or with its names, in words.
    pub(crate) fn search(&self, answer: &Value, names: &mut dyn Names) -> Result<Value, String> {
        let expression = self.expression.fill(names).map_err(|problems| sentence(&problems))?;
        query::Query::new(&expression).and_then(|query| query.search(answer)).map_err(|error| error.reason)
    }
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
            let found = query::Query::new(expression).and_then(|query| query.search(&answer));
            assert_eq!(found, Ok(expected), "{expression}");
        }
    }

    #[test]
    fn deep_expressions_are_refused_before_they_overflow() {
        for deep in ["(".repeat(100_000), "[".repeat(100_000), "!".repeat(100_000), "a.".repeat(100_000)] {
            assert!(query::Query::new(&deep).is_err());
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
            let _ = query::Query::new(&format!("[{index}]")).and_then(|query| query.search(&json!([1, 2, 3])));
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
            let _ = query::Query::new(call).and_then(|query| query.search(&json!([1, 2, 3])));
        }
    }
}
