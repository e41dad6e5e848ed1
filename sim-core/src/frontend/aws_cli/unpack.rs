//! An option's words as a value of its member's kind: shorthand, JSON or plain text, and what botocore then checks before
//! a request is sent.

use serde_json::{Map, Number, Value};

use super::error::CliError;
use super::model::{Kind, Member, Model};
use super::{python, shorthand};

/// The value of an option that was given these words. `option` names it in errors.
///
/// # Errors
/// When the words are neither shorthand nor JSON of the kind.
pub(crate) fn unpack(model: &Model, option: &str, kind: &Kind, words: &[String]) -> Result<Value, CliError> {
    if let Some(word) = words.iter().find(|word| word.starts_with("file://") || word.starts_with("fileb://")) {
        return Err(CliError::not_simulated(format!("--{option} {word}: files are not read; write the value itself")));
    }
    match kind {
        Kind::List(element) => list(model, option, element, words),
        Kind::Structure(_) => structure(model, option, kind, words.first().map_or("", String::as_str)),
        _ => scalar(kind, words.first().map_or("", String::as_str)),
    }
}

/// The problems of a request that botocore finds by itself: members that are missing, unknown or of another type.
pub(crate) fn problems(model: &Model, members: &[Member], parameters: &Map<String, Value>) -> Vec<String> {
    let mut problems = Vec::new();
    check_members(model, members, parameters, "", &mut problems);
    problems
}

fn list(model: &Model, option: &str, element: &Kind, words: &[String]) -> Result<Value, CliError> {
    let looks_like_json = words.first().is_some_and(|word| word.trim_start().starts_with(['[', '{']));
    if let [only] = words
        && only.trim_start().starts_with('[')
    {
        return json(option, only);
    }
    let mut values = if element.is_scalar() {
        words.iter().map(|word| scalar(element, word)).collect::<Result<Vec<_>, _>>()?
    } else if looks_like_json {
        words.iter().map(|word| json_element(option, word)).collect::<Result<Vec<_>, _>>()?
    } else {
        words.iter().map(|word| parse_shorthand(option, word)).collect::<Result<Vec<_>, _>>()?
    };
    if !looks_like_json && !element.is_scalar() {
        for value in &mut values {
            give_kinds(model, element, value)?;
        }
    }
    Ok(Value::Array(values))
}

fn structure(model: &Model, option: &str, kind: &Kind, word: &str) -> Result<Value, CliError> {
    if word.trim_start().starts_with(['[', '{']) {
        return json_element(option, word);
    }
    // `--instance-initiated-shutdown-behavior stop` is short for `Value=stop`.
    if model.is_attribute_of(kind, &Kind::String) && !word.contains('=') {
        return Ok(Value::Object(Map::from_iter([("Value".to_owned(), Value::String(word.to_owned()))])));
    }
    let mut value = parse_shorthand(option, word)?;
    give_kinds(model, kind, &mut value)?;
    Ok(value)
}

fn scalar(kind: &Kind, word: &str) -> Result<Value, CliError> {
    match kind {
        Kind::Integer => integer(word),
        Kind::Float => float(word),
        Kind::Boolean => Ok(Value::Bool(!word.eq_ignore_ascii_case("false") && !word.is_empty())),
        _ => Ok(Value::String(word.to_owned())),
    }
}

fn json_element(option: &str, word: &str) -> Result<Value, CliError> {
    if word.trim_start().starts_with('{') {
        return json(option, word);
    }
    Err(CliError::parameter(option, format!("Invalid JSON:\n{word}")))
}

fn json(option: &str, word: &str) -> Result<Value, CliError> {
    serde_json::from_str(word)
        .map_err(|error| CliError::parameter(option, format!("Invalid JSON: {error}\nJSON received: {word}")))
}

fn parse_shorthand(option: &str, word: &str) -> Result<Value, CliError> {
    shorthand::parse(word).map_err(|message| CliError::parameter(option, message))
}

/// Gives shorthand's texts the kinds of the model, and makes a list of one value where a list is meant.
fn give_kinds(model: &Model, kind: &Kind, value: &mut Value) -> Result<(), CliError> {
    match (kind, value) {
        (Kind::Structure(name), Value::Object(object)) => {
            for member in model.structure(name) {
                if let Some(value) = object.get_mut(member.name) {
                    give_kinds(model, &member.kind, value)?;
                }
            }
        }
        (Kind::List(element), Value::Array(values)) => {
            for value in values {
                give_kinds(model, element, value)?;
            }
        }
        // `Values=a` stands for `Values=[a]`; what the one element is, is left to the check of types.
        (Kind::List(_), value) => *value = Value::Array(vec![value.take()]),
        (Kind::Integer, value) => *value = integer(&python::text(value))?,
        (Kind::Float, value) => *value = float(&python::text(value))?,
        (Kind::Boolean, value) => {
            // Any other text stays, and the check of types names it.
            let truth = value.as_str().and_then(|text| text.to_ascii_lowercase().parse().ok());
            if let Some(truth) = truth {
                *value = Value::Bool(truth);
            }
        }
        _ => {}
    }
    Ok(())
}

fn integer(text: &str) -> Result<Value, CliError> {
    let number: Option<i64> = text.trim().parse().ok();
    number.map(Value::from).ok_or_else(|| {
        CliError::general(format!("invalid literal for int() with base 10: {}", python::literal(&Value::from(text))))
    })
}

fn float(text: &str) -> Result<Value, CliError> {
    let number = text.trim().parse().ok().and_then(Number::from_f64);
    number.map(Value::Number).ok_or_else(|| {
        CliError::general(format!("could not convert string to float: {}", python::literal(&Value::from(text))))
    })
}

fn check_members(
    model: &Model,
    members: &[Member],
    object: &Map<String, Value>,
    path: &str,
    problems: &mut Vec<String>,
) {
    let place = if path.is_empty() { "input" } else { path };
    for member in members.iter().filter(|member| member.required && !object.contains_key(member.name)) {
        problems.push(format!("Missing required parameter in {place}: \"{}\"", member.name));
    }
    for name in object.keys().filter(|name| members.iter().all(|member| member.name != name.as_str())) {
        let names: Vec<&str> = members.iter().map(|member| member.name).collect();
        problems.push(format!("Unknown parameter in {place}: \"{name}\", must be one of: {}", names.join(", ")));
    }
    for (name, value) in object {
        if let Some(member) = members.iter().find(|member| member.name == name) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            check(model, &member.kind, value, &path, problems);
        }
    }
}

fn check(model: &Model, kind: &Kind, value: &Value, path: &str, problems: &mut Vec<String>) {
    match (kind, value) {
        (Kind::Structure(name), Value::Object(object)) => {
            check_members(model, model.structure(name), object, path, problems);
        }
        (Kind::List(element), Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                check(model, element, value, &format!("{path}[{index}]"), problems);
            }
        }
        (Kind::String | Kind::Blob | Kind::Timestamp, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => {}
        (Kind::Integer, Value::Number(number)) if !number.is_f64() => {}
        (Kind::Float, Value::Number(_)) => {}
        _ => problems.push(format!(
            "Invalid type for parameter {path}, value: {}, type: {}, valid types: {}",
            python::text(value),
            python::type_of(value),
            python::types_of(kind)
        )),
    }
}
