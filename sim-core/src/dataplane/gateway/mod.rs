//! What gateways do to packets: one file each. The pipeline decides the order; a gateway knows its own rules only.
//!
//! What a gateway must remember of flows lies outside the tables, so that these may change under a flow that goes on.

pub(super) mod bindings;
pub(super) mod egress_only;
pub(super) mod endpoint;
pub(super) mod flow_memory;
pub(super) mod ingress_routing;
pub(super) mod internet;
pub(super) mod nat;
pub(super) mod nat_capacity;
pub(super) mod peering;

use rustc_hash::FxHashMap;

use self::bindings::NatBindings;
use self::flow_memory::FlowMemory;
use self::nat_capacity::NatCapacity;
use super::tables::{EniIndex, PeeringIndex, VpcIndex};
use crate::net::FlowKey;

/// What all gateways remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatewayFlows {
    /// NAT gateways, by their interface.
    nat: FxHashMap<EniIndex, NatState>,
    /// Flows that went out through the egress-only gateway of a VPC.
    egress_only: FxHashMap<VpcIndex, FlowMemory<FlowKey, ()>>,
    /// By which peering connection a NAT gateway's flow came to an interface, under the key of the interface's answers
    /// (NAT-14).
    returns: FlowMemory<(EniIndex, FlowKey), PeeringIndex>,
}

/// What a NAT gateway remembers. One that nobody has sent to remembers nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct NatState {
    pub(super) bindings: NatBindings,
    pub(super) capacity: NatCapacity,
}

impl GatewayFlows {
    /// What a NAT gateway remembers.
    pub(super) fn nat(&mut self, eni: EniIndex) -> &mut NatState {
        self.nat.entry(eni).or_default()
    }

    /// The flows of a VPC's egress-only gateway.
    pub(super) fn egress_only(&mut self, vpc: VpcIndex) -> &mut FlowMemory<FlowKey, ()> {
        self.egress_only.entry(vpc).or_default()
    }

    /// The ways back to NAT gateways beyond a peering connection.
    pub(super) fn returns(&mut self) -> &mut FlowMemory<(EniIndex, FlowKey), PeeringIndex> {
        &mut self.returns
    }
}
