//! The schema and the checker agree: they come from one table, and these tests hold them together from outside.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::frontend::node::{self, NodeKind};
use crate::frontend::scenario::keys;
use crate::frontend::scenario::scalar::typed;
use crate::frontend::scenario::shape::{Object, Shape};

/// What a YAML reader without our places makes of a text.
fn value(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Scalar { text, quoted: false } => typed(text),
        NodeKind::Scalar { text, quoted: true } => Value::String(text.to_string()),
        NodeKind::Sequence(items) => items.iter().map(value).collect(),
        NodeKind::Mapping(entries) => entries.iter().map(|(key, item)| (key.text.clone(), value(item))).collect(),
    }
}

/// Whether a value is valid: the part of JSON Schema that `schema.rs` uses. Formats are annotations, as by default in
/// the draft.
fn is_valid(schema: &Value, value: &Value) -> bool {
    let Value::Object(schema) = schema else { return schema == &json!(true) };
    schema.iter().all(|(keyword, rule)| {
        let rules = || rule.as_array().map(Vec::as_slice).unwrap_or_default();
        match (keyword.as_str(), value) {
            ("type", _) => {
                let is = |name: &Value| match value {
                    Value::Null => name == "null",
                    Value::Bool(_) => name == "boolean",
                    Value::Number(number) => name == "number" || (name == "integer" && !number.is_f64()),
                    Value::String(_) => name == "string",
                    Value::Array(_) => name == "array",
                    Value::Object(_) => name == "object",
                };
                is(rule) || rules().iter().any(is)
            }
            ("enum", _) => rules().contains(value),
            ("anyOf", _) => rules().iter().any(|rule| is_valid(rule, value)),
            ("oneOf", _) => rules().iter().filter(|rule| is_valid(rule, value)).count() == 1,
            ("pattern", Value::String(text)) => {
                let pattern = rule.as_str().expect("a pattern is a text");
                regex_lite::Regex::new(pattern).expect("our patterns compile").is_match(text)
            }
            ("minimum", Value::Number(number)) => number.as_f64() >= rule.as_f64(),
            ("maximum", Value::Number(number)) => number.as_f64() <= rule.as_f64(),
            ("items", Value::Array(items)) => items.iter().all(|item| is_valid(rule, item)),
            ("required", Value::Object(map)) => rules().iter().all(|key| map.contains_key(key.as_str().unwrap_or(""))),
            ("dependentRequired", Value::Object(map)) => rule.as_object().is_some_and(|rule| {
                rule.iter().filter(|(key, _)| map.contains_key(*key)).all(|(_, others)| {
                    others
                        .as_array()
                        .is_some_and(|others| others.iter().all(|other| map.contains_key(other.as_str().unwrap_or(""))))
                })
            }),
            ("additionalProperties", Value::Object(map)) => {
                let known = schema.get("properties").and_then(Value::as_object);
                let other = |key: &str| known.is_none_or(|known| !known.contains_key(key));
                map.iter().filter(|(key, _)| other(key)).all(|(_, item)| is_valid(rule, item))
            }
            ("properties", Value::Object(map)) => rule.as_object().is_some_and(|rule| {
                map.iter().all(|(key, item)| rule.get(key).is_none_or(|rule| is_valid(rule, item)))
            }),
            (
                "pattern"
                | "minimum"
                | "maximum"
                | "items"
                | "required"
                | "dependentRequired"
                | "additionalProperties"
                | "properties"
                | "format"
                | "description"
                | "title"
                | "$schema",
                _,
            ) => true,
            (unknown, _) => panic!("this test does not know the keyword {unknown}"),
        }
    })
}

/// The verdicts of the checker of forms and of the schema on one text; `None` if it is not YAML at all.
fn verdicts(text: &str) -> Option<(bool, bool)> {
    let mut sources = Sources::default();
    let file = sources.add("scenario.yaml", text);
    let root = node::read(&sources, file).ok()?;
    let mut problems = Vec::new();
    Shape::Object(&keys::SCENARIO).check(&root, "a scenario", &mut problems);
    Some((problems.is_empty(), is_valid(&json_schema(), &value(&root))))
}

