//! Known ways: what was decided for a packet of a flow is done to the next one without deciding it again.
//!
//! A stage looks at the tables, at where a packet comes from and goes to (addresses, protocol, ports, the MAC address it is sent
//! to, where it entered the VPC), and at what is tracked of its flow. Nothing but the last changes from one packet of a flow to
//! the next while the tables stay as they are, and it is asked each time. So the rest is remembered with the flow, one way for
//! each direction, under the number of the tables. Size is asked each time too, where a gateway asks for it.
//!
//! Packets whose way is told step by step are judged step by step. So is all but TCP, UDP and IPv4 echoes: of other packets a
//! flow's key does not say everything that a rule may ask for.

use super::gateway::peering;
use super::pipeline::{Entry, Hop, Next, Transit};
use super::tables::{EniIndex, PeeringSide};
use crate::net::{FragmentOf, Frame, IpHeader, MacAddr, Transport, protocol, rewrite_macs};
use crate::trace::Direction;

/// What is known of one flow at one interface.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KnownWays {
    out: Option<WayOut>,
    back: Option<WayIn>,
}

/// The way of packets that leave.
#[derive(Clone, Copy, Debug)]
struct WayOut {
    /// The number of the tables that this was decided by.
    rules: u64,
    /// Where the guest sends them on its link: to the router or to a neighbour.
    destination_mac: MacAddr,
    next: Next,
    /// For the way over a peering connection: what happens there.
    hand_over: Option<HandOver>,
}

/// The way of packets that arrive.
#[derive(Clone, Copy, Debug)]
struct WayIn {
    rules: u64,
    entry: Entry,
    source_mac: MacAddr,
    destination_mac: MacAddr,
}

/// What a peering connection does with a packet, foreseen when it left its interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HandOver {
    /// The number of the tables; others may say otherwise.
    rules: u64,
    /// The interface in the other VPC.
    owner: EniIndex,
    mtu_bytes: u16,
}

