//! AWS's public services that a VPC reaches by a gateway endpoint, S3 and DynamoDB: their names, their ranges, and the addresses
//! they answer under in each Region (GWE-1, GWE-7, GWE-13, IGW-14).
//!
//! SIM: AWS's ranges change month by month. Here each Region has a share of blocks that really are these services', by the
//! Region's number, and each service answers under four addresses of its share. The IPv6 shares lie in blocks of Amazon's that no
//! VPC gets, and each service answers under two addresses of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::id::Region;

/// A service with public addresses in each Region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum PublicService {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    DynamoDb,
}

impl PublicService {
    /// Every service, in the order AWS lists them.
    pub(crate) const ALL: [PublicService; 2] = [PublicService::DynamoDb, PublicService::S3];

    /// The service's part of names, as in `com.amazonaws.ap-northeast-2.s3`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            PublicService::S3 => "s3",
            PublicService::DynamoDb => "dynamodb",
        }
    }

    /// What endpoints and AWS's prefix list call it in a Region.
    pub(crate) fn name_in(self, region: Region) -> String {
        format!("com.amazonaws.{region}.{}", self.label())
    }

    /// The service that an endpoint's service name means in a Region.
    pub(crate) fn of_name(region: Region, name: &str) -> Option<PublicService> {
        PublicService::ALL.into_iter().find(|service| service.name_in(region) == name)
    }

    /// The service's host name in a Region.
    pub(crate) fn domain_in(self, region: Region) -> String {
        format!("{}.{region}.amazonaws.com", self.label())
    }

    /// The service's host name for both families.
    pub(crate) fn dual_stack_domain_in(self, region: Region) -> String {
        match self {
            PublicService::S3 => format!("s3.dualstack.{region}.amazonaws.com"),
            PublicService::DynamoDb => format!("dynamodb.{region}.api.aws"),
        }
    }

    /// The service's IPv4 ranges in a Region, in order.
    pub(crate) fn ranges_in(self, region: Region) -> Vec<Ipv4Net> {
        let number = number_of(region);
        match self {
            PublicService::S3 => vec![
                Ipv4Net::new_assert(Ipv4Addr::new(3, 5, number * 4, 0), 22),
                Ipv4Net::new_assert(Ipv4Addr::new(52, 219, number * 8, 0), 21),
            ],
            PublicService::DynamoDb => vec![Ipv4Net::new_assert(Ipv4Addr::new(52, 94, number, 0), 24)],
        }
    }

    /// The service's IPv6 range in a Region.
    pub(crate) fn ipv6_range_in(self, region: Region) -> Ipv6Net {
        let block = match self {
            PublicService::S3 => 0x1fa0,
            PublicService::DynamoDb => 0x1fff,
        };
        Ipv6Net::new_assert(Ipv6Addr::new(0x2600, block, u16::from(number_of(region)), 0, 0, 0, 0, 0), 48)
    }

    /// The addresses at which the service answers in a Region: the larger range first, IPv6 last.
    pub(crate) fn addresses_in(self, region: Region) -> Vec<IpAddr> {
        let offsets: &[u32] = match self {
            PublicService::S3 => &[0x0126, 0x025a],
            PublicService::DynamoDb => &[10, 74, 138, 202],
        };
        let at = |range: Ipv4Net| offsets.iter().map(move |offset| Ipv4Addr::from(u32::from(range.network()) + offset));
        let v4 = self.ranges_in(region).into_iter().rev().flat_map(at).map(IpAddr::V4);
        let network = self.ipv6_range_in(region).network().to_bits();
        let v6 = [1, 2].map(|offset| IpAddr::V6(Ipv6Addr::from_bits(network | offset)));
        v4.chain(v6).collect()
    }

    /// Whose address it is.
    pub(crate) fn of_address(address: IpAddr) -> Option<(PublicService, Region)> {
        let mut everywhere = Region::all().flat_map(|region| PublicService::ALL.map(|service| (service, region)));
        everywhere.find(|(service, region)| service.addresses_in(*region).contains(&address))
    }

    /// Where a public name of AWS's leads: to which service, in which Region, under which of its names. Buckets have names below
    /// S3's (`BUCKET.s3.REGION.amazonaws.com`); any bucket's name resolves.
    pub(crate) fn resolve(name: &str) -> Option<(PublicService, Region)> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(region) = dual_stack_region(&name) {
            return Some((PublicService::DynamoDb, region));
        }
        let host = name.strip_suffix(".amazonaws.com")?;
        let is_below = |host: &str, label: &str| host == label || host.ends_with(&format!(".{label}"));
        if is_below(host, "s3") {
            return Some((PublicService::S3, "us-east-1".parse().ok()?)); // The oldest name of all.
        }
        Region::all().find_map(|region| {
            let is_s3 = [format!("s3.{region}"), format!("s3-{region}"), format!("s3.dualstack.{region}")]
                .iter()
                .any(|label| is_below(host, label));
            if is_s3 {
                Some((PublicService::S3, region))
            } else {
                (host == format!("dynamodb.{region}")).then_some((PublicService::DynamoDb, region))
            }
        })
    }

    /// The addresses that a public name of AWS's has, first the one that its clients take. Different names begin with different
    /// ones, as the service's answers go round. Only a name for both families has IPv6 addresses.
    pub(crate) fn addresses_of(name: &str) -> Vec<IpAddr> {
        let Some((service, region)) = PublicService::resolve(name) else { return Vec::new() };
        let (mut v4, mut v6): (Vec<IpAddr>, Vec<IpAddr>) =
            service.addresses_in(region).into_iter().partition(IpAddr::is_ipv4);
        let turn = name.bytes().map(usize::from).sum::<usize>();
        for addresses in [&mut v4, &mut v6] {
            let places = turn % addresses.len().max(1);
            addresses.rotate_left(places);
        }
        let host = name.trim_end_matches('.').to_ascii_lowercase();
        let dual_stack = service.dual_stack_domain_in(region);
        if host == dual_stack || host.ends_with(&format!(".{dual_stack}")) {
            v4.extend(v6);
        }
        v4
    }
}

