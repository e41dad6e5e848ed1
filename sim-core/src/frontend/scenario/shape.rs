//! What a value in a scenario may look like, as data; and the check of a text against it.
//!
//! The tables in `keys.rs` are made of these. The same table finds unknown keys and wrong kinds here and is printed as
//! a JSON Schema in `schema.rs`, so that the two cannot disagree. What a value means is not known here.

use super::scalar::Scalar;
use crate::frontend::diagnostic::Diagnostic;
use crate::frontend::node::{Key, Node, NodeKind};
use crate::frontend::spelling::nearest;

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// One word or text.
    Scalar(Scalar),
    /// A list, each item of the same form.
    List(&'static Shape),
    /// A map from names of the user's choice.
    MapOf(&'static Shape),
    /// A map with keys of ours.
    Object(&'static Object),
    /// Any of these forms; no two of them are both texts, both lists or both maps, so that what was written tells which
    /// one was meant.
    Either(&'static [Shape]),
    /// A map of anything, tags included: a template within the scenario.
    AnyMap,
    /// Anything that JSON can say.
    Json,
}

/// A map with keys of ours.
#[derive(Debug)]
pub(super) struct Object {
    /// What it is called, as in "unknown key in *a step*".
    pub title: &'static str,
    /// Its keys, in the order in which they are explained.
    pub keys: &'static [KeySpec],
    /// Keys of which exactly one must be there; empty if there is no such rule.
    pub exactly_one: &'static [&'static str],
    /// The code for a breach of that rule.
    pub exactly_one_code: &'static str,
}

/// One key of an object.
#[derive(Debug)]
pub(super) struct KeySpec {
    /// The key.
    pub name: &'static str,
    /// What it means, for people who read the schema.
    pub meaning: &'static str,
    /// The form of its value.
    pub shape: Shape,
    /// Whether it must be there.
    pub presence: Presence,
}

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Presence {
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
    /// It may be there only beside this other key.
    Beside(&'static str),
}

impl Object {
    /// The key with this name.
    pub(super) fn key(&self, name: &str) -> Option<&'static KeySpec> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// The form in words, as in "must be …".
    fn describe(&self) -> String {
        match self {
            Shape::Scalar(scalar) => scalar.describe(),
            Shape::List(_) => "a list".to_owned(),
            Shape::MapOf(_) | Shape::Object(_) | Shape::AnyMap => "a map".to_owned(),
            Shape::Either(shapes) => shapes.iter().map(Shape::describe).collect::<Vec<_>>().join(" or "),
            Shape::Json => "a value without a tag".to_owned(),
        }
    }

    /// Whether a value is of this form at first sight.
    fn fits(&self, node: &Node) -> bool {
        match (self, &node.kind) {
            (Shape::Json, _) => true,
            (Shape::Either(shapes), _) => shapes.iter().any(|shape| shape.fits(node)),
            (_, _) if node.tag.is_some() => false,
            (Shape::Scalar(_), NodeKind::Scalar { .. }) => true,
            (Shape::List(_), NodeKind::Sequence(_)) => true,
            (Shape::MapOf(_) | Shape::Object(_) | Shape::AnyMap, NodeKind::Mapping(_)) => true,
            _ => false,
        }
    }

    /// Adds all that is wrong with the form of a value. `what` is what the value is called.
    pub(super) fn check(&self, node: &Node, what: &str, problems: &mut Vec<Diagnostic>) {
        if !self.fits(node) {
            problems.push(wrong_kind(self, node, what));
            return;
        }
        match (self, &node.kind) {
            (Shape::Either(shapes), _) => {
                if let Some(shape) = shapes.iter().find(|shape| shape.fits(node)) {
                    shape.check(node, what, problems);
                }
            }
            (Shape::Scalar(scalar), NodeKind::Scalar { text, quoted }) => {
                if let Err(wrong) = scalar.check(text, *quoted) {
                    problems.push(
                        Diagnostic::error(wrong.code, node.span, format!("{what}: {}", wrong.message))
                            .help_if(wrong.help),
                    );
                }
            }
            (Shape::List(item), NodeKind::Sequence(items)) => {
                for node in items {
                    item.check(node, &format!("an item of {what}"), problems);
                }
            }
            (Shape::MapOf(item), NodeKind::Mapping(entries)) => {
                for (key, node) in entries {
                    item.check(node, &format!("`{}`", key.text), problems);
                }
            }
            (Shape::Object(object), NodeKind::Mapping(entries)) => object.check(node, entries, problems),
            (Shape::Json, _) => refuse_tags(node, problems),
            _ => {}
        }
    }
}

impl Object {
    fn check(&self, node: &Node, entries: &[(Key, Node)], problems: &mut Vec<Diagnostic>) {
        for (key, value) in entries {
            match self.key(&key.text) {
                Some(spec) => {
                    spec.shape.check(value, &format!("`{}`", key.text), problems);
                    if let Presence::Beside(other) = spec.presence
                        && node.get(other).is_none()
                    {
                        problems.push(
                            Diagnostic::error("VPC043", key.span, format!("`{}` needs `{other}` beside it", key.text))
                                .label(format!("there is no `{other}` in {}", self.title)),
                        );
                    }
                }
                None => problems.push(self.unknown_key(key)),
            }
        }
        // A slip in a key is told once: the key that was meant is not missing besides.
        let meant = |name: &str| {
            let unknown = entries.iter().filter(|(key, _)| self.key(&key.text).is_none());
            unknown.into_iter().any(|(key, _)| self.nearest(&key.text) == Some(name))
        };
        let missing = |name: &str| node.get(name).is_none() && !meant(name);
        for key in self.keys.iter().filter(|key| key.presence == Presence::Required && missing(key.name)) {
            problems.push(
                Diagnostic::error("VPC043", node.span, format!("{} needs `{}`", self.title, key.name))
                    .label(format!("`{}` is missing", key.name))
                    .help(format!("`{}` is {}", key.name, key.meaning)),
            );
        }
        if !self.exactly_one.iter().any(|name| meant(name)) {
            self.check_exactly_one(node, entries, problems);
        }
    }

    fn check_exactly_one(&self, node: &Node, entries: &[(Key, Node)], problems: &mut Vec<Diagnostic>) {
        if self.exactly_one.is_empty() {
            return;
        }
        let words = super::scalar::alternatives(self.exactly_one);
        let there: Vec<&Key> =
            entries.iter().map(|(key, _)| key).filter(|key| self.exactly_one.contains(&&*key.text)).collect();
        match there.as_slice() {
            [_] => {}
            [] => problems.push(
                Diagnostic::error(self.exactly_one_code, node.span, format!("{} needs {words}", self.title))
                    .label("none of them is here"),
            ),
            [first, second, ..] => problems.push(
                Diagnostic::error(
                    self.exactly_one_code,
                    second.span,
                    format!("{} has only one of {words}", self.title),
                )
                .label(format!("`{}` besides `{}`", second.text, first.text))
                .related(first.span, "the first one"),
            ),
        }
    }

    /// The key that was most likely meant.
    fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.keys.iter().map(|key| key.name))
    }

    fn unknown_key(&self, key: &Key) -> Diagnostic {
        Diagnostic::error("VPC041", key.span, format!("{} has no key `{}`", self.title, key.text)).help(
            self.nearest(&key.text).map_or_else(|| self.keys_in_words(), |near| format!("did you mean `{near}`?")),
        )
    }

    fn keys_in_words(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| format!("`{}`", key.name)).collect();
        format!("the keys of {} are {}", self.title, names.join(", "))
    }
}

/// The complaint about a value of another kind than the one asked for.
fn wrong_kind(shape: &Shape, node: &Node, what: &str) -> Diagnostic {
    let message = format!("{what} must be {}, this is {}", shape.describe(), node.describe());
    let diagnostic = Diagnostic::error("VPC042", node.whole_span(), message);
    match (&node.tag, shape) {
        (Some(_), _) => diagnostic.help("tags belong in templates; a scenario fills in `${name}`"),
        (None, Shape::Object(object)) => diagnostic.help(object.keys_in_words()),
        (None, _) => diagnostic,
    }
}

/// JSON has no tags, so an expected value with one cannot be meant.
fn refuse_tags(node: &Node, problems: &mut Vec<Diagnostic>) {
    if node.tag.is_some() {
        problems.push(wrong_kind(&Shape::Json, node, "an expected value"));
    }
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().for_each(|item| refuse_tags(item, problems)),
        NodeKind::Mapping(entries) => entries.iter().for_each(|(_, item)| refuse_tags(item, problems)),
        NodeKind::Null | NodeKind::Scalar { .. } => {}
    }
}