#[test]
fn right_scenarios_are_valid_and_broken_ones_are_not() {
    let fault = "  - fault: {az: ap-northeast-2a, loss: 20%, latency: +40ms, down: true, for: 10s}\n";
    let match_kinds =
        "  - {run: a, expect: {stdout: {not: {equals: ''}}, stderr: [a, {not: b}, 3], json: {A: [1, {b: ~}]}}}\n";
    for right in [EXAMPLE, "template: {Resources: {}}\n", &with_steps(fault), &with_steps(match_kinds)] {
        assert_eq!(verdicts(right), Some((true, true)), "{right}");
    }
    for broken in [
        "name: x\n",
        "template: a\nstacks: {}\n",
        "stacks: {a: {}}\n",
        "stacks: []\n",
        "template: a\nregion: seoul\n",
        "template: a\nstep: []\n",
        "template: a\nsettings: {seed: '7'}\n",
        "template: a\ninternet: {a: {}}\n",
        "template: a\ninternet: {a: {ip: 1.1.1.1, ports: [0]}}\n",
        "stacks: {a: {template: a}}\nparameters: {}\n",
        "stacks: {a: {template: a, account: 12345}}\n",
        &with_steps("  - {run: a, wait: 5s}\n"),
        &with_steps("  - {name: a}\n"),
        &with_steps("  - {wait: 30}\n"),
        &with_steps("  - {wait: 30 s}\n"),
        &with_steps("  - {run: [a]}\n"),
        &with_steps("  - {run: a, background: yes}\n"),
        &with_steps("  - {run: a, expect: {exit: 256}}\n"),
        &with_steps("  - {run: a, expect: {stdout: {contains: a}}}\n"),
        &with_steps("  - {run: a, expect: {dropped: {by: a}}}\n"),
        &with_steps("  - {fault: {down: true}}\n"),
    ] {
        assert_eq!(verdicts(broken), Some((false, false)), "{broken}");
    }
}

fn objects(of: &'static Object, found: &mut Vec<&'static Object>) {
    fn within(shape: &'static Shape, found: &mut Vec<&'static Object>) {
        match shape {
            Shape::Object(object) => objects(object, found),
            Shape::List(item) | Shape::MapOf(item) => within(item, found),
            Shape::Either(shapes) => shapes.iter().for_each(|shape| within(shape, found)),
            Shape::Scalar(_) | Shape::AnyMap | Shape::Json => {}
        }
    }
    if !found.iter().any(|known| std::ptr::eq(*known, of)) {
        found.push(of);
        of.keys.iter().for_each(|key| within(&key.shape, found));
    }
}

/// A key that is allowed and never read would be ignored in silence.
#[test]
fn every_key_of_the_tables_is_read() {
    let readers = concat!(include_str!("../parse.rs"), include_str!("../steps.rs"));
    let mut found = Vec::new();
    objects(&keys::SCENARIO, &mut found);
    assert!(found.len() > 10);
    // These have their form checked and are answered as a whole: "not simulated yet".
    found.retain(|object| !std::ptr::eq(*object, &keys::FAULT) && !std::ptr::eq(*object, &keys::SITE));
    for (object, key) in found.iter().flat_map(|object| object.keys.iter().map(move |key| (object, key))) {
        let is_link_class = LinkClass::ALL.iter().any(|class| class.as_str() == key.name);
        let read = readers.contains(&format!("\"{}\"", key.name));
        assert!(read || is_link_class, "`{}` of {}", key.name, object.title);
    }
    let classes = keys::LINKS.keys.iter().filter(|key| matches!(key.shape, Shape::Object(_)));
    assert_eq!(classes.count(), LinkClass::ALL.len());
}

/// What was written tells which form was meant, so no two of them may begin alike.
#[test]
fn alternatives_differ_at_first_sight() {
    fn kind(shape: &Shape) -> &'static str {
        match shape {
            Shape::Scalar(_) => "text",
            Shape::List(_) => "list",
            Shape::MapOf(_) | Shape::Object(_) | Shape::AnyMap => "map",
            Shape::Either(_) | Shape::Json => panic!("an alternative has one kind"),
        }
    }
    let mut found = Vec::new();
    objects(&keys::SCENARIO, &mut found);
    for key in found.iter().flat_map(|object| object.keys) {
        if let Shape::Either(shapes) = key.shape {
            let kinds: std::collections::BTreeSet<&str> = shapes.iter().map(kind).collect();
            assert_eq!(kinds.len(), shapes.len(), "{}", key.name);
        }
    }
}

proptest! {
    /// The schema never refuses what the checker takes. (The checker knows more: addresses, moments, sums of
    /// durations.)
    #[test]
    fn what_the_checker_takes_the_schema_takes(
        edits in prop::collection::vec((0..EXAMPLE.len(), 0..6usize, "[a-e]{1,2}|[0-9]{1,3}|true|~|''|\\[\\]|\\{\\}|[0-9]s|%|\n| "), 1..5)
    ) {
        let mut text = EXAMPLE.to_owned();
        for (at, length, with) in edits {
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((at + length).min(text.len()));
            text.replace_range(at..end.max(at), &with);
        }
        if let Some((checker, schema)) = verdicts(&text) {
            prop_assert!(!checker || schema, "{text}");
        }
    }
}
