//! What `explain` and `matrix` answer, whole: delivered, lost at each kind of obstacle, lost on the way back.

use serde_json::Value;

use crate::golden;
use crate::program::{repository, stderr, stdout, vpcsim_in};

/// Two instances that forward, one after the other.
const TWO_ROUTERS: &str = "sim-cli/tests/scenarios/two-routers.yaml";

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
        ("explain.nat-instance.txt", 0, &["nat-instance", "private", "198.51.100.80", "--step", "1"]),
        ("explain.nat-instance-checks.txt", 1, &["nat-instance", "private", "198.51.100.80:80", "--step", "5"]),
        ("explain.port-forwarded.txt", 0, &["nat-instance", "--step", "11"]),
        ("explain.no-forwarding.txt", 1, &["nat-instance", "--step", "14"]),
        ("explain.two-routers.txt", 0, &[TWO_ROUTERS, "client", "10.0.4.10:22", "--step", "7"]),
        ("explain.going-round.txt", 1, &[TWO_ROUTERS, "client", "198.51.100.1", "--step", "1"]),
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
        ("matrix.two-routers.txt", &[TWO_ROUTERS, "--step", "4"]),
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

/// Every ping and every page of the shipped labs that needs nothing but its moment: `explain`, asked at that moment, says what the
/// step saw, by the same hops – through instances that forward, too.
#[test]
fn explain_and_the_step_that_really_sent_the_packet_agree() {
    let (mut compared, mut forwarded) = (0, 0);
    let labs = std::fs::read_dir(repository().join("scenarios")).expect("the labs");
    let labs = labs.map(|lab| lab.expect("a folder").file_name().into_string().expect("a name"));
    for name in labs.chain([TWO_ROUTERS.to_owned()]) {
        let output = vpcsim_in(&repository(), &["run", &name, "--no-captures", "--format", "json"]).output();
        let run: Value = serde_json::from_str(&stdout(&output.expect("it starts"))).expect("JSON");
        let steps = run["steps"].as_array().expect("steps");
        // A flow that a ping in the background keeps up outlives the rules that admitted it.
        let commands = |step: &Value| step["commands"].as_array().expect("commands").clone();
        if steps.iter().flat_map(commands).any(|command| command["exit"].is_null()) {
            continue;
        }
        for step in steps {
            let [command] = &commands(step)[..] else { continue };
            let Some(to) = whom_it_asks(command["command"].as_str().expect("a line")) else { continue };
            let of_first = |drop: &Value| {
                drop["packet"]["text"].as_str().is_some_and(|text| !text.starts_with("tcp") || text.contains("SYN"))
            };
            if !step["drops"].as_array().expect("drops").iter().all(of_first) {
                continue; // It was connected, and lost later what `explain` does not send.
            }
            let from = command["prompt"].as_str().expect("a prompt").trim_end_matches('$');
            let number = step["number"].as_u64().expect("a number");
            let asked = ["explain", &name, "--step", &(number - 1).to_string(), "--from", from, "--to", &to];
            let explained = json_of(&asked);
            let seen = json_of(&["explain", &name, "--step", &number.to_string()]);
            // A server that refuses was reached, if anything was sent.
            let refused = to.contains(':') && command["exit"] == 7 && !way(&seen).is_empty();
            let answered = command["exit"] == 0 || refused;
            assert_eq!(explained["delivered"], answered, "{name} step {number}: {asked:?}");
            let lost = way(&explained).into_iter().find_map(|hop| hop.code);
            let dropped = step["drops"].get(0).map(|drop| drop["code"].as_str().expect("a code").to_owned());
            assert_eq!(lost, dropped, "{name} step {number}");
            assert_eq!(way(&explained), way(&seen), "{name} step {number}");
            compared += 1;
            forwarded += u32::from(way(&seen).iter().any(|hop| hop.component.starts_with("i-")));
        }
    }
    assert!(compared >= 45 && forwarded >= 6, "{compared}, {forwarded}");
}

/// The address that a command asks with its first packet, and the port if it is a page.
fn whom_it_asks(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["ping", "-c", "1", to] | ["ping", "-c", "1", "-W", "1", to] => {
            to.parse::<std::net::Ipv4Addr>().ok().map(|to| to.to_string())
        }
        ["curl", .., to] => {
            let (host, _) = to.strip_prefix("http://")?.split_once('/')?;
            let (address, port) = host.split_once(':').unwrap_or((host, "80"));
            address.parse::<std::net::Ipv4Addr>().ok().map(|address| format!("{address}:{port}"))
        }
        _ => None,
    }
}

fn json_of(args: &[&str]) -> Value {
    serde_json::from_str(&answer(&[args, &["--format", "json"]].concat()).0).expect("JSON")
}

/// A hop as far as it is the same for two packets of the same kind.
#[derive(PartialEq, Debug)]
struct Hop {
    component: String,
    verdict: String,
    code: Option<String>,
}

/// What happened to a packet and to its answer.
fn way(explained: &Value) -> Vec<Hop> {
    let hops = ["there", "back"].into_iter().flat_map(|way| explained[way].as_array().expect("hops"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let hop = |hop: &Value| Hop {
        component: text(&hop["component"]["id"]).expect("an id"),
        verdict: text(&hop["verdict"]).expect("a verdict"),
        code: text(&hop["code"]),
    };
    hops.filter(|hop| hop["happened"] == true).map(hop).collect()
}
