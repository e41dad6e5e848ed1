//! Rules of security groups and network ACLs, from records to what is scanned; what a reference to a group means (SG-8 to SG-12).

use ipnet::IpNet;

use super::Compiler;
use crate::cloud;
use crate::cloud::{AclAction, AclEntry, Cloud, NetworkAcl, PortRange, RulePeer, RuleProtocol, SecurityGroup};
use crate::dataplane::matching::{Block, ProtocolMatch};
use crate::dataplane::tables::{AclRule, AclTable, GroupRule, GroupTable, Peer, Verdict};
use crate::id::SecurityGroupId;
use crate::net::protocol;

/// A group that has its place and not yet its rules.
pub(super) fn empty_group_table(group: &SecurityGroup) -> GroupTable {
    GroupTable { id: group.id, ingress: Vec::new(), egress: Vec::new(), origin: group.origin }
}

pub(super) fn group_table(compiler: &Compiler, cloud: &Cloud, group: &SecurityGroup) -> GroupTable {
    GroupTable {
        ingress: group_rules(compiler, cloud, group, &group.ingress),
        egress: group_rules(compiler, cloud, group, &group.egress),
        ..empty_group_table(group)
    }
}

fn group_rules(
    compiler: &Compiler,
    cloud: &Cloud,
    group: &SecurityGroup,
    rules: &[cloud::GroupRule],
) -> Vec<GroupRule> {
    let region = cloud.vpcs.get(&group.vpc).map(|vpc| vpc.region);
    let list = |id| {
        let list = region.and_then(|region| cloud.prefix_list_in(region, id));
        list.map(|list| list.blocks().into_iter().map(Block::new).collect()).unwrap_or_default()
    };
    let compiled = rules.iter().map(|rule| GroupRule {
        protocol: protocol_match(rule.protocol),
        peer: match &rule.peer {
            RulePeer::Ipv4(block) => Peer::Block(Block::new(IpNet::V4(*block))),
            RulePeer::Ipv6(block) => Peer::Block(Block::new(IpNet::V6(*block))),
            RulePeer::Group { group: named, .. } => referenced(compiler, cloud, group, *named),
            RulePeer::PrefixList(id) => Peer::PrefixList(list(*id)),
        },
        origin: rule.origin,
    });
    compiled.collect()
}

/// A group of the same VPC, or of one peered with it in the same Region (SG-9, SG-10); anything else is stale (SG-12).
fn referenced(compiler: &Compiler, cloud: &Cloud, group: &SecurityGroup, named: SecurityGroupId) -> Peer {
    let is_visible = cloud.security_groups.get(&named).is_some_and(|named| {
        let mut peerings = cloud.active_peerings(group.vpc, named.vpc);
        named.vpc == group.vpc || peerings.any(|peering| peering.requester.region == peering.accepter.region)
    });
    match compiler.places.get(&named.into()) {
        Some(place) if is_visible => Peer::Group { vpc: place.vpc, group: place.slot },
        _ => Peer::StaleGroup,
    }
}

pub(super) fn acl_table(acl: &NetworkAcl) -> AclTable {
    AclTable { id: acl.id, inbound: acl_rules(&acl.inbound), outbound: acl_rules(&acl.outbound), origin: acl.origin }
}

/// By number, as they are tried (ACL-4).
pub(super) fn acl_rules(entries: &[AclEntry]) -> Vec<AclRule> {
    let mut rules: Vec<AclRule> = entries
        .iter()
        .map(|entry| AclRule {
            number: entry.number,
            protocol: protocol_match(entry.protocol),
            block: Block::new(entry.block),
            verdict: match entry.action {
                AclAction::Allow => Verdict::Allow,
                AclAction::Deny => Verdict::Deny,
            },
            origin: entry.origin,
        })
        .collect();
    rules.sort_by_key(|rule| rule.number);
    rules
}

fn protocol_match(rule: RuleProtocol) -> ProtocolMatch {
    let ports = |protocol, PortRange { from, to }| ProtocolMatch::Ports { protocol, from, to };
    match rule {
        RuleProtocol::All => ProtocolMatch::All,
        RuleProtocol::Tcp(range) => ports(protocol::TCP, range),
        RuleProtocol::Udp(range) => ports(protocol::UDP, range),
        RuleProtocol::Icmp { kind, code } => ProtocolMatch::Icmp { protocol: protocol::ICMP, kind, code },
        RuleProtocol::Icmpv6 { kind, code } => ProtocolMatch::Icmp { protocol: protocol::ICMPV6, kind, code },
        RuleProtocol::Other(number) => ProtocolMatch::Number(number),
    }
}
