//! A command line, `aws …` already split into words, as a request under AWS's own names – or as what the AWS CLI prints
//! when it refuses the line.
//!
//! The order of the checks is awscli's: global options, command, operation, options, values, and last the shape of the
//! whole request. What a parameter means, and whether it makes sense, is `cloud`'s.

use serde_json::{Map, Value, json};

use super::arguments::{self, Argument, Arity, Target, Use};
use super::ec2;
use super::error::{CliError, invalid_choice};
use super::help;
use super::model::{Kind, Model, Operation};
use super::output::OutputFormat;
use super::unpack::ReadFile;
use super::wait::Waiter;
use super::{unpack, validate};
use crate::frontend::query::Query;
use crate::id::{Region, UnknownRegion};

/// What a command line asks for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Command {
    /// One request; [`Invocation::print`] prints its answer.
    Call(Invocation),
    /// `aws ec2 wait …`: the request is repeated until the waiter is content. Nothing is printed.
    Wait(&'static Waiter, Invocation),
    /// A text for stdout that needs no request: help or version.
    Print(String),
}

/// A request and how its answer is to be shown.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Invocation {
    /// The service as typed, as in `ec2`.
    pub(crate) service: &'static str,
    /// AWS's name of the operation, as in `CreateVpc`.
    pub(crate) operation: &'static str,
    /// The request under AWS's member names, of the model's kinds.
    pub(crate) parameters: Value,
    /// `--region`.
    pub(crate) region: Option<Region>,
    /// `--profile` as typed.
    pub(crate) profile: Option<String>,
    /// `--query`.
    pub(crate) query: Option<Query>,
    /// `--output`, else JSON.
    pub(crate) output: OutputFormat,
    /// What was typed and has no effect here, one line each, for stderr.
    pub(crate) warnings: Vec<String>,
}

/// The options that every command takes, and how many words each.
const GLOBAL_OPTIONS: [(&str, Arity); 19] = [
    ("debug", Arity::None),
    ("endpoint-url", Arity::One),
    ("no-verify-ssl", Arity::None),
    ("no-paginate", Arity::None),
    ("output", Arity::One),
    ("query", Arity::One),
    ("profile", Arity::One),
    ("region", Arity::One),
    ("version", Arity::None),
    ("color", Arity::One),
    ("no-sign-request", Arity::None),
    ("ca-bundle", Arity::One),
    ("cli-read-timeout", Arity::One),
    ("cli-connect-timeout", Arity::One),
    ("cli-binary-format", Arity::One),
    ("no-cli-pager", Arity::None),
    ("cli-auto-prompt", Arity::None),
    ("no-cli-auto-prompt", Arity::None),
    ("cli-error-format", Arity::One),
];

/// Those of them that change what a user would see, so that leaving them out needs a word.
const GLOBAL_WITHOUT_EFFECT: [&str; 5] =
    ["debug", "endpoint-url", "cli-binary-format", "cli-auto-prompt", "cli-error-format"];

impl Command {
    /// Reads a command line. The first word is `aws` itself. `files` reads what `file://` names.
    ///
    /// # Errors
    /// What the AWS CLI prints instead of sending a request, with its exit status.
    pub(crate) fn parse(words: &[String], files: ReadFile<'_>) -> Result<Command, CliError> {
        let model = Model::get();
        let mut globals = Globals::read(words.get(1..).unwrap_or_default())?;
        if globals.version {
            return Ok(Command::Print(help::version()));
        }
        let services = model.services();
        let note = format!("only these services are simulated: {}", services.join(", "));
        match choose(&mut globals.rest, "command", services.into_iter(), &note)?.as_str() {
            "help" => Ok(Command::Print(help::overview(model))),
            service => Command::of_service(model, service, globals, files),
        }
    }

    fn of_service(
        model: &'static Model,
        service: &str,
        mut globals: Globals,
        files: ReadFile<'_>,
    ) -> Result<Command, CliError> {
        let note = format!("some of the {service} operations are simulated; `aws {service} help` lists them");
        let waits = (service == "ec2").then_some("wait");
        let choices = model.operations(service).map(|operation| operation.command.as_str()).chain(waits);
        let command = choose(&mut globals.rest, "operation", choices, &note)?;
        if command == "wait" {
            return Command::of_wait(model, globals, files);
        }
        let Some(operation) = model.operations(service).find(|operation| operation.command == command) else {
            return Ok(Command::Print(help::service(model, service)));
        };
        if globals.rest == ["help"] {
            return Ok(Command::Print(help::operation(operation, &arguments::table(model, operation))));
        }
        globals.invocation(model, operation, files).map(Command::Call)
    }

