//! The timers of a host's programs, in the order in which they fire.
//!
//! A host has few and sets one for most packets, so they lie in one piece of memory. One that is set later is due later, most
//! often: it goes behind the last, and the first is the next to be taken.

use std::collections::VecDeque;
use std::task::Waker;

use crate::engine::SimTime;

/// Names a timer of one host. Those of one moment fire as they were set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct TimerId {
    at: SimTime,
    number: u64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Timers {
    set: u64,
    waiting: VecDeque<(TimerId, Waker)>,
}

impl Timers {
    /// Wakes somebody at a moment.
    pub(super) fn set(&mut self, at: SimTime, waker: Waker) -> TimerId {
        let id = TimerId { at, number: self.set };
        self.set += 1;
        match self.waiting.back() {
            Some((last, _)) if *last > id => {
                let place = self.waiting.partition_point(|(other, _)| *other < id);
                self.waiting.insert(place, (id, waker));
            }
            _ => self.waiting.push_back((id, waker)),
        }
        id
    }

    /// Whom a timer wakes, unless it has fired.
    pub(super) fn waker(&mut self, id: TimerId) -> Option<&mut Waker> {
        let place = self.place(id)?;
        Some(&mut self.waiting[place].1)
    }

    /// Takes a timer back, if it has not fired.
    pub(super) fn cancel(&mut self, id: TimerId) {
        if self.waiting.pop_back_if(|(last, _)| *last == id).is_none()
            && let Some(place) = self.place(id)
        {
            self.waiting.remove(place);
        }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.waiting.front().map(|(id, _)| id.at)
    }

    /// Wakes everybody whose time has come.
    pub(super) fn fire(&mut self, now: SimTime) {
        while let Some((_, waker)) = self.waiting.pop_front_if(|(id, _)| id.at <= now) {
            waker.wake();
        }
    }

    fn place(&self, id: TimerId) -> Option<usize> {
        self.waiting.binary_search_by_key(&id, |&(id, _)| id).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    use proptest::prelude::*;

    use super::*;

    struct Note(usize, Arc<Mutex<Vec<usize>>>);

    impl Wake for Note {
        fn wake(self: Arc<Note>) {
            self.1.lock().expect("nobody panicked").push(self.0);
        }
    }

    proptest! {
        #[test]
        fn timers_fire_in_order_of_time_and_then_as_they_were_set(
            times in prop::collection::vec(0_u64..20, 0..30), cancelled: [bool; 30], now in 0_u64..20,
        ) {
            let fired = Arc::default();
            let mut timers = Timers::default();
            let waker = |number| Waker::from(Arc::new(Note(number, Arc::clone(&fired))));
            let at = |time: u64| SimTime::from_nanos(time);
            let ids: Vec<TimerId> =
                times.iter().enumerate().map(|(number, time)| timers.set(at(*time), waker(number))).collect();
            ids.iter().zip(cancelled).filter(|(_, cancelled)| *cancelled).for_each(|(id, _)| timers.cancel(*id));
            timers.fire(at(now));

            let mut left: Vec<(u64, usize)> =
                times.iter().enumerate().map(|(number, time)| (*time, number)).filter(|(_, n)| !cancelled[*n]).collect();
            left.sort_unstable();
            let (due, later): (Vec<_>, Vec<_>) = left.into_iter().partition(|(time, _)| *time <= now);
            let due: Vec<usize> = due.into_iter().map(|(_, number)| number).collect();
            prop_assert_eq!(&*fired.lock().expect("nobody panicked"), &due);
            prop_assert_eq!(timers.next(), later.first().map(|(time, _)| at(*time)));
            for (number, id) in ids.iter().enumerate() {
                prop_assert_eq!(timers.waker(*id).is_some(), later.iter().any(|(_, other)| *other == number));
            }
        }
    }
}
