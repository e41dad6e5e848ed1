//! Where in a list the thing with an id is.
//!
//! The ids are in the list, so the table holds places only: with a quarter of a million instances, a third of what a map from ids to
//! places takes.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use super::IdHash;

/// Places in a list by the ids that the list holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdPlaces {
    places: HashTable<u32>,
}

impl IdPlaces {
    /// The place of an id, where `id_at` tells the id at a place.
    pub(crate) fn get<I: Eq + Hash>(&self, id: &I, id_at: impl Fn(u32) -> I) -> Option<u32> {
        self.places.find(hash(id), |place| id_at(*place) == *id).copied()
    }

    /// Remembers the place of an id that has none yet.
    pub(crate) fn insert<I: Hash>(&mut self, id: &I, place: u32, id_at: impl Fn(u32) -> I) {
        self.places.insert_unique(hash(id), place, |place| hash(&id_at(*place)));
    }

    /// Forgets them all.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
    }
}

fn hash(id: &impl Hash) -> u64 {
    IdHash::default().hash_one(id)
}
