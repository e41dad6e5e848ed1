//! `tracepath` (iputils): the path and its MTU, hop by hop, by datagrams that may not be fragmented.

use std::net::{IpAddr, SocketAddr};

use crate::app::options::{Options, Parsed};
use crate::app::resolve::{Family, resolve, reverse};
use crate::engine::SimDuration;
use crate::host::{Errno, IcmpError, PathMtuDiscovery, Probe, ProbeEvent, ProbeKind, ProbeSocket, Sys};

/// Where its datagrams go, and one further with every hop.
const BASE_PORT: u16 = 44_444;
/// How often a silent hop is asked, and for how long each time.
const TRIES: u32 = 3;
const WAIT: SimDuration = SimDuration::from_secs(1);
/// The largest packet there is: the first probe has that size and shrinks at once to the interface's MTU.
const PACKET_MAX: usize = 65_535;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut hops_max, mut mtu, mut target) = (30_u8, PACKET_MAX, None);
    let (mut numeric, mut both) = (false, false);
    let mut family = if arguments[0].ends_with('6') { Family::V6 } else { Family::Any };
    for parsed in Options::new(&arguments, "lmp") {
        match parsed {
            Parsed::Flag('n') => numeric = true,
            Parsed::Flag('b') => both = true,
            Parsed::Flag('4') => family = Family::V4,
            Parsed::Flag('6') => family = Family::V6,
            Parsed::Value('m', value) => hops_max = value.parse().unwrap_or(hops_max),
            Parsed::Value('l', value) => mtu = value.parse().unwrap_or(mtu),
            Parsed::Operand(word) => target = Some(word.split('/').next().unwrap_or(word).to_owned()),
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("tracepath", &format!("-{letter}"));
            }
            Parsed::Long(name) => return sys.not_simulated("tracepath", &format!("--{name}")),
        }
    }
    let Some(target) = target else {
        sys.eprint("tracepath: usage error: Destination required\n");
        return 255;
    };
    let address = match resolve(&sys, &target, family).await {
        Ok(address) => address,
        Err(error) => {
            sys.eprint(format!("tracepath: {target}: {error}\n"));
            return 1;
        }
    };
    let socket = sys.probe_open();
    let source_port = sys.free_port();
    let naming = match (numeric, both) {
        (true, _) => Naming::Addresses,
        (false, true) => Naming::Both,
        (false, false) => Naming::Names,
    };
    Tracer { sys, socket, source_port, address, naming, hops_max, mtu }.run().await
}

/// How hops are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Naming {
    Names,
    /// `-n`.
    Addresses,
    /// `-b`.
    Both,
}

struct Tracer {
    sys: Sys,
    socket: ProbeSocket,
    source_port: u16,
    address: IpAddr,
    naming: Naming,
    hops_max: u8,
    mtu: usize,
}

impl Tracer {
    async fn run(mut self) -> i32 {
        for ttl in 1..=self.hops_max {
            let mut answered = false;
            let mut tries = 0;
            while tries < TRIES {
                let sent = self.sys.now();
                match self.send(ttl) {
                    Ok(()) => {}
                    // The interface itself is the first to say what it carries.
                    Err(Errno::MessageTooLong { mtu }) => {
                        self.mtu = usize::from(mtu);
                        let place = "[LOCALHOST]";
                        self.sys.print(format!("{ttl:2}?: {place:<32} pmtu {mtu}\n"));
                        continue;
                    }
                    Err(_) => {
                        self.sys.print(format!("{ttl:2}:  send failed\n     Resume: pmtu {} \n", self.mtu));
                        return 0;
                    }
                }
                let Ok(event) = self.sys.before(Some(sent + WAIT), self.socket.recv()).await else {
                    tries += 1;
                    continue;
                };
                let elapsed = event.at.since(sent).as_micros();
                let time = format!("{:>3}.{:03}ms ", elapsed / 1_000, elapsed % 1_000);
                answered = true;
                if let Some(IcmpError::TooBig { mtu }) = event.error {
                    self.mtu = (mtu as usize).min(self.mtu);
                    self.show(ttl, event.from, &format!("{time}pmtu {}", self.mtu)).await;
                    continue;
                }
                if self.hop(ttl, &event, &time).await {
                    return 0;
                }
                break;
            }
            if !answered {
                self.sys.print(format!("{ttl:2}:  no reply\n"));
            }
        }
        self.sys.print(format!("     Too many hops: pmtu {}\n     Resume: pmtu {} \n", self.mtu, self.mtu));
        0
    }

    fn send(&self, ttl: u8) -> Result<(), Errno> {
        let overhead = if self.address.is_ipv4() { 28 } else { 48 };
        let destination = SocketAddr::new(self.address, BASE_PORT + u16::from(ttl));
        self.socket.send(Probe {
            kind: ProbeKind::Udp { payload: self.mtu.saturating_sub(overhead) },
            source_port: self.source_port,
            destination,
            ttl,
            discovery: PathMtuDiscovery::Do,
        })
    }

    /// Prints who answered; says whether that was the end of the path.
    async fn hop(&self, ttl: u8, event: &ProbeEvent, time: &str) -> bool {
        let back = back_hops(event.ttl);
        let (text, over) = match event.error {
            Some(IcmpError::TimeExceeded) if back != u32::from(ttl) => (format!("{time}asymm {back:2} "), false),
            Some(IcmpError::TimeExceeded) => (time.to_owned(), false),
            None | Some(IcmpError::PortUnreachable) => (format!("{time}reached"), true),
            Some(IcmpError::HostUnreachable) => (format!("{time}!H"), true),
            Some(IcmpError::NetUnreachable) => (format!("{time}!N"), true),
            Some(IcmpError::ProtocolUnreachable) => (format!("{time}!P"), true),
            Some(_) => (format!("{time}!A"), true),
        };
        self.show(ttl, event.from, &text).await;
        if over {
            let reached = matches!(event.error, None | Some(IcmpError::PortUnreachable));
            let hops = if reached { format!("hops {ttl} back {back} ") } else { String::new() };
            self.sys.print(format!("     Resume: pmtu {} {hops}\n", self.mtu));
        }
        over
    }

    /// Prints a hop's line. One that has no name is shown by its address.
    async fn show(&self, ttl: u8, from: IpAddr, text: &str) {
        let name = match self.naming {
            Naming::Addresses => None,
            Naming::Names | Naming::Both => reverse(&self.sys, from).await,
        };
        let who = match (name, self.naming) {
            (None, _) => from.to_string(),
            (Some(name), Naming::Both) => format!("{name} ({from})"),
            (Some(name), _) => name,
        };
        self.sys.print(format!("{ttl:2}:  {who:<52}{text}\n"));
    }
}

/// How many hops an answer took, from the TTL that it came with: hosts begin with 64, 128 or 255.
fn back_hops(ttl: u8) -> u32 {
    let first = match ttl {
        ..=64 => 64,
        65..=128 => 128,
        129.. => 255,
    };
    first + 1 - u32::from(ttl)
}
