//! A frame and the parsed view of its headers.
//!
//! Ethernet II, IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200), and the first words of TCP (RFC 9293), UDP
//! (RFC 768), ICMP (RFC 792) and ICMPv6 (RFC 4443). Parsing reads fixed offsets once, copies what forwarding asks about,
//! and never looks at the bytes of a payload. It refuses to know what is done with a frame.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{MacAddr, checksum};
use crate::flat::flat;

/// EtherTypes (IANA "IEEE 802 Numbers").
pub(crate) mod ether_type {
    /// IPv4.
    pub(crate) const IPV4: u16 = 0x0800;
    /// ARP.
    pub(crate) const ARP: u16 = 0x0806;
    /// IPv6.
    pub(crate) const IPV6: u16 = 0x86dd;
}

/// Bytes of an Ethernet header: where the payload begins.
pub(crate) const ETHERNET_LEN: usize = 14;
/// Bytes of an IPv4 header without options.
pub(crate) const IPV4_MIN_LEN: usize = 20;
/// Bytes of the fixed IPv6 header.
pub(crate) const IPV6_LEN: usize = 40;
/// Next Header of IPv6's fragment header (RFC 8200 §4.5), and its bytes.
pub(crate) const FRAGMENT: u8 = 44;
pub(crate) const FRAGMENT_LEN: usize = 8;

/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub(crate) mod protocol {
    /// ICMP for IPv4.
    pub(crate) const ICMP: u8 = 1;
    /// TCP.
    pub(crate) const TCP: u8 = 6;
    /// UDP.
    pub(crate) const UDP: u8 = 17;
    /// ICMP for IPv6.
    pub(crate) const ICMPV6: u8 = 58;
}

/// A frame on its way, with the view of its headers that was made when it entered the fabric.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The whole Ethernet frame, without preamble and check sequence.
    pub bytes: Vec<u8>,
    /// What its headers say. Whoever rewrites `bytes` keeps this true.
    pub headers: Headers,
}

/// What the headers of an Ethernet frame say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Headers {
    /// Destination on the link.
    pub destination_mac: MacAddr,
    /// Source on the link.
    pub source_mac: MacAddr,
    /// EtherType: 0x0800 IPv4, 0x0806 ARP, 0x86dd IPv6.
    pub ether_type: u16,
    /// The IP header, if the frame carries a well-formed one.
    pub ip: Option<IpHeader>,
}

flat!(struct Headers(destination_mac, source_mac, ether_type, ip));

/// An IPv4 or IPv6 header and the start of what it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IpHeader {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IPv4 protocol, or the IPv6 next header after any extension headers.
    pub protocol: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 DF; always true for IPv6, which is never fragmented in the network (MTU-4).
    pub dont_fragment: bool,
    /// Offset of the transport header within the frame.
    pub transport_offset: u16,
    /// Length of the IP packet in bytes, header included.
    pub total_len: u16,
    /// The transport header.
    pub transport: Transport,
}

flat!(struct IpHeader(source, destination, protocol, ttl, dont_fragment, transport_offset, total_len, transport));

/// The start of an IP packet's payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// TCP.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// The flags.
        flags: TcpFlags,
    },
    /// UDP.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP or ICMPv6; the protocol number says which.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
        /// Identifier of an echo, otherwise 0.
        id: u16,
        /// Sequence number of an echo, otherwise 0.
        sequence: u16,
    },
    /// A fragment other than the first: the transport header is not in it.
    Fragment,
    /// Anything else, or a header that is cut short.
    Other,
}

flat!(enum Transport {
    0 => Tcp { source, destination, flags },
    1 => Udp { source, destination },
    2 => Icmp { kind, code, id, sequence },
    3 => Fragment,
    4 => Other,
});

/// Why bytes are not a frame that the fabric can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// Shorter than its headers say.
    #[error("the frame is cut short")]
    Truncated,
    /// Neither IPv4, ARP nor IPv6.
    #[error("EtherType 0x{0:04x} is neither IPv4, ARP nor IPv6")]
    UnknownEtherType(u16),
    /// The IP version does not fit the EtherType.
    #[error("IP version {0} does not fit the EtherType")]
    WrongVersion(u8),
    /// A length field contradicts another.
    #[error("a header's length is impossible")]
    BadLength,
    /// The IPv4 header's checksum is wrong.
    #[error("the IPv4 header checksum is wrong")]
    BadChecksum,
    /// Not ARP for IPv4 over Ethernet.
    #[error("not ARP for IPv4 over Ethernet")]
    BadArp,
}

