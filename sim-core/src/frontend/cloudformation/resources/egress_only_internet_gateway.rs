//! AWS::EC2::EgressOnlyInternetGateway.

use serde_json::Value as Json;

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

pub(super) static EGRESS_ONLY_INTERNET_GATEWAY: ResourceType = ResourceType {
    name: "AWS::EC2::EgressOnlyInternetGateway",
    properties: &[required("VpcId", Kind::Text), optional("Tags", TAGS)],
    attributes: &[id("Id")],
    create: create_gateway,
};

fn create_gateway(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["VpcId"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("egress-only-internet-gateway"));
    let answer = creation.call("CreateEgressOnlyInternetGateway", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId")?))
}
