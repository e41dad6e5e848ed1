//! A template's parameters: what may be given, and what `Ref` makes of it.
//!
//! Defined by "Parameters" and "CloudFormation-supplied parameter types" of the CloudFormation User Guide. This file does not
//! know what exists: any name will do for a key pair, and SSM parameters are looked up by a function handed in.

use indexmap::IndexMap;
use regex_lite::Regex;
use smol_str::SmolStr;

use super::StackConfig;
use super::expression::Reader;
use super::template::Named;
use super::value::Value;
use crate::frontend::diagnostic::{Diagnostic, Span};
use crate::frontend::node::{Key, Node};
use crate::frontend::spelling::did_you_mean;

/// A declared parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) key: Key,
    pub(crate) kind: ParameterKind,
    pub(crate) default: Option<(String, Span)>,
    allowed: Vec<String>,
    pattern: Option<(String, Option<Regex>)>,
    length: (Option<usize>, Option<usize>),
    range: (Option<f64>, Option<f64>),
    explanation: Option<String>,
    /// Whether the value is shown to nobody (`NoEcho`).
    is_secret: bool,
}

/// What a parameter's text stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ParameterKind {
    /// One value: a text, a number, the id of something.
    One { number: bool },
    /// Values separated by commas.
    Many { number: bool },
    /// The name of an SSM parameter that holds the value.
    Ssm { list: bool },
}

/// A value given for a parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GivenParameter {
    /// The parameter's name.
    pub name: String,
    /// The value; a list is written with commas.
    pub value: String,
    /// Where the name was written, if in a file.
    pub name_span: Option<Span>,
    /// Where the value was written, if in a file.
    pub value_span: Option<Span>,
}

const KEYS: &[&str] = &[
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];

const TYPES: &[&str] = &["String", "Number", "List<Number>", "CommaDelimitedList", "List<String>"];

/// The types named after AWS resources, which also exist as `List<…>` and behind an SSM parameter.
const AWS_TYPES: &[&str] = &[
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
    "AWS::SSM::Parameter::Name",
];

impl ParameterKind {
    fn parse(text: &str) -> Option<ParameterKind> {
        let inside = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix('>');
        if let Some(inner) = inside("AWS::SSM::Parameter::Value<") {
            return match ParameterKind::parse(inner)? {
                ParameterKind::One { .. } => Some(ParameterKind::Ssm { list: false }),
                ParameterKind::Many { .. } => Some(ParameterKind::Ssm { list: true }),
                ParameterKind::Ssm { .. } => None,
            };
        }
        match text {
            "String" => Some(ParameterKind::One { number: false }),
            "Number" => Some(ParameterKind::One { number: true }),
            "CommaDelimitedList" | "List<String>" => Some(ParameterKind::Many { number: false }),
            "List<Number>" => Some(ParameterKind::Many { number: true }),
            name if AWS_TYPES.contains(&name) => Some(ParameterKind::One { number: false }),
            _ => {
                inside("List<").filter(|inner| AWS_TYPES.contains(inner)).map(|_| ParameterKind::Many { number: false })
            }
        }
    }
}

