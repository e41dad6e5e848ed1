//! What a lab costs: wall time from files to verdict, packet-hops per second of several kinds of traffic, and two parts by
//! themselves.
//!
//! The worlds are the library's own (`sim_core::bench`), made before the clock starts; the lab is a scenario as users run it.
//! `README.md` beside this file says how to run it and what the figures compare with.

use std::env;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sim_core::bench::{Delays, IdleWorld, Pair, PairOptions, Ports, Queue, Routes, Star, Stars, Work};
use sim_core::lab::{CapturesTo, DiagnosticReport, Observer, RunHeader, RunOptions, RunSummary, StepReport, run};

/// What is measured is what users run: see `sim-cli`'s `main.rs`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sees to it that every step holds.
struct Judge;

impl Observer for Judge {
    fn header(&mut self, _: &RunHeader) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, _: &DiagnosticReport) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> io::Result<()> {
        assert!(report.is_ok(), "a benchmark measures what works: {report:?}");
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        Ok(())
    }
}

fn peering_lab(criterion: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/vpc-peering/scenario.yaml");
    let directory = env::temp_dir().join(format!("vpcsim-bench-{}", std::process::id()));
    let to_files = CapturesTo::Directory {
        directory: directory.clone(),
        format: Default::default(),
        snap_length: Default::default(),
    };
    let mut group = criterion.benchmark_group("peering lab, files to verdict");
    for (name, captures) in [("captures off", CapturesTo::Nowhere), ("captures on", to_files)] {
        let options = RunOptions { captures, ..RunOptions::default() };
        group.bench_function(name, |bench| bench.iter(|| run(&file, &options, &mut Judge).expect("the scenario runs")));
    }
    group.finish();
    // A filter on the command line may have left it unmade.
    let _ = std::fs::remove_dir_all(&directory);
}

/// Times traffic by the packet-hop, and by its payload where that is given.
fn traffic(criterion: &mut Criterion, name: &str, payload: Option<u64>, mut work: impl FnMut() -> Work) {
    let elements = work().packet_hops;
    let throughput = match payload {
        Some(bytes) => Throughput::ElementsAndBytes { elements, bytes },
        None => Throughput::Elements(elements),
    };
    let mut group = criterion.benchmark_group("packet-hops");
    group.sample_size(10).measurement_time(Duration::from_secs(3)).throughput(throughput);
    group.bench_function(name, |bench| bench.iter(&mut work));
    group.finish();
}

fn packet_hops(criterion: &mut Criterion) {
    const BYTES: u64 = 64 << 20;
    for mtu in [1500, 9001] {
        let mut pair = Pair::build(PairOptions { mtu, ..PairOptions::default() });
        traffic(criterion, &format!("bulk TCP, MTU {mtu}"), Some(BYTES), || pair.bulk_tcp(BYTES));
    }
    let mut pair = Pair::build(PairOptions::default());
    traffic(criterion, "ping", None, || pair.ping(20_000));
    traffic(criterion, "UDP, one flow", None, || pair.datagrams(20_000, Ports::One));
    traffic(criterion, "UDP, a flow a packet", None, || pair.datagrams(20_000, Ports::Each));
    for threads in [1, 2] {
        let mut stars = Stars::build(100, 10, threads);
        traffic(criterion, &format!("UDP in 100 VPCs, threads {threads}"), None, || stars.send(100_000));
    }
}

fn control_plane(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("control plane");
    group.sample_size(10).throughput(Throughput::Elements(50_000));
    group.bench_function("instances built and booted", |bench| {
        bench.iter_batched(
            || (),
            |()| {
                let mut world = IdleWorld::build(1_000, 50);
                world.boot();
                world // Taken down outside the clock.
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    let mut group = criterion.benchmark_group("control plane");
    let mut star = Star::build(1_000);
    let mut turns = 0..;
    group.bench_function("one route among 1,000 VPCs", |bench| {
        bench.iter(|| star.change_route(turns.next().expect("turns have no end")));
    });
    let mut turns = 0..;
    group.bench_function("one rule among 1,000 VPCs", |bench| {
        bench.iter(|| star.change_rule(turns.next().expect("turns have no end")));
    });
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    const TIMES: usize = 100_000;
    let mut group = criterion.benchmark_group("parts");
    group.sample_size(20).throughput(Throughput::Elements(TIMES as u64));
    for (name, delays) in [("any delay", Delays::Uniform), ("four delays", Delays::Four)] {
        for pending in [1_000, 100_000] {
            let mut queue = Queue::build(pending, delays);
            let name = format!("event queue, {pending} pending, {name}");
            group.bench_function(name, |bench| bench.iter(|| queue.hold(TIMES)));
        }
    }
    for (name, table) in [("50", Routes::of_vpc()), ("10000", Routes::many(10_000))] {
        let name = format!("route look-up among {name}");
        group.bench_function(name, |bench| bench.iter(|| black_box(table.look_up(TIMES))));
    }
    group.finish();
}

criterion_group!(benches, peering_lab, packet_hops, control_plane, parts);
criterion_main!(benches);
