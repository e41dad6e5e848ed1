//! Default VPCs (DVPC-1, DVPC-2): making one, and what a request means that names no VPC, no subnet, or a group by its name.
//!
//! Differs from AWS: an account starts without. A scenario that wants them says so in its settings, or types
//! `aws ec2 create-default-vpc`.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::answer::{Answer, just};
use super::cidr::overlap;
use super::describe::Described;
use super::error::permit;
use super::internet_gateway::{AttachInternetGateway, CreateInternetGateway};
use super::request::requests;
use super::route::CreateRoute;
use super::subnet::CreateSubnet;
use super::vpc::CreateVpc;
use super::{ApiError, Caller, Cloud, Quota, SecurityGroup, Subnet, Vpc};
use crate::id::*;

requests! {
    /// Makes the account's default VPC in the Region, with all that belongs to it.
    CreateDefaultVpc { }
    /// Makes the default subnet of a zone, should the default VPC have none there.
    CreateDefaultSubnet {
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        ipv6_native: bool,
    }
}

/// The block of every default VPC.
const BLOCK: &str = "172.31.0.0/16";
/// The length of its subnets' blocks.
const SUBNET_LENGTH: u8 = 20;

impl Cloud {
    /// The default VPC of the account that asks, in its Region.
    pub(super) fn default_vpc(&self, caller: &Caller) -> Option<&Vpc> {
        self.vpcs.values().find(|vpc| vpc.is_default && (vpc.owner, vpc.region) == (caller.account, caller.region))
    }

    /// The VPC that a request means which names none.
    pub(super) fn implied_vpc(&self, caller: &Caller) -> Result<&Vpc, ApiError> {
        self.default_vpc(caller).ok_or_else(|| ApiError::new("VPCIdNotSpecified", "No default VPC for this user"))
    }

    /// The subnet that a launch means which names none: the default one of the zone it names, else of the first that has one.
    /// SIM: AWS picks the zone and does not say how.
    pub(super) fn implied_subnet(&self, caller: &Caller, zone: Option<&str>) -> Result<&Subnet, ApiError> {
        let vpc = self.implied_vpc(caller)?;
        let mut defaults =
            self.index.vpc(vpc.id).subnets.iter().map(|id| &self.subnets[id]).filter(|subnet| subnet.is_default);
        match zone {
            Some(zone) => defaults.find(|subnet| subnet.zone.to_string() == zone).ok_or_else(|| {
                ApiError::new("InvalidInput", format!("No default subnet for availability zone: '{zone}'."))
            }),
            None => defaults.min_by_key(|subnet| subnet.zone.to_string()).ok_or_else(|| {
                ApiError::new(
                    "MissingInput",
                    format!("No subnets found for the default VPC '{}'. Please specify a subnet.", vpc.id),
                )
            }),
        }
    }

    /// The group with this name. Names mean groups of the default VPC.
    pub(super) fn group_named(&self, caller: &Caller, name: &str) -> Result<&SecurityGroup, ApiError> {
        let unknown = |vpc: String| {
            ApiError::new(
                "InvalidGroup.NotFound",
                format!("The security group '{name}' does not exist in default VPC{vpc}"),
            )
        };
        let vpc = self.default_vpc(caller).ok_or_else(|| unknown(String::new()))?.id;
        let group = self.index.vpc(vpc).security_groups.get(name);
        group.map(|id| &self.security_groups[id]).ok_or_else(|| unknown(format!(" '{vpc}'")))
    }

