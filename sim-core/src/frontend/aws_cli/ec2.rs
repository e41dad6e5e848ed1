//! What awscli adds to EC2's commands by hand: short options for one security group rule, `--count`, addresses and user
//! data of `run-instances`, protocol names in network ACL entries, and a few renamed options.
//!
//! Sources: the AWS CLI command reference of the commands named here; the EC2 API reference for what they stand for.

use serde_json::{Map, Value, json};

use super::arguments::{Argument, Arity, Target};
use super::error::CliError;
use super::model::{Member, Operation};
use crate::frontend::base64::base64;

/// An option that stands for part of the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shortcut {
    Protocol,
    Port,
    Cidr,
    SourceGroup,
    GroupOwner,
    Count,
    SecondaryPrivateIpAddresses,
    SecondaryPrivateIpAddressCount,
    AssociatePublicIpAddress(bool),
}

const RULE_SHORTCUTS: [(&str, Shortcut); 5] = [
    ("protocol", Shortcut::Protocol),
    ("port", Shortcut::Port),
    ("cidr", Shortcut::Cidr),
    ("source-group", Shortcut::SourceGroup),
    ("group-owner", Shortcut::GroupOwner),
];

type Parameters = Map<String, Value>;

/// The options awscli adds to an operation's own.
pub(crate) fn shortcuts(operation: &Operation) -> Vec<Argument> {
    let one = |(option, shortcut): (&str, Shortcut)| Argument::new(option, Arity::One, Target::Ec2(shortcut));
    if changes_group_rules(operation) {
        return RULE_SHORTCUTS.into_iter().map(one).collect();
    }
    if !runs_instances(operation) {
        return Vec::new();
    }
    let flag =
        |option: &str, on| Argument::new(option, Arity::None, Target::Ec2(Shortcut::AssociatePublicIpAddress(on)));
    vec![
        one(("count", Shortcut::Count)),
        Argument::new("secondary-private-ip-addresses", Arity::Any, Target::Ec2(Shortcut::SecondaryPrivateIpAddresses)),
        one(("secondary-private-ip-address-count", Shortcut::SecondaryPrivateIpAddressCount)),
        flag("associate-public-ip-address", true),
        flag("no-associate-public-ip-address", false),
    ]
}

/// Whether an option of another name takes this member's place.
pub(crate) fn is_replaced(operation: &Operation, member: &Member) -> bool {
    runs_instances(operation) && matches!(member.name, "MinCount" | "MaxCount")
}

/// The option that clears what the boolean `--option` sets.
pub(crate) fn negative_option(option: &str) -> String {
    match option {
        "egress" => "ingress".to_owned(),
        "disable-api-termination" => "enable-api-termination".to_owned(),
        _ => format!("no-{option}"),
    }
}

/// Refuses short options beside the long one that they stand for.
///
/// # Errors
/// In awscli's words.
pub(crate) fn check_combination(operation: &Operation, is_given: impl Fn(&str) -> bool) -> Result<(), CliError> {
    let short = RULE_SHORTCUTS.iter().find(|(option, _)| is_given(option));
    if let Some((option, _)) = short.filter(|_| changes_group_rules(operation) && is_given("ip-permissions")) {
        return Err(CliError::invalid(format!(
            "The --{option} option is not compatible with the --ip-permissions option "
        )));
    }
    let simple =
        ["secondary-private-ip-addresses", "secondary-private-ip-address-count", "associate-public-ip-address"];
    if runs_instances(operation) && is_given("network-interfaces") && simple.into_iter().any(is_given) {
        return Err(CliError::invalid(
            "Mixing the --network-interfaces option with the simple, scalar options is not supported.",
        ));
    }
    Ok(())
}

/// Puts what a short option stands for into the input.
///
/// # Errors
/// When the words are not of the option's form.
pub(crate) fn apply(shortcut: Shortcut, words: &[String], parameters: &mut Parameters) -> Result<(), CliError> {
    let word = words.first().map_or("", String::as_str);
    match shortcut {
        Shortcut::Protocol => {
            permission(parameters).insert("IpProtocol".into(), json!(protocol(word)?));
        }
        Shortcut::Port => {
            let (from, to) = port_range(word)?;
            permission(parameters).insert("FromPort".into(), json!(from));
            permission(parameters).insert("ToPort".into(), json!(to));
        }
        Shortcut::Cidr => {
            permission(parameters).insert("IpRanges".into(), json!([{ "CidrIp": word }]));
        }
        Shortcut::SourceGroup => {
            let member = if word.starts_with("sg-") { "GroupId" } else { "GroupName" };
            source_group(parameters).insert(member.into(), json!(word));
        }
        Shortcut::GroupOwner => {
            source_group(parameters).insert("UserId".into(), json!(word));
        }
        Shortcut::Count => {
            let (least, most) = word.split_once(':').unwrap_or((word, word));
            let number = |text: &str| text.trim().parse::<i64>().ok();
            let (Some(least), Some(most)) = (number(least), number(most)) else {
                return Err(CliError::invalid("count parameter should be of form min[:max] (e.g. 1 or 1:10)"));
            };
            parameters.insert("MinCount".into(), json!(least));
            parameters.insert("MaxCount".into(), json!(most));
        }
        Shortcut::SecondaryPrivateIpAddresses if words.is_empty() => {}
        Shortcut::SecondaryPrivateIpAddresses => {
            let addresses: Vec<Value> =
                words.iter().map(|address| json!({ "PrivateIpAddress": address, "Primary": false })).collect();
            first_interface(parameters).insert("PrivateIpAddresses".into(), json!(addresses));
        }
        Shortcut::SecondaryPrivateIpAddressCount => {
            let count: i64 = word.trim().parse().map_err(|_| {
                CliError::usage(format!("argument --secondary-private-ip-address-count: invalid int value: '{word}'"))
            })?;
            first_interface(parameters).insert("SecondaryPrivateIpAddressCount".into(), json!(count));
        }
        Shortcut::AssociatePublicIpAddress(on) => {
            first_interface(parameters).insert("AssociatePublicIpAddress".into(), json!(on));
        }
    }
    Ok(())
}

