//! Which packets' whole way is told.
//!
//! A report shows the way of the first packet that left an interface in a step, and of the first that answered it. To tell the
//! way of every packet would cost more than to forward it, so packets are marked when they leave: those of the flow that
//! begins first, those of its answers, and those in which a guest that forwards passes either on, a few of each, since the first
//! may be lost.
//!
//! A world in partitions marks in each of them the flow that begins first there. Whoever reads the trace takes the earliest of
//! all, which is the same however the world is cut.
//!
//! Instead of the first flow, flows can be named ([`WatchedFlow`]): those that an explanation sends itself.

use std::net::IpAddr;

use crate::net::{FlowKey, IpHeader};

/// So many packets of a flow are marked.
const PACKETS: u8 = 16;

/// A flow by what is known of it before its first packet: all but the port that the sender's kernel will choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WatchedFlow {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where its sender sends it.
    pub destination: IpAddr,
    /// The IP protocol.
    pub protocol: u8,
    /// The destination port, where the protocol has ports.
    pub port: Option<u16>,
}

impl WatchedFlow {
    /// Whether a packet is one of its sender's.
    pub(crate) fn is_of(&self, flow: FlowKey) -> bool {
        self.source == flow.source
            && self.destination == flow.destination
            && self.protocol == flow.protocol
            && self.port.is_none_or(|port| port == flow.destination_port)
    }
}

/// Whether a packet answers a flow, given as its packets would be turned round: it goes the other way in it, or is an ICMP
/// message between its ends.
pub(crate) fn is_answer(answer: FlowKey, ip: &IpHeader) -> bool {
    let is_error = ip.is_icmp_error() && ip.destination == answer.destination;
    is_error || answer.is_of(ip)
}

/// The flows whose packets are marked.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    first: Option<Wanted>,
    /// Flows that take the place of the first.
    watched: Vec<WatchedFlow>,
    /// Flows that follow from these: of answers, and of what guests pass on.
    further: Vec<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    flow: FlowKey,
    left: u8,
}

impl Wanted {
    fn new(flow: FlowKey) -> Wanted {
        Wanted { flow, left: PACKETS }
    }

    fn take(&mut self, flow: FlowKey) -> bool {
        self.left > 0 && self.flow == flow && self.count()
    }

    /// Whether a packet is one of an answer that is wanted: a message about what it would answer is one, too.
    fn is_answered_by(&self, ip: &IpHeader) -> bool {
        self.left > 0 && is_answer(self.flow, ip)
    }

    fn count(&mut self) -> bool {
        self.left -= 1;
        true
    }
}

impl Marks {
    /// Marks for the packets of these flows, and of their answers.
    pub(super) fn of(watched: Vec<WatchedFlow>) -> Marks {
        Marks { watched, ..Marks::default() }
    }

    /// Whether a packet would be marked if it left an interface now.
    pub(super) fn wants(&self, ip: &IpHeader) -> bool {
        let flow = FlowKey::of(ip);
        if !self.watched.is_empty() {
            return self.is_watched(flow, ip);
        }
        let Some(first) = &self.first else { return true };
        first.left > 0 && first.flow == flow || self.further.iter().any(|wanted| wanted.is_answered_by(ip))
    }

    /// Whether a packet, which leaves an interface now, is marked.
    pub(super) fn mark(&mut self, ip: &IpHeader) -> bool {
        let flow = FlowKey::of(ip);
        if !self.watched.is_empty() {
            return self.is_watched(flow, ip);
        }
        self.first.get_or_insert_with(|| Wanted::new(flow)).take(flow)
            || self.further.iter_mut().any(|wanted| wanted.is_answered_by(ip) && wanted.count())
    }

    /// Whether every packet that could be marked has been: nobody needs to ask any more.
    pub(super) fn are_spent(&self) -> bool {
        self.watched.is_empty()
            && self.first.iter().chain(&self.further).all(|wanted| wanted.left == 0)
            && !self.further.is_empty()
    }

    /// Whether flows were named, instead of the first.
    pub(super) fn are_named(&self) -> bool {
        !self.watched.is_empty()
    }

