//! Security groups (SG-2, SG-4, SG-29, SG-30, SG-32). Their rules are in `security_group_rule.rs`.

use serde_json::Value;
use smallvec::smallvec;

use super::answer::{Answer, Object, just};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::network_interface::Groups;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, GroupRule, Quota, RulePeer, RuleProtocol, Tags, Vpc};
use crate::id::*;

/// A security group.
#[derive(Clone, Debug)]
pub(crate) struct SecurityGroup {
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

requests! {
    /// Makes a group that lets everything out and nothing in (SG-2).
    CreateSecurityGroup {
        group_name: Option<String>,
        description: Option<String>,
        vpc_id: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Deletes a group that nothing uses.
    DeleteSecurityGroup { group_id: Option<String>, group_name: Option<String>, }
    /// Lists groups with their rules.
    DescribeSecurityGroups {
        filters: Vec<Filter>,
        group_ids: Vec<String>,
        group_names: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

/// The name of the group that comes with a VPC.
const DEFAULT_NAME: &str = "default";

impl Resource for SecurityGroup {
    type Id = SecurityGroupId;

    fn table(cloud: &Cloud) -> &Records<SecurityGroupId, SecurityGroup> {
        &cloud.security_groups
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        cloud.vpcs[&self.vpc].home(cloud)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl SecurityGroup {
    /// The rules of both directions, ingress first.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &GroupRule> {
        self.ingress.iter().chain(&self.egress)
    }

    /// Whether a rule names this other group.
    pub(crate) fn names(&self, other: SecurityGroupId) -> bool {
        self.rules().any(|rule| matches!(rule.peer, RulePeer::Group { group, .. } if group == other))
    }
}

/// The values of a filter on rules.
fn rule_values(rules: &[GroupRule], pick: fn(&GroupRule) -> Option<String>) -> Vec<String> {
    rules.iter().filter_map(pick).collect()
}

fn ipv4_peer(rule: &GroupRule) -> Option<String> {
    match rule.peer {
        RulePeer::Ipv4(block) => Some(block.to_string()),
        _ => None,
    }
}

fn group_peer(rule: &GroupRule) -> Option<String> {
    match rule.peer {
        RulePeer::Group { group, .. } => Some(group.to_string()),
        _ => None,
    }
}

impl Described for SecurityGroup {
    const FILTERS: FilterTable<SecurityGroup> = &[
        ("description", |group, _| one(&group.description)),
        ("group-id", |group, _| one(group.id)),
        ("group-name", |group, _| one(&group.name)),
        ("ip-permission.cidr", |group, _| rule_values(&group.ingress, ipv4_peer)),
        ("ip-permission.from-port", |group, _| {
            rule_values(&group.ingress, |rule| Some(rule.protocol.port_numbers()?.0.to_string()))
        }),
        ("ip-permission.to-port", |group, _| {
            rule_values(&group.ingress, |rule| Some(rule.protocol.port_numbers()?.1.to_string()))
        }),
        ("ip-permission.protocol", |group, _| many(group.ingress.iter().map(|rule| rule.protocol.name()))),
        ("ip-permission.group-id", |group, _| rule_values(&group.ingress, group_peer)),
        ("egress.ip-permission.cidr", |group, _| rule_values(&group.egress, ipv4_peer)),
        ("egress.ip-permission.protocol", |group, _| many(group.egress.iter().map(|rule| rule.protocol.name()))),
        ("egress.ip-permission.group-id", |group, _| rule_values(&group.egress, group_peer)),
        ("owner-id", |group, _| one(group.owner)),
        ("vpc-id", |group, _| one(group.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        Object::new()
            .text("GroupId", self.id)
            .value("IpPermissionsEgress", cloud.describe_permissions(self.vpc, &self.egress))
            .optional_list("Tags", self.tags.describe())
            .text("VpcId", self.vpc)
            .text("SecurityGroupArn", cloud.group_arn(self))
            .text("OwnerId", self.owner)
            .text("GroupName", &self.name)
            .text("Description", &self.description)
            .value("IpPermissions", cloud.describe_permissions(self.vpc, &self.ingress))
            .into()
    }
}

impl Cloud {
    fn group_arn(&self, group: &SecurityGroup) -> String {
        format!("arn:aws:ec2:{}:{}:security-group/{}", self.vpcs[&group.vpc].region, group.owner, group.id)
    }

    /// The group that comes with a VPC: everything out, in from itself (SG-4).
    pub(crate) fn add_default_security_group(&mut self, caller: &Caller, vpc: VpcId) -> SecurityGroupId {
        let id: SecurityGroupId = self.ids.next();
        let within = GroupRule {
            id: self.ids.next(),
            protocol: RuleProtocol::All,
            peer: RulePeer::Group { group: id, owner: caller.account },
            description: None,
            origin: Origin::Aws,
        };
        let group = SecurityGroup {
            id,
            name: DEFAULT_NAME.to_owned(),
            description: "default VPC security group".to_owned(),
            vpc,
            owner: caller.account,
            ingress: vec![within],
            egress: vec![self.everything_to("0.0.0.0/0")],
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.add_security_group(caller, group);
        self.index.named_by.entry(id).or_default().insert(id);
        id
    }

    fn add_security_group(&mut self, caller: &Caller, group: SecurityGroup) {
        self.index.gained(caller.account, caller.region, ResourceKind::SecurityGroup);
        self.index.vpc_mut(group.vpc).security_groups.insert(group.name.clone(), group.id);
        self.touch(group.id);
        self.security_groups.insert(group.id, group);
    }

    /// The egress rule a new group comes with (SG-2).
    fn everything_to(&mut self, block: &str) -> GroupRule {
        let peer = match block.parse().expect("the block is written in this file") {
            ipnet::IpNet::V4(block) => RulePeer::Ipv4(block),
            ipnet::IpNet::V6(block) => RulePeer::Ipv6(block),
        };
        GroupRule { id: self.ids.next(), protocol: RuleProtocol::All, peer, description: None, origin: Origin::Aws }
    }

    /// Takes a group out of the tables. Rules of others that name it stay, and are stale (SG-12).
    pub(crate) fn remove_security_group(&mut self, id: SecurityGroupId) {
        let group = self.security_groups.remove(&id).expect("a group is removed once");
        let (account, region) = self.vpcs[&group.vpc].home(self);
        self.index.lost(account, region, ResourceKind::SecurityGroup);
        self.index.vpc_mut(group.vpc).security_groups.shift_remove(&group.name);
        for rule in group.rules() {
            self.rule_tags.remove(&rule.id);
            if let RulePeer::Group { group: named, .. } = rule.peer
                && let Some(naming) = self.index.named_by.get_mut(&named)
            {
                naming.shift_remove(&id);
            }
        }
        self.index.members.remove(&id);
        self.touch(id);
        // Rules that name it mean something else now (SG-8), in peered VPCs too (SG-9).
        for naming in self.index.named_by.remove(&id).unwrap_or_default() {
            self.touch(naming);
        }
    }

    pub(crate) fn create_security_group(&mut self, caller: &Caller, request: CreateSecurityGroup) -> Answer {
        let Some(name) = request.group_name else { return Err(ApiError::missing("GroupName")) };
        let Some(description) = request.description else { return Err(ApiError::missing("GroupDescription")) };
        let vpc = match &request.vpc_id {
            Some(vpc) => self.find::<Vpc>(caller, vpc)?,
            None => self.implied_vpc(caller)?,
        };
        check_name(&name)?;
        check_text(&description, "GroupDescription")?;
        if self.index.vpc(vpc.id).security_groups.contains_key(&name) {
            return Err(ApiError::new(
                "InvalidGroup.Duplicate",
                format!("The security group '{name}' already exists for VPC '{}'", vpc.id),
            ));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::SecurityGroup, &[])?;
        let existing = self.index.owned(caller.account, caller.region, ResourceKind::SecurityGroup);
        self.config.quotas.admit(Quota::SecurityGroupsPerRegion, existing)?;
        let (vpc, has_ipv6) = (vpc.id, !vpc.ipv6_blocks.is_empty());
        permit(request.dry_run)?;

        let mut egress = vec![self.everything_to("0.0.0.0/0")];
        if has_ipv6 {
            egress.push(self.everything_to("::/0"));
        }
        let id = self.ids.next();
        let group = SecurityGroup {
            id,
            name,
            description,
            vpc,
            owner: caller.account,
            ingress: Vec::new(),
            egress,
            tags,
            origin: caller.origin,
        };
        let answer = Object::new()
            .text("GroupId", id)
            .optional_list("Tags", group.tags.describe())
            .text("SecurityGroupArn", self.group_arn(&group));
        self.add_security_group(caller, group);
        Ok(answer.into())
    }

    pub(crate) fn delete_security_group(&mut self, caller: &Caller, request: DeleteSecurityGroup) -> Answer {
        let group = match (&request.group_id, &request.group_name) {
            (Some(id), _) => self.find::<SecurityGroup>(caller, id)?,
            (None, Some(name)) => self.group_named(caller, name)?,
            (None, None) => return Err(ApiError::missing("groupId")),
        };
        let (id, vpc) = (group.id, group.vpc);
        if self.vpcs[&vpc].default_security_group == id {
            return Err(ApiError::new(
                "CannotDelete",
                format!("the specified group: \"{id}\" name: \"{DEFAULT_NAME}\" cannot be deleted by a user"),
            )); // SG-4
        }
        let in_use = self.index.members.get(&id).is_some_and(|count| *count > 0);
        // SG-30. A rule in a peered VPC does not hold the group: it becomes stale (SG-12).
        let mut naming = self.index.named_by.get(&id).into_iter().flatten().filter(|other| **other != id);
        let named = naming.any(|other| self.security_groups.get(other).is_some_and(|other| other.vpc == vpc));
        if in_use || named {
            return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
        }
        permit(request.dry_run)?;
        self.remove_security_group(id);
        Ok(Object::new().value("Return", true).text("GroupId", id).into())
    }

    pub(crate) fn describe_security_groups(&mut self, caller: &Caller, request: DescribeSecurityGroups) -> Answer {
        permit(request.dry_run)?;
        let mut ids = request.group_ids;
        for name in &request.group_names {
            ids.push(self.group_named(caller, name)?.id.to_string());
        }
        just("SecurityGroups", self.described::<SecurityGroup>(caller, &ids, &request.filters)?)
    }

    /// The groups an interface in this VPC is to have: those named, or the VPC's default group (SG-4).
    pub(crate) fn interface_groups(
        &self,
        caller: &Caller,
        vpc: VpcId,
        requested: &[String],
    ) -> Result<Groups, ApiError> {
        if requested.is_empty() {
            return Ok(smallvec![self.vpcs[&vpc].default_security_group]);
        }
        let mut groups = Groups::with_capacity(requested.len());
        for text in requested {
            let id = parse_id(text)?;
            let group = self.seen::<SecurityGroup>(caller, id)?;
            if group.vpc != vpc {
                return Err(ApiError::new(
                    "InvalidParameter",
                    format!("Security group {id} and network {vpc} belong to different networks."),
                )); // SG-32
            }
            if !groups.contains(&id) {
                groups.push(id);
            }
        }
        // `admit` asks about one more; here all are counted already.
        self.config.quotas.admit(Quota::SecurityGroupsPerInterface, groups.len() - 1)?;
        Ok(groups)
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name == DEFAULT_NAME {
        return Err(ApiError::new("InvalidGroup.Reserved", "The security group name 'default' is reserved"));
    }
    if name.starts_with("sg-") {
        return Err(ApiError::invalid_value(format!(
            "Value ({name}) for parameter groupName is invalid. Group names may not be in the format sg-*."
        )));
    }
    if name.is_empty() {
        return Err(ApiError::invalid_value("Value () for parameter groupName is invalid. The name cannot be empty."));
    }
    check_text(name, "groupName")
}

/// Names and descriptions: at most 255 of letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`.
pub(crate) fn check_text(text: &str, parameter: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.len() <= 255 && text.chars().all(allowed) {
        return Ok(());
    }
    Err(ApiError::invalid_value(format!(
        "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, and at most 255 \
         characters are allowed."
    )))
}
