//! Who names whom: rules gone stale (SG-12), VPCs whose rules name a group, and the groups that may be used in a VPC.

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Filter, FilterTable, check_filter, matches_wildcard, one, tag_filter};
use super::error::permit;
use super::request::requests;
use super::{ApiError, Caller, Cloud, GroupRule, RulePeer, RuleProtocol, SecurityGroup, Vpc};
use crate::id::*;

requests! {
    /// Lists the groups of a VPC with rules that name a group which is gone or no longer peered.
    DescribeStaleSecurityGroups { vpc_id: String, max_results: Option<u32>, next_token: Option<String>, }
    /// Lists the peered VPCs whose rules name any of these groups.
    DescribeSecurityGroupReferences { group_id: Vec<String>, }
    /// Lists the groups that may be used in a VPC.
    GetSecurityGroupsForVpc {
        vpc_id: String,
        filters: Vec<Filter>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

/// The filters of GetSecurityGroupsForVpc and the values a group has under them.
const FILTERS: FilterTable<SecurityGroup> = &[
    ("description", |group, _| one(&group.description)),
    ("group-id", |group, _| one(group.id)),
    ("group-name", |group, _| one(&group.name)),
    ("owner-id", |group, _| one(group.owner)),
    ("primary-vpc-id", |group, _| one(group.vpc)),
];

impl Cloud {
    pub(crate) fn describe_stale_security_groups(
        &mut self,
        caller: &Caller,
        request: DescribeStaleSecurityGroups,
    ) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        permit(request.dry_run)?;
        let groups = self.index.vpc(vpc).security_groups.values().map(|id| &self.security_groups[id]);
        let stale: Vec<Value> = groups.filter_map(|group| self.describe_stale_group(group)).collect();
        just("StaleSecurityGroupSet", stale)
    }

    /// Nothing for a group whose rules are all good.
    fn describe_stale_group(&self, group: &SecurityGroup) -> Option<Value> {
        let [ingress, egress] =
            [&group.ingress, &group.egress].map(|rules| self.describe_stale_permissions(group.vpc, rules));
        (!ingress.is_empty() || !egress.is_empty()).then(|| {
            Object::new()
                .text("Description", &group.description)
                .text("GroupId", group.id)
                .text("GroupName", &group.name)
                .list("StaleIpPermissions", ingress)
                .list("StaleIpPermissionsEgress", egress)
                .text("VpcId", group.vpc)
                .into()
        })
    }

    fn describe_stale_permissions(&self, vpc: VpcId, rules: &[GroupRule]) -> Vec<Value> {
        let stale: Vec<(RuleProtocol, SecurityGroupId, AccountId)> = rules
            .iter()
            .filter_map(|rule| match rule.peer {
                RulePeer::Group { group, owner } if self.is_stale(vpc, group) => Some((rule.protocol, group, owner)),
                _ => None,
            })
            .collect();
        let mut protocols: Vec<RuleProtocol> = Vec::new();
        for (protocol, ..) in &stale {
            if !protocols.contains(protocol) {
                protocols.push(*protocol);
            }
        }
        let describe = |protocol: RuleProtocol| {
            let pairs = stale.iter().filter(|(other, ..)| *other == protocol).map(|(_, group, owner)| {
                self.describe_foreign_group(vpc, *group, Object::new().text("UserId", owner).text("GroupId", group))
            });
            let range = protocol.port_numbers();
            Object::new()
                .optional("FromPort", range.map(|(from, _)| from))
                .text("IpProtocol", protocol.name())
                .optional("ToPort", range.map(|(_, to)| to))
                .list("UserIdGroupPairs", pairs)
                .into()
        };
        protocols.into_iter().map(describe).collect()
    }

    /// Whether a rule in this VPC that names the group means nobody: the group is gone, or its VPC no longer peered (SG-12).
    fn is_stale(&self, vpc: VpcId, named: SecurityGroupId) -> bool {
        let Some(named) = self.security_groups.get(&named) else { return true };
        let mut peerings = self.active_peerings(vpc, named.vpc);
        named.vpc != vpc && !peerings.any(|peering| peering.requester.region == peering.accepter.region)
    }

    pub(crate) fn describe_security_group_references(
        &mut self,
        caller: &Caller,
        request: DescribeSecurityGroupReferences,
    ) -> Answer {
        if request.group_id.is_empty() {
            return Err(ApiError::missing("GroupId"));
        }
        let mut shown: Vec<Value> = Vec::new();
        for text in &request.group_id {
            let group = self.find::<SecurityGroup>(caller, text)?;
            let naming = self.index.named_by.get(&group.id).into_iter().flatten();
            let mut vpcs: Vec<VpcId> = Vec::new();
            for vpc in naming.filter_map(|id| self.security_groups.get(id)).map(|naming| naming.vpc) {
                let Some(peering) = self.active_peerings(group.vpc, vpc).next() else { continue };
                if vpc == group.vpc || vpcs.contains(&vpc) {
                    continue;
                }
                vpcs.push(vpc);
                let reference = Object::new()
                    .text("GroupId", group.id)
                    .text("ReferencingVpcId", vpc)
                    .text("VpcPeeringConnectionId", peering.id);
                shown.push(reference.into());
            }
        }
        permit(request.dry_run)?;
        just("SecurityGroupReferenceSet", shown)
    }

    pub(crate) fn get_security_groups_for_vpc(&mut self, caller: &Caller, request: GetSecurityGroupsForVpc) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        for filter in &request.filters {
            check_filter(FILTERS.iter().map(|(name, _)| *name), filter)?;
        }
        permit(request.dry_run)?;
        let passes = |group: &&SecurityGroup| {
            request.filters.iter().all(|filter| {
                let any = |value: &str| filter.values.iter().any(|pattern| matches_wildcard(pattern, value));
                match FILTERS.iter().find(|(name, _)| *name == filter.name) {
                    Some((_, values)) => values(group, self).iter().any(|value| any(value)),
                    None => tag_filter(&group.tags, filter),
                }
            })
        };
        let groups = self.index.vpc(vpc).security_groups.values().map(|id| &self.security_groups[id]);
        let shown: Vec<Value> = groups
            .filter(passes)
            .map(|group| {
                Object::new()
                    .text("Description", &group.description)
                    .text("GroupName", &group.name)
                    .text("OwnerId", group.owner)
                    .text("GroupId", group.id)
                    .list("Tags", group.tags.describe())
                    .text("PrimaryVpcId", group.vpc)
                    .into()
            })
            .collect();
        just("SecurityGroupForVpcs", shown)
    }
}
