//! The world: owns the control plane, the compiled tables, the partition and the Internet, and keeps them in step.
//!
//! Virtual time moves only here. Between two events the control plane may change: after every accepted operation and every
//! change of state that comes due, guests are switched on or off. What was touched is compiled again before the next packet
//! meets it, so that a thousand requests in a row cost one compilation.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;
use smallvec::SmallVec;

use super::internet::{self, Internet, InternetHost};
use super::links::LinkSettings;
use super::partition::{Directory, GuestIndex, Partition, Plug, Shared};
use crate::app::{OUTSIDE_ROOT, OUTSIDE_SERVER};
use crate::cloud::{ApiError, Caller, Cloud, CloudConfig, ImageFamily, InstanceState, Launch, Operation, Quotas};
use crate::compile::Compiler;
use crate::dataplane::tables::{EniIndex, ROUTER_IPV6, Tables};
use crate::engine::{SimDuration, SimTime, mix};
use crate::host::{Disk, Finished, Host, HostConfig, InterfaceConfig, Note, ProcessId, Profile, Programs};
use crate::id::{InstanceId, InternetHostId, ResourceId};
use crate::net::MacAddr;
use crate::trace::{Detail, Trace, TraceEvent};

/// From `running` until user data starts: firmware, kernel, services. A SIM value; AWS promises none.
const BOOT: SimDuration = SimDuration::from_secs(20);

/// A change of the control plane that comes sooner than this is a launch under way, or something like it.
const LAUNCH: SimDuration = SimDuration::from_secs(60);

/// The largest IP packet of an instance's interface (MTU-1).
const INSTANCE_MTU: u16 = 9001;

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
    /// Which steps of packets to keep.
    pub detail: Detail,
    /// Keep the frames' bytes.
    pub frames: bool,
}

/// A host outside AWS.
#[derive(Clone, Debug)]
pub(crate) struct InternetHostConfig {
    pub name: String,
    pub address: IpAddr,
    /// The page of `/`, if it serves one.
    pub http: Option<String>,
    /// TCP ports that answer.
    pub ports: Vec<u16>,
}

/// A program under way on a guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Running {
    pub guest: GuestIndex,
    pub process: ProcessId,
}

/// Why time stopped passing.
#[derive(Debug)]
pub(crate) enum Pause<T> {
    /// What was waited for has come.
    Done(T),
    /// The trace is long: take it, then go on.
    TraceIsLong,
    /// The limit was reached, or nothing is left that could happen.
    Limit,
}

/// How many trace events are kept before time stops for them to be taken.
const TRACE_EVENTS: usize = 4_096;

/// Everything there is.
pub(crate) struct World {
    cloud: Cloud,
    compiler: Compiler,
    tables: Tables,
    partition: Partition,
    internet: Internet,
    guests: Guests,
    links: LinkSettings,
    seed: u64,
    /// Guests that boot, by when they are up, then by number. No moment is without guests.
    boots: BTreeMap<SimTime, VecDeque<Boot>>,
    /// Interfaces that wait for their guest's next boot, about which the user has been told.
    announced: FxHashSet<(GuestIndex, EniIndex)>,
    /// User data under way.
    booting: Vec<Running>,
}

/// A guest that boots, with the launch that has its user data, if it has some.
type Boot = (GuestIndex, Option<Arc<Launch>>);

/// What guests are made from.
struct Guests {
    instances: FxHashMap<InstanceId, GuestIndex>,
    configs: Vec<GuestConfig>,
    seed: u64,
    epoch_nanos: i128,
    programs: Programs,
}

/// What a sleeping guest needs to wake.
enum GuestConfig {
    Instance {
        family: ImageFamily,
        interfaces: SmallVec<[BootInterface; 1]>,
        /// Each boot has chance of its own: other ports, other sequence numbers.
        boots: u32,
    },
    Internet(Box<OutsideGuest>),
}

/// What a host on the Internet is made from.
struct OutsideGuest {
    name: String,
    interface: InterfaceConfig,
    /// The page of `/`, if it serves one.
    page: Option<String>,
    ports: Vec<u16>,
}