    /// The watched flows are few packets each, sent by whoever watches: all of them are marked.
    fn is_watched(&self, flow: FlowKey, ip: &IpHeader) -> bool {
        self.watched.iter().any(|watched| watched.is_of(flow))
            || self.further.iter().any(|wanted| is_answer(wanted.flow, ip))
    }

    /// A marked packet was delivered: its answers are wanted.
    pub(super) fn delivered(&mut self, flow: FlowKey) {
        let answer = flow.reversed();
        if !self.further.iter().any(|wanted| wanted.flow == answer) {
            self.further.push(Wanted::new(answer));
        }
    }

    /// A guest passes a marked packet on, in this flow. It is marked again, and counts once however often that happens.
    pub(super) fn passed_on(&mut self, flow: FlowKey) {
        match self.first.iter_mut().chain(&mut self.further).find(|wanted| wanted.flow == flow) {
            Some(wanted) => wanted.left = wanted.left.saturating_add(1),
            None => self.further.push(Wanted { flow, left: 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{TcpFlags, Transport, protocol};

    fn packet(source_port: u16) -> IpHeader {
        IpHeader {
            source: IpAddr::from([10, 0, 0, 1]),
            destination: IpAddr::from([10, 0, 0, 2]),
            protocol: protocol::TCP,
            ttl: 64,
            dont_fragment: true,
            transport_offset: 34,
            total_len: 40,
            transport: Transport::Tcp { source: source_port, destination: 80, flags: TcpFlags::SYN },
        }
    }

    fn answer(source_port: u16) -> IpHeader {
        let IpHeader { source, destination, .. } = packet(source_port);
        let transport = Transport::Tcp { source: 80, destination: source_port, flags: TcpFlags::SYN };
        IpHeader { source: destination, destination: source, transport, ..packet(source_port) }
    }

    #[test]
    fn some_packets_of_the_first_flow_and_of_its_answers_are_marked() {
        let mut marks = Marks::default();
        assert!(marks.mark(&packet(1)), "the first flow");
        assert!(!marks.mark(&packet(2)), "another flow");
        assert!(!marks.mark(&answer(1)), "nothing was delivered yet");
        marks.delivered(FlowKey::of(&packet(1)));
        assert!(marks.mark(&answer(1)), "an answer");
        assert_eq!((0..100).filter(|_| marks.mark(&packet(1))).count(), usize::from(PACKETS) - 1);
        marks.delivered(FlowKey::of(&packet(1)));
        assert_eq!((0..100).filter(|_| marks.mark(&answer(1))).count(), usize::from(PACKETS) - 1);
    }

    #[test]
    fn a_packet_that_is_passed_on_is_marked_again_and_counts_once() {
        let mut marks = Marks::default();
        assert!(marks.mark(&packet(1)));
        for _ in 0..100 {
            marks.passed_on(FlowKey::of(&packet(1)));
            assert!(marks.mark(&packet(1)), "in its own flow");
            marks.passed_on(FlowKey::of(&packet(9)));
            assert!(marks.mark(&packet(9)) && !marks.mark(&packet(9)), "translated into another");
        }
        assert_eq!((0..100).filter(|_| marks.mark(&packet(1))).count(), usize::from(PACKETS) - 1);
    }

    #[test]
    fn watched_flows_take_the_place_of_the_first() {
        let IpHeader { source, destination, .. } = packet(1);
        let mut marks = Marks::of(vec![WatchedFlow { source, destination, protocol: protocol::TCP, port: Some(80) }]);
        assert!(!marks.mark(&answer(1)), "another flow, and the first of all");
        assert!(marks.mark(&packet(1)) && marks.mark(&packet(2)), "whatever port its sender has chosen");
        assert!(!marks.wants(&IpHeader { protocol: protocol::UDP, ..packet(1) }), "another protocol");
        marks.delivered(FlowKey::of(&packet(1)));
        assert!(marks.wants(&answer(1)) && !marks.wants(&answer(2)));
        let error = Transport::Icmp { kind: 3, code: 3, id: 0, sequence: 0 };
        let error = IpHeader { protocol: protocol::ICMP, transport: error, ..answer(1) };
        assert!(marks.wants(&error), "a message about it");
        assert!(!marks.are_spent());
    }
}
