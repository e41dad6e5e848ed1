//! A frame and the parsed view of its headers.

use std::fmt;
use std::net::IpAddr;

use super::MacAddr;

/// IP protocol numbers (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    /// ICMP for IPv4.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMP for IPv6.
    pub const ICMPV6: u8 = 58;
}

/// A frame on its way, with the view of its headers that was made when it entered the fabric.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The whole Ethernet frame, without preamble and check sequence.
    pub bytes: Vec<u8>,
    /// What its headers say. Whoever rewrites `bytes` keeps this true.
    pub headers: Headers,
}

/// What the headers of an Ethernet frame say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headers {
    /// Destination on the link.
    pub destination_mac: MacAddr,
    /// Source on the link.
    pub source_mac: MacAddr,
    /// EtherType: 0x0800 IPv4, 0x0806 ARP, 0x86dd IPv6.
    pub ether_type: u16,
    /// The IP header, if the frame carries a well-formed one.
    pub ip: Option<IpHeader>,
}

/// An IPv4 or IPv6 header and the start of what it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IpHeader {
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

/// The start of an IP packet's payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
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

/// The flags of a TCP header.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: TcpFlags = TcpFlags(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: TcpFlags = TcpFlags(0x02);
    /// Reset the connection.
    pub const RST: TcpFlags = TcpFlags(0x04);
    /// Push.
    pub const PSH: TcpFlags = TcpFlags(0x08);
    /// The acknowledgement number counts.
    pub const ACK: TcpFlags = TcpFlags(0x10);

    /// Whether all of `other` are set.
    pub const fn contains(self, other: TcpFlags) -> bool {
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
