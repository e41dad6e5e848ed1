//! A partition: some VPCs with their guests, flow state and event queue, and the loop that moves frames between them.
//!
//! Nothing here reaches outside but through [`Shared`], which is read-only while events run, and through the frames that cross
//! into other partitions, so that several can run side by side. Every way a frame takes is one event; events are small and name
//! a slot where the frame lies.

use std::mem;

use super::flight::{Crossing, Flight, Flights, Slot, Station};
use super::guests::{Awake, Guest, GuestState, LocalGuest, Onward, Outlet, Plug, Port, Sparse};
use super::internet::{self, HostPlace, Internet};
use super::links::{FabricLink, LinkSettings, Road};
use super::metadata;
use super::platform::Maker;
use crate::cloud::Cloud;
use crate::dataplane::answer_in_vpc;
use crate::dataplane::conntrack::Flows;
use crate::dataplane::pipeline::{self, Entry, Hop, Next, Outcome, Transit};
use crate::dataplane::services::PlatformService;
use crate::dataplane::tables::{EndpointIndex, EniIndex, PeeringSide, ServiceIndex, Tables, VpcIndex};
use crate::engine::{EventKey, EventQueue, SimTime, mix};
use crate::flat::flat;
use crate::host::{Disk, Finished, Host, Note, ProcessId};
use crate::id::{AvailabilityZone, InstanceId, Origin, ResourceId};
use crate::net::{BufferPool, Frame, Headers, fragment};
use crate::trace::{
    Decider, DropCode, DropReason, Leg, PacketId, PacketTag, Purpose, Recording, Step, Trace, WatchedFlow,
};

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

/// Which partition has what. Every world of so many partitions is cut in the same way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    pub partitions: u32,
}

impl Placement {
    /// The partition of the Internet and its hosts.
    pub(crate) const INTERNET: u32 = 0;

    /// The partition that has a VPC.
    pub(crate) fn of_vpc(self, vpc: VpcIndex) -> u32 {
        vpc.0 % self.partitions
    }

    /// The partition in which a frame that a VPC's gateway or interface sends on is judged next; `None` when it stays.
    fn of_next(self, tables: &Tables, next: Next) -> Option<u32> {
        if self.partitions == 1 {
            return None;
        }
        match next {
            Next::Eni(eni) => Some(self.of_vpc(tables.enis[eni.0 as usize].vpc)),
            Next::InternetGatewayIn(vpc) => Some(self.of_vpc(vpc)),
            Next::EndpointIn(endpoint) => Some(self.of_vpc(tables.endpoint(endpoint).vpc)),
            Next::Internet | Next::BehindEndpoint(_) | Next::PublicService(_) => Some(Placement::INTERNET),
            // The near side of a peering connection belongs to the VPC that sends, as its Internet gateway does.
            Next::Peering(_)
            | Next::InternetGatewayOut(_)
            | Next::EgressOnlyGateway(_)
            | Next::EndpointOut(_)
            | Next::Guest(_) => None,
        }
    }
}

/// Which guest is behind which interface of a VPC.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    behind: Vec<Option<Behind>>,
}

/// A guest, by its place in its partition, and the number of its interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Behind {
    pub guest: LocalGuest,
    pub port: u16,
}

impl Wiring {
    /// Who is behind an interface.
    pub(crate) fn behind(&self, eni: EniIndex) -> Option<Behind> {
        self.behind.get(eni.0 as usize).copied().flatten()
    }

    /// Plugs an interface in.
    pub(crate) fn connect(&mut self, eni: EniIndex, behind: Behind) {
        let index = eni.0 as usize;
        if index >= self.behind.len() {
            self.behind.resize(index + 1, None);
        }
        self.behind[index] = Some(behind);
    }

    /// Pulls an interface out; its link is dead from then on.
    pub(crate) fn disconnect(&mut self, eni: EniIndex) {
        if let Some(behind) = self.behind.get_mut(eni.0 as usize) {
            *behind = None;
        }
    }
}

/// Five kinds of things schedule events: interfaces, Internet hosts (and the Internet itself, before the first), the two sides
/// of peering connections, and the edges of VPCs, where both kinds of Internet gateways are, and gateway endpoints. A NAT gateway is an interface. Their
/// numbers interleave, so that they are distinct and dense.
const SCHEDULERS: u32 = 5;

