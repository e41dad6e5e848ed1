//! The NAT gateway: many inside hosts behind the addresses of its interface (NAT-4), one way only (NAT-8).
//!
//! What it is sent by a route goes out under an address and port of its own; what comes to its address goes back to the host that
//! the binding names, or nowhere. It is a hop of its own (L2-15): it lowers the TTL, and says from its private address when one
//! runs out. It knows TCP, UDP and ICMP echoes with the errors about them (NAT-1), no other protocol, and of fragments those of
//! UDP (NAT-11). It answers no ping (NAT-9).
//!
//! What an IPv6 host sends to an address of 64:ff9b::/96 goes out as IPv4, to the address that it stands for, and what comes back
//! is IPv6 again (NAT-19, RFC 6146): a binding whose two flows are of different families. SIM: what the gateway itself says to an
//! IPv6 host comes from its private address in that prefix.
//!
//! Differs from AWS: what does not fit and may be cut is lost (MTU-2h).

use std::net::IpAddr;

use super::bindings::{Binding, NatBindings, PortsExhausted};
use super::internet::Translation;
use super::nat_capacity::{NatCapacity, Overloaded};
use crate::dataplane::conntrack::is_tcp_open;
use crate::dataplane::tables::Interface;
use crate::engine::SimTime;
use crate::id::{NatGatewayId, Origin};
use crate::net::{
    AddressField, Ends, FlowKey, FragmentOf, Frame, IpHeader, Transport, Untranslatable, clamp_mss, embed, embedded,
    packet_too_big, protocol, reset, rewrite_address, rewrite_port, rewrite_quoted_address, rewrite_quoted_port,
    time_exceeded, translate,
};
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// Largest IP packet that passes (MTU-2h).
pub(crate) const MTU_BYTES: u16 = 8500;
/// What a segment may hold on such a path (MTU-7): less 20 bytes each for IPv4 and TCP.
const MSS: u16 = MTU_BYTES - 40;
/// How much longer a packet is in IPv6 than in IPv4 (RFC 7915 §4).
const LONGER_IN_IPV6: u16 = 20;

/// A NAT gateway with its interface.
#[derive(Clone, Copy)]
pub(crate) struct NatGateway<'t> {
    pub(crate) id: NatGatewayId,
    pub(crate) at: Interface<'t>,
}

/// A packet that a NAT gateway does not pass on, and what it sends to the packet's sender instead.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: DropReason,
    /// From the gateway's private address, or, a reset, as if from the destination.
    pub(crate) answer: Option<Box<Frame>>,
}

impl From<DropReason> for Refusal {
    fn from(reason: DropReason) -> Refusal {
        Refusal { reason, answer: None }
    }
}

/// An address and port that were translated, from and to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PortTranslation {
    pub(crate) from: (IpAddr, u16),
    pub(crate) to: (IpAddr, u16),
    /// Into the VPC (`Ingress`), which is an answer, or out of it.
    pub(crate) direction: Direction,
    /// What became of the address at the other end, between the families (NAT-19).
    pub(crate) other_end: Option<Translation>,
}