/// What awscli and botocore do to a whole input just before it is checked and sent.
pub(crate) fn finish(operation: &Operation, parameters: &mut Parameters) {
    if runs_instances(operation) {
        for bound in ["MaxCount", "MinCount"] {
            parameters.entry(bound).or_insert(json!(1));
        }
        move_into_interface(parameters);
        if let Some(Value::String(user_data)) = parameters.get_mut("UserData") {
            *user_data = base64(user_data.as_bytes());
        }
    }
    if matches!(operation.name, "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry")
        && let Some(Value::String(protocol)) = parameters.get_mut("Protocol")
    {
        let number = match protocol.as_str() {
            "tcp" => "6",
            "udp" => "17",
            "icmp" => "1",
            "all" => "-1",
            _ => return,
        };
        *protocol = number.to_owned();
    }
}

fn changes_group_rules(operation: &Operation) -> bool {
    operation.has("IpPermissions") && operation.has("IpProtocol")
}

fn runs_instances(operation: &Operation) -> bool {
    operation.name == "RunInstances"
}

fn protocol(word: &str) -> Result<&str, CliError> {
    match (word, word.parse::<i64>()) {
        ("all", _) => Ok("-1"),
        ("tcp" | "udp" | "icmp", _) | (_, Ok(-1..=255)) => Ok(word),
        _ => Err(CliError::invalid(
            "protocol parameter should be one of: tcp|udp|icmp|all or any valid protocol number.",
        )),
    }
}

/// `22`, `0-65535`, `all`; for ICMP a type, or `type-code` (SG rules keep both in the port members).
fn port_range(word: &str) -> Result<(i64, i64), CliError> {
    let (from, to) = match word {
        "-1" | "all" => ("-1", "-1"),
        _ => word.split_once('-').unwrap_or((word, word)),
    };
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        _ => Err(CliError::invalid("port parameter should be of the form <from[-to]> (e.g. 22 or 22-25)")),
    }
}

fn permission(parameters: &mut Parameters) -> &mut Parameters {
    first_object(parameters.entry("IpPermissions").or_insert(json!([{}])))
}

fn source_group(parameters: &mut Parameters) -> &mut Parameters {
    first_object(permission(parameters).entry("UserIdGroupPairs").or_insert(json!([{}])))
}

fn first_interface(parameters: &mut Parameters) -> &mut Parameters {
    first_object(parameters.entry("NetworkInterfaces").or_insert(json!([{ "DeviceIndex": 0 }])))
}

/// The first object of a list. What is not such a list – only `--cli-input-json` can bring it – gives way.
fn first_object(list: &mut Value) -> &mut Parameters {
    if !list.get(0).is_some_and(Value::is_object) {
        *list = json!([{}]);
    }
    list.get_mut(0).and_then(Value::as_object_mut).expect("the line above leaves a list that starts with an object")
}

/// EC2 refuses a subnet, groups or an address beside a network interface: they move into it.
fn move_into_interface(parameters: &mut Parameters) {
    let is_meant = |interface: &Value| {
        ["PrivateIpAddresses", "SecondaryPrivateIpAddressCount", "AssociatePublicIpAddress"]
            .iter()
            .any(|member| interface.get(member).is_some())
    };
    if !parameters.get("NetworkInterfaces").and_then(|interfaces| interfaces.get(0)).is_some_and(is_meant) {
        return;
    }
    for (member, place) in [
        ("SubnetId", "SubnetId"),
        ("SecurityGroupIds", "Groups"),
        ("PrivateIpAddress", "PrivateIpAddresses"),
        ("Ipv6AddressCount", "Ipv6AddressCount"),
        ("Ipv6Addresses", "Ipv6Addresses"),
        ("EnablePrimaryIpv6", "PrimaryIpv6"),
    ] {
        let Some(value) = parameters.shift_remove(member) else { continue };
        // awscli lets the primary address replace the secondary ones that were given beside it.
        let value = match member {
            "PrivateIpAddress" => json!([{ "PrivateIpAddress": value, "Primary": true }]),
            _ => value,
        };
        first_interface(parameters).insert(place.into(), value);
    }
}
