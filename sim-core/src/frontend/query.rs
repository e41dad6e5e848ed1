//! JMESPath expressions over an answer: the AWS CLI's `--query`, a scenario's `save` and `expect: json:` (the JMESPath
//! specification; the `jmespath` crate evaluates them).
//!
//! Two things are put right around the crate, both of which users of the AWS CLI see:
//! - the crate keeps objects sorted by key, the CLI keeps the order of the answer and of `{A: x, B: y}`; [`KeyOrder`]
//!   brings that order back;
//! - the CLI still accepts the older literal without quotes, `` [?Key==`Name`] ``; [`quote_old_literals`] quotes it.
//!
//! Differs from AWS: `keys`, `values`, `*` and `to_string` take an object's members sorted by key, and an average that is
//! a whole number is printed without its `.0`.

use std::collections::BTreeMap;

use jmespath::ast::Ast;
use jmespath::{JmespathError, Variable};
use serde_json::{Map, Value};

/// An expression that is known to be one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Query(String);

/// Why an expression is none, or cannot be used on an answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{drawn}")]
pub(crate) struct QueryError {
    /// With a drawing of the place, as the AWS CLI shows it.
    drawn: String,
    /// In one clause.
    pub(crate) reason: String,
}

impl From<String> for QueryError {
    fn from(reason: String) -> QueryError {
        QueryError { drawn: reason.clone(), reason }
    }
}

/// How many operators an expression may have. The crate recurses once or more for each; labs need a few dozen.
const MAX_OPERATORS: usize = 500;

/// Below this every whole number in floating point is exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Query {
    /// Checks an expression as typed.
    ///
    /// # Errors
    /// When it is none: where it goes wrong.
    pub(crate) fn new(typed: &str) -> Result<Query, QueryError> {
        if typed.chars().filter(|letter| "([{.|&!<>=".contains(*letter)).count() > MAX_OPERATORS {
            return Err(format!("vpcsim takes no more than {MAX_OPERATORS} operators").into());
        }
        let expression = quote_old_literals(typed);
        jmespath::compile(&expression)?;
        Ok(Query(expression))
    }

    /// What the expression finds; `null` when there is nothing.
    ///
    /// # Errors
    /// When a function is given what it cannot take.
    pub(crate) fn search(&self, answer: &Value) -> Result<Value, QueryError> {
        let expression = jmespath::compile(&self.0)?;
        let found = expression.search(answer)?;
        let mut order = KeyOrder::default();
        order.learn_from_expression(expression.as_ast());
        order.learn_from_answer(answer);
        Ok(order.restore(&found))
    }
}

impl From<JmespathError> for QueryError {
    fn from(error: JmespathError) -> QueryError {
        let reason = error.reason.to_string();
        let reason = reason.trim_start_matches("Parse error: ").trim_start_matches("Runtime error: ");
        QueryError {
            drawn: error.to_string().trim_end().to_owned(),
            reason: format!("{reason}, at character {}", error.offset + 1),
        }
    }
}

/// The order of keys for each set of keys. Every object of a result was in the answer or comes from a multi-select hash,
/// so its set of keys is known here; if two objects share a set in different orders, the first one seen wins.
#[derive(Default)]
struct KeyOrder {
    by_sorted_keys: BTreeMap<Vec<String>, Vec<String>>,
}

impl KeyOrder {
    fn learn<'a>(&mut self, keys: impl Iterator<Item = &'a String>) {
        let keys: Vec<String> = keys.cloned().collect();
        let mut sorted = keys.clone();
        sorted.sort();
        self.by_sorted_keys.entry(sorted).or_insert(keys);
    }

    fn learn_from_answer(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                self.learn(object.keys());
                object.values().for_each(|value| self.learn_from_answer(value));
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn_from_answer(value)),
            _ => {}
        }
    }

    fn learn_from_expression(&mut self, ast: &Ast) {
        match ast {
            Ast::MultiHash { elements, .. } => {
                self.learn(elements.iter().map(|element| &element.key));
                elements.iter().for_each(|element| self.learn_from_expression(&element.value));
            }
            Ast::MultiList { elements, .. } | Ast::Function { args: elements, .. } => {
                elements.iter().for_each(|element| self.learn_from_expression(element));
            }
            Ast::Comparison { lhs, rhs, .. }
            | Ast::Condition { predicate: lhs, then: rhs, .. }
            | Ast::Projection { lhs, rhs, .. }
            | Ast::And { lhs, rhs, .. }
            | Ast::Or { lhs, rhs, .. }
            | Ast::Subexpr { lhs, rhs, .. } => {
                self.learn_from_expression(lhs);
                self.learn_from_expression(rhs);
            }
            Ast::Expref { ast: node, .. }
            | Ast::Flatten { node, .. }
            | Ast::Not { node, .. }
            | Ast::ObjectValues { node, .. } => self.learn_from_expression(node),
            Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Literal { .. } | Ast::Slice { .. } => {}
        }
    }

    fn restore(&self, found: &Variable) -> Value {
        match found {
            Variable::Null | Variable::Expref(_) => Value::Null,
            Variable::Bool(truth) => Value::Bool(*truth),
            Variable::Number(number) => match number.as_f64() {
                // The crate computes `sum`, `abs`, `ceil` and `floor` in floating point; EC2 has whole numbers only.
                Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < MAX_EXACT => {
                    Value::from(float as i64)
                }
                _ => Value::Number(number.clone()),
            },
            Variable::String(text) => Value::String(text.clone()),
            Variable::Array(values) => Value::Array(values.iter().map(|value| self.restore(value)).collect()),
            Variable::Object(object) => {
                let sorted: Vec<String> = object.keys().cloned().collect();
                let keys = self.by_sorted_keys.get(&sorted).unwrap_or(&sorted);
                Value::Object(Map::from_iter(
                    keys.iter().filter_map(|key| object.get(key).map(|value| (key.clone(), self.restore(value)))),
                ))
            }
        }
    }
}

