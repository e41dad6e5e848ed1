//! A partition: some VPCs with their guests, flow state and event queue, and the loop that moves frames between them.
//!
//! Nothing here reaches outside but through [`Shared`], which is read-only while events run, and through the frames that cross
//! into other partitions, so that several can run side by side. Every way a frame takes is one event; events are small and name
//! a slot where the frame lies.

mod passing_on;
mod running;

use std::collections::BTreeMap;

use super::flight::{Crossing, Flight, Flights, Slot, Station};
use super::guests::{Guest, GuestState, LocalGuest, Onward, Outlet, Plug, Port, Sparse};
use super::internet::{self, HostPlace, Internet};
use super::links::{LinkSettings, Road};
use super::placement::{Behind, Placement, Wiring};
use super::stations::{Scheduler, guest_behind, plug_id, road, station_id, why_nobody_is_there, zone_of};
use crate::cloud::Cloud;
use crate::dataplane::conntrack::Flows;
use crate::dataplane::pipeline::{self, Hop, Next, Outcome, Transit};
use crate::dataplane::tables::{EniIndex, Tables};
use crate::engine::{EventQueue, SimTime};
use crate::flat::flat;
use crate::host::{Disk, Finished, Host, InterfaceConfig, Note, ProcessId, Ticket};
use crate::id::{InstanceId, Origin, ResourceId};
use crate::net::{BufferPool, Frame, Headers, fragment};
use crate::trace::{Decider, DropCode, DropReason, Leg, PacketTag, Purpose, Recording, Step, Trace, WatchedFlow};

/// A guest, by number: an instance or a host on the Internet. The same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct GuestIndex(pub u32);

flat!(struct GuestIndex(0));

/// What events may read: the same for every partition while they run.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub tables: &'a Tables,
    /// Counts changes of the tables.
    pub rules: u64,
    pub links: &'a LinkSettings,
    pub internet: &'a Internet,
    pub wiring: &'a Wiring,
    pub directory: &'a (dyn Directory + Sync),
    /// What the metadata service and DHCP tell of.
    pub cloud: &'a Cloud,
    pub placement: Placement,
    pub seed: u64,
}

/// Knows what a guest is made from; asked when it wakes.
pub(crate) trait Directory {
    /// Boots a guest's host, from its disk if it has been up before, and says where its interfaces are plugged in.
    fn boot(&self, guest: GuestIndex, cloud: &Cloud, disk: Option<Disk>, now: SimTime) -> (Host, Vec<Plug>);

    /// The instance that a guest is, if it is one.
    fn instance(&self, guest: GuestIndex) -> Option<InstanceId>;
}

/// Something that is due. Kept small: the queue moves these around.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    /// The frame in this slot has arrived where it was going.
    Arrival(Slot),
    /// A guest wanted to be called.
    Wake(LocalGuest),
}

/// Some VPCs, their guests and the events between them.
pub(crate) struct Partition {
    number: u32,
    queue: EventQueue<Event>,
    flights: Flights,
    guests: Vec<Guest>,
    ports: Sparse<Port>,
    /// Of the hosts on the Internet.
    outside_ports: Sparse<Port>,
    peering_sides: Sparse<Outlet>,
    internet_gateways: Sparse<Outlet>,
    endpoints: Sparse<Outlet>,
    internet: Outlet,
    notes: Vec<(GuestIndex, Note)>,
    /// Awaited programs that have ended.
    ended: Vec<(GuestIndex, ProcessId)>,
    /// What command lines had printed when their guest was switched off.
    left: BTreeMap<(LocalGuest, ProcessId), Finished>,
    flows: Flows,
    trace: Trace,
    outbox: Vec<(usize, Vec<u8>)>,
    /// Buffers of frames that have come to their end.
    pool: BufferPool,
    /// Frames that have left for each partition.
    outgoing: Vec<Vec<Crossing>>,
    delivered: u64,
}

