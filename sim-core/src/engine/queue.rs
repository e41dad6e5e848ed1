//! The ordered queue of events.
//!
//! The order is total and does not depend on how the world is cut into partitions: time, then the number of the thing that
//! scheduled the event, then how many events that thing had scheduled before. std's binary heap is the right structure
//! while few events are pending; it stands behind this type so that a better one can take its place.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::SimTime;

/// Where an event stands in the order: time, then the number of what scheduled it, then that thing's own count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct EventKey {
    /// When it is due.
    pub time: SimTime,
    /// The number of whatever scheduled it (a host, a gateway); no two things share one.
    pub source: u32,
    /// How many events that thing had scheduled before.
    pub sequence: u64,
}

impl EventKey {
    /// Before everything that happens.
    pub(crate) const START: EventKey = EventKey { time: SimTime::ZERO, source: 0, sequence: 0 };
}

/// Events in order.
pub(crate) struct EventQueue<E> {
    heap: BinaryHeap<Reverse<(EventKey, E)>>,
    now: SimTime,
}

impl<E: Copy + Ord> Default for EventQueue<E> {
    fn default() -> EventQueue<E> {
        EventQueue { heap: BinaryHeap::new(), now: SimTime::ZERO }
    }
}

impl<E: Copy + Ord> EventQueue<E> {
    /// The time of the last event taken.
    pub(crate) fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules an event.
    ///
    /// # Panics
    /// When the key's time lies before [`now`](Self::now): time never goes back.
    pub(crate) fn push(&mut self, key: EventKey, event: E) {
        assert!(key.time >= self.now, "event at {:?} scheduled at {:?}", key.time, self.now);
        self.heap.push(Reverse((key, event)));
    }

    /// When the next event is due.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse((key, _))| key.time)
    }

    /// Takes the next event if it is due before `end`.
    pub(crate) fn pop_before(&mut self, end: SimTime) -> Option<(EventKey, E)> {
        if self.next_time()? >= end {
            return None;
        }
        let Reverse((key, event)) = self.heap.pop().expect("an event was just seen");
        self.now = key.time;
        Some((key, event))
    }

    /// Lets the clock stand at `time` when nothing was due before it.
    ///
    /// # Panics
    /// When an event before `time` is still pending, or `time` lies in the past.
    pub(crate) fn advance_to(&mut self, time: SimTime) {
        assert!(
            time >= self.now && self.next_time().is_none_or(|next| next >= time),
            "the clock would jump over an event"
        );
        self.now = time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(nanos: u64, source: u32, sequence: u64) -> EventKey {
        EventKey { time: SimTime::from_nanos(nanos), source, sequence }
    }

    #[test]
    fn order_is_time_then_source_then_sequence() {
        let mut queue = EventQueue::default();
        for (key, name) in
            [(key(5, 1, 1), "c"), (key(5, 0, 9), "b"), (key(1, 9, 0), "a"), (key(5, 1, 2), "d"), (key(9, 0, 0), "e")]
        {
            queue.push(key, name);
        }
        let before = SimTime::from_nanos(6);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_before(before)).map(|(_, name)| name).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
        assert_eq!((queue.next_time(), queue.now()), (Some(SimTime::from_nanos(9)), SimTime::from_nanos(5)));
    }

    #[test]
    #[should_panic(expected = "scheduled at")]
    fn time_never_goes_back() {
        let mut queue = EventQueue::default();
        queue.push(key(5, 0, 0), ());
        queue.pop_before(SimTime::MAX);
        queue.push(key(4, 0, 0), ());
    }
}
