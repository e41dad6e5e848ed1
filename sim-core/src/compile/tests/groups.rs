//! Security groups: what they admit, which flows are tracked, and for how long.

use super::world::check;

/// Two interfaces of one subnet with groups of their own, so that only the groups decide.
const GROUPS: &str = "
    vpc main 10.0.0.0/16
    subnet web main 10.0.1.0/24
    group client main
    allow client egress all 0.0.0.0/0
    group server main
    eni c web 10.0.1.10 client
    eni s web 10.0.1.20 server
";

#[test]
fn without_rules_nothing_enters_and_nothing_leaves() {
    // SG-1, SG-2: groups decide within a subnet too.
    check(
        GROUPS,
        &[
            (
                "c: udp 10.0.1.10:1 > 10.0.1.20:53",
                "at c | client rule 1 | in main | at s | SG_HAS_NO_RULES by server: \
                 it has no inbound rules at all, so udp/53 from 10.0.1.10 is refused by default",
            ),
            (
                "s: udp 10.0.1.20:1 > 10.0.1.10:53",
                "at s | SG_HAS_NO_RULES by server: \
                 it has no outbound rules at all, so udp/53 to 10.0.1.10 is refused by default",
            ),
        ],
    );
}

#[test]
fn replies_pass_whatever_the_other_direction_says() {
    // SG-13, SG-14, SG-16: a tracked flow outlives its rule, a new one does not.
    check(
        GROUPS,
        &[
            ("allow server ingress tcp/80 10.0.1.0/24", ""),
            (
                "c: tcp 10.0.1.10:1000 > 10.0.1.20:80 SYN",
                "at c | client rule 1 | in main | at s | server rule 1 | delivered",
            ),
            ("s: tcp 10.0.1.20:80 > 10.0.1.10:1000 SYN ACK", "at s | tracked | in main | at c | tracked | delivered"),
            (
                "s: tcp 10.0.1.20:80 > 10.0.1.10:1001 SYN ACK", // a reply without its request
                "at s | SG_HAS_NO_RULES by server: \
                 it has no outbound rules at all, so tcp/1001 to 10.0.1.10 is refused by default",
            ),
            ("drop rules server ingress", ""),
            ("c: tcp 10.0.1.10:1000 > 10.0.1.20:80 ACK", "at c | tracked | in main | at s | tracked | delivered"),
            (
                "c: tcp 10.0.1.10:1002 > 10.0.1.20:80 SYN",
                "at c | client rule 1 | in main | at s | SG_HAS_NO_RULES by server: \
                 it has no inbound rules at all, so tcp/80 from 10.0.1.10 is refused by default",
            ),
        ],
    );
}

#[test]
fn pinging_somebody_does_not_let_them_ping_back() {
    // SG-13, SG-16: the same identifier, but a question of their own.
    check(
        &format!("{GROUPS}\n allow server ingress icmp 10.0.1.0/24\n allow server egress icmp 10.0.1.0/24"),
        &[
            ("c: icmp 10.0.1.10 > 10.0.1.20", "at c | client rule 1 | in main | at s | server rule 1 | delivered"),
            (
                "s: icmp 10.0.1.20 > 10.0.1.10",
                "at s | server rule 1 | in main | at c | SG_HAS_NO_RULES by client: \
                 it has no inbound rules at all, so icmp from 10.0.1.20 is refused by default",
            ),
            ("s: icmp-reply 10.0.1.20 > 10.0.1.10", "at s | tracked | in main | at c | tracked | delivered"),
        ],
    );
}

