//! Regions, Availability Zones and accounts.

use std::fmt;
use std::str::FromStr;

use crate::flat::flat;

/// The Regions vpcsim knows, with their zones' letters and the prefix of their zone ids (ID-3).
const REGIONS: &[(&str, &str, &str)] = &[
    ("af-south-1", "abc", "afs1"),
    ("ap-east-1", "abc", "ape1"),
    ("ap-northeast-1", "acd", "apne1"),
    ("ap-northeast-2", "abcd", "apne2"),
    ("ap-northeast-3", "abc", "apne3"),
    ("ap-south-1", "abc", "aps1"),
    ("ap-south-2", "abc", "aps2"),
    ("ap-southeast-1", "abc", "apse1"),
    ("ap-southeast-2", "abc", "apse2"),
    ("ap-southeast-3", "abc", "apse3"),
    ("ca-central-1", "abd", "cac1"),
    ("eu-central-1", "abc", "euc1"),
    ("eu-central-2", "abc", "euc2"),
    ("eu-north-1", "abc", "eun1"),
    ("eu-south-1", "abc", "eus1"),
    ("eu-west-1", "abc", "euw1"),
    ("eu-west-2", "abc", "euw2"),
    ("eu-west-3", "abc", "euw3"),
    ("il-central-1", "abc", "ilc1"),
    ("me-central-1", "abc", "mec1"),
    ("me-south-1", "abc", "mes1"),
    ("sa-east-1", "abc", "sae1"),
    ("us-east-1", "abcdef", "use1"),
    ("us-east-2", "abc", "use2"),
    ("us-west-1", "bc", "usw1"),
    ("us-west-2", "abcd", "usw2"),
];

/// An AWS Region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Region(u8);

flat!(struct Region(0));

/// The text is not the name of a Region vpcsim knows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not an AWS Region that vpcsim knows")]
pub(crate) struct UnknownRegion(pub String);

impl Region {
    /// The Region of a scenario that names none (`scenario-format`: `region`).
    pub(crate) const DEFAULT: Region = Region(3);

    /// Every Region, by name.
    pub(crate) fn all() -> impl Iterator<Item = Region> {
        (0..REGIONS.len()).map(|index| Region(index as u8))
    }

    /// The name, as in `ap-northeast-2`.
    pub(crate) fn name(self) -> &'static str {
        REGIONS[usize::from(self.0)].0
    }

    /// The Region's Availability Zones, in the order of their letters (what `Fn::GetAZs` gives).
    pub(crate) fn zones(self) -> impl Iterator<Item = AvailabilityZone> {
        REGIONS[usize::from(self.0)].1.bytes().map(move |letter| AvailabilityZone { region: self, letter })
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Region, UnknownRegion> {
        REGIONS
            .iter()
            .position(|(name, ..)| *name == text)
            .map(|index| Region(index as u8))
            .ok_or_else(|| UnknownRegion(text.to_owned()))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An Availability Zone, as in `ap-northeast-2a`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AvailabilityZone {
    region: Region,
    letter: u8,
}

flat!(struct AvailabilityZone(region, letter));

impl AvailabilityZone {
    /// The zone's Region.
    pub(crate) fn region(self) -> Region {
        self.region
    }

    /// The zone's id, as in `apne2-az1`: physical, the same for every account (ID-3). Here the letters map in order.
    pub(crate) fn zone_id(self) -> String {
        format!("{}-az{}", REGIONS[usize::from(self.region.0)].2, self.letter - b'a' + 1)
    }

    /// The zone a text names, if it is one of `region`'s.
    pub(crate) fn parse(region: Region, text: &str) -> Option<AvailabilityZone> {
        region.zones().find(|zone| zone.to_string() == text)
    }
}

impl fmt::Display for AvailabilityZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.region, char::from(self.letter))
    }
}

impl fmt::Debug for AvailabilityZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An AWS account: 12 digits (ID-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountId(u64);

impl AccountId {
    /// The account of a stack that names none.
    pub(crate) const DEFAULT: AccountId = AccountId(123_456_789_012);

    /// The account a text of exactly 12 digits names.
    pub(crate) fn parse(text: &str) -> Option<AccountId> {
        (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| AccountId(text.parse().expect("12 digits fit a u64")))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_region_is_seoul() {
        assert_eq!(Region::DEFAULT.name(), "ap-northeast-2");
        assert_eq!("ap-northeast-2".parse(), Ok(Region::DEFAULT));
    }

    #[test]
    fn zone_ids_are_physical_id_3() {
        let zone = AvailabilityZone::parse(Region::DEFAULT, "ap-northeast-2a").expect("Seoul has a zone a");
        assert_eq!(zone.zone_id(), "apne2-az1");
        assert_eq!(AvailabilityZone::parse(Region::DEFAULT, "ap-northeast-2z"), None);
    }

    #[test]
    fn accounts_are_12_digits_id_4() {
        assert_eq!(AccountId::parse("000000000007").map(|id| id.to_string()).as_deref(), Some("000000000007"));
        assert_eq!(AccountId::parse("12345678901"), None);
        assert_eq!(AccountId::parse("12345678901x"), None);
    }
}
