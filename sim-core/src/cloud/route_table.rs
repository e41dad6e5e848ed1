//! Route tables and their associations (RT-1, RT-2, RT-3, RT-30). The routes in them are in `route.rs`.

use serde_json::Value;

use super::answer::{Answer, Object, just, nothing};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::error::permit;
use super::lookup::{Resource, parse_id};
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{ApiError, Caller, Cloud, PrefixListRoute, Quota, Route, RouteTarget, Subnet, Tags, Vpc};
use crate::id::*;

/// A route table. Its `local` routes (RT-4) are not stored: they follow from the VPC's blocks. A stored route whose
/// destination is one of those blocks is a retargeted local route (RT-13).
#[derive(Clone, Debug)]
pub(crate) struct RouteTable {
    pub(crate) id: RouteTableId,
    pub(crate) vpc: VpcId,
    /// The association that makes it the VPC's main table (RT-1), if it is.
    pub(crate) main: Option<RouteTableAssociationId>,
    /// In the order they were made.
    pub(crate) routes: Vec<Route>,
    /// Routes to all that a prefix list holds, in the order they were made.
    pub(crate) prefix_list_routes: Vec<PrefixListRoute>,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes a table with only local routes.
    CreateRouteTable { vpc_id: String, tag_specifications: Vec<TagSpecification>, client_token: Option<String>, }
    /// Deletes a table without associations.
    DeleteRouteTable { route_table_id: String, }
    /// Lists tables with their routes and associations.
    DescribeRouteTables {
        filters: Vec<Filter>,
        route_table_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Gives a subnet an explicit table, or an Internet gateway a gateway route table.
    AssociateRouteTable { route_table_id: String, subnet_id: Option<String>, gateway_id: Option<String>, }
    /// Makes a subnet use the main table again (RT-3).
    DisassociateRouteTable { association_id: String, }
    /// Moves a subnet to another table, or makes another table the main one (RT-3).
    ReplaceRouteTableAssociation { association_id: String, route_table_id: String, }
}

impl Resource for RouteTable {
    type Id = RouteTableId;

    fn table(cloud: &Cloud) -> &Records<RouteTableId, RouteTable> {
        &cloud.route_tables
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        cloud.vpcs[&self.vpc].home(cloud)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

/// What an association hangs on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Associated {
    Subnet(SubnetId),
    /// The table is a gateway route table (EDGE-1).
    InternetGateway(InternetGatewayId),
    /// It makes a table the main one.
    Main(RouteTableId),
}

impl RouteTable {
    /// The explicit associations, main first.
    fn associations(&self, cloud: &Cloud) -> Vec<(RouteTableAssociationId, Associated)> {
        let main = self.main.map(|id| (id, Associated::Main(self.id)));
        let subnets = self.subnets(cloud).map(|(id, subnet)| (id, Associated::Subnet(subnet)));
        let gateway = self.gateway(cloud).map(|(id, gateway)| (id, Associated::InternetGateway(gateway)));
        main.into_iter().chain(subnets).chain(gateway).collect()
    }

    /// The Internet gateway whose incoming traffic it routes (EDGE-1).
    pub(crate) fn gateway(&self, cloud: &Cloud) -> Option<(RouteTableAssociationId, InternetGatewayId)> {
        let gateway = cloud.internet_gateways.get(&cloud.index.vpc(self.vpc).internet_gateway?)?;
        gateway.route_table.filter(|(_, table)| *table == self.id).map(|(association, _)| (association, gateway.id))
    }

    /// The subnets explicitly associated.
    fn subnets<'a>(&'a self, cloud: &'a Cloud) -> impl Iterator<Item = (RouteTableAssociationId, SubnetId)> + 'a {
        cloud.index.vpc(self.vpc).subnets.iter().filter_map(|subnet| match cloud.subnets[subnet].route_table {
            Some((association, table)) if table == self.id => Some((association, *subnet)),
            _ => None,
        })
    }

