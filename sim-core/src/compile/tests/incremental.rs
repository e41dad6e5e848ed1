//! Bringing tables in step with what was touched, again and again, gives what compiling everything once gives.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use crate::cloud::Cloud;
use crate::cloud::tests::Bench;
use crate::cloud::tests::property::{Pick, REQUESTS, request};
use crate::compile::Compiler;
use crate::dataplane::tables::{EniTable, GroupRule, Peer, RouteState, RouteTable, Slot, Tables, Target, VpcTables};
use crate::engine::SimDuration;
use crate::id::{ResourceId, VpcId};

/// Everything in a cloud that has tables.
pub(super) fn everything(cloud: &Cloud) -> Vec<ResourceId> {
    fn ids<I: Copy + Into<ResourceId>>(keys: impl Iterator<Item = I>) -> impl Iterator<Item = ResourceId> {
        keys.map(Into::into)
    }
    ids(cloud.vpcs.keys().copied())
        .chain(ids(cloud.subnets.keys().copied()))
        .chain(ids(cloud.route_tables.keys().copied()))
        .chain(ids(cloud.network_acls.keys().copied()))
        .chain(ids(cloud.security_groups.keys().copied()))
        .chain(ids(cloud.internet_gateways.keys().copied()))
        .chain(ids(cloud.egress_only_internet_gateways.keys().copied()))
        .chain(ids(cloud.peerings.keys().copied()))
        .chain(ids(cloud.network_interfaces.keys().copied()))
        .chain(ids(cloud.hosted_zones.keys().copied()))
        .collect()
}

/// What tables say, in the words of ids: numbers and slots depend on what there was before.
fn in_ids(tables: &Tables) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for vpc in &tables.vpcs {
        vpc_in_ids(tables, vpc, &mut said);
    }
    for peering in &tables.peerings {
        let ends = peering.ends.map(|end| tables.vpc_id(end));
        let text = format!("{:?} {ends:?} {} {:?}", peering.state, peering.mtu_bytes, peering.resolving);
        said.insert(peering.id.to_string(), text);
    }
    for (address, vpc) in &tables.internet {
        said.insert(format!("internet {address}"), tables.vpc_id(*vpc).to_string());
    }
    said
}

fn vpc_in_ids(tables: &Tables, vpc: &VpcTables, said: &mut BTreeMap<String, String>) {
    let mut say = |what: String, text: String| assert_eq!(said.insert(what, text), None, "nothing is there twice");
    if !vpc.blocks.is_empty() {
        let names = &vpc.names;
        let mut peerings: Vec<_> = names.peerings.iter().map(|peering| tables.peering_id(*peering)).collect();
        peerings.sort();
        let names = format!("{} {} {:?} {peerings:?}", names.support, names.hostnames, names.zones);
        say(vpc.id.to_string(), format!("{:?} {:?} {:?} {names}", vpc.region, vpc.blocks, vpc.resolver));
    }
    for subnet in vpc.subnets.iter() {
        let table = vpc.route_tables[subnet.route_table.0 as usize].id;
        let acl = vpc.network_acls[subnet.network_acl.0 as usize].id;
        let text = format!("{:?} {:?} {} {table} {acl}", subnet.blocks, subnet.router, subnet.router_mac);
        say(subnet.id.to_string(), text);
    }
    for table in vpc.route_tables.iter() {
        say(table.id.to_string(), routes_in_ids(tables, table));
    }
    for acl in vpc.network_acls.iter() {
        say(acl.id.to_string(), format!("{:?} {:?}", acl.inbound, acl.outbound));
    }
    for group in vpc.security_groups.iter() {
        let rules = |rules: &[GroupRule]| -> Vec<String> { rules.iter().map(|it| rule_in_ids(tables, it)).collect() };
        say(group.id.to_string(), format!("{:?} {:?}", rules(&group.ingress), rules(&group.egress)));
    }
    for eni in vpc.enis.iter() {
        say(eni.id.to_string(), eni_in_ids(vpc, eni));
        assert_eq!(tables.interface(eni.index).map(|at| at.eni.id), Some(eni.id));
        assert_eq!(vpc.station(eni.mac).map(|owner| owner.id), Some(eni.id));
        for address in &eni.addresses {
            assert_eq!(vpc.owner_of(*address).map(|owner| owner.id), Some(eni.id));
        }
    }
    let addresses: usize = vpc.enis.iter().map(|eni| eni.addresses.len()).sum();
    assert_eq!((vpc.addresses.len(), vpc.macs.len()), (addresses, vpc.enis.iter().count()), "nobody else is known");
    if let Some(gateway) = vpc.egress_only_gateway {
        say(gateway.to_string(), vpc.id.to_string());
    }
    if let Some(gateway) = &vpc.internet_gateway {
        let pairs: BTreeMap<IpAddr, IpAddr> = gateway.public_of.iter().map(|(a, b)| (*a, *b)).collect();
        let back: BTreeMap<IpAddr, IpAddr> = gateway.private_of.iter().map(|(a, b)| (*b, *a)).collect();
        assert_eq!(pairs, back);
        say(gateway.id.to_string(), format!("{pairs:?}"));
    }
}

