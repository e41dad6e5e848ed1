//! IPv6 neighbour discovery, answered like ARP (L2-19; RFC 4861).
//!
//! The router owns `fe80:ec2::1` in every subnet.
//!
//! Differs from AWS: the router's EUI-64 address and its advertisements are not simulated; guests are configured without them.

use std::net::IpAddr;

use super::{Answer, Service};
use crate::dataplane::tables::{Interface, ROUTER_IPV6};
use crate::net::{Frame, MacAddr, NeighborRole, NeighborSolicitation, Transport, protocol};

pub(super) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    let Some(ip) = frame.headers.ip.filter(|ip| ip.protocol == protocol::ICMPV6) else { return Service::NotOurs };
    // Listener reports (RFC 2710, RFC 3810) and discovery (RFC 4861 §4): link-scope talk that no rule judges.
    if !matches!(ip.transport, Transport::Icmp { kind: 130..=137 | 143, .. }) {
        return Service::NotOurs;
    }
    let Some(question) = NeighborSolicitation::parse(frame).filter(|question| !question.source.is_unspecified()) else {
        return Service::Silence;
    };
    if question.target == ROUTER_IPV6 {
        return Service::Answer(Answer::Neighbor(question, at.subnet.router_mac, NeighborRole::Router));
    }
    match mac_of(at, IpAddr::V6(question.target)) {
        Some(mac) => Service::Answer(Answer::Neighbor(question, mac, NeighborRole::Host)),
        None => Service::Silence,
    }
}

/// The MAC address of the subnet's other interface that owns an address (L2-2).
pub(super) fn mac_of(at: &Interface<'_>, address: IpAddr) -> Option<MacAddr> {
    let owner = at.vpc.owner_of(address)?;
    let is_neighbor = owner.index != at.eni.index && owner.subnet == at.eni.subnet;
    is_neighbor.then_some(owner.mac)
}
