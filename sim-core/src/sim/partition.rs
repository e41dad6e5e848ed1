//! A partition: some VPCs with their guests, flow state and event queue, and the loop that moves frames between them.
//!
//! One partition is the whole world for now. Nothing here reaches outside of it but through [`Shared`], which is read-only
//! while events run, so that several can run side by side. Every way a frame takes is one event; events are small and name a
//! slot where the frame lies.

use std::mem;

use super::internet::{self, Internet};
use super::links::{AccessLink, FabricLink, LinkSettings};
use crate::dataplane::conntrack::Flows;
use crate::dataplane::pipeline::{self, Entry, Hop, Next, Outcome, Transit};
use crate::dataplane::tables::{EniIndex, Tables};
use crate::engine::{EventQueue, SimTime};
use crate::host::{Disk, Finished, Host, Note, ProcessId};
use crate::id::{AvailabilityZone, Origin, ResourceId};
use crate::net::{BufferPool, Frame, Headers};
use crate::trace::{Decider, DropCode, DropReason, PacketId, Recording, Step, Trace};

/// A guest, by number: an instance or a host on the Internet. The same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct GuestIndex(pub u32);

/// What events may read: the same for every partition while they run.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub tables: &'a Tables,
    pub links: &'a LinkSettings,
    pub internet: &'a Internet,
    pub directory: &'a dyn Directory,
    pub seed: u64,
}

/// Knows what a guest is made from; asked when it wakes.
pub(crate) trait Directory {
    /// Boots a guest's host, from its disk if it has been up before.
    fn boot(&self, guest: GuestIndex, disk: Option<Disk>, now: SimTime) -> Host;
}

/// Where a guest's interface is plugged in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Plug {
    /// An interface of a VPC.
    Eni(EniIndex),
    /// The Internet; the host's number there.
    Internet(u32),
}

impl Plug {
    /// The plug's number among everything that schedules events; packets are counted under it.
    fn source(self) -> u32 {
        match self {
            Plug::Eni(eni) => eni.0 * SCHEDULERS,
            Plug::Internet(host) => (host + 1) * SCHEDULERS + 1,
        }
    }
}

/// Four kinds of things schedule events: interfaces, Internet hosts (and the Internet itself, before the first), peering
/// connections, Internet gateways. Their numbers interleave, so that they are distinct and dense.
const SCHEDULERS: u32 = 4;

/// Something that is due. Kept small: the heap moves these around.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The frame in this slot has arrived where it was going.
    Arrival(u32),
    /// A guest wanted to be called.
    Wake(GuestIndex),
}

/// A frame under way.
#[derive(Debug)]
struct InFlight {
    to: Station,
    transit: Transit,
    /// The zone it started in, if it started in one.
    zone: Option<AvailabilityZone>,
}

/// Where a frame under way is going.
#[derive(Clone, Copy, Debug)]
enum Station {
    /// To the network side of the sender's own plug.
    Leave(Plug),
    /// To the next station inside the fabric.
    Hop(Next),
    /// To the guest behind this plug.
    Guest(Plug),
}

/// A guest's place in the partition. An instance nobody has talked to is `Asleep` and costs only this.
#[derive(Default)]
enum GuestState {
    /// Not running: frames for it are lost.
    #[default]
    Off,
    /// Running, but nothing has reached it yet: it has no stack.
    Asleep,
    /// Awake.
    Awake(Box<Awake>),
}

struct Awake {
    host: Host,
    ports: Vec<Port>,
    /// When the next wake-up is due, if one is scheduled.
    alarm: Option<SimTime>,
}

/// One of a guest's interfaces.
struct Port {
    plug: Plug,
    out: AccessLink,
    back: AccessLink,
}

struct Guest {
    id: ResourceId,
    state: GuestState,
    plugs: Vec<Plug>,
    /// What it was switched off with, unless it has never been awake.
    disk: Option<Box<Disk>>,
}

/// Some VPCs, their guests and the events between them.
pub(crate) struct Partition {
    queue: EventQueue<Event>,
    slots: Vec<Option<InFlight>>,
    free: Vec<u32>,
    guests: Vec<Guest>,
    /// Which guest, and which of its interfaces, is behind an ENI.
    behind: Vec<Option<(GuestIndex, u32)>>,
    /// How many packets a plug has sent, by [`Plug::source`]. It outlives boots and attachments, so that a packet's number
    /// means one packet for the whole run.
    sent: Vec<u32>,
    /// What there is to say of guests that they do not say themselves.
    notes: Vec<(ResourceId, Note)>,
    flows: Flows,
    trace: Trace,
    outbox: Vec<(usize, Vec<u8>)>,
    /// Buffers of frames that have come to their end.
    pool: BufferPool,
    delivered: u64,
}

