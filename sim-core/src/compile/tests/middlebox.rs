//! Packets that go by an appliance: routes to interfaces, and gateway route tables.

use super::world::{check, check_probes};

/// An appliance in a subnet of its own between the Internet gateway and a web server's subnet.
const INSPECTED: &str = "
    vpc main 10.0.0.0/16
    igw gw main
    subnet fw main 10.0.0.0/24
    subnet web main 10.0.1.0/24
    route fw 0.0.0.0/0 gw
    eni box fw 10.0.0.10 forwards public 203.0.113.9
    eni a web 10.0.1.10 public 203.0.113.7
    route web 0.0.0.0/0 box
    table in main
    route in 10.0.1.0/24 box
    edge gw in
";

/// Two subnets that are led to each other by an appliance in a third.
const BETWEEN: &str = "
    vpc main 10.0.0.0/16
    subnet fw main 10.0.0.0/24
    subnet web main 10.0.1.0/24
    subnet db main 10.0.2.0/24
    eni box fw 10.0.0.10 forwards
    group web-sg main
    group db-sg main
    allow web-sg egress all 0.0.0.0/0
    allow db-sg egress all 0.0.0.0/0
    eni a web 10.0.1.10 web-sg
    eni b web 10.0.1.11
    eni c db 10.0.2.10 db-sg
    route web 10.0.2.0/24 box
    route db 10.0.1.0/24 box
";

