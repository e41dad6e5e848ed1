//! IPv6 neighbour discovery (RFC 4861), as far as the fabric answers it.
//!
//! Who answers, and with what, is not known here.

use std::net::{IpAddr, Ipv6Addr};

use super::headers::{ETHERNET_LEN, Frame, IPV6_LEN};
use super::{MacAddr, Transport, checksum, ether_type, protocol};

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// "Who has this address?" (RFC 4861 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NeighborSolicitation {
    /// Who asks; unspecified in duplicate address detection.
    pub source: Ipv6Addr,
    /// Its hardware address.
    pub source_mac: MacAddr,
    /// The address asked for.
    pub target: Ipv6Addr,
}

impl NeighborSolicitation {
    /// The solicitation in a frame, if it is a valid one (RFC 4861 §7.1.1: hop limit 255, code 0).
    pub(crate) fn parse(frame: &Frame) -> Option<NeighborSolicitation> {
        let ip = frame.headers.ip?;
        let (IpAddr::V6(source), Transport::Icmp { kind: SOLICITATION, code: 0, .. }, protocol::ICMPV6, 255) =
            (ip.source, ip.transport, ip.protocol, ip.ttl)
        else {
            return None;
        };
        let at = usize::from(ip.transport_offset) + 8;
        let target: [u8; 16] = frame.bytes.get(at..at + 16)?.try_into().ok()?;
        Some(NeighborSolicitation { source, source_mac: frame.headers.source_mac, target: Ipv6Addr::from(target) })
    }

    /// The frame that answers "`mac` has it" (RFC 4861 §4.4), in `buffer`.
    pub(crate) fn answer(&self, mac: MacAddr, role: NeighborRole, mut buffer: Vec<u8>) -> Frame {
        let mut message = [0; 32];
        message[0] = ADVERTISEMENT;
        message[4] = match role {
            NeighborRole::Router => 0b1110_0000, // router, solicited, override
            NeighborRole::Host => 0b0110_0000,
        };
        message[8..24].copy_from_slice(&self.target.octets());
        message[24..26].copy_from_slice(&[2, 1]); // option: target link-layer address, 8 bytes
        message[26..].copy_from_slice(&mac.0);
        let sum =
            checksum::with_pseudo_header(&self.target.octets(), &self.source.octets(), protocol::ICMPV6, &message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());

        buffer.clear();
        buffer.reserve(ETHERNET_LEN + IPV6_LEN + message.len());
        buffer.extend_from_slice(&self.source_mac.0);
        buffer.extend_from_slice(&mac.0);
        buffer.extend_from_slice(&ether_type::IPV6.to_be_bytes());
        buffer.extend_from_slice(&[0x60, 0, 0, 0, 0, message.len() as u8, protocol::ICMPV6, 255]);
        buffer.extend_from_slice(&self.target.octets());
        buffer.extend_from_slice(&self.source.octets());
        buffer.extend_from_slice(&message);
        Frame::new(buffer)
    }
}

/// What the owner of an address is, as the R flag says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NeighborRole {
    /// It forwards.
    Router,
    /// It does not.
    Host,
}
