//! Guests talking to each other over a wire that answers nothing by itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use proptest::prelude::*;

use crate::engine::{SimDuration, SimTime};
use crate::host::{
    Finished, Host, HostConfig, InterfaceConfig, Note, Output, ProcessId, Profile, Program, Programs, ResolverConfig,
    Sys,
};
use crate::net::{BufferPool, MacAddr};

/// One-way latency of the wire.
const LATENCY: SimDuration = SimDuration::from_micros(100);
/// 2024-01-01T00:00:00Z.
const EPOCH: i128 = 1_704_067_200_000_000_000;

/// What stands between the guests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// A cable: both are in one subnet.
    Cable,
    /// Each has its own subnet; a router answers ARP for the gateways and swaps station addresses, as a VPC does. It never
    /// asks for anybody.
    Router,
    /// A router that forwards nothing.
    BlackHole,
}

pub(super) struct Lab {
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
    pub(super) fn new(wire: Wire, profile: Profile) -> Lab {
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
                self.hosts[host].receive(next, 0, frame);
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
    pub(super) fn typed(&mut self, host: usize, line: &str) -> Run {
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
    pub(super) fn with_web_server(mut self) -> Lab {
        let run = self.user_data(
            1,
            "#!/bin/bash\nyum -y install httpd\nservice httpd start\necho '<h1>hello</h1>' > /var/www/html/index.html\n",
        );
        assert_eq!((run.exit, run.notes), (0, Vec::new()), "{}{}", run.stdout, run.stderr);
        self
    }
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) exit: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    took: SimDuration,
    pub(super) notes: Vec<Note>,
}

pub(super) const AL2: Profile = Profile::AmazonLinux2;

#[test]
fn ping_prints_what_iputils_prints_and_the_first_reply_is_not_lost() {
    // L2-13: an Amazon Linux 2 host answers with 255. The router never asks for the guests, so the reply to the very first
    // packet has to wait for the guest's own ARP.
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.deaf_until = SimTime::ZERO + SimDuration::from_secs(4);
    lab.typed(0, "sleep 5");
    let run = lab.typed(0, "ping -c 2 10.0.2.101");
    assert_eq!(
        run.stdout,
        "PING 10.0.2.101 (10.0.2.101) 56(84) bytes of data.\n\
         64 bytes from 10.0.2.101: icmp_seq=1 ttl=255 time=0.400 ms\n\
         64 bytes from 10.0.2.101: icmp_seq=2 ttl=255 time=0.200 ms\n\
         \n\
         --- 10.0.2.101 ping statistics ---\n\
         2 packets transmitted, 2 received, 0% packet loss, time 1000ms\n\
         rtt min/avg/max/mdev = 0.200/0.300/0.400/0.100 ms\n"
    );
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
}

#[test]
fn what_goes_out_has_right_checksums() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    lab.typed(0, "ping -c 1 10.0.2.101; ping -c 1 -s 20000 10.0.2.101; curl 10.0.2.101; curl 10.0.2.101:81");
    let folded = |bytes: &[u8], start: u32| {
        let total = bytes
            .chunks(2)
            .fold(start, |sum, pair| sum + (u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&byte| u32::from(byte))));
        (total & 0xffff) + (total >> 16)
    };
    let mut seen = std::collections::BTreeSet::new();
    for (.., frame) in lab.log.iter().filter(|(.., frame)| frame[12..14] == [8, 0]) {
        let packet = &frame[14..];
        assert_eq!(folded(&packet[..20], 0), 0xffff, "IPv4 header");
        let fragment = u16::from_be_bytes([packet[6], packet[7]]) & 0x3fff != 0;
        let (protocol, payload) = (packet[9], &packet[20..]);
        seen.insert((protocol, fragment));
        if !fragment {
            let addresses = if protocol == 6 { folded(&packet[12..20], 6 + payload.len() as u32) } else { 0 };
            assert_eq!(folded(payload, addresses), 0xffff, "protocol {protocol}");
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(1, false), (1, true), (6, false)]);
}

#[test]
fn a_forgotten_neighbour_costs_no_packet() {
    // Entries are a minute old by then on both sides; the packets go out at once and the addresses are verified meanwhile.
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(0, "ping -c 1 10.0.2.101; sleep 90");
    let before = lab.log.len();
    let run = lab.typed(0, "ping -c 1 10.0.2.101");
    assert!(run.stdout.contains("1 received") && run.stdout.contains("time=0.200 ms"), "{run:?}");
    let asked = lab.log[before..].iter().filter(|(.., frame)| frame[12..14] == [8, 6]).count();
    assert_eq!(asked, 2, "each asks its gateway once");
}

#[test]
fn more_clients_than_the_backlog_holds_are_all_served() {
    // All SYNs arrive at one moment, before the server can accept any of them (listen(2): 128 wait).
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    let run = lab.typed(
        0,
        "for i in {1..200}; do curl -s -m 3 10.0.1.101 > /tmp/$i & done; sleep 4; cat /tmp/* | grep -c hello",
    );
    assert_eq!(run.stdout, "200\n", "connections beyond the backlog are served when their SYN is repeated: {run:?}");
}

