//! An option's words as a value of its member's kind: shorthand, JSON or plain text.
//!
//! Shorthand is given the model's kinds here, since its texts have none. JSON is taken as it stands: whether it has the
//! kinds of the model is for `validate` to say.
//!
//! Differs from AWS: what follows `Invalid JSON:` is our JSON reader's sentence, not Python's.

use serde_json::{Map, Number, Value};

use super::error::CliError;
use super::model::{Kind, Model};
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

fn list(model: &Model, option: &str, element: &Kind, words: &[String]) -> Result<Value, CliError> {
    if let [only] = words
        && only.trim_start().starts_with('[')
    {
        return json(option, only);
    }
    let values: Result<Vec<Value>, CliError> = if element.is_scalar() {
        words.iter().map(|word| scalar(element, word)).collect()
    } else if words.first().is_some_and(|word| word.trim_start().starts_with(['[', '{'])) {
        words.iter().map(|word| json_object(option, word)).collect()
    } else {
        words.iter().map(|word| from_shorthand(model, option, element, word)).collect()
    };
    values.map(Value::Array)
}

fn structure(model: &Model, option: &str, kind: &Kind, word: &str) -> Result<Value, CliError> {
    if word.trim_start().starts_with(['[', '{']) {
        return json_object(option, word);
    }
    // `--instance-initiated-shutdown-behavior stop` is short for `Value=stop`.
    if model.is_attribute_of(kind, &Kind::String) && !word.contains('=') {
        return Ok(Value::Object(Map::from_iter([("Value".to_owned(), Value::String(word.to_owned()))])));
    }
    from_shorthand(model, option, kind, word)
}

fn scalar(kind: &Kind, word: &str) -> Result<Value, CliError> {
    match kind {
        Kind::Integer => integer(word),
        Kind::Float => float(word),
        Kind::Boolean => Ok(Value::Bool(!word.eq_ignore_ascii_case("false") && !word.is_empty())),
        _ => Ok(Value::String(word.to_owned())),
    }
}

fn json_object(option: &str, word: &str) -> Result<Value, CliError> {
    if word.trim_start().starts_with('{') {
        return json(option, word);
    }
    Err(CliError::parameter(option, format!("Invalid JSON:\n{word}")))
}

fn json(option: &str, word: &str) -> Result<Value, CliError> {
    serde_json::from_str(word)
        .map_err(|error| CliError::parameter(option, format!("Invalid JSON: {error}\nJSON received: {word}")))
}

fn from_shorthand(model: &Model, option: &str, kind: &Kind, word: &str) -> Result<Value, CliError> {
    let mut value = shorthand::parse(word).map_err(|message| CliError::parameter(option, message))?;
    give_kinds(model, kind, &mut value)?;
    Ok(value)
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
