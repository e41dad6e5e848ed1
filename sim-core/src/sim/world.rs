//! The world: owns the control plane, the compiled tables, the partition and the Internet, and keeps them in step.
//!
//! Virtual time moves only here. Between two events the control plane may change: after every accepted operation and every
//! change of state that comes due, the touched VPCs are compiled again and guests are switched on or off.

use std::collections::BTreeMap;
use std::net::IpAddr;

use indexmap::IndexMap;
use ipnet::IpNet;
use serde_json::Value;

use super::internet::{self, Internet, InternetHost};
use super::links::LinkSettings;
use super::partition::{Directory, GuestIndex, Partition, Plug, Shared};
use crate::app::{OUTSIDE_ROOT, OUTSIDE_SERVER};
use crate::cloud::{ApiError, Caller, Cloud, CloudConfig, ImageFamily, InstanceState, Operation, Quotas};
use crate::compile::Compiler;
use crate::dataplane::tables::{EniIndex, ROUTER_IPV6, Tables};
use crate::engine::{SimDuration, SimTime, mix};
use crate::host::{Finished, HostConfig, InterfaceConfig, Note, ProcessId, Profile, Programs};
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
    /// Guests that boot, by when they are up.
    boots: BTreeMap<(SimTime, GuestIndex), Boot>,
    /// User data under way.
    booting: Vec<Running>,
}

/// A boot under way.
enum Boot {
    /// The first one, at which user data runs, as cloud-init has it.
    First(InstanceId),
    Again,
}

/// What guests are made from.
struct Guests {
    instances: IndexMap<InstanceId, GuestIndex>,
    configs: Vec<GuestConfig>,
    seed: u64,
    epoch_nanos: i128,
    programs: Programs,
}

/// What a sleeping guest needs to wake.
enum GuestConfig {
    Instance { family: ImageFamily, interfaces: Box<[InterfaceConfig]> },
    Internet { name: String, interface: Box<InterfaceConfig> },
}

impl World {
    /// An empty cloud, and the hosts on the Internet, which are up at once.
    pub fn new(config: WorldConfig) -> World {
        let WorldConfig { seed, epoch_nanos, links, quotas, internet, programs, detail, frames } = config;
        let mut world = World {
            cloud: Cloud::with_config(CloudConfig { seed, epoch_nanos, quotas }),
            compiler: Compiler::default(),
            tables: Tables::default(),
            partition: Partition::new(Trace::new(detail, frames)),
            internet: Internet::default(),
            guests: Guests { instances: IndexMap::new(), configs: Vec::new(), seed, epoch_nanos, programs },
            links,
            seed,
            boots: BTreeMap::new(),
            booting: Vec::new(),
        };
        for (number, host) in internet.into_iter().enumerate() {
            world.add_internet_host(number as u32, host);
        }
        world
    }

    /// Virtual time.
    pub fn now(&self) -> SimTime {
        self.partition.now()
    }

    /// The control plane, to read.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// When the control plane's next change of state is due.
    pub fn next_change(&self) -> Option<SimTime> {
        self.cloud.next_transition()
    }

    /// The hosts outside AWS.
    pub fn internet_hosts(&self) -> &[InternetHost] {
        self.internet.hosts()
    }

    /// The guest of an instance.
    pub fn instance_guest(&self, instance: InstanceId) -> Option<GuestIndex> {
        self.guests.instances.get(&instance).copied()
    }

    /// How many frames were received over a link so far.
    pub fn packet_hops(&self) -> u64 {
        self.partition.packet_hops()
    }

    /// Carries out one operation at the present moment.
    ///
    /// # Errors
    /// The AWS error code and message; then nothing has changed.
    pub fn call(&mut self, caller: &Caller, operation: Operation) -> Result<Value, ApiError> {
        let answer = self.cloud.apply(caller, operation)?;
        self.follow_cloud();
        Ok(answer)
    }

    /// Lets virtual time pass until `until`.
    pub fn run_until(&mut self, until: SimTime) -> Pause<()> {
        while self.partition.trace_len() < TRACE_EVENTS {
            if !self.step(until) {
                self.partition.advance_to(until);
                return Pause::Done(());
            }
        }
        Pause::TraceIsLong
    }

