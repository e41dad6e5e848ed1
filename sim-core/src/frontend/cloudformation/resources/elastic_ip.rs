//! AWS::EC2::EIP and AWS::EC2::EIPAssociation.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, missing, optional};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static EIP: ResourceType = ResourceType {
    name: "AWS::EC2::EIP",
    properties: &[
        optional("Domain", Kind::Text),
        optional("InstanceId", Kind::Text),
        missing("Address"),
        missing("IpamPoolId"),
        missing("NetworkBorderGroup"),
        missing("PublicIpv4Pool"),
        missing("TransferAddress"),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("AllocationId"),
        Attribute {
            name: "PublicIp",
            source: Source::Describe {
                operation: "DescribeAddresses",
                ids: "AllocationIds",
                pointer: "/Addresses/0/PublicIp",
            },
        },
    ],
    create: allocate,
};

pub(super) static EIP_ASSOCIATION: ResourceType = ResourceType {
    name: "AWS::EC2::EIPAssociation",
    properties: &[
        optional("AllocationId", Kind::Text),
        optional("EIP", Kind::Text),
        optional("InstanceId", Kind::Text),
        optional("NetworkInterfaceId", Kind::Text),
        optional("PrivateIpAddress", Kind::Text),
    ],
    attributes: &[id("Id")],
    create: associate,
};

/// `Ref` of an address is the address itself, not its allocation's id.
fn allocate(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["Domain"]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("elastic-ip"));
    let answer = creation.call("AllocateAddress", Json::Object(request))?;
    let allocation = text_at(&answer, "/AllocationId")?;
    let address = text_at(&answer, "/PublicIp")?;
    if let Some(instance) = creation.get("InstanceId").cloned() {
        let place = creation.place("InstanceId");
        let request = json!({ "AllocationId": allocation, "InstanceId": instance });
        creation.call_at(place, "AssociateAddress", request)?;
    }
    Ok(Created { physical_id: address.into(), id: Some(allocation.into()) })
}

fn associate(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["AllocationId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress"]);
    if let Some(address) = creation.get("EIP") {
        request.insert("PublicIp".to_owned(), address.clone());
    }
    let answer = creation.call("AssociateAddress", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/AssociationId")?))
}
