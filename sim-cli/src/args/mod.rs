//! The command line as typed (clap's derive), checked no further than each word by itself.

mod bench;
mod generate;
mod question;
mod run;

use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use self::bench::{BenchArgs, BenchFormat, Benchmark};
pub(crate) use self::generate::GenerateArgs;
pub(crate) use self::question::{AnswerFormat, Asked, ExplainArgs, MatrixArgs};
pub(crate) use self::run::{Format, RunArgs};
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

Exit status: 0 all held, 1 an expectation failed, 2 wrong input or nothing to run, 3 vpcsim's fault, \
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
    fn quiet_and_verbose_exclude_each_other() {
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "-q", "-v"]).is_err());
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "--no-captures", "--captures", "y"]).is_err());
        assert!(Args::try_parse_from(["vpcsim", "run", "x", "--no-captures", "-q"]).is_ok());
    }
}