/// The Region of a name like `dynamodb.REGION.api.aws`.
fn dual_stack_region(name: &str) -> Option<Region> {
    name.strip_prefix("dynamodb.")?.strip_suffix(".api.aws")?.parse().ok()
}

/// A Region's place among all.
fn number_of(region: Region) -> u8 {
    Region::all().position(|other| other == region).unwrap_or_default() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_services_lead_to_public_addresses_in_their_lists_gwe_7() {
        for (name, service, region) in [
            ("s3.ap-northeast-2.amazonaws.com", PublicService::S3, "ap-northeast-2"),
            ("my.bucket.s3.ap-northeast-2.amazonaws.com", PublicService::S3, "ap-northeast-2"),
            ("S3-us-west-2.amazonaws.com.", PublicService::S3, "us-west-2"),
            ("photos.s3.dualstack.eu-west-1.amazonaws.com", PublicService::S3, "eu-west-1"),
            ("s3.amazonaws.com", PublicService::S3, "us-east-1"),
            ("dynamodb.ap-northeast-1.amazonaws.com", PublicService::DynamoDb, "ap-northeast-1"),
        ] {
            let region: Region = region.parse().expect("a Region");
            assert_eq!(PublicService::resolve(name), Some((service, region)), "{name}");
            for address in PublicService::addresses_of(name) {
                match address {
                    IpAddr::V4(v4) => {
                        assert!(service.ranges_in(region).iter().any(|range| range.contains(&v4)), "{name}: {address}");
                        assert!(!v4.is_private(), "{address}");
                    }
                    IpAddr::V6(v6) => assert!(service.ipv6_range_in(region).contains(&v6), "{name}: {address}"),
                }
                assert_eq!(PublicService::of_address(address), Some((service, region)));
            }
        }
        for other in
            ["mys3.ap-northeast-2.amazonaws.com", "s3.mars-1.amazonaws.com", "s3.example.com", "x.dynamodb.com"]
        {
            assert_eq!(PublicService::addresses_of(other), [] as [IpAddr; 0], "{other}");
        }
    }

    #[test]
    fn only_dual_stack_names_have_ipv6_addresses_gwe_13() {
        let families = |name: &str| {
            let addresses = PublicService::addresses_of(name);
            for address in &addresses {
                assert_eq!(PublicService::of_address(*address), PublicService::resolve(name), "{name}: {address}");
            }
            (addresses.iter().any(IpAddr::is_ipv4), addresses.iter().any(IpAddr::is_ipv6))
        };
        assert_eq!(families("dynamodb.eu-west-1.api.aws"), (true, true));
        assert_eq!(families("DynamoDB.eu-west-1.API.aws."), (true, true));
        assert_eq!(families("dynamodb.eu-west-1.amazonaws.com"), (true, false));
        assert_eq!(families("s3.dualstack.eu-west-1.amazonaws.com"), (true, true));
        assert_eq!(families("photos.s3.DualStack.eu-west-1.amazonaws.com."), (true, true));
        assert_eq!(families("s3.eu-west-1.amazonaws.com"), (true, false));
        assert_eq!(families("dualstack.s3.eu-west-1.amazonaws.com"), (true, false), "a bucket of that name");
        for other in ["s3.eu-west-1.api.aws", "dynamodb.mars-1.api.aws", "x.dynamodb.eu-west-1.api.aws"] {
            assert_eq!(families(other), (false, false), "{other}");
        }
    }
}
