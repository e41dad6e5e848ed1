//! Which packets' whole way is told.
//!
//! A report shows the way of the first packet that left an interface in a step, and of the first that answered it. To tell the
//! way of every packet would cost more than to forward it, so packets are marked when they leave: those of the flow that
//! begins first, and those of its answers, a few of each, since the first may be lost.
//!
//! A world in partitions marks in each of them the flow that begins first there. Whoever reads the trace takes the earliest of
//! all, which is the same however the world is cut.

use crate::net::FlowKey;

/// So many packets of a flow are marked.
const PACKETS: u8 = 16;

/// The flows whose packets are marked.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    first: Option<Wanted>,
    answers: Vec<Wanted>,
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
        let taken = self.left > 0 && self.flow == flow;
        self.left -= u8::from(taken);
        taken
    }
}

impl Marks {
    /// Whether a packet of this flow would be marked if it left an interface now.
    pub(super) fn wants(&self, flow: FlowKey) -> bool {
        let mut wanted = self.first.iter().chain(&self.answers);
        self.first.is_none() || wanted.any(|wanted| wanted.left > 0 && wanted.flow == flow)
    }

    /// Whether a packet of this flow, which leaves an interface now, is marked.
    pub(super) fn mark(&mut self, flow: FlowKey) -> bool {
        self.first.get_or_insert_with(|| Wanted::new(flow)).take(flow)
            || self.answers.iter_mut().any(|wanted| wanted.take(flow))
    }

    /// Whether every packet that could be marked has been: nobody needs to ask any more.
    pub(super) fn are_spent(&self) -> bool {
        self.first.iter().chain(&self.answers).all(|wanted| wanted.left == 0) && !self.answers.is_empty()
    }

    /// A marked packet was delivered: its answers are wanted.
    pub(super) fn delivered(&mut self, flow: FlowKey) {
        let answer = flow.reversed();
        if !self.answers.iter().any(|wanted| wanted.flow == answer) {
            self.answers.push(Wanted::new(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn flow(source_port: u16) -> FlowKey {
        let address = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        FlowKey { source: address(1), destination: address(2), protocol: 6, source_port, destination_port: 80 }
    }

    #[test]
    fn some_packets_of_the_first_flow_and_of_its_answers_are_marked() {
        let mut marks = Marks::default();
        assert!(marks.mark(flow(1)), "the first flow");
        assert!(!marks.mark(flow(2)), "another flow");
        assert!(!marks.mark(flow(1).reversed()), "nothing was delivered yet");
        marks.delivered(flow(1));
        assert!(marks.mark(flow(1).reversed()), "an answer");
        assert_eq!((0..100).filter(|_| marks.mark(flow(1))).count(), usize::from(PACKETS) - 1);
        marks.delivered(flow(1));
        assert_eq!((0..100).filter(|_| marks.mark(flow(1).reversed())).count(), usize::from(PACKETS) - 1);
    }
}
