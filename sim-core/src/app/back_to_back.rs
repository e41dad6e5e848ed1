//! What two guests cost by themselves: back to back, one frame handed over at a time, no fabric between them.
//!
//! Ignored among the tests, because they only measure; `README.md` of the benchmarks says how to run them. Processor time is
//! Linux's own account of this thread, so other programs on the machine disturb it little.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::Ipv4Addr;

use crate::engine::{SimDuration, SimTime};
use crate::host::{Host, HostConfig, InterfaceConfig, ProcessId, Profile};
use crate::net::{BufferPool, MacAddr};

/// Two guests and the frames between them.
struct Pair {
    hosts: [Host; 2],
    wakes: [Option<SimTime>; 2],
    pool: BufferPool,
    now: SimTime,
    flying: VecDeque<(usize, Vec<u8>)>,
    frames: u64,
}

fn host(number: u8, mtu: u16) -> Host {
    let net = "10.0.0.0/24".parse().expect("a prefix");
    let config = HostConfig {
        profile: Profile::AmazonLinux2,
        hostname: format!("ip-10-0-0-{number}"),
        interfaces: vec![InterfaceConfig {
            mac: MacAddr::local(u64::from(number)),
            mtu,
            ipv4: vec![(Ipv4Addr::new(10, 0, 0, number), net)],
            ipv6: Vec::new(),
            ipv4_gateway: None,
            ipv6_gateway: None,
        }],
        seed: u64::from(number),
        epoch_nanos: 0,
        hosts_file: Vec::new(),
        programs: super::programs(),
    };
    Host::new(config, SimTime::ZERO)
}

impl Pair {
    fn new(mtu: u16) -> Pair {
        Pair {
            hosts: [host(1, mtu), host(2, mtu)],
            wakes: [Some(SimTime::ZERO); 2],
            pool: BufferPool::default(),
            now: SimTime::ZERO,
            flying: VecDeque::new(),
            frames: 0,
        }
    }

    fn start(&mut self, host: usize, line: &str) -> ProcessId {
        self.wakes[host] = Some(self.now);
        self.hosts[host].start(self.now, line)
    }

    fn run_host(&mut self, host: usize) {
        let flying = &mut self.flying;
        self.hosts[host].run(self.now, &mut self.pool, &mut |_, frame| flying.push_back((1 - host, frame)));
        self.wakes[host] = self.hosts[host].next_wake();
    }

    /// Goes on until a command line has ended, and answers what it printed.
    fn wait_for(&mut self, host: usize, process: ProcessId) -> String {
        loop {
            while let Some(due) = (0..2).find(|&host| self.wakes[host].is_some_and(|at| at <= self.now)) {
                self.run_host(due);
            }
            if let Some((to, frame)) = self.flying.pop_front() {
                self.frames += 1;
                self.now += SimDuration::from_micros(1);
                self.hosts[to].receive(self.now, 0, frame);
                self.run_host(to);
                continue;
            }
            if let Some(finished) = self.hosts[host].take_finished(process) {
                let text = finished.terminal.into_iter().flat_map(|(_, text)| text).collect();
                return String::from_utf8(text).expect("programs print text");
            }
            self.now = self.wakes.into_iter().flatten().min().expect("something is left to happen").max(self.now);
        }
    }
}

/// Nanoseconds this thread has had the processor.
fn processor_time() -> u64 {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux keeps this account");
    account.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("its first number is the time")
}

/// Measures `command` on the first host five times, and prints the processor time for each frame and for each of `units`.
fn measure(name: &str, pair: &mut Pair, command: &str, units: u64) {
    let mut times: Vec<(u64, u64)> = (0..5)
        .map(|_| {
            let (before, frames) = (processor_time(), pair.frames);
            let process = pair.start(0, command);
            pair.wait_for(0, process);
            (processor_time() - before, pair.frames - frames)
        })
        .collect();
    times.sort_unstable();
    let (nanos, frames) = times[times.len() / 2];
    let (by_frame, by_unit) = (nanos as f64 / frames as f64, nanos as f64 / units as f64);
    let line = format!("{name}: {by_frame:.1} ns a frame, {frames} frames; {by_unit:.2} ns a unit of {units}");
    writeln!(io::stderr(), "{line}").expect("a measurement is there to be read");
}

#[test]
#[ignore = "a measurement"]
fn bulk_tcp() {
    for mtu in [1500, 9001] {
        let mut pair = Pair::new(mtu);
        pair.start(1, "iperf3 -s");
        measure(&format!("TCP at MTU {mtu}"), &mut pair, "iperf3 -c 10.0.0.2 -n 256M -w 256K -i 0", 256 << 20);
    }
}

#[test]
#[ignore = "a measurement"]
fn download() {
    let mut pair = Pair::new(1500);
    let setup = "sudo yum -y install httpd; sudo systemctl start httpd; sudo truncate -s 60M /var/www/html/large";
    let setup = pair.start(1, setup);
    pair.wait_for(1, setup);
    measure("download", &mut pair, "curl -s -o /dev/null 10.0.0.2/large", 60 << 20);
}

#[test]
#[ignore = "a measurement"]
fn udp() {
    for len in [512, 1472] {
        let mut pair = Pair::new(1500);
        pair.start(1, "iperf3 -s");
        let command = format!("iperf3 -c 10.0.0.2 -u -b 1G -t 1 -l {len} -i 0");
        measure(&format!("UDP of {len} bytes"), &mut pair, &command, 1_000_000_000 / 8 / len);
    }
}

#[test]
#[ignore = "a measurement"]
fn ping() {
    let mut pair = Pair::new(1500);
    measure("ping -q", &mut pair, "ping -q -i 0.01 -c 100000 10.0.0.2", 100_000);
    measure("ping", &mut pair, "ping -i 0.01 -c 100000 10.0.0.2", 100_000);
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let account = std::fs::read_to_string("/proc/self/statm").expect("Linux keeps this account");
    PAGE * account.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("its second number is pages")
}

#[test]
#[ignore = "a measurement"]
fn idle_hosts() {
    const HOSTS: u64 = 20_000;
    let mut pool = BufferPool::default();
    let before = resident();
    let mut hosts: Vec<Host> = (0..HOSTS).map(|_| host(1, 1500)).collect();
    for host in &mut hosts {
        host.run(SimTime::ZERO, &mut pool, &mut |_, _| {});
    }
    let line = format!("{} bytes for each awake, idle host", (resident() - before) / HOSTS);
    writeln!(io::stderr(), "{line}").expect("a measurement is there to be read");
}
