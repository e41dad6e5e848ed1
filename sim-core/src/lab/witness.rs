//! Watches the packets of a step: which were dropped, and what the first one and the first one back passed.
//!
//! It reads the trace and nothing else, so that what a report says of a packet is what happened to it.

use std::mem;

use crate::engine::SimTime;
use crate::id::ResourceId;
use crate::net::{FlowKey, Headers};
use crate::trace::{Direction, DropReason, Leg, PacketId, Step, TraceEvent};

/// Drops that are kept for one step's report; of those beyond only the number is.
const DROPS: usize = 1_000;

/// What was seen since the step began.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// Every packet that was dropped, in order.
    pub drops: Vec<Lost>,
    /// How many more there were.
    pub more_drops: u64,
    forward: Option<Walk>,
    /// What an answer to the first flow looks like, as the far end sends it; known once a packet of it was delivered.
    answer: Option<FlowKey>,
    back: Option<Walk>,
}

/// A packet that was dropped.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    pub time: SimTime,
    pub headers: Headers,
    pub reason: DropReason,
    pub leg: Leg,
    /// Its frame's number in the capture of everything, if it has one.
    pub frame: Option<u64>,
}

/// A packet on its way and what it has passed.
#[derive(Clone, Debug)]
struct Walk {
    packet: PacketId,
    flow: FlowKey,
    /// Whether it is inside a guest that passes it on, and will be seen next as another packet of the flow.
    is_passed_on: bool,
    stations: Vec<ResourceId>,
}

impl Witness {
    /// Forgets what was seen: a new step begins.
    pub(super) fn begin_step(&mut self) {
        *self = Witness::default();
    }

    /// Takes the next event, with the frame number that a drop's frame has in the capture.
    pub(super) fn observe(&mut self, event: &TraceEvent, frame: Option<u64>) {
        if let Step::Dropped(reason) = &event.step {
            self.lose(event, reason, frame);
        }
        // Of packets that are not marked only a part is told, more or less of it as captures are on or off.
        let (true, Some(ip)) = (event.marked, &event.headers.ip) else { return };
        let flow = FlowKey::of(ip);
        match &event.step {
            Step::Seen { point, direction, .. } => self.pass(event.packet, flow, *point, *direction),
            Step::Vpc { vpc } => self.walk(event.packet, |walk| walk.push((*vpc).into())),
            Step::Gateway { gateway } => self.walk(event.packet, |walk| walk.push(*gateway)),
            Step::Delivered { to } => {
                self.walk(event.packet, |walk| walk.push(*to));
                // A gateway may have translated the packet; the far end knows the flow as it was delivered.
                let is_first =
                    self.forward.as_ref().is_some_and(|walk| walk.packet == event.packet || walk.flow == flow);
                if is_first && self.answer.is_none() {
                    self.answer = Some(flow.reversed());
                }
            }
            Step::PassedOn { by, from } => self.pass_on(event.packet, *by, *from, flow),
            Step::Dropped(_)
            | Step::Answered { .. }
            | Step::AddressChecked { .. }
            | Step::SecurityGroup { .. }
            | Step::NetworkAcl { .. }
            | Step::Route { .. }
            | Step::Translated { .. }
            | Step::Fragmented { .. }
            | Step::PortTranslated { .. }
            | Step::FlowLogged { .. } => {}
        }
    }

    /// What the step's first packet passed: interfaces, VPCs, gateways.
    pub(super) fn path(&self) -> &[ResourceId] {
        self.forward.as_ref().map_or(&[], |walk| &walk.stations)
    }

    /// What the first packet back passed.
    pub(super) fn return_path(&self) -> &[ResourceId] {
        self.back.as_ref().map_or(&[], |walk| &walk.stations)
    }

    /// A packet is at a capture point. The first one to leave an interface is the step's; the first to come back is the one
    /// that answers the flow as its receiver knew it.
    fn pass(&mut self, packet: PacketId, flow: FlowKey, point: ResourceId, direction: Direction) {
        if direction == Direction::Egress {
            let passed_on = |walk: &&mut Walk| walk.is_passed_on && walk.flow == flow;
            if let Some(walk) = [&mut self.forward, &mut self.back].into_iter().flatten().find(passed_on) {
                walk.packet = packet;
                walk.is_passed_on = false;
            } else if self.forward.is_none() {
                self.forward = Some(Walk::new(packet, flow));
            } else if self.back.is_none() && self.answer == Some(flow) {
                self.back = Some(Walk::new(packet, flow));
            }
        }
        self.walk(packet, |walk| walk.push(point));
    }

    /// A guest passes a packet on: what it sends is the same walk. Of a packet in pieces the last is told of.
    fn pass_on(&mut self, packet: PacketId, by: ResourceId, from: FlowKey, flow: FlowKey) {
        let is_there = |walk: &&mut Walk| {
            (walk.packet == packet || walk.flow == from) && walk.stations.last() == Some(&by) && !walk.is_passed_on
        };
        if let Some(walk) = self.forward.as_mut().filter(|walk| is_there(walk)) {
            walk.pass_on(flow);
            self.answer = None; // Whoever answers will know the flow as it is now.
        } else if let Some(walk) = self.back.as_mut().filter(|walk| is_there(walk)) {
            walk.pass_on(flow);
        }
    }

    fn walk(&mut self, packet: PacketId, step: impl FnOnce(&mut Walk)) {
        if let Some(walk) = [&mut self.forward, &mut self.back].into_iter().flatten().find(|walk| walk.packet == packet)
        {
            step(walk);
        }
    }

    fn lose(&mut self, event: &TraceEvent, reason: &DropReason, frame: Option<u64>) {
        if self.drops.len() == DROPS {
            self.more_drops += 1;
            return;
        }
        let reason = reason.clone();
        self.drops.push(Lost { time: event.time, headers: event.headers, reason, leg: event.leg, frame });
    }

    /// Takes the drops seen so far.
    pub(super) fn take_drops(&mut self) -> Vec<Lost> {
        mem::take(&mut self.drops)
    }
}

impl Walk {
    fn new(packet: PacketId, flow: FlowKey) -> Walk {
        Walk { packet, flow, is_passed_on: false, stations: Vec::new() }
    }

    fn pass_on(&mut self, flow: FlowKey) {
        self.flow = flow;
        self.is_passed_on = true;
    }

    fn push(&mut self, station: ResourceId) {
        if self.stations.last() != Some(&station) {
            self.stations.push(station);
        }
    }
}