#[test]
fn a_flow_open_to_the_world_both_ways_is_not_tracked_and_is_cut_at_once() {
    // SG-14, SG-17, SG-18: port 80 from anywhere with egress all is untracked; 22 from one host is tracked.
    let exchange = |port: u16, before: &'static str, after: &'static str| {
        let syn = format!("c: tcp 10.0.1.10:1000 > 10.0.1.20:{port} SYN");
        let syn_ack = format!("s: tcp 10.0.1.20:{port} > 10.0.1.10:1000 SYN ACK");
        let ack = format!("c: tcp 10.0.1.10:1000 > 10.0.1.20:{port} ACK");
        check(
            &format!(
                "{GROUPS}
                allow server ingress tcp/22 10.0.1.10/32
                allow server ingress tcp/80 0.0.0.0/0
                allow server egress all 0.0.0.0/0"
            ),
            &[
                (
                    &syn,
                    &format!(
                        "at c | client rule 1 | in main | at s | server rule {} | delivered",
                        if port == 22 { 1 } else { 2 }
                    ),
                ),
                (&syn_ack, before),
                ("drop rules server ingress", ""),
                (&ack, after),
            ],
        );
    };
    exchange(
        22,
        "at s | tracked | in main | at c | tracked | delivered",
        "at c | tracked | in main | at s | tracked | delivered",
    );
    exchange(
        80,
        "at s | server rule 1 | in main | at c | tracked | delivered",
        "at c | tracked | in main | at s | SG_HAS_NO_RULES by server: \
         it has no inbound rules at all, so tcp/80 from 10.0.1.10 is refused by default",
    );
}

#[test]
fn removing_the_rule_back_makes_new_flows_tracked() {
    // SG-18
    check(
        &format!("{GROUPS}\n allow server ingress tcp/80 0.0.0.0/0"),
        &[
            (
                "c: tcp 10.0.1.10:1000 > 10.0.1.20:80 SYN",
                "at c | client rule 1 | in main | at s | server rule 1 | delivered",
            ),
            ("s: tcp 10.0.1.20:80 > 10.0.1.10:1000 SYN ACK", "at s | tracked | in main | at c | tracked | delivered"),
        ],
    );
}

#[test]
fn tracked_flows_idle_out() {
    // SG-21, SG-22, SG-23, SG-24: an answer in time passes, an answer too late is a stranger.
    let late = "it has no outbound rules at all, so";
    for (packet, reply, in_time, too_late, what) in [
        ("udp 10.0.1.10:1 > 10.0.1.20:53", "udp 10.0.1.20:53 > 10.0.1.10:1", 29, 30, "udp/1"),
        ("icmp 10.0.1.10 > 10.0.1.20", "icmp-reply 10.0.1.20 > 10.0.1.10", 29, 30, "icmp"),
        ("tcp 10.0.1.10:1 > 10.0.1.20:80 SYN", "tcp 10.0.1.20:80 > 10.0.1.10:1 SYN ACK", 59, 60, "tcp/1"),
    ] {
        let topology = format!("{GROUPS}\n allow server ingress all 10.0.1.0/24");
        let (packet, reply) = (format!("c: {packet}"), format!("s: {reply}"));
        let there = "at c | client rule 1 | in main | at s | server rule 1 | delivered";
        let (wait, back) = (format!("wait {in_time}s"), "at s | tracked | in main | at c | tracked | delivered");
        check(&topology, &[(&packet, there), (&wait, ""), (&reply, back)]);
        let (wait, lost) = (
            format!("wait {too_late}s"),
            format!("at s | SG_HAS_NO_RULES by server: {late} {what} to 10.0.1.10 is refused by default"),
        );
        check(&topology, &[(&packet, there), (&wait, ""), (&reply, &lost)]);
    }
}