impl Partition {
    /// An empty partition whose trace keeps what is asked for.
    pub(crate) fn new(number: u32, placement: Placement, trace: Trace) -> Partition {
        Partition {
            number,
            queue: EventQueue::default(),
            flights: Flights::default(),
            guests: Vec::new(),
            ports: Sparse::default(),
            outside_ports: Sparse::default(),
            peering_sides: Sparse::default(),
            internet_gateways: Sparse::default(),
            endpoints: Sparse::default(),
            internet: Outlet::new(Scheduler::Internet.number()),
            notes: Vec::new(),
            ended: Vec::new(),
            left: BTreeMap::new(),
            flows: Flows::default(),
            trace,
            outbox: Vec::new(),
            pool: BufferPool::default(),
            outgoing: (0..placement.partitions).map(|_| Vec::new()).collect(),
            delivered: 0,
        }
    }

    /// Adds a guest that is switched off.
    pub(crate) fn add_guest(&mut self, number: GuestIndex) -> LocalGuest {
        self.guests.push(Guest { number, state: GuestState::Off, disk: None });
        LocalGuest(self.guests.len() as u32 - 1)
    }

    /// Writes a file of a guest that is awake; one that sleeps finds it when it boots.
    pub(crate) fn write_file(&mut self, guest: LocalGuest, path: &str, content: &[u8]) {
        if let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state {
            awake.host.write_file(path, content);
        }
    }

    /// Sets up an interface of a guest that is awake; one that sleeps finds it when it wakes.
    pub(crate) fn configure(&mut self, guest: LocalGuest, interface: usize, plug: Plug, config: InterfaceConfig) {
        let now = self.now();
        if let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state {
            awake.configure(now, interface, plug, config);
        }
    }

    /// What the lease of a guest says has changed; one that sleeps learns of it when it wakes.
    pub(crate) fn outdate_lease(&mut self, guest: LocalGuest) {
        let now = self.now();
        if let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state {
            awake.host.outdate_lease(now);
            if let Some(at) = awake.host.next_wake() {
                self.wake_at(guest, at);
            }
        }
    }

    /// Switches a guest on: it can be reached and woken.
    pub(crate) fn switch_on(&mut self, guest: LocalGuest) {
        let state = &mut self.guests[guest.0 as usize].state;
        if matches!(state, GuestState::Off) {
            *state = GuestState::Asleep;
        }
    }

    /// Switches a guest off: its memory is gone and frames for it are lost. Its disk stays.
    pub(crate) fn switch_off(&mut self, guest: LocalGuest) {
        let Guest { number, state, disk } = &mut self.guests[guest.0 as usize];
        if let GuestState::Awake(mut awake) = std::mem::take(state) {
            self.notes.extend(awake.host.take_notes().into_iter().map(|note| (*number, note)));
            let left = awake.host.hang_up(self.queue.now());
            self.left.extend(left.into_iter().map(|(process, finished)| ((guest, process), finished)));
            *disk = Some(Box::new(awake.host.into_disk()));
        }
    }

    /// Lets a guest go down in order: its programs end, and close their connections. It is still switched on.
    pub(crate) fn shut_down(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        let now = self.queue.now();
        let Guest { number, state, .. } = &mut self.guests[guest.0 as usize];
        if let GuestState::Awake(awake) = state {
            self.notes.extend(awake.host.take_notes().into_iter().map(|note| (*number, note)));
            let left = awake.host.shut_down(now);
            self.left.extend(left.into_iter().map(|(process, finished)| ((guest, process), finished)));
            self.run_awake(shared, guest);
        }
    }

    /// Forgets the flows of an interface: they were tracked by the machine that its guest ran on.
    pub(crate) fn forget_flows(&mut self, eni: EniIndex) {
        self.flows.forget(eni);
    }

