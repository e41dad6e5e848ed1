//! Every request vpcsim understands, as one enum. Templates and `aws` lines both make these.

use serde_json::Value;

/// A request, checked for shape but not yet for sense.
#[derive(Clone, Debug)]
pub enum Operation {}

/// The operation's name is not one vpcsim simulates, or the parameters do not have its shape.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnknownOperation(pub String);

impl Operation {
    /// The operation `name` (as in `CreateVpc`) with its parameters under AWS's member names
    /// (`{"CidrBlock": "10.0.0.0/16", "TagSpecifications": […]}`).
    ///
    /// # Errors
    /// When no such operation is simulated, or the parameters are not shaped as the operation's.
    pub fn from_value(name: &str, parameters: Value) -> Result<Operation, UnknownOperation> {
        let _ = parameters;
        Err(UnknownOperation(format!("{name} is not simulated")))
    }

    /// The names of all simulated operations.
    pub const NAMES: &[&str] = &[];
}
