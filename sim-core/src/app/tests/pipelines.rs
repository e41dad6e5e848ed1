//! Pipelines: their commands run side by side, and what a command reads is there as soon as it is written.

use super::*;

fn lab() -> Lab {
    Lab::new(Wire::Router, AL2023).with_web_server()
}

#[test]
fn who_has_seen_enough_ends_who_goes_on_writing() {
    for (line, stdout, exit) in [
        ("yes | head -2", "y\ny\n", 0),
        ("set -o pipefail; yes | head -1; echo $?", "y\n141\n", 0),
        ("while true; do echo x; done | head -2", "x\nx\n", 0),
        ("yes a b | grep -m1 b | tr a-z A-Z", "A B\n", 0),
        ("seq 100000 | tail -1", "100000\n", 0),
        ("yes | { sleep 3; head -1; }", "y\n", 0),
        ("curl -s 10.0.2.101 | head -c 5", "<h1>h", 0),
    ] {
        let run = lab().typed(0, line);
        assert_eq!((run.stdout.as_str(), run.exit, run.notes), (stdout, exit, Vec::new()), "{line}: {}", run.stderr);
    }
}

#[test]
fn the_status_is_that_of_the_last_or_with_pipefail_of_the_last_that_failed() {
    for (line, stdout) in [
        ("false | true; echo $?", "0\n"),
        ("true | false; echo $?", "1\n"),
        ("(exit 3) | (exit 4) | true; echo $?", "0\n"),
        ("set -o pipefail; (exit 3) | (exit 4) | true; echo $?", "4\n"),
        ("set -eo pipefail; false | true; echo not reached", ""),
        ("set -o pipefail; set +o pipefail; false | true; echo $?", "0\n"),
        ("! false | false; echo $?", "0\n"),
        ("exit 3 | true; echo still here", "still here\n"),
        ("x=1; echo 2 | read x; echo $x", "1\n"),
    ] {
        assert_eq!(lab().typed(0, line).stdout, stdout, "{line}");
    }
}

#[test]
fn a_line_is_read_when_it_is_written() {
    let mut lab = lab();
    let run = lab.typed(0, "ping -c 3 10.0.2.101 | while read line; do [[ $line == *ttl* ]] && date +%S; done");
    let seconds: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(seconds.len(), 3, "{seconds:?}");
    assert!(seconds[0] != seconds[1] && seconds[1] != seconds[2], "each at its own time: {seconds:?}");
    // The header and two replies; the third reply finds nobody to read it.
    let started = lab.now;
    let run = lab.typed(0, "ping 10.0.2.101 | head -3");
    assert_eq!(run.stdout.matches("ttl=").count(), 2, "{}", run.stdout);
    assert_eq!(lab.now.since(started).as_secs(), 2, "after the second second nothing is left to wait for");
    assert!(run.notes.is_empty(), "{:?}", run.notes);
}

#[test]
fn a_capture_is_read_while_somebody_pings() {
    let watch = "tcpdump -n -c 3 icmp 2> /dev/null | cut -d ' ' -f 2- | tee /tmp/seen | grep -c echo";
    let run = lab().typed(0, &format!("{watch} & ping -c 4 10.0.2.101 > /dev/null; wait; wc -l < /tmp/seen"));
    assert_eq!(run.stdout, "3\n3\n", "{}", run.stderr);
}

#[test]
fn a_log_is_followed_until_what_is_waited_for_has_come() {
    let mut lab = lab();
    let started = lab.now;
    let run = lab.typed(
        0,
        "touch /tmp/log; (sleep 1; echo one >> /tmp/log; sleep 1; echo two >> /tmp/log; sleep 60) & \
         tail -f /tmp/log | grep -m1 two",
    );
    assert_eq!((run.stdout.as_str(), run.exit), ("two\n", 0));
    assert_eq!(lab.now.since(started).as_secs(), 2);
}

#[test]
fn what_comes_over_the_network_goes_on_through_a_pipe() {
    let mut lab = lab();
    let server = lab.hosts[1].start(lab.now, "nc -l 5000 | tee /tmp/f | tr a-z A-Z");
    lab.typed(0, "(echo one; sleep 1; echo two) | nc -N 10.0.2.101 5000");
    let finished = lab.wait_for(1, server);
    assert_eq!(lab.collect(1, finished).stdout, "ONE\nTWO\n");
    assert_eq!(lab.typed(1, "cat /tmp/f").stdout, "one\ntwo\n");
}

#[test]
fn who_reads_takes_no_more_than_it_needs() {
    for (line, stdout) in [
        ("printf 'a\\nb\\nc' | while read x; do echo \"<$x>\"; done", "<a>\n<b>\n"),
        ("printf 'a\\nb\\nc\\n' | { read x; echo \"$x first\"; cat; }", "a first\nb\nc\n"),
        ("seq 3 > /tmp/n; while read x; do echo $((x * 2)); done < /tmp/n", "2\n4\n6\n"),
        ("read a b <<< 'one two three'; echo $b, $a", "two three, one\n"),
        ("read x < /dev/null; echo $?$x", "1\n"),
        ("printf 'a\\na\\nb\\n' | uniq; echo aabb | tr -s a | tr -d b", "a\nb\na\n"),
        ("tail -f /no/such 2>&1", "tail: /no/such: No such file or directory\ntail: no files remaining\n"),
        ("seq 5 | { head -2 > /dev/null; wc -l; }", "3\n"),
    ] {
        assert_eq!(lab().typed(0, line).stdout, stdout, "{line}");
    }
}

#[test]
fn a_signal_ends_all_of_a_pipeline() {
    let mut lab = lab();
    let started = lab.now;
    let run =
        lab.typed(0, "yes | cat > /dev/null & sleep 1; kill %1; wait %1; echo $?; timeout 2 sleep 9 | cat; echo $?");
    assert_eq!(run.stdout, "143\n0\n");
    assert_eq!(lab.now.since(started).as_secs(), 3);
}
