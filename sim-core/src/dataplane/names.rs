//! The compiled tables of the DNS: what each VPC has switched on, hosted zones, and names on the Internet.
//!
//! The IP names of interfaces are in no table of their own: they spell an address, and whose that is the tables know already.
//! What a question comes to is `resolver.rs`'s.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::ptr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::tables::{PeeringIndex, Slot};
use crate::id::{HostedZoneId, IdMap, InstanceId, Region};
use crate::net::dns::{DomainName, RecordData, RecordType};

/// What a VPC has to do with names.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct VpcNames {
    /// `enableDnsSupport`: the Resolver answers at all (DNS-2).
    pub(crate) support: bool,
    /// `enableDnsHostnames` (DNS-2).
    pub(crate) hostnames: bool,
    /// The private hosted zones that are associated with the VPC, by id (DNS-7).
    pub(crate) zones: Vec<Arc<ZoneTable>>,
    /// Its active peering connections, by number.
    pub(crate) peerings: Vec<PeeringIndex>,
    /// The primary interfaces of instances whose resource names have records (DNS-4).
    pub(crate) instances: IdMap<InstanceId, Slot>,
}

/// The name that spells an instance's id, and which records it has (DNS-4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResourceName {
    pub(crate) instance: InstanceId,
    pub(crate) a_record: bool,
    pub(crate) aaaa_record: bool,
}

impl VpcNames {
    /// Whether names are given to what is in the VPC, and private zones are answered for it: both attributes are needed (DNS-2).
    pub(crate) fn are_complete(&self) -> bool {
        self.support && self.hostnames
    }
}

/// A hosted zone.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ZoneTable {
    pub(crate) id: HostedZoneId,
    pub(crate) name: DomainName,
    pub(crate) sets: BTreeMap<DomainName, Vec<RecordSet>>,
}

impl ZoneTable {
    /// The records of a name; those of `*` where the name has none and nothing lies below it (RFC 4592). `None` when the name
    /// does not exist.
    pub(crate) fn sets_of(&self, name: &DomainName) -> Option<&[RecordSet]> {
        if let Some(sets) = self.sets.get(name) {
            return Some(sets);
        }
        if self.has_below(name) {
            return Some(&[]);
        }
        let mut above = name.parent();
        while let Some(encloser) = above.filter(|encloser| encloser.is_within(&self.name)) {
            if let Some(sets) = self.sets.get(&encloser.child("*")) {
                return Some(sets);
            }
            if self.sets.contains_key(&encloser) || self.has_below(&encloser) {
                return None; // The closest encloser has no wildcard.
            }
            above = encloser.parent();
        }
        None
    }

    fn has_below(&self, name: &DomainName) -> bool {
        self.sets.keys().any(|other| other != name && other.is_within(name))
    }
}

/// The records of one name and type.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RecordSet {
    pub(crate) record_type: RecordType,
    pub(crate) content: RecordContent,
}

/// What a set of records holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum RecordContent {
    /// Values, and for how many seconds they may be remembered.
    Values { ttl: u32, values: Vec<RecordData> },
    /// Route 53's alias: whatever another name has of this type.
    Alias(DomainName),
}

/// What everybody on the Internet can find.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct PublicNames {
    hosts: FxHashMap<DomainName, Vec<IpAddr>>,
    /// Names that need no host of the scenario's.
    known: KnownNames,
    /// Public hosted zones, by id.
    pub(crate) zones: Vec<Arc<ZoneTable>>,
}

impl PublicNames {
    /// Those of everybody's names that are the same in every scenario, and no more.
    pub(crate) fn new(known: KnownNames) -> PublicNames {
        PublicNames { known, ..PublicNames::default() }
    }

    /// Makes a name of a host known that the scenario names.
    pub(crate) fn add(&mut self, name: DomainName, address: IpAddr) {
        self.hosts.entry(name).or_default().push(address);
    }

    /// The addresses of a host or service, first the one to take; none if nobody has the name.
    pub(crate) fn addresses_of(&self, name: &DomainName) -> Vec<IpAddr> {
        if let Some(addresses) = self.hosts.get(name) {
            return addresses.clone();
        }
        let known = (self.known.addresses_of)(name.as_str());
        if known.is_empty() { service_address(name).into_iter().collect() } else { known }
    }

    /// The name that the address of a service has, backwards.
    pub(crate) fn name_of(&self, address: IpAddr) -> Option<DomainName> {
        (self.known.name_of)(address)?.parse().ok()
    }

    /// Whether anybody's name lies below this one.
    pub(crate) fn has_below(&self, name: &DomainName) -> bool {
        self.hosts.keys().any(|other| other.is_within(name))
    }
}

/// Names that are the same in every scenario: those of services that have hosts of their own. Who those are is not this room's
/// business.
#[derive(Clone, Copy)]
pub(crate) struct KnownNames {
    /// The addresses of a name, first the one to take.
    pub(crate) addresses_of: fn(&str) -> Vec<IpAddr>,
    /// The name that an address has, backwards.
    pub(crate) name_of: fn(IpAddr) -> Option<String>,
}

impl Default for KnownNames {
    fn default() -> KnownNames {
        KnownNames { addresses_of: |_| Vec::new(), name_of: |_| None }
    }
}

impl PartialEq for KnownNames {
    fn eq(&self, other: &KnownNames) -> bool {
        ptr::fn_addr_eq(self.addresses_of, other.addresses_of) && ptr::fn_addr_eq(self.name_of, other.name_of)
    }
}

impl fmt::Debug for KnownNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownNames")
    }
}

/// Services that have an address and no host.
const SERVICES: &[&str] = &[
    "autoscaling",
    "cloudformation",
    "ec2",
    "ec2messages",
    "ecr",
    "elasticloadbalancing",
    "events",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
];

/// The public address of a service of AWS in a Region (IGW-14). SIM: AWS has many addresses for each and changes them; here
/// each has one of 54.239.0.0/16.
///
/// Differs from AWS: no host answers there.
fn service_address(name: &DomainName) -> Option<IpAddr> {
    let (service, region) = service_and_region(name)?;
    let service = SERVICES.iter().position(|it| *it == service)?;
    let region = Region::all().position(|it| it == region)?;
    Some(IpAddr::from([54, 239, region as u8, service as u8 + 1]))
}

/// What `SERVICE.REGION.amazonaws.com` is made of.
fn service_and_region(name: &DomainName) -> Option<(&str, Region)> {
    let (service, region) = name.as_str().strip_suffix(".amazonaws.com")?.rsplit_once('.')?;
    Some((service, region.parse().ok()?))
}