    fn of_wait(model: &'static Model, mut globals: Globals, files: ReadFile<'_>) -> Result<Command, CliError> {
        let note = "some of the waiters are simulated; `aws ec2 wait help` lists them";
        let command = choose(&mut globals.rest, "subcommand", Waiter::all().map(Waiter::command), note)?;
        let Some(waiter) = Waiter::all().find(|waiter| waiter.command() == command) else {
            return Ok(Command::Print(help::waiters()));
        };
        let operation = model.operation("ec2", waiter.operation).expect("a test looks up every waiter's operation");
        Ok(Command::Wait(waiter, globals.invocation(model, operation, files)?))
    }
}

/// The global options as given, and the words that are left.
struct Globals {
    region: Option<String>,
    profile: Option<String>,
    query: Option<Query>,
    output: OutputFormat,
    version: bool,
    warnings: Vec<String>,
    rest: Vec<String>,
}

impl Globals {
    fn read(words: &[String]) -> Result<Globals, CliError> {
        let reading = arguments::read(&GLOBAL_OPTIONS, words)?;
        let given = |name: &str| {
            let index = GLOBAL_OPTIONS.iter().position(|(option, _)| *option == name);
            index.and_then(|index| reading.uses[index].as_ref())
        };
        let value = |name: &str| given(name).and_then(|given| given.words.first().cloned());
        let output = match value("output") {
            Some(name) => OutputFormat::named(&name)?,
            None => OutputFormat::Json,
        };
        let warnings = GLOBAL_WITHOUT_EFFECT.iter().filter(|name| given(name).is_some());
        Ok(Globals {
            region: value("region"),
            profile: value("profile"),
            query: value("query").map(|expression| query(&expression)).transpose()?,
            output,
            version: given("version").is_some(),
            warnings: warnings.map(|name| without_effect(name)).collect(),
            rest: reading.rest,
        })
    }

    fn invocation(
        self,
        model: &Model,
        operation: &'static Operation,
        files: ReadFile<'_>,
    ) -> Result<Invocation, CliError> {
        let (parameters, warnings) = request(model, operation, &self.rest, files)?;
        Ok(Invocation {
            service: operation.service,
            operation: operation.name,
            parameters: Value::Object(parameters),
            region: self.region.map(|name| region(operation, &name)).transpose()?,
            profile: self.profile,
            query: self.query,
            output: self.output,
            warnings: self.warnings.into_iter().chain(warnings).collect(),
        })
    }
}

/// The request that the options of an operation make, and what has no effect.
fn request(
    model: &Model,
    operation: &'static Operation,
    words: &[String],
    files: ReadFile<'_>,
) -> Result<(Map<String, Value>, Vec<String>), CliError> {
    let table = arguments::table(model, operation);
    let options: Vec<(&str, Arity)> = table.iter().map(|argument| (argument.option.as_str(), argument.arity)).collect();
    let reading = arguments::read(&options, words)?;
    let uses = table.iter().zip(&reading.uses);
    let given: Vec<Given<'_>> =
        uses.filter_map(|(argument, used)| used.as_ref().map(|used| (argument, used))).collect();

    check_required(&table, &given)?;
    if !reading.rest.is_empty() {
        return Err(CliError::unknown_options(&reading.rest));
    }
    check_attribute_pairs(&given)?;
    ec2::check_combination(operation, |option| given.iter().any(|(argument, _)| argument.option == option))?;

    let mut parameters = Map::new();
    let mut warnings: Vec<String> = reading
        .repeated
        .iter()
        .map(|option| format!("--{option} is given more than once; as the AWS CLI does, only the last one is used"))
        .collect();
    for (argument, used) in &given {
        let option = &argument.option;
        match &argument.target {
            Target::Attribute(member, on) if used.words.is_empty() => {
                parameters.insert(member.name.into(), json!({ "Value": on }));
            }
            Target::Member(member) | Target::Attribute(member, _) => {
                parameters.insert(member.name.into(), unpack::unpack(model, option, &member.kind, &used.words, files)?);
            }
            Target::Flag(member, on) => {
                let opposite = Target::Flag(member, !on);
                if !given.iter().any(|(other, later)| other.target == opposite && later.place > used.place) {
                    parameters.insert(member.name.into(), json!(on));
                }
            }
            Target::Ec2(shortcut) => ec2::apply(*shortcut, &used.words, &mut parameters)?,
            Target::Unused => warnings.push(without_effect(option)),
            Target::Refused => return Err(CliError::not_simulated(format!("--{option} is not simulated"))),
            Target::InputJson => {}
        }
    }
    if let Some((_, used)) = given.iter().find(|(argument, _)| argument.target == Target::InputJson) {
        let text = used.words.first().map_or("", String::as_str);
        let text = unpack::from_file_or_itself("cli-input-json", &Kind::String, text, files)?;
        merge_input_json(&text, &mut parameters)?;
    }
    ec2::finish(operation, &mut parameters);
    let problems = validate::problems(model, &operation.members, &parameters);
    if problems.is_empty() { Ok((parameters, warnings)) } else { Err(CliError::validation(&problems)) }
}

