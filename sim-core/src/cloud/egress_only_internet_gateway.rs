//! Egress-only Internet gateways (EIGW-1).

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Described, Filter, FilterTable};
use super::error::permit;
use super::lookup::Resource;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{Caller, Cloud, Quota, Tags, Vpc};
use crate::id::*;

/// An egress-only Internet gateway. It is attached to one VPC from its creation to its deletion.
#[derive(Clone, Debug)]
pub(crate) struct EgressOnlyInternetGateway {
    pub(crate) id: EgressOnlyInternetGatewayId,
    pub(crate) owner: AccountId,
    pub(crate) region: Region,
    pub(crate) vpc: VpcId,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a gateway for a VPC.
    CreateEgressOnlyInternetGateway {
        vpc_id: String,
        tag_specifications: Vec<TagSpecification>,
        client_token: Option<String>,
    }
    /// Deletes a gateway; its routes stay and are blackholes (RT-15).
    DeleteEgressOnlyInternetGateway { egress_only_internet_gateway_id: String, }
    /// Lists gateways.
    DescribeEgressOnlyInternetGateways {
        filters: Vec<Filter>,
        egress_only_internet_gateway_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

impl Resource for EgressOnlyInternetGateway {
    type Id = EgressOnlyInternetGatewayId;

    fn table(cloud: &Cloud) -> &Records<EgressOnlyInternetGatewayId, EgressOnlyInternetGateway> {
        &cloud.egress_only_internet_gateways
    }

    fn home(&self, _: &Cloud) -> (AccountId, Region) {
        (self.owner, self.region)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl Described for EgressOnlyInternetGateway {
    /// EC2 has tag filters only.
    const FILTERS: FilterTable<EgressOnlyInternetGateway> = &[];

    fn describe(&self, _: &Cloud, _: &Caller) -> Value {
        let attachment = Object::new().text("State", "attached").text("VpcId", self.vpc);
        Object::new()
            .list("Attachments", [attachment])
            .text("EgressOnlyInternetGatewayId", self.id)
            .optional_list("Tags", self.tags.describe())
            .into()
    }
}

impl Cloud {
    pub(crate) fn create_egress_only_internet_gateway(
        &mut self,
        caller: &Caller,
        request: CreateEgressOnlyInternetGateway,
    ) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let kind = ResourceKind::EgressOnlyInternetGateway;
        let tags = Tags::requested(&request.tag_specifications, kind, &[])?;
        // EIGW-1: one of a VPC, five in a Region.
        let of_vpc = self.index.vpc(vpc).egress_only_gateway.iter().count();
        self.config.quotas.admit(Quota::EgressOnlyGatewaysPerVpc, of_vpc)?;
        let existing = self.index.owned(caller.account, caller.region, kind);
        self.config.quotas.admit(Quota::EgressOnlyGatewaysPerRegion, existing)?;
        permit(request.dry_run)?;
        let id: EgressOnlyInternetGatewayId = self.ids.next();
        let gateway = EgressOnlyInternetGateway {
            id,
            owner: caller.account,
            region: caller.region,
            vpc,
            tags,
            origin: caller.origin,
        };
        self.egress_only_internet_gateways.insert(id, gateway);
        self.index.vpc_mut(vpc).egress_only_gateway = Some(id);
        self.index.gained(caller.account, caller.region, kind);
        self.touch(id);
        let gateway = self.egress_only_internet_gateways[&id].describe(self, caller);
        Ok(Object::new()
            .optional_text("ClientToken", request.client_token)
            .value("EgressOnlyInternetGateway", gateway)
            .into())
    }

    pub(crate) fn delete_egress_only_internet_gateway(
        &mut self,
        caller: &Caller,
        request: DeleteEgressOnlyInternetGateway,
    ) -> Answer {
        let text = &request.egress_only_internet_gateway_id;
        let gateway = self.find::<EgressOnlyInternetGateway>(caller, text)?;
        let (id, vpc) = (gateway.id, gateway.vpc);
        permit(request.dry_run)?;
        self.egress_only_internet_gateways.remove(&id);
        self.index.vpc_mut(vpc).egress_only_gateway = None;
        self.index.lost(caller.account, caller.region, ResourceKind::EgressOnlyInternetGateway);
        self.touch(id);
        just("ReturnCode", true)
    }

    pub(crate) fn describe_egress_only_internet_gateways(
        &mut self,
        caller: &Caller,
        request: DescribeEgressOnlyInternetGateways,
    ) -> Answer {
        permit(request.dry_run)?;
        let ids = &request.egress_only_internet_gateway_ids;
        let found = self.described::<EgressOnlyInternetGateway>(caller, ids, &request.filters)?;
        just("EgressOnlyInternetGateways", found)
    }
}
