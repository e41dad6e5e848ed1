//! Rules of security groups (SG-5, SG-6, SG-7, SG-9, SG-12, SG-29, SG-31).
//!
//! A request carries permissions (`ip_permission.rs`): a protocol with its ports and any number of peers. A rule is one of
//! these peers.

use std::fmt;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::ip_permission::{IpPermission, IpRange, UserIdGroupPair};
use super::lookup::{Resource, parse_id};
use super::prefix_list::Family;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Quota, RuleProtocol, SecurityGroup, Tags};
use crate::id::*;

/// One rule: a protocol with its ports and one peer (SG-5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupRule {
    pub(crate) id: SecurityGroupRuleId,
    pub(crate) protocol: RuleProtocol,
    pub(crate) peer: RulePeer,
    pub(crate) description: Option<String>,
    pub(crate) origin: Origin,
}

/// The other end a rule speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum RulePeer {
    Ipv4(Ipv4Net),
    Ipv6(Ipv6Net),
    /// Interfaces that have this group (SG-8), perhaps in a peered VPC (SG-9).
    Group {
        group: SecurityGroupId,
        owner: AccountId,
    },
    PrefixList(PrefixListId),
}

/// What the requests that add rules and those that take them away have in common.
struct RuleChange {
    group: SecurityGroupId,
    permissions: Vec<IpPermission>,
    dry_run: bool,
}

macro_rules! rule_requests {
    ($($(#[$doc:meta])* $name:ident { $($extra:ident: $type:ty,)* })*) => {
        requests! {
            $($(#[$doc])* $name {
                group_id: Option<String>,
                group_name: Option<String>,
                ip_permissions: Vec<IpPermission>,
                ip_protocol: Option<String>,
                from_port: Option<i64>,
                to_port: Option<i64>,
                cidr_ip: Option<String>,
                source_security_group_name: Option<String>,
                source_security_group_owner_id: Option<String>,
                $($extra: $type,)*
            })*
        }

        $(impl $name {
            /// The group and the permissions that the request is about.
            fn change(&self, cloud: &Cloud, caller: &Caller) -> Result<RuleChange, ApiError> {
                Ok(RuleChange {
                    group: cloud.ruled_group(caller, &self.group_id, &self.group_name)?,
                    permissions: self.permissions(),
                    dry_run: self.dry_run,
                })
            }

            /// The permissions, the one in the short form's members included.
            fn permissions(&self) -> Vec<IpPermission> {
                let mut permissions = self.ip_permissions.clone();
                if self.ip_protocol.is_some() || self.cidr_ip.is_some() || self.source_security_group_name.is_some() {
                    let cidr = self.cidr_ip.iter().map(|cidr| IpRange { cidr_ip: cidr.clone(), description: None });
                    let group = self.source_security_group_name.iter().map(|name| UserIdGroupPair {
                        group_name: Some(name.clone()),
                        user_id: self.source_security_group_owner_id.clone(),
                        ..UserIdGroupPair::default()
                    });
                    permissions.push(IpPermission {
                        ip_protocol: self.ip_protocol.clone(),
                        from_port: self.from_port,
                        to_port: self.to_port,
                        ip_ranges: cidr.collect(),
                        user_id_group_pairs: group.collect(),
                        ..IpPermission::default()
                    });
                }
                permissions
            }
        })*
    };
}

rule_requests! {
    /// Adds ingress rules.
    AuthorizeSecurityGroupIngress { tag_specifications: Vec<TagSpecification>, }
    /// Adds egress rules.
    AuthorizeSecurityGroupEgress { tag_specifications: Vec<TagSpecification>, }
    /// Takes ingress rules away.
    RevokeSecurityGroupIngress { security_group_rule_ids: Vec<String>, }
    /// Takes egress rules away.
    RevokeSecurityGroupEgress { security_group_rule_ids: Vec<String>, }
}

requests! {
    /// Lists rules one by one.
    DescribeSecurityGroupRules {
        filters: Vec<Filter>,
        security_group_rule_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

/// Which of a group's two lists of rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub(super) fn of(self, group: &SecurityGroup) -> &Vec<GroupRule> {
        match self {
            Direction::Ingress => &group.ingress,
            Direction::Egress => &group.egress,
        }
    }

    pub(super) fn of_mut(self, group: &mut SecurityGroup) -> &mut Vec<GroupRule> {
        match self {
            Direction::Ingress => &mut group.ingress,
            Direction::Egress => &mut group.egress,
        }
    }
}

impl fmt::Display for RulePeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RulePeer::Ipv4(block) => block.fmt(f),
            RulePeer::Ipv6(block) => block.fmt(f),
            RulePeer::Group { group, .. } => group.fmt(f),
            RulePeer::PrefixList(list) => list.fmt(f),
        }
    }
}

