//! Blocks added to a VPC and removed from it (ADDR-3, ADDR-4, ADDR-5, ADDR-9, ADDR-10).

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::answer::{Answer, Object};
use super::cidr::{IPV4_BLOCK_LENGTHS, ipv4_block, is_never_a_vpc_block, may_be_added, overlap};
use super::error::permit;
use super::lookup::parse_id;
use super::request::requests;
use super::{ApiError, Caller, Cloud, PeeringStatus, Quota, Vpc};
use crate::id::*;

requests! {
    /// Adds a block to a VPC.
    AssociateVpcCidrBlock { vpc_id: String, cidr_block: Option<String>, amazon_provided_ipv6_cidr_block: bool, }
    /// Removes a block that is not the primary one.
    DisassociateVpcCidrBlock { association_id: String, }
}

impl Cloud {
    pub(crate) fn associate_vpc_cidr_block(&mut self, caller: &Caller, request: AssociateVpcCidrBlock) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?;
        let id = vpc.id;
        match (&request.cidr_block, request.amazon_provided_ipv6_cidr_block) {
            (Some(text), false) => {
                let block = ipv4_block(text, "cidrBlock")?;
                self.check_added_block(vpc, block, text)?;
                permit(request.dry_run)?;
                let association: VpcCidrAssociationId = self.ids.next();
                self.vpcs[&id].ipv4_blocks.push((association, block));
                self.fail_requests_that_overlap(id, block, caller);
                self.touch_with_peers(id);
                Ok(Object::new()
                    .value("CidrBlockAssociation", ipv4_association(association, block, "associating"))
                    .text("VpcId", id)
                    .into())
            }
            (None, true) => {
                let quota = self.config.quotas.get(Quota::Ipv6BlocksPerVpc) as usize;
                check_count(vpc, vpc.ipv6_blocks.len(), quota)?;
                permit(request.dry_run)?;
                let (association, block) = self.add_amazon_ipv6_block(id);
                self.touch_with_peers(id);
                Ok(Object::new()
                    .value("Ipv6CidrBlockAssociation", ipv6_association(association, block, "associating"))
                    .text("VpcId", id)
                    .into())
            }
            (Some(_), true) => Err(ApiError::new(
                "InvalidParameterCombination",
                "Only one of cidrBlock and amazonProvidedIpv6CidrBlock can be specified.",
            )),
            (None, false) => Err(ApiError::missing("cidrBlock")),
        }
    }

    pub(crate) fn disassociate_vpc_cidr_block(&mut self, caller: &Caller, request: DisassociateVpcCidrBlock) -> Answer {
        let association: VpcCidrAssociationId = parse_id(&request.association_id)?;
        let vpc = self
            .vpcs
            .values()
            .filter(|vpc| (vpc.owner, vpc.region) == (caller.account, caller.region))
            .find(|vpc| {
                vpc.ipv4_blocks.iter().any(|(id, _)| *id == association)
                    || vpc.ipv6_blocks.iter().any(|(id, _)| *id == association)
            })
            .ok_or_else(|| ApiError::not_found(ResourceKind::VpcCidrAssociation, association))?;
        let id = vpc.id;
        if vpc.ipv4_blocks[0].0 == association {
            return Err(ApiError::new(
                "OperationNotPermitted",
                format!(
                    "The vpc CIDR block with association ID {association} may not be disassociated. \
                     It is the primary IPv4 CIDR block of the VPC"
                ),
            ));
        }
        let subnets = || self.index.vpc(id).subnets.iter().map(|subnet| &self.subnets[subnet]);
        let in_use = ApiError::new(
            "InvalidCidrBlock.InUse",
            format!("The vpc '{id}' currently has a subnet within the CIDR block with association ID {association}."),
        );
        if let Some(at) = vpc.ipv4_blocks.iter().position(|(it, _)| *it == association) {
            let block = vpc.ipv4_blocks[at].1;
            if subnets().any(|subnet| subnet.ipv4_block.is_some_and(|own| block.contains(&own))) {
                return Err(in_use);
            }
            permit(request.dry_run)?;
            self.vpcs[&id].ipv4_blocks.remove(at);
            self.touch_with_peers(id);
            let shown = ipv4_association(association, block, "disassociating");
            return Ok(Object::new().value("CidrBlockAssociation", shown).text("VpcId", id).into());
        }
        let at =
            vpc.ipv6_blocks.iter().position(|(it, _)| *it == association).expect("the VPC was found by this block");
        let block = vpc.ipv6_blocks[at].1;
        if subnets().any(|subnet| subnet.ipv6_block.is_some_and(|(_, own)| block.contains(&own))) {
            return Err(in_use);
        }
        permit(request.dry_run)?;
        self.vpcs[&id].ipv6_blocks.remove(at);
        self.touch_with_peers(id);
        let shown = ipv6_association(association, block, "disassociating");
        Ok(Object::new().value("Ipv6CidrBlockAssociation", shown).text("VpcId", id).into())
    }

    fn check_added_block(&self, vpc: &Vpc, block: Ipv4Net, text: &str) -> Result<(), ApiError> {
        let invalid = || ApiError::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid."));
        if !IPV4_BLOCK_LENGTHS.contains(&block.prefix_len()) || is_never_a_vpc_block(block) {
            return Err(invalid());
        }
        check_count(vpc, vpc.ipv4_blocks.len(), self.config.quotas.get(Quota::Ipv4BlocksPerVpc) as usize)?;
        let conflict = |with: String| {
            ApiError::invalid_value(format!("The CIDR '{text}' conflicts with {with}")) // AWS publishes no sentence.
        };
        let own: Vec<Ipv4Net> = vpc.ipv4_blocks.iter().map(|(_, own)| *own).collect();
        if let Some(other) = own.iter().find(|own| overlap(**own, block)) {
            return Err(conflict(format!("the CIDR {other} of the VPC")));
        }
        if !may_be_added(&own, block) {
            return Err(ApiError::new("InvalidVpc.Range", format!("The CIDR '{text}' is restricted.")));
        }
        // ADDR-4: a route that the block would swallow is in the way; a wider or a narrower-than-block route's parent is not.
        for table in &self.index.vpc(vpc.id).route_tables {
            for route in &self.route_tables[table].routes {
                if let IpNet::V4(destination) = route.destination
                    && block.contains(&destination)
                {
                    return Err(conflict(format!("the route {destination} of route table {table}")));
                }
            }
        }
        // ADDR-9: not while a request of one's own is unanswered, and not over an active peer's blocks.
        for peering in &self.index.vpc(vpc.id).peerings {
            let peering = &self.peerings[peering];
            match peering.status {
                PeeringStatus::PendingAcceptance | PeeringStatus::InitiatingRequest { .. }
                    if peering.requester.vpc == vpc.id =>
                {
                    return Err(conflict(format!("the pending VPC peering connection {}", peering.id)));
                }
                PeeringStatus::Active | PeeringStatus::Provisioning { .. } => {
                    let other = peering.other_side(vpc.id);
                    if other.ipv4_blocks.iter().any(|theirs| overlap(*theirs, block)) {
                        return Err(conflict(format!("a CIDR of the peer VPC {}", other.vpc)));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives a VPC a /56 of Amazon's (ADDR-10).
    pub(crate) fn add_amazon_ipv6_block(&mut self, vpc: VpcId) -> (VpcCidrAssociationId, Ipv6Net) {
        let region = self.vpcs[&vpc].region;
        let block = loop {
            let number = self.public_pools.ipv6_number(region);
            let address = Ipv6Addr::from(0x2600_1f00_u128 << 96 | u128::from(number) << 72);
            let block = Ipv6Net::new(address, 56).expect("56 is a length of IPv6 prefixes").trunc();
            if !self.vpcs.values().any(|vpc| vpc.ipv6_blocks.iter().any(|(_, other)| *other == block)) {
                break block;
            }
        };
        let association = self.ids.next();
        self.vpcs[&vpc].ipv6_blocks.push((association, block));
        self.open_default_network_acl_to_ipv6(vpc);
        (association, block)
    }
}

fn check_count(vpc: &Vpc, existing: usize, limit: usize) -> Result<(), ApiError> {
    if existing < limit {
        return Ok(());
    }
    Err(ApiError::new(
        "CidrLimitExceeded",
        format!("This network '{}' has met its maximum number of allowed CIDRs: {limit}", vpc.id),
    ))
}

fn ipv4_association(id: VpcCidrAssociationId, block: Ipv4Net, state: &str) -> Object {
    Object::new()
        .text("AssociationId", id)
        .text("CidrBlock", block)
        .value("CidrBlockState", Object::new().text("State", state))
}

fn ipv6_association(id: VpcCidrAssociationId, block: Ipv6Net, state: &str) -> Object {
    Object::new()
        .text("AssociationId", id)
        .text("Ipv6CidrBlock", block)
        .value("Ipv6CidrBlockState", Object::new().text("State", state))
}
