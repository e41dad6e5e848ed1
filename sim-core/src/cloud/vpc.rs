//! VPCs (ADDR, DVPC, DNS-2): the record, making and deleting one, and its attributes. Its blocks are in `vpc_cidr.rs`.

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::cidr::{IPV4_BLOCK_LENGTHS, ipv4_block, is_never_a_vpc_block};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::index::VpcContents;
use super::lookup::Resource;
use super::records::Records;
use super::request::{BooleanValue, requests};
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, PeeringStatus, Quota, Tags};
use crate::id::*;

/// A VPC.
#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    pub(crate) id: VpcId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// IPv4 blocks; the first is the primary one and cannot be removed (ADDR-3).
    pub(crate) ipv4_blocks: Vec<(VpcCidrAssociationId, Ipv4Net)>,
    pub(crate) ipv6_blocks: Vec<(VpcCidrAssociationId, Ipv6Net)>,
    pub(crate) instance_tenancy: String,
    /// The Resolver answers at all (DNS-2).
    pub(crate) enable_dns_support: bool,
    /// Public names are given (DNS-2).
    pub(crate) enable_dns_hostnames: bool,
    pub(crate) is_default: bool,
    pub(crate) main_route_table: RouteTableId,
    pub(crate) default_security_group: SecurityGroupId,
    pub(crate) default_network_acl: NetworkAclId,
    /// The set that its DHCP server hands out, if any (ADDR-19).
    pub(crate) dhcp_options: Option<DhcpOptionsId>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a VPC with its main route table, default security group and default network ACL.
    CreateVpc {
        cidr_block: Option<String>,
        amazon_provided_ipv6_cidr_block: bool,
        instance_tenancy: Option<String>,
        tag_specifications: Vec<TagSpecification>,
    }
    /// Deletes an empty VPC.
    DeleteVpc { vpc_id: String, }
    /// Lists VPCs.
    DescribeVpcs {
        filters: Vec<Filter>,
        vpc_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Switches DNS attributes, one a request as on AWS.
    ModifyVpcAttribute {
        vpc_id: String,
        enable_dns_hostnames: Option<BooleanValue>,
        enable_dns_support: Option<BooleanValue>,
    }
    /// Shows one attribute.
    DescribeVpcAttribute { vpc_id: String, attribute: String, }
}

impl Resource for Vpc {
    type Id = VpcId;

