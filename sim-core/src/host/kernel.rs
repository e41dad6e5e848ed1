//! The kernel of a guest: everything that outlives a program – interfaces, sockets, files, timers, terminals, packages.
//!
//! It is one plain value with one owner, the [`Host`](super::Host), which lends it to the programs while they run (see
//! [`executor`](super::executor)). What belongs to packets is in `network.rs`, what belongs to sockets in `socket.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::task::Waker;

use super::executor::{Foreground, Task};
use super::files::{FileSystem, Volume};
use super::fragment::Reassembly;
use super::job::Jobs;
use super::lease::Lease;
use super::netfilter::Netfilter;
use super::network::{Way, WayTo};
use super::nic::Nic;
use super::pipe::Pipe;
use super::probe::Probes;
use super::routes::StaticRoute;
use super::shell::Shell;
use super::socket::Sockets;
use super::tap::Tap;
use super::timers::Timers;
use super::transfer::{Ticket, Transfer};
use super::{Finished, HostConfig, InterfaceConfig, Note, Output, ProcessId, Profile, Programs};
use crate::engine::{SimTime, Stream};
use crate::net::BufferPool;

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
    /// Frames since the host ran last, at which interface, and whether somebody asks after them.
    pub(super) arrived: VecDeque<(usize, Vec<u8>, Option<Ticket>)>,
    /// Of the frame that is being read.
    pub(super) ticket: Option<Ticket>,
    /// What became of packets for others, until it is taken.
    pub(super) transfers: Vec<Transfer>,
    /// Packets to ourselves, with the time they arrive and at which interface.
    pub(super) loopback: VecDeque<(SimTime, usize, Vec<u8>)>,
    /// Free buffers, the partition's: here while the host runs, else empty.
    pub(super) pool: BufferPool,
    pub(super) path_mtu: BTreeMap<IpAddr, (u16, SimTime)>,
    /// The way the last packet took, for the next of its flow.
    pub(super) last_way: Option<Way>,
    /// The way of the last packet that a program sent, for the next to the same destination.
    pub(super) last_way_to: Option<WayTo>,
    /// Set by hand.
    pub(super) routes: Vec<StaticRoute>,
    pub(super) reassembly: Reassembly,
    pub(super) netfilter: Netfilter,
    pub(super) sockets: Sockets,
    pub(super) probes: Probes,
    pub(super) taps: Vec<Tap>,
    pub(super) random: Stream,
    pub(super) timers: Timers,
    pub(super) spawned: Vec<Task>,
    /// What the program that is polled now has in its foreground.
    pub(super) foreground: Foreground,
    pub(super) processes: BTreeMap<ProcessId, Process>,
    /// Whether a process has ended since somebody asked.
    pub(super) has_ended: bool,
    pub(super) last_process: u32,
    pub(super) jobs: Jobs,
    pub(super) pipes: BTreeMap<u32, Pipe>,
    pub(super) next_pipe: u32,
    pub(super) notes: Vec<Note>,
    pub(super) volume: Volume,
    /// Programs to wake when a file changes.
    pub(super) file_watchers: Vec<Waker>,
    /// What its DHCP client has got, if it has one.
    pub(super) lease: Option<Lease>,
    pub(super) hostname: String,
    /// The shell of the terminal at which users type, between two lines.
    pub(super) login: Option<Shell>,
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
        let interfaces = config.interfaces.into_iter().enumerate();
        let nics = interfaces
            .map(|(number, interface)| Nic::new(now, config.profile, number, interface, random.next_u64()))
            .collect();
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
            ticket: None,
            transfers: Vec::new(),
            loopback: VecDeque::new(),
            pool: BufferPool::default(),
            path_mtu: BTreeMap::new(),
            last_way: None,
            last_way_to: None,
            routes: Vec::new(),
            reassembly: Reassembly::default(),
            netfilter: Netfilter::default(),
            sockets: Sockets::default(),
            probes: Probes::default(),
            taps: Vec::new(),
            random,
            timers: Timers::default(),
            spawned: Vec::new(),
            foreground: Foreground::default(),
            processes: BTreeMap::new(),
            has_ended: false,
            last_process: 0,
            jobs: Jobs::default(),
            pipes: BTreeMap::new(),
            next_pipe: 0,
            notes: Vec::new(),
            volume,
            file_watchers: Vec::new(),
            lease: None,
            hostname: config.hostname,
            login: None,
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
        nic.set_mtu(self.now, mtu, random_seed);
        self.forget_ways();
    }

    /// Sets up an interface that was attached, or one whose addresses have changed. Without addresses it is gone.
    pub(super) fn configure(&mut self, interface: usize, config: InterfaceConfig) {
        let random_seed = self.random.next_u64();
        self.forget_ways();
        match self.nics.get_mut(interface) {
            Some(nic) => nic.configure(self.now, interface, config, random_seed),
            None => self.nics.push(Nic::new(self.now, self.profile, interface, config, random_seed)),
        }
    }

    /// Reads or changes files; who waits for a change hears of it.
    pub(super) fn change_files<R>(&mut self, f: impl FnOnce(&mut FileSystem) -> R) -> R {
        let files = self.volume.files();
        let before = files.changes();
        let result = f(files);
        if files.changes() != before {
            self.file_watchers.drain(..).for_each(Waker::wake);
        }
        result
    }

    /// Nanoseconds since 1970.
    pub(super) fn wall_clock(&self) -> i128 {
        self.epoch_nanos + i128::from(self.now.as_nanos())
    }

    /// Hands over the frames that leave, in order.
    pub(super) fn send_frames(&mut self, send: &mut dyn FnMut(usize, Vec<u8>)) {
        for interface in 0..self.nics.len() {
            while let Some(frame) = self.nics[interface].link.outbox.pop_front() {
                if !self.taps.is_empty() {
                    self.show_frame(interface, true, &frame);
                }
                send(interface, frame);
            }
        }
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
            process.finished.get_or_insert((exit, now));
            self.has_ended = true;
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