#[test]
fn initial_ttl_is_the_images() {
    for (profile, ttl) in [
        (AL2, "ttl=255"),
        (Profile::AmazonLinux2023, "ttl=64"),
        (Profile::Ubuntu, "ttl=64"),
        (Profile::Windows, "ttl=128"),
    ] {
        let run = Lab::new(Wire::Cable, profile).typed(0, "ping -c 1 10.0.1.101");
        assert!(run.stdout.contains(ttl), "{profile:?}: {}", run.stdout);
    }
}

#[test]
fn a_silent_drop_is_full_loss_and_exit_1() {
    // L2-21.
    let mut lab = Lab::new(Wire::BlackHole, AL2);
    let run = lab.typed(0, "ping -c 3 10.0.2.101");
    assert_eq!(
        run.stdout,
        "PING 10.0.2.101 (10.0.2.101) 56(84) bytes of data.\n\n--- 10.0.2.101 ping statistics ---\n\
         3 packets transmitted, 0 received, 100% packet loss, time 2000ms\n\n"
    );
    assert_eq!((run.exit, run.took.as_secs()), (1, 12));
}

#[test]
fn an_address_nobody_has_is_unreachable_after_three_arp_probes() {
    // L2-4.
    let mut lab = Lab::new(Wire::Cable, AL2);
    let run = lab.typed(0, "ping -c 3 10.0.1.77");
    assert_eq!(
        run.stdout,
        "PING 10.0.1.77 (10.0.1.77) 56(84) bytes of data.\n\
         From 10.0.1.100 icmp_seq=1 Destination Host Unreachable\n\
         From 10.0.1.100 icmp_seq=2 Destination Host Unreachable\n\
         From 10.0.1.100 icmp_seq=3 Destination Host Unreachable\n\
         \n--- 10.0.1.77 ping statistics ---\n\
         3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms\npipe 3\n"
    );
    assert_eq!(run.exit, 1);
    let run = lab.typed(0, "curl 10.0.1.77");
    assert_eq!(run.exit, 7);
    assert_eq!(
        run.stderr,
        "curl: (7) Failed to connect to 10.0.1.77 port 80 after 3000 ms: Couldn't connect to server\n"
    );
    assert_eq!(lab.typed(0, "ip neigh").stdout, "10.0.1.77 dev eth0 FAILED \n");
}

#[test]
fn without_a_route_nothing_is_sent() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let run = lab.typed(0, "ping -c 1 192.0.2.1");
    assert_eq!((run.exit, run.stderr.as_str()), (2, "connect: Network is unreachable\n"));
    let run = lab.typed(0, "curl -v 192.0.2.1");
    assert_eq!(run.exit, 7);
    assert!(
        run.stderr
            .ends_with("curl: (7) Failed to connect to 192.0.2.1 port 80 after 0 ms: Couldn't connect to server\n")
    );
    assert!(lab.log.iter().all(|(.., frame)| frame[12..14] == [0x08, 0x06]), "only ARP went out");
}

#[test]
fn ping_options() {
    for (line, exit, expected) in [
        ("ping -c1 -s 1472 10.0.1.101", 0, "1480 bytes from 10.0.1.101: icmp_seq=1"),
        ("ping -c1 -s 8 10.0.1.101", 0, "16 bytes from 10.0.1.101: icmp_seq=1 ttl=255\n"),
        ("ping -q -c2 10.0.1.101", 0, "data.\n\n--- 10.0.1.101"),
        ("ping -c1 -s 20000 10.0.1.101", 0, "20008 bytes from 10.0.1.101: icmp_seq=1"),
        ("ping -c1 -D 10.0.1.101", 0, "[1704067200."),
        ("ping -c1 web", 0, "64 bytes from web (10.0.1.101): icmp_seq=1"),
        ("ping -c1 -I eth0 10.0.1.101", 0, "PING 10.0.1.101 (10.0.1.101) from 10.0.1.100 eth0: 56(84)"),
        ("ping -c 1 -w 2 10.0.1.77", 1, "2 packets transmitted, 0 received, 100% packet loss, time 1000ms\n"),
        ("ping -c 1 -W 1 10.0.1.77", 1, "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, line);
        assert!(run.stdout.contains(expected), "{line}: {run:?}");
        assert_eq!(run.exit, exit, "{line}");
    }
    for (line, exit, expected) in [
        ("ping -M do -c 1 -s 8974 10.0.1.101", 1, "ping: local error: Message too long, mtu=9001\n"),
        ("ping -c 0 10.0.1.101", 1, "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n"),
        ("ping -R 10.0.1.101", 2, "vpcsim: ping: option '-R' is not simulated\n"),
        ("ping -c1 nosuch.invalid", 2, "ping: nosuch.invalid: Temporary failure in name resolution\n"),
        ("ping -I nope0 10.0.1.101", 2, "ping: SO_BINDTODEVICE nope0: No such device\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, line);
        assert_eq!((run.stderr.as_str(), run.exit), (expected, exit), "{line}");
    }
    // The largest that fits goes through.
    assert_eq!(Lab::new(Wire::Cable, AL2).typed(0, "ping -M do -c 1 -s 8973 10.0.1.101").exit, 0);
}

#[test]
fn a_ping_without_a_count_is_interrupted_and_says_so() {
    let run = Lab::new(Wire::Cable, AL2).typed(0, "ping 10.0.1.101");
    assert!(run.stdout.contains("10 packets transmitted, 10 received, 0% packet loss, time 9000ms"), "{run:?}");
    assert_eq!((run.exit, run.notes.len()), (0, 1));
}

#[test]
fn a_host_answers_itself() {
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    for line in
        ["ping -c1 127.0.0.1", "ping -c1 10.0.1.101", "ping -c1 localhost", "curl -s localhost", "curl 10.0.1.101"]
    {
        let run = lab.typed(1, line);
        assert_eq!(run.exit, 0, "{line}: {run:?}");
    }
}

#[test]
fn a_page_is_fetched() {
    for wire in [Wire::Cable, Wire::Router] {
        let mut lab = Lab::new(wire, AL2).with_web_server();
        let web = address(1, wire);
        let run = lab.typed(0, &format!("curl {web}"));
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "<h1>hello</h1>\n", ""));
        let run = lab.typed(0, &format!("curl -sI http://{web}/"));
        assert!(run.stdout.starts_with("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:0"), "{}", run.stdout);
        assert!(
            run.stdout.contains("\r\nContent-Length: 15\r\n") && run.stdout.ends_with("\r\n\r\n"),
            "{}",
            run.stdout
        );
        let run = lab.typed(0, &format!("curl -s -o /dev/null -w '%{{http_code}}\\n' {web}/missing"));
        assert_eq!((run.exit, run.stdout.as_str()), (0, "404\n"));
        let run = lab.typed(0, &format!("curl -f {web}/missing"));
        assert_eq!((run.exit, run.stderr.as_str()), (22, "curl: (22) The requested URL returned error: 404\n"));
    }
}

