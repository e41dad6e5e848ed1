//! Compilation is a function of the records, and compiled rules judge as the records read.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use super::world::{World, build};
use crate::cloud::{AclAction, AclEntry, PortRange, RuleProtocol};
use crate::compile::{Compiler, rules};
use crate::dataplane::tables::Tables;
use crate::dataplane::{judge_network_acl, tables::AclTable};
use crate::id::{NetworkAclId, NetworkInterfaceId, Origin, RouteTableId};
use crate::net::Headers;
use crate::trace::{Decider, Direction};

const TWO_VPCS: &str = "
    vpc a 10.1.0.0/16
    vpc b 10.2.0.0/16
    igw ga a
    peering ab a b
    subnet na a 10.1.1.0/24
    subnet nb b 10.2.1.0/24
    route na 10.2.0.0/16 ab
    route nb 10.1.0.0/16 ab
    group friends a
    allow friends egress all 0.0.0.0/0
    group server b
    allow server ingress tcp/80 friends
    eni c na 10.1.1.10 friends public 203.0.113.1
    eni s nb 10.2.1.10 server
";

#[test]
fn compiling_twice_gives_the_same_tables() {
    let mut world = World::new(TWO_VPCS);
    let once = world.tables.clone();
    world.compile();
    assert_eq!(world.tables, once);

    let mut fresh = (Compiler::default(), Tables::default());
    let all = world.all();
    fresh.0.compile(&world.cloud, &all, &mut fresh.1);
    assert_eq!(fresh.1, once, "nor does it matter what was compiled before");
}

#[test]
fn what_was_not_touched_is_not_compiled_again() {
    let mut world = World::new(TWO_VPCS);
    let before = world.tables.clone();
    let (na, nb): (RouteTableId, RouteTableId) = (world.id("rtb-na"), world.id("rtb-nb"));
    for table in [na, nb] {
        world.cloud.route_tables[&table].routes.clear();
    }
    world.compiler.compile(&world.cloud, &[na.into()], &mut world.tables);
    let place = |vpc: &str, world: &World| world.compiler.vpc_index(world.id(vpc)).expect("compiled").0 as usize;
    let (a, b) = (place("a", &world), place("b", &world));
    assert_ne!(world.tables.vpcs[a], before.vpcs[a]);
    assert_eq!(world.tables.vpcs[b], before.vpcs[b]);
}

#[test]
fn numbers_stay_when_neighbors_come_and_go() {
    let mut world = World::new(TWO_VPCS);
    let (c, s): (NetworkInterfaceId, NetworkInterfaceId) = (world.id("c"), world.id("s"));
    let before = world.compiler.eni_index(s, &world.tables);
    world.cloud.network_interfaces.remove(&c);
    world.act("eni d na 10.1.1.11");
    assert_eq!(world.compiler.eni_index(s, &world.tables), before);
    assert_eq!(world.tables.interfaces().count(), 2);
    assert_eq!(world.tables.internet_gateway_of("203.0.113.1".parse().expect("an address")), None);
}

fn entries() -> impl Strategy<Value = Vec<AclEntry>> {
    let protocol = prop_oneof![
        Just(RuleProtocol::All),
        (0u16..10, 0u16..10).prop_map(|(a, b)| RuleProtocol::Tcp(PortRange { from: a.min(b), to: a.max(b) })),
        (0u16..10, 0u16..10).prop_map(|(a, b)| RuleProtocol::Udp(PortRange { from: a.min(b), to: a.max(b) })),
        Just(RuleProtocol::Icmp { kind: None, code: None }),
        Just(RuleProtocol::Other(6)),
    ];
    let block = (any::<u8>(), 22u8..=32).prop_map(|(host, len)| {
        IpNet::V4(Ipv4Net::new(Ipv4Addr::new(10, 0, 0, host), len).expect("a length of at most 32"))
    });
    let entry = (protocol, block, any::<bool>()).prop_map(|(protocol, block, is_allow)| (protocol, block, is_allow));
    prop::collection::btree_map(1u16..50, entry, 0..12).prop_map(|entries| {
        let entry = |(number, (protocol, block, is_allow))| AclEntry {
            number,
            protocol,
            block,
            action: if is_allow { AclAction::Allow } else { AclAction::Deny },
            origin: Origin::Aws,
        };
        entries.into_iter().map(entry).rev().collect()
    })
}

