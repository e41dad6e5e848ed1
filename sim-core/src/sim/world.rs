//! The world: owns the control plane, the compiled tables, the partitions and the Internet, and keeps them in step.
//!
//! Virtual time moves only here. Between two events the control plane may change: after every accepted operation and every
//! change of state that comes due, guests are switched on or off. What was touched is compiled again before the next packet
//! meets it, so that a thousand requests in a row cost one compilation.

mod following;
mod services;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde_json::Value;

use super::boot::{Guests, OutsideGuest, Packages, Serves};
use super::guests::LocalGuest;
use super::internet::{self, HostPlace, Internet, InternetHost};
use super::links::LinkSettings;
use super::partition::{GuestIndex, Partition, Shared};
use super::placement::{Placement, Wiring};
use super::public_names;
use super::ranks::{Ranks, Transport};
use super::windows::{self, Run, Threads, WaitFor};
use crate::cloud::{ApiError, Caller, Cloud, CloudConfig, Launch, Operation, Quotas, RunInstances};
use crate::compile::Compiler;
use crate::dataplane::tables::Tables;
use crate::engine::{SimDuration, SimTime};
use crate::flat::Flat;
use crate::host::{Finished, Note, ProcessId, Programs};
use crate::id::{InstanceId, InternetHostId, ResourceId};
use crate::net::MacAddr;
use crate::net::dns::DomainName;
use crate::trace::{Detail, Purpose, Recording, Trace, WatchedFlow};

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
    /// User data under way.
    booting: FxHashSet<Running>,
    /// Guests that go down and are not off yet.
    going_down: BTreeSet<GuestIndex>,
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
            booting: FxHashSet::default(),
            going_down: BTreeSet::new(),
        };
        for (number, host) in internet.into_iter().enumerate() {
            world.add_internet_host(number as u32, host);
        }
        world.add_well_known_hosts();
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
        if self.going_down.contains(&guest) {
            return None; // Nobody logs in any more.
        }
        let process = self.with(guest, |partition, local, shared| partition.start(shared, local, command_line));
        self.gather();
        process.map(|process| Running { guest, process })
    }

    /// Lets virtual time pass until a program ends. [`Pause::Limit`]: it still runs at `limit`, or waits for what can never come. Time stands at the end of the window in which it has ended.
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

    /// Brings the tables in step with the control plane.
    pub(crate) fn compile(&mut self) {
        if self.cloud.is_touched() {
            let touched = self.cloud.take_touched();
            self.compiler.compile(&self.cloud, &touched, &mut self.tables);
            self.rules += 1;
            self.follow_services(&touched);
        }
    }

    fn add_internet_host(&mut self, number: u32, config: InternetHostConfig) {
        let InternetHostConfig { name, address, names, http, ports } = config;
        names.into_iter().for_each(|name| self.tables.public_names.add(name, address));
        let local = self.partitions[Placement::INTERNET as usize].add_guest(self.guests.next());
        let id = InternetHostId::from_number(u64::from(number) + 1);
        let mac = MacAddr::local(0xff_0000_0000 | u64::from(number));
        let interface = internet::interface(mac, &[address]);
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