#[test]
fn a_closed_port_refuses_and_an_open_one_does_not() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(0, "curl 10.0.2.101");
    assert_eq!(run.exit, 7);
    assert_eq!(
        run.stderr,
        "curl: (7) Failed to connect to 10.0.2.101 port 80 after 0 ms: Couldn't connect to server\n"
    );
    // sshd listens from boot, and does not speak HTTP.
    assert_eq!(lab.typed(0, "curl -s 10.0.2.101:22").exit, 1);
}

#[test]
fn a_silent_peer_times_out_as_the_kernel_does() {
    for (line, seconds, text) in [
        ("curl 10.0.2.101", 127, "Failed to connect to 10.0.2.101 port 80 after 127000 ms: Couldn't connect to server"),
        ("curl -m 2 10.0.2.101", 2, "Connection timed out after 2000 milliseconds"),
        (
            "curl --connect-timeout 3 10.0.2.101",
            3,
            "Failed to connect to 10.0.2.101 port 80 after 3000 ms: Timeout was reached",
        ),
    ] {
        let mut lab = Lab::new(Wire::BlackHole, AL2);
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.took.as_secs()), (28, seconds), "{line}: {run:?}");
        assert_eq!(run.stderr, format!("curl: (28) {text}\n"));
        if seconds == 127 {
            let at: Vec<u64> = lab
                .log
                .iter()
                .filter(|(.., frame)| frame[12..14] == [8, 0])
                .map(|(at, ..)| at.as_nanos() / 1_000_000_000)
                .collect();
            assert_eq!(at, [0, 1, 3, 7, 15, 31, 63], "SYNs go out at doubling distances");
        }
        // Nothing is left behind that would wake the host again.
        lab.until(|_| false);
        assert!(lab.now <= SimTime::ZERO + SimDuration::from_secs(130), "asleep costs nothing: {}", lab.now);
    }
}

#[test]
fn curl_words_follow_the_image() {
    for (profile, text) in [
        (AL2, "Couldn't connect to server"),
        (Profile::AmazonLinux2023, "Could not connect to server"),
        (Profile::Ubuntu, "Couldn't connect to server"),
    ] {
        let run = Lab::new(Wire::Cable, profile).typed(0, "curl 10.0.1.101");
        assert!(run.stderr.contains(text), "{profile:?}: {}", run.stderr);
    }
}

#[test]
fn curl_refuses_what_it_cannot_do() {
    for (line, exit) in [
        ("curl", 2),
        ("curl https://10.0.1.101/", 35),
        ("curl foo://10.0.1.101/", 1),
        ("curl http://10.0.1.101:99999/", 3),
        ("curl --http3 10.0.1.101", 2),
        ("curl -m x 10.0.1.101", 2),
        ("curl nosuch.invalid", 6),
        ("curl -m 2 nosuch.invalid", 28),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, line);
        assert_eq!(run.exit, exit, "{line}: {run:?}");
    }
}

#[test]
fn twenty_clients_are_served_at_once() {
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    let run =
        lab.typed(0, "for i in {1..20}; do curl -s 10.0.1.101 > /tmp/$i & done; sleep 1; cat /tmp/* | grep -c hello");
    assert_eq!((run.exit, run.stdout.as_str()), (0, "20\n"), "{run:?}");
}

#[test]
fn a_large_page_arrives_whole() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    let run = lab.typed(
        1,
        "x=0123456789abcdef; for i in {1..14}; do x=$x$x; done; echo $x > /var/www/html/big; wc -c /var/www/html/big",
    );
    assert_eq!(run.stdout, "262145 /var/www/html/big\n", "{run:?}");
    let run = lab.typed(0, "curl -s 10.0.2.101/big | wc -c");
    assert_eq!(run.stdout, "262145\n");
}

