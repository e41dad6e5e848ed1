//! Connection tracking: what security groups remember of the flows they let through (SG-13 to SG-24).
//!
//! One table per interface, made when the first flow is tracked, bounded, and outside the compiled tables, so that rules may
//! change under a flow that goes on. Time is virtual; an entry that has idled out is as good as absent and is swept away when
//! the table has doubled. A flow is kept under the key of its packets *leaving* the interface.
//!
//! Flows that AWS does not track (SG-17) are here too, as a cache: which rule admitted them, for as long as the rules stay as
//! they are. So the rules are read once for a flow, not once for a packet. With it goes what else was decided for its packets:
//! [`KnownWays`].

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::fragments::Fragments;
use super::gateway::GatewayFlows;
use super::known_way::KnownWays;
use super::services::LinkLocalAllowances;
use super::tables::EniIndex;
use crate::engine::{SimDuration, SimTime};
use crate::net::{FlowKey, IpHeader, TcpFlags, Transport, protocol};
use crate::trace::{Direction, Leg};

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

/// All tracked flows of all interfaces, and what gateways remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flows {
    by_eni: Vec<Option<Box<TrackedFlows>>>,
    /// What is remembered of packets that come in pieces.
    pub(super) fragments: Fragments,
    /// Of gateways that keep state.
    pub(super) gateways: GatewayFlows,
    /// What has been asked of the services on the interfaces' links.
    pub(super) link_local: LinkLocalAllowances,
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
        self.link_local.forget(eni);
    }
}

/// The table has reached its bound (SG-25).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TableFull;

/// One interface's flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackedFlows {
    flows: IndexMap<FlowKey, Flow, FxBuildHasher>,
    /// By direction, where the flow of the last packet lies: most often that of the next one, which then needs no hash.
    last: [u32; 2],
    /// How many of them are tracked; only these count against the limit.
    tracked: usize,
    /// Sweep when there are this many.
    sweep_at: usize,
}

/// What is known of a packet's flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// It is tracked, and lives on.
    Tracked,
    /// It is not tracked; this rule has admitted such packets since the rules were last changed.
    Admitted(RulePlace),
    /// Nothing that would let the packet through.
    Nothing,
}

/// A rule of an interface: the group's place among the interface's, and the rule's place in the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RulePlace {
    pub group: u16,
    pub rule: u16,
}

impl TrackedFlows {
    /// What is known of the packet's flow, and which way the packet goes in it. `rules` is the number of the tables by which
    /// packets are judged now.
    pub(crate) fn find(&mut self, now: SimTime, direction: Direction, ip: &IpHeader, rules: u64) -> (Leg, Known) {
        let Some(flow) = self.flow(direction, ip) else { return (Leg::Forward, Known::Nothing) };
        let is_over = flow.is_over_for(ip);
        let leg = if is_over { Leg::Forward } else { flow.leg(direction) };
        if is_over || flow.expires <= now {
            return (leg, Known::Nothing);
        }
        let known = flow.known(direction, rules);
        if known != Known::Nothing {
            flow.progress(now, direction, ip);
        }
        (leg, known)
    }

    /// The known ways of a packet's flow, if the groups let the packet through without reading a rule and one of the ways fits;
    /// then the flow lives on. Also answers which way the packet goes in it.
    #[inline]
    pub(super) fn repeat(
        &mut self,
        now: SimTime,
        direction: Direction,
        ip: &IpHeader,
        rules: u64,
        fits: impl FnOnce(&KnownWays) -> bool,
    ) -> Option<(Leg, &KnownWays)> {
        let flow = self.flow(direction, ip)?;
        // What has ended may begin anew, which is for `find` to say.
        if !fits(&flow.ways)
            || flow.expires <= now
            || flow.progress == Progress::Closed
            || flow.known(direction, rules) == Known::Nothing
        {
            return None;
        }
        flow.progress(now, direction, ip);
        Some((flow.leg(direction), &flow.ways))
    }

    /// The known ways of a packet's flow, to be added to.
    pub(super) fn ways(&mut self, direction: Direction, ip: &IpHeader) -> Option<&mut KnownWays> {
        self.flow(direction, ip).map(|flow| &mut flow.ways)
    }

    #[inline]
    fn flow(&mut self, direction: Direction, ip: &IpHeader) -> Option<&mut Flow> {
        let last = &mut self.last[direction as usize];
        let is_last = self.flows.get_index(*last as usize).is_some_and(|(key, _)| match direction {
            Direction::Egress => key.is_of(ip),
            Direction::Ingress => key.is_back(ip),
        });
        if !is_last {
            *last = self.flows.get_index_of(&egress_key(direction, ip))? as u32;
        }
        self.flows.get_index_mut(*last as usize).map(|(_, flow)| flow)
    }