    /// Lets virtual time pass until every instance that starts has finished its user data.
    pub fn run_until_booted(&mut self, limit: SimTime) -> Pause<()> {
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
    pub fn start(&mut self, guest: GuestIndex, command_line: &str) -> Option<Running> {
        let (partition, shared) = self.split();
        partition.start(&shared, guest, command_line).map(|process| Running { guest, process })
    }

    /// Lets virtual time pass until a program ends. [`Pause::Limit`]: it still runs at `limit`, or waits for what can never come.
    pub fn wait_for(&mut self, running: Running, limit: SimTime) -> Pause<Finished> {
        while self.partition.trace_len() < TRACE_EVENTS {
            if let Some(finished) = self.partition.take_finished(running.guest, running.process) {
                return Pause::Done(finished);
            }
            if !self.step(limit) {
                return Pause::Limit;
            }
        }
        Pause::TraceIsLong
    }

    /// Ends a program as Ctrl-C does and takes what it left.
    pub fn interrupt(&mut self, running: Running) -> Option<Finished> {
        let (partition, shared) = self.split();
        partition.interrupt(&shared, running.guest, running.process);
        self.partition.take_finished(running.guest, running.process)
    }

    /// Exchanges what the trace has recorded since the last call for the empty buffer `into`.
    pub fn take_trace(&mut self, into: &mut Vec<TraceEvent>) {
        self.partition.take_trace(into);
    }

    /// Takes what guests have to say since the last call.
    pub fn take_notes(&mut self) -> Vec<(ResourceId, Note)> {
        self.partition.take_notes()
    }

    /// The next thing that is due at `until` or before, of packets, boots and the control plane, in that order.
    fn step(&mut self, until: SimTime) -> bool {
        let packets = self.partition.next_time().unwrap_or(SimTime::MAX);
        let boot = self.boots.first_key_value().map_or(SimTime::MAX, |((at, _), _)| *at);
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
        let World { partition, tables, links, internet, guests, seed, .. } = self;
        (partition, Shared { tables, links, internet, directory: guests, seed: *seed })
    }

    /// Brings tables and guests in step with the control plane.
    fn follow_cloud(&mut self) {
        let touched = self.cloud.take_touched();
        if !touched.is_empty() {
            self.compiler.compile(&self.cloud, &touched, &mut self.tables);
        }
        for id in self.cloud.take_changed_instances() {
            self.follow_instance(id);
        }
    }

    /// Switches an instance's guest on or off, as its state asks.
    fn follow_instance(&mut self, id: InstanceId) {
        let Some(instance) = self.cloud.instances.get(&id) else { return };
        let state = instance.state;
        match (self.guests.instances.get(&id).copied(), state) {
            (None, InstanceState::Running) => {
                let guest = self.add_instance(id);
                self.boots.insert((self.now() + BOOT, guest), Boot::First(id));
            }
            (Some(guest), InstanceState::Running) if !self.partition.is_on(guest) => {
                self.boots.insert((self.now() + BOOT, guest), Boot::Again);
            }
            (Some(_), InstanceState::Running) | (_, InstanceState::Pending { .. }) | (None, _) => {}
            (Some(guest), _) => {
                self.partition.switch_off(guest);
                self.boots.retain(|(_, booting), _| *booting != guest);
                self.booting.retain(|running| running.guest != guest);
            }
        }
    }

    fn add_instance(&mut self, id: InstanceId) -> GuestIndex {
        let instance = &self.cloud.instances[&id];
        let enis: Vec<_> = instance.interfaces.iter().filter_map(|eni| self.compiler.eni_index(*eni)).collect();
        let interfaces = enis.iter().filter_map(|eni| interface_config(&self.tables, *eni)).collect();
        let family = instance.image.family;
        let guest = self.partition.add_guest(id.into(), enis.into_iter().map(Plug::Eni).collect());
        self.guests.configs.push(GuestConfig::Instance { family, interfaces });
        self.guests.instances.insert(id, guest);
        guest
    }

    /// Switches on the guest whose boot is due.
    fn boot_next(&mut self) {
        let Some(((_, guest), boot)) = self.boots.pop_first() else { return };
        self.partition.switch_on(guest);
        let Boot::First(id) = boot else { return };
        let Some(script) = self.cloud.instances.get(&id).and_then(|instance| instance.user_data.clone()) else {
            return;
        };
        let (partition, shared) = self.split();
        if let Some(process) = partition.start_user_data(&shared, guest, &script) {
            self.booting.push(Running { guest, process });
        }
    }

    fn add_internet_host(&mut self, number: u32, config: InternetHostConfig) {
        let InternetHostConfig { name, address, http, ports } = config;
        let id = InternetHostId::from_number(u64::from(number) + 1);
        let mac = MacAddr::local(0xff_0000_0000 | u64::from(number));
        let guest = self.partition.add_guest(id.into(), vec![Plug::Internet(number)]);
        let interface = internet::interface(mac, address);
        self.guests.configs.push(GuestConfig::Internet { name: name.clone(), interface: Box::new(interface) });
        self.internet.add(InternetHost { id, name, address, mac, guest });
        self.partition.switch_on(guest);
        let (partition, shared) = self.split();
        if http.is_none() && ports.is_empty() {
            return;
        }
        let Some(host) = partition.host(&shared, guest) else { return };
        if let Some(page) = http {
            host.write_file(&format!("{OUTSIDE_ROOT}/index.html"), page.as_bytes());
        }
        host.start_service(OUTSIDE_SERVER, &ports.iter().map(u16::to_string).collect::<Vec<_>>());
    }
}

impl Directory for Guests {
    fn host_config(&self, guest: GuestIndex) -> HostConfig {
        let seed = mix(self.seed ^ mix(u64::from(guest.0)));
        let (profile, hostname, interfaces) = match &self.configs[guest.0 as usize] {
            GuestConfig::Instance { family, interfaces } => {
                (profile_of(*family), private_host_name(interfaces), interfaces.to_vec())
            }
            GuestConfig::Internet { name, interface } => (Profile::Ubuntu, name.clone(), vec![(**interface).clone()]),
        };
        HostConfig {
            profile,
            hostname,
            interfaces,
            seed,
            epoch_nanos: self.epoch_nanos,
            hosts_file: Vec::new(),
            programs: self.programs,
        }
    }
}

/// An instance's interface as its DHCP client sets it up (ADDR-12, ADDR-19): the subnet's router is the default route. Only the
/// primary IPv4 address; secondary ones are the guest's own business, as on AWS.
fn interface_config(tables: &Tables, eni: EniIndex) -> Option<InterfaceConfig> {
    let interface = tables.interface(eni)?;
    let subnet = interface.subnet;
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
            (IpAddr::V4(address), Some(IpNet::V4(block))) if config.ipv4.is_empty() => {
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
