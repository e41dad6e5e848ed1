//! Guests talking to each other over a wire that answers nothing by itself.

mod awk;
mod curl;
mod forwarding;
mod guest;
mod httpd;
mod ip;
mod iperf3;
mod iptables;
mod jobs;
mod mtr;
mod nc;
mod ping;
mod pipelines;
mod shell;
mod sockets;
mod ssh;
mod tcpdump;
mod traceroute;
mod truncate;
mod user_data;
mod wget;

use std::net::{IpAddr, Ipv4Addr};

use crate::engine::{SimDuration, SimTime};
use crate::host::{Finished, Host, HostConfig, InterfaceConfig, Note, Output, ProcessId, Profile, ResolverConfig};
use crate::net::{BufferPool, Frame, MacAddr, lower_ttl};

/// One-way latency of the wire.
const LATENCY: SimDuration = SimDuration::from_micros(100);
/// 2024-01-01T00:00:00Z.
const EPOCH: i128 = 1_704_067_200_000_000_000;

/// What stands between the guests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// A cable: both are in one subnet.
    Cable,
    /// Each has its own subnet; a router answers ARP for the gateways and swaps station addresses, as a VPC does. It never
    /// asks for anybody.
    Router,
    /// A router that forwards nothing.
    BlackHole,
    /// As `Router`, with a hop between, 10.0.9.2, that lowers the TTL, carries 1500 bytes, and says what it does not forward.
    Hop,
}

struct Lab {
    hosts: Vec<Host>,
    pool: BufferPool,
    now: SimTime,
    wire: Wire,
    /// Until then the router answers no ARP.
    deaf_until: SimTime,
    /// Frames on their way: arrival, order, host, bytes.
    flying: std::collections::BTreeMap<(SimTime, u64), (usize, Vec<u8>)>,
    sent: u64,
    /// Everything that was sent, by whom and when.
    log: Vec<(SimTime, usize, Vec<u8>)>,
}

fn address(host: usize, wire: Wire) -> Ipv4Addr {
    let third = if wire == Wire::Cable { 1 } else { 1 + host as u8 };
    Ipv4Addr::new(10, 0, third, 100 + host as u8)
}

fn config(host: usize, wire: Wire, profile: Profile, seed: u64) -> HostConfig {
    let own = address(host, wire);
    let [a, b, c, _] = own.octets();
    let net = format!("{a}.{b}.{c}.0/24").parse().expect("a prefix");
    HostConfig {
        profile,
        hostname: format!("ip-{a}-{b}-{c}-{}", own.octets()[3]),
        interfaces: vec![InterfaceConfig {
            mac: MacAddr::local(host as u64 + 1),
            mtu: 9001,
            ipv4: vec![(own, net)],
            ipv6: Vec::new(),
            ipv4_gateway: (wire != Wire::Cable).then(|| Ipv4Addr::new(a, b, c, 1)),
            ipv6_gateway: None,
        }],
        seed: seed + host as u64,
        epoch_nanos: EPOCH,
        hosts_file: vec![(IpAddr::V4(Ipv4Addr::new(10, 0, 1, 101)), "web".to_owned())],
        package_mirror: None,
        resolver: ResolverConfig { servers: vec![IpAddr::V4(Ipv4Addr::new(10, 0, 1, 2))], search: None },
        programs: super::programs(),
    }
}

impl Lab {
    fn new(wire: Wire, profile: Profile) -> Lab {
        Lab::with_seed(wire, profile, 7)
    }

    fn with_seed(wire: Wire, profile: Profile, seed: u64) -> Lab {
        let hosts = (0..2).map(|host| Host::new(config(host, wire, profile, seed), SimTime::ZERO)).collect();
        Lab {
            hosts,
            pool: BufferPool::default(),
            now: SimTime::ZERO,
            wire,
            deaf_until: SimTime::ZERO,
            flying: std::collections::BTreeMap::new(),
            sent: 0,
            log: Vec::new(),
        }
    }

    fn run_host(&mut self, host: usize) {
        let mut frames = Vec::new();
        self.hosts[host].run(self.now, &mut self.pool, &mut |_, frame| frames.push(frame));
        for frame in frames {
            self.log.push((self.now, host, frame.clone()));
            self.carry(host, frame);
        }
    }

    fn carry(&mut self, from: usize, mut frame: Vec<u8>) {
        const ARP: [u8; 2] = [0x08, 0x06];
        let router = MacAddr::local(0xff);
        let mut to = 1 - from;
        if self.wire != Wire::Cable {
            if frame[12..14] == ARP {
                let (own, asked) = (frame[6..12].to_vec(), frame[38..42].to_vec());
                // Only a request for a gateway is answered.
                if frame[21] != 1 || asked[3] != 1 || self.now < self.deaf_until {
                    return;
                }
                let asker = frame[28..32].to_vec();
                frame[..6].copy_from_slice(&own);
                frame[6..12].copy_from_slice(&router.0);
                frame[21] = 2;
                frame[22..28].copy_from_slice(&router.0);
                frame[28..32].copy_from_slice(&asked);
                frame[32..38].copy_from_slice(&own);
                frame[38..42].copy_from_slice(&asker);
                to = from;
            } else if self.wire == Wire::BlackHole {
                return;
            } else if let Some(error) = (self.wire == Wire::Hop).then(|| hop(&mut frame)).flatten() {
                frame = error;
                to = from;
            } else {
                assert_eq!(frame[..6], router.0, "what leaves the subnet is addressed to the router");
                frame[..6].copy_from_slice(&MacAddr::local(to as u64 + 1).0);
                frame[6..12].copy_from_slice(&router.0);
            }
        }
        self.sent += 1;
        self.flying.insert((self.now + LATENCY, self.sent), (to, frame));
    }

