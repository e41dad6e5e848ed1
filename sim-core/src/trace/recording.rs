//! What the pipeline tells, kept in order until the observers read it.

use std::mem;

use super::Direction;
use super::event::{Detail, PacketTag, Step, TraceEvent};
use super::marks::{Marks, WatchedFlow};
use crate::engine::EventKey;
use crate::flat::{Flat, flat, take_bytes};
use crate::id::ResourceId;
use crate::net::{FlowKey, Headers};

/// Where a [`Recording`] keeps the bytes of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KeptFrame {
    start: u64,
    kept: u32,
    /// The frame's length on the wire; fewer bytes may be kept.
    pub wire_len: u32,
}

flat!(struct KeptFrame(start, kept, wire_len));

/// What was recorded: events in order, and the frames among them, all in one piece of memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// The events.
    pub events: Vec<TraceEvent>,
    bytes: Vec<u8>,
    /// Which event of the engine the trace events from here on belong to.
    runs: Vec<Run>,
}

/// What another rank makes of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Audience {
    /// It writes the captures: everything, frames included.
    Captures,
    /// It comes to the same verdicts: drops, and the way of marked packets.
    Verdicts,
}

/// Why flows are watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// To tell what happens to their packets.
    Tell,
    /// To find everything that stands in their way: their packets go on past what would end it, which is told as a drop.
    Probe,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    key: EventKey,
    start: u32,
}

impl Recording {
    /// The bytes that were kept of a frame of this recording.
    pub(crate) fn bytes_of(&self, frame: KeptFrame) -> &[u8] {
        let start = frame.start as usize;
        &self.bytes[start..start + frame.kept as usize]
    }

    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.bytes.clear();
        self.runs.clear();
    }

    /// Adds what several partitions have recorded side by side, in the order in which one partition would have, and forgets
    /// it there.
    pub(crate) fn append_merged(&mut self, parts: &mut [&mut Recording]) {
        let recorded = parts.iter().filter(|part| !part.events.is_empty()).count();
        if recorded == 0 {
            return;
        }
        if let (1, true) = (recorded, self.events.is_empty()) {
            let only = parts.iter_mut().find(|part| !part.events.is_empty()).expect("one part was counted");
            mem::swap(self, only);
            only.clear();
            return;
        }
        let mut order: Vec<(Run, usize, u32)> = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let ends = part.runs.iter().skip(1).map(|run| run.start).chain([part.events.len() as u32]);
            order.extend(part.runs.iter().zip(ends).map(|(run, end)| (*run, number, end)));
        }
        // The sort is stable and keys belong to one partition each: runs of one key stay in their order.
        order.sort_by_key(|(run, ..)| run.key);
        for (run, number, end) in order {
            self.begin_run(run.key);
            for index in run.start..end {
                let mut event = parts[number].events[index as usize].clone();
                if let Step::Seen { frame: Some(frame), .. } = &mut event.step {
                    let start = self.bytes.len() as u64;
                    self.bytes.extend_from_slice(parts[number].bytes_of(*frame));
                    frame.start = start;
                }
                self.events.push(event);
            }
        }
        parts.iter_mut().for_each(|part| part.clear());
    }

    /// Writes what concerns an audience.
    pub(crate) fn put(&self, audience: Audience, to: &mut Vec<u8>) {
        let ends = self.runs.iter().skip(1).map(|run| run.start as usize).chain([self.events.len()]);
        for (run, end) in self.runs.iter().zip(ends) {
            for event in &self.events[run.start as usize..end] {
                let mut event = event.clone();
                if audience == Audience::Verdicts {
                    match &mut event.step {
                        Step::Dropped(_) => {}
                        _ if !event.marked => continue,
                        Step::Seen { frame, .. } => *frame = None,
                        _ => {}
                    }
                }
                true.put(to);
                run.key.put(to);
                event.put(to);
            }
        }
        false.put(to);
        let bytes: &[u8] = if audience == Audience::Captures { &self.bytes } else { &[] };
        (bytes.len() as u64).put(to);
        to.extend_from_slice(bytes);
    }

    /// Reads what another rank has recorded, in place of what is here.
    pub(crate) fn take_from(&mut self, from: &mut &[u8]) -> Option<()> {
        self.clear();
        while bool::take(from)? {
            self.begin_run(EventKey::take(from)?);
            self.events.push(TraceEvent::take(from)?);
        }
        let len = u64::take(from)?;
        self.bytes.extend_from_slice(take_bytes(from, usize::try_from(len).ok()?)?);
        Some(())
    }

    fn begin_run(&mut self, key: EventKey) {
        if self.runs.last().is_none_or(|run| run.key != key) {
            self.runs.push(Run { key, start: self.events.len() as u32 });
        }
    }

    fn keep(&mut self, frame: &[u8], snap_length: u32) -> KeptFrame {
        let start = self.bytes.len() as u64;
        let kept = frame.len().min(snap_length as usize);
        self.bytes.extend_from_slice(&frame[..kept]);
        KeptFrame { start, kept: kept as u32, wire_len: frame.len() as u32 }
    }
}

