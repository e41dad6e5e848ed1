//! Elastic IP addresses (IGW-10).

use std::net::Ipv4Addr;

use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::public_address::check_capacity;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Instance, InstanceState, NetworkInterface, PublicAddress, Quota, Tags};
use crate::id::*;

/// An Elastic IP address.
#[derive(Clone, Debug)]
pub(crate) struct ElasticIp {
    pub(crate) id: AllocationId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) address: Ipv4Addr,
    /// At most one association at a time.
    pub(crate) association: Option<(AssociationId, NetworkInterfaceId, Ipv4Addr)>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Takes an address from Amazon's pool for the account.
    AllocateAddress {
        domain: Option<String>,
        network_border_group: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Maps an address to a private address of an interface.
    AssociateAddress {
        allocation_id: Option<String>,
        instance_id: Option<String>,
        public_ip: Option<String>,
        network_interface_id: Option<String>,
        private_ip_address: Option<String>,
        allow_reassociation: Option<bool>,
    }
    /// Ends a mapping.
    DisassociateAddress { association_id: Option<String>, public_ip: Option<String>, }
    /// Gives an address back.
    ReleaseAddress {
        allocation_id: Option<String>,
        public_ip: Option<String>,
        network_border_group: Option<String>,
    }
    /// Lists addresses.
    DescribeAddresses { filters: Vec<Filter>, allocation_ids: Vec<String>, public_ips: Vec<String>, }
}

impl Resource for ElasticIp {
    type Id = AllocationId;