/// An interface as its guest configures it at boot. Most of a large world sleeps for ever, and nearly every interface has one
/// IPv4 address and no more; what follows from it is worked out when its guest wakes.
enum BootInterface {
    Plain { mac: MacAddr, address: Ipv4Addr, prefix_len: u8 },
    Other(Box<InterfaceConfig>),
}

impl World {
    /// An empty cloud, and the hosts on the Internet, which are up at once.
    pub(crate) fn new(config: WorldConfig) -> World {
        let WorldConfig { seed, epoch_nanos, links, quotas, internet, programs, detail, frames } = config;
        let mut world = World {
            cloud: Cloud::with_config(CloudConfig { seed, epoch_nanos, quotas }),
            compiler: Compiler::default(),
            tables: Tables::default(),
            partition: Partition::new(Trace::new(detail, frames)),
            internet: Internet::default(),
            guests: Guests { instances: FxHashMap::default(), configs: Vec::new(), seed, epoch_nanos, programs },
            links,
            seed,
            boots: BTreeMap::new(),
            announced: FxHashSet::default(),
            booting: Vec::new(),
        };
        for (number, host) in internet.into_iter().enumerate() {
            world.add_internet_host(number as u32, host);
        }
        world
    }

    /// Virtual time.
    pub(crate) fn now(&self) -> SimTime {
        self.partition.now()
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
        self.guests.instances.get(&instance).copied()
    }

    /// How many frames were received over a link so far.
    pub(crate) fn packet_hops(&self) -> u64 {
        self.partition.packet_hops()
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
    pub(crate) fn launch(&mut self, caller: &Caller, parameters: Value) -> Result<Vec<InstanceId>, ApiError> {
        let request = serde_json::from_value(parameters)
            .map_err(|error| ApiError::new("InvalidAction", format!("RunInstances: {error}")))?;
        let launched = self.cloud.apply_launch(&Caller { now: self.now(), ..*caller }, request)?;
        self.follow_cloud();
        Ok(launched)
    }

    /// Lets virtual time pass until `until`.
    pub(crate) fn run_until(&mut self, until: SimTime) -> Pause<()> {
        while self.partition.trace_len() < TRACE_EVENTS {
            if !self.step(until) {
                self.partition.advance_to(until);
                return Pause::Done(());
            }
        }
        Pause::TraceIsLong
    }

    /// Lets virtual time pass until every instance that starts has finished its user data.
    pub(crate) fn run_until_booted(&mut self, limit: SimTime) -> Pause<()> {
        while self.partition.trace_len() < TRACE_EVENTS {
            let partition = &mut self.partition;
            self.booting.retain(|run| partition.take_finished(run.guest, run.process).is_none());
            let soon = self.now() + LAUNCH;
            let launching = self.cloud.next_transition().is_some_and(|at| at <= soon);
            if self.boots.is_empty() && self.booting.is_empty() && !launching {
                return Pause::Done(());
            }
            if !self.step(limit) {
                return Pause::Limit;
            }
        }
        Pause::TraceIsLong
    }

    /// Starts a command line on a guest; `None` when the guest is not running.
    pub(crate) fn start(&mut self, guest: GuestIndex, command_line: &str) -> Option<Running> {
        let (partition, shared) = self.split();
        partition.start(&shared, guest, command_line).map(|process| Running { guest, process })
    }

    /// Lets virtual time pass until a program ends. [`Pause::Limit`]: it still runs at `limit`, waits for what can never come,
    /// or is gone because its guest was switched off.
    pub(crate) fn wait_for(&mut self, running: Running, limit: SimTime) -> Pause<Finished> {
        while self.partition.trace_len() < TRACE_EVENTS {
            if let Some(finished) = self.partition.take_finished(running.guest, running.process) {
                return Pause::Done(finished);
            }
            if !self.partition.knows(running.guest, running.process) {
                return Pause::Limit;
            }
            if !self.step(limit) {
                if self.partition.next_time().is_some() && limit > self.now() {
                    self.partition.advance_to(limit);
                }
                return Pause::Limit;
            }
        }
        Pause::TraceIsLong
    }

    /// Ends a program as Ctrl-C does and takes what it left.
    pub(crate) fn interrupt(&mut self, running: Running) -> Option<Finished> {
        let (partition, shared) = self.split();
        partition.interrupt(&shared, running.guest, running.process);
        self.partition.take_finished(running.guest, running.process)
    }

    /// Exchanges what the trace has recorded since the last call for the empty buffer `into`.
    pub(crate) fn take_trace(&mut self, into: &mut Vec<TraceEvent>) {
        self.partition.take_trace(into);
    }

    /// Takes what guests have to say since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<(ResourceId, Note)> {
        self.partition.take_notes()
    }

