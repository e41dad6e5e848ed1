//! One rule: what it looks for in a packet, and what becomes of a packet that has it all (iptables(8), iptables-extensions(8)).

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ipnet::IpNet;

use super::connection::ConnectionState;
use crate::net::{IpHeader, Transport};

/// A condition, or its opposite where somebody wrote `!`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Condition<T> {
    /// Written with `!`.
    pub(crate) inverted: bool,
    /// What is looked for.
    pub(crate) value: T,
}

impl<T> Condition<T> {
    fn holds(&self, is: impl FnOnce(&T) -> bool) -> bool {
        is(&self.value) != self.inverted
    }
}

/// Ports from one to another.
pub(crate) type Ports = RangeInclusive<u16>;

/// A rule of a chain.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Rule {
    /// `-s`.
    pub(crate) source: Option<Condition<IpNet>>,
    /// `-d`.
    pub(crate) destination: Option<Condition<IpNet>>,
    /// `-i`; a name that ends in `+` stands for all that begin so.
    pub(crate) input: Option<Condition<String>>,
    /// `-o`, likewise.
    pub(crate) output: Option<Condition<String>>,
    /// `-p`, by number.
    pub(crate) protocol: Option<Condition<u8>>,
    /// What `-m` and the protocol bring, in the order they were written.
    pub(crate) matches: Vec<Match>,
    /// `-j`; a rule without one only counts.
    pub(crate) target: Option<Target>,
    /// Packets it has matched.
    pub(crate) packets: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// An extension's condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Match {
    /// `--sport`, `--dport` and `-m multiport`.
    Ports {
        /// Which of the packet's ports are looked at.
        end: PortEnd,
        /// One of these.
        ports: Condition<Vec<Ports>>,
        /// Written with `-m multiport`.
        multiport: bool,
    },
    /// `--tcp-flags MASK SET`, and `--syn`.
    TcpFlags(Condition<(u8, u8)>),
    /// `--icmp-type`, with or without a code.
    Icmp(Condition<(u8, Option<u8>)>),
    /// `-m conntrack --ctstate` and `-m state --state`.
    States {
        /// One of these.
        states: Condition<Vec<ConnectionState>>,
        /// Written with `-m state`.
        old_name: bool,
    },
    /// `-m comment`.
    Comment(String),
}

/// Which port of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PortEnd {
    Source,
    Destination,
    Either,
}

/// What becomes of a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Accept,
    Drop,
    /// Lost, and the sender is told.
    Reject(RejectWith),
    /// Back to the chain that called this one.
    Return,
    /// On to a chain of the user's.
    Jump(Arc<str>),
    /// Writes a line into the kernel's log, which nobody reads here.
    Log,
    /// Another source: one of these addresses, and of these ports if they are given.
    Snat {
        addresses: RangeInclusive<IpAddr>,
        ports: Option<Ports>,
    },
    /// The source is the outgoing interface's own address.
    Masquerade {
        ports: Option<Ports>,
    },
    /// Another destination: one of these addresses (none: the port only), and of these ports if they are given.
    Dnat {
        addresses: Option<RangeInclusive<IpAddr>>,
        ports: Option<Ports>,
    },
    /// The destination is this host.
    Redirect {
        ports: Option<Ports>,
    },
}

/// What the sender of a rejected packet is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RejectWith {
    /// ICMP "destination unreachable" with a code.
    Unreachable(u8),
    /// A reset.
    TcpReset,
}

/// A packet as rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) ip: &'a IpHeader,
    /// The interface that it came in by, in chains where that is known.
    pub(super) input: &'a str,
    /// The interface that it goes out by, likewise.
    pub(super) output: &'a str,
    pub(super) state: ConnectionState,
}

impl Rule {
    pub(super) fn matches(&self, packet: &View<'_>) -> bool {
        let View { ip, input, output, .. } = *packet;
        let holds_or_absent = |name: &Option<Condition<String>>, interface: &str| {
            name.as_ref().is_none_or(|name| name.holds(|name| is_interface(name, interface)))
        };
        self.protocol.as_ref().is_none_or(|protocol| protocol.holds(|protocol| *protocol == ip.protocol))
            && self.source.as_ref().is_none_or(|net| net.holds(|net| net.contains(&ip.source)))
            && self.destination.as_ref().is_none_or(|net| net.holds(|net| net.contains(&ip.destination)))
            && holds_or_absent(&self.input, input)
            && holds_or_absent(&self.output, output)
            && self.matches.iter().all(|it| it.holds(packet))
    }
}

impl Match {
    fn holds(&self, packet: &View<'_>) -> bool {
        match (self, packet.ip.transport) {
            (
                Match::Ports { end, ports, .. },
                Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination },
            ) => ports.holds(|ports| {
                let among = |port: u16| ports.iter().any(|range| range.contains(&port));
                match end {
                    PortEnd::Source => among(source),
                    PortEnd::Destination => among(destination),
                    PortEnd::Either => among(source) || among(destination),
                }
            }),
            (Match::TcpFlags(flags), Transport::Tcp { flags: set, .. }) => {
                flags.holds(|(mask, wanted)| set.0 & mask == *wanted)
            }
            (Match::Icmp(wanted), Transport::Icmp { kind, code, .. }) => wanted.holds(|(wanted_kind, wanted_code)| {
                *wanted_kind == kind && wanted_code.is_none_or(|wanted| wanted == code)
            }),
            (Match::States { states, .. }, _) => states.holds(|states| states.contains(&packet.state)),
            (Match::Comment(_), _) => true,
            // A later fragment, or another protocol: there is nothing to look at.
            (Match::Ports { .. } | Match::TcpFlags(_) | Match::Icmp(_), _) => false,
        }
    }
}

fn is_interface(name: &str, interface: &str) -> bool {
    match name.strip_suffix('+') {
        Some(start) => interface.starts_with(start),
        None => name == interface,
    }
}
