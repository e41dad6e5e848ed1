//! Routes (RT): which may be made, changed and deleted in a route table.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;

use super::answer::{Answer, Object, done, nothing};
use super::cidr::{ipv4_block, ipv6_block};
use super::error::permit;
use super::lookup::parse_id;
use super::request::requests;
use super::route_target::{TargetIds, target_ids};
use super::{ApiError, Caller, Cloud, Quota, RouteState, RouteTable, RouteTarget};
use crate::id::*;

/// A route that somebody made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) destination: IpNet,
    pub(crate) target: RouteTarget,
    pub(crate) origin: Origin,
}

requests! {
    /// Adds a route.
    CreateRoute {
        route_table_id: String,
        destination_cidr_block: Option<String>,
        destination_ipv6_cidr_block: Option<String>,
        destination_prefix_list_id: Option<String>,
        gateway_id: Option<String>,
        instance_id: Option<String>,
        network_interface_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        vpc_endpoint_id: Option<String>,
    }
    /// Points an existing route elsewhere.
    ReplaceRoute {
        route_table_id: String,
        destination_cidr_block: Option<String>,
        destination_ipv6_cidr_block: Option<String>,
        destination_prefix_list_id: Option<String>,
        local_target: bool,
        gateway_id: Option<String>,
        instance_id: Option<String>,
        network_interface_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        vpc_endpoint_id: Option<String>,
    }
    /// Takes a route away.
    DeleteRoute {
        route_table_id: String,
        destination_cidr_block: Option<String>,
        destination_ipv6_cidr_block: Option<String>,
        destination_prefix_list_id: Option<String>,
    }
}

/// What a request says where a route leads to.
enum Destination {
    Block(IpNet),
    PrefixList(PrefixListId),
}

macro_rules! destination {
    ($request:ident) => {
        Destination::read(
            $request.destination_cidr_block.as_deref(),
            $request.destination_ipv6_cidr_block.as_deref(),
            $request.destination_prefix_list_id.as_deref(),
        )?
    };
}

/// What a destination is to the VPC's own blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Exactly one of them: the local route's place.
    Local,
    /// A part of one.
    Inside,
    /// Anything else.
    Outside,
}

