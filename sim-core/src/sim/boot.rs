//! What guests are made from, and how they boot.

use std::mem;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use smallvec::SmallVec;

use super::dhcp;
use super::guests::{LocalGuest, Plug};
use super::leases::Leases;
use super::partition::{Directory, GuestIndex};
use super::{public_names, public_resolver};
use crate::app::{ADDRESS_ECHO, AWS_SERVICE, ENDPOINT_POLICY, OUTSIDE_ROOT, OUTSIDE_SERVER, RESOLVER_FRONT};
use crate::cloud::{Cloud, HostnameType, ImageFamily, PublicService};
use crate::dataplane::tables::{EniIndex, ROUTER_IPV6, Tables};
use crate::engine::{SimTime, mix};
use crate::host::{Disk, Host, HostConfig, InterfaceConfig, Profile, Programs, ResolverConfig};
use crate::id::{IdPlaces, InstanceId, InternetHostId, Region, ResourceId, VpcEndpointId, VpcId};
use crate::net::MacAddr;

/// The largest IP packet of an instance's interface (MTU-1).
const INSTANCE_MTU: u16 = 9001;

/// A guest's partition, and its place there.
type Place = (u32, LocalGuest);

/// All guests there ever were.
pub(super) struct Guests {
    /// Places of instances among the records.
    instances: IdPlaces,
    records: Vec<(Place, GuestRecord)>,
    /// The hosts of AWS's own services, numbered from [`SERVICES`].
    services: Vec<(Place, GuestRecord)>,
    seed: u64,
    epoch_nanos: i128,
    programs: Programs,
    packages: Packages,
    leases: Leases,
}

/// Hosts of AWS's own services have numbers of their own, so that one more of them changes nobody else's chance.
pub(super) const SERVICES: u32 = 1 << 31;

/// How package managers of instances get what they install.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Packages {
    /// From the mirror of their Region, over the network.
    Mirror,
    /// They are there already.
    Preinstalled,
}

/// What a sleeping guest needs to wake.
enum GuestRecord {
    Instance {
        id: InstanceId,
        family: ImageFamily,
        region: Region,
        /// What it boots with, has booted with or got since, by place.
        interfaces: SmallVec<[(EniIndex, BootInterface); 1]>,
        /// Each boot has chance of its own: other ports, other sequence numbers.
        boots: u32,
        /// When it was up after the last of them.
        up_since: SimTime,
    },
    Outside(Box<OutsideGuest>),
}

/// What a host on the Internet is made from.
pub(super) struct OutsideGuest {
    pub(super) id: InternetHostId,
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) interface: InterfaceConfig,
    pub(super) serves: Serves,
}

/// What a host outside VPCs serves.
pub(super) enum Serves {
    /// The page of `/`, if there is one, and TCP ports that answer.
    Site { page: Option<String>, ports: Vec<u16> },
    /// Names, also over TCP; and whom it asks for those.
    Names { upstream: IpAddr },
    /// From which address it is asked.
    AddressEcho,
    /// A public service of AWS.
    Service { service: PublicService, region: Region, endpoint: Option<BehindEndpoint> },
}

/// What a service is told of the endpoint through which it is reached.
pub(super) struct BehindEndpoint {
    pub(super) endpoint: VpcEndpointId,
    pub(super) vpc: VpcId,
    /// The endpoint's policy, JSON.
    pub(super) policy: String,
}

/// An interface as its guest configures it at boot. Most of a large world sleeps for ever, and nearly every interface has one
/// IPv4 address and no more; what follows from it is worked out when its guest wakes.
enum BootInterface {
    Plain {
        mac: MacAddr,
        address: Ipv4Addr,
        prefix_len: u8,
    },
    Other(Box<InterfaceConfig>),
    /// Detached since the guest has booted; its place is free.
    Gone {
        mac: MacAddr,
    },
}

/// What has become of an interface of a running instance.
#[derive(Debug)]
pub(super) struct InterfaceChange {
    pub(super) eni: EniIndex,
    /// Its place among the guest's interfaces.
    pub(super) port: u16,
    /// How the guest sets it up now.
    pub(super) config: InterfaceConfig,
    pub(super) kind: ChangeKind,
}

/// How an interface has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChangeKind {
    Attached,
    Detached,
    /// It has other addresses.
    Addresses,
}

