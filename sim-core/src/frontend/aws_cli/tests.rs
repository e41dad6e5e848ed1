//! Whole command lines and whole outputs. What is expected here was printed by the AWS CLI itself: the requests that it
//! would send, its refusals, and its three output formats.

mod files;
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

/// A folder with a few files in it.
fn files(path: &str) -> std::io::Result<Vec<u8>> {
    match path {
        "policy.json" => Ok(br#"{"Statement": []}"#.to_vec()),
        "tags.json" => Ok(br#"[{"Key": "Name", "Value": "x"}]"#.to_vec()),
        "key.pub" => Ok(b"ssh-rsa AAAA lab".to_vec()),
        "bytes" => Ok(vec![0xff, 0xfe]),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    }
}

fn call(line: &str) -> Invocation {
    match Command::parse(&words(line), &files) {
        Ok(Command::Call(invocation)) => invocation,
        Ok(other) => panic!("{line}: no request but {other:?}"),
        Err(error) => panic!("{line}: {}", error.stderr),
    }
}

fn refusal(line: &str) -> CliError {
    Command::parse(&words(line), &files).err().unwrap_or_else(|| panic!("{line} is accepted"))
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
