//! What an interface may send to the services behind link-local addresses: DNS, metadata, time and licences together may have
//! 1024 packets a second, and what comes on top is lost (ADDR-17, DNS-8).

use rustc_hash::FxHashMap;

use crate::dataplane::tables::EniIndex;
use crate::engine::SimTime;

/// Packets a second. Not adjustable.
const PACKETS_PER_SECOND: u16 = 1024;

const SECOND_NANOS: u64 = 1_000_000_000;

/// What each interface has sent in the present second. SIM: AWS does not say how it measures; here it is by whole seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkLocalBudget {
    sent: FxHashMap<EniIndex, (u64, u16)>,
}

impl LinkLocalBudget {
    /// Counts a packet; false when it is one too many.
    pub(crate) fn admit(&mut self, now: SimTime, eni: EniIndex) -> bool {
        let second = now.as_nanos() / SECOND_NANOS;
        let (then, sent) = self.sent.entry(eni).or_default();
        if *then != second {
            (*then, *sent) = (second, 0);
        }
        if *sent >= PACKETS_PER_SECOND {
            return false;
        }
        *sent += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SimDuration;

    #[test]
    fn an_interface_has_1024_packets_a_second_addr_17() {
        let mut budget = LinkLocalBudget::default();
        let now = SimTime::ZERO + SimDuration::from_millis(2_500);
        let admitted = (0..2000).filter(|_| budget.admit(now, EniIndex(1))).count();
        assert_eq!(admitted, 1024);
        assert!(budget.admit(now, EniIndex(2)), "each interface has its own");
        assert!(!budget.admit(now + SimDuration::from_millis(499), EniIndex(1)));
        assert!(budget.admit(now + SimDuration::from_millis(500), EniIndex(1)), "the next second");
    }
}
