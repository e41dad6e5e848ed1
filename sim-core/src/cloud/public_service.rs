//! AWS's public services that a VPC reaches by a gateway endpoint, S3 and DynamoDB: their names, the addresses they answer
//! under in each Region, and the prefix lists that AWS keeps of these (GWE-1, GWE-5, GWE-7, IGW-14).
//!
//! SIM: AWS's lists change month by month. Here each Region has a share of blocks that really are these services', by the
//! Region's number, and each service answers under four addresses of its share.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::id::{PrefixListId, Region};

/// A service with public addresses in each Region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum PublicService {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    DynamoDb,
}

/// The ids of prefix lists that AWS has published in examples: Region, S3's, DynamoDB's. An id means something in its
/// Region only.
const PUBLISHED_IDS: &[(&str, u32, u32)] = &[
    ("ap-northeast-1", 0x61a5_4008, 0x78a5_4011),
    ("ap-northeast-2", 0x78a5_4011, 0x48a5_4021),
    ("ap-southeast-1", 0x6fa5_4006, 0x67a5_400e),
    ("ap-southeast-2", 0x6ca5_4005, 0x62a5_400b),
    ("eu-central-1", 0x6ea5_4007, 0x66a5_400f),
    ("eu-west-1", 0x6da5_4004, 0x6fa5_4006),
    ("us-east-1", 0x63a5_400a, 0x02cd_2c6b),
    ("us-east-2", 0x7ba5_4012, 0x4ca5_4025),
    ("us-west-1", 0x6ba5_4002, 0x6ea5_4007),
    ("us-west-2", 0x68a5_4001, 0x00a5_4069),
];

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

    /// AWS's list of the service's ranges in a Region (ID-2).
    pub(crate) fn prefix_list_in(self, region: Region) -> PrefixListId {
        let published = PUBLISHED_IDS.iter().find(|(name, ..)| *name == region.name());
        let number = match (self, published) {
            (PublicService::S3, Some(&(_, s3, _))) => s3,
            (PublicService::DynamoDb, Some(&(_, _, dynamodb))) => dynamodb,
            // FNV-1a, 32 bits: the same in every run.
            (_, None) => self
                .name_in(region)
                .bytes()
                .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)),
        };
        PrefixListId::from_number(u64::from(number))
    }

    /// The service whose list has this id in a Region.
    pub(crate) fn of_prefix_list(region: Region, list: PrefixListId) -> Option<PublicService> {
        PublicService::ALL.into_iter().find(|service| service.prefix_list_in(region) == list)
    }

    /// The service's ranges in a Region, in order.
    pub(crate) fn ranges_in(self, region: Region) -> Vec<Ipv4Net> {
        let number = Region::all().position(|other| other == region).unwrap_or_default() as u8;
        match self {
            PublicService::S3 => vec![
                Ipv4Net::new_assert(Ipv4Addr::new(3, 5, number * 4, 0), 22),
                Ipv4Net::new_assert(Ipv4Addr::new(52, 219, number * 8, 0), 21),
            ],
            PublicService::DynamoDb => vec![Ipv4Net::new_assert(Ipv4Addr::new(52, 94, number, 0), 24)],
        }
    }

    /// The addresses at which the service answers in a Region: the larger range first.
    pub(crate) fn addresses_in(self, region: Region) -> Vec<Ipv4Addr> {
        let offsets: &[u32] = match self {
            PublicService::S3 => &[0x0126, 0x025a],
            PublicService::DynamoDb => &[10, 74, 138, 202],
        };
        let at = |range: Ipv4Net| offsets.iter().map(move |offset| Ipv4Addr::from(u32::from(range.network()) + offset));
        self.ranges_in(region).into_iter().rev().flat_map(at).collect()
    }

    /// Whose address it is.
    pub(crate) fn of_address(address: Ipv4Addr) -> Option<(PublicService, Region)> {
        let mut everywhere = Region::all().flat_map(|region| PublicService::ALL.map(|service| (service, region)));
        everywhere.find(|(service, region)| service.addresses_in(*region).contains(&address))
    }

    /// Where a public name of AWS's leads: to which service, in which Region, under which of its names. Buckets have names below
    /// S3's (`BUCKET.s3.REGION.amazonaws.com`); any bucket's name resolves.
    pub(crate) fn resolve(name: &str) -> Option<(PublicService, Region)> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
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
    /// ones, as the service's answers go round.
    pub(crate) fn addresses_of(name: &str) -> Vec<Ipv4Addr> {
        let Some((service, region)) = PublicService::resolve(name) else { return Vec::new() };
        let mut addresses = service.addresses_in(region);
        let turn = name.bytes().map(usize::from).sum::<usize>() % addresses.len();
        addresses.rotate_left(turn);
        addresses
    }
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
                assert!(service.ranges_in(region).iter().any(|range| range.contains(&address)), "{name}: {address}");
                assert!(!address.is_private(), "{address}");
                assert_eq!(PublicService::of_address(address), Some((service, region)));
            }
        }
        for other in
            ["mys3.ap-northeast-2.amazonaws.com", "s3.mars-1.amazonaws.com", "s3.example.com", "x.dynamodb.com"]
        {
            assert_eq!(PublicService::addresses_of(other), [] as [Ipv4Addr; 0], "{other}");
        }
    }

    #[test]
    fn a_list_holds_the_ranges_of_one_region_and_service_gwe_5() {
        let everywhere: Vec<_> = Region::all()
            .flat_map(|region| PublicService::ALL.map(|service| (region, service)))
            .flat_map(|(region, service)| service.ranges_in(region))
            .collect();
        for (place, range) in everywhere.iter().enumerate() {
            let overlaps = |other: &Ipv4Net| other.contains(range) || range.contains(other);
            assert!(!everywhere[..place].iter().any(overlaps), "{range}");
        }
        for region in Region::all() {
            let [a, b] = PublicService::ALL.map(|service| service.prefix_list_in(region));
            assert_ne!(a, b, "{region}");
        }
    }
}
