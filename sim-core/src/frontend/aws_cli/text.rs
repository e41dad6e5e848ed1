//! `--output text`: tab-separated lines for `cut` and `read` (AWS CLI user guide, "Text output format").
//!
//! A structure is one line of its scalars, sorted by key and led by the upper-case name of its section; lists and
//! structures within it follow, each on lines of their own. Elements of one list share one set of columns.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::python;

/// The answer as lines of text.
pub(crate) fn format(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, None, None);
    text
}

type Columns<'a> = Option<&'a BTreeSet<&'a str>>;

fn write_value(text: &mut String, value: &Value, section: Option<&str>, columns: Columns<'_>) {
    match value {
        Value::Object(object) => write_object(text, object, section, columns),
        Value::Array(values) => write_list(text, values, section),
        scalar => write_line(text, &[python::text(scalar)]),
    }
}

fn write_list(text: &mut String, values: &[Value], section: Option<&str>) {
    if values.iter().any(Value::is_object) {
        let objects = values.iter().filter_map(Value::as_object);
        let scalars = objects.flatten().filter(|(_, value)| is_scalar(value));
        let columns: BTreeSet<&str> = scalars.map(|(key, _)| key.as_str()).collect();
        for value in values {
            write_value(text, value, section, Some(&columns));
        }
        return;
    }
    let (scalars, lists): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|value| is_scalar(value));
    let scalars: Vec<String> = scalars.into_iter().map(python::text).collect();
    match section {
        Some(section) => {
            for scalar in scalars {
                write_line(text, &[section.to_uppercase(), scalar]);
            }
        }
        None if scalars.is_empty() => {}
        None => write_line(text, &scalars),
    }
    for list in lists {
        write_value(text, list, section, None);
    }
}

fn write_object(text: &mut String, object: &Map<String, Value>, section: Option<&str>, columns: Columns<'_>) {
    let own: BTreeSet<&str> =
        object.iter().filter(|(_, value)| is_scalar(value)).map(|(key, _)| key.as_str()).collect();
    let columns = columns.unwrap_or(&own);
    let mut line: Vec<String> =
        columns.iter().map(|column| object.get(*column).map_or_else(String::new, python::text)).collect();
    if !line.is_empty() {
        if let Some(section) = section {
            line.insert(0, section.to_uppercase());
        }
        write_line(text, &line);
    }
    let inner: BTreeSet<&str> = object.keys().map(String::as_str).filter(|key| !columns.contains(key)).collect();
    for key in inner {
        write_value(text, &object[key], Some(key), None);
    }
}

fn write_line(text: &mut String, fields: &[String]) {
    text.push_str(&fields.join("\t"));
    text.push('\n');
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}
