//! The kernel of a guest: everything that outlives a program – interfaces, sockets, files, timers, terminals, packages.
//!
//! It is one plain value with one owner, the [`Host`](super::Host), which lends it to the programs while they run (see
//! [`executor`](super::executor)). What belongs to packets is in `network.rs`, what belongs to sockets in `socket.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::Waker;

use super::executor::Task;
use super::files::Volume;
use super::fragment::Reassembly;
use super::neighbour::{Link, link_local};
use super::network::Way;
use super::socket::Sockets;
use super::stack::Stack;
use super::{Finished, HostConfig, InterfaceConfig, Note, Output, ProcessId, Profile, Programs};
use crate::engine::{SimTime, Stream};
use crate::net::BufferPool;

/// One network interface with its layers.
pub(super) struct Nic {
    pub(super) config: InterfaceConfig,
    /// Every address it answers for, with prefix lengths; loopback addresses live on the first interface.
    pub(super) addresses: Vec<(IpAddr, u8)>,
    pub(super) link: Link,
    pub(super) stack: Stack,
}

/// A program that runs or has run.
pub(super) struct Process {
    pub(super) started: SimTime,
    pub(super) terminal: Vec<(Output, Vec<u8>)>,
    pub(super) finished: Option<(i32, SimTime)>,
}

/// See the module.
pub(crate) struct Kernel {
    pub(super) now: SimTime,
    pub(super) epoch_nanos: i128,
    pub(super) profile: Profile,
    pub(super) programs: Programs,
    pub(super) package_mirror: Option<String>,
    pub(super) nics: Vec<Nic>,
    /// Frames since the host ran last, and at which interface.
    pub(super) arrived: VecDeque<(usize, Vec<u8>)>,
    /// Packets to ourselves, with the time they arrive and at which interface.
    pub(super) loopback: VecDeque<(SimTime, usize, Vec<u8>)>,
    /// Free buffers, the partition's: here while the host runs, else empty.
    pub(super) pool: BufferPool,
    pub(super) path_mtu: BTreeMap<IpAddr, (u16, SimTime)>,
    /// The way the last packet took, for the next of its flow.
    pub(super) last_way: Option<Way>,
    pub(super) reassembly: Reassembly,
    pub(super) sockets: Sockets,
    pub(super) random: Stream,
    /// Sleepers in the order they wake.
    pub(super) timers: BTreeMap<(SimTime, u64), Waker>,
    pub(super) next_timer: u64,
    pub(super) spawned: Vec<Task>,
    pub(super) processes: BTreeMap<ProcessId, Process>,
    pub(super) last_process: u32,
    pub(super) pipes: BTreeMap<u32, Vec<u8>>,
    pub(super) next_pipe: u32,
    pub(super) notes: Vec<Note>,
    pub(super) volume: Volume,
    pub(super) hostname: String,
    /// Whether somebody has chosen it, so that it outlives boots (cloud-init's `update_hostname`).
    pub(super) is_renamed: bool,
    pub(super) packages: BTreeSet<String>,
    pub(super) services: BTreeMap<String, Service>,
    /// Programs to wake when a service changes.
    pub(super) service_watchers: Vec<Waker>,
}

/// A service as the init system sees it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Service {
    /// Counts starts; a running instance stops when the number is no longer its own.
    pub(crate) generation: u32,
    /// Whether it is up.
    pub(crate) running: bool,
    /// Whether it starts at boot.
    pub(crate) enabled: bool,
}

