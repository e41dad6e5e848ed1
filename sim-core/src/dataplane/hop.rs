//! The pipeline's plumbing: how a hop ends, and how the trace is told. The order of stages is not here but in `pipeline`.

use std::mem;
use std::net::IpAddr;

use super::gateway::bindings::IDLE_TIMEOUT;
use super::gateway::internet::Translation;
use super::gateway::nat::{PortTranslation, Refusal};
use super::pipeline::{self, Entry, Hop, Next, Outcome, Transit};
use super::route_table::Chosen;
use super::services::{self, Answer, PlatformService, Service};
use super::tables::{EniIndex, EniTable, Guest, Interface, PeeringIndex, ROUTER_IPV6, RouteTable, Target};
use super::{network_acl, route_table, security_group};
use crate::id::{Origin, ResourceId, VpcId};
use crate::net::{FlowKey, Frame, IpHeader, packet_too_big};
use crate::trace::{Decider, Direction, DropCode, DropReason, FlowAction, Leg, Step, VpcService};

/// Why a hop does not pass a packet on.
#[derive(Debug)]
pub(super) enum Stop {
    Drop(DropReason),
    /// The VPC answers the interface's guest.
    Answer(EniIndex, Answer),
    /// A service of the platform answers it.
    Platform(EniIndex, PlatformService),
    /// The subnet's DHCP server answers it.
    Dhcp(EniIndex),
    /// Larger than the gateway takes (MTU-3).
    TooLarge {
        sender: EniIndex,
        by: ResourceId,
        limit_bytes: u16,
    },
    /// A NAT gateway does not pass the packet on, and may have something to say to its sender.
    Refused {
        /// By its interface.
        nat_gateway: EniIndex,
        refusal: Refusal,
    },
    /// Heard, and not worth a word.
    Silence,
}

impl From<DropReason> for Stop {
    fn from(reason: DropReason) -> Stop {
        Stop::Drop(reason)
    }
}

