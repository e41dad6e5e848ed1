//! The cloud's records of one kind: found by id, listed in the order they were made.
//!
//! Describe answers in that order, and everything that must not depend on chance goes by it. Taking a record out leaves a gap,
//! so that deleting one of a quarter of a million moves none of the others; when the gaps outnumber the records they are closed.

use std::hash::Hash;
use std::iter::Flatten;
use std::ops::{Index, IndexMut};

use indexmap::IndexMap;
use indexmap::map::Values;

use crate::id::IdHash;

/// Fewer gaps than this are not worth closing.
const GAPS_TO_CLOSE: usize = 16;

/// Records by id.
#[derive(Clone, Debug)]
pub(crate) struct Records<I, R> {
    /// `None` where a record was taken out.
    places: IndexMap<I, Option<R>, IdHash>,
    gaps: usize,
}

impl<I, R> Default for Records<I, R> {
    fn default() -> Records<I, R> {
        Records { places: IndexMap::default(), gaps: 0 }
    }
}

impl<I: Eq + Hash, R> Records<I, R> {
    /// The record with this id.
    pub(crate) fn get(&self, id: &I) -> Option<&R> {
        self.places.get(id)?.as_ref()
    }

    /// The record with this id, to change.
    pub(crate) fn get_mut(&mut self, id: &I) -> Option<&mut R> {
        self.places.get_mut(id)?.as_mut()
    }

    pub(crate) fn contains_key(&self, id: &I) -> bool {
        self.get(id).is_some()
    }

    /// Adds a record at the end, or puts it in the place of the one with its id.
    pub(crate) fn insert(&mut self, id: I, record: R) {
        if let Some(None) = self.places.insert(id, Some(record)) {
            self.gaps -= 1;
        }
    }

    /// Takes a record out. The order of the others stays.
    pub(crate) fn remove(&mut self, id: &I) -> Option<R> {
        let record = self.places.get_mut(id)?.take()?;
        self.gaps += 1;
        if self.gaps > GAPS_TO_CLOSE && self.gaps > self.places.len() / 2 {
            self.places.retain(|_, record| record.is_some());
            self.gaps = 0;
        }
        Some(record)
    }

    /// The record with this id, made if there is none.
    pub(crate) fn get_or_default(&mut self, id: I) -> &mut R
    where
        I: Copy,
        R: Default,
    {
        if !self.contains_key(&id) {
            self.insert(id, R::default());
        }
        &mut self[&id]
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.gaps
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&I, &R)> {
        self.places.iter().filter_map(|(id, record)| Some((id, record.as_ref()?)))
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &I> {
        self.iter().map(|(id, _)| id)
    }

    pub(crate) fn values(&self) -> Flatten<Values<'_, I, Option<R>>> {
        self.places.values().flatten()
    }
}

impl<I: Eq + Hash, R> Index<&I> for Records<I, R> {
    type Output = R;

    fn index(&self, id: &I) -> &R {
        self.get(id).expect("the id is that of a record there is")
    }
}

impl<I: Eq + Hash, R> IndexMut<&I> for Records<I, R> {
    fn index_mut(&mut self, id: &I) -> &mut R {
        self.get_mut(id).expect("the id is that of a record there is")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_keeps_the_order_and_gaps_are_closed() {
        let mut records = Records::default();
        for id in 0..100u64 {
            records.insert(id, id * 10);
        }
        for id in (0..100).filter(|id| id % 4 != 1) {
            assert_eq!(records.remove(&id), Some(id * 10));
            assert_eq!(records.remove(&id), None);
        }
        assert_eq!(records.len(), 25);
        assert!(records.places.len() < 50, "gaps do not stay for ever");
        assert!(records.keys().copied().eq((0..100).filter(|id| id % 4 == 1)));
        records.insert(2, 7);
        assert_eq!((records.len(), records.values().next_back()), (26, Some(&7)), "what is new is last");
        assert!(!records.contains_key(&0) && records[&2] == 7);
    }

    #[test]
    fn a_record_replaced_keeps_its_place() {
        let mut records = Records::default();
        for id in [3u64, 1, 2] {
            records.insert(id, 'a');
        }
        records.insert(1, 'b');
        assert!(records.values().copied().eq(['a', 'b', 'a']));
    }
}