fn routes_in_ids(tables: &Tables, table: &RouteTable) -> String {
    let routes = table.routes.iter().map(|(destination, route)| {
        let target = match route.state {
            RouteState::Blackhole(id) => format!("blackhole {id}"),
            RouteState::Active(Target::Local) => "local".to_owned(),
            RouteState::Active(Target::InternetGateway(id)) => id.to_string(),
            RouteState::Active(Target::Peering(index)) => tables.peering_id(index).to_string(),
            RouteState::Active(Target::Eni(index) | Target::NatGateway(index)) => tables.eni_id(index).to_string(),
            RouteState::Active(Target::EgressOnlyGateway(id)) => id.to_string(),
            RouteState::Active(Target::Endpoint(index)) => tables.endpoint(index).id.to_string(),
        };
        format!("{destination} {target} {:?}", route.origin)
    });
    routes.collect::<Vec<_>>().join(", ")
}

fn rule_in_ids(tables: &Tables, rule: &GroupRule) -> String {
    let peer = match &rule.peer {
        Peer::Group { vpc, group } => tables.vpc(*vpc).security_groups[group.0 as usize].id.to_string(),
        other => format!("{other:?}"),
    };
    format!("{:?} {peer} {:?}", rule.protocol, rule.origin)
}

fn eni_in_ids(vpc: &VpcTables, eni: &EniTable) -> String {
    let subnet = vpc.subnets[eni.subnet.0 as usize].id;
    let group = |slot: &Slot| vpc.security_groups[slot.0 as usize].id;
    let groups: Vec<_> = eni.groups.iter().map(group).collect();
    format!("{} {subnet} {:?} {:?} {:?} {groups:?}", eni.mac, eni.addresses, eni.source_dest_check, eni.guest)
}

/// Whether a VPC that is gone has left anything behind.
fn assert_gone_is_empty(cloud: &Cloud, tables: &Tables) {
    for vpc in tables.vpcs.iter().filter(|vpc| !cloud.vpcs.contains_key(&vpc.id)) {
        let id: VpcId = vpc.id;
        assert_eq!(**vpc, VpcTables::empty(id, vpc.region));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_brought_in_step_are_those_of_a_compilation_from_scratch(
        picks in proptest::collection::vec(((0..REQUESTS, 0..8usize, 0..8usize), any::<bool>()), 1..160),
    ) {
        let mut b = Bench::new();
        for block in ["10.0.0.0", "10.1.0.0"] {
            let vpc = b.vpc(&format!("{block}/16"));
            b.subnet(&vpc, &format!("{block}/28"));
        }
        let (mut compiler, mut tables) = (Compiler::default(), Tables::default());
        for (pick, is_looked_at) in picks {
            let pick: Pick = pick;
            b.pass(SimDuration::from_secs(4));
            let (name, parameters) = request(&b.cloud, pick);
            let _ = b.call(name, parameters); // Refused or not: whatever was touched counts.
            if !is_looked_at {
                continue;
            }
            let touched = b.cloud.take_touched();
            compiler.compile(&b.cloud, &touched, &mut tables);
            let mut fresh = (Compiler::default(), Tables::default());
            fresh.0.compile(&b.cloud, &everything(&b.cloud), &mut fresh.1);
            prop_assert_eq!(in_ids(&tables), in_ids(&fresh.1), "after {:?}", name);
            assert_gone_is_empty(&b.cloud, &tables);
        }
    }
}
