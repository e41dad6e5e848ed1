//! Writes ordinary scenarios of any size: VPCs peered in a shape, instances, flows between them, and what should come of it.
//!
//! The same layout gives the same texts, on any machine. Whatever is written could have been typed by a person: nothing that
//! runs a scenario knows that it was generated.

mod blocks;
mod flows;
mod shape;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use blocks::Blocks;
use flows::Flows;
use shape::Peerings;
pub use shape::Shape;

/// CloudFormation takes this many resources a template ("Understand CloudFormation quotas" of its User Guide).
pub const RESOURCES_PER_TEMPLATE: usize = 500;

/// What to generate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// How many VPCs.
    pub vpcs: u32,
    /// How many instances each VPC has.
    pub instances: u32,
    /// Which VPCs are peered.
    pub shape: Shape,
    /// How many flows run at the same time.
    pub flows: u32,
    /// What is drawn follows from it: who talks to whom, and the shape if it is random. It is also the scenario's seed.
    pub seed: u64,
}

/// The files of a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generated {
    /// The text of `scenario.yaml`.
    pub scenario: String,
    /// The text of `template.json`.
    pub template: String,
    /// How many peering connections the template declares.
    pub peerings: usize,
    /// How many resources it declares.
    pub resources: usize,
}

/// Why there can be no such scenario.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LayoutError {
    /// Nothing was asked for.
    #[error("there must be at least one VPC, with at least one instance")]
    Empty,
    /// The instances do not fit into a VPC.
    #[error("a VPC is a /16 at most, which has addresses for {most} instances and not for {asked}")]
    TooManyInstances {
        /// How many were asked for.
        asked: u32,
        /// How many fit.
        most: u32,
    },
    /// The VPCs do not fit into the private address space.
    #[error(
        "{vpcs} VPCs as large as /{prefix} do not fit into 10.0.0.0/8 and 100.64.0.0/10, which have {most} such blocks"
    )]
    TooManyVpcs {
        /// How many were asked for.
        vpcs: u32,
        /// The prefix length that the instances need.
        prefix: u8,
        /// How many blocks of it there are.
        most: u32,
    },
    /// There is nobody to talk to.
    #[error("a single instance has nobody to talk to: flows need two")]
    Alone,
}

impl Layout {
    /// A name that says what it is: `star-100x10`.
    pub fn name(&self) -> String {
        format!("{}-{}x{}", self.shape, self.vpcs, self.instances)
    }

    /// Writes the scenario.
    ///
    /// # Errors
    /// When the layout does not fit into the address space, or leaves nothing to do.
    pub fn generate(&self) -> Result<Generated, LayoutError> {
        if self.vpcs == 0 || self.instances == 0 {
            return Err(LayoutError::Empty);
        }
        let blocks = Blocks::new(self.vpcs, self.instances)?;
        let peerings = Peerings::new(self);
        let flows = Flows::draw(self, &peerings)?;
        let (template, resources) = text::template(self, &blocks, &peerings, &flows);
        let scenario = text::scenario(self, &peerings, &flows);
        Ok(Generated { scenario, template, peerings: peerings.pairs.len(), resources })
    }
}

impl fmt::Display for Layout {
    /// The command that generates it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Layout { vpcs, instances, shape, flows, seed } = self;
        write!(f, "vpcsim generate --vpcs {vpcs} --instances {instances} --shape {shape} --flows {flows} --seed {seed}")
    }
}
