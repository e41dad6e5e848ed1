//! Network ACLs (ACL-1 to ACL-4, ACL-7, ACL-14, ACL-15).

use ipnet::IpNet;
use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::cidr::{ipv4_block, ipv6_block};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::records::Records;
use super::request::{members, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Quota, RuleProtocol, Tags, Vpc};
use crate::id::*;

/// A network ACL. The closing `*` entries (ACL-4) are not stored: they cannot be changed.
#[derive(Clone, Debug)]
pub(crate) struct NetworkAcl {
    pub(crate) id: NetworkAclId,
    pub(crate) vpc: VpcId,
    pub(crate) is_default: bool,
    /// By rule number.
    pub(crate) inbound: Vec<AclEntry>,
    pub(crate) outbound: Vec<AclEntry>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// One numbered rule (ACL-7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AclEntry {
    /// 1 to 32766.
    pub(crate) number: u16,
    pub(crate) protocol: RuleProtocol,
    /// Source for inbound rules, destination for outbound ones.
    pub(crate) block: IpNet,
    pub(crate) action: AclAction,
    pub(crate) origin: Origin,
}

/// What a rule does with what it matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AclAction {
    Allow,
    Deny,
}

members! {
    /// ICMP type and code; -1 is any.
    IcmpTypeCode { code: Option<i64>, r#type: Option<i64>, }
    /// An inclusive range of ports.
    AclPortRange { from: Option<i64>, to: Option<i64>, }
}

requests! {
    /// Makes an ACL that denies everything (ACL-3).
    CreateNetworkAcl { vpc_id: String, tag_specifications: Vec<TagSpecification>, client_token: Option<String>, }
    /// Deletes an ACL that no subnet uses.
    DeleteNetworkAcl { network_acl_id: String, }
    /// Lists ACLs with their entries and associations.
    DescribeNetworkAcls {
        filters: Vec<Filter>,
        network_acl_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Adds an entry.
    CreateNetworkAclEntry {
        network_acl_id: String,
        rule_number: Option<i64>,
        protocol: Option<String>,
        rule_action: Option<String>,
        egress: bool,
        cidr_block: Option<String>,
        ipv6_cidr_block: Option<String>,
        icmp_type_code: Option<IcmpTypeCode>,
        port_range: Option<AclPortRange>,
    }
    /// Replaces the entry with the same number.
    ReplaceNetworkAclEntry {
        network_acl_id: String,
        rule_number: Option<i64>,
        protocol: Option<String>,
        rule_action: Option<String>,
        egress: bool,
        cidr_block: Option<String>,
        ipv6_cidr_block: Option<String>,
        icmp_type_code: Option<IcmpTypeCode>,
        port_range: Option<AclPortRange>,
    }
    /// Takes an entry away.
    DeleteNetworkAclEntry { network_acl_id: String, rule_number: Option<i64>, egress: bool, }
    /// Gives a subnet another ACL.
    ReplaceNetworkAclAssociation { association_id: String, network_acl_id: String, }
}

/// The `*` entry of IPv4; that of IPv6 is one more (ACL-4).
const CLOSING_NUMBER: u16 = 32_767;

impl Resource for NetworkAcl {
    type Id = NetworkAclId;

    fn table(cloud: &Cloud) -> &Records<NetworkAclId, NetworkAcl> {
        &cloud.network_acls
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        cloud.vpcs[&self.vpc].home(cloud)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl NetworkAcl {
    fn entries(&self, egress: bool) -> &Vec<AclEntry> {
        if egress { &self.outbound } else { &self.inbound }
    }

    fn entries_mut(&mut self, egress: bool) -> &mut Vec<AclEntry> {
        if egress { &mut self.outbound } else { &mut self.inbound }
    }

    fn subnets<'a>(&'a self, cloud: &'a Cloud) -> impl Iterator<Item = (NetworkAclAssociationId, SubnetId)> + 'a {
        cloud.index.vpc(self.vpc).subnets.iter().filter_map(|subnet| {
            let (association, acl) = cloud.subnets[subnet].network_acl;
            (acl == self.id).then_some((association, *subnet))
        })
    }
}

impl Described for NetworkAcl {
    const FILTERS: FilterTable<NetworkAcl> = &[
        ("association.association-id", |acl, cloud| many(acl.subnets(cloud).map(|(id, _)| id))),
        ("association.network-acl-id", |acl, _| one(acl.id)),
        ("association.subnet-id", |acl, cloud| many(acl.subnets(cloud).map(|(_, subnet)| subnet))),
        ("default", |acl, _| one(acl.is_default)),
        ("entry.cidr", |acl, _| many(acl.inbound.iter().chain(&acl.outbound).map(|entry| entry.block))),
        ("entry.rule-number", |acl, _| many(acl.inbound.iter().chain(&acl.outbound).map(|entry| entry.number))),
        ("network-acl-id", |acl, _| one(acl.id)),
        ("owner-id", |acl, cloud| one(cloud.vpcs[&acl.vpc].owner)),
        ("vpc-id", |acl, _| one(acl.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let associations = self.subnets(cloud).map(|(id, subnet)| {
            Object::new().text("NetworkAclAssociationId", id).text("NetworkAclId", self.id).text("SubnetId", subnet)
        });
        let vpc = &cloud.vpcs[&self.vpc];
        let closing = |number: u16, block: &str| AclEntry {
            number,
            protocol: RuleProtocol::All,
            block: block.parse().expect("the block is written in this file"),
            action: AclAction::Deny,
            origin: Origin::Aws,
        };
        let mut entries = Vec::new();
        for egress in [true, false] {
            entries.extend(self.entries(egress).iter().map(|entry| describe_entry(entry, egress)));
            entries.push(describe_entry(&closing(CLOSING_NUMBER, "0.0.0.0/0"), egress));
            if !vpc.ipv6_blocks.is_empty() {
                entries.push(describe_entry(&closing(CLOSING_NUMBER + 1, "::/0"), egress));
            }
        }
        Object::new()
            .list("Associations", associations)
            .value("Entries", entries)
            .value("IsDefault", self.is_default)
            .text("NetworkAclId", self.id)
            .list("Tags", self.tags.describe())
            .text("VpcId", self.vpc)
            .text("OwnerId", vpc.owner)
            .into()
    }
}

impl Cloud {
    /// The ACL that comes with a VPC: rule 100 lets everything through, both ways (ACL-2).
    pub(crate) fn add_default_network_acl(&mut self, vpc: VpcId) -> NetworkAclId {
        let id = self.ids.next();
        let acl = NetworkAcl {
            id,
            vpc,
            is_default: true,
            inbound: vec![allow_all(100, "0.0.0.0/0")],
            outbound: vec![allow_all(100, "0.0.0.0/0")],
            tags: Tags::default(),
            origin: Origin::Aws,
        };
        self.network_acls.insert(id, acl);
        self.index.vpc_mut(vpc).network_acls.insert(id);
        self.touch(id);
        id
    }

    /// ACL-2: with a VPC's first IPv6 block comes rule 101, unless the default ACL was edited.
    pub(crate) fn open_default_network_acl_to_ipv6(&mut self, vpc: VpcId) {
        let id = self.vpcs[&vpc].default_network_acl;
        let acl = &mut self.network_acls[&id];
        let untouched = [allow_all(100, "0.0.0.0/0")];
        if acl.inbound == untouched && acl.outbound == untouched {
            acl.inbound.push(allow_all(101, "::/0"));
            acl.outbound.push(allow_all(101, "::/0"));
            self.touch(id);
        }
    }

    pub(crate) fn create_network_acl(&mut self, caller: &Caller, request: CreateNetworkAcl) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::NetworkAcl, &[])?;
        self.config.quotas.admit(Quota::NetworkAclsPerVpc, self.index.vpc(vpc).network_acls.len())?;
        permit(request.dry_run)?;
        let id = self.ids.next();
        let acl = NetworkAcl {
            id,
            vpc,
            is_default: false,
            inbound: Vec::new(),
            outbound: Vec::new(),
            tags,
            origin: caller.origin,
        };
        self.network_acls.insert(id, acl);
        self.index.vpc_mut(vpc).network_acls.insert(id);
        self.touch(id);
        let acl = self.network_acls[&id].describe(self, caller);
        Ok(Object::new().value("NetworkAcl", acl).optional_text("ClientToken", request.client_token).into())
    }

    pub(crate) fn delete_network_acl(&mut self, caller: &Caller, request: DeleteNetworkAcl) -> Answer {
        let acl = self.find::<NetworkAcl>(caller, &request.network_acl_id)?;
        let (id, vpc) = (acl.id, acl.vpc);
        if acl.is_default {
            return Err(ApiError::dependency("networkAcl", id)); // ACL-15
        }
        if acl.subnets(self).next().is_some() {
            return Err(ApiError::dependency("networkAcl", id)); // ACL-15
        }
        permit(request.dry_run)?;
        self.network_acls.remove(&id);
        self.index.vpc_mut(vpc).network_acls.shift_remove(&id);
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_network_acls(&mut self, caller: &Caller, request: DescribeNetworkAcls) -> Answer {
        permit(request.dry_run)?;
        just("NetworkAcls", self.described::<NetworkAcl>(caller, &request.network_acl_ids, &request.filters)?)
    }

    pub(crate) fn create_network_acl_entry(&mut self, caller: &Caller, request: CreateNetworkAclEntry) -> Answer {
        let acl = self.find::<NetworkAcl>(caller, &request.network_acl_id)?;
        let entry = AclEntry {
            number: rule_number(request.rule_number)?,
            protocol: acl_protocol(request.protocol.as_deref(), request.port_range, request.icmp_type_code)?,
            block: acl_block(request.cidr_block.as_deref(), request.ipv6_cidr_block.as_deref())?,
            action: acl_action(request.rule_action.as_deref())?,
            origin: caller.origin,
        };
        let entries = acl.entries(request.egress);
        let Err(at) = entries.binary_search_by_key(&entry.number, |other| other.number) else {
            return Err(ApiError::new(
                "NetworkAclEntryAlreadyExists",
                format!("The network acl entry identified by {} already exists.", entry.number),
            )); // ACL-14
        };
        self.config.quotas.admit(Quota::RulesPerNetworkAcl, entries.len())?;
        let id = acl.id;
        permit(request.dry_run)?;
        self.network_acls[&id].entries_mut(request.egress).insert(at, entry);
        self.touch(id);
        nothing()
    }

    pub(crate) fn replace_network_acl_entry(&mut self, caller: &Caller, request: ReplaceNetworkAclEntry) -> Answer {
        let acl = self.find::<NetworkAcl>(caller, &request.network_acl_id)?;
        let entry = AclEntry {
            number: rule_number(request.rule_number)?,
            protocol: acl_protocol(request.protocol.as_deref(), request.port_range, request.icmp_type_code)?,
            block: acl_block(request.cidr_block.as_deref(), request.ipv6_cidr_block.as_deref())?,
            action: acl_action(request.rule_action.as_deref())?,
            origin: caller.origin,
        };
        let at = entry_position(acl, request.egress, entry.number)?;
        let id = acl.id;
        permit(request.dry_run)?;
        self.network_acls[&id].entries_mut(request.egress)[at] = entry;
        self.touch(id);
        nothing()
    }

    pub(crate) fn delete_network_acl_entry(&mut self, caller: &Caller, request: DeleteNetworkAclEntry) -> Answer {
        let acl = self.find::<NetworkAcl>(caller, &request.network_acl_id)?;
        let at = entry_position(acl, request.egress, rule_number(request.rule_number)?)?;
        let id = acl.id;
        permit(request.dry_run)?;
        self.network_acls[&id].entries_mut(request.egress).remove(at);
        self.touch(id);
        nothing()
    }

    pub(crate) fn replace_network_acl_association(
        &mut self,
        caller: &Caller,
        request: ReplaceNetworkAclAssociation,
    ) -> Answer {
        let association: NetworkAclAssociationId = parse_id(&request.association_id)?;
        let mut subnets = self.subnets.values().filter(|subnet| subnet.visible(self, caller));
        let subnet = subnets
            .find(|subnet| subnet.network_acl.0 == association)
            .ok_or_else(|| ApiError::not_found(ResourceKind::NetworkAclAssociation, association))?;
        let acl = self.find::<NetworkAcl>(caller, &request.network_acl_id)?;
        if acl.vpc != subnet.vpc {
            return Err(ApiError::invalid_value(format!(
                "Network ACL {} and subnet {} belong to different networks",
                acl.id, subnet.id
            )));
        }
        let (subnet, acl) = (subnet.id, acl.id);
        permit(request.dry_run)?;
        let fresh = self.ids.next();
        self.subnets[&subnet].network_acl = (fresh, acl);
        self.touch(subnet);
        just("NewAssociationId", fresh.to_string())
    }
}

fn allow_all(number: u16, block: &str) -> AclEntry {
    AclEntry {
        number,
        protocol: RuleProtocol::All,
        block: block.parse().expect("the block is written in this file"),
        action: AclAction::Allow,
        origin: Origin::Aws,
    }
}

fn entry_position(acl: &NetworkAcl, egress: bool, number: u16) -> Result<usize, ApiError> {
    acl.entries(egress).binary_search_by_key(&number, |entry| entry.number).map_err(|_| {
        let direction = if egress { "egress" } else { "ingress" };
        ApiError::new(
            "InvalidNetworkAclEntry.NotFound",
            format!(
                "the specified {direction} entry with rule number {number} does not exist in network ACL {}",
                acl.id
            ),
        )
    })
}

fn rule_number(number: Option<i64>) -> Result<u16, ApiError> {
    let number = number.ok_or_else(|| ApiError::missing("ruleNumber"))?;
    match u16::try_from(number) {
        Ok(number) if (1..CLOSING_NUMBER).contains(&number) => Ok(number),
        _ => Err(ApiError::invalid_value(format!(
            "Value ({number}) for parameter ruleNumber is invalid. It must be 1 to 32766."
        ))),
    }
}

fn acl_action(action: Option<&str>) -> Result<AclAction, ApiError> {
    match action {
        None => Err(ApiError::missing("ruleAction")),
        Some("allow") => Ok(AclAction::Allow),
        Some("deny") => Ok(AclAction::Deny),
        Some(other) => Err(ApiError::invalid_value(format!("Value ({other}) for parameter ruleAction is invalid."))),
    }
}

fn acl_block(ipv4: Option<&str>, ipv6: Option<&str>) -> Result<IpNet, ApiError> {
    match (ipv4, ipv6) {
        (Some(text), None) => ipv4_block(text, "cidrBlock").map(IpNet::V4),
        (None, Some(text)) => ipv6_block(text, "ipv6CidrBlock").map(IpNet::V6),
        (None, None) => Err(ApiError::missing("cidrBlock")),
        (Some(_), Some(_)) => Err(ApiError::new(
            "InvalidParameterCombination",
            "Only one of cidrBlock and ipv6CidrBlock can be specified.",
        )),
    }
}

/// ACL-7: TCP and UDP need a range of ports, ICMP needs type and code.
fn acl_protocol(
    name: Option<&str>,
    ports: Option<AclPortRange>,
    icmp: Option<IcmpTypeCode>,
) -> Result<RuleProtocol, ApiError> {
    let name = name.ok_or_else(|| ApiError::missing("protocol"))?;
    match RuleProtocol::read(name, Some(-1), Some(-1))? {
        RuleProtocol::Tcp(_) | RuleProtocol::Udp(_) => {
            let ports = ports.ok_or_else(|| ApiError::missing("portRange"))?;
            RuleProtocol::read(name, ports.from, ports.to)
        }
        RuleProtocol::Icmp { .. } | RuleProtocol::Icmpv6 { .. } => {
            let icmp = icmp.ok_or_else(|| ApiError::missing("icmpTypeCode.code"))?;
            RuleProtocol::read(name, icmp.r#type, icmp.code)
        }
        other => Ok(other),
    }
}

fn describe_entry(entry: &AclEntry, egress: bool) -> Value {
    let number = match entry.protocol {
        RuleProtocol::All => "-1".to_owned(),
        RuleProtocol::Tcp(_) => "6".to_owned(),
        RuleProtocol::Udp(_) => "17".to_owned(),
        RuleProtocol::Icmp { .. } => "1".to_owned(),
        RuleProtocol::Icmpv6 { .. } => "58".to_owned(),
        RuleProtocol::Other(number) => number.to_string(),
    };
    let range = entry.protocol.port_numbers();
    let (icmp, ports) = match entry.protocol {
        RuleProtocol::Icmp { .. } | RuleProtocol::Icmpv6 { .. } => {
            (range.map(|(kind, code)| Object::new().value("Code", code).value("Type", kind)), None)
        }
        _ => (None, range.map(|(from, to)| Object::new().value("From", from).value("To", to))),
    };
    let (ipv4, ipv6) = match entry.block {
        IpNet::V4(block) => (Some(block), None),
        IpNet::V6(block) => (None, Some(block)),
    };
    let action = match entry.action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    };
    Object::new()
        .optional_text("CidrBlock", ipv4)
        .value("Egress", egress)
        .optional("IcmpTypeCode", icmp)
        .optional_text("Ipv6CidrBlock", ipv6)
        .optional("PortRange", ports)
        .text("Protocol", number)
        .text("RuleAction", action)
        .value("RuleNumber", entry.number)
        .into()
}
