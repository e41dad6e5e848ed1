//! Routes (RT): what may be routed where, and whether a route's target is usable.
//!
//! Targets that vpcsim has not yet (transit gateways, VPN gateways, endpoints) do not exist in any cloud, and are refused as EC2
//! refuses an unknown one.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;

use super::answer::{Answer, Object, done, nothing};
use super::cidr::{ipv4_block, ipv6_block};
use super::error::permit;
use super::lookup::parse_id;
use super::prefix_list::Family;
use super::request::requests;
use super::{
    ApiError, Caller, Cloud, EgressOnlyInternetGateway, Instance, InstanceState, InternetGateway, NatGateway,
    NetworkInterface, PeeringStatus, Quota, RouteTable, VpcPeeringConnection,
};
use crate::id::*;

/// A route that somebody made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) destination: IpNet,
    pub(crate) target: RouteTarget,
    pub(crate) origin: Origin,
}

/// Where a route points. Whether the target is usable (RT-15) is a question to the cloud, not a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteTarget {
    InternetGateway(InternetGatewayId),
    Peering(VpcPeeringConnectionId),
    /// An instance is stored as its interface (RT-19).
    NetworkInterface(NetworkInterfaceId),
    NatGateway(NatGatewayId),
    /// IPv6 only (RT-19).
    EgressOnlyInternetGateway(EgressOnlyInternetGatewayId),
    /// A gateway endpoint; only its association makes such a route (GWE-3).
    VpcEndpoint(VpcEndpointId),
}

/// Whether packets that match a route get anywhere (RT-15).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteState {
    /// The target is there and usable.
    Active,
    /// It is not; what matches is dropped.
    Blackhole,
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RouteState::Active => "active",
            RouteState::Blackhole => "blackhole",
        })
    }
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

