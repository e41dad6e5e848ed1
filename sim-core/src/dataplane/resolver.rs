//! What a name means to who asks: Route 53 Resolver for a VPC, and the public DNS for everybody else (DNS).
//!
//! ```text
//! asked in a VPC                                   answered from
//! a name within a private zone of the VPC          that zone and nothing else, the most specific first (DNS-6)
//! *.compute.internal, ec2.internal                 the VPC and its peers, as far as peering lets them (DNS-4, PCX-36): an
//!                                                  address's name always, an instance id's where it has records
//! the name of an address, backwards                the same (DNS-11), else nobody where the address is private
//! ec2-….compute.amazonaws.com                      private inside the VPC, public outside (DNS-5, PCX-34)
//! anything else                                    public zones, hosts on the Internet, services of AWS
//! ```
//!
//! A subnet may have the Resolver make up the AAAA records that a name lacks from its A records: DNS64 (NAT-19, RFC 6147).
//!
//! Differs from AWS: Resolver rules and endpoints are not simulated, so names outside AWS and the Internet are not found (R53-5). A
//! made-up address has no name backwards (RFC 6147 §5.3.1); AWS does not say whether it has.

use std::net::{IpAddr, Ipv4Addr};

use super::names::{RecordContent, ZoneTable};
use super::tables::{Dns64, EniTable, Interface, PeeringTable, Tables, VpcIndex, VpcTables};
use crate::id::{InstanceId, Region};
use crate::net::dns::{DomainName, Message, Question, Record, RecordData, RecordType, ResponseCode, StartOfAuthority};
use crate::net::embed;

/// For how long names of interfaces may be remembered. SIM: as seen on AWS.
const TTL_PRIVATE_NAME: u32 = 60;
const TTL_PUBLIC_NAME: u32 = 20;
/// For how long names on the Internet may be remembered: a SIM value.
const TTL_INTERNET: u32 = 60;

/// For how long a made-up address may be remembered where nothing says how long there is no real one (RFC 6147 §5.1.7).
const TTL_MADE_UP: u32 = 600;

/// The longest chain of CNAMEs that is followed.
const CHAIN_MAX: usize = 8;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'t> {
    tables: &'t Tables,
    /// The VPC; `None` on the Internet.
    vpc: Option<(VpcIndex, &'t VpcTables)>,
    dns64: Dns64,
}

/// What a question came to.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Found {
    Records(Vec<Record>),
    /// The name is there and has no such record.
    NoData(Option<Record>),
    /// The name is not there.
    NoSuchName(Option<Record>),
}