impl NatGateway<'_> {
    fn drop(&self, code: DropCode, direction: Direction, decider: Decider) -> DropReason {
        DropReason { code, by: self.id.into(), direction: Some(direction), decider, origin: self.at.eni.origin }
    }

    /// The address that it speaks from to a host (NAT-3).
    fn address_for(&self, host: IpAddr) -> Option<IpAddr> {
        match (self.at.eni.addresses.first().copied()?, host) {
            (IpAddr::V4(own), IpAddr::V6(_)) => Some(embed(own).into()),
            (own, _) => Some(own),
        }
    }

    /// Which way a packet goes: to an address of the gateway's own it comes back in.
    fn direction(&self, ip: &IpHeader) -> Direction {
        if self.at.eni.addresses.contains(&ip.destination) { Direction::Ingress } else { Direction::Egress }
    }

    /// NAT-12: what is more than the gateway carries is lost.
    pub(crate) fn check_capacity(
        &self,
        capacity: &mut NatCapacity,
        now: SimTime,
        ip: &IpHeader,
    ) -> Result<(), DropReason> {
        let direction = self.direction(ip);
        let admitted = capacity.admit(now, direction, ip.total_len);
        admitted.map_err(|Overloaded| self.drop(DropCode::RateLimitExceeded, direction, Decider::Resource))
    }

    /// NAT-1 and NAT-11: TCP, UDP and ICMP, whole packets unless they are UDP's; over IPv4, or to what has an address there.
    pub(crate) fn check_protocol(&self, frame: &Frame, ip: &IpHeader) -> Result<(), DropReason> {
        let direction = self.direction(ip);
        let (icmp, has_way) = match ip.destination {
            IpAddr::V4(_) => (protocol::ICMP, true),
            IpAddr::V6(v6) => (protocol::ICMPV6, embedded(v6).is_some()),
        };
        if !has_way || !([protocol::TCP, protocol::UDP, icmp].contains(&ip.protocol)) {
            return Err(self.drop(DropCode::ProtocolRestriction, direction, Decider::Resource));
        }
        if ip.protocol != protocol::UDP && FragmentOf::of(frame).is_some() {
            return Err(self.drop(DropCode::FragmentRestriction, direction, Decider::Resource));
        }
        Ok(())
    }

    /// MTU-2h.
    pub(crate) fn check_size(&self, frame: &Frame, ip: &IpHeader) -> Result<(), Refusal> {
        self.check_fits(frame, ip, MTU_BYTES)
    }

    fn check_fits(&self, frame: &Frame, ip: &IpHeader, limit: u16) -> Result<(), Refusal> {
        if ip.total_len <= limit {
            return Ok(());
        }
        let answer = self
            .address_for(ip.source)
            .filter(|_| ip.dont_fragment)
            .and_then(|address| packet_too_big(frame, self.at.eni.mac, address, limit, Vec::new()));
        let decider = Decider::Mtu { limit, told: answer.is_some() };
        let reason = self.drop(DropCode::MtuExceeded, self.direction(ip), decider);
        Err(Refusal { reason, answer: answer.map(Box::new) })
    }

    /// The packet's TTL has run out here (L2-15).
    pub(crate) fn expired(&self, frame: &Frame, ip: &IpHeader) -> Refusal {
        let address = self.address_for(ip.source);
        let answer = address.and_then(|address| time_exceeded(frame, self.at.eni.mac, address, Vec::new()));
        let reason = self.drop(DropCode::TtlExpired, self.direction(ip), Decider::Address(ip.destination));
        Refusal { reason, answer: answer.map(Box::new) }
    }

    /// Translates a packet in place, and the packet that an ICMP error quotes.
    pub(crate) fn translate(
        &self,
        bindings: &mut NatBindings,
        now: SimTime,
        frame: &mut Frame,
        ip: &IpHeader,
    ) -> Result<PortTranslation, Refusal> {
        let direction = self.direction(ip);
        let fragment = FragmentOf::of(frame);
        let found = match (direction, fragment) {
            (_, Some(packet)) if ip.transport == Transport::Fragment => bindings.of_fragment(now, packet),
            (Direction::Egress, _) => {
                // NAT-13: only for what the VPC itself sends.
                if !self.at.vpc.owns(ip.source) {
                    let address = Decider::Address(ip.source);
                    return Err(self.drop(DropCode::NgwRequiresSourceInVpc, direction, address).into());
                }
                self.binding_out(bindings, now, frame, ip)?
            }
            (Direction::Ingress, _) => binding_back(bindings, now, frame, ip),
        };
        let Some(binding) = found else {
            return Err(self.no_connection(frame, ip, direction));
        };
        if let Some(packet) = fragment.filter(|_| ip.transport != Transport::Fragment) {
            bindings.remember_fragments(now, packet, binding);
        }
        if binding.inside.source.is_ipv6() {
            return self.translate_family(bindings, frame, ip, &binding, direction);
        }
        clamp_mss(frame, MSS); // MTU-7
        Ok(match direction {
            Direction::Egress => rewrite_out(frame, &binding),
            Direction::Ingress => rewrite_back(frame, &binding),
        })
    }

    /// NAT-19: out as IPv4, or back as IPv6. What arrives as IPv4 leaves longer than it came.
    fn translate_family(
        &self,
        bindings: &mut NatBindings,
        frame: &mut Frame,
        ip: &IpHeader,
        binding: &Binding,
        direction: Direction,
    ) -> Result<PortTranslation, Refusal> {
        clamp_mss(frame, MSS - LONGER_IN_IPV6); // MTU-7
        let translated = match direction {
            Direction::Egress => cross_out(frame, ip, binding, bindings.identify()),
            Direction::Ingress => {
                self.check_fits(frame, ip, MTU_BYTES - LONGER_IN_IPV6)?;
                cross_back(frame, ip, binding)
            }
        };
        translated
            .map_err(|Untranslatable| self.drop(DropCode::ProtocolRestriction, direction, Decider::Resource).into())
    }

    /// The binding for a packet on its way out, made now if the packet may open a flow.
    fn binding_out(
        &self,
        bindings: &mut NatBindings,
        now: SimTime,
        frame: &Frame,
        ip: &IpHeader,
    ) -> Result<Option<Binding>, DropReason> {
        if ip.is_icmp_error() {
            // About what the inside host was sent.
            return Ok(FlowKey::quoted(frame).and_then(|about| bindings.inside(now, &about.reversed())));
        }
        let flow = FlowKey::of(ip);
        if let Some(binding) = bindings.use_inside(now, &flow) {
            if self.at.eni.addresses.contains(&binding.outside.source) {
                return Ok(Some(binding));
            }
            bindings.end(now, &flow); // Its address was taken away (NAT-17).
        }
        let may_open = match ip.transport {
            Transport::Tcp { .. } => is_tcp_open(ip),
            Transport::Udp { .. } => true,
            Transport::Icmp { kind, .. } if ip.protocol == protocol::ICMPV6 => kind == ECHO_REQUEST_V6,
            Transport::Icmp { kind, .. } => kind == ECHO_REQUEST,
            Transport::Fragment | Transport::Other => false,
        };
        if !may_open {
            return Ok(None);
        }
        let addresses = &self.at.eni.addresses;
        let bound = bindings.bind(now, flow, &addresses[..addresses.len() - usize::from(self.at.eni.draining)]);
        bound.map(Some).map_err(|PortsExhausted| {
            self.drop(DropCode::NgwPortExhausted, Direction::Egress, Decider::Address(ip.destination))
        })
    }

    /// NAT-7, NAT-8: nothing is known of the flow. From inside, a TCP segment is answered by a reset; from outside there is
    /// silence.
    fn no_connection(&self, frame: &Frame, ip: &IpHeader, direction: Direction) -> Refusal {
        let answer = if direction == Direction::Egress { reset(frame, Vec::new()) } else { None };
        let address = if direction == Direction::Egress { ip.destination } else { ip.source };
        let reason = self.drop(DropCode::NgwNoConnection, direction, Decider::Address(address));
        Refusal { reason, answer: answer.map(Box::new) }
    }

    /// NAT-21: the route table of its own subnet sends the packet back to it.
    pub(crate) fn loops(&self, decider: Decider, origin: Origin) -> DropReason {
        DropReason { origin, ..self.drop(DropCode::NgwLoop, Direction::Egress, decider) }
    }
}

