//! The tables of a VPC's parts, from the cloud's records.
//!
//! Whether a route's target is usable (RT-15) is decided here: a detached gateway, a peering connection that is not active, an
//! interface without a running instance make a blackhole.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Compiler, is_active, names, private_addresses};
use crate::cloud::{self, Cloud, Instance, InstanceState, NetworkInterface, Requester, RouteTarget, Switch};
use crate::dataplane::conntrack::Timeouts;
use crate::dataplane::names::VpcNames;
use crate::dataplane::tables::{
    AddressOwners, Dns64, EniIndex, EniTable, Guest, MetadataOverIpv6, Route, RouteState, RouteTable, Slots,
    SourceDestCheck, SubnetTable, Tables, Target, Tracking, VpcTables,
};
use crate::id::{NetworkInterfaceId, Origin, Region, SubnetId, VpcId};
use crate::net::{MacAddr, PrefixTable};

impl VpcTables {
    /// A VPC with nothing in it, as a deleted one is.
    pub(super) fn empty(id: VpcId, region: Region) -> VpcTables {
        VpcTables {
            id,
            region,
            blocks: Vec::new(),
            resolver: None,
            subnets: Slots::default(),
            route_tables: Slots::default(),
            network_acls: Slots::default(),
            security_groups: Slots::default(),
            enis: Slots::default(),
            addresses: AddressOwners::default(),
            macs: FxHashMap::default(),
            internet_gateway: None,
            egress_only_gateway: None,
            names: VpcNames::default(),
        }
    }
}

/// What a VPC has of its own: its blocks, and the Resolver's address in the first.
pub(super) fn set_blocks(vpc: &cloud::Vpc, tables: &mut VpcTables) {
    let v4 = vpc.ipv4_blocks.iter().map(|(_, block)| IpNet::V4(*block));
    tables.blocks = v4.chain(vpc.ipv6_blocks.iter().map(|(_, block)| IpNet::V6(*block))).collect();
    tables.resolver = vpc.ipv4_blocks.first().map(|(_, block)| plus(block.network(), 2));
}

/// A route table that has its place and not yet its routes.
pub(super) fn empty_route_table(table: &cloud::RouteTable) -> RouteTable {
    RouteTable { id: table.id, routes: PrefixTable::new([]), origin: table.origin }
}

/// The interfaces that a table has routes to, those of NAT gateways included.
pub(super) fn routed_interfaces(cloud: &Cloud, table: &cloud::RouteTable) -> impl Iterator<Item = NetworkInterfaceId> {
    let of_lists = table.prefix_list_routes.iter().map(|route| route.target);
    table.routes.iter().map(|route| route.target).chain(of_lists).filter_map(|target| match target {
        RouteTarget::NetworkInterface(id) => Some(id),
        RouteTarget::NatGateway(id) => cloud.nat_gateways.get(&id)?.interface,
        RouteTarget::InternetGateway(_)
        | RouteTarget::Peering(_)
        | RouteTarget::EgressOnlyInternetGateway(_)
        | RouteTarget::VpcEndpoint(_) => None,
    })
}

/// `local` for every block (RT-4) and what somebody wrote; a written route for a block retargets its `local` (RT-13).
///
/// Of equal prefixes the later one counts: a list's entry gives way to a written route (RT-10, GWE-6), and of two lists that
/// with the lower id counts (RT-11). AWS picks one of two lists by chance.
pub(super) fn route_table(
    compiler: &Compiler,
    cloud: &Cloud,
    tables: &Tables,
    blocks: &[IpNet],
    table: &cloud::RouteTable,
) -> RouteTable {
    let local =
        blocks.iter().map(|&block| (block, Route { state: RouteState::Active(Target::Local), origin: Origin::Aws }));
    let written = table.routes.iter().map(|route| {
        (
            route.destination,
            Route { state: route_state(compiler, cloud, tables, table.vpc, route.target), origin: route.origin },
        )
    });
    let region = cloud.vpcs.get(&table.vpc).map(|vpc| vpc.region);
    let mut of_lists: Vec<_> = table.prefix_list_routes.iter().collect();
    of_lists.sort_unstable_by_key(|route| Reverse(route.list));
    let listed = of_lists.into_iter().flat_map(|route| {
        let state = route_state(compiler, cloud, tables, table.vpc, route.target);
        let list = region.and_then(|region| cloud.prefix_list_in(region, route.list));
        let blocks = list.map(|list| list.blocks()).unwrap_or_default();
        blocks.into_iter().map(move |block| (block, Route { state, origin: route.origin }))
    });
    RouteTable { id: table.id, routes: PrefixTable::new(listed.chain(local).chain(written)), origin: table.origin }
}

/// A route's target, or a blackhole where it is gone or not usable (RT-15, RT-16, RT-17).
fn route_state(compiler: &Compiler, cloud: &Cloud, tables: &Tables, vpc: VpcId, target: RouteTarget) -> RouteState {
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
        RouteTarget::VpcEndpoint(id) => match compiler.endpoint_index(id) {
            Some(index) if cloud.vpc_endpoints.contains_key(&id) => RouteState::Active(Target::Endpoint(index)),
            _ => RouteState::Blackhole(id.into()),
        },
        RouteTarget::NetworkInterface(id) => {
            let eni = cloud.network_interfaces.get(&id).filter(|eni| eni.vpc == vpc);
            let is_running = eni.is_some_and(|eni| guest(cloud, eni) == Guest::Running);
            match compiler.eni_index(id, tables) {
                Some(index) if is_running => RouteState::Active(Target::Eni(index)),
                _ => RouteState::Blackhole(id.into()),
            }
        }
        RouteTarget::NatGateway(id) => {
            let gateway = cloud.nat_gateways.get(&id).filter(|gateway| gateway.vpc == vpc && gateway.is_available());
            match gateway.and_then(|gateway| compiler.eni_index(gateway.interface?, tables)) {
                Some(index) => RouteState::Active(Target::NatGateway(index)),
                None => RouteState::Blackhole(id.into()),
            }
        }
        RouteTarget::EgressOnlyInternetGateway(id) => match cloud.egress_only_internet_gateways.get(&id) {
            Some(gateway) if gateway.vpc == vpc => RouteState::Active(Target::EgressOnlyGateway(id)),
            _ => RouteState::Blackhole(id.into()),
        },
    }
}

