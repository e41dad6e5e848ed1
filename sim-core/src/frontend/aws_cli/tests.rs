//! Whole command lines and whole outputs. What is expected here was printed by the AWS CLI itself: the requests that it
//! would send, its refusals, and its three output formats.

mod help;
mod output;
mod refusals;
mod requests;
mod strangers;

use serde_json::{Value, json};

use super::*;

fn words(line: &str) -> Vec<String> {
    split_line(line).expect("one command").into_iter().map(|word| word.text).collect()
}

fn call(line: &str) -> Invocation {
    match Command::parse(&words(line)) {
        Ok(Command::Call(invocation)) => invocation,
        Ok(other) => panic!("{line}: no request but {other:?}"),
        Err(error) => panic!("{line}: {}", error.stderr),
    }
}

fn refusal(line: &str) -> CliError {
    Command::parse(&words(line)).err().unwrap_or_else(|| panic!("{line} is accepted"))
}

#[track_caller]
fn check_requests(table: &[(&str, &str, Value)]) {
    for (line, operation, parameters) in table {
        let invocation = call(line);
        assert_eq!((invocation.operation, &invocation.parameters), (*operation, parameters), "{line}");
    }
}

fn printed(options: &str, answer: &Value) -> Printed {
    call(&format!("aws ec2 describe-vpcs {options}")).print(&Ok(answer.clone()))
}

fn two_vpcs() -> Value {
    json!({ "Vpcs": [
        {
            "CidrBlockAssociationSet": [{ "CidrBlock": "10.41.0.0/16", "CidrBlockState": { "State": "associated" } }],
            "IsDefault": false,
            "Tags": [{ "Key": "Name", "Value": "VPC 41" }],
            "VpcId": "vpc-041",
            "CidrBlock": "10.41.0.0/16",
        },
        { "CidrBlockAssociationSet": [], "IsDefault": true, "VpcId": "vpc-042", "CidrBlock": "10.42.0.0/16" },
    ] })
}