    /// The values that a filter on routes sees.
    fn targets(&self, pick: fn(&RouteTarget) -> Option<String>) -> Vec<String> {
        let of_lists = self.prefix_list_routes.iter().map(|route| &route.target);
        self.routes.iter().map(|route| &route.target).chain(of_lists).filter_map(pick).collect()
    }
}

impl Described for RouteTable {
    const FILTERS: FilterTable<RouteTable> = &[
        ("association.gateway-id", |table, cloud| many(table.gateway(cloud).map(|(_, gateway)| gateway))),
        ("association.main", |table, cloud| {
            many(table.associations(cloud).iter().map(|(_, end)| matches!(end, Associated::Main(_))))
        }),
        ("association.route-table-association-id", |table, cloud| {
            many(table.associations(cloud).iter().map(|(id, _)| *id))
        }),
        (
            "association.route-table-id",
            |table, cloud| {
                if table.associations(cloud).is_empty() { Vec::new() } else { one(table.id) }
            },
        ),
        ("association.subnet-id", |table, cloud| many(table.subnets(cloud).map(|(_, subnet)| subnet))),
        ("owner-id", |table, cloud| one(cloud.vpcs[&table.vpc].owner)),
        ("route-table-id", |table, _| one(table.id)),
        ("route.destination-cidr-block", |table, cloud| {
            let blocks = &cloud.vpcs[&table.vpc].ipv4_blocks;
            let own = table.routes.iter().map(|route| route.destination.to_string());
            own.chain(blocks.iter().map(|(_, block)| block.to_string())).collect()
        }),
        ("route.destination-prefix-list-id", |table, _| many(table.prefix_list_routes.iter().map(|route| route.list))),
        ("route.gateway-id", |table, _| {
            let mut ids = table.targets(|target| match target {
                RouteTarget::InternetGateway(id) => Some(id.to_string()),
                RouteTarget::VpcEndpoint(id) => Some(id.to_string()),
                _ => None,
            });
            ids.push("local".to_owned());
            ids
        }),
        ("route.vpc-peering-connection-id", |table, _| {
            table.targets(|target| match target {
                RouteTarget::Peering(id) => Some(id.to_string()),
                _ => None,
            })
        }),
        ("route.nat-gateway-id", |table, _| {
            table.targets(|target| match target {
                RouteTarget::NatGateway(id) => Some(id.to_string()),
                _ => None,
            })
        }),
        ("route.egress-only-internet-gateway-id", |table, _| {
            table.targets(|target| match target {
                RouteTarget::EgressOnlyInternetGateway(id) => Some(id.to_string()),
                _ => None,
            })
        }),
        ("route.network-interface-id", |table, _| {
            table.targets(|target| match target {
                RouteTarget::NetworkInterface(id) => Some(id.to_string()),
                _ => None,
            })
        }),
        ("route.state", |table, cloud| {
            let of_lists = table.prefix_list_routes.iter().map(|route| &route.target);
            let targets = table.routes.iter().map(|route| &route.target).chain(of_lists);
            let mut states = many(targets.map(|target| cloud.route_state(table.vpc, target)));
            states.push("active".to_owned()); // The local route.
            states
        }),
        ("vpc-id", |table, _| one(table.vpc)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        let associations = self.associations(cloud).into_iter().map(|(id, end)| {
            let (subnet, gateway) = match end {
                Associated::Subnet(subnet) => (Some(subnet), None),
                Associated::InternetGateway(gateway) => (None, Some(gateway)),
                Associated::Main(_) => (None, None),
            };
            Object::new()
                .value("Main", matches!(end, Associated::Main(_)))
                .text("RouteTableAssociationId", id)
                .text("RouteTableId", self.id)
                .optional_text("SubnetId", subnet)
                .optional_text("GatewayId", gateway)
                .value("AssociationState", Object::new().text("State", "associated"))
        });
        Object::new()
            .list("Associations", associations)
            .list("PropagatingVgws", [] as [Value; 0])
            .text("RouteTableId", self.id)
            .list("Routes", cloud.describe_routes(self))
            .list("Tags", self.tags.describe())
            .text("VpcId", self.vpc)
            .text("OwnerId", cloud.vpcs[&self.vpc].owner)
            .into()
    }
}

impl Cloud {
    /// The main table that comes with a VPC (RT-1).
    pub(crate) fn add_main_route_table(&mut self, vpc: VpcId) -> RouteTableId {
        let main = self.ids.next();
        self.add_route_table(vpc, Some(main), Tags::default(), Origin::Aws)
    }

