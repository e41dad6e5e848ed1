//! Elastic network interfaces (L2-10).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Tags;
use crate::id::*;
use crate::net::MacAddr;

/// A network interface.
#[derive(Clone, Debug)]
pub struct NetworkInterface {
    pub(crate) id: NetworkInterfaceId,
    pub(crate) subnet: SubnetId,
    pub(crate) vpc: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) mac: MacAddr,
    /// The first is the primary address and stays for life.
    pub(crate) ipv4: Vec<PrivateAddress>,
    pub(crate) ipv6: Vec<Ipv6Addr>,
    /// One to five (SG-29), in the order given.
    pub(crate) groups: Vec<SecurityGroupId>,
    /// Source/destination check (L2-9).
    pub(crate) source_dest_check: bool,
    pub(crate) attachment: Option<Attachment>,
    pub(crate) description: String,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// A private IPv4 address and what the Internet gateway maps it to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrivateAddress {
    pub(crate) address: Ipv4Addr,
    pub(crate) public: Option<PublicAddress>,
}

/// A public IPv4 address of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublicAddress {
    /// From Amazon's pool; lost when the instance stops (IGW-9).
    Auto(Ipv4Addr),
    /// An Elastic IP address.
    Elastic { address: Ipv4Addr, allocation: AllocationId, association: AssociationId },
}

impl PublicAddress {
    pub(crate) fn address(self) -> Ipv4Addr {
        match self {
            PublicAddress::Auto(address) | PublicAddress::Elastic { address, .. } => address,
        }
    }
}

/// What an interface is plugged into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attachment {
    pub(crate) id: EniAttachmentId,
    pub(crate) instance: InstanceId,
    pub(crate) device_index: u16,
    pub(crate) delete_on_termination: bool,
}
