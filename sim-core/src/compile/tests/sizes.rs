//! Packets that are too large, and packets in fragments.

use super::world::check;

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