impl Frame {
    /// Takes a frame's bytes and parses them. Where they cannot be read, `headers` says as much as there is and `ip` is
    /// `None`; [`Headers::parse`] says why.
    pub(crate) fn new(bytes: Vec<u8>) -> Frame {
        let headers = Headers::parse(&bytes).unwrap_or_else(|_| {
            let mut header = [0; ETHERNET_LEN];
            let len = bytes.len().min(ETHERNET_LEN);
            header[..len].copy_from_slice(&bytes[..len]);
            Headers::ethernet(header)
        });
        Frame { bytes, headers }
    }

    /// The IP packet's bytes, without padding; empty where there is none.
    pub(crate) fn ip_packet(&self) -> &[u8] {
        let len = self.headers.ip.map_or(0, |ip| usize::from(ip.total_len));
        self.bytes.get(ETHERNET_LEN..ETHERNET_LEN + len).unwrap_or_default()
    }
}

impl Headers {
    /// Parses an Ethernet frame.
    ///
    /// # Errors
    /// When it is cut short, carries an unknown EtherType, or its IP header contradicts itself.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Headers, Malformed> {
        let (header, payload) = bytes.split_first_chunk().ok_or(Malformed::Truncated)?;
        let ethernet = Headers::ethernet(*header);
        let ip = match ethernet.ether_type {
            ether_type::IPV4 => Some(parse_ipv4(payload)?),
            ether_type::IPV6 => Some(parse_ipv6(payload)?),
            ether_type::ARP => super::ArpPacket::parse(bytes).map(|_| None)?,
            other => return Err(Malformed::UnknownEtherType(other)),
        };
        Ok(Headers { ip, ..ethernet })
    }

    /// The Ethernet header alone.
    fn ethernet([d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]: [u8; ETHERNET_LEN]) -> Headers {
        Headers {
            destination_mac: MacAddr([d0, d1, d2, d3, d4, d5]),
            source_mac: MacAddr([s0, s1, s2, s3, s4, s5]),
            ether_type: u16::from_be_bytes([t0, t1]),
            ip: None,
        }
    }
}

impl IpHeader {
    /// Parses the packet quoted inside an ICMP error, of which only the start need be there (RFC 792, RFC 4443 §2.4).
    pub(crate) fn parse_quoted(packet: &[u8]) -> Option<IpHeader> {
        match packet.first()? >> 4 {
            4 => ipv4_header(packet, Completeness::Quoted).ok(),
            6 => ipv6_header(packet, Completeness::Quoted).ok(),
            _ => None,
        }
    }

    /// Whether this is neighbour discovery (RFC 4861 §4), which for IPv6 is what ARP is for IPv4: talk of the link.
    pub(crate) fn is_neighbor_discovery(&self) -> bool {
        self.protocol == protocol::ICMPV6 && matches!(self.transport, Transport::Icmp { kind: 133..=137, .. })
    }

    /// Whether this is an ICMP error, which speaks of another packet and quotes its start.
    pub(crate) fn is_icmp_error(&self) -> bool {
        let Transport::Icmp { kind, .. } = self.transport else { return false };
        match self.protocol {
            // Destination unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792).
            protocol::ICMP => matches!(kind, 3 | 4 | 5 | 11 | 12),
            // Errors are the types below 128 (RFC 4443 §2.1).
            _ => kind < 128,
        }
    }
}

/// Whether a packet must be all there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Completeness {
    Whole,
    /// Its end may be cut off, and its checksum is the sender's business.
    Quoted,
}

fn parse_ipv4(packet: &[u8]) -> Result<IpHeader, Malformed> {
    ipv4_header(packet, Completeness::Whole)
}

fn parse_ipv6(packet: &[u8]) -> Result<IpHeader, Malformed> {
    ipv6_header(packet, Completeness::Whole)
}

