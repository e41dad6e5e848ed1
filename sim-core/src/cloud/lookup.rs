//! Finding a resource by the id a request gives, as EC2 does: first the id's shape, then whether the caller sees it.
//!
//! A caller sees what its account owns in the Region it calls. What belongs to others is simply not found.

use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use super::records::Records;
use super::{ApiError, Caller, Cloud, Tags};
use crate::id::{AccountId, Region, ResourceKind, TypedId};

/// What the nouns of this room have in common.
pub(crate) trait Resource: Sized + 'static {
    type Id: TypedId + FromStr + Eq + Hash + Display;

    /// The cloud's table of these.
    fn table(cloud: &Cloud) -> &Records<Self::Id, Self>;

    /// Whose it is, and where.
    fn home(&self, cloud: &Cloud) -> (AccountId, Region);

    /// The tags as this caller sees them.
    fn tags<'a>(&'a self, cloud: &'a Cloud, caller: &Caller) -> &'a Tags;

    /// Whether this caller sees it.
    fn visible(&self, cloud: &Cloud, caller: &Caller) -> bool {
        self.home(cloud) == (caller.account, caller.region)
    }
}

impl Cloud {
    /// The resource a request names.
    pub(crate) fn find<R: Resource>(&self, caller: &Caller, text: &str) -> Result<&R, ApiError> {
        let id: R::Id = parse_id(text)?;
        self.seen(caller, id)
    }

    /// The resource with this id, if the caller sees it.
    pub(crate) fn seen<R: Resource>(&self, caller: &Caller, id: R::Id) -> Result<&R, ApiError> {
        R::table(self)
            .get(&id)
            .filter(|resource| resource.visible(self, caller))
            .ok_or_else(|| ApiError::not_found(R::Id::KIND, id))
    }
}

/// The id a text gives. An absent (empty) id is a missing parameter; a well-shaped one that vpcsim cannot have given out
/// (an old one of eight digits) names nothing.
pub(crate) fn parse_id<I: TypedId + FromStr>(text: &str) -> Result<I, ApiError> {
    text.parse().map_err(|_| match text {
        "" => ApiError::missing(wire_name(I::KIND)),
        _ if is_well_shaped(I::KIND, text) => ApiError::not_found(I::KIND, text),
        _ => ApiError::malformed(I::KIND, text),
    })
}

fn is_well_shaped(kind: ResourceKind, text: &str) -> bool {
    text.strip_prefix(kind.prefix()).and_then(|rest| rest.strip_prefix('-')).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The usual name of the request parameter that carries an id of this kind.
fn wire_name(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Vpc => "vpcId",
        ResourceKind::Subnet => "subnetId",
        ResourceKind::RouteTable => "routeTableId",
        ResourceKind::InternetGateway => "internetGatewayId",
        ResourceKind::NatGateway => "natGatewayId",
        ResourceKind::EgressOnlyInternetGateway => "egressOnlyInternetGatewayId",
        ResourceKind::VpcPeeringConnection => "vpcPeeringConnectionId",
        ResourceKind::SecurityGroup => "groupId",
        ResourceKind::NetworkAcl => "networkAclId",
        ResourceKind::NetworkInterface => "networkInterfaceId",
        ResourceKind::Instance => "instanceId",
        ResourceKind::Image => "imageId",
        ResourceKind::Allocation => "allocationId",
        ResourceKind::RouteTableAssociation
        | ResourceKind::NetworkAclAssociation
        | ResourceKind::Association
        | ResourceKind::VpcCidrAssociation => "associationId",
        _ => "id",
    }
}