    fn add_route_table(
        &mut self,
        vpc: VpcId,
        main: Option<RouteTableAssociationId>,
        tags: Tags,
        origin: Origin,
    ) -> RouteTableId {
        let id = self.ids.next();
        self.route_tables
            .insert(id, RouteTable { id, vpc, main, routes: Vec::new(), prefix_list_routes: Vec::new(), tags, origin });
        self.index.vpc_mut(vpc).route_tables.insert(id);
        self.touch(id);
        id
    }

    pub(crate) fn create_route_table(&mut self, caller: &Caller, request: CreateRouteTable) -> Answer {
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::RouteTable, &[])?;
        self.config.quotas.admit(Quota::RouteTablesPerVpc, self.index.vpc(vpc).route_tables.len())?;
        permit(request.dry_run)?;
        let id = self.add_route_table(vpc, None, tags, caller.origin);
        let table = self.route_tables[&id].describe(self, caller);
        Ok(Object::new().value("RouteTable", table).optional_text("ClientToken", request.client_token).into())
    }

    pub(crate) fn delete_route_table(&mut self, caller: &Caller, request: DeleteRouteTable) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let (id, vpc) = (table.id, table.vpc);
        if !table.associations(self).is_empty() {
            return Err(ApiError::dependency("routeTable", id)); // RT-1, RT-30
        }
        permit(request.dry_run)?;
        self.leave_endpoints(id);
        self.route_tables.remove(&id);
        self.index.vpc_mut(vpc).route_tables.shift_remove(&id);
        self.touch(id);
        nothing()
    }

    pub(crate) fn describe_route_tables(&mut self, caller: &Caller, request: DescribeRouteTables) -> Answer {
        permit(request.dry_run)?;
        just("RouteTables", self.described::<RouteTable>(caller, &request.route_table_ids, &request.filters)?)
    }

    pub(crate) fn associate_route_table(&mut self, caller: &Caller, request: AssociateRouteTable) -> Answer {
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let subnet = match (&request.subnet_id, &request.gateway_id) {
            (None, Some(gateway)) => {
                let (table, gateway) = (table.id, gateway.clone());
                return self.associate_gateway(caller, table, &gateway, request.dry_run);
            }
            (Some(_), Some(_)) => {
                return Err(ApiError::new(
                    "InvalidParameterCombination",
                    "The request must contain either subnetId or gatewayId, not both",
                ));
            }
            (Some(subnet), None) => subnet,
            (None, None) => return Err(ApiError::missing("subnetId")),
        };
        let subnet = self.find::<Subnet>(caller, subnet)?;
        check_same_vpc(table, subnet)?;
        if let Some((_, other)) = subnet.route_table
            && other != table.id
        {
            return Err(already_associated(table.id));
        }
        let (table, subnet, existing) = (table.id, subnet.id, subnet.route_table);
        permit(request.dry_run)?;
        // Asking again for what there is answers with the association there is.
        let association = match existing {
            Some((association, _)) => association,
            None => self.ids.next(),
        };
        self.subnets[&subnet].route_table = Some((association, table));
        self.touch(subnet);
        let state = Object::new().text("State", "associated");
        Ok(Object::new().text("AssociationId", association).value("AssociationState", state).into())
    }

