//! Gateway endpoints: the way from a VPC to S3 or DynamoDB without leaving AWS (GWE). It is made of routes: each associated
//! table has one from each of the service's prefix lists that the endpoint carries (GWE-2, GWE-3, GWE-13).
//!
//! Differs from AWS: endpoints of the other kinds are not simulated. A deleted endpoint is gone at once.

use serde_json::Value;

use super::answer::{Answer, Object, just};
use super::describe::{Described, Filter, FilterTable, many, one};
use super::endpoint_address_type::DnsRecordIpType;
use super::error::permit;
use super::lookup::Resource;
use super::records::Records;
use super::request::requests;
use super::tag::TagSpecification;
use super::{
    ApiError, AwsPrefixList, Caller, Cloud, EndpointAddressType, PrefixListRoute, PublicService, Quota, RouteTable,
    RouteTarget, Tags, Vpc,
};
use crate::engine::SimTime;
use crate::id::*;

/// The policy of an endpoint that was given none: everything is allowed (GWE-10).
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// A gateway endpoint.
#[derive(Clone, Debug)]
pub(crate) struct VpcEndpoint {
    pub(crate) id: VpcEndpointId,
    pub(crate) vpc: VpcId,
    pub(crate) service: PublicService,
    pub(crate) address_type: EndpointAddressType,
    pub(crate) dns_records: DnsRecordIpType,
    /// As it was written, JSON.
    pub(crate) policy: String,
    /// Associated tables, in the order of association.
    pub(crate) route_tables: Vec<RouteTableId>,
    pub(crate) created: SimTime,
    pub(crate) tags: Tags,
    pub(crate) origin: Origin,
}

