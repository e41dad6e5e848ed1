//! The IP headers that a guest writes itself, for echoes, datagrams and probes, and the checksums of what follows. Those of TCP
//! are smoltcp's.

use std::net::IpAddr;

use super::errno::Errno;
use crate::net::{checksum, protocol};

/// A header without options.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutgoingHeader {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// TTL or hop limit.
    pub(super) hop_limit: u8,
    /// IPv4's, where a router may cut the packet.
    pub(super) identification: u16,
    /// IPv4's; IPv6's routers never do.
    pub(super) dont_fragment: bool,
}

/// The length of a header without options between addresses of this family.
pub(super) fn header_len(address: IpAddr) -> usize {
    if address.is_ipv4() { 20 } else { 40 }
}

impl OutgoingHeader {
    /// Writes it for `payload_len` bytes that follow. No packet goes from one family to the other.
    pub(super) fn write(&self, head: &mut [u8], payload_len: usize) -> Result<(), Errno> {
        head.fill(0);
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let head: &mut [u8; 20] = head.try_into().expect("there is room for a header without options");
                head[0] = 0x45;
                head[2..4].copy_from_slice(&((20 + payload_len) as u16).to_be_bytes());
                head[4..6].copy_from_slice(&self.identification.to_be_bytes());
                head[6] = if self.dont_fragment { 0x40 } else { 0 };
                head[8] = self.hop_limit;
                head[9] = self.protocol;
                head[12..16].copy_from_slice(&source.octets());
                head[16..].copy_from_slice(&destination.octets());
                let sum = checksum::of_plain_header(head);
                head[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let head: &mut [u8; 40] = head.try_into().expect("there is room for a header");
                head[0] = 0x60;
                head[4..6].copy_from_slice(&(payload_len as u16).to_be_bytes());
                head[6] = self.protocol;
                head[7] = self.hop_limit;
                head[8..24].copy_from_slice(&source.octets());
                head[24..].copy_from_slice(&destination.octets());
            }
            _ => return Err(Errno::AddressNotAvailable),
        }
        Ok(())
    }

    /// The checksum of the message, datagram or segment that follows, in which there is still zero in its place.
    pub(super) fn checksum(&self, payload: &[u8]) -> u16 {
        payload_checksum(self.source, self.destination, self.protocol, payload)
    }
}

/// The checksum of an ICMP message, a datagram or a segment; 0 when it contains its own, correct one. All but ICMP's cover the
/// addresses (RFC 4443 §2.3).
pub(super) fn payload_checksum(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> u16 {
    match (source, destination) {
        (IpAddr::V4(_), _) if protocol == protocol::ICMP => checksum::of(payload),
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            checksum::with_pseudo_header(&source.octets(), &destination.octets(), protocol, payload)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            checksum::with_pseudo_header(&source.octets(), &destination.octets(), protocol, payload)
        }
        _ => unreachable!("a packet's addresses are of one family"),
    }
}