impl Partition {
    /// An empty partition whose trace keeps what is asked for.
    pub(crate) fn new(trace: Trace) -> Partition {
        Partition {
            queue: EventQueue::default(),
            slots: Vec::new(),
            free: Vec::new(),
            guests: Vec::new(),
            behind: Vec::new(),
            sent: Vec::new(),
            notes: Vec::new(),
            flows: Flows::default(),
            trace,
            outbox: Vec::new(),
            pool: BufferPool::default(),
            delivered: 0,
        }
    }

    /// Adds a guest that is switched off.
    pub(crate) fn add_guest(&mut self, id: ResourceId, plugs: Vec<Plug>) -> GuestIndex {
        let guest = GuestIndex(self.guests.len() as u32);
        self.guests.push(Guest { id, state: GuestState::Off, plugs: Vec::new(), disk: None });
        self.plug_in(guest, plugs);
        guest
    }

    /// Gives a guest that is switched off the interfaces with which it will boot.
    pub(crate) fn plug_in(&mut self, guest: GuestIndex, plugs: Vec<Plug>) {
        for old in mem::take(&mut self.guests[guest.0 as usize].plugs) {
            self.unplug(guest, old);
        }
        for (port, plug) in plugs.iter().enumerate() {
            if let Plug::Eni(eni) = plug {
                let index = eni.0 as usize;
                if index >= self.behind.len() {
                    self.behind.resize(index + 1, None);
                }
                self.behind[index] = Some((guest, port as u32));
            }
        }
        self.guests[guest.0 as usize].plugs = plugs;
    }

    /// Pulls an interface out of a guest, which may be running: its link is dead from then on.
    pub(crate) fn unplug(&mut self, guest: GuestIndex, plug: Plug) {
        if let Plug::Eni(eni) = plug
            && let Some(behind) = self.behind.get_mut(eni.0 as usize)
            && behind.is_some_and(|(owner, _)| owner == guest)
        {
            *behind = None;
            self.flows.forget(eni);
        }
    }

    /// The interfaces with which a guest has booted or will boot.
    pub(crate) fn plugs(&self, guest: GuestIndex) -> &[Plug] {
        &self.guests[guest.0 as usize].plugs
    }

    /// Leaves a word about a guest.
    pub(crate) fn note(&mut self, guest: GuestIndex, note: Note) {
        self.notes.push((self.guests[guest.0 as usize].id, note));
    }

    /// Switches a guest on: it can be reached and woken.
    pub(crate) fn switch_on(&mut self, guest: GuestIndex) {
        let state = &mut self.guests[guest.0 as usize].state;
        if matches!(state, GuestState::Off) {
            *state = GuestState::Asleep;
        }
    }

    /// Switches a guest off: its memory is gone and frames for it are lost. Its disk stays; the flows of its interfaces were
    /// tracked by the machine it ran on, and are forgotten.
    pub(crate) fn switch_off(&mut self, guest: GuestIndex) {
        let Guest { id, state, plugs, disk } = &mut self.guests[guest.0 as usize];
        if let GuestState::Awake(mut awake) = mem::take(state) {
            self.notes.extend(awake.host.take_notes().into_iter().map(|note| (*id, note)));
            *disk = Some(Box::new(awake.host.into_disk()));
        }
        for plug in plugs {
            if let Plug::Eni(eni) = plug {
                self.flows.forget(*eni);
            }
        }
    }

    /// Whether a guest is switched on.
    pub(crate) fn is_on(&self, guest: GuestIndex) -> bool {
        !matches!(self.guests[guest.0 as usize].state, GuestState::Off)
    }