    /// Whether a guest is switched on.
    pub(crate) fn is_on(&self, guest: LocalGuest) -> bool {
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

    /// What the trace has recorded, to be taken.
    pub(crate) fn recording(&mut self) -> &mut Recording {
        self.trace.recording()
    }

    /// From now on the way of the first packet that leaves an interface is told.
    pub(crate) fn watch_first_packet(&mut self) {
        self.trace.watch_first_packet();
    }

    /// From now on the way of these flows' packets is told, and of those that answer them.
    pub(crate) fn watch(&mut self, flows: Vec<WatchedFlow>, purpose: Purpose) {
        self.trace.watch(flows, purpose);
    }

    /// Runs every event that is due before `end`, and says how many there were.
    pub(crate) fn run_before(&mut self, shared: &Shared<'_>, end: SimTime) -> u64 {
        let mut events = 0;
        while let Some((key, event)) = self.queue.pop_before(end) {
            events += 1;
            self.trace.begin(key);
            match event {
                Event::Arrival(slot) => {
                    self.delivered += 1;
                    self.arrive(shared, slot);
                }
                Event::Wake(guest) => {
                    if let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state
                        && awake.alarm == Some(key.time)
                    {
                        awake.alarm = None;
                        self.run_guest(shared, guest);
                    }
                }
            }
        }
        events
    }

    /// The frames that have left for another partition since they were last taken.
    pub(crate) fn outgoing(&mut self, partition: u32) -> &mut Vec<Crossing> {
        &mut self.outgoing[partition as usize]
    }

    /// When the first of the frames that have left arrives.
    pub(crate) fn next_outgoing(&self) -> Option<SimTime> {
        self.outgoing.iter().flatten().map(|crossing| crossing.key.time).min()
    }

    /// Takes a frame from another partition.
    pub(crate) fn accept(&mut self, Crossing { key, flight }: Crossing) {
        let slot = self.flights.insert(flight);
        self.queue.push(key, Event::Arrival(slot));
    }

    /// The buffers that are free.
    pub(crate) fn pool(&mut self) -> &mut BufferPool {
        &mut self.pool
    }

    /// The awaited programs that have ended since they were last asked for.
    pub(crate) fn ended(&mut self) -> &mut Vec<(GuestIndex, ProcessId)> {
        &mut self.ended
    }

    /// What guests had to say since it was last taken.
    pub(crate) fn notes(&mut self) -> &mut Vec<(GuestIndex, Note)> {
        &mut self.notes
    }

    /// A frame has arrived at the end of a link.
    fn arrive(&mut self, shared: &Shared<'_>, slot: Slot) {
        let now = self.queue.now();
        let tables = shared.tables;
        let Flight { to, transit, .. } = self.flights.get_mut(slot);
        let hop = &mut Hop { now, tables, rules: shared.rules, flows: &mut self.flows, trace: &mut self.trace };
        let (here, scheduler, outcome) = match *to {
            Station::Guest(plug) => return self.deliver(shared, plug, slot),
            Station::Leave(Plug::Internet(host)) => {
                let onward = internet::leave_host(hop, shared.internet, host, transit);
                return self.on_the_internet(shared, shared.internet.station(host), onward, slot);
            }
            Station::Leave(plug @ Plug::Eni(eni)) => {
                (Next::Guest(eni), Scheduler::Port(plug), pipeline::leave_eni(hop, eni, transit))
            }
            Station::Hop(here) => match here {
                Next::Eni(eni) => (here, Scheduler::Port(Plug::Eni(eni)), pipeline::arrive_eni(hop, eni, transit)),
                Next::Peering(side) => {
                    (here, Scheduler::PeeringSide(side), pipeline::cross_peering(hop, side, transit))
                }
                Next::InternetGatewayOut(vpc) => {
                    (here, Scheduler::InternetGateway(vpc), pipeline::leave_internet_gateway(hop, vpc, transit))
                }
                Next::EgressOnlyGateway(vpc) => {
                    (here, Scheduler::InternetGateway(vpc), pipeline::leave_egress_only_gateway(hop, vpc, transit))
                }
                Next::InternetGatewayIn(vpc) => {
                    (here, Scheduler::InternetGateway(vpc), pipeline::enter_internet_gateway(hop, vpc, transit))
                }
                Next::EndpointOut(endpoint) => {
                    (here, Scheduler::Endpoint(endpoint), pipeline::leave_endpoint(hop, endpoint, transit))
                }
                Next::EndpointIn(endpoint) => {
                    (here, Scheduler::Endpoint(endpoint), pipeline::enter_endpoint(hop, endpoint, transit))
                }
                Next::BehindEndpoint(endpoint) => {
                    let place = HostPlace::BehindEndpoint(endpoint);
                    let onward = internet::reach_service(hop, shared.internet, place, transit);
                    return self.on_the_internet(shared, here, onward, slot);
                }
                Next::PublicService(service) => {
                    let place = HostPlace::Service(service);
                    let onward = internet::reach_service(hop, shared.internet, place, transit);
                    return self.on_the_internet(shared, here, onward, slot);
                }
                Next::Internet => {
                    let onward = internet::route(hop, shared.internet, transit);
                    return self.on_the_internet(shared, here, onward, slot);
                }
                Next::Guest(eni) => return self.deliver(shared, Plug::Eni(eni), slot),
            },
        };
        match outcome {
            Outcome::Forward(Next::Guest(eni)) => self.down_the_access_link(shared, Plug::Eni(eni), slot),
            Outcome::Forward(next) => {
                let from = match here {
                    // A NAT gateway sends it on: from its interface the way begins anew.
                    Next::Eni(eni) => {
                        self.flights.get_mut(slot).zone = zone_of(tables, eni);
                        Next::Guest(eni)
                    }
                    _ => here,
                };
                self.forward(shared, from, scheduler, next, slot);
            }
            Outcome::Fragment(limit_bytes) => self.fragment(shared, slot, limit_bytes),
            Outcome::Platform(eni, service) => self.ask_platform(shared, eni, service, slot),
            Outcome::Dhcp(eni) => self.ask_dhcp(shared, eni, slot),
            Outcome::Consumed => self.end(slot),
        }
    }

    /// Each fragment of a frame makes the hop for itself.
    fn fragment(&mut self, shared: &Shared<'_>, slot: Slot, limit_bytes: u16) {
        let Flight { to, transit, zone } = self.flights.remove(slot);
        let Transit { frame, packet, entry, .. } = transit;
        for bytes in fragment(&frame.bytes, limit_bytes, &mut self.pool).into_iter().flatten() {
            let transit = Transit::new(Frame::new(bytes), packet, entry);
            let piece = self.flights.insert(Flight { to, transit, zone });
            self.arrive(shared, piece);
        }
        self.pool.give(frame.bytes);
    }

    /// Sends a frame from one station of the fabric to the next.
    fn forward(&mut self, shared: &Shared<'_>, from: Next, scheduler: Scheduler, next: Next, slot: Slot) {
        let now = self.queue.now();
        let flight = self.flights.get_mut(slot);
        let (packet, zone) = (flight.transit.packet, flight.zone);
        flight.to = Station::Hop(next);
        let number = self.number;
        let outlet = self.outlet(scheduler);
        let onward = Onward { to: next, zone, rules: shared.rules };
        let &Road { link, way, elsewhere } = outlet.road(onward, || road(shared, number, from, next, zone));
        let Some(key) = link.carry(way, now, packet.id.0).map(|at| outlet.key(at)) else {
            let headers = self.flights.get_mut(slot).transit.frame.headers;
            self.lose(packet, &headers, DropCode::LinkLoss, station_id(shared.tables, from), Decider::Resource);
            return self.end(slot);
        };
        match elsewhere {
            Some(elsewhere) => {
                let flight = self.flights.remove(slot);
                self.outgoing[elsewhere as usize].push(Crossing { key, flight });
            }
            None => self.queue.push(key, Event::Arrival(slot)),
        }
    }

    /// What the Internet, or a service beside it, made of a frame.
    fn on_the_internet(&mut self, shared: &Shared<'_>, from: Next, onward: internet::Onward, slot: Slot) {
        match onward {
            internet::Onward::Host(host) => self.down_the_access_link(shared, Plug::Internet(host), slot),
            internet::Onward::Gateway(next) => self.forward(shared, from, Scheduler::Internet, next, slot),
            internet::Onward::Consumed => self.end(slot),
        }
    }

    /// Puts a frame onto the link down to a guest.
    fn down_the_access_link(&mut self, shared: &Shared<'_>, plug: Plug, slot: Slot) {
        let now = self.queue.now();
        let guest = guest_behind(shared, plug).map(|behind| behind.guest);
        if let Some(guest) = guest
            && matches!(self.guests[guest.0 as usize].state, GuestState::Asleep)
        {
            // What starts at boot is up before the frame arrives.
            self.run_guest(shared, guest);
        }
        let is_up = guest.is_some_and(|guest| self.is_on(guest));
        let bytes = self.flights.get_mut(slot).transit.frame.bytes.len();
        let port = self.port(plug);
        let arrival = is_up.then(|| port.back.carry(shared.links, now, bytes).map(|at| port.outlet.key(at)));
        let code = match arrival {
            Some(Some(key)) => {
                self.flights.get_mut(slot).to = Station::Guest(plug);
                return self.queue.push(key, Event::Arrival(slot));
            }
            Some(None) => DropCode::LinkQueueFull,
            None => DropCode::BadState,
        };
        self.lose_here(shared, plug, slot, code);
    }

    /// Hands a frame to the guest behind a plug.
    fn deliver(&mut self, shared: &Shared<'_>, plug: Plug, slot: Slot) {
        let Some(Behind { guest, port }) = guest_behind(shared, plug) else { return self.end(slot) };
        if self.awake(shared, guest).is_none() {
            return self.lose_here(shared, plug, slot, DropCode::BadState);
        }
        let now = self.queue.now();
        let PacketTag { id, leg, marked } = self.flights.get_mut(slot).transit.packet;
        let ticket = Ticket { packet: id.0, is_answer: leg == Leg::Return, is_followed: marked };
        let bytes = self.flights.end(slot);
        let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state else { return };
        let seen = awake.receive(now, port, bytes, ticket);
        if seen > now {
            self.wake_at(guest, seen);
        } else {
            self.run_awake(shared, guest);
        }
    }

    #[inline]
    fn port(&mut self, plug: Plug) -> &mut Port {
        let make = || Port::new(Scheduler::Port(plug).number());
        match plug {
            Plug::Eni(eni) => self.ports.get_or_insert_with(eni.0, make),
            Plug::Internet(host) => self.outside_ports.get_or_insert_with(host, make),
        }
    }

    #[inline]
    fn outlet(&mut self, scheduler: Scheduler) -> &mut Outlet {
        let make = || Outlet::new(scheduler.number());
        match scheduler {
            Scheduler::Port(plug) => &mut self.port(plug).outlet,
            Scheduler::Internet => &mut self.internet,
            Scheduler::PeeringSide(side) => self.peering_sides.get_or_insert_with(side.number(), make),
            Scheduler::InternetGateway(vpc) => self.internet_gateways.get_or_insert_with(vpc.0, make),
            Scheduler::Endpoint(endpoint) => self.endpoints.get_or_insert_with(endpoint.0, make),
        }
    }

    /// A frame has come to its end.
    fn end(&mut self, slot: Slot) {
        let bytes = self.flights.end(slot);
        self.pool.give(bytes);
    }

    fn lose_here(&mut self, shared: &Shared<'_>, plug: Plug, slot: Slot, code: DropCode) {
        let Transit { packet, frame, .. } = &self.flights.get_mut(slot).transit;
        let (packet, headers) = (*packet, frame.headers);
        let decider = if code == DropCode::BadState { why_nobody_is_there(shared, plug) } else { Decider::Resource };
        self.lose(packet, &headers, code, plug_id(shared, plug), decider);
        self.end(slot);
    }

    fn lose_at(&mut self, shared: &Shared<'_>, plug: Plug, transit: &Transit, code: DropCode) {
        self.lose(transit.packet, &transit.frame.headers, code, plug_id(shared, plug), Decider::Resource);
    }

    /// Tells the trace of a frame that a link or a guest lost.
    fn lose(&mut self, packet: PacketTag, headers: &Headers, code: DropCode, by: ResourceId, decider: Decider) {
        let reason = DropReason { code, by, direction: None, decider, origin: Origin::Aws };
        self.trace.record(packet, headers, Step::Dropped(reason));
    }
}
