//! Asked → forwarded: the only room that sees both planes.
//!
//! The cloud says which resources it has touched. Each is compiled again into its own place of the tables, and so is what
//! depends on it: the work is that of what changed, however large the world around it is. Interfaces, VPCs and peering
//! connections keep their numbers for the whole run, deleted or not, because flow state and hosts refer to them. What is usable
//! and what a reference means is decided here; what is done to packets is not known here.
//!
//! ```text
//! touched               compiled again besides itself
//! VPC                   its route tables (blocks are `local` routes), its subnets (the main route table)
//! Internet gateway      the route tables of its VPC (RT-15)
//! peering connection    the route tables of both ends (RT-17), their groups that name groups elsewhere (SG-9, SG-12)
//! network interface     route tables with a route to it or its NAT gateway, when its instance or gateway comes up or goes (RT-16)
//! egress-only gateway   the route tables of its VPC (RT-15)
//! prefix list           route tables and groups that name it (RT-10, SG-28)
//! hosted zone           nothing
//! ```

mod address;
mod endpoint;
mod names;
mod rules;
mod vpc;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxHashMap;

use crate::cloud::{Cloud, NetworkInterface, PeeringStatus, PublicService, Quota, RulePeer, VpcPeeringConnection};
use crate::dataplane::tables::{
    EndpointIndex, EniIndex, EniPlace, Peer, PeeringIndex, PeeringState, PeeringTable, Slot, Slots, Tables, VpcIndex,
    VpcTables,
};
use crate::id::*;

/// Turns the cloud's state into forwarding tables, and remembers which number each thing has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compiler {
    vpcs: IdMap<VpcId, VpcIndex>,
    /// Interfaces by id; their numbers are places in the tables.
    enis: IdPlaces,
    peerings: IdMap<VpcPeeringConnectionId, PeeringIndex>,
    /// Where the tables of subnets, route tables, ACLs and groups are.
    places: FxHashMap<ResourceId, Place>,
    /// Where Internet gateways are attached.
    gateways: IdMap<InternetGatewayId, VpcIndex>,
    egress_only_gateways: IdMap<EgressOnlyInternetGatewayId, VpcIndex>,
    /// Route tables by the interfaces to which they have a route, or had one once: to compile one in vain does no harm.
    routes_to: IdMap<NetworkInterfaceId, Vec<RouteTableId>>,
    endpoints: IdMap<VpcEndpointId, EndpointIndex>,
    /// By number of the service: those of every Region that has a VPC, or had one once.
    services: Vec<(PublicService, Region)>,
    /// Route tables and groups by the prefix lists that they name, or named once.
    readers_of: FxHashMap<PrefixListId, IndexSet<ResourceId, rustc_hash::FxBuildHasher>>,
    /// Where private hosted zones are asked.
    zones: FxHashMap<HostedZoneId, Vec<VpcIndex>>,
}

/// Where a thing's table is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    vpc: VpcIndex,
    slot: Slot,
}

/// What was touched, by kind.
#[derive(Default)]
struct Touched<'c> {
    vpcs: Vec<VpcId>,
    subnets: Vec<SubnetId>,
    route_tables: Vec<RouteTableId>,
    network_acls: Vec<NetworkAclId>,
    security_groups: Vec<SecurityGroupId>,
    /// These are many, and are looked up once.
    enis: Vec<&'c NetworkInterface>,
    gone_enis: Vec<NetworkInterfaceId>,
    gateways: Vec<InternetGatewayId>,
    egress_only_gateways: Vec<EgressOnlyInternetGatewayId>,
    peerings: Vec<VpcPeeringConnectionId>,
    endpoints: Vec<VpcEndpointId>,
    prefix_lists: Vec<PrefixListId>,
    zones: Vec<HostedZoneId>,
}

/// What is to be compiled once everything has its place: it depends on more than itself.
#[derive(Default)]
struct Dependent {
    subnets: IndexSet<SubnetId, IdHash>,
    route_tables: IndexSet<RouteTableId, IdHash>,
    security_groups: IndexSet<SecurityGroupId, IdHash>,
}

