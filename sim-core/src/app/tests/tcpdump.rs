//! `tcpdump`.

use super::*;

/// Runs tcpdump on host 1 while host 0 types something.
fn watched(lab: &mut Lab, options: &str, line: &str) -> Run {
    let process = lab.hosts[1].start(lab.now, &format!("timeout 9 tcpdump {options}"));
    lab.typed(0, line);
    let finished = lab.wait_for(1, process);
    lab.collect(1, finished)
}

#[test]
fn tcpdump_prints_the_frames_that_cross_the_interface() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    lab.typed(0, "sleep 10");
    let run = watched(&mut lab, "-n -t -c 2 -i eth0 icmp", "ping -c 1 10.0.2.101");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("IP 10.0.1.100 > 10.0.2.101: ICMP echo request, id "), "{run:?}");
    assert!(
        lines[1].starts_with("IP 10.0.2.101 > 10.0.1.100: ICMP echo reply, id ")
            && lines[1].ends_with(", seq 1, length 64"),
        "{run:?}"
    );
    assert_eq!(
        run.stderr,
        "tcpdump: verbose output suppressed, use -v or -vv for full protocol decode\n\
         listening on eth0, link-type EN10MB (Ethernet), capture size 262144 bytes\n\
         2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n"
    );
    let run = watched(&mut lab, "-n -t -c 10 tcp port 80", "curl -s 10.0.2.101");
    let flags: Vec<&str> = run.stdout.lines().filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    assert_eq!(flags[..3], ["S", "S.", "."], "{}", run.stdout);
    let request = run.stdout.lines().find(|line| line.contains("GET")).expect("a request");
    assert!(request.contains(".80: Flags [P.], seq 1:") && request.ends_with(": HTTP: GET / HTTP/1.1"), "{request}");
    assert!(run.stdout.contains(": HTTP: HTTP/1.1 200 OK\n"), "{}", run.stdout);
}

#[test]
fn tcpdump_filters() {
    for (filter, line, expected) in [
        ("src 10.0.1.100 and icmp", "ping -c 2 10.0.2.101", "echo request"),
        ("udp port 5000", "echo x | nc -u -w1 10.0.2.101 5000; echo x | nc -u -w1 10.0.2.101 5000", "UDP, length 2"),
        ("tcp and not port 22", "nc -z 10.0.2.101 22; nc -z 10.0.2.101 81", "10.0.2.101.81"),
        ("icmp and dst host 10.0.1.100", "ping -c 2 10.0.2.101", "echo reply"),
        ("portrange 80-90 or 443", "nc -z 10.0.2.101 443", ".443"),
    ] {
        let run = watched(&mut Lab::new(Wire::Router, AL2), &format!("-nn -l -c 2 '{filter}'"), line);
        assert_eq!(run.stdout.lines().count(), 2, "{filter}");
        let right = run.stdout.lines().filter(|line| line.contains(expected) || line.contains(&format!("{expected}.")));
        assert!(right.count() >= 1, "{filter}: {}", run.stdout);
    }
    let mut lab = Lab::new(Wire::Router, AL2);
    for (line, exit, stderr) in [
        ("tcpdump -c 1 port", 1, "tcpdump: can't parse filter expression: syntax error\n"),
        ("tcpdump -i eth9", 1, "tcpdump: eth9: No such device exists\n(No such device exists)\n"),
        ("tcpdump -c 0", 1, "tcpdump: invalid packet count 0\n"),
        ("tcpdump -w file", 2, "vpcsim: tcpdump: option '-w' is not simulated\n"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, stderr), "{line}");
    }
}

#[test]
fn tcpdump_ends_on_a_signal_with_its_summary() {
    let mut lab = Lab::new(Wire::Router, Profile::AmazonLinux2023);
    lab.typed(0, "sleep 2");
    let run = lab.typed(0, "timeout 3 tcpdump -ni ens5 icmp & ping -c 1 10.0.2.101 > /dev/null; wait");
    assert_eq!(run.stdout.lines().count(), 2, "{run:?}");
    assert!(run.stderr.contains("use -v[v]... for full"), "{run:?}");
    assert!(
        run.stderr.ends_with("\n2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n"),
        "{run:?}"
    );
    let run =
        lab.typed(0, "tcpdump -ni ens5 arp > /tmp/f 2>/tmp/e & sleep 1; kill %1; wait $!; echo $?; tail -3 /tmp/e");
    assert_eq!(run.stdout, "0\n0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n");
    let process = lab.hosts[0].start(lab.now, "sudo tcpdump -i any icmp; echo $?");
    lab.typed(0, "ping -c 1 10.0.2.101");
    let now = lab.now;
    lab.hosts[0].interrupt(now, process);
    let finished = lab.wait_for(0, process);
    let run = lab.collect(0, finished);
    assert!(run.stdout.contains(" ens5 Out IP 10.0.1.100 > ") && run.stdout.contains(" ens5 In  IP "), "{run:?}");
    assert!(run.stdout.ends_with("\n0\n") && run.stderr.contains("^C\n2 packets captured\n"), "{run:?}");
}

#[test]
fn tcpdump_tells_more_when_asked() {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = watched(&mut lab, "-nvet -c 1 icmp", "ping -c 1 10.0.2.101");
    assert!(
        run.stdout.starts_with(
            "02:00:00:00:00:ff > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 98: (tos 0x0, ttl 255, id "
        ),
        "{run:?}"
    );
    assert!(
        run.stdout.contains(
            ", offset 0, flags [DF], proto ICMP (1), length 84)\n    10.0.1.100 > 10.0.2.101: ICMP echo request, id "
        ),
        "{run:?}"
    );
    let run = watched(&mut lab, "-nnv -c 1 tcp", "nc -z 10.0.2.101 22");
    assert!(run.stdout.contains("22: Flags [S], cksum 0x") && run.stdout.contains(" (correct), seq "), "{run:?}");
    assert!(run.stdout.contains("options [mss 8961,"), "{run:?}");
}