impl Cloud {
    pub(crate) fn create_route(&mut self, caller: &Caller, request: CreateRoute) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let destination = match destination!(request) {
            Destination::Block(block) => block,
            Destination::PrefixList(list) => {
                let target = self.target_for_list(caller, table, list, target_ids!(request))?;
                return self.create_prefix_list_route(caller, table.id, list, target, request.dry_run);
            }
        };
        let target = self.target(caller, table, destination.into(), target_ids!(request))?;
        check_link_local(destination)?;
        self.check_for_gateway(table, Some((destination, target)))?;
        let exists =
            || ApiError::new("RouteAlreadyExists", format!("The route identified by {destination} already exists."));
        match self.reach(table.vpc, destination) {
            Reach::Local if !may_be_inside(target) => return Err(interfaces_only()),
            Reach::Local => return Err(exists()),
            Reach::Inside => self.check_inside(table.vpc, destination, target)?,
            Reach::Outside => {}
        }
        if table.routes.iter().any(|route| route.destination == destination) {
            return Err(exists()); // RT-12
        }
        let same_family =
            |route: &&Route| matches!(route.destination, IpNet::V4(_)) == matches!(destination, IpNet::V4(_));
        let existing =
            table.routes.iter().filter(same_family).count() + self.routes_of_lists(table, destination.into());
        self.config.quotas.admit(Quota::RoutesPerRouteTable, existing)?;
        let table = table.id;
        permit(request.dry_run)?;
        self.route_tables[&table].routes.push(Route { destination, target, origin: caller.origin });
        self.touch(table);
        done()
    }

    pub(crate) fn replace_route(&mut self, caller: &Caller, request: ReplaceRoute) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let destination = match destination!(request) {
            Destination::Block(block) => block,
            Destination::PrefixList(list) => {
                let target = self.target_for_list(caller, table, list, target_ids!(request))?;
                return self.replace_prefix_list_route(caller, table.id, list, target, request.dry_run);
            }
        };
        let reach = self.reach(table.vpc, destination);
        let existing = table.routes.iter().position(|route| route.destination == destination);
        if existing.is_none() && reach != Reach::Local {
            return Err(ApiError::invalid_value(format!(
                "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
            )));
        }
        let target = if request.local_target {
            if reach != Reach::Local {
                return Err(ApiError::invalid_value("localTarget is only supported for the local route"));
            }
            None
        } else {
            let target = self.target(caller, table, destination.into(), target_ids!(request))?;
            self.check_for_gateway(table, Some((destination, target)))?;
            match reach {
                Reach::Local if !may_be_inside(target) => return Err(interfaces_only()),
                Reach::Inside => self.check_inside(table.vpc, destination, target)?,
                Reach::Local | Reach::Outside => {}
            }
            Some(target)
        };
        let table = table.id;
        permit(request.dry_run)?;
        let routes = &mut self.route_tables[&table].routes;
        match (existing, target) {
            (Some(at), Some(target)) => routes[at] = Route { destination, target, origin: caller.origin },
            (None, Some(target)) => routes.push(Route { destination, target, origin: caller.origin }), // RT-13
            (Some(at), None) => {
                routes.remove(at);
            }
            (None, None) => {}
        }
        self.touch(table);
        nothing()
    }

    /// The target of a route to a prefix list, which a gateway's route table does not take (EDGE-3).
    fn target_for_list(
        &self,
        caller: &Caller,
        table: &RouteTable,
        list: PrefixListId,
        ids: TargetIds<'_>,
    ) -> Result<RouteTarget, ApiError> {
        let family = self.prefix_list_of(caller, list)?.family();
        let target = self.target(caller, table, family, ids)?;
        self.check_for_gateway(table, None)?;
        Ok(target)
    }

    pub(crate) fn delete_route(&mut self, caller: &Caller, request: DeleteRoute) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let destination = match destination!(request) {
            Destination::Block(block) => block,
            Destination::PrefixList(list) => {
                return self.delete_prefix_list_route(caller, table.id, list, request.dry_run);
            }
        };
        if self.reach(table.vpc, destination) == Reach::Local {
            return Err(ApiError::invalid_value(format!(
                "cannot remove local route {destination} in route table {}",
                table.id
            )));
        }
        let at = table.routes.iter().position(|route| route.destination == destination).ok_or_else(|| {
            ApiError::new(
                "InvalidRoute.NotFound",
                format!("no route with destination-cidr-block {destination} in route table {}", table.id),
            )
        })?;
        let table = table.id;
        permit(request.dry_run)?;
        self.route_tables[&table].routes.remove(at);
        self.touch(table);
        nothing()
    }

    /// A table's routes as Describe shows them: the local ones first.
    pub(crate) fn describe_routes(&self, table: &RouteTable) -> Vec<Value> {
        let vpc = &self.vpcs[&table.vpc];
        let blocks = vpc.ipv4_blocks.iter().map(|(_, block)| IpNet::V4(*block));
        let blocks = blocks.chain(vpc.ipv6_blocks.iter().map(|(_, block)| IpNet::V6(*block)));
        let retargeted = |block: &IpNet| table.routes.iter().any(|route| route.destination == *block);
        let local = blocks.filter(|block| !retargeted(block)).map(|block| {
            route_destination(block)
                .text("GatewayId", "local")
                .text("Origin", "CreateRouteTable")
                .text("State", RouteState::Active)
                .into()
        });
        let written = table
            .routes
            .iter()
            .map(|route| self.describe_route(table.vpc, route_destination(route.destination), &route.target));
        let of_lists = table.prefix_list_routes.iter().map(|route| {
            let object = Object::new().text("DestinationPrefixListId", route.list);
            self.describe_route(table.vpc, object, &route.target)
        });
        local.chain(written).chain(of_lists).collect()
    }

    /// What a destination is to a VPC.
    pub(super) fn reach(&self, vpc: VpcId, destination: IpNet) -> Reach {
        let vpc = &self.vpcs[&vpc];
        let blocks = vpc.ipv4_blocks.iter().map(|(_, block)| IpNet::V4(*block));
        let mut blocks = blocks.chain(vpc.ipv6_blocks.iter().map(|(_, block)| IpNet::V6(*block)));
        match blocks.find(|block| block.contains(&destination)) {
            Some(block) if block == destination => Reach::Local,
            Some(_) => Reach::Inside,
            None => Reach::Outside,
        }
    }

    /// RT-13: a route inside the VPC's own range covers exactly one subnet and points at an interface or a NAT gateway.
    fn check_inside(&self, vpc: VpcId, destination: IpNet, target: RouteTarget) -> Result<(), ApiError> {
        if !may_be_inside(target) {
            return Err(interfaces_only());
        }
        let is_subnet = self.index.vpc(vpc).subnets.iter().map(|subnet| &self.subnets[subnet]).any(|subnet| {
            subnet.ipv4_block.map(IpNet::V4) == Some(destination)
                || subnet.ipv6_block.is_some_and(|(_, block)| IpNet::V6(block) == destination)
        });
        if is_subnet {
            return Ok(());
        }
        Err(ApiError::invalid_value(format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance, and must cover a whole subnet."
        )))
    }
}

/// What a route within the VPC's own blocks may point at (RT-13).
fn may_be_inside(target: RouteTarget) -> bool {
    matches!(target, RouteTarget::NetworkInterface(_) | RouteTarget::NatGateway(_))
}

impl Destination {
    /// The one destination a request gives.
    fn read(ipv4: Option<&str>, ipv6: Option<&str>, prefix_list: Option<&str>) -> Result<Destination, ApiError> {
        match (ipv4, ipv6, prefix_list) {
            (Some(text), None, None) => {
                ipv4_block(text, "destinationCidrBlock").map(|block| Destination::Block(IpNet::V4(block)))
            }
            (None, Some(text), None) => {
                ipv6_block(text, "destinationIpv6CidrBlock").map(|block| Destination::Block(IpNet::V6(block)))
            }
            (None, None, Some(text)) => parse_id(text).map(Destination::PrefixList),
            (None, None, None) => Err(ApiError::new(
                "MissingParameter",
                "The request must contain the parameter destinationCidrBlock or destinationIpv6CidrBlock",
            )),
            _ => Err(ApiError::new("InvalidParameterCombination", "The request must contain exactly one destination")),
        }
    }
}

/// RT-14: what the host itself answers is never routed.
pub(super) fn check_link_local(destination: IpNet) -> Result<(), ApiError> {
    const RESERVED: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22);
    let reserved = match destination {
        IpNet::V4(block) => RESERVED.contains(&block),
        IpNet::V6(block) => block.prefix_len() >= 32 && block.addr().segments()[..2] == [0xfd00, 0x0ec2],
    };
    if !reserved {
        return Ok(());
    }
    Err(ApiError::invalid_value(format!("The destination CIDR block {destination} is reserved and cannot be routed.")))
}

fn interfaces_only() -> ApiError {
    ApiError::invalid_value(
        "The route target is not supported. This route only supports the following targets: interface, instance.",
    )
}

fn route_destination(destination: IpNet) -> Object {
    match destination {
        IpNet::V4(block) => Object::new().text("DestinationCidrBlock", block),
        IpNet::V6(block) => Object::new().text("DestinationIpv6CidrBlock", block),
    }
}
