//! AWS::EC2::NetworkInterface and AWS::EC2::NetworkInterfaceAttachment.

use serde_json::{Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, missing, optional, required, unseen};
use super::creation::text_at;
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};
use crate::engine::SimDuration;

pub(super) static NETWORK_INTERFACE: ResourceType = ResourceType {
    name: "AWS::EC2::NetworkInterface",
    properties: &[
        required("SubnetId", Kind::Text),
        optional("Description", Kind::FreeText),
        optional("GroupSet", Kind::List(&Kind::Text)),
        optional("PrivateIpAddress", Kind::Text),
        optional("PrivateIpAddresses", Kind::List(&Kind::Object(PRIVATE_ADDRESS))),
        optional("SecondaryPrivateIpAddressCount", Kind::Integer),
        optional("Ipv6AddressCount", Kind::Integer),
        optional("Ipv6Addresses", Kind::List(&Kind::Object(IPV6_ADDRESS))),
        optional("SourceDestCheck", Kind::Boolean),
        unseen("InterfaceType"),
        optional("ConnectionTrackingSpecification", Kind::Object(CONNECTION_TRACKING)),
        missing("EnablePrimaryIpv6"),
        missing("Ipv4PrefixCount"),
        missing("Ipv4Prefixes"),
        missing("Ipv6PrefixCount"),
        missing("Ipv6Prefixes"),
        missing("PublicIpDnsHostnameTypeSpecification"),
        optional("Tags", TAGS),
    ],
    attributes: &[
        id("Id"),
        Attribute { name: "PrimaryPrivateIpAddress", source: describe("/NetworkInterfaces/0/PrivateIpAddress") },
        Attribute { name: "PrimaryIpv6Address", source: describe("/NetworkInterfaces/0/Ipv6Addresses/0/Ipv6Address") },
        Attribute { name: "VpcId", source: describe("/NetworkInterfaces/0/VpcId") },
        Attribute {
            name: "SecondaryPrivateIpAddresses",
            source: Source::DescribeList {
                operation: "DescribeNetworkInterfaces",
                ids: "NetworkInterfaceIds",
                pointer: "/NetworkInterfaces/0/PrivateIpAddresses",
                // EC2 lists the primary address first.
                from: 1,
                item: "/PrivateIpAddress",
            },
        },
    ],
    create: create_interface,
};

pub(super) static NETWORK_INTERFACE_ATTACHMENT: ResourceType = ResourceType {
    name: "AWS::EC2::NetworkInterfaceAttachment",
    properties: &[
        required("DeviceIndex", Kind::Integer),
        required("InstanceId", Kind::Text),
        required("NetworkInterfaceId", Kind::Text),
        unseen("DeleteOnTermination"),
        unseen("EnaQueueCount"),
        unseen("EnaSrdSpecification"),
    ],
    attributes: &[id("AttachmentId")],
    create: attach,
};

/// An item of `PrivateIpAddresses`.
pub(super) const PRIVATE_ADDRESS: &[Property] =
    &[required("PrivateIpAddress", Kind::Text), required("Primary", Kind::Boolean)];

/// Idle time-outs in seconds.
const CONNECTION_TRACKING: &[Property] = &[
    optional("TcpEstablishedTimeout", Kind::Integer),
    optional("UdpStreamTimeout", Kind::Integer),
    optional("UdpTimeout", Kind::Integer),
];

/// An item of `Ipv6Addresses`.
pub(super) const IPV6_ADDRESS: &[Property] = &[required("Ipv6Address", Kind::Text)];

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeNetworkInterfaces", ids: "NetworkInterfaceIds", pointer }
}

fn create_interface(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&[
        "SubnetId",
        "Description",
        "PrivateIpAddress",
        "PrivateIpAddresses",
        "SecondaryPrivateIpAddressCount",
        "Ipv6AddressCount",
        "Ipv6Addresses",
        "ConnectionTrackingSpecification",
    ]);
    if let Some(groups) = creation.get("GroupSet") {
        request.insert("Groups".to_owned(), groups.clone());
    }
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("network-interface"));
    let answer = creation.call("CreateNetworkInterface", Json::Object(request))?;
    let interface = text_at(&answer, "/NetworkInterface/NetworkInterfaceId")?;
    if let Some(check) = creation.get("SourceDestCheck").cloned() {
        let place = creation.place("SourceDestCheck");
        let request = json!({ "NetworkInterfaceId": interface, "SourceDestCheck": { "Value": check } });
        creation.call_at(place, "ModifyNetworkInterfaceAttribute", request)?;
    }
    Ok(Created::new(interface))
}

/// How often CloudFormation looks whether the instance runs, and how long it waits in between.
const ATTEMPTS: u32 = 40;
const PAUSE: SimDuration = SimDuration::from_secs(5);

/// EC2 attaches to an instance that runs or is stopped, and CloudFormation goes on only when an instance runs. Here a stack
/// launches its instances side by side, so the attachment waits for its own. What the instance comes to otherwise is for EC2 to
/// refuse.
fn attach(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let instance = creation.get("InstanceId").cloned().unwrap_or_default();
    for _ in 0..ATTEMPTS {
        let answer = creation.call("DescribeInstances", json!({ "InstanceIds": [instance] }))?;
        if answer.pointer("/Reservations/0/Instances/0/State/Name").and_then(Json::as_str) != Some("pending") {
            break;
        }
        creation.api.wait(PAUSE);
    }
    let request = creation.pick(&["DeviceIndex", "InstanceId", "NetworkInterfaceId"]);
    let answer = creation.call("AttachNetworkInterface", Json::Object(request))?;
    Ok(Created::new(text_at(&answer, "/AttachmentId")?))
}
