//! Gateway route tables: a route table that an Internet gateway asks where to send what comes in (EDGE-1 to EDGE-4).

use std::fmt;

use ipnet::IpNet;

use super::answer::{Answer, Object};
use super::error::permit;
use super::route::Reach;
use super::route_table::already_associated;
use super::{ApiError, Caller, Cloud, InternetGateway, RouteTable, RouteTarget};
use crate::id::*;

impl Cloud {
    /// Lets a table route what comes in through an Internet gateway (EDGE-1).
    pub(super) fn associate_gateway(
        &mut self,
        caller: &Caller,
        table: RouteTableId,
        gateway: &str,
        dry_run: bool,
    ) -> Answer {
        let gateway = self.find::<InternetGateway>(caller, gateway)?;
        let (id, existing) = (gateway.id, gateway.route_table);
        self.check_gateway_table(&self.route_tables[&table], id)?;
        if existing.is_some_and(|(_, other)| other != table) {
            return Err(already_associated(table));
        }
        permit(dry_run)?;
        let association = existing.map_or_else(|| self.ids.next(), |(association, _)| association);
        self.internet_gateways[&id].route_table = Some((association, table));
        self.touch(id);
        let state = Object::new().text("State", "associated");
        Ok(Object::new().text("AssociationId", association).value("AssociationState", state).into())
    }

    /// Whether a table may be a gateway's (EDGE-2, EDGE-3, EDGE-4).
    pub(super) fn check_gateway_table(&self, table: &RouteTable, gateway: InternetGatewayId) -> Result<(), ApiError> {
        if self.internet_gateways[&gateway].attached != Some(table.vpc) {
            return Err(ApiError::invalid_value(format!(
                "Route table {} and network gateway {gateway} belong to different networks",
                table.id
            )));
        }
        if table.main.is_some() {
            return Err(ApiError::invalid_value(format!(
                "The main route table {} cannot be associated with a gateway",
                table.id
            )));
        }
        if let Some(route) = table.prefix_list_routes.first() {
            return Err(not_of_the_vpc(&route.list));
        }
        table.routes.iter().try_for_each(|route| self.check_gateway_route(table.vpc, route.destination, route.target))
    }

    /// Whether a table may have a route, given what a gateway asks of its own table. Without a destination it is a prefix list's.
    pub(super) fn check_for_gateway(
        &self,
        table: &RouteTable,
        route: Option<(IpNet, RouteTarget)>,
    ) -> Result<(), ApiError> {
        match (table.gateway(self), route) {
            (None, _) => Ok(()),
            (Some(_), Some((destination, target))) => self.check_gateway_route(table.vpc, destination, target),
            (Some(_), None) => Err(not_of_the_vpc(&"of a prefix list")),
        }
    }

    /// EDGE-2, EDGE-3: a gateway route table leads from the gateway to an interface, for the VPC's own addresses.
    fn check_gateway_route(&self, vpc: VpcId, destination: IpNet, target: RouteTarget) -> Result<(), ApiError> {
        if !matches!(target, RouteTarget::NetworkInterface(_)) {
            return Err(ApiError::invalid_value(
                "A route table that is associated with a gateway supports only the following targets: local, interface.",
            ));
        }
        if self.reach(vpc, destination) == Reach::Outside {
            return Err(not_of_the_vpc(&destination));
        }
        Ok(())
    }
}

/// EDGE-3.
fn not_of_the_vpc(destination: &dyn fmt::Display) -> ApiError {
    ApiError::invalid_value(format!(
        "The destination {destination} is not within the VPC's CIDR blocks, as the routes of a gateway route table \
         have to be."
    ))
}