/// Whose record is at a place.
///
/// # Panics
/// When it is not that of an instance: hosts on the Internet are not found by id.
fn instance_at(records: &[(Place, GuestRecord)], place: u32) -> InstanceId {
    match &records[place as usize].1 {
        GuestRecord::Instance { id, .. } => *id,
        GuestRecord::Outside(_) => unreachable!("only instances have a place"),
    }
}

impl Guests {
    pub(super) fn new(seed: u64, epoch_nanos: i128, programs: Programs, packages: Packages) -> Guests {
        Guests {
            instances: IdPlaces::default(),
            records: Vec::new(),
            services: Vec::new(),
            seed,
            epoch_nanos,
            programs,
            packages,
            leases: Leases::default(),
        }
    }

    /// The number that the guest added next will have.
    pub(super) fn next(&self) -> GuestIndex {
        GuestIndex(self.records.len() as u32)
    }

    pub(super) fn add_instance(
        &mut self,
        id: InstanceId,
        family: ImageFamily,
        region: Region,
        place: Place,
    ) -> GuestIndex {
        let guest = self.next();
        self.records.push((
            place,
            GuestRecord::Instance {
                id,
                family,
                region,
                interfaces: SmallVec::new(),
                boots: 0,
                up_since: SimTime::ZERO,
            },
        ));
        let records = &self.records;
        self.instances.insert(&id, guest.0, |place| instance_at(records, place));
        guest
    }

    /// The number that the host of a service added next will have.
    pub(super) fn next_service(&self) -> GuestIndex {
        GuestIndex(SERVICES + self.services.len() as u32)
    }

    pub(super) fn add_service(&mut self, outside: OutsideGuest, place: Place) -> GuestIndex {
        let guest = self.next_service();
        self.services.push((place, GuestRecord::Outside(Box::new(outside))));
        guest
    }

    /// Gives the service behind an endpoint the endpoint's policy of now.
    pub(super) fn set_policy(&mut self, guest: GuestIndex, policy: &str) {
        if let GuestRecord::Outside(outside) = &mut self.record_mut(guest).1
            && let Serves::Service { endpoint: Some(endpoint), .. } = &mut outside.serves
        {
            policy.clone_into(&mut endpoint.policy);
        }
    }

    fn record(&self, guest: GuestIndex) -> &(Place, GuestRecord) {
        match guest.0.checked_sub(SERVICES) {
            Some(service) => &self.services[service as usize],
            None => &self.records[guest.0 as usize],
        }
    }

    fn record_mut(&mut self, guest: GuestIndex) -> &mut (Place, GuestRecord) {
        match guest.0.checked_sub(SERVICES) {
            Some(service) => &mut self.services[service as usize],
            None => &mut self.records[guest.0 as usize],
        }
    }

    pub(super) fn add_outside(&mut self, outside: OutsideGuest, place: Place) -> GuestIndex {
        let guest = self.next();
        self.records.push((place, GuestRecord::Outside(Box::new(outside))));
        guest
    }

    /// The guest of an instance that has been up.
    pub(super) fn of_instance(&self, id: InstanceId) -> Option<GuestIndex> {
        self.instances.get(&id, |place| instance_at(&self.records, place)).map(GuestIndex)
    }

    pub(super) fn place(&self, guest: GuestIndex) -> Place {
        self.record(guest).0
    }

    pub(super) fn id(&self, guest: GuestIndex) -> ResourceId {
        match &self.record(guest).1 {
            GuestRecord::Instance { id, .. } => (*id).into(),
            GuestRecord::Outside(outside) => outside.id.into(),
        }
    }

    /// The interfaces with which an instance has booted or will boot.
    pub(super) fn interfaces(&self, guest: GuestIndex) -> impl Iterator<Item = EniIndex> {
        let interfaces = match &self.record(guest).1 {
            GuestRecord::Instance { interfaces, .. } => interfaces.as_slice(),
            GuestRecord::Outside(_) => &[],
        };
        let is_there = |interface: &&(EniIndex, BootInterface)| !matches!(interface.1, BootInterface::Gone { .. });
        interfaces.iter().filter(is_there).map(|(eni, _)| *eni)
    }

