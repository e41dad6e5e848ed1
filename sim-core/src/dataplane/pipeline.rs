//! A packet's path, in order, both directions: start reading here.
//!
//! Eight hops, each one engine event: a frame leaves an interface, crosses a peering connection, goes out or comes in through an
//! Internet gateway or a gateway endpoint, goes out through an egress-only gateway, arrives at an interface. Each hop calls its
//! stages top to bottom; a stage passes the packet on or drops it
//! with a reason, and the pipeline alone tells the trace. Ingress and egress are seen from the interface or gateway, and for a
//! network ACL from the subnet.
//!
//! ```text
//!  leave_eni ──┬──────────────────────────────► arrive_eni      same VPC
//!              ├─► cross_peering ─────────────► arrive_eni      the peer VPC, never a gateway of it (PCX-22)
//!              ├─► leave_egress_only_gateway ─► the Internet
//!              ├─► leave_endpoint ─► S3 or DynamoDB ─► enter_endpoint ─► arrive_eni
//!              └─► leave_internet_gateway ──┬─► the Internet, or a public service of AWS
//!                                           └─► enter_internet_gateway ─► arrive_eni
//! ```
//!
//! A NAT gateway has an interface like an instance. What arrives there is translated and leaves by the same interface, in the
//! same event: from `arrive_eni` on, by any of the ways above. An instance that forwards does so in its own time: what leaves it is
//! a packet of its own, which the trace knows for the same ([`Step::PassedOn`]). A gateway route table sends what comes in by an instance first.
//!
//! What the stages decided for one packet of a flow is done to the next without asking them again ([`super::known_way`]). A
//! probe goes on past what drops it ([`super::probe`]); nothing else here knows of probes.
//!
//! Where the filters of an interface have let a packet through, its flow logs are told ([`Hop::accepted`]); where one of them
//! refuses it, they are told there.
//!
//! No router of a VPC lowers the TTL (L2-12, L2-14), and none says why it drops (L2-18, L2-21), except for size (MTU-3).

use std::net::IpAddr;

use super::conntrack::Flows;
use super::gateway::nat::NatGateway;
use super::gateway::{egress_only, endpoint, ingress_routing, internet, peering};
use super::hop::{Stop, deleted, detached, fits, ip_of, sent_from_inside};
use super::known_way::HandOver;
use super::services::PlatformService;
use super::tables::{
    EndpointIndex, EniIndex, Guest, Interface, PeeringIndex, PeeringSide, ServiceIndex, Tables, Target, VpcIndex,
};
use super::{eni, route_table};
use crate::engine::SimTime;
use crate::flat::flat;
use crate::net::{Frame, IpHeader, MacAddr, lower_ttl, rewrite_macs};
use crate::trace::{Direction, PacketTag, Step, Trace};

/// Where a frame entered the VPC it is in. This is what makes routing non-transitive (PCX-22).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// Sent by an interface of the VPC.
    Interface(EniIndex),
    /// Sent by the router of the receiver's own subnet: an ICMP error.
    Router,
    /// Handed over by a peering connection.
    Peering(PeeringIndex),
    /// Came from the Internet, through an Internet gateway or an egress-only one.
    InternetGateway(VpcIndex),
    /// An answer of the service behind a gateway endpoint.
    Endpoint(EndpointIndex),
}

flat!(enum Entry {
    0 => Interface(eni),
    1 => Router,
    2 => Peering(peering),
    3 => InternetGateway(vpc),
    4 => Endpoint(endpoint),
});

/// A frame inside the fabric.
#[derive(Clone, Debug)]
pub(crate) struct Transit {
    /// The frame.
    pub frame: Frame,
    /// Which packet it is.
    pub packet: PacketTag,
    /// Where it entered the VPC it is in.
    pub entry: Entry,
    /// What the peering connection that it is on its way to does with it, if that is known.
    pub hand_over: Option<HandOver>,
}

impl Transit {
    /// A frame that has just entered.
    pub(crate) fn new(frame: Frame, packet: PacketTag, entry: Entry) -> Transit {
        Transit { frame, packet, entry, hand_over: None }
    }
}

