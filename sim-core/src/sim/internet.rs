//! The Internet: one router that knows every public address of the scenario, and the hosts behind it; and the public services
//! of AWS, which live beside it.
//!
//! Hosts are those the scenario names, those everybody knows, and the mirrors that package managers ask. A service answers at its public addresses, and
//! behind each gateway endpoint as a host of its own: AWS keeps apart what comes from different VPCs under the same private
//! address, and so does a host for each. The way between AWS's edge and a host costs some hops of TTL (L2-16); how many is a SIM
//! value, since it differs with every path.
//!
//! A router on the way where a TTL runs out tells the sender (RFC 1812 §5.3.1), which is what `traceroute` lives on. They are
//! passed all at once, and their addresses are SIM values too: from 240.0.0.0/4, which no host has and which AWS's own routers
//! show. Differs from AWS: the routers before AWS's services keep silent, all of them.

use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use rustc_hash::FxHashMap;

use super::boot::SERVICES;
use super::guests::LocalGuest;
use super::partition::GuestIndex;
use super::public_resolver;
use crate::dataplane::pipeline::{Entry, Hop, Next, Transit};
use crate::dataplane::tables::{EndpointIndex, ServiceIndex};
use crate::host::InterfaceConfig;
use crate::id::{InternetHostId, Origin, ResourceId};
use crate::net::{
    ArpOperation, ArpPacket, IpHeader, MacAddr, NeighborRole, NeighborSolicitation, lower_ttl, rewrite_macs,
    time_exceeded,
};
use crate::trace::{Decider, Direction, DropCode, DropReason, Step};

/// The hardware address of the router that every Internet host sees.
const ROUTER_MAC: MacAddr = MacAddr([0x02, 0, 0x5e, 0, 0, 1]);

/// The id under which the Internet itself appears in traces.
pub(crate) const ID: InternetHostId = InternetHostId::from_number(0);

/// Routers between AWS's edge and a host: 64 - 7 is the TTL of 57 that L2-16 saw.
const ROUTERS: u8 = 7;

/// What the routers are called, where IPv6 is spoken: the last group is their number, from AWS's edge on.
const ROUTER_NET_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0);

/// Routers more between AWS's edge and a host outside AWS that talks to a service of AWS: 64 - 15 is the TTL of 49 that an
/// office saw (L2-16).
const ACCESS_ROUTERS: u8 = 8;

/// The largest IP packet of a host on the Internet.
const INTERNET_MTU: u16 = 1500;

/// The largest IP packet of a service behind a gateway endpoint (MTU-2o).
pub(super) const BEHIND_ENDPOINT_MTU: u16 = 9001;

/// A host outside AWS.
#[derive(Clone, Debug)]
pub(crate) struct InternetHost {
    pub id: InternetHostId,
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub place: HostPlace,
    pub mac: MacAddr,
    /// Its number among all guests.
    pub index: GuestIndex,
    /// Its place in the Internet's partition.
    pub guest: LocalGuest,
}

impl InternetHost {
    /// Whether the scenario names it, rather than AWS or a distribution.
    pub(crate) fn is_the_scenarios(&self) -> bool {
        self.index.0 < SERVICES
    }
}

/// Where a host is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HostPlace {
    /// On the Internet.
    Internet,
    /// A public service of AWS, at its public addresses.
    Service(ServiceIndex),
    /// The same service, as a gateway endpoint leads to it.
    BehindEndpoint(EndpointIndex),
}

impl HostPlace {
    /// The station of the fabric from which a frame of such a host goes on.
    pub(super) fn station(self) -> Next {
        match self {
            HostPlace::Internet => Next::Internet,
            HostPlace::Service(service) => Next::PublicService(service),
            HostPlace::BehindEndpoint(endpoint) => Next::BehindEndpoint(endpoint),
        }
    }
}

/// The hosts outside VPCs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Internet {
    hosts: Vec<InternetHost>,
    by_address: FxHashMap<IpAddr, u32>,
    /// The hosts of services, by number of the service.
    services: Vec<u32>,
    /// The hosts of services behind endpoints, by number of the endpoint.
    behind_endpoints: Vec<u32>,
}

/// Where a frame on the Internet goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Onward {
    /// Down to the host with this number.
    Host(u32),
    /// To a gateway of a VPC, or to another place outside VPCs.
    Gateway(Next),
    /// Lost, and the trace knows why; or nobody's.
    Consumed,
}

