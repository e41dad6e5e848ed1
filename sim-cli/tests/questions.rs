//! What `explain` and `matrix` answer, whole: delivered, lost at each kind of obstacle, lost on the way back.

use serde_json::Value;

use crate::golden;
use crate::program::{repository, stderr, stdout, vpcsim_in};

/// An answer, and the exit status.
fn answer(args: &[&str]) -> (String, Option<i32>) {
    let output = vpcsim_in(&repository(), args).output().expect("it starts");
    assert_eq!(stderr(&output), "", "{args:?}");
    (stdout(&output), output.status.code())
}

#[test]
fn a_packet_is_explained_hop_by_hop() {
    for (file, status, args) in [
        // Deployed, and nothing connects the VPCs: the gateway, then the group behind the peering that there is not.
        (
            "explain.nothing-connects.txt",
            1,
            &["vpc-peering", "ljhVPC1-EC2", "ljhVPC2-EC2", "tcp/80", "--step", "0"][..],
        ),
        (
            "explain.peered-not-routed.txt",
            1,
            &["vpc-peering", "--from", "ljhVPC1-EC2", "--to", "10.42.1.100", "--step", "6"],
        ),
        ("explain.delivered.txt", 0, &["vpc-peering", "--from", "ljhVPC1-EC2", "--to", "ljhVPC2-EC2", "--step", "8"]),
        ("explain.group.txt", 1, &["vpc-peering", "--from", "ljhVPC1-EC2", "--to", "ljhVPC2-EC2:80", "--step", "8"]),
        ("explain.connects.txt", 0, &["vpc-peering", "ljhVPC2-EC2", "ljhVPC1-EC2:22", "--step", "8"]),
        ("explain.transit.txt", 1, &["transitive-peering", "--from", "host-b", "--to", "host-c", "--step", "5"]),
        ("explain.step.txt", 1, &["vpc-peering", "--step", "1"]),
        ("explain.step-delivered.txt", 0, &["vpc-peering", "--step", "9"]),
    ] {
        let (text, code) = answer(&[&["explain"], args].concat());
        golden::compare(file, &text);
        assert_eq!(code, Some(status), "{args:?}");
    }
}

#[test]
fn a_matrix_says_who_reaches_whom_and_why_not() {
    for (file, args) in [
        ("matrix.before.txt", &["transitive-peering", "--step", "0"][..]),
        ("matrix.after.txt", &["transitive-peering"]),
        ("matrix.tcp.txt", &["vpc-peering", "--proto", "tcp/80", "--step", "8"]),
    ] {
        let (text, code) = answer(&[&["matrix"], args].concat());
        golden::compare(file, &text);
        assert_eq!(code, Some(0), "{args:?}");
    }
}

#[test]
fn json_says_the_same() {
    let args = ["explain", "vpc-peering", "--from", "ljhVPC1-EC2", "--to", "ljhVPC2-EC2:80", "--step", "8"];
    let (text, code) = answer(&[&args[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(code, Some(1));
    assert_eq!((&json["delivered"], &json["outcome"]), (&false.into(), &"dropped".into()));
    let hops = json["there"].as_array().expect("hops");
    let drops: Vec<_> = hops.iter().filter(|hop| hop["verdict"] == "drop").collect();
    assert_eq!(drops.len(), 1);
    assert_eq!((&drops[0]["code"], &drops[0]["happened"]), (&"ENI_SG_RULES_MISMATCH".into(), &true.into()));
    let (text, _) = answer(&["matrix", "vpc-peering", "--step", "0", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["cells"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_question_that_does_not_fit_the_scenario_says_what_would() {
    for (args, complaint) in [
        (&["explain", "vpc-peering", "--from", "nobody", "--to", "10.42.1.100"][..], "there is no host named `nobody`"),
        (&["explain", "vpc-peering", "--step", "99"], "there is no step 99"),
        (&["explain", "vpc-peering", "--step", "0"], "deployment is not a step"),
        (&["explain", "vpc-peering", "ljhVPC1-EC2"], "FROM and TO"),
        (&["explain", "vpc-peering", "ljhVPC1-EC2", "ljhVPC2-EC2", "tcp"], "tcp needs a port"),
        (&["matrix", "vpc-peering", "--proto", "gre"], "none of `icmp`"),
    ] {
        let output = vpcsim_in(&repository(), args).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(complaint), "{args:?}: {}", stderr(&output));
    }
}

/// Every ping of the shipped labs that needs nothing but its moment: `explain`, asked at that moment, says what the step saw.
#[test]
fn explain_and_the_step_that_really_sent_the_packet_agree() {
    let mut compared = 0;
    for scenario in std::fs::read_dir(repository().join("scenarios")).expect("the labs") {
        let scenario = scenario.expect("a folder").path();
        let name = scenario.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let output = vpcsim_in(&repository(), &["run", &name, "--no-captures", "--format", "json"]).output();
        let run: Value = serde_json::from_str(&stdout(&output.expect("it starts"))).expect("JSON");
        let steps = run["steps"].as_array().expect("steps");
        // A flow that a ping in the background keeps up outlives the rules that admitted it.
        if steps.iter().any(|step| step["commands"][0]["exit"].is_null()) {
            continue;
        }
        for step in steps {
            let commands = step["commands"].as_array().expect("commands");
            let [command] = &commands[..] else { continue };
            let words: Vec<&str> = command["command"].as_str().expect("a line").split(' ').collect();
            let (["ping", "-c", "1", to] | ["ping", "-c", "1", "-W", "1", to]) = words[..] else { continue };
            if to.parse::<std::net::Ipv4Addr>().is_err() {
                continue;
            }
            let from = command["prompt"].as_str().expect("a prompt").trim_end_matches('$');
            let before = (step["number"].as_u64().expect("a number") - 1).to_string();
            let asked = ["explain", &name, "--step", &before, "--from", from, "--to", to, "--format", "json"];
            let explained: Value = serde_json::from_str(&answer(&asked).0).expect("JSON");
            let answered = command["exit"] == 0;
            assert_eq!(explained["delivered"], answered, "{name} step {}: {asked:?}", step["number"]);
            let hops = ["there", "back"].into_iter().flat_map(|way| explained[way].as_array().expect("hops"));
            let lost = hops.filter(|hop| hop["happened"] == true).map(|hop| &hop["code"]).find(|code| !code.is_null());
            assert_eq!(lost, step["drops"].get(0).map(|drop| &drop["code"]), "{name} step {}", step["number"]);
            compared += 1;
        }
    }
    assert!(compared >= 30, "{compared}");
}