fn ipv4_header(packet: &[u8], completeness: Completeness) -> Result<IpHeader, Malformed> {
    let header: &[u8; IPV4_MIN_LEN] = packet.first_chunk().ok_or(Malformed::Truncated)?;
    if header[0] >> 4 != 4 {
        return Err(Malformed::WrongVersion(header[0] >> 4));
    }
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let total_len = u16::from_be_bytes([header[2], header[3]]);
    if header_len < IPV4_MIN_LEN || usize::from(total_len) < header_len {
        return Err(Malformed::BadLength);
    }
    let end = match completeness {
        Completeness::Whole if packet.len() < usize::from(total_len) => return Err(Malformed::Truncated),
        Completeness::Whole => usize::from(total_len),
        Completeness::Quoted => packet.len().min(usize::from(total_len)),
    };
    let with_options = packet.get(..header_len).ok_or(Malformed::Truncated)?;
    if completeness == Completeness::Whole {
        let has_options = header_len > IPV4_MIN_LEN;
        let checksum = if has_options { checksum::of(with_options) } else { checksum::of_plain_header(header) };
        if checksum != 0 {
            return Err(Malformed::BadChecksum);
        }
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    let protocol = header[9];
    let transport = if fragment & 0x1fff != 0 {
        Transport::Fragment
    } else {
        parse_transport(protocol, &packet[header_len.min(end)..end], completeness)
    };
    let address = |at: usize| IpAddr::V4(Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]));
    Ok(IpHeader {
        source: address(12),
        destination: address(16),
        protocol,
        ttl: header[8],
        dont_fragment: fragment & 0x4000 != 0,
        transport_offset: (ETHERNET_LEN + header_len) as u16,
        total_len,
        transport,
    })
}

fn ipv6_header(packet: &[u8], completeness: Completeness) -> Result<IpHeader, Malformed> {
    let header: &[u8; IPV6_LEN] = packet.first_chunk().ok_or(Malformed::Truncated)?;
    if header[0] >> 4 != 6 {
        return Err(Malformed::WrongVersion(header[0] >> 4));
    }
    // A payload length of 0 would be a jumbogram (RFC 2675), which Ethernet cannot carry: it is read as an empty packet.
    let total_len = IPV6_LEN + usize::from(u16::from_be_bytes([header[4], header[5]]));
    let end = match completeness {
        Completeness::Whole if packet.len() < total_len => return Err(Malformed::Truncated),
        Completeness::Whole => total_len,
        Completeness::Quoted => packet.len().min(total_len),
    };
    let packet = &packet[..end];
    let Extensions { protocol, offset, is_later_fragment, .. } = Extensions::of(packet)?;
    let transport = if is_later_fragment {
        Transport::Fragment
    } else {
        parse_transport(protocol, &packet[offset..], completeness)
    };
    let address = |at: usize| {
        let octets: [u8; 16] = header[at..at + 16].try_into().expect("the fixed header holds both addresses");
        IpAddr::V6(Ipv6Addr::from(octets))
    };
    Ok(IpHeader {
        source: address(8),
        destination: address(24),
        protocol,
        ttl: header[7],
        dont_fragment: true,
        transport_offset: u16::try_from(ETHERNET_LEN + offset).map_err(|_| Malformed::BadLength)?,
        total_len: u16::try_from(total_len).map_err(|_| Malformed::BadLength)?,
        transport,
    })
}

/// What stands between the fixed header of an IPv6 packet and its upper layer (RFC 8200 §4).
pub(super) struct Extensions {
    /// The upper-layer protocol.
    pub(super) protocol: u8,
    /// Where its header is in the packet.
    pub(super) offset: usize,
    /// Where the fragment header is, if there is one.
    pub(super) fragment: Option<usize>,
    /// Whether the fragment header says that the upper-layer header is elsewhere.
    is_later_fragment: bool,
    /// Whether a header says more than where a packet has been or what it is a part of: authentication, or a route not yet gone.
    pub(super) is_binding: bool,
}

impl Extensions {
    /// Walks a packet that has its fixed header. Every step moves forward, so the walk ends.
    pub(super) fn of(packet: &[u8]) -> Result<Extensions, Malformed> {
        const HOP_BY_HOP: u8 = 0;
        const ROUTING: u8 = 43;
        const AUTHENTICATION: u8 = 51;
        const DESTINATION_OPTIONS: u8 = 60;
        let protocol = *packet.get(6).ok_or(Malformed::Truncated)?;
        let mut at =
            Extensions { protocol, offset: IPV6_LEN, fragment: None, is_later_fragment: false, is_binding: false };
        while matches!(at.protocol, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION_OPTIONS) {
            let header: &[u8; 8] = packet.get(at.offset..).and_then(<[u8]>::first_chunk).ok_or(Malformed::Truncated)?;
            let len = match at.protocol {
                FRAGMENT => FRAGMENT_LEN,
                AUTHENTICATION => (usize::from(header[1]) + 2) * 4, // RFC 4302 §2.2
                _ => (usize::from(header[1]) + 1) * 8,
            };
            if at.protocol == FRAGMENT {
                at.fragment = Some(at.offset);
                at.is_later_fragment = u16::from_be_bytes([header[2], header[3]]) >> 3 != 0;
            }
            at.is_binding |= at.protocol == AUTHENTICATION || (at.protocol == ROUTING && header[3] != 0);
            at.protocol = header[0];
            at.offset += len;
            if at.offset > packet.len() {
                return Err(Malformed::Truncated);
            }
            if at.is_later_fragment {
                break;
            }
        }
        Ok(at)
    }
}

