//! `curl`.

use super::*;

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
        ("curl https://10.0.1.101/", 7),
        ("curl https://10.0.1.101:22/", 35),
        ("curl --resolve x:80 10.0.1.101", 49),
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
        lab.hosts[0].receive(lab.now, 0, frame, None);
        let finished = lab.wait_for(0, process);
        let run = lab.collect(0, finished);
        assert_eq!(run.exit, exit, "code {code}: {run:?}");
        assert!(run.stderr.contains(&format!("* connect to 10.0.2.101 port 80 failed: {word}\n")), "{run:?}");
    }
}

#[test]
fn curl_tells_what_it_learnt() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    for (line, expected) in [
        (
            "curl -s -o /dev/null -w '%{http_code} %{remote_ip}:%{remote_port} %{local_ip} %{size_download} %{content_type} %{num_connects} %{method}\\n' 10.0.2.101",
            "200 10.0.2.101:80 10.0.1.100 15 text/html; charset=UTF-8 1 GET\n",
        ),
        (
            "curl -s -o /dev/null -w '%{time_namelookup} %{time_connect} %{time_starttransfer} %{time_total}' 10.0.2.101",
            "0.000000 0.000200 0.000400 0.000400",
        ),
        ("curl -s --resolve shop.example:80:10.0.2.101 shop.example", "<h1>hello</h1>\n"),
        ("curl -s -D - -o /dev/null 10.0.2.101 | head -1", "HTTP/1.1 200 OK\r\n"),
        ("curl -s -w '%{http_code} %{exitcode}' 10.0.2.101:81", "000 7"),
        ("curl -s -X DELETE -o /dev/null -w '%{http_code}' 10.0.2.101", "501"),
        ("echo a=1 > /tmp/d; curl -s -d @/tmp/d -o /dev/null -w '%{http_code} %{size_upload}' 10.0.2.101", "501 3"),
    ] {
        assert_eq!(lab.typed(0, line).stdout, expected, "{line}");
    }
}

#[test]
fn a_client_speaks_from_a_port_of_its_systems_range_acl_9() {
    for (profile, ports) in [
        (AL2, 32_768..=61_000),
        (AL2023, 32_768..=61_000),
        (Profile::Ubuntu, 32_768..=61_000),
        (Profile::Windows, 49_152..=65_535),
    ] {
        let mut lab = Lab::new(Wire::Router, profile);
        lab.user_data(1, "#!/bin/bash\nnohup python3 -m http.server 80 &\n");
        let asking = "for i in 1 2 3 4 5 6 7 8; do curl -s -o /dev/null -w '%{local_port} ' 10.0.2.101; done";
        let said = lab.typed(0, asking).stdout;
        let seen: Vec<u32> = said.split_whitespace().map(|port| port.parse().expect("a port")).collect();
        assert_eq!(seen.len(), 8, "{said}");
        assert!(seen.iter().all(|port| ports.contains(port)), "{profile:?}: {said}");
    }
}
