//! The egress-only Internet gateway: IPv6 flows opened from inside and their answers, nothing else (EIGW-1).
//!
//! Addresses are not translated (IGW-7). A subnet whose route to the sender leads to this gateway is reached through it, and
//! through no other, even where the VPC has an Internet gateway too: that is what makes it one-way.
//!
//! SIM: AWS publishes no idle time-out for it; it is that of a NAT gateway.

use std::net::IpAddr;

use super::bindings::IDLE_TIMEOUT;
use super::flow_memory::{FlowMemory, MemoryFull};
use crate::dataplane::tables::{EniTable, RouteState, Target, VpcTables};
use crate::engine::SimTime;
use crate::id::{EgressOnlyInternetGatewayId, Origin};
use crate::net::{FlowKey, Frame, IpHeader};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// The egress-only gateway that a packet from the Internet comes in by, and the interface that it is for.
pub(crate) fn way_in<'t>(vpc: &'t VpcTables, ip: &IpHeader) -> Option<(EgressOnlyInternetGatewayId, &'t EniTable)> {
    let gateway = vpc.egress_only_gateway.filter(|_| matches!(ip.destination, IpAddr::V6(_)))?;
    let owner = vpc.owner_of(ip.destination)?;
    let subnet = &vpc.subnets[owner.subnet.0 as usize];
    let table = &vpc.route_tables[subnet.route_table.0 as usize];
    let route = table.routes.lookup(ip.source).map(|(_, route)| route.state);
    let leads_here = matches!(route, Some(RouteState::Active(Target::EgressOnlyGateway(_))));
    (leads_here || vpc.internet_gateway.is_none()).then_some((gateway, owner))
}

/// Remembers the flow of a packet that goes out. Sources that the VPC does not own go no further.
pub(crate) fn admit_outbound(
    gateway: EgressOnlyInternetGatewayId,
    flows: &mut FlowMemory<FlowKey, ()>,
    vpc: &VpcTables,
    now: SimTime,
    ip: &IpHeader,
) -> Result<(), DropReason> {
    let drop = |code, decider| reason(gateway, Direction::Egress, code, decider);
    if let Some(code) = super::internet::unroutable_outbound(ip.destination) {
        return Err(drop(code, Decider::Address(ip.destination)));
    }
    if !vpc.owns(ip.source) {
        return Err(drop(DropCode::GatewayRejectsSpoofedTraffic, Decider::Address(ip.source)));
    }
    if ip.is_icmp_error() {
        return Ok(()); // It opens nothing.
    }
    flows
        .remember(now, IDLE_TIMEOUT, FlowKey::of(ip), ())
        .map_err(|MemoryFull| drop(DropCode::ConntrackAllowanceExceeded, Decider::Resource))
}

/// Lets in what answers a flow from inside, or is an error about one (RFC 6092 REC-10).
pub(crate) fn admit_inbound(
    gateway: EgressOnlyInternetGatewayId,
    flows: &mut FlowMemory<FlowKey, ()>,
    now: SimTime,
    frame: &Frame,
    ip: &IpHeader,
) -> Result<(), DropReason> {
    let flow = if ip.is_icmp_error() { FlowKey::quoted(frame) } else { Some(FlowKey::of(ip).reversed()) };
    let is_known = flow.is_some_and(|flow| flows.use_flow(now, IDLE_TIMEOUT, &flow).is_some());
    if is_known {
        return Ok(());
    }
    Err(reason(gateway, Direction::Ingress, DropCode::EigwNoConnection, Decider::Address(ip.source)))
}

fn reason(by: EgressOnlyInternetGatewayId, direction: Direction, code: DropCode, decider: Decider) -> DropReason {
    DropReason { code, by: by.into(), direction: Some(direction), decider, origin: Origin::Aws }
}