    /// Virtual time of the last event.
    pub(crate) fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// When the next event is due.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        self.queue.next_time()
    }

    /// Lets the clock stand at `time`; nothing may be due before.
    pub(crate) fn advance_to(&mut self, time: SimTime) {
        self.queue.advance_to(time);
    }

    /// How many frames were received over a link so far.
    pub(crate) fn packet_hops(&self) -> u64 {
        self.delivered
    }

    /// How many events the trace holds.
    pub(crate) fn trace_len(&self) -> usize {
        self.trace.len()
    }

    /// Exchanges what the trace has recorded for the memory of `into`.
    pub(crate) fn take_trace(&mut self, into: &mut Recording) {
        self.trace.take(into);
    }

    /// Runs one event if one is due at `until` or before.
    pub(crate) fn step(&mut self, shared: &Shared<'_>, until: SimTime) -> bool {
        let Some((now, event)) = self.queue.pop_until(until) else { return false };
        match event {
            Event::Wake(guest) => {
                if let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state
                    && awake.alarm == Some(now)
                {
                    awake.alarm = None;
                    self.run_guest(shared, guest);
                }
            }
            Event::Arrival(slot) => {
                let flight = self.slots[slot as usize].take().expect("an arrival's slot holds its frame");
                self.free.push(slot);
                self.delivered += 1;
                self.arrive(shared, flight);
            }
        }
        true
    }

    /// Starts a command line on a guest.
    pub(crate) fn start(&mut self, shared: &Shared<'_>, guest: GuestIndex, command_line: &str) -> Option<ProcessId> {
        let now = self.now();
        let process = self.awake(shared, guest)?.host.start(now, command_line);
        self.run_guest(shared, guest);
        Some(process)
    }

    /// Starts a guest's user data.
    pub(crate) fn start_user_data(
        &mut self,
        shared: &Shared<'_>,
        guest: GuestIndex,
        script: &str,
    ) -> Option<ProcessId> {
        let now = self.now();
        let process = self.awake(shared, guest)?.host.start_user_data(now, script);
        self.run_guest(shared, guest);
        Some(process)
    }

    /// Ends a program as Ctrl-C does.
    pub(crate) fn interrupt(&mut self, shared: &Shared<'_>, guest: GuestIndex, process: ProcessId) {
        let now = self.now();
        if let Some(awake) = self.awake(shared, guest) {
            awake.host.interrupt(now, process);
            self.run_guest(shared, guest);
        }
    }

    /// Takes what a program left, once it has ended.
    pub(crate) fn take_finished(&mut self, guest: GuestIndex, process: ProcessId) -> Option<Finished> {
        match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.take_finished(process),
            GuestState::Off | GuestState::Asleep => None,
        }
    }

    /// Whether a program runs or waits to be collected; one whose guest was switched off is gone without a word.
    pub(crate) fn knows(&mut self, guest: GuestIndex, process: ProcessId) -> bool {
        match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.knows(process),
            GuestState::Off | GuestState::Asleep => false,
        }
    }

    /// Takes what guests have to say since the last call, in their order.
    pub(crate) fn take_notes(&mut self) -> Vec<(ResourceId, Note)> {
        let mut notes = mem::take(&mut self.notes);
        for guest in &mut self.guests {
            if let GuestState::Awake(awake) = &mut guest.state {
                notes.extend(awake.host.take_notes().into_iter().map(|note| (guest.id, note)));
            }
        }
        notes
    }

    fn awake(&mut self, shared: &Shared<'_>, guest: GuestIndex) -> Option<&mut Awake> {
        let now = self.now();
        let Guest { state, plugs, disk, .. } = &mut self.guests[guest.0 as usize];
        if matches!(state, GuestState::Asleep) {
            let host = shared.directory.boot(guest, disk.take().map(|disk| *disk), now);
            let port = |plug: &Plug| Port { plug: *plug, out: AccessLink::default(), back: AccessLink::default() };
            *state = GuestState::Awake(Box::new(Awake { host, ports: plugs.iter().map(port).collect(), alarm: None }));
        }
        match state {
            GuestState::Awake(awake) => Some(awake),
            GuestState::Off | GuestState::Asleep => None,
        }
    }

    /// Lets a guest run at the present moment; what it sends goes onto its links.
    fn run_guest(&mut self, shared: &Shared<'_>, guest: GuestIndex) {
        let now = self.now();
        let mut outbox = mem::take(&mut self.outbox);
        let mut pool = mem::take(&mut self.pool);
        let Some(awake) = self.awake(shared, guest) else {
            (self.outbox, self.pool) = (outbox, pool);
            return;
        };
        awake.host.run(now, &mut pool, &mut |interface, frame| outbox.push((interface, frame)));
        let wake = awake.host.next_wake();
        self.pool = pool;
        for (interface, bytes) in outbox.drain(..) {
            self.send(shared, guest, interface, bytes);
        }
        self.outbox = outbox;
        if let (Some(at), Some(awake)) = (wake, self.awake(shared, guest)) {
            let at = at.max(now);
            if awake.alarm.is_none_or(|alarm| alarm > at) {
                awake.alarm = Some(at);
                let source = awake.ports.first().map_or(1, |port| port.plug.source());
                self.queue.push(at, source, Event::Wake(guest));
            }
        }
    }

    /// Puts a guest's frame onto its link.
    fn send(&mut self, shared: &Shared<'_>, guest: GuestIndex, interface: usize, bytes: Vec<u8>) {
        let now = self.now();
        let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state else { return };
        let Some(port) = awake.ports.get_mut(interface) else { return };
        let plug = port.plug;
        if let Plug::Eni(eni) = plug
            && self.behind.get(eni.0 as usize).copied().flatten() != Some((guest, interface as u32))
        {
            return; // Detached since the guest has booted: there is no link to put it on.
        }
        let source = plug.source();
        if source as usize >= self.sent.len() {
            self.sent.resize(source as usize + 1, 0);
        }
        let sent = &mut self.sent[source as usize];
        *sent = sent.wrapping_add(1);
        let packet = PacketId(u64::from(source) << 32 | u64::from(*sent));
        let arrival = port.out.carry(shared.links, now, bytes.len());
        let frame = Frame::new(bytes);
        let (entry, zone) = match plug {
            Plug::Eni(eni) => (Entry::Interface(eni), zone_of(shared.tables, eni)),
            // What comes from the Internet enters a VPC at its gateway, which says so.
            Plug::Internet(_) => (Entry::Router, None),
        };
        let transit = Transit { frame, packet, entry };
        match arrival {
            Some(at) => self.push(at, source, InFlight { to: Station::Leave(plug), transit, zone }),
            None => self.lose_at(shared, plug, &transit, DropCode::LinkQueueFull),
        }
    }

    fn push(&mut self, at: SimTime, source: u32, flight: InFlight) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(flight);
                slot
            }
            None => {
                self.slots.push(Some(flight));
                self.slots.len() as u32 - 1
            }
        };
        self.queue.push(at, source, Event::Arrival(slot));
    }

    /// A frame has arrived at the end of a link.
    fn arrive(&mut self, shared: &Shared<'_>, flight: InFlight) {
        let InFlight { to, transit, zone } = flight;
        let now = self.queue.now();
        let hop = &mut Hop { now, tables: shared.tables, flows: &mut self.flows, trace: &mut self.trace };
        let (here, outcome) = match to {
            Station::Guest(plug) => return self.deliver(shared, plug, transit),
            Station::Leave(Plug::Internet(host)) => {
                let onward = internet::leave_host(hop, shared.internet, host, transit);
                return self.on_the_internet(shared, onward);
            }
            Station::Leave(Plug::Eni(eni)) => (Next::Guest(eni), pipeline::leave_eni(hop, eni, transit)),
            Station::Hop(here) => {
                let outcome = match here {
                    Next::Eni(eni) => pipeline::arrive_eni(hop, eni, transit),
                    Next::Peering(peering) => pipeline::cross_peering(hop, peering, transit),
                    Next::InternetGatewayOut(vpc) => pipeline::leave_internet_gateway(hop, vpc, transit),
                    Next::InternetGatewayIn(vpc) => pipeline::enter_internet_gateway(hop, vpc, transit),
                    Next::Internet => {
                        let onward = internet::route(hop, shared.internet, transit);
                        return self.on_the_internet(shared, onward);
                    }
                    Next::Guest(eni) => return self.deliver(shared, Plug::Eni(eni), transit),
                };
                (here, outcome)
            }
        };
        match outcome {
            Outcome::Forward(next, transit) | Outcome::Reply(next, transit) => {
                self.forward(shared, here, next, transit, zone);
            }
            Outcome::Consumed(frame) => self.pool.give(frame.bytes),
        }
    }

    /// Sends a frame from one station of the fabric to the next.
    fn forward(
        &mut self,
        shared: &Shared<'_>,
        from: Next,
        next: Next,
        transit: Transit,
        zone: Option<AvailabilityZone>,
    ) {
        let now = self.queue.now();
        let (tables, links) = (shared.tables, shared.links);
        let source = station_number(from);
        if let Next::Guest(eni) = next {
            return self.down_the_access_link(shared, Plug::Eni(eni), transit, zone);
        }
        let zone_of = |eni| zone_of(tables, eni).or(zone);
        let way = match (from, next) {
            (_, Next::Internet) | (Next::Internet, _) => links.internet(),
            (Next::Guest(from), Next::Eni(to)) => links.between(zone_of(from), zone_of(to)),
            (Next::Guest(from), _) => links.up_to_gateway(zone_of(from)),
            (_, Next::Eni(to)) => links.beyond_gateway(zone, zone_of(to)),
            _ => links.nowhere(),
        };
        let link = FabricLink::new(shared.seed, u64::from(source), u64::from(station_number(next)));
        match link.carry(way, now, transit.packet.0) {
            Some(at) => self.push(at, source, InFlight { to: Station::Hop(next), transit, zone }),
            None => {
                let by = station_id(tables, from);
                self.lose(transit.packet, &transit.frame.headers, DropCode::LinkLoss, by);
            }
        }
    }

    /// What the Internet made of a frame.
    fn on_the_internet(&mut self, shared: &Shared<'_>, onward: internet::Onward) {
        match onward {
            internet::Onward::Host(host, transit) => {
                self.down_the_access_link(shared, Plug::Internet(host), transit, None);
            }
            internet::Onward::Gateway(next, transit) => self.forward(shared, Next::Internet, next, transit, None),
            internet::Onward::Consumed(frame) => self.pool.give(frame.bytes),
        }
    }

    /// Puts a frame onto the link down to a guest.
    fn down_the_access_link(
        &mut self,
        shared: &Shared<'_>,
        plug: Plug,
        transit: Transit,
        zone: Option<AvailabilityZone>,
    ) {
        let now = self.queue.now();
        let Some((guest, port)) = self.guest_behind(shared, plug) else {
            return self.lose_at(shared, plug, &transit, DropCode::BadState);
        };
        if matches!(self.guests[guest.0 as usize].state, GuestState::Asleep) {
            // What starts at boot is up before the frame arrives.
            self.run_guest(shared, guest);
        }
        let Some(awake) = self.awake(shared, guest) else {
            return self.lose_at(shared, plug, &transit, DropCode::BadState);
        };
        match awake.ports[port].back.carry(shared.links, now, transit.frame.bytes.len()) {
            Some(at) => self.push(at, plug.source(), InFlight { to: Station::Guest(plug), transit, zone }),
            None => self.lose_at(shared, plug, &transit, DropCode::LinkQueueFull),
        }
    }

    /// Hands a frame to the guest behind a plug.
    fn deliver(&mut self, shared: &Shared<'_>, plug: Plug, transit: Transit) {
        let now = self.queue.now();
        let Some((guest, port)) = self.guest_behind(shared, plug) else { return };
        match self.awake(shared, guest) {
            Some(awake) => {
                awake.host.receive(now, port, transit.frame.bytes);
                self.run_guest(shared, guest);
            }
            None => self.lose_at(shared, plug, &transit, DropCode::BadState),
        }
    }

    fn guest_behind(&self, shared: &Shared<'_>, plug: Plug) -> Option<(GuestIndex, usize)> {
        match plug {
            Plug::Eni(eni) => {
                self.behind.get(eni.0 as usize).copied().flatten().map(|(guest, port)| (guest, port as usize))
            }
            Plug::Internet(host) => Some((shared.internet.guest(host), 0)),
        }
    }

    fn lose_at(&mut self, shared: &Shared<'_>, plug: Plug, transit: &Transit, code: DropCode) {
        let point = match plug {
            Plug::Eni(eni) => shared.tables.eni_id(eni).into(),
            Plug::Internet(host) => shared.internet.id(host),
        };
        self.lose(transit.packet, &transit.frame.headers, code, point);
    }

    /// Tells the trace of a frame that a link or a guest lost.
    fn lose(&mut self, packet: PacketId, headers: &Headers, code: DropCode, by: ResourceId) {
        let reason = DropReason { code, by, direction: None, decider: Decider::Resource, origin: Origin::Aws };
        self.trace.record(self.queue.now(), packet, headers, Step::Dropped(reason));
    }
}

/// A station's number among everything that schedules events.
fn station_number(station: Next) -> u32 {
    match station {
        Next::Guest(eni) | Next::Eni(eni) => Plug::Eni(eni).source(),
        Next::Internet => 1,
        Next::Peering(peering) => peering.0 * SCHEDULERS + 2,
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) => vpc.0 * SCHEDULERS + 3,
    }
}

/// A station as a drop names it.
fn station_id(tables: &Tables, station: Next) -> ResourceId {
    match station {
        Next::Guest(eni) | Next::Eni(eni) => tables.eni_id(eni).into(),
        Next::Peering(peering) => tables.peering_id(peering).into(),
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) => {
            let gateway = tables.vpc(vpc).internet_gateway.as_ref();
            gateway.map_or_else(|| tables.vpc_id(vpc).into(), |gateway| gateway.id.into())
        }
        Next::Internet => internet::ID.into(),
    }
}

/// The zone an interface is in; none once it is deleted.
fn zone_of(tables: &Tables, eni: EniIndex) -> Option<AvailabilityZone> {
    tables.interface(eni).map(|interface| interface.subnet.zone)
}
