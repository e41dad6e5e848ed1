//! Changing a frame in place: what gateways do to addresses, and what every hop does to MAC addresses.
//!
//! Each rewrite keeps the bytes, the checksums and the parsed view true together. Transport checksums cover the addresses
//! through the pseudo-header (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1); a UDP checksum of 0 means there is none and stays 0.
//! No router of a VPC lowers the TTL (L2-12, L2-14); those of the Internet do (L2-16).

use std::net::IpAddr;

use super::checksum::Delta;
use super::headers::{ETHERNET_LEN, Frame, IpHeader};
use super::{MacAddr, Transport, protocol};

/// One of the two addresses of an IP header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddressField {
    /// Where the packet comes from.
    Source,
    /// Where it goes.
    Destination,
}

/// Sets the frame's MAC addresses.
pub(crate) fn rewrite_macs(frame: &mut Frame, source: MacAddr, destination: MacAddr) {
    if let Some(header) = frame.bytes.first_chunk_mut::<12>() {
        header[..6].copy_from_slice(&destination.0);
        header[6..].copy_from_slice(&source.0);
        frame.headers.destination_mac = destination;
        frame.headers.source_mac = source;
    }
}

/// Sets an address of the frame's IP header, and the checksums that cover it. An address of the other family changes nothing.
pub(crate) fn rewrite_address(frame: &mut Frame, field: AddressField, new: IpAddr) {
    let Some(ip) = &mut frame.headers.ip else { return };
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    if ip.source.is_ipv4() != new.is_ipv4() {
        return;
    }
    replace(&mut frame.bytes[ETHERNET_LEN..end], ip, field, new);
    match field {
        AddressField::Source => ip.source = new,
        AddressField::Destination => ip.destination = new,
    }
}

/// Lowers the TTL or hop limit by `hops` routers, and the IPv4 header checksum that covers it. Answers whether the packet may
/// go on; if not, it stays as it is.
pub(crate) fn lower_ttl(frame: &mut Frame, hops: u8) -> bool {
    let Some(ip) = &mut frame.headers.ip else { return false };
    let Some(left) = ip.ttl.checked_sub(hops).filter(|left| *left > 0) else { return false };
    let packet = &mut frame.bytes[ETHERNET_LEN..];
    if ip.source.is_ipv4() {
        let old = [packet[8], packet[9]];
        packet[8] = left;
        let delta = Delta::between(&old, &[packet[8], packet[9]]);
        apply(packet, 10, delta);
    } else {
        packet[7] = left;
    }
    ip.ttl = left;
    true
}

/// Sets an address of the packet that an ICMP error quotes, with the checksums in it and the error's own (IGW-3). A frame that
/// is no ICMP error, or quotes too little, stays as it is.
pub(crate) fn rewrite_quoted_address(frame: &mut Frame, field: AddressField, new: IpAddr) {
    let Some(ip) = frame.headers.ip.filter(IpHeader::is_icmp_error) else { return };
    let message = usize::from(ip.transport_offset);
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    let Some(quoted) = frame.bytes.get_mut(message + 8..end) else { return };
    let Some(header) = IpHeader::parse_quoted(quoted).filter(|header| header.source.is_ipv4() == new.is_ipv4()) else {
        return;
    };
    let delta = replace(quoted, &header, field, new);
    apply(&mut frame.bytes[message..end], 2, delta);
}

/// Replaces an address in a packet, adjusts the packet's own checksums, and says how the packet's sum changed.
fn replace(packet: &mut [u8], ip: &IpHeader, field: AddressField, new: IpAddr) -> Delta {
    let (mut octets, len, at) = ([0; 16], if new.is_ipv4() { 4 } else { 16 }, address_offset(new, field));
    match new {
        IpAddr::V4(new) => octets[..4].copy_from_slice(&new.octets()),
        IpAddr::V6(new) => octets.copy_from_slice(&new.octets()),
    }
    let delta = Delta::between(&packet[at..at + len], &octets[..len]);
    packet[at..at + len].copy_from_slice(&octets[..len]);
    let mut total = delta;
    if new.is_ipv4() {
        total = total.and(apply(packet, 10, delta));
    }
    if let Some(at) = transport_checksum(ip) {
        let is_absent = ip.protocol == protocol::UDP && packet.get(at..at + 2) == Some(&[0, 0]);
        if !is_absent {
            total = total.and(apply(packet, at, delta));
            // RFC 768: a computed 0 is sent as all ones, since 0 says that there is none.
            if ip.protocol == protocol::UDP && packet.get(at..at + 2) == Some(&[0, 0]) {
                packet[at..at + 2].copy_from_slice(&[0xff, 0xff]);
            }
        }
    }
    total
}

/// Adjusts the checksum at `at`, if the packet reaches that far, and says how that changed the packet's sum.
fn apply(packet: &mut [u8], at: usize, delta: Delta) -> Delta {
    let Some(field) = packet.get_mut(at..at + 2) else { return Delta::default() };
    let old = [field[0], field[1]];
    let new = delta.apply(u16::from_be_bytes(old)).to_be_bytes();
    field.copy_from_slice(&new);
    Delta::between(&old, &new)
}

