//! Tags: keys and values on any resource, and the operations that set, clear and list them.
//!
//! Differs from AWS: keys that begin with `aws:cloudformation:` may be set by a caller, because the template front end sets
//! them through the same operations. All other `aws:` keys are refused, as on AWS.

use std::sync::Arc;

use serde_json::Value;
use smol_str::SmolStr;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::request::{members, requests};
use super::{
    ApiError, Caller, Cloud, DhcpOptions, EgressOnlyInternetGateway, ElasticIp, FlowLog, Instance, InternetGateway,
    KeyPair, NatGateway, NetworkAcl, NetworkInterface, PrefixList, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint,
    VpcPeeringConnection,
};
use crate::id::*;

/// A resource has at most this many tags, those of AWS itself not counted.
const TAGS_PER_RESOURCE: usize = 50;

/// A resource's tags in the order they were given. Resources made by one request share them until one is tagged apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tags(Option<Arc<Vec<OwnTag>>>);

/// A key and its value. A stack gives the same to everything it makes; it is kept once.
type OwnTag = (SmolStr, SmolStr);

members! {
    /// One tag of a request.
    Tag { key: SmolStr, value: Option<SmolStr>, }
    /// The tags of one kind of resource in a Create request.
    TagSpecification { resource_type: String, tags: Vec<Tag>, }
}

requests! {
    /// Sets tags on resources of any kind.
    CreateTags { resources: Vec<String>, tags: Vec<Tag>, }
    /// Removes tags; a tag given with a value goes only if it has that value, and without any tags given all go.
    DeleteTags { resources: Vec<String>, tags: Vec<Tag>, }
    /// Lists tags.
    DescribeTags { filters: Vec<Filter>, max_results: Option<u32>, next_token: Option<String>, }
}

impl Tags {
    /// The value of the `Name` tag, if there is one and it is not empty.
    pub(crate) fn name(&self) -> Option<&str> {
        self.get("Name").filter(|name| !name.is_empty())
    }

    /// The value of a tag.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(own, value)| (own == key).then_some(value))
    }

    /// Keys and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|tags| tags.iter()).map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The tags that a request's specifications give to a resource of the type `wanted`. Other types than those in
    /// `allowed` are refused.
    pub(crate) fn requested(
        specifications: &[TagSpecification],
        wanted: ResourceKind,
        allowed: &[&str],
    ) -> Result<Tags, ApiError> {
        let mut tags = Tags::default();
        for specification in specifications {
            let kind = specification.resource_type.as_str();
            if kind != resource_type(wanted) && !allowed.contains(&kind) {
                return Err(ApiError::invalid_value(format!(
                    "'{kind}' is not a valid taggable resource type for this operation."
                )));
            }
            if kind == resource_type(wanted) {
                tags.set(&specification.tags)?;
            }
        }
        Ok(tags)
    }

    /// Sets tags, or refuses them all.
    fn set(&mut self, tags: &[Tag]) -> Result<(), ApiError> {
        let mut changed = self.clone();
        for tag in tags {
            check_tag(tag)?;
            let value = tag.value.clone().unwrap_or_default();
            let all = Arc::make_mut(changed.0.get_or_insert_with(|| Arc::new(Vec::with_capacity(tags.len()))));
            match all.iter_mut().find(|(key, _)| *key == tag.key) {
                Some((_, old)) => *old = value,
                None => all.push((tag.key.clone(), value)),
            }
        }
        if changed.iter().filter(|(key, _)| !key.starts_with("aws:")).count() > TAGS_PER_RESOURCE {
            return Err(ApiError::new("TagLimitExceeded", "The maximum number of tags has been reached."));
        }
        *self = changed;
        Ok(())
    }

    /// Keeps the tags that are wanted.
    fn retain(&mut self, mut wanted: impl FnMut(&str, &str) -> bool) {
        if let Some(tags) = &mut self.0 {
            Arc::make_mut(tags).retain(|(key, value)| wanted(key, value));
        }
    }

    /// `[{"Key": …, "Value": …}]`.
    pub(crate) fn describe(&self) -> impl Iterator<Item = Value> {
        self.iter().map(|(key, value)| Object::new().text("Key", key).text("Value", value).into())
    }
}

