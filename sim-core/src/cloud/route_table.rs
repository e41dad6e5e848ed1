//! Route tables and routes (RT).

use ipnet::IpNet;

use super::Tags;
use crate::id::*;

/// A route table. Its `local` routes (RT-4) are not stored: they follow from the VPC's blocks.
#[derive(Clone, Debug)]
pub struct RouteTable {
    pub(crate) id: RouteTableId,
    pub(crate) vpc: VpcId,
    /// The association that makes it the VPC's main table (RT-1), if it is.
    pub(crate) main: Option<RouteTableAssociationId>,
    /// In the order they were made.
    pub(crate) routes: Vec<Route>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

/// A route that somebody made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub(crate) destination: IpNet,
    pub(crate) target: RouteTarget,
    pub(crate) origin: Origin,
}

/// Where a route points. Whether the target is usable (RT-15) is a question to the cloud, not a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouteTarget {
    InternetGateway(InternetGatewayId),
    Peering(VpcPeeringConnectionId),
    /// An instance is stored as its interface (RT-19).
    NetworkInterface(NetworkInterfaceId),
}
