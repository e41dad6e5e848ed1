//! The interface itself: what it lets its guest send and be sent, whatever the rules say (L2-1, L2-6, L2-9).

use super::tables::{EniIndex, Guest, Interface, SourceDestCheck};
use crate::net::{Frame, Headers, IpHeader};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// The IP header of a frame that the fabric can carry: well-formed, IP, from one station to one station (L2-1).
pub(crate) fn check_unicast<'f>(at: &Interface<'_>, frame: &'f Frame) -> Result<&'f IpHeader, DropReason> {
    let drop = |code, decider| reason(at, code, Direction::Egress, decider);
    let ip = frame.headers.ip.as_ref().ok_or_else(|| drop(DropCode::MalformedFrame, Decider::Resource))?;
    let is_broadcast = matches!(ip.destination, std::net::IpAddr::V4(v4) if v4.is_broadcast());
    if frame.headers.destination_mac.is_multicast() || ip.destination.is_multicast() || is_broadcast {
        return Err(drop(DropCode::NotUnicast, Decider::Address(ip.destination)));
    }
    Ok(ip)
}

/// Outbound half of the source/destination check: the source is one of the interface's addresses (L2-9).
pub(crate) fn check_source(at: &Interface<'_>, ip: &IpHeader) -> Result<(), DropReason> {
    check(at, ip.source, Direction::Egress)
}

/// Inbound half: the destination is one of the interface's addresses (L2-9).
pub(crate) fn check_destination(at: &Interface<'_>, ip: &IpHeader) -> Result<(), DropReason> {
    check(at, ip.destination, Direction::Ingress)
}

fn check(at: &Interface<'_>, address: std::net::IpAddr, direction: Direction) -> Result<(), DropReason> {
    match at.eni.source_dest_check {
        SourceDestCheck::On if !at.eni.addresses.contains(&address) => {
            Err(reason(at, DropCode::EniSourceDestCheckRestriction, direction, Decider::Address(address)))
        }
        SourceDestCheck::On | SourceDestCheck::Off => Ok(()),
    }
}

/// The interface of the same subnet that a frame is addressed to at layer 2: such a frame is switched and no route table sees
/// it (L2-6). `None` for a frame to the router.
pub(crate) fn on_link(at: &Interface<'_>, headers: &Headers) -> Result<Option<EniIndex>, DropReason> {
    if headers.destination_mac == at.subnet.router_mac {
        return Ok(None);
    }
    match at.vpc.station(headers.destination_mac).filter(|eni| eni.subnet == at.eni.subnet) {
        Some(neighbor) => Ok(Some(neighbor.index)),
        // Nobody in the subnet has the MAC address; a guest that learnt its neighbours by ARP does not get here.
        None => {
            let address = headers.ip.map_or(Decider::Resource, |ip| Decider::Address(ip.destination));
            Err(DropReason {
                code: DropCode::NoPossibleDestination,
                by: at.subnet.id.into(),
                direction: None,
                decider: address,
                origin: at.subnet.origin,
            })
        }
    }
}

/// Somebody must be there to receive: a stopped instance's interface keeps its address and answers nothing.
pub(crate) fn check_guest(at: &Interface<'_>) -> Result<(), DropReason> {
    match at.eni.guest {
        Guest::Running | Guest::NatGateway(_) => Ok(()),
        Guest::Absent => Err(reason(at, DropCode::BadState, Direction::Ingress, Decider::Resource)),
    }
}

fn reason(at: &Interface<'_>, code: DropCode, direction: Direction, decider: Decider) -> DropReason {
    DropReason { code, by: at.eni.id.into(), direction: Some(direction), decider, origin: at.eni.origin }
}
