//! What rules of security groups and network ACLs match on, in a form that is scanned quickly: no strings, no parsing, masks
//! instead of prefix lengths.
//!
//! Ports are destination ports (ACL-8), for security groups of either direction too. A fragment other than the first carries no
//! ports: where those of its packet are not known (`fragments`) it matches only rules that take all ports.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{IpHeader, Transport, protocol};

/// The protocol part of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProtocolMatch {
    /// `-1`.
    All,
    /// TCP or UDP with an inclusive range of destination ports.
    Ports { protocol: u8, from: u16, to: u16 },
    /// ICMP or ICMPv6; `None` is any.
    Icmp { protocol: u8, kind: Option<u8>, code: Option<u8> },
    /// Any other protocol (SG-6).
    Number(u8),
}

impl ProtocolMatch {
    pub(crate) fn matches(self, ip: &IpHeader) -> bool {
        match self {
            ProtocolMatch::All => true,
            ProtocolMatch::Ports { protocol, from, to } => {
                protocol == ip.protocol
                    && match ip.transport {
                        Transport::Tcp { destination, .. } | Transport::Udp { destination, .. } => {
                            (from..=to).contains(&destination)
                        }
                        _ => (from, to) == (0, u16::MAX),
                    }
            }
            ProtocolMatch::Icmp { protocol, kind, code } => {
                protocol == ip.protocol
                    && match ip.transport {
                        Transport::Icmp { kind: its_kind, code: its_code, .. } => {
                            kind.is_none_or(|kind| kind == its_kind) && code.is_none_or(|code| code == its_code)
                        }
                        _ => kind.is_none() && code.is_none(),
                    }
            }
            ProtocolMatch::Number(number) => number == ip.protocol,
        }
    }

    /// Whether it takes every port of TCP or UDP (SG-17).
    pub(crate) fn takes_all_ports(self, ip_protocol: u8) -> bool {
        match self {
            ProtocolMatch::All => true,
            ProtocolMatch::Ports { protocol, from, to } => protocol == ip_protocol && (from, to) == (0, u16::MAX),
            ProtocolMatch::Icmp { .. } => false,
            ProtocolMatch::Number(number) => number == ip_protocol && matches!(number, protocol::TCP | protocol::UDP),
        }
    }
}

/// A range of addresses as network and mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Block {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Block {
    /// The block of a prefix; host bits do not count.
    pub(crate) fn new(prefix: IpNet) -> Block {
        match prefix {
            IpNet::V4(net) => Block::V4 { network: net.network().to_bits(), mask: net.netmask().to_bits() },
            IpNet::V6(net) => Block::V6 { network: net.network().to_bits(), mask: net.netmask().to_bits() },
        }
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Block::V4 { network, mask }, IpAddr::V4(address)) => address.to_bits() & mask == network,
            (Block::V6 { network, mask }, IpAddr::V6(address)) => address.to_bits() & mask == network,
            _ => false,
        }
    }

    /// Whether it is `0.0.0.0/0` or `::/0`, whichever `family` belongs to (SG-17).
    pub(crate) fn is_everything(self, family: IpAddr) -> bool {
        match self {
            Block::V4 { mask, .. } => mask == 0 && family.is_ipv4(),
            Block::V6 { mask, .. } => mask == 0 && family.is_ipv6(),
        }
    }
}
