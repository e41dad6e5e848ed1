//! Whole command lines and whole outputs. What is expected here was printed by the AWS CLI itself: the requests that it
//! would send, its refusals, and its three output formats.

use proptest::prelude::*;
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

#[test]
fn the_peering_lab_is_typed() {
    check_requests(&[
        (
            "aws ec2 create-vpc-peering-connection --vpc-id vpc-1 --peer-vpc-id vpc-2",
            "CreateVpcPeeringConnection",
            json!({ "PeerVpcId": "vpc-2", "VpcId": "vpc-1" }),
        ),
        (
            "aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id pcx-1",
            "AcceptVpcPeeringConnection",
            json!({ "VpcPeeringConnectionId": "pcx-1" }),
        ),
        (
            "aws ec2 create-route --route-table-id rtb-1 \\\n  --destination-cidr-block 10.42.0.0/16 \\\n  \
             --vpc-peering-connection-id pcx-1",
            "CreateRoute",
            json!({ "DestinationCidrBlock": "10.42.0.0/16", "VpcPeeringConnectionId": "pcx-1", "RouteTableId": "rtb-1" }),
        ),
        (
            "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 80 --cidr 0.0.0.0/0",
            "AuthorizeSecurityGroupIngress",
            json!({ "GroupId": "sg-1", "IpPermissions": [{
                "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            }] }),
        ),
        ("aws sts get-caller-identity", "GetCallerIdentity", json!({})),
    ]);
}

#[test]
fn options_may_be_written_in_every_way_argparse_takes() {
    let cidr = json!({ "CidrBlock": "10.0.0.0/16" });
    check_requests(&[
        ("aws ec2 create-vpc --cidr-block 10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws ec2 create-vpc --cidr-block=10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws ec2 create-vpc --cidr 10.0.0.0/16", "CreateVpc", cidr.clone()),
        ("aws --region us-east-1 ec2 --output text create-vpc --cidr-block 10.0.0.0/16", "CreateVpc", cidr),
        ("aws ec2 create-vpc --ipv4-netmask-length ' 20 '", "CreateVpc", json!({ "Ipv4NetmaskLength": 20 })),
        ("aws ec2 describe-vpcs --vpc-ids vpc-1 vpc-2", "DescribeVpcs", json!({ "VpcIds": ["vpc-1", "vpc-2"] })),
        (r#"aws ec2 describe-vpcs --vpc-ids '["vpc-1"]'"#, "DescribeVpcs", json!({ "VpcIds": ["vpc-1"] })),
        ("aws ec2 describe-vpcs --vpc-ids", "DescribeVpcs", json!({ "VpcIds": [] })),
        ("aws ec2 describe-vpcs --vpc-ids a --vpc-ids b", "DescribeVpcs", json!({ "VpcIds": ["b"] })),
        ("aws ec2 describe-vpcs --dry-run --no-dry-run", "DescribeVpcs", json!({ "DryRun": false })),
        ("aws ec2 describe-vpcs --no-dry-run --dry-run", "DescribeVpcs", json!({ "DryRun": true })),
        (
            "aws ec2 describe-vpcs --no-dry-run --max-results 7",
            "DescribeVpcs",
            json!({ "MaxResults": 7, "DryRun": false }),
        ),
    ]);
}

#[test]
fn global_options_stand_anywhere_on_the_line() {
    let invocation =
        call("aws ec2 describe-vpcs --query 'Vpcs[].VpcId' --profile lab --no-cli-pager --region eu-west-1");
    assert_eq!(invocation.region, "eu-west-1".parse().ok());
    assert_eq!(invocation.profile.as_deref(), Some("lab"));
    assert_eq!(invocation.output, OutputFormat::Json);
    assert!(invocation.query.is_some());
    assert!(invocation.warnings.is_empty());
}

#[test]
fn what_has_no_effect_is_said() {
    let line = "aws ec2 describe-vpcs --vpc-ids a --vpc-ids b --max-items 5 --endpoint-url http://localhost:4566";
    assert_eq!(
        call(line).warnings,
        [
            "--endpoint-url has no effect in a simulation",
            "--vpc-ids is given more than once; as the AWS CLI does, only the last one is used",
            "--max-items has no effect in a simulation",
        ]
    );
}

#[test]
fn structures_are_shorthand_or_json() {
    let tagged =
        json!({ "TagSpecifications": [{ "ResourceType": "vpc", "Tags": [{ "Key": "Name", "Value": "my vpc" }] }] });
    let filters = json!({ "Filters": [
        { "Name": "tag:Name", "Values": ["a", "b"] }, { "Name": "isDefault", "Values": ["true"] },
    ] });
    check_requests(&[
        (
            "aws ec2 create-vpc --tag-specifications 'ResourceType=vpc,Tags=[{Key=Name,Value=my vpc}]'",
            "CreateVpc",
            tagged.clone(),
        ),
        (
            r#"aws ec2 create-vpc --tag-specifications '[{"ResourceType":"vpc","Tags":[{"Key":"Name","Value":"my vpc"}]}]'"#,
            "CreateVpc",
            tagged.clone(),
        ),
        ("aws ec2 create-vpc --tag-spec ResourceType=vpc,Tags={Key=Name,Value='my vpc'}", "CreateVpc", tagged),
        (
            "aws ec2 describe-vpcs --filters Name=tag:Name,Values=a,b Name=isDefault,Values=true",
            "DescribeVpcs",
            filters.clone(),
        ),
        (
            r#"aws ec2 describe-vpcs --filters '{"Name":"tag:Name","Values":["a","b"]}' '{"Name":"isDefault","Values":["true"]}'"#,
            "DescribeVpcs",
            filters,
        ),
        (
            "aws ec2 create-tags --resources vpc-1 subnet-1 --tags Key=Name,Value=a Key=Env,Value=",
            "CreateTags",
            json!({ "Resources": ["vpc-1", "subnet-1"], "Tags": [{ "Key": "Name", "Value": "a" }, { "Key": "Env", "Value": "" }] }),
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags 'Key=\"Name\",Value=\"it'\"'\"'s, ok\"'",
            "CreateTags",
            json!({ "Resources": ["vpc-1"], "Tags": [{ "Key": "Name", "Value": "it's, ok" }] }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --metadata-options HttpTokens=required,HttpPutResponseHopLimit=2 \
             --monitoring Enabled=true",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "Monitoring": { "Enabled": true },
                "MetadataOptions": { "HttpTokens": "required", "HttpPutResponseHopLimit": 2 },
            }),
        ),
    ]);
}

#[test]
fn boolean_attributes_are_pairs_of_options() {
    let hostnames = |on: bool| json!({ "VpcId": "vpc-1", "EnableDnsHostnames": { "Value": on } });
    check_requests(&[
        ("aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames", "ModifyVpcAttribute", hostnames(true)),
        (
            r#"aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames '{"Value":true}'"#,
            "ModifyVpcAttribute",
            hostnames(true),
        ),
        (
            "aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames Value=false",
            "ModifyVpcAttribute",
            hostnames(false),
        ),
        (
            "aws ec2 modify-vpc-attribute --vpc-id vpc-1 --no-enable-dns-hostnames",
            "ModifyVpcAttribute",
            hostnames(false),
        ),
        (
            "aws ec2 modify-instance-attribute --instance-id i-1 --no-source-dest-check",
            "ModifyInstanceAttribute",
            json!({ "InstanceId": "i-1", "SourceDestCheck": { "Value": false } }),
        ),
        (
            "aws ec2 modify-instance-attribute --instance-id i-1 --instance-type t3.micro",
            "ModifyInstanceAttribute",
            json!({ "InstanceId": "i-1", "InstanceType": { "Value": "t3.micro" } }),
        ),
        (
            "aws ec2 modify-subnet-attribute --subnet-id subnet-1 --no-map-public-ip-on-launch",
            "ModifySubnetAttribute",
            json!({ "SubnetId": "subnet-1", "MapPublicIpOnLaunch": { "Value": false } }),
        ),
    ]);
}

#[test]
fn route_53_is_a_service_of_its_own() {
    check_requests(&[
        (
            "aws route53 associate-vpc-with-hosted-zone --hosted-zone-id Z1 --vpc VPCRegion=us-east-1,VPCId=vpc-1",
            "AssociateVPCWithHostedZone",
            json!({ "HostedZoneId": "Z1", "VPC": { "VPCRegion": "us-east-1", "VPCId": "vpc-1" } }),
        ),
        (
            r#"aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{"Changes": [{"Action": "CREATE",
            "ResourceRecordSet": {"Name": "a.b", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}}]}'"#,
            "ChangeResourceRecordSets",
            json!({ "HostedZoneId": "Z1", "ChangeBatch": { "Changes": [{ "Action": "CREATE", "ResourceRecordSet": {
                "Name": "a.b", "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "10.0.0.1" }],
            } }] } }),
        ),
    ]);
}

#[test]
fn one_security_group_rule_has_short_options() {
    let rule = |permission: Value| json!({ "GroupId": "sg-1", "IpPermissions": [permission] });
    for (options, permission) in [
        ("--protocol tcp --port 0-65535", json!({ "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535 })),
        ("--protocol icmp --port -1", json!({ "IpProtocol": "icmp", "FromPort": -1, "ToPort": -1 })),
        ("--protocol icmp --port 8-0", json!({ "IpProtocol": "icmp", "FromPort": 8, "ToPort": 0 })),
        ("--protocol all", json!({ "IpProtocol": "-1" })),
        ("--protocol -1 --port all", json!({ "IpProtocol": "-1", "FromPort": -1, "ToPort": -1 })),
        ("--protocol 50", json!({ "IpProtocol": "50" })),
        (
            "--protocol udp --source-group sg-2 --group-owner 111122223333",
            json!({ "IpProtocol": "udp", "UserIdGroupPairs": [{ "GroupId": "sg-2", "UserId": "111122223333" }] }),
        ),
        ("--source-group web", json!({ "UserIdGroupPairs": [{ "GroupName": "web" }] })),
        (
            "--ip-permissions 'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.0.0.0/8,Description=\"a, b\"}]'",
            json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                    "IpRanges": [{ "CidrIp": "10.0.0.0/8", "Description": "a, b" }] }),
        ),
    ] {
        for (command, operation) in [
            ("authorize-security-group-ingress", "AuthorizeSecurityGroupIngress"),
            ("revoke-security-group-egress", "RevokeSecurityGroupEgress"),
        ] {
            let line = format!("aws ec2 {command} --group-id sg-1 {options}");
            let invocation = call(&line);
            assert_eq!((invocation.operation, invocation.parameters), (operation, rule(permission.clone())), "{line}");
        }
    }
}

#[test]
fn network_acl_entries_take_protocol_names_and_a_direction() {
    check_requests(&[
        (
            "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 100 --protocol tcp \
             --port-range From=80,To=443 --cidr-block 0.0.0.0/0 --rule-action allow",
            "CreateNetworkAclEntry",
            json!({
                "NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": false,
                "CidrBlock": "0.0.0.0/0", "PortRange": { "From": 80, "To": 443 },
            }),
        ),
        (
            "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --egress --rule-number 100",
            "DeleteNetworkAclEntry",
            json!({ "NetworkAclId": "acl-1", "RuleNumber": 100, "Egress": true }),
        ),
    ]);
}

#[test]
fn run_instances_puts_addresses_into_the_first_interface() {
    check_requests(&[
        (
            "aws ec2 run-instances --image-id ami-1 --count 1:3 --associate-public-ip-address --subnet-id subnet-1 \
             --security-group-ids sg-1 --private-ip-address 10.0.0.5 --user-data '#!/bin/bash'",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "UserData": "IyEvYmluL2Jhc2g=", "MinCount": 1, "MaxCount": 3,
                "NetworkInterfaces": [{
                    "DeviceIndex": 0, "AssociatePublicIpAddress": true, "SubnetId": "subnet-1", "Groups": ["sg-1"],
                    "PrivateIpAddresses": [{ "PrivateIpAddress": "10.0.0.5", "Primary": true }],
                }],
            }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --private-ip-address 10.0.0.5 --subnet-id subnet-1 --count 2",
            "RunInstances",
            json!({ "ImageId": "ami-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.0.5", "MinCount": 2, "MaxCount": 2 }),
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --secondary-private-ip-addresses 10.0.0.6 --subnet-id subnet-1",
            "RunInstances",
            json!({
                "ImageId": "ami-1", "MinCount": 1, "MaxCount": 1,
                "NetworkInterfaces": [{
                    "DeviceIndex": 0, "SubnetId": "subnet-1",
                    "PrivateIpAddresses": [{ "PrivateIpAddress": "10.0.0.6", "Primary": false }],
                }],
            }),
        ),
    ]);
}

#[test]
fn a_whole_request_may_be_given_as_json_and_options_win() {
    check_requests(&[(
        r#"aws ec2 create-subnet --cli-input-json '{"VpcId":"vpc-9","CidrBlock":"10.0.0.0/24"}' --vpc-id vpc-1"#,
        "CreateSubnet",
        json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }),
    )]);
}

