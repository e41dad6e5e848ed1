//! Short answers to `aws … help` and `aws --version`: what is simulated, not the AWS CLI's manual.

use super::arguments::{Argument, Arity};
use super::model::{Model, Operation};
use super::wait::Waiter;

/// `aws --version`.
pub(crate) fn version() -> String {
    format!("aws-cli/2 vpcsim/{}\n", env!("CARGO_PKG_VERSION"))
}

/// `aws help`.
pub(crate) fn overview(model: &Model) -> String {
    let mut text = String::from(
        "The AWS CLI as vpcsim simulates it.\n\nusage: aws [options] <command> <subcommand> [parameters]\n\n",
    );
    for service in model.services() {
        text.push_str(&format!("  aws {service} help\n"));
    }
    text
}

/// `aws ec2 help`.
pub(crate) fn service(model: &Model, service: &str) -> String {
    let mut commands: Vec<String> = model.operations(service).map(|operation| operation.command.clone()).collect();
    if service == "ec2" {
        commands.push("wait".to_owned());
    }
    commands.sort();
    list(&format!("Commands of `aws {service}` that vpcsim simulates:"), &commands)
}

/// `aws ec2 wait help`.
pub(crate) fn waiters() -> String {
    list("Waiters of `aws ec2 wait` that vpcsim simulates:", &Waiter::all().map(Waiter::command).collect::<Vec<_>>())
}

/// `aws ec2 create-vpc help`.
pub(crate) fn operation(operation: &Operation, arguments: &[Argument]) -> String {
    let options: Vec<String> = arguments
        .iter()
        .map(|argument| {
            let value = match argument.arity {
                Arity::None => "",
                Arity::AtMostOne => " [<value>]",
                Arity::One => " <value>",
                Arity::Any => " <value> ...",
            };
            let required = if argument.required { "  (required)" } else { "" };
            format!("--{}{value}{required}", argument.option)
        })
        .collect();
    list(&format!("Options of `aws {} {}`:", operation.service, operation.command), &options)
}

fn list(head: &str, lines: &[String]) -> String {
    let mut text = format!("{head}\n\n");
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    text
}
