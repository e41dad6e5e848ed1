//! Changing a frame in place: what gateways do to addresses, and what every hop does to MAC addresses.
//!
//! Each rewrite keeps the bytes, the checksums and the parsed view true together. Transport checksums cover the addresses
//! through the pseudo-header (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1); a UDP checksum of 0 means there is none and stays 0.
//! No router of a VPC lowers the TTL (L2-12, L2-14); those of the Internet do (L2-16).

use std::net::IpAddr;

use super::checksum::Delta;
use super::headers::{ETHERNET_LEN, Frame, IpHeader};
use super::{MacAddr, TcpFlags, Transport, protocol};

/// One of the two addresses of an IP header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddressField {
    /// Where the packet comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl AddressField {
    /// The packet's other end.
    pub(crate) fn other(self) -> Self {
        match self {
            AddressField::Source => AddressField::Destination,
            AddressField::Destination => AddressField::Source,
        }
    }
}

/// Sets the port that goes with an address, or an echo's identifier, which stands for one; and the checksums that cover it. A
/// later fragment has none, nor has a protocol without ports.
pub(crate) fn rewrite_port(frame: &mut Frame, field: AddressField, new: u16) {
    let Some(ip) = &mut frame.headers.ip else { return };
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    replace_port(&mut frame.bytes[ETHERNET_LEN..end], ip, field, new);
    match (&mut ip.transport, field) {
        (Transport::Tcp { source, .. } | Transport::Udp { source, .. }, AddressField::Source) => *source = new,
        (Transport::Tcp { destination, .. } | Transport::Udp { destination, .. }, AddressField::Destination) => {
            *destination = new;
        }
        (Transport::Icmp { id, .. }, _) => *id = new,
        (Transport::Fragment | Transport::Other, _) => {}
    }
}

/// Sets a port, or echo identifier, of the packet that an ICMP error quotes, with the checksums in it and the error's own.
pub(crate) fn rewrite_quoted_port(frame: &mut Frame, field: AddressField, new: u16) {
    rewrite_quoted(frame, |quoted, header| replace_port(quoted, header, field, new));
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
    rewrite_quoted(frame, |quoted, header| {
        if header.source.is_ipv4() == new.is_ipv4() { replace(quoted, header, field, new) } else { Delta::default() }
    });
}

/// Changes the packet that an ICMP error quotes; the error's own checksum covers it.
fn rewrite_quoted(frame: &mut Frame, change: impl FnOnce(&mut [u8], &IpHeader) -> Delta) {
    let Some(ip) = frame.headers.ip.filter(IpHeader::is_icmp_error) else { return };
    let message = usize::from(ip.transport_offset);
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    let Some(quoted) = frame.bytes.get_mut(message + 8..end) else { return };
    let Some(header) = IpHeader::parse_quoted(quoted) else { return };
    let delta = change(quoted, &header);
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
        total = total.and(adjust_transport(packet, ip, at, delta));
    }
    total
}

/// Replaces a port or an echo's identifier in a packet, adjusts the packet's own checksum, and says how the packet's sum changed.
fn replace_port(packet: &mut [u8], ip: &IpHeader, field: AddressField, new: u16) -> Delta {
    let start = usize::from(ip.transport_offset) - ETHERNET_LEN;
    let (at, checksum) = match (ip.transport, field) {
        (Transport::Tcp { .. }, AddressField::Source) => (start, start + 16),
        (Transport::Tcp { .. }, AddressField::Destination) => (start + 2, start + 16),
        (Transport::Udp { .. }, AddressField::Source) => (start, start + 6),
        (Transport::Udp { .. }, AddressField::Destination) => (start + 2, start + 6),
        (Transport::Icmp { .. }, _) => (start + 4, start + 2),
        (Transport::Fragment | Transport::Other, _) => return Delta::default(),
    };
    let Some(port) = packet.get_mut(at..at + 2) else { return Delta::default() };
    let delta = Delta::between(port, &new.to_be_bytes());
    port.copy_from_slice(&new.to_be_bytes());
    delta.and(adjust_transport(packet, ip, checksum, delta))
}

/// Adjusts a transport checksum, unless it is a UDP datagram that has none.
fn adjust_transport(packet: &mut [u8], ip: &IpHeader, at: usize, delta: Delta) -> Delta {
    if ip.protocol != protocol::UDP {
        return apply(packet, at, delta);
    }
    let old = packet.get(at..at + 2).map(|field| [field[0], field[1]]);
    let Some(old) = old.filter(|old| *old != [0, 0]) else { return Delta::default() };
    apply(packet, at, delta);
    // RFC 768: a computed 0 is sent as all ones, since 0 says that there is none.
    if packet[at..at + 2] == [0, 0] {
        packet[at..at + 2].copy_from_slice(&[0xff, 0xff]);
    }
    Delta::between(&old, &packet[at..at + 2])
}

