//! `save`: variables taken from a command's answer, for `${name}` in later steps.
//!
//! A value becomes text as the AWS CLI prints it with `--output text`: a text as it is, a number or boolean as written,
//! a list of such with tabs between. An answer without the value is a failure of the step, since later steps would
//! fill in nothing.

use serde_json::Value;

use super::expect::Failure;
use super::observe::Observation;
use super::query::Query;
use super::substitute::Names;

/// A variable to be taken from a command's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Save {
    /// The variable.
    pub name: String,
    /// Where in the answer its value is.
    pub query: Query,
}

impl Save {
    /// The variable's value.
    ///
    /// # Errors
    /// There is no answer, or it has no such value.
    pub(crate) fn take(&self, seen: &Observation, names: &mut dyn Names) -> Result<String, Failure> {
        let expression = self.query.expression.written();
        let failure = |actual: String| Failure {
            text: format!("nothing to save as {}", self.name),
            expected: format!("a value at {expression}"),
            actual,
            span: Some(self.query.expression.span()),
        };
        let answer = seen.answer.as_ref().ok_or_else(|| failure("no JSON answer".to_owned()))?;
        let found = self.query.search(answer, names).map_err(&failure)?;
        as_text(&found).ok_or_else(|| failure(found.to_string()))
    }
}

/// A value as the AWS CLI's text output has it, if it is one word or a list of them.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // What JMESPath counts comes as a float, also where it is whole.
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        }),
        // The CLI prints booleans as Python does.
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Array(items) if !items.is_empty() => {
            let words: Option<Vec<String>> = items.iter().filter(|item| !item.is_array()).map(as_text).collect();
            words.filter(|words| words.len() == items.len()).map(|words| words.join("\t"))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::substitute::{AnyName, Text};
    use super::*;
    use crate::frontend::diagnostic::Span;
    use crate::id::FileId;

    #[test]
    fn a_saved_value_is_text_and_a_missing_one_is_a_failure() {
        let answer =
            json!({ "Vpc": { "VpcId": "vpc-01", "N": 7, "Main": true, "Ids": ["a", "b"], "No": null, "Tags": [] } });
        let seen = Observation { answer: Some(answer), ..Observation::default() };
        for (expression, expected) in [
            ("Vpc.VpcId", Ok("vpc-01")),
            ("Vpc.N", Ok("7")),
            ("length(Vpc.Ids)", Ok("2")),
            ("Vpc.Main", Ok("True")),
            ("Vpc.Ids", Ok("a\tb")),
            ("Vpc.Ids[0]", Ok("a")),
            ("Vpc.No", Err("null")),
            ("Vpc.Nothing", Err("null")),
            ("Vpc.Tags", Err("[]")),
            ("[Vpc.Ids]", Err("[[\"a\",\"b\"]]")),
        ] {
            let place = |_| Span::new(FileId(0), 0, 0);
            let expression = Text::parse(expression, &place).expect("it has no names");
            let save = Save { name: "x".to_owned(), query: Query { expression } };
            let found = save.take(&seen, &mut AnyName).map_err(|failure| failure.actual);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{save:?}");
            let without = save.take(&Observation::default(), &mut AnyName).map_err(|failure| failure.actual);
            assert_eq!(without, Err("no JSON answer".to_owned()));
        }
    }
}
