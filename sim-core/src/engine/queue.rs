//! The ordered queue of events: lanes for what comes in order, and for the rest a short sorted list of what is due soon and a
//! hierarchical timing wheel for everything later.
//!
//! The order is total: [`EventKey`]. How events are stored never shows in it.
//!
//! ```text
//!     now ≤ … ≤ horizon < …………………………………………………………………………………………
//!     [ near, sorted  ]   [ level 0 ][   level 1   ][        level 2        ] …  32 buckets a level
//! ```
//!
//! A level's buckets are 32 times as wide as those of the level below; level 0's are one nanosecond wide. An event belongs
//! to the level of the highest base-32 digit in which its time differs from the horizon's, in the bucket that this digit
//! names. So all events of a level come before those of the next, and two bit scans find the next bucket. When the list is
//! empty the next bucket is opened: a small one is sorted into the list, a large one is dealt to the levels below. Each
//! time an event moves, it moves in sequence with its neighbours. That keeps the cost flat when the pending events outgrow
//! the caches, where one heap of them all waits for memory at every step.
//!
//! While no more than [`CROWD`] events are pending, the horizon lies at the end of time and the list is all there is: a
//! small lab pays for nothing else.
//!
//! See Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), and for the rule of the highest digit Ahuja and
//! others, "Faster Algorithms for the Shortest Path Problem" (1990), where the structure is called a radix heap.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem;

use super::SimTime;
use super::lanes::Lanes;

/// As many events as are kept sorted with ease; measured, 32 and 64 give much the same.
const CROWD: usize = 48;
/// Events of a chunk of the slab.
const CHUNK: u32 = 16;
/// Bits of a digit; a level has `1 << DIGIT` buckets.
const DIGIT: u32 = 5;
/// Digits of a time, hence levels of the wheel. As a level of the horizon: the whole of time.
const LEVELS: u32 = u64::BITS.div_ceil(DIGIT);

/// Where an event stands in the total order: time, then the number of what scheduled it, then that thing's own count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct EventKey {
    /// When the event is due.
    pub(crate) time: SimTime,
    /// The number of what scheduled it.
    pub(crate) source: u32,
    /// How many events that thing had scheduled before.
    pub(crate) sequence: u64,
}

impl EventKey {
    /// Before everything that happens.
    pub(crate) const START: EventKey = EventKey { time: SimTime::ZERO, source: 0, sequence: 0 };
}

/// A key and its event, in 24 bytes for an event of four: a key of its own would be padded.
#[derive(Clone, Copy)]
pub(super) struct Entry<E> {
    pub(super) time: u64,
    sequence: u64,
    source: u32,
    event: E,
}

impl<E> Entry<E> {
    /// Whether this event comes after another.
    pub(super) fn is_after(&self, other: &Entry<E>) -> bool {
        (self.time, self.source, self.sequence) > (other.time, other.source, other.sequence)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Entry<E>) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Entry<E>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the earliest event is the greatest, at the end of a sorted list and at the top of a heap.
    fn cmp(&self, other: &Entry<E>) -> Ordering {
        let later = (other.time, other.source, other.sequence);
        later.cmp(&(self.time, self.source, self.sequence))
    }
}

/// Events in order. Keys are the caller's and must not repeat.
pub(crate) struct EventQueue<E> {
    now: SimTime,
    len: usize,
    /// What comes in order of itself.
    lanes: Lanes<E>,
    /// The events due at the horizon or before, the earliest last.
    near: Vec<Entry<E>>,
    /// Those that came while `near` was crowded with events of one instant.
    late: BinaryHeap<Entry<E>>,
    /// The last nanosecond of `near`.
    horizon: u64,
    /// The level of the bucket that ends with the horizon. It holds the present.
    level: u32,
    wheel: Wheel<E>,
}

impl<E> Default for EventQueue<E> {
    fn default() -> EventQueue<E> {
        EventQueue {
            now: SimTime::ZERO,
            len: 0,
            lanes: Lanes::default(),
            near: Vec::new(),
            late: BinaryHeap::new(),
            horizon: u64::MAX,
            level: LEVELS,
            wheel: Wheel::default(),
        }
    }
}

impl<E: Copy> EventQueue<E> {
    /// The time of the last event taken, or where the clock was set since.
    pub(crate) fn now(&self) -> SimTime {
        self.now
    }