impl<'t> View<'t> {
    /// As an interface sees names.
    pub(crate) fn of_interface(at: &Interface<'t>) -> View<'t> {
        View { tables: at.tables, vpc: Some((at.vpc_index, at.vpc)), dns64: at.subnet.dns64 }
    }

    /// As the Internet sees names.
    pub(crate) fn of_the_internet(tables: &'t Tables) -> View<'t> {
        View { tables, vpc: None, dns64: Dns64::Off }
    }

    /// The answer to a query.
    pub(crate) fn answer(&self, query: &Message) -> Message {
        let found = self.look_up(query);
        match &query.question {
            Some(question) if self.dns64 == Dns64::On && question.record_type == RecordType::Aaaa => {
                self.with_made_up_addresses(query, question, found)
            }
            _ => found,
        }
    }

    /// The answer, where it has no AAAA record, with one for each A record of the name, behind the same CNAMEs (RFC 6147 §5.1). A
    /// name that is not there stays so. An address of ::ffff:0:0/96 is none (§5.1.4).
    fn with_made_up_addresses(&self, query: &Message, question: &Question, found: Message) -> Message {
        let is_real = |record: &Record| matches!(record.data, RecordData::Aaaa(v6) if v6.to_ipv4_mapped().is_none());
        if found.code != ResponseCode::NoError || found.answers.iter().any(is_real) {
            return found;
        }
        let question_v4 = Question { record_type: RecordType::A, ..question.clone() };
        let mut answer = self.look_up(&Message { question: Some(question_v4), ..query.clone() });
        if !answer.answers.iter().any(|record| matches!(record.data, RecordData::A(_))) {
            return found;
        }
        let is_soa = |record: &&Record| matches!(record.data, RecordData::Soa(_));
        let longest = found.authority.iter().find(is_soa).map_or(TTL_MADE_UP, |soa| soa.ttl);
        for record in &mut answer.answers {
            if let RecordData::A(v4) = record.data {
                *record = Record { ttl: record.ttl.min(longest), data: RecordData::Aaaa(embed(v4)), ..record.clone() };
            }
        }
        Message { question: found.question, ..answer }
    }

    /// What is written somewhere. A name server of a zone is never asked here, so whoever does not want recursion gets nothing
    /// (DNS-1).
    fn look_up(&self, query: &Message) -> Message {
        let Some(question) = &query.question else { return query.answered(ResponseCode::FormatError) };
        if !query.recursion_desired {
            return query.answered(ResponseCode::Refused);
        }
        let mut answer = query.answered(ResponseCode::NoError);
        let mut question = question.clone();
        for _ in 0..CHAIN_MAX {
            match self.find(&question) {
                Found::Records(records) => {
                    let next = match &records[..] {
                        [Record { data: RecordData::Cname(target), .. }] if !asks_for_cname(&question) => {
                            Some(target.clone())
                        }
                        _ => None,
                    };
                    answer.answers.extend(records);
                    let Some(target) = next else { return answer };
                    question.name = target;
                }
                Found::NoData(soa) => {
                    answer.authority.extend(soa);
                    return answer;
                }
                Found::NoSuchName(soa) => {
                    answer.authority.extend(soa);
                    answer.code = ResponseCode::NoSuchName;
                    return answer;
                }
            }
        }
        query.answered(ResponseCode::ServerFailure)
    }

    fn find(&self, question: &Question) -> Found {
        let Question { name, .. } = question;
        let zone = self.private_zone(name);
        let autodefined = Autodefined::of(name);
        match (zone, autodefined) {
            (Some(zone), Some(autodefined)) if zone.name.label_count() < autodefined.label_count() => {
                self.find_autodefined(&autodefined, question)
            }
            (Some(zone), _) => self.find_in_zone(zone, question),
            (None, Some(autodefined)) => self.find_autodefined(&autodefined, question),
            (None, None) => self.find_publicly(question),
        }
    }

    /// The most specific private zone that holds a name (DNS-6), where the VPC has switched on what it needs (DNS-7).
    fn private_zone(&self, name: &DomainName) -> Option<&'t ZoneTable> {
        let (_, vpc) = self.vpc.filter(|(_, vpc)| vpc.names.are_complete())?;
        most_specific(vpc.names.zones.iter().map(|zone| &**zone), name)
    }

    /// A name that is not in the zone is nowhere: a private zone hides the public one of its name (DNS-6).
    fn find_in_zone(&self, zone: &ZoneTable, question: &Question) -> Found {
        let Question { name, record_type } = question;
        let soa = zone.sets.get(&zone.name).into_iter().flatten().find_map(|set| match &set.content {
            RecordContent::Values { values, ttl } if set.record_type == RecordType::Soa => {
                Some(Record { name: zone.name.clone(), ttl: *ttl, data: values.first()?.clone() })
            }
            _ => None,
        });
        let Some(sets) = zone.sets_of(name) else { return Found::NoSuchName(soa) };
        let cname = sets.iter().filter(|set| set.record_type == RecordType::Cname && !asks_for_cname(question));
        let wanted =
            sets.iter().filter(|set| record_type.takes(set.record_type) && set.record_type != RecordType::Cname);
        let exact = sets.iter().filter(|set| asks_for_cname(question) && set.record_type == RecordType::Cname);
        let mut records = Vec::new();
        for set in cname.chain(wanted).chain(exact) {
            match &set.content {
                RecordContent::Values { ttl, values } => {
                    let record = |data: &RecordData| Record { name: name.clone(), ttl: *ttl, data: data.clone() };
                    records.extend(values.iter().map(record));
                }
                RecordContent::Alias(target) => records.extend(self.aliased(name, target, set.record_type)),
            }
        }
        if records.is_empty() { Found::NoData(soa) } else { Found::Records(records) }
    }

    /// What another name has, under the name of the alias. An alias of an alias is followed by the same rule; one that leads
    /// back to itself ends at [`CHAIN_MAX`].
    fn aliased(&self, name: &DomainName, target: &DomainName, record_type: RecordType) -> Vec<Record> {
        let mut target = target.clone();
        for _ in 0..CHAIN_MAX {
            let zone = self.private_zone(&target).or_else(|| most_specific(self.public_zones(), &target));
            let sets = zone.and_then(|zone| zone.sets_of(&target)).unwrap_or_default();
            let next = sets.iter().find_map(|set| match &set.content {
                RecordContent::Alias(next) if set.record_type == record_type => Some(next.clone()),
                _ => None,
            });
            match next {
                Some(next) => target = next,
                None => {
                    let Found::Records(records) = self.find(&Question { name: target, record_type }) else { break };
                    return records.into_iter().map(|record| Record { name: name.clone(), ..record }).collect();
                }
            }
        }
        Vec::new()
    }

    fn find_autodefined(&self, autodefined: &Autodefined, question: &Question) -> Found {
        let nobody = || Found::NoSuchName(Some(autodefined.authority()));
        match autodefined {
            Autodefined::PrivateName { region, address } => match self.vpc {
                Some((near, _)) if address.is_some_and(|it| self.sees_private(near, *region, IpAddr::V4(it))) => {
                    let data = address.map(RecordData::A);
                    given(question, TTL_PRIVATE_NAME, data, Some(autodefined.authority()))
                }
                _ => nobody(),
            },
            Autodefined::ResourceName { region, instance } => {
                let near = self.vpc.map(|(near, _)| near);
                match near.and_then(|near| self.named_instance(near, *region, *instance)) {
                    Some(addresses) => {
                        let data = addresses.into_iter().map(RecordData::address);
                        given(question, TTL_PRIVATE_NAME, data, Some(autodefined.authority()))
                    }
                    None => nobody(),
                }
            }
            Autodefined::Reverse(address) => {
                let owner = self.vpc.and_then(|(near, _)| self.private_owner(near, IpAddr::V4(*address)));
                if let Some(region) = owner {
                    let name = private_name(region, *address).parse().ok();
                    return given(question, TTL_PRIVATE_NAME, name.map(RecordData::Ptr), Some(autodefined.authority()));
                }
                // The public name of a public address, as everybody finds it.
                let public = self.public_owner(*address).filter(|_| !address.is_private());
                match public.and_then(|owner| public_name(self.tables.vpc(owner).region, *address).parse().ok()) {
                    Some(name) => given(question, TTL_PUBLIC_NAME, Some(RecordData::Ptr(name)), None),
                    None => match self.tables.public_names.name_of(IpAddr::V4(*address)) {
                        Some(name) => given(question, TTL_INTERNET, Some(RecordData::Ptr(name)), None),
                        None => nobody(),
                    },
                }
            }
        }
    }

    /// Whether a private name of a Region leads somewhere: to the VPC itself, or to a peer that lets it be known (PCX-36).
    fn sees_private(&self, near: VpcIndex, region: Region, address: IpAddr) -> bool {
        self.private_owner(near, address) == Some(region)
    }

    /// The addresses behind an instance's resource name, as a VPC may know them: those of the kinds that have records. The peer
    /// lets them be known as it does the names of addresses (PCX-36).
    fn named_instance(&self, near: VpcIndex, region: Region, instance: InstanceId) -> Option<Vec<IpAddr>> {
        let vpcs = std::iter::once(near).chain(self.peers(near).map(|(_, far)| far)).map(|vpc| self.tables.vpc(vpc));
        let eni: &EniTable = vpcs
            .filter(|vpc| vpc.region == region)
            .find_map(|vpc| vpc.names.instances.get(&instance).map(|slot| &vpc.enis[slot.0 as usize]))?;
        let name = eni.resource_name.as_ref()?;
        // The primary address of each kind comes first.
        let v4 = eni.addresses.iter().find(|address| address.is_ipv4()).filter(|_| name.a_record);
        let v6 = eni.addresses.iter().find(|address| address.is_ipv6()).filter(|_| name.aaaa_record);
        let known = v4.into_iter().chain(v6).copied().filter(|it| self.sees_private(near, region, *it));
        Some(known.collect()).filter(|known: &Vec<IpAddr>| !known.is_empty())
    }

    /// The Region of the interface that has an address, of those whose private names are known in a VPC.
    fn private_owner(&self, near: VpcIndex, address: IpAddr) -> Option<Region> {
        let vpc = self.tables.vpc(near);
        if !vpc.names.are_complete() {
            return None;
        }
        if vpc.owns(address) {
            return vpc.owner_of(address).map(|_| vpc.region);
        }
        self.peers(near).find_map(|(peering, far)| {
            let peer = self.tables.vpc(far);
            // RFC 1918 blocks of the same Region are known without the option (PCX-36).
            let block = peer.blocks.iter().find(|block| block.contains(&address))?;
            let is_private = matches!(block.network(), IpAddr::V4(network) if network.is_private());
            let is_known = peering.resolves(far) || (is_private && peer.region == vpc.region);
            (is_known && peer.names.are_complete()).then(|| peer.owner_of(address).map(|_| peer.region))?
        })
    }

    /// A VPC's active peering connections, and the VPC at the far end of each.
    fn peers(&self, near: VpcIndex) -> impl Iterator<Item = (&'t PeeringTable, VpcIndex)> {
        let tables = self.tables;
        tables.vpc(near).names.peerings.iter().map(move |peering| {
            let side = tables.side(*peering, near);
            let peering = tables.peering(side);
            (peering, peering.seen_from(side).1)
        })
    }

    /// The VPC that has a public IPv4 address and gives names.
    fn public_owner(&self, address: Ipv4Addr) -> Option<VpcIndex> {
        let owner = self.tables.internet_gateway_of(IpAddr::V4(address))?;
        self.tables.vpc(owner).names.are_complete().then_some(owner)
    }

    fn public_zones(&self) -> impl Iterator<Item = &'t ZoneTable> {
        self.tables.public_names.zones.iter().map(|zone| &**zone)
    }

