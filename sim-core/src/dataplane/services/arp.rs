//! ARP as a VPC answers it: from the control plane's mapping, never from the peer (L2-2 to L2-5).
//!
//! The subnet's router has a synthetic MAC address (L2-3), an interface of the subnet its own (L2-2); an address that nobody
//! owns is met with silence (L2-4). What a guest announces about itself changes nothing (L2-5).

use std::net::IpAddr;

use super::{Answer, Service};
use crate::dataplane::tables::Interface;
use crate::net::{ArpOperation, ArpPacket, Frame};

pub(super) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    // Not readable as ARP: a malformed frame, which is for the interface to say.
    let Ok(question) = ArpPacket::parse(&frame.bytes) else { return Service::NotOurs };
    if question.operation == ArpOperation::Reply || question.is_gratuitous() {
        return Service::Silence;
    }
    // In the subnet that begins with the VPC's first addresses the Resolver is a neighbour (ADDR-13); the router stands for it.
    let is_resolver = at.vpc.names.support && at.vpc.resolver == Some(question.target_ip);
    let owner = if Some(question.target_ip) == at.subnet.router || is_resolver {
        Some(at.subnet.router_mac)
    } else {
        super::neighbor::mac_of(at, IpAddr::V4(question.target_ip))
    };
    owner.map_or(Service::Silence, |mac| Service::Answer(Answer::Arp(question.answer(mac))))
}
