//! What the intrinsic functions evaluate to.
//!
//! Defined by the "Intrinsic function reference" and "Pseudo parameters reference" of the CloudFormation User Guide. This file
//! knows how values combine; where a resource's values come from is asked of [`Resources`].

use std::net::IpAddr;

use indexmap::IndexMap;
use ipnet::IpNet;
use smol_str::SmolStr;

use super::exports::{Exported, NotExported};
use super::expression::{Expression, ExpressionKind, MapLookup, Name, Piece};
use super::template::{Named, Template};
use super::value::{Value, ValueKind};
use crate::cloud::ApiError;
use crate::frontend::base64::base64;
use crate::frontend::diagnostic::{Diagnostic, Span};
use crate::id::{AccountId, Region};

/// The pseudo parameters.
pub(crate) const PSEUDO_PARAMETERS: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// What a reference to a resource gives.
pub(crate) enum Lookup {
    Text(SmolStr),
    List(Vec<String>),
    /// The resource does not exist here; everything made of it is a placeholder.
    NotSimulated,
    /// The resource could not be created, which has been reported.
    Failed,
    /// The attribute exists, but has no value (an instance without a public address).
    Empty,
    /// AWS refuses to say.
    Refused(ApiError),
}

/// The resources created so far.
pub(crate) trait Resources {
    fn reference(&mut self, logical_id: &str) -> Lookup;
    fn attribute(&mut self, logical_id: &str, attribute: &str) -> Lookup;
    /// What other stacks of the account and Region export under a name.
    fn import(&mut self, name: &str) -> Result<Exported, NotExported>;
}

/// Before any resource exists: conditions and defaults.
pub(crate) struct NoResources;

impl Resources for NoResources {
    fn reference(&mut self, _: &str) -> Lookup {
        Lookup::NotSimulated
    }

    fn attribute(&mut self, _: &str, _: &str) -> Lookup {
        Lookup::NotSimulated
    }

    fn import(&mut self, _: &str) -> Result<Exported, NotExported> {
        Err(NotExported { nearest: None })
    }
}

/// Why there is no value.
#[derive(Clone, Debug)]
pub(crate) enum NoValue {
    Problem(Box<Diagnostic>),
    /// The cause has been reported already.
    Reported,
}

/// What the values of one stack depend on, apart from its resources.
#[derive(Clone, Debug)]
pub(crate) struct Environment<'t> {
    pub(crate) template: &'t Template,
    pub(crate) region: Region,
    pub(crate) account: AccountId,
    pub(crate) stack_name: SmolStr,
    pub(crate) stack_id: SmolStr,
    pub(crate) parameters: Named<Value>,
    pub(crate) conditions: Named<bool>,
}

/// Evaluates expressions of one stack.
pub(crate) struct Evaluator<'e> {
    pub(crate) environment: &'e Environment<'e>,
    pub(crate) resources: &'e mut dyn Resources,
}

type Evaluated = Result<Value, NoValue>;

fn problem<T>(code: &'static str, span: Span, message: impl Into<String>) -> Result<T, NoValue> {
    Err(NoValue::Problem(Box::new(Diagnostic::error(code, span, message))))
}

