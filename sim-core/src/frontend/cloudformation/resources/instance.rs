//! AWS::EC2::Instance.

use serde_json::{Map, Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, missing, optional, required, unseen};
use super::creation::text_at;
use super::network_interface::{IPV6_ADDRESS, PRIVATE_ADDRESS};
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};

pub(super) static INSTANCE: ResourceType = ResourceType {
    name: "AWS::EC2::Instance",
    properties: &[
        optional("ImageId", Kind::Text),
        optional("InstanceType", Kind::Text),
        optional("KeyName", Kind::FreeText),
        optional("SubnetId", Kind::Text),
        optional("SecurityGroupIds", Kind::List(&Kind::Text)),
        optional("SecurityGroups", Kind::List(&Kind::Text)),
        optional("PrivateIpAddress", Kind::Text),
        optional("Ipv6AddressCount", Kind::Integer),
        optional("Ipv6Addresses", Kind::List(&Kind::Object(IPV6_ADDRESS))),
        optional("NetworkInterfaces", Kind::List(&Kind::Object(NETWORK_INTERFACE))),
        optional("UserData", Kind::FreeText),
        optional("SourceDestCheck", Kind::Boolean),
        optional("AvailabilityZone", Kind::Text),
        optional("Tags", TAGS),
        missing("LaunchTemplate"),
        missing("MetadataOptions"),
        missing("PlacementGroupName"),
        missing("PrivateDnsNameOptions"),
        unseen("AdditionalInfo"),
        unseen("Affinity"),
        unseen("BlockDeviceMappings"),
        unseen("CpuOptions"),
        unseen("CreditSpecification"),
        unseen("DisableApiTermination"),
        unseen("EbsOptimized"),
        unseen("ElasticGpuSpecifications"),
        unseen("ElasticInferenceAccelerators"),
        unseen("EnclaveOptions"),
        unseen("HibernationOptions"),
        unseen("HostId"),
        unseen("HostResourceGroupArn"),
        unseen("IamInstanceProfile"),
        unseen("InstanceInitiatedShutdownBehavior"),
        unseen("KernelId"),
        unseen("LicenseSpecifications"),
        unseen("Monitoring"),
        unseen("PropagateTagsToVolumeOnCreation"),
        unseen("RamdiskId"),
        unseen("SsmAssociations"),
        unseen("Tenancy"),
        unseen("Volumes"),
    ],
    attributes: &[
        id("InstanceId"),
        Attribute {
            name: "AvailabilityZone",
            source: describe("/Reservations/0/Instances/0/Placement/AvailabilityZone"),
        },
        Attribute { name: "PrivateDnsName", source: describe("/Reservations/0/Instances/0/PrivateDnsName") },
        Attribute { name: "PrivateIp", source: describe("/Reservations/0/Instances/0/PrivateIpAddress") },
        Attribute { name: "PublicDnsName", source: describe("/Reservations/0/Instances/0/PublicDnsName") },
        Attribute { name: "PublicIp", source: describe("/Reservations/0/Instances/0/PublicIpAddress") },
        Attribute { name: "State.Code", source: describe("/Reservations/0/Instances/0/State/Code") },
        Attribute { name: "State.Name", source: describe("/Reservations/0/Instances/0/State/Name") },
        Attribute { name: "VpcId", source: describe("/Reservations/0/Instances/0/VpcId") },
    ],
    create: run_instance,
};

const NETWORK_INTERFACE: &[Property] = &[
    required("DeviceIndex", Kind::Integer),
    optional("AssociatePublicIpAddress", Kind::Boolean),
    optional("DeleteOnTermination", Kind::Boolean),
    optional("Description", Kind::FreeText),
    optional("GroupSet", Kind::List(&Kind::Text)),
    optional("Ipv6AddressCount", Kind::Integer),
    optional("Ipv6Addresses", Kind::List(&Kind::Object(IPV6_ADDRESS))),
    optional("NetworkInterfaceId", Kind::Text),
    optional("PrivateIpAddress", Kind::Text),
    optional("PrivateIpAddresses", Kind::List(&Kind::Object(PRIVATE_ADDRESS))),
    optional("SecondaryPrivateIpAddressCount", Kind::Integer),
    optional("SubnetId", Kind::Text),
    missing("AssociateCarrierIpAddress"),
    unseen("EnaSrdSpecification"),
];

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeInstances", ids: "InstanceIds", pointer }
}

fn run_instance(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let mut request = creation.pick(&["ImageId", "InstanceType", "KeyName"]);
    // A dynamic reference, `{{resolve:ssm:/aws/service/…}}`, is what RunInstances itself understands without the braces.
    if let Some(Json::String(image)) = request.get_mut("ImageId")
        && let Some(reference) = image.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
        && reference.starts_with("resolve:ssm:")
    {
        *image = reference.to_owned();
    }
    request.insert("MinCount".to_owned(), 1.into());
    request.insert("MaxCount".to_owned(), 1.into());
    request.extend(creation.pick(&[
        "SubnetId",
        "SecurityGroupIds",
        "SecurityGroups",
        "PrivateIpAddress",
        "Ipv6AddressCount",
        "Ipv6Addresses",
        "UserData",
    ]));
    let interfaces: Vec<Json> =
        creation.items("NetworkInterfaces").into_iter().map(|(interface, _)| specification(interface)).collect();
    if !interfaces.is_empty() {
        request.insert("NetworkInterfaces".to_owned(), interfaces.into());
    }
    if let Some(zone) = creation.get("AvailabilityZone") {
        request.insert("Placement".to_owned(), json!({ "AvailabilityZone": zone }));
    }
    request.insert("TagSpecifications".to_owned(), creation.tag_specifications("instance"));
    let answer = creation.call("RunInstances", Json::Object(request))?;
    let instance = text_at(&answer, "/Instances/0/InstanceId")?;
    // CloudFormation waits until an instance runs before it makes what depends on it.
    creation.api.settle();
    if let Some(check) = creation.get("SourceDestCheck").cloned() {
        let place = creation.place("SourceDestCheck");
        let request = json!({ "InstanceId": instance, "SourceDestCheck": { "Value": check } });
        creation.call_at(place, "ModifyInstanceAttribute", request)?;
    }
    Ok(Created::new(instance))
}

/// An item of `NetworkInterfaces` as EC2 takes it: only the groups have another name.
fn specification(interface: Json) -> Json {
    let Json::Object(fields) = interface else { return interface };
    fields
        .into_iter()
        .map(|(name, value)| (if name == "GroupSet" { "Groups".to_owned() } else { name }, value))
        .collect::<Map<_, _>>()
        .into()
}