impl<'c> Touched<'c> {
    fn by_kind(cloud: &'c Cloud, ids: &[ResourceId]) -> Touched<'c> {
        let mut touched = Touched::default();
        macro_rules! sort {
            ($id:ident: $($kind:ident $name:ident $list:ident;)*) => {
                match $id.kind() {
                    ResourceKind::NetworkInterface => {
                        if let Ok(id) = NetworkInterfaceId::try_from($id) {
                            match cloud.network_interfaces.get(&id) {
                                Some(eni) => touched.enis.push(eni),
                                None => touched.gone_enis.push(id),
                            }
                        }
                    }
                    $(ResourceKind::$kind => touched.$list.extend($name::try_from($id).ok()),)*
                    _ => {}
                }
            };
        }
        for &id in ids {
            sort! { id:
                Vpc VpcId vpcs;
                Subnet SubnetId subnets;
                RouteTable RouteTableId route_tables;
                NetworkAcl NetworkAclId network_acls;
                SecurityGroup SecurityGroupId security_groups;
                InternetGateway InternetGatewayId gateways;
                EgressOnlyInternetGateway EgressOnlyInternetGatewayId egress_only_gateways;
                VpcPeeringConnection VpcPeeringConnectionId peerings;
                VpcEndpoint VpcEndpointId endpoints;
                PrefixList PrefixListId prefix_lists;
                HostedZone HostedZoneId zones;
            }
        }
        touched
    }
}

impl Compiler {
    /// Brings the tables in step with resources that have come, changed or gone.
    pub(crate) fn compile(&mut self, cloud: &Cloud, touched: &[ResourceId], tables: &mut Tables) {
        tables.tracked_flows = cloud.quota(Quota::TrackedConnectionsPerInstance);
        let touched = Touched::by_kind(cloud, touched);
        let mut dependent = Dependent::default();
        let enis = self.number(cloud, &touched, tables);
        self.remove_what_is_gone(cloud, &touched, &mut dependent, tables);
        self.compile_vpcs(cloud, &touched.vpcs, &mut dependent, tables);
        self.compile_gateways(cloud, &touched.gateways, &mut dependent, tables);
        self.compile_egress_only_gateways(cloud, &touched.egress_only_gateways, &mut dependent, tables);
        self.compile_peerings(cloud, &touched.peerings, &mut dependent, tables);
        self.compile_endpoints(cloud, &touched.endpoints, tables);
        self.find_readers(&touched.prefix_lists, &mut dependent);
        self.compile_zones(cloud, &touched.zones, tables);
        self.compile_parts(cloud, &touched, &mut dependent, tables);
        self.compile_gateway_tables(cloud, &touched.gateways, tables);
        self.compile_subnets(cloud, &dependent, tables);
        self.compile_enis(cloud, touched.enis.iter().copied().zip(enis), &mut dependent, tables);
        self.compile_groups(cloud, &dependent, tables);
        self.compile_route_tables(cloud, &dependent, tables);
    }

    /// The number of an interface that was ever compiled into these tables.
    pub(crate) fn eni_index(&self, id: NetworkInterfaceId, tables: &Tables) -> Option<EniIndex> {
        self.enis.get(&id, |place| tables.enis[place as usize].id).map(EniIndex)
    }

    /// The number of a VPC that was ever compiled.
    #[cfg(test)]
    pub(crate) fn vpc_index(&self, id: VpcId) -> Option<VpcIndex> {
        self.vpcs.get(&id).copied()
    }

    /// The number of a peering connection that was ever compiled.
    pub(crate) fn peering_index(&self, id: VpcPeeringConnectionId) -> Option<PeeringIndex> {
        self.peerings.get(&id).copied()
    }

    /// The number of a gateway endpoint that was ever compiled.
    pub(crate) fn endpoint_index(&self, id: VpcEndpointId) -> Option<EndpointIndex> {
        self.endpoints.get(&id).copied()
    }

    /// The public services that the tables speak of, by number.
    pub(crate) fn services(&self) -> &[(PublicService, Region)] {
        &self.services
    }

    /// The slot of a subnet, route table, ACL or group that exists.
    fn slot(&self, id: impl Into<ResourceId>) -> Option<Slot> {
        self.places.get(&id.into()).map(|place| place.slot)
    }

    /// Numbers what is new, in the order it was touched first, which is that of its creation. Answers the numbers of the touched
    /// interfaces.
    fn number(&mut self, cloud: &Cloud, touched: &Touched<'_>, tables: &mut Tables) -> Vec<EniIndex> {
        for &id in touched.vpcs.iter().filter(|id| cloud.vpcs.contains_key(id)) {
            self.number_vpc(cloud, id, tables);
        }
        let mut enis = Vec::with_capacity(touched.enis.len());
        for eni in &touched.enis {
            let vpc = self.number_vpc(cloud, eni.vpc, tables);
            enis.push(self.eni_index(eni.id, tables).unwrap_or_else(|| {
                let place = tables.enis.len() as u32;
                tables.enis.push(EniPlace { id: eni.id, vpc, slot: None });
                self.enis.insert(&eni.id, place, |place| tables.enis[place as usize].id);
                EniIndex(place)
            }));
        }
        enis
    }

