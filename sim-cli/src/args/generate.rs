//! What `vpcsim generate` takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use sim_core::lab::generate::Shape;

/// `vpcsim generate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
The template is one stack, whatever its size, since peering connections need both VPCs; AWS itself takes 500 resources a \
template. The scenario raises the quotas that it needs. Up to four more pings try what peering does not carry: to an \
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
