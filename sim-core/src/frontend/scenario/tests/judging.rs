//! What is judged of a run: each expectation, with the seen thing just beside it.

use serde_json::json;

use super::*;
use crate::engine::SimDuration;
use crate::trace::DropCode;

fn names() -> Fixed {
    Fixed(&[("pcx", "pcx-01"), ("VPC01", "vpc-01"), ("dot", "a.b")])
}

fn passed(names: &[&str]) -> Passed {
    Passed { names: names.iter().map(|name| (*name).to_owned()).collect() }
}

/// A failed ping through two VPCs.
fn seen() -> Observation {
    Observation {
        exit: Some(1),
        stdout: "1 packets transmitted, 0 received, 100% packet loss, time 0ms\nrtt a.b\n".to_owned(),
        stderr: String::new(),
        error: Some("InvalidVpcID.NotFound".to_owned()),
        answer: Some(json!({
            "Vpc": { "VpcId": "vpc-01", "Port": 80, "Name": "80", "Ratio": 80.0, "Main": true, "Tags": ["a", 1],
             "None": null }
        })),
        drops: vec![ObservedDrop {
            code: DropCode::NoRouteToDestination,
            by: passed(&["PublicRouteTable", "lab.PublicRouteTable", "rtb-01"]),
        }],
        path: vec![passed(&["web1", "Instance01", "i-01"]), passed(&["VPC01", "vpc-01"]), passed(&["pcx-01"])],
        return_path: Vec::new(),
        duration: SimDuration::from_secs(10),
    }
}

fn expect(text: &str) -> Expect {
    scenario(&with_steps(&format!("  - {{run: a, expect: {text}}}\n"))).steps.remove(0).expect
}

/// The failures of an expectation (written as in YAML) on top of the exit status that was seen.
fn failures(text: &str) -> Vec<String> {
    let failures = expect(&format!("{{exit: 1, {text}}}")).judge(&seen(), &mut names());
    failures.into_iter().map(|failure| failure.text).collect()
}

#[test]
fn each_expectation_holds_or_says_why_not() {
    for (text, expected) in [
        ("stdout: 100% packet loss", ""),
        ("stdout: [0 received, 100%]", ""),
        (
            "stdout: [1 received, 100%, 2 received]",
            "expected stdout to contain \"1 received\"|expected stdout to contain \"2 received\"",
        ),
        ("stdout: {not: 1 received}", ""),
        ("stdout: {not: 0 received}", "expected stdout not to contain \"0 received\""),
        ("stdout: '/[0-9]+% packet/'", ""),
        ("stdout: '/^rtt .*$/'", ""),
        ("stdout: '/^packets/'", "expected stdout to match /^packets/"),
        ("stdout: {not: '/^rtt/'}", "expected stdout not to match /^rtt/"),
        ("stdout: '/rtt ${dot}$/'", ""),
        ("stdout: '/loss.*${dot}/'", "expected stdout to match /loss.*a\\.b/"),
        ("stdout: '/(?s)loss.*${dot}/'", ""),
        ("stderr: {equals: ''}", ""),
        ("stderr: {not: {equals: ''}}", "expected stderr not to be \"\""),
        ("stderr: x", "expected stderr to contain \"x\""),
        (
            "stdout: '${nothing}'",
            "cannot tell what stdout should be: no resource or saved variable is named `nothing` (write \
             `$${nothing}` if the shell should see it; a step's `save` gives names)",
        ),
        ("error: InvalidVpcID.NotFound", ""),
        ("error: InvalidSubnet.Conflict", "expected the AWS error InvalidSubnet.Conflict, got InvalidVpcID.NotFound"),
        ("json: {Vpc.VpcId: '${VPC01}'}", ""),
        ("json: {Vpc.VpcId: vpc-02}", "expected Vpc.VpcId to be \"vpc-02\""),
        ("json: {Vpc.Port: 80, Vpc.Name: '80', Vpc.Ratio: 80, Vpc.Main: true, Vpc.None: ~}", ""),
        ("json: {Vpc.Port: '80'}", "expected Vpc.Port to be \"80\""),
        ("json: {Vpc.Name: 80}", "expected Vpc.Name to be 80"),
        ("json: {Vpc.Main: yes}", "expected Vpc.Main to be \"yes\""),
        ("json: {Vpc.Nothing: ~}", ""),
        ("json: {Vpc.Tags: [a, 1]}", ""),
        ("json: {Vpc.Tags: [a]}", "expected Vpc.Tags to be [\"a\"]"),
        ("json: {'length(Vpc.Tags)': 2}", ""),
        ("json: {'length(Vpc.Port)': 2}", "expected length(Vpc.Port) to be 2"),
        ("dropped: NO_ROUTE_TO_DESTINATION", ""),
        ("dropped: ROUTE", ""),
        ("dropped: {reason: ROUTE, by: PublicRouteTable}", ""),
        ("dropped: {reason: ROUTE, by: rtb-01}", ""),
        ("dropped: {reason: ROUTE, by: rtb-02}", "expected a packet to be dropped for ROUTE by rtb-02"),
        ("dropped: [ROUTE, NACL]", "expected a packet to be dropped for NACL"),
        ("dropped: NGW_PORT_EXHAUSTED", "expected a packet to be dropped for NGW_PORT_EXHAUSTED"),
        ("dropped: none", "expected no packet to be dropped"),
        ("path: [web1, VPC01, '${pcx}']", ""),
        ("path: [i-01, vpc-01, pcx-01]", ""),
        ("path: [web1, VPC01]", "expected the path web1 → VPC01, got web1 → VPC01 → pcx-01"),
        ("path: [VPC01, web1, '${pcx}']", "expected the path VPC01 → web1 → pcx-01, got web1 → VPC01 → pcx-01"),
        ("return_path: []", ""),
        ("return_path: [web1]", "expected the return path web1, got no packet"),
        ("within: 10s", ""),
        ("within: 9999ms", "expected the step to take at most 9s999ms, it took 10.000s"),
    ] {
        assert_eq!(failures(text).join("|"), expected, "{text}");
    }
}

