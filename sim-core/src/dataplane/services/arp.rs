//! ARP as a VPC answers it: from the control plane's mapping, never from the peer (L2-2 to L2-5).
//!
//! The subnet's router has a synthetic MAC address (L2-3), an interface of the subnet its own (L2-2); an address that nobody
//! owns is met with silence (L2-4). What a guest announces about itself changes nothing (L2-5).

use std::net::IpAddr;

use super::{Answer, Service};
use crate::dataplane::tables::Interface;
use crate::net::{ArpOperation, ArpPacket, Frame, MacAddr};

pub(super) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    // Not readable as ARP: a malformed frame, which is for the interface to say.
    let Ok(question) = ArpPacket::parse(&frame.bytes) else { return Service::NotOurs };
    if question.operation == ArpOperation::Reply || question.is_gratuitous() {
        return Service::Silence;
    }
    let owner = if question.target_ip == at.subnet.router {
        Some(at.subnet.router_mac)
    } else {
        super::neighbor::mac_of(at, IpAddr::V4(question.target_ip))
    };
    owner.map_or(Service::Silence, |mac| Service::Answer(Answer::Arp(question.answer(mac))))
}

/// The router's own question for an interface's primary address. A guest that hears it knows the router from then on: stacks
/// that throw a reply away while they still ask for the next hop (smoltcp) need that before their first packet from beyond the
/// subnet.
pub(crate) fn introduce_router(at: &Interface<'_>, buffer: Vec<u8>) -> Option<Frame> {
    let target_ip = at.eni.addresses.iter().find_map(|address| match address {
        IpAddr::V4(v4) => Some(*v4),
        IpAddr::V6(_) => None,
    })?;
    let question = ArpPacket {
        operation: ArpOperation::Request,
        sender_mac: at.subnet.router_mac,
        sender_ip: at.subnet.router,
        target_mac: MacAddr::default(),
        target_ip,
    };
    Some(question.into_frame(buffer))
}
