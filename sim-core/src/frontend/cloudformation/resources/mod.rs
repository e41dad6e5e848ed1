//! The resource types that are simulated: what they hold, what they return, and which requests create them.
//!
//! Defined by the "Resource and property reference" of CloudFormation, one noun a file. Each file says how properties map to
//! EC2's requests; defaults and refusals are EC2's own and stay in `cloud`.

mod creation;
mod dhcp_options;
mod egress_only_internet_gateway;
mod elastic_ip;
mod flow_log;
mod instance;
mod internet_gateway;
mod nat_gateway;
mod network_acl;
mod network_interface;
mod peering;
mod prefix_list;
mod route53;
mod route_table;
mod security_group;
mod subnet;
mod subnet_cidr_block;
mod vpc;
mod vpc_endpoint;

use super::schema::Property;

pub(crate) use creation::{Created, Creation, read_attribute};

use crate::cloud::ApiError;
use crate::frontend::spelling::nearest_within;

/// A type of resource.
#[derive(Debug)]
pub(crate) struct ResourceType {
    pub(crate) name: &'static str,
    pub(crate) properties: &'static [Property],
    /// What `Fn::GetAtt` returns.
    pub(crate) attributes: &'static [Attribute],
    pub(crate) create: fn(&mut Creation<'_>) -> Result<Created, ApiError>,
}

/// A return value.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) source: Source,
}

/// Where a return value is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// It is the id that EC2 knows the resource by.
    Id,
    /// It is a part of an id that CloudFormation makes up, as in `rtb-…|0.0.0.0/0`.
    IdPart(usize),
    /// In what a Describe request with the id answers, at a JSON pointer.
    Describe { operation: &'static str, ids: &'static str, pointer: &'static str },
    /// The same for a list: the pointer of the list, which of its items is the first that counts, and the pointer of the
    /// value in each item.
    DescribeList { operation: &'static str, ids: &'static str, pointer: &'static str, from: usize, item: &'static str },
    /// In what a Describe request with filters answers; `{id}` stands for the id.
    Filtered { operation: &'static str, filters: &'static [(&'static str, &'static str)], pointer: &'static str },
}

impl ResourceType {
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

const fn id(name: &'static str) -> Attribute {
    Attribute { name, source: Source::Id }
}

/// Every type, by noun.
static TYPES: &[&ResourceType] = &[
    &vpc::VPC,
    &vpc::VPC_CIDR_BLOCK,
    &dhcp_options::DHCP_OPTIONS,
    &dhcp_options::VPC_DHCP_OPTIONS_ASSOCIATION,
    &subnet::SUBNET,
    &subnet_cidr_block::SUBNET_CIDR_BLOCK,
    &internet_gateway::INTERNET_GATEWAY,
    &internet_gateway::VPC_GATEWAY_ATTACHMENT,
    &egress_only_internet_gateway::EGRESS_ONLY_INTERNET_GATEWAY,
    &nat_gateway::NAT_GATEWAY,
    &route_table::ROUTE_TABLE,
    &route_table::ROUTE,
    &route_table::SUBNET_ROUTE_TABLE_ASSOCIATION,
    &route_table::GATEWAY_ROUTE_TABLE_ASSOCIATION,
    &security_group::SECURITY_GROUP,
    &security_group::SECURITY_GROUP_INGRESS,
    &security_group::SECURITY_GROUP_EGRESS,
    &network_acl::NETWORK_ACL,
    &network_acl::NETWORK_ACL_ENTRY,
    &network_acl::SUBNET_NETWORK_ACL_ASSOCIATION,
    &network_interface::NETWORK_INTERFACE,
    &network_interface::NETWORK_INTERFACE_ATTACHMENT,
    &instance::INSTANCE,
    &elastic_ip::EIP,
    &elastic_ip::EIP_ASSOCIATION,
    &peering::VPC_PEERING_CONNECTION,
    &vpc_endpoint::VPC_ENDPOINT,
    &prefix_list::PREFIX_LIST,
    &flow_log::FLOW_LOG,
    &route53::HOSTED_ZONE,
    &route53::RECORD_SET,
    &route53::RECORD_SET_GROUP,
];

/// Types of AWS that network labs use and that are not simulated: no misspelling of one that is.
const KNOWN_ELSEWHERE: &[&str] = &[
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::NetworkInterfacePermission",
    "AWS::EC2::TransitGateway",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayRoute",
    "AWS::EC2::TransitGatewayRouteTable",
    "AWS::EC2::TransitGatewayRouteTableAssociation",
    "AWS::EC2::TransitGatewayRouteTablePropagation",
    "AWS::EC2::VPCEndpointService",
    "AWS::EC2::VPCEndpointServicePermissions",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::VPNConnectionRoute",
    "AWS::EC2::VPNGateway",
    "AWS::EC2::VPNGatewayRoutePropagation",
    "AWS::EC2::Volume",
];

/// The type of this name, if it is simulated.
pub(crate) fn find(name: &str) -> Option<&'static ResourceType> {
    TYPES.iter().copied().find(|resource_type| resource_type.name == name)
}

/// The kind of a resource that its literal properties say it is, if that kind of its type is not simulated.
pub(crate) fn unsimulated_kind<'p>(
    resource_type: &ResourceType,
    literal: &dyn Fn(&str) -> Option<&'p str>,
) -> Option<&'p str> {
    let is_endpoint = std::ptr::eq(resource_type, &vpc_endpoint::VPC_ENDPOINT);
    literal("VpcEndpointType").filter(|kind| is_endpoint && vpc_endpoint::UNSIMULATED_TYPES.contains(kind))
}

/// The names of the simulated types.
pub(crate) fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|resource_type| resource_type.name)
}

/// The simulated type whose name this probably misspells.
pub(crate) fn misspelt(name: &str) -> Option<&'static str> {
    if KNOWN_ELSEWHERE.contains(&name) { None } else { nearest_within(2, name, type_names()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_attribute_is_named_once() {
        let names: Vec<&str> = type_names().collect();
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name}");
            assert!(!KNOWN_ELSEWHERE.contains(name), "{name}");
            let found = find(name).expect("it is in the table");
            let attributes: Vec<&str> = found.attributes.iter().map(|attribute| attribute.name).collect();
            for (index, attribute) in attributes.iter().enumerate() {
                assert!(!attributes[..index].contains(attribute), "{name}.{attribute}");
            }
        }
    }
}