#[test]
fn a_wrong_command_line_is_refused_with_usage() {
    for (line, message) in [
        ("aws", "the following arguments are required: command"),
        ("aws ec2", "the following arguments are required: operation"),
        ("aws ec2 create-subnet --foo", "the following arguments are required: --vpc-id"),
        ("aws ec2 create-tags", "the following arguments are required: --resources, --tags"),
        ("aws ec2 create-route --route-table-id --gateway-id x", "argument --route-table-id: expected one argument"),
        ("aws ec2 describe-vpcs --region", "argument --region: expected one argument"),
        ("aws ec2 describe-vpcs --dry-run=yes", "argument --dry-run: ignored explicit argument 'yes'"),
        (
            "aws ec2 create-vpc --ipv6-c x",
            "ambiguous option: --ipv6-c could match --ipv6-cidr-block, --ipv6-cidr-block-network-border-group",
        ),
    ] {
        let error = refusal(line);
        assert_eq!(error.exit, 252, "{line}");
        assert!(error.stderr.starts_with("\nusage: aws [options] <command> <subcommand>"), "{line}: {}", error.stderr);
        assert!(
            error.stderr.ends_with(&format!("  aws <command> <subcommand> help\n\naws: error: {message}\n")),
            "{line}: {}",
            error.stderr
        );
    }
}

