//! Rules of security groups (SG-5, SG-6, SG-7, SG-9, SG-12, SG-29, SG-31).
//!
//! A request carries permissions: a protocol with its ports and any number of peers. A rule is one of these peers.

use std::fmt;

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::prefix_list::Family;
use super::request::{members, requests};
use super::security_group::check_text;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, PeeringStatus, Quota, RuleProtocol, SecurityGroup, Tags};
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

members! {
    /// A protocol, its ports, and peers of four kinds.
    IpPermission {
        ip_protocol: Option<String>,
        from_port: Option<i64>,
        to_port: Option<i64>,
        user_id_group_pairs: Vec<UserIdGroupPair>,
        ip_ranges: Vec<IpRange>,
        ipv6_ranges: Vec<Ipv6Range>,
        prefix_list_ids: Vec<PrefixListPeer>,
    }
    /// A group as a peer.
    UserIdGroupPair {
        description: Option<String>,
        group_id: Option<String>,
        group_name: Option<String>,
        user_id: Option<String>,
        vpc_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        peering_status: Option<String>,
    }
    /// An IPv4 block as a peer.
    IpRange { cidr_ip: String, description: Option<String>, }
    /// An IPv6 block as a peer.
    Ipv6Range { cidr_ipv6: String, description: Option<String>, }
    /// A prefix list as a peer.
    PrefixListPeer { prefix_list_id: String, description: Option<String>, }
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
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let permissions = request.permissions();
        self.authorize(caller, Direction::Ingress, group, &permissions, &request.tag_specifications, request.dry_run)
    }

    pub(crate) fn authorize_security_group_egress(
        &mut self,
        caller: &Caller,
        request: AuthorizeSecurityGroupEgress,
    ) -> Answer {
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let permissions = request.permissions();
        self.authorize(caller, Direction::Egress, group, &permissions, &request.tag_specifications, request.dry_run)
    }

    pub(crate) fn revoke_security_group_ingress(
        &mut self,
        caller: &Caller,
        request: RevokeSecurityGroupIngress,
    ) -> Answer {
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let permissions = request.permissions();
        self.revoke(caller, Direction::Ingress, group, &permissions, &request.security_group_rule_ids, request.dry_run)
    }

    pub(crate) fn revoke_security_group_egress(
        &mut self,
        caller: &Caller,
        request: RevokeSecurityGroupEgress,
    ) -> Answer {
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let permissions = request.permissions();
        self.revoke(caller, Direction::Egress, group, &permissions, &request.security_group_rule_ids, request.dry_run)
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
                            self.describe_rule(group, direction, rule).list("Tags", tags.describe()),
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
        id: SecurityGroupId,
        permissions: &[IpPermission],
        tags: &[TagSpecification],
        dry_run: bool,
    ) -> Answer {
        let group = &self.security_groups[&id];
        let added = self.read_permissions(caller, group, permissions)?;
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
            let object = self.describe_rule(&self.security_groups[&id], direction, &rule);
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
        id: SecurityGroupId,
        permissions: &[IpPermission],
        rule_ids: &[String],
        dry_run: bool,
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
            for (protocol, peer, _) in self.read_permissions_to_revoke(caller, group, permissions)? {
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
            existing.iter().filter(gone).map(|rule| describe_revoked(id, direction, rule)).collect();
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

    /// The rules that permissions mean, in their order, with group references checked (SG-9).
    pub(super) fn read_permissions(
        &self,
        caller: &Caller,
        group: &SecurityGroup,
        permissions: &[IpPermission],
    ) -> Result<Vec<(RuleProtocol, RulePeer, Option<String>)>, ApiError> {
        let rules = self.read_permissions_to_revoke(caller, group, permissions)?;
        for (_, peer, description) in &rules {
            check_text(description.as_deref().unwrap_or_default(), "description")?;
            match peer {
                RulePeer::Group { group: other, owner } => self.check_reference(group, *other, *owner)?,
                RulePeer::PrefixList(list) => drop(self.prefix_list_of(caller, *list)?),
                RulePeer::Ipv4(_) | RulePeer::Ipv6(_) => {}
            }
        }
        Ok(rules)
    }

    /// The rules that permissions mean. What is taken away may name what is gone (SG-12).
    pub(super) fn read_permissions_to_revoke(
        &self,
        caller: &Caller,
        group: &SecurityGroup,
        permissions: &[IpPermission],
    ) -> Result<Vec<(RuleProtocol, RulePeer, Option<String>)>, ApiError> {
        if permissions.is_empty() {
            return Err(ApiError::missing("ipPermissions"));
        }
        let mut rules = Vec::new();
        for permission in permissions {
            let Some(name) = &permission.ip_protocol else { return Err(ApiError::missing("ipProtocol")) };
            let protocol = RuleProtocol::read(name, permission.from_port, permission.to_port)?;
            let before = rules.len();
            for range in &permission.ip_ranges {
                let block = range.cidr_ip.parse::<Ipv4Net>().map_err(|_| malformed_block(&range.cidr_ip))?;
                rules.push((protocol, RulePeer::Ipv4(block.trunc()), range.description.clone()));
            }
            for range in &permission.ipv6_ranges {
                let block = range.cidr_ipv6.parse::<Ipv6Net>().map_err(|_| malformed_block(&range.cidr_ipv6))?;
                rules.push((protocol, RulePeer::Ipv6(block.trunc()), range.description.clone()));
            }
            for pair in &permission.user_id_group_pairs {
                rules.push((protocol, self.read_group_peer(caller, group, pair)?, pair.description.clone()));
            }
            for list in &permission.prefix_list_ids {
                let id = parse_id(&list.prefix_list_id)?;
                rules.push((protocol, RulePeer::PrefixList(id), list.description.clone()));
            }
            if rules.len() == before {
                return Err(ApiError::missing("cidrIp"));
            }
        }
        Ok(rules)
    }

    fn read_group_peer(
        &self,
        caller: &Caller,
        group: &SecurityGroup,
        pair: &UserIdGroupPair,
    ) -> Result<RulePeer, ApiError> {
        let owner = match &pair.user_id {
            None => caller.account,
            Some(text) => AccountId::parse(text)
                .ok_or_else(|| ApiError::invalid_value(format!("Value ({text}) for parameter userId is invalid.")))?,
        };
        let other = match (&pair.group_id, &pair.group_name) {
            (Some(id), _) => parse_id(id)?,
            (None, Some(name)) => {
                let named = self.index.vpc(group.vpc).security_groups.get(name);
                *named.ok_or_else(|| ApiError::not_found(ResourceKind::SecurityGroup, name))?
            }
            (None, None) => return Err(ApiError::missing("groupId")),
        };
        // A group of another account may be named without saying whose it is.
        let owner = match (&pair.user_id, self.security_groups.get(&other)) {
            (None, Some(other)) => other.owner,
            _ => owner,
        };
        Ok(RulePeer::Group { group: other, owner })
    }

    /// SG-9: the group named is of the same VPC, or of one that is actively peered in the same Region (SG-10).
    fn check_reference(&self, group: &SecurityGroup, other: SecurityGroupId, owner: AccountId) -> Result<(), ApiError> {
        let named = self.security_groups.get(&other).filter(|named| named.owner == owner);
        let named = named.ok_or_else(|| ApiError::not_found(ResourceKind::SecurityGroup, other))?;
        if named.vpc == group.vpc {
            return Ok(());
        }
        let mut peerings = self.index.vpc(group.vpc).peerings.iter().map(|id| &self.peerings[id]);
        let peered = peerings.any(|peering| {
            peering.status == PeeringStatus::Active
                && peering.other_side(group.vpc).vpc == named.vpc
                && peering.requester.region == peering.accepter.region
        });
        if peered {
            return Ok(());
        }
        Err(ApiError::new(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        ))
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

    /// Rules as `IpPermissions`: those of one protocol and range of ports together.
    pub(crate) fn describe_permissions(&self, vpc: VpcId, rules: &[GroupRule]) -> Vec<Value> {
        let mut protocols: Vec<RuleProtocol> = Vec::new();
        for rule in rules {
            if !protocols.contains(&rule.protocol) {
                protocols.push(rule.protocol);
            }
        }
        let describe = |protocol: RuleProtocol| {
            let (mut groups, mut ipv4, mut ipv6, mut lists) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for rule in rules.iter().filter(|rule| rule.protocol == protocol) {
                let object = Object::new().optional_text("Description", rule.description.as_ref());
                match rule.peer {
                    RulePeer::Ipv4(block) => ipv4.push(object.text("CidrIp", block)),
                    RulePeer::Ipv6(block) => ipv6.push(object.text("CidrIpv6", block)),
                    RulePeer::PrefixList(list) => lists.push(object.text("PrefixListId", list)),
                    RulePeer::Group { group, owner } => {
                        let object = object.text("UserId", owner).text("GroupId", group);
                        groups.push(self.describe_foreign_group(vpc, group, object));
                    }
                }
            }
            let range = protocol.port_numbers();
            Object::new()
                .text("IpProtocol", protocol.name())
                .optional("FromPort", range.map(|(from, _)| from))
                .optional("ToPort", range.map(|(_, to)| to))
                .list("UserIdGroupPairs", groups)
                .list("IpRanges", ipv4)
                .list("Ipv6Ranges", ipv6)
                .list("PrefixListIds", lists)
                .into()
        };
        protocols.into_iter().map(describe).collect()
    }

    /// What is shown of a group in a peered VPC: the VPC, the connection and its status, `deleted` when the rule is stale.
    pub(super) fn describe_foreign_group(&self, vpc: VpcId, group: SecurityGroupId, object: Object) -> Object {
        let Some(other) = self.security_groups.get(&group).map(|group| group.vpc).filter(|other| *other != vpc) else {
            return object;
        };
        let between = |id: &&VpcPeeringConnectionId| self.peerings[*id].other_side(vpc).vpc == other;
        let peering = self.index.vpc(vpc).peerings.iter().rev().find(between);
        object
            .text("VpcId", other)
            .optional_text("VpcPeeringConnectionId", peering)
            .optional_text("PeeringStatus", peering.map(|id| self.peerings[id].status.code()))
    }

    fn describe_rule(&self, group: &SecurityGroup, direction: Direction, rule: &GroupRule) -> Object {
        let (from, to) = rule.protocol.port_numbers().unwrap_or((-1, -1));
        let object = Object::new()
            .text("SecurityGroupRuleId", rule.id)
            .text("GroupId", group.id)
            .text("GroupOwnerId", group.owner)
            .value("IsEgress", direction == Direction::Egress)
            .text("IpProtocol", rule.protocol.name())
            .value("FromPort", from)
            .value("ToPort", to);
        let object = match rule.peer {
            RulePeer::Ipv4(block) => object.text("CidrIpv4", block),
            RulePeer::Ipv6(block) => object.text("CidrIpv6", block),
            RulePeer::PrefixList(list) => object.text("PrefixListId", list),
            RulePeer::Group { group: other, owner } => {
                object.value("ReferencedGroupInfo", Object::new().text("GroupId", other).text("UserId", owner))
            }
        };
        object.optional_text("Description", rule.description.as_ref())
    }
}

fn describe_revoked(group: SecurityGroupId, direction: Direction, rule: &GroupRule) -> Value {
    let (from, to) = rule.protocol.port_numbers().unwrap_or((-1, -1));
    let object = Object::new()
        .text("SecurityGroupRuleId", rule.id)
        .text("GroupId", group)
        .value("IsEgress", direction == Direction::Egress)
        .text("IpProtocol", rule.protocol.name())
        .value("FromPort", from)
        .value("ToPort", to);
    let object = match rule.peer {
        RulePeer::Ipv4(block) => object.text("CidrIpv4", block),
        RulePeer::Ipv6(block) => object.text("CidrIpv6", block),
        RulePeer::PrefixList(list) => object.text("PrefixListId", list),
        RulePeer::Group { group, .. } => object.text("ReferencedGroupId", group),
    };
    object.optional_text("Description", rule.description.as_ref()).into()
}

/// The group has such a rule already (SG-31).
pub(super) fn duplicate(protocol: RuleProtocol, peer: &RulePeer) -> ApiError {
    ApiError::new(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{}\" already exists", in_words(protocol, peer)),
    )
}

fn malformed_block(text: &str) -> ApiError {
    ApiError::invalid_value(format!("CIDR block {text} is malformed"))
}
