//! Probes: every kind of drop with the obstacles behind it. A row is one packet that goes on past what drops it.

use super::world::{check, check_probes};

/// Two VPCs, a web server and a database that nobody is let in to.
const LAB: &str = "
    vpc vpc1 10.41.0.0/16
    vpc vpc2 10.42.0.0/16
    subnet net1 vpc1 10.41.1.0/24
    subnet net2 vpc2 10.42.1.0/24
    group web vpc1
    allow web egress all 0.0.0.0/0
    group db vpc2
    allow db ingress tcp/22 0.0.0.0/0
    eni a net1 10.41.1.100 web
    eni b net2 10.42.1.100 db
";

const SYN: &str = "a: tcp 10.41.1.100:49152 > 10.42.1.100:5432 SYN";
const SYN_ACK: &str = "b: tcp 10.42.1.100:5432 > 10.41.1.100:49152 SYN ACK";
const LEAVES: &str = "at a | web rule 1 | in vpc1 | acl-vpc1 rule 100";
const NO_ROUTE: &str = "NO_ROUTE_TO_DESTINATION by rtb-net1: no route for 10.42.1.100";
const NOT_LET_IN: &str =
    "at b | acl-vpc2 rule 100 | ENI_SG_RULES_MISMATCH by db: no inbound rule for tcp/5432 from 10.41.1.100 | delivered";

#[test]
fn a_packet_that_is_no_probe_ends_at_its_first_obstacle() {
    check(LAB, &[(SYN, &format!("{LEAVES} | {NO_ROUTE}"))]);
}

#[test]
fn where_nothing_connects_the_vpcs_the_receiver_is_asked_all_the_same() {
    check_probes(LAB, &[(SYN, &format!("{LEAVES} | {NO_ROUTE} | {NOT_LET_IN}"))]);
}

#[test]
fn without_a_route_it_takes_the_peering_connection_that_there_is() {
    check_probes(
        LAB,
        &[
            ("peering pcx vpc1 vpc2", ""),
            (SYN, &format!("{LEAVES} | {NO_ROUTE} | at pcx | in vpc2 | {NOT_LET_IN}")),
            // The group refused it and tracks it all the same: the answer meets no obstacle that a rule would not leave.
            (
                SYN_ACK,
                "at b | tracked | in vpc2 | acl-vpc2 rule 100 | NO_ROUTE_TO_DESTINATION by rtb-net2: \
                 no route for 10.41.1.100 | at pcx | in vpc1 | at a | acl-vpc1 rule 100 | tracked | delivered",
            ),
        ],
    );
}

#[test]
fn past_a_blackhole_and_a_peering_connection_that_is_not_active() {
    check_probes(
        LAB,
        &[
            ("peering pcx vpc1 vpc2 pending-acceptance", ""),
            ("route net1 10.42.0.0/16 pcx", ""),
            (
                SYN,
                &format!(
                    "{LEAVES} | BAD_STATE_ROUTE by rtb-net1: its route 10.42.0.0/16 to pcx is a blackhole: the target is \
                     gone or not active | at pcx | BAD_STATE by pcx: the peering connection is not active | {NOT_LET_IN}"
                ),
            ),
        ],
    );
}

#[test]
fn past_the_internet_gateway_that_cannot_use_a_private_destination() {
    check_probes(
        LAB,
        &[
            ("igw igw1 vpc1", ""),
            ("route net1 0.0.0.0/0 igw1", ""),
            ("peering pcx vpc1 vpc2", ""),
            (
                SYN,
                &format!(
                    "{LEAVES} | 0.0.0.0/0 to igw1 | at igw1 | IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS by igw1: \
                     0.0.0.0/0 of rtb-net1 took it there, and 10.42.1.100 is private | at pcx | in vpc2 | {NOT_LET_IN}"
                ),
            ),
        ],
    );
}

