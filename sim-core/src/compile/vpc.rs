//! One VPC's tables, from the cloud's records.
//!
//! Whether a route's target is usable (RT-15) is decided here: a detached gateway, a peering connection that is not active, an
//! interface without a running instance make a blackhole.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::{Compiler, is_active, rules};
use crate::cloud::{self, Cloud, InstanceState, NetworkInterface, RouteTarget};
use crate::dataplane::tables::{
    AclTable, EniTable, GroupTable, Guest, InternetGatewayTable, Route, RouteState, RouteTable, Slot, SourceDestCheck,
    SubnetTable, Target, VpcTables,
};
use crate::id::{NetworkAclId, Origin, Region, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::net::{MacAddr, PrefixTable};

/// The cloud's records by VPC, sorted out once for all VPCs that are compiled.
#[derive(Debug, Default)]
pub(super) struct Sources<'c> {
    by_vpc: BTreeMap<VpcId, Records<'c>>,
    pub(super) members: rules::Members,
}

/// One VPC's records.
#[derive(Debug, Default)]
struct Records<'c> {
    subnets: Vec<&'c cloud::Subnet>,
    route_tables: Vec<&'c cloud::RouteTable>,
    network_acls: Vec<&'c cloud::NetworkAcl>,
    security_groups: Vec<&'c cloud::SecurityGroup>,
    enis: Vec<&'c NetworkInterface>,
    internet_gateway: Option<&'c cloud::InternetGateway>,
}