/// An option of the table, and its last use on the line.
type Given<'a> = (&'a Argument, &'a Use);

/// `--cli-input-json` may bring what is required, and is checked as a request only.
fn check_required(table: &[Argument], given: &[Given<'_>]) -> Result<(), CliError> {
    let is_given = |wanted: &Argument| given.iter().any(|(argument, _)| *argument == wanted);
    let missing: Vec<String> = table
        .iter()
        .filter(|argument| argument.required && !is_given(argument))
        .map(|argument| format!("--{}", argument.option))
        .collect();
    if missing.is_empty() || given.iter().any(|(argument, _)| argument.target == Target::InputJson) {
        return Ok(());
    }
    Err(CliError::usage(format!("the following arguments are required: {}", missing.join(", "))))
}

/// Unlike those of a plain boolean, the two options of an attribute exclude each other.
fn check_attribute_pairs(given: &[Given<'_>]) -> Result<(), CliError> {
    for (argument, _) in given {
        let Target::Attribute(member, true) = argument.target else { continue };
        if let Some((negative, _)) = given.iter().find(|(other, _)| other.target == Target::Attribute(member, false)) {
            return Err(CliError::invalid(format!(
                "Cannot specify both the \"--{}\" option and the \"--{}\" option.",
                argument.option, negative.option
            )));
        }
    }
    Ok(())
}

/// `--cli-input-json`: options win over what it says.
fn merge_input_json(text: &str, parameters: &mut Map<String, Value>) -> Result<(), CliError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(input)) => {
            for (name, value) in input {
                parameters.entry(name).or_insert(value);
            }
            Ok(())
        }
        Ok(_) => Err(CliError::parameter("cli-input-json", format!("Invalid type: expecting map, received: {text}"))),
        Err(error) => {
            Err(CliError::parameter("cli-input-json", format!("Invalid JSON: {error}\nJSON received: {text}")))
        }
    }
}

/// Takes the first word that is no option off the words, and holds it to be `help` or one of the choices.
fn choose(
    words: &mut Vec<String>,
    argument: &str,
    choices: impl Iterator<Item: AsRef<str>> + Clone,
    note: &str,
) -> Result<String, CliError> {
    let Some(index) = words.iter().position(|word| !word.starts_with('-')) else {
        return Err(CliError::usage(format!("the following arguments are required: {argument}")));
    };
    let word = words.remove(index);
    if word == "help" || choices.clone().any(|choice| choice.as_ref() == word) {
        return Ok(word);
    }
    let choices: Vec<String> = choices.map(|choice| choice.as_ref().to_owned()).chain(["help".to_owned()]).collect();
    Err(invalid_choice(argument, &word, &choices).note(note))
}

/// The real CLI asks any Region's endpoint, and learns from the network that there is none.
fn region(operation: &Operation, name: &str) -> Result<Region, CliError> {
    name.parse().map_err(|unknown: UnknownRegion| {
        let endpoint = format!("https://{}.{name}.amazonaws.com/", operation.service);
        CliError::general(format!("Could not connect to the endpoint URL: \"{endpoint}\"")).note(unknown.to_string())
    })
}

fn query(expression: &str) -> Result<Query, CliError> {
    Query::new(expression).map_err(|error| {
        CliError::invalid(format!("Bad value for --query {expression}: Invalid jmespath expression: {error}"))
    })
}

fn without_effect(option: &str) -> String {
    format!("--{option} has no effect in a simulation")
}
