//! What `vpcsim bench` takes.

use std::num::NonZeroUsize;

use clap::{Args as ClapArgs, ValueEnum};

/// `vpcsim bench`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Rates are by processor time where one thread works, and by wall time where several do. A packet-hop is one frame received \
over one link. Without names everything is measured but the curves.

Example:
  vpcsim bench --quick                  the figures of this machine, in some seconds
  vpcsim bench curves                   cost against packets, instances, VPCs, routes, rules, threads")]
pub(crate) struct BenchArgs {
    /// What to measure.
    #[arg(value_enum, value_name = "NAME")]
    pub names: Vec<Benchmark>,
    /// Measure less of everything.
    #[arg(long)]
    pub quick: bool,
    /// Compare one thread with so many [default: one for each processor].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// The format of the figures.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: BenchFormat,
    /// Do what one NAME measures once and untimed, so much of it – bytes, round trips, packets or VPCs – for valgrind or perf.
    #[arg(long, value_name = "N", conflicts_with_all = ["quick", "format"], value_parser = clap::value_parser!(u64).range(1..))]
    pub once: Option<u64>,
    /// How many instances talk, ten in a VPC and more in each of 200: with `stars --once`.
    #[arg(long, value_name = "N", default_value = "1000", requires = "once", value_parser = clap::value_parser!(u64).range(2..=50_000))]
    pub busy: u64,
}

/// What `vpcsim bench` measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Benchmark {
    /// Instances that do nothing: how fast they are made, and their memory.
    Idle,
    /// The same from a template file.
    Template,
    /// One route or rule changed among 1,000 VPCs.
    Change,
    /// Bulk TCP between two peered VPCs, MTU 1500.
    #[value(name = "tcp-1500")]
    Tcp1500,
    /// The same, MTU 9001.
    #[value(name = "tcp-9001")]
    Tcp9001,
    /// Ping between two peered VPCs.
    Ping,
    /// UDP among 1,000 instances in 100 VPCs, on one thread and on several.
    Stars,
    /// The event queue.
    Queue,
    /// Route look-ups.
    Routes,
    /// Cost against size.
    Curves,
}

/// What `vpcsim bench --format` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum BenchFormat {
    /// A line for each figure.
    Text,
    /// One object, `"schema": "vpcsim.bench/1"`.
    Json,
}
