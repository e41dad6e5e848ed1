//! Prefix lists in route tables, against a naive model of their order (RT-6, RT-7, RT-10, RT-11).

use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cloud::tests::Bench;
use crate::compile::Compiler;
use crate::dataplane::tables::{RouteState, Tables, Target};
use crate::id::{InternetGatewayId, NetworkInterfaceId, PrefixListId, ResourceId};

/// Blocks crowded into few networks, so that they nest and repeat.
fn block() -> impl Strategy<Value = Ipv4Net> {
    (0u8..4, 8u8..=12).prop_map(|(second, len)| {
        Ipv4Net::new(std::net::Ipv4Addr::new(198, second << 4, 0, 0), len).expect("a length").trunc()
    })
}

fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {answer}")).to_owned()
}

/// A table with static routes to an Internet gateway and two lists' routes to an interface without a guest and to the gateway,
/// so that each kind of route shows in what is chosen.
struct Case {
    bench: Bench,
    gateway: InternetGatewayId,
    interface: NetworkInterfaceId,
    lists: [(PrefixListId, Vec<Ipv4Net>); 2],
    written: Vec<Ipv4Net>,
}

fn case(written: Vec<Ipv4Net>, first: Vec<Ipv4Net>, second: Vec<Ipv4Net>) -> Case {
    let mut bench = Bench::new();
    let vpc = bench.vpc("10.0.0.0/16");
    let subnet = bench.subnet(&vpc, "10.0.0.0/24");
    let gateway = text(&bench.ok("CreateInternetGateway", json!({})), "/InternetGateway/InternetGatewayId");
    bench.ok("AttachInternetGateway", json!({"InternetGatewayId": gateway, "VpcId": vpc}));
    let interface = bench.ok("CreateNetworkInterface", json!({"SubnetId": subnet}));
    let interface = text(&interface, "/NetworkInterface/NetworkInterfaceId");
    let table = text(&bench.ok("CreateRouteTable", json!({"VpcId": vpc})), "/RouteTable/RouteTableId");
    for block in &written {
        // A route that is there already is refused (RT-12).
        let route = json!({"RouteTableId": table, "DestinationCidrBlock": block.to_string(), "GatewayId": gateway});
        let _ = bench.call("CreateRoute", route);
    }
    let lists = [("a", first, "NetworkInterfaceId", &interface), ("b", second, "GatewayId", &gateway)].map(
        |(name, blocks, kind, target)| {
            let entries: Vec<Value> = blocks.iter().map(|block| json!({"Cidr": block.to_string()})).collect();
            let list = json!({"PrefixListName": name, "AddressFamily": "IPv4", "MaxEntries": 20, "Entries": entries});
            let id = text(&bench.ok("CreateManagedPrefixList", list), "/PrefixList/PrefixListId");
            bench.ok("CreateRoute", json!({"RouteTableId": table, "DestinationPrefixListId": id, kind: target}));
            (id.parse().expect("an id"), blocks)
        },
    );
    let (gateway, interface) = (gateway.parse().expect("an id"), interface.parse().expect("an id"));
    Case { bench, gateway, interface, lists, written }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Longest prefix first; of equal ones the static route, then the list with the lower id.
    #[test]
    fn static_routes_beat_lists_and_lower_lists_beat_higher_ones_rt_10(
        written in prop::collection::vec(block(), 0..4),
        first in prop::collection::vec(block(), 0..4),
        second in prop::collection::vec(block(), 0..4),
        asked in prop::collection::vec(block(), 1..6),
    ) {
        // RT-6, RT-11.
        let mut case = case(written, first, second);
        let (mut compiler, mut tables) = (Compiler::default(), Tables::default());
        let touched = case.bench.cloud.take_touched();
        compiler.compile(&case.bench.cloud, &touched, &mut tables);
        let table = tables.vpcs[0].route_tables.iter().last().expect("the table made last");
        for address in asked.iter().map(|block| block.network()) {
            let mut candidates: Vec<(Ipv4Net, u64, ResourceId)> = Vec::new();
            let static_ones = case.written.iter().map(|block| (*block, 2, case.gateway.into()));
            candidates.extend(static_ones);
            let [(a, in_a), (b, in_b)] = &case.lists;
            candidates.extend(in_a.iter().map(|block| (*block, u64::from(a < b), case.interface.into())));
            candidates.extend(in_b.iter().map(|block| (*block, u64::from(b < a), case.gateway.into())));
            let best = candidates
                .into_iter()
                .filter(|(block, ..)| block.contains(&address))
                .max_by_key(|(block, rank, _)| (block.prefix_len(), *rank));
            let found = table.routes.lookup(address.into()).map(|(block, route)| {
                let target = match route.state {
                    RouteState::Active(Target::InternetGateway(gateway)) => gateway.into(),
                    RouteState::Blackhole(target) => target,
                    ref other => panic!("{other:?}"),
                };
                (block, target)
            });
            prop_assert_eq!(found, best.map(|(block, _, target)| (IpNet::V4(block), target)));
        }
    }
}
