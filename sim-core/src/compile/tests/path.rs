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
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 169.254.169.254: it is the metadata service, on tcp/80, and \
                 answers nothing else",
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
