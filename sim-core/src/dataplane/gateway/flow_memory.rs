//! Flows that are remembered while they are used: bounded, without timers, swept when the table has doubled.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::engine::{SimDuration, SimTime};

/// Most flows that are remembered. SIM: AWS publishes no limit for these.
const LIMIT: usize = 1 << 18;
/// Below this size a table is not worth sweeping.
const SWEEP_FROM: usize = 1024;

/// The table has reached its bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MemoryFull;

/// What is known of flows, by key. One that has idled out is as good as absent.
#[derive(Clone, Debug)]
pub(crate) struct FlowMemory<K, V> {
    flows: FxHashMap<K, (SimTime, V)>,
    sweep_at: usize,
}

impl<K, V> Default for FlowMemory<K, V> {
    fn default() -> FlowMemory<K, V> {
        FlowMemory { flows: FxHashMap::default(), sweep_at: 0 }
    }
}

impl<K: Eq + Hash, V: Copy> FlowMemory<K, V> {
    /// Whether nothing was ever remembered, or all of it swept away.
    pub(crate) fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// What is known of a flow, which lives on for `timeout` from now.
    pub(crate) fn use_flow(&mut self, now: SimTime, timeout: SimDuration, key: &K) -> Option<V> {
        let (expires, value) = self.flows.get_mut(key).filter(|(expires, _)| *expires > now)?;
        *expires = now + timeout;
        Some(*value)
    }

    /// Remembers a flow, or that it is used again.
    pub(crate) fn remember(&mut self, now: SimTime, timeout: SimDuration, key: K, value: V) -> Result<(), MemoryFull> {
        if let Some(flow) = self.flows.get_mut(&key) {
            *flow = (now + timeout, value);
            return Ok(());
        }
        if self.flows.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.flows.retain(|_, (expires, _)| *expires > now);
            self.sweep_at = (self.flows.len() * 2).min(LIMIT);
        }
        if self.flows.len() >= LIMIT {
            return Err(MemoryFull);
        }
        self.flows.insert(key, (now + timeout, value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_known_while_it_is_used_and_forgotten_when_it_has_idled() {
        let mut memory = FlowMemory::default();
        let (at, timeout) = (|seconds| SimTime::ZERO + SimDuration::from_secs(seconds), SimDuration::from_secs(350));
        assert_eq!(memory.remember(at(0), timeout, 1, 'a'), Ok(()));
        assert_eq!(memory.use_flow(at(349), timeout, &1), Some('a'));
        assert_eq!(memory.use_flow(at(698), timeout, &1), Some('a'));
        assert_eq!(memory.use_flow(at(1_048), timeout, &1), None);
    }

    #[test]
    fn what_has_idled_makes_room_and_what_is_live_does_not() {
        let mut memory = FlowMemory::default();
        let timeout = SimDuration::from_secs(350);
        for flow in 0..LIMIT {
            assert_eq!(memory.remember(SimTime::ZERO, timeout, flow, ()), Ok(()));
        }
        assert_eq!(memory.remember(SimTime::ZERO, timeout, LIMIT, ()), Err(MemoryFull));
        let later = SimTime::ZERO + timeout;
        assert_eq!(memory.remember(later, timeout, LIMIT, ()), Ok(()));
        assert_eq!(memory.flows.len(), 1);
    }
}
