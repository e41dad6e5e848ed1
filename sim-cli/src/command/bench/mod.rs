//! `vpcsim bench`: what this machine makes of worlds that the library has for it.
//!
//! Rates are by processor time where one thread works and the system tells it, since other programs on the machine change that
//! little, and by wall time where several work. Each is the median of a few runs.

mod curves;
mod report;
mod stopwatch;

use std::env;
use std::fs;
use std::hint::black_box;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process;
use std::thread::available_parallelism;

use sim_core::Severity;
use sim_core::bench::{Delays, IdleWorld, Pair, PairOptions, Queue, Routes, Star, Stars, Work};
use sim_core::lab::generate::{Layout, Shape};

use crate::args::{BenchArgs, Benchmark};
use crate::exit::Status;
use report::{Figure, Report};
use stopwatch::{Stopwatch, Took, median, resident_bytes, settled_resident_bytes};

pub(super) fn bench(args: &BenchArgs) -> Status {
    let threads = args.threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    if let (Some(units), [benchmark]) = (args.once, &args.names[..]) {
        return once(*benchmark, units, args.busy, threads);
    }
    if args.once.is_some() {
        super::complain("--once takes the name of one benchmark, as in `vpcsim bench tcp-1500 --once 100000000`");
        return Status::Invalid;
    }
    let measured = Bench { quick: args.quick, threads, names: &args.names, report: Report::new(args.format) }.run();
    match measured {
        Ok(()) => Status::Ok,
        Err(error) => {
            let status = Status::after_write_error(&error);
            if status != Status::Ok {
                super::complain(&error.to_string());
            }
            status
        }
    }
}

/// Does one thing, so much of it, and takes no time: for tools that count or sample.
fn once(benchmark: Benchmark, units: u64, busy: u64, threads: usize) -> Status {
    let work = match benchmark {
        Benchmark::Tcp1500 => tcp_pair(1500).bulk_tcp(units),
        Benchmark::Tcp9001 => tcp_pair(9001).bulk_tcp(units),
        Benchmark::Ping => Pair::build(PairOptions::default()).ping(units),
        Benchmark::Stars => {
            let vpcs = busy.div_ceil(10).min(200);
            Stars::build(vpcs as usize, busy.div_ceil(vpcs) as usize, threads).send(units)
        }
        Benchmark::Idle => return idle_once(units),
        _ => {
            let those =
                "tcp-1500 and tcp-9001 (bytes), ping (round trips), stars (packets) and idle (VPCs of 50 instances)";
            super::complain(&format!("--once goes with {those}"));
            return Status::Invalid;
        }
    };
    super::answer(&format!("{} packet-hops\n", work.packet_hops))
}

fn idle_once(vpcs: u64) -> Status {
    let mut world = IdleWorld::build(usize::try_from(vpcs).unwrap_or(usize::MAX), 50);
    world.boot();
    super::answer(&format!("{} instances\n", world.running()))
}

/// A run of benchmarks.
struct Bench<'a> {
    quick: bool,
    threads: usize,
    /// All but the curves when there are none.
    names: &'a [Benchmark],
    report: Report,
}