/// Lowers the maximum segment size that a SYN offers, if it offers more than `most` (RFC 9293 §3.7.1).
pub(crate) fn clamp_mss(frame: &mut Frame, most: u16) {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const MAXIMUM_SEGMENT_SIZE: u8 = 2;
    let Some(ip) = &frame.headers.ip else { return };
    if !matches!(ip.transport, Transport::Tcp { flags, .. } if flags.contains(TcpFlags::SYN)) {
        return;
    }
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    let segment = &mut frame.bytes[usize::from(ip.transport_offset)..end];
    let header_len = (usize::from(segment[12] >> 4) * 4).min(segment.len());
    let mut at = 20;
    while at + 1 < header_len {
        let (kind, len) = (segment[at], usize::from(segment[at + 1]));
        match kind {
            END => return,
            NO_OPERATION => at += 1,
            MAXIMUM_SEGMENT_SIZE if len == 4 && at + 4 <= header_len => {
                let old = [segment[at + 2], segment[at + 3]];
                if u16::from_be_bytes(old) > most {
                    segment[at + 2..at + 4].copy_from_slice(&most.to_be_bytes());
                    // The option may start at an odd byte: its words then lie across those of the sum, which swaps them.
                    let (mut before, mut after) = (old, most.to_be_bytes());
                    if at % 2 == 1 {
                        before.reverse();
                        after.reverse();
                    }
                    apply(segment, 16, Delta::between(&before, &after));
                }
                return;
            }
            _ if len < 2 => return,
            _ => at += len,
        }
    }
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
        build_from(kind, source, destination, 1, payload)
    }

    fn build_from(kind: Kind, source: IpAddr, destination: IpAddr, port: u16, payload: &[u8]) -> Frame {
        let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let ip = match (source, destination) {
            (IpAddr::V4(a), IpAddr::V4(b)) => ethernet.ipv4(a.octets(), b.octets(), 64),
            (IpAddr::V6(a), IpAddr::V6(b)) => ethernet.ipv6(a.octets(), b.octets(), 64),
            _ => panic!("one family"),
        };
        let mut bytes = Vec::new();
        match kind {
            Kind::Tcp => ip.tcp(port, 2, 3, 4).write(&mut bytes, payload),
            Kind::Udp => ip.udp(port, 2).write(&mut bytes, payload),
            Kind::Echo if source.is_ipv4() => ip.icmpv4_echo_request(port, 2).write(&mut bytes, payload),
            Kind::Echo => ip.icmpv6_echo_request(port, 2).write(&mut bytes, payload),
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

    proptest! {
        #[test]
        fn a_rewritten_port_is_that_of_the_packet_built_with_it(
            kind in kinds(), [a, b, _] in addresses(), payload in prop::collection::vec(any::<u8>(), 0..50), port: u16,
        ) {
            let mut frame = build(kind, a, b, &payload);
            let before = frame.bytes.clone();
            rewrite_port(&mut frame, AddressField::Source, port);
            prop_assert_eq!(&frame.bytes, &build_from(kind, a, b, port, &payload).bytes);
            prop_assert_eq!(Headers::parse(&frame.bytes), Ok(frame.headers));
            rewrite_port(&mut frame, AddressField::Source, 1);
            prop_assert_eq!(frame.bytes, before);
        }

        #[test]
        fn the_port_quoted_in_an_error_is_rewritten_and_the_error_stays_right(
            kind in kinds(), [a, b, _] in addresses(), len in 0usize..2000, port: u16,
        ) {
            let payload = vec![7; len];
            let error = |port| {
                let about = build_from(kind, a, b, port, &payload);
                packet_too_big(&about, MacAddr::local(1), b, 1500, Vec::new()).expect("a plain packet")
            };
            let mut frame = error(1);
            rewrite_quoted_port(&mut frame, AddressField::Source, port);
            prop_assert_eq!(frame.bytes, error(port).bytes);
        }

        #[test]
        fn a_segment_size_is_lowered_and_never_raised_mtu_8(mss: u16, most: u16, padding in 0usize..3) {
            let syn = |mss: u16| {
                let mut options = vec![etherparse::TcpOptionElement::Noop; padding];
                options.push(etherparse::TcpOptionElement::MaximumSegmentSize(mss));
                let mut bytes = Vec::new();
                PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1, 2, 3, 4).syn()
                    .options(&options).expect("they fit").write(&mut bytes, &[]).expect("a vector takes everything");
                Frame::new(bytes)
            };
            let mut frame = syn(mss);
            clamp_mss(&mut frame, most);
            prop_assert_eq!(frame.bytes, syn(mss.min(most)).bytes);
        }
    }

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