    /// The next thing that is due at `until` or before, of packets, boots and the control plane, in that order.
    fn step(&mut self, until: SimTime) -> bool {
        let packets = self.partition.next_time().unwrap_or(SimTime::MAX);
        let boot = self.boots.first_key_value().map_or(SimTime::MAX, |(at, _)| *at);
        let cloud = self.cloud.next_transition().unwrap_or(SimTime::MAX);
        let next = packets.min(boot).min(cloud);
        if next > until || next == SimTime::MAX {
            return false;
        }
        if packets == next {
            let (partition, shared) = self.split();
            partition.step(&shared, until);
        } else if boot == next {
            self.partition.advance_to(next);
            self.boot_next();
        } else {
            self.partition.advance_to(next);
            self.cloud.advance(next);
            self.follow_cloud();
        }
        true
    }

    /// The partition, and what its events may read.
    fn split(&mut self) -> (&mut Partition, Shared<'_>) {
        self.compile();
        let World { partition, tables, links, internet, guests, seed, .. } = self;
        (partition, Shared { tables, links, internet, directory: guests, seed: *seed })
    }

    /// Brings guests in step with the control plane.
    fn follow_cloud(&mut self) {
        let changed = self.cloud.take_changed_instances();
        if changed.is_empty() {
            return;
        }
        self.compile();
        let (mut known, new): (Vec<InstanceId>, Vec<InstanceId>) =
            changed.into_iter().partition(|id| self.guests.instances.contains_key(id));
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
                starting.push((*id, at, instance.launch.image.family, launch));
            }
        }
        starting.sort_unstable_by_key(|(id, at, ..)| (*id, *at));
        starting.dedup_by_key(|(id, ..)| *id);
        let up = self.now() + BOOT;
        let mut guests = vec![None; instances.len()];
        for (id, at, family, launch) in starting {
            let guest = self.partition.add_guest(id.into(), Vec::new());
            self.guests.configs.push(GuestConfig::Instance { family, interfaces: SmallVec::new(), boots: 0 });
            self.guests.instances.insert(id, guest);
            // The newest number is the last of its moment.
            self.boots.entry(up).or_default().push_back((guest, launch));
            guests[at] = Some(guest);
        }
        for (id, guest) in instances.iter().zip(guests) {
            if let Some(guest) = guest {
                self.plug_in(*id, guest);
            }
        }
    }

    /// Brings the tables in step with the control plane.
    pub(crate) fn compile(&mut self) {
        if self.cloud.is_touched() {
            let touched = self.cloud.take_touched();
            self.compiler.compile(&self.cloud, &touched, &mut self.tables);
        }
    }

    /// Switches an instance's guest on or off, as its state asks.
    fn follow_instance(&mut self, id: InstanceId) {
        let Some(instance) = self.cloud.instances.get(&id) else { return };
        let Some(guest) = self.instance_guest(id) else { return };
        match instance.state {
            InstanceState::Running if self.partition.is_on(guest) => self.follow_attachments(id, guest),
            InstanceState::Running if self.boots.values().any(|due| boot_of(due, guest).is_ok()) => {
                self.plug_in(id, guest)
            }
            InstanceState::Running => {
                // User data runs at the first boot only, as cloud-init has it.
                let is_first = matches!(self.guests.configs[guest.0 as usize], GuestConfig::Instance { boots: 0, .. });
                let launch = (is_first && instance.launch.user_data.is_some()).then(|| instance.launch.clone());
                self.plug_in(id, guest);
                let due = self.boots.entry(self.partition.now() + BOOT).or_default();
                if let Err(at) = boot_of(due, guest) {
                    due.insert(at, (guest, launch));
                }
            }
            InstanceState::Pending { .. } => {}
            _ => {
                self.partition.switch_off(guest);
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

    /// Gives an instance that boots the interfaces it has, with the addresses they have.
    fn plug_in(&mut self, id: InstanceId, guest: GuestIndex) {
        let enis = self.interfaces_of(id);
        let family = self.cloud.instances[&id].launch.image.family;
        let now = enis.iter().filter_map(|eni| interface_config(&self.tables, *eni, family));
        if let GuestConfig::Instance { interfaces, .. } = &mut self.guests.configs[guest.0 as usize] {
            *interfaces = now.map(BootInterface::new).collect();
        }
        self.announced.retain(|(waiting, _)| *waiting != guest);
        self.partition.plug_in(guest, enis.into_iter().map(Plug::Eni).collect());
    }

    /// A running instance loses a detached interface at once and sees an attached one when it boots.
    ///
    /// Differs from AWS: there a running Linux configures a new interface by itself.
    fn follow_attachments(&mut self, id: InstanceId, guest: GuestIndex) {
        let now: Vec<Plug> = self.interfaces_of(id).into_iter().map(Plug::Eni).collect();
        let booted = self.partition.plugs(guest).to_vec();
        for plug in booted.iter().filter(|plug| !now.contains(plug)) {
            self.partition.unplug(guest, *plug);
        }
        for plug in now.iter().filter(|plug| !booted.contains(plug)) {
            let Plug::Eni(eni) = plug else { continue };
            if !self.announced.insert((guest, *eni)) {
                continue; // It has been said.
            }
            let text = format!(
                "{} is attached while the instance runs; it is used from the next boot on",
                self.tables.eni_id(*eni)
            );
            self.partition.note(guest, Note { text, line: None });
        }
    }

    fn interfaces_of(&self, id: InstanceId) -> SmallVec<[EniIndex; 2]> {
        self.cloud.instances[&id].interfaces.iter().filter_map(|eni| self.compiler.eni_index(*eni)).collect()
    }

    /// Switches on the guest whose boot is due.
    fn boot_next(&mut self) {
        let Some(mut due) = self.boots.first_entry() else { return };
        let first = due.get_mut().pop_front();
        if due.get().is_empty() {
            due.remove();
        }
        let Some((guest, launch)) = first else { return };
        self.partition.switch_on(guest);
        if let GuestConfig::Instance { boots, .. } = &mut self.guests.configs[guest.0 as usize] {
            *boots += 1;
        }
        let Some(script) = launch.as_ref().and_then(|launch| launch.user_data.as_deref()) else { return };
        let (partition, shared) = self.split();
        if let Some(process) = partition.start_user_data(&shared, guest, script) {
            self.booting.push(Running { guest, process });
        }
    }

    fn add_internet_host(&mut self, number: u32, config: InternetHostConfig) {
        let InternetHostConfig { name, address, http, ports } = config;
        let id = InternetHostId::from_number(u64::from(number) + 1);
        let mac = MacAddr::local(0xff_0000_0000 | u64::from(number));
        let guest = self.partition.add_guest(id.into(), vec![Plug::Internet(number)]);
        let interface = internet::interface(mac, address);
        let config = OutsideGuest { name: name.clone(), interface, page: http, ports };
        self.guests.configs.push(GuestConfig::Internet(Box::new(config)));
        self.internet.add(InternetHost { id, name, address, mac, guest });
        self.partition.switch_on(guest);
    }
}

impl Directory for Guests {
    fn boot(&self, guest: GuestIndex, disk: Option<Disk>, now: SimTime) -> Host {
        let config = &self.configs[guest.0 as usize];
        let (profile, hostname, interfaces, reboots) = match config {
            GuestConfig::Instance { family, interfaces, boots } => {
                let interfaces: Vec<InterfaceConfig> = interfaces.iter().map(BootInterface::config).collect();
                (profile_of(*family), private_host_name(&interfaces), interfaces, boots.saturating_sub(1))
            }
            GuestConfig::Internet(outside) => {
                (Profile::Ubuntu, outside.name.clone(), vec![outside.interface.clone()], 0)
            }
        };
        let host_config = HostConfig {
            profile,
            hostname,
            interfaces,
            seed: mix(self.seed ^ mix(u64::from(reboots) << 32 | u64::from(guest.0))),
            epoch_nanos: self.epoch_nanos,
            hosts_file: Vec::new(),
            programs: self.programs,
        };
        let mut host = match disk {
            Some(disk) => Host::from_disk(host_config, disk, now),
            None => Host::new(host_config, now),
        };
        if let GuestConfig::Internet(outside) = config {
            if let Some(page) = &outside.page {
                host.write_file(&format!("{OUTSIDE_ROOT}/index.html"), page.as_bytes());
            }
            host.start_service(OUTSIDE_SERVER, &outside.ports.iter().map(u16::to_string).collect::<Vec<_>>());
        }
        host
    }
}

/// Where a guest's boot is among those due at one moment, or would be.
fn boot_of(due: &VecDeque<Boot>, guest: GuestIndex) -> Result<usize, usize> {
    due.binary_search_by_key(&guest, |(booting, _)| *booting)
}

impl BootInterface {
    fn new(config: InterfaceConfig) -> BootInterface {
        match (&config.ipv4[..], &config.ipv6[..]) {
            ([(address, block)], []) => {
                BootInterface::Plain { mac: config.mac, address: *address, prefix_len: block.prefix_len() }
            }
            _ => BootInterface::Other(Box::new(config)),
        }
    }

    fn config(&self) -> InterfaceConfig {
        match self {
            BootInterface::Plain { mac, address, prefix_len } => {
                let block = Ipv4Net::new_assert(*address, *prefix_len).trunc();
                // The subnet's router has the first address (ADDR-12).
                let router = Ipv4Addr::from_bits(block.network().to_bits() + 1);
                InterfaceConfig {
                    mac: *mac,
                    mtu: INSTANCE_MTU,
                    ipv4: vec![(*address, block)],
                    ipv6: Vec::new(),
                    ipv4_gateway: Some(router),
                    ipv6_gateway: None,
                }
            }
            BootInterface::Other(config) => (**config).clone(),
        }
    }
}

/// An instance's interface as its DHCP client sets it up (ADDR-12, ADDR-19): the subnet's router is the default route. Secondary
/// IPv4 addresses are the guest's own business: Amazon Linux configures them when it boots, others only the primary one.
///
/// Differs from AWS: an address assigned while the instance runs is configured at its next boot.
fn interface_config(tables: &Tables, eni: EniIndex, family: ImageFamily) -> Option<InterfaceConfig> {
    let interface = tables.interface(eni)?;
    let subnet = interface.subnet;
    let takes_secondary = matches!(family, ImageFamily::AmazonLinux2 | ImageFamily::AmazonLinux2023);
    let block = |address: IpAddr| subnet.blocks.iter().find(|block| block.contains(&address));
    let mut config = InterfaceConfig {
        mac: interface.eni.mac,
        mtu: INSTANCE_MTU,
        ipv4: Vec::new(),
        ipv6: Vec::new(),
        ipv4_gateway: Some(subnet.router),
        ipv6_gateway: None,
    };
    for address in &interface.eni.addresses {
        match (*address, block(*address)) {
            (IpAddr::V4(address), Some(IpNet::V4(block))) if config.ipv4.is_empty() || takes_secondary => {
                config.ipv4.push((address, *block))
            }
            (IpAddr::V6(address), Some(IpNet::V6(block))) => {
                config.ipv6.push((address, *block));
                config.ipv6_gateway = Some(ROUTER_IPV6);
            }
            _ => {}
        }
    }
    Some(config)
}

/// The host name of an instance at first boot: from its primary address, as in `ip-10-41-1-100` (DNS-4).
fn private_host_name(interfaces: &[InterfaceConfig]) -> String {
    let primary = interfaces.first().and_then(|interface| interface.ipv4.first());
    primary
        .map_or_else(|| "localhost".to_owned(), |(address, _)| format!("ip-{}", address.to_string().replace('.', "-")))
}

fn profile_of(family: ImageFamily) -> Profile {
    match family {
        ImageFamily::AmazonLinux2 => Profile::AmazonLinux2,
        ImageFamily::AmazonLinux2023 => Profile::AmazonLinux2023,
        ImageFamily::Ubuntu => Profile::Ubuntu,
        ImageFamily::Windows => Profile::Windows,
    }
}
