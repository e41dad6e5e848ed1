//! The compiled tables: plain data, indices instead of ids, shared read-only by everything that forwards.
//!
//! `compile` builds them from the cloud's state and changes in place what was touched. Indices are stable for the whole run, so
//! that flow state and hosts can refer to them; slots are stable for as long as what lies in them exists. Whatever a drop has to name travels along: ids, rule numbers, and where each
//! rule and route was written. Nothing here knows how a table came about.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::conntrack::Timeouts;
use super::matching::{Block, ProtocolMatch};
use super::names::{PublicNames, ResourceName, VpcNames};
use crate::flat::flat;
use crate::id::{
    AvailabilityZone, EgressOnlyInternetGatewayId, InternetGatewayId, NatGatewayId, NetworkAclId, NetworkInterfaceId,
    Origin, Region, ResourceId, RouteTableId, SecurityGroupId, SubnetId, VpcEndpointId, VpcId, VpcPeeringConnectionId,
};
use crate::net::{MacAddr, PrefixTable};
use crate::trace::Direction;

/// A network interface, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct EniIndex(pub u32);

flat!(struct EniIndex(0));

/// A VPC, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct VpcIndex(pub u32);

flat!(struct VpcIndex(0));

/// A peering connection, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PeeringIndex(pub u32);

flat!(struct PeeringIndex(0));

/// A side of a peering connection, by number: that of its first or second VPC, which sends there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PeeringSide(u32);

flat!(struct PeeringSide(0));

impl PeeringSide {
    /// The connection.
    pub(crate) fn peering(self) -> PeeringIndex {
        PeeringIndex(self.0 >> 1)
    }

    /// Twice the connection's number, and which side.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// A public service of AWS in a Region, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ServiceIndex(pub u32);

flat!(struct ServiceIndex(0));

/// A gateway endpoint, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct EndpointIndex(pub u32);

flat!(struct EndpointIndex(0));

/// A place in one of a VPC's lists: the same for as long as what it holds exists, then anybody's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Slot(pub(crate) u32);

/// Everything that forwarding needs to know.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Tables {
    /// By [`VpcIndex`].
    pub(crate) vpcs: Vec<Arc<VpcTables>>,
    /// By [`EniIndex`].
    pub(crate) enis: Vec<EniPlace>,
    /// By [`PeeringIndex`].
    pub(crate) peerings: Vec<PeeringTable>,
    /// By [`EndpointIndex`].
    pub(crate) endpoints: Vec<EndpointTable>,
    /// By [`ServiceIndex`].
    pub(crate) services: Vec<ServiceTable>,
    /// Which public service of AWS answers at an address.
    pub(crate) service_at: FxHashMap<IpAddr, ServiceIndex>,
    /// Whose Internet gateway answers for an address that is reachable from the Internet.
    pub(crate) internet: FxHashMap<IpAddr, VpcIndex>,
    /// The names that everybody can find.
    pub(crate) public_names: PublicNames,
    /// How many flows an instance may track (SG-25).
    pub(crate) tracked_flows: u32,
}

/// Where an interface's tables are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EniPlace {
    pub(crate) id: NetworkInterfaceId,
    pub(crate) vpc: VpcIndex,
    /// `None` once the interface is deleted.
    pub(crate) slot: Option<Slot>,
}

/// One VPC.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct VpcTables {
    pub(crate) id: VpcId,
    pub(crate) region: Region,
    pub(crate) blocks: Vec<IpNet>,
    /// Where the Resolver answers: the primary block's base plus two (ADDR-13).
    pub(crate) resolver: Option<Ipv4Addr>,
    pub(crate) subnets: Slots<SubnetTable>,
    pub(crate) route_tables: Slots<RouteTable>,
    pub(crate) network_acls: Slots<AclTable>,
    pub(crate) security_groups: Slots<GroupTable>,
    pub(crate) enis: Slots<EniTable>,
    pub(crate) addresses: AddressOwners,
    pub(crate) macs: FxHashMap<MacAddr, Slot>,
    pub(crate) internet_gateway: Option<InternetGatewayTable>,
    pub(crate) egress_only_gateway: Option<EgressOnlyInternetGatewayId>,
    pub(crate) names: VpcNames,
}

