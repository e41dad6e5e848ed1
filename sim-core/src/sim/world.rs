//! The world: owns the control plane, the compiled tables, the partitions and the Internet, and keeps them in step.
//!
//! Virtual time moves only here. Between two events the control plane may change: after every accepted operation and every
//! change of state that comes due, guests are switched on or off. What was touched is compiled again before the next packet
//! meets it, so that a thousand requests in a row cost one compilation.

mod services;

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde_json::Value;
use smallvec::SmallVec;

use super::boot::{Guests, OutsideGuest, Packages, Serves};
use super::guests::LocalGuest;
use super::internet::{self, HostPlace, Internet, InternetHost};
use super::links::LinkSettings;
use super::partition::{Behind, GuestIndex, Partition, Placement, Shared, Wiring};
use super::public_names;
use super::ranks::{Ranks, Transport};
use super::windows::{self, Run, Threads, WaitFor};
use crate::cloud::{
    ApiError, Caller, Cloud, CloudConfig, Instance, InstanceState, Launch, Operation, Quotas, RunInstances,
};
use crate::compile::Compiler;
use crate::dataplane::tables::{EniIndex, Tables};
use crate::engine::{SimDuration, SimTime};
use crate::flat::Flat;
use crate::host::{Finished, Note, ProcessId, Programs};
use crate::id::{InstanceId, InternetHostId, ResourceId};
use crate::net::MacAddr;
use crate::net::dns::DomainName;
use crate::trace::{Detail, Purpose, Recording, Trace, WatchedFlow};

/// From `running` until user data starts: firmware, kernel, services. A SIM value; AWS promises none.
const BOOT: SimDuration = SimDuration::from_secs(20);

/// A change of the control plane that comes sooner than this is a launch under way, or something like it.
const LAUNCH: SimDuration = SimDuration::from_secs(60);

/// What a world is made from.
#[derive(Clone, Debug)]
pub(crate) struct WorldConfig {
    pub seed: u64,
    /// Wall-clock time at virtual time 0, in nanoseconds since 1970.
    pub epoch_nanos: i128,
    pub links: LinkSettings,
    pub quotas: Quotas,
    /// Hosts outside AWS.
    pub internet: Vec<InternetHostConfig>,
    /// What guests can run.
    pub programs: Programs,
    /// How guests get what they install.
    pub packages: Packages,
    /// Which steps of packets to keep.
    pub detail: Detail,
    /// How many bytes of each frame to keep, for captures.
    pub snap_length: Option<u32>,
    /// How many threads may work on it. Results do not depend on it.
    pub threads: usize,
}

/// A host outside AWS.
#[derive(Clone, Debug)]
pub(crate) struct InternetHostConfig {
    pub name: String,
    pub address: IpAddr,
    /// Its names in the DNS.
    pub names: Vec<DomainName>,
    /// The page of `/`, if it serves one.
    pub http: Option<String>,
    /// TCP ports that answer.
    pub ports: Vec<u16>,
}

/// A program under way on a guest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Running {
    pub guest: GuestIndex,
    pub process: ProcessId,
}

/// Why time stopped passing.
#[derive(Debug)]
pub(crate) enum Pause<T> {
    /// What was waited for has come.
    Done(T),
    /// Nothing yet, but much has happened: take the trace, then go on.
    Meanwhile,
    /// The limit was reached, or nothing is left that could happen.
    Limit,
}

/// Time stops for the trace to be taken when it has this many events, or when this many packet events have run.
const TRACE_EVENTS: u64 = 4_096;
const EVENTS: u64 = 1 << 20;

/// Below this much lookahead windows would be too short for partitions to run side by side; there is one partition then, and
/// it runs windows of [`WINDOW_ALONE`].
const LOOKAHEAD_MIN: SimDuration = SimDuration::from_micros(1);
const WINDOW_ALONE: SimDuration = SimDuration::from_micros(50);

