//! Packets and their accounts: one row, one packet; each test names the facts it stands for.

use super::world::check;

/// The peering lab (PCX-46): two VPCs with a public subnet each, groups that let in ssh and ICMP.
const LAB: &str = "
    vpc vpc1 10.41.0.0/16
    vpc vpc2 10.42.0.0/16
    igw igw1 vpc1
    igw igw2 vpc2
    subnet net1 vpc1 10.41.1.0/24
    subnet net2 vpc2 10.42.1.0/24
    route net1 0.0.0.0/0 igw1
    route net2 0.0.0.0/0 igw2
    group sg1 vpc1
    allow sg1 ingress tcp/22 0.0.0.0/0
    allow sg1 ingress icmp 0.0.0.0/0
    allow sg1 egress all 0.0.0.0/0
    group sg2 vpc2
    allow sg2 ingress tcp/22 0.0.0.0/0
    allow sg2 ingress icmp 0.0.0.0/0
    allow sg2 egress all 0.0.0.0/0
    eni a net1 10.41.1.100 sg1 public 203.0.113.1
    eni b net2 10.42.1.100 sg2 public 203.0.113.2
";

const PING: &str = "a: icmp 10.41.1.100 > 10.42.1.100";
const PONG: &str = "b: icmp-reply 10.42.1.100 > 10.41.1.100";

/// What happens to the lab's first ping: the default route takes it to the Internet gateway (IGW-16).
const LOST_AT_THE_GATEWAY: &str = "at a | sg1 rule 1 | in vpc1 | acl-vpc1 rule 100 | 0.0.0.0/0 to igw1 | at igw1 | \
     IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS by igw1: 0.0.0.0/0 of rtb-net1 took it there, and 10.42.1.100 is private";

#[test]
fn the_peering_lab_runs_as_on_aws() {
    // PCX-1, PCX-46, RT-15, RT-16, RT-17, IGW-16, SG-13, SG-14.
    check(
        LAB,
        &[
            (PING, LOST_AT_THE_GATEWAY),
            ("peering pcx vpc1 vpc2 pending-acceptance", ""),
            ("peering pcx vpc1 vpc2", ""),
            (PING, &LOST_AT_THE_GATEWAY.replace("sg1 rule 1", "tracked")),
            ("wait 60s", ""),
            ("route net1 10.42.0.0/16 pcx", ""),
            (
                PING,
                "at a | sg1 rule 1 | in vpc1 | acl-vpc1 rule 100 | 10.42.0.0/16 to pcx | at pcx | in vpc2 | \
                 at b | acl-vpc2 rule 100 | sg2 rule 2 | delivered",
            ),
            (
                PONG, // the way back is the replying VPC's business (PCX-26)
                "at b | tracked | in vpc2 | acl-vpc2 rule 100 | 0.0.0.0/0 to igw2 | at igw2 | \
                 IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS by igw2: 0.0.0.0/0 of rtb-net2 took it there, \
                 and 10.41.1.100 is private",
            ),
            ("route net2 10.41.0.0/16 pcx", ""),
            (
                PONG,
                "at b | tracked | in vpc2 | acl-vpc2 rule 100 | 10.41.0.0/16 to pcx | at pcx | in vpc1 | \
                 at a | acl-vpc1 rule 100 | tracked | delivered",
            ),
            (
                "a: tcp 10.41.1.100:49152 > 10.42.1.100:80 SYN",
                "at a | sg1 rule 1 | in vpc1 | acl-vpc1 rule 100 | 10.42.0.0/16 to pcx | at pcx | in vpc2 | \
                 at b | acl-vpc2 rule 100 | ENI_SG_RULES_MISMATCH by sg2: no inbound rule for tcp/80 from 10.41.1.100",
            ),
            ("allow sg2 ingress tcp/80 0.0.0.0/0", ""),
            (
                "a: tcp 10.41.1.100:49153 > 10.42.1.100:80 SYN",
                "at a | sg1 rule 1 | in vpc1 | acl-vpc1 rule 100 | 10.42.0.0/16 to pcx | at pcx | in vpc2 | \
                 at b | acl-vpc2 rule 100 | sg2 rule 3 | delivered",
            ),
            ("peering pcx vpc1 vpc2 deleted", ""),
            (
                PING,
                "at a | tracked | in vpc1 | acl-vpc1 rule 100 | BAD_STATE_ROUTE by rtb-net1: its route 10.42.0.0/16 \
                 to pcx is a blackhole: the target is gone or not active",
            ),
        ],
    );
}