/// Where a frame goes next. Every `Next` is one engine event, so that captures have honest times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Over the access link to the guest behind the interface.
    Guest(EniIndex),
    /// Through the fabric to the interface: [`arrive_eni`].
    Eni(EniIndex),
    /// Through the fabric to the peering connection: [`cross_peering`].
    Peering(PeeringSide),
    /// Through the fabric to the VPC's Internet gateway, outbound: [`leave_internet_gateway`].
    InternetGatewayOut(VpcIndex),
    /// From the Internet to the VPC's gateway that answers there: [`enter_internet_gateway`].
    InternetGatewayIn(VpcIndex),
    /// Out on the Internet, to whoever has the destination address.
    Internet,
    /// Through the fabric to the VPC's egress-only Internet gateway: [`leave_egress_only_gateway`].
    EgressOnlyGateway(VpcIndex),
    /// Through the fabric to the gateway endpoint, outbound: [`leave_endpoint`].
    EndpointOut(EndpointIndex),
    /// From the service to the gateway endpoint: [`enter_endpoint`].
    EndpointIn(EndpointIndex),
    /// Out of the gateway endpoint, to the service behind it.
    BehindEndpoint(EndpointIndex),
    /// To a public service of AWS, at its public address (IGW-14).
    PublicService(ServiceIndex),
}

flat!(enum Next {
    0 => Guest(eni),
    1 => Eni(eni),
    2 => Peering(peering),
    3 => InternetGatewayOut(vpc),
    4 => InternetGatewayIn(vpc),
    5 => Internet,
    6 => EgressOnlyGateway(vpc),
    7 => EndpointOut(endpoint),
    8 => EndpointIn(endpoint),
    9 => BehindEndpoint(endpoint),
    10 => PublicService(service),
});

/// What came of a hop. What is left in the [`Transit`] is as the hop made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// On to the next hop, either the frame itself or what the VPC answered by itself: a packet of its own that goes back
    /// towards the guest that sent the other.
    Forward(Next),
    /// Larger than the gateway takes, and may be cut (MTU-3): the hop is to be made again by each of its fragments, whose
    /// packets have at most so many bytes.
    Fragment(u16),
    /// For a service at the far end of the interface's own link, which answers with packets of its own.
    Platform(EniIndex, PlatformService),
    /// For the DHCP server of the interface's subnet, which answers with a packet of its own.
    Dhcp(EniIndex),
    /// Lost (and the trace knows why), or eaten in silence. The buffer may be used again.
    Consumed,
}

/// What a hop may use.
#[derive(Debug)]
pub(crate) struct Hop<'a> {
    /// Virtual time.
    pub now: SimTime,
    /// The compiled tables.
    pub tables: &'a Tables,
    /// Counts changes of the tables: what was decided by rules of another number may be decided otherwise now.
    pub rules: u64,
    /// Tracked flows, which outlive the tables.
    pub flows: &'a mut Flows,
    /// The one hook to the observers.
    pub trace: &'a mut Trace,
}

/// A frame leaves an interface for the network.
pub(crate) fn leave_eni(hop: &mut Hop<'_>, eni: EniIndex, transit: &mut Transit) -> Outcome {
    if let Some(next) = hop.leave_as_before(eni, transit) {
        return Outcome::Forward(next);
    }
    let outcome = hop.run(transit, |hop, transit| leave(hop, eni, transit));
    match outcome {
        Outcome::Forward(Next::Guest(_))
        | Outcome::Fragment(_)
        | Outcome::Platform(..)
        | Outcome::Dhcp(_)
        | Outcome::Consumed => {} // The VPC has answered, or the packet is lost.
        Outcome::Forward(next) => hop.learn_way_out(eni, transit, next),
    }
    outcome
}

