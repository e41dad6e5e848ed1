//! The command line as typed (clap's derive), checked no further than each word by itself.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use sim_core::CaptureFormat;
use sim_core::lab::Service;
use sim_core::lab::generate::Shape;

use crate::exit::Status;

/// Simulates AWS VPC networks packet by packet, offline: a CloudFormation template, the commands of a lab, and what AWS
/// would have shown.
#[derive(Debug, Parser)]
#[command(
    name = "vpcsim",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Example:
  vpcsim run scenarios/vpc-peering      runs the lab: transcript, verdicts, captures for Wireshark

Exit status: 0 all held, 1 an expectation failed, 2 wrong input or nothing to run, 3 vpcsim's fault,
130 interrupted"
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours; `auto` looks at the terminal and at NO_COLOR.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios: print the transcript, the verdicts, and where the captures are.
    Run(RunArgs),
    /// Check scenarios and their templates without running them.
    Check(CheckArgs),
    /// Send a packet in a scenario and tell every hop there and back: who decided what, and what would let it through.
    Explain(ExplainArgs),
    /// Try every pair of hosts in a scenario: who reaches whom, and why not.
    Matrix(MatrixArgs),
    /// Write a scenario of any size: VPCs peered in a shape, instances, flows between them.
    Generate(GenerateArgs),
    /// Measure this machine: packets, goodput, build rate, memory, threads.
    Bench(BenchArgs),
    /// Print the JSON Schema of the scenario file, for editors.
    Schema,
    /// Explain a code: an error or warning (VPC021), or why a packet was dropped (NO_ROUTE_TO_DESTINATION).
    Errors(ErrorsArgs),
}

/// `vpcsim run`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  vpcsim run vpc-peering --seed 7 --report junit=lab.xml
      runs scenarios/vpc-peering, prints the transcript, and writes JUnit XML besides")]
pub(crate) struct RunArgs {
    /// Scenario files, folders with a scenario.yaml (or with folders that have one), or names below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME")]
    pub scenarios: Vec<String>,
    /// Take this seed instead of the scenario's: other ids, ports and jitter, the same verdicts.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Write captures below this folder.
    #[arg(long, value_name = "DIR", default_value = "captures")]
    pub captures: PathBuf,
    /// Write no captures.
    #[arg(long, conflicts_with_all = ["captures", "capture_format", "snaplen"])]
    pub no_captures: bool,
    /// The captures' format; the classic `pcap` has no place for interface names and drop reasons.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pcapng")]
    pub capture_format: CaptureFormatArg,
    /// Capture so many bytes of each frame, as tcpdump's -s does; 0 captures all of it.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=262_144))]
    pub snaplen: u32,
    /// Work on so many threads [default: one for each processor]. The results do not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// The format of the results.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Write the results to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the results to a file as well, in a format of its own. May be given several times.
    #[arg(long = "report", value_name = "FORMAT=FILE")]
    pub reports: Vec<ReportArg>,
    /// Print one line for a step that held.
    #[arg(short, long, conflicts_with_all = ["verbose", "transcript_only"])]
    pub quiet: bool,
    /// Print expected drops, exit statuses and virtual times too.
    #[arg(short, long)]
    pub verbose: bool,
    /// Print only what a terminal would have shown.
    #[arg(long, conflicts_with = "verbose")]
    pub transcript_only: bool,
}

/// `vpcsim check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  vpcsim check vpc-peering              says everything that is wrong with it, and runs nothing")]
pub(crate) struct CheckArgs {
    /// Scenario files, folders, or names below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME")]
    pub scenarios: Vec<String>,
    /// Treat these as errors.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub deny: Option<Deny>,
}

/// `vpcsim explain`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The packet is really sent, by the sender's own TCP/IP stack, after the steps have run; captures are not written. Past a drop,
what would happen next is told too, and what would let the packet through, where that is certain. Without hosts it tells what
happened to the first packet of a step, and what the step lost.

