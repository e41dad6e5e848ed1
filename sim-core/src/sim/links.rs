//! How long frames are under way: latency, jitter, bandwidth, MTU and loss of the links between hosts and gateways.
//!
//! AWS publishes no latencies (LAT-1); the defaults are the SIM values of LAT-5 and LAT-6, chosen to fit what was measured
//! (LAT-2…4), and a scenario may override them. A link delivers in order and loses nothing unless told to (L2-22).
//!
//! ```text
//!  guest ──access──► interface ──half──► gateway ──rest──► interface ──access──► guest
//!        5 µs, 5 Gb/s          └──────── one path ───────┘             5 µs, 5 Gb/s
//! ```
//!
//! A path's latency is the sum of all its links, so that a ping within a zone takes 2 × 0.15 ms plus jitter, whether or not a
//! gateway lies on the way.

use crate::engine::{SimDuration, SimTime, mix};
use crate::id::{AvailabilityZone, Region};

/// One-way latency of the link between a guest and its interface: inside one machine.
const ACCESS: SimDuration = SimDuration::from_micros(5);

/// Round trips between Regions in milliseconds (LAT-6). Pairs that are not listed take [`OTHER_REGION_RTT_MS`].
const REGION_RTT_MS: &[(&str, &str, u64)] = &[
    ("ap-northeast-1", "ap-northeast-2", 35),
    ("ap-northeast-1", "ap-northeast-3", 9),
    ("ap-northeast-1", "ap-southeast-1", 70),
    ("ap-northeast-2", "ap-southeast-1", 75),
    ("ap-northeast-1", "us-west-2", 97),
    ("ap-northeast-1", "us-east-1", 150),
    ("ap-northeast-2", "us-east-1", 180),
    ("us-east-1", "us-east-2", 12),
    ("us-east-1", "us-west-2", 65),
    ("us-east-1", "eu-west-1", 70),
    ("eu-west-1", "eu-central-1", 25),
    ("us-east-1", "sa-east-1", 115),
    ("eu-west-1", "ap-southeast-1", 175),
    ("us-east-1", "ap-southeast-1", 215),
];

/// Between Regions that LAT-6 does not list: a value in the middle of its list.
const OTHER_REGION_RTT_MS: u64 = 120;

/// What the links are like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct LinkSettings {
    /// Of the link between a guest and its interface. The default is what one flow gets on AWS (BW-1).
    pub bandwidth_bps: u64,
    /// Between hosts of one Availability Zone, the access links included (LAT-5).
    pub same_zone: LinkFigures,
    /// Between hosts of two zones of a Region (LAT-5).
    pub cross_zone: LinkFigures,
    /// Between two Regions (LAT-6).
    pub cross_region: LinkFigures,
    /// Between the edge of AWS and a host on the Internet.
    pub internet: LinkFigures,
    /// Between a VPC's gateways and a public service of its Region (LAT-4).
    pub service: LinkFigures,
}

/// The figures of one class of links.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LinkFigures {
    /// One way; `None` is what LAT-6 says of the two Regions.
    pub latency: Option<SimDuration>,
    /// Each frame takes up to this much longer, evenly spread.
    pub jitter: SimDuration,
    /// Frames lost, by chance, in a million.
    pub loss_per_million: u32,
}

impl LinkFigures {
    const fn new(latency: Option<SimDuration>) -> LinkFigures {
        LinkFigures { latency, jitter: SimDuration::from_micros(50), loss_per_million: 0 }
    }
}

impl Default for LinkSettings {
    fn default() -> LinkSettings {
        LinkSettings {
            bandwidth_bps: 5_000_000_000,
            same_zone: LinkFigures::new(Some(SimDuration::from_micros(150))),
            cross_zone: LinkFigures::new(Some(SimDuration::from_micros(500))),
            cross_region: LinkFigures::new(None),
            internet: LinkFigures::new(Some(SimDuration::from_micros(2_300))),
            // With the ways to the gateway and back: 0.61 ms and up to 0.07 ms of jitter.
            service: LinkFigures {
                latency: Some(SimDuration::from_micros(225)),
                jitter: SimDuration::from_micros(10),
                loss_per_million: 0,
            },
        }
    }
}

/// A way between two places: how long it is and what else holds for it, as in [`LinkFigures`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Way {
    latency: SimDuration,
    jitter: SimDuration,
    loss_per_million: u32,
}

impl Way {
    fn new(latency: SimDuration, figures: LinkFigures) -> Way {
        Way { latency, jitter: figures.jitter, loss_per_million: figures.loss_per_million }
    }

    /// A way on which nothing happens by chance.
    fn quiet(latency: SimDuration) -> Way {
        Way { latency, jitter: SimDuration::ZERO, loss_per_million: 0 }
    }
}