impl Hop<'_> {
    /// Where a packet goes from an interface, if it goes as one before.
    pub(super) fn leave_as_before(&mut self, eni: EniIndex, transit: &mut Transit) -> Option<Next> {
        let headers = &transit.frame.headers;
        let ip = alike_in_its_flow(&transit.frame)?;
        if self.trace.would_mark(headers) {
            return None;
        }
        let rules = self.rules;
        let is_same = |way: &WayOut| way.rules == rules && way.destination_mac == headers.destination_mac;
        let fits = |ways: &KnownWays| ways.out.as_ref().is_some_and(is_same);
        let (leg, ways) = self.flows.of_mut(eni).repeat(self.now, Direction::Egress, ip, rules, fits)?;
        let &WayOut { next, hand_over, .. } = ways.out.as_ref()?;
        if self.trace.keeps_frames() {
            self.seen(transit, self.tables.eni_id(eni), Direction::Egress);
        }
        transit.packet.leg = leg;
        transit.hand_over = hand_over;
        self.accepted_as_before(eni, transit, Direction::Egress);
        Some(next)
    }

    /// Remembers where a packet went from an interface.
    pub(super) fn learn_way_out(&mut self, eni: EniIndex, transit: &Transit, next: Next) {
        if self.trace.is_probe(transit.packet) {
            return; // It went where others do not.
        }
        let headers = &transit.frame.headers;
        let Some(ip) = alike_in_its_flow(&transit.frame) else { return };
        if self.way_back_to_nat_gateway(eni, &transit.frame, ip).is_some() {
            return; // It lasts as long as the gateway's memory of the flow (NAT-14).
        }
        let Some(ways) = self.flows.of_mut(eni).ways(Direction::Egress, ip) else { return };
        let hand_over = match next {
            Next::Peering(side) => {
                let table = self.tables.peering(side);
                let (near, far) = table.seen_from(side);
                let owner = peering::hand_over(table, self.tables.vpc(near), self.tables.vpc(far), ip);
                owner.ok().map(|owner| HandOver { rules: self.rules, owner, mtu_bytes: table.mtu_bytes })
            }
            _ => None,
        };
        ways.out = Some(WayOut { rules: self.rules, destination_mac: headers.destination_mac, next, hand_over });
    }

    /// Where a peering connection hands a packet over to, if that was foreseen.
    pub(super) fn cross_as_foreseen(&mut self, side: PeeringSide, transit: &mut Transit) -> Option<Next> {
        let HandOver { rules, owner, mtu_bytes } = transit.hand_over.take()?;
        let ip = transit.frame.headers.ip.as_ref()?;
        if rules != self.rules || ip.total_len > mtu_bytes || transit.packet.marked {
            return None;
        }
        if self.trace.keeps_frames() {
            self.seen(transit, self.tables.peering(side).id, Direction::Egress);
        }
        transit.entry = Entry::Peering(side.peering());
        Some(Next::Eni(owner))
    }

    /// Whether a packet is let through to the guest of an interface because one before was. Its frame is then as the guest gets
    /// it.
    pub(super) fn arrive_as_before(&mut self, eni: EniIndex, transit: &mut Transit) -> Option<Next> {
        let ip = alike_in_its_flow(&transit.frame)?;
        if transit.packet.marked {
            return None;
        }
        let (rules, entry) = (self.rules, transit.entry);
        let fits = |ways: &KnownWays| ways.back.as_ref().is_some_and(|way| way.rules == rules && way.entry == entry);
        let (_, ways) = self.flows.of_mut(eni).repeat(self.now, Direction::Ingress, ip, rules, fits)?;
        let way = ways.back.as_ref()?;
        rewrite_macs(&mut transit.frame, way.source_mac, way.destination_mac);
        if self.trace.keeps_frames() {
            self.seen(transit, self.tables.eni_id(eni), Direction::Ingress);
        }
        self.accepted_as_before(eni, transit, Direction::Ingress);
        Some(Next::Guest(eni))
    }

    /// The filters of an interface let a packet through without being asked. Where nothing is written, nobody looks for its flow
    /// logs.
    fn accepted_as_before(&mut self, eni: EniIndex, transit: &Transit, direction: Direction) {
        if self.trace.keeps_frames()
            && let Some(at) = self.tables.interface(eni)
        {
            self.accepted(&at, direction, transit);
        }
    }

    /// Remembers that a packet was let through to the guest of an interface.
    pub(super) fn learn_way_in(&mut self, eni: EniIndex, transit: &Transit) {
        if self.trace.is_probe(transit.packet) {
            return;
        }
        let headers = &transit.frame.headers;
        let Some(ip) = alike_in_its_flow(&transit.frame) else { return };
        if self.is_noted_for_the_way_back(eni, ip) {
            return; // Each packet of it keeps the way back alive.
        }
        if let Some(ways) = self.flows.of_mut(eni).ways(Direction::Ingress, ip) {
            let (source_mac, destination_mac) = (headers.source_mac, headers.destination_mac);
            ways.back = Some(WayIn { rules: self.rules, entry: transit.entry, source_mac, destination_mac });
        }
    }
}

/// The IP header of a frame whose packet is to every rule like others with the same flow key. Of fragments only the first has
/// the key in it.
fn alike_in_its_flow(frame: &Frame) -> Option<&IpHeader> {
    let ip = frame.headers.ip.as_ref()?;
    let is_all_in_its_key = match ip.transport {
        Transport::Tcp { .. } | Transport::Udp { .. } => true,
        // The key of a question has the identifier at one end, that of an answer at the other: with identifier 0 they are equal.
        Transport::Icmp { kind: 0 | 8, code: 0, id, .. } => ip.protocol == protocol::ICMP && id != 0,
        Transport::Icmp { .. } | Transport::Fragment | Transport::Other => false,
    };
    (is_all_in_its_key && FragmentOf::of(frame).is_none()).then_some(ip)
}