Example:
  vpcsim explain vpc-peering --from ljhVPC1-EC2 --to ljhVPC2-EC2:80 --step 9
      sends a SYN after step 9 and says what becomes of it

Exit status: 0 delivered, 1 not delivered, 2 wrong input, 3 vpcsim's fault")]
pub(crate) struct ExplainArgs {
    /// Scenario file, folder, or name below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME")]
    pub scenario: String,
    /// The same as --from, --to and --proto: `web1 db1 tcp/5432`.
    #[arg(value_name = "FROM TO [PROTO]", num_args = 0..=3, conflicts_with_all = ["from", "to", "proto"])]
    pub flow: Vec<String>,
    /// Who sends: an instance (Name tag, logical id or id) or an Internet host of the scenario.
    #[arg(long, value_name = "HOST", requires = "to")]
    pub from: Option<String>,
    /// Whom it is for: a host, or an address; with a port, which asks for TCP unless --proto says otherwise.
    #[arg(long, value_name = "HOST[:PORT]", requires = "from")]
    pub to: Option<String>,
    /// What is sent: `icmp`, `tcp`, `udp`, or with the port, `tcp/80`.
    #[arg(long, value_name = "PROTO", requires = "to")]
    pub proto: Option<String>,
    /// After this step, 0 for after deployment [default: the last].
    #[arg(long, value_name = "N")]
    pub step: Option<u32>,
    /// Take this seed instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The format of the answer.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: AnswerFormat,
}

/// `vpcsim matrix`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Hosts are the scenario's instances and Internet hosts; every cell is a packet that was really sent. From outside AWS an
instance is spoken to by its public address, from inside by its private one. A word with `<` means that the answer was lost.

Example:
  vpcsim matrix vpc-peering --proto tcp/22 --step 8")]
pub(crate) struct MatrixArgs {
    /// Scenario file, folder, or name below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME")]
    pub scenario: String,
    /// What is sent: `icmp`, `tcp/PORT` or `udp/PORT`.
    #[arg(long, value_name = "PROTO", default_value = "icmp")]
    pub proto: Service,
    /// After this step, 0 for after deployment [default: the last].
    #[arg(long, value_name = "N")]
    pub step: Option<u32>,
    /// Take this seed instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The format of the answer.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: AnswerFormat,
}

/// What `--format` of `explain` and `matrix` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// One object.
    Json,
}

/// `vpcsim generate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The template is one stack, whatever its size, since peering connections need both VPCs; AWS itself takes 500 resources a
template. The scenario raises the quotas that it needs. Up to four more pings try what peering does not carry: to an
instance two peerings away. The same arguments write the same bytes.

Example:
  vpcsim generate --vpcs 100 --instances 10 --shape mesh --flows 200 --seed 7 --out lab && vpcsim run lab")]
pub(crate) struct GenerateArgs {
    /// How many VPCs.
    #[arg(long, value_name = "N")]
    pub vpcs: u32,
    /// How many instances in each VPC.
    #[arg(long, value_name = "M")]
    pub instances: u32,
    /// Which VPCs are peered.
    #[arg(long, value_enum, value_name = "SHAPE", default_value = "star")]
    pub shape: ShapeArg,
    /// How many flows run at the same time, pings and downloads in turn, between random pairs that can reach each other.
    #[arg(long, value_name = "F", default_value_t = 0)]
    pub flows: u32,
    /// Draws the pairs, and the shape if it is random; also the scenario's seed.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Write scenario.yaml and template.json into this folder; `SHAPE-NxM` if absent.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overwrite a scenario that is there already.
    #[arg(long)]
    pub force: bool,
}

/// What `--shape` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ShapeArg {
    /// The first with every other.
    Star,
    /// Every one with every other.
    Mesh,
    /// Each with the next.
    Chain,
    /// A connected random graph: each with an earlier one, and half as many pairs besides.
    Random,
}

