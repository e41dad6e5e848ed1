//! The cloud's records of one kind: found by id, listed in the order they were made.
//!
//! Describe answers in that order, and everything that must not depend on chance goes by it. Taking a record out leaves a gap,
//! so that deleting one of a quarter of a million moves none of the others; when the gaps outnumber the records they are closed.

use std::hash::Hash;
use std::iter::FilterMap;
use std::ops::{Index, IndexMut};
use std::slice;

use crate::id::IdPlaces;

/// Fewer gaps than this are not worth closing.
const GAPS_TO_CLOSE: usize = 16;

/// Records by id.
#[derive(Clone, Debug)]
pub(crate) struct Records<I, R> {
    /// `None` where a record was taken out.
    list: Vec<(I, Option<R>)>,
    places: IdPlaces,
    gaps: usize,
}

/// Records in the order they were made.
pub(crate) type Values<'a, I, R> = FilterMap<slice::Iter<'a, (I, Option<R>)>, fn(&'a (I, Option<R>)) -> Option<&'a R>>;

impl<I, R> Default for Records<I, R> {
    fn default() -> Records<I, R> {
        Records { list: Vec::new(), places: IdPlaces::default(), gaps: 0 }
    }
}

impl<I: Copy + Eq + Hash, R> Records<I, R> {
    fn place(&self, id: &I) -> Option<usize> {
        self.places.get(id, |place| self.list[place as usize].0).map(|place| place as usize)
    }

    /// The record with this id.
    pub(crate) fn get(&self, id: &I) -> Option<&R> {
        self.list[self.place(id)?].1.as_ref()
    }

    /// The record with this id, to change.
    pub(crate) fn get_mut(&mut self, id: &I) -> Option<&mut R> {
        let place = self.place(id)?;
        self.list[place].1.as_mut()
    }

    pub(crate) fn contains_key(&self, id: &I) -> bool {
        self.get(id).is_some()
    }

    /// Adds a record at the end, or puts it in the place of the one with its id.
    pub(crate) fn insert(&mut self, id: I, record: R) {
        match self.place(&id) {
            Some(place) => {
                let before = self.list[place].1.replace(record);
                self.gaps -= usize::from(before.is_none());
            }
            None => {
                self.list.push((id, Some(record)));
                self.enter(self.list.len() - 1);
            }
        }
    }

    /// Takes a record out. The order of the others stays.
    pub(crate) fn remove(&mut self, id: &I) -> Option<R> {
        let place = self.place(id)?;
        let record = self.list[place].1.take()?;
        self.gaps += 1;
        if self.gaps > GAPS_TO_CLOSE && self.gaps > self.list.len() / 2 {
            self.list.retain(|(_, record)| record.is_some());
            self.places.clear();
            (0..self.list.len()).for_each(|place| self.enter(place));
            self.gaps = 0;
        }
        Some(record)
    }

    /// Makes what is at a place known by its id.
    fn enter(&mut self, place: usize) {
        let list = &self.list;
        self.places.insert(&list[place].0, place as u32, |place| list[place as usize].0);
    }

    /// The record with this id, made if there is none.
    pub(crate) fn get_or_default(&mut self, id: I) -> &mut R
    where
        R: Default,
    {
        if !self.contains_key(&id) {
            self.insert(id, R::default());
        }
        &mut self[&id]
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.list.len() - self.gaps
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&I, &R)> {
        self.list.iter().filter_map(|(id, record)| Some((id, record.as_ref()?)))
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = &I> {
        self.iter().map(|(id, _)| id)
    }

    pub(crate) fn values(&self) -> Values<'_, I, R> {
        self.list.iter().filter_map(|(_, record)| record.as_ref())
    }
}

impl<I: Copy + Eq + Hash, R> Index<&I> for Records<I, R> {
    type Output = R;

    fn index(&self, id: &I) -> &R {
        self.get(id).expect("the id is that of a record there is")
    }
}

impl<I: Copy + Eq + Hash, R> IndexMut<&I> for Records<I, R> {
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
        assert!(records.list.len() < 50, "gaps do not stay for ever");
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
