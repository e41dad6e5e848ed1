//! AWS::EC2::Instance.

use serde_json::{Map, Value as Json, json};

use super::super::schema::{Kind, Property, TAGS, missing, optional, required, unseen};
use super::creation::shaped;
use super::network_interface::{IPV6_ADDRESS, PRIVATE_ADDRESS};
use super::{ApiError, Attribute, Created, Creation, ResourceType, Source, id};
use crate::cloud::{RunInstances, TagSpecification};

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
        optional("MetadataOptions", Kind::Object(METADATA_OPTIONS)),
        optional("Tags", TAGS),
        missing("LaunchTemplate"),
        missing("PlacementGroupName"),
        optional("PrivateDnsNameOptions", Kind::Object(PRIVATE_DNS_NAME_OPTIONS)),
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

const METADATA_OPTIONS: &[Property] = &[
    optional("HttpEndpoint", Kind::Text),
    optional("HttpProtocolIpv6", Kind::Text),
    optional("HttpPutResponseHopLimit", Kind::Integer),
    optional("HttpTokens", Kind::Text),
    optional("InstanceMetadataTags", Kind::Text),
];

pub(super) const PRIVATE_DNS_NAME_OPTIONS: &[Property] = &[
    optional("EnableResourceNameDnsAAAARecord", Kind::Boolean),
    optional("EnableResourceNameDnsARecord", Kind::Boolean),
    optional("HostnameType", Kind::Text),
];

const fn describe(pointer: &'static str) -> Source {
    Source::Describe { operation: "DescribeInstances", ids: "InstanceIds", pointer }
}

fn run_instance(creation: &mut Creation<'_>) -> Result<Created, ApiError> {
    let request = RunInstances {
        image_id: creation.take::<Option<String>>("ImageId")?.map(image),
        instance_type: creation.take("InstanceType")?,
        key_name: creation.take("KeyName")?,
        min_count: Some(1),
        max_count: Some(1),
        subnet_id: creation.take("SubnetId")?,
        security_group_ids: creation.take("SecurityGroupIds")?,
        security_groups: creation.take("SecurityGroups")?,
        private_ip_address: creation.take("PrivateIpAddress")?,
        ipv6_address_count: creation.take("Ipv6AddressCount")?,
        ipv6_addresses: creation.take("Ipv6Addresses")?,
        network_interfaces: creation
            .take::<Vec<Json>>("NetworkInterfaces")?
            .into_iter()
            .map(|interface| shaped(specification(interface)))
            .collect::<Result<_, _>>()?,
        user_data: creation.take("UserData")?,
        metadata_options: creation.take("MetadataOptions")?,
        private_dns_name_options: creation.take("PrivateDnsNameOptions")?,
        placement: creation.get("AvailabilityZone").map(|zone| json!({ "AvailabilityZone": zone })),
        tag_specifications: vec![TagSpecification { resource_type: "instance".to_owned(), tags: creation.tags()? }],
        ..RunInstances::default()
    };
    let instance = creation.launch(request)?;
    // CloudFormation waits until an instance runs before it makes what depends on it.
    creation.api.settle();
    if let Some(check) = creation.get("SourceDestCheck").cloned() {
        let place = creation.place("SourceDestCheck");
        let request = json!({ "InstanceId": instance, "SourceDestCheck": { "Value": check } });
        creation.call_at(place, "ModifyInstanceAttribute", request)?;
    }
    Ok(Created::new(instance))
}

/// A dynamic reference, `{{resolve:ssm:/aws/service/…}}`, is what RunInstances itself understands without the braces.
fn image(image: String) -> String {
    match image.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
        Some(reference) if reference.starts_with("resolve:ssm:") => reference.to_owned(),
        _ => image,
    }
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