/// The records read literally.
fn naive_match(entry: &AclEntry, kind: &str, peer: IpAddr, port: u16) -> bool {
    let is_service = match entry.protocol {
        RuleProtocol::All => true,
        RuleProtocol::Tcp(range) => kind == "tcp" && range.from <= port && port <= range.to,
        RuleProtocol::Udp(range) => kind == "udp" && range.from <= port && port <= range.to,
        RuleProtocol::Icmp { .. } => kind == "icmp",
        RuleProtocol::Other(6) => kind == "tcp",
        _ => false,
    };
    is_service && entry.block.contains(&peer)
}

proptest! {
    #[test]
    fn the_lowest_matching_acl_rule_decides(
        entries in entries(), kind in prop::sample::select(vec!["tcp", "udp", "icmp"]), host: u8, port in 0u16..12,
        is_inbound: bool,
    ) {
        // ACL-4, ACL-7, ACL-8.
        let (peer, own) = (Ipv4Addr::new(10, 0, 0, host), Ipv4Addr::new(192, 0, 2, 1));
        let (source, destination) = if is_inbound { (peer, own) } else { (own, peer) };
        let packet = match kind {
            "icmp" => format!("icmp {source} > {destination}"),
            _ => format!("{kind} {source}:50000 > {destination}:{port}"),
        };
        let ip = Headers::parse(&build(&packet)).expect("well-formed").ip.expect("IPv4");
        let compiled = rules::acl_rules(&entries);
        let (inbound, outbound) = if is_inbound { (compiled, Vec::new()) } else { (Vec::new(), compiled) };
        let acl = AclTable { id: NetworkAclId::from_number(1), inbound, outbound, origin: Origin::Aws };
        let direction = if is_inbound { Direction::Ingress } else { Direction::Egress };

        let naive = entries
            .iter()
            .filter(|entry| naive_match(entry, kind, IpAddr::V4(peer), port))
            .min_by_key(|entry| entry.number);
        match (judge_network_acl(&acl, direction, &ip), naive) {
            (Ok(number), Some(entry)) => {
                prop_assert_eq!((number, entry.action), (entry.number, AclAction::Allow));
            }
            (Err(reason), Some(entry)) => {
                prop_assert_eq!(reason.decider, Decider::AclRule(Some(entry.number)));
                prop_assert_eq!(entry.action, AclAction::Deny);
            }
            (Err(reason), None) => prop_assert_eq!(reason.decider, Decider::AclRule(None)),
            (Ok(number), None) => prop_assert!(false, "rule {} does not match", number),
        }
    }

    #[test]
    fn a_group_admits_what_any_of_its_rules_admits(
        entries in entries(), kind in prop::sample::select(vec!["tcp", "udp"]), host in 1u8..=254, port in 0u16..12,
    ) {
        // SG-1, SG-5: the union of the rules, in any order; a deny does not exist, so every entry is read as a permission.
        let mut world = World::new("
            vpc main 10.0.0.0/16
            subnet near main 10.0.0.0/24
            subnet far main 10.0.1.0/24
            group server main
            eni s far 10.0.1.20 server
        ");
        let host = if host < 4 { 4 } else { host };
        for entry in &entries {
            let service = match entry.protocol {
                RuleProtocol::All => "all".to_owned(),
                RuleProtocol::Tcp(range) => format!("tcp/{}-{}", range.from, range.to),
                RuleProtocol::Udp(range) => format!("udp/{}-{}", range.from, range.to),
                RuleProtocol::Icmp { .. } => "icmp".to_owned(),
                _ => "6".to_owned(),
            };
            world.act(&format!("allow server ingress {service} {}", entry.block));
        }
        world.act(&format!("eni c near 10.0.0.{host}"));
        let account = world.act(&format!("c: {kind} 10.0.0.{host}:50000 > 10.0.1.20:{port} SYN"));
        let peer = IpAddr::V4(Ipv4Addr::new(10, 0, 0, host));
        let is_admitted = entries.iter().any(|entry| naive_match(entry, kind, peer, port));
        prop_assert_eq!(account.ends_with("delivered"), is_admitted, "{}", account);
    }
}
