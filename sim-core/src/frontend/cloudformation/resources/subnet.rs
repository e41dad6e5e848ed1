//! AWS::EC2::Subnet.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, missing, optional, required};
use super::creation::text_at;
use super::instance::PRIVATE_DNS_NAME_OPTIONS;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static SUBNET: ResourceType = ResourceType {
    name: "AWS::EC2::Subnet",
    properties: &[
        required("VpcId", Kind::Text),
        optional("CidrBlock", Kind::Text),
        optional("AvailabilityZone", Kind::Text),
        optional("AvailabilityZoneId", Kind::Text),
        optional("Ipv6CidrBlock", Kind::Text),
        optional("MapPublicIpOnLaunch", Kind::Boolean),
        optional("AssignIpv6AddressOnCreation", Kind::Boolean),
        optional("EnableDns64", Kind::Boolean),
        missing("EnableLniAtDeviceIndex"),
        missing("Ipv4IpamPoolId"),
        missing("Ipv4NetmaskLength"),
        missing("Ipv6IpamPoolId"),
        optional("Ipv6Native", Kind::Boolean),
        missing("Ipv6NetmaskLength"),
        missing("OutpostArn"),
        optional("PrivateDnsNameOptionsOnLaunch", Kind::Object(PRIVATE_DNS_NAME_OPTIONS)),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("SubnetId"),
        Attribute { name: "AvailabilityZone", source: describe("/Subnets/0/AvailabilityZone") },
        Attribute { name: "AvailabilityZoneId", source: describe("/Subnets/0/AvailabilityZoneId") },
        Attribute { name: "CidrBlock", source: describe("/Subnets/0/CidrBlock") },
        Attribute { name: "VpcId", source: describe("/Subnets/0/VpcId") },
        Attribute {
            name: "Ipv6CidrBlocks",
            source: Source::DescribeList {
                operation: "DescribeSubnets",
                ids: "SubnetIds",
                pointer: "/Subnets/0/Ipv6CidrBlockAssociationSet",
                from: 0,
                item: "/Ipv6CidrBlock",
            },
        },
        Attribute {
            name: "NetworkAclAssociationId",
            source: Source::Filtered {
                operation: "DescribeNetworkAcls",
                filters: &[("association.subnet-id", "{id}")],
                pointer: "/NetworkAcls/0/Associations/0/NetworkAclAssociationId",
            },
        },
    ],
    create: create_subnet,
};

/// The members of `PrivateDnsNameOptionsOnLaunch`, and the subnet's attributes that they set.
const NAME_ATTRIBUTES: &[(&str, &str)] = &[
    ("HostnameType", "PrivateDnsHostnameTypeOnLaunch"),
    ("EnableResourceNameDnsARecord", "EnableResourceNameDnsARecordOnLaunch"),
    ("EnableResourceNameDnsAAAARecord", "EnableResourceNameDnsAAAARecordOnLaunch"),
];

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeSubnets", ids: "SubnetIds", pointer }
}

fn create_subnet(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request =
        creation.pick(&["VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", "Ipv6CidrBlock", "Ipv6Native"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("subnet"));
    let answer = creation.call("CreateSubnet", Json::Object(request))?;
    let subnet = text_at(&answer, "/Subnet/SubnetId")?;
    for attribute in ["MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64"] {
        if let Some(value) = creation.get(attribute).cloned() {
            let place = creation.place(attribute);
            let request = json!({ "SubnetId": subnet, attribute: { "Value": value } });
            creation.call_at(place, "ModifySubnetAttribute", request)?;
        }
    }
    let names = creation.get("PrivateDnsNameOptionsOnLaunch").cloned().unwrap_or_default();
    for (member, attribute) in NAME_ATTRIBUTES {
        if let Some(value) = names.get(member) {
            let place = creation.place("PrivateDnsNameOptionsOnLaunch");
            // EC2 takes switches as `{"Value": …}` and text as it is.
            let value = if value.is_boolean() { json!({ "Value": value }) } else { value.clone() };
            creation.call_at(place, "ModifySubnetAttribute", json!({ "SubnetId": subnet, *attribute: value }))?;
        }
    }
    Ok(Created::new(subnet))
}
