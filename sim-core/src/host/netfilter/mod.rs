//! A guest's packet filter: the hooks in its kernel's path, the chains that people fill with `iptables`, connection tracking and
//! address translation (NATI-1). What it says is netfilter's and iptables(8)'s.
//!
//! ```text
//!              ┌─► INPUT ─► this host ─► OUTPUT ─┐
//! PREROUTING ──┤                                 ├──► POSTROUTING
//!   (DNAT)     └───────────► FORWARD ────────────┘    (SNAT, MASQUERADE)
//! ```
//!
//! The `nat` table sees the packet that opens a connection; all others of the connection are translated as that one was. A guest
//! without rules has no hooks: nothing is tracked and nothing is asked. Once there were rules, connections are tracked until the
//! guest stops, as a kernel keeps the modules that it has loaded.
//!
//! It does not know sockets or routes. The tables `mangle`, `raw` and `security` are not simulated.

mod connection;
mod rule;
mod ruleset;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::ops::RangeInclusive;

pub(crate) use connection::ConnectionState;
use connection::{Connection, ConnectionId, Connections, Side};
use rule::View;
pub(crate) use rule::{Condition, Match, PortEnd, Ports, RejectWith, Rule, Target};
pub(crate) use ruleset::{Chain, Hook, Policy, Table, TableName};

use crate::engine::{SimTime, Stream};
use crate::net::{
    AddressField, FlowKey, Frame, IpHeader, TcpFlags, Transport, protocol, rewrite_address, rewrite_port,
    rewrite_quoted_address, rewrite_quoted_port,
};

/// The rules for one address family.
#[derive(Clone, Debug)]
pub(crate) struct Ruleset {
    /// `-t filter`.
    pub(crate) filter: Table,
    /// `-t nat`.
    pub(crate) nat: Table,
}

impl Default for Ruleset {
    fn default() -> Ruleset {
        Ruleset {
            filter: Table::new(&[Hook::Input, Hook::Forward, Hook::Output]),
            nat: Table::new(&[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting]),
        }
    }
}

impl Ruleset {
    /// A table.
    pub(crate) fn table(&self, name: TableName) -> &Table {
        match name {
            TableName::Filter => &self.filter,
            TableName::Nat => &self.nat,
        }
    }

    /// A table, to change.
    pub(crate) fn table_mut(&mut self, name: TableName) -> &mut Table {
        match name {
            TableName::Filter => &mut self.filter,
            TableName::Nat => &mut self.nat,
        }
    }

    fn is_idle(&self) -> bool {
        self.filter.is_idle() && self.nat.is_idle()
    }
}

/// An address family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    /// An address's.
    pub(crate) fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// The packet filter of a guest.
#[derive(Default)]
pub(crate) struct Netfilter {
    v4: Ruleset,
    v6: Ruleset,
    connections: Connections,
    is_active: bool,
}

/// Where a packet is between two interfaces. An empty name is an interface that is not known yet, or any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage<'a> {
    pub(super) now: SimTime,
    pub(super) input: &'a str,
    pub(super) output: &'a str,
}

/// A packet's part in a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked {
    part: Part,
    state: ConnectionState,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// It opens one, which is kept when the packet has got through.
    Opens(Connection),
    Of(ConnectionId, Side),
    /// It is an ICMP error that goes the way of this side's packets.
    About(ConnectionId, Side),
    Nothing,
}

/// A packet that goes no further.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lost {
    /// What the sender is told.
    pub(super) answer: Option<RejectWith>,
    /// Who decided.
    pub(super) by: String,
    /// What there is to say of it, the first time.
    pub(super) news: Option<String>,
}