#[test]
fn the_exit_status_is_0_unless_something_else_is_expected() {
    for (text, exit, expected) in [
        ("{}", Some(0), None),
        ("{}", Some(1), Some("expected exit 0, got exit 1")),
        ("{}", None, None),
        ("{exit: 28}", Some(28), None),
        ("{exit: 28}", Some(0), Some("expected exit 28, got exit 0")),
        ("{exit: 0}", None, Some("expected exit 0, got still running")),
        ("{error: InvalidVpcID.NotFound}", Some(254), None),
        (
            "{error: InvalidVpcID.NotFound}",
            Some(0),
            Some("expected an exit status other than 0, with InvalidVpcID.NotFound, got exit 0"),
        ),
    ] {
        let found = expect(text).judge(&Observation { exit, ..seen() }, &mut names());
        let found = found.first().map(|failure| failure.text.as_str());
        assert_eq!(found, expected, "{text} {exit:?}");
    }
}

#[test]
fn a_final_newline_does_not_count_and_a_second_one_does() {
    let judged = |stdout: &str, wanted: &str| {
        let seen = Observation { exit: Some(0), stdout: stdout.to_owned(), ..Observation::default() };
        expect(&format!("{{stdout: {{equals: {wanted}}}}}")).judge(&seen, &mut names()).is_empty()
    };
    assert!(judged("a\n", "a"));
    assert!(judged("a", "\"a\\n\""));
    assert!(!judged("a\n\n", "a"));
    assert!(!judged("ab\n", "a"));
}

#[test]
fn a_failure_says_what_was_seen_and_where_the_expectation_stands() {
    let text = with_steps("  - run: a\n    expect:\n      exit: 1\n      dropped: NACL\n      path: [a]\n");
    let (sources, loaded) = load_text(&text);
    let failures = loaded.expect("it is right").steps[0].expect.judge(&seen(), &mut names());
    let shown: Vec<String> = failures
        .iter()
        .map(|failure| {
            let line = failure.span.map(|span| sources.line_column(span).0);
            format!("{} / {} / {line:?}", failure.expected, failure.actual)
        })
        .collect();
    assert_eq!(
        shown,
        ["NACL / NO_ROUTE_TO_DESTINATION by PublicRouteTable / Some(6)", "a / web1 → VPC01 → pcx-01 / Some(7)"]
    );
}

#[test]
fn an_expected_drop_is_told_from_an_unexpected_one() {
    let drop = &seen().drops[0];
    assert!(expect("{dropped: ROUTE}").expects_drop(drop, &mut names()));
    assert!(!expect("{dropped: NACL}").expects_drop(drop, &mut names()));
    assert!(!expect("{dropped: none}").expects_drop(drop, &mut names()));
    assert!(!expect("{}").expects_drop(drop, &mut names()));
}
