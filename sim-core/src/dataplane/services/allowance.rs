//! How much an interface may ask of the services on its link: 1024 packets a second, all services together (ADDR-17, DNS-8).
//!
//! SIM: the second begins with the first packet after the last one is over.

use rustc_hash::FxHashMap;

use crate::dataplane::tables::{EniIndex, Interface};
use crate::engine::{SimDuration, SimTime};
use crate::id::Origin;
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// Packets of a second.
const PACKETS: u16 = 1024;
const SECOND: SimDuration = SimDuration::from_secs(1);

/// What the interfaces have asked for. Only those that have asked are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkLocalAllowances {
    by_eni: FxHashMap<EniIndex, Spent>,
}

/// An interface's packets of one second.
#[derive(Clone, Copy, Debug)]
struct Spent {
    since: SimTime,
    packets: u16,
}

impl LinkLocalAllowances {
    /// Counts a packet to a link-local service.
    ///
    /// # Errors
    /// When the interface has sent as many this second as it may.
    pub(crate) fn spend(&mut self, at: &Interface<'_>, now: SimTime) -> Result<(), DropReason> {
        let spent = self.by_eni.entry(at.eni.index).or_insert(Spent { since: now, packets: 0 });
        if now.since(spent.since) >= SECOND {
            *spent = Spent { since: now, packets: 0 };
        }
        if spent.packets == PACKETS {
            return Err(DropReason {
                code: DropCode::RateLimitExceeded,
                by: at.eni.id.into(),
                direction: Some(Direction::Egress),
                decider: Decider::Resource,
                origin: Origin::Aws,
            });
        }
        spent.packets += 1;
        Ok(())
    }

    /// Forgets an interface whose instance is gone.
    pub(crate) fn forget(&mut self, eni: EniIndex) {
        self.by_eni.remove(&eni);
    }
}
