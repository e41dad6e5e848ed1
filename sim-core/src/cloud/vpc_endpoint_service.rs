//! The services that endpoints can be made for, as a Region lists them (GWE-1).

use serde_json::Value;

use super::answer::{Answer, Object};
use super::describe::{Filter, check_filter, matches_wildcard};
use super::error::permit;
use super::prefix_list::Family;
use super::request::requests;
use super::{ApiError, AwsPrefixList, Caller, Cloud, PublicService};

requests! {
    /// Lists the services that endpoints can be made for.
    DescribeVpcEndpointServices {
        service_names: Vec<String>,
        filters: Vec<Filter>,
        max_results: Option<u32>,
        next_token: Option<String>,
        service_regions: Vec<String>,
    }
}

impl Cloud {
    pub(crate) fn describe_vpc_endpoint_services(
        &mut self,
        caller: &Caller,
        request: DescribeVpcEndpointServices,
    ) -> Answer {
        for filter in &request.filters {
            check_filter(
                ["owner", "service-name", "service-type", "service-region", "supported-ip-address-types"],
                filter,
            )?;
        }
        for name in &request.service_names {
            if PublicService::of_name(caller.region, name).is_none() {
                return Err(ApiError::new(
                    "InvalidServiceName",
                    format!("The Vpc Endpoint Service '{name}' does not exist"),
                ));
            }
        }
        permit(request.dry_run)?;
        let named = |service: &PublicService| {
            let name = service.name_in(caller.region);
            let passes = |filter: &Filter| {
                let any = |value: &str| filter.values.iter().any(|pattern| matches_wildcard(pattern, value));
                match filter.name.as_str() {
                    "owner" => any("amazon"),
                    "service-name" => any(&name),
                    "service-type" => any("Gateway"),
                    "service-region" => any(caller.region.name()),
                    "supported-ip-address-types" => supported_address_types(*service).any(any),
                    _ => false,
                }
            };
            (request.service_names.is_empty() || request.service_names.contains(&name))
                && request.filters.iter().all(passes)
        };
        let services: Vec<PublicService> = PublicService::ALL.into_iter().filter(named).collect();
        let names: Vec<Value> = services.iter().map(|service| service.name_in(caller.region).into()).collect();
        let details = services.iter().map(|service| {
            let kind = Value::from(Object::new().text("ServiceType", "Gateway"));
            let zones = caller.region.zones().map(|zone| zone.to_string());
            Object::new()
                .text("ServiceName", service.name_in(caller.region))
                .list("ServiceType", [kind])
                .text("ServiceRegion", caller.region)
                .list("AvailabilityZones", zones)
                .text("Owner", "amazon")
                .list("BaseEndpointDnsNames", [service.domain_in(caller.region)])
                .value("VpcEndpointPolicySupported", true)
                .value("AcceptanceRequired", false)
                .value("ManagesVpcEndpoints", false)
                .list("Tags", [] as [Value; 0])
                .list("SupportedIpAddressTypes", supported_address_types(*service))
        });
        let details: Vec<Value> = details.map(Value::from).collect();
        Ok(Object::new().value("ServiceNames", names).value("ServiceDetails", details).into())
    }
}

/// The families that a service's endpoints may carry (GWE-13).
fn supported_address_types(service: PublicService) -> impl Iterator<Item = &'static str> {
    let lists = AwsPrefixList::ALL.into_iter().filter(move |list| list.service == service);
    lists.map(|list| match list.family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    })
}