impl LinkSettings {
    /// From one interface to another. A place whose zone is not known (an interface that was just deleted) is as near as
    /// can be.
    pub(crate) fn between(&self, from: Option<AvailabilityZone>, to: Option<AvailabilityZone>) -> Way {
        let figures = match (from, to) {
            (Some(from), Some(to)) if from.region() != to.region() => self.cross_region,
            (Some(from), Some(to)) if from != to => self.cross_zone,
            _ => self.same_zone,
        };
        let latency = figures.latency.unwrap_or_else(|| match (from, to) {
            (Some(from), Some(to)) => latency_between(from.region(), to.region()),
            _ => SimDuration::ZERO,
        });
        Way::new(latency - ACCESS - ACCESS, figures)
    }

    /// From an interface to a gateway of its VPC: half of a path within the zone. What else happens on a path happens on the
    /// rest of it.
    pub(crate) fn up_to_gateway(&self, zone: Option<AvailabilityZone>) -> Way {
        Way::quiet(SimDuration::from_nanos(self.between(zone, zone).latency.as_nanos() / 2))
    }

    /// From a gateway to an interface, for a frame that started in `from`.
    pub(crate) fn beyond_gateway(&self, from: Option<AvailabilityZone>, to: Option<AvailabilityZone>) -> Way {
        let whole = self.between(from, to);
        Way { latency: whole.latency - self.up_to_gateway(from).latency, ..whole }
    }

    /// Between the edge of AWS and a host on the Internet.
    pub(crate) fn internet(&self) -> Way {
        Way::new(self.internet.latency.unwrap_or_default(), self.internet)
    }

    /// Between a gateway of a VPC and a public service of AWS, in its Region or another one.
    pub(crate) fn gateway_to_service(&self, vpc: Region, service: Region) -> Way {
        if vpc == service {
            return Way::new(self.service.latency.unwrap_or_default(), self.service);
        }
        let figures = self.cross_region;
        Way::new(figures.latency.unwrap_or_else(|| latency_between(vpc, service)), figures)
    }

    /// Where a gateway turns a frame round.
    pub(crate) fn nowhere(&self) -> Way {
        Way::quiet(SimDuration::ZERO)
    }

    /// The least time that a frame takes from one VPC to another or to the Internet: what one of them does cannot be felt in
    /// the other any sooner.
    pub(crate) fn lookahead(&self) -> SimDuration {
        let half = self.up_to_gateway(None).latency;
        let beyond =
            |latency: Option<SimDuration>, least: SimDuration| latency.unwrap_or(least) - ACCESS - ACCESS - half;
        let between_regions = REGION_RTT_MS.iter().map(|(.., ms)| *ms).fold(OTHER_REGION_RTT_MS, u64::min);
        [
            beyond(self.same_zone.latency, SimDuration::ZERO),
            beyond(self.cross_zone.latency, SimDuration::ZERO),
            beyond(self.cross_region.latency, SimDuration::from_micros(between_regions * 500)),
            self.internet().latency,
            self.service.latency.unwrap_or_default(),
        ]
        .into_iter()
        .min()
        .unwrap_or_default()
    }

    /// How long it takes to put a frame on a guest's link. Preamble, check sequence and gap count (24 bytes, IEEE 802.3).
    fn serialisation(&self, frame_bytes: usize) -> SimDuration {
        SimDuration::from_nanos((frame_bytes as u64 + 24) * 8 * 1_000_000_000 / self.bandwidth_bps)
    }
}

/// One way between two Regions (LAT-6).
fn latency_between(from: Region, to: Region) -> SimDuration {
    let is_pair = |a: &str, b: &str| (a, b) == (from.name(), to.name()) || (a, b) == (to.name(), from.name());
    let listed = REGION_RTT_MS.iter().find(|(a, b, _)| is_pair(a, b));
    SimDuration::from_micros(listed.map_or(OTHER_REGION_RTT_MS, |(.., ms)| *ms) * 500)
}

/// One direction of the link between a guest and its interface: a queue that empties at the link's rate.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct AccessLink {
    free: SimTime,
}

/// A guest's link holds this much before it loses frames: what 10 ms at the default rate carry.
const ACCESS_QUEUE: SimDuration = SimDuration::from_millis(10);

impl AccessLink {
    /// When a frame handed over at `now` has arrived at the other end; `None` when the link's queue is full.
    pub(crate) fn carry(&mut self, settings: &LinkSettings, now: SimTime, frame_bytes: usize) -> Option<SimTime> {
        let start = self.free.max(now);
        if start.since(now) > ACCESS_QUEUE {
            return None;
        }
        self.free = start + settings.serialisation(frame_bytes);
        Some(self.free + ACCESS)
    }
}

/// The way from one place to another: adds jitter without ever changing the order, and loses frames if told to.
///
/// It has no state, so that ways nobody uses cost nothing: jitter is noise over time that changes more slowly than time
/// passes, which keeps frames in order, and loss depends on the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FabricLink {
    seed: u64,
}

/// A link of the fabric: how long it is, and where it leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Road {
    pub(super) link: FabricLink,
    pub(super) way: Way,
    /// The partition at its end, if that is another one.
    pub(super) elsewhere: Option<u32>,
}