#[test]
fn words_that_no_option_takes_are_unknown_options() {
    let error = refusal("aws ec2 create-subnet --vpc-id x --foo bar --baz=1");
    assert_eq!(error.exit, 252);
    assert!(error.stderr.ends_with("subcommand> help\n\nUnknown options: --foo, bar, --baz=1\n\n"), "{}", error.stderr);
}

#[test]
fn a_name_that_is_not_simulated_is_answered_with_near_ones_and_our_note() {
    for (line, texts) in [
        ("aws ec2 creat-vpc", &["Found invalid choice 'creat-vpc'", "  * create-vpc\n", "vpcsim: some of the ec2"][..]),
        ("aws ec2 describe-volumes", &["Found invalid choice 'describe-volumes'", "`aws ec2 help` lists them"]),
        (
            "aws s3 ls",
            &[
                "argument command: Found invalid choice 's3'",
                "vpcsim: only these services are simulated: ec2, route53, sts",
            ],
        ),
        ("aws ec2 wait vpc-availabel", &["argument subcommand", "  * vpc-available\n"]),
        ("aws ec2 describe-vpcs --output xml", &["argument --output: Found invalid choice 'xml'"]),
    ] {
        let error = refusal(line);
        assert_eq!(error.exit, 252, "{line}");
        for text in texts {
            assert!(error.stderr.contains(text), "{line}: {}", error.stderr);
        }
    }
}