#[test]
fn a_stopped_server_refuses_and_a_restarted_one_serves() {
    let mut lab = Lab::new(Wire::Cable, AL2).with_web_server();
    for (command, exit) in
        [("true", 0), ("systemctl stop httpd", 7), ("systemctl restart httpd", 0), ("systemctl restart httpd", 0)]
    {
        let run = lab.typed(1, command);
        assert_eq!(run.exit, 0, "{command}: {run:?}");
        assert_eq!(lab.typed(0, "curl -s 10.0.1.101").exit, exit, "after {command}");
    }
}

#[test]
fn same_seed_same_frames_and_another_seed_other_ports() {
    let frames = |seed| {
        let mut lab = Lab::with_seed(Wire::Router, AL2, seed).with_web_server();
        lab.typed(0, "ping -c 2 10.0.2.101; curl 10.0.2.101");
        lab.log
    };
    assert_eq!(frames(7), frames(7));
    assert_ne!(frames(7), frames(8));
}

#[test]
fn the_network_tools_show_what_the_guest_has() {
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(0, "sleep 1");
    for (line, expected) in [
        ("ip route", "default via 10.0.1.1 dev eth0 \n10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.100 \n"),
        (
            "ip -br addr",
            "lo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0             UP             10.0.1.100/24 \n",
        ),
        ("ip route get 10.0.2.101", "10.0.2.101 via 10.0.1.1 dev eth0 src 10.0.1.100 uid 1000 \n    cache \n"),
        ("ip route get 10.0.1.9", "10.0.1.9 dev eth0 src 10.0.1.100 uid 1000 \n    cache \n"),
        ("hostname -I", "10.0.1.100 \n"),
        ("hostname", "ip-10-0-1-100\n"),
        ("ip neigh", "10.0.1.1 dev eth0 lladdr 02:00:00:00:00:ff REACHABLE \n"),
        ("date", "Mon Jan  1 00:00:01 UTC 2024\n"),
    ] {
        assert_eq!(lab.typed(0, line).stdout, expected, "{line}");
    }
    let run = lab.typed(0, "ip link show nope0");
    assert_eq!((run.exit, run.stderr.as_str()), (1, "Device \"nope0\" does not exist.\n"));
}

/// The scripts of the labs, in their style.
#[test]
fn lab_user_data_runs_without_a_word_from_us() {
    let peering = "#!/bin/bash\nhostnamectl --static set-hostname lab-EC2\nyum -y install tcpdump httpd\nservice httpd start\n\
                   chkconfig httpd on\necho \"<html><h1>Lab - Web Server</h1></html>\" > /var/www/html/index.html\n";
    let endpoint = "#!/bin/bash\n(\necho \"qwe123\"\necho \"qwe123\"\n) | passwd --stdin root\n\
                    sed -i \"s/^PasswordAuthentication no/PasswordAuthentication yes/g\" /etc/ssh/sshd_config\n\
                    sed -i \"s/^#PermitRootLogin yes/PermitRootLogin yes/g\" /etc/ssh/sshd_config\nservice sshd restart\n\
                    yum install -y httpd\nsystemctl start httpd && systemctl enable httpd\n\
                    echo \"<html><h1>Lab - Web Server</h1></html>\" > /var/www/html/index.html\n";
    let short = "#!/bin/bash\nyum install -y httpd\nsystemctl enable --now httpd\necho \"<h1>Lab - Web Server</h1>\" > /var/www/html/index.html\n";
    let extras = "#!/bin/bash -ex\namazon-linux-extras install -y nginx1\nsystemctl start nginx\n\
                  cat <<EOF > /usr/share/nginx/html/index.html\n<h1>Lab - Web Server on $(hostname -f)</h1>\nEOF\n";
    let python = "#!/bin/sh\nmkdir -p /srv/www\ncd /srv/www\necho 'Lab - Web Server' > index.html\nnohup python3 -m http.server 80 > /tmp/log 2>&1 &\n";
    for script in [peering, endpoint, short, extras, python] {
        for script in [script.to_owned(), script.replace('\n', "\r\n")] {
            let mut lab = Lab::new(Wire::Router, AL2);
            let run = lab.user_data(1, &script);
            assert_eq!((run.exit, run.notes), (0, vec![]), "{script}\n{}{}", run.stdout, run.stderr);
            let page = lab.typed(0, "curl -s 10.0.2.101");
            assert!(page.stdout.contains("Lab - Web Server"), "{script}\n{page:?}");
        }
    }
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.user_data(1, endpoint);
    let run = lab.typed(1, "grep -v '^#' /etc/ssh/sshd_config; hostname");
    assert!(
        run.stdout.contains("PasswordAuthentication yes\n") && run.stdout.contains("PermitRootLogin yes\n"),
        "{run:?}"
    );
    lab.user_data(1, peering);
    assert_eq!(lab.typed(1, "hostname").stdout, "lab-EC2\n");
    assert_eq!(lab.typed(1, "grep -c Changing /var/log/cloud-init-output.log").stdout, "0\n");

    let mut lab = Lab::new(Wire::Router, Profile::Ubuntu);
    let run = lab.user_data(1, "#!/bin/bash\napt update\napt install -y apache2\nsystemctl start apache2\necho \"<h1>tokyo</h1>\" > /var/www/html/index.html\n");
    assert_eq!((run.exit, run.notes), (0, vec![]));
    assert_eq!(lab.typed(0, "curl -s 10.0.2.101").stdout, "<h1>tokyo</h1>\n");
}

