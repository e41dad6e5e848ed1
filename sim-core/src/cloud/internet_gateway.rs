//! Internet gateways (IGW).

use super::Tags;
use crate::id::*;

/// An Internet gateway.
#[derive(Clone, Debug)]
pub struct InternetGateway {
    pub(crate) id: InternetGatewayId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// One VPC at a time (IGW-1).
    pub(crate) attached: Option<VpcId>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}
