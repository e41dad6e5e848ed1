//! Which options a command takes and how many words each of them, and the reading of typed words by such a table.
//!
//! The table follows awscli's rules: a member is an option in kebab case, a boolean is a pair `--x`/`--no-x`, EC2's boolean
//! attribute values may be written bare. The reading follows Python's `argparse`: `--x=value`, unambiguous prefixes, the
//! last of a repeated option wins, a negative number is a value. Neither knows what the words mean.

use super::ec2;
use super::error::CliError;
use super::model::{Kind, Member, Model, Operation, kebab_case};

/// An option and what its words become.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Argument {
    /// The name without its dashes.
    pub(crate) option: String,
    /// How many words it takes.
    pub(crate) arity: Arity,
    /// Whether the command line is wrong without it.
    pub(crate) required: bool,
    /// What the words become.
    pub(crate) target: Target,
}

/// How many words follow an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arity {
    None,
    AtMostOne,
    One,
    Any,
}

/// What an option's words become.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Target {
    /// A member of the input.
    Member(&'static Member),
    /// A boolean member, set or cleared by the option itself.
    Flag(&'static Member, bool),
    /// A boolean attribute value: `--x` and `--no-x` without a word, `--x Value=true` with one.
    Attribute(&'static Member, bool),
    /// One of the options that awscli adds to EC2's commands.
    Ec2(ec2::Shortcut),
    /// `--cli-input-json`: the whole input at once.
    InputJson,
    /// What awscli does around a request and vpcsim leaves out, saying so.
    Unused,
    /// What awscli does instead of a request and vpcsim refuses.
    Refused,
}

/// The options of an operation, in the order in which awscli lists and applies them.
pub(crate) fn table(model: &Model, operation: &'static Operation) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for member in &operation.members {
        if ec2::is_replaced(operation, member) {
            continue;
        }
        let option = kebab_case(member.name);
        match &member.kind {
            Kind::Boolean => {
                let negative = ec2::negative_option(&option);
                arguments.push(Argument::new(option, Arity::None, Target::Flag(member, true)));
                arguments.push(Argument::new(negative, Arity::None, Target::Flag(member, false)));
            }
            kind if operation.service == "ec2" && model.is_attribute_of(kind, &Kind::Boolean) => {
                let negative = format!("no-{option}");
                arguments.push(Argument::new(option, Arity::AtMostOne, Target::Attribute(member, true)));
                arguments.push(Argument::new(negative, Arity::None, Target::Attribute(member, false)));
            }
            kind => {
                let arity = if matches!(kind, Kind::List(_)) { Arity::Any } else { Arity::One };
                let argument = Argument::new(option, arity, Target::Member(member));
                arguments.push(Argument { required: member.required, ..argument });
            }
        }
    }
    arguments.push(Argument::new("cli-input-json", Arity::One, Target::InputJson));
    for option in ["cli-input-yaml", "generate-cli-skeleton"] {
        arguments.push(Argument::new(option, Arity::AtMostOne, Target::Refused));
    }
    if operation.has("NextToken") {
        for option in ["starting-token", "page-size", "max-items"] {
            arguments.push(Argument::new(option, Arity::One, Target::Unused));
        }
    }
    arguments.extend(ec2::shortcuts(operation));
    arguments
}

impl Argument {
    /// An option that may be left out.
    pub(crate) fn new(option: impl Into<String>, arity: Arity, target: Target) -> Argument {
        Argument { option: option.into(), arity, required: false, target }
    }
}

/// Words read by a table of options.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// For each option of the table, in its order: its last use.
    pub(crate) uses: Vec<Option<Use>>,
    /// The options that were used more than once: only their last use counts.
    pub(crate) repeated: Vec<String>,
    /// All words that belong to no option of the table, in order.
    pub(crate) rest: Vec<String>,
}

/// One use of an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Use {
    /// The words it was given.
    pub(crate) words: Vec<String>,
    /// Its place among all uses on the line.
    pub(crate) place: usize,
}

/// Reads words by a table of `(name, arity)`.
///
/// # Errors
/// An ambiguous prefix, or too few or too many words for an option.
pub(crate) fn read(options: &[(&str, Arity)], words: &[String]) -> Result<Reading, CliError> {
    let mut reading = Reading { uses: vec![None; options.len()], ..Reading::default() };
    let mut places = 0..;
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Shape::Option { index, value } = shape(options, word)? else {
            reading.rest.push(word.clone());
            continue;
        };
        let (name, arity) = options[index];
        let mut values: Vec<String> = value.iter().map(|value| (*value).to_owned()).collect();
        if let (Arity::None, Some(value)) = (arity, value) {
            return Err(CliError::usage(format!("argument --{name}: ignored explicit argument '{value}'")));
        }
        let wanted = match (arity, value) {
            (Arity::None, _) | (_, Some(_)) => 0,
            (Arity::AtMostOne | Arity::One, None) => 1,
            (Arity::Any, None) => usize::MAX,
        };
        while values.len() < wanted
            && let Some(next) = words.peek()
            && matches!(shape(options, next)?, Shape::Value)
        {
            values.extend(words.next().cloned());
        }
        if arity == Arity::One && values.is_empty() {
            return Err(CliError::usage(format!("argument --{name}: expected one argument")));
        }
        let place = places.next().unwrap_or(usize::MAX);
        if reading.uses[index].replace(Use { words: values, place }).is_some() {
            reading.repeated.push(name.to_owned());
        }
    }
    Ok(reading)
}

/// What a word looks like to `argparse`.
enum Shape<'a> {
    Option { index: usize, value: Option<&'a str> },
    Unknown,
    Value,
}

fn shape<'a>(options: &[(&str, Arity)], word: &'a str) -> Result<Shape<'a>, CliError> {
    let Some(text) = word.strip_prefix("--").filter(|text| !text.is_empty()) else {
        let is_value = word.strip_prefix('-').is_none_or(|rest| rest.is_empty() || is_number(rest));
        return Ok(if is_value || word.contains(' ') { Shape::Value } else { Shape::Unknown });
    };
    let position = |name: &str| options.iter().position(|(option, _)| *option == name);
    if let Some(index) = position(text) {
        return Ok(Shape::Option { index, value: None });
    }
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    if let Some(index) = position(name) {
        return Ok(Shape::Option { index, value });
    }
    let longer: Vec<usize> = (0..options.len()).filter(|&index| options[index].0.starts_with(name)).collect();
    match longer[..] {
        [] if word.contains(' ') => Ok(Shape::Value),
        [] => Ok(Shape::Unknown),
        [index] => Ok(Shape::Option { index, value }),
        _ => {
            let names: Vec<String> = longer.iter().map(|&index| format!("--{}", options[index].0)).collect();
            Err(CliError::usage(format!("ambiguous option: {word} could match {}", names.join(", "))))
        }
    }
}

fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or(("", text));
    !fraction.is_empty() && [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}