/// What schedules an event.
#[derive(Clone, Copy, Debug)]
enum Scheduler {
    Port(Plug),
    Internet,
    PeeringSide(PeeringSide),
    InternetGateway(VpcIndex),
    Endpoint(EndpointIndex),
}

impl Scheduler {
    fn number(self) -> u32 {
        match self {
            Scheduler::Port(Plug::Eni(eni)) => eni.0 * SCHEDULERS,
            Scheduler::Port(Plug::Internet(host)) => (host + 1) * SCHEDULERS + 1,
            Scheduler::Internet => 1,
            Scheduler::PeeringSide(side) => side.number() * SCHEDULERS + 2,
            Scheduler::InternetGateway(vpc) => vpc.0 * SCHEDULERS + 3,
            Scheduler::Endpoint(endpoint) => endpoint.0 * SCHEDULERS + 4,
        }
    }
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

    /// Leaves a word about a guest.
    pub(crate) fn note(&mut self, guest: GuestIndex, note: Note) {
        self.notes.push((guest, note));
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
        if let GuestState::Awake(mut awake) = mem::take(state) {
            self.notes.extend(awake.host.take_notes().into_iter().map(|note| (*number, note)));
            *disk = Some(Box::new(awake.host.into_disk()));
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

    /// Starts a command line on a guest.
    pub(crate) fn start(&mut self, shared: &Shared<'_>, guest: LocalGuest, command_line: &str) -> Option<ProcessId> {
        self.start_with(shared, guest, |host, now| host.start(now, command_line))
    }

    /// Starts a guest's user data.
    pub(crate) fn start_user_data(
        &mut self,
        shared: &Shared<'_>,
        guest: LocalGuest,
        script: &str,
    ) -> Option<ProcessId> {
        self.start_with(shared, guest, |host, now| host.start_user_data(now, script))
    }

    fn start_with(
        &mut self,
        shared: &Shared<'_>,
        guest: LocalGuest,
        start: impl FnOnce(&mut Host, SimTime) -> ProcessId,
    ) -> Option<ProcessId> {
        self.begin_outside();
        let now = self.now();
        let awake = self.awake(shared, guest)?;
        let process = start(&mut awake.host, now);
        awake.awaited.push(process);
        self.run_guest(shared, guest);
        Some(process)
    }

    /// Ends a program as Ctrl-C does.
    pub(crate) fn interrupt(&mut self, shared: &Shared<'_>, guest: LocalGuest, process: ProcessId) {
        self.begin_outside();
        let now = self.now();
        if let Some(awake) = self.awake(shared, guest) {
            awake.host.interrupt(now, process);
            self.run_guest(shared, guest);
        }
    }

    /// Something happens that no event has brought about; it comes after all events of this moment.
    fn begin_outside(&mut self) {
        self.trace.begin(EventKey { time: self.now(), source: u32::MAX, sequence: u64::MAX });
    }

    /// Takes what a program left, once it has ended.
    pub(crate) fn take_finished(&mut self, guest: LocalGuest, process: ProcessId) -> Option<Finished> {
        match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.take_finished(process),
            GuestState::Off | GuestState::Asleep => None,
        }
    }

    /// Whether a program runs or waits to be collected; one whose guest was switched off is gone without a word.
    pub(crate) fn knows(&mut self, guest: LocalGuest, process: ProcessId) -> bool {
        match &mut self.guests[guest.0 as usize].state {
            GuestState::Awake(awake) => awake.host.knows(process),
            GuestState::Off | GuestState::Asleep => false,
        }
    }

    /// The awaited programs that have ended since they were last asked for.
    pub(crate) fn ended(&mut self) -> &mut Vec<(GuestIndex, ProcessId)> {
        &mut self.ended
    }

    /// What guests had to say since it was last taken.
    pub(crate) fn notes(&mut self) -> &mut Vec<(GuestIndex, Note)> {
        &mut self.notes
    }

    fn awake(&mut self, shared: &Shared<'_>, guest: LocalGuest) -> Option<&mut Awake> {
        let now = self.now();
        let Guest { number, state, disk } = &mut self.guests[guest.0 as usize];
        if matches!(state, GuestState::Asleep) {
            let (host, plugs) = shared.directory.boot(*number, shared.cloud, disk.take().map(|disk| *disk), now);
            *state = GuestState::Awake(Box::new(Awake::new(host, plugs)));
        }
        match state {
            GuestState::Awake(awake) => Some(awake),
            GuestState::Off | GuestState::Asleep => None,
        }
    }

    /// Lets a guest run at the present moment; what it sends goes onto its links.
    fn run_guest(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        if self.awake(shared, guest).is_some() {
            self.run_awake(shared, guest);
        }
    }

    /// Lets a guest that is awake run.
    fn run_awake(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        let now = self.queue.now();
        let Partition { guests, outbox, pool, .. } = self;
        let GuestState::Awake(awake) = &mut guests[guest.0 as usize].state else { return };
        awake.run(now, pool, &mut |interface, frame| outbox.push((interface, frame)));
        if !outbox.is_empty() {
            let mut outbox = mem::take(outbox);
            for (interface, bytes) in outbox.drain(..) {
                self.send(shared, guest, interface, bytes);
            }
            self.outbox = outbox;
        }
        self.run_platform(shared, guest);
        self.look_after(guest, now);
    }

    /// Hands a packet to the service at the far end of a guest's link.
    fn ask_platform(&mut self, shared: &Shared<'_>, eni: EniIndex, service: PlatformService, slot: Slot) {
        let now = self.queue.now();
        let frame = self.flights.remove(slot).transit.frame;
        let (Some(Behind { guest, port }), Some(at)) = (shared.wiring.behind(eni), shared.tables.interface(eni)) else {
            return self.pool.give(frame.bytes);
        };
        let Guest { number, state, .. } = &mut self.guests[guest.0 as usize];
        let GuestState::Awake(awake) = state else { return self.pool.give(frame.bytes) };
        let instance = shared.directory.instance(*number);
        let contents =
            || instance.map(|instance| metadata::of(shared.cloud, instance, shared.seed)).unwrap_or_default();
        let seed = mix(shared.seed ^ mix(u64::from(number.0)));
        let maker = Maker {
            now,
            epoch_nanos: shared.cloud.epoch_nanos(),
            seed,
            router_mac: at.subnet.router_mac,
            resolver: at.vpc.resolver,
        };
        awake.platform.receive(maker, (service, port), frame, contents);
        self.run_platform(shared, guest);
        self.look_after(guest, now);
    }

    /// Lets the services that a guest has asked run; what they send goes down its links.
    fn run_platform(&mut self, shared: &Shared<'_>, guest: LocalGuest) {
        let now = self.queue.now();
        let Partition { guests, outbox, pool, .. } = self;
        let GuestState::Awake(awake) = &mut guests[guest.0 as usize].state else { return };
        if awake.platform.is_empty() {
            return;
        }
        let Awake { platform, plugs, .. } = &mut **awake;
        let resolve = |interface: usize, question: &Frame| match plugs.get(interface) {
            Some(Plug::Eni(eni)) => answer_in_vpc(shared.tables, shared.tables.interface(*eni)?.vpc_index, question),
            _ => None,
        };
        platform.run(now, pool, &resolve, &mut |interface, frame| outbox.push((interface, frame)));
        let mut outbox = mem::take(outbox);
        for (interface, bytes) in outbox.drain(..) {
            self.send_from_platform(shared, guest, interface, bytes);
        }
        self.outbox = outbox;
    }

    /// Puts a service's frame onto the link down to its guest.
    fn send_from_platform(&mut self, shared: &Shared<'_>, guest: LocalGuest, interface: usize, bytes: Vec<u8>) {
        let GuestState::Awake(awake) = &self.guests[guest.0 as usize].state else { return };
        let Some(&Plug::Eni(eni)) = awake.plugs.get(interface) else { return };
        let plug = Plug::Eni(eni);
        if shared.wiring.behind(eni).is_none_or(|behind| behind.guest != guest) {
            return self.pool.give(bytes); // Detached meanwhile.
        }
        let packet = PacketTag { leg: Leg::Return, ..PacketTag::new(PacketId(self.port(plug).packet())) };
        let transit = Transit::new(Frame::new(bytes), packet, Entry::Router);
        let (now, tables) = (self.queue.now(), shared.tables);
        let hop = &mut Hop { now, tables, rules: shared.rules, flows: &mut self.flows, trace: &mut self.trace };
        pipeline::leave_platform(hop, eni, &transit);
        let slot = self.flights.insert(Flight { to: Station::Guest(plug), transit, zone: None });
        self.down_the_access_link(shared, plug, slot);
    }

    /// After a guest has run: when it wants to be called again, what it has to say, and which programs have ended.
    fn look_after(&mut self, guest: LocalGuest, now: SimTime) {
        let Guest { number, state: GuestState::Awake(awake), .. } = &mut self.guests[guest.0 as usize] else { return };
        let Awake { host, platform, awaited, .. } = &mut **awake;
        if host.has_notes() {
            self.notes.extend(host.take_notes().into_iter().map(|note| (*number, note)));
        }
        awaited.retain(|process| {
            let has_ended = host.has_ended(*process);
            if has_ended {
                self.ended.push((*number, *process));
            }
            !has_ended
        });
        if let Some(at) = host.next_wake().into_iter().chain(platform.next_wake()).min() {
            self.wake_at(guest, at.max(now));
        }
    }

    /// Sees to it that a guest that is awake runs at `at` or before.
    fn wake_at(&mut self, guest: LocalGuest, at: SimTime) {
        let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state else { return };
        let Some(&plug) = awake.plugs.first() else { return };
        if awake.alarm.is_none_or(|alarm| alarm > at) {
            awake.alarm = Some(at);
            let key = self.port(plug).outlet.key(at);
            self.queue.push(key, Event::Wake(guest));
        }
    }

    /// Puts a guest's frame onto its link.
    fn send(&mut self, shared: &Shared<'_>, guest: LocalGuest, interface: usize, bytes: Vec<u8>) {
        let now = self.now();
        let GuestState::Awake(awake) = &self.guests[guest.0 as usize].state else { return };
        let Some(&plug) = awake.plugs.get(interface) else { return };
        if let Plug::Eni(eni) = plug
            && shared.wiring.behind(eni) != Some(Behind { guest, port: interface as u16 })
        {
            return; // Detached since the guest has booted: there is no link to put it on.
        }
        let port = self.port(plug);
        let (entry, zone) = match plug {
            Plug::Eni(eni) => (Entry::Interface(eni), port.zone(shared.rules, || zone_of(shared.tables, eni))),
            // What comes from the Internet enters a VPC at its gateway, which says so.
            Plug::Internet(_) => (Entry::Router, None),
        };
        let packet = PacketTag::new(PacketId(port.packet()));
        let arrival = port.out.carry(shared.links, now, bytes.len()).map(|at| port.outlet.key(at));
        let transit = Transit::new(Frame::new(bytes), packet, entry);
        match arrival {
            Some(key) => {
                let slot = self.flights.insert(Flight { to: Station::Leave(plug), transit, zone });
                self.queue.push(key, Event::Arrival(slot));
            }
            None => self.lose_at(shared, plug, &transit, DropCode::LinkQueueFull),
        }
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
            self.lose(packet, &headers, DropCode::LinkLoss, station_id(shared.tables, from));
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
        let bytes = self.flights.end(slot);
        let GuestState::Awake(awake) = &mut self.guests[guest.0 as usize].state else { return };
        let seen = awake.receive(now, port, bytes);
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
        self.lose(packet, &headers, code, plug_id(shared, plug));
        self.end(slot);
    }

    fn lose_at(&mut self, shared: &Shared<'_>, plug: Plug, transit: &Transit, code: DropCode) {
        self.lose(transit.packet, &transit.frame.headers, code, plug_id(shared, plug));
    }

    /// Tells the trace of a frame that a link or a guest lost.
    fn lose(&mut self, packet: PacketTag, headers: &Headers, code: DropCode, by: ResourceId) {
        let reason = DropReason { code, by, direction: None, decider: Decider::Resource, origin: Origin::Aws };
        self.trace.record(packet, headers, Step::Dropped(reason));
    }
}

/// The road of a frame from one station of the fabric, in this partition, to the next.
fn road(shared: &Shared<'_>, partition: u32, from: Next, next: Next, zone: Option<AvailabilityZone>) -> Road {
    let (links, tables) = (shared.links, shared.tables);
    let of_vpc = |vpc: VpcIndex| tables.vpc(vpc).region;
    let of_service = |service: ServiceIndex| tables.service(service).region;
    let zone_of = |eni| zone_of(shared.tables, eni).or(zone);
    let way = match (from, next) {
        (_, Next::Internet) | (Next::Internet, _) => links.internet(),
        (Next::BehindEndpoint(endpoint), _) | (_, Next::BehindEndpoint(endpoint)) => {
            let endpoint = tables.endpoint(endpoint);
            links.gateway_to_service(of_vpc(endpoint.vpc), of_service(endpoint.service))
        }
        (Next::PublicService(service), Next::InternetGatewayIn(vpc))
        | (Next::InternetGatewayOut(vpc), Next::PublicService(service)) => {
            links.gateway_to_service(of_vpc(vpc), of_service(service))
        }
        (Next::Guest(from), Next::Eni(to)) => links.between(zone_of(from), zone_of(to)),
        (Next::Guest(from), _) => links.up_to_gateway(zone_of(from)),
        (_, Next::Eni(to)) => links.beyond_gateway(zone, zone_of(to)),
        _ => links.nowhere(),
    };
    let link = FabricLink::new(shared.seed, link_end(from), link_end(next));
    let elsewhere = shared.placement.of_next(shared.tables, next).filter(|elsewhere| *elsewhere != partition);
    Road { link, way, elsewhere }
}

fn guest_behind(shared: &Shared<'_>, plug: Plug) -> Option<Behind> {
    match plug {
        Plug::Eni(eni) => shared.wiring.behind(eni),
        Plug::Internet(host) => Some(Behind { guest: shared.internet.guest(host), port: 0 }),
    }
}

fn plug_id(shared: &Shared<'_>, plug: Plug) -> ResourceId {
    match plug {
        Plug::Eni(eni) => shared.tables.eni_id(eni).into(),
        Plug::Internet(host) => shared.internet.id(host),
    }
}

/// The number of a station as the end of a link, which the link's chance depends on.
fn link_end(station: Next) -> u64 {
    let (number, kind) = match station {
        Next::Guest(eni) | Next::Eni(eni) => (eni.0, 0),
        Next::Internet => (0, 1),
        Next::Peering(side) => (side.peering().0, 2),
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) | Next::EgressOnlyGateway(vpc) => (vpc.0, 3),
        // Of its kind the Internet is number 0; endpoints, what is behind them, and services share the others.
        Next::EndpointOut(endpoint) | Next::EndpointIn(endpoint) => (endpoint.0 * 3 + 1, 1),
        Next::BehindEndpoint(endpoint) => (endpoint.0 * 3 + 2, 1),
        Next::PublicService(service) => (service.0 * 3 + 3, 1),
    };
    u64::from(number) * 4 + kind
}

/// A station as a drop names it.
fn station_id(tables: &Tables, station: Next) -> ResourceId {
    match station {
        Next::Guest(eni) | Next::Eni(eni) => tables.eni_id(eni).into(),
        Next::Peering(side) => tables.peering(side).id.into(),
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) => {
            let gateway = tables.vpc(vpc).internet_gateway.as_ref();
            gateway.map_or_else(|| tables.vpc_id(vpc).into(), |gateway| gateway.id.into())
        }
        Next::EgressOnlyGateway(vpc) => {
            let gateway = tables.vpc(vpc).egress_only_gateway;
            gateway.map_or_else(|| tables.vpc_id(vpc).into(), ResourceId::from)
        }
        Next::EndpointOut(endpoint) | Next::EndpointIn(endpoint) | Next::BehindEndpoint(endpoint) => {
            tables.endpoint(endpoint).id.into()
        }
        Next::Internet | Next::PublicService(_) => internet::ID.into(),
    }
}

/// The zone an interface is in; none once it is deleted.
fn zone_of(tables: &Tables, eni: EniIndex) -> Option<AvailabilityZone> {
    tables.interface(eni).map(|interface| interface.subnet.zone)
}