/// Everything there is.
pub(crate) struct World {
    cloud: Cloud,
    compiler: Compiler,
    tables: Tables,
    /// Counts changes of the tables.
    rules: u64,
    /// All partitions. Of those that other ranks run, which guests are on, and no events.
    partitions: Vec<Partition>,
    placement: Placement,
    /// How long partitions can run without feeling each other.
    window: SimDuration,
    threads: Threads,
    /// The processes that share this world, if there are others.
    ranks: Option<Ranks>,
    elsewhere: Elsewhere,
    /// What the partitions' traces have recorded, in order.
    recording: Recording,
    /// How many events they have recorded since somebody last took them; a rank may not be told of all.
    recorded: u64,
    /// Events that have run since somebody last looked.
    events: u64,
    internet: Internet,
    wiring: Wiring,
    guests: Guests,
    links: LinkSettings,
    seed: u64,
    /// Guests that boot, by when they are up, then by number. No moment is without guests.
    boots: BTreeMap<SimTime, VecDeque<Boot>>,
    /// Interfaces that wait for their guest's next boot, about which the user has been told.
    announced: FxHashSet<(GuestIndex, EniIndex)>,
    /// User data under way.
    booting: FxHashSet<Running>,
}

/// What the partitions that other ranks run have come to.
#[derive(Debug, Default)]
struct Elsewhere {
    next_event: Option<SimTime>,
    packet_hops: u64,
}

/// A guest that boots, with the launch that has its user data, if it has some.
type Boot = (GuestIndex, Option<Arc<Launch>>);

impl World {
    /// An empty cloud, and the hosts on the Internet, which are up at once.
    pub(crate) fn new(config: WorldConfig) -> World {
        World::on_ranks(config, None)
    }

    /// The same, shared with the other ranks, each of which runs a partition of its own on one thread.
    pub(crate) fn on_ranks(config: WorldConfig, transport: Option<Box<dyn Transport>>) -> World {
        let ranks = transport.map(Ranks::new);
        let WorldConfig {
            seed,
            epoch_nanos,
            links,
            quotas,
            internet,
            programs,
            packages,
            detail,
            snap_length,
            threads,
        } = config;
        let lookahead = links.lookahead();
        let wanted = ranks.as_ref().map_or(threads, Ranks::number) as u32;
        let is_divisible = lookahead >= LOOKAHEAD_MIN && wanted > 1;
        let placement = Placement { partitions: if is_divisible { wanted } else { 1 } };
        // A rank has a partition in any case; it stays empty if the world cannot be divided.
        let partitions = if ranks.is_some() { wanted } else { placement.partitions };
        let partition = |number| Partition::new(number, Placement { partitions }, Trace::new(detail, snap_length));
        let mut world = World {
            cloud: Cloud::with_config(CloudConfig { seed, epoch_nanos, quotas }),
            compiler: Compiler::default(),
            tables: Tables { public_names: public_names::known(), ..Tables::default() },
            rules: 0,
            partitions: (0..partitions).map(partition).collect(),
            placement,
            window: if lookahead >= LOOKAHEAD_MIN { lookahead } else { WINDOW_ALONE },
            threads: if is_divisible && ranks.is_none() { Threads::WhenBusy } else { Threads::Never },
            ranks,
            elsewhere: Elsewhere::default(),
            recording: Recording::default(),
            recorded: 0,
            events: 0,
            internet: Internet::default(),
            wiring: Wiring::default(),
            guests: Guests::new(seed, epoch_nanos, programs, packages),
            links,
            seed,
            boots: BTreeMap::new(),
            announced: FxHashSet::default(),
            booting: FxHashSet::default(),
        };
        for (number, host) in internet.into_iter().enumerate() {
            world.add_internet_host(number as u32, host);
        }
        world
    }

    /// Starts threads however little there is to do.
    #[cfg(test)]
    pub(crate) fn always_side_by_side(&mut self) {
        self.threads = Threads::Always;
    }

    /// Virtual time.
    pub(crate) fn now(&self) -> SimTime {
        self.partitions.iter().map(Partition::now).max().unwrap_or(SimTime::ZERO)
    }

    /// The control plane, to read.
    pub(crate) fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// When the control plane's next change of state is due.
    pub(crate) fn next_change(&self) -> Option<SimTime> {
        self.cloud.next_transition()
    }

    /// The hosts outside AWS.
    pub(crate) fn internet_hosts(&self) -> &[InternetHost] {
        self.internet.hosts()
    }

    /// The guest of an instance.
    pub(crate) fn instance_guest(&self, instance: InstanceId) -> Option<GuestIndex> {
        self.guests.of_instance(instance)
    }

    /// How many frames were received over a link so far.
    pub(crate) fn packet_hops(&self) -> u64 {
        self.partitions.iter().map(Partition::packet_hops).sum::<u64>() + self.elsewhere.packet_hops
    }

