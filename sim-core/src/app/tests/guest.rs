//! What a guest does by itself: neighbours, loopback, checksums, odd frames.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::iperf3::iperf3_lab;
use super::*;
use crate::host::{Program, Programs, Sys};

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
        lab.hosts[0].receive(SimTime::ZERO, 0, frame, None);
        lab.run_host(0);
    }
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
    if name == "probe" {
        Some(|sys, arguments| Box::pin(probe(sys, arguments)))
    } else {
        (crate::app::programs().0)(name)
    }
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
