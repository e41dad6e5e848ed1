//! What botocore checks before a request is sent: that each member is known, is there if required, and has its type.
//!
//! Enumerations, ranges and everything that needs to know what a member means are left to the service.

use serde_json::{Map, Value};

use super::model::{Kind, Member, Model};
use super::python;

/// The problems of a request that botocore finds by itself: members that are missing, unknown or of another type.
pub(crate) fn problems(model: &Model, members: &[Member], parameters: &Map<String, Value>) -> Vec<String> {
    let mut problems = Vec::new();
    check_members(model, members, parameters, "", &mut problems);
    problems
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
