//! AWS::EC2::NatGateway.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, TAGS, missing, optional, unseen};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};
use crate::engine::SimDuration;

pub(super) static NAT_GATEWAY: ResourceType = ResourceType {
    name: "AWS::EC2::NatGateway",
    properties: &[
        optional("SubnetId", Kind::Text),
        optional("AllocationId", Kind::Text),
        optional("ConnectivityType", Kind::Text),
        optional("PrivateIpAddress", Kind::Text),
        optional("SecondaryAllocationIds", Kind::List(&Kind::Text)),
        optional("SecondaryPrivateIpAddressCount", Kind::Integer),
        optional("SecondaryPrivateIpAddresses", Kind::List(&Kind::Text)),
        unseen("MaxDrainDurationSeconds"),
        missing("AvailabilityMode"),
        missing("AvailabilityZoneAddresses"),
        missing("VpcId"),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("NatGatewayId"),
        Attribute { name: "EniId", source: describe("/NatGateways/0/NatGatewayAddresses/0/NetworkInterfaceId") },
    ],
    create: create_gateway,
};

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeNatGateways", ids: "NatGatewayIds", pointer }
}

/// How often CloudFormation looks whether the gateway is there, and how long it waits in between.
const ATTEMPTS: u32 = 40;
const PAUSE: SimDuration = SimDuration::from_secs(15);

/// CloudFormation waits until the gateway is available, and fails if it fails (NAT-16).
fn create_gateway(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&[
        "SubnetId",
        "AllocationId",
        "ConnectivityType",
        "PrivateIpAddress",
        "SecondaryAllocationIds",
        "SecondaryPrivateIpAddressCount",
        "SecondaryPrivateIpAddresses",
    ]);
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("natgateway"));
    let answer = creation.call("CreateNatGateway", Json::Object(request))?;
    let gateway = text_at(&answer, "/NatGateway/NatGatewayId")?;
    for _ in 0..ATTEMPTS {
        let answer = creation.call("DescribeNatGateways", json!({ "NatGatewayIds": [gateway] }))?;
        match text_at(&answer, "/NatGateways/0/State")?.as_str() {
            "pending" => creation.api.wait(PAUSE),
            "failed" => {
                let message = text_at(&answer, "/NatGateways/0/FailureMessage")?;
                let text = format!("NatGateway {gateway} is in state failed and hence failed to stabilize. {message}");
                return Err(ApiError::new("NotStabilized", text));
            }
            _ => break,
        }
    }
    Ok(Created::new(gateway))
}