impl FabricLink {
    /// The way between two places, each given by a number that is its own.
    pub(crate) fn new(seed: u64, from: u64, to: u64) -> FabricLink {
        FabricLink { seed: mix(mix(seed ^ from) ^ to) }
    }

    /// When `frame`, sent at `now`, arrives by this way; `None` when it is lost.
    #[inline]
    pub(crate) fn carry(self, way: Way, now: SimTime, frame: u64) -> Option<SimTime> {
        let Way { latency, jitter, loss_per_million } = way;
        let draw = || mix(self.seed ^ mix(frame)) % 1_000_000;
        if loss_per_million > 0 && draw() < u64::from(loss_per_million) {
            return None;
        }
        Some(now + latency + self.jitter(jitter, now))
    }

    /// Linear interpolation between random values at the corners of a time grid at least twice as coarse as the largest
    /// jitter: it never falls by more than half of the time that passes. A grid of a power of two needs no division.
    fn jitter(self, most: SimDuration, now: SimTime) -> SimDuration {
        if most == SimDuration::ZERO {
            return SimDuration::ZERO;
        }
        let cell_bits = (most.as_nanos() * 2).next_power_of_two().trailing_zeros();
        let (index, inside) = (now.as_nanos() >> cell_bits, now.as_nanos() & ((1 << cell_bits) - 1));
        let corner = |index: u64| mix(self.seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15))) >> 32;
        let weighted = u128::from(corner(index)) * u128::from((1 << cell_bits) - inside)
            + u128::from(corner(index + 1)) * u128::from(inside);
        SimDuration::from_nanos((((weighted >> cell_bits) * u128::from(most.as_nanos())) >> 32) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Option<AvailabilityZone> {
        let region = name[..name.len() - 1].parse().expect("a Region's name");
        AvailabilityZone::parse(region, name)
    }

    #[test]
    fn a_path_takes_what_lat_5_and_lat_6_say_with_or_without_a_gateway() {
        let links = LinkSettings::default();
        for (from, to, micros) in [
            ("ap-northeast-2a", "ap-northeast-2a", 150),
            ("ap-northeast-2a", "ap-northeast-2c", 500),
            ("ap-northeast-2a", "ap-northeast-1a", 17_500),
            ("ap-northeast-1a", "ap-northeast-2a", 17_500),
            ("us-east-1a", "eu-west-1a", 35_000),
            ("us-east-1a", "af-south-1a", 60_000),
        ] {
            let (a, b) = (zone(from), zone(to));
            let direct = ACCESS + links.between(a, b).latency + ACCESS;
            let through = ACCESS + links.up_to_gateway(a).latency + links.beyond_gateway(a, b).latency + ACCESS;
            assert_eq!(direct, SimDuration::from_micros(micros), "{from} to {to}");
            assert_eq!(through, direct, "{from} to {to} by a gateway");
        }
    }

    #[test]
    fn a_link_carries_its_bandwidth_and_loses_what_does_not_fit() {
        let links = LinkSettings { bandwidth_bps: 1_000_000_000, ..LinkSettings::default() };
        let mut link = AccessLink::default();
        let now = SimTime::from_nanos(1_000);
        let first = link.carry(&links, now, 1_226).expect("the link is free");
        assert_eq!(first, now + SimDuration::from_micros(10) + ACCESS);
        let arrivals = std::iter::from_fn(|| link.carry(&links, now, 1_226)).count();
        assert_eq!(arrivals, 1_000, "10 ms at 10 µs a frame");
    }

    #[test]
    fn jitter_never_reorders_l2_22() {
        let links = LinkSettings::default();
        let (link, way) = (FabricLink::new(7, 1, 2), links.between(None, None));
        let arrival = |nanos: u64| link.carry(way, SimTime::from_nanos(nanos), nanos).expect("nothing is lost");
        let arrivals: Vec<_> = (0..100_000).map(|n| arrival(n * 37)).collect();
        assert!(arrivals.is_sorted());
        let jitter = links.same_zone.jitter;
        let waits: Vec<_> = (0..1_000)
            .map(|n| arrival(n * 1_000_000).since(SimTime::from_nanos(n * 1_000_000) + way.latency))
            .collect();
        assert!(waits.iter().all(|wait| *wait < jitter));
        let late = waits.iter().filter(|wait| wait.as_nanos() > jitter.as_nanos() / 2).count();
        assert!((400..600).contains(&late), "half of the frames wait longer than the mean: {late}");
    }

    #[test]
    fn loss_loses_its_share() {
        let mut links = LinkSettings::default();
        links.same_zone.loss_per_million = 250_000;
        let (link, way) = (FabricLink::new(7, 1, 2), links.between(None, None));
        let lost = (0..10_000).filter(|n| link.carry(way, SimTime::ZERO, *n).is_none()).count();
        assert!((2_300..2_700).contains(&lost), "{lost}");
    }
}