impl Evaluator<'_> {
    /// The value of an expression; only the chosen branch of an `Fn::If` is looked at.
    pub(crate) fn value(&mut self, expression: &Expression) -> Evaluated {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Text(text) => Ok(Value::text(text.clone(), span)),
            ExpressionKind::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    let value = self.value(item)?;
                    if value.kind != ValueKind::Absent {
                        values.push(value);
                    }
                }
                Ok(Value::list(values, span))
            }
            ExpressionKind::Map(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = self.value(value)?;
                    if value.kind != ValueKind::Absent {
                        values.push((key.clone(), value));
                    }
                }
                Ok(Value { kind: ValueKind::Map(values), span, placeholder_for: None })
            }
            ExpressionKind::Ref(name) => self.reference(name, span),
            ExpressionKind::GetAtt { resource, attribute } => {
                let attribute = self.value(attribute)?;
                match attribute.as_text() {
                    Some(attribute) => self.attribute(resource, attribute, span),
                    None => problem("VPC022", attribute.span, "the attribute of `Fn::GetAtt` must be a text"),
                }
            }
            ExpressionKind::Sub { pieces, variables, text } => {
                let mut given: IndexMap<&str, Value> = IndexMap::new();
                for (key, value) in variables {
                    given.insert(&key.text, self.value(value)?);
                }
                // The text's own place, so that a line of user data can be found from it.
                self.substitute(pieces, &given, *text)
            }
            ExpressionKind::Join { delimiter, values } => {
                let values = self.value(values)?;
                let placeholder_for = values.placeholder().map(SmolStr::new);
                let texts = texts(&values, "Fn::Join")?;
                Ok(Value { placeholder_for, ..Value::text(texts.join(delimiter), span) })
            }
            ExpressionKind::Select { index, values } => {
                let (index, values) = (self.value(index)?, self.value(values)?);
                select(&index, values, span)
            }
            ExpressionKind::Split { delimiter, text } => {
                let value = self.value(text)?;
                let Some(text) = value.as_text() else {
                    let message = format!("`Fn::Split` cuts a text, not {}", value.describe());
                    return problem("VPC022", value.span, message);
                };
                let parts = text.split(delimiter.as_str()).map(|part| Value::text(part, span)).collect();
                Ok(Value { placeholder_for: value.placeholder_for.clone(), ..Value::list(parts, span) })
            }
            ExpressionKind::GetAzs(region) => {
                let value = self.value(region)?;
                let region = match value.as_text() {
                    Some("") => self.environment.region,
                    Some(name) => match name.parse::<Region>() {
                        Ok(region) => region,
                        Err(error) => return problem("VPC025", value.span, error.to_string()),
                    },
                    None => {
                        let message = format!("`Fn::GetAZs` takes a Region, not {}", value.describe());
                        return problem("VPC022", value.span, message);
                    }
                };
                Ok(Value::list(region.zones().map(|zone| Value::text(zone.to_string(), span)).collect(), span))
            }
            ExpressionKind::FindInMap(lookup) => self.find_in_map(lookup, span),
            ExpressionKind::Base64(inner) => {
                let value = self.value(inner)?;
                match value.as_text() {
                    Some(text) => Ok(Value {
                        placeholder_for: value.placeholder_for.clone(),
                        ..Value::text(base64(text.as_bytes()), value.span)
                    }),
                    None => {
                        problem("VPC022", value.span, format!("`Fn::Base64` takes a text, not {}", value.describe()))
                    }
                }
            }
            ExpressionKind::ImportValue(name) => self.import(name, span),
            ExpressionKind::Cidr { block, count, bits } => {
                let (block, count) = (self.value(block)?, self.value(count)?);
                let bits = match bits {
                    Some(bits) => Some(self.value(bits)?),
                    None => None,
                };
                cidr(&block, &count, bits.as_ref(), span)
            }
            ExpressionKind::If { condition, then, otherwise } => {
                let holds = self.environment.conditions.get(&condition.text).copied();
                match holds {
                    Some(true) => self.value(then),
                    Some(false) => self.value(otherwise),
                    // Unknown names were reported when the template was read.
                    None => Err(NoValue::Reported),
                }
            }
            // Condition functions stand only under `Conditions`, and what is invalid has been reported.
            _ => Err(NoValue::Reported),
        }
    }

    /// Whether a condition holds.
    pub(crate) fn condition(&mut self, expression: &Expression) -> Result<bool, NoValue> {
        match &expression.kind {
            ExpressionKind::Equals(first, second) => {
                let (first, second) = (self.value(first)?, self.value(second)?);
                Ok(first.as_text().is_some() && first.as_text() == second.as_text())
            }
            ExpressionKind::And(items) => items.iter().try_fold(true, |holds, item| Ok(self.condition(item)? && holds)),
            ExpressionKind::Or(items) => items.iter().try_fold(false, |holds, item| Ok(self.condition(item)? || holds)),
            ExpressionKind::Not(item) => Ok(!self.condition(item)?),
            ExpressionKind::Condition(name) => {
                self.environment.conditions.get(&name.text).copied().ok_or(NoValue::Reported)
            }
            ExpressionKind::Invalid => Err(NoValue::Reported),
            _ => problem("VPC022", expression.span, "a condition is made of Equals, And, Or, Not and Condition"),
        }
    }

    fn import(&mut self, name: &Expression, span: Span) -> Evaluated {
        let name = self.value(name)?;
        let Some(text) = name.as_text() else {
            let message = format!("`Fn::ImportValue` takes the name of an export, not {}", name.describe());
            return problem("VPC022", name.span, message);
        };
        match self.resources.import(text) {
            Ok(exported) => {
                Ok(Value { placeholder_for: exported.placeholder_for, ..Value::text(exported.value, span) })
            }
            Err(NotExported { nearest }) => {
                let refusal = Diagnostic::error("VPC030", name.span, format!("No export named {text} found"));
                let help = nearest.map_or_else(
                    || "another stack of the same account and Region must have an output with this `Export`".to_owned(),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                Err(NoValue::Problem(Box::new(refusal.label("ValidationError").help(help))))
            }
        }
    }

    fn reference(&mut self, name: &Name, span: Span) -> Evaluated {
        let environment = self.environment;
        if let Some(parameter) = environment.parameters.get(&name.text) {
            return Ok(Value { span, ..parameter.clone() });
        }
        let partition = match environment.region.name() {
            name if name.starts_with("cn-") => "aws-cn",
            _ => "aws",
        };
        let text = match name.text.as_str() {
            "AWS::Region" => SmolStr::new_static(environment.region.name()),
            "AWS::AccountId" => environment.account.to_string().into(),
            "AWS::StackName" => environment.stack_name.clone(),
            "AWS::StackId" => environment.stack_id.clone(),
            "AWS::Partition" => SmolStr::new_static(partition),
            "AWS::URLSuffix" if partition == "aws-cn" => SmolStr::new_static("amazonaws.com.cn"),
            "AWS::URLSuffix" => SmolStr::new_static("amazonaws.com"),
            "AWS::NotificationARNs" => return Ok(Value::list(Vec::new(), span)),
            "AWS::NoValue" => return Ok(Value { kind: ValueKind::Absent, span, placeholder_for: None }),
            resource => {
                self.must_exist(name)?;
                let found = self.resources.reference(resource);
                return looked_up(found, resource, resource.to_owned(), span);
            }
        };
        Ok(Value::text(text, span))
    }

    fn attribute(&mut self, resource: &Name, attribute: &str, span: Span) -> Evaluated {
        self.must_exist(resource)?;
        let found = self.resources.attribute(&resource.text, attribute);
        looked_up(found, &resource.text, format!("{}.{attribute}", resource.text), span)
    }

    /// A resource that its condition leaves out cannot be referred to.
    fn must_exist(&self, name: &Name) -> Result<(), NoValue> {
        let condition = self.environment.template.resources.get(&name.text).and_then(|found| found.condition.as_ref());
        match condition {
            Some(condition) if self.environment.conditions.get(&condition.text) == Some(&false) => {
                let message =
                    format!("`{}` is not created, because its condition `{}` is false", name.text, condition.text);
                problem("VPC021", name.span, message)
            }
            _ => Ok(()),
        }
    }

    fn substitute(&mut self, pieces: &[Piece], variables: &IndexMap<&str, Value>, span: Span) -> Evaluated {
        let mut text = String::new();
        let mut placeholder_for = None;
        for piece in pieces {
            let (value, place) = match piece {
                Piece::Text(plain) => {
                    text.push_str(plain);
                    continue;
                }
                Piece::Ref(name) => match variables.get(name.text.as_str()) {
                    Some(value) => (value.clone(), name.span),
                    None => (self.reference(name, name.span)?, name.span),
                },
                Piece::GetAtt(name, attribute) => {
                    let whole = format!("{}.{attribute}", name.text);
                    match variables.get(whole.as_str()) {
                        Some(value) => (value.clone(), name.span),
                        None => (self.attribute(name, attribute, name.span)?, name.span),
                    }
                }
            };
            match &value.kind {
                ValueKind::Text(value) => text.push_str(value),
                ValueKind::Absent => {}
                // AWS publishes nothing about a list inside a text; here its items are joined by commas.
                ValueKind::List(_) => text.push_str(&texts(&value, "Fn::Sub")?.join(",")),
                ValueKind::Map(_) => return problem("VPC022", place, "`Fn::Sub` cannot put a map into a text"),
            }
            placeholder_for = placeholder_for.or_else(|| value.placeholder().map(SmolStr::new));
        }
        Ok(Value { placeholder_for, ..Value::text(text, span) })
    }

    fn find_in_map(&mut self, lookup: &MapLookup, span: Span) -> Evaluated {
        let mut keys: [(SmolStr, Span); 3] =
            [&lookup.map, &lookup.top, &lookup.second].map(|e| (SmolStr::default(), e.span));
        for (key, part) in keys.iter_mut().zip([&lookup.map, &lookup.top, &lookup.second]) {
            let value = self.value(part)?;
            match value.as_text() {
                Some(text) => key.0 = text.into(),
                None => return problem("VPC022", value.span, "a key of `Fn::FindInMap` must be a text"),
            }
        }
        let [map, top, second] = keys;
        let found = self.environment.template.mappings.get(&map.0);
        let found = found.ok_or(("mapping", &map)).and_then(|found| found.get(&top.0).ok_or(("key", &top)));
        match found.and_then(|found| found.get(&second.0).ok_or(("key", &second))) {
            Ok(value) => Ok(Value { span, ..value.clone() }),
            Err((what, (name, place))) => match &lookup.default {
                Some(default) => self.value(default),
                None => {
                    let whole = format!("{}.{}.{}", map.0, top.0, second.0);
                    problem("VPC025", *place, format!("there is no {what} `{name}` for `{whole}` under `Mappings`"))
                }
            },
        }
    }
}

