//! The compiled tables: plain data, indices instead of ids, shared read-only by everything that forwards.
//!
//! `compile` builds them from the cloud's state; a VPC's tables are replaced as a whole. Indices are stable for the whole run,
//! so that flow state and hosts can refer to them. Whatever a drop has to name travels along: ids, rule numbers, and where each
//! rule and route was written. Nothing here knows how a table came about.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::matching::{Block, ProtocolMatch};
use crate::id::{
    AvailabilityZone, InternetGatewayId, NetworkAclId, NetworkInterfaceId, Origin, Region, ResourceId, RouteTableId,
    SecurityGroupId, SubnetId, VpcId, VpcPeeringConnectionId,
};
use crate::net::{MacAddr, PrefixTable};
use crate::trace::Direction;

/// A network interface, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct EniIndex(pub u32);

/// A VPC, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct VpcIndex(pub u32);

/// A peering connection, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PeeringIndex(pub u32);

/// A place in one of a VPC's lists; it means nothing after the VPC was compiled again.
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
    /// Whose Internet gateway answers for an address that is reachable from the Internet.
    pub(crate) internet: FxHashMap<IpAddr, VpcIndex>,
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
    /// Where the Resolver would answer: the primary block's base plus two (ADDR-13).
    pub(crate) resolver: Option<Ipv4Addr>,
    pub(crate) subnets: Vec<SubnetTable>,
    pub(crate) route_tables: Vec<RouteTable>,
    pub(crate) network_acls: Vec<AclTable>,
    pub(crate) security_groups: Vec<GroupTable>,
    pub(crate) enis: Vec<EniTable>,
    /// Who owns an address: what the mapping service knows (L2-2).
    pub(crate) addresses: FxHashMap<IpAddr, Slot>,
    pub(crate) macs: FxHashMap<MacAddr, Slot>,
    pub(crate) internet_gateway: Option<InternetGatewayTable>,
}

impl VpcTables {
    /// Whether an address lies in one of the VPC's blocks.
    pub(crate) fn owns(&self, address: IpAddr) -> bool {
        self.blocks.iter().any(|block| block.contains(&address))
    }

    /// The interface that has an address.
    pub(crate) fn owner_of(&self, address: IpAddr) -> Option<&EniTable> {
        self.addresses.get(&address).map(|slot| &self.enis[slot.0 as usize])
    }

    /// The interface that has a MAC address.
    pub(crate) fn station(&self, mac: MacAddr) -> Option<&EniTable> {
        self.macs.get(&mac).map(|slot| &self.enis[slot.0 as usize])
    }
}

/// One subnet.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SubnetTable {
    pub(crate) id: SubnetId,
    pub(crate) zone: AvailabilityZone,
    pub(crate) blocks: SmallVec<[IpNet; 2]>,
    /// The subnet's base plus one (ADDR-12).
    pub(crate) router: Ipv4Addr,
    /// Synthetic (L2-3).
    pub(crate) router_mac: MacAddr,
    pub(crate) route_table: Slot,
    pub(crate) network_acl: Slot,
    pub(crate) origin: Origin,
}

/// The router's IPv6 address in every subnet (L2-19).
pub(crate) const ROUTER_IPV6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0x0ec2, 0, 0, 0, 0, 0, 1);

impl SubnetTable {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.blocks.iter().any(|block| block.contains(&address))
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
    pub(crate) addresses: SmallVec<[IpAddr; 2]>,
    pub(crate) source_dest_check: SourceDestCheck,
    pub(crate) guest: Guest,
    pub(crate) groups: SmallVec<[Slot; 2]>,
    pub(crate) origin: Origin,
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
    /// The interfaces that have a group (SG-8).
    Group {
        /// Their private addresses, sorted.
        members: Arc<[IpAddr]>,
        /// Their public addresses, sorted: under these they are not recognised (SG-11).
        public: Arc<[IpAddr]>,
    },
    /// A group whose peering or owner is gone: matches nothing until it is back (SG-12).
    StaleGroup,
    /// Differs from AWS: prefix lists are not simulated, so a rule that names one matches nothing.
    PrefixList,
}

/// A VPC's Internet gateway with its stateless one-to-one translation (IGW-3).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct InternetGatewayTable {
    pub(crate) id: InternetGatewayId,
    pub(crate) public_of: FxHashMap<IpAddr, IpAddr>,
    pub(crate) private_of: FxHashMap<IpAddr, IpAddr>,
}

/// One peering connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PeeringTable {
    pub(crate) id: VpcPeeringConnectionId,
    pub(crate) state: PeeringState,
    pub(crate) ends: [VpcIndex; 2],
    /// Largest IP packet (MTU-2b, MTU-2c).
    pub(crate) mtu_bytes: u16,
    pub(crate) origin: Origin,
}

impl PeeringTable {
    /// The near and the far end, seen from one of them.
    pub(crate) fn seen_from(&self, near: VpcIndex) -> (VpcIndex, VpcIndex) {
        let [a, b] = self.ends;
        if near == a { (a, b) } else { (b, a) }
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
    pub(crate) vpc_index: VpcIndex,
    pub(crate) vpc: &'t VpcTables,
    pub(crate) subnet: &'t SubnetTable,
    pub(crate) eni: &'t EniTable,
}

impl Tables {
    /// The interface with this number, unless it is deleted.
    pub(crate) fn interface(&self, index: EniIndex) -> Option<Interface<'_>> {
        let place = self.enis.get(index.0 as usize)?;
        let vpc = self.vpc(place.vpc);
        let eni = &vpc.enis[place.slot?.0 as usize];
        Some(Interface { vpc_index: place.vpc, vpc, subnet: &vpc.subnets[eni.subnet.0 as usize], eni })
    }

    /// The VPC with this number.
    pub(crate) fn vpc(&self, index: VpcIndex) -> &VpcTables {
        &self.vpcs[index.0 as usize]
    }

    /// The peering connection with this number.
    pub(crate) fn peering(&self, index: PeeringIndex) -> &PeeringTable {
        &self.peerings[index.0 as usize]
    }

    /// An interface's id, also after it was deleted.
    pub(crate) fn eni_id(&self, index: EniIndex) -> NetworkInterfaceId {
        self.enis[index.0 as usize].id
    }

    /// A peering connection's id, also after it was deleted.
    pub(crate) fn peering_id(&self, index: PeeringIndex) -> VpcPeeringConnectionId {
        self.peering(index).id
    }

    /// A VPC's id, also after it was deleted.
    pub(crate) fn vpc_id(&self, index: VpcIndex) -> VpcId {
        self.vpc(index).id
    }

    /// The VPC whose Internet gateway answers for a public address.
    pub(crate) fn internet_gateway_of(&self, public: IpAddr) -> Option<VpcIndex> {
        self.internet.get(&public).copied()
    }

    /// Every interface that exists, by number.
    #[cfg(test)]
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = Interface<'_>> {
        (0..self.enis.len() as u32).filter_map(|index| self.interface(EniIndex(index)))
    }
}