impl Netfilter {
    /// The rules of a family.
    pub(crate) fn rules(&self, family: Family) -> &Ruleset {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// Changes the rules of a family.
    pub(crate) fn change<R>(&mut self, family: Family, change: impl FnOnce(&mut Ruleset) -> R) -> R {
        let result = change(self.rules_mut(family));
        self.is_active |= !self.v4.is_idle() || !self.v6.is_idle();
        result
    }

    fn rules_mut(&mut self, family: Family) -> &mut Ruleset {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// Whether packets have to be shown to it.
    pub(super) fn is_active(&self) -> bool {
        self.is_active
    }

    /// What a packet that has come in is part of.
    pub(super) fn track(&mut self, now: SimTime, frame: &Frame, ip: &IpHeader) -> Tracked {
        if ip.is_icmp_error() {
            let about = FlowKey::quoted(frame).and_then(|about| self.connections.find(now, &about.reversed()));
            return match about {
                Some((id, side)) => Tracked { part: Part::About(id, side), state: ConnectionState::Related },
                None => Tracked { part: Part::Nothing, state: ConnectionState::Invalid },
            };
        }
        match self.connections.find(now, &FlowKey::of(ip)) {
            Some((id, side)) => {
                self.connections.note(now, id, side, ip);
                Tracked { part: Part::Of(id, side), state: self.connections.get(id).state() }
            }
            None if may_open(ip) => {
                Tracked { part: Part::Opens(Connection::opened_by(ip)), state: ConnectionState::New }
            }
            None => Tracked { part: Part::Nothing, state: ConnectionState::Invalid },
        }
    }

    /// What this host itself has to say about a packet is part of that packet's connection.
    pub(super) fn track_own(&mut self, now: SimTime, frame: &Frame, ip: &IpHeader) -> Tracked {
        let tracked = self.track(now, frame, ip);
        if ip.is_icmp_error() && tracked.state == ConnectionState::Invalid {
            return Tracked { state: ConnectionState::Related, ..tracked };
        }
        tracked
    }

    /// Asks a hook's chain of the filter table.
    pub(super) fn filter(&mut self, hook: Hook, at: Passage<'_>, ip: &IpHeader, tracked: &Tracked) -> Result<(), Lost> {
        let packet = View { ip, input: at.input, output: at.output, state: tracked.state };
        let table = &mut self.rules_mut(Family::of(ip.source)).filter;
        let verdict = table.judge(hook, &packet);
        let answer = match verdict.target {
            Target::Drop => None,
            Target::Reject(with) => Some(with),
            _ => return Ok(()),
        };
        let by = table.describe(&verdict);
        let news = verdict.first.then(|| {
            let what = if answer.is_some() { "rejected" } else { "dropped" };
            format!("iptables: {by} {what} a packet from {} to {}", ip.source, ip.destination)
        });
        Err(Lost { answer, by, news })
    }

    /// Where the packet that opens a connection is to go: asked before it is routed. Translates the destination of any packet
    /// of a known connection. `own` is the address of the interface it came in by.
    pub(super) fn translate_destination(
        &mut self,
        hook: Hook,
        at: Passage<'_>,
        frame: &mut Frame,
        tracked: &mut Tracked,
        own: Option<IpAddr>,
    ) -> Result<(), Lost> {
        let Some(ip) = frame.headers.ip else { return Ok(()) };
        if let Part::Opens(connection) = &mut tracked.part {
            let packet = View { ip: &ip, input: at.input, output: at.output, state: tracked.state };
            let table = &mut self.rules_mut(Family::of(ip.source)).nat;
            let verdict = table.judge(hook, &packet);
            match verdict.target {
                Target::Drop => return Err(Lost { answer: None, by: table.describe(&verdict), news: None }),
                Target::Dnat { addresses, ports } => {
                    let address = addresses.map(|addresses| one_of(&addresses, ip.source));
                    connection.set_destination(address, ports.map(|ports| port_of(&ports, &ip)));
                }
                Target::Redirect { ports } => {
                    connection.set_destination(own, ports.map(|ports| port_of(&ports, &ip)));
                }
                _ => {}
            }
        }
        self.rewrite(frame, tracked, AddressField::Destination);
        Ok(())
    }

    /// The last hook: under which source the packet that opens a connection is seen. The connection is kept from here on.
    /// `own` is the address of the interface that it leaves by.
    pub(super) fn translate_source(
        &mut self,
        hook: Hook,
        at: Passage<'_>,
        frame: &mut Frame,
        tracked: &mut Tracked,
        own: Option<IpAddr>,
        random: &mut Stream,
    ) -> Result<(), Lost> {
        let Some(ip) = frame.headers.ip else { return Ok(()) };
        if let Part::Opens(connection) = &mut tracked.part {
            let packet = View { ip: &ip, input: at.input, output: at.output, state: tracked.state };
            let table = match Family::of(ip.source) {
                Family::V4 => &mut self.v4.nat,
                Family::V6 => &mut self.v6.nat,
            };
            let verdict = table.judge(hook, &packet);
            let ports = match verdict.target {
                Target::Drop => return Err(Lost { answer: None, by: table.describe(&verdict), news: None }),
                Target::Snat { addresses, ports } => {
                    connection.set_source(one_of(&addresses, ip.source));
                    ports
                }
                Target::Masquerade { ports } => {
                    if let Some(own) = own {
                        connection.set_source(own);
                    }
                    ports
                }
                _ => None,
            };
            let full = |what: &str| {
                let news = Some(format!("iptables: {what}; a packet was dropped"));
                Lost { answer: None, by: what.to_owned(), news }
            };
            if !self.connections.make_unique(at.now, connection, ports.as_ref(), || random.next_u64()) {
                return Err(full("no port is free for another translated connection"));
            }
            if !self.connections.keep(at.now, *connection, &ip) {
                return Err(full("nf_conntrack: table full, dropping packet"));
            }
        }
        self.rewrite(frame, tracked, AddressField::Source);
        Ok(())
    }

    /// Gives one end of a packet what its connection's translation says.
    fn rewrite(&self, frame: &mut Frame, tracked: &Tracked, field: AddressField) {
        match &tracked.part {
            Part::Opens(connection) => rewrite(frame, connection.translated(Side::Original), Side::Original, field),
            Part::Of(id, side) => rewrite(frame, self.connections.get(*id).translated(*side), *side, field),
            Part::About(id, side) => rewrite_error(frame, self.connections.get(*id), *side, field),
            Part::Nothing => {}
        }
    }
}

/// What netfilter takes for the begin of a connection: of TCP not an answer to a SYN and no reset, of ICMP questions only.
fn may_open(ip: &IpHeader) -> bool {
    match ip.transport {
        Transport::Tcp { flags, .. } => {
            let is_answer = flags.contains(TcpFlags::SYN) && flags.contains(TcpFlags::ACK);
            !is_answer && !flags.contains(TcpFlags::RST)
        }
        Transport::Icmp { kind, .. } => {
            matches!((ip.protocol, kind), (protocol::ICMP, 8 | 13 | 17) | (protocol::ICMPV6, 128))
        }
        Transport::Udp { .. } | Transport::Fragment | Transport::Other => true,
    }
}

/// The address of a range that a source gets: always the same.
fn one_of(addresses: &RangeInclusive<IpAddr>, source: IpAddr) -> IpAddr {
    match (addresses.start(), addresses.end(), source) {
        (IpAddr::V4(first), IpAddr::V4(last), IpAddr::V4(source)) => {
            let count = u64::from(last.to_bits().saturating_sub(first.to_bits())) + 1;
            IpAddr::V4((first.to_bits() + (u64::from(source.to_bits()) % count) as u32).into())
        }
        (first, ..) => *first,
    }
}

/// The port of a range that a packet's destination becomes: its own if it is one of them.
fn port_of(ports: &Ports, ip: &IpHeader) -> u16 {
    match ip.transport {
        Transport::Tcp { destination, .. } | Transport::Udp { destination, .. } if ports.contains(&destination) => {
            destination
        }
        _ => *ports.start(),
    }
}

fn rewrite(frame: &mut Frame, wanted: FlowKey, side: Side, field: AddressField) {
    let Some(ip) = frame.headers.ip else { return };
    let (current, address, port) = match field {
        AddressField::Source => (ip.source, wanted.source, wanted.source_port),
        AddressField::Destination => (ip.destination, wanted.destination, wanted.destination_port),
    };
    if current != address {
        rewrite_address(frame, field, address);
    }
    let now = match (ip.transport, field) {
        (Transport::Tcp { source, .. } | Transport::Udp { source, .. }, AddressField::Source) => source,
        (Transport::Tcp { destination, .. } | Transport::Udp { destination, .. }, AddressField::Destination) => {
            destination
        }
        // The identifier is the asking side's.
        (Transport::Icmp { id, .. }, AddressField::Source) if side == Side::Original => id,
        (Transport::Icmp { id, .. }, AddressField::Destination) if side == Side::Reply => id,
        _ => return,
    };
    if now != port {
        rewrite_port(frame, field, port);
    }
}

/// An ICMP error travels on a side of the connection and quotes a packet of the other, which has to look as its sender knows it.
fn rewrite_error(frame: &mut Frame, connection: &Connection, side: Side, field: AddressField) {
    let quoted = connection.key(side).reversed();
    let known = connection.translated(side).reversed();
    let (quoted_field, (was, was_port), (address, port)) = match field {
        AddressField::Destination => {
            (AddressField::Source, (quoted.source, quoted.source_port), (known.source, known.source_port))
        }
        AddressField::Source => (
            AddressField::Destination,
            (quoted.destination, quoted.destination_port),
            (known.destination, known.destination_port),
        ),
    };
    if was_port != port {
        rewrite_quoted_port(frame, quoted_field, port);
    }
    if was != address {
        rewrite_quoted_address(frame, quoted_field, address);
        rewrite_address(frame, field, address);
    }
}