    /// How many events are pending.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Schedules an event.
    ///
    /// # Panics
    /// When its time lies before [`now`](Self::now): time never goes back.
    pub(crate) fn push(&mut self, key: EventKey, event: E) {
        assert!(key.time >= self.now, "event at {:?} scheduled at {:?}", key.time, self.now);
        let entry = Entry { time: key.time.as_nanos(), sequence: key.sequence, source: key.source, event };
        self.len += 1;
        if self.lanes.offer(entry) {
            return;
        }
        if entry.time <= self.horizon && self.near.len() >= CROWD && self.level > 0 {
            self.draw_in();
        }
        if entry.time > self.horizon {
            self.wheel.put(entry, self.horizon);
        } else if self.near.len() < CROWD {
            // Counting all of the few takes less time than searching: no branch depends on the times.
            let mut place = self.near.iter().filter(|other| other.time > entry.time).count();
            while self.near.get(place).is_some_and(|other| *other < entry) {
                place += 1;
            }
            self.near.insert(place, entry);
        } else {
            self.late.push(entry);
        }
    }

    /// When the next event is due.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        let soonest = self.lanes.first().min(self.next_unruly());
        (self.len > 0).then(|| SimTime::from_nanos(soonest))
    }

    /// When the next event outside the lanes is due; the end of time when there is none.
    fn next_unruly(&self) -> u64 {
        match (self.near.last(), self.late.peek()) {
            (Some(near), None) => near.time,
            (near, late) => match near.max(late) {
                Some(entry) => entry.time,
                None => self.wheel.next().map_or(u64::MAX, |(_, bucket)| bucket.earliest),
            },
        }
    }

    /// Takes the next event if it is due before `end`.
    pub(crate) fn pop_before(&mut self, end: SimTime) -> Option<(EventKey, E)> {
        let (ruly, unruly) = (self.lanes.first(), self.next_unruly());
        if self.len == 0 || ruly.min(unruly) >= end.as_nanos() {
            return None;
        }
        let from_lanes = ruly < unruly || ruly == unruly && self.lanes_are_first();
        let next = if from_lanes { self.lanes.pop() } else { self.pop_unruly() };
        let Entry { time, sequence, source, event } = next.expect("an event was just seen");
        self.len -= 1;
        self.now = SimTime::from_nanos(time);
        Some((EventKey { time: self.now, source, sequence }, event))
    }

    /// Of two events due at one moment, whether that in the lanes is the first.
    #[cold]
    fn lanes_are_first(&mut self) -> bool {
        if self.near.is_empty() && self.late.is_empty() {
            self.open_next();
        }
        match (self.lanes.peek(), self.near.last().max(self.late.peek())) {
            (Some(ruly), Some(unruly)) => unruly.is_after(ruly),
            (ruly, _) => ruly.is_some(),
        }
    }

    fn pop_unruly(&mut self) -> Option<Entry<E>> {
        if self.near.is_empty() && self.late.is_empty() {
            self.open_next();
        }
        let in_near = self.late.is_empty() || self.near.last() > self.late.peek();
        if in_near { self.near.pop() } else { self.late.pop() }
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

    /// Moves the horizon to the end of the next bucket, or of a part of it that holds its earliest event, and the events up
    /// to there into `near`. Only done when that event is taken: nothing that is pushed later comes before it.
    fn open_next(&mut self) {
        let Some((place, bucket)) = self.wheel.next() else { return };
        let (mut level, mut share) = (place >> DIGIT, bucket.len as usize);
        if share > CROWD {
            // What came from far ahead often fills only a corner of its bucket.
            level = level.min(1 + (bucket.earliest ^ bucket.latest | 1).ilog2() / DIGIT);
        }
        while share > CROWD && level > 0 {
            level -= 1;
            share >>= DIGIT;
        }
        let (horizon, near) = (bucket.earliest | below(level), &mut self.near);
        self.wheel.empty(place, |wheel, entry| {
            if entry.time > horizon {
                wheel.put(entry, horizon);
            } else {
                near.push(entry);
            }
        });
        near.sort_unstable();
        (self.level, self.horizon) = if self.wheel.occupied == 0 { (LEVELS, u64::MAX) } else { (level, horizon) };
    }

    /// Moves the horizon closer, because `near` is crowded, and what then lies behind it to the wheel. The horizon stays in
    /// the bucket that it ended, so everything in the wheel remains where it belongs.
    #[cold]
    fn draw_in(&mut self) {
        self.wheel.buckets.resize((LEVELS << DIGIT) as usize, EMPTY);
        let now = self.now.as_nanos();
        let behind = |horizon| self.near.partition_point(|entry| entry.time > horizon);
        let fits = |level: &u32| self.near.len() - behind(now | below(*level)) <= CROWD / 2;
        self.level = (0..self.level).rev().find(fits).unwrap_or(0);
        self.horizon = now | below(self.level);
        let behind = behind(self.horizon);
        for entry in self.near.drain(..behind) {
            self.wheel.put(entry, self.horizon);
        }
    }
}

/// The digits below `level`, all set: what a bucket's first nanosecond lacks of its last.
fn below(level: u32) -> u64 {
    (1 << (level * DIGIT)) - 1
}