impl Parameter {
    /// Reads a declaration; `None` when it is too wrong to go on with.
    pub(crate) fn read(key: &Key, node: &Node, reader: &mut Reader<'_>) -> Option<Parameter> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("the parameter `{}` is declared by a map with a `Type`", key.text);
            reader.report(
                Diagnostic::error("VPC014", node.whole_span(), message).label(format!("this is {}", node.describe())),
            );
            return None;
        };
        for (entry, _) in entries.iter().filter(|(entry, _)| !KEYS.contains(&entry.text.as_str())) {
            let message = format!("a parameter has no `{}`", entry.text);
            let help = did_you_mean(&entry.text, KEYS.iter().copied());
            reader.report(Diagnostic::error("VPC014", entry.span, message).help_if(help));
        }
        let kind = match node.get("Type") {
            None => {
                reader.report(Diagnostic::error(
                    "VPC014",
                    key.span,
                    format!("the parameter `{}` has no `Type`", key.text),
                ));
                return None;
            }
            Some(kind) => match kind.as_str().and_then(ParameterKind::parse) {
                Some(parsed) => parsed,
                None => {
                    let message = format!("{} is not a parameter type", kind.describe());
                    let types = TYPES.iter().chain(AWS_TYPES).copied();
                    let help = did_you_mean(kind.as_str().unwrap_or_default(), types);
                    reader.report(Diagnostic::error("VPC014", kind.whole_span(), message).help_if(help));
                    return None;
                }
            },
        };
        let mut literal = |name: &str| match node.get(name) {
            Some(value) => match value.as_str() {
                Some(text) => Some((text.to_owned(), value.span)),
                None => {
                    let message = format!("`{name}` of a parameter is a literal text, not {}", value.describe());
                    reader.report(Diagnostic::error("VPC014", value.whole_span(), message));
                    None
                }
            },
            None => None,
        };
        let default = literal("Default");
        let explanation = literal("ConstraintDescription").map(|(text, _)| text);
        let pattern = literal("AllowedPattern");
        let limits = ["MinLength", "MaxLength", "MinValue", "MaxValue"].map(&mut literal);
        let allowed = node.get("AllowedValues").and_then(Node::as_sequence).unwrap_or_default();
        let allowed = allowed.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        let [min_length, max_length, min_value, max_value] = limits.map(|limit| {
            let (text, span) = limit?;
            let number = text.parse::<f64>().ok();
            if number.is_none() {
                reader.report(Diagnostic::error("VPC014", span, format!("`{text}` is not a number")));
            }
            number
        });
        let pattern = pattern.map(|(text, span)| {
            let compiled = Regex::new(&format!("^(?:{text})$")).ok();
            if compiled.is_none() {
                let message = format!("vpcsim cannot check `AllowedPattern` `{text}`; any value is accepted");
                reader.report(Diagnostic::warning("VPC105", span, message));
            }
            (text, compiled)
        });
        let parameter = Parameter {
            key: key.clone(),
            kind,
            default,
            allowed,
            pattern,
            length: (min_length.map(|length| length as usize), max_length.map(|length| length as usize)),
            range: (min_value, max_value),
            explanation,
            is_secret: node.get("NoEcho").and_then(Node::as_str) == Some("true"),
        };
        if let Some((text, span)) = &parameter.default
            && let Err(reason) = parameter.check(text)
        {
            let message = format!("the default of `{}` {reason}", key.text);
            reader.report(Diagnostic::error("VPC014", *span, message));
        }
        Some(parameter)
    }

    /// Why a text is not a value for this parameter.
    fn check(&self, text: &str) -> Result<(), String> {
        let (many, number) = match self.kind {
            ParameterKind::One { number } => (false, number),
            ParameterKind::Many { number } => (true, number),
            ParameterKind::Ssm { .. } => (false, false),
        };
        let items: Vec<&str> = if many { text.split(',').map(str::trim).collect() } else { vec![text] };
        for item in items {
            let parsed = item.trim().parse::<f64>();
            if number && parsed.is_err() {
                return Err(format!("must be a number, not `{item}`"));
            }
            if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == item) {
                return Err(format!("must be one of {}, not `{item}`", listed(&self.allowed)));
            }
            if let Some((pattern, Some(regex))) = &self.pattern
                && !regex.is_match(item)
            {
                return Err(format!("must match the pattern `{pattern}`, not be `{item}`"));
            }
            let length = item.chars().count();
            if self.length.0.is_some_and(|least| length < least) {
                return Err(format!("is shorter than `MinLength`: `{item}`"));
            }
            if self.length.1.is_some_and(|most| length > most) {
                return Err(format!("is longer than `MaxLength`: `{item}`"));
            }
            if let Ok(parsed) = parsed {
                if self.range.0.is_some_and(|least| parsed < least) {
                    return Err(format!("is less than `MinValue`: `{item}`"));
                }
                if self.range.1.is_some_and(|most| parsed > most) {
                    return Err(format!("is more than `MaxValue`: `{item}`"));
                }
            }
        }
        Ok(())
    }

    /// What `Ref` gives for this text.
    fn value(&self, text: &str, span: Span, config: &StackConfig) -> Result<Value, String> {
        match self.kind {
            ParameterKind::One { number: true } => Ok(Value::text(text.trim(), span)),
            ParameterKind::One { number: false } => Ok(Value::text(text, span)),
            ParameterKind::Many { .. } => Ok(list(text, span)),
            ParameterKind::Ssm { list: many } => match (config.ssm)(config.region, text) {
                Some(found) if many => Ok(list(&found, span)),
                Some(found) => Ok(Value::text(found, span)),
                None => Err(format!("names no SSM parameter of {} that vpcsim knows: `{text}`", config.region)),
            },
        }
    }
}