/// Type of an ICMP echo request (RFC 792).
const ECHO_REQUEST: u8 = 8;
/// The same of ICMPv6 (RFC 4443).
const ECHO_REQUEST_V6: u8 = 128;

/// The binding that a packet from outside belongs to, or is an error about.
fn binding_back(bindings: &mut NatBindings, now: SimTime, frame: &Frame, ip: &IpHeader) -> Option<Binding> {
    if ip.is_icmp_error() {
        return bindings.outside(now, FlowKey::quoted(frame)?);
    }
    bindings.use_back(now, &FlowKey::of(ip))
}

/// From inside: the flow's source becomes the gateway's address and the port bound to it.
fn rewrite_out(frame: &mut Frame, Binding { inside, outside }: &Binding) -> PortTranslation {
    let (from, to) = ((inside.source, inside.source_port), (outside.source, outside.source_port));
    rewrite_end(frame, AddressField::Source, to);
    PortTranslation { from, to, direction: Direction::Egress, other_end: None }
}

/// Back from outside: the destination becomes the flow's source again.
fn rewrite_back(frame: &mut Frame, Binding { inside, outside }: &Binding) -> PortTranslation {
    let (from, to) = ((outside.source, outside.source_port), (inside.source, inside.source_port));
    rewrite_end(frame, AddressField::Destination, to);
    PortTranslation { from, to, direction: Direction::Ingress, other_end: None }
}

