//! Security groups and their rules (SG).

use ipnet::{Ipv4Net, Ipv6Net};

use super::Tags;
use crate::id::*;

/// A security group.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub(crate) id: SecurityGroupId,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) vpc: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) ingress: Vec<GroupRule>,
    pub(crate) egress: Vec<GroupRule>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// One rule: a protocol with its ports and one peer (SG-5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupRule {
    pub(crate) id: SecurityGroupRuleId,
    pub(crate) protocol: RuleProtocol,
    pub(crate) peer: RulePeer,
    pub(crate) description: Option<String>,
    pub(crate) origin: Origin,
}

/// What a rule admits, apart from the peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RuleProtocol {
    /// `-1`: every protocol, all ports.
    All,
    Tcp(PortRange),
    Udp(PortRange),
    /// Type and code; `None` is `-1`, any (SG-6).
    Icmp {
        kind: Option<u8>,
        code: Option<u8>,
    },
    Icmpv6 {
        kind: Option<u8>,
        code: Option<u8>,
    },
    /// Any other protocol by number; ports do not apply (SG-6).
    Other(u8),
}

/// An inclusive range of ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PortRange {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

/// The other end a rule speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RulePeer {
    Ipv4(Ipv4Net),
    Ipv6(Ipv6Net),
    /// Interfaces that have this group (SG-8), perhaps in a peered VPC (SG-9).
    Group {
        group: SecurityGroupId,
        owner: AccountId,
    },
    PrefixList(PrefixListId),
}
