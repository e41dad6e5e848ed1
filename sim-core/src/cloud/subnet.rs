//! Subnets (ADDR-11, ADDR-12).

use ipnet::{Ipv4Net, Ipv6Net};

use super::Tags;
use crate::id::*;

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    pub(crate) id: SubnetId,
    pub(crate) vpc: VpcId,
    pub(crate) zone: AvailabilityZone,
    pub(crate) ipv4_block: Ipv4Net,
    pub(crate) ipv6_block: Option<(SubnetCidrAssociationId, Ipv6Net)>,
    /// Instances launched here get a public IPv4 address (IGW-8).
    pub(crate) map_public_ip_on_launch: bool,
    pub(crate) assign_ipv6_on_creation: bool,
    /// The explicit association; without one the subnet uses the VPC's main table (RT-2).
    pub(crate) route_table: Option<(RouteTableAssociationId, RouteTableId)>,
    /// Always one: the VPC's default ACL unless replaced (ACL-1).
    pub(crate) network_acl: (NetworkAclAssociationId, NetworkAclId),
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}