#[inline]
fn parse_transport(protocol: u8, bytes: &[u8], completeness: Completeness) -> Transport {
    let minimum = |whole: usize| if completeness == Completeness::Whole { whole } else { 8 };
    let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    match protocol {
        protocol::TCP if bytes.len() >= minimum(20) => {
            // RFC 792 quotes 8 bytes: the ports are among them, the flags are not.
            let flags = TcpFlags(bytes.get(13).copied().unwrap_or_default());
            Transport::Tcp { source: word(0), destination: word(2), flags }
        }
        protocol::UDP if bytes.len() >= 8 => Transport::Udp { source: word(0), destination: word(2) },
        protocol::ICMP | protocol::ICMPV6 if bytes.len() >= 8 => {
            let (kind, code) = (bytes[0], bytes[1]);
            let is_echo = match protocol {
                protocol::ICMP => matches!(kind, 0 | 8),
                _ => matches!(kind, 128 | 129),
            };
            let (id, sequence) = if is_echo { (word(4), word(6)) } else { (0, 0) };
            Transport::Icmp { kind, code, id, sequence }
        }
        _ => Transport::Other,
    }
}

/// The flags of a TCP header.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TcpFlags(pub u8);

flat!(struct TcpFlags(0));

impl TcpFlags {
    /// No more data from the sender.
    pub(crate) const FIN: TcpFlags = TcpFlags(0x01);
    /// Synchronise sequence numbers.
    pub(crate) const SYN: TcpFlags = TcpFlags(0x02);
    /// Reset the connection.
    pub(crate) const RST: TcpFlags = TcpFlags(0x04);
    /// Push.
    pub(crate) const PSH: TcpFlags = TcpFlags(0x08);
    /// The acknowledgement number counts.
    pub(crate) const ACK: TcpFlags = TcpFlags(0x10);

