//! What was asked: the control plane. Resources as AWS names them, checked as EC2 checks them; no packets.
//!
//! One file per noun: its record, its requests, its rules, its Describe answer. [`Cloud::apply`] is all-or-nothing: a handler
//! checks everything, then changes. Requests, records and compiled tables are different types; only the requests know serde.
//! Answers are JSON with AWS's member names in AWS's order, so that `--query` and saved values work as with the real CLI.

mod elastic_ip;
mod error;
mod instance;
mod internet_gateway;
mod network_acl;
mod network_interface;
mod operation;
mod peering;
mod route_table;
mod security_group;
mod subnet;
mod tag;
mod vpc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::engine::SimTime;
use crate::id::*;

pub use elastic_ip::ElasticIp;
pub use error::ApiError;
pub use instance::{Image, ImageFamily, Instance, InstanceState};
pub use internet_gateway::InternetGateway;
pub use network_acl::{AclAction, AclEntry, NetworkAcl};
#[cfg(test)]
pub(crate) use network_interface::Attachment;
pub use network_interface::{NetworkInterface, PrivateAddress, PublicAddress};
pub use operation::{Operation, UnknownOperation};
pub use peering::{PeeringSide, PeeringStatus, VpcPeeringConnection};
pub use route_table::{Route, RouteTable, RouteTarget};
pub use security_group::{GroupRule, PortRange, RulePeer, RuleProtocol, SecurityGroup};
pub use subnet::Subnet;
pub use tag::Tags;
pub use vpc::Vpc;

/// Who asks, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The account that signs the request.
    pub account: AccountId,
    /// The Region it is sent to.
    pub region: Region,
    /// Virtual time of the request.
    pub now: SimTime,
    /// Where the request was written; kept by the rules and routes it makes.
    pub origin: Origin,
}

/// All resources of all accounts and Regions of a scenario.
///
/// The maps keep creation order, which is what Describe answers with and what makes every later step deterministic.
#[derive(Debug)]
pub struct Cloud {
    pub(crate) ids: IdAllocator,
    pub(crate) vpcs: IndexMap<VpcId, Vpc>,
    pub(crate) subnets: IndexMap<SubnetId, Subnet>,
    pub(crate) route_tables: IndexMap<RouteTableId, RouteTable>,
    pub(crate) internet_gateways: IndexMap<InternetGatewayId, InternetGateway>,
    pub(crate) peerings: IndexMap<VpcPeeringConnectionId, VpcPeeringConnection>,
    pub(crate) security_groups: IndexMap<SecurityGroupId, SecurityGroup>,
    pub(crate) network_acls: IndexMap<NetworkAclId, NetworkAcl>,
    pub(crate) network_interfaces: IndexMap<NetworkInterfaceId, NetworkInterface>,
    pub(crate) instances: IndexMap<InstanceId, Instance>,
    pub(crate) elastic_ips: IndexMap<AllocationId, ElasticIp>,
}

impl Cloud {
    /// An empty cloud whose ids come from `seed`.
    pub fn new(seed: u64) -> Cloud {
        Cloud {
            ids: IdAllocator::new(seed),
            vpcs: IndexMap::new(),
            subnets: IndexMap::new(),
            route_tables: IndexMap::new(),
            internet_gateways: IndexMap::new(),
            peerings: IndexMap::new(),
            security_groups: IndexMap::new(),
            network_acls: IndexMap::new(),
            network_interfaces: IndexMap::new(),
            instances: IndexMap::new(),
            elastic_ips: IndexMap::new(),
        }
    }

    /// Carries out one request, or refuses it and changes nothing.
    ///
    /// # Errors
    /// The AWS error code and message with which EC2 would refuse.
    pub fn apply(&mut self, caller: &Caller, operation: Operation) -> Result<Value, ApiError> {
        let _ = (caller, operation);
        Err(ApiError::new("InvalidAction", "not written yet"))
    }

    /// Makes every change of state that is due at `now` (an instance comes up, a peering request expires).
    pub fn advance(&mut self, now: SimTime) {
        let _ = now;
    }

    /// When the next change of state is due.
    pub fn next_transition(&self) -> Option<SimTime> {
        None
    }

    /// The VPCs whose forwarding may differ since the last call, in order: what must be compiled again.
    pub fn take_touched(&mut self) -> Vec<VpcId> {
        Vec::new()
    }

    /// A resource's tags, if it exists and can have some.
    pub fn tags(&self, id: ResourceId) -> Option<&Tags> {
        let _ = id;
        None
    }
}
