//! Lanes of events that come in order.
//!
//! Most events of a busy network are scheduled a fixed time ahead: the length of a link. Those of one length come in order, so a
//! list that is only added to at one end and taken from at the other keeps them sorted for nothing. There are a few lanes for a
//! few lengths; an event goes to the lane whose last event is the latest one before it, and what fits nowhere is for the wheel.
//!
//! ```text
//!   lane   waiting, by time
//!    0     ……………………………………  140  145  150     the longest link
//!    1     ………  75   80  85
//!    2     6  10                               the shortest
//! ```
//!
//! So the lanes are in order of their last events, and stay so: an event that is put behind the last of a lane comes before the
//! last of the lanes above. The first lane that takes it is the right one.

use std::collections::VecDeque;

use super::queue::Entry;

/// How many lanes there are.
const LANES: usize = 6;

/// A few sorted lists.
pub(super) struct Lanes<E> {
    lanes: [VecDeque<Entry<E>>; LANES],
    /// When the last event of each lane is due; of an empty one, when its last was. Never rises from lane to lane.
    last: [u64; LANES],
    /// The first events of the lanes that are not empty, in their order; behind them nothing but [`NONE`].
    heads: [Head; LANES],
    /// How many lanes are not empty.
    occupied: usize,
}

/// The first event of a lane.
#[derive(Clone, Copy)]
struct Head {
    time: u64,
    lane: usize,
}

/// Later than any event.
const NONE: Head = Head { time: u64::MAX, lane: 0 };

impl<E> Default for Lanes<E> {
    fn default() -> Lanes<E> {
        Lanes { lanes: Default::default(), last: [0; LANES], heads: [NONE; LANES], occupied: 0 }
    }
}

impl<E: Copy> Lanes<E> {
    /// Takes an event, if there is a lane for it.
    #[inline]
    pub(super) fn offer(&mut self, entry: Entry<E>) -> bool {
        for (lane, (queue, last)) in self.lanes.iter_mut().zip(&mut self.last).enumerate() {
            if *last > entry.time || *last == entry.time && queue.back().is_some_and(|back| back.is_after(&entry)) {
                continue;
            }
            *last = entry.time;
            queue.push_back(entry);
            if queue.len() == 1 {
                self.occupied += 1;
                self.place(self.occupied - 1, Head { time: entry.time, lane });
            }
            return true;
        }
        false
    }

    /// When the first event is due; the end of time when there is none.
    #[inline]
    pub(super) fn first(&self) -> u64 {
        self.heads[0].time
    }

    /// The first event.
    pub(super) fn peek(&self) -> Option<&Entry<E>> {
        self.lanes[self.heads[0].lane].front()
    }

    /// Takes the first event.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        let lane = self.heads[0].lane;
        let entry = self.lanes[lane].pop_front()?;
        let head = self.lanes[lane].front().map(|next| Head { time: next.time, lane });
        let mut at = 0;
        while at + 1 < self.occupied && head.is_none_or(|head| self.is_before(self.heads[at + 1], head)) {
            self.heads[at] = self.heads[at + 1];
            at += 1;
        }
        match head {
            Some(head) => self.heads[at] = head,
            None => {
                self.heads[at] = NONE;
                self.occupied -= 1;
            }
        }
        Some(entry)
    }

    /// Puts a new head among the others, of which those from `at` on are free.
    #[cold]
    fn place(&mut self, mut at: usize, head: Head) {
        while at > 0 && self.is_before(head, self.heads[at - 1]) {
            self.heads[at] = self.heads[at - 1];
            at -= 1;
        }
        self.heads[at] = head;
    }

    #[inline]
    fn is_before(&self, one: Head, other: Head) -> bool {
        one.time < other.time || one.time == other.time && self.wins_tie(one.lane, other.lane)
    }

    /// Of two lanes whose first events are due at once, whether that of the first comes first in the total order.
    #[cold]
    fn wins_tie(&self, lane: usize, other: usize) -> bool {
        match (self.lanes[lane].front(), self.lanes[other].front()) {
            (Some(front), Some(other)) => other.is_after(front),
            (front, _) => front.is_some(),
        }
    }
}
