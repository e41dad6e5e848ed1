//! Answers under construction: a JSON object whose members keep the order they are given in.
//!
//! EC2's clients print the members in the order of the service's model, so every Describe answer in this room lists them in
//! that order. A member that AWS leaves out when it has nothing to say is given as an `Option`.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::ApiError;

/// What an operation gives back.
pub(crate) type Answer = Result<Value, ApiError>;

/// A JSON object in the making.
#[derive(Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn new() -> Object {
        Object::default()
    }

    /// A member that is text in the answer: an id, an address, a state's name.
    pub(crate) fn text(self, name: &str, value: impl Display) -> Object {
        self.value(name, value.to_string())
    }

    /// A text member that is left out when there is nothing.
    pub(crate) fn optional_text(self, name: &str, value: Option<impl Display>) -> Object {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A member of any type.
    pub(crate) fn value(mut self, name: &str, value: impl Into<Value>) -> Object {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A member that is left out when there is nothing.
    pub(crate) fn optional(self, name: &str, value: Option<impl Into<Value>>) -> Object {
        match value {
            Some(value) => self.value(name, value),
            None => self,
        }
    }

    /// A list member.
    pub(crate) fn list<V: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Object {
        self.value(name, Value::Array(values.into_iter().map(Into::into).collect()))
    }

    /// A list member that is left out when the list is empty.
    pub(crate) fn optional_list<V: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Object {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        if values.is_empty() { self } else { self.value(name, Value::Array(values)) }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object.0)
    }
}

/// An answer with one member.
pub(crate) fn just(name: &str, value: impl Into<Value>) -> Answer {
    Ok(Object::new().value(name, value).into())
}

/// The answer of operations whose output shape is empty; the CLI prints nothing for it.
pub(crate) fn nothing() -> Answer {
    Ok(Value::Object(Map::new()))
}

/// `{"Return": true}`.
pub(crate) fn done() -> Answer {
    just("Return", true)
}