    /// Carries out the operation `name` at the present moment; `caller.now` is of no account.
    ///
    /// # Errors
    /// The AWS error code and message; then nothing has changed.
    pub(crate) fn call(&mut self, caller: &Caller, name: &str, parameters: Value) -> Result<Value, ApiError> {
        let operation = Operation::from_value(name, parameters)
            .map_err(|error| ApiError::new("InvalidAction", error.to_string()))?;
        let answer = self.cloud.apply(&Caller { now: self.now(), ..*caller }, operation)?;
        self.follow_cloud();
        Ok(answer)
    }

    /// Launches instances and answers with their ids alone: RunInstances for who makes many and reads about few.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub(crate) fn launch(&mut self, caller: &Caller, request: RunInstances) -> Result<Vec<InstanceId>, ApiError> {
        let launched = self.cloud.apply_launch(&Caller { now: self.now(), ..*caller }, request)?;
        self.follow_cloud();
        Ok(launched)
    }

    /// Lets virtual time pass until `until`.
    pub(crate) fn run_until(&mut self, until: SimTime) -> Pause<()> {
        while self.advance(until, WaitFor::Nobody) {
            if self.has_much_happened() {
                return Pause::Meanwhile;
            }
        }
        self.stand_at(until);
        Pause::Done(())
    }

    /// Lets virtual time pass until every instance that starts has finished its user data.
    pub(crate) fn run_until_booted(&mut self, limit: SimTime) -> Pause<()> {
        loop {
            self.collect_ended();
            let soon = self.now() + LAUNCH;
            let launching = self.cloud.next_transition().is_some_and(|at| at <= soon);
            if self.boots.is_empty() && self.booting.is_empty() && !launching {
                return Pause::Done(());
            }
            if !self.advance(limit, WaitFor::Anybody) {
                return Pause::Limit;
            }
            if self.has_much_happened() {
                return Pause::Meanwhile;
            }
        }
    }

    /// Starts a command line on a guest; `None` when the guest is not running.
    pub(crate) fn start(&mut self, guest: GuestIndex, command_line: &str) -> Option<Running> {
        let process = self.with(guest, |partition, local, shared| partition.start(shared, local, command_line));
        self.gather();
        process.map(|process| Running { guest, process })
    }

    /// Lets virtual time pass until a program ends. [`Pause::Limit`]: it still runs at `limit`, waits for what can never come,
    /// or is gone because its guest was switched off. Time stands at the end of the window in which it has ended.
    pub(crate) fn wait_for(&mut self, running: Running, limit: SimTime) -> Pause<Finished> {
        let Running { guest, process } = running;
        loop {
            self.collect_ended();
            let (finished, is_known) = self.with(guest, |partition, local, _| {
                (partition.take_finished(local, process), partition.knows(local, process))
            });
            if let Some(finished) = finished {
                return Pause::Done(finished);
            }
            if !is_known {
                return Pause::Limit;
            }
            if !self.advance(limit, WaitFor::Program(guest, process)) {
                if self.next_event().is_some() && limit > self.now() {
                    self.stand_at(limit);
                }
                return Pause::Limit;
            }
            if self.has_much_happened() {
                return Pause::Meanwhile;
            }
        }
    }

    /// Ends a program as Ctrl-C does and takes what it left.
    pub(crate) fn interrupt(&mut self, running: Running) -> Option<Finished> {
        let finished = self.with(running.guest, |partition, local, shared| {
            partition.interrupt(shared, local, running.process);
            partition.take_finished(local, running.process)
        });
        self.gather();
        finished
    }

    /// From now on the way of the first packet that leaves an interface is told, and of the first that answers it.
    pub(crate) fn watch_first_packet(&mut self) {
        self.partitions.iter_mut().for_each(Partition::watch_first_packet);
    }

    /// From now on the way of these flows' packets is told, and of those that answer them.
    pub(crate) fn watch(&mut self, flows: &[WatchedFlow], purpose: Purpose) {
        self.partitions.iter_mut().for_each(|partition| partition.watch(flows.to_vec(), purpose));
    }

    /// Exchanges what the trace has recorded since the last call for the memory of `into`.
    pub(crate) fn take_trace(&mut self, into: &mut Recording) {
        into.clear();
        mem::swap(&mut self.recording, into);
        self.recorded = 0;
    }

    /// Takes what guests have to say since the last call, in their order.
    pub(crate) fn take_notes(&mut self) -> Vec<(ResourceId, Note)> {
        if let Some(ranks) = &mut self.ranks {
            ranks.share_each(&mut self.partitions, Partition::notes);
        }
        let mut notes: Vec<_> = self.partitions.iter_mut().flat_map(|partition| mem::take(partition.notes())).collect();
        notes.sort_by_key(|(guest, _)| *guest);
        notes.into_iter().map(|(guest, note)| (self.guests.id(guest), note)).collect()
    }

    /// Lets the next things happen that are due at `until` or before, of packets, boots and the control plane, in that order:
    /// packets for as long as nothing else is due, or one of the others. `false` when there is nothing.
    fn advance(&mut self, until: SimTime, wait_for: WaitFor) -> bool {
        let packets = self.next_event().unwrap_or(SimTime::MAX);
        let boot = self.boots.first_key_value().map_or(SimTime::MAX, |(at, _)| *at);
        let cloud = self.cloud.next_transition().unwrap_or(SimTime::MAX);
        let other = boot.min(cloud);
        let next = packets.min(other);
        if next > until || next == SimTime::MAX {
            return false;
        }
        if packets <= other {
            let run = Run { until: until.min(other), window: self.window, wait_for, threads: self.threads };
            self.compile();
            let (partitions, shared, ranks) = self.split();
            self.events += match ranks {
                Some(ranks) => windows::run_one(&mut partitions[ranks.here()], &shared, &run, ranks),
                None => windows::run(partitions, &shared, &run),
            };
            self.gather();
        } else if boot == next {
            self.stand_at(next);
            self.boot_next();
        } else {
            self.stand_at(next);
            self.cloud.advance(next);
            self.follow_cloud();
        }
        true
    }

    fn next_event(&self) -> Option<SimTime> {
        self.partitions.iter().filter_map(Partition::next_time).chain(self.elsewhere.next_event).min()
    }

    /// Lets all clocks stand at `time`; nothing is due before.
    fn stand_at(&mut self, time: SimTime) {
        self.partitions.iter_mut().for_each(|partition| partition.advance_to(time));
    }

    /// Whether it is time that somebody looks.
    fn has_much_happened(&mut self) -> bool {
        let much = self.events >= EVENTS || self.recorded >= TRACE_EVENTS;
        if much {
            self.events = 0;
        }
        much
    }

    /// Puts what the partitions have recorded into one order, and their clocks at one time.
    fn gather(&mut self) {
        self.recorded += self.partitions.iter().map(|partition| partition.trace_len() as u64).sum::<u64>();
        if let Some(ranks) = &mut self.ranks {
            self.elsewhere = Elsewhere::default();
            for news in ranks.catch_up(&mut self.partitions) {
                self.recorded += news.recorded;
                self.elsewhere.packet_hops += news.packet_hops;
                self.elsewhere.next_event = [self.elsewhere.next_event, news.next].into_iter().flatten().min();
            }
        }
        let now = self.now();
        self.stand_at(now);
        let mut parts: Vec<&mut Recording> = self.partitions.iter_mut().map(Partition::recording).collect();
        self.recording.append_merged(&mut parts);
    }

    /// Hears of the programs that have ended; nobody takes what user data left.
    fn collect_ended(&mut self) {
        let ended: Vec<_> = self.partitions.iter_mut().flat_map(|partition| partition.ended().drain(..)).collect();
        for (guest, process) in ended {
            if self.booting.remove(&Running { guest, process }) {
                let (partition, local) = self.guests.place(guest);
                self.partitions[partition as usize].take_finished(local, process);
            }
        }
    }

    /// The partitions, what their events may read, and the other ranks.
    fn split(&mut self) -> (&mut [Partition], Shared<'_>, Option<&mut Ranks>) {
        let World { partitions, tables, rules, links, internet, wiring, guests, cloud, placement, seed, ranks, .. } =
            self;
        let shared = Shared {
            tables,
            rules: *rules,
            links,
            internet,
            wiring,
            directory: guests,
            cloud,
            placement: *placement,
            seed: *seed,
        };
        (partitions, shared, ranks.as_mut())
    }

    /// Does something with a guest, on the rank that runs its partition; all ranks hear what came of it.
    fn with<T: Flat>(
        &mut self,
        guest: GuestIndex,
        act: impl FnOnce(&mut Partition, LocalGuest, &Shared<'_>) -> T,
    ) -> T {
        self.compile();
        let (partition, local) = self.guests.place(guest);
        let owner = partition as usize;
        let (partitions, shared, ranks) = self.split();
        match ranks {
            None => act(&mut partitions[owner], local, &shared),
            Some(ranks) => {
                let answer = (ranks.here() == owner).then(|| act(&mut partitions[owner], local, &shared));
                ranks.share(owner, answer)
            }
        }
    }

    /// Whether it is so on any rank. All ranks must ask.
    pub(crate) fn is_anywhere(&mut self, here: bool) -> bool {
        self.ranks.as_mut().map_or(here, |ranks| ranks.any(here))
    }

    /// Brings guests in step with the control plane.
    fn follow_cloud(&mut self) {
        let changed = self.cloud.take_changed_instances();
        if changed.is_empty() {
            return;
        }
        self.compile();
        let (mut known, new): (Vec<InstanceId>, Vec<InstanceId>) =
            changed.into_iter().partition(|id| self.guests.of_instance(*id).is_some());
        self.start_new(&new);
        known.sort_unstable();
        known.dedup();
        for id in known {
            self.follow_instance(id);
        }
    }

    /// Makes guests of the instances that run for the first time and lets them boot. They are numbered by id, and plugged in in
    /// the order in which they were created, in which what is near in memory belongs together: for a quarter of a million that is
    /// most of the time.
    fn start_new(&mut self, instances: &[InstanceId]) {
        let mut starting = Vec::with_capacity(instances.len());
        for (at, id) in instances.iter().enumerate() {
            let Some(instance) = self.cloud.instances.get(id) else { continue };
            if instance.state == InstanceState::Running {
                let launch = instance.launch.user_data.is_some().then(|| instance.launch.clone());
                let enis = self.interfaces_of(instance);
                let vpc = enis.first().map(|eni| self.tables.enis[eni.0 as usize].vpc);
                let partition = vpc.map_or(0, |vpc| self.placement.of_vpc(vpc));
                let image = (instance.launch.image.family, instance.zone.region());
                starting.push((*id, at, image, partition, launch, enis));
            }
        }
        starting.sort_unstable_by_key(|(id, at, ..)| (*id, *at));
        starting.dedup_by_key(|(id, ..)| *id);
        let up = self.now() + BOOT;
        let mut guests = vec![None; instances.len()];
        for (id, at, (family, region), partition, launch, enis) in starting {
            let local = self.partitions[partition as usize].add_guest(self.guests.next());
            let guest = self.guests.add_instance(id, family, region, (partition, local));
            // The newest number is the last of its moment.
            self.boots.entry(up).or_default().push_back((guest, launch));
            guests[at] = Some((guest, enis));
        }
        for (guest, enis) in guests.into_iter().flatten() {
            self.plug_in(guest, &enis);
        }
    }

    /// Brings the tables in step with the control plane.
    pub(crate) fn compile(&mut self) {
        if self.cloud.is_touched() {
            let touched = self.cloud.take_touched();
            self.compiler.compile(&self.cloud, &touched, &mut self.tables);
            self.rules += 1;
            self.follow_services(&touched);
        }
    }

    /// Switches an instance's guest on or off, as its state asks.
    fn follow_instance(&mut self, id: InstanceId) {
        let Some(instance) = self.cloud.instances.get(&id) else { return };
        let Some(guest) = self.instance_guest(id) else { return };
        match instance.state {
            InstanceState::Running if self.is_on(guest) => self.follow_attachments(id, guest),
            InstanceState::Running if self.boots.values().any(|due| boot_of(due, guest).is_ok()) => {
                self.plug_in(guest, &self.interfaces_of(instance));
            }
            InstanceState::Running => {
                // User data runs at the first boot only, as cloud-init has it.
                let is_first = self.guests.boots(guest) == 0;
                let launch = (is_first && instance.launch.user_data.is_some()).then(|| instance.launch.clone());
                self.plug_in(guest, &self.interfaces_of(instance));
                let up = self.now() + BOOT;
                let due = self.boots.entry(up).or_default();
                if let Err(at) = boot_of(due, guest) {
                    due.insert(at, (guest, launch));
                }
            }
            InstanceState::Pending { .. } => {}
            _ => {
                self.switch_off(guest);
                for due in self.boots.values_mut() {
                    if let Ok(at) = boot_of(due, guest) {
                        due.remove(at);
                    }
                }
                self.boots.retain(|_, due| !due.is_empty());
                self.booting.retain(|running| running.guest != guest);
            }
        }
    }

    fn is_on(&self, guest: GuestIndex) -> bool {
        let (partition, local) = self.guests.place(guest);
        self.partitions[partition as usize].is_on(local)
    }

    fn switch_off(&mut self, guest: GuestIndex) {
        let (partition, local) = self.guests.place(guest);
        let partition = &mut self.partitions[partition as usize];
        partition.switch_off(local);
        self.guests.interfaces(guest).for_each(|eni| partition.forget_flows(eni));
    }

    /// Gives an instance that boots the interfaces it has, with the addresses they have.
    fn plug_in(&mut self, guest: GuestIndex, enis: &[EniIndex]) {
        let (_, local) = self.guests.place(guest);
        let before = self.guests.set_interfaces(guest, enis, &self.tables);
        self.announced.retain(|(waiting, _)| *waiting != guest);
        before.into_iter().for_each(|eni| self.unplug(guest, eni));
        for (eni, port) in enis.iter().zip(0..) {
            self.wiring.connect(*eni, Behind { guest: local, port });
        }
    }

    /// Pulls an interface out of a guest, which may be running: its link is dead from then on.
    fn unplug(&mut self, guest: GuestIndex, eni: EniIndex) {
        let (partition, local) = self.guests.place(guest);
        if self.wiring.behind(eni).is_some_and(|behind| behind.guest == local) {
            self.wiring.disconnect(eni);
            self.partitions[partition as usize].forget_flows(eni);
        }
    }

    /// A running instance loses a detached interface at once and sees an attached one when it boots.
    ///
    /// Differs from AWS: there a running Linux configures a new interface by itself.
    fn follow_attachments(&mut self, id: InstanceId, guest: GuestIndex) {
        let now = self.interfaces_of(&self.cloud.instances[&id]);
        let booted: Vec<EniIndex> = self.guests.interfaces(guest).collect();
        for eni in booted.iter().filter(|eni| !now.contains(eni)) {
            self.unplug(guest, *eni);
        }
        for eni in now.iter().filter(|eni| !booted.contains(eni)) {
            if !self.announced.insert((guest, *eni)) {
                continue; // It has been said.
            }
            let text = format!(
                "{} is attached while the instance runs; it is used from the next boot on",
                self.tables.eni_id(*eni)
            );
            let (partition, _) = self.guests.place(guest);
            self.partitions[partition as usize].note(guest, Note { text, line: None });
        }
    }

    fn interfaces_of(&self, instance: &Instance) -> SmallVec<[EniIndex; 2]> {
        instance.interfaces.iter().filter_map(|eni| self.compiler.eni_index(*eni)).collect()
    }

    /// Switches on the guest whose boot is due.
    fn boot_next(&mut self) {
        let Some(mut due) = self.boots.first_entry() else { return };
        let first = due.get_mut().pop_front();
        if due.get().is_empty() {
            due.remove();
        }
        let Some((guest, launch)) = first else { return };
        let (place, local) = self.guests.place(guest);
        self.partitions[place as usize].switch_on(local);
        self.guests.count_boot(guest);
        let Some(script) = launch.as_ref().and_then(|launch| launch.user_data.as_deref()) else { return };
        let process = self.with(guest, |partition, local, shared| partition.start_user_data(shared, local, script));
        self.booting.extend(process.map(|process| Running { guest, process }));
        self.gather();
    }

    fn add_internet_host(&mut self, number: u32, config: InternetHostConfig) {
        let InternetHostConfig { name, address, names, http, ports } = config;
        names.into_iter().for_each(|name| self.tables.public_names.add(name, address));
        let local = self.partitions[Placement::INTERNET as usize].add_guest(self.guests.next());
        let id = InternetHostId::from_number(u64::from(number) + 1);
        let mac = MacAddr::local(0xff_0000_0000 | u64::from(number));
        let interface = internet::interface(mac, address);
        let serves = Serves::Site { page: http, ports };
        let outside = OutsideGuest { id, name: name.clone(), number, interface, serves };
        let guest = self.guests.add_outside(outside, (Placement::INTERNET, local));
        self.partitions[Placement::INTERNET as usize].switch_on(local);
        self.internet.add(InternetHost {
            id,
            name,
            addresses: vec![address],
            place: HostPlace::Internet,
            mac,
            guest: local,
            index: guest,
        });
    }
}

/// Where a guest's boot is among those due at one moment, or would be.
fn boot_of(due: &VecDeque<Boot>, guest: GuestIndex) -> Result<usize, usize> {
    due.binary_search_by_key(&guest, |(booting, _)| *booting)
}