#[test]
fn peering_is_not_transitive() {
    // PCX-16, PCX-22, PCX-23, PCX-28: routes change nothing about it.
    check(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        vpc c 10.3.0.0/16
        peering ab a b
        peering ac a c
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        subnet nc c 10.3.1.0/24
        route nb 10.0.0.0/8 ab
        route na 10.3.0.0/16 ac
        route nc 10.0.0.0/8 ac
        eni hub na 10.1.1.10 forwards
        eni spoke nb 10.2.1.10
        eni other nc 10.3.1.10
        ",
        &[
            (
                "spoke: icmp 10.2.1.10 > 10.3.1.10",
                "at spoke | open-b rule 1 | in b | acl-b rule 100 | 10.0.0.0/8 to ab | at ab | \
                 PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ab: 10.3.1.10 is not in the peer VPC's blocks, \
                 and peering is not transitive",
            ),
            (
                "spoke: icmp 10.2.1.10 > 10.1.1.10",
                "at spoke | open-b rule 1 | in b | acl-b rule 100 | 10.0.0.0/8 to ab | at ab | in a | \
                 at hub | acl-a rule 100 | open-a rule 1 | delivered",
            ),
            (
                "hub: icmp 10.2.1.10 > 10.3.1.10", // forwarded by the hub's instance
                "at hub | open-a rule 1 | in a | acl-a rule 100 | 10.3.0.0/16 to ac | at ac | \
                 PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ac: the source 10.2.1.10 is not in the sending VPC's blocks, \
                 and peering is not transitive",
            ),
            (
                "spoke: icmp 10.2.1.10 > 10.1.1.11",
                "at spoke | open-b rule 1 | in b | acl-b rule 100 | 10.0.0.0/8 to ab | at ab | \
                 NO_POSSIBLE_DESTINATION by a: no network interface has 10.1.1.11",
            ),
        ],
    );
}

#[test]
fn the_internet_gateway_translates_one_to_one() {
    // IGW-3, IGW-4, IGW-6, IGW-7, IGW-12, IGW-16.
    check(
        "
        vpc main 10.0.0.0/16 2001:db8:1::/56
        igw gw main
        subnet web main 10.0.1.0/24 2001:db8:1:1::/64
        subnet dark main 10.0.2.0/24
        route web 0.0.0.0/0 gw
        route web ::/0 gw
        eni a web 10.0.1.10 2001:db8:1:1::10 public 203.0.113.7
        eni private web 10.0.1.11
        eni box web 10.0.1.12 forwards public 203.0.113.9
        eni b dark 10.0.2.10 public 203.0.113.8
        ",
        &[
            (
                "a: tcp 10.0.1.10:40000 > 198.51.100.9:443 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | internet sees tcp SYN 203.0.113.7:40000 → 198.51.100.9:443",
            ),
            (
                "internet: tcp 198.51.100.9:443 > 203.0.113.7:40000 SYN ACK",
                "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | at a | acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "private: udp 10.0.1.11:40000 > 198.51.100.9:53",
                "at private | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS by gw: 10.0.1.11 has no public IP address",
            ),
            (
                "a: udp 10.0.1.10:40000 > 100.64.0.1:53",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS by gw: 0.0.0.0/0 of rtb-web took it there, \
                 and 100.64.0.1 is shared address space (100.64.0.0/10)",
            ),
            (
                "a: udp 10.0.1.10:40000 > 100.128.0.1:53", // the first address behind the shared space
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | internet sees udp 203.0.113.7:40000 → 100.128.0.1:53",
            ),
            (
                "box: icmp 192.0.2.1 > 198.51.100.9", // forwarded, and not the VPC's to send
                "at box | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 GATEWAY_REJECTS_SPOOFED_TRAFFIC by gw: the source 192.0.2.1 does not belong to the VPC",
            ),
            (
                "internet: icmp 192.168.7.7 > 203.0.113.7",
                "at gw | IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS by gw: 192.168.7.7 is a private source, \
                 which does not come from the Internet",
            ),
            (
                "internet: icmp 198.51.100.9 > 203.0.113.8", // IGW-6: delivered, the reply has no way
                "at gw | 203.0.113.8 becomes 10.0.2.10 | in main | at b | acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "b: icmp-reply 10.0.2.10 > 198.51.100.9",
                "at b | tracked | in main | acl-main rule 100 | \
                 NO_ROUTE_TO_DESTINATION by rtb-dark: no route for 198.51.100.9",
            ),
            (
                "a: icmp 10.0.1.10 > 203.0.113.8", // IGW-12
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | at gw | 203.0.113.8 becomes 10.0.2.10 | in main | at b | \
                 acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "a: tcp [2001:db8:1:1::10]:40000 > [2001:db8:9::1]:443 SYN",
                "at a | open-main rule 2 | in main | acl-main rule 101 | ::/0 to gw | at gw | \
                 internet sees tcp SYN [2001:db8:1:1::10]:40000 → [2001:db8:9::1]:443",
            ),
            (
                "internet: tcp [2001:db8:9::1]:443 > [2001:db8:1:1::10]:40000 SYN ACK",
                "at gw | in main | at a | acl-main rule 101 | open-main rule 2 | delivered",
            ),
            ("drop igw gw", ""),
            (
                "a: icmp 10.0.1.10 > 198.51.100.9",
                "at a | open-main rule 1 | in main | acl-main rule 100 | BAD_STATE_ROUTE by rtb-web: \
                 its route 0.0.0.0/0 to gw is a blackhole: the target is gone or not active",
            ),
        ],
    );
}

