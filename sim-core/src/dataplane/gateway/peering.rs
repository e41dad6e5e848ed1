//! VPC peering: no gateway and no route lookup, only two VPCs that see each other's addresses.
//!
//! That is what makes it not transitive (PCX-16 to PCX-21): what is handed over must come from the sending VPC's blocks (PCX-23)
//! and go to the other VPC's (PCX-22), and there only to an interface (PCX-30). Replies follow the replying VPC's own routes;
//! nobody checks the way they came (PCX-26).

use crate::dataplane::tables::{EniIndex, PeeringState, PeeringTable, VpcTables};
use crate::id::Origin;
use crate::net::IpHeader;
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// Hands a packet of `near` over to `far`: the interface there that owns the destination.
pub(crate) fn hand_over(
    peering: &PeeringTable,
    near: &VpcTables,
    far: &VpcTables,
    ip: &IpHeader,
) -> Result<EniIndex, DropReason> {
    let drop = |code, decider| DropReason {
        code,
        by: peering.id.into(),
        direction: Some(Direction::Egress),
        decider,
        origin: peering.origin,
    };
    if peering.state == PeeringState::Inactive {
        return Err(drop(DropCode::BadState, Decider::Resource));
    }
    for (vpc, address) in [(near, ip.source), (far, ip.destination)] {
        if !vpc.owns(address) {
            return Err(drop(DropCode::PcxRequiresAddressInVpcCidr, Decider::Address(address)));
        }
    }
    far.owner_of(ip.destination).map(|eni| eni.index).ok_or_else(|| DropReason {
        code: DropCode::NoPossibleDestination,
        by: far.id.into(),
        direction: None,
        decider: Decider::Address(ip.destination),
        origin: Origin::Aws,
    })
}
