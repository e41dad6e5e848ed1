//! AWS::EC2::DHCPOptions and AWS::EC2::VPCDHCPOptionsAssociation.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

pub(super) static DHCP_OPTIONS: ResourceType = ResourceType {
    name: "AWS::EC2::DHCPOptions",
    properties: &[
        optional("DomainName", Kind::FreeText),
        optional("DomainNameServers", Kind::List(&Kind::Text)),
        optional("NtpServers", Kind::List(&Kind::Text)),
        optional("NetbiosNameServers", Kind::List(&Kind::Text)),
        optional("NetbiosNodeType", Kind::Integer),
        optional("Ipv6AddressPreferredLeaseTime", Kind::Integer),
        optional("Tags", TAGS),
    ],
    attributes: &[id("DhcpOptionsId")],
    create: create_options,
};

pub(super) static VPC_DHCP_OPTIONS_ASSOCIATION: ResourceType = ResourceType {
    name: "AWS::EC2::VPCDHCPOptionsAssociation",
    properties: &[required("DhcpOptionsId", Kind::Text), required("VpcId", Kind::Text)],
    attributes: &[],
    create: associate,
};

/// Properties and the options they are.
const OPTIONS: &[(&str, &str)] = &[
    ("DomainName", "domain-name"),
    ("DomainNameServers", "domain-name-servers"),
    ("NtpServers", "ntp-servers"),
    ("NetbiosNameServers", "netbios-name-servers"),
    ("NetbiosNodeType", "netbios-node-type"),
    ("Ipv6AddressPreferredLeaseTime", "ipv6-address-preferred-lease-time"),
];

fn create_options(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let configurations: Vec<Json> = OPTIONS
        .iter()
        .filter_map(|(property, key)| {
            let values: Vec<String> = match creation.get(property)? {
                Json::Array(values) => values.iter().map(text).collect(),
                value => vec![text(value)],
            };
            Some(json!({ "Key": key, "Values": values }))
        })
        .collect();
    let request = json!({ "DhcpConfigurations": configurations, "TagSpecifications": creation.tag_specifications("dhcp-options") });
    let answer = creation.call("CreateDhcpOptions", request)?;
    Ok(Created::new(text_at(&answer, "/DhcpOptions/DhcpOptionsId")?))
}

/// The association has no id in EC2; CloudFormation makes one of both ids.
fn associate(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let part = |name: &str| creation.text(name).unwrap_or_default();
    let physical_id = format!("{}|{}", part("DhcpOptionsId"), part("VpcId"));
    let request = creation.pick(&["DhcpOptionsId", "VpcId"]);
    creation.call("AssociateDhcpOptions", Json::Object(request))?;
    Ok(Created::new(physical_id))
}
