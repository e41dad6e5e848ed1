//! Changing security group rules in place: what one admits, and what it is described as. A rule keeps its id and its tags.

use super::answer::{Answer, done};
use super::error::permit;
use super::ip_permission::{IpPermission, IpRange, Ipv6Range, PrefixListPeer, UserIdGroupPair};
use super::lookup::parse_id;
use super::request::{members, requests};
use super::security_group::check_text;
use super::security_group_rule::{Direction, duplicate};
use super::{ApiError, Caller, Cloud, GroupRule, RulePeer, RuleProtocol, SecurityGroup};
use crate::id::*;

members! {
    /// A rule and what it is to be.
    SecurityGroupRuleUpdate {
        security_group_rule_id: String,
        security_group_rule: Option<SecurityGroupRuleRequest>,
    }
    /// One rule, as it is to be.
    SecurityGroupRuleRequest {
        ip_protocol: Option<String>,
        from_port: Option<i64>,
        to_port: Option<i64>,
        cidr_ipv4: Option<String>,
        cidr_ipv6: Option<String>,
        prefix_list_id: Option<String>,
        referenced_group_id: Option<String>,
        description: Option<String>,
    }
    /// A rule and how it is to be described.
    SecurityGroupRuleDescription { security_group_rule_id: Option<String>, description: Option<String>, }
}

requests! {
    /// Changes rules of one group, all or none.
    ModifySecurityGroupRules { group_id: String, security_group_rules: Vec<SecurityGroupRuleUpdate>, }
    /// Describes ingress rules anew.
    UpdateSecurityGroupRuleDescriptionsIngress {
        group_id: Option<String>,
        group_name: Option<String>,
        ip_permissions: Vec<IpPermission>,
        security_group_rule_descriptions: Vec<SecurityGroupRuleDescription>,
    }
    /// Describes egress rules anew.
    UpdateSecurityGroupRuleDescriptionsEgress {
        group_id: Option<String>,
        group_name: Option<String>,
        ip_permissions: Vec<IpPermission>,
        security_group_rule_descriptions: Vec<SecurityGroupRuleDescription>,
    }
}

impl SecurityGroupRuleRequest {
    /// The same as a permission, which is how rules are read.
    fn permission(&self) -> IpPermission {
        let description = self.description.clone();
        let group = self.referenced_group_id.clone().map(|id| UserIdGroupPair {
            group_id: Some(id),
            description: description.clone(),
            ..UserIdGroupPair::default()
        });
        let ipv4 = self.cidr_ipv4.clone().map(|cidr_ip| IpRange { cidr_ip, description: description.clone() });
        let ipv6 = self.cidr_ipv6.clone().map(|cidr_ipv6| Ipv6Range { cidr_ipv6, description: description.clone() });
        let list = self.prefix_list_id.clone().map(|prefix_list_id| PrefixListPeer { prefix_list_id, description });
        IpPermission {
            ip_protocol: self.ip_protocol.clone(),
            from_port: self.from_port,
            to_port: self.to_port,
            user_id_group_pairs: group.into_iter().collect(),
            ip_ranges: ipv4.into_iter().collect(),
            ipv6_ranges: ipv6.into_iter().collect(),
            prefix_list_ids: list.into_iter().collect(),
        }
    }
}

