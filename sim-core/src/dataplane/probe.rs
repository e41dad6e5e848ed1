//! Probes: packets that go on past what would end their way, so that an explanation can name the next obstacles too.
//!
//! A probe takes the same hops and meets the same stages as any packet; only what follows a drop differs, and this file says how:
//!
//! | what drops it | it goes on as if |
//! |---|---|
//! | source/destination check, network ACL | it had been let through |
//! | security group | a rule admitted it: the flow is tracked, so that its answer comes in |
//! | route table: no route, blackhole | there were a route to whoever has the destination, or translates it ([`detour`]) |
//! | Internet gateway: a private destination | the same |
//! | peering connection: not active, destination in neither VPC | the same |
//! | anything else | it ends there: nobody can say what would come next |
//!
//! An instance on the way decides for itself, as it does for any packet: what it passes on is a probe again, and what it loses ends
//! there.
//!
//! The drop is told each time. What a probe meets after its first drop is what *would* happen.

use std::net::IpAddr;

use super::pipeline::{Hop, Next, Transit};
use super::tables::{EniIndex, Guest, Interface, PeeringIndex, PeeringState, PeeringTable, Tables, VpcIndex};
use crate::id::ResourceId;
use crate::net::{IpHeader, embedded};
use crate::trace::{Direction, DropCode, DropReason, Step};

impl Hop<'_> {
    /// What a filter said, without consequences for a probe.
    pub(super) fn overlook<T>(
        &mut self,
        transit: &Transit,
        judged: Result<T, DropReason>,
    ) -> Result<Option<T>, DropReason> {
        match judged {
            Ok(passed) => Ok(Some(passed)),
            Err(reason) if self.trace.is_probe(transit.packet) => {
                self.tell(transit, Step::Dropped(reason));
                Ok(None)
            }
            Err(reason) => Err(reason),
        }
    }

    /// A security group refused a probe's packet: the flow is tracked all the same.
    pub(super) fn track_refused(&mut self, at: &Interface<'_>, direction: Direction, ip: &IpHeader) {
        if !ip.is_icmp_error() {
            self.flows.of_mut(at.eni.index).open(self.now, direction, ip);
        }
    }

    /// Where a packet goes that has no way, if it is a probe and its destination is known.
    pub(super) fn go_round(
        &mut self,
        transit: &Transit,
        sender: EniIndex,
        reason: DropReason,
    ) -> Result<Next, DropReason> {
        let (true, Some(ip)) = (self.trace.is_probe(transit.packet), &transit.frame.headers.ip) else {
            return Err(reason);
        };
        let sender = self.tables.interface(sender);
        let Some(next) = sender.and_then(|at| detour(&at, ip.destination, &reason)) else { return Err(reason) };
        self.tell(transit, Step::Dropped(reason));
        Ok(next)
    }
}

/// The way to whoever has an address, whatever the routes say: over a peering connection with that VPC, past one that is not
/// active, straight to the interface where nothing connects the VPCs, to a NAT gateway of the VPC's if the address stands for one
/// of IPv4 (NAT-19), out of the Internet gateway otherwise. `None` where the drop is not about the way, or nobody is known to have
/// the address.
fn detour(at: &Interface<'_>, destination: IpAddr, reason: &DropReason) -> Option<Next> {
    let is_without_route = match reason.code {
        DropCode::NoRouteToDestination | DropCode::BadStateRoute => true,
        DropCode::BadState
        | DropCode::IgwDestinationAddressNotInRfc1918Egress
        | DropCode::IgwDestinationAddressNotInRfc6598Egress
        | DropCode::PcxRequiresAddressInVpcCidr => false,
        _ => return None,
    };
    let tables = at.tables;
    if at.vpc.owns(destination) {
        return at.vpc.owner_of(destination).map(|eni| Next::Eni(eni.index));
    }
    if let IpAddr::V6(v6) = destination
        && embedded(v6).is_some()
    {
        let nat_gateway = at.vpc.enis.iter().find(|eni| matches!(eni.guest, Guest::NatGateway(_)));
        return nat_gateway.filter(|_| is_without_route).map(|eni| Next::Eni(eni.index));
    }
    if let Some(owner) = sole_owner(tables, destination) {
        let far = tables.enis[owner.0 as usize].vpc;
        // A peering connection that has refused the packet does not get it again.
        let peering = peering_between(tables, at.vpc_index, far)
            .filter(|peering| ResourceId::from(tables.peering_id(*peering)) != reason.by);
        return Some(peering.map_or(Next::Eni(owner), |peering| Next::Peering(tables.side(peering, at.vpc_index))));
    }
    (is_without_route && at.vpc.internet_gateway.is_some()).then_some(Next::InternetGatewayOut(at.vpc_index))
}

/// The only interface that has a private address; `None` where VPCs overlap and it could be several.
fn sole_owner(tables: &Tables, address: IpAddr) -> Option<EniIndex> {
    let mut owners = tables.vpcs.iter().filter_map(|vpc| vpc.owner_of(address)).map(|eni| eni.index);
    let first = owners.next()?;
    owners.next().is_none().then_some(first)
}

/// A peering connection between two VPCs, an active one if there is one.
fn peering_between(tables: &Tables, near: VpcIndex, far: VpcIndex) -> Option<PeeringIndex> {
    let connects = |peering: &PeeringTable| peering.ends == [near, far] || peering.ends == [far, near];
    let between = || (0..).zip(&tables.peerings).filter(|(_, peering)| connects(peering));
    let active = between().find(|(_, peering)| peering.state == PeeringState::Active);
    active.or_else(|| between().last()).map(|(index, _)| PeeringIndex(index))
}
