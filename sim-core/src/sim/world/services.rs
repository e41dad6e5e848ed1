//! The hosts that no scenario names: those that everybody knows, and those of AWS's public services – one for each service of a
//! Region that has a VPC, one behind each gateway endpoint, and the Region's Ubuntu archive. They follow the tables, and an endpoint's policy follows the control plane.

use std::net::IpAddr;

use super::World;
use crate::app::ENDPOINT_POLICY;
use crate::dataplane::tables::{EndpointIndex, ServiceIndex};
use crate::host::InterfaceConfig;
use crate::id::{InternetHostId, Region, ResourceId, VpcEndpointId};
use crate::net::MacAddr;
use crate::sim::boot::{BehindEndpoint, OutsideGuest, Serves};
use crate::sim::internet::{BEHIND_ENDPOINT_MTU, HostPlace, InternetHost, interface};
use crate::sim::placement::Placement;
use crate::sim::well_known::{self, WellKnown, WellKnownService};
use crate::sim::{public_names, public_resolver};

/// Hosts of services are numbered from here, above those that a scenario names.
const FIRST_ID: u64 = 1 << 32;

impl World {
    /// Adds hosts for the services and endpoints that are new, and hands policies that have changed to the services.
    pub(super) fn follow_services(&mut self, touched: &[ResourceId]) {
        for number in self.internet.services()..self.compiler.services().len() {
            let (service, region) = self.compiler.services()[number];
            let place = HostPlace::Service(ServiceIndex(number as u32));
            let serves = Serves::Service { service, region, endpoint: None };
            self.add_service_host(service.domain_in(region), place, serves);
            let is_last = self.compiler.services().get(number + 1).is_none_or(|(_, next)| *next != region);
            if is_last {
                self.add_archive(region);
            }
        }
        for number in self.internet.endpoints()..self.tables.endpoints.len() {
            let table = &self.tables.endpoints[number];
            let (service, region) = self.compiler.services()[table.service.0 as usize];
            let policy = self.cloud.vpc_endpoints.get(&table.id).map_or("", |endpoint| &endpoint.policy).to_owned();
            let behind = BehindEndpoint { endpoint: table.id, vpc: self.tables.vpc_id(table.vpc), policy };
            let place = HostPlace::BehindEndpoint(EndpointIndex(number as u32));
            let serves = Serves::Service { service, region, endpoint: Some(behind) };
            self.add_service_host(service.domain_in(region), place, serves);
        }
        for id in touched.iter().filter_map(|id| VpcEndpointId::try_from(*id).ok()) {
            let (Some(endpoint), Some(index)) = (self.cloud.vpc_endpoints.get(&id), self.compiler.endpoint_index(id))
            else {
                continue;
            };
            let host = self.internet.behind(index);
            let (guest, local) = (host.index, host.guest);
            self.guests.set_policy(guest, &endpoint.policy);
            self.partitions[Placement::INTERNET as usize].write_file(
                local,
                ENDPOINT_POLICY,
                endpoint.policy.as_bytes(),
            );
        }
    }

    fn add_service_host(&mut self, name: String, place: HostPlace, serves: Serves) {
        let Serves::Service { service, region, .. } = &serves else { return };
        let addresses = service.addresses_in(*region);
        let mac = self.next_service_mac();
        let mut interface = interface(mac, &addresses);
        if let HostPlace::BehindEndpoint(_) = place {
            interface.mtu = BEHIND_ENDPOINT_MTU;
        }
        self.add_host(name, addresses, place, mac, interface, serves);
    }

    /// Adds the hosts that everybody knows, at those of their addresses that are free.
    pub(super) fn add_well_known_hosts(&mut self) {
        for host in well_known::HOSTS {
            let addresses: Vec<IpAddr> =
                host.addresses.iter().copied().filter(|address| !self.internet.has(*address)).collect();
            if addresses.is_empty() {
                continue;
            }
            let mac = self.next_service_mac();
            let interface = interface(mac, &addresses);
            let serves = match host.serves {
                WellKnownService::Names => Serves::Names { upstream: self.other_resolver(host) },
                WellKnownService::AddressEcho => Serves::AddressEcho,
            };
            self.add_host(host.name.to_owned(), addresses, HostPlace::Internet, mac, interface, serves);
        }
    }

    /// A public resolver that is not this one: a host's datagram to itself would never leave it for the place where questions
    /// are answered.
    fn other_resolver(&self, host: &WellKnown) -> IpAddr {
        let others = well_known::HOSTS.iter().filter(|it| it.serves == WellKnownService::Names && it.name != host.name);
        let free = others
            .flat_map(|it| it.addresses)
            .copied()
            .find(|it| it.is_ipv4() && !self.internet.has_of_the_scenarios(*it));
        free.unwrap_or(public_resolver::SERVERS[0])
    }

    fn add_archive(&mut self, region: Region) {
        let (address, mac) = (public_names::archive_address(region), self.next_service_mac());
        let serves = Serves::Site { page: None, ports: vec![80] };
        let interface = interface(mac, &[address]);
        self.add_host(public_names::archive_name(region), vec![address], HostPlace::Internet, mac, interface, serves);
    }

    fn next_service_mac(&self) -> MacAddr {
        MacAddr::local(0xff_0000_0000 | self.internet.hosts().len() as u64)
    }

    fn add_host(
        &mut self,
        name: String,
        addresses: Vec<IpAddr>,
        place: HostPlace,
        mac: MacAddr,
        interface: InterfaceConfig,
        serves: Serves,
    ) {
        let number = self.internet.hosts().len() as u32;
        let partition = &mut self.partitions[Placement::INTERNET as usize];
        let local = partition.add_guest(self.guests.next_service());
        partition.switch_on(local);
        let id = InternetHostId::from_number(FIRST_ID + u64::from(number));
        let outside = OutsideGuest { id, name: name.clone(), number, interface, serves };
        let index = self.guests.add_service(outside, (Placement::INTERNET, local));
        self.internet.add(InternetHost { id, name, addresses, place, mac, guest: local, index });
    }
}
