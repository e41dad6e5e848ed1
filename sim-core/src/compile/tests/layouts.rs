//! Who reaches whom: documented peering layouts, and rules seen from the far end. Only the end of each packet's account is
//! looked at.

use super::world::World;

/// Sends packets and changes the topology in turn; each packet ends as the row says: `delivered`, or the reason's code and who
/// dropped it.
#[track_caller]
fn ends(topology: &str, rows: &[(&str, &str)]) {
    let mut world = World::new(topology);
    for (action, expected) in rows {
        let account = world.act(action);
        let end = account.rsplit(" | ").next().unwrap_or_default();
        let end = end.split(':').next().unwrap_or_default();
        assert_eq!(end, *expected, "\n  after: {action}\n    got: {account}\n");
    }
}

const NOT_THE_PEERS: &str = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ";

#[test]
fn a_hub_reaches_its_spokes_and_a_mesh_reaches_everybody() {
    // PCX-24, PCX-37, PCX-38, PCX-39: instances reach each other; routes for the whole of each other's blocks, IPv6 included where both have it (PCX-29).
    let topology = "
        vpc a 10.1.0.0/16 2001:db8:a::/56
        vpc b 10.2.0.0/16 2001:db8:b::/56
        vpc c 10.3.0.0/16
        peering ab a b
        peering ac a c
        subnet na a 10.1.1.0/24 2001:db8:a::/64
        subnet nb b 10.2.1.0/24 2001:db8:b::/64
        subnet nc c 10.3.1.0/24
        route na 10.2.0.0/16 ab
        route na 2001:db8:b::/56 ab
        route na 10.3.0.0/16 ac
        route nb 10.1.0.0/16 ab
        route nb 2001:db8:a::/56 ab
        route nc 10.1.0.0/16 ac
        eni x na 10.1.1.10 2001:db8:a::10
        eni y nb 10.2.1.10 2001:db8:b::10
        eni z nc 10.3.1.10
    ";
    ends(
        topology,
        &[
            ("x: icmp 10.1.1.10 > 10.2.1.10", "delivered"),
            ("y: icmp-reply 10.2.1.10 > 10.1.1.10", "delivered"),
            ("x: icmp 10.1.1.10 > 10.3.1.10", "delivered"),
            ("z: icmp 10.3.1.10 > 10.1.1.10", "delivered"),
            ("y: icmp 10.2.1.10 > 10.3.1.10", "NO_ROUTE_TO_DESTINATION by rtb-nb"),
            ("x: udp [2001:db8:a::10]:1 > [2001:db8:b::10]:2", "delivered"),
            // The mesh is closed.
            ("peering bc b c", ""),
            ("route nb 10.3.0.0/16 bc", ""),
            ("route nc 10.2.0.0/16 bc", ""),
            ("y: icmp 10.2.1.10 > 10.3.1.10", "delivered"),
            ("z: icmp-reply 10.3.1.10 > 10.2.1.10", "delivered"),
        ],
    );
}

#[test]
fn two_vpcs_with_one_block_are_told_apart_by_the_subnet_or_by_the_longest_prefix() {
    // PCX-26, PCX-40, PCX-42, PCX-43, PCX-44: B and C share 10.2.0.0/16; A's subnets, or one /32, decide.
    let topology = "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        vpc c 10.2.0.0/16
        peering ab a b
        peering ac a c
        subnet a1 a 10.1.1.0/24
        subnet a2 a 10.1.2.0/24
        subnet nb b 10.2.1.0/24
        subnet nc c 10.2.1.0/24
        route a1 10.2.0.0/16 ab
        route a2 10.2.0.0/16 ac
        route nb 10.1.1.0/24 ab
        route nc 10.1.2.0/24 ac
        eni one a1 10.1.1.10
        eni two a2 10.1.2.10
        eni x nb 10.2.1.10
        eni lonely nb 10.2.1.11
        eni y nc 10.2.1.20
    ";
    ends(
        topology,
        &[
            ("one: icmp 10.1.1.10 > 10.2.1.10", "delivered"),
            ("one: icmp 10.1.1.10 > 10.2.1.20", "NO_POSSIBLE_DESTINATION by b"),
            ("two: icmp 10.1.2.10 > 10.2.1.20", "delivered"),
            ("x: icmp 10.2.1.10 > 10.1.2.10", "NO_ROUTE_TO_DESTINATION by rtb-nb"),
            // One host of B by its /32, the rest of the block is C's (PCX-44).
            ("route a2 10.2.1.10/32 ab", ""),
            ("route nb 10.1.2.10/32 ab", ""),
            ("two: icmp 10.1.2.10 > 10.2.1.10", "delivered"),
            ("x: icmp-reply 10.2.1.10 > 10.1.2.10", "delivered"),
            // Another host of B is heard, and its answer goes to C, where nobody has the address (PCX-26).
            ("lonely: icmp 10.2.1.11 > 10.1.2.10", "delivered"),
            ("two: icmp-reply 10.1.2.10 > 10.2.1.11", "NO_POSSIBLE_DESTINATION by c"),
        ],
    );
}

