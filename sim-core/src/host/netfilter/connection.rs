//! Connections as a guest's kernel tracks them (nf_conntrack), with the translation that each was given.
//!
//! A connection has two keys: the packets that opened it as they come, and its answers as they come. Without translation one is
//! the other reversed. With translation they differ, and what a packet becomes is the other key reversed, so that translating
//! there and back is the identity by construction.
//!
//! ```text
//! original   10.0.1.10:40000  > 198.51.100.80:80      as the private instance sends it
//! reply      198.51.100.80:80 > 10.0.0.10:40000       as the answer comes; reversed, what leaves for the Internet
//! ```

use std::net::IpAddr;

use rustc_hash::FxHashMap;

use super::rule::Ports;
use crate::engine::{SimDuration, SimTime};
use crate::net::{FlowKey, IpHeader, TcpFlags, Transport, protocol};

/// What `-m conntrack` calls a packet's part in a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ConnectionState {
    /// Nothing has been answered yet.
    New,
    Established,
    /// An ICMP error about a connection.
    Related,
    Invalid,
}

/// Which way a packet goes in its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Original,
    Reply,
}

impl Side {
    const fn other(self) -> Side {
        match self {
            Side::Original => Side::Reply,
            Side::Reply => Side::Original,
        }
    }
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    original: FlowKey,
    reply: FlowKey,
    tcp: TcpPhase,
    replied: bool,
    until: SimTime,
}

/// How far a TCP connection is, as far as time-outs depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TcpPhase {
    SynSent,
    SynReceived,
    Established,
    /// One side has sent FIN.
    FinWait(Side),
    /// Both have.
    TimeWait,
    /// Reset.
    Closed,
}

impl Connection {
    /// A connection that a packet opens.
    pub(super) fn opened_by(ip: &IpHeader) -> Connection {
        let original = FlowKey::of(ip);
        let is_syn = matches!(ip.transport, Transport::Tcp { flags, .. } if flags.contains(TcpFlags::SYN));
        // `nf_conntrack_tcp_loose`: what was open before anybody looked is taken as open.
        let tcp = if is_syn { TcpPhase::SynSent } else { TcpPhase::Established };
        Connection { original, reply: original.reversed(), tcp, replied: false, until: SimTime::ZERO }
    }

    /// The key under which a side's packets come.
    pub(super) fn key(&self, side: Side) -> FlowKey {
        if side == Side::Original { self.original } else { self.reply }
    }

    /// What a side's packets become.
    pub(super) fn translated(&self, side: Side) -> FlowKey {
        self.key(side.other()).reversed()
    }

    /// Sends the opening packets somewhere else.
    pub(super) fn set_destination(&mut self, address: Option<IpAddr>, port: Option<u16>) {
        if let Some(address) = address {
            self.reply.source = address;
        }
        if let Some(port) = port.filter(|_| self.has_ports()) {
            self.reply.source_port = port;
        }
    }

    /// Shows the opening packets under another address.
    pub(super) fn set_source(&mut self, address: IpAddr) {
        self.reply.destination = address;
    }

    fn has_ports(&self) -> bool {
        matches!(self.original.protocol, protocol::TCP | protocol::UDP)
    }

    /// Linux's defaults (`net.netfilter.nf_conntrack_*_timeout*`).
    fn timeout(&self) -> SimDuration {
        let seconds = match (self.original.protocol, self.tcp) {
            (protocol::TCP, TcpPhase::SynSent) => 120,
            (protocol::TCP, TcpPhase::SynReceived) => 60,
            (protocol::TCP, TcpPhase::Established) => 432_000,
            (protocol::TCP, TcpPhase::FinWait(_) | TcpPhase::TimeWait) => 120,
            (protocol::TCP, TcpPhase::Closed) => 10,
            (protocol::UDP, _) if self.replied => 120,
            (protocol::UDP | protocol::ICMP | protocol::ICMPV6, _) => 30,
            _ => 600,
        };
        SimDuration::from_secs(seconds)
    }

    fn note(&mut self, now: SimTime, side: Side, ip: &IpHeader) {
        self.replied |= side == Side::Reply;
        if let Transport::Tcp { flags, .. } = ip.transport {
            self.tcp = self.tcp.after(side, flags);
        }
        self.until = now + self.timeout();
    }

    /// What a packet of one of its sides is to the rules.
    pub(super) fn state(&self) -> ConnectionState {
        if self.replied { ConnectionState::Established } else { ConnectionState::New }
    }
}

