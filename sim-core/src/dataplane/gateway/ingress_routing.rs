//! Gateway route tables: what comes in from the Internet goes by an appliance before it reaches its subnet (EDGE-1).
//!
//! They have routes to interfaces only, for the VPC's own addresses (EDGE-2, EDGE-3). What an appliance passes on is routed as
//! any packet that leaves its subnet, so a gateway's table is asked once.

use std::net::IpAddr;

use crate::dataplane::route_table;
use crate::dataplane::tables::{EniIndex, InternetGatewayTable, RouteTable, Tables, Target, VpcTables};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// The table that routes what comes in through a gateway, if it has one of its own.
pub(crate) fn table<'t>(vpc: &'t VpcTables, gateway: &InternetGatewayTable) -> Option<&'t RouteTable> {
    gateway.route_table.map(|slot| &vpc.route_tables[slot.0 as usize])
}

/// An appliance that gets Internet traffic over IPv4 needs a public address itself (EDGE-5). IPv6 addresses are public as they
/// are.
pub(crate) fn check_appliance(
    tables: &Tables,
    gateway: &InternetGatewayTable,
    table: &RouteTable,
    appliance: EniIndex,
    private: IpAddr,
) -> Result<(), DropReason> {
    let at = tables.interface(appliance);
    let is_public = at.is_some_and(|at| at.eni.addresses.iter().any(|own| gateway.public_of.contains_key(own)));
    if private.is_ipv6() || is_public {
        return Ok(());
    }
    let chosen = route_table::lookup(table, private)?;
    Err(DropReason {
        code: DropCode::IngressRtbNoPublicIp,
        by: tables.eni_id(appliance).into(),
        direction: Some(Direction::Ingress),
        decider: Decider::Address(private),
        origin: chosen.origin,
    })
}

/// What the gateway's table leads to an appliance on its way in leaves by that appliance too, or not at all (EDGE-6). SIM: AWS
/// says only that asymmetric paths are not supported; Reachability Analyzer calls such a path unreachable.
pub(crate) fn check_way_out(
    vpc: &VpcTables,
    gateway: &InternetGatewayTable,
    sender: EniIndex,
    source: IpAddr,
) -> Result<(), DropReason> {
    let Some(table) = table(vpc, gateway) else { return Ok(()) };
    match route_table::lookup(table, source) {
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
