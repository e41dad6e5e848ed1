//! AWS::EC2::SubnetCidrBlock.

use serde_json::Value as Json;

use super::super::schema::{Kind, missing, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

pub(super) static SUBNET_CIDR_BLOCK: ResourceType = ResourceType {
    name: "AWS::EC2::SubnetCidrBlock",
    properties: &[
        required("SubnetId", Kind::Text),
        required("Ipv6CidrBlock", Kind::Text),
        missing("Ipv6IpamPoolId"),
        missing("Ipv6NetmaskLength"),
    ],
    attributes: &[id("Id")],
    create: associate_block,
};

fn associate_block(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let request = creation.pick(&["SubnetId", "Ipv6CidrBlock"]);
    let answer = creation.call("AssociateSubnetCidrBlock", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/Ipv6CidrBlockAssociation/AssociationId")?))
}
