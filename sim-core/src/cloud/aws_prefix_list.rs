//! The prefix lists that AWS keeps of its public services: in each Region one for a service and a family of addresses (GWE-2,
//! GWE-5, GWE-13, ID-2).
//!
//! SIM: AWS has published ids of the IPv4 lists of some Regions. The others are drawn from the list's name, and the name of an
//! IPv6 list is made as AWS makes those of its other services.

use ipnet::IpNet;

use super::PublicService;
use super::prefix_list::Family;
use crate::id::{PrefixListId, Region};

/// A list of AWS's. It exists in every Region, with an id and ranges of its own there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AwsPrefixList {
    pub(crate) service: PublicService,
    pub(crate) family: Family,
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

impl AwsPrefixList {
    /// S3's.
    pub(crate) const S3: AwsPrefixList = AwsPrefixList { service: PublicService::S3, family: Family::V4 };
    /// DynamoDB's, IPv4.
    pub(crate) const DYNAMODB: AwsPrefixList = AwsPrefixList { service: PublicService::DynamoDb, family: Family::V4 };
    /// DynamoDB's, IPv6 (GWE-13).
    pub(crate) const DYNAMODB_IPV6: AwsPrefixList =
        AwsPrefixList { service: PublicService::DynamoDb, family: Family::V6 };

    /// Every list, in the order in which they are described.
    pub(crate) const ALL: [AwsPrefixList; 3] =
        [AwsPrefixList::DYNAMODB, AwsPrefixList::S3, AwsPrefixList::DYNAMODB_IPV6];

    /// What it is called in a Region.
    pub(crate) fn name_in(self, region: Region) -> String {
        match self.family {
            Family::V4 => self.service.name_in(region),
            Family::V6 => format!("com.amazonaws.{region}.ipv6.{}", self.service.label()),
        }
    }

    /// Its id in a Region.
    pub(crate) fn id_in(self, region: Region) -> PrefixListId {
        let published = PUBLISHED_IDS.iter().find(|(name, ..)| *name == region.name());
        let number = match (self, published) {
            (AwsPrefixList::S3, Some(&(_, s3, _))) => s3,
            (AwsPrefixList::DYNAMODB, Some(&(_, _, dynamodb))) => dynamodb,
            // FNV-1a, 32 bits: the same in every run.
            _ => self
                .name_in(region)
                .bytes()
                .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)),
        };
        PrefixListId::from_number(u64::from(number))
    }

    /// The list that has this id in a Region.
    pub(crate) fn of_id(region: Region, id: PrefixListId) -> Option<AwsPrefixList> {
        AwsPrefixList::ALL.into_iter().find(|list| list.id_in(region) == id)
    }

    /// The ranges it holds in a Region.
    pub(crate) fn blocks_in(self, region: Region) -> Vec<IpNet> {
        match self.family {
            Family::V4 => self.service.ranges_in(region).into_iter().map(IpNet::V4).collect(),
            Family::V6 => self.service.ipv6_range_in(region).into_iter().map(IpNet::V6).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_the_ranges_of_one_region_and_service_gwe_5() {
        let everywhere: Vec<_> = Region::all()
            .flat_map(|region| AwsPrefixList::ALL.map(|list| (region, list)))
            .flat_map(|(region, list)| list.blocks_in(region))
            .collect();
        for (place, range) in everywhere.iter().enumerate() {
            let overlaps = |other: &IpNet| other.contains(range) || range.contains(other);
            assert!(!everywhere[..place].iter().any(overlaps), "{range}");
        }
        for region in Region::all() {
            for list in AwsPrefixList::ALL {
                assert_eq!(AwsPrefixList::of_id(region, list.id_in(region)), Some(list), "{region}");
                assert!(list.blocks_in(region).iter().all(|block| Family::from(*block) == list.family));
            }
        }
    }
}