    fn number_vpc(&mut self, cloud: &Cloud, id: VpcId, tables: &mut Tables) -> VpcIndex {
        let services = &mut self.services;
        *self.vpcs.entry(id).or_insert_with(|| {
            let index = VpcIndex(tables.vpcs.len() as u32);
            let region = cloud.vpcs.get(&id).map_or(Region::DEFAULT, |vpc| vpc.region);
            endpoint::number_services(services, region, tables);
            tables.vpcs.push(Arc::new(VpcTables::empty(id, region)));
            index
        })
    }

    fn remove_what_is_gone(
        &mut self,
        cloud: &Cloud,
        touched: &Touched<'_>,
        dependent: &mut Dependent,
        tables: &mut Tables,
    ) {
        for id in &touched.gone_enis {
            if let Some(index) = self.eni_index(*id, tables) {
                address::remove_eni(tables, index);
                dependent.route_tables.extend(self.routes_to.remove(id).into_iter().flatten());
            }
        }
        for &id in touched.subnets.iter().filter(|id| !cloud.subnets.contains_key(id)) {
            self.vacate(id, tables, |vpc, slot| drop(vpc.subnets.remove(slot)));
        }
        for &id in touched.route_tables.iter().filter(|id| !cloud.route_tables.contains_key(id)) {
            self.vacate(id, tables, |vpc, slot| drop(vpc.route_tables.remove(slot)));
        }
        for &id in touched.network_acls.iter().filter(|id| !cloud.network_acls.contains_key(id)) {
            self.vacate(id, tables, |vpc, slot| drop(vpc.network_acls.remove(slot)));
        }
        for &id in touched.security_groups.iter().filter(|id| !cloud.security_groups.contains_key(id)) {
            self.vacate(id, tables, |vpc, slot| drop(vpc.security_groups.remove(slot)));
        }
        for id in touched.vpcs.iter().filter(|id| !cloud.vpcs.contains_key(id)) {
            if let Some(index) = self.vpcs.get(id) {
                let tables = &mut tables.vpcs[index.0 as usize];
                *tables = Arc::new(VpcTables::empty(*id, tables.region));
            }
        }
    }

    /// Gives a thing's slot away.
    fn vacate(&mut self, id: impl Into<ResourceId>, tables: &mut Tables, remove: impl FnOnce(&mut VpcTables, Slot)) {
        if let Some(place) = self.places.remove(&id.into()) {
            remove(vpc_mut(tables, place.vpc), place.slot);
        }
    }

    /// Puts a thing's table where the thing has its place; a new thing gets one.
    fn put<T>(
        &mut self,
        id: impl Into<ResourceId>,
        vpc: VpcIndex,
        tables: &mut Tables,
        list: impl FnOnce(&mut VpcTables) -> &mut Slots<T>,
        table: T,
    ) {
        let (id, list) = (id.into(), list(vpc_mut(tables, vpc)));
        match self.places.get(&id) {
            Some(place) => drop(list.replace(place.slot, table)),
            None => {
                let slot = list.add(table);
                self.places.insert(id, Place { vpc, slot });
            }
        }
    }

    fn compile_vpcs(&mut self, cloud: &Cloud, touched: &[VpcId], dependent: &mut Dependent, tables: &mut Tables) {
        for vpc in touched.iter().filter_map(|id| cloud.vpcs.get(id)) {
            let tables = vpc_mut(tables, self.vpcs[&vpc.id]);
            vpc::set_blocks(vpc, tables);
            names::set_attributes(vpc, &mut tables.names);
            dependent.route_tables.extend(tables.route_tables.iter().map(|table| table.id));
            dependent.subnets.extend(tables.subnets.iter().map(|subnet| subnet.id));
        }
    }

