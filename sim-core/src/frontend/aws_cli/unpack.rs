//! An option's words as a value of its member's kind: shorthand, JSON or plain text.
//!
//! Shorthand is given the model's kinds here, since its texts have none. JSON is taken as it stands: whether it has the
//! kinds of the model is for `validate` to say.
//!
//! Differs from AWS: what follows `Invalid JSON:` is our JSON reader's sentence, not Python's.

use std::io::ErrorKind;

use serde_json::{Map, Number, Value};

use super::error::CliError;
use super::model::{Kind, Model};
use super::{python, shorthand};
use crate::frontend::base64::base64;

/// The value of an option that was given these words. `option` names it in errors.
///
/// # Errors
/// When the words are neither shorthand nor JSON of the kind.
pub(crate) fn unpack(
    model: &Model,
    option: &str,
    kind: &Kind,
    words: &[String],
    files: ReadFile<'_>,
) -> Result<Value, CliError> {
    let from_file;
    let words = match words {
        [only] => {
            from_file = [from_file_or_itself(option, kind, only, files)?];
            &from_file
        }
        // As with the AWS CLI, one of several words names no file.
        several => several,
    };
    match kind {
        Kind::List(element) => list(model, option, element, words),
        Kind::Structure(_) => structure(model, option, kind, words.first().map_or("", String::as_str)),
        _ => scalar(kind, words.first().map_or("", String::as_str)),
    }
}

/// Reads the file behind a path.
pub(crate) type ReadFile<'f> = &'f dyn Fn(&str) -> std::io::Result<Vec<u8>>;

/// What stands in the file that a value names: text after `file://`, bytes after `fileb://`. Any other value is itself.
///
/// # Errors
/// When the file cannot be read, or has bytes where text is asked for.
pub(crate) fn from_file_or_itself(
    option: &str,
    kind: &Kind,
    word: &str,
    files: ReadFile<'_>,
) -> Result<String, CliError> {
    let (path, is_text) = match (word.strip_prefix("file://"), word.strip_prefix("fileb://")) {
        (Some(path), _) => (path, true),
        (None, Some(path)) => (path, false),
        (None, None) => return Ok(word.to_owned()),
    };
    let bytes = files(path).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => format!("[Errno 2] No such file or directory: '{path}'"),
            ErrorKind::IsADirectory => format!("[Errno 21] Is a directory: '{path}'"),
            ErrorKind::PermissionDenied => format!("[Errno 13] Permission denied: '{path}'"),
            _ => error.to_string(),
        };
        CliError::parameter(option, format!("Unable to load paramfile {word}: {why}"))
    })?;
    match (is_text, kind) {
        (false, Kind::Blob) => Ok(base64(&bytes)),
        _ => String::from_utf8(bytes).map_err(|_| {
            let message = format!(
                "Unable to load paramfile ({word}), text contents could not be decoded.  If this is a \
                                   binary file, please use the fileb:// prefix instead of the file:// prefix."
            );
            CliError::parameter(option, message)
        }),
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
