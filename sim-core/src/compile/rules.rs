//! Rules of security groups and network ACLs, from records to what is scanned; what a reference to a group means (SG-8 to SG-12).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::is_active;
use crate::cloud;
use crate::cloud::{AclAction, AclEntry, Cloud, NetworkInterface, PortRange, RulePeer, RuleProtocol, SecurityGroup};
use crate::dataplane::matching::{Block, ProtocolMatch};
use crate::dataplane::tables::{AclRule, GroupRule, Peer, Verdict};
use crate::id::{SecurityGroupId, VpcId};
use crate::net::protocol;

/// Who has the groups that rules name: private and public addresses, sorted.
#[derive(Debug, Default)]
pub(super) struct Members(BTreeMap<SecurityGroupId, Addresses>);

/// The addresses of a group's members.
#[derive(Debug)]
struct Addresses {
    private: Arc<[IpAddr]>,
    public: Arc<[IpAddr]>,
}

impl Members {
    /// The members of every group that a rule of `groups` names, in one pass over all interfaces.
    pub(super) fn collect<'c>(cloud: &Cloud, groups: impl Iterator<Item = &'c SecurityGroup>) -> Members {
        let mut named: BTreeMap<SecurityGroupId, (Vec<IpAddr>, Vec<IpAddr>)> = groups
            .flat_map(|group| group.ingress.iter().chain(&group.egress))
            .filter_map(|rule| match rule.peer {
                RulePeer::Group { group, .. } => Some((group, Default::default())),
                _ => None,
            })
            .collect();
        if named.is_empty() {
            return Members::default();
        }
        for eni in cloud.network_interfaces.values() {
            for group in &eni.groups {
                if let Some((private, public)) = named.get_mut(group) {
                    private.extend(private_addresses(eni));
                    public.extend(public_addresses(eni));
                }
            }
        }
        let sorted = |mut addresses: Vec<IpAddr>| {
            addresses.sort_unstable();
            addresses.dedup();
            Arc::from(addresses)
        };
        let sorted_both = |(private, public)| Addresses { private: sorted(private), public: sorted(public) };
        Members(named.into_iter().map(|(id, both)| (id, sorted_both(both))).collect())
    }
}

pub(super) fn private_addresses(eni: &NetworkInterface) -> impl Iterator<Item = IpAddr> {
    let v4 = eni.ipv4.iter().map(|address| IpAddr::V4(address.address));
    v4.chain(eni.ipv6.iter().map(|address| IpAddr::V6(*address)))
}

fn public_addresses(eni: &NetworkInterface) -> impl Iterator<Item = IpAddr> {
    eni.ipv4.iter().filter_map(|address| Some(IpAddr::V4(address.public?.address())))
}

pub(super) fn group_rules(
    cloud: &Cloud,
    members: &Members,
    group: &SecurityGroup,
    rules: &[cloud::GroupRule],
) -> Vec<GroupRule> {
    let compiled = rules.iter().map(|rule| GroupRule {
        protocol: protocol_match(rule.protocol),
        peer: match &rule.peer {
            RulePeer::Ipv4(block) => Peer::Block(Block::new(IpNet::V4(*block))),
            RulePeer::Ipv6(block) => Peer::Block(Block::new(IpNet::V6(*block))),
            RulePeer::Group { group: named, .. } => referenced(cloud, members, group.vpc, *named),
            RulePeer::PrefixList(_) => Peer::PrefixList,
        },
        origin: rule.origin,
    });
    compiled.collect()
}

/// A group of the same VPC, or of one peered with it in the same Region (SG-9, SG-10); anything else is stale (SG-12).
fn referenced(cloud: &Cloud, members: &Members, vpc: VpcId, named: SecurityGroupId) -> Peer {
    let is_visible = cloud.security_groups.get(&named).is_some_and(|group| {
        group.vpc == vpc
            || cloud.peerings.values().any(|peering| {
                let (requester, accepter) = (&peering.requester, &peering.accepter);
                is_active(peering)
                    && requester.region == accepter.region
                    && ([requester.vpc, accepter.vpc] == [vpc, group.vpc]
                        || [accepter.vpc, requester.vpc] == [vpc, group.vpc])
            })
    });
    match members.0.get(&named) {
        Some(addresses) if is_visible => {
            Peer::Group { members: addresses.private.clone(), public: addresses.public.clone() }
        }
        _ => Peer::StaleGroup,
    }
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
