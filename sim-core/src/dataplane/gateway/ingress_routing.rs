//! Gateway route tables: what comes in from the Internet goes by an appliance before it reaches its subnet (EDGE-1).
//!
//! They have routes to interfaces only, for the VPC's own addresses (EDGE-2, EDGE-3). What an appliance passes on is routed as
//! any packet that leaves its subnet, so a gateway's table is asked once.

use std::net::IpAddr;

use crate::dataplane::route_table;
use crate::dataplane::tables::{EniIndex, InternetGatewayTable, Tables, Target, VpcTables};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// The interface that gets a packet for `private`, which is `owner`'s: an appliance's, or the owner itself.
pub(crate) fn way_in(
    tables: &Tables,
    vpc: &VpcTables,
    gateway: &InternetGatewayTable,
    private: IpAddr,
    owner: EniIndex,
) -> Result<EniIndex, DropReason> {
    let Some(slot) = gateway.route_table else { return Ok(owner) };
    let chosen = route_table::lookup(&vpc.route_tables[slot.0 as usize], private)?;
    let Target::Eni(appliance) = chosen.target else { return Ok(owner) };
    // EDGE-5: the appliance needs a public address itself. IPv6 addresses are public as they are.
    let at = tables.interface(appliance);
    let is_public = at.is_some_and(|at| at.eni.addresses.iter().any(|own| gateway.public_of.contains_key(own)));
    if private.is_ipv4() && !is_public {
        return Err(DropReason {
            code: DropCode::IngressRtbNoPublicIp,
            by: tables.eni_id(appliance).into(),
            direction: Some(Direction::Ingress),
            decider: Decider::Address(private),
            origin: chosen.origin,
        });
    }
    Ok(appliance)
}

/// What the gateway's table leads to an appliance on its way in leaves by that appliance too, or not at all (EDGE-6).
pub(crate) fn check_way_out(
    vpc: &VpcTables,
    gateway: &InternetGatewayTable,
    sender: EniIndex,
    source: IpAddr,
) -> Result<(), DropReason> {
    let Some(slot) = gateway.route_table else { return Ok(()) };
    match route_table::lookup(&vpc.route_tables[slot.0 as usize], source) {
        Ok(chosen) if matches!(chosen.target, Target::Eni(appliance) if appliance != sender) => Err(DropReason {
            code: DropCode::IngressRtbTrafficRedirection,
            by: gateway.id.into(),
            direction: Some(Direction::Egress),
            decider: Decider::Address(source),
            origin: chosen.origin,
        }),
        _ => Ok(()),
    }
}
