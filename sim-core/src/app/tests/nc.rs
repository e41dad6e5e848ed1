//! `nc`, `ncat`, `telnet` and bash's `/dev/tcp`.

use super::*;

const UBUNTU: Profile = Profile::Ubuntu;

#[test]
fn nc_probes_ports_in_each_programs_words() {
    let version = "Ncat: Version 7.93 ( https://nmap.org/ncat )\n";
    for (profile, line, exit, expected) in [
        (UBUNTU, "nc -zv 10.0.2.101 22", 0, "Connection to 10.0.2.101 22 port [tcp/ssh] succeeded!\n".to_owned()),
        (UBUNTU, "nc -z 10.0.2.101 22", 0, String::new()),
        (UBUNTU, "nc -zv 10.0.2.101 81", 1, "nc: connect to 10.0.2.101 port 81 (tcp) failed: Connection refused\n".to_owned()),
        (UBUNTU, "nc -zv -w 2 10.0.2.101 20-22", 0, "nc: connect to 10.0.2.101 port 20 (tcp) failed: Connection refused\nnc: connect to 10.0.2.101 port 21 (tcp) failed: Connection refused\nConnection to 10.0.2.101 22 port [tcp/ssh] succeeded!\n".to_owned()),
        (UBUNTU, "nc -zuv 10.0.2.101 53", 1, String::new()),
        (UBUNTU, "nc -zv nosuch.invalid 80", 1, "nc: getaddrinfo for host \"nosuch.invalid\" port 80: Temporary failure in name resolution\n".to_owned()),
        (AL2023, "nc -zv 10.0.2.101 22", 0, format!("{version}Ncat: Connected to 10.0.2.101:22.\nNcat: 0 bytes sent, 0 bytes received in 0.00 seconds.\n")),
        (AL2023, "nc -zv 10.0.2.101 81", 1, format!("{version}Ncat: Connection refused.\n")),
        (AL2023, "nc -z 10.0.2.101 81", 1, "Ncat: Connection refused.\n".to_owned()),
        (AL2023, "ncat -zuv 10.0.2.101 99", 1, format!("{version}Ncat: Connected to 10.0.2.101:99.\nNcat: Connection refused.\n")),
        (AL2023, "nc -z nosuch.invalid 80", 2, "Ncat: Could not resolve hostname \"nosuch.invalid\": Temporary failure in name resolution. QUITTING.\n".to_owned()),
        (AL2023, "nc 10.0.2.101 port", 2, "Ncat: Invalid port number \"port\". QUITTING.\n".to_owned()),
    ] {
        let run = Lab::new(Wire::Router, profile).typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, expected.as_str()), "{line}");
    }
    for (profile, expected) in [
        (UBUNTU, "nc: connect to 10.0.2.101 port 80 (tcp) timed out: Operation now in progress\n"),
        (AL2023, "Ncat: Version 7.93 ( https://nmap.org/ncat )\nNcat: TIMEOUT.\n"),
    ] {
        let run = Lab::new(Wire::BlackHole, profile).typed(0, "nc -zv -w 2 10.0.2.101 80");
        assert_eq!((run.exit, run.stderr.as_str(), run.took.as_secs()), (1, expected, 2));
    }
}

#[test]
fn nc_carries_lines_both_ways() {
    for profile in [AL2023, UBUNTU] {
        let mut lab = Lab::new(Wire::Router, profile);
        let server = lab.hosts[1].start(lab.now, "echo from the server | nc -l 5000");
        let client = lab.typed(0, "echo from the client | nc -N 10.0.2.101 5000");
        assert_eq!((client.exit, client.stdout.as_str()), (0, "from the server\n"), "{client:?}");
        let finished = lab.wait_for(1, server);
        let run = lab.collect(1, finished);
        assert_eq!((run.exit, run.stdout.as_str()), (0, "from the client\n"), "{run:?}");
    }
}

#[test]
fn nc_listens_on_and_on_and_says_who_came() {
    let mut lab = Lab::new(Wire::Router, AL2023);
    lab.typed(1, "nc -lkv -p 5000 > /tmp/heard 2> /tmp/said &");
    for word in ["one", "two"] {
        assert_eq!(lab.typed(0, &format!("echo {word} | nc 10.0.2.101 5000")).exit, 0);
    }
    assert_eq!(lab.typed(1, "cat /tmp/heard").stdout, "one\ntwo\n");
    let said = lab.typed(1, "sed 's/:[0-9]*\\.$//' /tmp/said").stdout;
    assert_eq!(
        said,
        "Ncat: Version 7.93 ( https://nmap.org/ncat )\nNcat: Listening on :::5000\nNcat: Listening on 0.0.0.0:5000\nNcat: Connection from 10.0.1.100\nNcat: Connection from 10.0.1.100\n",
        "{said}"
    );
    let run = lab.typed(1, "nc -l 5000");
    assert_eq!((run.exit, run.stderr.as_str()), (2, "Ncat: bind to 0.0.0.0:5000: Address already in use. QUITTING.\n"));
    assert_eq!(lab.typed(1, "pkill nc; sleep 1").exit, 0);
    assert_eq!(lab.typed(0, "nc -z 10.0.2.101 5000").exit, 1, "the port went with the program");
}

#[test]
fn nc_sends_datagrams() {
    let mut lab = Lab::new(Wire::Router, UBUNTU);
    lab.typed(1, "nc -lu 5000 > /tmp/heard &");
    let run = lab.typed(0, "echo hello | nc -u -w 1 10.0.2.101 5000");
    assert_eq!((run.exit, run.took.as_secs()), (0, 1));
    assert_eq!(lab.typed(1, "cat /tmp/heard").stdout, "hello\n");
    let run = lab.typed(0, "nc -zuv 10.0.2.101 5000");
    assert_eq!((run.exit, run.stderr.as_str()), (0, "Connection to 10.0.2.101 5000 port [udp/*] succeeded!\n"));
    let run = lab.typed(0, "nc -l --exec /bin/bash 5001");
    assert_eq!((run.exit, run.notes.len()), (2, 1));
}

#[test]
fn telnet_shows_what_answers() {
    let mut lab = Lab::new(Wire::Router, UBUNTU);
    let run = lab.typed(0, "telnet 10.0.2.101 22");
    assert!(
        run.stdout.starts_with(
            "Trying 10.0.2.101...\nConnected to 10.0.2.101.\nEscape character is '^]'.\nSSH-2.0-OpenSSH_9.6p1"
        ),
        "{run:?}"
    );
    let run = lab.typed(0, "telnet 10.0.2.101 81");
    assert_eq!((run.exit, run.stderr.as_str()), (1, "telnet: Unable to connect to remote host: Connection refused\n"));
    let run = Lab::new(Wire::Router, AL2).typed(0, "telnet 10.0.2.101");
    assert_eq!((run.exit, run.stderr.as_str()), (1, "telnet: connect to address 10.0.2.101: Connection refused\n"));
}
