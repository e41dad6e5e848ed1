//! What guests are made from, and how they boot.

use std::mem;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::guests::{LocalGuest, Plug};
use super::partition::{Directory, GuestIndex};
use super::public_resolver;
use crate::app::{OUTSIDE_ROOT, OUTSIDE_SERVER};
use crate::cloud::ImageFamily;
use crate::dataplane::resolver::private_domain;
use crate::dataplane::tables::{EniIndex, ROUTER_IPV6, Tables};
use crate::engine::{SimTime, mix};
use crate::host::{Disk, Host, HostConfig, InterfaceConfig, Profile, Programs, ResolverConfig};
use crate::id::{InstanceId, InternetHostId, ResourceId};
use crate::net::MacAddr;

/// The largest IP packet of an instance's interface (MTU-1).
const INSTANCE_MTU: u16 = 9001;

/// A guest's partition, and its place there.
type Place = (u32, LocalGuest);

/// All guests there ever were.
pub(super) struct Guests {
    instances: FxHashMap<InstanceId, GuestIndex>,
    records: Vec<(Place, GuestRecord)>,
    seed: u64,
    epoch_nanos: i128,
    programs: Programs,
}

/// What a sleeping guest needs to wake.
enum GuestRecord {
    Instance {
        id: InstanceId,
        family: ImageFamily,
        /// What it boots with, or has booted with.
        interfaces: SmallVec<[(EniIndex, BootInterface); 1]>,
        /// Each boot has chance of its own: other ports, other sequence numbers.
        boots: u32,
    },
    Outside(Box<OutsideGuest>),
}

/// What a host on the Internet is made from.
pub(super) struct OutsideGuest {
    pub(super) id: InternetHostId,
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) interface: InterfaceConfig,
    /// The page of `/`, if it serves one.
    pub(super) page: Option<String>,
    pub(super) ports: Vec<u16>,
}

/// An interface as its guest configures it at boot. Most of a large world sleeps for ever, and nearly every interface has one
/// IPv4 address and no more; what follows from it is worked out when its guest wakes.
enum BootInterface {
    Plain { mac: MacAddr, address: Ipv4Addr, prefix_len: u8 },
    Other(Box<InterfaceConfig>),
}

impl Guests {
    pub(super) fn new(seed: u64, epoch_nanos: i128, programs: Programs) -> Guests {
        Guests { instances: FxHashMap::default(), records: Vec::new(), seed, epoch_nanos, programs }
    }

    /// The number that the guest added next will have.
    pub(super) fn next(&self) -> GuestIndex {
        GuestIndex(self.records.len() as u32)
    }

    pub(super) fn add_instance(&mut self, id: InstanceId, family: ImageFamily, place: Place) -> GuestIndex {
        let guest = self.next();
        self.instances.insert(id, guest);
        self.records.push((place, GuestRecord::Instance { id, family, interfaces: SmallVec::new(), boots: 0 }));
        guest
    }

    pub(super) fn add_outside(&mut self, outside: OutsideGuest, place: Place) -> GuestIndex {
        let guest = self.next();
        self.records.push((place, GuestRecord::Outside(Box::new(outside))));
        guest
    }

    /// The guest of an instance that has been up.
    pub(super) fn of_instance(&self, id: InstanceId) -> Option<GuestIndex> {
        self.instances.get(&id).copied()
    }

    pub(super) fn place(&self, guest: GuestIndex) -> Place {
        self.records[guest.0 as usize].0
    }

    pub(super) fn id(&self, guest: GuestIndex) -> ResourceId {
        match &self.records[guest.0 as usize].1 {
            GuestRecord::Instance { id, .. } => (*id).into(),
            GuestRecord::Outside(outside) => outside.id.into(),
        }
    }

    /// The interfaces with which an instance has booted or will boot.
    pub(super) fn interfaces(&self, guest: GuestIndex) -> impl Iterator<Item = EniIndex> {
        let interfaces = match &self.records[guest.0 as usize].1 {
            GuestRecord::Instance { interfaces, .. } => interfaces.as_slice(),
            GuestRecord::Outside(_) => &[],
        };
        interfaces.iter().map(|(eni, _)| *eni)
    }

    /// Gives an instance that boots these interfaces, with the addresses they have now. Answers those it had before.
    pub(super) fn set_interfaces(
        &mut self,
        guest: GuestIndex,
        enis: &[EniIndex],
        tables: &Tables,
    ) -> SmallVec<[EniIndex; 1]> {
        let GuestRecord::Instance { family, interfaces, .. } = &mut self.records[guest.0 as usize].1 else {
            return SmallVec::new();
        };
        let family = *family;
        let now = enis
            .iter()
            .filter_map(|eni| interface_config(tables, *eni, family).map(|config| (*eni, BootInterface::new(config))));
        mem::replace(interfaces, now.collect()).into_iter().map(|(eni, _)| eni).collect()
    }

    /// How often an instance has booted.
    pub(super) fn boots(&self, guest: GuestIndex) -> u32 {
        match &self.records[guest.0 as usize].1 {
            GuestRecord::Instance { boots, .. } => *boots,
            GuestRecord::Outside(_) => 1,
        }
    }

    /// A guest boots.
    pub(super) fn count_boot(&mut self, guest: GuestIndex) {
        if let GuestRecord::Instance { boots, .. } = &mut self.records[guest.0 as usize].1 {
            *boots += 1;
        }
    }
}

