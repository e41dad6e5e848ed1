//! Subnets (ADDR-11, ADDR-12, IGW-8): of IPv4, of both families, or of IPv6 alone.
//!
//! Differs from AWS: an IPv6-only subnet takes instances of every type, not only those on the Nitro System.

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::cidr::{IPV4_BLOCK_LENGTHS, ipv4_block, overlap};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::index::SubnetAddresses;
use super::lookup::Resource;
use super::private_dns_name::PrivateDnsNameOptionsRequest;
use super::records::Records;
use super::request::{BooleanValue, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, HostnameType, PrivateDnsNameOptions, Quota, Tags, Vpc};
use crate::id::*;

/// A subnet.
#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    pub(crate) id: SubnetId,
    pub(crate) vpc: VpcId,
    pub(crate) zone: AvailabilityZone,
    /// None where the subnet is IPv6-only; then it has an IPv6 block for good.
    pub(crate) ipv4_block: Option<Ipv4Net>,
    pub(crate) ipv6_block: Option<(SubnetCidrAssociationId, Ipv6Net)>,
    /// Instances launched here get a public IPv4 address (IGW-8).
    pub(crate) map_public_ip_on_launch: bool,
    pub(crate) assign_ipv6_on_creation: bool,
    /// The Resolver makes IPv6 addresses up for who asks from here (NAT-19).
    pub(crate) enable_dns64: bool,
    /// How instances launched here are named (DNS-4).
    pub(crate) name_options_on_launch: PrivateDnsNameOptions,
    /// The default VPC's own in its zone (DVPC-1).
    pub(crate) is_default: bool,
    /// The explicit association; without one the subnet uses the VPC's main table (RT-2).
    pub(crate) route_table: Option<(RouteTableAssociationId, RouteTableId)>,
    /// Always one: the VPC's default ACL unless replaced (ACL-1).
    pub(crate) network_acl: (NetworkAclAssociationId, NetworkAclId),
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a subnet.
    CreateSubnet {
        vpc_id: String,
        cidr_block: Option<String>,
        ipv6_cidr_block: Option<String>,
        ipv6_native: bool,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Deletes a subnet without interfaces.
    DeleteSubnet { subnet_id: String, }
    /// Lists subnets.
    DescribeSubnets {
        filters: Vec<Filter>,
        subnet_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Switches what interfaces made in the subnet get by themselves.
    ModifySubnetAttribute {
        subnet_id: String,
        map_public_ip_on_launch: Option<BooleanValue>,
        assign_ipv6_address_on_creation: Option<BooleanValue>,
        enable_dns64: Option<BooleanValue>,
        private_dns_hostname_type_on_launch: Option<String>,
        #[serde(rename = "EnableResourceNameDnsARecordOnLaunch")]
        a_record_on_launch: Option<BooleanValue>,
        #[serde(rename = "EnableResourceNameDnsAAAARecordOnLaunch")]
        aaaa_record_on_launch: Option<BooleanValue>,
    }
}

impl Resource for Subnet {
    type Id = SubnetId;

    fn table(cloud: &Cloud) -> &Records<SubnetId, Subnet> {
        &cloud.subnets
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        cloud.vpcs[&self.vpc].home(cloud)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for Subnet {
    const FILTERS: FilterTable<Subnet> = &[
        ("availability-zone", |subnet, _| one(subnet.zone)),
        ("availabilityZone", |subnet, _| one(subnet.zone)),
        ("availability-zone-id", |subnet, _| one(subnet.zone.zone_id())),
        ("available-ip-address-count", |subnet, cloud| one(cloud.index.subnet(subnet.id).free_count())),
        ("cidr", |subnet, _| many(subnet.ipv4_block)),
        ("cidr-block", |subnet, _| many(subnet.ipv4_block)),
        ("cidrBlock", |subnet, _| many(subnet.ipv4_block)),
        ("default-for-az", |subnet, _| one(subnet.is_default)),
        ("defaultForAz", |subnet, _| one(subnet.is_default)),
        ("enable-dns64", |subnet, _| one(subnet.enable_dns64)),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |subnet, _| many(subnet.ipv6_block.map(|(_, block)| block))),
        ("ipv6-native", |subnet, _| one(subnet.is_ipv6_only())),
        ("map-public-ip-on-launch", |subnet, _| one(subnet.map_public_ip_on_launch)),
        ("owner-id", |subnet, cloud| one(cloud.vpcs[&subnet.vpc].owner)),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |subnet, _| {
            one(subnet.name_options_on_launch.a_record)
        }),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |subnet, _| {
            one(subnet.name_options_on_launch.aaaa_record)
        }),
        ("private-dns-name-options-on-launch.hostname-type", |subnet, _| {
            one(subnet.name_options_on_launch.hostname_type.name())
        }),
        ("state", |_, _| one("available")),
        ("subnet-arn", |subnet, cloud| one(subnet.arn(cloud))),
        ("subnet-id", |subnet, _| one(subnet.id)),
        ("vpc-id", |subnet, _| one(subnet.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let ipv6 = self.ipv6_block.map(|(id, block)| {
            let state = Object::new().text("State", "associated");
            Object::new().text("AssociationId", id).text("Ipv6CidrBlock", block).value("Ipv6CidrBlockState", state)
        });
        Object::new()
            .text("AvailabilityZoneId", self.zone.zone_id())
            .value("MapCustomerOwnedIpOnLaunch", false)
            .text("OwnerId", cloud.vpcs[&self.vpc].owner)
            .value("AssignIpv6AddressOnCreation", self.assign_ipv6_on_creation)
            .list("Ipv6CidrBlockAssociationSet", ipv6)
            .optional_list("Tags", self.tags.describe())
            .text("SubnetArn", self.arn(cloud))
            .value("EnableDns64", self.enable_dns64)
            .value("Ipv6Native", self.is_ipv6_only())
            .value("PrivateDnsNameOptionsOnLaunch", self.name_options_on_launch.describe())
            .text("SubnetId", self.id)
            .text("State", "available")
            .text("VpcId", self.vpc)
            .optional_text("CidrBlock", self.ipv4_block)
            .value("AvailableIpAddressCount", cloud.index.subnet(self.id).free_count())
            .text("AvailabilityZone", self.zone)
            .value("DefaultForAz", self.is_default)
            .value("MapPublicIpOnLaunch", self.map_public_ip_on_launch)
            .into()
    }
}

impl Subnet {
    /// Whether nothing in it has an IPv4 address.
    pub(crate) fn is_ipv6_only(&self) -> bool {
        self.ipv4_block.is_none()
    }

    /// Refuses what only an IPv4 address can have. SIM: EC2 documents that it refuses, and not in which words.
    pub(super) fn check_ipv4(&self, what: &str) -> Result<(), ApiError> {
        if !self.is_ipv6_only() {
            return Ok(());
        }
        Err(ApiError::invalid_value(format!("Subnet {} is IPv6-only and does not support {what}.", self.id)))
    }

    fn arn(&self, cloud: &Cloud) -> String {
        let vpc = &cloud.vpcs[&self.vpc];
        format!("arn:aws:ec2:{}:{}:subnet/{}", vpc.region, vpc.owner, self.id)
    }
}

impl Cloud {
    pub(crate) fn create_subnet(&mut self, caller: &Caller, request: CreateSubnet) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?;
        let missing = |block: &str, pool: &str| {
            ApiError::new("MissingParameter", format!("Either '{block}' or '{pool}' should be provided."))
        };
        let block = match (&request.cidr_block, request.ipv6_native) {
            (Some(text), false) => Some(self.subnet_ipv4_block(vpc, text)?),
            (None, false) => return Err(missing("cidrBlock", "ipv4IpamPoolId")),
            (None, true) if request.ipv6_cidr_block.is_none() => {
                return Err(missing("ipv6CidrBlock", "ipv6IpamPoolId"));
            }
            (None, true) => None,
            (Some(_), true) => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "The parameter cidrBlock cannot be used with the parameter ipv6Native",
                ));
            }
        };
        let siblings = &self.index.vpc(vpc.id).subnets;
        let ipv6 = match &request.ipv6_cidr_block {
            None => None,
            Some(text) => Some(self.subnet_ipv6_block(vpc.id, text)?),
        };
        let zone = requested_zone(caller.region, &request)?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::Subnet, &[])?;
        self.config.quotas.admit(Quota::SubnetsPerVpc, siblings.len())?;
        let (vpc, acl) = (vpc.id, vpc.default_network_acl);
        permit(request.dry_run)?;

        let id: SubnetId = self.ids.next();
        let subnet = Subnet {
            id,
            vpc,
            zone,
            ipv4_block: block,
            ipv6_block: ipv6.map(|block| (self.ids.next(), block)),
            map_public_ip_on_launch: false,
            // An interface without any address would be none.
            assign_ipv6_on_creation: request.ipv6_native,
            enable_dns64: false,
            name_options_on_launch: PrivateDnsNameOptions {
                hostname_type: if request.ipv6_native { HostnameType::ResourceName } else { HostnameType::IpName },
                ..PrivateDnsNameOptions::DEFAULT
            },
            is_default: false,
            route_table: None,
            network_acl: (self.ids.next(), acl),
            tags,
            origin: caller.origin,
        };
        self.subnets.insert(id, subnet);
        self.index.vpc_mut(vpc).subnets.insert(id);
        self.index.addresses.insert(id, block.map_or_else(SubnetAddresses::none, SubnetAddresses::new));
        self.touch(id);
        just("Subnet", self.subnets[&id].describe(self, caller))
    }

    /// A block of the VPC's own that no other subnet has.
    fn subnet_ipv4_block(&self, vpc: &Vpc, text: &str) -> Result<Ipv4Net, ApiError> {
        let block = ipv4_block(text, "cidrBlock")?;
        let in_vpc = vpc.ipv4_blocks.iter().any(|(_, own)| own.contains(&block));
        if !in_vpc || !IPV4_BLOCK_LENGTHS.contains(&block.prefix_len()) {
            return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
        }
        let mut siblings = self.index.vpc(vpc.id).subnets.iter().filter_map(|sibling| self.subnets[sibling].ipv4_block);
        if siblings.any(|sibling| overlap(sibling, block)) {
            let message = format!("The CIDR '{text}' conflicts with another subnet");
            return Err(ApiError::new("InvalidSubnet.Conflict", message));
        }
        Ok(block)
    }

    pub(crate) fn delete_subnet(&mut self, caller: &Caller, request: DeleteSubnet) -> Answer {
        let subnet = self.find::<Subnet>(caller, &request.subnet_id)?;
        let (id, vpc) = (subnet.id, subnet.vpc);
        let has_interfaces = || self.network_interfaces.values().any(|eni| eni.subnet == id);
        if !self.index.subnet(id).is_unused() || (subnet.is_ipv6_only() && has_interfaces()) {
            return Err(ApiError::dependency("subnet", id)); // DEL-2
        }
        permit(request.dry_run)?;
        self.subnets.remove(&id);
        self.index.vpc_mut(vpc).subnets.shift_remove(&id);
        self.index.addresses.remove(&id);
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_subnets(&mut self, caller: &Caller, request: DescribeSubnets) -> Answer {
        permit(request.dry_run)?;
        just("Subnets", self.described::<Subnet>(caller, &request.subnet_ids, &request.filters)?)
    }

    pub(crate) fn modify_subnet_attribute(&mut self, caller: &Caller, request: ModifySubnetAttribute) -> Answer {
        let subnet = self.find::<Subnet>(caller, &request.subnet_id)?;
        let id = subnet.id;
        let given = [
            ("mapPublicIpOnLaunch", request.map_public_ip_on_launch.is_some()),
            ("assignIpv6AddressOnCreation", request.assign_ipv6_address_on_creation.is_some()),
            ("enableDns64", request.enable_dns64.is_some()),
            ("privateDnsHostnameTypeOnLaunch", request.private_dns_hostname_type_on_launch.is_some()),
            ("enableResourceNameDnsARecordOnLaunch", request.a_record_on_launch.is_some()),
            ("enableResourceNameDnsAAAARecordOnLaunch", request.aaaa_record_on_launch.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter_map(|(name, is_given)| is_given.then_some(name)).collect();
        match given.len() {
            0 => return Err(ApiError::missing("attribute")),
            1 => {}
            _ => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    format!("Fields for multiple attribute types specified: {}", given.join(", ")),
                ));
            }
        }
        if request.assign_ipv6_address_on_creation.is_some_and(|assign| assign.value) && subnet.ipv6_block.is_none() {
            return Err(ApiError::invalid_value(format!(
                "Subnet {id} has no IPv6 CIDR block, so assignIpv6AddressOnCreation cannot be set."
            )));
        }
        if request.map_public_ip_on_launch.is_some_and(|map| map.value) {
            subnet.check_ipv4("public IPv4 addresses")?;
        }
        if request.assign_ipv6_address_on_creation.is_some_and(|assign| !assign.value) {
            subnet.check_ipv4("interfaces without an IPv6 address")?;
        }
        let names = PrivateDnsNameOptionsRequest {
            hostname_type: request.private_dns_hostname_type_on_launch,
            a_record: request.a_record_on_launch.map(|switch| switch.value),
            aaaa_record: request.aaaa_record_on_launch.map(|switch| switch.value),
        };
        let names = subnet.name_options_on_launch.with(&names, subnet)?;
        permit(request.dry_run)?;
        let subnet = &mut self.subnets[&id];
        subnet.name_options_on_launch = names;
        if let Some(map) = request.map_public_ip_on_launch {
            subnet.map_public_ip_on_launch = map.value;
        }
        if let Some(assign) = request.assign_ipv6_address_on_creation {
            subnet.assign_ipv6_on_creation = assign.value;
        }
        if let Some(enable) = request.enable_dns64 {
            subnet.enable_dns64 = enable.value;
            self.touch(id);
        }
        nothing()
    }
}

/// The zone a request names by name or id. SIM: without one the Region's first; AWS picks one and does not say how.
fn requested_zone(region: Region, request: &CreateSubnet) -> Result<AvailabilityZone, ApiError> {
    let refuse = |text: &str, parameter: &str| {
        let zones = many(region.zones()).join(", ");
        ApiError::invalid_value(format!(
            "Value ({text}) for parameter {parameter} is invalid. Subnets can currently only be created in the following \
             availability zones: {zones}."
        ))
    };
    match (&request.availability_zone, &request.availability_zone_id) {
        (Some(name), _) => AvailabilityZone::parse(region, name).ok_or_else(|| refuse(name, "availabilityZone")),
        (None, Some(id)) => {
            region.zones().find(|zone| zone.zone_id() == *id).ok_or_else(|| refuse(id, "availabilityZoneId"))
        }
        (None, None) => Ok(region.zones().next().expect("every Region has zones")),
    }
}