fn leave(hop: &mut Hop<'_>, index: EniIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let at = tables.interface(index).ok_or(Stop::Silence)?;
    hop.mark(&at, transit);
    hop.seen(transit, at.eni.id, Direction::Egress);

    hop.answer(&at, &transit.frame)?; // ARP, neighbour discovery, DHCP, DNS
    let ip = *eni::check_unicast(&at, &transit.frame)?;
    hop.address_checked(&at, transit, eni::check_source(&at, &ip))?;
    hop.ask_platform(&at, transit)?; // metadata, time: never routed, not filtered by any rule (ADDR-16, SG-26)
    route_table::refuse_reserved(&at, ip.destination)?; // not filtered by any rule (SG-26)
    hop.security_groups(&at, Direction::Egress, transit)?; // stateful
    hop.tell(transit, Step::Vpc { vpc: at.vpc.id });
    if let Some(neighbor) = eni::on_link(&at, &transit.frame.headers)? {
        hop.accepted(&at, Direction::Egress, transit); // for flow logs
        return Ok(Next::Eni(neighbor)); // switched, no route table sees it (L2-6)
    }
    if !at.subnet.contains(ip.destination) {
        hop.network_acl(&at, Direction::Egress, transit, &ip)?; // stateless, never within a subnet (ACL-6)
    }
    hop.accepted(&at, Direction::Egress, transit); // whatever becomes of it further on (FL-7)
    if let Some(peering) = hop.way_back_to_nat_gateway(at.eni.index, &transit.frame, &ip) {
        return Ok(Next::Peering(tables.side(peering, at.vpc_index))); // no route is needed (NAT-14)
    }
    let target = match hop.route(&at, transit, ip.destination) {
        Ok(target) => target, // longest prefix; a blackhole drops
        Err(reason) => return Ok(hop.go_round(transit, index, reason)?),
    };
    follow_route(tables, &at, target, &ip)
}

/// Where a route's target is.
fn follow_route(tables: &Tables, at: &Interface<'_>, target: Target, ip: &IpHeader) -> Result<Next, Stop> {
    match target {
        Target::Local => Ok(Next::Eni(route_table::deliver_local(at, ip.destination)?)),
        Target::Eni(middlebox) | Target::NatGateway(middlebox) => Ok(Next::Eni(middlebox)),
        Target::Peering(peering) => Ok(Next::Peering(tables.side(peering, at.vpc_index))),
        Target::InternetGateway(_) => Ok(Next::InternetGatewayOut(at.vpc_index)),
        Target::EgressOnlyGateway(_) => Ok(Next::EgressOnlyGateway(at.vpc_index)),
        Target::Endpoint(endpoint) => Ok(Next::EndpointOut(endpoint)),
    }
}

/// What a service of the platform sends is at the interface at once and goes straight to its guest: no rule judges it (SG-26).
pub(crate) fn leave_platform(hop: &mut Hop<'_>, eni: EniIndex, transit: &Transit) -> Outcome {
    hop.hand_to_guest(eni, transit)
}

/// A frame crosses a peering connection.
pub(crate) fn cross_peering(hop: &mut Hop<'_>, side: PeeringSide, transit: &mut Transit) -> Outcome {
    match hop.cross_as_foreseen(side, transit) {
        Some(next) => Outcome::Forward(next),
        None => hop.run(transit, |hop, transit| cross(hop, side, transit)),
    }
}

fn cross(hop: &mut Hop<'_>, side: PeeringSide, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let peering = tables.peering(side);
    hop.seen(transit, peering.id, Direction::Egress);
    let (sender, ip) = sent_from_inside(transit, peering.id.into())?;
    let (near, far) = peering.seen_from(side);

    let owner = match peering::hand_over(peering, tables.vpc(near), tables.vpc(far), ip) {
        Ok(owner) => owner,
        Err(reason) => return Ok(hop.go_round(transit, sender, reason)?),
    };
    fits(ip, sender, peering.id.into(), peering.mtu_bytes)?;
    hop.tell(transit, Step::Gateway { gateway: peering.id.into() });
    hop.tell(transit, Step::Vpc { vpc: tables.vpc_id(far) });
    transit.entry = Entry::Peering(side.peering());
    Ok(Next::Eni(owner)) // no route table of the receiving VPC is asked (PCX-30)
}

/// A frame leaves a VPC through its Internet gateway.
pub(crate) fn leave_internet_gateway(hop: &mut Hop<'_>, vpc: VpcIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| go_out(hop, vpc, transit))
}

