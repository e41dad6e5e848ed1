//! VPC peering connections (PCX): the whole life cycle of PCX-2, in virtual time.

use ipnet::{Ipv4Net, Ipv6Net};

use super::Tags;
use crate::engine::SimTime;
use crate::id::*;

/// A VPC peering connection.
#[derive(Clone, Debug)]
pub struct VpcPeeringConnection {
    pub(crate) id: VpcPeeringConnectionId,
    pub(crate) requester: PeeringSide,
    pub(crate) accepter: PeeringSide,
    pub(crate) status: PeeringStatus,
    /// When a pending request expires: seven days after it was made (PCX-2).
    pub(crate) expires: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// One end of a peering connection, as it stood when the connection was made.
#[derive(Clone, Debug)]
pub struct PeeringSide {
    pub(crate) vpc: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) ipv4_blocks: Vec<Ipv4Net>,
    pub(crate) ipv6_blocks: Vec<Ipv6Net>,
    /// `AllowDnsResolutionFromRemoteVpc` (PCX-35).
    pub(crate) allow_dns_resolution: bool,
}

/// The states of PCX-2, each with what it carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeeringStatus {
    /// For an instant after the request.
    InitiatingRequest {
        since: SimTime,
    },
    PendingAcceptance,
    /// For an instant after acceptance.
    Provisioning {
        since: SimTime,
    },
    Active,
    /// The blocks overlap (PCX-4).
    Failed {
        since: SimTime,
    },
    Expired {
        since: SimTime,
    },
    Rejected {
        since: SimTime,
        by: AccountId,
    },
    Deleted {
        since: SimTime,
        by: AccountId,
    },
}