impl Internet {
    /// Adds a host and gives its number.
    pub(crate) fn add(&mut self, host: InternetHost) -> u32 {
        let number = self.hosts.len() as u32;
        match host.place {
            HostPlace::Internet => self.by_address.extend(host.addresses.iter().map(|address| (*address, number))),
            HostPlace::Service(_) => self.services.push(number),
            HostPlace::BehindEndpoint(_) => self.behind_endpoints.push(number),
        }
        self.hosts.push(host);
        number
    }

    /// Whether a host that the scenario names is at an address.
    pub(super) fn has_of_the_scenarios(&self, address: IpAddr) -> bool {
        self.by_address.get(&address).is_some_and(|number| self.hosts[*number as usize].is_the_scenarios())
    }

    /// Whether any host is at an address.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.by_address.contains_key(&address)
    }

    /// How many services have their hosts.
    pub(super) fn services(&self) -> usize {
        self.services.len()
    }

    /// How many endpoints have the hosts behind them.
    pub(super) fn endpoints(&self) -> usize {
        self.behind_endpoints.len()
    }

    /// The host behind an endpoint.
    pub(super) fn behind(&self, endpoint: EndpointIndex) -> &InternetHost {
        &self.hosts[self.behind_endpoints[endpoint.0 as usize] as usize]
    }

    /// The station from which a host's frames go on.
    pub(super) fn station(&self, host: u32) -> Next {
        self.hosts[host as usize].place.station()
    }

    /// The hosts in the order they were added.
    pub(crate) fn hosts(&self) -> &[InternetHost] {
        &self.hosts
    }

    /// The guest behind a host's number.
    pub(crate) fn guest(&self, host: u32) -> LocalGuest {
        self.hosts[host as usize].guest
    }

    /// The id under which a host appears in traces.
    pub(crate) fn id(&self, host: u32) -> ResourceId {
        self.hosts[host as usize].id.into()
    }
}

/// The interface of a host at these addresses, as its DHCP client would have set it up: the router is the first address of the
/// first one's /24 (the second for the first itself), or `fe80::1`.
pub(crate) fn interface(mac: MacAddr, addresses: &[IpAddr]) -> InterfaceConfig {
    let mut config = InterfaceConfig {
        mac,
        mtu: INTERNET_MTU,
        ipv4: Vec::new(),
        ipv6: Vec::new(),
        ipv4_gateway: None,
        ipv6_gateway: None,
    };
    for address in addresses {
        match *address {
            IpAddr::V4(address) if config.ipv4_gateway.is_some() => {
                config.ipv4.push((address, Ipv4Net::from(address)));
            }
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                config.ipv4.push((address, Ipv4Net::new_assert(address, 24).trunc()));
                config.ipv4_gateway = Some(Ipv4Addr::new(a, b, c, if d == 1 { 2 } else { 1 }));
            }
            IpAddr::V6(address) => {
                config.ipv6.push((address, Ipv6Net::new_assert(address, 64).trunc()));
                config.ipv6_gateway = Some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
            }
        }
    }
    config
}

/// A host's frame reaches the Internet: the router answers its ARP, everything else is routed.
pub(crate) fn leave_host(hop: &mut Hop<'_>, internet: &Internet, host: u32, transit: &mut Transit) -> Onward {
    let point = internet.id(host);
    hop.trace.mark(&mut transit.packet, &transit.frame.headers);
    seen(hop, transit, point, Direction::Egress);
    if let Ok(request) = ArpPacket::parse(&transit.frame.bytes) {
        if request.operation != ArpOperation::Request || request.is_gratuitous() {
            return Onward::Consumed;
        }
        transit.frame = request.answer(ROUTER_MAC).into_frame(mem::take(&mut transit.frame.bytes));
        seen(hop, transit, point, Direction::Ingress);
        return Onward::Host(host);
    }
    if let Some(question) = NeighborSolicitation::parse(&transit.frame) {
        let buffer = mem::take(&mut transit.frame.bytes);
        transit.frame = question.answer(ROUTER_MAC, NeighborRole::Router, buffer);
        seen(hop, transit, point, Direction::Ingress);
        return Onward::Host(host);
    }
    let Some(ip) = transit.frame.headers.ip else { return Onward::Consumed };
    let place = internet.hosts[host as usize].place;
    let (routers, next) = match place {
        HostPlace::BehindEndpoint(endpoint) => (ROUTERS, Next::EndpointIn(endpoint)),
        HostPlace::Service(_) if internet.by_address.contains_key(&ip.destination) => (ACCESS_ROUTERS, Next::Internet),
        HostPlace::Internet => match hop.tables.service_at.get(&ip.destination) {
            Some(service) => (ACCESS_ROUTERS, Next::PublicService(*service)),
            None => return route(hop, internet, transit),
        },
        HostPlace::Service(_) => return route(hop, internet, transit),
    };
    if !lower_ttl(&mut transit.frame, routers) {
        return lose(hop, transit, DropCode::TtlExpired, ip.destination);
    }
    Onward::Gateway(next)
}

