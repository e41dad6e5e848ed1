//! How much a NAT gateway carries, and how that grows (NAT-12): 5 Gb/s and a million packets a second at first, up to 100 Gb/s and
//! ten million. What is more is dropped.
//!
//! AWS says no more than that. SIM: bandwidth counts each way by itself, as that of a link, and packets count both ways together.
//! Up to 10 ms' worth may come at once. Every ten seconds – the interval of the gateway's metrics `PeakBytesPerSecond` and
//! `PeakPacketsPerSecond` – the gateway looks back: if half of what it can carry was sent to it, it carries twice as much from
//! then on, and half as much if not a quarter was. What lies beyond its bandwidth is dropped and not held back: its queue is the
//! 10 ms.
//!
//! Nothing is timed. A gateway looks back when a packet comes, over all the intervals since the last one.

use crate::engine::{SimDuration, SimTime};
use crate::trace::Direction;

/// Bits a nanosecond that a gateway carries each way at first, and at most.
const BITS_PER_NANO: (u64, u64) = (5, 100);
/// Packets a millisecond, both ways together.
const PACKETS_PER_MILLI: (u64, u64) = (1_000, 10_000);
/// As often as this, both figures have doubled when both are at their most.
const LARGEST: u8 = 5;
/// What may come at once: as much as is carried in this time.
const BURST: SimDuration = SimDuration::from_millis(10);
/// How often it looks back.
const INTERVAL: SimDuration = SimDuration::from_secs(10);

/// What one gateway carries now, and what it has been sent of late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NatCapacity {
    /// How often the first figures have been doubled.
    doubled: u8,
    /// The start of the interval under way.
    since: SimTime,
    /// What was sent to it in this interval: bits by direction, and packets.
    offered_bits: [u64; 2],
    offered_packets: u64,
    /// When the following was true.
    at: SimTime,
    /// What is still being carried: bits by direction, and how long its packets keep it busy.
    pending_bits: [u64; 2],
    pending_nanos: u64,
}

/// More was sent than the gateway carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overloaded;

impl NatCapacity {
    /// Counts a packet, if there is room for it.
    pub(crate) fn admit(&mut self, now: SimTime, direction: Direction, bytes: u16) -> Result<(), Overloaded> {
        let (way, bits) = (direction as usize, u64::from(bytes) * 8);
        self.look_back(now);
        self.offered_bits[way] += bits;
        self.offered_packets += 1;

        let (elapsed, bits_per_nano) = (now.since(self.at).as_nanos(), self.bits_per_nano());
        self.at = now;
        for pending in &mut self.pending_bits {
            *pending = pending.saturating_sub(elapsed.saturating_mul(bits_per_nano));
        }
        self.pending_nanos = self.pending_nanos.saturating_sub(elapsed);

        let pending_bits = self.pending_bits[way] + bits;
        let pending_nanos = self.pending_nanos + 1_000_000 / self.packets_per_milli();
        if pending_bits > BURST.as_nanos() * bits_per_nano || pending_nanos > BURST.as_nanos() {
            return Err(Overloaded);
        }
        self.pending_bits[way] = pending_bits;
        self.pending_nanos = pending_nanos;
        Ok(())
    }

    /// Grows or shrinks by what was sent in the intervals that are over: the one that was under way, and those without a packet.
    fn look_back(&mut self, now: SimTime) {
        let over = now.since(self.since).as_nanos() / INTERVAL.as_nanos();
        if over == 0 {
            return;
        }
        let nanos = INTERVAL.as_nanos();
        let bits = self.offered_bits[0].max(self.offered_bits[1]);
        // In quarters of what it can carry.
        let of_bits = bits * 4 / (nanos * self.bits_per_nano());
        let of_packets = self.offered_packets * 4 / (nanos / 1_000_000 * self.packets_per_milli());
        match of_bits.max(of_packets) {
            0 => self.doubled = self.doubled.saturating_sub(1),
            1 => {}
            _ => self.doubled = (self.doubled + 1).min(LARGEST),
        }
        self.doubled = self.doubled.saturating_sub((over - 1).min(u64::from(LARGEST)) as u8);
        self.since += SimDuration::from_nanos(over * nanos);
        (self.offered_bits, self.offered_packets) = ([0; 2], 0);
    }