/// From an IPv6 host: an IPv4 packet from the gateway's address and the port bound to the flow, to the address that the
/// destination stands for (RFC 6146 §3.6).
fn cross_out(
    frame: &mut Frame,
    ip: &IpHeader,
    Binding { inside, outside }: &Binding,
    identification: u16,
) -> Result<PortTranslation, Untranslatable> {
    let IpAddr::V6(destination) = ip.destination else { return Err(Untranslatable) };
    let destination = embedded(destination).ok_or(Untranslatable)?.into();
    rewrite_port_of_end(frame, AddressField::Source, outside.source_port);
    let ends = Ends { source: outside.source, destination };
    let about = Ends { source: outside.destination, destination: outside.source };
    translate(frame, ends, Some(about), identification)?;
    let (from, to) = ((inside.source, inside.source_port), (outside.source, outside.source_port));
    let other_end = Some(Translation { from: ip.destination, to: destination });
    Ok(PortTranslation { from, to, direction: Direction::Egress, other_end })
}

/// Back to an IPv6 host: from the address that stands for the sender's, to the flow's source.
fn cross_back(
    frame: &mut Frame,
    ip: &IpHeader,
    Binding { inside, outside }: &Binding,
) -> Result<PortTranslation, Untranslatable> {
    let IpAddr::V4(source) = ip.source else { return Err(Untranslatable) };
    let source = embed(source).into();
    rewrite_port_of_end(frame, AddressField::Destination, inside.source_port);
    let ends = Ends { source, destination: inside.source };
    let about = Ends { source: inside.source, destination: inside.destination };
    translate(frame, ends, Some(about), 0)?;
    let (from, to) = ((outside.source, outside.source_port), (inside.source, inside.source_port));
    let other_end = Some(Translation { from: ip.source, to: source });
    Ok(PortTranslation { from, to, direction: Direction::Ingress, other_end })
}

/// Gives one end of the packet another address and port. An ICMP error is about a packet of the other direction: there it is
/// the quoted packet that has the port, at its other end.
fn rewrite_end(frame: &mut Frame, end: AddressField, (address, port): (IpAddr, u16)) {
    rewrite_port_of_end(frame, end, port);
    if is_about_another(frame) {
        rewrite_quoted_address(frame, end.other(), address);
    }
    rewrite_address(frame, end, address);
}

fn rewrite_port_of_end(frame: &mut Frame, end: AddressField, port: u16) {
    if is_about_another(frame) {
        rewrite_quoted_port(frame, end.other(), port);
    } else {
        rewrite_port(frame, end, port);
    }
}

fn is_about_another(frame: &Frame) -> bool {
    frame.headers.ip.is_some_and(|ip| ip.is_icmp_error())
}
