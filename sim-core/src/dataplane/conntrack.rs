//! Connection tracking: what security groups remember of the flows they let through (SG-13 to SG-24).
//!
//! One table per interface, made when the first flow is tracked, bounded, and outside the compiled tables, so that rules may
//! change under a flow that goes on. Time is virtual; an entry that has idled out is as good as absent and is swept away when
//! the table has doubled. A flow is kept under the key of its packets *leaving* the interface.

use rustc_hash::FxHashMap;

use super::tables::EniIndex;
use crate::engine::{SimDuration, SimTime};
use crate::net::{FlowKey, IpHeader, TcpFlags, Transport, protocol};
use crate::trace::Direction;

/// TCP, established (SG-21).
///
/// Differs from AWS: instance types of Nitro v6 default to 350 s, and the time-out cannot be set.
const TIMEOUT_TCP_ESTABLISHED: SimDuration = SimDuration::from_secs(432_000);
/// TCP while opening or closing. AWS publishes nothing (SG-23).
const TIMEOUT_TCP_OTHER: SimDuration = SimDuration::from_secs(60);
/// UDP that went one way only, or was one question with one answer (SG-21).
const TIMEOUT_UDP_SINGLE: SimDuration = SimDuration::from_secs(30);
/// UDP with more than one question and answer (SG-21).
const TIMEOUT_UDP_STREAM: SimDuration = SimDuration::from_secs(180);
/// ICMP. AWS publishes nothing (SG-23).
const TIMEOUT_ICMP: SimDuration = SimDuration::from_secs(30);
/// Protocols without ports (SG-22).
const TIMEOUT_OTHER: SimDuration = SimDuration::from_secs(600);

/// Most flows an interface tracks. AWS has a limit for each instance type and publishes none of them (SG-25).
const LIMIT: usize = 1 << 18;
/// Below this size a table is not worth sweeping.
const SWEEP_FROM: usize = 1024;

/// All tracked flows of all interfaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flows {
    by_eni: Vec<Option<Box<TrackedFlows>>>,
}

impl Flows {
    /// The interface's flows, for reading and adding.
    pub(crate) fn of_mut(&mut self, eni: EniIndex) -> &mut TrackedFlows {
        let index = eni.0 as usize;
        if index >= self.by_eni.len() {
            self.by_eni.resize_with(index + 1, || None);
        }
        self.by_eni[index].get_or_insert_default()
    }

    /// Forgets an interface's flows, as when its instance is terminated.
    pub(crate) fn forget(&mut self, eni: EniIndex) {
        if let Some(flows) = self.by_eni.get_mut(eni.0 as usize) {
            *flows = None;
        }
    }
}

/// The table has reached its bound (SG-25).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TableFull;

/// One interface's tracked flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackedFlows {
    flows: FxHashMap<FlowKey, Flow>,
    /// Sweep when there are this many.
    sweep_at: usize,
}

impl TrackedFlows {
    /// Whether the packet belongs to a flow that is tracked; if so the flow lives on.
    pub(crate) fn admit(&mut self, now: SimTime, direction: Direction, ip: &IpHeader) -> bool {
        let Some(flow) = self.flows.get_mut(&egress_key(direction, ip)) else { return false };
        if flow.expires <= now || flow.is_over_for(ip) {
            return false;
        }
        flow.progress(now, direction, ip);
        true
    }

    /// Whether a conversation, as its packets were sent in `direction`, is tracked. It is only looked at (SG-20).
    pub(crate) fn knows(&self, now: SimTime, direction: Direction, conversation: FlowKey) -> bool {
        let key = if direction == Direction::Egress { conversation } else { conversation.reversed() };
        self.flows.get(&key).is_some_and(|flow| flow.expires > now)
    }

    /// Tracks the flow that a packet opens, or opens again.
    pub(crate) fn open(&mut self, now: SimTime, direction: Direction, ip: &IpHeader) -> Result<(), TableFull> {
        if self.flows.len() >= self.sweep_at.clamp(SWEEP_FROM, LIMIT) {
            self.flows.retain(|_, flow| flow.expires > now);
            self.sweep_at = self.flows.len() * 2;
            if self.flows.len() >= LIMIT {
                return Err(TableFull);
            }
        }
        let mut flow = Flow { expires: now, opened_by: direction, progress: Progress::Opening };
        flow.progress(now, direction, ip);
        self.flows.insert(egress_key(direction, ip), flow);
        Ok(())
    }
}

/// One tracked flow.
#[derive(Clone, Copy, Debug)]
struct Flow {
    expires: SimTime,
    opened_by: Direction,
    progress: Progress,
}

/// How far a flow has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    /// Packets of the opener only.
    Opening,
    /// The other side has answered.
    Answered,
    /// Both sides have sent, and the opener again after the answer.
    Established,
    /// TCP: the side that opened (`true`) or the other has sent FIN.
    HalfClosed { by_opener: bool },
    /// TCP: both have sent FIN, or one RST.
    Closed,
}

impl Flow {
    /// A new connection over the ports of a finished one is not a packet of the old flow.
    fn is_over_for(&self, ip: &IpHeader) -> bool {
        self.progress == Progress::Closed && is_tcp_open(ip)
    }

    fn progress(&mut self, now: SimTime, direction: Direction, ip: &IpHeader) {
        let from_opener = direction == self.opened_by;
        self.progress = match (self.progress, ip.transport) {
            (Progress::Closed, _) => Progress::Closed,
            (_, Transport::Tcp { flags, .. }) if flags.contains(TcpFlags::RST) => Progress::Closed,
            (Progress::HalfClosed { by_opener }, Transport::Tcp { flags, .. })
                if flags.contains(TcpFlags::FIN) && by_opener != from_opener =>
            {
                Progress::Closed
            }
            (half @ Progress::HalfClosed { .. }, _) => half,
            (_, Transport::Tcp { flags, .. }) if flags.contains(TcpFlags::FIN) => {
                Progress::HalfClosed { by_opener: from_opener }
            }
            (Progress::Opening, _) if !from_opener => Progress::Answered,
            (Progress::Answered, _) if from_opener => Progress::Established,
            (unchanged, _) => unchanged,
        };
        self.expires = now + self.timeout(ip.protocol);
    }

    fn timeout(&self, ip_protocol: u8) -> SimDuration {
        match (ip_protocol, self.progress) {
            (protocol::TCP, Progress::Established) => TIMEOUT_TCP_ESTABLISHED,
            (protocol::TCP, _) => TIMEOUT_TCP_OTHER,
            (protocol::UDP, Progress::Opening | Progress::Answered) => TIMEOUT_UDP_SINGLE,
            (protocol::UDP, _) => TIMEOUT_UDP_STREAM,
            (protocol::ICMP | protocol::ICMPV6, _) => TIMEOUT_ICMP,
            _ => TIMEOUT_OTHER,
        }
    }
}

/// Whether a packet asks for a new TCP connection, so that its sender is the one who opens.
pub(crate) fn is_tcp_open(ip: &IpHeader) -> bool {
    matches!(ip.transport, Transport::Tcp { flags, .. }
        if flags.contains(TcpFlags::SYN) && !flags.contains(TcpFlags::ACK))
}

fn egress_key(direction: Direction, ip: &IpHeader) -> FlowKey {
    let key = FlowKey::of(ip);
    if direction == Direction::Egress { key } else { key.reversed() }
}