impl VpcTables {
    /// Whether an address lies in one of the VPC's blocks.
    pub(crate) fn owns(&self, address: IpAddr) -> bool {
        self.blocks.iter().any(|block| holds(block, address))
    }

    /// The interface that has an address.
    pub(crate) fn owner_of(&self, address: IpAddr) -> Option<&EniTable> {
        self.addresses.get(address).map(|slot| &self.enis[slot.0 as usize])
    }

    /// The interface that has a MAC address.
    pub(crate) fn station(&self, mac: MacAddr) -> Option<&EniTable> {
        self.macs.get(&mac).map(|slot| &self.enis[slot.0 as usize])
    }
}

/// Things of a VPC, each in its slot. What goes leaves a gap that the next to come fills; the others do not move, so that one
/// more or less of them costs the same however many there are.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Slots<T> {
    things: Vec<Option<T>>,
    gaps: Vec<Slot>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { things: Vec::new(), gaps: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Puts a thing into a free slot.
    pub(crate) fn add(&mut self, thing: T) -> Slot {
        if let Some(slot) = self.gaps.pop() {
            self.things[slot.0 as usize] = Some(thing);
            return slot;
        }
        self.things.push(Some(thing));
        Slot(self.things.len() as u32 - 1)
    }

    /// Exchanges a thing for another.
    pub(crate) fn replace(&mut self, slot: Slot, thing: T) -> Option<T> {
        self.things[slot.0 as usize].replace(thing)
    }

    /// Takes a thing out.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let thing = self.things[slot.0 as usize].take()?;
        self.gaps.push(slot);
        Some(thing)
    }

    /// The things there are, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.iter().flatten()
    }
}

impl<T> std::ops::Index<usize> for Slots<T> {
    type Output = T;

    fn index(&self, slot: usize) -> &T {
        self.things[slot].as_ref().expect("a slot in use is not given away")
    }
}

/// Who owns an address: what the mapping service knows (L2-2).
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct AddressOwners {
    /// By the address's bits, which is half the size of an entry that could be either.
    v4: FxHashMap<u32, Slot>,
    v6: FxHashMap<Ipv6Addr, Slot>,
}

impl AddressOwners {
    /// The slot of an address's owner.
    pub(crate) fn get(&self, address: IpAddr) -> Option<Slot> {
        match address {
            IpAddr::V4(v4) => self.v4.get(&v4.to_bits()).copied(),
            IpAddr::V6(v6) => self.v6.get(&v6).copied(),
        }
    }

    /// How many addresses have an owner.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Gives an address to an owner.
    pub(crate) fn insert(&mut self, address: IpAddr, owner: Slot) {
        match address {
            IpAddr::V4(v4) => self.v4.insert(v4.to_bits(), owner),
            IpAddr::V6(v6) => self.v6.insert(v6, owner),
        };
    }

    /// Takes an address from its owner.
    pub(crate) fn remove(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => self.v4.remove(&v4.to_bits()),
            IpAddr::V6(v6) => self.v6.remove(&v6),
        };
    }
}

/// One subnet.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SubnetTable {
    pub(crate) id: SubnetId,
    pub(crate) zone: AvailabilityZone,
    pub(crate) blocks: SmallVec<[IpNet; 2]>,
    /// The subnet's base plus one (ADDR-12); none where it is IPv6-only.
    pub(crate) router: Option<Ipv4Addr>,
    /// Synthetic (L2-3).
    pub(crate) router_mac: MacAddr,
    pub(crate) route_table: Slot,
    pub(crate) network_acl: Slot,
    pub(crate) dns64: Dns64,
    pub(crate) origin: Origin,
}

/// Whether the Resolver makes IPv6 addresses up for names that have none, for who asks from a subnet (NAT-19).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Dns64 {
    On,
    #[default]
    Off,
}

