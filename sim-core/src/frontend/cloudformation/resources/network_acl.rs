//! AWS::EC2::NetworkAcl, its entries, and its association with subnets.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, optional, required};
use super::creation::text_at;
use super::{ApiError, Created, Creation, ResourceType, id};

pub(super) static NETWORK_ACL: ResourceType = ResourceType {
    name: "AWS::EC2::NetworkAcl",
    properties: &[required("VpcId", Kind::Text), optional("Tags", TAGS)],
    attributes: &[id("Id")],
    create: create_acl,
};

pub(super) static NETWORK_ACL_ENTRY: ResourceType = ResourceType {
    name: "AWS::EC2::NetworkAclEntry",
    properties: &[
        required("NetworkAclId", Kind::Text),
        required("RuleNumber", Kind::Integer),
        required("Protocol", Kind::Integer),
        required("RuleAction", Kind::Text),
        optional("Egress", Kind::Boolean),
        optional("CidrBlock", Kind::Text),
        optional("Ipv6CidrBlock", Kind::Text),
        optional("Icmp", Kind::Object(&[optional("Code", Kind::Integer), optional("Type", Kind::Integer)])),
        optional("PortRange", Kind::Object(&[optional("From", Kind::Integer), optional("To", Kind::Integer)])),
    ],
    attributes: &[id("Id")],
    create: create_entry,
};

pub(super) static SUBNET_NETWORK_ACL_ASSOCIATION: ResourceType = ResourceType {
    name: "AWS::EC2::SubnetNetworkAclAssociation",
    properties: &[required("NetworkAclId", Kind::Text), required("SubnetId", Kind::Text)],
    attributes: &[id("AssociationId")],
    create: associate,
};

fn create_acl(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["VpcId"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("network-acl"));
    let answer = creation.call("CreateNetworkAcl", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/NetworkAcl/NetworkAclId")?))
}

fn create_entry(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request =
        creation.pick(&["NetworkAclId", "RuleNumber", "RuleAction", "CidrBlock", "Ipv6CidrBlock", "PortRange"]);
    let protocol = creation.get("Protocol").map(Json::to_string).unwrap_or_default();
    let egress = creation.get("Egress").and_then(Json::as_bool).unwrap_or(false);
    request.insert("Protocol".to_owned(), protocol.into());
    request.insert("Egress".to_owned(), egress.into());
    if let Some(icmp) = creation.get("Icmp") {
        request.insert("IcmpTypeCode".to_owned(), icmp.clone());
    }
    let acl = creation.text("NetworkAclId").unwrap_or_default();
    let number = creation.get("RuleNumber").map(Json::to_string).unwrap_or_default();
    let direction = if egress { "egress" } else { "ingress" };
    let physical_id = format!("{acl}|{number}|{direction}");
    creation.call("CreateNetworkAclEntry", Json::Object(request))?;
    Ok(Created::new(physical_id))
}

/// A subnet always has an ACL, so an association replaces the one there is.
fn associate(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let subnet = creation.get("SubnetId").cloned().unwrap_or_default();
    let filters = json!([{ "Name": "association.subnet-id", "Values": [subnet] }]);
    let answer = creation.call("DescribeNetworkAcls", json!({ "Filters": filters }))?;
    let associations = answer.pointer("/NetworkAcls/0/Associations").and_then(Json::as_array);
    let current = associations.into_iter().flatten().find(|association| association["SubnetId"] == subnet);
    let Some(current) = current.and_then(|association| association["NetworkAclAssociationId"].as_str()) else {
        let message = format!("The subnet ID '{}' does not exist", subnet.as_str().unwrap_or_default());
        return Err(ApiError::new("InvalidSubnetID.NotFound", message));
    };
    let mut request = creation.pick(&["NetworkAclId"]);
    request.insert("AssociationId".to_owned(), current.into());
    let answer = creation.call("ReplaceNetworkAclAssociation", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/NewAssociationId")?))
}