#[test]
fn what_comes_in_goes_by_the_appliance_and_so_does_the_answer_edge_1_edge_6_edge_7() {
    check(
        INSPECTED,
        &[
            (
                "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN",
                "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | 10.0.1.0/24 to box | at box | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
            // What the guest passes on is a packet of its own: nothing has tracked it the other way round.
            (
                "box: tcp 198.51.100.9:443 > 10.0.1.10:80 SYN",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at a | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
            (
                "a: tcp 10.0.1.10:80 > 198.51.100.9:443 SYN ACK",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to box | at box | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
            // No translation by the appliance: the gateway knows the server's address (EDGE-7).
            (
                "box: tcp 10.0.1.10:80 > 198.51.100.9:443 SYN ACK",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | internet sees tcp SYN-ACK 203.0.113.7:80 → 198.51.100.9:443",
            ),
            // What is for the appliance's own subnet is not in the gateway's table: local.
            (
                "internet: tcp 198.51.100.9:443 > 203.0.113.9:22 SYN",
                "at gw | 203.0.113.9 becomes 10.0.0.10 | in main | 10.0.0.0/16 to main | at box | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
        ],
    );
}

#[test]
fn a_subnet_that_is_entered_by_an_appliance_cannot_leave_without_it_edge_6() {
    check(
        &INSPECTED.replace("route web 0.0.0.0/0 box", "route web 0.0.0.0/0 gw"),
        &[
            (
                "a: tcp 10.0.1.10:80 > 198.51.100.9:443 SYN ACK",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 INGRESS_RTB_TRAFFIC_REDIRECTION by gw: its route table leads the way back to 10.0.1.10 by an appliance \
                 that the packet did not pass",
            ),
            // The appliance itself is not led by itself.
            (
                "box: tcp 10.0.0.10:80 > 198.51.100.9:443 SYN ACK",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.0.10 becomes 203.0.113.9 | internet sees tcp SYN-ACK 203.0.113.9:80 → 198.51.100.9:443",
            ),
        ],
    );
}

#[test]
fn an_appliance_without_a_public_address_gets_nothing_from_the_internet_edge_5() {
    check(
        &INSPECTED.replace(" public 203.0.113.9", ""),
        &[(
            "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN",
            "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | 10.0.1.0/24 to box | INGRESS_RTB_NO_PUBLIC_IP by box: the \
             gateway's route table leads packets for 10.0.1.10 here, and it has no public address",
        )],
    );
}

#[test]
fn an_appliance_whose_instance_is_stopped_is_a_blackhole_edge_5_rt_15() {
    check(
        &INSPECTED.replace("eni box fw 10.0.0.10 forwards", "eni box fw 10.0.0.10 forwards stopped"),
        &[
            (
                "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN",
                "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | BAD_STATE_ROUTE by rtb-in: its route 10.0.1.0/24 to box \
                 is a blackhole: the target is gone or not active",
            ),
            (
                "a: icmp 10.0.1.10 > 198.51.100.9",
                "at a | open-main rule 1 | in main | acl-main rule 100 | BAD_STATE_ROUTE by rtb-web: its route 0.0.0.0/0 to \
                 box is a blackhole: the target is gone or not active",
            ),
        ],
    );
}

#[test]
fn an_appliance_whose_check_is_on_takes_nothing_for_others_edge_7_l2_9() {
    check(
        &INSPECTED.replace(" forwards", ""),
        &[
            (
                "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN",
                "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | 10.0.1.0/24 to box | at box | acl-main rule 100 | \
                 open-main rule 1 | ENI_SOURCE_DEST_CHECK_RESTRICTION by box: 10.0.1.10 is not one of its addresses, and \
                 its source/destination check is on",
            ),
            (
                "box: tcp 10.0.1.10:80 > 198.51.100.9:443 SYN ACK",
                "at box | ENI_SOURCE_DEST_CHECK_RESTRICTION by box: the source 10.0.1.10 is not one of its addresses, and its \
                 source/destination check is on",
            ),
        ],
    );
}

#[test]
fn without_an_association_the_way_in_is_local_rt_27() {
    check(
        &INSPECTED.replace("edge gw in", ""),
        &[(
            "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN",
            "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | at a | acl-main rule 100 | open-main rule 1 | delivered",
        )],
    );
}

#[test]
fn a_change_of_the_gateways_table_moves_flows_that_are_under_way_rt_25() {
    let way_in = |led: &str| {
        format!(
            "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | {led} | acl-main rule 100 | open-main rule 1 | delivered"
        )
    };
    let packet = "internet: tcp 198.51.100.9:443 > 203.0.113.7:80 SYN";
    check(
        &INSPECTED.replace("edge gw in", ""),
        &[
            (packet, &way_in("at a")),
            ("edge gw in", ""),
            (packet, &way_in("10.0.1.0/24 to box | at box")),
            // An association with another table, which has no route: local again.
            ("table plain main", ""),
            ("edge gw plain", ""),
            (packet, &way_in("10.0.0.0/16 to main | at a")),
        ],
    );
}

#[test]
fn one_subnet_is_led_to_another_by_an_appliance_and_neighbours_are_not_rt_13_l2_6_l2_7() {
    check(
        &format!("{BETWEEN}\n allow db-sg ingress all 10.0.1.0/24"),
        &[
            (
                "a: icmp 10.0.1.10 > 10.0.2.10",
                "at a | web-sg rule 1 | in main | acl-main rule 100 | 10.0.2.0/24 to box | at box | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
            (
                "box: icmp 10.0.1.10 > 10.0.2.10",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at c | acl-main rule 100 | \
                 db-sg rule 1 | delivered",
            ),
            // In its own subnet the router is not asked, so no route can lead a packet anywhere else.
            ("a: icmp 10.0.1.10 > 10.0.1.11", "at a | web-sg rule 1 | in main | at b | open-main rule 1 | delivered"),
        ],
    );
}

#[test]
fn a_group_is_not_recognised_behind_an_appliance_sg_8_sg_11_edge_8() {
    let by_box = "box: tcp 10.0.1.10:4000 > 10.0.2.10:3306 SYN";
    let on_the_way =
        "at box | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at c | acl-main rule 100";
    let refused = "SG_REFERENCES_NOT_PRESERVED by db-sg: the inbound rule for tcp/3306 names the security group of \
                   10.0.1.10, which is not recognised where routes lead by an appliance";
    check(
        BETWEEN,
        &[
            ("allow db-sg ingress tcp/3306 web-sg", ""),
            (by_box, &format!("{on_the_way} | {refused}")),
            ("allow db-sg ingress tcp/3306 10.0.1.0/24", ""),
            (by_box, &format!("{on_the_way} | db-sg rule 2 | delivered")),
        ],
    );
    // The appliance's own group is that of its neighbours on the way, and so it is recognised where it is the sender.
    check(
        BETWEEN,
        &[
            ("allow db-sg ingress tcp/3306 open-main", ""),
            (
                "box: tcp 10.0.0.10:4000 > 10.0.2.10:3306 SYN",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at c | acl-main rule 100 | \
                 db-sg rule 1 | delivered",
            ),
        ],
    );
    // Without the routes nothing stands between.
    check(
        &BETWEEN.replace("route web 10.0.2.0/24 box", ""),
        &[
            ("allow db-sg ingress tcp/3306 web-sg", ""),
            (
                "a: tcp 10.0.1.10:4000 > 10.0.2.10:3306 SYN",
                "at a | web-sg rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at c | acl-main rule 100 | \
                 db-sg rule 1 | delivered",
            ),
        ],
    );
}

#[test]
fn a_rule_that_names_the_receivers_group_does_not_lead_by_an_appliance_either_edge_8() {
    let refused = "SG_REFERENCES_NOT_PRESERVED by web-sg: the outbound rule for tcp/3306 names the security group of \
                   10.0.2.10, which is not recognised where routes lead by an appliance";
    check(
        &BETWEEN.replace("allow web-sg egress all 0.0.0.0/0", "allow web-sg egress tcp/3306 db-sg"),
        &[("a: tcp 10.0.1.10:4000 > 10.0.2.10:3306 SYN", &format!("at a | {refused}"))],
    );
}

#[test]
fn a_probe_goes_on_past_what_an_appliance_refuses_edge_7() {
    check_probes(
        &INSPECTED.replace(" forwards", ""),
        &[(
            "a: tcp 10.0.1.10:80 > 198.51.100.9:443 SYN ACK",
            "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to box | at box | acl-main rule 100 | \
             open-main rule 1 | ENI_SOURCE_DEST_CHECK_RESTRICTION by box: 198.51.100.9 is not one of its addresses, and its \
             source/destination check is on | delivered",
        )],
    );
}

#[test]
fn a_peering_does_not_carry_what_an_appliance_forwards_from_elsewhere_pcx_18_pcx_23_nati_2() {
    check(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        igw gw a
        peering ab a b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 10.2.0.0/16 ab
        route nb 0.0.0.0/0 ab
        eni nat na 10.1.1.10 forwards public 203.0.113.9
        eni spoke nb 10.2.1.10
        ",
        &[
            (
                "spoke: icmp 10.2.1.10 > 198.51.100.9",
                "at spoke | open-b rule 1 | in b | acl-b rule 100 | 0.0.0.0/0 to ab | at ab | \
                 PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ab: 198.51.100.9 is not in the peer VPC's blocks, and peering is not \
                 transitive",
            ),
            (
                "nat: icmp 198.51.100.9 > 10.2.1.10",
                "at nat | open-a rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | \
                 PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ab: the source 198.51.100.9 is not in the sending VPC's blocks, and \
                 peering is not transitive",
            ),
        ],
    );
}
