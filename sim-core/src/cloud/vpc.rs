//! VPCs (ADDR, DVPC).

use ipnet::{Ipv4Net, Ipv6Net};

use super::Tags;
use crate::id::*;

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    pub(crate) id: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// IPv4 blocks; the first is the primary one and cannot be removed (ADDR-3).
    pub(crate) ipv4_blocks: Vec<(VpcCidrAssociationId, Ipv4Net)>,
    pub(crate) ipv6_blocks: Vec<(VpcCidrAssociationId, Ipv6Net)>,
    pub(crate) instance_tenancy: String,
    /// The Resolver answers at all (DNS-2).
    pub(crate) enable_dns_support: bool,
    /// Public names are given (DNS-2).
    pub(crate) enable_dns_hostnames: bool,
    pub(crate) is_default: bool,
    pub(crate) main_route_table: RouteTableId,
    pub(crate) default_security_group: SecurityGroupId,
    pub(crate) default_network_acl: NetworkAclId,
    pub(crate) dhcp_options: DhcpOptionsId,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}
