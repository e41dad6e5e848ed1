//! Guests: the inside of an instance. One smoltcp stack per network interface, processes, a shell, files.
//!
//! A host is sans-I/O: it is given frames and the time, and gives back frames and the time when it wants to be called again.
//! It knows neither AWS nor the fabric. It is `Send`, so that a partition can run on any thread.

mod profile;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::engine::SimTime;
use crate::net::MacAddr;

pub use profile::Profile;

/// What a host is made from.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// How its tools and its kernel look.
    pub profile: Profile,
    /// The host name at first boot, as in `ip-10-41-1-100`.
    pub hostname: String,
    /// eth0, eth1…
    pub interfaces: Vec<InterfaceConfig>,
    /// Seed of everything random inside: ISNs, ports, ICMP ids.
    pub seed: u64,
    /// Wall-clock time at virtual time 0, in nanoseconds since 1970.
    pub epoch_nanos: i128,
    /// Static names, as `/etc/hosts` has them.
    pub hosts_file: Vec<(IpAddr, String)>,
}

/// A network interface as the guest's DHCP client would have set it up.
#[derive(Clone, Debug)]
pub struct InterfaceConfig {
    /// Its hardware address.
    pub mac: MacAddr,
    /// Largest IP packet, in bytes.
    pub mtu: u16,
    /// Addresses with their subnet's prefix.
    pub ipv4: Vec<(Ipv4Addr, Ipv4Net)>,
    /// Addresses with their subnet's prefix.
    pub ipv6: Vec<(Ipv6Addr, Ipv6Net)>,
    /// The default router (ADDR-12).
    pub ipv4_gateway: Option<Ipv4Addr>,
    /// The IPv6 default router.
    pub ipv6_gateway: Option<Ipv6Addr>,
}

/// A program started on a host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProcessId(pub u32);

/// Where a piece of output went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit status.
    pub exit: i32,
    /// What it printed, in order, as a terminal would have shown it.
    pub terminal: Vec<(Output, Vec<u8>)>,
    /// When it started.
    pub started: SimTime,
    /// When it ended.
    pub ended: SimTime,
}

/// Something vpcsim has to say about a guest, never mistaken for a tool's own output: a user-data line that was not
/// understood, a command or option that is not simulated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What is not simulated and what will not happen.
    pub text: String,
    /// The line of the script, counted from 1, when it was a script.
    pub line: Option<u32>,
}

/// A host that is awake.
pub struct Host {
    _private: (),
}

impl Host {
    /// Boots a host: interfaces are up, nothing runs.
    pub fn new(_config: HostConfig, _now: SimTime) -> Host {
        Host { _private: () }
    }

    /// Starts a command line, as typed in a login shell of user `ec2-user` (root where `as_root`).
    pub fn start(&mut self, _now: SimTime, _command_line: &str) -> ProcessId {
        ProcessId(0)
    }

    /// Starts the user data as cloud-init does at first boot: as root, output to `/var/log/cloud-init-output.log`.
    pub fn start_user_data(&mut self, _now: SimTime, _script: &str) -> ProcessId {
        ProcessId(0)
    }

    /// A frame arrives at an interface. Call [`run`](Self::run) afterwards.
    pub fn receive(&mut self, _now: SimTime, _interface: usize, _frame: Vec<u8>) {}

    /// Lets the stacks and programs run until nothing more happens at `now`; frames to send are handed to `send` with their
    /// interface's number, in order.
    pub fn run(&mut self, _now: SimTime, _send: &mut dyn FnMut(usize, Vec<u8>)) {}

    /// When [`run`](Self::run) wants to be called again if no frame arrives before.
    pub fn next_wake(&self) -> Option<SimTime> {
        None
    }

    /// Takes what a program left, once it has ended.
    pub fn take_finished(&mut self, _process: ProcessId) -> Option<Finished> {
        None
    }

    /// Takes what has to be said about the guest since the last call.
    pub fn take_notes(&mut self) -> Vec<Note> {
        Vec::new()
    }
}