    /// Lets everything happen until `done` or nothing is left to happen.
    fn until(&mut self, mut done: impl FnMut(&mut Lab) -> bool) {
        for host in 0..self.hosts.len() {
            self.run_host(host);
        }
        for _ in 0..1_000_000 {
            if done(self) {
                return;
            }
            let wakes = self.hosts.iter_mut().filter_map(Host::next_wake).min();
            let arrival = self.flying.first_key_value().map(|(&(at, _), _)| at);
            let Some(next) = [wakes, arrival].into_iter().flatten().min() else { return };
            assert!(next >= self.now, "time never goes back");
            self.now = next;
            while let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= next) {
                let (host, frame) = entry.remove();
                self.hosts[host].receive(next, 0, frame, None);
            }
            for host in 0..self.hosts.len() {
                self.run_host(host);
            }
        }
        panic!("the lab never comes to rest");
    }

    fn wait_for(&mut self, host: usize, process: ProcessId) -> Finished {
        let mut finished = None;
        self.until(|lab| {
            finished = lab.hosts[host].take_finished(process);
            finished.is_some()
        });
        finished.expect("the command ends")
    }

    /// Types a command line and waits for its end.
    fn typed(&mut self, host: usize, line: &str) -> Run {
        let process = self.hosts[host].start(self.now, line);
        let finished = self.wait_for(host, process);
        self.collect(host, finished)
    }

    fn user_data(&mut self, host: usize, script: &str) -> Run {
        let process = self.hosts[host].start_user_data(self.now, script);
        let finished = self.wait_for(host, process);
        self.collect(host, finished)
    }

    fn collect(&mut self, host: usize, finished: Finished) -> Run {
        let text = |wanted: Output| {
            let parts = finished.terminal.iter().filter(|(output, _)| *output == wanted);
            String::from_utf8_lossy(&parts.flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<u8>>()).into_owned()
        };
        Run {
            exit: finished.exit,
            stdout: text(Output::Stdout),
            stderr: text(Output::Stderr),
            took: finished.ended.since(finished.started),
            notes: self.hosts[host].take_notes(),
        }
    }

    /// A web server on host 1 with a page.
    fn with_web_server(mut self) -> Lab {
        let run = self.user_data(
            1,
            "#!/bin/bash\nyum -y install httpd\nservice httpd start\necho '<h1>hello</h1>' > /var/www/html/index.html\n",
        );
        assert_eq!((run.exit, run.notes), (0, Vec::new()), "{}{}", run.stdout, run.stderr);
        self
    }
}

#[derive(Debug)]
struct Run {
    exit: i32,
    stdout: String,
    stderr: String,
    took: SimDuration,
    notes: Vec<Note>,
}

const AL2: Profile = Profile::AmazonLinux2;
const AL2023: Profile = Profile::AmazonLinux2023;

/// A router takes a frame: lowers its TTL, or answers why it does not go on.
fn hop(frame: &mut Vec<u8>) -> Option<Vec<u8>> {
    const ADDRESS: [u8; 4] = [10, 0, 9, 2];
    let mut taken = Frame::new(std::mem::take(frame));
    let fits = taken.bytes.len() <= 1514 || !taken.headers.ip.is_some_and(|ip| ip.dont_fragment);
    let lives = lower_ttl(&mut taken, 1);
    *frame = taken.bytes;
    match (lives, fits) {
        (false, _) => Some(icmp_from(ADDRESS, [11, 0], &frame[14..])),
        (true, false) => Some(icmp_from(ADDRESS, [3, 4], &frame[14..])),
        (true, true) => None,
    }
}

/// Type 3 with the gateway as its source, about a packet of host 0; the next-hop MTU is 1500.
fn icmp_error(code: u8, quoted: &[u8]) -> Vec<u8> {
    icmp_from([10, 0, 1, 1], [3, code], quoted)
}

/// An ICMP error about a packet of host 0.
fn icmp_from(from: [u8; 4], kind_and_code: [u8; 2], quoted: &[u8]) -> Vec<u8> {
    let mut message = vec![kind_and_code[0], kind_and_code[1], 0, 0, 0, 0, 0x05, 0xdc];
    message.extend_from_slice(&quoted[..quoted.len().min(548) / 2 * 2]);
    let sum = |bytes: &[u8]| {
        let total: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        (!((total & 0xffff) + (total >> 16)) as u16).to_be_bytes()
    };
    let checksum = sum(&message);
    message[2..4].copy_from_slice(&checksum);
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1, 100];
    header[12..16].copy_from_slice(&from);
    header[2..4].copy_from_slice(&((20 + message.len()) as u16).to_be_bytes());
    let checksum = sum(&header);
    header[10..12].copy_from_slice(&checksum);
    let mut frame = MacAddr::local(1).0.to_vec();
    frame.extend_from_slice(&MacAddr::local(0xff).0);
    frame.extend_from_slice(&[8, 0]);
    frame.extend_from_slice(&header);
    frame.extend_from_slice(&message);
    frame
}
