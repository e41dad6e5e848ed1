//! ICMP messages that the network itself sends: "too big, and this is what fits" (RFC 792 and RFC 1191; RFC 4443 §3.2),
//! "the time to live is over" (RFC 792; RFC 4443 §3.3), and "it cannot be reached" (RFC 792; RFC 4443 §3.1).
//!
//! The quoted packet is as long as fits 576 bytes (IPv4, RFC 1812 §4.3.2.3) or 1280 (IPv6, RFC 4443 §3.2 (c)), not RFC 792's
//! eight bytes: guests' stacks take an error to heart only when they find a whole datagram in it.

use std::net::IpAddr;

use super::headers::{ETHERNET_LEN, Frame, IPV4_MIN_LEN, IPV6_LEN};
use super::{MacAddr, checksum, ether_type, protocol};

/// The hop limit of what the network sends.
const TTL: u8 = 255;

/// The message that tells the sender of `frame` to send at most `mtu` bytes, from `router` at `router_mac`. `None` when
/// `frame` is not an IP packet of the router's family, or is itself an ICMP error (RFC 1122 §3.2.2: never an error about an
/// error).
pub(crate) fn packet_too_big(
    frame: &Frame,
    router_mac: MacAddr,
    router: IpAddr,
    mtu: u16,
    buffer: Vec<u8>,
) -> Option<Frame> {
    error_about(frame, router_mac, router, Complaint::TooBig { mtu }, buffer)
}

/// The message that tells the sender of `frame` that its time to live ran out at `router`. `None` as with
/// [`packet_too_big`].
pub(crate) fn time_exceeded(frame: &Frame, router_mac: MacAddr, router: IpAddr, buffer: Vec<u8>) -> Option<Frame> {
    error_about(frame, router_mac, router, Complaint::TimeExceeded, buffer)
}

/// The message that tells the sender of `frame` that its destination cannot be reached, with a code of RFC 792's or RFC 4443's.
/// `None` as with [`packet_too_big`].
pub(crate) fn unreachable(
    frame: &Frame,
    router_mac: MacAddr,
    router: IpAddr,
    code: u8,
    buffer: Vec<u8>,
) -> Option<Frame> {
    error_about(frame, router_mac, router, Complaint::Unreachable { code }, buffer)
}

/// What a router has to say about a packet.
#[derive(Clone, Copy)]
enum Complaint {
    TooBig { mtu: u16 },
    TimeExceeded,
    Unreachable { code: u8 },
}

impl Complaint {
    /// The first eight bytes of the ICMP message, its checksum still zero.
    fn header_v4(self) -> [u8; 8] {
        match self {
            Complaint::TooBig { mtu } => {
                let [high, low] = mtu.to_be_bytes();
                [3, 4, 0, 0, 0, 0, high, low]
            }
            Complaint::Unreachable { code } => [3, code, 0, 0, 0, 0, 0, 0],
            Complaint::TimeExceeded => [11, 0, 0, 0, 0, 0, 0, 0],
        }
    }

    /// The same for ICMPv6.
    fn header_v6(self) -> [u8; 8] {
        match self {
            Complaint::TooBig { mtu } => {
                let [high, low] = mtu.to_be_bytes();
                [2, 0, 0, 0, 0, 0, high, low]
            }
            Complaint::Unreachable { code } => [1, code, 0, 0, 0, 0, 0, 0],
            Complaint::TimeExceeded => [3, 0, 0, 0, 0, 0, 0, 0],
        }
    }
}

fn error_about(
    frame: &Frame,
    router_mac: MacAddr,
    router: IpAddr,
    complaint: Complaint,
    buffer: Vec<u8>,
) -> Option<Frame> {
    let ip = frame.headers.ip.filter(|ip| !ip.is_icmp_error())?;
    let packet = frame.ip_packet();
    let mut buffer = buffer;
    buffer.clear();
    buffer.extend_from_slice(&frame.headers.source_mac.0);
    buffer.extend_from_slice(&router_mac.0);
    match (router, ip.source) {
        (IpAddr::V4(router), IpAddr::V4(sender)) => {
            let quoted = &packet[..packet.len().min(576 - IPV4_MIN_LEN - 8)];
            let total_len = (IPV4_MIN_LEN + 8 + quoted.len()) as u16;
            buffer.extend_from_slice(&ether_type::IPV4.to_be_bytes());
            let [len_high, len_low] = total_len.to_be_bytes();
            let mut header =
                [0x45, 0, len_high, len_low, 0, 0, 0, 0, TTL, protocol::ICMP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            header[12..16].copy_from_slice(&router.octets());
            header[16..20].copy_from_slice(&sender.octets());
            let sum = checksum::of(&header);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            buffer.extend_from_slice(&header);
            buffer.extend_from_slice(&complaint.header_v4());
            buffer.extend_from_slice(quoted);
            let at = ETHERNET_LEN + IPV4_MIN_LEN;
            let sum = checksum::of(&buffer[at..]);
            buffer[at + 2..at + 4].copy_from_slice(&sum.to_be_bytes());
        }
        (IpAddr::V6(router), IpAddr::V6(sender)) => {
            let quoted = &packet[..packet.len().min(1280 - IPV6_LEN - 8)];
            let payload_len = (8 + quoted.len()) as u16;
            buffer.extend_from_slice(&ether_type::IPV6.to_be_bytes());
            let [len_high, len_low] = payload_len.to_be_bytes();
            buffer.extend_from_slice(&[0x60, 0, 0, 0, len_high, len_low, protocol::ICMPV6, TTL]);
            buffer.extend_from_slice(&router.octets());
            buffer.extend_from_slice(&sender.octets());
            buffer.extend_from_slice(&complaint.header_v6());
            buffer.extend_from_slice(quoted);
            let at = ETHERNET_LEN + IPV6_LEN;
            let sum = checksum::with_pseudo_header(&router.octets(), &sender.octets(), protocol::ICMPV6, &buffer[at..]);
            buffer[at + 2..at + 4].copy_from_slice(&sum.to_be_bytes());
        }
        _ => return None,
    }
    Some(Frame::new(buffer))
}