/// Whether an address lies in a block. ipnet compares with the block's ends, which it works out each time.
fn holds(block: &IpNet, address: IpAddr) -> bool {
    match (block, address) {
        (IpNet::V4(block), IpAddr::V4(address)) => {
            let differing = block.addr().to_bits() ^ address.to_bits();
            differing.leading_zeros() >= u32::from(block.prefix_len())
        }
        (IpNet::V6(block), IpAddr::V6(address)) => {
            let differing = block.addr().to_bits() ^ address.to_bits();
            differing.leading_zeros() >= u32::from(block.prefix_len())
        }
        _ => false,
    }
}

/// The router's IPv6 address in every subnet (L2-19).
pub(crate) const ROUTER_IPV6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0x0ec2, 0, 0, 0, 0, 0, 1);

impl SubnetTable {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.blocks.iter().any(|block| holds(block, address))
    }
}

/// One network interface.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct EniTable {
    pub(crate) index: EniIndex,
    pub(crate) id: NetworkInterfaceId,
    pub(crate) mac: MacAddr,
    pub(crate) subnet: Slot,
    /// Primary IPv4 address first.
    pub(crate) addresses: SmallVec<[IpAddr; 1]>,
    /// How many at the end of the list take no new flows: a NAT gateway's that drain (NAT-17).
    pub(crate) draining: u8,
    pub(crate) source_dest_check: SourceDestCheck,
    pub(crate) guest: Guest,
    pub(crate) metadata_over_ipv6: MetadataOverIpv6,
    pub(crate) groups: SmallVec<[Slot; 2]>,
    /// Whether a flow log notes what passes.
    pub(crate) is_logged: bool,
    /// What only few interfaces have.
    pub(crate) tracking: Option<Box<Tracking>>,
    /// The name of its instance's id, where the interface is the primary one and the name has records.
    pub(crate) resource_name: Option<Box<ResourceName>>,
    pub(crate) origin: Origin,
}

/// What is particular about the way an interface tracks flows.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Tracking {
    /// SG-21.
    pub(crate) timeouts: Timeouts,
    /// The other interfaces of its instance (SG-25).
    pub(crate) others: SmallVec<[EniIndex; 2]>,
}

impl EniTable {
    /// How long its flows may be idle (SG-21).
    pub(crate) fn timeouts(&self) -> Timeouts {
        self.tracking.as_ref().map_or(Timeouts::DEFAULT, |tracking| tracking.timeouts)
    }

    /// Its primary address of a family, under which flow logs know it (FL-4).
    pub(crate) fn primary_address(&self, is_ipv4: bool) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|address| address.is_ipv4() == is_ipv4)
    }

    /// The interfaces of its instance, itself included.
    pub(crate) fn of_its_instance(&self) -> impl Iterator<Item = EniIndex> + Clone {
        let others = self.tracking.iter().flat_map(|tracking| tracking.others.iter().copied());
        std::iter::once(self.index).chain(others)
    }
}

/// The interface's source/destination check (L2-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SourceDestCheck {
    On,
    Off,
}

/// Whether somebody listens behind the interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Guest {
    Running,
    /// Not attached, or its instance does not run.
    Absent,
    /// No guest: the interface is a NAT gateway's.
    NatGateway(NatGatewayId),
}

/// Whether the metadata service answers at its IPv6 address, too (IMDS-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MetadataOverIpv6 {
    On,
    Off,
}

/// One route table, `local` routes included (RT-4).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RouteTable {
    pub(crate) id: RouteTableId,
    pub(crate) routes: PrefixTable<Route>,
    pub(crate) origin: Origin,
}

/// A route without its destination, which is the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) state: RouteState,
    pub(crate) origin: Origin,
}

/// Whether a route leads anywhere (RT-15).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteState {
    Active(Target),
    /// The target is gone or not usable.
    Blackhole(ResourceId),
}

/// Where a route leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Local,
    InternetGateway(InternetGatewayId),
    Peering(PeeringIndex),
    Eni(EniIndex),
    /// By its interface.
    NatGateway(EniIndex),
    EgressOnlyGateway(EgressOnlyInternetGatewayId),
    Endpoint(EndpointIndex),
}

/// One network ACL.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct AclTable {
    pub(crate) id: NetworkAclId,
    /// By rule number.
    pub(crate) inbound: Vec<AclRule>,
    pub(crate) outbound: Vec<AclRule>,
    pub(crate) origin: Origin,
}

