//! The Amazon DNS of a VPC: Route 53 Resolver at the primary block's base plus two and at link-local addresses (DNS-1, ADDR-13,
//! ADDR-16).
//!
//! No rule judges what goes there (SG-26, ACL-12, DNS-9), and nobody from outside the VPC reaches it (DNS-10, PCX-25): a frame
//! is answered where it leaves its interface, or not at all.
//!
//! Questions over TCP go to a host of the platform's ([`super::platform`]), which asks here in its turn.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Answer, Service};
use crate::dataplane::resolver::View;
use crate::dataplane::tables::{Interface, Tables};
use crate::net::dns::{DNS_PORT, Message};
use crate::net::{Datagram, Frame, Transport};

/// The link-local addresses of the Resolver (DNS-1).
pub(super) const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
pub(super) const LINK_LOCAL_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x253);

/// Whether the Resolver answers an interface at an address.
pub(super) fn is_resolver(at: &Interface<'_>, address: IpAddr) -> bool {
    let is_its = match address {
        IpAddr::V4(v4) => v4 == LINK_LOCAL || at.vpc.resolver == Some(v4),
        IpAddr::V6(v6) => v6 == LINK_LOCAL_IPV6,
    };
    is_its && at.vpc.names.support // DNS-3
}

pub(super) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    let Some(ip) = frame.headers.ip else { return Service::NotOurs };
    let is_question = matches!(ip.transport, Transport::Udp { destination: DNS_PORT, .. });
    // Nobody asks in another's name (L2-9).
    if !is_resolver(at, ip.destination) || !is_question || !at.eni.addresses.contains(&ip.source) {
        return Service::NotOurs;
    }
    Service::Metered(|at, frame| {
        let (question, payload) = Datagram::parse(frame)?;
        let query = Message::parse(payload).filter(|query| !query.is_response)?;
        let answer = View::of_interface(at).answer(&query);
        let to_guest =
            Datagram { source_mac: at.subnet.router_mac, destination_mac: at.eni.mac, ..question.reversed() };
        Some(Answer::Dns(to_guest, answer.to_bytes(query.udp_size)))
    })
}

/// The answer to a question that a VPC's Resolver has taken over TCP from an interface, as the platform's host asks it; `None` if
/// it asks nothing.
pub(crate) fn answer_in_vpc(at: &Interface<'_>, frame: &Frame) -> Option<Frame> {
    answer_as(View::of_interface(at), frame)
}

/// The answer of a name server on the Internet to a frame that is addressed to it; `None` if it asks nothing.
pub(crate) fn answer_publicly(tables: &Tables, frame: &Frame) -> Option<Frame> {
    answer_as(View::of_the_internet(tables), frame)
}

fn answer_as(view: View<'_>, frame: &Frame) -> Option<Frame> {
    let (question, payload) = Datagram::parse(frame).filter(|(question, _)| question.destination.port() == DNS_PORT)?;
    let query = Message::parse(payload).filter(|query| !query.is_response)?;
    let answer = view.answer(&query);
    Some(question.reversed().into_frame(&answer.to_bytes(query.udp_size), Vec::new()))
}