#[test]
fn a_page_written_before_the_server_is_installed_has_no_directory() {
    let run = Lab::new(Wire::Cable, AL2).user_data(0, "#!/bin/bash\necho hi > /var/www/html/index.html\n");
    assert_eq!(run.exit, 1);
    assert!(run.stderr.ends_with("line 2: /var/www/html/index.html: No such file or directory\n"), "{run:?}");
}

#[test]
fn what_is_not_understood_is_a_note_that_names_the_line() {
    let script = "#!/bin/bash\necho one\nfrobnicate --now\ncat <(echo x)\necho two > /tmp/two\nif true; then a=(1); fi\ncat /tmp/two\ndone\necho three\n";
    let run = Lab::new(Wire::Cable, AL2).user_data(0, script);
    let lines: Vec<_> = run.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(6), Some(8)], "{:?}", run.notes);
    assert_eq!((run.stdout.as_str(), run.exit), ("one\ntwo\n", 2), "what stands above a syntax error runs: {run:?}");
    for skipped in
        ["#cloud-config\npackages: [httpd]\n", "MIME-Version: 1.0\n\n", "echo hi\n", "#!/usr/bin/python3\nprint(1)\n"]
    {
        let run = Lab::new(Wire::Cable, AL2).user_data(0, skipped);
        assert_eq!((run.exit, run.notes.len(), run.stdout.as_str()), (0, 1, ""), "{skipped}");
    }
}

