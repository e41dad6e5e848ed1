//! What the VPC itself answers: ARP, neighbour discovery and the DNS at once; metadata, time and the DNS over TCP by a host
//! of the platform's, DHCP by who knows the VPC's options.

mod allowance;
mod arp;
mod dhcp;
mod dns;
mod neighbor;
mod platform;

use super::tables::Interface;
use crate::net::{ArpPacket, Datagram, Frame, MacAddr, NeighborRole, NeighborSolicitation, ether_type};
use crate::trace::VpcService;

pub(crate) use allowance::LinkLocalAllowances;
pub(crate) use dns::{answer_in_vpc, answer_publicly};
pub(crate) use platform::{PlatformService, addressed};

/// What the VPC makes of a frame before anything else sees it.
pub(crate) enum Service {
    /// The frame is for somebody else.
    NotOurs,
    /// The VPC hears it and says nothing.
    Silence,
    /// The subnet's DHCP server answers, or says nothing.
    Dhcp,
    /// The VPC answers.
    Answer(Answer),
    /// A service behind a link-local address works out the answer, if the interface may ask any more this second (ADDR-17).
    /// It may have nothing to say.
    Metered(fn(&Interface<'_>, &Frame) -> Option<Answer>),
}

/// An answer of the VPC's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// An ARP reply.
    Arp(ArpPacket),
    /// A neighbour advertisement: who asked, and who has the address.
    Neighbor(NeighborSolicitation, MacAddr, NeighborRole),
    /// An answer of the Resolver.
    Dns(Datagram, Vec<u8>),
}

impl Answer {
    /// The service that answers.
    pub(crate) fn service(&self) -> VpcService {
        match self {
            Answer::Arp(_) => VpcService::Arp,
            Answer::Neighbor(..) => VpcService::Ndp,
            Answer::Dns(..) => VpcService::Dns,
        }
    }

    /// The frame that carries the answer, in the question's memory.
    pub(crate) fn into_frame(self, buffer: Vec<u8>) -> Frame {
        match self {
            Answer::Arp(reply) => reply.into_frame(buffer),
            Answer::Neighbor(question, mac, role) => question.answer(mac, role, buffer),
            Answer::Dns(datagram, message) => datagram.into_frame(&message, buffer),
        }
    }
}

/// Looks whether the VPC answers a frame itself.
pub(crate) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    match frame.headers.ether_type {
        ether_type::ARP => arp::offer(at, frame),
        ether_type::IPV6 => match neighbor::offer(at, frame) {
            Service::NotOurs => dns::offer(at, frame),
            service => service,
        },
        _ if dhcp::is_addressed(at, frame) => Service::Dhcp,
        _ => dns::offer(at, frame),
    }
}
