//! The stations between which frames are under way: what schedules their events, the roads between them, and their names.

use super::guests::Plug;
use super::internet;
use super::links::{FabricLink, Road};
use super::partition::Shared;
use super::placement::Behind;
use crate::dataplane::pipeline::Next;
use crate::dataplane::tables::{EndpointIndex, EniIndex, Guest, PeeringSide, ServiceIndex, Tables, VpcIndex};
use crate::id::{AvailabilityZone, ResourceId};
use crate::trace::Decider;

/// Five kinds of things schedule events: interfaces, Internet hosts (and the Internet itself, before the first), the two sides
/// of peering connections, and the edges of VPCs, where both kinds of Internet gateways are, and gateway endpoints. A NAT gateway
/// is an interface. Their numbers interleave, so that they are distinct and dense.
const SCHEDULERS: u32 = 5;

/// What schedules an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scheduler {
    Port(Plug),
    Internet,
    PeeringSide(PeeringSide),
    InternetGateway(VpcIndex),
    Endpoint(EndpointIndex),
}

impl Scheduler {
    pub(super) fn number(self) -> u32 {
        match self {
            Scheduler::Port(Plug::Eni(eni)) => eni.0 * SCHEDULERS,
            Scheduler::Port(Plug::Internet(host)) => (host + 1) * SCHEDULERS + 1,
            Scheduler::Internet => 1,
            Scheduler::PeeringSide(side) => side.number() * SCHEDULERS + 2,
            Scheduler::InternetGateway(vpc) => vpc.0 * SCHEDULERS + 3,
            Scheduler::Endpoint(endpoint) => endpoint.0 * SCHEDULERS + 4,
        }
    }
}

/// The road of a frame from one station of the fabric, in this partition, to the next.
pub(super) fn road(
    shared: &Shared<'_>,
    partition: u32,
    from: Next,
    next: Next,
    zone: Option<AvailabilityZone>,
) -> Road {
    let (links, tables) = (shared.links, shared.tables);
    let of_vpc = |vpc: VpcIndex| tables.vpc(vpc).region;
    let of_service = |service: ServiceIndex| tables.service(service).region;
    let zone_of = |eni| zone_of(shared.tables, eni).or(zone);
    let way = match (from, next) {
        (_, Next::Internet) | (Next::Internet, _) => links.internet(),
        (Next::BehindEndpoint(endpoint), _) | (_, Next::BehindEndpoint(endpoint)) => {
            let endpoint = tables.endpoint(endpoint);
            links.gateway_to_service(of_vpc(endpoint.vpc), of_service(endpoint.service))
        }
        (Next::PublicService(service), Next::InternetGatewayIn(vpc))
        | (Next::InternetGatewayOut(vpc) | Next::EgressOnlyGateway(vpc), Next::PublicService(service)) => {
            links.gateway_to_service(of_vpc(vpc), of_service(service))
        }
        (Next::Guest(from), Next::Eni(to)) => links.between(zone_of(from), zone_of(to)),
        (Next::Guest(from), _) => links.up_to_gateway(zone_of(from)),
        (_, Next::Eni(to)) => links.beyond_gateway(zone, zone_of(to)),
        _ => links.nowhere(),
    };
    let link = FabricLink::new(shared.seed, link_end(from), link_end(next));
    let elsewhere = shared.placement.of_next(shared.tables, next).filter(|elsewhere| *elsewhere != partition);
    Road { link, way, elsewhere }
}

/// Who is behind a plug.
pub(super) fn guest_behind(shared: &Shared<'_>, plug: Plug) -> Option<Behind> {
    match plug {
        Plug::Eni(eni) => shared.wiring.behind(eni),
        Plug::Internet(host) => Some(Behind { guest: shared.internet.guest(host), port: 0 }),
    }
}

/// A plug as a drop names it.
pub(super) fn plug_id(shared: &Shared<'_>, plug: Plug) -> ResourceId {
    match plug {
        Plug::Eni(eni) => shared.tables.eni_id(eni).into(),
        Plug::Internet(host) => shared.internet.id(host),
    }
}

/// Why nobody is behind a plug: whom the control plane calls running and who is not there yet, boots.
pub(super) fn why_nobody_is_there(shared: &Shared<'_>, plug: Plug) -> Decider {
    let interface = match plug {
        Plug::Eni(eni) => shared.tables.interface(eni),
        Plug::Internet(_) => None,
    };
    let runs = interface.is_some_and(|interface| interface.eni.guest == Guest::Running);
    if runs { Decider::Booting } else { Decider::Resource }
}

/// The number of a station as the end of a link, which the link's chance depends on.
fn link_end(station: Next) -> u64 {
    let (number, kind) = match station {
        Next::Guest(eni) | Next::Eni(eni) => (eni.0, 0),
        Next::Internet => (0, 1),
        Next::Peering(side) => (side.peering().0, 2),
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) | Next::EgressOnlyGateway(vpc) => (vpc.0, 3),
        // Of its kind the Internet is number 0; endpoints, what is behind them, and services share the others.
        Next::EndpointOut(endpoint) | Next::EndpointIn(endpoint) => (endpoint.0 * 3 + 1, 1),
        Next::BehindEndpoint(endpoint) => (endpoint.0 * 3 + 2, 1),
        Next::PublicService(service) => (service.0 * 3 + 3, 1),
    };
    u64::from(number) * 4 + kind
}

/// A station as a drop names it.
pub(super) fn station_id(tables: &Tables, station: Next) -> ResourceId {
    match station {
        Next::Guest(eni) | Next::Eni(eni) => tables.eni_id(eni).into(),
        Next::Peering(side) => tables.peering(side).id.into(),
        Next::InternetGatewayOut(vpc) | Next::InternetGatewayIn(vpc) => {
            let gateway = tables.vpc(vpc).internet_gateway.as_ref();
            gateway.map_or_else(|| tables.vpc_id(vpc).into(), |gateway| gateway.id.into())
        }
        Next::EgressOnlyGateway(vpc) => {
            let gateway = tables.vpc(vpc).egress_only_gateway;
            gateway.map_or_else(|| tables.vpc_id(vpc).into(), ResourceId::from)
        }
        Next::EndpointOut(endpoint) | Next::EndpointIn(endpoint) | Next::BehindEndpoint(endpoint) => {
            tables.endpoint(endpoint).id.into()
        }
        Next::Internet | Next::PublicService(_) => internet::ID.into(),
    }
}

/// The zone an interface is in; none once it is deleted.
pub(super) fn zone_of(tables: &Tables, eni: EniIndex) -> Option<AvailabilityZone> {
    tables.interface(eni).map(|interface| interface.subnet.zone)
}
