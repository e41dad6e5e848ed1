//! Help, waiters, and that what can be typed is what is simulated.

use super::*;

#[test]
fn every_operation_has_help_and_refuses_an_option_it_does_not_have() {
    for (service, operation) in operations() {
        let command = model::kebab_case(operation);
        let help = Command::parse(&words(&format!("aws {service} {command} help")), &files);
        assert!(matches!(&help, Ok(Command::Print(text)) if text.contains(&command)), "{operation}: {help:?}");
        assert_eq!(refusal(&format!("aws {service} {command} --no-such-option")).exit, 252, "{operation}");
    }
}

#[test]
fn waiting_takes_the_options_of_the_request_it_repeats() {
    let command = Command::parse(&words("aws ec2 wait instance-running --instance-ids i-1"), &files);
    let Ok(Command::Wait(waiter, invocation)) = command else { panic!("{command:?}") };
    assert_eq!(waiter.name, "InstanceRunning");
    assert_eq!(invocation.operation, "DescribeInstances");
    assert_eq!(invocation.parameters, json!({ "InstanceIds": ["i-1"] }));
}

#[test]
fn help_and_version_need_no_request() {
    for (line, text) in [
        ("aws --version", "aws-cli/2 vpcsim/"),
        ("aws help", "aws ec2 help"),
        ("aws ec2 help", "  create-vpc\n"),
        ("aws ec2 wait help", "  vpc-available\n"),
        ("aws ec2 create-subnet help", "  --vpc-id <value>  (required)\n"),
    ] {
        let command = Command::parse(&words(line), &files);
        assert!(matches!(&command, Ok(Command::Print(printed)) if printed.contains(text)), "{line}: {command:?}");
    }
}

#[test]
fn whatever_can_be_typed_is_simulated() {
    // What concerns stacks is answered by whoever made them.
    let asked: Vec<_> = operations().filter(|(service, _)| *service != "cloudformation").collect();
    for (_, operation) in &asked {
        assert!(crate::cloud::Operation::NAMES.contains(operation), "{operation}");
    }
    assert_eq!(asked.len(), crate::cloud::Operation::NAMES.len());
}