#[test]
fn a_wrong_value_is_refused_in_the_clis_words() {
    for (line, exit, stderr) in [
        (
            "aws ec2 create-tags --resources vpc-1 --tags Key",
            252,
            "\nError parsing parameter '--tags': Expected: '=', received: 'EOF' for input:\nKey\n   ^\n",
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags Key=Name,Vlue=b",
            252,
            "\nParameter validation failed:\nUnknown parameter in Tags[0]: \"Vlue\", must be one of: Key, Value\n",
        ),
        (
            "aws ec2 create-tags --resources vpc-1 --tags Key=Name,Value=a,b",
            252,
            "\nParameter validation failed:\nInvalid type for parameter Tags[0].Value, value: ['a', 'b'], type: \
             <class 'list'>, valid types: <class 'str'>\n",
        ),
        (
            r#"aws ec2 create-tags --resources vpc-1 --tags '[{"Key":1}]'"#,
            252,
            "\nParameter validation failed:\nInvalid type for parameter Tags[0].Key, value: 1, type: <class 'int'>, \
             valid types: <class 'str'>\n",
        ),
        (
            "aws ec2 create-network-acl-entry --network-acl-id a --rule-number 1 --protocol -1 --rule-action deny",
            252,
            "\nParameter validation failed:\nMissing required parameter in input: \"Egress\"\n",
        ),
        (
            "aws ec2 run-instances --image-id ami-1 --monitoring Enabled=maybe",
            252,
            "\nParameter validation failed:\nInvalid type for parameter Monitoring.Enabled, value: maybe, type: \
             <class 'str'>, valid types: <class 'bool'>\n",
        ),
        (
            "aws ec2 modify-vpc-attribute --vpc-id v --enable-dns-hostnames --no-enable-dns-hostnames",
            252,
            "\nCannot specify both the \"--enable-dns-hostnames\" option and the \"--no-enable-dns-hostnames\" option.\n",
        ),
        (
            "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol 256",
            252,
            "\nprotocol parameter should be one of: tcp|udp|icmp|all or any valid protocol number.\n",
        ),
        (
            "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol 6 --port ssh",
            252,
            "\nport parameter should be of the form <from[-to]> (e.g. 22 or 22-25)\n",
        ),
        (
            "aws ec2 authorize-security-group-ingress --group-id s --protocol tcp --ip-permissions IpProtocol=tcp",
            252,
            "\nThe --protocol option is not compatible with the --ip-permissions option \n",
        ),
        (
            "aws ec2 run-instances --image-id a --network-interfaces DeviceIndex=0 --associate-public-ip-address",
            252,
            "\nMixing the --network-interfaces option with the simple, scalar options is not supported.\n",
        ),
        (
            "aws ec2 run-instances --image-id a --count two",
            252,
            "\ncount parameter should be of form min[:max] (e.g. 1 or 1:10)\n",
        ),
        (
            "aws ec2 describe-vpcs --region eu-west-9",
            255,
            "\nCould not connect to the endpoint URL: \"https://ec2.eu-west-9.amazonaws.com/\"\nvpcsim: `eu-west-9` is not \
             an AWS Region that vpcsim knows\n",
        ),
        ("aws ec2 describe-vpcs --max-results abc", 255, "\ninvalid literal for int() with base 10: 'abc'\n"),
        (
            "aws ec2 run-instances --image-id a --user-data file://user-data.sh",
            252,
            "\nvpcsim: --user-data file://user-data.sh: files are not read; write the value itself\n",
        ),
        ("aws ec2 create-vpc --generate-cli-skeleton", 252, "\nvpcsim: --generate-cli-skeleton is not simulated\n"),
    ] {
        assert_eq!(refusal(line), CliError { exit, stderr: stderr.to_owned() }, "{line}");
    }
}