impl Directory for Guests {
    fn boot(&self, guest: GuestIndex, tables: &Tables, disk: Option<Disk>, now: SimTime) -> (Host, Vec<Plug>) {
        let record = &self.records[guest.0 as usize].1;
        let (profile, hostname, interfaces, reboots, resolver) = match record {
            GuestRecord::Instance { family, interfaces: enis, boots, .. } => {
                let interfaces: Vec<InterfaceConfig> = enis.iter().map(|(_, interface)| interface.config()).collect();
                let resolver = enis.first().map(|(eni, _)| amazon_provided(tables, *eni)).unwrap_or_default();
                (profile_of(*family), private_host_name(&interfaces), interfaces, boots.saturating_sub(1), resolver)
            }
            GuestRecord::Outside(outside) => {
                let resolver = ResolverConfig { nameservers: public_resolver::SERVERS.to_vec(), search: Vec::new() };
                (Profile::Ubuntu, outside.name.clone(), vec![outside.interface.clone()], 0, resolver)
            }
        };
        let config = HostConfig {
            profile,
            hostname,
            interfaces,
            seed: mix(self.seed ^ mix(u64::from(reboots) << 32 | u64::from(guest.0))),
            epoch_nanos: self.epoch_nanos,
            hosts_file: Vec::new(),
            resolver,
            programs: self.programs,
        };
        let mut host = match disk {
            Some(disk) => Host::from_disk(config, disk, now),
            None => Host::new(config, now),
        };
        let plugs = match record {
            GuestRecord::Instance { interfaces, .. } => interfaces.iter().map(|(eni, _)| Plug::Eni(*eni)).collect(),
            GuestRecord::Outside(outside) => {
                if let Some(page) = &outside.page {
                    host.write_file(&format!("{OUTSIDE_ROOT}/index.html"), page.as_bytes());
                }
                host.start_service(OUTSIDE_SERVER, &outside.ports.iter().map(u16::to_string).collect::<Vec<_>>());
                vec![Plug::Internet(outside.number)]
            }
        };
        (host, plugs)
    }
}

impl BootInterface {
    fn new(config: InterfaceConfig) -> BootInterface {
        match (&config.ipv4[..], &config.ipv6[..]) {
            ([(address, block)], []) => {
                BootInterface::Plain { mac: config.mac, address: *address, prefix_len: block.prefix_len() }
            }
            _ => BootInterface::Other(Box::new(config)),
        }
    }

    fn config(&self) -> InterfaceConfig {
        match self {
            BootInterface::Plain { mac, address, prefix_len } => {
                let block = Ipv4Net::new_assert(*address, *prefix_len).trunc();
                // The subnet's router has the first address (ADDR-12).
                let router = Ipv4Addr::from_bits(block.network().to_bits() + 1);
                InterfaceConfig {
                    mac: *mac,
                    mtu: INSTANCE_MTU,
                    ipv4: vec![(*address, block)],
                    ipv6: Vec::new(),
                    ipv4_gateway: Some(router),
                    ipv6_gateway: None,
                }
            }
            BootInterface::Other(config) => (**config).clone(),
        }
    }
}

/// An instance's interface as its DHCP client sets it up (ADDR-12, ADDR-19): the subnet's router is the default route. Secondary
/// IPv4 addresses are the guest's own business: Amazon Linux configures them when it boots, others only the primary one.
///
/// Differs from AWS: an address assigned while the instance runs is configured at its next boot.
fn interface_config(tables: &Tables, eni: EniIndex, family: ImageFamily) -> Option<InterfaceConfig> {
    let interface = tables.interface(eni)?;
    let subnet = interface.subnet;
    let takes_secondary = matches!(family, ImageFamily::AmazonLinux2 | ImageFamily::AmazonLinux2023);
    let block = |address: IpAddr| subnet.blocks.iter().find(|block| block.contains(&address));
    let mut config = InterfaceConfig {
        mac: interface.eni.mac,
        mtu: INSTANCE_MTU,
        ipv4: Vec::new(),
        ipv6: Vec::new(),
        ipv4_gateway: Some(subnet.router),
        ipv6_gateway: None,
    };
    for address in &interface.eni.addresses {
        match (*address, block(*address)) {
            (IpAddr::V4(address), Some(IpNet::V4(block))) if config.ipv4.is_empty() || takes_secondary => {
                config.ipv4.push((address, *block))
            }
            (IpAddr::V6(address), Some(IpNet::V6(block))) => {
                config.ipv6.push((address, *block));
                config.ipv6_gateway = Some(ROUTER_IPV6);
            }
            _ => {}
        }
    }
    Some(config)
}

/// What DHCP tells an instance about names: AmazonProvidedDNS at the VPC's base plus two, and the Region's private domain
/// (ADDR-19, DNS-1).
fn amazon_provided(tables: &Tables, eni: EniIndex) -> ResolverConfig {
    let vpc = tables.interface(eni).map(|interface| interface.vpc);
    ResolverConfig {
        nameservers: vpc.and_then(|vpc| vpc.resolver).map(IpAddr::V4).into_iter().collect(),
        search: vpc.map(|vpc| private_domain(vpc.region)).into_iter().collect(),
    }
}

/// The host name of an instance at first boot: from its primary address, as in `ip-10-41-1-100` (DNS-4).
fn private_host_name(interfaces: &[InterfaceConfig]) -> String {
    let primary = interfaces.first().and_then(|interface| interface.ipv4.first());
    primary
        .map_or_else(|| "localhost".to_owned(), |(address, _)| format!("ip-{}", address.to_string().replace('.', "-")))
}

fn profile_of(family: ImageFamily) -> Profile {
    match family {
        ImageFamily::AmazonLinux2 => Profile::AmazonLinux2,
        ImageFamily::AmazonLinux2023 => Profile::AmazonLinux2023,
        ImageFamily::Ubuntu => Profile::Ubuntu,
        ImageFamily::Windows => Profile::Windows,
    }
}
