//! What the verbs that ask take: `vpcsim explain` and `vpcsim matrix`.

use clap::{Args as ClapArgs, ValueEnum};
use sim_core::lab::Service;

/// `vpcsim explain`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The packet is really sent, by the sender's own TCP/IP stack, after the steps have run; captures are not written. Past a drop, \
what would happen next is told too, and what would let the packet through, where that is certain. Without hosts it tells what \
happened to the first packet of a step, and what the step lost.

Example:
  vpcsim explain vpc-peering --from ljhVPC1-EC2 --to ljhVPC2-EC2:80 --step 9
      sends a SYN after step 9 and says what becomes of it

Exit status: 0 delivered, 1 not delivered, 2 wrong input, 3 vpcsim's fault")]
pub(crate) struct ExplainArgs {
    /// The same as --from, --to and --proto: `web1 db1 tcp/5432`.
    #[arg(value_name = "FROM TO [PROTO]", index = 2, num_args = 0..=3, conflicts_with_all = ["from", "to", "proto"])]
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
    /// Of what, and when.
    #[command(flatten)]
    pub asked: Asked,
}

/// `vpcsim matrix`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Hosts are the scenario's instances and Internet hosts; every cell is a packet that was really sent. From outside AWS an \
instance is spoken to by its public address, from inside by its private one. A word with `<` means that the answer was lost.

Example:
  vpcsim matrix vpc-peering --proto tcp/22 --step 8")]
pub(crate) struct MatrixArgs {
    /// What is sent: `icmp`, `tcp/PORT` or `udp/PORT`.
    #[arg(long, value_name = "PROTO", default_value = "icmp")]
    pub proto: Service,
    /// Of what, and when.
    #[command(flatten)]
    pub asked: Asked,
}

/// What both ask of: a scenario at a moment.
#[derive(Debug, ClapArgs)]
pub(crate) struct Asked {
    /// Scenario file, folder, or name below ./scenarios.
    #[arg(value_name = "FILE|DIR|NAME", index = 1)]
    pub scenario: String,
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
