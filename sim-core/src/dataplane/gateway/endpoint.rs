//! Gateway endpoints: from a VPC to S3 or DynamoDB and back, nothing translated (GWE-8). DynamoDB's carry IPv6 too (GWE-13).
//!
//! A route leads here only to what the service's prefix list holds. The endpoint belongs to one VPC: it takes what that VPC's
//! own interfaces send (GWE-11, PCX-21), and hands answers of the service to them and to nobody else.

use std::net::IpAddr;

use crate::dataplane::tables::{EndpointState, EndpointTable, EniIndex, ServiceTable, VpcTables};
use crate::net::{IpHeader, Transport, protocol};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// Whether a packet of the VPC may go to the service: TCP or ping (GWE-15), from an address of the VPC.
pub(crate) fn check_outbound(endpoint: &EndpointTable, vpc: &VpcTables, ip: &IpHeader) -> Result<(), DropReason> {
    let drop = |code, decider| reason(endpoint, Direction::Egress, code, decider);
    check_state(endpoint, Direction::Egress)?;
    if !vpc.owns(ip.source) {
        return Err(drop(DropCode::GatewayRejectsSpoofedTraffic, Decider::Address(ip.source)));
    }
    if !is_carried(ip) {
        return Err(drop(DropCode::VpceGatewayProtocolRestriction, Decider::Resource));
    }
    Ok(())
}

/// The interface that an answer of the service is for.
pub(crate) fn check_inbound(
    endpoint: &EndpointTable,
    service: &ServiceTable,
    vpc: &VpcTables,
    ip: &IpHeader,
) -> Result<EniIndex, DropReason> {
    let drop = |code, address: IpAddr| reason(endpoint, Direction::Ingress, code, Decider::Address(address));
    check_state(endpoint, Direction::Ingress)?;
    if !service.ranges.iter().any(|range| range.contains(ip.source)) {
        return Err(drop(DropCode::VpceGatewayEgressSourceAddressRestriction, ip.source));
    }
    let owner = vpc.owner_of(ip.destination);
    owner.map(|eni| eni.index).ok_or_else(|| drop(DropCode::NoPossibleDestination, ip.destination))
}

fn check_state(endpoint: &EndpointTable, direction: Direction) -> Result<(), DropReason> {
    match endpoint.state {
        EndpointState::Available => Ok(()),
        EndpointState::Deleted => Err(reason(endpoint, direction, DropCode::BadState, Decider::Resource)),
    }
}

/// TCP, echo requests, and errors about what has come back, in either family. SIM: a fragment of an echo passes too.
fn is_carried(ip: &IpHeader) -> bool {
    let echo_request = match ip.protocol {
        protocol::TCP => return true,
        protocol::ICMP => 8,
        protocol::ICMPV6 => 128,
        _ => return false,
    };
    match ip.transport {
        Transport::Fragment => true,
        Transport::Icmp { kind, .. } => kind == echo_request || ip.is_icmp_error(),
        _ => false,
    }
}

fn reason(endpoint: &EndpointTable, direction: Direction, code: DropCode, decider: Decider) -> DropReason {
    DropReason { code, by: endpoint.id.into(), direction: Some(direction), decider, origin: endpoint.origin }
}