fn go_out(hop: &mut Hop<'_>, index: VpcIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let vpc = tables.vpc(index);
    let gateway = vpc.internet_gateway.as_ref().ok_or_else(|| detached(vpc.id.into(), Direction::Egress))?;
    hop.seen(transit, gateway.id, Direction::Egress);
    let (sender, ip) = sent_from_inside(transit, gateway.id.into())?;

    let public = match internet::check_outbound(gateway, vpc, tables.interface(sender), ip) {
        Ok(public) => public,
        Err(reason) => return Ok(hop.go_round(transit, sender, reason)?),
    };
    fits(ip, sender, gateway.id.into(), internet::MTU_BYTES)?;
    ingress_routing::check_way_out(vpc, gateway, sender, ip.source)?; // both ways by the same appliance (EDGE-6)
    let destination = ip.destination;
    hop.tell(transit, Step::Gateway { gateway: gateway.id.into() });
    let translation = internet::translate_outbound(gateway, &mut transit.frame, public);
    hop.translated(transit, gateway.id.into(), translation);
    // A public address of the same VPC: the gateway turns the packet round (IGW-12).
    let is_own = tables.internet_gateway_of(destination) == Some(index);
    if is_own {
        return Ok(Next::InternetGatewayIn(index));
    }
    Ok(beyond_gateway(tables, destination))
}

/// Who is asked beyond a gateway to the Internet: a public service of AWS at its own addresses, or the Internet.
fn beyond_gateway(tables: &Tables, destination: IpAddr) -> Next {
    tables.service_at.get(&destination).map_or(Next::Internet, |service| Next::PublicService(*service))
}

/// A frame leaves a VPC through its egress-only Internet gateway.
pub(crate) fn leave_egress_only_gateway(hop: &mut Hop<'_>, vpc: VpcIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| go_out_for_good(hop, vpc, transit))
}

fn go_out_for_good(hop: &mut Hop<'_>, index: VpcIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let vpc = tables.vpc(index);
    let gateway = vpc.egress_only_gateway.ok_or_else(|| detached(vpc.id.into(), Direction::Egress))?;
    hop.seen(transit, gateway, Direction::Egress);
    let (sender, ip) = sent_from_inside(transit, gateway.into())?;
    fits(ip, sender, gateway.into(), internet::MTU_BYTES)?;
    let flows = hop.flows.gateways.egress_only(index);
    egress_only::admit_outbound(gateway, flows, vpc, hop.now, ip)?; // remembers the flow
    let destination = ip.destination;
    hop.tell(transit, Step::Gateway { gateway: gateway.into() });
    Ok(beyond_gateway(tables, destination))
}

/// A frame from the Internet enters a VPC through its Internet gateway, or comes back through its egress-only one.
pub(crate) fn enter_internet_gateway(hop: &mut Hop<'_>, vpc: VpcIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| come_in(hop, vpc, transit))
}

fn come_in(hop: &mut Hop<'_>, index: VpcIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let vpc = tables.vpc(index);
    let ip = ip_of(&transit.frame, vpc.id.into(), Direction::Ingress)?;
    if let Some((gateway, owner)) = egress_only::way_in(vpc, &ip) {
        hop.seen(transit, gateway, Direction::Ingress);
        let flows = hop.flows.gateways.egress_only(index);
        egress_only::admit_inbound(gateway, flows, hop.now, &transit.frame, &ip)?; // answers only (EIGW-1)
        hop.tell(transit, Step::Gateway { gateway: gateway.into() });
        hop.tell(transit, Step::Vpc { vpc: vpc.id });
        transit.entry = Entry::InternetGateway(index);
        return Ok(Next::Eni(owner.index));
    }
    let gateway = vpc.internet_gateway.as_ref().ok_or_else(|| detached(vpc.id.into(), Direction::Ingress))?;
    hop.seen(transit, gateway.id, Direction::Ingress);

    let (owner, private) = internet::check_inbound(gateway, vpc, &ip)?;
    hop.tell(transit, Step::Gateway { gateway: gateway.id.into() });
    let translation = internet::translate_inbound(gateway, &mut transit.frame, private);
    hop.translated(transit, gateway.id.into(), translation);
    hop.tell(transit, Step::Vpc { vpc: vpc.id });
    transit.entry = Entry::InternetGateway(index);
    let Some(table) = ingress_routing::table(vpc, gateway) else {
        return Ok(Next::Eni(owner)); // without a gateway route table the way in is local (RT-27)
    };
    match hop.route_by(table, vpc.id, transit, private)? {
        Target::Eni(appliance) => {
            ingress_routing::check_appliance(tables, gateway, table, appliance, private)?; // EDGE-5
            Ok(Next::Eni(appliance))
        }
        _ => Ok(Next::Eni(owner)),
    }
}