    pub(crate) fn create_default_vpc(&mut self, caller: &Caller, request: CreateDefaultVpc) -> Answer {
        if self.default_vpc(caller).is_some() {
            return Err(ApiError::new(
                "DefaultVpcAlreadyExists",
                "A Default VPC already exists for this account in this region.",
            ));
        }
        // What follows is refused for no other reason, so that it is done whole or not at all.
        for (quota, kind) in [
            (Quota::VpcsPerRegion, ResourceKind::Vpc),
            (Quota::InternetGatewaysPerRegion, ResourceKind::InternetGateway),
        ] {
            self.config.quotas.admit(quota, self.index.owned(caller.account, caller.region, kind))?;
        }
        self.config.quotas.admit(Quota::SubnetsPerVpc, caller.region.zones().count() - 1)?;
        permit(request.dry_run)?;

        let made = self.create_vpc(caller, CreateVpc { cidr_block: Some(BLOCK.to_owned()), ..CreateVpc::default() })?;
        let vpc: VpcId = made["Vpc"]["VpcId"].as_str().and_then(|id| id.parse().ok()).expect("just made");
        let record = &mut self.vpcs[&vpc];
        (record.is_default, record.enable_dns_hostnames) = (true, true);
        let main = record.main_route_table.to_string();
        let made = self.create_internet_gateway(caller, CreateInternetGateway::default())?;
        let gateway = made["InternetGateway"]["InternetGatewayId"].as_str().expect("just made").to_owned();
        let attach = AttachInternetGateway {
            internet_gateway_id: gateway.clone(),
            vpc_id: vpc.to_string(),
            ..AttachInternetGateway::default()
        };
        self.attach_internet_gateway(caller, attach)?;
        let route = CreateRoute {
            route_table_id: main,
            destination_cidr_block: Some("0.0.0.0/0".to_owned()),
            gateway_id: Some(gateway),
            ..CreateRoute::default()
        };
        self.create_route(caller, route)?;
        for zone in caller.region.zones() {
            self.add_default_subnet(caller, vpc, zone)?;
        }
        just("Vpc", self.vpcs[&vpc].describe(self, caller))
    }

    pub(crate) fn create_default_subnet(&mut self, caller: &Caller, request: CreateDefaultSubnet) -> Answer {
        if request.ipv6_native {
            return Err(ApiError::not_simulated("An IPv6-only default subnet"));
        }
        let (name, parameter) = match (&request.availability_zone, &request.availability_zone_id) {
            (Some(name), _) => (name, "availabilityZone"),
            (None, Some(id)) => (id, "availabilityZoneId"),
            (None, None) => return Err(ApiError::missing("availabilityZone")),
        };
        let mut zones = caller.region.zones();
        let zone = zones.find(|zone| zone.to_string() == *name || zone.zone_id() == *name).ok_or_else(|| {
            ApiError::invalid_value(format!(
                "Value ({name}) for parameter {parameter} is invalid. Invalid availability zone."
            ))
        })?;
        let vpc = self.default_vpc(caller).ok_or_else(|| {
            ApiError::new("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")
        })?;
        let subnets = &self.index.vpc(vpc.id).subnets;
        if subnets.iter().map(|id| &self.subnets[id]).any(|subnet| subnet.is_default && subnet.zone == zone) {
            return Err(ApiError::new(
                "DefaultSubnetAlreadyExistsInAvailabilityZone",
                format!("A default subnet already exists in availability zone '{zone}'."),
            ));
        }
        let vpc = vpc.id;
        permit(request.dry_run)?;
        let id = self.add_default_subnet(caller, vpc, zone)?;
        just("Subnet", self.subnets[&id].describe(self, caller))
    }

    /// A subnet with the lowest block of its size that is free, whose instances get public addresses (IGW-8).
    fn add_default_subnet(
        &mut self,
        caller: &Caller,
        vpc: VpcId,
        zone: AvailabilityZone,
    ) -> Result<SubnetId, ApiError> {
        let contents = self.index.vpc(vpc);
        let blocks = || contents.subnets.iter().filter_map(|id| self.subnets[id].ipv4_block);
        let is_free = |block: &Ipv4Net| !blocks().any(|own| overlap(own, *block));
        let block = blocks_of(self.vpcs[&vpc].primary_block()).find(is_free).ok_or_else(|| {
            ApiError::new("InsufficientCidrBlocks", "The default VPC has no free block for another default subnet.")
        })?;
        let request = CreateSubnet {
            vpc_id: vpc.to_string(),
            cidr_block: Some(block.to_string()),
            availability_zone: Some(zone.to_string()),
            ..CreateSubnet::default()
        };
        let made = self.create_subnet(caller, request)?;
        let id: SubnetId = made["Subnet"]["SubnetId"].as_str().and_then(|id| id.parse().ok()).expect("just made");
        let subnet = &mut self.subnets[&id];
        (subnet.is_default, subnet.map_public_ip_on_launch) = (true, true);
        Ok(id)
    }
}

/// The blocks of a default subnet's size within a block, lowest first.
fn blocks_of(block: Ipv4Net) -> impl Iterator<Item = Ipv4Net> {
    let first = block.network().to_bits();
    (0..1u32 << (SUBNET_LENGTH - block.prefix_len())).map(move |at| {
        let network = Ipv4Addr::from_bits(first + (at << (32 - SUBNET_LENGTH)));
        Ipv4Net::new_assert(network, SUBNET_LENGTH)
    })
}