/// What every record has, found by the id of any kind.
macro_rules! of_record {
    ($cloud:ident, $id:ident, $field:ident) => {
        of_record! { $cloud $id $field
            Vpc VpcId vpcs;
            Subnet SubnetId subnets;
            RouteTable RouteTableId route_tables;
            InternetGateway InternetGatewayId internet_gateways;
            VpcPeeringConnection VpcPeeringConnectionId peerings;
            SecurityGroup SecurityGroupId security_groups;
            NetworkAcl NetworkAclId network_acls;
            NetworkInterface NetworkInterfaceId network_interfaces;
            Instance InstanceId instances;
            Allocation AllocationId elastic_ips;
            KeyPair KeyPairId key_pairs;
            NatGateway NatGatewayId nat_gateways;
            EgressOnlyInternetGateway EgressOnlyInternetGatewayId egress_only_internet_gateways;
            VpcEndpoint VpcEndpointId vpc_endpoints;
            PrefixList PrefixListId prefix_lists;
            DhcpOptions DhcpOptionsId dhcp_options;
            FlowLog FlowLogId flow_logs;
        }
    };
    ($cloud:ident $id:ident $field:ident $($kind:ident $typed:ident $table:ident;)*) => {
        match $id.kind() {
            $(ResourceKind::$kind => $cloud.$table.get(&$typed::try_from($id).ok()?).map(|record| &record.$field),)*
            _ => None,
        }
    };
}

impl Cloud {
    /// A resource's tags, if it exists and can have some.
    pub(crate) fn tags(&self, id: ResourceId) -> Option<&Tags> {
        match id.kind() {
            ResourceKind::SecurityGroupRule => self.rule_tags.get(&SecurityGroupRuleId::try_from(id).ok()?),
            _ => of_record!(self, id, tags),
        }
    }

    /// Where a resource was written; AWS where nobody wrote it, or it is gone.
    pub(crate) fn origin(&self, id: ResourceId) -> Origin {
        let look_up = || of_record!(self, id, origin);
        look_up().copied().unwrap_or(Origin::Aws)
    }

    /// The tags that this caller sees and may change.
    fn own_tags_mut(&mut self, caller: &Caller, text: &str) -> Result<&mut Tags, ApiError> {
        let Ok(id) = text.parse::<ResourceId>() else {
            return Err(ApiError::new("InvalidID", format!("The ID '{text}' is not valid")));
        };
        macro_rules! look_up {
            ($($kind:ident $table:ident;)*) => {
                match id.kind() {
                    $(ResourceKind::$kind => {
                        let id = parse_id(text)?;
                        self.seen::<$kind>(caller, id)?;
                        &mut self.$table[&id].tags
                    })*
                    ResourceKind::Allocation => {
                        let id = parse_id(text)?;
                        self.seen::<ElasticIp>(caller, id)?;
                        &mut self.elastic_ips[&id].tags
                    }
                    ResourceKind::VpcPeeringConnection => {
                        let id = parse_id(text)?;
                        let peering = self.seen::<VpcPeeringConnection>(caller, id)?;
                        if peering.requester.home() == (caller.account, caller.region) {
                            &mut self.peerings[&id].tags
                        } else {
                            self.accepter_tags.get_or_default(id)
                        }
                    }
                    ResourceKind::SecurityGroupRule => {
                        let id = parse_id(text)?;
                        self.find_group_rule(caller, id)?;
                        self.rule_tags.get_or_default(id)
                    }
                    _ => return Err(ApiError::new("InvalidID", format!("The ID '{text}' is not valid"))),
                }
            };
        }
        Ok(look_up! {
            Vpc vpcs; Subnet subnets; RouteTable route_tables; InternetGateway internet_gateways;
            SecurityGroup security_groups; NetworkAcl network_acls; NetworkInterface network_interfaces;
            Instance instances; KeyPair key_pairs; NatGateway nat_gateways;
            EgressOnlyInternetGateway egress_only_internet_gateways;
            VpcEndpoint vpc_endpoints; PrefixList prefix_lists; DhcpOptions dhcp_options;
            FlowLog flow_logs;
        })
    }

    pub(crate) fn create_tags(&mut self, caller: &Caller, request: CreateTags) -> Answer {
        if request.resources.is_empty() {
            return Err(ApiError::missing("resourceIdSet"));
        }
        if request.tags.is_empty() {
            return Err(ApiError::missing("tagSet"));
        }
        for resource in &request.resources {
            self.own_tags_mut(caller, resource)?.clone().set(&request.tags)?;
        }
        permit(request.dry_run)?;
        for resource in &request.resources {
            self.own_tags_mut(caller, resource)?.set(&request.tags)?;
        }
        nothing()
    }