impl Cloud {
    pub(crate) fn modify_security_group_rules(&mut self, caller: &Caller, request: ModifySecurityGroupRules) -> Answer {
        let group = self.find::<SecurityGroup>(caller, &request.group_id)?;
        if request.security_group_rules.is_empty() {
            return Err(ApiError::missing("SecurityGroupRule"));
        }
        let mut changed = group.clone();
        for update in &request.security_group_rules {
            let id: SecurityGroupRuleId = parse_id(&update.security_group_rule_id)?;
            let direction = direction_of(group, id)?;
            let asked = update.security_group_rule.as_ref().ok_or_else(|| ApiError::missing("SecurityGroupRule"))?;
            let read = self.read_permissions(caller, group, &[asked.permission()])?;
            let Ok([(protocol, peer, description)]) = <[_; 1]>::try_from(read) else {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "A security group rule has exactly one source or destination.",
                ));
            };
            let rules = direction.of_mut(&mut changed);
            if rules.iter().any(|rule| rule.id != id && rule.protocol == protocol && rule.peer == peer) {
                return Err(duplicate(protocol, &peer));
            }
            let rule = rules.iter_mut().find(|rule| rule.id == id).expect("it was found before");
            *rule = GroupRule { id, protocol, peer, description, origin: caller.origin };
        }
        permit(request.dry_run)?;
        let id = group.id;
        let named = |group: &SecurityGroup| -> Vec<SecurityGroupId> { group.rules().filter_map(named_group).collect() };
        let (before, now) = (named(group), named(&changed));
        for other in before.iter().filter(|other| !now.contains(other)) {
            if let Some(naming) = self.index.named_by.get_mut(other) {
                naming.shift_remove(&id);
            }
        }
        for other in now {
            self.index.named_by.entry(other).or_default().insert(id);
        }
        self.security_groups[&id] = changed;
        self.touch(id);
        done()
    }

    pub(crate) fn update_security_group_rule_descriptions_ingress(
        &mut self,
        caller: &Caller,
        request: UpdateSecurityGroupRuleDescriptionsIngress,
    ) -> Answer {
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let by_id = &request.security_group_rule_descriptions;
        self.describe_rules_anew(caller, group, Direction::Ingress, &request.ip_permissions, by_id, request.dry_run)
    }

    pub(crate) fn update_security_group_rule_descriptions_egress(
        &mut self,
        caller: &Caller,
        request: UpdateSecurityGroupRuleDescriptionsEgress,
    ) -> Answer {
        let group = self.ruled_group(caller, &request.group_id, &request.group_name)?;
        let by_id = &request.security_group_rule_descriptions;
        self.describe_rules_anew(caller, group, Direction::Egress, &request.ip_permissions, by_id, request.dry_run)
    }

    /// A rule is named by its id or by all it admits; without a description it loses the one it has.
    fn describe_rules_anew(
        &mut self,
        caller: &Caller,
        id: SecurityGroupId,
        direction: Direction,
        permissions: &[IpPermission],
        by_id: &[SecurityGroupRuleDescription],
        dry_run: bool,
    ) -> Answer {
        let group = &self.security_groups[&id];
        let mut described: Vec<(SecurityGroupRuleId, Option<String>)> = Vec::new();
        for item in by_id {
            let rule: SecurityGroupRuleId = parse_id(item.security_group_rule_id.as_deref().unwrap_or_default())?;
            if !direction.of(group).iter().any(|other| other.id == rule) {
                return Err(ApiError::not_found(ResourceKind::SecurityGroupRule, rule));
            }
            described.push((rule, item.description.clone()));
        }
        if by_id.is_empty() || !permissions.is_empty() {
            for (protocol, peer, description) in self.read_permissions_to_revoke(caller, group, permissions)? {
                described.push((find_rule(direction.of(group), protocol, &peer)?, description));
            }
        }
        for (_, description) in &described {
            check_text(description.as_deref().unwrap_or_default(), "description")?;
        }
        permit(dry_run)?;
        let rules = direction.of_mut(&mut self.security_groups[&id]);
        for (rule, description) in described {
            if let Some(rule) = rules.iter_mut().find(|other| other.id == rule) {
                rule.description = description.filter(|text| !text.is_empty());
            }
        }
        done()
    }
}

/// Which of a group's lists a rule is in.
fn direction_of(group: &SecurityGroup, id: SecurityGroupRuleId) -> Result<Direction, ApiError> {
    let is_in = |direction: &Direction| direction.of(group).iter().any(|rule| rule.id == id);
    let mut directions = [Direction::Ingress, Direction::Egress].into_iter();
    directions.find(is_in).ok_or_else(|| ApiError::not_found(ResourceKind::SecurityGroupRule, id))
}

fn named_group(rule: &GroupRule) -> Option<SecurityGroupId> {
    match rule.peer {
        RulePeer::Group { group, .. } => Some(group),
        _ => None,
    }
}

fn find_rule(rules: &[GroupRule], protocol: RuleProtocol, peer: &RulePeer) -> Result<SecurityGroupRuleId, ApiError> {
    let found = rules.iter().find(|rule| rule.protocol == protocol && rule.peer == *peer);
    found.map(|rule| rule.id).ok_or_else(|| {
        ApiError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    })
}
