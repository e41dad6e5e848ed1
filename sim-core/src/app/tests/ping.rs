//! `ping`.

use super::*;

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
        lab.hosts[0].receive(lab.now, 0, icmp_error(code, &quoted), None);
        let finished = lab.wait_for(0, process);
        let run = lab.collect(0, finished);
        assert!(run.stdout.contains(&format!("From 10.0.1.1 icmp_seq=1 {text}\n")), "{run:?}");
        assert!(run.stdout.contains("1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n\n"));
        assert_eq!(run.exit, 1);
    }
}

#[test]
fn everybody_is_pinged_only_on_purpose() {
    for (profile, text) in [
        (AL2, "Do you want to ping broadcast? Then -b\n"),
        (AL2023, "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"),
    ] {
        let mut lab = Lab::new(Wire::Cable, profile);
        for target in ["10.0.1.255", "255.255.255.255"] {
            let run = lab.typed(0, &format!("ping -c 1 {target}"));
            assert_eq!((run.exit, run.stderr.as_str()), (2, text), "{target}");
        }
        assert_eq!(lab.typed(0, "ping -c 1 10.0.1.101").exit, 0, "its neighbour is one host");
    }
}
