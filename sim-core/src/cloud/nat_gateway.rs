//! NAT gateways (NAT): their states in virtual time, why one fails, and their interface, which is Amazon's to manage.
//!
//! SIM: AWS says that creation takes a minute or two, and not how long exactly.
//!
//! Differs from AWS: regional NAT gateways (NAT-3) are not simulated.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::connection_tracking::ConnectionTracking;
use super::describe::{Described, Filter, FilterTable, one};
use super::error::permit;
use super::interface_plan::{InterfacePlan, PrimaryAddress, no_free_address};
use super::lookup::Resource;
use super::network_interface::Groups;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::transition::Transition;
use super::{ApiError, Caller, Cloud, ElasticIp, PublicAddress, Quota, Requester, Subnet, Tags};
use crate::engine::{SimDuration, SimTime};
use crate::id::*;

/// How long a gateway is pending.
const PENDING: SimDuration = SimDuration::from_secs(60);
/// How long a gateway that fails is pending.
const FAILING: SimDuration = SimDuration::from_secs(10);
/// How long a gateway is being deleted.
const DELETING: SimDuration = SimDuration::from_secs(30);
/// How long Describe still shows one that was deleted or has failed: about an hour (NAT-16).
const VISIBLE: SimDuration = SimDuration::from_secs(3_600);
/// Addresses of a gateway (NAT-6).
pub(super) const ADDRESSES: usize = 8;

/// A NAT gateway.
#[derive(Clone, Debug)]
pub(crate) struct NatGateway {
    pub(crate) id: NatGatewayId,
    pub(crate) owner: AccountId,
    pub(crate) zone: AvailabilityZone,
    pub(crate) vpc: VpcId,
    pub(crate) subnet: SubnetId,
    pub(crate) connectivity: Connectivity,
    pub(crate) state: NatGatewayState,
    pub(crate) created: SimTime,
    /// When its deletion was asked for.
    pub(crate) deleted: Option<SimTime>,
    /// Its interface; none if it failed before it had one, or once it is deleted.
    pub(crate) interface: Option<NetworkInterfaceId>,
    /// The primary address first. They are shown for as long as the gateway is.
    pub(crate) addresses: Vec<NatAddress>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// What a gateway is for (NAT-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Connectivity {
    /// The Internet: each of its addresses has an Elastic IP address.
    Public,
    /// Other networks.
    Private,
}

/// The states of a gateway (NAT-16); those that pass by themselves say when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NatGatewayState {
    /// Being made.
    Pending { until: SimTime },
    /// Being made, in vain.
    Failing { until: SimTime, because: ApiError },
    /// Could not be made.
    Failed { since: SimTime, because: ApiError },
    /// In use.
    Available,
    /// Being deleted; forwards nothing more.
    Deleting { until: SimTime },
    /// Gone.
    Deleted { since: SimTime },
}

/// An address of a gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NatAddress {
    /// On the gateway's interface, once it has one.
    pub(crate) private: Option<Ipv4Addr>,
    /// The Elastic IP address that stands for it, and the association's id, once there is one.
    pub(crate) public: Option<(AllocationId, Ipv4Addr, Option<AssociationId>)>,
    /// When it goes, if it is being taken away (NAT-17).
    pub(crate) drained: Option<SimTime>,
}