/// A frame has come to a public service of AWS, at its public address or through a gateway endpoint.
pub(crate) fn reach_service(hop: &mut Hop<'_>, internet: &Internet, place: HostPlace, transit: &mut Transit) -> Onward {
    let number = match place {
        HostPlace::Service(service) => internet.services[service.0 as usize],
        HostPlace::BehindEndpoint(endpoint) => internet.behind_endpoints[endpoint.0 as usize],
        HostPlace::Internet => return route(hop, internet, transit),
    };
    let Some(ip) = transit.frame.headers.ip else { return Onward::Consumed };
    if !lower_ttl(&mut transit.frame, ROUTERS) {
        return lose(hop, transit, DropCode::TtlExpired, ip.destination);
    }
    let host = &internet.hosts[number as usize];
    if !host.addresses.contains(&ip.destination) {
        return lose(hop, transit, DropCode::InternetNoSuchHost, ip.destination);
    }
    deliver(hop, host, number, transit)
}

fn deliver(hop: &mut Hop<'_>, host: &InternetHost, number: u32, transit: &mut Transit) -> Onward {
    rewrite_macs(&mut transit.frame, ROUTER_MAC, host.mac);
    seen(hop, transit, host.id.into(), Direction::Ingress);
    hop.trace.delivered(transit.packet, &transit.frame.headers, host.id.into());
    Onward::Host(number)
}

/// Routes a frame by its destination.
pub(crate) fn route(hop: &mut Hop<'_>, internet: &Internet, transit: &mut Transit) -> Onward {
    let Some(ip) = transit.frame.headers.ip else { return Onward::Consumed };
    if !lower_ttl(&mut transit.frame, ROUTERS) {
        return expire(hop, internet, transit, &ip);
    }
    if !internet.has_of_the_scenarios(ip.destination) && public_resolver::answer(hop, transit) {
        return route(hop, internet, transit);
    }
    arrive(hop, internet, transit, ip.destination)
}

/// The routers are behind a frame, and there is its destination.
fn arrive(hop: &mut Hop<'_>, internet: &Internet, transit: &mut Transit, destination: IpAddr) -> Onward {
    if let Some(&number) = internet.by_address.get(&destination) {
        return deliver(hop, &internet.hosts[number as usize], number, transit);
    }
    match hop.tables.internet_gateway_of(destination) {
        Some(vpc) => {
            transit.entry = Entry::InternetGateway(vpc);
            Onward::Gateway(Next::InternetGatewayIn(vpc))
        }
        None => lose(hop, transit, DropCode::InternetNoSuchHost, destination),
    }
}

/// A TTL runs out at one of the routers, which tells the sender.
fn expire(hop: &mut Hop<'_>, internet: &Internet, transit: &mut Transit, ip: &IpHeader) -> Onward {
    let passed = ip.ttl.saturating_sub(1);
    let number = if internet.by_address.contains_key(&ip.source) { ROUTERS - passed } else { passed + 1 };
    let answer = time_exceeded(&transit.frame, ROUTER_MAC, router_address(number, ip.source), Vec::new());
    let lost = lose(hop, transit, DropCode::TtlExpired, ip.destination);
    let Some(mut frame) = answer else { return lost };
    lower_ttl(&mut frame, passed);
    transit.frame = frame;
    transit.packet = transit.packet.answer();
    transit.entry = Entry::Router;
    arrive(hop, internet, transit, ip.source)
}

/// The address of a router, in the family of whom it talks to.
fn router_address(number: u8, sender: IpAddr) -> IpAddr {
    match sender {
        IpAddr::V4(_) => IpAddr::from([240, 0, 0, number]),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(ROUTER_NET_V6.to_bits() | u128::from(number))),
    }
}

fn seen(hop: &mut Hop<'_>, transit: &Transit, point: ResourceId, direction: Direction) {
    hop.trace.seen(transit.packet, &transit.frame.headers, point, direction, &transit.frame.bytes);
}

fn lose(hop: &mut Hop<'_>, transit: &Transit, code: DropCode, address: IpAddr) -> Onward {
    let reason =
        DropReason { code, by: ID.into(), direction: None, decider: Decider::Address(address), origin: Origin::Aws };
    hop.trace.record(transit.packet, &transit.frame.headers, Step::Dropped(reason));
    Onward::Consumed
}
