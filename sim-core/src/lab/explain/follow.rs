//! Follows conversations through the trace: the first packet of each, and the first that answers it, with all that was told.

use crate::id::ResourceId;
use crate::net::{FlowKey, IpHeader};
use crate::trace::{Direction, PacketId, Step, TraceEvent, WatchedFlow, is_answer};

/// So many events are kept of one packet. A packet passes a dozen stages at each of a few stations, and instances that forward
/// can send it round until its TTL is used up.
const EVENTS: usize = 4096;

/// Keeps what the trace tells of some conversations.
#[derive(Clone, Debug, Default)]
pub(in crate::lab) struct Follower {
    conversations: Vec<Conversation>,
}

/// One conversation: its first packet, and the first that answers it.
#[derive(Clone, Debug, Default)]
pub(in crate::lab) struct Conversation {
    /// What its first packet looks like; anything, if that is not known.
    wanted: Vec<WatchedFlow>,
    there: Option<Walk>,
    /// What an answer looks like, once something was delivered.
    answer: Option<FlowKey>,
    back: Option<Walk>,
}

/// A packet's way. What an instance passes on is a packet of its own, and goes on with the way of the one that came in.
#[derive(Clone, Debug)]
struct Walk {
    packet: PacketId,
    flow: FlowKey,
    /// Whether it is inside an instance that passes it on, and will be seen next as another packet of the flow.
    is_passed_on: bool,
    events: Vec<TraceEvent>,
}

impl Walk {
    fn new(event: &TraceEvent, flow: FlowKey) -> Walk {
        Walk { packet: event.packet, flow, is_passed_on: false, events: vec![event.clone()] }
    }

    /// Takes an event, if it is one of this packet's.
    fn take(&mut self, event: &TraceEvent, flow: FlowKey) -> bool {
        match event.step {
            Step::PassedOn { by, from } if event.packet == self.packet || from == self.flow && self.is_at(by) => {
                self.flow = flow;
                self.is_passed_on = true;
            }
            Step::Seen { direction: Direction::Egress, .. } if self.is_passed_on && self.flow == flow => {
                self.packet = event.packet;
                self.is_passed_on = false;
            }
            _ if event.packet != self.packet => return false,
            _ => {}
        }
        self.push(event);
        true
    }

    /// Whether it was delivered there last. Of a packet that comes in pieces, the instance speaks when it has them all.
    fn is_at(&self, interface: ResourceId) -> bool {
        self.events.last().is_some_and(|event| matches!(event.step, Step::Delivered { to } if to == interface))
    }

    fn push(&mut self, event: &TraceEvent) {
        if self.events.len() < EVENTS {
            self.events.push(event.clone());
        }
    }
}

impl Follower {
    /// Follows the first packet that leaves an interface.
    pub(in crate::lab) fn of_first() -> Follower {
        Follower { conversations: vec![Conversation::default()] }
    }

    /// Follows these conversations, each by the flows that its first packet may belong to.
    pub(in crate::lab) fn of(conversations: impl IntoIterator<Item = Vec<WatchedFlow>>) -> Follower {
        let begin = |wanted| Conversation { wanted, ..Conversation::default() };
        Follower { conversations: conversations.into_iter().map(begin).collect() }
    }

    /// Takes the next event.
    pub(in crate::lab) fn observe(&mut self, event: &TraceEvent) {
        let (true, Some(ip)) = (event.marked, &event.headers.ip) else { return };
        self.conversations.iter_mut().any(|conversation| conversation.observe(event, ip));
    }

    /// What was seen, in the order in which the conversations were named.
    pub(in crate::lab) fn into_conversations(self) -> Vec<Conversation> {
        self.conversations
    }
}

impl Conversation {
    /// What happened to the first packet.
    pub(in crate::lab) fn there(&self) -> &[TraceEvent] {
        self.there.as_ref().map_or(&[], |walk| &walk.events)
    }

    /// What happened to the first packet that answered it.
    pub(in crate::lab) fn back(&self) -> &[TraceEvent] {
        self.back.as_ref().map_or(&[], |walk| &walk.events)
    }

    /// Whether the event is one of this conversation's.
    fn observe(&mut self, event: &TraceEvent, ip: &IpHeader) -> bool {
        let flow = FlowKey::of(ip);
        if self.there.as_mut().is_some_and(|there| there.take(event, flow)) {
            if matches!(event.step, Step::Delivered { .. }) {
                self.answer = Some(flow.reversed());
            }
            return true;
        }
        if self.back.as_mut().is_some_and(|back| back.take(event, flow)) {
            return true;
        }
        match (&mut self.there, &mut self.back) {
            // What the VPC itself sends because of the packet: an ICMP error.
            (Some(there), back @ None) if there.packet.answer() == event.packet => {
                *back = Some(Walk::new(event, flow));
                true
            }
            (there, back) => {
                if !matches!(event.step, Step::Seen { direction: Direction::Egress, .. }) {
                    return false;
                }
                let is_wanted = self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted.is_of(flow));
                if there.is_none() && is_wanted {
                    *there = Some(Walk::new(event, flow));
                    return true;
                }
                let is_back = back.is_none() && self.answer.is_some_and(|answer| is_answer(answer, ip));
                if is_back {
                    *back = Some(Walk::new(event, flow));
                }
                is_back
            }
        }
    }
}