    pub(crate) fn delete_tags(&mut self, caller: &Caller, request: DeleteTags) -> Answer {
        for resource in &request.resources {
            self.own_tags_mut(caller, resource)?;
        }
        permit(request.dry_run)?;
        for resource in &request.resources {
            let tags = self.own_tags_mut(caller, resource)?;
            if request.tags.is_empty() {
                tags.retain(|key, _| key.starts_with("aws:"));
            }
            for tag in &request.tags {
                let is_meant = |value: &str| tag.value.as_deref().is_none_or(|wanted| wanted == value);
                tags.retain(|key, value| key != tag.key || !is_meant(value));
            }
        }
        nothing()
    }

    pub(crate) fn describe_tags(&mut self, caller: &Caller, request: DescribeTags) -> Answer {
        const FILTERS: [&str; 4] = ["key", "value", "resource-id", "resource-type"];
        for filter in &request.filters {
            check_filter(FILTERS, filter)?;
        }
        permit(request.dry_run)?;
        let mut found = Vec::new();
        let mut add = |id: ResourceId, tags: &Tags| {
            for (key, value) in tags.iter() {
                let kind = resource_type(id.kind());
                let id = id.to_string();
                let keep = request.filters.iter().all(|filter| {
                    let field = match filter.name.as_str() {
                        "key" | "tag-key" => key,
                        "value" | "tag-value" => value,
                        "resource-id" => &id,
                        "resource-type" => kind,
                        tag => match tag.strip_prefix("tag:") {
                            Some(wanted) if wanted == key => value,
                            _ => return false,
                        },
                    };
                    filter.values.iter().any(|pattern| matches_wildcard(pattern, field))
                });
                if keep {
                    let tag = Object::new().text("Key", key).text("ResourceId", &id);
                    found.push(Value::from(tag.text("ResourceType", kind).text("Value", value)));
                }
            }
        };
        macro_rules! each {
            ($($noun:ident)*) => {
                $(for (id, resource) in $noun::table(self).iter().filter(|(_, it)| it.visible(self, caller)) {
                    add((*id).into(), Resource::tags(resource, self, caller));
                })*
            };
        }
        each!(Vpc Subnet RouteTable InternetGateway VpcPeeringConnection SecurityGroup NetworkAcl NetworkInterface
            Instance ElasticIp KeyPair NatGateway EgressOnlyInternetGateway VpcEndpoint PrefixList FlowLog DhcpOptions);
        for (id, tags) in self.rule_tags.iter() {
            if self.find_group_rule(caller, *id).is_ok() {
                add((*id).into(), tags);
            }
        }
        just("Tags", found)
    }
}

/// Whether a text has more characters than that.
fn is_longer(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().count() > characters
}

fn check_tag(tag: &Tag) -> Result<(), ApiError> {
    let value = tag.value.as_deref().unwrap_or_default();
    if tag.key.is_empty() {
        return Err(ApiError::invalid_value("Tag key cannot be empty"));
    }
    if is_longer(&tag.key, 128) {
        return Err(ApiError::invalid_value(format!(
            "Tag key exceeds the maximum length of 128 characters: {}",
            tag.key
        )));
    }
    if is_longer(value, 256) {
        return Err(ApiError::invalid_value(format!(
            "Tag value exceeds the maximum length of 256 characters: {value}"
        )));
    }
    if tag.key.starts_with("aws:") && !tag.key.starts_with("aws:cloudformation:") {
        return Err(ApiError::invalid_value("Tag keys starting with 'aws:' are reserved for internal use"));
    }
    Ok(())
}

/// What tag specifications and DescribeTags call a kind of resource.
fn resource_type(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Vpc => "vpc",
        ResourceKind::Subnet => "subnet",
        ResourceKind::RouteTable => "route-table",
        ResourceKind::InternetGateway => "internet-gateway",
        ResourceKind::VpcPeeringConnection => "vpc-peering-connection",
        ResourceKind::SecurityGroup => "security-group",
        ResourceKind::SecurityGroupRule => "security-group-rule",
        ResourceKind::NetworkAcl => "network-acl",
        ResourceKind::NetworkInterface => "network-interface",
        ResourceKind::Instance => "instance",
        ResourceKind::KeyPair => "key-pair",
        ResourceKind::Allocation => "elastic-ip",
        ResourceKind::NatGateway => "natgateway",
        ResourceKind::EgressOnlyInternetGateway => "egress-only-internet-gateway",
        ResourceKind::VpcEndpoint => "vpc-endpoint",
        ResourceKind::PrefixList => "prefix-list",
        ResourceKind::FlowLog => "vpc-flow-log",
        ResourceKind::DhcpOptions => "dhcp-options",
        _ => "",
    }
}
