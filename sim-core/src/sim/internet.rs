//! The Internet: one router that knows every public address of the scenario, and the hosts behind it.
//!
//! Hosts are those the scenario names. The way between AWS's edge and a host costs some hops of TTL (L2-16); how many is a SIM
//! value, since it differs with every path.
//!
//! Differs from AWS: a router on the way that lets a TTL run out does not tell the sender.

use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use rustc_hash::FxHashMap;

use super::guests::LocalGuest;
use super::partition::GuestIndex;
use super::public_resolver;
use crate::dataplane::pipeline::{Entry, Hop, Next, Transit};
use crate::host::InterfaceConfig;
use crate::id::{InternetHostId, Origin, ResourceId};
use crate::net::{ArpOperation, ArpPacket, MacAddr, NeighborRole, NeighborSolicitation, lower_ttl, rewrite_macs};
use crate::trace::{Decider, Direction, DropCode, DropReason, Step};

/// The hardware address of the router that every Internet host sees.
const ROUTER_MAC: MacAddr = MacAddr([0x02, 0, 0x5e, 0, 0, 1]);

/// The id under which the Internet itself appears in traces.
pub(crate) const ID: InternetHostId = InternetHostId::from_number(0);

/// Routers between AWS's edge and a host: 64 - 7 is the TTL of 57 that L2-16 saw.
const ROUTERS: u8 = 7;

/// The largest IP packet of a host on the Internet.
const INTERNET_MTU: u16 = 1500;

/// A host outside AWS.
#[derive(Clone, Debug)]
pub(crate) struct InternetHost {
    pub id: InternetHostId,
    pub name: String,
    pub address: IpAddr,
    pub mac: MacAddr,
    /// Its number among all guests.
    pub index: GuestIndex,
    /// Its place in the Internet's partition.
    pub guest: LocalGuest,
}

/// The hosts outside AWS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Internet {
    hosts: Vec<InternetHost>,
    by_address: FxHashMap<IpAddr, u32>,
}

/// Where a frame on the Internet goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Onward {
    /// Down to the host with this number.
    Host(u32),
    /// To an Internet gateway.
    Gateway(Next),
    /// Lost, and the trace knows why; or nobody's.
    Consumed,
}

impl Internet {
    /// Adds a host and gives its number.
    pub(crate) fn add(&mut self, host: InternetHost) -> u32 {
        let number = self.hosts.len() as u32;
        self.by_address.insert(host.address, number);
        self.hosts.push(host);
        number
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

/// The interface of a host at `address`, as its DHCP client would have set it up: the router is the first address of its /24
/// (the second for the first itself), or `fe80::1`.
pub(crate) fn interface(mac: MacAddr, address: IpAddr) -> InterfaceConfig {
    let mut config = InterfaceConfig {
        mac,
        mtu: INTERNET_MTU,
        ipv4: Vec::new(),
        ipv6: Vec::new(),
        ipv4_gateway: None,
        ipv6_gateway: None,
    };
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let subnet = Ipv4Net::new_assert(address, 24).trunc();
            config.ipv4.push((address, subnet));
            config.ipv4_gateway = Some(Ipv4Addr::new(a, b, c, if d == 1 { 2 } else { 1 }));
        }
        IpAddr::V6(address) => {
            config.ipv6.push((address, Ipv6Net::new_assert(address, 64).trunc()));
            config.ipv6_gateway = Some(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
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
    route(hop, internet, transit)
}

/// Routes a frame by its destination.
pub(crate) fn route(hop: &mut Hop<'_>, internet: &Internet, transit: &mut Transit) -> Onward {
    let Some(ip) = transit.frame.headers.ip else { return Onward::Consumed };
    if !lower_ttl(&mut transit.frame, ROUTERS) {
        return lose(hop, transit, DropCode::TtlExpired, ip.destination);
    }
    if !internet.by_address.contains_key(&ip.destination) && public_resolver::answer(hop, transit) {
        return route(hop, internet, transit);
    }
    if let Some(&number) = internet.by_address.get(&ip.destination) {
        let host = &internet.hosts[number as usize];
        rewrite_macs(&mut transit.frame, ROUTER_MAC, host.mac);
        seen(hop, transit, host.id.into(), Direction::Ingress);
        hop.trace.delivered(transit.packet, &transit.frame.headers, host.id.into());
        return Onward::Host(number);
    }
    match hop.tables.internet_gateway_of(ip.destination) {
        Some(vpc) => {
            transit.entry = Entry::InternetGateway(vpc);
            Onward::Gateway(Next::InternetGatewayIn(vpc))
        }
        None => lose(hop, transit, DropCode::InternetNoSuchHost, ip.destination),
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
