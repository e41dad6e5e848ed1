//! Elastic network interfaces (L2-9, L2-10, L2-11, ADDR-15, ADDR-20).

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use smallvec::SmallVec;

use super::answer::{Answer, Object, just, nothing};
use super::connection_tracking::{ConnectionTracking, ConnectionTrackingSpecification};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::interface_plan::{AddressRequest, no_free_address};
use super::lookup::Resource;
use super::private_dns_name::private_dns_name;
use super::records::Records;
use super::request::{BooleanValue, TextValue, members, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Subnet, Tags};
use crate::id::*;
use crate::net::MacAddr;

/// A network interface.
#[derive(Clone, Debug)]
pub(crate) struct NetworkInterface {
    pub(crate) id: NetworkInterfaceId,
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) mac: MacAddr,
    /// The first is the primary address and stays for life. None in an IPv6-only subnet.
    pub(crate) ipv4: SmallVec<[PrivateAddress; 1]>,
    pub(crate) ipv6: Vec<Ipv6Addr>,
    pub(crate) groups: Groups,
    /// Source/destination check (L2-9).
    pub(crate) source_dest_check: bool,
    /// SG-21.
    pub(crate) connection_tracking: ConnectionTracking,
    pub(crate) attachment: Option<Attachment>,
    /// Whose it is, if an AWS service has made it for itself.
    pub(crate) requester: Option<Requester>,
    pub(crate) description: Box<str>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// An interface's security groups: one to five (SG-29), in the order given.
pub(crate) type Groups = SmallVec<[SecurityGroupId; 2]>;

/// A private IPv4 address and what the Internet gateway maps it to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PrivateAddress {
    pub(crate) address: Ipv4Addr,
    pub(crate) public: Option<PublicAddress>,
}

/// A public IPv4 address of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PublicAddress {
    /// From Amazon's pool; lost when the instance stops (IGW-9).
    Auto(Ipv4Addr),
    /// An Elastic IP address.
    Elastic { address: Ipv4Addr, allocation: AllocationId, association: AssociationId },
}

impl PublicAddress {
    pub(crate) fn address(self) -> Ipv4Addr {
        match self {
            PublicAddress::Auto(address) | PublicAddress::Elastic { address, .. } => address,
        }
    }
}

/// A service's resource that has an interface of its own, which users see and cannot change (DEL-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Requester {
    /// A NAT gateway.
    NatGateway(NatGatewayId),
}

/// What an interface is plugged into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attachment {
    pub(crate) id: EniAttachmentId,
    pub(crate) instance: InstanceId,
    pub(crate) device_index: u16,
    pub(crate) delete_on_termination: bool,
}

members! {
    /// A private address asked for.
    PrivateIpAddressSpecification { primary: bool, private_ip_address: String, }
    /// An IPv6 address asked for.
    InstanceIpv6Address { ipv6_address: String, is_primary_ipv6: bool, }
}

