//! The format as a JSON Schema (draft 2020-12), from the same tables that check a scenario: what `vpcsim schema` prints
//! and an editor completes from.
//!
//! A schema sees the values that a YAML reader makes, so it says less than the checker: it knows no file, no code and
//! no expression.

use serde_json::{Map, Value, json};

use super::keys;
use super::shape::{Object, Presence, Shape};

/// The schema.
pub(crate) fn json_schema() -> Value {
    let mut schema = object(&keys::SCENARIO);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vpcsim scenario",
        "description": "A network as CloudFormation templates, and the commands that are typed in it.",
    });
    if let (Value::Object(head), Value::Object(body)) = (head, &mut schema) {
        let body = std::mem::replace(body, head);
        if let Value::Object(whole) = &mut schema {
            whole.extend(body);
        }
    }
    schema
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Scalar(scalar) => scalar.schema(),
        Shape::List(item) => json!({ "type": "array", "items": self::shape(item) }),
        Shape::MapOf(item) => json!({ "type": "object", "additionalProperties": self::shape(item) }),
        Shape::Object(of) => object(of),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(self::shape).collect::<Vec<_>>() }),
        Shape::AnyMap => json!({ "type": "object" }),
        Shape::Json => json!(true),
    }
}

fn object(of: &Object) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    let mut beside = Map::new();
    for key in of.keys {
        let mut value = shape(&key.shape);
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), json!(key.meaning));
        }
        properties.insert(key.name.to_owned(), value);
        match key.presence {
            Presence::Optional => {}
            Presence::Required => required.push(key.name),
            Presence::Beside(other) => {
                beside.insert(key.name.to_owned(), json!([other]));
            }
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !beside.is_empty() {
        schema.insert("dependentRequired".to_owned(), Value::Object(beside));
    }
    if !of.exactly_one.is_empty() {
        let ways: Vec<Value> = of.exactly_one.iter().map(|key| json!({ "required": [key] })).collect();
        schema.insert("oneOf".to_owned(), Value::Array(ways));
    }
    Value::Object(schema)
}