impl From<ShapeArg> for Shape {
    fn from(shape: ShapeArg) -> Shape {
        match shape {
            ShapeArg::Star => Shape::Star,
            ShapeArg::Mesh => Shape::Mesh,
            ShapeArg::Chain => Shape::Chain,
            ShapeArg::Random => Shape::Random,
        }
    }
}

/// `vpcsim bench`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Rates are by processor time where one thread works, and by wall time where several do. A packet-hop is one frame received
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
    /// Do what one NAME measures once and untimed, so much of it – bytes, round trips or packets – for valgrind or perf.
    #[arg(long, value_name = "N", conflicts_with_all = ["quick", "format"], value_parser = clap::value_parser!(u64).range(1..))]
    pub once: Option<u64>,
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

/// `vpcsim errors`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Example:
  vpcsim errors IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS")]
pub(crate) struct ErrorsArgs {
    /// The code; without one, all codes are listed.
    pub code: Option<String>,
}

/// What `--deny` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Deny {
    /// Warnings.
    Warnings,
}

/// What `--color` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Color {
    /// Where the output is a terminal and NO_COLOR is not set.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// What `--format` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people: the transcript and the verdicts.
    #[value(alias = "human")]
    Text,
    /// One object for each scenario, `"schema": "vpcsim.run/1"`.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
    /// GitHub workflow annotations.
    Github,
    /// TAP version 14.
    Tap,
}

/// What `--capture-format` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum CaptureFormatArg {
    /// pcapng, with interface names and drop reasons.
    Pcapng,
    /// Classic pcap with nanoseconds.
    Pcap,
}

impl From<CaptureFormatArg> for CaptureFormat {
    fn from(format: CaptureFormatArg) -> CaptureFormat {
        match format {
            CaptureFormatArg::Pcapng => CaptureFormat::Pcapng,
            CaptureFormatArg::Pcap => CaptureFormat::Pcap,
        }
    }
}

/// What `--report` takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReportArg {
    /// In which format.
    pub format: Format,
    /// Where to.
    pub file: PathBuf,
}

impl FromStr for ReportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportArg, String> {
        let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err("a report is FORMAT=FILE, as in `junit=lab.xml`".to_owned());
        };
        let format = Format::from_str(format, false).map_err(|_| {
            let known: Vec<_> = Format::value_variants()
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            format!("`{format}` is not a format; there are {}", known.join(", "))
        })?;
        Ok(ReportArg { format, file: PathBuf::from(file) })
    }
}

/// Reads the process's command line.
///
/// # Errors
/// The status to exit with, after help, version or a complaint was printed.
pub(crate) fn parse() -> Result<Args, Status> {
    Args::try_parse().map_err(|error| {
        let status = if error.use_stderr() { Status::Invalid } else { Status::Ok };
        // Help that nobody reads to its end is no error.
        let _ = error.print();
        if error.kind() == ErrorKind::InvalidSubcommand {
            let _ = writeln!(
                io::stderr(),
                "help: the verbs are run, check, explain, matrix, generate, bench, schema and errors, as in `vpcsim run NAME`"
            );
        }
        status
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_report_is_a_format_and_a_file() {
        let report = "junit=out/lab.xml".parse::<ReportArg>();
        assert_eq!(report, Ok(ReportArg { format: Format::Junit, file: PathBuf::from("out/lab.xml") }));
        assert_eq!("human=a=b".parse::<ReportArg>().map(|report| report.file), Ok(PathBuf::from("a=b")));
        for wrong in ["junit", "junit=", "=x", "xml=x"] {
            assert!(wrong.parse::<ReportArg>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn quiet_and_verbose_exclude_each_other() {
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "-q", "-v"]).is_err());
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "--no-captures", "--captures", "y"]).is_err());
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "--no-captures", "-q"]).is_ok());
    }
}