fn address_offset(family: IpAddr, field: AddressField) -> usize {
    match (family, field) {
        (IpAddr::V4(_), AddressField::Source) => 12,
        (IpAddr::V4(_), AddressField::Destination) => 16,
        (IpAddr::V6(_), AddressField::Source) => 8,
        (IpAddr::V6(_), AddressField::Destination) => 24,
    }
}

/// Where in the packet the transport checksum is that covers the addresses, if there is one. `parse_quoted` counts offsets
/// as if an Ethernet header stood in front, as everywhere.
fn transport_checksum(ip: &IpHeader) -> Option<usize> {
    let field = match (ip.transport, ip.protocol) {
        (Transport::Tcp { .. }, _) => 16,
        (Transport::Udp { .. }, _) => 6,
        (Transport::Icmp { .. }, protocol::ICMPV6) => 2,
        _ => return None,
    };
    Some(usize::from(ip.transport_offset) - ETHERNET_LEN + field)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::super::packet_too_big;
    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Kind {
        Tcp,
        Udp,
        Echo,
    }

    fn build(kind: Kind, source: IpAddr, destination: IpAddr, payload: &[u8]) -> Frame {
        let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let ip = match (source, destination) {
            (IpAddr::V4(a), IpAddr::V4(b)) => ethernet.ipv4(a.octets(), b.octets(), 64),
            (IpAddr::V6(a), IpAddr::V6(b)) => ethernet.ipv6(a.octets(), b.octets(), 64),
            _ => panic!("one family"),
        };
        let mut bytes = Vec::new();
        match kind {
            Kind::Tcp => ip.tcp(1, 2, 3, 4).write(&mut bytes, payload),
            Kind::Udp => ip.udp(1, 2).write(&mut bytes, payload),
            Kind::Echo if source.is_ipv4() => ip.icmpv4_echo_request(1, 2).write(&mut bytes, payload),
            Kind::Echo => ip.icmpv6_echo_request(1, 2).write(&mut bytes, payload),
        }
        .expect("a vector takes everything");
        Frame::new(bytes)
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Tcp), Just(Kind::Udp), Just(Kind::Echo)]
    }

    fn addresses() -> impl Strategy<Value = [IpAddr; 3]> {
        prop_oneof![
            any::<[[u8; 4]; 3]>().prop_map(|three| three.map(IpAddr::from)),
            any::<[[u8; 16]; 3]>().prop_map(|three| three.map(IpAddr::from)),
        ]
    }

    proptest! {
        #[test]
        fn a_rewritten_packet_is_the_packet_built_with_that_address(
            kind in kinds(), [a, b, c] in addresses(), payload in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let mut frame = build(kind, a, b, &payload);
            rewrite_address(&mut frame, AddressField::Source, c);
            prop_assert_eq!(&frame.bytes, &build(kind, c, b, &payload).bytes);
            prop_assert_eq!(Headers::parse(&frame.bytes), Ok(frame.headers));
            rewrite_address(&mut frame, AddressField::Destination, a);
            prop_assert_eq!(&frame.bytes, &build(kind, c, a, &payload).bytes);
        }

        #[test]
        fn translating_there_and_back_is_the_identity(kind in kinds(), [a, b, c] in addresses()) {
            let mut frame = build(kind, a, b, b"payload");
            let before = frame.bytes.clone();
            rewrite_address(&mut frame, AddressField::Destination, c);
            rewrite_address(&mut frame, AddressField::Destination, b);
            prop_assert_eq!(frame.bytes, before);
        }

        #[test]
        fn the_packet_quoted_in_an_error_is_translated_and_the_error_stays_right(
            kind in kinds(), [a, b, c] in addresses(), len in 0usize..2000,
        ) {
            // IGW-3. The error about the packet with the new address is the oracle.
            let payload = vec![7; len];
            let error = |source| {
                let about = build(kind, source, b, &payload);
                packet_too_big(&about, MacAddr::local(1), b, 1500, Vec::new()).expect("a plain packet")
            };
            let mut frame = error(a);
            rewrite_quoted_address(&mut frame, AddressField::Source, c);
            rewrite_address(&mut frame, AddressField::Destination, c);
            prop_assert_eq!(frame.bytes, error(c).bytes);
        }
    }

    use super::super::Headers;

    #[test]
    fn a_udp_datagram_without_checksum_stays_without() {
        let address = |text: &str| IpAddr::V4(text.parse::<Ipv4Addr>().expect("an address"));
        let mut bytes = build(Kind::Udp, address("10.0.0.1"), address("10.0.0.2"), b"x").bytes;
        bytes[40..42].copy_from_slice(&[0, 0]);
        let mut frame = Frame::new(bytes);
        rewrite_address(&mut frame, AddressField::Source, address("203.0.113.9"));
        assert_eq!(frame.bytes[40..42], [0, 0]);
    }
}