fn list(text: &str, span: Span) -> Value {
    Value::list(text.split(',').map(|item| Value::text(item.trim(), span)).collect(), span)
}

/// "`a`, `b` or `c`".
fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => quoted.join(""),
    }
}

/// The values of all parameters of a stack.
pub(crate) fn resolve(
    declared: &Named<Parameter>,
    config: &StackConfig,
    problems: &mut Vec<Diagnostic>,
) -> Named<Value> {
    for given in config.parameters.iter().filter(|given| !declared.contains_key(given.name.as_str())) {
        let message = format!("the template of stack `{}` has no parameter `{}`", config.name, given.name);
        let help = did_you_mean(&given.name, declared.keys().map(SmolStr::as_str));
        problems.push(placed("VPC017", given.name_span, message).help_if(help));
    }
    let mut values = Named::default();
    for (name, parameter) in declared {
        let given = config.parameters.iter().find(|given| given.name == *name);
        let (text, span, code) = match (given, &parameter.default) {
            (Some(given), _) => (&given.value, given.value_span, "VPC016"),
            (None, Some((text, span))) => (text, Some(*span), "VPC016"),
            (None, None) => {
                let message =
                    format!("the parameter `{name}` of stack `{}` has no default, and no value is given", config.name);
                problems.push(
                    Diagnostic::error("VPC015", parameter.key.span, message)
                        .help(format!("give it one under the stack's `parameters`, as in `{{ {name}: … }}`")),
                );
                continue;
            }
        };
        // The default was checked when the template was read.
        let checked = if given.is_some() { parameter.check(text) } else { Ok(()) };
        match checked.and_then(|()| parameter.value(text, span.unwrap_or(parameter.key.span), config)) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(reason) => {
                let problem = placed(code, span, format!("the parameter `{name}` {reason}"));
                let problem = problem.related(parameter.key.span, "declared here");
                problems.push(problem.help_if(parameter.explanation.clone()));
            }
        }
    }
    values
}

/// The texts that the parameters of a stack have, given or by default; stars for those that nobody is shown.
pub(crate) fn texts(declared: &Named<Parameter>, config: &StackConfig) -> IndexMap<String, String> {
    let text = |name: &SmolStr, parameter: &Parameter| {
        if parameter.is_secret {
            return Some("****".to_owned());
        }
        let given = config.parameters.iter().find(|given| given.name == *name);
        given.map(|given| given.value.clone()).or_else(|| parameter.default.as_ref().map(|(text, _)| text.clone()))
    };
    declared.iter().filter_map(|(name, parameter)| Some((name.to_string(), text(name, parameter)?))).collect()
}

/// An error that has a place only if it was written in a file.
fn placed(code: &'static str, span: Option<Span>, message: String) -> Diagnostic {
    match span {
        Some(span) => Diagnostic::error(code, span, message),
        None => {
            let nowhere = Span::new(crate::id::FileId(0), 0, 0);
            Diagnostic { span: None, ..Diagnostic::error(code, nowhere, message) }
        }
    }
}
