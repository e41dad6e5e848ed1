//! The bindings of one NAT gateway: which inside flow goes out under which address and port (NAT-4 to NAT-7).
//!
//! A port is bound for one destination (address, port and protocol), so the same port may serve another destination at the same
//! time. Bindings end 350 s after their last packet. Nothing is timed for that: they lie in a heap by the time at which they
//! could end, and are looked at when a new flow wants a port.
//!
//! An inside flow of IPv6 is one of IPv4 outside (NAT-19) and takes its port from the same stock.
//!
//! SIM: AWS does not say which port it takes. Here it is drawn from the flow itself, so that it does not depend on what else goes
//! on, and the next free one is taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::IpAddr;

use rustc_hash::FxHashMap;

use crate::engine::{SimDuration, SimTime, mix};
use crate::net::{FlowKey, FragmentOf, embedded, protocol};

/// Idle flows end after this (NAT-7). For UDP and ICMP AWS publishes nothing else.
///
/// Differs from AWS: a TCP connection that was closed keeps its port as long as any other.
pub(crate) const IDLE_TIMEOUT: SimDuration = SimDuration::from_secs(350);
/// Flows of one NAT address to one destination (NAT-6).
pub(crate) const FLOWS_PER_DESTINATION: u32 = 55_000;
/// The first source port, up to 65535 (NAT-5).
const FIRST_PORT: u16 = 1024;
/// How many there are.
const PORTS: u64 = 65_536 - FIRST_PORT as u64;

/// Fragmented packets on their way at once; the oldest is forgotten first. SIM.
const FRAGMENTED_PACKETS: usize = 64;
/// How long a packet's later fragments are waited for: as long as hosts do. SIM.
const FRAGMENT_TIMEOUT: SimDuration = SimDuration::from_secs(30);

/// An inside flow and what it looks like outside, both as sent by the inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Binding {
    /// From the inside host to its destination.
    pub(crate) inside: FlowKey,
    /// From the gateway to the destination.
    pub(crate) outside: FlowKey,
}

/// All ports for a destination are taken (NAT-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PortsExhausted;

/// One gateway's bindings.
#[derive(Clone, Debug, Default)]
pub(crate) struct NatBindings {
    /// In their slots; a free slot keeps what was last in it.
    bindings: Vec<(Binding, SimTime)>,
    free: Vec<u32>,
    /// Slots by inside flow.
    inside: FxHashMap<FlowKey, u32>,
    /// Slots by the flow that comes back from the destination to the gateway.
    back: FxHashMap<FlowKey, u32>,
    /// How many bindings an address has to a destination.
    used: FxHashMap<FarEnd, u32>,
    /// When to look at which slot; each that is taken is there once.
    due: BinaryHeap<Reverse<(SimTime, u32)>>,
    /// Packets in fragments, of which the first was translated.
    fragmented: VecDeque<(FragmentOf, SimTime, Binding)>,
    /// Of the last packet that was given one.
    identification: u16,
}

/// An address of the gateway and a destination.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct FarEnd {
    own: IpAddr,
    destination: IpAddr,
    destination_port: u16,
    protocol: u8,
}

impl NatBindings {
    /// The live binding of an inside flow, which lives on.
    pub(crate) fn use_inside(&mut self, now: SimTime, inside: &FlowKey) -> Option<Binding> {
        let slot = *self.inside.get(inside)?;
        self.use_slot(now, slot)
    }

    /// The live binding that a flow from outside answers, which lives on.
    pub(crate) fn use_back(&mut self, now: SimTime, back: &FlowKey) -> Option<Binding> {
        let slot = *self.back.get(back)?;
        self.use_slot(now, slot)
    }

    /// The same for an error about what the gateway sent; errors keep nothing alive.
    pub(crate) fn outside(&self, now: SimTime, outside: FlowKey) -> Option<Binding> {
        self.live(now, *self.back.get(&outside.reversed())?)
    }

    /// The same for an error about what an inside host was sent.
    pub(crate) fn inside(&self, now: SimTime, inside: &FlowKey) -> Option<Binding> {
        self.live(now, *self.inside.get(inside)?)
    }

