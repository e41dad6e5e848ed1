//! AWS::EC2::VPCEndpoint, of the type Gateway.

use serde_json::Value as Json;

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

/// The types of endpoints that AWS has and vpcsim has not.
pub(super) const UNSIMULATED_TYPES: &[&str] = &["Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"];

pub(super) static VPC_ENDPOINT: ResourceType = ResourceType {
    name: "AWS::EC2::VPCEndpoint",
    properties: &[
        required("VpcId", Kind::Text),
        optional("ServiceName", Kind::Text),
        optional("VpcEndpointType", Kind::Text),
        optional("RouteTableIds", Kind::List(&Kind::Text)),
        optional("PolicyDocument", Kind::Any),
        optional("IpAddressType", Kind::Text),
        optional("PrivateDnsEnabled", Kind::Boolean),
        optional("SecurityGroupIds", Kind::List(&Kind::Text)),
        optional("ServiceRegion", Kind::Text),
        optional("SubnetIds", Kind::List(&Kind::Text)),
        optional("DnsOptions", Kind::Any),
        optional("ResourceConfigurationArn", Kind::Text),
        optional("ServiceNetworkArn", Kind::Text),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("Id"),
        Attribute {
            name: "CreationTimestamp",
            source: Source::Describe {
                operation: "DescribeVpcEndpoints",
                ids: "VpcEndpointIds",
                pointer: "/VpcEndpoints/0/CreationTimestamp",
            },
        },
    ],
    create,
};

fn create(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&[
        "VpcId",
        "ServiceName",
        "VpcEndpointType",
        "RouteTableIds",
        "IpAddressType",
        "PrivateDnsEnabled",
        "SecurityGroupIds",
        "ServiceRegion",
        "SubnetIds",
        "DnsOptions",
        "ResourceConfigurationArn",
        "ServiceNetworkArn",
    ]);
    // EC2 takes the policy as text.
    let policy = match creation.get("PolicyDocument") {
        Some(Json::String(text)) => Some(text.clone()),
        document => document.map(Json::to_string),
    };
    request.extend(policy.map(|policy| ("PolicyDocument".to_owned(), Json::String(policy))));
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("vpc-endpoint"));
    let answer = creation.call("CreateVpcEndpoint", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/VpcEndpoint/VpcEndpointId")?))
}