requests! {
    /// Makes an endpoint and its routes.
    CreateVpcEndpoint {
        vpc_endpoint_type: Option<String>,
        vpc_id: String,
        service_name: String,
        policy_document: Option<String>,
        route_table_ids: Vec<String>,
        subnet_ids: Vec<String>,
        security_group_ids: Vec<String>,
        ip_address_type: Option<String>,
        dns_options: Option<Value>,
        client_token: Option<String>,
        private_dns_enabled: Option<bool>,
        tag_specifications: Vec<TagSpecification>,
        subnet_configurations: Vec<Value>,
        service_network_arn: Option<String>,
        resource_configuration_arn: Option<String>,
        service_region: Option<String>,
    }
    /// Changes an endpoint's policy or its tables.
    ModifyVpcEndpoint {
        vpc_endpoint_id: String,
        reset_policy: bool,
        policy_document: Option<String>,
        add_route_table_ids: Vec<String>,
        remove_route_table_ids: Vec<String>,
        add_subnet_ids: Vec<String>,
        remove_subnet_ids: Vec<String>,
        add_security_group_ids: Vec<String>,
        remove_security_group_ids: Vec<String>,
        ip_address_type: Option<String>,
        dns_options: Option<Value>,
        private_dns_enabled: Option<bool>,
        subnet_configurations: Vec<Value>,
    }
    /// Deletes endpoints with their routes.
    DeleteVpcEndpoints { vpc_endpoint_ids: Vec<String>, }
    /// Lists endpoints.
    DescribeVpcEndpoints {
        filters: Vec<Filter>,
        vpc_endpoint_ids: Vec<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
}

impl Resource for VpcEndpoint {
    type Id = VpcEndpointId;

    fn table(cloud: &Cloud) -> &Records<VpcEndpointId, VpcEndpoint> {
        &cloud.vpc_endpoints
    }

    fn home(&self, cloud: &Cloud) -> (AccountId, Region) {
        cloud.vpcs[&self.vpc].home(cloud)
    }

    fn tags<'a>(&'a self, _: &'a Cloud, _: &Caller) -> &'a Tags {
        &self.tags
    }
}

impl VpcEndpoint {
    fn service_name(&self, cloud: &Cloud) -> String {
        self.service.name_in(self.home(cloud).1)
    }
}

impl Described for VpcEndpoint {
    const FILTERS: FilterTable<VpcEndpoint> = &[
        ("ip-address-type", |endpoint, _| one(endpoint.address_type.name())),
        ("service-name", |endpoint, cloud| one(endpoint.service_name(cloud))),
        ("vpc-endpoint-id", |endpoint, _| one(endpoint.id)),
        ("vpc-endpoint-state", |_, _| one("available")),
        ("vpc-endpoint-type", |_, _| one("Gateway")),
        ("vpc-id", |endpoint, _| one(endpoint.vpc)),
        ("route-table-id", |endpoint, _| many(&endpoint.route_tables)),
    ];

    fn describe(&self, cloud: &Cloud, _: &Caller) -> Value {
        const NONE: [Value; 0] = [];
        Object::new()
            .text("VpcEndpointId", self.id)
            .text("VpcEndpointType", "Gateway")
            .text("VpcId", self.vpc)
            .text("ServiceName", self.service_name(cloud))
            .text("State", "available")
            .text("PolicyDocument", &self.policy)
            .list("RouteTableIds", self.route_tables.iter().map(ToString::to_string))
            .list("SubnetIds", NONE)
            .list("Groups", NONE)
            .text("IpAddressType", self.address_type.name())
            .value("DnsOptions", self.dns_records.describe())
            .value("PrivateDnsEnabled", false)
            .value("RequesterManaged", false)
            .list("NetworkInterfaceIds", NONE)
            .list("DnsEntries", NONE)
            .text("CreationTimestamp", cloud.timestamp(self.created))
            .list("Tags", self.tags.describe())
            .text("OwnerId", self.home(cloud).0)
            .into()
    }
}

impl Cloud {
    pub(crate) fn create_vpc_endpoint(&mut self, caller: &Caller, request: CreateVpcEndpoint) -> Answer {
        match request.vpc_endpoint_type.as_deref().unwrap_or("Gateway") {
            "Gateway" => {}
            kind @ ("Interface" | "GatewayLoadBalancer" | "Resource" | "ServiceNetwork") => {
                return Err(ApiError::not_simulated(&format!("A VPC endpoint of the type {kind}")));
            }
            other => {
                return Err(ApiError::new(
                    "InvalidVpcEndpointType",
                    format!("The VPC endpoint type '{other}' is not valid"),
                ));
            }
        }
        let vpc = self.find::<Vpc>(caller, &request.vpc_id)?.id;
        if request.service_name.is_empty() {
            return Err(ApiError::missing("ServiceName"));
        }
        // GWE-1: of the VPC's own Region only.
        let service = PublicService::of_name(caller.region, &request.service_name)
            .filter(|_| request.service_region.as_deref().is_none_or(|region| region == caller.region.name()))
            .ok_or_else(|| {
                ApiError::new(
                    "InvalidServiceName",
                    format!("The Vpc Endpoint Service '{}' does not exist", request.service_name),
                )
            })?;
        let interface_only = !request.subnet_ids.is_empty()
            || !request.security_group_ids.is_empty()
            || !request.subnet_configurations.is_empty()
            || request.private_dns_enabled == Some(true)
            || request.service_network_arn.is_some()
            || request.resource_configuration_arn.is_some();
        if interface_only {
            return Err(no_interface()); // GWE-2
        }
        let address_type = EndpointAddressType::read(service, request.ip_address_type.as_deref().unwrap_or("ipv4"))?;
        let dns_records = DnsRecordIpType::read(service, &self.vpcs[&vpc], request.dns_options.as_ref())?;
        let policy = read_policy(request.policy_document.as_deref())?;
        let mut tables = Vec::new();
        for text in &request.route_table_ids {
            let table = self.endpoint_table(caller, vpc, text)?;
            self.check_endpoint_routes(caller, table, address_type, address_type.lists(service))?;
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        let tags = Tags::requested(&request.tag_specifications, ResourceKind::VpcEndpoint, &[])?;
        let existing = self.index.owned(caller.account, caller.region, ResourceKind::VpcEndpoint);
        self.config.quotas.admit(Quota::GatewayEndpointsPerRegion, existing)?;
        self.config.quotas.admit(Quota::GatewayEndpointsPerVpc, self.index.vpc(vpc).endpoints.len())?;
        permit(request.dry_run)?;

        let id = self.ids.next();
        let endpoint = VpcEndpoint {
            id,
            vpc,
            service,
            address_type,
            dns_records: dns_records.unwrap_or(DnsRecordIpType::ServiceDefined),
            policy,
            route_tables: Vec::new(),
            created: caller.now,
            tags,
            origin: caller.origin,
        };
        self.vpc_endpoints.insert(id, endpoint);
        self.index.vpc_mut(vpc).endpoints.insert(id);
        self.index.gained(caller.account, caller.region, ResourceKind::VpcEndpoint);
        self.touch(id);
        for table in tables {
            self.associate_endpoint(caller, id, table);
        }
        let endpoint = self.vpc_endpoints[&id].describe(self, caller);
        Ok(Object::new().value("VpcEndpoint", endpoint).optional_text("ClientToken", request.client_token).into())
    }

    pub(crate) fn modify_vpc_endpoint(&mut self, caller: &Caller, request: ModifyVpcEndpoint) -> Answer {
        let endpoint = self.find::<VpcEndpoint>(caller, &request.vpc_endpoint_id)?;
        let (id, vpc, service, before) = (endpoint.id, endpoint.vpc, endpoint.service, endpoint.address_type);
        let interface_only = !request.add_subnet_ids.is_empty()
            || !request.remove_subnet_ids.is_empty()
            || !request.add_security_group_ids.is_empty()
            || !request.remove_security_group_ids.is_empty()
            || !request.subnet_configurations.is_empty()
            || request.private_dns_enabled == Some(true);
        if interface_only {
            return Err(no_interface());
        }
        let asked = request.ip_address_type.as_deref();
        let address_type = asked.map_or(Ok(before), |text| EndpointAddressType::read(service, text))?;
        let dns_records = DnsRecordIpType::read(service, &self.vpcs[&vpc], request.dns_options.as_ref())?;
        if request.reset_policy && request.policy_document.is_some() {
            return Err(ApiError::new(
                "InvalidParameterCombination",
                "A policy document cannot be given when the policy is reset",
            ));
        }
        let policy = match (&request.policy_document, request.reset_policy) {
            (None, false) => None,
            (document, _) => Some(read_policy(document.as_deref())?),
        };
        let mut removed: Vec<RouteTableId> = Vec::new();
        for text in &request.remove_route_table_ids {
            let table = self.find::<RouteTable>(caller, text)?.id;
            if !endpoint.route_tables.contains(&table) {
                return Err(ApiError::invalid_value(format!("Route table {table} is not associated with {id}")));
            }
            removed.push(table);
        }
        // The tables that it stays in, and those it comes to.
        let mut kept = endpoint.route_tables.clone();
        kept.retain(|table| !removed.contains(table));
        let mut added = Vec::new();
        for text in &request.add_route_table_ids {
            let table = self.endpoint_table(caller, vpc, text)?;
            if !self.vpc_endpoints[&id].route_tables.contains(&table) && !added.contains(&table) {
                self.check_endpoint_routes(caller, table, address_type, address_type.lists(service))?;
                added.push(table);
            }
        }
        if address_type != before {
            for table in &kept {
                let new = address_type.lists(service).filter(|list| before.lists(service).all(|had| had != *list));
                self.check_endpoint_routes(caller, *table, address_type, new)?;
            }
        }
        permit(request.dry_run)?;
        if let Some(policy) = policy {
            self.vpc_endpoints[&id].policy = policy;
        }
        let endpoint = &mut self.vpc_endpoints[&id];
        endpoint.address_type = address_type;
        endpoint.dns_records = dns_records.unwrap_or(endpoint.dns_records);
        for table in removed {
            self.disassociate_endpoint(id, table);
        }
        if address_type != before {
            for table in &kept {
                self.remove_endpoint_routes(id, *table);
                self.add_endpoint_routes(caller, id, *table);
            }
        }
        for table in added {
            self.associate_endpoint(caller, id, table);
        }
        self.touch(id);
        super::answer::done()
    }

    pub(crate) fn delete_vpc_endpoints(&mut self, caller: &Caller, request: DeleteVpcEndpoints) -> Answer {
        if request.vpc_endpoint_ids.is_empty() {
            return Err(ApiError::missing("VpcEndpointIds"));
        }
        permit(request.dry_run)?;
        // What cannot be deleted is told one by one in an answer that is otherwise a success.
        let mut unsuccessful: Vec<Value> = Vec::new();
        for text in &request.vpc_endpoint_ids {
            match self.find::<VpcEndpoint>(caller, text).map(|endpoint| endpoint.id) {
                Ok(id) => self.remove_endpoint(caller, id),
                Err(ApiError { code, message }) => {
                    let error = Object::new().text("Code", code).text("Message", message);
                    unsuccessful.push(Object::new().value("Error", error).text("ResourceId", text).into());
                }
            }
        }
        just("Unsuccessful", unsuccessful)
    }

    pub(crate) fn describe_vpc_endpoints(&mut self, caller: &Caller, request: DescribeVpcEndpoints) -> Answer {
        permit(request.dry_run)?;
        just("VpcEndpoints", self.described::<VpcEndpoint>(caller, &request.vpc_endpoint_ids, &request.filters)?)
    }

    /// A table that is going: no endpoint is associated with it any more.
    pub(super) fn leave_endpoints(&mut self, table: RouteTableId) {
        let vpc = self.route_tables[&table].vpc;
        for id in &self.index.vpc(vpc).endpoints {
            self.vpc_endpoints[id].route_tables.retain(|other| *other != table);
        }
    }

    /// A table that an endpoint is to have routes in: one of the same VPC.
    fn endpoint_table(&self, caller: &Caller, vpc: VpcId, text: &str) -> Result<RouteTableId, ApiError> {
        let table = self.find::<RouteTable>(caller, text)?;
        if table.vpc != vpc {
            return Err(ApiError::invalid_value(format!("Route table {} does not belong to network {vpc}", table.id)));
        }
        self.check_for_gateway(table, None)?; // EDGE-3
        Ok(table.id)
    }

    /// Checks that a table has no route to any of these lists yet (GWE-4), and that its subnets suit the endpoint.
    fn check_endpoint_routes(
        &self,
        caller: &Caller,
        table: RouteTableId,
        address_type: EndpointAddressType,
        lists: impl IntoIterator<Item = AwsPrefixList>,
    ) -> Result<(), ApiError> {
        for list in lists.into_iter().map(|list| list.id_in(caller.region)) {
            if self.route_tables[&table].prefix_list_routes.iter().any(|route| route.list == list) {
                return Err(ApiError::new(
                    "RouteAlreadyExists",
                    format!("route table {table} already has a route with destination-prefix-list-id {list}"),
                ));
            }
        }
        self.check_endpoint_subnets(address_type, table)
    }

    fn associate_endpoint(&mut self, caller: &Caller, id: VpcEndpointId, table: RouteTableId) {
        self.vpc_endpoints[&id].route_tables.push(table);
        self.add_endpoint_routes(caller, id, table);
    }

    fn add_endpoint_routes(&mut self, caller: &Caller, id: VpcEndpointId, table: RouteTableId) {
        let VpcEndpoint { service, address_type, .. } = self.vpc_endpoints[&id];
        let (target, origin) = (RouteTarget::VpcEndpoint(id), caller.origin);
        let lists = address_type.lists(service).map(|list| list.id_in(caller.region));
        self.route_tables[&table].prefix_list_routes.extend(lists.map(|list| PrefixListRoute { list, target, origin }));
        self.touch(table);
    }

    fn disassociate_endpoint(&mut self, id: VpcEndpointId, table: RouteTableId) {
        self.vpc_endpoints[&id].route_tables.retain(|other| *other != table);
        self.remove_endpoint_routes(id, table);
    }

    fn remove_endpoint_routes(&mut self, id: VpcEndpointId, table: RouteTableId) {
        self.route_tables[&table].prefix_list_routes.retain(|route| route.target != RouteTarget::VpcEndpoint(id));
        self.touch(table);
    }

    fn remove_endpoint(&mut self, caller: &Caller, id: VpcEndpointId) {
        for table in self.vpc_endpoints[&id].route_tables.clone() {
            self.disassociate_endpoint(id, table);
        }
        let vpc = self.vpc_endpoints[&id].vpc;
        self.vpc_endpoints.remove(&id);
        self.index.vpc_mut(vpc).endpoints.shift_remove(&id);
        self.index.lost(caller.account, caller.region, ResourceKind::VpcEndpoint);
        self.touch(id);
    }
}

/// GWE-2: a gateway endpoint has no interface, and nothing that belongs to one.
fn no_interface() -> ApiError {
    ApiError::new(
        "InvalidParameter",
        "A VPC endpoint of the type Gateway has no subnets, security groups or private DNS names.",
    )
}

/// A policy document; full access if there is none. Whether its statements mean anything is for the service to say.
fn read_policy(document: Option<&str>) -> Result<String, ApiError> {
    let Some(document) = document else { return Ok(FULL_ACCESS.to_owned()) };
    let has_effect = |statement: &Value| matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"));
    let is_policy = serde_json::from_str::<Value>(document).is_ok_and(|policy| match &policy["Statement"] {
        Value::Array(statements) => !statements.is_empty() && statements.iter().all(has_effect),
        statement => has_effect(statement),
    });
    if !is_policy {
        return Err(ApiError::new("InvalidPolicyDocument", "The policy document is not a valid JSON policy."));
    }
    Ok(document.to_owned())
}