#[test]
fn the_shell_does_what_bash_does() {
    for (script, expected) in [
        ("echo a  b", "a b\n"),
        ("echo \"a  b\" 'c  $x'", "a  b c  $x\n"),
        ("x=1; echo $x ${x} \"${y:-none}\" ${#x}", "1 1 none 1\n"),
        ("x='a b'; for w in $x \"$x\"; do echo \"<$w>\"; done", "<a>\n<b>\n<a b>\n"),
        ("echo $(echo inner; echo two) `echo old`", "inner two old\n"),
        ("false || echo or; true && echo and; ! false && echo not", "or\nand\nnot\n"),
        ("false; echo $?; (exit 3); echo $?", "1\n3\n"),
        ("if [ -f /etc/hosts ]; then echo yes; else echo no; fi", "yes\n"),
        ("if [ -f /nope ]; then echo yes; elif [[ abc == a* ]]; then echo match; fi", "match\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo -n $i; done; echo", "123\n"),
        ("for i in {1..3} x; do [ $i = 2 ] && continue; [ $i = x ] && break; echo $i; done", "1\n3\n"),
        ("case web1 in db*) echo db;; web?|x) echo web;; esac", "web\n"),
        ("f() { echo \"$1-$#\"; return 4; }; f a b; echo $?", "a-2\n4\n"),
        ("cat <<EOF\n$HOME `echo b` \\$x\nEOF", "/home/ec2-user b $x\n"),
        ("cat <<'EOF'\n$HOME\nEOF", "$HOME\n"),
        ("cat <<-EOF\n\ta\n\tEOF", "a\n"),
        ("echo a > /tmp/f; echo b >> /tmp/f; cat < /tmp/f", "a\nb\n"),
        ("echo out; echo err >&2", "out\n"),
        ("(echo out; echo err >&2) 2>&1 | wc -l", "2\n"),
        ("ls /nope 2>/dev/null; echo $?", "2\n"),
        ("ls /nope &> /tmp/e; wc -l < /tmp/e", "1\n"),
        ("cd /etc; pwd; cd; pwd", "/etc\n/home/ec2-user\n"),
        ("export A=1; B=2 env | grep -E '^[AB]='", "A=1\nB=2\n"),
        ("set -e; false || true; if false; then :; fi; echo on; false; echo off", "on\n"),
        ("printf '%s-%s\\n' a b c", "a-b\nc-\n"),
        ("echo 'a:b:c' | cut -d: -f2-; echo abc | tr a-c A-C", "b:c\nABC\n"),
        ("printf 'b\\na\\nb\\n' | sort | uniq; seq 3 | tail -n 1", "a\nb\n3\n"),
        ("echo 'Listen 80' | sed -e 's/\\([0-9]*\\)$/[\\1]/'; echo a/b | sed 's#/#-#'", "Listen [80]\na-b\n"),
        ("echo hi | sudo tee /tmp/t > /dev/null; cat /tmp/t; bash -c 'echo $0 $1' x y", "hi\nbash y\n"),
        ("timeout 2 sleep 5; echo $?; timeout 2 sleep 1; echo $?", "124\n0\n"),
        (
            "mkdir -p /tmp/a/b; touch /tmp/a/b/c; echo /tmp/a/b/*; rm -rf /tmp/a; ls /tmp/a 2>&1 | head -1",
            "/tmp/a/b/c\nls: cannot access '/tmp/a': No such file or directory\n",
        ),
        ("cd ~; echo ~/x; p=/a/b.c; echo ${p##*/} ${p%.c}", "/home/ec2-user/x\nb.c /a/b\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, script);
        assert_eq!((run.stdout.as_str(), run.notes.as_slice()), (expected, [].as_slice()), "{script}\n{run:?}");
    }
}

/// An ICMP error about the SYN arrives at host 0.
#[test]
fn icmp_errors_end_a_connect_in_the_kernels_words() {
    for (code, exit, word) in [
        (0, 7, "Network is unreachable"),
        (1, 7, "No route to host"),
        (3, 7, "Connection refused"),
        (13, 7, "No route to host"),
        // Fragmentation needed is not an end: TCP would send less.
        (4, 28, "Connection timed out"),
    ] {
        let mut lab = Lab::new(Wire::BlackHole, AL2);
        let process = lab.hosts[0].start(SimTime::ZERO, "curl -v 10.0.2.101");
        let is_syn = |frame: &[u8]| frame[12..14] == [8, 0];
        lab.until(|lab| lab.log.iter().any(|(.., frame)| is_syn(frame)));
        let quoted = lab.log.iter().find(|(.., frame)| is_syn(frame)).expect("a SYN was sent").2[14..].to_vec();
        let frame = icmp_error(code, &quoted);
        lab.hosts[0].receive(lab.now, 0, frame);
        let finished = lab.wait_for(0, process);
        let run = lab.collect(0, finished);
        assert_eq!(run.exit, exit, "code {code}: {run:?}");
        assert!(run.stderr.contains(&format!("* connect to 10.0.2.101 port 80 failed: {word}\n")), "{run:?}");
    }
}

#[test]
fn ping_says_what_an_icmp_error_says() {
    for (code, text) in [
        (0, "Destination Net Unreachable"),
        (1, "Destination Host Unreachable"),
        (4, "Frag needed and DF set (mtu = 1500)"),
        (10, "Destination Host Prohibited"),
        (13, "Packet filtered"),
    ] {
        let mut lab = Lab::new(Wire::BlackHole, AL2);
        let process = lab.hosts[0].start(SimTime::ZERO, "ping -c 1 10.0.2.101");
        lab.until(|lab| lab.log.iter().any(|(.., frame)| frame[12..14] == [8, 0]));
        let quoted = lab.log.iter().find(|(.., frame)| frame[12..14] == [8, 0]).expect("it was sent").2[14..].to_vec();
        lab.hosts[0].receive(lab.now, 0, icmp_error(code, &quoted));
        let finished = lab.wait_for(0, process);
        let run = lab.collect(0, finished);
        assert!(run.stdout.contains(&format!("From 10.0.1.1 icmp_seq=1 {text}\n")), "{run:?}");
        assert!(run.stdout.contains("1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n\n"));
        assert_eq!(run.exit, 1);
    }
}

/// Type 3 with the gateway as its source, about a packet of host 0; the next-hop MTU is 1500.
fn icmp_error(code: u8, quoted: &[u8]) -> Vec<u8> {
    let mut message = vec![3, code, 0, 0, 0, 0, 0x05, 0xdc];
    message.extend_from_slice(&quoted[..quoted.len().min(548) / 2 * 2]);
    let sum = |bytes: &[u8]| {
        let total: u32 = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        (!((total & 0xffff) + (total >> 16)) as u16).to_be_bytes()
    };
    let checksum = sum(&message);
    message[2..4].copy_from_slice(&checksum);
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 1, 1, 10, 0, 1, 100];
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

#[test]
fn neighbours_meet_over_ipv6_too() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for host in 0..2 {
        let mut config = config(host, Wire::Cable, AL2, 7);
        let own = format!("fd00::{}", 100 + host).parse().expect("an address");
        config.interfaces[0].ipv6 = vec![(own, "fd00::/64".parse().expect("a prefix"))];
        lab.hosts[host] = Host::new(config, SimTime::ZERO);
    }
    let mut lab = lab.with_web_server();
    let run = lab.typed(0, "ping -c 1 fd00::65");
    assert!(run.stdout.contains("From fd00::100 icmp_seq=1 Destination unreachable: Address unreachable\n"), "{run:?}");
    let run = lab.typed(0, "ping6 -c 1 fd00::101");
    assert!(
        run.stdout.starts_with("PING fd00::101(fd00::101) 56 data bytes\n64 bytes from fd00::101: icmp_seq=1 ttl=255"),
        "{run:?}"
    );
    assert_eq!(lab.typed(0, "curl -s 'http://[fd00::101]/'").stdout, "<h1>hello</h1>\n");
}

#[test]
fn an_unknown_command_is_not_found() {
    for (profile, shell) in [(AL2, "-bash"), (Profile::AmazonLinux2023, "bash")] {
        let run = Lab::new(Wire::Cable, profile).typed(0, "foo --bar");
        assert_eq!((run.exit, run.stderr), (127, format!("{shell}: foo: command not found\n")));
        assert_eq!(run.notes.len(), 1);
    }
}

#[test]
fn a_script_that_never_ends_is_stopped_and_says_so() {
    for script in
        ["while true; do :; done", "f() { f; }; f", "while true; do sleep 1; done", "until false; do x=1$x; done"]
    {
        let run = Lab::new(Wire::Cable, AL2).typed(0, script);
        assert_eq!((run.exit, run.notes.len()), (1, 1), "{script}: {run:?}");
    }
}

