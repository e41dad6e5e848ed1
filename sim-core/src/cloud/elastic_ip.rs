//! Elastic IP addresses (IGW-10).

use std::net::Ipv4Addr;

use super::Tags;
use crate::id::*;

/// An Elastic IP address.
#[derive(Clone, Debug)]
pub struct ElasticIp {
    pub(crate) id: AllocationId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) address: Ipv4Addr,
    /// At most one association at a time.
    pub(crate) association: Option<(AssociationId, NetworkInterfaceId, Ipv4Addr)>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}
