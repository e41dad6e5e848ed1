//! Cost against size: packets, instances, VPCs, routes, rules, threads.

use std::io;

use sim_core::bench::{IdleWorld, Pair, PairOptions, Ports, Stars, Work};

use super::report::Curve;
use super::stopwatch::{Stopwatch, median, settled_resident_bytes};
use super::{Bench, timed};

/// Measures all curves.
pub(super) fn measure(bench: &mut Bench<'_>) -> io::Result<()> {
    idle(bench)?;
    packets(bench)?;
    busy(bench)?;
    for (name, size, sizes, options) in [
        ("awake-among-idle", "idle instances", &[0, 1_000, 10_000, 100_000][..], with_idle as fn(usize) -> PairOptions),
        ("routes", "routes", &[1, 10, 100, 1_000, 10_000], with_routes),
        ("group-rules", "security group rules", &[1, 10, 100, 1_000], with_group_rules),
        ("acl-entries", "network ACL entries", &[1, 10, 100, 1_000], with_acl_entries),
    ] {
        let sizes = &sizes[..bench.size(3, sizes.len())];
        let packets = bench.size(20_000, 100_000);
        let rows = sizes.iter().map(|&size| {
            let mut pair = Pair::build(options(size));
            let mut cost = |ports| nanos(bench.runs(), || pair.datagrams(packets, ports));
            (size as u64, vec![cost(Ports::One), cost(Ports::Each)])
        });
        let columns = &["ns a packet-hop, one flow", "ns a packet-hop, a flow a packet"];
        let curve = Curve { name, size, columns, rows: rows.collect() };
        bench.report.curve(&curve)?;
    }
    threads(bench)
}

fn with_idle(idle_instances: usize) -> PairOptions {
    PairOptions { idle_instances, ..PairOptions::default() }
}

fn with_routes(routes: usize) -> PairOptions {
    PairOptions { routes, ..PairOptions::default() }
}

fn with_group_rules(group_rules: usize) -> PairOptions {
    PairOptions { group_rules, ..PairOptions::default() }
}

fn with_acl_entries(acl_entries: usize) -> PairOptions {
    PairOptions { acl_entries, ..PairOptions::default() }
}

/// Each world is kept until the next is built, so that memory is not counted that another has freed.
fn idle(bench: &mut Bench<'_>) -> io::Result<()> {
    let mut rows = Vec::new();
    let mut before = None;
    for vpcs in bench.size(&[20, 200][..], &[20, 200, 2_000, 5_000]) {
        let instances = vpcs * 50;
        let resident = settled_resident_bytes();
        let stopwatch = Stopwatch::start();
        let mut world = IdleWorld::build(*vpcs, 50);
        world.boot();
        let micros = stopwatch.stop().processor_seconds() * 1e6 / instances as f64;
        let bytes = resident
            .zip(settled_resident_bytes())
            .map(|(then, now)| now.saturating_sub(then) as f64 / instances as f64);
        rows.push((instances as u64, [Some(micros), bytes].into_iter().flatten().collect()));
        before = Some(world);
    }
    drop(before);
    let columns = &["µs to build and boot each", "resident bytes each"];
    bench.report.curve(&Curve { name: "idle", size: "idle instances", columns, rows })
}

fn packets(bench: &mut Bench<'_>) -> io::Result<()> {
    let mut stars = Stars::build(100, 10, 1);
    let sizes = bench.size(&[10_000, 100_000][..], &[10_000, 100_000, 1_000_000, 10_000_000]);
    let rows = sizes.iter().map(|&packets| {
        let runs = if packets > 1_000_000 { 1 } else { bench.runs() };
        (packets, vec![nanos(runs, || stars.send(packets))])
    });
    let curve = Curve { name: "packets", size: "packets", columns: &["ns a packet-hop"], rows: rows.collect() };
    bench.report.curve(&curve)
}

/// Each instance sends as much, however many there are: what it costs to start the programs is the same share of all.
fn busy(bench: &mut Bench<'_>) -> io::Result<()> {
    let sizes =
        bench.size(&[(2, 10), (10, 10), (50, 10)][..], &[(2, 10), (10, 10), (50, 10), (100, 10), (200, 10), (200, 50)]);
    let each = bench.size(100, 500);
    let rows = sizes.iter().map(|&(vpcs, instances)| {
        let busy = (vpcs * instances) as u64;
        let mut stars = Stars::build(vpcs, instances, 1);
        (busy, vec![nanos(3, || stars.send(each * busy))])
    });
    let columns = &["ns a packet-hop"];
    bench.report.curve(&Curve { name: "busy", size: "busy instances", columns, rows: rows.collect() })
}

fn threads(bench: &mut Bench<'_>) -> io::Result<()> {
    let packets = bench.size(100_000, 1_000_000);
    let rows = (1..=bench.threads).map(|threads| {
        let mut stars = Stars::build(100, 10, threads);
        let rate = |(work, took): (Work, super::Took)| work.packet_hops as f64 / took.wall.as_secs_f64();
        let rates: Vec<f64> = (0..bench.runs()).map(|_| rate(timed(|| stars.send(packets)))).collect();
        (threads as u64, vec![median(rates)])
    });
    let rows = rows.collect();
    bench.report.curve(&Curve { name: "threads", size: "threads", columns: &["packet-hops/s by wall time"], rows })
}

/// The median of nanoseconds of processor time for each packet-hop.
fn nanos(runs: usize, mut work: impl FnMut() -> Work) -> f64 {
    median((0..runs).map(|_| {
        let (work, took) = timed(&mut work);
        took.processor_seconds() * 1e9 / work.packet_hops as f64
    }))
}