requests! {
    /// Makes a gateway in a subnet.
    CreateNatGateway {
        subnet_id: Option<String>,
        allocation_id: Option<String>,
        connectivity_type: Option<String>,
        availability_mode: Option<String>,
        private_ip_address: Option<String>,
        secondary_allocation_ids: Vec<String>,
        secondary_private_ip_addresses: Vec<String>,
        secondary_private_ip_address_count: Option<u32>,
        tag_specifications: Vec<TagSpecification>,
        client_token: Option<String>,
    }
    /// Deletes a gateway; its routes stay and are blackholes (RT-18).
    DeleteNatGateway { nat_gateway_id: String, }
    /// Lists gateways.
    DescribeNatGateways {
        filter: Vec<Filter>,
        nat_gateway_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

impl NatGatewayState {
    fn name(&self) -> &'static str {
        match self {
            NatGatewayState::Pending { .. } | NatGatewayState::Failing { .. } => "pending",
            NatGatewayState::Failed { .. } => "failed",
            NatGatewayState::Available => "available",
            NatGatewayState::Deleting { .. } => "deleting",
            NatGatewayState::Deleted { .. } => "deleted",
        }
    }

    /// When it passes by itself.
    fn passes(&self) -> Option<SimTime> {
        match self {
            NatGatewayState::Pending { until }
            | NatGatewayState::Failing { until, .. }
            | NatGatewayState::Deleting { until } => Some(*until),
            NatGatewayState::Failed { .. } | NatGatewayState::Available | NatGatewayState::Deleted { .. } => None,
        }
    }

    /// Whether a gateway in this state counts against the quota (NAT-18).
    fn counts(&self) -> bool {
        !matches!(self, NatGatewayState::Failed { .. } | NatGatewayState::Deleted { .. })
    }
}

impl NatGateway {
    /// Whether it forwards.
    pub(crate) fn is_available(&self) -> bool {
        self.state == NatGatewayState::Available
    }

    /// Whether it has failed or is deleted, or soon will be.
    pub(crate) fn is_going(&self) -> bool {
        !matches!(self.state, NatGatewayState::Pending { .. } | NatGatewayState::Available)
    }

    /// When its state passes by itself.
    pub(crate) fn passes(&self) -> Option<SimTime> {
        self.state.passes()
    }

    /// One of its addresses. Of a gateway that is not made yet there is little to say.
    pub(super) fn describe_address(&self, address: &NatAddress, is_primary: bool, status: &str) -> Object {
        let is_made = !matches!(self.state, NatGatewayState::Pending { .. });
        let (allocation, public, association) = match address.public {
            Some((allocation, public, association)) => (Some(allocation), Some(public), association),
            None => (None, None, None),
        };
        let shown = Object::new().optional_text("AllocationId", allocation);
        let Some(private) = address.private.filter(|_| is_made) else { return shown };
        shown
            .optional_text("NetworkInterfaceId", self.interface)
            .text("PrivateIp", private)
            .optional_text("PublicIp", public)
            .optional_text("AssociationId", association)
            .value("IsPrimary", is_primary)
            .text("Status", status)
    }
}

impl Resource for NatGateway {
    type Id = NatGatewayId;

    fn table(cloud: &Cloud) -> &Records<NatGatewayId, NatGateway> {
        &cloud.nat_gateways
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.zone.region())
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }

    fn visible(&self, cloud: &Cloud, caller: &Caller) -> bool {
        let is_forgotten = match self.state {
            NatGatewayState::Deleted { since } | NatGatewayState::Failed { since, .. } => {
                caller.now.since(since) >= VISIBLE
            }
            _ => false,
        };
        !is_forgotten && self.home(cloud) == (caller.account, caller.region)
    }
}

