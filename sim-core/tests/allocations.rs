//! In steady state no packet-hop allocates: twice the packets take as many allocations as once.
//!
//! Allocations are counted on this thread alone; the worlds run on it.

use allocation_counter::measure;
use sim_core::bench::{Nat64, Pair, PairOptions, Ports, Stars, Work};

/// Does `units` of work, then twice as much, and answers the packet-hops and allocations that the second took more.
fn difference(units: u64, mut work: impl FnMut(u64) -> Work) -> (u64, u64) {
    work(2 * units); // Buffers grow to the size they keep.
    let mut hops = [0; 2];
    let mut count = |at: usize, units| measure(|| hops[at] = work(units).packet_hops).count_total;
    let (once, twice) = (count(0, units), count(1, 2 * units));
    (hops[1] - hops[0], twice.saturating_sub(once))
}

#[test]
fn a_packet_hop_allocates_nothing() {
    let mut pair = Pair::build(PairOptions::default());
    let mut stars = Stars::build(4, 2, 1);
    let mut nat64 = Nat64::build();
    let found = [
        ("bulk TCP", difference(4 << 20, |bytes| pair.bulk_tcp(bytes))),
        ("ping", difference(1_000, |count| pair.ping(count))),
        ("datagrams", difference(1_000, |count| pair.datagrams(count, Ports::One))),
        ("bulk TCP by NAT64", difference(4 << 20, |bytes| nat64.bulk_tcp(bytes))),
        ("ping by NAT64", difference(1_000, |count| nat64.ping(count))),
        ("stars", difference(2_000, |packets| stars.send(packets))),
    ];
    // Some lists of a program grow with what it has seen, by doubling; nothing may grow with packets one by one.
    let wrong: Vec<_> =
        found.iter().filter(|(_, (hops, allocations))| *hops < 2_000 || *allocations > hops / 500).collect();
    assert!(wrong.is_empty(), "packet-hops and allocations for them: {found:?}");
}