    fn table(cloud: &Cloud) -> &Records<AllocationId, ElasticIp> {
        &cloud.elastic_ips
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl ElasticIp {
    fn instance(&self, cloud: &Cloud) -> Option<InstanceId> {
        let (_, interface, _) = self.association?;
        Some(cloud.network_interfaces.get(&interface)?.attachment.as_ref()?.instance)
    }
}

impl Described for ElasticIp {
    const FILTERS: FilterTable<ElasticIp> = &[
        ("allocation-id", |ip, _| one(ip.id)),
        ("association-id", |ip, _| many(ip.association.map(|(id, ..)| id))),
        ("domain", |_, _| one("vpc")),
        ("instance-id", |ip, cloud| many(ip.instance(cloud))),
        ("network-border-group", |ip, _| one(ip.region)),
        ("network-interface-id", |ip, _| many(ip.association.map(|(_, interface, _)| interface))),
        ("private-ip-address", |ip, _| many(ip.association.map(|(_, _, private)| private))),
        ("public-ip", |ip, _| one(ip.address)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let (association, interface, private) = match self.association {
            Some((association, interface, private)) => (Some(association), Some(interface), Some(private)),
            None => (None, None, None),
        };
        Object::new()
            .text("AllocationId", self.id)
            .optional_text("AssociationId", association)
            .text("Domain", "vpc")
            .optional_text("NetworkInterfaceId", interface)
            .optional_text("NetworkInterfaceOwnerId", interface.map(|_| self.owner))
            .optional_text("PrivateIpAddress", private)
            .optional_list("Tags", self.tags.describe())
            .text("PublicIpv4Pool", "amazon")
            .text("NetworkBorderGroup", self.region)
            .optional_text("InstanceId", self.instance(cloud))
            .text("PublicIp", self.address)
            .into()
    }
}

impl Cloud {
    pub(crate) fn allocate_address(&mut self, caller: &Caller, request: AllocateAddress) -> Answer {
        if let Some(domain) = request.domain.as_deref().filter(|domain| *domain != "vpc") {
            return Err(ApiError::invalid_value(format!("Value ({domain}) for parameter domain is invalid.")));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::Allocation, &[])?;
        let existing = self.index.owned(caller.account, caller.region, ResourceKind::Allocation);
        self.config.quotas.admit(Quota::ElasticIpsPerRegion, existing)?;
        check_capacity(caller.region, self.index.public.len(), 1)?;
        permit(request.dry_run)?;
        let drawn = self.public_pools.draw(caller.region, &mut self.index.public);
        let address = drawn.expect("`check_capacity` has seen that the pool has more addresses than are in use");
        let id = self.ids.next();
        let elastic = ElasticIp {
            id,
            owner: caller.account,
            region: caller.region,
            address,
            association: None,
            tags,
            origin: caller.origin,
        };
        self.elastic_ips.insert(id, elastic);
        self.index.gained(caller.account, caller.region, ResourceKind::Allocation);
        Ok(Object::new()
            .text("AllocationId", id)
            .text("PublicIpv4Pool", "amazon")
            .text("NetworkBorderGroup", caller.region)
            .text("Domain", "vpc")
            .text("PublicIp", address)
            .into())
    }

    pub(crate) fn associate_address(&mut self, caller: &Caller, request: AssociateAddress) -> Answer {
        let elastic = self.elastic_ip(caller, request.allocation_id.as_deref(), request.public_ip.as_deref())?;
        let interface = match (&request.network_interface_id, &request.instance_id) {
            (Some(id), _) => self.find::<NetworkInterface>(caller, id)?,
            (None, Some(id)) => {
                let instance = self.find::<Instance>(caller, id)?;
                if instance.interfaces.len() > 1 {
                    return Err(ApiError::new(
                        "InvalidInstanceID",
                        format!(
                            "There are multiple interfaces attached to instance '{}'. Please specify an interface ID for \
                             the operation instead.",
                            instance.id
                        ),
                    ));
                }
                let interface = match instance.state {
                    InstanceState::ShuttingDown { .. } | InstanceState::Terminated { .. } => None,
                    _ => instance.interfaces.first(),
                };
                let interface = interface.ok_or_else(|| {
                    ApiError::new(
                        "InvalidInstanceID",
                        format!("The instance '{}' is not in a valid state for this operation.", instance.id),
                    )
                })?;
                &self.network_interfaces[interface]
            }
            (None, None) => return Err(ApiError::missing("instanceId")),
        };
        interface.check_changeable()?;
        self.check_movable(elastic)?;
        self.subnets[&interface.subnet].check_ipv4("Elastic IP addresses")?;
        let at = match &request.private_ip_address {
            None => 0,
            Some(text) => interface.ipv4.iter().position(|it| it.address.to_string() == *text).ok_or_else(|| {
                ApiError::invalid_value(format!("Address {text} is not assigned to interface {}", interface.id))
            })?,
        };
        if self.index.vpc(interface.vpc).internet_gateway.is_none() {
            return Err(ApiError::new(
                "Gateway.NotAttached",
                format!("Network {} is not attached to any internet gateway", interface.vpc),
            )); // IGW-10
        }
        let elsewhere = elastic
            .association
            .is_some_and(|(_, other, private)| (other, private) != (interface.id, interface.ipv4[at].address));
        let other_here = matches!(interface.ipv4[at].public,
            Some(PublicAddress::Elastic { allocation, .. }) if allocation != elastic.id);
        // In a VPC an address moves at will unless the request forbids it.
        if request.allow_reassociation == Some(false) && (elsewhere || other_here) {
            return Err(ApiError::new(
                "Resource.AlreadyAssociated",
                format!("resource {} is already associated with associate-id", elastic.id),
            ));
        }
        let (allocation, interface) = (elastic.id, interface.id);
        permit(request.dry_run)?;

        self.end_association(allocation);
        match self.set_public_address(interface, at, None) {
            Some(PublicAddress::Auto(address)) => {
                self.index.public.remove(&address); // IGW-9: an Elastic IP takes the place of the automatic one.
            }
            Some(PublicAddress::Elastic { allocation, .. }) => self.elastic_ips[&allocation].association = None,
            None => {}
        }
        let association: AssociationId = self.ids.next();
        let elastic = &mut self.elastic_ips[&allocation];
        let public = PublicAddress::Elastic { address: elastic.address, allocation, association };
        elastic.association = Some((association, interface, self.network_interfaces[&interface].ipv4[at].address));
        self.set_public_address(interface, at, Some(public));
        self.touch(interface);
        just("AssociationId", association.to_string())
    }

    pub(crate) fn disassociate_address(&mut self, caller: &Caller, request: DisassociateAddress) -> Answer {
        let elastic = match (&request.association_id, &request.public_ip) {
            (Some(text), _) => {
                let id: AssociationId = parse_id(text)?;
                let mut mine = self.elastic_ips.values().filter(|ip| ip.visible(self, caller));
                let found = mine.find(|ip| ip.association.is_some_and(|(association, ..)| association == id));
                found.ok_or_else(|| ApiError::not_found(ResourceKind::Association, id))?
            }
            (None, public_ip) => self.elastic_ip(caller, None, public_ip.as_deref())?,
        };
        self.check_movable(elastic)?;
        let id = elastic.id;
        permit(request.dry_run)?;
        self.end_association(id);
        nothing()
    }

    pub(crate) fn release_address(&mut self, caller: &Caller, request: ReleaseAddress) -> Answer {
        let elastic = self.elastic_ip(caller, request.allocation_id.as_deref(), request.public_ip.as_deref())?;
        if elastic.association.is_some() {
            return Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {} is in use.", elastic.address)));
        }
        let (id, address) = (elastic.id, elastic.address);
        permit(request.dry_run)?;
        self.elastic_ips.remove(&id);
        self.index.public.remove(&address);
        self.index.lost(caller.account, caller.region, ResourceKind::Allocation);
        nothing()
    }

    pub(crate) fn describe_addresses(&mut self, caller: &Caller, request: DescribeAddresses) -> Answer {
        permit(request.dry_run)?;
        let mut ids = request.allocation_ids.clone();
        for public_ip in &request.public_ips {
            ids.push(self.elastic_ip(caller, None, Some(public_ip))?.id.to_string());
        }
        just("Addresses", self.described::<ElasticIp>(caller, &ids, &request.filters)?)
    }

    /// Refuses to take the address of a service's interface away from it.
    fn check_movable(&self, elastic: &ElasticIp) -> Result<(), ApiError> {
        let interface = elastic.association.and_then(|(_, interface, _)| self.network_interfaces.get(&interface));
        interface.map_or(Ok(()), NetworkInterface::check_changeable)
    }

    fn elastic_ip(
        &self,
        caller: &Caller,
        allocation: Option<&str>,
        public_ip: Option<&str>,
    ) -> Result<&ElasticIp, ApiError> {
        match (allocation, public_ip) {
            (Some(id), _) => self.find::<ElasticIp>(caller, id),
            (None, Some(text)) => {
                let mut mine = self.elastic_ips.values().filter(|ip| ip.visible(self, caller));
                mine.find(|ip| ip.address.to_string() == text)
                    .ok_or_else(|| ApiError::new("InvalidAddress.NotFound", format!("Address '{text}' not found.")))
            }
            (None, None) => Err(ApiError::missing("AllocationId")),
        }
    }

    /// Ends an address's association, if it has one. The interface of a running instance gets an automatic address again if
    /// it was launched with one (IGW-10); with more than one interface it does not (IGW-9).
    pub(crate) fn end_association(&mut self, allocation: AllocationId) {
        let Some((_, interface, address)) = self.elastic_ips[&allocation].association.take() else { return };
        let addresses = &self.network_interfaces[&interface].ipv4;
        let at = addresses.iter().position(|private| private.address == address);
        let at = at.expect("an associated address is one of its interface's");
        self.set_public_address(interface, at, None);
        let record = &self.network_interfaces[&interface];
        let was_primary = at == 0;
        let attached = record.attachment.as_ref().and_then(|attachment| self.instances.get(&attachment.instance));
        let runs_alone = attached.is_some_and(|instance| instance.state.is_on() && instance.interfaces.len() == 1);
        if was_primary && runs_alone && self.auto_assigned.contains(&interface) {
            self.assign_auto_public_address(interface);
        }
        self.touch(interface);
    }
}