    fn table(cloud: &Cloud) -> &Records<VpcId, Vpc> {
        &cloud.vpcs
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Vpc {
    /// The primary IPv4 block.
    pub(crate) fn primary_block(&self) -> Ipv4Net {
        self.ipv4_blocks.first().expect("a VPC is made with its primary block, which cannot be removed").1
    }

    /// The id of its DHCP options; `default` stands for none.
    fn shown_dhcp_options(&self) -> String {
        self.dhcp_options.map_or_else(|| "default".to_owned(), |id| id.to_string())
    }

    /// As Describe shows it; `state` differs only in the answer to CreateVpc.
    fn shown(&self, state: &str) -> Value {
        let ipv4 = self.ipv4_blocks.iter().map(|(id, block)| {
            let state = Object::new().text("State", "associated");
            Object::new().text("AssociationId", id).text("CidrBlock", block).value("CidrBlockState", state)
        });
        let ipv6 = self.ipv6_blocks.iter().map(|(id, block)| {
            let state = Object::new().text("State", "associated");
            Object::new()
                .text("AssociationId", id)
                .text("Ipv6CidrBlock", block)
                .value("Ipv6CidrBlockState", state)
                .text("NetworkBorderGroup", self.region)
                .text("Ipv6Pool", "Amazon")
        });
        let object = Object::new().text("OwnerId", self.owner).text("InstanceTenancy", &self.instance_tenancy);
        let object = match state {
            // The answer to CreateVpc has the empty list, Describe leaves it out.
            "pending" => object.list("Ipv6CidrBlockAssociationSet", ipv6),
            _ => object.optional_list("Ipv6CidrBlockAssociationSet", ipv6),
        };
        object
            .list("CidrBlockAssociationSet", ipv4)
            .value("IsDefault", self.is_default)
            .optional_list("Tags", self.tags.describe())
            .text("VpcId", self.id)
            .text("State", state)
            .text("CidrBlock", self.primary_block())
            .text("DhcpOptionsId", self.shown_dhcp_options())
            .into()
    }
}

impl Described for Vpc {
    const FILTERS: FilterTable<Vpc> = &[
        ("cidr", |vpc, _| one(vpc.primary_block())),
        ("cidr-block", |vpc, _| one(vpc.primary_block())),
        ("cidrBlock", |vpc, _| one(vpc.primary_block())),
        ("cidr-block-association.association-id", |vpc, _| many(vpc.ipv4_blocks.iter().map(|(id, _)| id))),
        ("cidr-block-association.cidr-block", |vpc, _| many(vpc.ipv4_blocks.iter().map(|(_, block)| block))),
        ("cidr-block-association.state", |_, _| one("associated")),
        ("dhcp-options-id", |vpc, _| one(vpc.shown_dhcp_options())),
        ("ipv6-cidr-block-association.ipv6-cidr-block", |vpc, _| many(vpc.ipv6_blocks.iter().map(|(_, block)| block))),
        ("is-default", |vpc, _| one(vpc.is_default)),
        ("isDefault", |vpc, _| one(vpc.is_default)),
        ("owner-id", |vpc, _| one(vpc.owner)),
        ("state", |_, _| one("available")),
        ("vpc-id", |vpc, _| one(vpc.id)),
    ];

    fn describe(&self, _: &Cloud, _: &Caller) -> Value {
        self.shown("available")
    }
}

impl Cloud {
    pub(crate) fn create_vpc(&mut self, caller: &Caller, request: CreateVpc) -> Answer {
        let Some(text) = &request.cidr_block else { return Err(ApiError::missing("cidrBlock")) };
        let block = ipv4_block(text, "cidrBlock")?;
        if !IPV4_BLOCK_LENGTHS.contains(&block.prefix_len()) || is_never_a_vpc_block(block) {
            return Err(ApiError::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
        }
        let tenancy = request.instance_tenancy.as_deref().unwrap_or("default");
        if !matches!(tenancy, "default" | "dedicated") {
            return Err(ApiError::invalid_value(format!(
                "Value ({tenancy}) for parameter instanceTenancy is invalid."
            )));
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::Vpc, &[])?;
        let (account, region) = (caller.account, caller.region);
        self.config.quotas.admit(Quota::VpcsPerRegion, self.index.owned(account, region, ResourceKind::Vpc))?;
        permit(request.dry_run)?;

        let id: VpcId = self.ids.next();
        self.index.gained(account, region, ResourceKind::Vpc);
        self.index.vpcs.insert(id, VpcContents::default());
        let vpc = Vpc {
            id,
            owner: account,
            region,
            ipv4_blocks: vec![(self.ids.next(), block)],
            ipv6_blocks: Vec::new(),
            instance_tenancy: tenancy.to_owned(),
            enable_dns_support: true,
            enable_dns_hostnames: false,
            is_default: false,
            main_route_table: self.add_main_route_table(id),
            default_security_group: self.add_default_security_group(caller, id),
            default_network_acl: self.add_default_network_acl(id),
            dhcp_options: Some(self.default_dhcp_options(account, region)),
            tags,
            origin: caller.origin,
        };
        self.vpcs.insert(id, vpc);
        if request.amazon_provided_ipv6_cidr_block {
            self.add_amazon_ipv6_block(id);
        }
        self.touch(id);
        just("Vpc", self.vpcs[&id].shown("pending"))
    }

    pub(crate) fn delete_vpc(&mut self, caller: &Caller, request: DeleteVpc) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?;
        let (id, main, group, acl) =
            (vpc.id, vpc.main_route_table, vpc.default_security_group, vpc.default_network_acl);
        let contents = self.index.vpc(id);
        // DEL-3: what was made in the VPC goes first; what came with it goes with it.
        let occupied = !contents.subnets.is_empty()
            || contents.route_tables.len() > 1
            || contents.security_groups.len() > 1
            || contents.network_acls.len() > 1
            || contents.internet_gateway.is_some()
            || contents.egress_only_gateway.is_some()
            || !contents.endpoints.is_empty();
        let peerings: Vec<_> = contents.peerings.iter().copied().collect();
        // PCX-8: a request from another account has to be rejected first.
        let asked_from_outside = peerings.iter().map(|peering| &self.peerings[peering]).any(|peering| {
            peering.status == PeeringStatus::PendingAcceptance
                && peering.accepter.vpc == id
                && peering.requester.owner != peering.accepter.owner
        });
        if occupied || asked_from_outside {
            return Err(ApiError::dependency("vpc", id));
        }
        permit(request.dry_run)?;

        for peering in peerings {
            self.end_peering(peering, caller);
        }
        self.route_tables.remove(&main);
        self.network_acls.remove(&acl);
        self.remove_security_group(group);
        self.touch(main);
        self.touch(acl);
        self.vpcs.remove(&id);
        self.index.vpcs.remove(&id);
        self.index.lost(caller.account, caller.region, ResourceKind::Vpc);
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_vpcs(&mut self, caller: &Caller, request: DescribeVpcs) -> Answer {
        permit(request.dry_run)?;
        just("Vpcs", self.described::<Vpc>(caller, &request.vpc_ids, &request.filters)?)
    }

    pub(crate) fn modify_vpc_attribute(&mut self, caller: &Caller, request: ModifyVpcAttribute) -> Answer {
        let id = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        permit(request.dry_run)?;
        let vpc = &mut self.vpcs[&id];
        match (request.enable_dns_hostnames, request.enable_dns_support) {
            (Some(hostnames), None) => vpc.enable_dns_hostnames = hostnames.value,
            (None, Some(support)) => vpc.enable_dns_support = support.value,
            (Some(_), Some(_)) => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "Fields for multiple attribute types specified: enableDnsSupport, enableDnsHostnames",
                ));
            }
            (None, None) => return Err(ApiError::missing("attribute")),
        }
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_vpc_attribute(&mut self, caller: &Caller, request: DescribeVpcAttribute) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?;
        let (name, value) = match request.attribute.as_str() {
            "enableDnsHostnames" => ("EnableDnsHostnames", vpc.enable_dns_hostnames),
            "enableDnsSupport" => ("EnableDnsSupport", vpc.enable_dns_support),
            "enableNetworkAddressUsageMetrics" => ("EnableNetworkAddressUsageMetrics", false),
            "" => return Err(ApiError::missing("attribute")),
            other => {
                return Err(ApiError::invalid_value(format!("Value ({other}) for parameter attribute is invalid.")));
            }
        };
        permit(request.dry_run)?;
        Ok(Object::new().value(name, Object::new().value("Value", value)).text("VpcId", vpc.id).into())
    }
}