impl<'c> Sources<'c> {
    pub(super) fn collect(cloud: &'c Cloud, wanted: &BTreeSet<VpcId>) -> Sources<'c> {
        let mut by_vpc: BTreeMap<VpcId, Records<'c>> = wanted.iter().map(|&vpc| (vpc, Records::default())).collect();
        for subnet in cloud.subnets.values() {
            by_vpc.entry(subnet.vpc).and_modify(|records| records.subnets.push(subnet));
        }
        for table in cloud.route_tables.values() {
            by_vpc.entry(table.vpc).and_modify(|records| records.route_tables.push(table));
        }
        for acl in cloud.network_acls.values() {
            by_vpc.entry(acl.vpc).and_modify(|records| records.network_acls.push(acl));
        }
        for group in cloud.security_groups.values() {
            by_vpc.entry(group.vpc).and_modify(|records| records.security_groups.push(group));
        }
        for eni in cloud.network_interfaces.values() {
            by_vpc.entry(eni.vpc).and_modify(|records| records.enis.push(eni));
        }
        for gateway in cloud.internet_gateways.values() {
            if let Some(vpc) = gateway.attached {
                by_vpc.entry(vpc).and_modify(|records| records.internet_gateway = Some(gateway));
            }
        }
        let groups = by_vpc.values().flat_map(|records| records.security_groups.iter().copied());
        let members = rules::Members::collect(cloud, groups);
        Sources { by_vpc, members }
    }
}

impl VpcTables {
    /// A VPC with nothing in it, as a deleted one is.
    pub(super) fn empty(id: VpcId, region: Region) -> VpcTables {
        VpcTables {
            id,
            region,
            blocks: Vec::new(),
            resolver: None,
            subnets: Vec::new(),
            route_tables: Vec::new(),
            network_acls: Vec::new(),
            security_groups: Vec::new(),
            enis: Vec::new(),
            addresses: FxHashMap::default(),
            macs: FxHashMap::default(),
            internet_gateway: None,
        }
    }
}

/// From ids to places in the VPC's lists.
#[derive(Default)]
struct Slots {
    subnets: FxHashMap<SubnetId, Slot>,
    route_tables: FxHashMap<RouteTableId, Slot>,
    network_acls: FxHashMap<NetworkAclId, Slot>,
    security_groups: FxHashMap<SecurityGroupId, Slot>,
}

pub(super) fn compile(compiler: &Compiler, cloud: &Cloud, sources: &Sources<'_>, vpc: &cloud::Vpc) -> VpcTables {
    let mut tables = VpcTables::empty(vpc.id, vpc.region);
    let Some(records) = sources.by_vpc.get(&vpc.id) else { return tables };
    tables.blocks.extend(vpc.ipv4_blocks.iter().map(|(_, block)| IpNet::V4(*block)));
    tables.blocks.extend(vpc.ipv6_blocks.iter().map(|(_, block)| IpNet::V6(*block)));
    tables.resolver = vpc.ipv4_blocks.first().map(|(_, block)| plus(block.network(), 2));

    let mut slots = Slots::default();
    for table in &records.route_tables {
        slots.route_tables.insert(table.id, Slot(tables.route_tables.len() as u32));
        tables.route_tables.push(route_table(compiler, cloud, vpc, &tables.blocks, table));
    }
    for acl in &records.network_acls {
        slots.network_acls.insert(acl.id, Slot(tables.network_acls.len() as u32));
        tables.network_acls.push(AclTable {
            id: acl.id,
            inbound: rules::acl_rules(&acl.inbound),
            outbound: rules::acl_rules(&acl.outbound),
            origin: acl.origin,
        });
    }
    for group in &records.security_groups {
        slots.security_groups.insert(group.id, Slot(tables.security_groups.len() as u32));
        tables.security_groups.push(GroupTable {
            id: group.id,
            ingress: rules::group_rules(cloud, &sources.members, group, &group.ingress),
            egress: rules::group_rules(cloud, &sources.members, group, &group.egress),
            origin: group.origin,
        });
    }
    for subnet in &records.subnets {
        if let Some(table) = subnet_table(vpc, subnet, &slots) {
            slots.subnets.insert(subnet.id, Slot(tables.subnets.len() as u32));
            tables.subnets.push(table);
        }
    }
    for eni in &records.enis {
        let Some(table) = eni_table(compiler, cloud, eni, &slots) else { continue };
        let slot = Slot(tables.enis.len() as u32);
        tables.addresses.extend(table.addresses.iter().map(|&address| (address, slot)));
        tables.macs.insert(table.mac, slot);
        tables.enis.push(table);
    }
    tables.internet_gateway = records.internet_gateway.map(|gateway| internet_gateway(gateway, &records.enis));
    tables
}

/// `local` for every block (RT-4) and what somebody wrote; a written route for a block retargets its `local` (RT-13).
fn route_table(
    compiler: &Compiler,
    cloud: &Cloud,
    vpc: &cloud::Vpc,
    blocks: &[IpNet],
    table: &cloud::RouteTable,
) -> RouteTable {
    let local =
        blocks.iter().map(|&block| (block, Route { state: RouteState::Active(Target::Local), origin: Origin::Aws }));
    let written = table.routes.iter().map(|route| {
        (route.destination, Route { state: route_state(compiler, cloud, vpc.id, route.target), origin: route.origin })
    });
    RouteTable { id: table.id, routes: PrefixTable::new(local.chain(written)), origin: table.origin }
}

/// A route's target, or a blackhole where it is gone or not usable (RT-15, RT-16, RT-17).
fn route_state(compiler: &Compiler, cloud: &Cloud, vpc: VpcId, target: RouteTarget) -> RouteState {
    match target {
        RouteTarget::InternetGateway(id) => match cloud.internet_gateways.get(&id) {
            Some(gateway) if gateway.attached == Some(vpc) => RouteState::Active(Target::InternetGateway(id)),
            _ => RouteState::Blackhole(id.into()),
        },
        RouteTarget::Peering(id) => {
            let peering = cloud.peerings.get(&id).filter(|peering| is_active(peering));
            let is_end = peering.is_some_and(|peering| [peering.requester.vpc, peering.accepter.vpc].contains(&vpc));
            match compiler.peering_index(id) {
                Some(index) if is_end => RouteState::Active(Target::Peering(index)),
                _ => RouteState::Blackhole(id.into()),
            }
        }
        RouteTarget::NetworkInterface(id) => {
            let eni = cloud.network_interfaces.get(&id).filter(|eni| eni.vpc == vpc);
            let is_running = eni.is_some_and(|eni| guest(cloud, eni) == Guest::Running);
            match compiler.eni_index(id) {
                Some(index) if is_running => RouteState::Active(Target::Eni(index)),
                _ => RouteState::Blackhole(id.into()),
            }
        }
    }
}

/// `None` when the subnet names a route table or ACL that is not there, which the cloud does not let happen.
fn subnet_table(vpc: &cloud::Vpc, subnet: &cloud::Subnet, slots: &Slots) -> Option<SubnetTable> {
    let route_table = subnet.route_table.map_or(vpc.main_route_table, |(_, table)| table); // RT-2
    let v6 = subnet.ipv6_block.map(|(_, block)| IpNet::V6(block));
    Some(SubnetTable {
        id: subnet.id,
        zone: subnet.zone,
        blocks: std::iter::once(IpNet::V4(subnet.ipv4_block)).chain(v6).collect(),
        router: plus(subnet.ipv4_block.network(), 1),
        router_mac: router_mac(subnet.id),
        route_table: *slots.route_tables.get(&route_table)?,
        network_acl: *slots.network_acls.get(&subnet.network_acl.1)?,
        origin: subnet.origin,
    })
}

fn eni_table(compiler: &Compiler, cloud: &Cloud, eni: &NetworkInterface, slots: &Slots) -> Option<EniTable> {
    Some(EniTable {
        index: compiler.eni_index(eni.id)?,
        id: eni.id,
        mac: eni.mac,
        subnet: *slots.subnets.get(&eni.subnet)?,
        addresses: rules::private_addresses(eni).collect(),
        source_dest_check: if eni.source_dest_check { SourceDestCheck::On } else { SourceDestCheck::Off },
        guest: guest(cloud, eni),
        groups: eni.groups.iter().filter_map(|group| slots.security_groups.get(group).copied()).collect(),
        origin: eni.origin,
    })
}

/// Whether a running instance is behind an interface.
fn guest(cloud: &Cloud, eni: &NetworkInterface) -> Guest {
    let instance = eni.attachment.as_ref().and_then(|attachment| cloud.instances.get(&attachment.instance));
    match instance.map(|instance| instance.state) {
        Some(InstanceState::Running) => Guest::Running,
        _ => Guest::Absent,
    }
}

fn internet_gateway(gateway: &cloud::InternetGateway, enis: &[&NetworkInterface]) -> InternetGatewayTable {
    let pairs = || {
        let addresses = enis.iter().flat_map(|eni| &eni.ipv4);
        addresses.filter_map(|address| Some((IpAddr::V4(address.address), IpAddr::V4(address.public?.address()))))
    };
    InternetGatewayTable {
        id: gateway.id,
        public_of: pairs().collect(),
        private_of: pairs().map(|(private, public)| (public, private)).collect(),
    }
}

/// A router's synthetic MAC address (L2-3), the same in every run. Its first octet is 0e, where interfaces have another of
/// EC2's (L2-11), so the two never meet.
fn router_mac(subnet: SubnetId) -> MacAddr {
    // FNV-1a over the id.
    let hash = subnet
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    MacAddr([0x0e, a, b, c, d, e])
}

fn plus(network: Ipv4Addr, offset: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(network.to_bits().wrapping_add(offset))
}