impl Kernel {
    pub(super) fn new(config: HostConfig, now: SimTime) -> Kernel {
        let mut random = Stream::new(config.seed, "guest");
        let mut nics: Vec<Nic> = Vec::new();
        for interface in config.interfaces {
            let mut addresses: Vec<(IpAddr, u8)> =
                interface.ipv4.iter().map(|&(address, net)| (IpAddr::V4(address), net.prefix_len())).collect();
            addresses.extend(interface.ipv6.iter().map(|&(address, net)| (IpAddr::V6(address), net.prefix_len())));
            if !interface.ipv6.is_empty() {
                addresses.push((IpAddr::V6(link_local(interface.mac)), 64));
            }
            if nics.is_empty() {
                addresses.push((IpAddr::V4(Ipv4Addr::LOCALHOST), 8));
                addresses.push((IpAddr::V6(Ipv6Addr::LOCALHOST), 128));
            }
            let gateways = gateways(&interface);
            let own = addresses.iter().map(|&(address, _)| address).collect();
            let mut link = Link::new(interface.mac, own);
            for &gateway in &gateways {
                link.announce(now, gateway);
            }
            let stack = Stack::new(now, interface.mtu, &addresses, &gateways, random.next_u64());
            nics.push(Nic { config: interface, addresses, link, stack });
        }
        let resolver = config.resolver.file(config.profile);
        let volume = Volume::new(config.profile, &config.hostname, config.hosts_file, resolver);
        Kernel {
            now,
            epoch_nanos: config.epoch_nanos,
            profile: config.profile,
            programs: config.programs,
            package_mirror: config.package_mirror,
            nics,
            arrived: VecDeque::new(),
            loopback: VecDeque::new(),
            pool: BufferPool::default(),
            path_mtu: BTreeMap::new(),
            last_way: None,
            reassembly: Reassembly::default(),
            sockets: Sockets::default(),
            random,
            timers: BTreeMap::new(),
            next_timer: 0,
            spawned: Vec::new(),
            processes: BTreeMap::new(),
            last_process: 0,
            pipes: BTreeMap::new(),
            next_pipe: 0,
            notes: Vec::new(),
            volume,
            hostname: config.hostname,
            is_renamed: false,
            packages: config.profile.preinstalled().iter().map(|&name| name.to_owned()).collect(),
            services: BTreeMap::new(),
            service_watchers: Vec::new(),
        }
    }

    /// Lets an interface send at most `mtu` bytes from now on.
    pub(super) fn set_link_mtu(&mut self, interface: usize, mtu: u16) {
        let random_seed = self.random.next_u64();
        let Some(nic) = self.nics.get_mut(interface) else { return };
        nic.config.mtu = mtu;
        self.last_way = None;
        nic.stack.set_mtu(self.now, mtu, &nic.addresses, &gateways(&nic.config), random_seed);
    }

    /// Nanoseconds since 1970.
    pub(super) fn wall_clock(&self) -> i128 {
        self.epoch_nanos + i128::from(self.now.as_nanos())
    }

    /// Wakes every program whose time has come.
    pub(super) fn fire_timers(&mut self) {
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            entry.remove().wake();
        }
    }

    pub(super) fn set_timer(&mut self, at: SimTime, waker: Waker) -> (SimTime, u64) {
        let key = (at, self.next_timer);
        self.next_timer += 1;
        self.timers.insert(key, waker);
        key
    }

    /// A new process; its first program is spawned by the caller.
    pub(super) fn begin_process(&mut self) -> ProcessId {
        self.last_process += 1;
        let id = ProcessId(self.last_process);
        self.processes.insert(id, Process { started: self.now, terminal: Vec::new(), finished: None });
        id
    }

    pub(super) fn end_process(&mut self, id: ProcessId, exit: i32) {
        let now = self.now;
        if let Some(process) = self.processes.get_mut(&id) {
            process.finished = Some((exit, now));
        }
    }

    pub(super) fn take_finished(&mut self, id: ProcessId) -> Option<Finished> {
        let (exit, ended) = self.processes.get(&id)?.finished?;
        let Process { started, terminal, .. } = self.processes.remove(&id)?;
        Some(Finished { exit, terminal, started, ended })
    }

    /// Prints on a process's terminal. A program that outlives its process prints into the void.
    pub(super) fn print(&mut self, id: ProcessId, output: Output, bytes: &[u8]) {
        let Some(process) = self.processes.get_mut(&id).filter(|process| process.finished.is_none()) else { return };
        match process.terminal.last_mut() {
            Some((last, text)) if *last == output => text.extend_from_slice(bytes),
            _ => process.terminal.push((output, bytes.to_vec())),
        }
    }
}

/// An interface's default routers.
fn gateways(interface: &InterfaceConfig) -> Vec<IpAddr> {
    let InterfaceConfig { ipv4_gateway, ipv6_gateway, .. } = interface;
    ipv4_gateway.map(IpAddr::V4).into_iter().chain(ipv6_gateway.map(IpAddr::V6)).collect()
}
