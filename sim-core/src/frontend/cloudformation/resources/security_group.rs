//! AWS::EC2::SecurityGroup, and its rules as resources of their own.
//!
//! Each rule is a request of its own, so that a packet's verdict can point at the line of the rule that decided it.

use serde_json::{Map, Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static SECURITY_GROUP: ResourceType = ResourceType {
    name: "AWS::EC2::SecurityGroup",
    properties: &[
        required("GroupDescription", Kind::FreeText),
        optional("GroupName", Kind::FreeText),
        optional("VpcId", Kind::Text),
        optional("SecurityGroupIngress", Kind::List(&Kind::Object(INGRESS))),
        optional("SecurityGroupEgress", Kind::List(&Kind::Object(EGRESS))),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("GroupId"),
        id("Id"),
        Attribute {
            name: "VpcId",
            source: Source::Describe {
                operation: "DescribeSecurityGroups",
                ids: "GroupIds",
                pointer: "/SecurityGroups/0/VpcId",
            },
        },
    ],
    create: create_group,
};

pub(super) static SECURITY_GROUP_INGRESS: ResourceType = ResourceType {
    name: "AWS::EC2::SecurityGroupIngress",
    properties: &[
        optional("GroupId", Kind::Text),
        optional("GroupName", Kind::Text),
        PROTOCOL,
        FROM_PORT,
        TO_PORT,
        BLOCK,
        BLOCK_V6,
        SOURCE_GROUP,
        SOURCE_GROUP_NAME,
        SOURCE_GROUP_OWNER,
        SOURCE_PREFIX_LIST,
        DESCRIPTION,
    ],
    attributes: &[id("Id")],
    create: create_ingress,
};

pub(super) static SECURITY_GROUP_EGRESS: ResourceType = ResourceType {
    name: "AWS::EC2::SecurityGroupEgress",
    properties: &[
        required("GroupId", Kind::Text),
        PROTOCOL,
        FROM_PORT,
        TO_PORT,
        BLOCK,
        BLOCK_V6,
        DESTINATION_GROUP,
        DESTINATION_PREFIX_LIST,
        DESCRIPTION,
    ],
    attributes: &[id("Id")],
    create: create_egress,
};

const INGRESS: &[Property] = &[
    PROTOCOL,
    FROM_PORT,
    TO_PORT,
    BLOCK,
    BLOCK_V6,
    SOURCE_GROUP,
    SOURCE_GROUP_NAME,
    SOURCE_GROUP_OWNER,
    SOURCE_PREFIX_LIST,
    DESCRIPTION,
];

const EGRESS: &[Property] =
    &[PROTOCOL, FROM_PORT, TO_PORT, BLOCK, BLOCK_V6, DESTINATION_GROUP, DESTINATION_PREFIX_LIST, DESCRIPTION];

const PROTOCOL: Property = required("IpProtocol", Kind::Text);
const FROM_PORT: Property = optional("FromPort", Kind::Integer);
const TO_PORT: Property = optional("ToPort", Kind::Integer);
const BLOCK: Property = optional("CidrIp", Kind::Text);
const BLOCK_V6: Property = optional("CidrIpv6", Kind::Text);
const SOURCE_GROUP: Property = optional("SourceSecurityGroupId", Kind::Text);
const SOURCE_GROUP_NAME: Property = optional("SourceSecurityGroupName", Kind::Text);
const SOURCE_GROUP_OWNER: Property = optional("SourceSecurityGroupOwnerId", Kind::Text);
const SOURCE_PREFIX_LIST: Property = optional("SourcePrefixListId", Kind::Text);
const DESTINATION_GROUP: Property = optional("DestinationSecurityGroupId", Kind::Text);
const DESTINATION_PREFIX_LIST: Property = optional("DestinationPrefixListId", Kind::Text);
const DESCRIPTION: Property = optional("Description", Kind::FreeText);

fn create_group(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    // Differs from AWS: there the invented name ends in twelve random characters.
    let invented = format!("{}-{}", creation.stack_name, creation.logical_id);
    let mut request = creation.pick(&["VpcId"]);
    let name = creation.text("GroupName").map_or(invented, str::to_owned);
    request.insert("GroupName".to_owned(), name.as_str().into());
    request.insert("Description".to_owned(), creation.get("GroupDescription").cloned().unwrap_or_default());
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("security-group"));
    let answer = creation.call("CreateSecurityGroup", Json::Object(request))?;
    let group = text_at(&answer, "/GroupId")?;
    for (rule, span) in creation.items("SecurityGroupIngress") {
        let request = json!({ "GroupId": group, "IpPermissions": [permission(&rule)] });
        creation.call_at(span, "AuthorizeSecurityGroupIngress", request)?;
    }
    let egress = creation.items("SecurityGroupEgress");
    if !egress.is_empty() {
        // SG-3: rules of one's own replace the default ones. There is one for IPv6 where the VPC has an IPv6 block.
        let mut everything = json!({ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
        let shown = creation.call("DescribeSecurityGroups", json!({ "GroupIds": [group] }))?;
        let given = shown.pointer("/SecurityGroups/0/IpPermissionsEgress").and_then(Json::as_array);
        let is_everywhere = |range: &Json| range["CidrIpv6"] == "::/0";
        let ranges = given.into_iter().flatten().filter_map(|permission| permission["Ipv6Ranges"].as_array()).flatten();
        if ranges.into_iter().any(is_everywhere) {
            everything["Ipv6Ranges"] = json!([{ "CidrIpv6": "::/0" }]);
        }
        let place = creation.place("SecurityGroupEgress");
        let request = json!({ "GroupId": group, "IpPermissions": [everything] });
        creation.call_at(place, "RevokeSecurityGroupEgress", request)?;
    }
    for (rule, span) in egress {
        let request = json!({ "GroupId": group, "IpPermissions": [permission(&rule)] });
        creation.call_at(span, "AuthorizeSecurityGroupEgress", request)?;
    }
    // "Ref returns the ID of the security group if you specified the VpcId property. Otherwise, it returns the name."
    Ok(match creation.get("VpcId") {
        Some(_) => Created::new(group),
        None => Created { physical_id: name.into(), id: Some(group.into()) },
    })
}

fn create_ingress(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    create_rule(creation, "AuthorizeSecurityGroupIngress")
}

/// SG-3 is about rules inside the group; whether a rule beside it also replaces the default is not published, and here it
/// does not.
fn create_egress(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    create_rule(creation, "AuthorizeSecurityGroupEgress")
}

fn create_rule(creation: &mut Creation<'_>, operation: &str) -> Result<Created, ApiError> {
    let rule = permission(&Json::Object(creation.all()));
    let mut request = creation.pick(&["GroupId", "GroupName"]);
    request.insert("IpPermissions".to_owned(), json!([rule]));
    let answer = creation.call(operation, Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/SecurityGroupRules/0/SecurityGroupRuleId")?))
}

/// A rule as EC2 takes it: what CloudFormation writes flat is nested by kind of peer there.
fn permission(rule: &Json) -> Json {
    let mut permission = Map::new();
    for name in ["IpProtocol", "FromPort", "ToPort"] {
        if let Some(value) = rule.get(name) {
            permission.insert(name.to_owned(), value.clone());
        }
    }
    let mut peer = |list: &str, members: &[(&str, &str)]| {
        let mut found: Map<String, Json> = members
            .iter()
            .filter_map(|(property, member)| Some(((*member).to_owned(), rule.get(property)?.clone())))
            .collect();
        if !found.is_empty() {
            if let Some(description) = rule.get("Description") {
                found.insert("Description".to_owned(), description.clone());
            }
            permission.insert(list.to_owned(), json!([found]));
        }
    };
    peer("IpRanges", &[("CidrIp", "CidrIp")]);
    peer("Ipv6Ranges", &[("CidrIpv6", "CidrIpv6")]);
    peer(
        "UserIdGroupPairs",
        &[
            ("SourceSecurityGroupId", "GroupId"),
            ("SourceSecurityGroupName", "GroupName"),
            ("SourceSecurityGroupOwnerId", "UserId"),
            ("DestinationSecurityGroupId", "GroupId"),
        ],
    );
    peer("PrefixListIds", &[("SourcePrefixListId", "PrefixListId"), ("DestinationPrefixListId", "PrefixListId")]);
    Json::Object(permission)
}
