//! AWS::EC2::VPCPeeringConnection.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, missing, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};
use crate::id::{AccountId, Region};

pub(super) static VPC_PEERING_CONNECTION: ResourceType = ResourceType {
    name: "AWS::EC2::VPCPeeringConnection",
    properties: &[
        required("VpcId", Kind::Text),
        required("PeerVpcId", Kind::Text),
        optional("PeerOwnerId", Kind::Text),
        optional("PeerRegion", Kind::Text),
        // The role itself is not simulated: only that there is one.
        optional("PeerRoleArn", Kind::FreeText),
        missing("AssumeRoleRegion"),
        optional("Tags", TAGS),
    ],
    attributes: &[id("Id")],
    create: connect,
};

/// PCX-5: CloudFormation accepts by itself in one account, and in another one with the role it is given there. Without a role
/// the request stays pending for the other account to accept; AWS's stack would fail after waiting for that.
fn connect(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["VpcId", "PeerVpcId", "PeerOwnerId", "PeerRegion"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("vpc-peering-connection"));
    let answer = creation.call("CreateVpcPeeringConnection", Json::Object(request))?;
    let connection = text_at(&answer, "/VpcPeeringConnection/VpcPeeringConnectionId")?;
    // The request is checked for overlapping blocks before it can be accepted (PCX-2, PCX-4).
    creation.api.settle();
    let status = status(creation, &connection)?;
    if status.0 == "failed" {
        return Err(ApiError::new(
            "GeneralServiceException",
            format!("{connection} failed to be created: {}", status.1),
        ));
    }
    let peer = creation.text("PeerOwnerId").and_then(AccountId::parse).unwrap_or(creation.account);
    let region = creation.text("PeerRegion").and_then(|name| name.parse::<Region>().ok()).unwrap_or(creation.region);
    if peer == creation.account || creation.get("PeerRoleArn").is_some() {
        let request = json!({ "VpcPeeringConnectionId": connection });
        creation.call_as(peer, region, creation.span, "AcceptVpcPeeringConnection", request)?;
        creation.api.settle();
    }
    Ok(Created::new(connection))
}

/// A connection's status code and message.
fn status(creation: &mut Creation<'_>, connection: &str) -> Result<(String, String), ApiError> {
    let request = json!({ "VpcPeeringConnectionIds": [connection] });
    let answer = creation.call("DescribeVpcPeeringConnections", request)?;
    let code = text_at(&answer, "/VpcPeeringConnections/0/Status/Code")?;
    let message = text_at(&answer, "/VpcPeeringConnections/0/Status/Message").unwrap_or_default();
    Ok((code, message))
}