#[test]
fn a_peers_gateways_are_nobody_elses() {
    // PCX-17, PCX-18, PCX-30: neither the way out nor the way in leads through the other VPC.
    ends(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        igw ga a
        peering ab a b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 0.0.0.0/0 ga
        route na 10.2.0.0/16 ab
        route nb 0.0.0.0/0 ab
        eni x na 10.1.1.10 forwards public 203.0.113.1
        eni y nb 10.2.1.10
        ",
        &[
            ("y: icmp 10.2.1.10 > 198.51.100.9", &format!("{NOT_THE_PEERS}ab")),
            ("y: icmp 10.2.1.10 > 203.0.113.1", &format!("{NOT_THE_PEERS}ab")),
            // An instance that forwards does not help either: the gateway knows A's addresses only.
            ("x: icmp 10.2.1.10 > 198.51.100.9", "GATEWAY_REJECTS_SPOOFED_TRAFFIC by ga"),
            ("x: icmp 198.51.100.9 > 10.2.1.10", &format!("{NOT_THE_PEERS}ab")),
            ("y: icmp 10.2.1.10 > 10.1.1.10", "delivered"),
        ],
    );
}

#[test]
fn what_arrives_over_a_peering_asks_no_route_table_there() {
    // PCX-30, RT-26, RT-27: B's own route for its subnet would lead to an appliance.
    ends(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        peering ab a b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        subnet nf b 10.2.2.0/24
        eni firewall nf 10.2.2.10 forwards
        route na 10.2.0.0/16 ab
        route nf 10.2.1.0/24 firewall
        route nb 10.2.2.0/24 firewall
        eni x na 10.1.1.10
        eni y nb 10.2.1.10
        ",
        &[("x: icmp 10.1.1.10 > 10.2.1.10", "delivered")],
    );
}

