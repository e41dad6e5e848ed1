//! What runs in the background, and what signals end.

use super::*;

#[test]
fn background_commands_are_waited_for_and_signalled() {
    for (script, expected) in [
        ("sleep 5 & wait; date +%S; echo $?", "05\n0\n"),
        ("(sleep 1; exit 3) & wait $!; echo $?", "3\n"),
        ("sleep 3 & sleep 2 & wait %2; date +%S; wait; date +%S", "02\n03\n"),
        ("sleep 100 & kill %1; wait $!; echo $?", "143\n"),
        (
            "sleep 100 & p=$!; kill -9 $p; wait $p; echo $?; kill $p 2>&1 | cut -d: -f2-",
            "137\n kill: (2103) - No such process\n",
        ),
        ("sleep 100 & kill -s INT %%; wait $!; echo $?", "130\n"),
        ("sleep 100 & sleep 1; pkill sleep; wait $!; echo $?; pkill sleep; echo $?", "143\n1\n"),
        ("(sleep 1; echo late) > /tmp/f & sleep 2; cat /tmp/f", "late\n"),
        ("for i in 1 2 3; do (sleep $i; echo $i) & done; wait", "1\n2\n3\n"),
        ("timeout 1 bash -c 'sleep 5; echo no'; echo $?", "124\n"),
        ("timeout -s KILL 1 sleep 5; echo $?; timeout -k 1 1 sleep 5; echo $?", "137\n124\n"),
        ("timeout --preserve-status 1 sleep 5; echo $?; timeout 5 false; echo $?", "143\n1\n"),
        ("wait 99 2>/dev/null; echo $?", "127\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, script);
        assert_eq!((run.stdout.as_str(), run.notes.as_slice()), (expected, [].as_slice()), "{script}\n{run:?}");
    }
}

#[test]
fn what_a_job_prints_after_its_line_is_missed_aloud() {
    for (line, noted) in [("sleep 5 &", true), ("sleep 1 & sleep 2", false), ("sleep 1 & wait", false)] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, line);
        assert_eq!(
            run.notes.iter().any(|note| note.text.contains("in the background runs on")),
            noted,
            "{line}\n{run:?}"
        );
    }
}

#[test]
fn ctrl_c_ends_the_line_and_lets_programs_speak_once_more() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let process = lab.hosts[0].start(lab.now, "sleep 2; sleep 100; echo never");
    lab.until(|lab| lab.now > SimTime::ZERO + SimDuration::from_secs(1) || lab.hosts[0].has_ended(process));
    let now = lab.now;
    lab.hosts[0].interrupt(now, process);
    let finished = lab.wait_for(0, process);
    let run = lab.collect(0, finished);
    assert_eq!((run.exit, run.stdout.as_str()), (130, ""));
}

#[test]
fn what_heard_ctrl_c_and_ended_by_itself_lets_the_line_go_on() {
    for (line, exit, after) in [
        ("ping 10.0.1.101; echo after", 0, true),
        ("bash -c 'ping 10.0.1.101; echo after'", 0, true),
        ("sleep 100; echo after", 130, false),
        ("sleep 100 || echo after", 130, false),
        ("(sleep 100); echo after", 130, false),
        ("sleep 100 | cat; echo after", 130, false),
        ("while sleep 100; do echo after; done; echo after", 130, false),
    ] {
        let mut lab = Lab::new(Wire::Cable, AL2);
        let process = lab.hosts[0].start(lab.now, line);
        lab.typed(1, "sleep 1");
        let now = lab.now;
        lab.hosts[0].interrupt(now, process);
        let finished = lab.wait_for(0, process);
        let run = lab.collect(0, finished);
        assert_eq!((run.exit, run.stdout.contains("after")), (exit, after), "{line}\n{run:?}");
        assert_eq!(run.stdout.contains("ping statistics"), after, "{line}\n{run:?}");
    }
}

#[test]
fn an_interrupted_ping_prints_its_statistics_and_a_terminated_one_does_not() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let run = lab.typed(0, "timeout -s INT 2.5 ping 10.0.1.101; echo $?");
    assert!(
        run.stdout.contains("^C\n--- 10.0.1.101 ping statistics ---\n3 packets transmitted, 3 received"),
        "{run:?}"
    );
    assert!(run.stdout.ends_with("\n124\n") && run.notes.is_empty(), "{run:?}");
    let run = lab.typed(0, "timeout 2.5 ping 10.0.1.101");
    assert!(!run.stdout.contains("statistics") && run.exit == 124, "{run:?}");
}
