//! Connection tracking: what security groups remember of the flows they let through (SG-13 to SG-24).
//!
//! One table per interface, made when the first flow is tracked, bounded for each instance (SG-25), and outside the compiled tables, so that rules may
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

/// TCP while opening or closing. AWS publishes nothing (SG-23).
const TIMEOUT_TCP_OTHER: SimDuration = SimDuration::from_secs(60);
/// ICMP. AWS publishes nothing (SG-23).
const TIMEOUT_ICMP: SimDuration = SimDuration::from_secs(30);
/// Protocols without ports (SG-22).
const TIMEOUT_OTHER: SimDuration = SimDuration::from_secs(600);

/// A table with this many flows forgets those that it only keeps to save time.
const CACHE_BOUND: usize = 1 << 19;
/// A table grows by at most this much before it is swept again.
const SWEEP_STEP: usize = 1 << 17;
/// Below this size a table is not worth sweeping.
const SWEEP_FROM: usize = 1024;

/// The idle time-outs that an interface may have of its own (SG-21).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timeouts {
    /// TCP, established.
    pub tcp_established: SimDuration,
    /// UDP with more than one question and answer.
    pub udp_stream: SimDuration,
    /// UDP that went one way only, or was one question with one answer.
    pub udp_single: SimDuration,
}

impl Timeouts {
    /// What applies where nobody says otherwise.
    pub(crate) const DEFAULT: Timeouts = Timeouts {
        tcp_established: SimDuration::from_secs(432_000),
        udp_stream: SimDuration::from_secs(180),
        udp_single: SimDuration::from_secs(30),
    };
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts::DEFAULT
    }
}

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

    /// How many flows these interfaces track, together. The exact number is found out only when it may have reached the limit.
    pub(crate) fn tracked_by(
        &mut self,
        enis: impl Iterator<Item = EniIndex> + Clone,
        now: SimTime,
        limit: usize,
    ) -> usize {
        let about: usize = enis.clone().map(|eni| self.of_mut(eni).tracked).sum();
        if about < limit {
            return about;
        }
        enis.map(|eni| self.of_mut(eni).tracked_now(now)).sum()
    }

    /// Forgets an interface's flows, as when its instance is terminated.
    pub(crate) fn forget(&mut self, eni: EniIndex) {
        if let Some(flows) = self.by_eni.get_mut(eni.0 as usize) {
            *flows = None;
        }
        self.link_local.forget(eni);
    }
}

/// One interface's flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrackedFlows {
    flows: IndexMap<FlowKey, Flow, FxBuildHasher>,
    /// By direction, where the flow of the last packet lies: most often that of the next one, which then needs no hash.
    last: [u32; 2],
    /// How many of them are tracked; only these count against the instance's allowance. Some may have idled out.
    tracked: usize,
    /// Until then none of the tracked idles out, as far as the last sweep could tell.
    next_expiry: SimTime,
    timeouts: Timeouts,
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
    /// Sets the time-outs that count from the next packet on.
    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
    }

    /// Whether the packet's flow is among the tracked ones, idled out or not.
    pub(crate) fn has_tracked(&mut self, direction: Direction, ip: &IpHeader) -> bool {
        self.flow(direction, ip).is_some_and(|flow| flow.standing == Standing::Tracked)
    }

    /// Whether the packet goes the way of the answers in a flow that is known. It is only looked at.
    pub(crate) fn is_answer(&mut self, direction: Direction, ip: &IpHeader) -> bool {
        let flow = self.flow(direction, ip);
        flow.is_some_and(|flow| !flow.is_over_for(ip) && flow.leg(direction) == Leg::Return)
    }

    /// What is known of the packet's flow, and which way the packet goes in it. `rules` is the number of the tables by which
    /// packets are judged now.
    pub(crate) fn find(&mut self, now: SimTime, direction: Direction, ip: &IpHeader, rules: u64) -> (Leg, Known) {
        let timeouts = self.timeouts;
        let Some(flow) = self.flow(direction, ip) else { return (Leg::Forward, Known::Nothing) };
        let is_over = flow.is_over_for(ip);
        let leg = if is_over { Leg::Forward } else { flow.leg(direction) };
        if is_over || flow.expires <= now {
            return (leg, Known::Nothing);
        }
        let known = flow.known(direction, rules);
        if known != Known::Nothing {
            flow.progress(now, direction, ip, &timeouts);
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
        let timeouts = self.timeouts;
        let flow = self.flow(direction, ip)?;
        // What has ended may begin anew, which is for `find` to say.
        if !fits(&flow.ways)
            || flow.expires <= now
            || flow.progress == Progress::Closed
            || flow.known(direction, rules) == Known::Nothing
        {
            return None;
        }
        flow.progress(now, direction, ip, &timeouts);
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
    pub(crate) fn open(&mut self, now: SimTime, direction: Direction, ip: &IpHeader) {
        self.make_room(now);
        let mut flow = Flow::new(now, direction, Standing::Tracked);
        flow.progress(now, direction, ip, &self.timeouts);
        self.next_expiry = self.next_expiry.min(flow.expires);
        let before = self.flows.insert(egress_key(direction, ip), flow);
        self.tracked += usize::from(before.is_none_or(|before| before.standing != Standing::Tracked));
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
        flow.progress(now, direction, ip, &self.timeouts);
    }

    /// How many flows are tracked and have not idled out.
    fn tracked_now(&mut self, now: SimTime) -> usize {
        if self.next_expiry <= now {
            self.sweep(now);
        }
        self.tracked
    }

    /// Sweeps away what has idled out when the table has doubled. What is only a cache goes as well before it grows without
    /// bound.
    fn make_room(&mut self, now: SimTime) {
        if self.flows.len() < self.sweep_at.max(SWEEP_FROM) {
            return;
        }
        self.sweep(now);
        if self.flows.len() >= CACHE_BOUND {
            self.flows.retain(|_, flow| flow.standing == Standing::Tracked);
        }
        self.sweep_at = self.flows.len() + self.flows.len().min(SWEEP_STEP);
    }

    fn sweep(&mut self, now: SimTime) {
        self.flows.retain(|_, flow| flow.expires > now);
        let tracked = || self.flows.values().filter(|flow| flow.standing == Standing::Tracked);
        self.tracked = tracked().count();
        // With more packets flows last longer than this; then the next sweep is for nothing, and says so.
        self.next_expiry = tracked().map(|flow| flow.expires).min().unwrap_or(SimTime::MAX);
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
    fn progress(&mut self, now: SimTime, direction: Direction, ip: &IpHeader, timeouts: &Timeouts) {
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
        self.expires = now + self.timeout(ip.protocol, timeouts);
    }

    #[inline]
    fn timeout(&self, ip_protocol: u8, timeouts: &Timeouts) -> SimDuration {
        match (ip_protocol, self.progress) {
            (protocol::TCP, Progress::Established) => timeouts.tcp_established,
            (protocol::TCP, _) => TIMEOUT_TCP_OTHER,
            (protocol::UDP, Progress::Opening | Progress::Answered) => timeouts.udp_single,
            (protocol::UDP, _) => timeouts.udp_stream,
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