/// Collects events for the observers; what nobody asked for costs a comparison.
#[derive(Debug)]
pub(crate) struct Trace {
    /// Which steps of marked packets to keep.
    detail: Detail,
    /// How many bytes of each frame to keep, for captures.
    snap_length: Option<u32>,
    marks: Marks,
    /// Whether marked packets are probes.
    probing: bool,
    /// The event of the engine under way.
    key: EventKey,
    recording: Recording,
}

impl Trace {
    /// A collector that keeps what is asked for.
    pub(crate) fn new(detail: Detail, snap_length: Option<u32>) -> Trace {
        Trace {
            detail,
            snap_length,
            marks: Marks::default(),
            probing: false,
            key: EventKey::START,
            recording: Recording::default(),
        }
    }

    /// An event of the engine begins.
    pub(crate) fn begin(&mut self, key: EventKey) {
        self.key = key;
    }

    /// From now on the way of the first packet that leaves an interface is told, and of the first that answers it.
    pub(crate) fn watch_first_packet(&mut self) {
        self.marks = Marks::default();
        self.probing = false;
    }

    /// From now on the way of every packet of these flows is told, and of those that answer them.
    pub(crate) fn watch(&mut self, flows: Vec<WatchedFlow>, purpose: Purpose) {
        self.marks = Marks::of(flows);
        self.probing = purpose == Purpose::Probe;
    }

    /// Whether a packet goes on past what would end its way.
    pub(crate) fn is_probe(&self, tag: PacketTag) -> bool {
        self.probing && tag.marked
    }

    /// Whether somebody has named the flows whose ways are to be told.
    pub(crate) fn is_told_flows(&self) -> bool {
        self.marks.are_named()
    }

    /// Marks a packet that leaves an interface, if its way is to be told.
    pub(crate) fn mark(&mut self, tag: &mut PacketTag, headers: &Headers) {
        if self.detail >= Detail::Path
            && !self.marks.are_spent()
            && let Some(ip) = headers.ip.as_ref().filter(|ip| !ip.is_neighbor_discovery())
            && self.marks.mark(ip)
        {
            tag.marked = true;
        }
    }

    /// Whether a packet that leaves an interface would be marked.
    pub(crate) fn would_mark(&self, headers: &Headers) -> bool {
        self.detail >= Detail::Path
            && !self.marks.are_spent()
            && headers.ip.as_ref().is_some_and(|ip| self.marks.wants(ip))
    }

    /// Whether frames are kept at capture points, and flows are logged.
    pub(crate) fn keeps_frames(&self) -> bool {
        self.snap_length.is_some()
    }

    /// Notes that a packet was delivered.
    pub(crate) fn delivered(&mut self, tag: PacketTag, headers: &Headers, to: ResourceId) {
        if !tag.marked {
            return;
        }
        if let Some(ip) = &headers.ip {
            self.marks.delivered(FlowKey::of(ip));
        }
        self.record(tag, headers, Step::Delivered { to });
    }

    /// Notes that a guest passed on a packet that was delivered to it, and how it leaves.
    pub(crate) fn passed_on(&mut self, tag: PacketTag, came: &Headers, leaves: &Headers, by: ResourceId) {
        if let (true, Some(came), Some(ip)) = (tag.marked, &came.ip, &leaves.ip) {
            self.marks.passed_on(FlowKey::of(ip));
            self.record(tag, leaves, Step::PassedOn { by, from: FlowKey::of(came) });
        }
    }

    /// Records a step, if anybody wants it. Drops are always wanted.
    pub(crate) fn record(&mut self, tag: PacketTag, headers: &Headers, step: Step) {
        if matches!(step, Step::Dropped(_)) || tag.marked && self.detail >= step.detail() {
            self.push(tag, headers, step);
        }
    }

    /// Records that a frame is at a capture point.
    pub(crate) fn seen(
        &mut self,
        tag: PacketTag,
        headers: &Headers,
        point: impl Into<ResourceId>,
        direction: Direction,
        bytes: &[u8],
    ) {
        if self.snap_length.is_some() || tag.marked {
            let frame = self.snap_length.map(|length| self.recording.keep(bytes, length));
            self.push(tag, headers, Step::Seen { point: point.into(), direction, frame });
        }
    }

    /// Records what a flow log says of a packet. Flow logs are written beside captures: without these nobody asks.
    pub(crate) fn log_flow(&mut self, tag: PacketTag, headers: &Headers, step: Step) {
        if self.keeps_frames() {
            // It says nothing about the packet's way: the events of marked packets are for those who follow it.
            self.push(PacketTag { marked: false, ..tag }, headers, step);
        }
    }

    fn push(&mut self, tag: PacketTag, headers: &Headers, step: Step) {
        let PacketTag { id: packet, leg, marked } = tag;
        self.recording.begin_run(self.key);
        self.recording.events.push(TraceEvent { time: self.key.time, packet, leg, marked, headers: *headers, step });
    }

    /// How many steps are recorded.
    pub(crate) fn len(&self) -> usize {
        self.recording.events.len()
    }

    /// What was recorded, to be taken.
    pub(crate) fn recording(&mut self) -> &mut Recording {
        &mut self.recording
    }
}