    /// Gives an instance that boots these interfaces, with the addresses they have now. Answers those it had before.
    pub(super) fn set_interfaces(
        &mut self,
        guest: GuestIndex,
        enis: &[EniIndex],
        tables: &Tables,
    ) -> SmallVec<[EniIndex; 1]> {
        let GuestRecord::Instance { family, interfaces, .. } = &mut self.record_mut(guest).1 else {
            return SmallVec::new();
        };
        let family = *family;
        let now = enis
            .iter()
            .filter_map(|eni| interface_config(tables, *eni, family).map(|config| (*eni, BootInterface::new(config))));
        mem::replace(interfaces, now.collect()).into_iter().map(|(eni, _)| eni).collect()
    }

    /// Gives a running instance these interfaces, with the addresses they have now, and says what has changed. Those it keeps
    /// keep their places.
    pub(super) fn change_interfaces(
        &mut self,
        guest: GuestIndex,
        enis: &[EniIndex],
        tables: &Tables,
    ) -> Vec<InterfaceChange> {
        let GuestRecord::Instance { family, interfaces, .. } = &mut self.record_mut(guest).1 else { return Vec::new() };
        let mut changes = Vec::new();
        for ((eni, interface), port) in interfaces.iter_mut().zip(0..) {
            let before = interface.config();
            let is_gone = matches!(interface, BootInterface::Gone { .. });
            let now = enis.contains(eni).then(|| interface_config(tables, *eni, *family)).flatten();
            let (config, kind) = match now {
                Some(now) if is_gone => (now, ChangeKind::Attached),
                Some(now) if now != before => (now, ChangeKind::Addresses),
                None if !is_gone => (InterfaceConfig::detached(before.mac), ChangeKind::Detached),
                _ => continue,
            };
            *interface = BootInterface::new(config.clone());
            changes.push(InterfaceChange { eni: *eni, port, config, kind });
        }
        for eni in enis {
            if interfaces.iter().any(|(known, _)| known == eni) {
                continue;
            }
            let Some(config) = interface_config(tables, *eni, *family) else { continue };
            let free = interfaces.iter().position(|(_, interface)| matches!(interface, BootInterface::Gone { .. }));
            let place = (*eni, BootInterface::new(config.clone()));
            let port = match free {
                Some(free) => {
                    interfaces[free] = place;
                    free
                }
                None => {
                    interfaces.push(place);
                    interfaces.len() - 1
                }
            };
            changes.push(InterfaceChange { eni: *eni, port: port as u16, config, kind: ChangeKind::Attached });
        }
        changes
    }

    /// How often an instance has booted.
    pub(super) fn boots(&self, guest: GuestIndex) -> u32 {
        match &self.record(guest).1 {
            GuestRecord::Instance { boots, .. } => *boots,
            GuestRecord::Outside(_) => 1,
        }
    }

    /// A guest has booted.
    pub(super) fn count_boot(&mut self, guest: GuestIndex, now: SimTime) {
        if let GuestRecord::Instance { boots, up_since, .. } = &mut self.record_mut(guest).1 {
            *boots += 1;
            *up_since = now;
        }
    }

    /// The instances of a VPC will be told something else, and were told this before.
    pub(super) fn change_leases(&mut self, vpc: VpcId, now: SimTime, before: ResolverConfig) {
        self.leases.change(vpc, now, before);
    }
}