/// The rule in the words of EC2's `InvalidPermission.Duplicate`.
fn in_words(protocol: RuleProtocol, peer: &RulePeer) -> String {
    let name = match protocol {
        RuleProtocol::All => "ALL".to_owned(),
        other => other.name().to_uppercase(),
    };
    let numbers = match (protocol, protocol.port_numbers()) {
        (_, None) => String::new(),
        (RuleProtocol::Icmp { .. } | RuleProtocol::Icmpv6 { .. }, Some((kind, code))) => {
            format!(", type: {kind}, code: {code}")
        }
        (_, Some((from, to))) => format!(", from port: {from}, to port: {to}"),
    };
    format!("peer: {peer}, {name}{numbers}, ALLOW")
}

impl Cloud {
    pub(crate) fn authorize_security_group_ingress(
        &mut self,
        caller: &Caller,
        request: AuthorizeSecurityGroupIngress,
    ) -> Answer {
        let change = request.change(self, caller)?;
        self.authorize(caller, Direction::Ingress, change, &request.tag_specifications)
    }

    pub(crate) fn authorize_security_group_egress(
        &mut self,
        caller: &Caller,
        request: AuthorizeSecurityGroupEgress,
    ) -> Answer {
        let change = request.change(self, caller)?;
        self.authorize(caller, Direction::Egress, change, &request.tag_specifications)
    }

    pub(crate) fn revoke_security_group_ingress(
        &mut self,
        caller: &Caller,
        request: RevokeSecurityGroupIngress,
    ) -> Answer {
        let change = request.change(self, caller)?;
        self.revoke(caller, Direction::Ingress, change, &request.security_group_rule_ids)
    }

    pub(crate) fn revoke_security_group_egress(
        &mut self,
        caller: &Caller,
        request: RevokeSecurityGroupEgress,
    ) -> Answer {
        let change = request.change(self, caller)?;
        self.revoke(caller, Direction::Egress, change, &request.security_group_rule_ids)
    }

    pub(crate) fn describe_security_group_rules(
        &mut self,
        caller: &Caller,
        request: DescribeSecurityGroupRules,
    ) -> Answer {
        for filter in &request.filters {
            check_filter(["group-id", "security-group-rule-id"], filter)?;
        }
        let mut wanted: Vec<SecurityGroupRuleId> = Vec::new();
        for id in &request.security_group_rule_ids {
            let id = parse_id(id)?;
            self.find_group_rule(caller, id)?;
            wanted.push(id);
        }
        permit(request.dry_run)?;
        let no_tags = Tags::default();
        let mut shown = Vec::new();
        for group in self.security_groups.values().filter(|group| group.visible(self, caller)) {
            for direction in [Direction::Egress, Direction::Ingress] {
                for rule in direction.of(group) {
                    let tags = self.rule_tags.get(&rule.id).unwrap_or(&no_tags);
                    let passes = |filter: &Filter| {
                        let any = |value: &str| filter.values.iter().any(|it| matches_wildcard(it, value));
                        match filter.name.as_str() {
                            "group-id" => any(&group.id.to_string()),
                            "security-group-rule-id" => any(&rule.id.to_string()),
                            "tag-key" => tags.iter().any(|(key, _)| any(key)),
                            "tag-value" => tags.iter().any(|(_, value)| any(value)),
                            name => name.strip_prefix("tag:").and_then(|key| tags.get(key)).is_some_and(any),
                        }
                    };
                    if (wanted.is_empty() || wanted.contains(&rule.id)) && request.filters.iter().all(passes) {
                        shown.push(Value::from(
                            describe_rule(group.id, Some(group.owner), direction, rule).list("Tags", tags.describe()),
                        ));
                    }
                }
            }
        }
        just("SecurityGroupRules", shown)
    }

