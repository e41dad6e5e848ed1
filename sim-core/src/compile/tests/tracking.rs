//! What an interface remembers of its flows: for how long, how many of them, and with whom it shares what it may.

use super::world::check;

/// A client that may do anything and a server that lets all in and, of itself, nothing out, both of the given kind.
fn topology(first: &str, kind: &str) -> String {
    format!(
        "
        {first}
        vpc main 10.0.0.0/16
        subnet web main 10.0.1.0/24
        group client main
        allow client egress all 0.0.0.0/0
        group server main
        allow server ingress all 10.0.1.0/24
        eni c web 10.0.1.10 client {kind}
        eni s web 10.0.1.20 server {kind}
        "
    )
}

const SYN: &str = "c: tcp 10.0.1.10:1 > 10.0.1.20:80 SYN";
const SYN_ACK: &str = "s: tcp 10.0.1.20:80 > 10.0.1.10:1 SYN ACK";
const ACK: &str = "c: tcp 10.0.1.10:1 > 10.0.1.20:80 ACK";
const DATA_BACK: &str = "s: tcp 10.0.1.20:80 > 10.0.1.10:1 ACK";
const QUESTION: &str = "c: udp 10.0.1.10:1 > 10.0.1.20:53";
const ANSWER: &str = "s: udp 10.0.1.20:53 > 10.0.1.10:1";

const OPENED: &str = "at c | client rule 1 | in main | at s | server rule 1 | delivered";
const THERE: &str = "at c | tracked | in main | at s | tracked | delivered";
const BACK: &str = "at s | tracked | in main | at c | tracked | delivered";

/// What a server's packet comes to when its flow has been forgotten.
fn forgotten(what: &str) -> String {
    format!(
        "at s | SG_HAS_NO_RULES by server: \
         it has no outbound rules at all, so {what} to 10.0.1.10 is refused by default"
    )
}

#[test]
fn time_outs_are_those_of_the_instance_type_unless_the_interface_sets_them_sg_21() {
    // How the interfaces are made, and the last second of silence after which its connection is still known.
    for (server, seconds) in [
        ("", 431_999),
        ("type m7i.large", 431_999),
        ("type m8i.large", 349),
        ("type c8i-flex.large", 349),
        ("type m8i.large idle 600", 599),
        ("idle 60", 59),
    ] {
        let topology = topology("", server);
        let opened = [(SYN, OPENED), (SYN_ACK, BACK), (ACK, THERE)];
        check(&topology, &[&opened[..], &[(&format!("wait {seconds}s"), ""), (DATA_BACK, BACK)]].concat());
        let late = format!("wait {}s", seconds + 1);
        check(&topology, &[&opened[..], &[(&late, ""), (DATA_BACK, &forgotten("tcp/1"))]].concat());
    }
}

#[test]
fn udp_has_a_time_out_for_a_question_and_one_for_a_stream_sg_21() {
    for (server, single, stream) in [("", 29, 179), ("idle 432000,90,45", 44, 89)] {
        let topology = topology("", server);
        let (asked, talked) = ([(QUESTION, OPENED)], [(QUESTION, OPENED), (ANSWER, BACK), (QUESTION, THERE)]);
        for (before, seconds) in [(&asked[..], single), (&talked[..], stream)] {
            let (in_time, late) = (format!("wait {seconds}s"), format!("wait {}s", seconds + 1));
            check(&topology, &[before, &[(&in_time, ""), (ANSWER, BACK)]].concat());
            check(&topology, &[before, &[(&late, ""), (ANSWER, &forgotten("udp/1"))]].concat());
        }
    }
}

#[test]
fn an_instance_tracks_as_many_flows_as_it_is_allowed_and_drops_the_next_sg_25() {
    let refused = "at c | client rule 1 | in main | at s | CONNTRACK_ALLOWANCE_EXCEEDED by s: \
                   its instance tracks as many connections as it may";
    let one = "c: udp 10.0.1.10:1 > 10.0.1.20:53";
    let two = "c: udp 10.0.1.10:2 > 10.0.1.20:53";
    let three = "d: udp 10.0.1.11:3 > 10.0.1.20:53";
    let from_d = |account: &str| account.replace("at c", "at d");
    check(
        &format!("{}\n eni d web 10.0.1.11 client", topology("allowance 2", "")),
        &[
            (one, OPENED),
            (two, OPENED),
            (three, &from_d(refused)),
            (one, THERE), // what is tracked goes on
            ("wait 29s", ""),
            (two, THERE),
            ("wait 1s", ""),
            (three, &from_d(OPENED)), // the first has idled out
            (one, refused),
        ],
    );
}

#[test]
fn flows_that_are_not_tracked_take_no_room_sg_25() {
    // SG-17: open to the world both ways.
    let topology = format!(
        "{}
        allow server ingress udp/53 0.0.0.0/0
        allow server egress all 0.0.0.0/0
        eni d web 10.0.1.11 client",
        topology("allowance 1", "")
    );
    check(
        &topology,
        &[
            ("c: udp 10.0.1.10:1 > 10.0.1.20:53", "at c | client rule 1 | in main | at s | server rule 1 | delivered"),
            ("d: udp 10.0.1.11:2 > 10.0.1.20:53", "at d | client rule 1 | in main | at s | server rule 1 | delivered"),
        ],
    );
}

#[test]
fn the_interfaces_of_an_instance_share_its_allowance_sg_25() {
    let topology = |second: &str| {
        format!(
            "{}
            eni s2 web 10.0.1.21 server {second}
            eni d web 10.0.1.11 client",
            topology("allowance 1", "")
        )
    };
    let opened = [("c: udp 10.0.1.10:1 > 10.0.1.20:53", OPENED)];
    let other = "d: udp 10.0.1.11:1 > 10.0.1.21:53";
    check(
        &topology("with s"),
        &[
            opened[0],
            (
                other,
                "at d | client rule 1 | in main | at s2 | CONNTRACK_ALLOWANCE_EXCEEDED by s2: \
                 its instance tracks as many connections as it may",
            ),
        ],
    );
    check(&topology(""), &[opened[0], (other, "at d | client rule 1 | in main | at s2 | server rule 1 | delivered")]);
}