/// A frame leaves a VPC through a gateway endpoint.
pub(crate) fn leave_endpoint(hop: &mut Hop<'_>, endpoint: EndpointIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| go_to_service(hop, endpoint, transit))
}

fn go_to_service(hop: &mut Hop<'_>, index: EndpointIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let endpoint = tables.endpoint(index);
    hop.seen(transit, endpoint.id, Direction::Egress);
    let (_, ip) = sent_from_inside(transit, endpoint.id.into())?;

    endpoint::check_outbound(endpoint, tables.vpc(endpoint.vpc), ip)?; // the source stays private (GWE-8)
    hop.tell(transit, Step::Gateway { gateway: endpoint.id.into() });
    Ok(Next::BehindEndpoint(index))
}

/// An answer of the service behind a gateway endpoint comes back through it.
pub(crate) fn enter_endpoint(hop: &mut Hop<'_>, endpoint: EndpointIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| come_from_service(hop, endpoint, transit))
}

fn come_from_service(hop: &mut Hop<'_>, index: EndpointIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let endpoint = tables.endpoint(index);
    let vpc = tables.vpc(endpoint.vpc);
    hop.seen(transit, endpoint.id, Direction::Ingress);
    let ip = ip_of(&transit.frame, endpoint.id.into(), Direction::Ingress)?;

    let owner = endpoint::check_inbound(endpoint, tables.service(endpoint.service), vpc, &ip)?;
    hop.tell(transit, Step::Gateway { gateway: endpoint.id.into() });
    hop.tell(transit, Step::Vpc { vpc: vpc.id });
    transit.entry = Entry::Endpoint(index);
    Ok(Next::Eni(owner))
}

/// A frame arrives at an interface.
pub(crate) fn arrive_eni(hop: &mut Hop<'_>, eni: EniIndex, transit: &mut Transit) -> Outcome {
    if let Some(next) = hop.arrive_as_before(eni, transit) {
        return Outcome::Forward(next);
    }
    let outcome = hop.run(transit, |hop, transit| arrive(hop, eni, transit));
    if outcome == Outcome::Forward(Next::Guest(eni)) {
        hop.learn_way_in(eni, transit);
    }
    outcome
}

fn arrive(hop: &mut Hop<'_>, index: EniIndex, transit: &mut Transit) -> Result<Next, Stop> {
    let tables = hop.tables;
    let at = tables.interface(index).ok_or_else(|| deleted(tables.eni_id(index).into()))?;
    let origin = Neighborhood::of(tables, &at, transit.entry);
    rewrite_macs(&mut transit.frame, origin.source_mac(&at), at.eni.mac);
    let point = at.point();
    hop.seen(transit, point, Direction::Ingress);
    let ip = ip_of(&transit.frame, point, Direction::Ingress)?;
    hop.recognize_answer(&at, transit, &ip);

    if let Neighborhood::Beyond = origin {
        hop.network_acl(&at, Direction::Ingress, transit, &ip)?; // stateless, never within a subnet (ACL-6)
    }
    if let Guest::NatGateway(id) = at.eni.guest {
        hop.accepted(&at, Direction::Ingress, transit);
        return pass_nat_gateway(hop, NatGateway { id, at }, transit, &ip);
    }
    hop.note_way_back_to_nat_gateway(&at, transit, &ip);
    hop.security_groups(&at, Direction::Ingress, transit)?; // stateful
    hop.accepted(&at, Direction::Ingress, transit);
    hop.address_checked(&at, transit, eni::check_destination(&at, &ip))?;
    eni::check_guest(&at)?;
    hop.delivered(transit, at.eni.id.into());
    Ok(Next::Guest(index))
}