    fn live(&self, now: SimTime, slot: u32) -> Option<Binding> {
        let (binding, expires) = self.bindings[slot as usize];
        (expires > now).then_some(binding)
    }

    fn use_slot(&mut self, now: SimTime, slot: u32) -> Option<Binding> {
        let binding = self.live(now, slot)?;
        self.bindings[slot as usize].1 = now + IDLE_TIMEOUT;
        Some(binding)
    }

    /// Ends the binding of an inside flow before its time. Its port is free again when it is looked at next.
    pub(crate) fn end(&mut self, now: SimTime, inside: &FlowKey) {
        if let Some(slot) = self.inside.remove(inside) {
            self.bindings[slot as usize].1 = now;
        }
    }

    /// Binds a new inside flow to a port of the first of the gateway's addresses that has one left for the destination.
    pub(crate) fn bind(&mut self, now: SimTime, inside: FlowKey, own: &[IpAddr]) -> Result<Binding, PortsExhausted> {
        self.end_idle(now);
        let towards = towards(inside);
        let far_end = |own| FarEnd {
            own,
            destination: towards.destination,
            destination_port: towards.destination_port,
            protocol: towards.protocol,
        };
        let mut free = own.iter().map(|address| far_end(*address));
        let far_end = free
            .find(|far_end| self.used.get(far_end).copied().unwrap_or(0) < FLOWS_PER_DESTINATION)
            .ok_or(PortsExhausted)?;
        let first = spread(&inside) % PORTS;
        let outside = (0..PORTS)
            .map(|step| FIRST_PORT + ((first + step) % PORTS) as u16)
            .map(|port| FlowKey { source: far_end.own, source_port: port, ..towards })
            .find(|outside| !self.back.contains_key(&outside.reversed()))
            .ok_or(PortsExhausted)?;
        let binding = Binding { inside, outside };
        let expires = now + IDLE_TIMEOUT;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.bindings[slot as usize] = (binding, expires);
                slot
            }
            None => {
                self.bindings.push((binding, expires));
                self.bindings.len() as u32 - 1
            }
        };
        self.inside.insert(inside, slot);
        self.back.insert(outside.reversed(), slot);
        *self.used.entry(far_end).or_insert(0) += 1;
        self.due.push(Reverse((expires, slot)));
        Ok(binding)
    }

    /// Ends the bindings whose time is over. One that was used meanwhile is put back, so each is looked at once in 350 s.
    fn end_idle(&mut self, now: SimTime) {
        while let Some(&Reverse((at, slot))) = self.due.peek()
            && at <= now
        {
            self.due.pop();
            let (binding, expires) = self.bindings[slot as usize];
            if expires > now {
                self.due.push(Reverse((expires, slot)));
                continue;
            }
            let Binding { inside, outside } = binding;
            if self.inside.get(&inside) == Some(&slot) {
                self.inside.remove(&inside);
            }
            self.back.remove(&outside.reversed());
            let far_end = FarEnd {
                own: outside.source,
                destination: outside.destination,
                destination_port: outside.destination_port,
                protocol: outside.protocol,
            };
            if let Some(used) = self.used.get_mut(&far_end) {
                *used -= 1;
                if *used == 0 {
                    self.used.remove(&far_end);
                }
            }
            self.free.push(slot);
        }
    }

    /// The identification of a packet that had none, for which IPv4 needs one (RFC 7915 §5.1).
    pub(crate) fn identify(&mut self) -> u16 {
        self.identification = self.identification.wrapping_add(1);
        self.identification
    }

    /// Remembers how the first fragment of a packet was translated.
    pub(crate) fn remember_fragments(&mut self, now: SimTime, packet: FragmentOf, binding: Binding) {
        if self.fragmented.len() == FRAGMENTED_PACKETS {
            self.fragmented.pop_front();
        }
        self.fragmented.push_back((packet, now + FRAGMENT_TIMEOUT, binding));
    }

    /// How the first fragment of a packet was translated, if it has come by.
    pub(crate) fn of_fragment(&self, now: SimTime, packet: FragmentOf) -> Option<Binding> {
        let found = self.fragmented.iter().rev().find(|(other, ..)| *other == packet);
        found.filter(|(_, expires, _)| *expires > now).map(|(.., binding)| *binding)
    }
}