#[test]
fn past_filters_at_both_ends_and_in_both_directions() {
    check_probes(
        "
        vpc main 10.0.0.0/16
        subnet x main 10.0.1.0/24
        subnet y main 10.0.2.0/24
        acl x egress 90 deny tcp/80 10.0.2.0/24
        acl y ingress 90 deny tcp/80 0.0.0.0/0
        acl y egress 90 deny all 10.0.1.0/24
        group shut main
        eni a x 10.0.1.10 shut
        eni b y 10.0.2.10 shut
        ",
        &[
            (
                "a: tcp 10.0.1.10:49152 > 10.0.2.10:80 SYN",
                "at a | SG_HAS_NO_RULES by shut: it has no outbound rules at all, so tcp/80 to 10.0.2.10 is refused by \
                 default | in main | SUBNET_ACL_RESTRICTION by acl-x: outbound rule 90 denies tcp/80 to 10.0.2.10 | \
                 10.0.0.0/16 to main | at b | SUBNET_ACL_RESTRICTION by acl-y: inbound rule 90 denies tcp/80 from \
                 10.0.1.10 | SG_HAS_NO_RULES by shut: it has no inbound rules at all, so tcp/80 from 10.0.1.10 is \
                 refused by default | delivered",
            ),
            (
                "b: tcp 10.0.2.10:80 > 10.0.1.10:49152 SYN ACK",
                "at b | tracked | in main | SUBNET_ACL_RESTRICTION by acl-y: outbound rule 90 denies tcp/49152 to \
                 10.0.1.10 | 10.0.0.0/16 to main | at a | SUBNET_ACL_RESTRICTION by acl-x: no inbound rule allows \
                 tcp/49152 from 10.0.2.10, so the default * denies it | tracked | delivered",
            ),
        ],
    );
}

#[test]
fn past_the_check_of_addresses_that_an_interface_does_not_have() {
    check_probes(
        "
        vpc main 10.0.0.0/16
        subnet x main 10.0.1.0/24
        eni a x 10.0.1.10
        eni b x 10.0.1.20
        ",
        &[(
            "a: icmp 10.9.9.9 > 10.0.1.20",
            "at a | ENI_SOURCE_DEST_CHECK_RESTRICTION by a: the source 10.9.9.9 is not one of its addresses, and its \
             source/destination check is on | open-main rule 1 | in main | at b | open-main rule 1 | delivered",
        )],
    );
}

#[test]
fn a_peering_connection_that_is_no_transit_is_left_for_one_that_leads_there() {
    let vpcs = "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        vpc c 10.3.0.0/16
        peering ab a b
        subnet nb b 10.2.1.0/24
        subnet nc c 10.3.1.0/24
        route nb 10.0.0.0/8 ab
        eni spoke nb 10.2.1.10
        eni other nc 10.3.1.10
    ";
    let refused = "at spoke | open-b rule 1 | in b | acl-b rule 100 | 10.0.0.0/8 to ab | at ab | \
         PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ab: 10.3.1.10 is not in the peer VPC's blocks, and peering is not transitive";
    let arrives = "at other | acl-c rule 100 | open-c rule 1 | delivered";
    let ping = "spoke: icmp 10.2.1.10 > 10.3.1.10";
    check_probes(
        vpcs,
        &[
            (ping, &format!("{refused} | {arrives}")),
            ("peering bc b c", ""),
            ("wait 60s", ""),
            (ping, &format!("{refused} | at bc | in c | {arrives}")),
        ],
    );
}

#[test]
fn nobody_says_what_comes_after_an_address_that_nobody_or_several_have() {
    let vpcs = "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        vpc twin 10.2.0.0/16
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        subnet nt twin 10.2.1.0/24
        eni x na 10.1.1.10
        eni y nb 10.2.1.10
        eni z nt 10.2.1.10
    ";
    for destination in ["10.2.1.10", "10.9.1.10"] {
        let ends = format!(
            "at x | open-a rule 1 | in a | acl-a rule 100 | NO_ROUTE_TO_DESTINATION by rtb-na: no route for {destination}"
        );
        check_probes(vpcs, &[(&format!("x: icmp 10.1.1.10 > {destination}"), &ends)]);
    }
}