#[test]
fn a_bad_query_is_refused_before_anything_is_sent() {
    let error = refusal("aws ec2 describe-vpcs --query 'Vpcs['");
    assert_eq!(error.exit, 252);
    let start = "\nBad value for --query Vpcs[: Invalid jmespath expression: ";
    assert!(error.stderr.starts_with(start), "{}", error.stderr);
    let printed = printed("--query 'length(Nothing)'", &two_vpcs());
    assert_eq!((printed.exit, printed.stdout.as_str()), (255, ""));
}

#[test]
fn every_operation_has_help_and_refuses_an_option_it_does_not_have() {
    for (service, operation) in operations() {
        let command = model::kebab_case(operation);
        let help = Command::parse(&words(&format!("aws {service} {command} help")));
        assert!(matches!(&help, Ok(Command::Print(text)) if text.contains(&command)), "{operation}: {help:?}");
        assert_eq!(refusal(&format!("aws {service} {command} --no-such-option")).exit, 252, "{operation}");
    }
}

#[test]
fn waiting_takes_the_options_of_the_request_it_repeats() {
    let command = Command::parse(&words("aws ec2 wait instance-running --instance-ids i-1"));
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
        let command = Command::parse(&words(line));
        assert!(matches!(&command, Ok(Command::Print(printed)) if printed.contains(text)), "{line}: {command:?}");
    }
}

