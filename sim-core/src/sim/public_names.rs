//! Public names that everybody knows without a zone of their own: those of AWS's services, and of the mirrors that package
//! managers ask. [`addresses_of`] is the one place where a resolver finds them.

use std::net::{IpAddr, Ipv4Addr};

use super::well_known;
use crate::cloud::{ImageFamily, PublicService};
use crate::dataplane::names::{KnownNames, PublicNames};
use crate::id::Region;

/// What the DNS knows without a zone or a host of the scenario's.
pub(super) fn known() -> PublicNames {
    PublicNames::new(KnownNames { addresses_of, name_of })
}

/// The addresses of a name, first the one to take; none if the name is not one of these.
fn addresses_of(name: &str) -> Vec<IpAddr> {
    if let Some(region) = archive_region(name) {
        return vec![archive_address(region)];
    }
    if let Some(host) = well_known::called(name) {
        return host.addresses.to_vec();
    }
    PublicService::addresses_of(name)
}

/// The name that an address has, backwards. SIM: a service's is its host name in the Region.
fn name_of(address: IpAddr) -> Option<String> {
    if let Some(host) = well_known::at(address) {
        return Some(host.name.to_owned());
    }
    let domain = |(service, region): (PublicService, Region)| match address {
        IpAddr::V4(_) => service.domain_in(region),
        IpAddr::V6(_) => service.dual_stack_domain_in(region).unwrap_or_else(|| service.domain_in(region)),
    };
    let service = PublicService::of_address(address).map(domain);
    service.or_else(|| Region::all().find(|region| archive_address(*region) == address).map(archive_name))
}

/// The host that an image's package manager asks in a Region. Amazon Linux's repositories are buckets of the Region's S3, so
/// that a gateway endpoint is way enough; Ubuntu's archive is a host on the Internet.
pub(super) fn package_mirror(family: ImageFamily, region: Region) -> Option<String> {
    match family {
        ImageFamily::AmazonLinux2 => Some(format!("amazonlinux-2-repos-{region}.s3.dualstack.{region}.amazonaws.com")),
        ImageFamily::AmazonLinux2023 => {
            Some(format!("al2023-repos-{region}-de612dc2.s3.dualstack.{region}.amazonaws.com"))
        }
        ImageFamily::Ubuntu => Some(archive_name(region)),
        ImageFamily::Windows => None,
    }
}

/// The name of a Region's Ubuntu archive.
pub(super) fn archive_name(region: Region) -> String {
    format!("{region}.ec2.archive.ubuntu.com")
}

/// The address of a Region's Ubuntu archive. SIM: one for each Region in a block of Canonical's.
pub(super) fn archive_address(region: Region) -> IpAddr {
    let number = Region::all().position(|other| other == region).unwrap_or_default() as u8;
    IpAddr::V4(Ipv4Addr::new(91, 189, 91, 64 + number))
}

fn archive_region(name: &str) -> Option<Region> {
    name.trim_end_matches('.').to_ascii_lowercase().strip_suffix(".ec2.archive.ubuntu.com")?.parse().ok()
}
