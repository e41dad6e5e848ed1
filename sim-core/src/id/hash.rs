//! How ids are hashed: so that what was made one after the other lies side by side.
//!
//! An id is a bijection of how many of its kind there were before it (see [`IdAllocator`](super::IdAllocator)), and looks
//! random. A hash that spreads its input once more makes every look-up in a large table a cache miss, though most work goes
//! through resources in the order they were made. This one takes the bijection back: ids in order of creation have hashes
//! that count up, and their places in a table follow each other.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::resource::{COUNT_STEP, INVERSE_OF_COUNT_STEP};
use crate::engine::unmix;

/// Hashes ids of one kind.
pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

/// Things by ids of one kind.
pub(crate) type IdMap<I, T> = HashMap<I, T, IdHash>;

/// Ids of one kind.
pub(crate) type IdSet<I> = HashSet<I, IdHash>;

/// The hash of one id. Ids of several kinds in one table would lie in each other's way, so a
/// [`ResourceId`](super::ResourceId) has none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

/// The table tells entries with neighbouring places apart by the uppermost bits, which a count leaves the same.
const TAG_BITS: u32 = 7;

impl Hasher for IdHasher {
    fn write_u64(&mut self, number: u64) {
        let count = unmix(number).wrapping_mul(INVERSE_OF_COUNT_STEP);
        self.0 = number << (u64::BITS - TAG_BITS) | (count & u64::MAX >> TAG_BITS);
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("an id of a known kind is one number");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const _: () = assert!(COUNT_STEP.wrapping_mul(INVERSE_OF_COUNT_STEP) == 1);

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::super::{IdAllocator, InstanceId};
    use super::*;

    #[test]
    fn ids_made_one_after_the_other_have_hashes_that_count_up() {
        let mut ids = IdAllocator::new(7);
        let mut place = || IdHash::default().hash_one(ids.next::<InstanceId>()) & u64::from(u32::MAX);
        let first = place();
        for further in 1..100 {
            assert_eq!(place(), (first + further) & u64::from(u32::MAX));
        }
    }
}