    fn compile_gateways(
        &mut self,
        cloud: &Cloud,
        touched: &[InternetGatewayId],
        dependent: &mut Dependent,
        tables: &mut Tables,
    ) {
        let attached = |id: &InternetGatewayId| cloud.internet_gateways.get(id).and_then(|gateway| gateway.attached);
        let now: Vec<Option<VpcIndex>> =
            touched.iter().map(|id| attached(id).map(|vpc| self.number_vpc(cloud, vpc, tables))).collect();
        // First all that go, because one may come where another was.
        for (id, now) in touched.iter().zip(&now) {
            if let Some(&before) = self.gateways.get(id)
                && *now != Some(before)
            {
                self.gateways.remove(id);
                address::detach_gateway(tables, before);
                dependent.route_tables.extend(tables.vpc(before).route_tables.iter().map(|table| table.id));
            }
        }
        for (&id, now) in touched.iter().zip(now) {
            if let Some(now) = now
                && self.gateways.insert(id, now) != Some(now)
            {
                address::attach_gateway(cloud, tables, now, id);
                dependent.route_tables.extend(tables.vpc(now).route_tables.iter().map(|table| table.id));
            }
        }
    }

    fn compile_egress_only_gateways(
        &mut self,
        cloud: &Cloud,
        touched: &[EgressOnlyInternetGatewayId],
        dependent: &mut Dependent,
        tables: &mut Tables,
    ) {
        // First all that go, because one may come where another was.
        for id in touched.iter().filter(|id| !cloud.egress_only_internet_gateways.contains_key(id)) {
            if let Some(vpc) = self.egress_only_gateways.remove(id) {
                address::set_egress_only_gateway(cloud, tables, vpc, None);
                dependent.route_tables.extend(tables.vpc(vpc).route_tables.iter().map(|table| table.id));
            }
        }
        for gateway in touched.iter().filter_map(|id| cloud.egress_only_internet_gateways.get(id)) {
            let vpc = self.number_vpc(cloud, gateway.vpc, tables);
            if self.egress_only_gateways.insert(gateway.id, vpc).is_none() {
                address::set_egress_only_gateway(cloud, tables, vpc, Some(gateway.id));
                dependent.route_tables.extend(tables.vpc(vpc).route_tables.iter().map(|table| table.id));
            }
        }
    }

    fn compile_peerings(
        &mut self,
        cloud: &Cloud,
        touched: &[VpcPeeringConnectionId],
        dependent: &mut Dependent,
        tables: &mut Tables,
    ) {
        for peering in touched.iter().filter_map(|id| cloud.peerings.get(id)) {
            let ends = [peering.requester.vpc, peering.accepter.vpc].map(|vpc| self.number_vpc(cloud, vpc, tables));
            let table = peering_table(peering, ends);
            let index = match self.peerings.get(&peering.id) {
                Some(&index) => {
                    tables.peerings[index.0 as usize] = table;
                    index
                }
                None => {
                    let index = PeeringIndex(tables.peerings.len() as u32);
                    self.peerings.insert(peering.id, index);
                    tables.peerings.push(table);
                    index
                }
            };
            for end in ends {
                names::note_peering(tables, end, index);
                let vpc = tables.vpc(end);
                dependent.route_tables.extend(vpc.route_tables.iter().map(|table| table.id));
                let names_elsewhere = |peer: &Peer| match peer {
                    Peer::Group { vpc, .. } => *vpc != end,
                    Peer::StaleGroup => true,
                    Peer::Block(_) | Peer::PrefixList(_) => false,
                };
                let groups = vpc.security_groups.iter();
                let concerned = groups
                    .filter(|group| group.ingress.iter().chain(&group.egress).any(|it| names_elsewhere(&it.peer)));
                dependent.security_groups.extend(concerned.map(|group| group.id));
            }
        }
    }

    /// Gives every touched part of a VPC its place. What depends on others is filled in later.
    fn compile_parts(&mut self, cloud: &Cloud, touched: &Touched<'_>, dependent: &mut Dependent, tables: &mut Tables) {
        for record in touched.network_acls.iter().filter_map(|id| cloud.network_acls.get(id)) {
            let vpc = self.number_vpc(cloud, record.vpc, tables);
            self.put(record.id, vpc, tables, |vpc| &mut vpc.network_acls, rules::acl_table(record));
        }
        for record in touched.security_groups.iter().filter_map(|id| cloud.security_groups.get(id)) {
            if self.slot(record.id).is_none() {
                let vpc = self.number_vpc(cloud, record.vpc, tables);
                self.put(record.id, vpc, tables, |vpc| &mut vpc.security_groups, rules::empty_group_table(record));
            }
            dependent.security_groups.insert(record.id);
        }
        for record in touched.route_tables.iter().filter_map(|id| cloud.route_tables.get(id)) {
            if self.slot(record.id).is_none() {
                let vpc = self.number_vpc(cloud, record.vpc, tables);
                self.put(record.id, vpc, tables, |vpc| &mut vpc.route_tables, vpc::empty_route_table(record));
            }
            dependent.route_tables.insert(record.id);
        }
        dependent.subnets.extend(&touched.subnets);
    }

