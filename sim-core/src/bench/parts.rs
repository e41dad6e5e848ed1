//! Two parts by themselves: the event queue and a route table.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use crate::engine::{EventKey, EventQueue, SimDuration, SimTime, Stream};
use crate::net::PrefixTable;

/// How far ahead events are scheduled. The mean distance between two events is 100 ns, whatever the number pending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delays {
    /// Any delay up to a bound.
    Uniform,
    /// One of four, as links have.
    Four,
}

/// An event queue in which a number of events are pending.
pub struct Queue {
    queue: EventQueue<u32>,
    chance: Stream,
    delays: Delays,
    span: u64,
    scheduled: u64,
}

impl Queue {
    /// A queue with `pending` events.
    pub fn build(pending: usize, delays: Delays) -> Queue {
        let chance = Stream::new(1, "queue");
        let mut queue =
            Queue { queue: EventQueue::default(), chance, delays, span: pending as u64 * 200, scheduled: 0 };
        (0..pending).for_each(|_| queue.push());
        queue.hold(pending); // So that what is pending is spread as it stays.
        queue
    }

    /// Takes the next event and schedules another, `times` times.
    pub fn hold(&mut self, times: usize) {
        for _ in 0..times {
            self.queue.pop_before(SimTime::MAX).expect("as many events are pending as there were");
            self.push();
        }
    }

    fn push(&mut self) {
        let span = self.span;
        let delay = match self.delays {
            Delays::Uniform => 1 + self.chance.below(span),
            Delays::Four => [span / 2, span / 2 + 1_200, span / 8, span][self.chance.below(4) as usize],
        };
        self.scheduled += 1;
        let time = self.queue.now() + SimDuration::from_nanos(delay);
        self.queue.push(EventKey { time, source: 0, sequence: self.scheduled }, self.scheduled as u32);
    }
}

/// A route table and addresses that it has routes for.
pub struct Routes {
    table: PrefixTable<u32>,
    addresses: Vec<IpAddr>,
}

impl Routes {
    /// The table of a VPC with many peers: 50 routes.
    pub fn of_vpc() -> Routes {
        let net = |bits: [u8; 4], len: u8| (u32::from_be_bytes(bits), len);
        let mut routes = vec![net([0; 4], 0), net([10, 0, 0, 0], 16)];
        routes.extend((1..=24).map(|peer| net([10, peer, 0, 0], 16)));
        routes.extend((0..12).map(|site| net([172, 16, site * 16, 0], 20)));
        routes.extend((0..8).map(|site| net([192, 168, site, 0], 24)));
        routes.extend((0..4).map(|host| net([10, 1, host, 5], 32)));
        Routes::new(&routes)
    }

    /// `count` routes in private space, most of them /24, some inside others.
    pub fn many(count: usize) -> Routes {
        const LENGTHS: [u8; 12] = [16, 18, 20, 22, 24, 24, 24, 24, 24, 26, 28, 32];
        let mut chance = Stream::new(7, "routes");
        let mut routes = std::collections::BTreeSet::from([(0, 0)]);
        while routes.len() < count {
            let len = LENGTHS[chance.below(12) as usize];
            let base = match chance.below(4) {
                0 => 172 << 24 | 16 << 16 | chance.below(1 << 20) as u32,
                1 => 100 << 24 | 64 << 16 | chance.below(1 << 22) as u32,
                _ => 10 << 24 | chance.below(1 << 24) as u32,
            };
            routes.insert((base & u32::MAX << (32 - len), len));
        }
        Routes::new(&routes.into_iter().collect::<Vec<_>>())
    }

    fn new(routes: &[(u32, u8)]) -> Routes {
        let mut chance = Stream::new(3, "addresses");
        let addresses = (0..1 << 16).map(|_| {
            let (base, len) = routes[chance.below(routes.len() as u64) as usize];
            let host = chance.next_u64() as u32 & u32::MAX.checked_shr(len.into()).unwrap_or(0);
            Ipv4Addr::from_bits(base | host).into()
        });
        let addresses = addresses.collect();
        let prefixes = routes
            .iter()
            .zip(0..)
            .map(|(&(base, len), number)| (Ipv4Net::new_assert(Ipv4Addr::from_bits(base), len).into(), number));
        Routes { table: PrefixTable::new(prefixes), addresses }
    }

    /// Looks addresses up, `times` times, and answers the sum of what was found.
    pub fn look_up(&self, times: usize) -> u64 {
        let addresses = self.addresses.iter().cycle().take(times);
        addresses.filter_map(|address| self.table.lookup(*address)).map(|(_, number)| u64::from(*number)).sum()
    }
}
