//! What routes point at (RT-16, RT-19, RT-20), and whether it is usable (RT-15).
//!
//! Targets that vpcsim has not yet (transit gateways, VPN gateways) do not exist in any cloud, and are refused as EC2 refuses
//! an unknown one.

use std::fmt;

use serde_json::Value;

use super::answer::Object;
use super::lookup::parse_id;
use super::prefix_list::Family;
use super::{
    ApiError, Caller, Cloud, EgressOnlyInternetGateway, Instance, InstanceState, InternetGateway, NatGateway,
    NetworkInterface, PeeringStatus, RouteTable, VpcPeeringConnection,
};
use crate::id::*;

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

/// The target members of a request.
pub(super) struct TargetIds<'a> {
    pub(super) gateway: Option<&'a str>,
    pub(super) instance: Option<&'a str>,
    pub(super) interface: Option<&'a str>,
    pub(super) peering: Option<&'a str>,
    pub(super) nat_gateway: Option<&'a str>,
    pub(super) egress_only: Option<&'a str>,
    /// Kinds that vpcsim has none of.
    pub(super) others: [(ResourceKind, Option<&'a str>); 2],
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

pub(super) use target_ids;

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

    /// A route as Describe shows it, after its destination.
    pub(super) fn describe_route(&self, vpc: VpcId, object: Object, target: &RouteTarget) -> Value {
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

    /// The target a request names, checked to be of the table's VPC (RT-16, RT-19, RT-20).
    pub(super) fn target(
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
            let gateway = self.nat_gateway_target(caller, text)?;
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
    fn nat_gateway_target(&self, caller: &Caller, text: &str) -> Result<&NatGateway, ApiError> {
        let unknown =
            || ApiError::new("InvalidNatGatewayID.NotFound", format!("The natGateway ID '{text}' does not exist"));
        let gateway = self.find::<NatGateway>(caller, text).map_err(|_| unknown())?;
        if gateway.is_going() {
            return Err(unknown());
        }
        Ok(gateway) // SIM: for any IPv6 destination too; the gateway translates 64:ff9b::/96 alone (NAT-19).
    }
}
