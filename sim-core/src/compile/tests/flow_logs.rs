//! What an interface's flow log notes of a packet: the filters' word, under the interface's own address. Each exchange is also
//! sent again and again, so that packets for which no filter is asked any more are logged as those before them.

use super::world::{World, check};

/// A server in a subnet of its own, behind its group and the subnet's ACL.
const LAB: &str = "
    vpc main 10.0.0.0/16
    igw gw main
    subnet clients main 10.0.1.0/24
    subnet servers main 10.0.2.0/24
    route clients 0.0.0.0/0 gw
    group web main
    allow web ingress icmp 10.0.0.0/16
    eni a clients 10.0.1.10 public 203.0.113.5
    eni b servers 10.0.2.10 web
";

const PING: &str = "a: icmp 10.0.1.10 > 10.0.2.10";
const PONG: &str = "b: icmp-reply 10.0.2.10 > 10.0.1.10";

#[test]
fn nothing_is_told_where_there_is_no_flow_log() {
    check(
        LAB,
        &[
            ("log b", ""),
            (
                "a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.5 | internet sees tcp SYN 203.0.113.5:40000 → 198.51.100.9:80",
            ),
        ],
    );
}

#[test]
fn both_filters_let_a_packet_through_or_it_is_rejected_fl_3() {
    check(
        LAB,
        &[
            ("log main", ""),
            (
                PING,
                "at a | open-main rule 1 | in main | acl-main rule 100 | a logs Accept Egress of 10.0.1.10 | \
                 10.0.0.0/16 to main | at b | acl-main rule 100 | web rule 1 | b logs Accept Ingress of 10.0.2.10 | delivered",
            ),
            (
                PONG,
                "at b | tracked | in main | acl-main rule 100 | b logs Accept Egress of 10.0.2.10 | 10.0.0.0/16 to main | \
                 at a | acl-main rule 100 | tracked | a logs Accept Ingress of 10.0.1.10 | delivered",
            ),
            (
                "a: tcp 10.0.1.10:40000 > 10.0.2.10:80 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | a logs Accept Egress of 10.0.1.10 | \
                 10.0.0.0/16 to main | at b | acl-main rule 100 | b logs Reject Ingress of 10.0.2.10 | \
                 ENI_SG_RULES_MISMATCH by web: no inbound rule for tcp/80 from 10.0.1.10",
            ),
            (
                "b: tcp 10.0.2.10:40000 > 10.0.1.10:80 SYN",
                "at b | b logs Reject Egress of 10.0.2.10 | SG_HAS_NO_RULES by web: it has no outbound rules at all, so tcp/80 to 10.0.1.10 is refused by default",
            ),
        ],
    );
}

#[test]
fn an_answer_that_the_acl_refuses_is_a_rejected_flow_beside_the_accepted_question_fl_5() {
    check(
        LAB,
        &[
            ("acl servers ingress 100 allow icmp 0.0.0.0/0", ""),
            ("acl servers egress 100 deny icmp 0.0.0.0/0", ""),
            ("log b", ""),
            (
                PING,
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | \
                 acl-servers rule 100 | web rule 1 | b logs Accept Ingress of 10.0.2.10 | delivered",
            ),
            (
                PONG,
                "at b | tracked | in main | b logs Reject Egress of 10.0.2.10 | \
                 SUBNET_ACL_RESTRICTION by acl-servers: outbound rule 100 denies icmp to 10.0.1.10",
            ),
        ],
    );
}

#[test]
fn a_question_that_the_group_refuses_is_one_rejected_flow_and_nothing_else_fl_5() {
    check(
        LAB,
        &[
            ("drop rules web ingress", ""),
            ("log servers", ""),
            (
                PING,
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | acl-main rule 100 | \
                 b logs Reject Ingress of 10.0.2.10 | SG_HAS_NO_RULES by web: it has no inbound rules at all, so icmp from 10.0.1.10 is refused by default",
            ),
        ],
    );
}

#[test]
fn through_a_nat_gateway_each_interface_has_its_own_address_fl_4() {
    let mut world = World::new(
        "
        vpc main 10.0.0.0/16
        igw gw main
        subnet pub main 10.0.0.0/24
        subnet priv main 10.0.1.0/24
        nat ngw pub 10.0.0.5 public 203.0.113.5
        route pub 0.0.0.0/0 gw
        route priv 0.0.0.0/0 ngw
        eni a priv 10.0.1.10
        log main
        ",
    );
    let account = world.act("a: icmp 10.0.1.10 > 198.51.100.9");
    let logged: Vec<_> =
        account.split(" | ").filter(|part| part.contains("logs") || part.contains("becomes")).collect();
    let ["a logs Accept Egress of 10.0.1.10", "eni-ngw logs Accept Ingress of 10.0.0.5", translation, rest @ ..] =
        &logged[..]
    else {
        panic!("{account}");
    };
    assert!(translation.starts_with("10.0.1.10:9 becomes 10.0.0.5:"), "{translation}");
    assert_eq!(rest, ["eni-ngw logs Accept Egress of 10.0.0.5", "10.0.0.5 becomes 203.0.113.5"]);
}

#[test]
fn what_the_platform_answers_and_the_router_is_not_logged_fl_6() {
    check(
        LAB,
        &[
            ("log main", ""),
            ("a: udp 10.0.1.10:123 > 169.254.169.123:123", "at a | NTP answers"),
            ("a: tcp 10.0.1.10:40000 > 169.254.169.254:80 SYN", "at a | IMDS answers"),
            (
                "a: icmp 10.0.1.10 > 10.0.1.1",
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 10.0.1.1",
            ),
        ],
    );
}

#[test]
fn a_packet_without_a_route_was_accepted_at_its_senders_interface_fl_7() {
    check(
        LAB,
        &[
            ("log main", ""),
            ("allow web egress all 0.0.0.0/0", ""),
            (
                "b: tcp 10.0.2.10:40000 > 198.51.100.9:80 SYN",
                "at b | web rule 1 | in main | acl-main rule 100 | b logs Accept Egress of 10.0.2.10 | \
                 NO_ROUTE_TO_DESTINATION by rtb-servers: no route for 198.51.100.9",
            ),
        ],
    );
}