#[test]
fn an_established_connection_lasts_five_days_and_a_udp_stream_three_minutes() {
    // SG-21
    let topology = format!("{GROUPS}\n allow server ingress all 10.0.1.0/24");
    let there = "at c | client rule 1 | in main | at s | server rule 1 | delivered";
    let tracked = "at c | tracked | in main | at s | tracked | delivered";
    let back = "at s | tracked | in main | at c | tracked | delivered";
    check(
        &topology,
        &[
            ("c: tcp 10.0.1.10:1 > 10.0.1.20:80 SYN", there),
            ("s: tcp 10.0.1.20:80 > 10.0.1.10:1 SYN ACK", back),
            ("c: tcp 10.0.1.10:1 > 10.0.1.20:80 ACK", tracked),
            ("wait 431999s", ""),
            ("c: tcp 10.0.1.10:1 > 10.0.1.20:80 ACK", tracked),
            ("wait 432000s", ""),
            ("c: tcp 10.0.1.10:1 > 10.0.1.20:80 ACK", there),
        ],
    );
    check(
        &topology,
        &[
            ("c: udp 10.0.1.10:1 > 10.0.1.20:53", there),
            ("s: udp 10.0.1.20:53 > 10.0.1.10:1", back),
            ("c: udp 10.0.1.10:1 > 10.0.1.20:53", tracked),
            ("wait 179s", ""),
            ("s: udp 10.0.1.20:53 > 10.0.1.10:1", back),
            ("wait 180s", ""),
            ("c: udp 10.0.1.10:1 > 10.0.1.20:53", there),
        ],
    );
}

#[test]
fn a_reset_connection_is_over_for_a_new_one_on_the_same_ports() {
    let topology = format!("{GROUPS}\n allow server ingress tcp/80 10.0.1.0/24");
    check(
        &topology,
        &[
            (
                "c: tcp 10.0.1.10:1 > 10.0.1.20:80 SYN",
                "at c | client rule 1 | in main | at s | server rule 1 | delivered",
            ),
            ("s: tcp 10.0.1.20:80 > 10.0.1.10:1 RST ACK", "at s | tracked | in main | at c | tracked | delivered"),
            ("drop rules server ingress", ""),
            (
                "c: tcp 10.0.1.10:1 > 10.0.1.20:80 SYN",
                "at c | client rule 1 | in main | at s | SG_HAS_NO_RULES by server: \
                 it has no inbound rules at all, so tcp/80 from 10.0.1.10 is refused by default",
            ),
        ],
    );
}

#[test]
fn a_rule_that_names_a_group_means_its_members_private_addresses() {
    // SG-8, SG-9, SG-11, SG-12.
    let there = "at c | friends rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | in b | at s | \
                 acl-b rule 100 | server rule 1 | delivered";
    let stale = "at c | open-a rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | in b | at s | \
                 acl-b rule 100 | UNKNOWN_PEERED_SGS by server: the inbound rule for tcp/80 names a security group \
                 that is gone or no longer peered (stale)";
    check(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        peering ab a b
        igw ga a
        igw gb b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 10.2.0.0/16 ab
        route na 0.0.0.0/0 ga
        route nb 10.1.0.0/16 ab
        group friends a
        allow friends egress all 0.0.0.0/0
        group server b
        allow server ingress tcp/80 friends
        eni c na 10.1.1.10 friends open-a public 203.0.113.1
        eni stranger na 10.1.1.11
        eni s nb 10.2.1.10 server public 203.0.113.2
        ",
        &[
            ("c: tcp 10.1.1.10:1 > 10.2.1.10:80 SYN", there),
            (
                "stranger: tcp 10.1.1.11:1 > 10.2.1.10:80 SYN",
                "at stranger | open-a rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | in b | at s | \
                 acl-b rule 100 | ENI_SG_RULES_MISMATCH by server: no inbound rule for tcp/80 from 10.1.1.11",
            ),
            (
                "internet: tcp 203.0.113.1:1 > 203.0.113.2:80 SYN",
                "at gb | 203.0.113.2 becomes 10.2.1.10 | in b | at s | acl-b rule 100 | \
                 SG_REFERENCES_NOT_PRESERVED by server: the inbound rule for tcp/80 names a security group, \
                 and members are recognised by private address only, not as 203.0.113.1",
            ),
            ("drop group friends", ""),
            ("c: tcp 10.1.1.10:2 > 10.2.1.10:80 SYN", stale),
        ],
    );
}
