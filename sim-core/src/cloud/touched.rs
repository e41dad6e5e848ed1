//! Which resources may have to be compiled again. This file does not know what for.

use std::mem;

use indexmap::IndexSet;

use crate::id::{IdHash, ResourceId, ResourceKind};

/// Resources that were touched, each once. A launch of many touches as many, so each kind has a table of its own, in which
/// neighbours are neighbours.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// The ids' numbers, by kind.
    numbers: Vec<IndexSet<u64, IdHash>>,
}

impl Touched {
    pub(super) fn insert(&mut self, id: ResourceId) {
        if self.numbers.is_empty() {
            self.numbers.resize_with(ResourceKind::ALL.len(), IndexSet::default);
        }
        self.numbers[id.kind() as usize].insert(id.number());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// All that were touched since the last call: by kind, each in the order it was touched first.
    pub(super) fn take(&mut self) -> Vec<ResourceId> {
        let kinds = ResourceKind::ALL.iter().zip(mem::take(&mut self.numbers));
        kinds.flat_map(|(kind, numbers)| numbers.into_iter().map(|number| ResourceId::new(*kind, number))).collect()
    }
}
