//! Internet gateways (IGW-1, IGW-11, IGW-15).

use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::Resource;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, Quota, Tags, Vpc};
use crate::id::*;

/// An Internet gateway.
#[derive(Clone, Debug)]
pub(crate) struct InternetGateway {
    pub(crate) id: InternetGatewayId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    /// One VPC at a time (IGW-1).
    pub(crate) attached: Option<VpcId>,
    /// The table that routes what comes in through it, and the association (EDGE-1).
    pub(crate) route_table: Option<(RouteTableAssociationId, RouteTableId)>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a gateway that is attached to nothing yet.
    CreateInternetGateway { tag_specifications: Vec<TagSpecification>, }
    /// Deletes a detached gateway.
    DeleteInternetGateway { internet_gateway_id: String, }
    /// Attaches a gateway to a VPC.
    AttachInternetGateway { internet_gateway_id: String, vpc_id: String, }
    /// Detaches a gateway from its VPC.
    DetachInternetGateway { internet_gateway_id: String, vpc_id: String, }
    /// Lists gateways.
    DescribeInternetGateways {
        filters: Vec<Filter>,
        internet_gateway_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

impl Resource for InternetGateway {
    type Id = InternetGatewayId;

    fn table(cloud: &Cloud) -> &Records<InternetGatewayId, InternetGateway> {
        &cloud.internet_gateways
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for InternetGateway {
    const FILTERS: FilterTable<InternetGateway> = &[
        ("attachment.state", |gateway, _| many(gateway.attached.map(|_| "available"))),
        ("attachment.vpc-id", |gateway, _| many(gateway.attached)),
        ("internet-gateway-id", |gateway, _| one(gateway.id)),
        ("owner-id", |gateway, _| one(gateway.owner)),
    ];

    fn describe(&self, _: &Cloud, _: &Caller) -> Value {
        let attachments = self.attached.map(|vpc| Object::new().text("State", "available").text("VpcId", vpc));
        Object::new()
            .list("Attachments", attachments)
            .text("InternetGatewayId", self.id)
            .text("OwnerId", self.owner)
            .list("Tags", self.tags.describe())
            .into()
    }
}

impl Cloud {
    pub(crate) fn create_internet_gateway(&mut self, caller: &Caller, request: CreateInternetGateway) -> Answer {
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::InternetGateway, &[])?;
        let existing = self.index.owned(caller.account, caller.region, ResourceKind::InternetGateway);
        self.config.quotas.admit(Quota::InternetGatewaysPerRegion, existing)?;
        permit(request.dry_run)?;
        let id = self.ids.next();
        let gateway = InternetGateway {
            id,
            owner: caller.account,
            region: caller.region,
            attached: None,
            route_table: None,
            tags,
            origin: caller.origin,
        };
        self.index.gained(caller.account, caller.region, ResourceKind::InternetGateway);
        self.internet_gateways.insert(id, gateway);
        just("InternetGateway", self.internet_gateways[&id].describe(self, caller))
    }

    pub(crate) fn delete_internet_gateway(&mut self, caller: &Caller, request: DeleteInternetGateway) -> Answer {
        let gateway = self.find::<InternetGateway>(caller, &request.internet_gateway_id)?;
        let id = gateway.id;
        if gateway.attached.is_some() {
            return Err(ApiError::dependency("internetGateway", id)); // IGW-15
        }
        permit(request.dry_run)?;
        self.internet_gateways.remove(&id);
        self.index.lost(caller.account, caller.region, ResourceKind::InternetGateway);
        nothing()
    }

    pub(crate) fn attach_internet_gateway(&mut self, caller: &Caller, request: AttachInternetGateway) -> Answer {
        let gateway = self.find::<InternetGateway>(caller, &request.internet_gateway_id)?;
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let id = gateway.id;
        // IGW-1: one VPC per gateway, one gateway per VPC.
        if let Some(other) = gateway.attached {
            return Err(ApiError::new(
                "Resource.AlreadyAssociated",
                format!("resource {id} is already attached to network {other}"),
            ));
        }
        if self.index.vpc(vpc).internet_gateway.is_some() {
            return Err(ApiError::new(
                "Resource.AlreadyAssociated",
                format!("Network {vpc} already has an internet gateway attached"),
            ));
        }
        permit(request.dry_run)?;
        self.internet_gateways[&id].attached = Some(vpc);
        self.index.vpc_mut(vpc).internet_gateway = Some(id);
        self.touch(id);
        nothing()
    }

    pub(crate) fn detach_internet_gateway(&mut self, caller: &Caller, request: DetachInternetGateway) -> Answer {
        let gateway = self.find::<InternetGateway>(caller, &request.internet_gateway_id)?;
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let id = gateway.id;
        if gateway.attached != Some(vpc) {
            return Err(ApiError::new(
                "Gateway.NotAttached",
                format!("resource {id} is not attached to network {vpc}"),
            ));
        }
        if self.index.vpc(vpc).public_addresses > 0 {
            return Err(ApiError::new(
                "DependencyViolation",
                format!(
                    "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                     detaching the gateway."
                ),
            )); // IGW-11
        }
        permit(request.dry_run)?;
        let gateway = &mut self.internet_gateways[&id];
        gateway.attached = None;
        gateway.route_table = None; // SIM: an association does not outlive the attachment.
        self.index.vpc_mut(vpc).internet_gateway = None;
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_internet_gateways(&mut self, caller: &Caller, request: DescribeInternetGateways) -> Answer {
        permit(request.dry_run)?;
        let found = self.described::<InternetGateway>(caller, &request.internet_gateway_ids, &request.filters)?;
        just("InternetGateways", found)
    }
}
