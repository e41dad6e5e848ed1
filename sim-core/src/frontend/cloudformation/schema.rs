//! What a resource type's properties may hold, and the conversions CloudFormation makes to get there.
//!
//! Literals are checked when the template is read, results of functions when they are known; both by the rules of [`Kind`].
//! This file knows no resource type: their tables are under [`resources`](super::resources).

use std::fmt::Display;

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::expression::{Expression, ExpressionKind};
use super::value::{Value, ValueKind};
use crate::frontend::diagnostic::{Diagnostic, Span};
use crate::frontend::node::Key;
use crate::frontend::spelling::did_you_mean;

/// A property, or a field of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) presence: Presence,
    pub(crate) effect: Effect,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// What a property does here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// What it does on AWS.
    Simulated,
    /// Nothing, and on AWS nothing that the network shows either.
    Unseen,
    /// Nothing, though it would make a difference on AWS: a warning says so.
    Missing,
}

/// The kinds of values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text that other things are made of: an id, a block, an address.
    Text,
    /// A text nobody looks at except people and programs: one that is made of a placeholder still works.
    FreeText,
    /// A whole number, also as the text `'80'`.
    Integer,
    /// A boolean, also as the text `'true'`.
    Boolean,
    List(&'static Kind),
    Object(&'static [Property]),
    Any,
}

/// A list of `Key` and `Value`.
pub(crate) const TAGS: Kind = Kind::List(&Kind::Object(&[
    Property { name: "Key", kind: Kind::FreeText, presence: Presence::Required, effect: Effect::Simulated },
    Property { name: "Value", kind: Kind::FreeText, presence: Presence::Required, effect: Effect::Simulated },
]));

/// A property without which AWS refuses the resource.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, presence: Presence::Required, effect: Effect::Simulated }
}

/// A property that may be left out.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, presence: Presence::Optional, effect: Effect::Simulated }
}

/// A property that the network does not show.
pub(crate) const fn unseen(name: &'static str) -> Property {
    Property { name, kind: Kind::Any, presence: Presence::Optional, effect: Effect::Unseen }
}

/// A property that is not simulated yet.
pub(crate) const fn missing(name: &'static str) -> Property {
    Property { name, kind: Kind::Any, presence: Presence::Optional, effect: Effect::Missing }
}

impl Kind {
    fn wanted(self) -> &'static str {
        match self {
            Kind::Text | Kind::FreeText => "a text",
            Kind::Integer => "a whole number",
            Kind::Boolean => "`true` or `false`",
            Kind::List(_) => "a list",
            Kind::Object(_) => "a map",
            Kind::Any => "a value",
        }
    }
}

/// Checks what is written under a resource's `Properties`, or in a map below it.
pub(crate) fn check_fields(
    fields: &'static [Property],
    entries: &[(Key, Expression)],
    owner: &dyn Display,
    owner_span: Span,
    problems: &mut Vec<Diagnostic>,
) {
    for (key, value) in entries {
        let Some(field) = fields.iter().find(|field| field.name == key.text) else {
            let message = format!("{owner} has no property `{}`; it is accepted and does nothing", key.text);
            let help = did_you_mean(&key.text, fields.iter().map(|field| field.name));
            problems.push(Diagnostic::warning("VPC102", key.span, message).help_if(help));
            continue;
        };
        if field.effect == Effect::Missing {
            let message = format!("`{}` of {owner} is not simulated; it is accepted and does nothing", key.text);
            problems.push(Diagnostic::warning("VPC103", key.span, message));
        }
        check(field.kind, value, &format_args!("`{}`", key.text), problems);
    }
    for field in fields.iter().filter(|field| field.presence == Presence::Required) {
        if !entries.iter().any(|(key, _)| key.text == field.name) {
            problems.push(missing_property(field.name, owner, owner_span));
        }
    }
}

fn missing_property(name: &str, owner: &dyn Display, span: Span) -> Diagnostic {
    Diagnostic::error("VPC028", span, format!("{owner} needs the property `{name}`"))
}