#[test]
fn routes_choose_the_longest_prefix_and_a_blackhole_is_final() {
    // RT-4, RT-6, RT-15, RT-26, RT-28, L2-9, L2-17.
    check(
        "
        vpc main 10.0.0.0/16
        igw gw main
        subnet web main 10.0.1.0/24
        subnet db main 10.0.2.0/24
        eni a web 10.0.1.10 public 203.0.113.7
        eni b db 10.0.2.10
        eni box db 10.0.2.20 forwards
        eni off db 10.0.2.30 stopped
        route web 0.0.0.0/0 gw
        route web 198.51.100.0/24 box
        route web 198.51.100.128/25 off
        ",
        &[
            (
                "a: icmp 10.0.1.10 > 10.0.2.10",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | \
                 acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "a: icmp 10.0.1.10 > 10.0.2.99",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | \
                 NO_POSSIBLE_DESTINATION by main: no network interface has 10.0.2.99",
            ),
            (
                "a: udp 10.0.1.10:1 > 198.51.100.127:2",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 198.51.100.0/24 to box | at box | \
                 acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "a: udp 10.0.1.10:1 > 198.51.100.128:2",
                "at a | open-main rule 1 | in main | acl-main rule 100 | BAD_STATE_ROUTE by rtb-web: \
                 its route 198.51.100.128/25 to off is a blackhole: the target is gone or not active",
            ),
            (
                "a: icmp 10.0.1.10 > 10.0.2.30",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at off | \
                 acl-main rule 100 | open-main rule 1 | BAD_STATE by off: no running instance is behind it",
            ),
            (
                "b: icmp 10.0.2.10 > 198.51.100.1",
                "at b | open-main rule 1 | in main | acl-main rule 100 | \
                 NO_ROUTE_TO_DESTINATION by rtb-db: no route for 198.51.100.1",
            ),
            (
                "a: icmp 10.0.1.10 > 10.0.1.1",
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 10.0.1.1",
            ),
            (
                "a: udp 10.0.1.10:1 > 169.254.169.254:80",
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 169.254.169.254",
            ),
        ],
    );
}