impl Described for NatGateway {
    const FILTERS: FilterTable<NatGateway> = &[
        ("nat-gateway-id", |gateway, _| one(gateway.id)),
        ("state", |gateway, _| one(gateway.state.name())),
        ("subnet-id", |gateway, _| one(gateway.subnet)),
        ("vpc-id", |gateway, _| one(gateway.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let addresses = self.addresses.iter().enumerate().map(|(at, address)| {
            let status = match (address.drained, self.connectivity) {
                (None, _) => "succeeded",
                (Some(_), Connectivity::Private) => "unassigning",
                (Some(_), Connectivity::Public) => "disassociating",
            };
            self.describe_address(address, at == 0, status)
        });
        let failure = match &self.state {
            NatGatewayState::Failed { because, .. } => Some(because),
            _ => None,
        };
        let connectivity = match self.connectivity {
            Connectivity::Public => "public",
            Connectivity::Private => "private",
        };
        Object::new()
            .text("CreateTime", cloud.timestamp(self.created))
            .optional_text("DeleteTime", self.deleted.map(|time| cloud.timestamp(time)))
            .optional_text("FailureCode", failure.map(|error| error.code))
            .optional_text("FailureMessage", failure.map(|error| &error.message))
            .list("NatGatewayAddresses", addresses)
            .text("NatGatewayId", self.id)
            .text("State", self.state.name())
            .text("SubnetId", self.subnet)
            .text("VpcId", self.vpc)
            .optional_list("Tags", self.tags.describe())
            .text("ConnectivityType", connectivity)
            .into()
    }
}

/// What a request for a gateway comes to, if nothing fails later.
struct Plan {
    interface: InterfacePlan,
    /// In the order of the interface's addresses; none for a private gateway.
    allocations: Vec<AllocationId>,
}

impl Cloud {
    pub(crate) fn create_nat_gateway(&mut self, caller: &Caller, request: CreateNatGateway) -> Answer {
        if let Some("regional") = request.availability_mode.as_deref() {
            return Err(ApiError::not_simulated("A regional NAT gateway"));
        }
        let Some(text) = &request.subnet_id else { return Err(ApiError::missing("SubnetId")) };
        let subnet = self
            .find::<Subnet>(caller, text)
            .map_err(|_| ApiError::new("InvalidSubnet", format!("The subnet ID '{text}' was not found")))?;
        let connectivity = match request.connectivity_type.as_deref() {
            None | Some("public") => Connectivity::Public,
            Some("private") => Connectivity::Private,
            Some(other) => {
                return Err(ApiError::invalid_value(format!(
                    "Value ({other}) for parameter connectivityType is invalid."
                )));
            }
        };
        let plan = self.plan_nat_gateway(caller, subnet, connectivity, &request)?;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::NatGateway, &["elastic-ip"])?;
        let (subnet, vpc, zone) = (subnet.id, subnet.vpc, subnet.zone);
        let living = self
            .nat_gateways
            .values()
            .filter(|gateway| (gateway.owner, gateway.zone) == (caller.account, zone) && gateway.state.counts());
        self.config.quotas.admit(Quota::NatGatewaysPerZone, living.count())?; // NAT-18
        permit(request.dry_run)?;

        let id: NatGatewayId = self.ids.next();
        let public = |allocation: &AllocationId| NatAddress {
            private: None,
            public: Some((*allocation, self.elastic_ips[allocation].address, None)),
            drained: None,
        };
        let mut gateway = NatGateway {
            id,
            owner: caller.account,
            zone,
            vpc,
            subnet,
            connectivity,
            state: NatGatewayState::Pending { until: caller.now + PENDING },
            created: caller.now,
            deleted: None,
            interface: None,
            addresses: plan.allocations.iter().map(public).collect(),
            tags,
            origin: caller.origin,
        };
        match self.why_it_fails(&plan) {
            Some(because) => gateway.state = NatGatewayState::Failing { until: caller.now + FAILING, because },
            None => self.give_interface(caller, &mut gateway, plan),
        }
        let until = gateway.passes().expect("a new gateway is pending");
        self.nat_gateways.insert(id, gateway);
        self.schedule.at(until, Transition::NatGateway(id));
        let gateway = self.nat_gateways[&id].describe(self, caller);
        Ok(Object::new().optional_text("ClientToken", request.client_token).value("NatGateway", gateway).into())
    }

    /// Checks what EC2 checks at once.
    fn plan_nat_gateway(
        &self,
        caller: &Caller,
        subnet: &Subnet,
        connectivity: Connectivity,
        request: &CreateNatGateway,
    ) -> Result<Plan, ApiError> {
        let given = request.allocation_id.iter().chain(&request.secondary_allocation_ids);
        let allocations = match connectivity {
            Connectivity::Public if request.allocation_id.is_none() => return Err(ApiError::missing("AllocationId")),
            Connectivity::Public => {
                given.map(|text| self.allocation_for_nat(caller, text)).collect::<Result<_, _>>()?
            }
            Connectivity::Private if given.count() > 0 => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "AllocationId cannot be specified for a NAT gateway whose connectivityType is private.",
                ));
            }
            Connectivity::Private => Vec::new(),
        };
        let primary = request.private_ip_address.as_ref().map(|text| self.free_address(subnet, text)).transpose()?;
        let secondary = request.secondary_private_ip_addresses.iter().map(|text| self.free_address(subnet, text));
        let secondary = secondary.collect::<Result<Vec<_>, _>>()?;
        let more = match connectivity {
            // Each further Elastic IP address wants a private one.
            Connectivity::Public => allocations.len().saturating_sub(1 + secondary.len()),
            Connectivity::Private => request.secondary_private_ip_address_count.unwrap_or(0) as usize,
        };
        if 1 + secondary.len() + more > ADDRESSES {
            return Err(ApiError::new(
                "PrivateIpAddressLimitExceeded",
                format!("A NAT gateway can have at most {ADDRESSES} addresses."),
            ));
        }
        let interface = InterfacePlan {
            connection_tracking: ConnectionTracking::default(),
            subnet: subnet.id,
            vpc: subnet.vpc,
            groups: Groups::new(), // No security group can be attached (NAT-10).
            primary: primary.map_or(PrimaryAddress::AnyFree, PrimaryAddress::This),
            secondary,
            secondary_count: more,
            ipv6: Vec::new(),
            ipv6_count: 0,
            public: false,
            description: Box::default(),
            tags: Tags::default(),
        };
        Ok(Plan { interface, allocations })
    }

    pub(super) fn allocation_for_nat(&self, caller: &Caller, text: &str) -> Result<AllocationId, ApiError> {
        self.find::<ElasticIp>(caller, text).map(|elastic| elastic.id).map_err(|_| {
            ApiError::new("InvalidElasticIpID.NotFound", format!("Elastic IP address {text} could not be found."))
        })
    }

    /// Why a gateway will fail although its request was accepted (NAT-16).
    fn why_it_fails(&self, plan: &Plan) -> Option<ApiError> {
        let vpc = plan.interface.vpc;
        if !plan.allocations.is_empty() && self.index.vpc(vpc).internet_gateway.is_none() {
            let message = format!("Network {vpc} has no Internet gateway attached");
            return Some(ApiError::new("Gateway.NotAttached", message));
        }
        let taken = plan.allocations.iter().find(|allocation| self.elastic_ips[*allocation].association.is_some());
        if let Some(allocation) = taken {
            let message = format!("Elastic IP address [{allocation}] is already associated");
            return Some(ApiError::new("Resource.AlreadyAssociated", message));
        }
        if plan.interface.address_count() > self.index.subnet(plan.interface.subnet).free_count() {
            let message = "Subnet has insufficient free addresses to create this NAT gateway";
            return Some(ApiError::new(no_free_address().code, message));
        }
        None
    }

    /// Makes a gateway's interface, which nobody else may change, and associates its Elastic IP addresses (NAT-3).
    fn give_interface(&mut self, caller: &Caller, gateway: &mut NatGateway, plan: Plan) {
        let Plan { mut interface, allocations } = plan;
        interface.description = format!("Interface for NAT Gateway {}", gateway.id).into();
        let plans = [interface];
        self.take_explicit_addresses(&plans);
        let id = self.add_interface(caller, &plans[0], None);
        let record = &mut self.network_interfaces[&id];
        record.requester = Some(Requester::NatGateway(gateway.id));
        record.source_dest_check = false;
        let private: Vec<Ipv4Addr> = record.ipv4.iter().map(|private| private.address).collect();
        gateway.interface = Some(id);
        gateway.addresses =
            private.iter().map(|&address| NatAddress { private: Some(address), public: None, drained: None }).collect();
        for (at, allocation) in allocations.into_iter().enumerate() {
            let association: AssociationId = self.ids.next();
            let elastic = &mut self.elastic_ips[&allocation];
            let address = elastic.address;
            elastic.association = Some((association, id, private[at]));
            let public = PublicAddress::Elastic { address, allocation, association };
            self.set_public_address(id, at, Some(public));
            gateway.addresses[at].public = Some((allocation, address, Some(association)));
        }
    }

    pub(crate) fn delete_nat_gateway(&mut self, caller: &Caller, request: DeleteNatGateway) -> Answer {
        let gateway = self.find::<NatGateway>(caller, &request.nat_gateway_id)?;
        let id = gateway.id;
        permit(request.dry_run)?;
        // One that is going, or gone, is deleted once more without a word.
        if !matches!(gateway.state, NatGatewayState::Deleting { .. } | NatGatewayState::Deleted { .. }) {
            let until = caller.now + DELETING;
            let gateway = &mut self.nat_gateways[&id];
            gateway.state = NatGatewayState::Deleting { until };
            gateway.deleted = Some(caller.now);
            self.schedule.at(until, Transition::NatGateway(id));
            self.touch_nat_gateway(id);
        }
        just("NatGatewayId", id.to_string())
    }

    pub(crate) fn describe_nat_gateways(&mut self, caller: &Caller, request: DescribeNatGateways) -> Answer {
        permit(request.dry_run)?;
        just("NatGateways", self.described::<NatGateway>(caller, &request.nat_gateway_ids, &request.filter)?)
    }

    /// A passing state passes.
    pub(crate) fn settle_nat_gateway(&mut self, id: NatGatewayId, now: SimTime) {
        let gateway = &mut self.nat_gateways[&id];
        gateway.state = match &gateway.state {
            NatGatewayState::Pending { .. } => NatGatewayState::Available,
            NatGatewayState::Failing { because, .. } => {
                NatGatewayState::Failed { since: now, because: because.clone() }
            }
            NatGatewayState::Deleting { .. } => NatGatewayState::Deleted { since: now },
            settled => settled.clone(),
        };
        let is_deleted = matches!(gateway.state, NatGatewayState::Deleted { .. });
        self.touch_nat_gateway(id);
        if is_deleted && let Some(interface) = self.nat_gateways[&id].interface.take() {
            // NAT-17: the Elastic IP addresses are free again, and stay the account's.
            self.remove_interface(interface);
        }
    }

    /// Routes to a gateway are routes to its interface (RT-15).
    fn touch_nat_gateway(&mut self, id: NatGatewayId) {
        if let Some(interface) = self.nat_gateways[&id].interface {
            self.touch(interface);
        }
    }
}