/// One numbered rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AclRule {
    pub(crate) number: u16,
    pub(crate) protocol: ProtocolMatch,
    /// Source for inbound rules, destination for outbound ones (ACL-7).
    pub(crate) block: Block,
    pub(crate) verdict: Verdict,
    pub(crate) origin: Origin,
}

/// What an ACL rule does with what it matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Allow,
    Deny,
}

/// One security group.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GroupTable {
    pub(crate) id: SecurityGroupId,
    pub(crate) ingress: Vec<GroupRule>,
    pub(crate) egress: Vec<GroupRule>,
    pub(crate) origin: Origin,
}

impl GroupTable {
    pub(crate) fn rules(&self, direction: Direction) -> &[GroupRule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

/// One rule of a security group. Its number is its place among the group's rules of that direction, from 1.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct GroupRule {
    pub(crate) protocol: ProtocolMatch,
    pub(crate) peer: Peer,
    pub(crate) origin: Origin,
}

/// The other end that a rule speaks of.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Peer {
    Block(Block),
    /// The interfaces that have a group (SG-8). They are not listed: whose an address is tells whether it is one of theirs, so
    /// that an interface which comes or goes changes no rule.
    Group {
        vpc: VpcIndex,
        group: Slot,
    },
    /// A group whose peering or owner is gone: matches nothing until it is back (SG-12).
    StaleGroup,
    /// All that a prefix list holds (SG-28).
    PrefixList(Box<[Block]>),
}

/// A VPC's Internet gateway with its stateless one-to-one translation (IGW-3).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct InternetGatewayTable {
    pub(crate) id: InternetGatewayId,
    /// Routes what comes in (EDGE-1); without one the way in is local (RT-27).
    pub(crate) route_table: Option<Slot>,
    pub(crate) public_of: FxHashMap<IpAddr, IpAddr>,
    pub(crate) private_of: FxHashMap<IpAddr, IpAddr>,
}

/// A public service of AWS in a Region (GWE-1).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ServiceTable {
    pub(crate) region: Region,
    /// What its prefix lists hold (GWE-5).
    pub(crate) ranges: Box<[Block]>,
    /// How flows through its gateway endpoints are tracked.
    pub(crate) tracking: EndpointTracking,
}

/// How security groups track what goes through a gateway endpoint (SG-19).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointTracking {
    /// As the rules have it: S3's.
    ByRules,
    /// Whatever the rules say: DynamoDB's.
    Always,
}

/// One gateway endpoint.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct EndpointTable {
    pub(crate) id: VpcEndpointId,
    pub(crate) vpc: VpcIndex,
    pub(crate) service: ServiceIndex,
    pub(crate) state: EndpointState,
    pub(crate) origin: Origin,
}

/// Whether an endpoint is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointState {
    Available,
    Deleted,
}

/// One peering connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PeeringTable {
    pub(crate) id: VpcPeeringConnectionId,
    pub(crate) state: PeeringState,
    pub(crate) ends: [VpcIndex; 2],
    /// Largest IP packet (MTU-2b, MTU-2c).
    pub(crate) mtu_bytes: u16,
    /// The ends whose owner lets public names mean private addresses in the other VPC (PCX-34).
    pub(crate) resolving: [bool; 2],
    pub(crate) origin: Origin,
}

impl PeeringTable {
    /// The near and the far end, seen from one of them.
    pub(crate) fn seen_from(&self, side: PeeringSide) -> (VpcIndex, VpcIndex) {
        let [a, b] = self.ends;
        if side.0.is_multiple_of(2) { (a, b) } else { (b, a) }
    }

    /// Whether the names of what is in a VPC at one end mean private addresses at the other (PCX-34).
    pub(crate) fn resolves(&self, end: VpcIndex) -> bool {
        let [first, second] = self.resolving;
        if end == self.ends[0] { first } else { second }
    }
}

/// Whether a peering connection carries traffic (PCX-2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PeeringState {
    Active,
    Inactive,
}