    fn find_publicly(&self, question: &Question) -> Found {
        let Question { name, .. } = question;
        if let Some((region, address)) = address_of_public_name(name) {
            let owner = self.public_owner(address).filter(|owner| self.tables.vpc(*owner).region == region);
            return match owner {
                Some(owner) => {
                    let address = self.address_seen(owner, address);
                    given(question, TTL_PUBLIC_NAME, Some(RecordData::address(address)), None)
                }
                None => Found::NoSuchName(None),
            };
        }
        if let Some(zone) = most_specific(self.public_zones(), name) {
            return self.find_in_zone(zone, question);
        }
        let names = &self.tables.public_names;
        let addresses = names.addresses_of(name);
        if !addresses.is_empty() {
            let data = addresses.into_iter().map(RecordData::address);
            return given(question, TTL_INTERNET, data, Some(root_authority()));
        }
        match names.has_below(name) {
            true => Found::NoData(Some(root_authority())),
            false => Found::NoSuchName(Some(root_authority())),
        }
    }

    /// A public name inside the VPC means the private address (DNS-5), and in a peer too where the owner's side of the
    /// connection has the option (PCX-34, PCX-35).
    fn address_seen(&self, owner: VpcIndex, public: Ipv4Addr) -> IpAddr {
        let public = IpAddr::V4(public);
        let Some((near, _)) = self.vpc.filter(|(_, vpc)| vpc.names.are_complete()) else { return public };
        let is_peer = || self.peers(near).any(|(peering, far)| far == owner && peering.resolves(owner));
        if near != owner && !is_peer() {
            return public;
        }
        let gateway = self.tables.vpc(owner).internet_gateway.as_ref();
        gateway.and_then(|gateway| gateway.private_of.get(&public)).copied().unwrap_or(public)
    }
}