    /// The group a rule request is about. Names work in a default VPC only.
    pub(super) fn ruled_group(
        &self,
        caller: &Caller,
        id: &Option<String>,
        name: &Option<String>,
    ) -> Result<SecurityGroupId, ApiError> {
        match (id, name) {
            (Some(id), _) => Ok(self.find::<SecurityGroup>(caller, id)?.id),
            (None, Some(name)) => Ok(self.group_named(caller, name)?.id),
            (None, None) => Err(ApiError::missing("groupId")),
        }
    }

    /// The group and place of a rule that the caller sees.
    pub(crate) fn find_group_rule(
        &self,
        caller: &Caller,
        id: SecurityGroupRuleId,
    ) -> Result<(SecurityGroupId, &GroupRule), ApiError> {
        let mut groups = self.security_groups.values().filter(|group| group.visible(self, caller));
        groups
            .find_map(|group| Some((group.id, group.rules().find(|rule| rule.id == id)?)))
            .ok_or_else(|| ApiError::not_found(ResourceKind::SecurityGroupRule, id))
    }

    fn authorize(
        &mut self,
        caller: &Caller,
        direction: Direction,
        RuleChange { group: id, permissions, dry_run }: RuleChange,
        tags: &[TagSpecification],
    ) -> Answer {
        let group = &self.security_groups[&id];
        let added = self.read_permissions(caller, group, &permissions)?;
        let existing = direction.of(group);
        for (at, (protocol, peer, _)) in added.iter().enumerate() {
            let twice = added[..at].iter().any(|(other, other_peer, _)| other == protocol && other_peer == peer);
            if twice {
                return Err(ApiError::invalid_value("The same permission must not appear multiple times"));
            }
            if existing.iter().any(|rule| rule.protocol == *protocol && rule.peer == *peer) {
                return Err(duplicate(*protocol, peer));
            }
        }
        // SG-29: IPv4 and IPv6 are counted apart, and a group counts in both.
        for family in [Family::V4, Family::V6] {
            let weight = |peer: &RulePeer| self.rule_weight(group, peer, family);
            let more: usize = added.iter().map(|(_, peer, _)| weight(peer)).sum();
            let total = existing.iter().map(|rule| weight(&rule.peer)).sum::<usize>() + more;
            if more > 0 {
                self.config.quotas.admit(Quota::RulesPerSecurityGroup, total - 1)?;
            }
        }
        let tags = Tags::requested(tags, ResourceKind::SecurityGroupRule, &[])?;
        permit(dry_run)?;

        let mut shown = Vec::new();
        for (protocol, peer, description) in added {
            if let RulePeer::Group { group: named, .. } = peer {
                self.index.named_by.entry(named).or_default().insert(id);
            }
            let rule = GroupRule { id: self.ids.next(), protocol, peer, description, origin: caller.origin };
            let object = describe_rule(id, Some(self.security_groups[&id].owner), direction, &rule);
            shown.push(Value::from(object.optional_list("Tags", tags.describe())));
            if tags.iter().next().is_some() {
                self.rule_tags.insert(rule.id, tags.clone());
            }
            direction.of_mut(&mut self.security_groups[&id]).push(rule);
        }
        self.touch(id);
        Ok(Object::new().value("Return", true).value("SecurityGroupRules", shown).into())
    }

