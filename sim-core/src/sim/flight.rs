//! Frames under way: each lies in one slot from its sender to its receiver, and hops change it in place.

use std::mem;

use super::guests::Plug;
use crate::dataplane::pipeline::{Next, Transit};
use crate::engine::EventKey;
use crate::id::AvailabilityZone;

/// A frame under way.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(super) to: Station,
    pub(super) transit: Transit,
    /// The zone it started in, if it started in one.
    pub(super) zone: Option<AvailabilityZone>,
}

/// A frame that arrives in another partition, with its place in the order of events there.
#[derive(Debug)]
pub(crate) struct Crossing {
    pub(super) key: EventKey,
    pub(super) flight: Flight,
}

impl Crossing {
    /// The frame's length in bytes.
    pub(super) fn frame_len(&self) -> usize {
        self.flight.transit.frame.bytes.len()
    }
}

/// Where a frame under way is going.
#[derive(Clone, Copy, Debug)]
pub(super) enum Station {
    /// To the network side of the sender's own plug.
    Leave(Plug),
    /// To the next station inside the fabric.
    Hop(Next),
    /// To the guest behind this plug.
    Guest(Plug),
}

/// A place in [`Flights`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Slot(pub(super) u32);

/// All frames under way in a partition.
#[derive(Debug, Default)]
pub(super) struct Flights {
    slots: Vec<Flight>,
    free: Vec<u32>,
}

impl Flights {
    pub(super) fn insert(&mut self, flight: Flight) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = flight;
                Slot(slot)
            }
            None => {
                self.slots.push(flight);
                Slot(self.slots.len() as u32 - 1)
            }
        }
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Flight {
        &mut self.slots[slot.0 as usize]
    }

    /// Frees a slot and gives out the bytes of its frame.
    pub(super) fn end(&mut self, slot: Slot) -> Vec<u8> {
        self.free.push(slot.0);
        mem::take(&mut self.slots[slot.0 as usize].transit.frame.bytes)
    }

    /// Frees a slot and gives out what was in it.
    pub(super) fn remove(&mut self, slot: Slot) -> Flight {
        let bytes = self.end(slot);
        let Flight { to, transit, zone } = &self.slots[slot.0 as usize];
        let mut transit = transit.clone();
        transit.frame.bytes = bytes;
        Flight { to: *to, transit, zone: *zone }
    }
}