/// A name that the Resolver has rules for by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Autodefined {
    /// `….REGION.compute.internal`; the address that it spells, if it does.
    PrivateName { region: Region, address: Option<Ipv4Addr> },
    /// `i-….REGION.compute.internal`.
    ResourceName { region: Region, instance: InstanceId },
    /// An address backwards.
    Reverse(Ipv4Addr),
}

impl Autodefined {
    fn of(name: &DomainName) -> Option<Autodefined> {
        if let Some(address) = name.reversed_v4() {
            return Some(Autodefined::Reverse(address));
        }
        let (host, region) = match name.as_str().strip_suffix(".ec2.internal") {
            Some(host) => (host, "us-east-1"),
            None => {
                let parts = name.as_str().strip_suffix(".compute.internal")?.rsplit_once('.')?;
                Some(parts).filter(|(_, region)| *region != "us-east-1")?
            }
        };
        let region = region.parse().ok()?;
        if let Ok(instance) = host.parse() {
            return Some(Autodefined::ResourceName { region, instance });
        }
        let address = host.strip_prefix("ip-").and_then(dashed_address);
        Some(Autodefined::PrivateName { region, address })
    }

    /// How specific the rule is.
    fn label_count(&self) -> usize {
        self.zone().label_count()
    }

    fn zone(&self) -> DomainName {
        let zone = match self {
            Autodefined::PrivateName { region, .. } | Autodefined::ResourceName { region, .. } => {
                private_domain(*region)
            }
            Autodefined::Reverse(address) => {
                let [a, ..] = address.octets();
                format!("{a}.in-addr.arpa")
            }
        };
        zone.parse().expect("a Region's name and numbers make a domain name")
    }

