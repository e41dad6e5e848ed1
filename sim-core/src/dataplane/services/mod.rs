//! What the VPC itself answers: ARP and neighbour discovery at once, metadata and time by a host of the platform's; DHCP and DNS
//! are not simulated.
//!
//! Differs from AWS: guests are configured without DHCP, and the Resolver does not answer.

mod allowance;
mod arp;
mod neighbor;
mod platform;

use super::tables::Interface;
use crate::net::{ArpPacket, Frame, MacAddr, NeighborRole, NeighborSolicitation, ether_type};
use crate::trace::VpcService;

pub(crate) use allowance::LinkLocalAllowances;
pub(crate) use platform::{PlatformService, addressed};

/// What the VPC makes of a frame before anything else sees it.
pub(crate) enum Service {
    /// The frame is for somebody else.
    NotOurs,
    /// The VPC hears it and says nothing.
    Silence,
    /// The VPC answers.
    Answer(Answer),
}

/// An answer of the VPC's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// An ARP reply.
    Arp(ArpPacket),
    /// A neighbour advertisement: who asked, and who has the address.
    Neighbor(NeighborSolicitation, MacAddr, NeighborRole),
}

impl Answer {
    /// The service that answers.
    pub(crate) fn service(&self) -> VpcService {
        match self {
            Answer::Arp(_) => VpcService::Arp,
            Answer::Neighbor(..) => VpcService::Ndp,
        }
    }

    /// The frame that carries the answer, in the question's memory.
    pub(crate) fn into_frame(self, buffer: Vec<u8>) -> Frame {
        match self {
            Answer::Arp(reply) => reply.into_frame(buffer),
            Answer::Neighbor(question, mac, role) => question.answer(mac, role, buffer),
        }
    }
}

/// Looks whether the VPC answers a frame itself.
pub(crate) fn offer(at: &Interface<'_>, frame: &Frame) -> Service {
    match frame.headers.ether_type {
        ether_type::ARP => arp::offer(at, frame),
        ether_type::IPV6 => neighbor::offer(at, frame),
        _ => Service::NotOurs,
    }
}