impl Bench<'_> {
    fn run(mut self) -> io::Result<()> {
        // Memory first: later it would find what others have freed.
        for (benchmark, measure) in [
            (Benchmark::Idle, Bench::idle as fn(&mut Self) -> io::Result<()>),
            (Benchmark::Template, Bench::template),
            (Benchmark::Change, Bench::change),
            (Benchmark::Tcp1500, |bench| bench.tcp("tcp-1500", 1500)),
            (Benchmark::Tcp9001, |bench| bench.tcp("tcp-9001", 9001)),
            (Benchmark::Ping, Bench::ping),
            (Benchmark::Stars, Bench::stars),
            (Benchmark::Queue, Bench::queue),
            (Benchmark::Routes, Bench::routes),
            (Benchmark::Curves, curves::measure),
        ] {
            let is_asked_for = match self.names {
                [] => benchmark != Benchmark::Curves,
                names => names.contains(&benchmark),
            };
            if is_asked_for {
                measure(&mut self)?;
            }
        }
        self.report.end()
    }

    /// The one or the other, by how long it may take.
    fn size<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    fn runs(&self) -> usize {
        self.size(3, 5)
    }

    fn idle(&mut self) -> io::Result<()> {
        let (vpcs, each) = self.size((1_000, 50), (5_000, 50));
        let instances = vpcs * each;
        let before = resident_bytes();
        let mut bytes = None;
        let mut took = Vec::new();
        for run in 0..self.size(1, 3) {
            let stopwatch = Stopwatch::start();
            let mut world = IdleWorld::build(vpcs, each);
            world.boot();
            took.push(stopwatch.stop());
            assert_eq!(world.running(), instances, "all have booted");
            if run == 0 {
                bytes = before.zip(settled_resident_bytes()).map(|(before, after)| after.saturating_sub(before));
            }
        }
        let what = format!("{instances} instances in {vpcs} VPCs, through operations");
        self.report.figure(Figure::rate("build", what.clone(), "instances/s", instances as f64, &took))?;
        match bytes {
            Some(bytes) => {
                let each = bytes as f64 / instances as f64;
                self.report.figure(Figure::of("idle", format!("{what}, idle"), "resident bytes each", each))
            }
            None => Ok(()), // Not told by this system.
        }
    }

    fn template(&mut self) -> io::Result<()> {
        let (vpcs, instances) = self.size((100, 50), (1_000, 50));
        let layout = Layout { vpcs, instances, shape: Shape::Star, flows: 0, seed: 1 };
        let generated = layout.generate().map_err(io::Error::other)?;
        let folder = Folder::new()?;
        let scenario = folder.0.join("scenario.yaml");
        fs::write(&scenario, generated.scenario)?;
        fs::write(folder.0.join("template.json"), generated.template)?;
        let mut took = Vec::new();
        for _ in 0..self.size(1, 3) {
            let stopwatch = Stopwatch::start();
            let problems = sim_core::lab::check(&scenario);
            took.push(stopwatch.stop());
            assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "what is generated is right");
        }
        let count = vpcs * instances;
        let what = format!("{count} instances in {vpcs} VPCs, from a template file");
        self.report.figure(Figure::rate("template", what, "instances/s", f64::from(count), &took))
    }

    fn change(&mut self) -> io::Result<()> {
        const SPOKES: usize = 1_000;
        let turns = self.size(100, 1_000);
        let mut star = Star::build(SPOKES);
        for (name, what, change) in [
            ("change-route", "one route", Star::change_route as fn(&mut Star, usize)),
            ("change-rule", "one rule", Star::change_rule),
        ] {
            let took: Vec<Took> = (0..turns)
                .map(|turn| {
                    let stopwatch = Stopwatch::start();
                    change(&mut star, turn);
                    stopwatch.stop()
                })
                .collect();
            let micros = median(took.iter().map(|took| took.wall.as_secs_f64() * 1e6));
            let what = format!("{what} changed among {SPOKES} VPCs, until packets meet it");
            self.report.figure(Figure::of(name, what, "µs", micros))?;
        }
        Ok(())
    }

    fn tcp(&mut self, name: &'static str, mtu: u16) -> io::Result<()> {
        let bytes = self.size(32 << 20, 256 << 20);
        let mut pair = tcp_pair(mtu);
        let (work, took) = repeat(self.runs(), || pair.bulk_tcp(bytes));
        let what = format!("bulk TCP between two peered VPCs, MTU {mtu}");
        self.report.figure(Figure::rate(name, what.clone(), "packet-hops/s", work.packet_hops as f64, &took))?;
        let goodput = if mtu == 1500 { "goodput-1500" } else { "goodput-9001" };
        self.report.figure(Figure::rate(goodput, what, "bit/s of payload", 8.0 * work.done as f64, &took))
    }

    fn ping(&mut self) -> io::Result<()> {
        let count = self.size(20_000, 100_000);
        let mut pair = Pair::build(PairOptions::default());
        let (work, took) = repeat(self.runs(), || pair.ping(count));
        let what = "ping between two peered VPCs".to_owned();
        self.report.figure(Figure::rate("ping", what.clone(), "round trips/s", work.done as f64, &took))?;
        self.report.figure(Figure::rate("ping-hops", what, "packet-hops/s", work.packet_hops as f64, &took))
    }

    fn stars(&mut self) -> io::Result<()> {
        let packets = self.size(100_000, 1_000_000);
        let threads = self.threads;
        let mut alone = Stars::build(100, 10, 1);
        let mut side_by_side = (threads > 1).then(|| Stars::build(100, 10, threads));
        let (mut took, mut took_together) = (Vec::new(), Vec::new());
        let mut packet_hops = 0.0;
        for _ in 0..self.runs() {
            let (work, once) = timed(|| alone.send(packets));
            packet_hops = work.packet_hops as f64;
            took.push(once);
            took_together.extend(side_by_side.as_mut().map(|stars| timed(|| stars.send(packets)).1));
        }
        let what = "UDP among 1,000 instances in 100 VPCs, all peered";
        self.report.figure(Figure::rate("stars", what.to_owned(), "packet-hops/s", packet_hops, &took))?;
        if side_by_side.is_none() {
            return Ok(());
        }
        let threaded = Figure::wall_rate(
            "stars-threads",
            format!("{what}, {threads} threads"),
            "packet-hops/s",
            packet_hops,
            &took_together,
        );
        self.report.figure(threaded)?;
        let seconds = |took: &[Took]| median(took.iter().map(|took| took.wall.as_secs_f64()));
        let speed_up = seconds(&took) / seconds(&took_together);
        let what = format!("speed-up of that from one thread to {threads}");
        self.report.figure(Figure::of("speed-up", what, "times", speed_up))
    }

    fn queue(&mut self) -> io::Result<()> {
        let times = self.size(500_000, 2_000_000);
        for (name, delays, how) in
            [("queue", Delays::Uniform, "any delay"), ("queue-four", Delays::Four, "four delays")]
        {
            let mut queue = Queue::build(100_000, delays);
            let nanos = nanos_each(self.runs(), times, || queue.hold(times));
            let what = format!("event queue, 100000 pending, {how}: pop and push");
            self.report.figure(Figure::of(name, what, "ns", nanos))?;
        }
        Ok(())
    }

    fn routes(&mut self) -> io::Result<()> {
        let times = self.size(1_000_000, 5_000_000);
        for (name, table, what) in [
            ("routes-50", Routes::of_vpc(), "route look-up among 50"),
            ("routes-10k", Routes::many(10_000), "route look-up among 10000"),
        ] {
            let nanos = nanos_each(self.runs(), times, || {
                black_box(table.look_up(times));
            });
            self.report.figure(Figure::of(name, what.to_owned(), "ns", nanos))?;
        }
        Ok(())
    }
}

fn tcp_pair(mtu: u16) -> Pair {
    Pair::build(PairOptions { mtu, ..PairOptions::default() })
}

fn timed(work: impl FnOnce() -> Work) -> (Work, Took) {
    let stopwatch = Stopwatch::start();
    let work = work();
    (work, stopwatch.stop())
}

/// Does the same work a few times, once more for warmth.
fn repeat(runs: usize, mut work: impl FnMut() -> Work) -> (Work, Vec<Took>) {
    let first = work();
    (first, (0..runs).map(|_| timed(&mut work).1).collect())
}

/// The median of nanoseconds of processor time for each of `times`.
fn nanos_each(runs: usize, times: usize, mut work: impl FnMut()) -> f64 {
    median((0..runs).map(|_| {
        let stopwatch = Stopwatch::start();
        work();
        stopwatch.stop().processor_seconds() * 1e9 / times as f64
    }))
}

/// A folder of this process's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let folder = env::temp_dir().join(format!("vpcsim-bench-{}", process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If it cannot be removed, it lies where the system cleans up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
