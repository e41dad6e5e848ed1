//! Route tables: the longest prefix decides, and what it decides is final (RT-6, RT-15, RT-26).

use std::net::IpAddr;

use ipnet::IpNet;

use super::tables::{EniIndex, Interface, Route, RouteState, RouteTable, Target};
use crate::id::Origin;
use crate::trace::{Decider, DropCode, DropReason};

/// The route table of an interface's subnet: that of the subnet which the packet leaves (RT-26).
pub(crate) fn of<'t>(at: &Interface<'t>) -> &'t RouteTable {
    &at.vpc.route_tables[at.subnet.route_table.0 as usize]
}

/// Destinations inside the subnet's VPC that are the VPC's own: its router does not answer (L2-17), link-local addresses are
/// never routed (ADDR-16, RT-14). What the services behind the reserved ones take has been taken before.
pub(crate) fn refuse_reserved(at: &Interface<'_>, destination: IpAddr) -> Result<(), DropReason> {
    let is_reserved = match destination {
        IpAddr::V4(v4) => v4.is_link_local() || at.subnet.router == Some(v4) || at.vpc.resolver == Some(v4),
        // fe80::/10, and the services' fd00:ec2::/32.
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments()[..2] == [0xfd00, 0x0ec2],
    };
    if is_reserved { Err(nobody(at, destination)) } else { Ok(()) }
}

/// The route that a table chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chosen {
    pub(crate) destination: IpNet,
    pub(crate) target: Target,
    pub(crate) origin: Origin,
}

/// The route for a destination, unless there is none or it is a blackhole. A blackhole does not fall through to a shorter
/// prefix (RT-15).
pub(crate) fn lookup(table: &RouteTable, destination: IpAddr) -> Result<Chosen, DropReason> {
    let drop = |code, decider, origin| DropReason { code, by: table.id.into(), direction: None, decider, origin };
    let Some((destination, &Route { state, origin })) = table.routes.lookup(destination) else {
        return Err(drop(DropCode::NoRouteToDestination, Decider::NoMatch, table.origin));
    };
    match state {
        RouteState::Active(target) => Ok(Chosen { destination, target, origin }),
        RouteState::Blackhole(target) => {
            Err(drop(DropCode::BadStateRoute, Decider::Blackhole { table: table.id, destination, target }, origin))
        }
    }
}

/// What `local` leads to: the interface that owns the address (L2-4).
pub(crate) fn deliver_local(at: &Interface<'_>, destination: IpAddr) -> Result<EniIndex, DropReason> {
    at.vpc.owner_of(destination).map(|eni| eni.index).ok_or_else(|| nobody(at, destination))
}

fn nobody(at: &Interface<'_>, destination: IpAddr) -> DropReason {
    DropReason {
        code: DropCode::NoPossibleDestination,
        by: at.vpc.id.into(),
        direction: None,
        decider: Decider::Address(destination),
        origin: Origin::Aws,
    }
}