#[test]
fn a_route_that_changes_takes_flows_under_way_along() {
    // RT-25
    ends(
        "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        peering ab a b
        igw ga a
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 10.2.0.0/16 ab
        eni x na 10.1.1.10
        eni y nb 10.2.1.10
        ",
        &[
            ("x: udp 10.1.1.10:1 > 10.2.1.10:2", "delivered"),
            ("route na 10.2.1.0/24 ga", ""),
            ("x: udp 10.1.1.10:1 > 10.2.1.10:2", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS by ga"),
        ],
    );
}

#[test]
fn a_network_acl_sees_the_far_end_and_cuts_flows_that_are_tracked() {
    // ACL-5, ACL-11, ACL-13, ACL-18, SG-15.
    let topology = "
        vpc a 10.1.0.0/16
        vpc b 10.2.0.0/16
        peering ab a b
        igw gb b
        subnet na a 10.1.1.0/24
        subnet nb b 10.2.1.0/24
        route na 10.2.0.0/16 ab
        route nb 10.1.0.0/16 ab
        route nb 0.0.0.0/0 gb
        acl nb ingress 100 allow tcp/22 10.1.1.10/32
        acl nb egress 100 allow tcp/1024-65535 10.1.1.10/32
        eni x na 10.1.1.10
        eni other na 10.1.1.11
        eni y nb 10.2.1.10 public 203.0.113.2
        eni beside nb 10.2.1.11
    ";
    ends(
        topology,
        &[
            ("x: tcp 10.1.1.10:40000 > 10.2.1.10:22 SYN", "delivered"),
            ("y: tcp 10.2.1.10:22 > 10.1.1.10:40000 SYN ACK", "delivered"),
            ("other: tcp 10.1.1.11:40000 > 10.2.1.10:22 SYN", "SUBNET_ACL_RESTRICTION by acl-nb"),
            ("beside: tcp 10.2.1.11:40000 > 10.2.1.10:22 SYN", "delivered"), // of the same subnet
            ("internet: tcp 198.51.100.9:40000 > 203.0.113.2:22 SYN", "SUBNET_ACL_RESTRICTION by acl-nb"),
            ("acl nb ingress 110 allow tcp/22 198.51.100.0/24", ""),
            ("internet: tcp 198.51.100.9:40000 > 203.0.113.2:22 SYN", "delivered"),
            ("acl nb egress 50 deny all 10.1.1.10/32", ""),
            ("y: tcp 10.2.1.10:22 > 10.1.1.10:40000 ACK", "SUBNET_ACL_RESTRICTION by acl-nb"),
        ],
    );
}

#[test]
fn rules_of_one_family_or_one_kind_of_message_say_nothing_about_the_other() {
    // SG-6, SG-7: echo requests from IPv4 only.
    ends(
        "
        vpc main 10.0.0.0/16 2001:db8:1::/56
        subnet web main 10.0.1.0/24 2001:db8:1:1::/64
        group server main
        allow server ingress icmp/8 0.0.0.0/0
        allow server ingress udp/53 0.0.0.0/0
        eni c web 10.0.1.10 2001:db8:1:1::10
        eni s web 10.0.1.20 2001:db8:1:1::20 server
        ",
        &[
            ("c: icmp 10.0.1.10 > 10.0.1.20", "delivered"),
            ("c: icmp-reply 10.0.1.10 > 10.0.1.20", "ENI_SG_RULES_MISMATCH by server"),
            ("c: udp 10.0.1.10:1 > 10.0.1.20:53", "delivered"),
            ("c: udp 10.0.1.10:1 > 10.0.1.20:54", "ENI_SG_RULES_MISMATCH by server"),
            ("c: tcp 10.0.1.10:1 > 10.0.1.20:53 SYN", "ENI_SG_RULES_MISMATCH by server"),
            ("c: udp [2001:db8:1:1::10]:1 > [2001:db8:1:1::20]:53", "ENI_SG_RULES_MISMATCH by server"),
        ],
    );
}

#[test]
fn a_group_of_a_peer_in_another_region_cannot_be_meant() {
    // SG-10, PCX-31: the same lab, in one Region and in two.
    let topology = |region: &str| {
        format!(
            "
            vpc a 10.1.0.0/16
            vpc b 10.2.0.0/16 {region}
            peering ab a b
            subnet na a 10.1.1.0/24
            subnet nb b 10.2.1.0/24
            route na 10.2.0.0/16 ab
            group friends a
            allow friends egress all 0.0.0.0/0
            group server b
            allow server ingress icmp friends
            eni x na 10.1.1.10 friends
            eni y nb 10.2.1.10 server
            "
        )
    };
    ends(&topology(""), &[("x: icmp 10.1.1.10 > 10.2.1.10", "delivered")]);
    ends(&topology("region eu-west-1"), &[("x: icmp 10.1.1.10 > 10.2.1.10", "UNKNOWN_PEERED_SGS by server")]);
}

#[test]
fn any_protocol_is_carried_that_the_rules_admit() {
    // L2-20: GRE is protocol 47; ESP, which is 50, is not meant by the rule.
    let topology = |number: &str| {
        format!(
            "
            vpc main 10.0.0.0/16
            subnet web main 10.0.1.0/24
            subnet db main 10.0.2.0/24
            group server main
            allow server ingress {number} 0.0.0.0/0
            eni c web 10.0.1.10
            eni s db 10.0.2.20 server
            "
        )
    };
    ends(&topology("47"), &[("c: gre 10.0.1.10 > 10.0.2.20", "delivered")]);
    ends(&topology("50"), &[("c: gre 10.0.1.10 > 10.0.2.20", "ENI_SG_RULES_MISMATCH by server")]);
}

#[test]
fn within_a_subnet_no_route_leads_through_an_appliance() {
    // L2-6, L2-7: the route for the subnet's own block is there, and nobody asks the table.
    ends(
        "
        vpc main 10.0.0.0/16
        subnet web main 10.0.1.0/24
        subnet db main 10.0.2.0/24
        subnet guard main 10.0.3.0/24
        eni firewall guard 10.0.3.10
        route web 10.0.1.0/24 firewall
        route web 10.0.2.0/24 firewall
        eni a web 10.0.1.10
        eni b web 10.0.1.11
        eni c db 10.0.2.10
        ",
        &[
            ("a: icmp 10.0.1.10 > 10.0.1.11", "delivered"),
            // Into another subnet it leads there, where the destination check stops what is not the firewall's (L2-9).
            ("a: icmp 10.0.1.10 > 10.0.2.10", "ENI_SOURCE_DEST_CHECK_RESTRICTION by firewall"),
        ],
    );
}

#[test]
fn two_vpcs_reach_one_block_each_of_a_third_pcx_41() {
    ends(
        "
        vpc a 10.1.0.0/16 100.64.0.0/16
        vpc b 10.2.0.0/16
        vpc c 10.2.0.0/16
        peering ab a b
        peering ac a c
        subnet one a 10.1.1.0/24
        subnet two a 100.64.1.0/24
        subnet nb b 10.2.1.0/24
        subnet nc c 10.2.2.0/24
        route one 10.2.0.0/16 ab
        route two 10.2.0.0/16 ac
        route nb 10.1.0.0/16 ab
        route nc 100.64.0.0/16 ac
        eni a1 one 10.1.1.10
        eni a2 two 100.64.1.10
        eni y nb 10.2.1.10
        eni z nc 10.2.2.10
        ",
        &[
            ("y: icmp 10.2.1.10 > 10.1.1.10", "delivered"),
            ("a1: icmp-reply 10.1.1.10 > 10.2.1.10", "delivered"),
            ("z: icmp 10.2.2.10 > 100.64.1.10", "delivered"),
            ("a2: icmp-reply 100.64.1.10 > 10.2.2.10", "delivered"),
            // Neither has a route to the other's block.
            ("y: icmp 10.2.1.10 > 100.64.1.10", "NO_ROUTE_TO_DESTINATION by rtb-nb"),
            ("z: icmp 10.2.2.10 > 10.1.1.10", "NO_ROUTE_TO_DESTINATION by rtb-nc"),
            // With a route the block is reached, and the answer goes to the other VPC.
            ("route nb 100.64.0.0/16 ab", ""),
            ("y: icmp 10.2.1.10 > 100.64.1.10", "delivered"),
            ("a2: icmp-reply 100.64.1.10 > 10.2.1.10", "NO_POSSIBLE_DESTINATION by c"),
        ],
    );
}

#[test]
fn a_hub_and_a_mesh_that_share_blocks_meet_in_a_vpc_with_two_subnets_pcx_45() {
    // A is a hub (its spokes B and D), X, Y and Z are a mesh, and D is peered with X too. A and X have one block, so have D and Z.
    let topology = "
        vpc a 172.16.0.0/16
        vpc x 172.16.0.0/16
        vpc b 10.1.0.0/16
        vpc d 10.0.0.0/16
        vpc y 10.2.0.0/16
        vpc z 10.0.0.0/16
        peering ab a b
        peering ad a d
        peering dx d x
        peering xy x y
        peering xz x z
        peering yz y z
        subnet na a 172.16.1.0/24
        subnet nx x 172.16.2.0/24
        subnet nb b 10.1.1.0/24
        subnet d1 d 10.0.0.0/24
        subnet d2 d 10.0.1.0/24
        subnet ny y 10.2.1.0/24
        subnet z1 z 10.0.0.0/24
        subnet z2 z 10.0.1.0/24
        route na 10.1.0.0/16 ab
        route na 10.0.0.0/24 ad
        route nb 172.16.0.0/16 ab
        route d1 172.16.0.0/16 ad
        route d2 172.16.0.0/16 dx
        route nx 10.0.1.0/24 dx
        route nx 10.0.0.0/24 xz
        route nx 10.2.0.0/16 xy
        route ny 172.16.0.0/16 xy
        route ny 10.0.0.0/16 yz
        route z1 172.16.0.0/16 xz
        route z1 10.2.0.0/16 yz
        route z2 10.2.0.0/16 yz
        eni ha na 172.16.1.10
        eni hx nx 172.16.2.10
        eni hb nb 10.1.1.10
        eni hd1 d1 10.0.0.10
        eni hd2 d2 10.0.1.10
        eni hy ny 10.2.1.10
        eni hz1 z1 10.0.0.20
        eni hz2 z2 10.0.1.20
    ";
    ends(
        topology,
        &[
            ("ha: icmp 172.16.1.10 > 10.1.1.10", "delivered"),
            // A finds the first subnet of D, X the second, and each is answered.
            ("ha: icmp 172.16.1.10 > 10.0.0.10", "delivered"),
            ("hd1: icmp-reply 10.0.0.10 > 172.16.1.10", "delivered"),
            ("hx: icmp 172.16.2.10 > 10.0.1.10", "delivered"),
            ("hd2: icmp-reply 10.0.1.10 > 172.16.2.10", "delivered"),
            // X finds the first subnet of Z.
            ("hx: icmp 172.16.2.10 > 10.0.0.20", "delivered"),
            ("hz1: icmp-reply 10.0.0.20 > 172.16.2.10", "delivered"),
            ("hy: icmp 10.2.1.10 > 10.0.1.20", "delivered"),
            ("hz2: icmp-reply 10.0.1.20 > 10.2.1.10", "delivered"),
            // What the routes leave out: A has no way to D's second subnet, and for X the address is Z's, or D's.
            ("ha: icmp 172.16.1.10 > 10.0.1.10", "NO_ROUTE_TO_DESTINATION by rtb-na"),
            ("hx: icmp 172.16.2.10 > 10.0.0.10", "NO_POSSIBLE_DESTINATION by z"),
            ("hx: icmp 172.16.2.10 > 10.0.1.20", "NO_POSSIBLE_DESTINATION by d"),
            ("hd1: icmp 10.0.0.10 > 172.16.2.10", "NO_POSSIBLE_DESTINATION by a"),
        ],
    );
}