    /// Which tables route what comes in from the Internet (EDGE-1): they have their places by now.
    fn compile_gateway_tables(&self, cloud: &Cloud, touched: &[InternetGatewayId], tables: &mut Tables) {
        for gateway in touched.iter().filter_map(|id| cloud.internet_gateways.get(id)) {
            let Some(vpc) = gateway.attached.and_then(|vpc| self.vpcs.get(&vpc)) else { continue };
            let slot = gateway.route_table.and_then(|(_, table)| self.slot(table));
            if let Some(compiled) = &mut vpc_mut(tables, *vpc).internet_gateway {
                compiled.route_table = slot;
            }
        }
    }

    fn compile_subnets(&mut self, cloud: &Cloud, dependent: &Dependent, tables: &mut Tables) {
        for subnet in dependent.subnets.iter().filter_map(|id| cloud.subnets.get(id)) {
            if let Some(table) = vpc::subnet_table(self, cloud, subnet) {
                let vpc = self.vpcs[&subnet.vpc];
                self.put(subnet.id, vpc, tables, |vpc| &mut vpc.subnets, table);
            }
        }
    }

    fn compile_enis<'c>(
        &mut self,
        cloud: &Cloud,
        touched: impl Iterator<Item = (&'c NetworkInterface, EniIndex)>,
        dependent: &mut Dependent,
        tables: &mut Tables,
    ) {
        for (eni, index) in touched {
            let Some(table) = vpc::eni_table(self, cloud, tables, eni, index) else { continue };
            address::put_eni(tables, eni, table);
            if !self.routes_to.is_empty() {
                dependent.route_tables.extend(self.routes_to.get(&eni.id).into_iter().flatten());
            }
        }
    }

    fn compile_groups(&mut self, cloud: &Cloud, dependent: &Dependent, tables: &mut Tables) {
        for record in dependent.security_groups.iter().filter_map(|id| cloud.security_groups.get(id)) {
            let table = rules::group_table(self, cloud, record);
            for rule in record.rules() {
                if let RulePeer::PrefixList(list) = rule.peer {
                    self.readers_of.entry(list).or_default().insert(record.id.into());
                }
            }
            self.put(record.id, self.vpcs[&record.vpc], tables, |vpc| &mut vpc.security_groups, table);
        }
    }

    fn compile_route_tables(&mut self, cloud: &Cloud, dependent: &Dependent, tables: &mut Tables) {
        for record in dependent.route_tables.iter().filter_map(|id| cloud.route_tables.get(id)) {
            let vpc = self.vpcs[&record.vpc];
            let table = vpc::route_table(self, cloud, tables, &tables.vpc(vpc).blocks, record);
            for eni in vpc::routed_interfaces(cloud, record) {
                let readers = self.routes_to.entry(eni).or_default();
                if !readers.contains(&record.id) {
                    readers.push(record.id);
                }
            }
            for route in &record.prefix_list_routes {
                self.readers_of.entry(route.list).or_default().insert(record.id.into());
            }
            self.put(record.id, vpc, tables, |vpc| &mut vpc.route_tables, table);
        }
    }
}

/// A VPC's tables, to change. They are copied only when somebody else still holds them.
fn vpc_mut(tables: &mut Tables, vpc: VpcIndex) -> &mut VpcTables {
    Arc::make_mut(&mut tables.vpcs[vpc.0 as usize])
}

/// MTU-2b and MTU-2c.
fn peering_table(peering: &VpcPeeringConnection, ends: [VpcIndex; 2]) -> PeeringTable {
    let is_same_region = peering.requester.region == peering.accepter.region;
    PeeringTable {
        id: peering.id,
        state: if is_active(peering) { PeeringState::Active } else { PeeringState::Inactive },
        ends,
        mtu_bytes: if is_same_region { 9001 } else { 8500 },
        resolving: [&peering.requester, &peering.accepter].map(|side| side.allow_dns_resolution),
        origin: Origin::Aws,
    }
}

fn is_active(peering: &VpcPeeringConnection) -> bool {
    peering.status == PeeringStatus::Active
}

/// Private IPv4 addresses, the primary one first, then IPv6.
fn private_addresses(eni: &NetworkInterface) -> impl Iterator<Item = std::net::IpAddr> {
    let v4 = eni.ipv4.iter().map(|address| std::net::IpAddr::V4(address.address));
    v4.chain(eni.ipv6.iter().map(|address| std::net::IpAddr::V6(*address)))
}
