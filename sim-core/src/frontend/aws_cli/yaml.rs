//! `--output yaml`: blocks with sorted keys, as the AWS CLI's writer has them (AWS CLI user guide, "YAML output format").
//!
//! Differs from AWS: long lines are not folded.

use serde_json::{Map, Value};

/// The answer as YAML, final newline included; nothing for an empty answer.
pub(crate) fn format(value: &Value) -> String {
    match value {
        Value::Object(object) if object.is_empty() => String::new(),
        Value::Object(object) if !object.is_empty() => {
            let mut text = String::new();
            mapping(&mut text, object, 0);
            text
        }
        Value::Array(values) if !values.is_empty() => {
            let mut text = String::new();
            sequence(&mut text, values, 0);
            text
        }
        // The writer ends a document that is one plain value with a line of its own.
        Value::Array(_) => "[]\n".to_owned(),
        value => format!("{}\n...\n", scalar(value)),
    }
}

fn mapping(text: &mut String, object: &Map<String, Value>, indent: usize) {
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&plain_or_quoted(key));
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                text.push_str(&" ".repeat(indent + 2));
                mapping(text, inner, indent + 2);
            }
            // The items of a list stand under their key, not deeper.
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                sequence(text, items, indent);
            }
            value => text.push_str(&format!(" {}\n", scalar(value))),
        }
    }
}

fn sequence(text: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(text, inner, indent + 2),
            Value::Array(inner) if !inner.is_empty() => sequence(text, inner, indent + 2),
            value => text.push_str(&format!("{}\n", scalar(value))),
        }
    }
}

/// What stands on one line.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain_or_quoted(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        value => value.to_string(),
    }
}

fn plain_or_quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        // JSON's escapes are YAML's.
        return Value::from(text).to_string();
    }
    if is_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// Whether a text without quotes reads as the same text (YAML 1.2 §7.3.3) and as no number, time or truth.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let begins = match first {
        '-' | '?' | ':' => text.chars().nth(1).is_some_and(|next| next != ' '),
        _ => !"!&*%@`|>{}[],#\"' =~<".contains(first),
    };
    let reads_as_text = !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "---" | "...");
    // Numbers, and dates and times, which begin with a digit or a sign and have nothing but these letters.
    let numeric = text.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_hexdigit() || "+-.:_xoTZ ".contains(c));
    let is_number =
        numeric && (text.replace('_', "").parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o"));
    let is_time = numeric && text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    begins
        && reads_as_text
        && !is_number
        && !is_time
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}