    pub(crate) fn disassociate_route_table(&mut self, caller: &Caller, request: DisassociateRouteTable) -> Answer {
        let association = parse_id(&request.association_id)?;
        match self.associated(caller, association)? {
            Associated::Main(_) => Err(ApiError::invalid_value(format!(
                "cannot disassociate the main route table association {association}"
            ))),
            Associated::Subnet(subnet) => {
                permit(request.dry_run)?;
                self.subnets[&subnet].route_table = None;
                self.touch(subnet);
                nothing()
            }
            Associated::InternetGateway(gateway) => {
                permit(request.dry_run)?;
                self.internet_gateways[&gateway].route_table = None;
                self.touch(gateway);
                nothing()
            }
        }
    }

    pub(crate) fn replace_route_table_association(
        &mut self,
        caller: &Caller,
        request: ReplaceRouteTableAssociation,
    ) -> Answer {
        let association = parse_id(&request.association_id)?;
        let associated = self.associated(caller, association)?;
        let table = self.find::<RouteTable>(caller, &request.route_table_id)?;
        let (id, vpc) = (table.id, table.vpc);
        let fresh: RouteTableAssociationId = match associated {
            Associated::Subnet(subnet) => {
                check_same_vpc(table, &self.subnets[&subnet])?;
                permit(request.dry_run)?;
                let fresh = self.ids.next();
                self.subnets[&subnet].route_table = Some((fresh, id));
                self.touch(subnet);
                fresh
            }
            Associated::InternetGateway(gateway) => {
                self.check_gateway_table(&self.route_tables[&id], gateway)?;
                permit(request.dry_run)?;
                let fresh = self.ids.next();
                self.internet_gateways[&gateway].route_table = Some((fresh, id));
                self.touch(gateway);
                fresh
            }
            Associated::Main(old) => {
                if self.route_tables[&old].vpc != vpc {
                    return Err(different_networks(id, self.route_tables[&old].vpc));
                }
                if table.gateway(self).is_some() {
                    return Err(ApiError::invalid_value(format!(
                        "Route table {id} is associated with a gateway and cannot be the main route table"
                    ))); // EDGE-4
                }
                permit(request.dry_run)?;
                let fresh = self.ids.next();
                self.route_tables[&old].main = None;
                self.route_tables[&id].main = Some(fresh);
                self.vpcs[&vpc].main_route_table = id;
                self.touch(vpc);
                fresh
            }
        };
        let state = Object::new().text("State", "associated");
        Ok(Object::new().text("NewAssociationId", fresh).value("AssociationState", state).into())
    }

    fn associated(&self, caller: &Caller, association: RouteTableAssociationId) -> Result<Associated, ApiError> {
        let subnet = self
            .subnets
            .values()
            .filter(|subnet| subnet.visible(self, caller))
            .find_map(|subnet| (subnet.route_table?.0 == association).then_some(Associated::Subnet(subnet.id)));
        let main = || {
            let mut tables = self.route_tables.values().filter(|table| table.visible(self, caller));
            tables.find(|table| table.main == Some(association)).map(|table| Associated::Main(table.id))
        };
        let gateway = || {
            let mut gateways = self.internet_gateways.values().filter(|gateway| gateway.visible(self, caller));
            let found = gateways.find(|gateway| gateway.route_table.is_some_and(|(id, _)| id == association));
            found.map(|gateway| Associated::InternetGateway(gateway.id))
        };
        subnet
            .or_else(main)
            .or_else(gateway)
            .ok_or_else(|| ApiError::not_found(ResourceKind::RouteTableAssociation, association))
    }
}

/// A gateway or subnet has one table.
pub(super) fn already_associated(table: RouteTableId) -> ApiError {
    ApiError::new(
        "Resource.AlreadyAssociated",
        format!("The specified association for route table {table} conflicts with an existing association"),
    )
}

fn check_same_vpc(table: &RouteTable, subnet: &Subnet) -> Result<(), ApiError> {
    if table.vpc == subnet.vpc {
        return Ok(());
    }
    Err(ApiError::invalid_value(format!(
        "Route table {} and subnet {} belong to different networks",
        table.id, subnet.id
    )))
}

fn different_networks(table: RouteTableId, vpc: VpcId) -> ApiError {
    ApiError::invalid_value(format!("Route table {table} does not belong to network {vpc}"))
}