fn printed(options: &str, answer: &Value) -> Printed {
    call(&format!("aws ec2 describe-vpcs {options}")).print(&Ok(answer.clone()))
}

#[track_caller]
fn check_output(answer: &Value, table: &[(&str, &str)]) {
    for (options, stdout) in table {
        let printed = printed(options, answer);
        assert_eq!(printed.stderr, "", "{options}");
        assert_eq!(printed.exit, 0, "{options}");
        assert!(printed.stdout == *stdout, "{options}:\n{}expected:\n{stdout}", printed.stdout);
    }
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

#[test]
fn json_keeps_the_order_of_the_answer_and_indents_by_four() {
    check_output(
        &json!({ "Vpc": { "VpcId": "vpc-1", "Tags": [], "IsDefault": false, "Name": "웹 \"a\"\t", "A": {} } }),
        &[
            (
                "",
                "{\n    \"Vpc\": {\n        \"VpcId\": \"vpc-1\",\n        \"Tags\": [],\n        \"IsDefault\": false,\n        \
                 \"Name\": \"웹 \\\"a\\\"\\t\",\n        \"A\": {}\n    }\n}\n",
            ),
            ("--query Vpc.VpcId", "\"vpc-1\"\n"),
            ("--query Vpc.Nothing", "null\n"),
            ("--query 'Vpc.{Z:VpcId,B:IsDefault}'", "{\n    \"Z\": \"vpc-1\",\n    \"B\": false\n}\n"),
            ("--query 'length(Vpc.Tags)'", "0\n"),
            ("--output off", ""),
        ],
    );
}

#[test]
fn an_empty_answer_prints_nothing() {
    check_output(&json!({}), &[("", ""), ("--output text", ""), ("--output table", "")]);
}

#[test]
fn text_is_tab_separated_with_sections() {
    check_output(
        &two_vpcs(),
        &[
            (
                "--output text",
                "VPCS\t10.41.0.0/16\tFalse\tvpc-041\n\
                 CIDRBLOCKASSOCIATIONSET\t10.41.0.0/16\n\
                 CIDRBLOCKSTATE\tassociated\n\
                 TAGS\tName\tVPC 41\n\
                 VPCS\t10.42.0.0/16\tTrue\tvpc-042\n",
            ),
            ("--output text --query 'Vpcs[].VpcId'", "vpc-041\tvpc-042\n"),
            ("--output text --query 'Vpcs[].[VpcId,IsDefault,Nothing]'", "vpc-041\tFalse\tNone\nvpc-042\tTrue\tNone\n"),
            ("--output text --query 'Vpcs[0].VpcId'", "vpc-041\n"),
            ("--output text --query 'Vpcs[9].VpcId'", "None\n"),
            ("--output text --query 'Vpcs[?VpcId==`x`]'", ""),
            ("--output text --query 'Vpcs[].{Z:VpcId,A:CidrBlock}'", "10.41.0.0/16\tvpc-041\n10.42.0.0/16\tvpc-042\n"),
            ("--output text --query 'Vpcs[].[VpcId,Tags[].Value]'", "vpc-041\nVPC 41\nvpc-042\tNone\n"),
        ],
    );
}

#[test]
fn a_table_is_drawn_as_the_cli_draws_it() {
    check_output(&two_vpcs(), &TABLES);
}

#[test]
fn a_table_wider_than_the_terminal_stands_upright() {
    check_output(
        &json!({ "S": [{ "a": "x".repeat(50), "b": "y".repeat(50), "c": [1] }] }),
        &[("--output table", UPRIGHT)],
    );
}

#[test]
fn wide_letters_take_two_columns_in_a_table() {
    check_output(
        &json!({ "Tags": [{ "Key": "Name", "Value": "웹 서버" }, { "Key": "b", "Value": "c" }] }),
        &[("--output table", WIDE)],
    );
}

#[test]
fn rows_of_different_lengths_make_no_table() {
    let printed = printed("--output table", &json!({ "A": [[1, 2], [3]] }));
    assert_eq!((printed.exit, printed.stdout.as_str()), (255, ""));
    assert_eq!(printed.stderr, "\nRow should have 2 elements, instead it has 1\n");
}

#[test]
fn a_refused_request_exits_with_254_after_our_warnings() {
    let invocation = call("aws ec2 delete-vpc --vpc-id vpc-1 --debug");
    let refused =
        crate::cloud::ApiError::new("DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.");
    assert_eq!(
        invocation.print(&Err(refused)),
        Printed {
            exit: 254,
            stdout: String::new(),
            stderr:
                "vpcsim: --debug has no effect in a simulation\n\nAn error occurred (DependencyViolation) when calling \
                     the DeleteVpc operation: The vpc 'vpc-1' has dependencies and cannot be deleted.\n"
                    .to_owned(),
        }
    );
}

#[test]
fn whatever_can_be_typed_is_simulated() {
    for (_, operation) in operations() {
        assert!(crate::cloud::Operation::NAMES.contains(&operation), "{operation}");
    }
    assert_eq!(operations().count(), crate::cloud::Operation::NAMES.len());
}

proptest! {
    /// Pieces of lines that are right, put together wrongly, and letters that mean something to one of the readers.
    #[test]
    fn no_line_panics(pieces in proptest::collection::vec(piece(), 0..12)) {
        let line = pieces.concat();
        let _ = split_line(&line);
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        for words in [&words[..], &["aws", "ec2"].map(str::to_owned).into_iter().chain(words.clone()).collect::<Vec<_>>()] {
            if let Ok(Command::Call(invocation)) = Command::parse(words) {
                let _ = invocation.print(&Ok(two_vpcs()));
            }
        }
    }

    #[test]
    fn no_answer_panics_in_any_format(answer in answer(), format in prop_oneof![Just("json"), Just("text"), Just("table")]) {
        let _ = printed(&format!("--output {format}"), &answer);
        let _ = printed(&format!("--output {format} --query '*.*[]'"), &answer);
    }
}

/// Bars separate the pieces.
const PIECES: &str = "aws |ec2 |create-vpc |describe-vpcs |run-instances |create-tags |wait |vpc-available |\
    authorize-security-group-ingress |modify-vpc-attribute |--resources |--tags |--filters |--query |--output |text |\
    table |--enable-dns-hostnames |--port |--count |--network-interfaces |--ip-permissions |--cli-input-json |--vpc-id |\
    --image-id |Key=|Value=|[{|}]|,|=|'|\"|\\|\\,|1|-1| |\n|{\"Value\":true}|Vpcs[].VpcId|`|é웹|--|-|@=|FromPort=";

fn piece() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = PIECES.split('|').collect();
    prop_oneof![4 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn answer() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        "\\PC{0,60}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[A-C]{0,2}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Each as the AWS CLI printed it for [`two_vpcs`].
const TABLES: [(&str, &str); 4] = [
    (
        "--output table",
        "\
--------------------------------------------
|               DescribeVpcs               |
+------------------------------------------+
||                  Vpcs                  ||
|+--------------+-------------+-----------+|
||   CidrBlock  |  IsDefault  |   VpcId   ||
|+--------------+-------------+-----------+|
||  10.41.0.0/16|  False      |  vpc-041  ||
|+--------------+-------------+-----------+|
|||        CidrBlockAssociationSet       |||
||+--------------------------------------+||
|||               CidrBlock              |||
||+--------------------------------------+||
|||  10.41.0.0/16                        |||
||+--------------------------------------+||
||||           CidrBlockState           ||||
|||+-------------+----------------------+|||
||||  State      |  associated          ||||
|||+-------------+----------------------+|||
|||                 Tags                 |||
||+----------------+---------------------+||
|||       Key      |        Value        |||
||+----------------+---------------------+||
|||  Name          |  VPC 41             |||
||+----------------+---------------------+||
||                  Vpcs                  ||
|+--------------+-------------+-----------+|
||   CidrBlock  |  IsDefault  |   VpcId   ||
|+--------------+-------------+-----------+|
||  10.42.0.0/16|  True       |  vpc-042  ||
|+--------------+-------------+-----------+|
",
    ),
    (
        "--output table --query 'Vpcs[].{ID:VpcId,CIDR:CidrBlock}'",
        "\
-----------------------------
|       DescribeVpcs        |
+---------------+-----------+
|     CIDR      |    ID     |
+---------------+-----------+
|  10.41.0.0/16 |  vpc-041  |
|  10.42.0.0/16 |  vpc-042  |
+---------------+-----------+
",
    ),
    (
        "--output table --query 'Vpcs[].VpcId'",
        "\
--------------
|DescribeVpcs|
+------------+
|  vpc-041   |
|  vpc-042   |
+------------+
",
    ),
    (
        "--output table --query 'Vpcs[0].{ID:VpcId}'",
        "\
-------------------
|  DescribeVpcs   |
+-----+-----------+
|  ID |  vpc-041  |
+-----+-----------+
",
    ),
];

const UPRIGHT: &str = "\
---------------------------------------------------------------
|                        DescribeVpcs                         |
+-------------------------------------------------------------+
||                             S                             ||
|+---+-------------------------------------------------------+|
||  a|  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx   ||
||  b|  yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy   ||
|+---+-------------------------------------------------------+|
|||                            c                            |||
||+---------------------------------------------------------+||
|||  1                                                      |||
||+---------------------------------------------------------+||
";

const WIDE: &str = "\
-----------------------
|    DescribeVpcs     |
+---------------------+
||       Tags        ||
|+-------+-----------+|
||  Key  |   Value   ||
|+-------+-----------+|
||  Name |  웹 서버  ||
||  b    |  c        ||
|+-------+-----------+|
";