    /// What an answer without records names as the authority.
    fn authority(&self) -> Record {
        authority(self.zone())
    }
}

/// The domain of a Region's private names (DNS-4).
pub(crate) fn private_domain(region: Region) -> String {
    match region.name() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    }
}

/// `ip-10-0-0-1.ap-northeast-2.compute.internal` (DNS-4).
fn private_name(region: Region, address: Ipv4Addr) -> String {
    format!("ip-{}.{}", address.to_string().replace('.', "-"), private_domain(region))
}

/// `ec2-3-38-1-2.ap-northeast-2.compute.amazonaws.com` (DNS-5).
fn public_name(region: Region, address: Ipv4Addr) -> String {
    let address = address.to_string().replace('.', "-");
    match region.name() {
        "us-east-1" => format!("ec2-{address}.compute-1.amazonaws.com"),
        region => format!("ec2-{address}.{region}.compute.amazonaws.com"),
    }
}

fn address_of_public_name(name: &DomainName) -> Option<(Region, Ipv4Addr)> {
    let rest = name.as_str().strip_prefix("ec2-")?;
    let (address, region) = match rest.strip_suffix(".compute-1.amazonaws.com") {
        Some(address) => (address, "us-east-1"),
        None => rest.strip_suffix(".compute.amazonaws.com")?.split_once('.')?,
    };
    Some((region.parse().ok()?, dashed_address(address)?))
}

/// `10-0-0-1`.
fn dashed_address(text: &str) -> Option<Ipv4Addr> {
    text.replace('-', ".").parse().ok().filter(|_| !text.contains('.'))
}

fn most_specific<'t>(zones: impl Iterator<Item = &'t ZoneTable>, name: &DomainName) -> Option<&'t ZoneTable> {
    zones.filter(|zone| name.is_within(&zone.name)).max_by_key(|zone| zone.name.label_count())
}

fn asks_for_cname(question: &Question) -> bool {
    matches!(question.record_type, RecordType::Cname | RecordType::Any)
}

/// The records of a name that are of the type asked for.
fn given(
    question: &Question,
    ttl: u32,
    data: impl IntoIterator<Item = RecordData>,
    authority: Option<Record>,
) -> Found {
    let wanted = data.into_iter().filter(|data| question.record_type.takes(data.record_type()));
    let records: Vec<Record> = wanted.map(|data| Record { name: question.name.clone(), ttl, data }).collect();
    if records.is_empty() { Found::NoData(authority) } else { Found::Records(records) }
}

/// The start of authority of names that AWS defines. SIM: the form of Route 53's own.
fn authority(zone: DomainName) -> Record {
    let name = |text: &str| text.parse().expect("a name written here");
    let soa = StartOfAuthority {
        server: zone.child("ns0"),
        mailbox: name("hostmaster.amazon.com"),
        serial: 2_012_103_100,
        refresh: 3600,
        retry: 3600,
        expire: 3600,
        minimum: 60,
    };
    Record { name: zone, ttl: 60, data: RecordData::Soa(Box::new(soa)) }
}

/// The start of authority of the root, which names that nobody has lie in.
fn root_authority() -> Record {
    let name = |text: &str| text.parse().expect("a name written here");
    let soa = StartOfAuthority {
        server: name("a.root-servers.net"),
        mailbox: name("nstld.verisign-grs.com"),
        serial: 2_024_010_100,
        refresh: 1800,
        retry: 900,
        expire: 604_800,
        minimum: 86_400,
    };
    Record { name: name("."), ttl: 900, data: RecordData::Soa(Box::new(soa)) }
}