    fn revoke(
        &mut self,
        caller: &Caller,
        direction: Direction,
        RuleChange { group: id, permissions, dry_run }: RuleChange,
        rule_ids: &[String],
    ) -> Answer {
        let group = &self.security_groups[&id];
        let existing = direction.of(group);
        let mut revoked: Vec<SecurityGroupRuleId> = Vec::new();
        for text in rule_ids {
            let rule: SecurityGroupRuleId = parse_id(text)?;
            if !existing.iter().any(|other| other.id == rule) {
                return Err(ApiError::not_found(ResourceKind::SecurityGroupRule, rule));
            }
            revoked.push(rule);
        }
        if rule_ids.is_empty() || !permissions.is_empty() {
            for (protocol, peer, _) in self.read_permissions_to_revoke(caller, group, &permissions)? {
                let rule = existing.iter().find(|rule| rule.protocol == protocol && rule.peer == peer);
                revoked.push(rule.map(|rule| rule.id).ok_or_else(|| {
                    ApiError::new(
                        "InvalidPermission.NotFound",
                        "The specified rule does not exist in this security group.",
                    )
                })?);
            }
        }
        permit(dry_run)?;

        let gone = |rule: &&GroupRule| revoked.contains(&rule.id);
        let shown: Vec<Value> =
            existing.iter().filter(gone).map(|rule| describe_rule(id, None, direction, rule).into()).collect();
        let named: Vec<SecurityGroupId> = existing
            .iter()
            .filter(gone)
            .filter_map(|rule| match rule.peer {
                RulePeer::Group { group, .. } => Some(group),
                _ => None,
            })
            .collect();
        direction.of_mut(&mut self.security_groups[&id]).retain(|rule| !revoked.contains(&rule.id));
        for rule in &revoked {
            self.rule_tags.remove(rule);
        }
        for other in named {
            if !self.security_groups[&id].names(other)
                && let Some(naming) = self.index.named_by.get_mut(&other)
            {
                naming.shift_remove(&id);
            }
        }
        self.touch(id);
        Ok(Object::new().value("Return", true).value("RevokedSecurityGroupRules", shown).into())
    }

    /// How many rules one counts as (SG-29): a customer's prefix list as many as it may ever hold, AWS's as its weight.
    fn rule_weight(&self, group: &SecurityGroup, peer: &RulePeer, family: Family) -> usize {
        match peer {
            RulePeer::Ipv4(_) => usize::from(family == Family::V4),
            RulePeer::Ipv6(_) => usize::from(family == Family::V6),
            RulePeer::Group { .. } => 1,
            RulePeer::PrefixList(list) => {
                let (_, region) = group.home(self);
                self.prefix_list_in(region, *list)
                    .filter(|list| list.family() == family)
                    .map_or(0, |list| list.weight())
            }
        }
    }
}

/// A rule's members. What was revoked is shown without the group's owner, and names another group by its id alone.
fn describe_rule(group: SecurityGroupId, owner: Option<AccountId>, direction: Direction, rule: &GroupRule) -> Object {
    let (from, to) = rule.protocol.port_numbers().unwrap_or((-1, -1));
    let object = Object::new()
        .text("SecurityGroupRuleId", rule.id)
        .text("GroupId", group)
        .optional_text("GroupOwnerId", owner)
        .value("IsEgress", direction == Direction::Egress)
        .text("IpProtocol", rule.protocol.name())
        .value("FromPort", from)
        .value("ToPort", to);
    let object = match rule.peer {
        RulePeer::Ipv4(block) => object.text("CidrIpv4", block),
        RulePeer::Ipv6(block) => object.text("CidrIpv6", block),
        RulePeer::PrefixList(list) => object.text("PrefixListId", list),
        RulePeer::Group { group, .. } if owner.is_none() => object.text("ReferencedGroupId", group),
        RulePeer::Group { group, owner } => {
            object.value("ReferencedGroupInfo", Object::new().text("GroupId", group).text("UserId", owner))
        }
    };
    object.optional_text("Description", rule.description.as_ref())
}

/// The group has such a rule already (SG-31).
pub(super) fn duplicate(protocol: RuleProtocol, peer: &RulePeer) -> ApiError {
    ApiError::new(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{}\" already exists", in_words(protocol, peer)),
    )
}
