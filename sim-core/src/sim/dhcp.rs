//! The DHCP server of every subnet (ADDR-19): an instance is told the address its interface has, the subnet's router, and what the
//! VPC's set of options says.
//!
//! Differs from AWS: an instance that boots is configured as its client would have been told, without packets, so that one
//! nobody talks to costs nothing; and of the renewals at half of each lease only those are sent that are told something new
//! ([`Lease`]).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;

use crate::cloud::{Cloud, NameServer, Subnet, Vpc};
use crate::dataplane::services::PlatformService;
use crate::dataplane::tables::Interface;
use crate::engine::{SimDuration, SimTime};
use crate::host::{Lease, ResolverConfig};
use crate::id::{DhcpOptionsId, InstanceId};
use crate::net::dhcp::{CLIENT_PORT, DhcpKind, DhcpLease, DhcpMessage, SERVER_PORT};
use crate::net::{Datagram, Frame, MacAddr};

/// How long a lease lasts. Nobody at AWS has published it; instances show it (ADDR-19).
const LEASE_SECONDS: u32 = 3600;

/// When a client renews it: T1 (RFC 2131 §4.4.5). A client adds some chance to it; here it adds none.
pub(super) const RENEWAL: SimDuration = SimDuration::from_secs(LEASE_SECONDS as u64 / 2);

/// The largest IP packet that an interface is told to send (MTU-1).
const MTU_BYTES: u16 = 9001;

/// The lease of an instance that is up since then.
pub(super) fn first_lease(since: SimTime) -> Lease {
    Lease::new(since, RENEWAL)
}

/// The name servers of an instance; none where its VPC has no options.
pub(super) fn resolver(cloud: &Cloud, instance: InstanceId) -> Option<ResolverConfig> {
    let instance = cloud.instances.get(&instance)?;
    let vpc = cloud.vpcs.get(&instance.vpc)?;
    let is_ipv6_only = cloud.subnets.get(&instance.subnet).is_some_and(Subnet::is_ipv6_only);
    resolver_by(cloud, vpc, is_ipv6_only, vpc.dhcp_options)
}

/// The name servers that a VPC's instances have by some options, with or without IPv4 addresses.
pub(super) fn resolver_by(
    cloud: &Cloud,
    vpc: &Vpc,
    is_ipv6_only: bool,
    options: Option<DhcpOptionsId>,
) -> Option<ResolverConfig> {
    let options = cloud.dhcp_options.get(&options?)?;
    let amazon = match is_ipv6_only {
        true => IpAddr::V6(PlatformService::Resolver.ipv6()),
        // The Resolver is at the primary block's base plus two (ADDR-13).
        false => IpAddr::V4(Ipv4Addr::from_bits(vpc.primary_block().network().to_bits() + 2)),
    };
    let servers = options.name_servers().map(|server| match server {
        NameServer::Amazon => amazon,
        NameServer::At(address) => address,
    });
    Some(ResolverConfig { servers: servers.collect(), search: options.domain_name().map(str::to_owned) })
}

/// What the server answers to an interface's message; nothing to one that asks nothing, or for somebody else.
pub(super) fn answer(cloud: &Cloud, instance: InstanceId, at: &Interface<'_>, frame: &Frame) -> Option<Frame> {
    let (question, payload) = Datagram::parse(frame)?;
    let asked = DhcpMessage::parse(payload).filter(|message| message.client_mac == at.eni.mac)?;
    let own = at.eni.addresses.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    })?;
    let router = at.subnet.router?;
    let wanted = asked.requested.unwrap_or(asked.client);
    let kind = match asked.kind {
        DhcpKind::Discover => DhcpKind::Offer,
        DhcpKind::Request if asked.server.is_some_and(|server| server != router) => return None,
        DhcpKind::Request if wanted == own => DhcpKind::Ack,
        DhcpKind::Request => DhcpKind::Nak,
        DhcpKind::Inform => DhcpKind::Ack,
        DhcpKind::Release | DhcpKind::Offer | DhcpKind::Ack | DhcpKind::Nak => return None,
    };
    let is_granted = kind != DhcpKind::Nak;
    let message = DhcpMessage {
        kind,
        yours: if is_granted && asked.kind != DhcpKind::Inform { own } else { Ipv4Addr::UNSPECIFIED },
        requested: None,
        server: Some(router),
        lease: if is_granted { lease(cloud, instance, at, &asked, own) } else { DhcpLease::default() },
        ..asked.clone()
    };
    // RFC 2131 §4.1: to the address that the client has or gets; a refusal goes to everybody.
    let (to, mac) = match (is_granted, asked.client) {
        (false, _) => (Ipv4Addr::BROADCAST, MacAddr::BROADCAST),
        (true, Ipv4Addr::UNSPECIFIED) => (own, question.source_mac),
        (true, client) => (client, question.source_mac),
    };
    let answer = Datagram {
        source_mac: at.subnet.router_mac,
        destination_mac: mac,
        source: SocketAddr::from((router, SERVER_PORT)),
        destination: SocketAddr::from((to, CLIENT_PORT)),
    };
    Some(answer.into_frame(&message.to_bytes(), Vec::new()))
}

fn lease(cloud: &Cloud, instance: InstanceId, at: &Interface<'_>, asked: &DhcpMessage, own: Ipv4Addr) -> DhcpLease {
    let v4 = |addresses: Vec<IpAddr>| {
        addresses.into_iter().filter_map(|address| if let IpAddr::V4(v4) = address { Some(v4) } else { None }).collect()
    };
    let options = cloud.instances.get(&instance).and_then(|instance| {
        let vpc = cloud.vpcs.get(&instance.vpc)?;
        cloud.dhcp_options.get(&vpc.dhcp_options?)
    });
    let names = resolver(cloud, instance).unwrap_or_default();
    let subnet_mask = at.subnet.blocks.iter().find_map(|block| match block {
        IpNet::V4(block) if block.contains(&own) => Some(block.netmask()),
        _ => None,
    });
    DhcpLease {
        seconds: (asked.kind != DhcpKind::Inform).then_some(LEASE_SECONDS),
        subnet_mask,
        router: at.subnet.router,
        name_servers: v4(names.servers),
        domain_name: names.search,
        host_name: Some(format!("ip-{}", own.to_string().replace('.', "-"))),
        ntp_servers: v4(options.map(|options| options.ntp_servers().collect()).unwrap_or_default()),
        mtu_bytes: Some(MTU_BYTES),
    }
}
