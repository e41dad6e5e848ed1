//! AWS::EC2::InternetGateway and AWS::EC2::VPCGatewayAttachment.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

pub(super) static INTERNET_GATEWAY: ResourceType = ResourceType {
    name: "AWS::EC2::InternetGateway",
    properties: &[optional("Tags", TAGS)],
    attributes: &[id("InternetGatewayId")],
    create: create_gateway,
};

pub(super) static VPC_GATEWAY_ATTACHMENT: ResourceType = ResourceType {
    name: "AWS::EC2::VPCGatewayAttachment",
    properties: &[
        required("VpcId", Kind::Text),
        optional("InternetGatewayId", Kind::Text),
        optional("VpnGatewayId", Kind::Text),
    ],
    attributes: &[],
    create: attach_gateway,
};

fn create_gateway(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let tags = creation.tag_specifications("internet-gateway");
    let answer = creation.call("CreateInternetGateway", json!({ "TagSpecifications": tags }))?;
    Ok(Created::new(text_at(&answer, "/InternetGateway/InternetGatewayId")?))
}

fn attach_gateway(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let vpc = creation.text("VpcId").unwrap_or_default().to_owned();
    let (operation, gateway, kind) = match creation.text("VpnGatewayId") {
        Some(_) => ("AttachVpnGateway", "VpnGatewayId", "VGW"),
        None => ("AttachInternetGateway", "InternetGatewayId", "IGW"),
    };
    let request = creation.pick(&[gateway, "VpcId"]);
    creation.call(operation, Json::Object(request))?;
    Ok(Created::new(format!("{kind}|{vpc}")))
}
