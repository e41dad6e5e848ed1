//! What an expression evaluates to, with the place it was written and whether it rests on something not simulated.

use smol_str::SmolStr;

use crate::frontend::diagnostic::Span;
use crate::frontend::node::Key;

/// A value with its place.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Value {
    pub(crate) kind: ValueKind,
    pub(crate) span: Span,
    /// The logical id of a resource that does not exist here and that this value was taken from.
    pub(crate) placeholder_for: Option<SmolStr>,
}

/// A text, list or map; numbers and booleans stay text until a property takes them.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ValueKind {
    Text(SmolStr),
    List(Vec<Value>),
    Map(Vec<(Key, Value)>),
    /// `AWS::NoValue`: as if nothing were written.
    Absent,
}

impl Value {
    pub(crate) fn text(text: impl Into<SmolStr>, span: Span) -> Value {
        Value { kind: ValueKind::Text(text.into()), span, placeholder_for: None }
    }

    pub(crate) fn list(items: Vec<Value>, span: Span) -> Value {
        Value { kind: ValueKind::List(items), span, placeholder_for: None }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is as if nothing were written.
    pub(crate) fn is_absent(&self) -> bool {
        self.kind == ValueKind::Absent
    }

    /// What this is, for a sentence.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            ValueKind::Text(text) if text.chars().count() <= 40 && !text.contains('\n') => format!("`{text}`"),
            ValueKind::Text(_) => "a text".to_owned(),
            ValueKind::List(_) => "a list".to_owned(),
            ValueKind::Map(_) => "a map".to_owned(),
            ValueKind::Absent => "nothing".to_owned(),
        }
    }

    /// The first resource not simulated that any part of this rests on.
    pub(crate) fn placeholder(&self) -> Option<&str> {
        self.placeholder_for.as_deref().or_else(|| match &self.kind {
            ValueKind::List(items) => items.iter().find_map(Value::placeholder),
            ValueKind::Map(entries) => entries.iter().find_map(|(_, value)| value.placeholder()),
            ValueKind::Text(_) | ValueKind::Absent => None,
        })
    }

    /// The place of the first text in this that `message` quotes: where AWS's complaint belongs.
    pub(crate) fn quoted_in(&self, message: &str) -> Option<Span> {
        match &self.kind {
            // Short texts such as `tcp` or `-1` turn up in sentences by chance.
            ValueKind::Text(text) => (text.len() >= 6 && message.contains(text.as_str())).then_some(self.span),
            ValueKind::List(items) => items.iter().find_map(|item| item.quoted_in(message)),
            ValueKind::Map(entries) => entries.iter().find_map(|(_, value)| value.quoted_in(message)),
            ValueKind::Absent => None,
        }
    }
}