    /// Whether all of `other` are set.
    pub(crate) const fn contains(self, other: TcpFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for TcpFlags {
    /// As tcpdump writes them: `S`, `S.`, `P.`, `.`, `R`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(Self::SYN, "S"), (Self::FIN, "F"), (Self::RST, "R"), (Self::PSH, "P"), (Self::ACK, ".")];
        letters.into_iter().filter(|(flag, _)| self.contains(*flag)).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};
    use proptest::prelude::*;

    use super::*;

    const SOURCE_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const DESTINATION_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

    #[derive(Clone, Copy, Debug)]
    enum Kind {
        Tcp,
        Udp,
        Echo,
    }

    /// A well-formed packet by an encoder that is not ours.
    fn build(v6: bool, kind: Kind, numbers: [u16; 2], payload: &[u8]) -> Vec<u8> {
        let ethernet = PacketBuilder::ethernet2(SOURCE_MAC, DESTINATION_MAC);
        let ip = if v6 {
            ethernet.ipv6([0x11; 16], [0x22; 16], 64)
        } else {
            ethernet.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        };
        let mut bytes = Vec::new();
        let [a, b] = numbers;
        match (kind, v6) {
            (Kind::Tcp, _) => ip.tcp(a, b, 7, 8).syn().write(&mut bytes, payload),
            (Kind::Udp, _) => ip.udp(a, b).write(&mut bytes, payload),
            (Kind::Echo, false) => ip.icmpv4_echo_request(a, b).write(&mut bytes, payload),
            (Kind::Echo, true) => ip.icmpv6_echo_request(a, b).write(&mut bytes, payload),
        }
        .expect("a vector takes everything");
        bytes
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Tcp), Just(Kind::Udp), Just(Kind::Echo)]
    }

    proptest! {
        #[test]
        fn well_formed_packets_read_as_etherparse_reads_them(
            v6: bool, kind in kinds(), numbers: [u16; 2], payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = build(v6, kind, numbers, &payload);
            let ours = Headers::parse(&bytes).expect("well-formed");
            let ip = ours.ip.expect("an IP packet");
            let theirs = SlicedPacket::from_ethernet(&bytes).expect("well-formed");
            match theirs.net.expect("an IP packet") {
                NetSlice::Ipv4(net) => {
                    prop_assert_eq!(ip.source, IpAddr::from(net.header().source_addr()));
                    prop_assert_eq!(ip.destination, IpAddr::from(net.header().destination_addr()));
                    prop_assert_eq!(ip.protocol, net.payload_ip_number().0);
                    prop_assert_eq!(ip.ttl, net.header().ttl());
                    prop_assert_eq!(ip.total_len, net.header().total_len());
                }
                NetSlice::Ipv6(net) => {
                    prop_assert_eq!(ip.source, IpAddr::from(net.header().source_addr()));
                    prop_assert_eq!(ip.destination, IpAddr::from(net.header().destination_addr()));
                    prop_assert_eq!(ip.protocol, net.payload().ip_number.0);
                    prop_assert_eq!(ip.ttl, net.header().hop_limit());
                    prop_assert_eq!(ip.total_len, 40 + net.header().payload_length());
                }
                NetSlice::Arp(_) => prop_assert!(false, "not ARP"),
            }
            match (ip.transport, theirs.transport.expect("a transport header")) {
                (Transport::Tcp { source, destination, flags }, TransportSlice::Tcp(tcp)) => {
                    prop_assert_eq!((source, destination), (tcp.source_port(), tcp.destination_port()));
                    prop_assert_eq!(flags, TcpFlags::SYN);
                }
                (Transport::Udp { source, destination }, TransportSlice::Udp(udp)) => {
                    prop_assert_eq!((source, destination), (udp.source_port(), udp.destination_port()));
                }
                (Transport::Icmp { kind, code, id, sequence }, TransportSlice::Icmpv4(icmp)) => {
                    prop_assert_eq!((kind, code), (icmp.type_u8(), icmp.code_u8()));
                    prop_assert_eq!([id, sequence], numbers);
                }
                (Transport::Icmp { kind, code, id, sequence }, TransportSlice::Icmpv6(icmp)) => {
                    prop_assert_eq!((kind, code), (icmp.type_u8(), icmp.code_u8()));
                    prop_assert_eq!([id, sequence], numbers);
                }
                (ours, theirs) => prop_assert!(false, "{:?} is not {:?}", ours, theirs),
            }
        }

        #[test]
        fn random_and_damaged_bytes_are_refused_or_read_but_never_panic(
            v6: bool, kind in kinds(), cut in 0usize..120, at in 0usize..120, value: u8,
            noise in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let _ = Frame::new(noise);
            let mut bytes = build(v6, kind, [1, 2], &[0; 20]);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(cut);
            let frame = Frame::new(bytes);
            if let Some(ip) = frame.headers.ip {
                prop_assert_eq!(frame.ip_packet().len(), usize::from(ip.total_len));
                prop_assert!(usize::from(ip.transport_offset) <= frame.bytes.len());
            }
        }
    }

    #[test]
    fn each_defect_has_its_own_name() {
        let good = build(false, Kind::Udp, [1, 2], &[]);
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            Headers::parse(&bytes).expect_err("damaged")
        };
        assert_eq!(with(13, 0x01), Malformed::UnknownEtherType(0x0801));
        assert_eq!(with(14, 0x65), Malformed::WrongVersion(6));
        assert_eq!(with(14, 0x44), Malformed::BadLength);
        assert_eq!(with(22, 63), Malformed::BadChecksum);
        assert_eq!(Headers::parse(&good[..good.len() - 1]), Err(Malformed::Truncated));
        assert_eq!(Headers::parse(&good[..13]), Err(Malformed::Truncated));
    }

    #[test]
    fn ports_are_found_behind_ipv6_extension_headers() {
        let plain = build(true, Kind::Udp, [5, 6], &[]);
        let (ethernet_and_ip, udp) = plain.split_at(ETHERNET_LEN + IPV6_LEN);
        let mut bytes = ethernet_and_ip.to_vec();
        bytes[ETHERNET_LEN + 5] += 16;
        bytes[ETHERNET_LEN + 6] = 0; // hop-by-hop options, then a first fragment
        bytes.extend_from_slice(&[44, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[protocol::UDP, 0, 0, 1, 0, 0, 0, 9]);
        bytes.extend_from_slice(udp);
        let ip = Headers::parse(&bytes).expect("well-formed").ip.expect("an IP packet");
        assert_eq!(ip.transport, Transport::Udp { source: 5, destination: 6 });
        assert_eq!(ip.transport_offset, 70);

        let fragment_offset = ETHERNET_LEN + IPV6_LEN + 8 + 3;
        bytes[fragment_offset] = 8; // a later fragment: what looks like ports is data
        let ip = Headers::parse(&bytes).expect("well-formed").ip.expect("an IP packet");
        assert_eq!((ip.protocol, ip.transport), (protocol::UDP, Transport::Fragment));
    }
}
