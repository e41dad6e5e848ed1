//! Lanes of events that come in order.
//!
//! Most events of a busy network are scheduled a fixed time ahead: the length of a link. Those of one length come in order, so a
//! list that is only added to at one end and taken from at the other keeps them sorted for nothing. There are a few lanes for a
//! few lengths; an event goes to the lane whose last event is the latest one before it, and what fits nowhere is for the wheel.

use std::collections::VecDeque;

use super::queue::Entry;

/// How many lanes there are.
const LANES: usize = 6;

/// A few sorted lists.
pub(super) struct Lanes<E> {
    lanes: [VecDeque<Entry<E>>; LANES],
    /// When the first event of each lane is due; the end of time for an empty one.
    first: [u64; LANES],
    /// When the last is due; 0 for an empty lane.
    last: [u64; LANES],
}

impl<E> Default for Lanes<E> {
    fn default() -> Lanes<E> {
        Lanes { lanes: Default::default(), first: [u64::MAX; LANES], last: [0; LANES] }
    }
}

impl<E: Copy> Lanes<E> {
    /// Takes an event, if there is a lane for it.
    pub(super) fn offer(&mut self, entry: Entry<E>) -> bool {
        let mut best = None;
        for (lane, &last) in self.last.iter().enumerate() {
            if last <= entry.time && best.is_none_or(|(_, latest)| last > latest) {
                best = Some((lane, last));
            }
        }
        let Some((lane, last)) = best else { return false };
        if last == entry.time && self.lanes[lane].back().is_some_and(|back| back.is_after(&entry)) {
            return false;
        }
        if self.lanes[lane].is_empty() {
            self.first[lane] = entry.time;
        }
        self.last[lane] = entry.time;
        self.lanes[lane].push_back(entry);
        true
    }

    /// When the first event is due; the end of time when there is none.
    pub(super) fn first(&self) -> u64 {
        self.first.iter().copied().fold(u64::MAX, u64::min)
    }

    /// The first event.
    pub(super) fn peek(&self) -> Option<&Entry<E>> {
        let time = self.first();
        let mut fronts = self.first.iter().zip(&self.lanes).filter(|(first, _)| **first == time);
        let mut earliest = fronts.find_map(|(_, lane)| lane.front())?;
        for front in fronts.filter_map(|(_, lane)| lane.front()) {
            if earliest.is_after(front) {
                earliest = front;
            }
        }
        Some(earliest)
    }

    /// Takes the first event.
    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        let time = self.first();
        let mut earliest: Option<usize> = None;
        for lane in 0..LANES {
            if self.first[lane] == time
                && let Some(front) = self.lanes[lane].front()
                && earliest.is_none_or(|other| self.lanes[other].front().is_some_and(|other| other.is_after(front)))
            {
                earliest = Some(lane);
            }
        }
        let lane = earliest?;
        let entry = self.lanes[lane].pop_front();
        match self.lanes[lane].front() {
            Some(next) => self.first[lane] = next.time,
            None => (self.first[lane], self.last[lane]) = (u64::MAX, 0),
        }
        entry
    }
}
