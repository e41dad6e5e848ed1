//! What makes a subnet public, and what an Internet gateway is not.

use super::world::{World, check};

#[test]
fn a_route_to_the_gateway_makes_a_subnet_public_and_nothing_else_rt_29() {
    // Both instances have public addresses; the routes are the difference.
    check(
        "
        vpc main 10.0.0.0/16
        igw gw main
        subnet public main 10.0.1.0/24
        subnet private main 10.0.2.0/24
        route public 0.0.0.0/0 gw
        eni a public 10.0.1.10 public 203.0.113.7
        eni b private 10.0.2.10 public 203.0.113.8
        ",
        &[
            (
                "a: udp 10.0.1.10:1 > 198.51.100.9:2",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.1.10 becomes 203.0.113.7 | internet sees udp 203.0.113.7:1 → 198.51.100.9:2",
            ),
            (
                "b: udp 10.0.2.10:1 > 198.51.100.9:2",
                "at b | open-main rule 1 | in main | acl-main rule 100 | \
                 NO_ROUTE_TO_DESTINATION by rtb-private: no route for 198.51.100.9",
            ),
            ("route private 0.0.0.0/0 gw", ""),
            (
                "b: udp 10.0.2.10:1 > 198.51.100.9:2",
                "at b | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 10.0.2.10 becomes 203.0.113.8 | internet sees udp 203.0.113.8:1 → 198.51.100.9:2",
            ),
        ],
    );
}

/// A public subnet, and a peer in another Region.
const OUTSIDE: &str = "
    vpc main 10.0.0.0/16
    vpc far 10.1.0.0/16 region eu-west-1
    peering between main far
    igw gw main
    subnet web main 10.0.1.0/24
    subnet there far 10.1.1.0/24
    route web 0.0.0.0/0 gw
    route web 10.1.0.0/16 between
    eni a web 10.0.1.10 public 203.0.113.7
    eni b web 10.0.1.11 public 203.0.113.8
    eni z there 10.1.1.10
";

/// The TTL of what was delivered last.
fn ttl(world: &mut World) -> u8 {
    world.delivered.take().expect("delivered").headers.ip.expect("IPv4").ttl
}

#[test]
fn the_internet_gateway_is_no_hop_and_has_nothing_to_answer_a_ping_with_igw_13() {
    let mut world = World::new(OUTSIDE);
    // Through the gateway and back in by it: the TTL is the sender's, and the last one is enough.
    world.act("a: icmp 10.0.1.10 > 203.0.113.8");
    assert_eq!(ttl(&mut world), 255);
    let account = world.act("a: icmp 10.0.1.10 > 203.0.113.8 ttl=1");
    assert!(account.ends_with("delivered"), "{account}");
    assert_eq!(ttl(&mut world), 1);
    // No address is the gateway's: the subnet's router does not answer either (L2-17).
    let account = world.act("a: icmp 10.0.1.10 > 10.0.1.1");
    assert!(account.contains("NO_POSSIBLE_DESTINATION"), "{account}");
}

#[test]
fn a_peering_between_regions_is_no_hop_l2_14() {
    let mut world = World::new(OUTSIDE);
    let account = world.act("a: icmp 10.0.1.10 > 10.1.1.10 ttl=1");
    assert!(account.ends_with("delivered"), "{account}");
    assert_eq!(ttl(&mut world), 1);
}

#[test]
fn a_vpc_with_public_blocks_keeps_them_to_itself_addr_7() {
    check(
        "
        vpc main 20.0.0.0/16
        igw gw main
        subnet one main 20.0.1.0/24
        subnet two main 20.0.2.0/24
        route one 0.0.0.0/0 gw
        eni a one 20.0.1.10 public 203.0.113.7
        eni b two 20.0.2.10
        eni c one 20.0.1.11
        ",
        &[
            (
                "a: udp 20.0.1.10:1 > 20.0.2.10:2",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 20.0.0.0/16 to main | at b | acl-main rule 100 | \
                 open-main rule 1 | delivered",
            ),
            // Outside the VPC the address means somebody else, so it is translated as any other ...
            (
                "a: udp 20.0.1.10:1 > 198.51.100.9:2",
                "at a | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 20.0.1.10 becomes 203.0.113.7 | internet sees udp 203.0.113.7:1 → 198.51.100.9:2",
            ),
            // ... and without a public address of its own it does not get out.
            (
                "c: udp 20.0.1.11:1 > 198.51.100.9:2",
                "at c | open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to gw | at gw | \
                 IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS by gw: 20.0.1.11 has no public IP address",
            ),
        ],
    );
}
