//! Network ACLs (ACL).

use ipnet::IpNet;

use super::{RuleProtocol, Tags};
use crate::id::*;

/// A network ACL. The closing `*` entries (ACL-4) are not stored: they cannot be changed.
#[derive(Clone, Debug)]
pub struct NetworkAcl {
    pub(crate) id: NetworkAclId,
    pub(crate) vpc: VpcId,
    pub(crate) is_default: bool,
    /// By rule number.
    pub(crate) inbound: Vec<AclEntry>,
    pub(crate) outbound: Vec<AclEntry>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// One numbered rule (ACL-7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AclEntry {
    /// 1 to 32766.
    pub(crate) number: u16,
    pub(crate) protocol: RuleProtocol,
    /// Source for inbound rules, destination for outbound ones.
    pub(crate) block: IpNet,
    pub(crate) action: AclAction,
    pub(crate) origin: Origin,
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AclAction {
    Allow,
    Deny,
}