/// The target members of a request.
struct TargetIds<'a> {
    gateway: Option<&'a str>,
    instance: Option<&'a str>,
    interface: Option<&'a str>,
    peering: Option<&'a str>,
    nat_gateway: Option<&'a str>,
    egress_only: Option<&'a str>,
    /// Kinds that vpcsim has none of.
    others: [(ResourceKind, Option<&'a str>); 2],
}

macro_rules! target_ids {
    ($request:ident) => {
        TargetIds {
            gateway: $request.gateway_id.as_deref(),
            instance: $request.instance_id.as_deref(),
            interface: $request.network_interface_id.as_deref(),
            peering: $request.vpc_peering_connection_id.as_deref(),
            nat_gateway: $request.nat_gateway_id.as_deref(),
            egress_only: $request.egress_only_internet_gateway_id.as_deref(),
            others: [
                (ResourceKind::TransitGateway, $request.transit_gateway_id.as_deref()),
                (ResourceKind::VpcEndpoint, $request.vpc_endpoint_id.as_deref()),
            ],
        }
    };
}

/// What a request says where a route leads to.
enum Destination<'a> {
    Block(IpNet),
    PrefixList(&'a str),
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
    /// Whether a route of this VPC's tables is active or a blackhole (RT-15).
    pub(crate) fn route_state(&self, vpc: VpcId, target: &RouteTarget) -> RouteState {
        let usable = match target {
            RouteTarget::InternetGateway(id) => {
                self.internet_gateways.get(id).is_some_and(|gateway| gateway.attached == Some(vpc))
            }
            RouteTarget::Peering(id) => {
                self.peerings.get(id).is_some_and(|peering| peering.status == PeeringStatus::Active)
            }
            RouteTarget::NetworkInterface(id) => self
                .network_interfaces
                .get(id)
                .and_then(|interface| self.instances.get(&interface.attachment.as_ref()?.instance))
                .is_some_and(|instance| instance.state == InstanceState::Running),
            RouteTarget::NatGateway(id) => self.nat_gateways.get(id).is_some_and(NatGateway::is_available),
            RouteTarget::EgressOnlyInternetGateway(id) => self.egress_only_internet_gateways.contains_key(id),
            RouteTarget::VpcEndpoint(id) => self.vpc_endpoints.contains_key(id),
        };
        if usable { RouteState::Active } else { RouteState::Blackhole }
    }

    pub(crate) fn create_route(&mut self, caller: &Caller, request: CreateRoute) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let destination = match destination!(request) {
            Destination::Block(block) => block,
            Destination::PrefixList(list) => {
                let target = self.target(
                    caller,
                    table,
                    self.prefix_list_of(caller, parse_id(list)?)?.family(),
                    target_ids!(request),
                )?;
                self.check_for_gateway(table, None)?;
                let (table, list) = (table.id, list.to_owned());
                return self.create_prefix_list_route(caller, table, &list, target, request.dry_run);
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
                let target = self.target(
                    caller,
                    table,
                    self.prefix_list_of(caller, parse_id(list)?)?.family(),
                    target_ids!(request),
                )?;
                self.check_for_gateway(table, None)?;
                let (table, list) = (table.id, list.to_owned());
                return self.replace_prefix_list_route(caller, table, &list, target, request.dry_run);
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

    pub(crate) fn delete_route(&mut self, caller: &Caller, request: DeleteRoute) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let destination = match destination!(request) {
            Destination::Block(block) => block,
            Destination::PrefixList(list) => {
                let (table, list) = (table.id, list.to_owned());
                return self.delete_prefix_list_route(caller, table, &list, request.dry_run);
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

    fn describe_route(&self, vpc: VpcId, object: Object, target: &RouteTarget) -> Value {
        let state = self.route_state(vpc, target);
        match *target {
            RouteTarget::VpcEndpoint(id) => {
                object.text("GatewayId", id).text("Origin", "CreateRoute").text("State", state).into()
            }
            RouteTarget::InternetGateway(id) => {
                object.text("GatewayId", id).text("Origin", "CreateRoute").text("State", state).into()
            }
            RouteTarget::Peering(id) => {
                object.text("Origin", "CreateRoute").text("State", state).text("VpcPeeringConnectionId", id).into()
            }
            RouteTarget::NetworkInterface(id) => {
                let interface = self.network_interfaces.get(&id);
                let instance = interface.and_then(|interface| Some(interface.attachment.as_ref()?.instance));
                object
                    .optional_text("InstanceId", instance)
                    .optional_text("InstanceOwnerId", interface.filter(|_| instance.is_some()).map(|it| it.owner))
                    .text("NetworkInterfaceId", id)
                    .text("Origin", "CreateRoute")
                    .text("State", state)
                    .into()
            }
            RouteTarget::NatGateway(id) => {
                object.text("NatGatewayId", id).text("Origin", "CreateRoute").text("State", state).into()
            }
            RouteTarget::EgressOnlyInternetGateway(id) => {
                object.text("EgressOnlyInternetGatewayId", id).text("Origin", "CreateRoute").text("State", state).into()
            }
        }
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
            IpNet::V4(subnet.ipv4_block) == destination
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

    /// The target a request names, checked to be of the table's VPC (RT-16, RT-19, RT-20).
    fn target(
        &self,
        caller: &Caller,
        table: &RouteTable,
        family: Family,
        ids: TargetIds<'_>,
    ) -> Result<RouteTarget, ApiError> {
        let given = [ids.gateway, ids.instance, ids.interface, ids.peering, ids.nat_gateway, ids.egress_only];
        let given = given.iter().flatten().count() + ids.others.iter().filter(|(_, id)| id.is_some()).count();
        match given {
            0 => {
                return Err(ApiError::new(
                    "MissingParameter",
                    "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                     vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, instanceId or vpcEndpointId",
                ));
            }
            1 => {}
            _ => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "The request must contain exactly one target of a route",
                ));
            }
        }
        if let Some((kind, id)) = ids.others.into_iter().find_map(|(kind, id)| Some((kind, id?))) {
            // RouteTargets of AWS that no operation of vpcsim makes: there can be none.
            return Err(match kind {
                ResourceKind::VpcEndpoint => self.endpoint_as_target(caller, id),
                kind => ApiError::not_found(kind, id),
            });
        }
        let elsewhere = |what: &str, id: &dyn fmt::Display| {
            ApiError::invalid_value(format!("route table {} and {what} {id} belong to different networks", table.id))
        };
        if let Some(text) = ids.gateway.filter(|text| text.starts_with("vpce-")) {
            return Err(self.endpoint_as_target(caller, text));
        }
        if let Some(text) = ids.gateway {
            let unknown =
                || ApiError::new("InvalidGatewayID.NotFound", format!("The gateway ID '{text}' does not exist"));
            let id: InternetGatewayId = parse_id(text).map_err(|_| unknown())?;
            let gateway = self.seen::<InternetGateway>(caller, id).map_err(|_| unknown())?;
            if gateway.attached != Some(table.vpc) {
                return Err(elsewhere("network gateway", &id));
            }
            return Ok(RouteTarget::InternetGateway(id));
        }
        if let Some(text) = ids.peering {
            let peering = self.find::<VpcPeeringConnection>(caller, text)?;
            let usable = matches!(
                peering.status,
                PeeringStatus::InitiatingRequest { .. }
                    | PeeringStatus::PendingAcceptance
                    | PeeringStatus::Provisioning { .. }
                    | PeeringStatus::Active
            );
            if !usable || (peering.requester.vpc != table.vpc && peering.accepter.vpc != table.vpc) {
                return Err(elsewhere("network gateway", &peering.id));
            }
            return Ok(RouteTarget::Peering(peering.id));
        }
        if let Some(text) = ids.nat_gateway {
            let gateway = self.nat_gateway_target(caller, text, family)?;
            if gateway.vpc != table.vpc {
                return Err(elsewhere("network gateway", &gateway.id));
            }
            return Ok(RouteTarget::NatGateway(gateway.id));
        }
        if let Some(text) = ids.egress_only {
            let gateway = self.find::<EgressOnlyInternetGateway>(caller, text)?;
            if family == Family::V4 {
                return Err(ApiError::invalid_value(format!(
                    "{} takes IPv6 only: the route needs a destinationIpv6CidrBlock.",
                    gateway.id
                ))); // RT-19
            }
            if gateway.vpc != table.vpc {
                return Err(elsewhere("network gateway", &gateway.id));
            }
            return Ok(RouteTarget::EgressOnlyInternetGateway(gateway.id));
        }
        let interface = match (ids.interface, ids.instance) {
            (Some(text), _) => self.find::<NetworkInterface>(caller, text)?,
            (None, text) => {
                let instance = self.find::<Instance>(caller, text.expect("one target is given, and no other is"))?;
                let [interface] = instance.interfaces[..] else {
                    return Err(ApiError::new(
                        "InvalidInstanceID",
                        format!(
                            "There are {} interfaces attached to instance '{}'. Please specify an interface ID for the \
                             operation instead.",
                            instance.interfaces.len(),
                            instance.id
                        ),
                    ));
                };
                &self.network_interfaces[&interface]
            }
        };
        if interface.vpc != table.vpc {
            return Err(elsewhere("interface", &interface.id));
        }
        Ok(RouteTarget::NetworkInterface(interface.id))
    }

    /// The NAT gateway that a route names.
    fn nat_gateway_target(&self, caller: &Caller, text: &str, family: Family) -> Result<&NatGateway, ApiError> {
        let unknown =
            || ApiError::new("InvalidNatGatewayID.NotFound", format!("The natGateway ID '{text}' does not exist"));
        let gateway = self.find::<NatGateway>(caller, text).map_err(|_| unknown())?;
        if gateway.is_going() {
            return Err(unknown());
        }
        if family == Family::V6 {
            return Err(ApiError::not_simulated("NAT64 (an IPv6 route to a NAT gateway)")); // NAT-19
        }
        Ok(gateway)
    }
}

/// What a route within the VPC's own blocks may point at (RT-13).
fn may_be_inside(target: RouteTarget) -> bool {
    matches!(target, RouteTarget::NetworkInterface(_) | RouteTarget::NatGateway(_))
}

impl Destination<'_> {
    /// The one destination a request gives.
    fn read<'a>(
        ipv4: Option<&str>,
        ipv6: Option<&str>,
        prefix_list: Option<&'a str>,
    ) -> Result<Destination<'a>, ApiError> {
        match (ipv4, ipv6, prefix_list) {
            (Some(text), None, None) => {
                ipv4_block(text, "destinationCidrBlock").map(|block| Destination::Block(IpNet::V4(block)))
            }
            (None, Some(text), None) => {
                ipv6_block(text, "destinationIpv6CidrBlock").map(|block| Destination::Block(IpNet::V6(block)))
            }
            (None, None, Some(text)) => Ok(Destination::PrefixList(text)),
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
