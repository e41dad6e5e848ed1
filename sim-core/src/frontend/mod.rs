//! Text in: CloudFormation templates, `aws` command lines and scenario files, each with the place in the text kept so that
//! an error can point at it.
//!
//! Front ends translate and nothing more: a default or a check that AWS makes belongs in `cloud`.

pub(crate) mod aws_cli;
mod base64;
pub(crate) mod cloudformation;
pub(crate) mod codes;
pub(crate) mod diagnostic;
mod json;
pub(crate) mod node;
pub(crate) mod query;
pub(crate) mod scenario;
pub(crate) mod spelling;

use serde_json::Value;

use crate::cloud::{ApiError, RunInstances};
use crate::engine::SimDuration;
use crate::id::{AccountId, Origin, Region};

/// The control plane as a front end sees it: one call, as an AWS client makes it.
pub(crate) trait Api {
    /// Carries out `operation` (as in `CreateVpc`) with parameters under AWS's member names, and gives the answer under
    /// AWS's member names.
    ///
    /// # Errors
    /// The AWS error code and message. An operation that is not simulated is `InvalidAction`.
    fn call(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, ApiError>;

    /// Carries out RunInstances and gives the first instance's id alone: a stack launches many instances and reads about few.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    fn launch(
        &mut self,
        account: AccountId,
        region: Region,
        origin: Origin,
        request: RunInstances,
    ) -> Result<String, ApiError>;

    /// A stack of so many resources is about to be created.
    fn begin_stack(&mut self, _resources: usize) {}

    /// Lets virtual time pass until nothing asked for so far is still under way: CloudFormation waits for an instance to run
    /// and for a peering request to be checked before it goes on. A control plane without time has nothing to wait for.
    fn settle(&mut self) {}

    /// Lets virtual time pass before something is asked for again: CloudFormation waits for what takes minutes by looking.
    fn wait(&mut self, _time: SimDuration) {}
}