/// The buckets of all levels, and their events in the chunks of one slab: `CHUNK` entries each, filled from the front, used
/// again last-in-first-out.
struct Wheel<E> {
    /// The levels that hold events.
    occupied: u16,
    /// The buckets of each level that hold events.
    filled: [u32; LEVELS as usize],
    /// By level and digit; none before the first event.
    buckets: Vec<Bucket>,
    entries: Vec<Entry<E>>,
    /// For each chunk where the one behind it ends, as [`Bucket::end`]; for a free chunk where the next free one does.
    links: Vec<u32>,
    /// Where the first free chunk ends; 0 when there is none.
    free: u32,
}

/// What one bucket holds.
#[derive(Clone, Copy)]
struct Bucket {
    earliest: u64,
    latest: u64,
    len: u32,
    /// The end of the last entry in the slab, which lies in the only chunk that may have room left; 0 when empty.
    end: u32,
}

const EMPTY: Bucket = Bucket { earliest: u64::MAX, latest: 0, len: 0, end: 0 };

impl<E> Default for Wheel<E> {
    fn default() -> Wheel<E> {
        Wheel {
            occupied: 0,
            filled: [0; LEVELS as usize],
            buckets: Vec::new(),
            entries: Vec::new(),
            links: Vec::new(),
            free: 0,
        }
    }
}

impl<E: Copy> Wheel<E> {
    /// The bucket that holds the earliest event, and its place.
    fn next(&self) -> Option<(u32, Bucket)> {
        if self.occupied == 0 {
            return None;
        }
        let level = self.occupied.trailing_zeros();
        let place = level << DIGIT | self.filled[level as usize].trailing_zeros();
        Some((place, self.buckets[place as usize]))
    }

    /// Adds an event that lies behind the horizon.
    fn put(&mut self, entry: Entry<E>, horizon: u64) {
        let level = (entry.time ^ horizon).ilog2() / DIGIT;
        let digit = (entry.time >> (level * DIGIT)) as u32 % (1 << DIGIT);
        self.occupied |= 1 << level;
        self.filled[level as usize] |= 1 << digit;
        let bucket = &mut self.buckets[(level << DIGIT | digit) as usize];
        bucket.earliest = bucket.earliest.min(entry.time);
        bucket.latest = bucket.latest.max(entry.time);
        bucket.len += 1;
        if bucket.end.is_multiple_of(CHUNK) {
            let full = bucket.end;
            if self.free == 0 {
                self.free = grow(&mut self.entries, &mut self.links, entry);
            }
            let chunk = self.free / CHUNK - 1;
            self.free = mem::replace(&mut self.links[chunk as usize], full);
            bucket.end = chunk * CHUNK;
        }
        self.entries[bucket.end as usize] = entry;
        bucket.end += 1;
    }

    /// Takes every event of the bucket at `place` out and hands it to `deal`, which may put it into another.
    fn empty(&mut self, place: u32, mut deal: impl FnMut(&mut Wheel<E>, Entry<E>)) {
        let (level, digit) = ((place >> DIGIT) as usize, place % (1 << DIGIT));
        self.filled[level] &= !(1 << digit);
        if self.filled[level] == 0 {
            self.occupied &= !(1 << level);
        }
        let mut end = mem::replace(&mut self.buckets[place as usize], EMPTY).end;
        while end != 0 {
            let chunk = (end - 1) / CHUNK;
            for index in chunk * CHUNK..end {
                let entry = self.entries[index as usize];
                deal(self, entry);
            }
            end = mem::replace(&mut self.links[chunk as usize], self.free);
            self.free = (chunk + 1) * CHUNK;
        }
    }
}