    fn bits_per_nano(&self) -> u64 {
        (BITS_PER_NANO.0 << self.doubled).min(BITS_PER_NANO.1)
    }

    fn packets_per_milli(&self) -> u64 {
        (PACKETS_PER_MILLI.0 << self.doubled).min(PACKETS_PER_MILLI.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends packets of one size at an even pace for some milliseconds, and answers how many of a thousand are lost.
    fn lost_of_1000(capacity: &mut NatCapacity, from: SimTime, millis: u64, per_milli: u64, bytes: u16) -> u64 {
        let count = millis * per_milli;
        let at = |number: u64| from + SimDuration::from_nanos(number * 1_000_000 / per_milli);
        let lost = (0..count).filter(|number| capacity.admit(at(*number), Direction::Egress, bytes).is_err()).count();
        lost as u64 * 1000 / count
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn it_carries_five_gigabits_and_a_million_packets_a_second_and_drops_the_rest_nat_12() {
        // 8,000 bytes at 78 in a millisecond are 4.99 Gb/s; twice as many are twice too much.
        for (per_milli, bytes, expected) in [(78, 8_000, 0), (156, 8_000, 499), (1_000, 64, 0), (2_000, 64, 500)] {
            let mut capacity = NatCapacity::default();
            // What is sent first uses up the burst.
            lost_of_1000(&mut capacity, at(0), 20, per_milli, bytes);
            let later = at(0) + SimDuration::from_millis(20);
            let lost = lost_of_1000(&mut capacity, later, 40, per_milli, bytes);
            assert!(lost.abs_diff(expected) <= 2, "{per_milli} packets of {bytes} bytes a millisecond: {lost} of 1000");
        }
    }

    #[test]
    fn each_way_has_the_bandwidth_for_itself_and_packets_are_counted_together_nat_12() {
        let mut capacity = NatCapacity::default();
        let fill = |capacity: &mut NatCapacity, direction, bytes| {
            (0..20_000).take_while(|_| capacity.admit(at(0), direction, bytes).is_ok()).count()
        };
        // 10 ms of 5 Gb/s.
        assert_eq!(fill(&mut capacity, Direction::Egress, 5_000), 1_250);
        assert_eq!(fill(&mut capacity, Direction::Ingress, 5_000), 1_250);
        // 10 ms of a million packets a second.
        let mut capacity = NatCapacity::default();
        assert_eq!(fill(&mut capacity, Direction::Egress, 64), 10_000);
        assert_eq!(fill(&mut capacity, Direction::Ingress, 64), 0);
    }

    #[test]
    fn it_grows_with_its_load_to_a_hundred_gigabits_and_ten_million_packets_and_shrinks_without_nat_12() {
        let mut capacity = NatCapacity::default();
        let mut figures = Vec::new();
        // Sent as much as it can carry, interval after interval.
        for interval in 0..7 {
            capacity.look_back(at(interval * 10));
            figures.push((capacity.bits_per_nano(), capacity.packets_per_milli() / 1_000));
            capacity.offered_packets = capacity.packets_per_milli() * 10_000;
        }
        assert_eq!(figures, [(5, 1), (10, 2), (20, 4), (40, 8), (80, 10), (100, 10), (100, 10)]);
    }

    #[test]
    fn a_gateway_that_has_idled_is_as_small_as_a_new_one_nat_12() {
        let mut capacity = NatCapacity { doubled: LARGEST, ..NatCapacity::default() };
        let after = |capacity: &mut NatCapacity, seconds| {
            capacity.look_back(at(seconds));
            capacity.doubled
        };
        assert_eq!(after(&mut capacity, 10), LARGEST - 1);
        assert_eq!(after(&mut capacity, 30), LARGEST - 3);
        assert_eq!(after(&mut capacity, 1_000_000), 0);
        // A third of what it can carry keeps it as it is.
        capacity.offered_packets = capacity.packets_per_milli() * 10_000 / 3;
        assert_eq!(after(&mut capacity, 1_000_010), 0);
        let mut larger = NatCapacity { doubled: 2, offered_packets: 4_000 * 10_000 / 3, ..NatCapacity::default() };
        assert_eq!(after(&mut larger, 10), 2);
    }
}