impl Hop<'_> {
    /// Runs the stages of one hop and does what they decided.
    pub(super) fn run(
        &mut self,
        transit: &mut Transit,
        stages: impl FnOnce(&mut Self, &mut Transit) -> Result<Next, Stop>,
    ) -> Outcome {
        match stages(self, transit) {
            Ok(next) => Outcome::Forward(next),
            Err(Stop::Drop(reason)) => {
                self.tell(transit, Step::Dropped(reason));
                Outcome::Consumed
            }
            Err(Stop::Answer(asker, answer)) => self.reply(asker, answer, transit),
            Err(Stop::Platform(asker, service)) => {
                self.tell(transit, Step::Answered { service: service.service() });
                Outcome::Platform(asker, service)
            }
            Err(Stop::Dhcp(asker)) => {
                self.tell(transit, Step::Answered { service: VpcService::Dhcp });
                Outcome::Dhcp(asker)
            }
            Err(Stop::TooLarge { sender, by, limit_bytes }) => {
                let may_be_cut = transit.frame.headers.ip.is_some_and(|ip| !ip.dont_fragment);
                match may_be_cut {
                    true => self.cut(by, limit_bytes, transit),
                    false => self.refuse_size(sender, by, limit_bytes, transit),
                }
            }
            Err(Stop::Refused { nat_gateway, refusal }) => self.refuse(nat_gateway, refusal, transit),
            Err(Stop::Silence) => Outcome::Consumed,
        }
    }

    /// The packet is lost at a NAT gateway; what the gateway says of it leaves by its interface.
    fn refuse(&mut self, nat_gateway: EniIndex, refusal: Refusal, transit: &mut Transit) -> Outcome {
        self.tell(transit, Step::Dropped(refusal.reason));
        let Some(frame) = refusal.answer else { return Outcome::Consumed };
        *transit = Transit::new(*frame, transit.packet.answer(), Entry::Interface(nat_gateway));
        pipeline::leave_nat_gateway(self, nat_gateway, transit)
    }

    /// The VPC's answer is at the asker's interface at once and goes straight to its guest: no rule judges it (SG-26).
    fn reply(&mut self, asker: EniIndex, answer: Answer, transit: &mut Transit) -> Outcome {
        self.tell(transit, Step::Answered { service: answer.service() });
        let frame = answer.into_frame(mem::take(&mut transit.frame.bytes));
        *transit = Transit::new(frame, transit.packet.answer(), Entry::Router);
        self.hand_to_guest(asker, transit)
    }

    /// The packet is at the interface and goes down its link.
    pub(super) fn hand_to_guest(&mut self, index: EniIndex, transit: &Transit) -> Outcome {
        let eni = self.tables.eni_id(index);
        self.seen(transit, eni, Direction::Ingress);
        self.delivered(transit, eni.into());
        Outcome::Forward(Next::Guest(index))
    }

    /// The packet goes on in fragments, since its sender does not mind (MTU-3).
    fn cut(&mut self, by: ResourceId, limit_bytes: u16, transit: &Transit) -> Outcome {
        self.tell(transit, Step::Fragmented { gateway: by, limit_bytes });
        Outcome::Fragment(limit_bytes)
    }

    /// The packet is lost; the router of the sender's subnet tells the sender, who asked not to have its packet cut
    /// (MTU-2d, MTU-3). The message is judged at the sender's interface as any other (MTU-9).
    fn refuse_size(&mut self, sender: EniIndex, by: ResourceId, limit_bytes: u16, transit: &mut Transit) -> Outcome {
        let told = transit.frame.headers.ip.and_then(|ip| {
            let subnet = self.tables.interface(sender)?.subnet;
            let router = if ip.source.is_ipv4() { IpAddr::V4(subnet.router?) } else { IpAddr::V6(ROUTER_IPV6) };
            packet_too_big(&transit.frame, subnet.router_mac, router, limit_bytes, Vec::new())
        });
        let decider = Decider::Mtu { limit: limit_bytes, told: told.is_some() };
        let direction = Some(Direction::Egress);
        let reason = DropReason { code: DropCode::MtuExceeded, by, direction, decider, origin: Origin::Aws };
        self.tell(transit, Step::Dropped(reason));
        match told {
            Some(frame) => {
                *transit = Transit::new(frame, transit.packet.answer(), Entry::Router);
                Outcome::Forward(Next::Eni(sender))
            }
            None => Outcome::Consumed,
        }
    }

    /// Stops a frame that the VPC answers itself.
    pub(super) fn answer(&mut self, at: &Interface<'_>, frame: &Frame) -> Result<(), Stop> {
        match services::offer(at, frame) {
            Service::NotOurs => Ok(()),
            Service::Silence => Err(Stop::Silence),
            Service::Dhcp => Err(Stop::Dhcp(at.eni.index)),
            Service::Answer(answer) => Err(Stop::Answer(at.eni.index, answer)),
            Service::Metered(answer) => {
                self.flows.link_local.spend(at, self.now)?;
                Err(answer(at, frame).map_or(Stop::Silence, |answer| Stop::Answer(at.eni.index, answer)))
            }
        }
    }

    /// Stops a packet for a service of the platform, if the interface may ask any more this second (ADDR-17).
    pub(super) fn ask_platform(&mut self, at: &Interface<'_>, transit: &Transit) -> Result<(), Stop> {
        let Some(service) = services::addressed(at, &transit.frame) else { return Ok(()) };
        self.flows.link_local.spend(at, self.now)?;
        Err(Stop::Platform(at.eni.index, service))
    }

    /// The groups of an interface. They also know which way a packet that leaves goes in its conversation.
    pub(super) fn security_groups(
        &mut self,
        at: &Interface<'_>,
        direction: Direction,
        transit: &mut Transit,
    ) -> Result<(), DropReason> {
        let ip = ip_of(&transit.frame, at.eni.id.into(), direction)?;
        let ip = self.flows.fragments.judged(self.now, &transit.frame, &ip);
        let (leg, judged) = security_group::judge(at, self.flows, self.now, direction, &transit.frame, &ip, self.rules);
        if direction == Direction::Egress {
            transit.packet.leg = leg;
        }
        if judged.is_err() {
            self.log_flow(at.eni, transit, direction, FlowAction::Reject);
        }
        match self.overlook(transit, judged)? {
            Some(decision) => self.tell(transit, Step::SecurityGroup { interface: at.eni.id, direction, decision }),
            None => self.track_refused(at, direction, &ip),
        }
        Ok(())
    }

    /// What comes from outside the VPC is known for an answer by the flow that it belongs to; an instance's packets are known
    /// since they left.
    pub(super) fn recognize_answer(&mut self, at: &Interface<'_>, transit: &mut Transit, ip: &IpHeader) {
        let is_answer = match at.eni.guest {
            Guest::NatGateway(_) => {
                let bindings = &self.flows.gateways.nat(at.eni.index).bindings;
                bindings.outside(self.now, FlowKey::of(ip).reversed()).is_some()
            }
            _ => self.flows.of_mut(at.eni.index).is_answer(Direction::Ingress, ip),
        };
        if is_answer {
            transit.packet.leg = Leg::Return;
        }
    }

    pub(super) fn network_acl(
        &mut self,
        at: &Interface<'_>,
        direction: Direction,
        transit: &Transit,
        ip: &IpHeader,
    ) -> Result<(), DropReason> {
        let acl = network_acl::of(at);
        let ip = self.flows.fragments.judged(self.now, &transit.frame, ip);
        let judged = network_acl::judge(acl, direction, &ip);
        if judged.is_err() {
            self.log_flow(at.eni, transit, direction, FlowAction::Reject);
        }
        if let Some(rule) = self.overlook(transit, judged)? {
            self.tell(transit, Step::NetworkAcl { acl: acl.id, subnet: at.subnet.id, direction, rule });
        }
        Ok(())
    }

    /// Every filter of an interface has let a packet through: its flow logs note it.
    pub(super) fn accepted(&mut self, at: &Interface<'_>, direction: Direction, transit: &Transit) {
        self.log_flow(at.eni, transit, direction, FlowAction::Accept);
    }

    /// What the filters of an interface have said of a packet, for its flow logs. What the router of its subnet sends itself is
    /// not logged; what AWS answers itself has met no filter (FL-6).
    fn log_flow(&mut self, eni: &EniTable, transit: &Transit, direction: Direction, action: FlowAction) {
        let headers = &transit.frame.headers;
        let (true, Some(ip)) = (eni.is_logged && transit.entry != Entry::Router, &headers.ip) else { return };
        // SIM: what has no address of the family, as a NAT gateway that is sent IPv6, is known by the packet's.
        let own = eni.primary_address(ip.destination.is_ipv4()).unwrap_or(match direction {
            Direction::Ingress => ip.destination,
            Direction::Egress => ip.source,
        });
        let step = Step::FlowLogged { interface: eni.id, own, direction, action };
        self.trace.log_flow(transit.packet, headers, step);
    }

    /// The interface's own check of an address.
    pub(super) fn address_checked(
        &mut self,
        at: &Interface<'_>,
        transit: &Transit,
        checked: Result<(), DropReason>,
    ) -> Result<(), DropReason> {
        if self.overlook(transit, checked)?.is_some() {
            self.tell(transit, Step::AddressChecked { interface: at.eni.id });
        }
        Ok(())
    }

    pub(super) fn route(
        &mut self,
        at: &Interface<'_>,
        transit: &Transit,
        destination: IpAddr,
    ) -> Result<Target, DropReason> {
        self.route_by(route_table::of(at), at.vpc.id, transit, destination)
    }

    /// What a table of a VPC says: a subnet's, or a gateway's own (EDGE-1).
    pub(super) fn route_by(
        &mut self,
        table: &RouteTable,
        vpc: VpcId,
        transit: &Transit,
        destination: IpAddr,
    ) -> Result<Target, DropReason> {
        let Chosen { destination, target, origin } = route_table::lookup(table, destination)?;
        let target_id = match target {
            Target::Local => vpc.into(),
            Target::InternetGateway(gateway) => gateway.into(),
            Target::Peering(peering) => self.tables.peering_id(peering).into(),
            Target::Eni(eni) => self.tables.eni_id(eni).into(),
            Target::NatGateway(eni) => match self.tables.interface(eni) {
                Some(interface) => interface.point(),
                None => self.tables.eni_id(eni).into(),
            },
            Target::EgressOnlyGateway(gateway) => gateway.into(),
            Target::Endpoint(endpoint) => self.tables.endpoint(endpoint).id.into(),
        };
        self.tell(transit, Step::Route { table: table.id, destination, target: target_id, origin });
        Ok(target)
    }

    pub(super) fn translated(&mut self, transit: &Transit, gateway: ResourceId, translation: Option<Translation>) {
        if let Some(Translation { from, to }) = translation {
            self.tell(transit, Step::Translated { gateway, from, to });
        }
    }

    /// The peering connection by which a flow of a NAT gateway beyond it came to an interface that now answers.
    pub(super) fn way_back_to_nat_gateway(
        &mut self,
        eni: EniIndex,
        frame: &Frame,
        ip: &IpHeader,
    ) -> Option<PeeringIndex> {
        let returns = self.flows.gateways.returns();
        if returns.is_empty() {
            return None;
        }
        let flow = if ip.is_icmp_error() { FlowKey::quoted(frame)?.reversed() } else { FlowKey::of(ip) };
        returns.use_flow(self.now, IDLE_TIMEOUT, &(eni, flow))
    }

    /// Whether a packet that arrived has been noted for [`way_back_to_nat_gateway`](Self::way_back_to_nat_gateway).
    pub(super) fn is_noted_for_the_way_back(&mut self, eni: EniIndex, ip: &IpHeader) -> bool {
        let returns = self.flows.gateways.returns();
        !returns.is_empty() && returns.use_flow(self.now, IDLE_TIMEOUT, &(eni, FlowKey::of(ip).reversed())).is_some()
    }

    /// Remembers by which peering connection a NAT gateway's flow came, so that its answers go back the same way (NAT-14,
    /// PCX-27).
    pub(super) fn note_way_back_to_nat_gateway(&mut self, at: &Interface<'_>, transit: &Transit, ip: &IpHeader) {
        let Entry::Peering(peering) = transit.entry else { return };
        let side = self.tables.side(peering, at.vpc_index);
        let (_, far) = self.tables.peering(side).seen_from(side);
        if self.tables.nat_gateway_at(far, ip.source).is_some() && !ip.is_icmp_error() {
            let flow = (at.eni.index, FlowKey::of(ip).reversed());
            // When the memory is full the answer meets the route table like any other.
            let _ = self.flows.gateways.returns().remember(self.now, IDLE_TIMEOUT, flow, peering);
        }
    }

    /// Tells of a NAT gateway's translation. Inbound it is always an answer.
    pub(super) fn port_translated(&mut self, transit: &mut Transit, gateway: ResourceId, translation: PortTranslation) {
        let PortTranslation { from, to, direction, other_end } = translation;
        if direction == Direction::Ingress {
            transit.packet.leg = Leg::Return;
        }
        self.tell(transit, Step::PortTranslated { gateway, from, to });
        self.translated(transit, gateway, other_end);
    }

    /// A packet leaves an interface: it may be one whose whole way is told. A question to the VPC itself goes nowhere, and unless its
    /// flow was named the way that is asked for is that of what comes after it.
    pub(super) fn mark(&mut self, at: &Interface<'_>, transit: &mut Transit) {
        if !self.trace.is_told_flows() && !matches!(services::offer(at, &transit.frame), Service::NotOurs) {
            return;
        }
        self.trace.mark(&mut transit.packet, &transit.frame.headers);
    }

    /// The frame is at a capture point.
    pub(super) fn seen(&mut self, transit: &Transit, point: impl Into<ResourceId>, direction: Direction) {
        let Frame { bytes, headers } = &transit.frame;
        self.trace.seen(transit.packet, headers, point, direction, bytes);
    }

    pub(super) fn tell(&mut self, transit: &Transit, step: Step) {
        self.trace.record(transit.packet, &transit.frame.headers, step);
    }

    pub(super) fn delivered(&mut self, transit: &Transit, to: ResourceId) {
        self.trace.delivered(transit.packet, &transit.frame.headers, to);
    }
}

