//! The ordered queue of events.
//!
//! The order is total and does not depend on how the world is cut into partitions: time, then the number of the thing that
//! scheduled the event, then how many events that thing had scheduled before. std's binary heap is the right structure
//! while few events are pending; it stands behind this type so that a better one can take its place.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::SimTime;

/// Where an event stands in the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    time: SimTime,
    source: u32,
    sequence: u64,
}

struct Entry<E> {
    key: Key,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Entry<E>) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Entry<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the heap's greatest entry is the earliest event.
    fn cmp(&self, other: &Entry<E>) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// Events in order. `source` is the number of whatever schedules the event (a host, a gateway): any dense numbering will do
/// in which no two things share a number.
pub(crate) struct EventQueue<E> {
    heap: BinaryHeap<Entry<E>>,
    sequences: Vec<u64>,
    now: SimTime,
}

impl<E> Default for EventQueue<E> {
    fn default() -> EventQueue<E> {
        EventQueue { heap: BinaryHeap::new(), sequences: Vec::new(), now: SimTime::ZERO }
    }
}

impl<E> EventQueue<E> {
    /// The time of the last event taken.
    pub(crate) fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules an event.
    ///
    /// # Panics
    /// When `time` lies before [`now`](Self::now): time never goes back.
    pub(crate) fn push(&mut self, time: SimTime, source: u32, event: E) {
        assert!(time >= self.now, "event at {time:?} scheduled at {:?}", self.now);
        let index = source as usize;
        if index >= self.sequences.len() {
            self.sequences.resize(index + 1, 0);
        }
        let sequence = self.sequences[index];
        self.sequences[index] += 1;
        self.heap.push(Entry { key: Key { time, source, sequence }, event });
    }

    /// When the next event is due.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        self.heap.peek().map(|entry| entry.key.time)
    }

    /// Takes the next event if it is due at `until` or before.
    pub(crate) fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if self.next_time()? > until {
            return None;
        }
        let entry = self.heap.pop().expect("an event was just seen");
        self.now = entry.key.time;
        Some((self.now, entry.event))
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

    #[test]
    fn order_is_time_then_source_then_insertion() {
        let mut queue = EventQueue::default();
        let at = SimTime::from_nanos;
        for (time, source, name) in [(5, 1, "c"), (5, 0, "b"), (1, 9, "a"), (5, 1, "d"), (9, 0, "e")] {
            queue.push(at(time), source, name);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop_until(at(5))).map(|(_, name)| name).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
        assert_eq!((queue.next_time(), queue.now()), (Some(at(9)), at(5)));
    }

    #[test]
    #[should_panic(expected = "scheduled at")]
    fn time_never_goes_back() {
        let mut queue = EventQueue::default();
        queue.push(SimTime::from_nanos(5), 0, ());
        queue.pop_until(SimTime::MAX);
        queue.push(SimTime::from_nanos(4), 0, ());
    }
}