#[test]
fn an_interface_sends_and_takes_its_own_addresses_only() {
    // L2-9
    check(
        "
        vpc main 10.0.0.0/16
        subnet web main 10.0.1.0/24
        subnet db main 10.0.2.0/24
        eni a web 10.0.1.10
        eni box web 10.0.1.20 forwards
        eni closed db 10.0.2.20
        route web 198.51.100.0/24 closed
        ",
        &[
            (
                "a: icmp 10.0.1.99 > 10.0.2.20",
                "at a | ENI_SOURCE_DEST_CHECK_RESTRICTION by a: the source 10.0.1.99 is not one of its addresses, \
                 and its source/destination check is on",
            ),
            (
                "box: icmp 192.0.2.1 > 10.0.2.20",
                "at box | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at closed | \
                 acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "a: icmp 10.0.1.10 > 198.51.100.1",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 198.51.100.0/24 to closed | at closed | \
                 acl-main rule 100 | open-main rule 1 | ENI_SOURCE_DEST_CHECK_RESTRICTION by closed: \
                 198.51.100.1 is not one of its addresses, and its source/destination check is on",
            ),
        ],
    );
}

#[test]
fn network_acls_are_stateless_numbered_and_silent_within_a_subnet() {
    // ACL-4, ACL-5, ACL-6, ACL-8, ACL-10.
    check(
        "
        vpc main 10.0.0.0/16
        subnet web main 10.0.1.0/24
        subnet db main 10.0.2.0/24
        acl db ingress 120 allow tcp/22-80 10.0.1.0/24
        acl db ingress 100 deny tcp/23 0.0.0.0/0
        acl db egress 100 allow tcp/1024-65535 10.0.1.0/24
        eni a web 10.0.1.10
        eni b db 10.0.2.10
        eni c db 10.0.2.11
        ",
        &[
            (
                "a: tcp 10.0.1.10:40000 > 10.0.2.10:80 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | \
                 acl-db rule 120 | open-main rule 1 | delivered",
            ),
            (
                "b: tcp 10.0.2.10:80 > 10.0.1.10:40000 SYN ACK",
                "at b | open-main rule 1 | in main | acl-db rule 100 | 10.0.0.0/16 to main | at a | \
                 acl-main rule 100 | open-main rule 1 | delivered",
            ),
            (
                "b: tcp 10.0.2.10:80 > 10.0.1.10:1023 SYN ACK",
                "at b | open-main rule 1 | in main | SUBNET_ACL_RESTRICTION by acl-db: \
                 no outbound rule allows tcp/1023 to 10.0.1.10, so the default * denies it",
            ),
            (
                "a: tcp 10.0.1.10:40000 > 10.0.2.10:81 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | \
                 SUBNET_ACL_RESTRICTION by acl-db: no inbound rule allows tcp/81 from 10.0.1.10, so the default * denies it",
            ),
            (
                "a: tcp 10.0.1.10:40000 > 10.0.2.10:23 SYN",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 10.0.0.0/16 to main | at b | \
                 SUBNET_ACL_RESTRICTION by acl-db: inbound rule 100 denies tcp/23 from 10.0.1.10",
            ),
            (
                "c: tcp 10.0.2.11:40000 > 10.0.2.10:81 SYN",
                "at c | open-main rule 1 | in main | at b | open-main rule 1 | delivered",
            ),
        ],
    );
}

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

#[test]
fn a_large_packet_is_refused_at_the_gateway_and_its_sender_told() {
    // MTU-2d, MTU-3, MTU-4, MTU-9: 1500 bytes pass, 1501 do not. IPv4 and UDP headers are 28 bytes.
    check(
        "
        vpc main 10.0.0.0/16 2001:db8:1::/56
        igw gw main
        subnet web main 10.0.1.0/24 2001:db8:1:1::/64
        route web 0.0.0.0/0 gw
        route web ::/0 gw
        group tight main
        allow tight egress all 0.0.0.0/0
        allow tight egress all ::/0
        eni a web 10.0.1.10 2001:db8:1:1::10 tight public 203.0.113.7
        eni open web 10.0.1.11 public 203.0.113.8
        ",
        &[
            (
                "a: udp 10.0.1.10:1 > 198.51.100.9:2 1472B",
                "at a | tight rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | internet sees udp 203.0.113.7:1 → 198.51.100.9:2",
            ),
            (
                "a: udp 10.0.1.10:1 > 198.51.100.9:2 1473B",
                "at a | tracked | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 MTU_EXCEEDED by gw: 1501 bytes are more than it takes (1500); the sender was told (ICMP) | \
                 reply icmp fragmentation needed 10.0.1.1 → 10.0.1.10 | at a | tracked | delivered",
            ),
            (
                "a: udp 10.0.1.10:1 > 198.51.100.9:2 1473B -DF",
                "at a | tracked | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 cut to 1500 bytes | at gw | 10.0.1.10 becomes 203.0.113.7 | \
                 internet sees udp 203.0.113.7:1 → 198.51.100.9:2 | at gw | 10.0.1.10 becomes 203.0.113.7 | \
                 internet sees ip fragment 203.0.113.7 → 198.51.100.9",
            ),
            (
                "a: udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:2 1453B",
                "at a | tight rule 2 | in main | acl-main rule 101 | ::/0 to gw | at gw | \
                 MTU_EXCEEDED by gw: 1501 bytes are more than it takes (1500); the sender was told (ICMP) | \
                 reply icmpv6 packet too big fe80:ec2::1 → 2001:db8:1:1::10 | at a | tracked | delivered",
            ),
        ],
    );
}