/// Puts quotes into backtick literals that are not JSON, as `` `Name` ``. Quoted texts are passed over.
fn quote_old_literals(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some(start) = rest.find(['`', '\'', '"']) {
        let quote = rest.as_bytes()[start];
        let Some(end) = closing_quote(&rest[start + 1..], quote).map(|length| start + 1 + length) else { break };
        let literal = &rest[start + 1..end];
        let is_old = quote == b'`' && serde_json::from_str::<Value>(&literal.replace("\\`", "`")).is_err();
        text.push_str(&rest[..start]);
        if is_old {
            text.push_str(&format!("`\"{}\"`", literal.trim_start()));
        } else {
            text.push_str(&rest[start..=end]);
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text
}

fn closing_quote(text: &str, quote: u8) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == quote && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn search(expression: &str) -> Value {
        let answer = json!({ "Vpcs": [
            { "VpcId": "vpc-2", "CidrBlock": "10.2.0.0/16", "IsDefault": false, "Tags": [{ "Key": "Name", "Value": "b" }] },
            { "VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16", "IsDefault": true },
        ] });
        Query::new(expression).and_then(|query| query.search(&answer)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn labs_queries_give_what_the_cli_gives() {
        for (expression, expected) in [
            ("Vpcs[0].VpcId", json!("vpc-2")),
            ("Vpcs[].VpcId", json!(["vpc-2", "vpc-1"])),
            ("Vpcs[*].[VpcId,CidrBlock]", json!([["vpc-2", "10.2.0.0/16"], ["vpc-1", "10.1.0.0/16"]])),
            ("Vpcs[?IsDefault==`true`].VpcId | [0]", json!("vpc-1")),
            ("Vpcs[].Tags[?Key=='Name'].Value[]", json!(["b"])),
            ("Vpcs[].Tags[?Key==`Name`].Value[]", json!(["b"])),
            ("sort_by(Vpcs, &VpcId)[].VpcId", json!(["vpc-1", "vpc-2"])),
            ("length(Vpcs)", json!(2)),
            ("sum([length(Vpcs), `3`])", json!(5)),
            ("avg([length(Vpcs), `3`])", json!(2.5)),
            ("Nothing.here", json!(null)),
            ("Vpcs[0].Tags[0]", json!({ "Key": "Name", "Value": "b" })),
        ] {
            assert_eq!(search(expression), expected, "{expression}");
        }
    }

    #[test]
    fn keys_keep_the_order_of_the_answer_and_of_the_expression() {
        assert_eq!(search("Vpcs[1]").to_string(), r#"{"VpcId":"vpc-1","CidrBlock":"10.1.0.0/16","IsDefault":true}"#);
        assert_eq!(search("Vpcs[1].{Z:VpcId,A:CidrBlock}").to_string(), r#"{"Z":"vpc-1","A":"10.1.0.0/16"}"#);
        assert_eq!(
            search("reverse(Vpcs)[0].{Z:VpcId,M:{c:IsDefault,b:VpcId}}").to_string(),
            r#"{"Z":"vpc-1","M":{"c":true,"b":"vpc-1"}}"#
        );
    }

    #[test]
    fn a_mistake_is_explained() {
        assert!(Query::new("Vpcs[").is_err());
        let length = Query::new("length(Nothing)").expect("an expression");
        let error = length.search(&json!({})).expect_err("null has no length");
        assert!(error.to_string().contains("null"), "{error}");
    }

    #[test]
    fn a_deeply_nested_expression_does_not_exhaust_the_stack() {
        let nested = json!({ "a": [[[]]] });
        for sign in ["(", "[", "{a:", "!", "a.", "a|", "a[].", "a||", "&", "not_null(", "a[?", "@&&"] {
            for count in [90, 240, 100_000] {
                let open = sign.repeat(count);
                for expression in [open.clone(), format!("{open}a"), format!("{open}a{}", ")".repeat(count))] {
                    let _ = Query::new(&expression).and_then(|query| query.search(&nested));
                }
            }
        }
    }

    #[test]
    fn only_literals_that_are_not_json_are_quoted() {
        for (typed, expected) in [
            ("[?a==`b`]", "[?a==`\"b\"`]"),
            ("[?a==`\"b\"`]", "[?a==`\"b\"`]"),
            ("[?a==`1`]", "[?a==`1`]"),
            ("[?a=='`b`']", "[?a=='`b`']"),
            ("a == `b", "a == `b"),
        ] {
            assert_eq!(quote_old_literals(typed), expected);
        }
    }
}
