//! Which families of addresses a gateway endpoint carries: which of the service's prefix lists its tables have a route to (GWE-13).
//!
//! S3's endpoints carry IPv4 only. DynamoDB's carry what their address type says, if every subnet of their route tables has
//! addresses of these families and, for IPv6 alone, of no other. AWS's documentation of gateway endpoints says so and gives no
//! error codes: those here are SIM. It is asked when an endpoint or its tables change, not when a subnet does.
//!
//! The names of services keep the records they have (`service-defined`): DynamoDB's cannot be changed, and S3's have IPv4
//! addresses only.

use serde_json::Value;

use super::answer::Object;
use super::prefix_list::Family;
use super::{ApiError, AwsPrefixList, Cloud, PublicService, Subnet};
use crate::id::RouteTableId;

/// The address type of a gateway endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndpointAddressType {
    Ipv4,
    Ipv6,
    Dualstack,
}

impl EndpointAddressType {
    /// The type that a request names.
    pub(super) fn read(service: PublicService, text: &str) -> Result<EndpointAddressType, ApiError> {
        let kind = match text {
            "ipv4" => EndpointAddressType::Ipv4,
            "ipv6" => EndpointAddressType::Ipv6,
            "dualstack" => EndpointAddressType::Dualstack,
            other => {
                return Err(ApiError::invalid_value(format!(
                    "Value ({other}) for parameter IpAddressType is invalid. Valid values are ipv4, ipv6 and dualstack."
                )));
            }
        };
        let is_spoken = |family| AwsPrefixList::ALL.contains(&AwsPrefixList { service, family });
        if kind.families().iter().copied().all(is_spoken) {
            return Ok(kind);
        }
        Err(ApiError::new("InvalidParameter", format!("The IP address type {text} is not supported by the service.")))
    }

    /// As requests and answers write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            EndpointAddressType::Ipv4 => "ipv4",
            EndpointAddressType::Ipv6 => "ipv6",
            EndpointAddressType::Dualstack => "dualstack",
        }
    }

    fn families(self) -> &'static [Family] {
        match self {
            EndpointAddressType::Ipv4 => &[Family::V4],
            EndpointAddressType::Ipv6 => &[Family::V6],
            EndpointAddressType::Dualstack => &[Family::V4, Family::V6],
        }
    }

    /// The lists of a service that tables get a route to.
    pub(super) fn lists(self, service: PublicService) -> impl Iterator<Item = AwsPrefixList> {
        self.families().iter().map(move |family| AwsPrefixList { service, family: *family })
    }

    /// Whether hosts of a subnet can use all that such an endpoint carries; one for IPv6 alone is for subnets of IPv6 alone.
    fn suits(self, subnet: &Subnet) -> bool {
        match self {
            EndpointAddressType::Ipv4 => true,
            EndpointAddressType::Ipv6 => false, // Every subnet has an IPv4 block.
            EndpointAddressType::Dualstack => subnet.ipv6_block.is_some(),
        }
    }
}

impl Cloud {
    /// Checks that the subnets which use a table suit an endpoint of this type.
    pub(super) fn check_endpoint_subnets(
        &self,
        kind: EndpointAddressType,
        table: RouteTableId,
    ) -> Result<(), ApiError> {
        let vpc = &self.vpcs[&self.route_tables[&table].vpc];
        let mut subnets = self.index.vpc(vpc.id).subnets.iter().map(|subnet| &self.subnets[subnet]);
        let uses_table = |subnet: &Subnet| {
            subnet.route_table.map_or(vpc.main_route_table, |(_, explicit)| explicit) == table // RT-2
        };
        match subnets.find(|subnet| uses_table(subnet) && !kind.suits(subnet)) {
            None => Ok(()),
            Some(subnet) => {
                let needed =
                    if kind == EndpointAddressType::Ipv6 { "IPv6 addresses only" } else { "IPv4 and IPv6 addresses" };
                Err(ApiError::new(
                    "InvalidParameter",
                    format!(
                        "The IP address type {} needs subnets with {needed}. Subnet {} of route table {table} is not one.",
                        kind.name(),
                        subnet.id
                    ),
                ))
            }
        }
    }
}

/// Checks the DNS options that a request gives a gateway endpoint of a service.
pub(super) fn check_dns_options(service: PublicService, options: &Value) -> Result<(), ApiError> {
    if !options["PrivateDnsOnlyForInboundResolverEndpoint"].is_null() {
        return Err(ApiError::new(
            "InvalidParameter",
            "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.",
        ));
    }
    match (service, options["DnsRecordIpType"].as_str()) {
        (_, None | Some("service-defined")) | (PublicService::S3, Some("ipv4")) => Ok(()),
        (_, Some(kind @ ("ipv4" | "ipv6" | "dualstack"))) => Err(ApiError::new(
            "InvalidParameter",
            format!("The DNS record IP type {kind} is not supported by the service or for the IP address type."),
        )),
        (_, Some(other)) => {
            Err(ApiError::invalid_value(format!("Value ({other}) for parameter DnsRecordIpType is invalid.")))
        }
    }
}

/// The DNS options as Describe shows them.
pub(super) fn describe_dns_options() -> Value {
    Object::new().text("DnsRecordIpType", "service-defined").into()
}