#[test]
fn a_peering_between_regions_takes_8500_bytes() {
    // MTU-2b, MTU-2c, PCX-32.
    let topology = |region: &str| {
        format!(
            "
            vpc a 10.1.0.0/16
            vpc b 10.2.0.0/16 {region}
            peering ab a b
            subnet na a 10.1.1.0/24
            subnet nb b 10.2.1.0/24
            route na 10.2.0.0/16 ab
            eni x na 10.1.1.10
            eni y nb 10.2.1.10
            "
        )
    };
    let start = "at x | open-a rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | ";
    let passes = format!("{start}in b | at y | acl-b rule 100 | open-b rule 1 | delivered");
    let refused = format!(
        "{start}MTU_EXCEEDED by ab: 8501 bytes are more than it takes (8500); the sender was told (ICMP) | \
         reply icmp fragmentation needed 10.1.1.1 → 10.1.1.10 | at x | open-a rule 1 | delivered"
    );
    let cut = format!(
        "{start}cut to 8500 bytes | at ab | in b | at y | acl-b rule 100 | open-b rule 1 | delivered | \
         at ab | in b | at y | acl-b rule 100 | open-b rule 1 | delivered"
    );
    check(&topology(""), &[("x: udp 10.1.1.10:1 > 10.2.1.10:2 8973B", &passes)]);
    check(
        &topology("region eu-west-1"),
        &[
            ("x: udp 10.1.1.10:1 > 10.2.1.10:2 8472B", &passes),
            ("x: udp 10.1.1.10:1 > 10.2.1.10:2 8473B", &refused),
            ("x: udp 10.1.1.10:1 > 10.2.1.10:2 8473B -DF", &cut),
        ],
    );
}

#[test]
fn fragments_pass_where_their_packet_would() {
    // MTU-3, ACL-8, SG-13: rules for one port only, and a packet that the peering connection cuts in two. The answer is cut too.
    let passes = |rules: &str, back: &str| {
        format!(
            "at x | open-a rule 1 | in a | acl-a rule 100 | 10.2.0.0/16 to ab | at ab | cut to 8500 bytes | {rules} | {back}"
        )
    };
    let there = "at ab | in b | at y | acl-nb rule 50 | dns rule 1 | delivered";
    let known = "at ab | in b | at y | acl-nb rule 50 | tracked | delivered";
    check(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16 region eu-west-1
        peering ab a b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 10.2.0.0/16 ab
        route nb 10.1.0.0/16 ab
        group dns b
        allow dns ingress udp/53 10.1.0.0/16
        eni x na 10.1.1.10
        eni y nb 10.2.1.10 dns
        ",
        &[
            ("acl nb ingress 50 allow udp/53 10.1.0.0/16", ""),
            ("acl nb egress 60 allow udp/7 10.1.0.0/16", ""),
            ("x: udp 10.1.1.10:7 > 10.2.1.10:53 8473B -DF", &passes(there, known)),
            (
                "y: udp 10.2.1.10:53 > 10.1.1.10:7 8473B -DF",
                "at y | tracked | in b | acl-nb rule 60 | 10.1.0.0/16 to ab | at ab | cut to 8500 bytes | \
                 at ab | in a | at x | acl-a rule 100 | open-a rule 1 | delivered | \
                 at ab | in a | at x | acl-a rule 100 | open-a rule 1 | delivered",
            ),
        ],
    );
}
