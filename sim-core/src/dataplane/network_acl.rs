//! Network ACLs: stateless, numbered, first match wins, `*` denies the rest (ACL-4, ACL-5).
//!
//! The pipeline asks only when a packet crosses the subnet's border (ACL-6). Inbound rules look at the source, outbound ones at
//! the destination, both at the destination port (ACL-7, ACL-8).

use super::tables::{AclTable, Interface, Verdict};
use crate::net::IpHeader;
use crate::trace::{Decider, Direction, DropCode, DropReason};

/// The ACL of an interface's subnet.
pub(crate) fn of<'t>(at: &Interface<'t>) -> &'t AclTable {
    &at.vpc.network_acls[at.subnet.network_acl.0 as usize]
}

/// The number of the rule that lets the packet through, into the subnet (`Ingress`) or out of it (`Egress`).
pub(crate) fn judge(acl: &AclTable, direction: Direction, ip: &IpHeader) -> Result<u16, DropReason> {
    let (rules, peer) = match direction {
        Direction::Ingress => (&acl.inbound, ip.source),
        Direction::Egress => (&acl.outbound, ip.destination),
    };
    let drop = |rule, origin| DropReason {
        code: DropCode::SubnetAclRestriction,
        by: acl.id.into(),
        direction: Some(direction),
        decider: Decider::AclRule(rule),
        origin,
    };
    match rules.iter().find(|rule| rule.block.contains(peer) && rule.protocol.matches(ip)) {
        Some(rule) if rule.verdict == Verdict::Allow => Ok(rule.number),
        Some(rule) => Err(drop(Some(rule.number), rule.origin)),
        None => Err(drop(None, acl.origin)),
    }
}