/// The interface that sent a packet, and its IP header. A packet that came into the VPC through a gateway goes out through none
/// (PCX-22); the hops do not send it here, so this is the net below them.
pub(super) fn sent_from_inside(transit: &Transit, gateway: ResourceId) -> Result<(EniIndex, &IpHeader), DropReason> {
    let drop = |code, decider| gateway_drop(code, gateway, Direction::Egress, decider);
    let ip = transit.frame.headers.ip.as_ref().ok_or_else(|| drop(DropCode::MalformedFrame, Decider::Resource))?;
    match transit.entry {
        Entry::Interface(sender) => Ok((sender, ip)),
        Entry::Router | Entry::Peering(_) | Entry::InternetGateway(_) | Entry::Endpoint(_) => {
            Err(drop(DropCode::NoTransitiveRouting, Decider::Address(ip.destination)))
        }
    }
}

/// Whether a gateway takes packets of this size.
pub(super) fn fits(ip: &IpHeader, sender: EniIndex, by: ResourceId, limit_bytes: u16) -> Result<(), Stop> {
    if ip.total_len > limit_bytes { Err(Stop::TooLarge { sender, by, limit_bytes }) } else { Ok(()) }
}

/// The IP header of a frame that must have one here.
pub(super) fn ip_of(frame: &Frame, by: ResourceId, direction: Direction) -> Result<IpHeader, DropReason> {
    frame.headers.ip.ok_or_else(|| gateway_drop(DropCode::MalformedFrame, by, direction, Decider::Resource))
}

/// The gateway was detached while the packet was on its way to it.
pub(super) fn detached(vpc: ResourceId, direction: Direction) -> DropReason {
    gateway_drop(DropCode::BadStateAttachment, vpc, direction, Decider::Resource)
}

/// The interface was deleted while the packet was on its way to it.
pub(super) fn deleted(eni: ResourceId) -> DropReason {
    gateway_drop(DropCode::NoPossibleDestination, eni, Direction::Ingress, Decider::Resource)
}

fn gateway_drop(code: DropCode, by: ResourceId, direction: Direction, decider: Decider) -> DropReason {
    DropReason { code, by, direction: Some(direction), decider, origin: Origin::Aws }
}
