//! When a guest's DHCP client renews its lease (RFC 2131 §4.4.5): at T1, half of the lease, counted from when it got it, and again
//! half a lease after each renewal.
//!
//! A renewal that would be told nothing new is not sent: it would change nothing, and a host that idles for a week would be woken
//! 336 times for it. So the times of renewals are reckoned, and packets are sent at the first of them after what the lease says has
//! changed. Who knows of the change is outside ([`Host::outdate_lease`](super::Host::outdate_lease)).

use crate::engine::{SimDuration, SimTime};

/// The program that renews a lease; no shell can type this name.
pub(crate) const LEASE_RENEWAL: &str = "(lease renewal)";

/// A lease of a host's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    /// When it was got.
    since: SimTime,
    /// T1.
    renewal: SimDuration,
    /// When the client sends a renewal, if it will hear something new.
    due: Option<SimTime>,
}

impl Lease {
    /// A lease that was got at `since` and is renewed whenever `renewal` has passed.
    pub(crate) fn new(since: SimTime, renewal: SimDuration) -> Lease {
        Lease { since, renewal, due: None }
    }

    /// When it was renewed last, at `now`, or got.
    pub(crate) fn last_renewal(&self, now: SimTime) -> SimTime {
        let renewals = now.since(self.since).as_nanos().checked_div(self.renewal.as_nanos()).unwrap_or_default();
        self.since + SimDuration::from_nanos(renewals * self.renewal.as_nanos())
    }

    /// What it says has changed: the next renewal is one that counts.
    pub(super) fn outdate(&mut self, now: SimTime) {
        let next = self.last_renewal(now) + self.renewal;
        self.due.get_or_insert(next);
    }

    /// When a renewal has to be sent, if one has.
    pub(super) fn due(&self) -> Option<SimTime> {
        self.due
    }

    /// Whether a renewal has to be sent now; it is told once.
    pub(super) fn take_due(&mut self, now: SimTime) -> bool {
        self.due.take_if(|due| *due <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_renewal_after_a_change_is_sent_addr_19() {
        let at = |seconds: u64| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut lease = Lease::new(at(100), SimDuration::from_secs(1_800));
        assert_eq!((lease.due(), lease.take_due(at(1_000_000))), (None, false));
        assert_eq!([100, 1_899, 1_900, 3_699].map(|now| lease.last_renewal(at(now))), [100, 100, 1_900, 1_900].map(at));
        lease.outdate(at(1_900));
        lease.outdate(at(2_000));
        assert_eq!(lease.due(), Some(at(3_700)));
        assert!(!lease.take_due(at(3_699)) && lease.take_due(at(3_700)) && !lease.take_due(at(9_999)));
    }
}