    /// Whether a conversation, as its packets were sent in `direction`, is tracked. It is only looked at (SG-20).
    pub(crate) fn knows(&self, now: SimTime, direction: Direction, conversation: FlowKey) -> bool {
        let key = if direction == Direction::Egress { conversation } else { conversation.reversed() };
        self.flows.get(&key).is_some_and(|flow| flow.expires > now && flow.standing == Standing::Tracked)
    }

    /// Tracks the flow that a packet opens, or opens again.
    pub(crate) fn open(&mut self, now: SimTime, direction: Direction, ip: &IpHeader) -> Result<(), TableFull> {
        self.make_room(now);
        if self.tracked >= LIMIT {
            return Err(TableFull);
        }
        let mut flow = Flow::new(now, direction, Standing::Tracked);
        flow.progress(now, direction, ip);
        let before = self.flows.insert(egress_key(direction, ip), flow);
        self.tracked += usize::from(before.is_none_or(|before| before.standing != Standing::Tracked));
        Ok(())
    }

    /// Remembers which rule admitted a packet of a flow that is not tracked; `opened_by` is the direction of its first.
    pub(crate) fn admit(
        &mut self,
        now: SimTime,
        direction: Direction,
        ip: &IpHeader,
        opened_by: Direction,
        rules: u64,
        place: RulePlace,
    ) {
        self.make_room(now);
        let opening = Flow::new(now, opened_by, Standing::Untracked { rules, admitted: [None; 2] });
        let flow = self.flows.entry(egress_key(direction, ip)).or_insert(opening);
        if flow.standing == Standing::Tracked {
            self.tracked -= 1;
        }
        if flow.expires <= now {
            *flow = opening;
        }
        let mut admitted = match flow.standing {
            Standing::Untracked { rules: then, admitted } if then == rules => admitted,
            Standing::Untracked { .. } | Standing::Tracked => [None; 2],
        };
        admitted[direction as usize] = Some(place);
        flow.standing = Standing::Untracked { rules, admitted };
        flow.progress(now, direction, ip);
    }

    /// Sweeps away what has idled out when the table has doubled. What is only a cache goes as well before it grows without
    /// bound.
    fn make_room(&mut self, now: SimTime) {
        if self.flows.len() < self.sweep_at.max(SWEEP_FROM) {
            return;
        }
        self.flows.retain(|_, flow| flow.expires > now);
        if self.flows.len() >= 2 * LIMIT {
            self.flows.retain(|_, flow| flow.standing == Standing::Tracked);
        }
        self.tracked = self.flows.values().filter(|flow| flow.standing == Standing::Tracked).count();
        self.sweep_at = (self.flows.len() * 2).min(2 * LIMIT);
    }
}

/// One flow.
#[derive(Clone, Copy, Debug)]
struct Flow {
    expires: SimTime,
    opened_by: Direction,
    progress: Progress,
    standing: Standing,
    ways: KnownWays,
}

/// Whether a flow is tracked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Tracked,
    Untracked {
        /// The number of the tables that admitted it.
        rules: u64,
        /// By direction.
        admitted: [Option<RulePlace>; 2],
    },
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
    fn new(now: SimTime, opened_by: Direction, standing: Standing) -> Flow {
        Flow { expires: now, opened_by, progress: Progress::Opening, standing, ways: KnownWays::default() }
    }

    /// Which way packets of this direction go in the flow.
    fn leg(&self, direction: Direction) -> Leg {
        if self.opened_by == direction { Leg::Forward } else { Leg::Return }
    }

    /// What lets packets of this direction through.
    #[inline]
    fn known(&self, direction: Direction, rules: u64) -> Known {
        match self.standing {
            Standing::Tracked => Known::Tracked,
            Standing::Untracked { rules: then, admitted } if then == rules => {
                admitted[direction as usize].map_or(Known::Nothing, Known::Admitted)
            }
            Standing::Untracked { .. } => Known::Nothing,
        }
    }

    /// A new connection over the ports of a finished one is not a packet of the old flow.
    fn is_over_for(&self, ip: &IpHeader) -> bool {
        self.progress == Progress::Closed && is_tcp_open(ip)
    }

    #[inline]
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

#[inline]
fn egress_key(direction: Direction, ip: &IpHeader) -> FlowKey {
    let key = FlowKey::of(ip);
    if direction == Direction::Egress { key } else { key.reversed() }
}
