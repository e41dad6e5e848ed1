//! Permissions, as requests and answers carry the rules of security groups: a protocol with its ports and any number of peers.
//! A rule is one of these peers (`security_group_rule.rs`).

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::Object;
use super::lookup::parse_id;
use super::request::members;
use super::security_group::check_text;
use super::{ApiError, Caller, Cloud, GroupRule, PeeringStatus, RulePeer, RuleProtocol, SecurityGroup};
use crate::id::*;

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

impl Cloud {
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
}

fn malformed_block(text: &str) -> ApiError {
    ApiError::invalid_value(format!("CIDR block {text} is malformed"))
}