#[test]
fn a_host_is_send() {
    fn send<T: Send>() {}
    send::<Host>();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Scripts that somebody has mangled: whatever happens, it ends and nothing panics.
    #[test]
    fn odd_scripts_never_panic(
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), "[ -~\n]{0,4}"), 0..6),
        keep in 0usize..400,
    ) {
        let mut script = "#!/bin/bash\n( echo \"a\"; echo 'b' ) | passwd --stdin root\nfor i in {1..3}; do echo $i ${x:-y} >> /tmp/f; done\n\
            cat <<EOF > /tmp/g\n$(hostname -f) `date` $((1+2*3))\nEOF\nif [ -f /tmp/g ] && [[ $x == a* ]]; then sed -i 's/a/b/g' /tmp/g; else head -n 2 /tmp/g | cut -d: -f1 | tr a-z A-Z; fi\n\
            case $x in a|b) echo ${x%.*};; *) f() { echo $1; return 3; }; f 1 2>&1;; esac\n".to_owned();
        for (at, text) in cuts {
            let at = at.index(script.len());
            script.replace_range(at..(at + 1).min(script.len()), &text);
        }
        script.truncate(keep.max(12));
        Lab::new(Wire::Cable, AL2).user_data(0, &format!("#!/bin/bash\n{script}"));
        let mut lab = Lab::new(Wire::Cable, AL2);
        lab.typed(0, &script);
    }

    #[test]
    fn odd_frames_never_panic(frame in proptest::collection::vec(any::<u8>(), 0..120), kind in 0usize..3) {
        let mut lab = Lab::new(Wire::Cable, AL2);
        let mut frame = frame;
        let own = MacAddr::local(1).0;
        for (at, byte) in own.iter().enumerate().take(frame.len()) {
            frame[at] = *byte;
        }
        if frame.len() > 34 {
            frame[12..14].copy_from_slice(&[[8, 0], [8, 6], [0x86, 0xdd]][kind]);
            if kind == 0 {
                frame[14] = 0x45;
                frame[30..34].copy_from_slice(&address(0, Wire::Cable).octets());
            }
        }
        lab.hosts[0].receive(SimTime::ZERO, 0, frame);
        lab.run_host(0);
    }
}

#[test]
fn truncate_makes_cuts_and_refuses_files() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for (command, exit, output) in [
        ("truncate -s 10K big; wc -c < big", 0, "10240\n"),
        ("truncate -s -9K big; wc -c < big", 0, "1024\n"),
        ("truncate -s 0 big; wc -c < big", 0, "0\n"),
        ("truncate -c -s 1 absent; ls absent", 2, "ls: cannot access 'absent': No such file or directory\n"),
        ("truncate big", 1, "truncate: you must specify either '--size' or '--reference'\n"),
        ("truncate -s 1", 1, "truncate: missing file operand\n"),
        ("truncate -s many big", 1, "truncate: Invalid number: 'many'\n"),
        ("truncate -s 2G big", 1, "truncate: failed to truncate 'big' at 2147483648 bytes: File too large\n"),
        ("truncate -s 1 /tmp", 1, "truncate: cannot open '/tmp' for writing: Is a directory\n"),
    ] {
        let run = lab.typed(0, command);
        assert_eq!((run.exit, run.stdout + &run.stderr), (exit, output.to_owned()), "{command}");
    }
}

#[test]
fn a_guest_chooses_the_mtu_of_its_interface_mtu_1() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for (command, exit, output) in [
        ("ip link set dev eth0 mtu 1500", 0, ""),
        ("ping -q -M do -c 1 -s 1473 10.0.1.101", 1, "ping: local error: Message too long, mtu=1500\n"),
        ("ip link set eth0 mtu 9001", 0, ""),
        ("ip link set eth0 mtu 9002", 2, "Error: mtu greater than device maximum.\n"),
        ("ip link set eth0 mtu 67", 2, "Error: mtu less than device minimum.\n"),
        ("ip link set eth7 mtu 1500", 1, "Cannot find device \"eth7\"\n"),
    ] {
        let run = lab.typed(0, command);
        assert_eq!((run.exit, run.stderr), (exit, output.to_owned()), "{command}");
    }
    assert!(lab.typed(0, "ip link show eth0").stdout.contains(" mtu 9001 "));
}

/// A server in the background of host 1.
fn iperf3_lab() -> Lab {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(1, "iperf3 -s -D");
    assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    lab
}

#[test]
fn iperf3_measures_tcp_as_iperf3_prints_it() {
    let mut lab = iperf3_lab();
    // 64 KiB every 200 us and a little: the wire has no rate, so the window is what limits.
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -t 2");
    let expected = [
        "Connecting to host 10.0.2.101, port 5201",
        "[  5] local 10.0.1.100 port ",
        "[ ID] Interval           Transfer     Bitrate",
        "[  5]   0.00-1.00   sec   ",
        "[  5]   1.00-2.00   sec   ",
        "- - - - - - - - - - - - - - - - - - - - - - - - -",
        "[ ID] Interval           Transfer     Bitrate",
        "[  5]   0.00-2.00   sec   ",
        "[  5]   0.00-2.00   sec   ",
        "",
        "iperf Done.",
    ];
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{}", run.stdout);
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
    assert!(lines[7].ends_with(" Gbits/sec                  sender"), "{}", lines[7]);
    assert!(lines[8].ends_with(" Gbits/sec                  receiver"), "{}", lines[8]);
    assert_eq!((run.exit, run.stderr.as_str(), run.notes), (0, "", Vec::new()));
}