impl Directory for Guests {
    fn boot(&self, guest: GuestIndex, cloud: &Cloud, disk: Option<Disk>, now: SimTime) -> (Host, Vec<Plug>) {
        let record = &self.record(guest).1;
        let (profile, hostname, interfaces, reboots, package_mirror, resolver, lease) = match record {
            GuestRecord::Instance { id, family, region, interfaces, boots, up_since } => {
                let interfaces: Vec<InterfaceConfig> =
                    interfaces.iter().map(|(_, interface)| interface.config()).collect();
                let hostname = host_name(cloud, *id, &interfaces);
                let mirror = match self.packages {
                    Packages::Mirror => public_names::package_mirror(*family, *region),
                    Packages::Preinstalled => None,
                };
                let lease = dhcp::first_lease(*up_since);
                let leased =
                    cloud.instances.get(id).filter(|_| interfaces.iter().any(|interface| !interface.ipv4.is_empty()));
                let vpc = leased.map(|instance| instance.vpc);
                let told = vpc.and_then(|vpc| self.leases.told(vpc, lease.last_renewal(now))).cloned();
                let is_outdated = told.is_some();
                let resolver = told.or_else(|| dhcp::resolver(cloud, *id)).unwrap_or_default();
                let lease = Some((lease, is_outdated));
                (profile_of(*family), hostname, interfaces, boots.saturating_sub(1), mirror, resolver, lease)
            }
            GuestRecord::Outside(outside) => {
                let resolver = outside.serves.resolver();
                (Profile::Ubuntu, outside.name.clone(), vec![outside.interface.clone()], 0, None, resolver, None)
            }
        };
        let config = HostConfig {
            profile,
            hostname,
            interfaces,
            seed: mix(self.seed ^ mix(u64::from(reboots) << 32 | u64::from(guest.0))),
            epoch_nanos: self.epoch_nanos,
            hosts_file: Vec::new(),
            package_mirror,
            resolver,
            programs: self.programs,
        };
        let mut host = match disk {
            Some(disk) => Host::from_disk(config, disk, now),
            None => Host::new(config, now),
        };
        if let Some((lease, is_outdated)) = lease {
            host.hold_lease(lease);
            if is_outdated {
                host.outdate_lease(now);
            }
        }
        let plugs = match record {
            GuestRecord::Instance { interfaces, .. } => interfaces.iter().map(|(eni, _)| Plug::Eni(*eni)).collect(),
            GuestRecord::Outside(outside) => {
                outside.serves.start(&mut host);
                vec![Plug::Internet(outside.number)]
            }
        };
        (host, plugs)
    }

    fn instance(&self, guest: GuestIndex) -> Option<InstanceId> {
        match &self.record(guest).1 {
            GuestRecord::Instance { id, .. } => Some(*id),
            GuestRecord::Outside(_) => None,
        }
    }
}

impl Serves {
    /// What the host asks when it wants a name: a public resolver. A service of AWS asks nobody.
    fn resolver(&self) -> ResolverConfig {
        match self {
            Serves::Site { .. } | Serves::Names { .. } | Serves::AddressEcho => {
                ResolverConfig { servers: public_resolver::SERVERS.to_vec(), search: None }
            }
            Serves::Service { .. } => ResolverConfig::default(),
        }
    }

    /// Starts what the host serves.
    fn start(&self, host: &mut Host) {
        match self {
            Serves::Site { page, ports } => {
                if let Some(page) = page {
                    host.write_file(&format!("{OUTSIDE_ROOT}/index.html"), page.as_bytes());
                }
                host.start_service(OUTSIDE_SERVER, &ports.iter().map(u16::to_string).collect::<Vec<_>>());
            }
            Serves::Names { upstream } => host.start_service(RESOLVER_FRONT, &[upstream.to_string()]),
            Serves::AddressEcho => host.start_service(ADDRESS_ECHO, &[]),
            Serves::Service { service, region, endpoint } => {
                let mut arguments = vec![service.label().to_owned(), region.name().to_owned()];
                if let Some(BehindEndpoint { endpoint, vpc, policy }) = endpoint {
                    host.write_file(ENDPOINT_POLICY, policy.as_bytes());
                    arguments.extend([endpoint.to_string(), vpc.to_string()]);
                }
                host.start_service(AWS_SERVICE, &arguments);
            }
        }
    }
}

impl BootInterface {
    fn new(config: InterfaceConfig) -> BootInterface {
        match (&config.ipv4[..], &config.ipv6[..]) {
            ([(address, block)], []) => {
                BootInterface::Plain { mac: config.mac, address: *address, prefix_len: block.prefix_len() }
            }
            ([], []) => BootInterface::Gone { mac: config.mac },
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
            BootInterface::Gone { mac } => InterfaceConfig::detached(*mac),
        }
    }
}

/// An instance's interface as its DHCP client sets it up (ADDR-12, ADDR-19): the subnet's router is the default route. Secondary
/// IPv4 addresses are the guest's own business: Amazon Linux configures them, others only the primary one.
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
        ipv4_gateway: subnet.router,
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

/// The host name of an instance at first boot: its id, or from its primary address, as in `ip-10-41-1-100` (DNS-4).
fn host_name(cloud: &Cloud, id: InstanceId, interfaces: &[InterfaceConfig]) -> String {
    let options = cloud.instances.get(&id).map(|instance| instance.name_options);
    if options.is_some_and(|options| options.hostname_type == HostnameType::ResourceName) {
        return id.to_string();
    }
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