/// Adds a chunk to the slab and returns its end. `filler` is any entry.
#[cold]
fn grow<E: Copy>(entries: &mut Vec<Entry<E>>, links: &mut Vec<u32>, filler: Entry<E>) -> u32 {
    let end = entries.len() + CHUNK as usize;
    entries.resize(end, filler);
    links.push(0);
    u32::try_from(end).expect("fewer than 2^32 events are pending")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn key(time: u64, source: u32, sequence: u64) -> EventKey {
        EventKey { time: SimTime::from_nanos(time), source, sequence }
    }

    #[test]
    fn order_is_time_then_source_then_sequence() {
        let mut queue = EventQueue::default();
        for (time, source, sequence, name) in
            [(5, 1, 0, 'c'), (5, 0, 7, 'b'), (1, 9, 0, 'a'), (5, 1, 1, 'd'), (6, 0, 8, 'e')]
        {
            queue.push(key(time, source, sequence), name);
        }
        let order: String =
            std::iter::from_fn(|| queue.pop_before(SimTime::from_nanos(6))).map(|(_, name)| name).collect();
        assert_eq!(order, "abcd");
        assert_eq!((queue.next_time(), queue.now()), (Some(SimTime::from_nanos(6)), SimTime::from_nanos(5)));
    }

    #[test]
    #[should_panic(expected = "scheduled at")]
    fn time_never_goes_back() {
        let mut queue = EventQueue::default();
        queue.push(key(5, 0, 0), ());
        queue.pop_before(SimTime::MAX);
        queue.push(key(4, 0, 1), ());
    }

    #[test]
    #[should_panic(expected = "jump over an event")]
    fn the_clock_jumps_over_no_event() {
        let mut queue = EventQueue::default();
        queue.push(key(5, 0, 0), ());
        queue.advance_to(SimTime::from_nanos(5));
        queue.advance_to(SimTime::from_nanos(6));
    }

    #[test]
    fn an_event_at_the_end_of_time_is_before_no_end() {
        let mut queue = EventQueue::default();
        for sequence in 0..100 {
            queue.push(key(u64::MAX - sequence % 2, 0, sequence), ());
        }
        assert_eq!(std::iter::from_fn(|| queue.pop_before(SimTime::MAX)).count(), 50);
        assert_eq!((queue.next_time(), queue.len()), (Some(SimTime::MAX), 50));
    }

    #[test]
    fn an_entry_of_a_small_event_takes_24_bytes() {
        assert_eq!(size_of::<Entry<u32>>(), 24);
    }

    #[test]
    fn a_steady_number_of_events_needs_no_new_memory() {
        let mut queue = EventQueue::default();
        let mut seed = 1_u64;
        let mut delay = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            1 + (seed >> 40)
        };
        for sequence in 0..1_000 {
            queue.push(key(delay(), 0, sequence), ());
        }
        let mut turn = |queue: &mut EventQueue<()>, sequence| {
            let (taken, ()) = queue.pop_before(SimTime::MAX).expect("events are pending");
            queue.push(key(taken.time.as_nanos() + delay(), 0, sequence), ());
        };
        let capacity =
            |queue: &EventQueue<()>| (queue.near.capacity(), queue.late.capacity(), queue.wheel.entries.capacity());
        (1_000..100_000).for_each(|sequence| turn(&mut queue, sequence));
        let settled = capacity(&queue);
        (100_000..400_000).for_each(|sequence| turn(&mut queue, sequence));
        assert_eq!(capacity(&queue), settled);
    }

    /// One step of a run against the model.
    #[derive(Clone, Debug)]
    enum Step {
        /// This many events, the first this much ahead, each this much after the one before.
        Push { ahead: u64, count: u64, apart: u64 },
        /// As many as this are taken, as long as they are due within so much from now.
        Pop { within: u64, count: usize },
        /// The clock is set as far ahead as it goes, up to this much.
        Advance { by: u64 },
    }

    /// Lengths of time of every size, the small ones likely to coincide.
    fn length() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..4, (0_u32..64, any::<u64>()).prop_map(|(bits, noise)| noise >> bits), Just(u64::MAX)]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (length(), 1_u64..80, length()).prop_map(|(ahead, count, apart)| Step::Push { ahead, count, apart }),
            4 => (length(), 1_usize..120).prop_map(|(within, count)| Step::Pop { within, count }),
            1 => length().prop_map(|by| Step::Advance { by }),
        ]
    }

    proptest! {
        #[test]
        fn events_come_as_from_a_sorted_map(steps in prop::collection::vec(step(), 1..60)) {
            let (mut queue, mut model) = (EventQueue::default(), BTreeMap::new());
            let mut sequence = 0;
            for step in steps {
                let now = queue.now().as_nanos();
                match step {
                    Step::Push { ahead, count, apart } => for place in 0..count {
                        let time = now.saturating_add(ahead).saturating_add(apart.saturating_mul(place));
                        // Sources fall while sequences rise: neither alone gives the order.
                        let key = key(time, 7 - sequence % 8, sequence.into());
                        queue.push(key, sequence);
                        model.insert(key, sequence);
                        sequence += 1;
                    },
                    Step::Pop { within, count } => {
                        let end = SimTime::from_nanos(now.saturating_add(within));
                        for _ in 0..count {
                            let expected = model.first_key_value().map(|(&key, &event)| (key, event)).filter(|(key, _)| key.time < end);
                            prop_assert_eq!(queue.pop_before(end), expected);
                            let Some((key, _)) = expected else { break };
                            prop_assert_eq!(queue.now(), key.time);
                            model.remove(&key);
                        }
                    }
                    Step::Advance { by } => {
                        let next = model.first_key_value().map_or(SimTime::MAX, |(key, _)| key.time);
                        queue.advance_to(next.min(SimTime::from_nanos(now.saturating_add(by))));
                    }
                }
                prop_assert_eq!(queue.next_time(), model.first_key_value().map(|(key, _)| key.time));
                prop_assert_eq!(queue.len(), model.len());
            }
        }
    }
}