/// An inside flow as the outside knows it, but for where it comes from: the destination that an address of 64:ff9b::/96 stands
/// for, and its protocol in IPv4 (RFC 6146 §3.5).
fn towards(inside: FlowKey) -> FlowKey {
    let v4 = match inside.destination {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => embedded(v6),
    };
    let Some(v4) = v4 else { return inside };
    let protocol = if inside.protocol == protocol::ICMPV6 { protocol::ICMP } else { inside.protocol };
    FlowKey { destination: v4.into(), protocol, ..inside }
}

/// A number that a flow has by itself.
fn spread(flow: &FlowKey) -> u64 {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let fold = |state: u64, bits: u128| mix(mix(state ^ bits as u64) ^ (bits >> 64) as u64);
    let ports = u128::from(flow.source_port) << 24 | u128::from(flow.destination_port) << 8 | u128::from(flow.protocol);
    fold(fold(fold(0, bits(flow.source)), bits(flow.destination)), ports)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::net::embed;

    const OWN: [IpAddr; 2] =
        [IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5)), IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 6))];

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn flow(host: u8, port: u16, destination: u8, destination_port: u16) -> FlowKey {
        FlowKey {
            source: IpAddr::from([10, 0, 1, host]),
            destination: IpAddr::from([198, 51, 100, destination]),
            protocol: protocol::TCP,
            source_port: port,
            destination_port,
        }
    }

    /// The same from an IPv6 host, by NAT64.
    fn flow_v6(host: u8, port: u16, destination: u8, destination_port: u16) -> FlowKey {
        FlowKey {
            source: IpAddr::from([0xfd00, 1, 0, 1, 0, 0, 0, u16::from(host)]),
            destination: embed([198, 51, 100, destination].into()).into(),
            ..flow(host, port, destination, destination_port)
        }
    }

    #[test]
    fn a_flow_whose_binding_has_ended_gets_another_address_nat_17() {
        let mut bindings = NatBindings::default();
        let inside = flow(7, 40_000, 9, 443);
        let before = bindings.bind(at(0), inside, &OWN[1..]).expect("a port is free");
        assert_eq!(before.outside.source, OWN[1]);
        bindings.end(at(10), &inside);
        assert_eq!(bindings.use_inside(at(10), &inside), None);
        assert_eq!(bindings.use_back(at(10), &before.outside.reversed()), None, "its answers find nobody");
        let after = bindings.bind(at(10), inside, &OWN[..1]).expect("a port is free");
        assert_eq!(after.outside.source, OWN[0]);
        // The old one's time comes and takes the new one from nobody.
        let other = flow(8, 40_000, 9, 443);
        bindings.use_inside(at(300), &inside);
        bindings.bind(at(400), other, &OWN[..1]).expect("a port is free");
        assert_eq!(bindings.use_inside(at(400), &inside), Some(after));
    }

    /// A naive gateway: a list of inside flows with their ports and when they were last used.
    #[derive(Default)]
    struct Model(BTreeMap<FlowKey, (FlowKey, u64)>);

    impl Model {
        fn live(&self, now: u64) -> impl Iterator<Item = (&FlowKey, &FlowKey)> {
            self.0.iter().filter(move |(_, (_, used))| now < used + 350).map(|(inside, (outside, _))| (inside, outside))
        }
    }

    proptest! {
        /// NAT-4, NAT-5, NAT-7, NAT-19: against the model, whatever is sent when, by hosts of either family.
        #[test]
        fn no_two_live_flows_share_a_binding_and_back_leads_where_it_came_from(
            packets in prop::collection::vec((any::<bool>(), 0u8..3, 0u16..40, 0u8..2, 0u64..200), 1..200),
        ) {
            let (mut bindings, mut model, mut now) = (NatBindings::default(), Model::default(), 0);
            for (is_v6, host, port, destination, pause) in packets {
                now += pause;
                let inside = if is_v6 { flow_v6 } else { flow }(host, port, destination, 80);
                let known = model.live(now).find(|(known, _)| **known == inside).map(|(_, outside)| *outside);
                let used = bindings.use_inside(at(now), &inside);
                prop_assert_eq!(used.map(|binding| binding.outside), known, "alive for 350 s and no longer");
                let binding = match used {
                    Some(binding) => binding,
                    None => bindings.bind(at(now), inside, &OWN).expect("there are ports"),
                };
                prop_assert_eq!(binding.inside, inside);
                prop_assert!(binding.outside.source_port >= 1024);
                prop_assert_eq!(binding.outside.source, OWN[0]);
                prop_assert_eq!(binding.outside.destination, IpAddr::from([198, 51, 100, destination]));
                let is_shared = model.live(now).any(|(other, outside)| *other != inside && *outside == binding.outside);
                prop_assert!(!is_shared, "{binding:?}");
                model.0.insert(inside, (binding.outside, now));
                // Translated and back is the identity, for every flow that lives.
                for (inside, outside) in model.live(now) {
                    let back = bindings.outside(at(now), *outside).expect("it lives");
                    prop_assert_eq!(&back.inside, inside);
                }
            }
        }
    }

    #[test]
    fn a_destination_has_55_000_ports_of_an_address_and_each_address_as_many_again_nat_6() {
        let mut bindings = NatBindings::default();
        let many = |number: u32| flow((number >> 16) as u8, number as u16, 9, 443);
        for number in 0..55_000 {
            let binding = bindings.bind(at(0), many(number), &OWN[..1]).expect("a port is free");
            assert_eq!(binding.outside.source, OWN[0]);
        }
        assert_eq!(bindings.bind(at(0), many(55_000), &OWN[..1]), Err(PortsExhausted));
        assert!(bindings.bind(at(0), flow(1, 1, 9, 444), &OWN[..1]).is_ok(), "another port is another destination");
        assert!(bindings.bind(at(0), flow(1, 1, 8, 443), &OWN[..1]).is_ok(), "so is another address");
        assert_eq!(bindings.bind(at(0), many(55_000), &OWN).map(|binding| binding.outside.source), Ok(OWN[1]));
        assert!(bindings.bind(at(350), many(55_001), &OWN[..1]).is_ok(), "idle ones have ended");
        assert_eq!(bindings.inside.len(), 1);
    }

    #[test]
    fn ipv6_flows_take_their_ports_from_the_same_stock_nat_6_nat_19() {
        let mut bindings = NatBindings::default();
        for number in 0..55_000 {
            let bind = if number % 2 == 0 { flow } else { flow_v6 };
            bindings.bind(at(0), bind((number >> 16) as u8, number as u16, 9, 443), &OWN[..1]).expect("a port is free");
        }
        assert_eq!(bindings.bind(at(0), flow_v6(9, 9, 9, 443), &OWN[..1]), Err(PortsExhausted));
        assert!(bindings.bind(at(0), flow_v6(9, 9, 8, 443), &OWN[..1]).is_ok(), "another destination");
    }

    #[test]
    fn an_echo_over_ipv6_is_one_over_ipv4_outside_nat_19() {
        let mut bindings = NatBindings::default();
        let echo = FlowKey { protocol: protocol::ICMPV6, ..flow_v6(1, 7, 9, 0) };
        let outside = bindings.bind(at(0), echo, &OWN).expect("an identifier is free").outside;
        assert_eq!((outside.protocol, outside.destination), (protocol::ICMP, IpAddr::from([198, 51, 100, 9])));
        assert_eq!(bindings.use_back(at(0), &outside.reversed()).map(|binding| binding.inside), Some(echo));
    }

    #[test]
    fn the_same_flow_gets_the_same_port_whatever_else_goes_on() {
        let mut alone = NatBindings::default();
        let mut busy = NatBindings::default();
        for port in 0..100 {
            busy.bind(at(0), flow(2, port, 9, 80), &OWN).expect("a port is free");
        }
        let wanted = flow(1, 40_000, 9, 80);
        assert_eq!(alone.bind(at(0), wanted, &OWN), busy.bind(at(0), wanted, &OWN));
    }
}
