//! The compiled tables: plain data, indices instead of ids, shared read-only by everything that forwards.
//!
//! `compile` builds them from the cloud's state; a VPC's tables are replaced as a whole. Indices are stable for the whole run,
//! so that flow state and hosts can refer to them.

use std::sync::Arc;

/// A network interface, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EniIndex(pub u32);

/// A VPC, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VpcIndex(pub u32);

/// A peering connection, by number: the same for the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeeringIndex(pub u32);

/// Everything that forwarding needs to know.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// By [`VpcIndex`].
    pub(crate) vpcs: Vec<Arc<()>>,
}
