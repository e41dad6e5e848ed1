//! AWS::EC2::VPC and AWS::EC2::VPCCidrBlock.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, missing, optional, required, unseen};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static VPC: ResourceType = ResourceType {
    name: "AWS::EC2::VPC",
    properties: &[
        optional("CidrBlock", Kind::Text),
        optional("EnableDnsSupport", Kind::Boolean),
        optional("EnableDnsHostnames", Kind::Boolean),
        unseen("InstanceTenancy"),
        missing("Ipv4IpamPoolId"),
        missing("Ipv4NetmaskLength"),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("VpcId"),
        Attribute { name: "CidrBlock", source: describe("/Vpcs/0/CidrBlock") },
        Attribute {
            name: "CidrBlockAssociations",
            source: Source::DescribeList {
                operation: "DescribeVpcs",
                ids: "VpcIds",
                pointer: "/Vpcs/0/CidrBlockAssociationSet",
                item: "/AssociationId",
            },
        },
        Attribute {
            name: "Ipv6CidrBlocks",
            source: Source::DescribeList {
                operation: "DescribeVpcs",
                ids: "VpcIds",
                pointer: "/Vpcs/0/Ipv6CidrBlockAssociationSet",
                item: "/Ipv6CidrBlock",
            },
        },
        Attribute {
            name: "DefaultSecurityGroup",
            source: Source::Filtered {
                operation: "DescribeSecurityGroups",
                filters: &[("vpc-id", "{id}"), ("group-name", "default")],
                pointer: "/SecurityGroups/0/GroupId",
            },
        },
        Attribute {
            name: "DefaultNetworkAcl",
            source: Source::Filtered {
                operation: "DescribeNetworkAcls",
                filters: &[("vpc-id", "{id}"), ("default", "true")],
                pointer: "/NetworkAcls/0/NetworkAclId",
            },
        },
    ],
    create: create_vpc,
};

pub(super) static VPC_CIDR_BLOCK: ResourceType = ResourceType {
    name: "AWS::EC2::VPCCidrBlock",
    properties: &[
        required("VpcId", Kind::Text),
        optional("CidrBlock", Kind::Text),
        optional("AmazonProvidedIpv6CidrBlock", Kind::Boolean),
        missing("Ipv4IpamPoolId"),
        missing("Ipv4NetmaskLength"),
        missing("Ipv6CidrBlock"),
        missing("Ipv6CidrBlockNetworkBorderGroup"),
        missing("Ipv6IpamPoolId"),
        missing("Ipv6NetmaskLength"),
        missing("Ipv6Pool"),
    ],
    attributes: &[id("Id")],
    create: associate_block,
};

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeVpcs", ids: "VpcIds", pointer }
}

fn create_vpc(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["CidrBlock"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("vpc"));
    let answer = creation.call("CreateVpc", Json::Object(request))?;
    let vpc = text_at(&answer, "/Vpc/VpcId")?;
    // EC2 takes one attribute a request, and host names need DNS support first.
    for attribute in ["EnableDnsSupport", "EnableDnsHostnames"] {
        if let Some(value) = creation.get(attribute).cloned() {
            let place = creation.place(attribute);
            creation.call_at(place, "ModifyVpcAttribute", json!({ "VpcId": vpc, attribute: { "Value": value } }))?;
        }
    }
    Ok(Created::new(vpc))
}

fn associate_block(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let request = creation.pick(&["VpcId", "CidrBlock", "AmazonProvidedIpv6CidrBlock"]);
    let answer = creation.call("AssociateVpcCidrBlock", Json::Object(request))?;
    let association = text_at(&answer, "/CidrBlockAssociation/AssociationId")
        .or_else(|_| text_at(&answer, "/Ipv6CidrBlockAssociation/AssociationId"))?;
    // CloudFormation waits until the block is associated, so that subnets can be cut from it.
    creation.api.settle();
    Ok(Created::new(association))
}