impl TcpPhase {
    fn after(self, side: Side, flags: TcpFlags) -> TcpPhase {
        if flags.contains(TcpFlags::RST) {
            return TcpPhase::Closed;
        }
        if flags.contains(TcpFlags::SYN) {
            return match (self, flags.contains(TcpFlags::ACK)) {
                (TcpPhase::SynSent, true) if side == Side::Reply => TcpPhase::SynReceived,
                // The same two ports again.
                (TcpPhase::TimeWait | TcpPhase::Closed, false) => TcpPhase::SynSent,
                _ => self,
            };
        }
        match self {
            TcpPhase::FinWait(first) if flags.contains(TcpFlags::FIN) && first != side => TcpPhase::TimeWait,
            TcpPhase::SynReceived | TcpPhase::Established if flags.contains(TcpFlags::FIN) => TcpPhase::FinWait(side),
            TcpPhase::SynReceived if side == Side::Original => TcpPhase::Established,
            _ => self,
        }
    }
}

/// A connection's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ConnectionId(u32);

/// Every connection that a guest tracks.
#[derive(Default)]
pub(super) struct Connections {
    by_flow: FxHashMap<FlowKey, (ConnectionId, Side)>,
    connections: FxHashMap<ConnectionId, Connection>,
    last: u32,
    /// How many there may be before those that are over are looked for.
    sweep_at: usize,
}

/// `net.netfilter.nf_conntrack_max` of a guest with 2 GiB.
const CONNECTIONS_MAX: usize = 65_536;
/// Few enough to be swept at once.
const SWEEP_FIRST: usize = 256;

impl Connections {
    /// The connection that packets with this key belong to, and their side.
    pub(super) fn find(&self, now: SimTime, flow: &FlowKey) -> Option<(ConnectionId, Side)> {
        self.by_flow.get(flow).copied().filter(|(id, _)| self.connections[id].until > now)
    }

    /// A connection that was found.
    pub(super) fn get(&self, id: ConnectionId) -> &Connection {
        &self.connections[&id]
    }

    /// A packet of a known connection has come.
    pub(super) fn note(&mut self, now: SimTime, id: ConnectionId, side: Side, ip: &IpHeader) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.note(now, side, ip);
        }
    }

    /// Finds a port under which the answers of a new connection are told from all others': its own if it is free, else the
    /// first free one from a random one on, as `nf_nat` does. With `ports`, one of these. False when there is none.
    pub(super) fn make_unique(
        &self,
        now: SimTime,
        connection: &mut Connection,
        ports: Option<&Ports>,
        random: impl FnOnce() -> u64,
    ) -> bool {
        let own = connection.reply.destination_port;
        if ports.is_none_or(|ports| ports.contains(&own)) && self.find(now, &connection.reply).is_none() {
            return true;
        }
        let has_port =
            connection.has_ports() || matches!(connection.original.protocol, protocol::ICMP | protocol::ICMPV6);
        if !has_port {
            return self.find(now, &connection.reply).is_none();
        }
        let (first, last) = match ports {
            Some(ports) => (*ports.start(), *ports.end()),
            None if !connection.has_ports() => (0, u16::MAX),
            None if own < 512 => (1, 511),
            None if own < 1024 => (600, 1023),
            None => (1024, u16::MAX),
        };
        let count = u64::from(last.saturating_sub(first)) + 1;
        let start = random() % count;
        for step in 0..count {
            connection.reply.destination_port = first + ((start + step) % count) as u16;
            if self.find(now, &connection.reply).is_none() {
                return true;
            }
        }
        false
    }

    /// Keeps a connection whose first packet has got through. False when there are too many.
    pub(super) fn keep(&mut self, now: SimTime, mut connection: Connection, ip: &IpHeader) -> bool {
        if self.connections.len() >= self.sweep_at.max(SWEEP_FIRST) {
            self.connections.retain(|_, connection| connection.until > now);
            let connections = &self.connections;
            self.by_flow.retain(|_, (id, _)| connections.contains_key(id));
            self.sweep_at = self.connections.len() * 2;
        }
        if self.connections.len() >= CONNECTIONS_MAX {
            return false;
        }
        connection.until = now + connection.timeout();
        if let Transport::Tcp { flags, .. } = ip.transport {
            connection.tcp = connection.tcp.after(Side::Original, flags);
        }
        self.last += 1;
        let id = ConnectionId(self.last);
        for side in [Side::Original, Side::Reply] {
            // What was there under the same key is over, or the key would not have been free.
            if let Some((old, _)) = self.by_flow.insert(connection.key(side), (id, side)) {
                self.forget(old, id);
            }
        }
        self.connections.insert(id, connection);
        true
    }

    /// Forgets a connection, but not what `heir` has taken over of it.
    fn forget(&mut self, old: ConnectionId, heir: ConnectionId) {
        let Some(connection) = self.connections.remove(&old).filter(|_| old != heir) else { return };
        for side in [Side::Original, Side::Reply] {
            let key = connection.key(side);
            if self.by_flow.get(&key).is_some_and(|(id, _)| *id == old) {
                self.by_flow.remove(&key);
            }
        }
    }
}