/// `None` when the subnet names a route table or ACL that is not there, which the cloud does not let happen.
pub(super) fn subnet_table(compiler: &Compiler, cloud: &Cloud, subnet: &cloud::Subnet) -> Option<SubnetTable> {
    let vpc = cloud.vpcs.get(&subnet.vpc)?;
    let route_table = subnet.route_table.map_or(vpc.main_route_table, |(_, table)| table); // RT-2
    let v4 = subnet.ipv4_block.map(IpNet::V4);
    let v6 = subnet.ipv6_block.map(|(_, block)| IpNet::V6(block));
    Some(SubnetTable {
        id: subnet.id,
        zone: subnet.zone,
        blocks: v4.into_iter().chain(v6).collect(),
        router: subnet.ipv4_block.map(|block| plus(block.network(), 1)),
        router_mac: router_mac(subnet.id),
        route_table: compiler.slot(route_table)?,
        network_acl: compiler.slot(subnet.network_acl.1)?,
        dns64: if subnet.enable_dns64 { Dns64::On } else { Dns64::Off },
        origin: subnet.origin,
    })
}

/// `None` when the interface's subnet is not there, which the cloud does not let happen.
pub(super) fn eni_table(
    compiler: &Compiler,
    cloud: &Cloud,
    tables: &Tables,
    eni: &NetworkInterface,
    index: EniIndex,
) -> Option<EniTable> {
    let draining = draining(cloud, eni);
    let mut addresses: SmallVec<[IpAddr; 1]> = private_addresses(eni).collect();
    addresses.sort_by_key(|address| draining.contains(address));
    Some(EniTable {
        index,
        id: eni.id,
        mac: eni.mac,
        subnet: compiler.slot(eni.subnet)?,
        addresses,
        draining: draining.len() as u8,
        source_dest_check: if eni.source_dest_check { SourceDestCheck::On } else { SourceDestCheck::Off },
        guest: guest(cloud, eni),
        metadata_over_ipv6: metadata_over_ipv6(cloud, eni),
        groups: eni.groups.iter().filter_map(|group| compiler.slot(*group)).collect(),
        is_logged: cloud.is_logged(eni),
        tracking: tracking(compiler, cloud, tables, eni),
        resource_name: names::resource_name(cloud, eni),
        origin: eni.origin,
    })
}

/// The addresses of a NAT gateway's interface that take no new flows (NAT-17).
fn draining(cloud: &Cloud, eni: &NetworkInterface) -> Vec<IpAddr> {
    let Some(Requester::NatGateway(gateway)) = eni.requester else { return Vec::new() };
    let gateway = cloud.nat_gateways.get(&gateway);
    gateway.into_iter().flat_map(|gateway| gateway.draining()).map(IpAddr::V4).collect()
}

/// What is particular about the way an interface tracks flows: its own time-outs, those of its instance's type (SG-21), other
/// interfaces to share the allowance with (SG-25). Most have nothing of this.
fn tracking(compiler: &Compiler, cloud: &Cloud, tables: &Tables, eni: &NetworkInterface) -> Option<Box<Tracking>> {
    let instance = eni.attachment.as_ref().and_then(|attachment| cloud.instances.get(&attachment.instance));
    let timeouts = eni.connection_tracking.idle_timeouts(instance.map(|instance| &*instance.launch.instance_type));
    let interfaces = instance.iter().flat_map(|instance| &instance.interfaces).filter(|id| **id != eni.id);
    let others = interfaces.filter_map(|id| compiler.eni_index(*id, tables)).collect();
    let timeouts = Timeouts {
        tcp_established: timeouts.tcp_established,
        udp_stream: timeouts.udp_stream,
        udp_single: timeouts.udp,
    };
    let tracking = Tracking { timeouts, others };
    (tracking != Tracking::default()).then(|| Box::new(tracking))
}

/// What is behind an interface: a running instance or one that goes down, a NAT gateway, or nothing that answers.
fn guest(cloud: &Cloud, eni: &NetworkInterface) -> Guest {
    if let Some(Requester::NatGateway(gateway)) = eni.requester {
        return Guest::NatGateway(gateway);
    }
    match instance(cloud, eni).map(|instance| instance.state) {
        Some(
            InstanceState::Running
            | InstanceState::Rebooting { .. }
            | InstanceState::Stopping { .. }
            | InstanceState::ShuttingDown { .. },
        ) => Guest::Running,
        _ => Guest::Absent,
    }
}

fn metadata_over_ipv6(cloud: &Cloud, eni: &NetworkInterface) -> MetadataOverIpv6 {
    match instance(cloud, eni).map(|instance| instance.metadata_options.ipv6) {
        Some(Switch::Enabled) => MetadataOverIpv6::On,
        Some(Switch::Disabled) | None => MetadataOverIpv6::Off,
    }
}

fn instance<'c>(cloud: &'c Cloud, eni: &NetworkInterface) -> Option<&'c Instance> {
    cloud.instances.get(&eni.attachment.as_ref()?.instance)
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
