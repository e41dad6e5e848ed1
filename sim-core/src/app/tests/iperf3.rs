//! `iperf3`.

use super::*;

/// A server in the background of host 1.
pub(super) fn iperf3_lab() -> Lab {
    let mut lab = Lab::new(Wire::Router, AL2);
    let run = lab.typed(1, "iperf3 -s -D");
    assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    lab
}

#[test]
fn iperf3_measures_tcp_as_iperf3_prints_it() {
    let mut lab = iperf3_lab();
    // 64 KiB every 200 us and a little: the wire has no rate, so the window is what limits.
    let run = lab.typed(0, "iperf3 -c 10.0.2.101 -t 2 -w 64K");
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
