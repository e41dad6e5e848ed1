//! Values as Python prints them. The AWS CLI is a Python program, and this shows in its text and table output (`True`,
//! `None`) and in its complaints about types.

use serde_json::Value;

use super::model::Kind;

/// The value as Python's `str` prints it: a text bare at the outermost level, quoted within lists and structures.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        _ => literal(value),
    }
}

/// The value as Python's `repr` prints it.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let mut literal = String::from(quote);
            for letter in text.chars() {
                match letter {
                    '\\' => literal.push_str("\\\\"),
                    '\n' => literal.push_str("\\n"),
                    '\r' => literal.push_str("\\r"),
                    '\t' => literal.push_str("\\t"),
                    _ if letter == quote => literal.extend(['\\', quote]),
                    _ => literal.push(letter),
                }
            }
            literal.push(quote);
            literal
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(literal).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(object) => {
            let members: Vec<String> = object
                .iter()
                .map(|(key, value)| format!("{}: {}", literal(&Value::from(key.as_str())), literal(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// The Python type of a value read from JSON, as an error names it.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "<class 'NoneType'>",
        Value::Bool(_) => "<class 'bool'>",
        Value::Number(number) if number.is_f64() => "<class 'float'>",
        Value::Number(_) => "<class 'int'>",
        Value::String(_) => "<class 'str'>",
        Value::Array(_) => "<class 'list'>",
        Value::Object(_) => "<class 'dict'>",
    }
}

/// The Python types that botocore names when a value is of the wrong one.
pub(crate) fn types_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::String | Kind::Timestamp => "<class 'str'>",
        Kind::Integer => "<class 'int'>",
        Kind::Float => "<class 'float'>, <class 'decimal.Decimal'>, <class 'int'>",
        Kind::Boolean => "<class 'bool'>",
        Kind::Blob => "<class 'bytes'>, <class 'bytearray'>, file-like object",
        Kind::List(_) => "<class 'list'>, <class 'tuple'>",
        Kind::Structure(_) => "<class 'dict'>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_printed_as_python_prints_them() {
        // python3 -c 'print(str(VALUE))'
        for (value, printed) in [
            (json!("it's"), "it's"),
            (json!(null), "None"),
            (json!([true, 1, 1.5, "a", "it's", "\"'"]), r#"[True, 1, 1.5, 'a', "it's", '"\'']"#),
            (json!({ "a": { "b": [] } }), "{'a': {'b': []}}"),
            (json!(["a\\b\n"]), r"['a\\b\n']"),
        ] {
            assert_eq!(text(&value), printed);
        }
    }
}
