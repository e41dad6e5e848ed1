//! Changes of state that come by themselves when their time is there.
//!
//! The schedule only says when to look; whether there is still something to do is asked of the resource. A request that was
//! answered in time therefore needs no entry taken back.

use std::collections::{BTreeMap, VecDeque};

use super::Cloud;
use crate::engine::SimTime;
use crate::id::{InstanceId, NatGatewayId, VpcPeeringConnectionId};

/// What to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transition {
    /// An instance leaves a passing state.
    Instance(InstanceId),
    /// A peering connection leaves a passing state, or its request expires.
    Peering(VpcPeeringConnectionId),
    /// A NAT gateway leaves a passing state.
    NatGateway(NatGatewayId),
    /// An address of a NAT gateway has drained.
    NatGatewayAddresses(NatGatewayId),
}

/// When to look at what: by time, then in the order asked for.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// No moment is without entries.
    due: BTreeMap<SimTime, VecDeque<Transition>>,
}

impl Schedule {
    pub(crate) fn at(&mut self, time: SimTime, transition: Transition) {
        self.due.entry(time).or_default().push_back(transition);
    }

    fn first(&self) -> Option<(SimTime, Transition)> {
        let (&time, due) = self.due.first_key_value()?;
        Some((time, *due.front()?))
    }

    fn remove_first(&mut self) {
        if let Some(mut entry) = self.due.first_entry() {
            entry.get_mut().pop_front();
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Cloud {
    /// Makes every change of state that is due at `now` (an instance comes up, a peering request expires).
    pub(crate) fn advance(&mut self, now: SimTime) {
        while let Some((time, what)) = self.schedule.first().filter(|(time, _)| *time <= now) {
            self.schedule.remove_first();
            if !self.is_due(time, what) {
                continue;
            }
            match what {
                Transition::Instance(id) => self.settle_instance(id, time),
                Transition::Peering(id) => self.settle_peering(id, time),
                Transition::NatGateway(id) => self.settle_nat_gateway(id, time),
                Transition::NatGatewayAddresses(id) => self.settle_nat_gateway_addresses(id, time),
            }
        }
        self.forget_stale();
    }

    /// When the next change of state is due. The first entry is never a stale one, see [`forget_stale`](Self::forget_stale).
    pub(crate) fn next_transition(&self) -> Option<SimTime> {
        self.schedule.first().map(|(time, _)| time)
    }

    /// Takes entries off the front that a request has made pointless, so that asking what comes next is one look. Each entry
    /// is taken once, so this costs no more than adding them did.
    pub(crate) fn forget_stale(&mut self) {
        while let Some((time, what)) = self.schedule.first() {
            if self.is_due(time, what) {
                return;
            }
            self.schedule.remove_first();
        }
    }

    fn is_due(&self, time: SimTime, transition: Transition) -> bool {
        let due = match transition {
            Transition::Instance(id) => self.instances.get(&id).and_then(|instance| instance.state.passes()),
            Transition::Peering(id) => self.peerings.get(&id).and_then(|peering| peering.passes()),
            Transition::NatGateway(id) => self.nat_gateways.get(&id).and_then(|gateway| gateway.passes()),
            Transition::NatGatewayAddresses(id) => {
                self.nat_gateways.get(&id).and_then(|gateway| gateway.next_drained())
            }
        };
        due == Some(time)
    }
}
