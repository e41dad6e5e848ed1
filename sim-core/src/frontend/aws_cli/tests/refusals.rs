//! Lines that are wrong, and the words in which they are refused.

use super::*;

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
            "aws ec2 describe-vpcs --output yaml-stream",
            252,
            "\nvpcsim: --output yaml-stream is not written here; use yaml, json, text or table\n",
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