#[test]
fn iperf3_sends_the_bytes_it_was_asked_for_over_several_streams_and_backwards() {
    let mut lab = iperf3_lab();
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -n 10M -P 2 -w 256K");
    assert!(run.stdout.contains("\n[  7]   0.00-") && run.stdout.contains("\n[SUM]   0.00-"), "{}", run.stdout);
    // The last block of a stream is written whole.
    let sum = run.stdout.lines().find(|line| line.starts_with("[SUM]") && line.ends_with("sender"));
    assert!(sum.is_some_and(|sum| sum.contains(" 10.1 MBytes ")), "{}", run.stdout);
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -t 1 -R -b 8M");
    assert!(run.stdout.contains("Reverse mode, remote host 10.0.2.101 is sending\n"), "{}", run.stdout);
    let received = run.stdout.lines().find(|line| line.ends_with("receiver"));
    assert!(received.is_some_and(|line| line.contains(" Mbits/sec ")), "{}", run.stdout);
}

#[test]
fn iperf3_measures_udp() {
    let mut lab = iperf3_lab();
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -u -t 1 -l 1000 -b 8M");
    assert!(run.stdout.contains("Bitrate         Total Datagrams\n"), "{}", run.stdout);
    // A thousand and the one that is on its way at the start.
    let summary = "[  5]   0.00-1.00   sec   978 KBytes  8.01 Mbits/sec  0.000 ms  0/1001 (0%)";
    assert!(run.stdout.contains(&format!("{summary}  sender\n")), "{}", run.stdout);
    assert!(run.stdout.contains(" ms  0/1001 (0%)  receiver\n"), "{}", run.stdout);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
}

#[test]
fn iperf3_datagrams_larger_than_the_path_leave_in_fragments() {
    let mut lab = iperf3_lab();
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -u -n 60000 -l 20000");
    assert!(run.stdout.contains("0/3 (0%)  receiver\n"), "{}", run.stdout);
}

#[test]
fn iperf3_says_why_it_cannot() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(0, "iperf3 -c 10.0.2.101");
    assert_eq!(
        run.stderr,
        "iperf3: error - unable to connect to server - server may have stopped running or use a different port, \
         firewall issue, etc.: Connection refused\n"
    );
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    let usage = "Usage: iperf3 [-s|-c host] [options]\n       iperf3 [-h|--help] [-v|--version]\n";
    for (line, complaint) in [
        ("iperf3", "parameter error - must either be a client (-c) or server (-s)\n"),
        ("iperf3 -c 10.0.2.101 --nonsense", "unrecognized option '--nonsense'"),
        ("iperf3 -c 10.0.2.101 -e", "invalid option -- 'e'"),
        ("iperf3 -c", "option requires an argument -- 'c'"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr), (1, format!("iperf3: {complaint}\n{usage}")));
    }
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -J");
    assert_eq!((run.exit, run.notes.len()), (2, 1), "known there and not simulated here: {}", run.stderr);
}

#[test]
fn iperf3_tells_a_second_client_that_it_is_busy_and_ends_after_one_test_when_asked() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let server = lab.hosts[1].start(lab.now, "iperf3 -s -1");
    let run = lab.typed(0, "iperf3 -c 10.0.1.101 -t 3 -b 1M > /dev/null & sleep 1; iperf3 -c 10.0.1.101");
    assert_eq!(run.stderr, "iperf3: error - the server is busy running a test. try again later\n");
    let finished = lab.wait_for(1, server);
    let run = lab.collect(1, finished);
    let rule = "-----------------------------------------------------------";
    let start =
        format!("{rule}\nServer listening on 5201 (test #1)\n{rule}\nAccepted connection from 10.0.1.100, port ");
    assert!(run.stdout.starts_with(&start), "{}", run.stdout);
    assert!(run.stdout.ends_with("receiver\n"), "{}", run.stdout);
}

/// The programs, and one that sends a datagram to 10.0.2.101 and tells what it hears: `probe PORT connected|open`.
fn with_probe(name: &str) -> Option<Program> {
    async fn probe(sys: Sys, arguments: Vec<String>) -> i32 {
        let to = SocketAddr::from(([10, 0, 2, 101], arguments[1].parse().expect("a port")));
        let socket = sys.udp_bind(0).expect("a port is free");
        let sent = if arguments[2] == "connected" {
            socket.connect(to).and_then(|_| socket.send(b"anybody?"))
        } else {
            socket.send_to(b"anybody?", to)
        };
        sent.expect("there is a route");
        let deadline = sys.now() + SimDuration::from_secs(2);
        match sys.before(Some(deadline), socket.recv_from(&mut [0; 4])).await {
            Ok(Ok((len, from))) => sys.print(format!("{len} bytes from {from}")),
            Ok(Err(errno)) => sys.print(format!("{errno}")),
            Err(_) => sys.print("nothing"),
        }
        0
    }
    if name == "probe" { Some(|sys, arguments| Box::pin(probe(sys, arguments))) } else { (super::programs().0)(name) }
}

#[test]
fn only_a_connected_udp_socket_hears_that_nobody_listens() {
    // udp(7): errors are passed to sockets that are connected.
    let mut lab = iperf3_lab();
    let config = HostConfig { programs: Programs(with_probe), ..config(0, Wire::Router, AL2, 7) };
    lab.hosts[0] = Host::new(config, SimTime::ZERO);
    assert_eq!(lab.typed(0, "probe 99 connected").stdout, "Connection refused");
    assert_eq!(lab.typed(0, "probe 99 open").stdout, "nothing");
}