/// A NAT gateway passes a packet on, translated; to IPv4 and back where an IPv6 host sends to IPv4 (NAT-19).
fn pass_nat_gateway(
    hop: &mut Hop<'_>,
    nat: NatGateway<'_>,
    transit: &mut Transit,
    ip: &IpHeader,
) -> Result<Next, Stop> {
    let refuse = |refusal| Stop::Refused { nat_gateway: nat.at.eni.index, refusal };
    let state = hop.flows.gateways.nat(nat.at.eni.index);
    nat.check_capacity(&mut state.capacity, hop.now, ip)?; // bandwidth and packet rate (NAT-12)
    nat.check_protocol(&transit.frame, ip)?; // TCP, UDP and ICMP (NAT-1)
    nat.check_size(&transit.frame, ip).map_err(refuse)?;
    if !lower_ttl(&mut transit.frame, 1) {
        return Err(refuse(nat.expired(&transit.frame, ip))); // a hop of its own (L2-15)
    }
    let translation = nat.translate(&mut state.bindings, hop.now, &mut transit.frame, ip).map_err(refuse)?;
    hop.tell(transit, Step::Gateway { gateway: nat.id.into() });
    hop.port_translated(transit, nat.id.into(), translation);
    leave_nat(hop, nat, transit)
}

/// What a NAT gateway sends leaves its interface, by the network ACL and the route table of its own subnet (NAT-10, RT-26). No
/// security group judges it.
fn leave_nat(hop: &mut Hop<'_>, nat: NatGateway<'_>, transit: &mut Transit) -> Result<Next, Stop> {
    let at = nat.at;
    transit.entry = Entry::Interface(at.eni.index);
    rewrite_macs(&mut transit.frame, at.eni.mac, at.subnet.router_mac);
    hop.seen(transit, nat.id, Direction::Egress);
    let ip = ip_of(&transit.frame, nat.id.into(), Direction::Egress)?;
    route_table::refuse_reserved(&at, ip.destination)?; // NAT64 leads to no service of the VPC's own (ADDR-16)
    if !at.subnet.contains(ip.destination) {
        hop.network_acl(&at, Direction::Egress, transit, &ip)?; // stateless, never within a subnet (ACL-6)
    }
    hop.accepted(&at, Direction::Egress, transit);
    let target = match hop.route(&at, transit, ip.destination) {
        Ok(target) => target,
        Err(reason) => return Ok(hop.go_round(transit, at.eni.index, reason)?), // it stays in the VPC (NAT-20)
    };
    if target == Target::NatGateway(at.eni.index) {
        let (decider, origin) = internet::route_taken(Some(at), ip.destination);
        return Err(nat.loops(decider, origin).into()); // NAT-21
    }
    follow_route(hop.tables, &at, target, &ip)
}

/// What a NAT gateway has to say itself leaves its interface.
pub(super) fn leave_nat_gateway(hop: &mut Hop<'_>, eni: EniIndex, transit: &mut Transit) -> Outcome {
    hop.run(transit, |hop, transit| {
        let at = hop.tables.interface(eni).ok_or(Stop::Silence)?;
        let Guest::NatGateway(id) = at.eni.guest else { return Err(Stop::Silence) };
        leave_nat(hop, NatGateway { id, at }, transit)
    })
}

/// Where an arriving frame comes from, seen from the interface.
enum Neighborhood {
    /// Another interface of the subnet, with its MAC address (L2-2).
    Subnet(MacAddr),
    /// The subnet's router itself.
    Router,
    /// Another subnet, or beyond the VPC.
    Beyond,
}

impl Neighborhood {
    fn of(tables: &Tables, at: &Interface<'_>, entry: Entry) -> Neighborhood {
        match entry {
            Entry::Router => Neighborhood::Router,
            Entry::Interface(sender) => match tables.interface(sender) {
                Some(sender) if sender.subnet.id == at.subnet.id => Neighborhood::Subnet(sender.eni.mac),
                _ => Neighborhood::Beyond,
            },
            Entry::Peering(_) | Entry::InternetGateway(_) | Entry::Endpoint(_) => Neighborhood::Beyond,
        }
    }

    fn source_mac(&self, at: &Interface<'_>) -> MacAddr {
        match *self {
            Neighborhood::Subnet(mac) => mac,
            Neighborhood::Router | Neighborhood::Beyond => at.subnet.router_mac,
        }
    }
}