/// An interface together with what surrounds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interface<'t> {
    pub(crate) tables: &'t Tables,
    pub(crate) vpc_index: VpcIndex,
    pub(crate) vpc: &'t VpcTables,
    pub(crate) subnet: &'t SubnetTable,
    pub(crate) eni: &'t EniTable,
}

impl Interface<'_> {
    /// The capture point that the interface is: itself, or the gateway whose it is.
    pub(crate) fn point(&self) -> ResourceId {
        match self.eni.guest {
            Guest::Running | Guest::Absent => self.eni.id.into(),
            Guest::NatGateway(gateway) => gateway.into(),
        }
    }
}

impl Tables {
    /// The interface with this number, unless it is deleted.
    pub(crate) fn interface(&self, index: EniIndex) -> Option<Interface<'_>> {
        let place = self.enis.get(index.0 as usize)?;
        let vpc = self.vpc(place.vpc);
        let eni = &vpc.enis[place.slot?.0 as usize];
        Some(Interface { tables: self, vpc_index: place.vpc, vpc, subnet: &vpc.subnets[eni.subnet.0 as usize], eni })
    }

    /// The VPC with this number.
    pub(crate) fn vpc(&self, index: VpcIndex) -> &VpcTables {
        &self.vpcs[index.0 as usize]
    }

    /// A VPC's side of a peering connection.
    pub(crate) fn side(&self, index: PeeringIndex, near: VpcIndex) -> PeeringSide {
        let is_second = self.peerings[index.0 as usize].ends[1] == near;
        PeeringSide(index.0 << 1 | u32::from(is_second))
    }

    /// The peering connection that has this side.
    pub(crate) fn peering(&self, side: PeeringSide) -> &PeeringTable {
        &self.peerings[side.peering().0 as usize]
    }

    /// The NAT gateway that has an address in a VPC.
    pub(crate) fn nat_gateway_at(&self, vpc: VpcIndex, address: IpAddr) -> Option<NatGatewayId> {
        match self.vpc(vpc).owner_of(address)?.guest {
            Guest::NatGateway(gateway) => Some(gateway),
            Guest::Running | Guest::Absent => None,
        }
    }

    /// The gateway endpoint with this number.
    pub(crate) fn endpoint(&self, index: EndpointIndex) -> &EndpointTable {
        &self.endpoints[index.0 as usize]
    }

    /// The public service with this number.
    pub(crate) fn service(&self, index: ServiceIndex) -> &ServiceTable {
        &self.services[index.0 as usize]
    }

    /// An interface's id, also after it was deleted.
    pub(crate) fn eni_id(&self, index: EniIndex) -> NetworkInterfaceId {
        self.enis[index.0 as usize].id
    }

    /// A peering connection's id, also after it was deleted.
    pub(crate) fn peering_id(&self, index: PeeringIndex) -> VpcPeeringConnectionId {
        self.peerings[index.0 as usize].id
    }

    /// A VPC's id, also after it was deleted.
    pub(crate) fn vpc_id(&self, index: VpcIndex) -> VpcId {
        self.vpc(index).id
    }

    /// The VPC whose Internet gateway answers for a public address.
    pub(crate) fn internet_gateway_of(&self, public: IpAddr) -> Option<VpcIndex> {
        self.internet.get(&public).copied()
    }

    /// Whether an address is a private one of a group's member (SG-8).
    pub(crate) fn is_member(&self, vpc: VpcIndex, group: Slot, address: IpAddr) -> bool {
        self.vpc(vpc).owner_of(address).is_some_and(|eni| eni.groups.contains(&group))
    }

    /// Whether an address is a public one of a group's member, under which it is not recognised (SG-11).
    pub(crate) fn is_public_of_member(&self, vpc: VpcIndex, group: Slot, address: IpAddr) -> bool {
        let gateway = self.vpc(vpc).internet_gateway.as_ref();
        let private = gateway.and_then(|gateway| gateway.private_of.get(&address));
        private.is_some_and(|private| self.is_member(vpc, group, *private))
    }

    /// Every interface that exists, by number.
    #[cfg(test)]
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = Interface<'_>> {
        (0..self.enis.len() as u32).filter_map(|index| self.interface(EniIndex(index)))
    }
}