/// A resource's value, or a text that says whose value is missing.
fn looked_up(found: Lookup, resource: &str, placeholder: String, span: Span) -> Evaluated {
    match found {
        Lookup::Text(text) => Ok(Value::text(text, span)),
        Lookup::List(texts) => Ok(Value::list(texts.into_iter().map(|text| Value::text(text, span)).collect(), span)),
        Lookup::Empty => Ok(Value::text("", span)),
        Lookup::NotSimulated => Ok(Value { placeholder_for: Some(resource.into()), ..Value::text(placeholder, span) }),
        Lookup::Failed => Err(NoValue::Reported),
        Lookup::Refused(error) => problem("VPC030", span, format!("AWS refuses to describe `{resource}`: {error}")),
    }
}

fn texts<'v>(value: &'v Value, function: &str) -> Result<Vec<&'v str>, NoValue> {
    let ValueKind::List(items) = &value.kind else {
        return match (&value.kind, &value.placeholder_for) {
            // A list-valued attribute of something not simulated.
            (ValueKind::Text(text), Some(_)) => Ok(vec![text]),
            _ => problem("VPC022", value.span, format!("`{function}` takes a list, not {}", value.describe())),
        };
    };
    items
        .iter()
        .map(|item| match item.as_text() {
            Some(text) => Ok(text),
            None => problem(
                "VPC022",
                item.span,
                format!("`{function}` takes a list of texts, but this is {}", item.describe()),
            ),
        })
        .collect()
}

