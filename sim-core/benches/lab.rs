//! What a lab costs: wall time from files to verdict, packet-hops per second, and bulk TCP between two peered instances.
//!
//! Everything runs through the library's front door. The two rates are those of a scenario's last step, timed from the
//! report of the step before it, so that reading files, deploying and booting do not dilute them. `README.md` beside this
//! file says how to run it and what the figures compare with.

use std::env;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim_core::lab::{CapturesTo, DiagnosticReport, Observer, RunHeader, RunOptions, RunSummary, StepReport, run};

/// Notes when each step ended.
#[derive(Default)]
struct Clock {
    ends: Vec<Instant>,
}

impl Observer for Clock {
    fn header(&mut self, _: &RunHeader) -> io::Result<()> {
        Ok(())
    }

    fn warning(&mut self, _: &DiagnosticReport) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.ends.push(Instant::now());
        assert!(report.is_ok(), "a benchmark measures what works: {report:?}");
        Ok(())
    }

    fn summary(&mut self, _: &RunSummary) -> io::Result<()> {
        Ok(())
    }
}

impl Clock {
    fn last_step(&self) -> Duration {
        match self.ends.as_slice() {
            [.., before, last] => *last - *before,
            _ => panic!("the scenario has a step to set up and one to measure"),
        }
    }
}

/// Runs a scenario, given by its path from this crate.
fn lab(path: &str, captures: CapturesTo) -> (Clock, RunSummary) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut clock = Clock::default();
    let options = RunOptions { captures, ..RunOptions::default() };
    let summary = run(&file, &options, &mut clock).expect("the benchmark's scenario runs");
    (clock, summary)
}

/// Repeats a scenario and adds up the time of its last step.
fn last_step(path: &str, times: u64) -> Duration {
    (0..times).map(|_| lab(path, CapturesTo::Nowhere).0.last_step()).sum()
}

fn whole_lab(criterion: &mut Criterion) {
    const SCENARIO: &str = "../scenarios/vpc-peering/scenario.yaml";
    let directory = env::temp_dir().join(format!("vpcsim-bench-{}", std::process::id()));
    let to_files = CapturesTo::Directory {
        directory: directory.clone(),
        format: Default::default(),
        snap_length: Default::default(),
    };
    let mut group = criterion.benchmark_group("peering lab, files to verdict");
    group.bench_function("captures off", |bench| bench.iter(|| lab(SCENARIO, CapturesTo::Nowhere)));
    group.bench_function("captures on", |bench| bench.iter(|| lab(SCENARIO, to_files.clone())));
    group.finish();
    // A filter on the command line may have left it unmade.
    let _ = std::fs::remove_dir_all(&directory);
}

fn packet_hops(criterion: &mut Criterion) {
    const SCENARIO: &str = "benches/scenarios/ping.yaml";
    // Booting adds a few dozen hops to some hundred thousand.
    let (_, summary) = lab(SCENARIO, CapturesTo::Nowhere);
    let mut group = criterion.benchmark_group("packet-hops");
    group.sample_size(10).throughput(Throughput::Elements(summary.packet_hops));
    group.bench_function("ping", |bench| bench.iter_custom(|times| last_step(SCENARIO, times)));
    group.finish();
}

fn bulk_tcp(criterion: &mut Criterion) {
    const BYTES: u64 = 60 << 20;
    for mtu in ["1500", "9001"] {
        let scenario = format!("benches/scenarios/tcp-{mtu}.yaml");
        let (_, summary) = lab(&scenario, CapturesTo::Nowhere);
        let mut group = criterion.benchmark_group("bulk TCP");
        let throughput = Throughput::ElementsAndBytes { elements: summary.packet_hops, bytes: BYTES };
        group.sample_size(10).throughput(throughput);
        group.bench_function(format!("MTU {mtu}"), |bench| bench.iter_custom(|times| last_step(&scenario, times)));
        group.finish();
    }
}

criterion_group!(benches, whole_lab, packet_hops, bulk_tcp);
criterion_main!(benches);
