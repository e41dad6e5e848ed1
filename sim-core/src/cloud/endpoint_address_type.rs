//! Which families of addresses a gateway endpoint carries: which of the service's prefix lists its tables have a route to (GWE-13).
//!
//! S3's endpoints carry IPv4 only. DynamoDB's carry what their address type says, if every subnet of their route tables has
//! addresses of these families and, for IPv6 alone, of no other. AWS's documentation of gateway endpoints says so and gives no
//! error codes: those here are SIM. It is asked when an endpoint or its tables change, not when a subnet does.
//!
//! Which records a service's name has depends on the name (`service-defined`). For DynamoDB that cannot be changed; for S3 it can be
//! said that there are IPv4 addresses only, which is so in any case.

use serde_json::Value;

use super::answer::Object;
use super::prefix_list::Family;
use super::{ApiError, AwsPrefixList, Cloud, PublicService, Subnet, Vpc};
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
            EndpointAddressType::Ipv6 => subnet.is_ipv6_only(),
            EndpointAddressType::Dualstack => !subnet.is_ipv6_only() && subnet.ipv6_block.is_some(),
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

/// Which records the service's names have for the VPC of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DnsRecordIpType {
    ServiceDefined,
    Ipv4,
}

impl DnsRecordIpType {
    /// What the DNS options of a request say, if they say anything.
    pub(super) fn read(
        service: PublicService,
        vpc: &Vpc,
        options: Option<&Value>,
    ) -> Result<Option<DnsRecordIpType>, ApiError> {
        let Some(options) = options else { return Ok(None) };
        let refuse = |message: String| Err(ApiError::new("InvalidParameter", message));
        if !options["PrivateDnsOnlyForInboundResolverEndpoint"].is_null() {
            return refuse(
                "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints."
                    .to_owned(),
            );
        }
        match (service, options["DnsRecordIpType"].as_str()) {
            (_, None) => Ok(None),
            (_, Some("service-defined")) => Ok(Some(DnsRecordIpType::ServiceDefined)),
            (PublicService::S3, Some("ipv4")) if vpc.enable_dns_support && vpc.enable_dns_hostnames => {
                Ok(Some(DnsRecordIpType::Ipv4))
            }
            (PublicService::S3, Some("ipv4")) => refuse(format!(
                "The DNS record IP type ipv4 needs the attributes enableDnsSupport and enableDnsHostnames of {}.",
                vpc.id
            )),
            (_, Some(kind @ ("ipv4" | "ipv6" | "dualstack"))) => refuse(format!(
                "The DNS record IP type {kind} is not supported by the service or for the IP address type."
            )),
            (_, Some(other)) => {
                Err(ApiError::invalid_value(format!("Value ({other}) for parameter DnsRecordIpType is invalid.")))
            }
        }
    }

    /// As DNS options show it.
    pub(super) fn describe(self) -> Value {
        let name = match self {
            DnsRecordIpType::ServiceDefined => "service-defined",
            DnsRecordIpType::Ipv4 => "ipv4",
        };
        Object::new().text("DnsRecordIpType", name).into()
    }
}