requests! {
    /// Makes an interface that is attached to nothing.
    CreateNetworkInterface {
        subnet_id: String,
        description: Option<String>,
        private_ip_address: Option<String>,
        private_ip_addresses: Vec<PrivateIpAddressSpecification>,
        secondary_private_ip_address_count: Option<u32>,
        ipv6_addresses: Vec<InstanceIpv6Address>,
        ipv6_address_count: Option<u32>,
        groups: Vec<String>,
        interface_type: Option<String>,
        connection_tracking_specification: Option<ConnectionTrackingSpecification>,
        tag_specifications: Vec<TagSpecification>,
        client_token: Option<String>,
    }
    /// Deletes an interface that is attached to nothing.
    DeleteNetworkInterface { network_interface_id: String, }
    /// Lists interfaces.
    DescribeNetworkInterfaces {
        filters: Vec<Filter>,
        network_interface_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Changes one thing about an interface.
    ModifyNetworkInterfaceAttribute {
        network_interface_id: String,
        description: Option<TextValue>,
        source_dest_check: Option<BooleanValue>,
        groups: Vec<String>,
        connection_tracking_specification: Option<ConnectionTrackingSpecification>,
    }
    /// Gives an interface secondary addresses.
    AssignPrivateIpAddresses {
        network_interface_id: String,
        private_ip_addresses: Vec<String>,
        secondary_private_ip_address_count: Option<u32>,
        allow_reassignment: bool,
    }
    /// Takes secondary addresses away.
    UnassignPrivateIpAddresses { network_interface_id: String, private_ip_addresses: Vec<String>, }
}

impl Resource for NetworkInterface {
    type Id = NetworkInterfaceId;

    fn table(cloud: &Cloud) -> &Records<NetworkInterfaceId, NetworkInterface> {
        &cloud.network_interfaces
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        (self.owner, cloud.subnets[&self.subnet].zone.region())
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl NetworkInterface {
    /// The primary private IPv4 address.
    pub(crate) fn primary(&self) -> Option<&PrivateAddress> {
        self.ipv4.first()
    }

    /// The public address of the primary private one.
    pub(crate) fn primary_public(&self) -> Option<PublicAddress> {
        self.primary()?.public
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.attachment.is_some() || self.requester.is_some() { "in-use" } else { "available" }
    }

    /// What kind of interface it is.
    fn interface_type(&self) -> &'static str {
        match self.requester {
            None => "interface",
            Some(Requester::NatGateway(_)) => "nat_gateway",
        }
    }

    /// Refuses to change what is a service's.
    pub(crate) fn check_changeable(&self) -> Result<(), ApiError> {
        if self.requester.is_none() {
            return Ok(());
        }
        Err(ApiError::new(
            "OperationNotPermitted",
            format!("Network interface '{}' is managed by an AWS service and cannot be changed.", self.id),
        ))
    }
}

impl Described for NetworkInterface {
    const FILTERS: FilterTable<NetworkInterface> = &[
        ("addresses.private-ip-address", |eni, _| many(eni.ipv4.iter().map(|it| it.address))),
        ("addresses.association.public-ip", |eni, _| many(eni.ipv4.iter().filter_map(|it| Some(it.public?.address())))),
        ("association.public-ip", |eni, _| many(eni.primary_public().map(PublicAddress::address))),
        ("attachment.attachment-id", |eni, _| many(eni.attachment.iter().map(|it| it.id))),
        ("attachment.device-index", |eni, _| many(eni.attachment.iter().map(|it| it.device_index))),
        ("attachment.instance-id", |eni, _| many(eni.attachment.iter().map(|it| it.instance))),
        ("attachment.status", |eni, _| many(eni.attachment.iter().map(|_| "attached"))),
        ("availability-zone", |eni, cloud| one(cloud.subnets[&eni.subnet].zone)),
        ("description", |eni, _| one(&eni.description)),
        ("group-id", |eni, _| many(&eni.groups)),
        ("group-name", |eni, cloud| many(eni.groups.iter().map(|id| &cloud.security_groups[id].name))),
        ("interface-type", |eni, _| one(eni.interface_type())),
        ("mac-address", |eni, _| one(eni.mac)),
        ("network-interface-id", |eni, _| one(eni.id)),
        ("owner-id", |eni, _| one(eni.owner)),
        ("private-ip-address", |eni, _| many(eni.primary().map(|own| own.address))),
        ("requester-managed", |eni, _| one(eni.requester.is_some())),
        ("source-dest-check", |eni, _| one(eni.source_dest_check)),
        ("status", |eni, _| one(eni.status())),
        ("subnet-id", |eni, _| one(eni.subnet)),
        ("vpc-id", |eni, _| one(eni.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let zone = cloud.subnets[&self.subnet].zone;
        let association = |public: PublicAddress| {
            let (allocation, association, owner) = match public {
                PublicAddress::Auto(_) => (None, None, "amazon".to_owned()),
                PublicAddress::Elastic { allocation, association, .. } => {
                    (Some(allocation), Some(association), self.owner.to_string())
                }
            };
            Object::new()
                .optional_text("AllocationId", allocation)
                .optional_text("AssociationId", association)
                .text("IpOwnerId", owner)
                .text("PublicDnsName", cloud.public_dns_name(self.vpc, public.address()))
                .text("PublicIp", public.address())
        };
        let attachment = self.attachment.as_ref().map(|attachment| {
            let launched = cloud.instances.get(&attachment.instance).map(|instance| instance.launched);
            Object::new()
                .optional_text("AttachTime", launched.map(|time| cloud.timestamp(time)))
                .text("AttachmentId", attachment.id)
                .value("DeleteOnTermination", attachment.delete_on_termination)
                .value("DeviceIndex", attachment.device_index)
                .value("NetworkCardIndex", 0)
                .text("InstanceId", attachment.instance)
                .text("InstanceOwnerId", self.owner)
                .text("Status", "attached")
        });
        // A service's interface is attached to something of Amazon's own.
        let managed = self.requester.map(|_| {
            Object::new()
                .text("AttachmentId", self.id.to_string().replace("eni-", "ela-attach-"))
                .value("DeleteOnTermination", false)
                .value("DeviceIndex", 1)
                .text("InstanceOwnerId", "amazon-aws")
                .text("Status", "attached")
        });
        let addresses = self.ipv4.iter().enumerate().map(|(at, private)| {
            Object::new()
                .optional("Association", private.public.map(association))
                .value("Primary", at == 0)
                .text("PrivateDnsName", private_dns_name(zone.region(), private.address))
                .text("PrivateIpAddress", private.address)
        });
        Object::new()
            .optional("Association", self.primary_public().map(association))
            .optional("Attachment", attachment.or(managed))
            .text("AvailabilityZone", zone)
            .optional("ConnectionTrackingConfiguration", self.connection_tracking.describe())
            .text("Description", &self.description)
            .value("Groups", cloud.describe_group_names(&self.groups))
            .text("InterfaceType", self.interface_type())
            .list("Ipv6Addresses", self.ipv6.iter().map(|address| Object::new().text("Ipv6Address", address)))
            .text("MacAddress", self.mac)
            .text("NetworkInterfaceId", self.id)
            .text("OwnerId", self.owner)
            .optional_text("PrivateDnsName", self.private_dns_name(cloud))
            .optional_text("PrivateIpAddress", self.primary().map(|own| own.address))
            .list("PrivateIpAddresses", addresses)
            .value("RequesterManaged", self.requester.is_some())
            .value("SourceDestCheck", self.source_dest_check)
            .text("Status", self.status())
            .text("SubnetId", self.subnet)
            .list("TagSet", self.tags.describe())
            .text("VpcId", self.vpc)
            .text("AvailabilityZoneId", zone.zone_id())
            .into()
    }
}

impl Cloud {
    /// Draws a public address for an interface's primary private one. A launch has checked that there is one; what is started
    /// again while the pool is exhausted goes without.
    pub(crate) fn assign_auto_public_address(&mut self, id: NetworkInterfaceId) {
        let region = self.subnets[&self.network_interfaces[&id].subnet].zone.region();
        let address = self.public_pools.draw(region, &mut self.index.public);
        self.set_public_address(id, 0, address.map(PublicAddress::Auto));
    }

    /// Gives an auto-assigned public address back to Amazon's pool (IGW-9).
    pub(crate) fn release_auto_public_address(&mut self, id: NetworkInterfaceId) {
        if let Some(PublicAddress::Auto(address)) = self.network_interfaces[&id].primary_public() {
            self.set_public_address(id, 0, None);
            self.index.public.remove(&address);
        }
    }

    /// Changes what the Internet gateway maps an interface's private address to, and answers with what it was.
    pub(crate) fn set_public_address(
        &mut self,
        id: NetworkInterfaceId,
        at: usize,
        public: Option<PublicAddress>,
    ) -> Option<PublicAddress> {
        let interface = &mut self.network_interfaces[&id];
        let before = std::mem::replace(&mut interface.ipv4[at].public, public);
        let count = &mut self.index.vpc_mut(interface.vpc).public_addresses;
        *count = *count + u32::from(public.is_some()) - u32::from(before.is_some());
        before
    }

    /// Takes an interface away with all it holds; an Elastic IP address is left without association.
    pub(crate) fn remove_interface(&mut self, id: NetworkInterfaceId) {
        self.touch(id);
        self.release_auto_public_address(id);
        self.ungroup(id);
        for at in 0..self.network_interfaces[&id].ipv4.len() {
            if let Some(PublicAddress::Elastic { allocation, .. }) = self.set_public_address(id, at, None) {
                self.elastic_ips[&allocation].association = None;
            }
        }
        let interface = self.network_interfaces.remove(&id).expect("an interface is removed once");
        for private in &interface.ipv4 {
            self.index.subnet_mut(interface.subnet).release(private.address);
        }
        self.auto_assigned.remove(&id);
        let region = self.subnets[&interface.subnet].zone.region();
        self.index.lost(interface.owner, region, ResourceKind::NetworkInterface);
    }

    /// Gives an interface its groups, counted (SG-30).
    pub(crate) fn group(&mut self, id: NetworkInterfaceId, groups: Groups) {
        self.count_members(&groups);
        self.network_interfaces[&id].groups = groups;
    }

    /// Counts an interface among the members of its groups.
    pub(crate) fn count_members(&mut self, groups: &Groups) {
        for group in groups {
            *self.index.members.entry(*group).or_insert(0) += 1;
        }
    }

    /// Takes an interface out of its groups.
    pub(crate) fn ungroup(&mut self, id: NetworkInterfaceId) {
        for group in std::mem::take(&mut self.network_interfaces[&id].groups) {
            *self.index.members.entry(group).or_insert(1) -= 1;
        }
    }

    /// `ec2-3-38-1-2.ap-northeast-2.compute.amazonaws.com`, or nothing where the VPC gives no names (DNS-2, DNS-5).
    pub(crate) fn public_dns_name(&self, vpc: VpcId, address: Ipv4Addr) -> String {
        let Some(vpc) = self.vpcs.get(&vpc).filter(|vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames) else {
            return String::new();
        };
        let [a, b, c, d] = address.octets();
        match vpc.region.name() {
            "us-east-1" => format!("ec2-{a}-{b}-{c}-{d}.compute-1.amazonaws.com"),
            region => format!("ec2-{a}-{b}-{c}-{d}.{region}.compute.amazonaws.com"),
        }
    }

    /// `[{"GroupId": …, "GroupName": …}]`.
    pub(crate) fn describe_group_names(&self, groups: &[SecurityGroupId]) -> Vec<Value> {
        let name = |id: &SecurityGroupId| {
            Object::new().text("GroupId", id).text("GroupName", &self.security_groups[id].name).into()
        };
        groups.iter().map(name).collect()
    }

    pub(crate) fn create_network_interface(&mut self, caller: &Caller, request: CreateNetworkInterface) -> Answer {
        let subnet = self.find::<Subnet>(caller, &request.subnet_id)?;
        if let Some(other) = request.interface_type.as_deref().filter(|kind| *kind != "interface") {
            return Err(ApiError::not_simulated(&format!("A network interface of type {other}")));
        }
        let addresses = AddressRequest {
            primary: request.private_ip_address.as_deref(),
            list: &request.private_ip_addresses,
            secondary_count: request.secondary_private_ip_address_count.unwrap_or(0),
            ipv6: &request.ipv6_addresses,
            ipv6_count: request.ipv6_address_count.unwrap_or(0),
        };
        let mut plan = self.plan_interface(caller, subnet, &request.groups, addresses)?;
        plan.connection_tracking = ConnectionTracking::requested(request.connection_tracking_specification.as_ref())?;
        plan.description = request.description.unwrap_or_default().into();
        plan.tags = Tags::requested(&request.tag_specifications, ResourceKind::NetworkInterface, &[])?;
        let plans = [plan];
        self.check_plans(caller, &plans, 1)?;
        permit(request.dry_run)?;
        self.take_explicit_addresses(&plans);
        let id = self.add_interface(caller, &plans[0], None);
        let interface = self.network_interfaces[&id].describe(self, caller);
        Ok(Object::new().value("NetworkInterface", interface).optional_text("ClientToken", request.client_token).into())
    }

    pub(crate) fn delete_network_interface(&mut self, caller: &Caller, request: DeleteNetworkInterface) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        let id = interface.id;
        if interface.attachment.is_some() || interface.requester.is_some() {
            return Err(ApiError::new(
                "InvalidNetworkInterface.InUse",
                format!("Network interface '{id}' is currently in use."),
            ));
        }
        permit(request.dry_run)?;
        self.remove_interface(id);
        nothing()
    }

    pub(crate) fn describe_network_interfaces(
        &mut self,
        caller: &Caller,
        request: DescribeNetworkInterfaces,
    ) -> Answer {
        permit(request.dry_run)?;
        let found = self.described::<NetworkInterface>(caller, &request.network_interface_ids, &request.filters)?;
        just("NetworkInterfaces", found)
    }

    pub(crate) fn modify_network_interface_attribute(
        &mut self,
        caller: &Caller,
        request: ModifyNetworkInterfaceAttribute,
    ) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        interface.check_changeable()?;
        let (id, vpc) = (interface.id, interface.vpc);
        let given = usize::from(request.description.is_some())
            + usize::from(request.source_dest_check.is_some())
            + usize::from(request.connection_tracking_specification.is_some())
            + usize::from(!request.groups.is_empty());
        match given {
            0 => return Err(ApiError::missing("attribute")),
            1 => {}
            _ => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "Fields for multiple attribute types specified",
                ));
            }
        }
        let groups = match &request.groups[..] {
            [] => None,
            groups => Some(self.interface_groups(caller, vpc, groups)?),
        };
        let tracking = ConnectionTracking::requested(request.connection_tracking_specification.as_ref())?;
        permit(request.dry_run)?;
        self.touch(id);
        if let Some(groups) = groups {
            self.ungroup(id);
            self.group(id, groups);
        }
        let interface = &mut self.network_interfaces[&id];
        if let Some(description) = request.description {
            interface.description = description.value.into();
        }
        if let Some(check) = request.source_dest_check {
            interface.source_dest_check = check.value;
        }
        interface.connection_tracking = interface.connection_tracking.with(tracking);
        nothing()
    }

    pub(crate) fn assign_private_ip_addresses(&mut self, caller: &Caller, request: AssignPrivateIpAddresses) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        interface.check_changeable()?;
        let (id, subnet) = (interface.id, &self.subnets[&interface.subnet]);
        subnet.check_ipv4("private IPv4 addresses")?;
        let mut added = Vec::new();
        for text in &request.private_ip_addresses {
            let address = self.free_address(subnet, text)?;
            if added.contains(&address) {
                return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {address} is given twice.")));
            }
            added.push(address);
        }
        let count = request.secondary_private_ip_address_count.unwrap_or(0) as usize;
        if added.is_empty() && count == 0 {
            return Err(ApiError::missing("privateIpAddress"));
        }
        let subnet = subnet.id;
        if count > 0 {
            let free = self.index.subnet_mut(subnet).lowest_free(count, &added).ok_or_else(no_free_address)?;
            added.extend(free);
        }
        permit(request.dry_run)?;
        for &address in &added {
            self.index.subnet_mut(subnet).take(address);
            self.network_interfaces[&id].ipv4.push(PrivateAddress { address, public: None });
        }
        self.addresses_changed(id);
        let shown = added.iter().map(|address| Object::new().text("PrivateIpAddress", address));
        Ok(Object::new().text("NetworkInterfaceId", id).list("AssignedPrivateIpAddresses", shown).into())
    }

    pub(crate) fn unassign_private_ip_addresses(
        &mut self,
        caller: &Caller,
        request: UnassignPrivateIpAddresses,
    ) -> Answer {
        let interface = self.find::<NetworkInterface>(caller, &request.network_interface_id)?;
        interface.check_changeable()?;
        let id = interface.id;
        if request.private_ip_addresses.is_empty() {
            return Err(ApiError::missing("privateIpAddress"));
        }
        let mut removed: Vec<Ipv4Addr> = Vec::new();
        for text in &request.private_ip_addresses {
            let at = interface.ipv4.iter().position(|private| private.address.to_string() == *text);
            match at {
                Some(0) => {
                    return Err(ApiError::invalid_value(format!(
                        "Primary IP address {text} cannot be unassigned from interface {id}"
                    )));
                }
                Some(at) => removed.push(interface.ipv4[at].address),
                None => {
                    return Err(ApiError::invalid_value(format!(
                        "Some of [{text}] are not assigned to interface {id}"
                    )));
                }
            }
        }
        permit(request.dry_run)?;
        self.addresses_changed(id);
        let subnet = interface_subnet(self, id);
        for address in removed {
            let addresses = &self.network_interfaces[&id].ipv4;
            let Some(at) = addresses.iter().position(|private| private.address == address) else { continue };
            if let Some(PublicAddress::Elastic { allocation, .. }) = self.set_public_address(id, at, None) {
                self.elastic_ips[&allocation].association = None;
            }
            self.network_interfaces[&id].ipv4.remove(at);
            self.index.subnet_mut(subnet).release(address);
        }
        nothing()
    }
}

impl Cloud {
    /// An interface has other addresses; the instance it is attached to sets them up.
    pub(super) fn addresses_changed(&mut self, id: NetworkInterfaceId) {
        self.touch(id);
        let attachment = self.network_interfaces[&id].attachment.as_ref();
        self.changed_instances.extend(attachment.map(|attachment| attachment.instance));
    }
}

fn interface_subnet(cloud: &Cloud, id: NetworkInterfaceId) -> SubnetId {
    cloud.network_interfaces[&id].subnet
}