fn check(kind: Kind, expression: &Expression, name: &dyn Display, problems: &mut Vec<Diagnostic>) {
    let span = expression.span;
    let found = match (&expression.kind, kind) {
        (ExpressionKind::If { then, otherwise, .. }, _) => {
            check(kind, then, name, problems);
            check(kind, otherwise, name, problems);
            return;
        }
        (_, Kind::Any) => return,
        (ExpressionKind::Text(text), _) => {
            if let Err(problem) = scalar(kind, text, name, span) {
                problems.push(*problem);
            }
            return;
        }
        (ExpressionKind::List(items), Kind::List(item)) => {
            items.iter().for_each(|expression| check(*item, expression, &format_args!("an item of {name}"), problems));
            return;
        }
        (ExpressionKind::Map(entries), Kind::Object(fields)) => {
            check_fields(fields, entries, name, span, problems);
            return;
        }
        (ExpressionKind::List(_), _) => "a list",
        (ExpressionKind::Map(_), _) => "a map",
        (ExpressionKind::GetAzs(_) | ExpressionKind::Split { .. } | ExpressionKind::Cidr { .. }, Kind::List(_)) => {
            return;
        }
        (ExpressionKind::GetAzs(_) | ExpressionKind::Split { .. } | ExpressionKind::Cidr { .. }, _) => {
            "a list; `!Select` takes one item of it"
        }
        (ExpressionKind::Join { .. } | ExpressionKind::Sub { .. } | ExpressionKind::Base64(_), Kind::List(_)) => {
            "a text"
        }
        // What the others give is known later.
        _ => return,
    };
    problems.push(wrong_kind(kind, found, name, span));
}

fn wrong_kind(kind: Kind, found: &str, name: &dyn Display, span: Span) -> Diagnostic {
    Diagnostic::error("VPC029", span, format!("{name} takes {}, not {found}", kind.wanted()))
}

/// A text as the kind of value the property takes.
fn scalar(kind: Kind, text: &str, name: &dyn Display, span: Span) -> Result<Json, Box<Diagnostic>> {
    let converted = match kind {
        Kind::Text | Kind::FreeText | Kind::Any => Some(Json::from(text)),
        Kind::Integer => text.parse::<i64>().ok().map(Json::from),
        Kind::Boolean => match text.to_ascii_lowercase().as_str() {
            // The words of YAML 1.1, which CloudFormation reads.
            "true" | "yes" | "on" => Some(Json::from(true)),
            "false" | "no" | "off" => Some(Json::from(false)),
            _ => None,
        },
        Kind::List(_) | Kind::Object(_) => None,
    };
    converted.ok_or_else(|| {
        let found = Value::text(text, span).describe();
        let problem = wrong_kind(kind, &found, name, span);
        Box::new(if let Kind::List(_) = kind { problem.help("begin the item with `- `") } else { problem })
    })
}

/// What became of a value on its way to a request.
#[derive(Debug)]
pub(crate) enum Unfit {
    Problem(Box<Diagnostic>),
    /// The property cannot do its work with a placeholder for this resource.
    Placeholder(SmolStr),
}

/// Values as AWS takes them, by the names of their properties: too few to be worth a table.
pub(crate) type Properties = Vec<(&'static str, Json)>;

/// A map's values as AWS takes them; unknown and unsimulated properties are left out.
pub(crate) fn convert_fields(
    fields: &'static [Property],
    entries: &[(Key, Value)],
    owner: &dyn Display,
    owner_span: Span,
) -> Result<Properties, Unfit> {
    let mut converted = Vec::with_capacity(entries.len());
    for field in fields {
        let entry = entries.iter().find(|(key, _)| key.text == field.name);
        match entry {
            Some((key, value)) if field.effect == Effect::Simulated => {
                converted.push((field.name, convert(field.kind, value, &format_args!("`{}`", key.text))?));
            }
            None if field.presence == Presence::Required => {
                return Err(Unfit::Problem(Box::new(missing_property(field.name, owner, owner_span))));
            }
            _ => {}
        }
    }
    Ok(converted)
}

pub(crate) fn convert(kind: Kind, value: &Value, name: &dyn Display) -> Result<Json, Unfit> {
    if let (Some(resource), false) = (&value.placeholder_for, matches!(kind, Kind::FreeText | Kind::Any)) {
        return Err(Unfit::Placeholder(resource.clone()));
    }
    match (&value.kind, kind) {
        (ValueKind::Text(text), _) => scalar(kind, text, name, value.span).map_err(Unfit::Problem),
        (ValueKind::List(items), Kind::List(item)) => {
            items.iter().map(|value| convert(*item, value, &format_args!("an item of {name}"))).collect()
        }
        (ValueKind::List(items), Kind::Any) => items.iter().map(|value| convert(Kind::Any, value, name)).collect(),
        (ValueKind::Map(entries), Kind::Object(fields)) => {
            let converted = convert_fields(fields, entries, name, value.span)?;
            Ok(Json::Object(converted.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
        }
        (ValueKind::Map(entries), Kind::Any) => entries
            .iter()
            .map(|(key, value)| Ok((key.text.to_string(), convert(Kind::Any, value, name)?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Json::Object),
        _ => Err(Unfit::Problem(Box::new(wrong_kind(kind, &value.describe(), name, value.span)))),
    }
}
