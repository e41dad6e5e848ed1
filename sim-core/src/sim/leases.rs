//! What instances were told of names before their VPC's DHCP options changed (ADDR-19). A guest that nobody has reached since it
//! booted has no client that could remember: when it wakes it knows what its client was told at the last renewal.

use std::collections::BTreeMap;

use super::dhcp::RENEWAL;
use crate::engine::SimTime;
use crate::host::ResolverConfig;
use crate::id::VpcId;

/// The changes of each VPC that a lease may not have heard of yet, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Leases(BTreeMap<VpcId, Vec<Change>>);

#[derive(Debug)]
struct Change {
    at: SimTime,
    before: ResolverConfig,
}

impl Leases {
    /// A VPC has other options from `now` on. Changes that every lease has heard of are forgotten.
    pub(super) fn change(&mut self, vpc: VpcId, now: SimTime, before: ResolverConfig) {
        let changes = self.0.entry(vpc).or_default();
        changes.retain(|change| change.at + RENEWAL > now);
        changes.push(Change { at: now, before });
    }

    /// What a client was told at `renewed`, if that is no longer so.
    pub(super) fn told(&self, vpc: VpcId, renewed: SimTime) -> Option<&ResolverConfig> {
        let change = self.0.get(&vpc)?.iter().find(|change| change.at >= renewed)?;
        Some(&change.before)
    }
}