fn select(index: &Value, values: Value, span: Span) -> Evaluated {
    let position = index.as_text().and_then(|text| text.parse::<usize>().ok());
    let Some(position) = position else {
        let message = format!("the index of `Fn::Select` is a whole number from 0, not {}", index.describe());
        return problem("VPC022", index.span, message);
    };
    let placeholder_for = values.placeholder_for;
    match values.kind {
        ValueKind::List(items) => {
            let count = items.len();
            match items.into_iter().nth(position) {
                Some(item) => {
                    let placeholder_for = item.placeholder_for.clone().or(placeholder_for);
                    Ok(Value { span, placeholder_for, ..item })
                }
                // The parts of a placeholder are placeholders, however many there would have been.
                None if placeholder_for.is_some() => Ok(Value { placeholder_for, ..Value::text("placeholder", span) }),
                None => problem("VPC025", index.span, format!("the list has {count} items, so there is no {position}")),
            }
        }
        ValueKind::Text(text) if placeholder_for.is_some() => Ok(Value { placeholder_for, ..Value::text(text, span) }),
        _ => problem("VPC022", values.span, "`Fn::Select` takes a list"),
    }
}

/// `Fn::Cidr`: so many blocks with so many host bits each, from the start of a block.
fn cidr(block: &Value, count: &Value, bits: Option<&Value>, span: Span) -> Evaluated {
    if let Some(placeholder) = block.placeholder() {
        let empty = Value::list(Vec::new(), span);
        return Ok(Value { placeholder_for: Some(placeholder.into()), ..empty });
    }
    let Some(net) = block.as_text().and_then(|text| text.parse::<IpNet>().ok()).map(|net| net.trunc()) else {
        return problem("VPC022", block.span, format!("`Fn::Cidr` takes an address block, not {}", block.describe()));
    };
    let number = |value: &Value, least: u32, most: u32| match value.as_text().and_then(|text| text.parse::<u32>().ok())
    {
        Some(number) if (least..=most).contains(&number) => Ok(number),
        _ => {
            problem("VPC022", value.span, format!("expected a number from {least} to {most}, not {}", value.describe()))
        }
    };
    let wanted = number(count, 1, 256)?;
    let address_bits = u32::from(net.max_prefix_len());
    let host_bits = match bits {
        Some(bits) => number(bits, 1, address_bits - 1)?,
        // AWS publishes no default for the host bits; ours are those of a v4 /24.
        None => 8,
    };
    let spare = address_bits - u32::from(net.prefix_len());
    if host_bits > spare || (spare - host_bits < 32 && u64::from(wanted) > 1_u64 << (spare - host_bits)) {
        let message = format!("{wanted} blocks of /{} do not fit into {net}", address_bits - host_bits);
        return problem("VPC025", span, message);
    }
    let first = match net.network() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let blocks = (0..wanted).map(|index| {
        let start = first + (u128::from(index) << host_bits);
        let address = match net {
            IpNet::V4(_) => IpAddr::V4(u32::try_from(start).expect("the block lies inside a v4 block").into()),
            IpNet::V6(_) => IpAddr::V6(start.into()),
        };
        Value::text(format!("{address}/{}", address_bits - host_bits), span)
    });
    Ok(Value::list(blocks.collect(), span))
}
