//! The services at the far end of an instance's own link: metadata, time, and the DNS over TCP (ADDR-16).
//!
//! They are reached from the instance alone. No rule judges what goes to them and no router carries it (SG-26, ACL-12, IMDS-10), so
//! a packet is recognised before any of these is asked. Who answers is a host of the platform's, outside this room.
//!
//! SIM: of a service's address only its own port is open; what is sent to another is lost without an answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dns;
use crate::dataplane::tables::{Interface, MetadataOverIpv6};
use crate::net::dns::DNS_PORT;
use crate::net::{Frame, Transport};
use crate::trace::VpcService;

/// A service that a host of the platform gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PlatformService {
    /// Instance metadata over HTTP (IMDS-1).
    Metadata,
    /// The Amazon Time Sync Service over NTP.
    Time,
    /// The Resolver, for questions over TCP (DNS-1).
    Resolver,
}

impl PlatformService {
    /// Where it answers.
    pub(crate) const fn ipv4(self) -> Ipv4Addr {
        match self {
            PlatformService::Metadata => Ipv4Addr::new(169, 254, 169, 254),
            PlatformService::Time => Ipv4Addr::new(169, 254, 169, 123),
            PlatformService::Resolver => dns::LINK_LOCAL,
        }
    }

    /// Where it answers over IPv6.
    pub(crate) const fn ipv6(self) -> Ipv6Addr {
        match self {
            PlatformService::Metadata => Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
            PlatformService::Time => Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123),
            PlatformService::Resolver => dns::LINK_LOCAL_IPV6,
        }
    }

    /// What the trace calls it.
    pub(crate) fn service(self) -> VpcService {
        match self {
            PlatformService::Metadata => VpcService::Metadata,
            PlatformService::Time => VpcService::Time,
            PlatformService::Resolver => VpcService::Dns,
        }
    }

    fn has(self, at: &Interface<'_>, address: IpAddr) -> bool {
        match address {
            address if self == PlatformService::Resolver => dns::is_resolver(at, address),
            IpAddr::V4(address) => address == self.ipv4(),
            IpAddr::V6(address) if address == self.ipv6() => match self {
                PlatformService::Metadata => at.eni.metadata_over_ipv6 == MetadataOverIpv6::On,
                PlatformService::Time | PlatformService::Resolver => true,
            },
            IpAddr::V6(_) => false,
        }
    }

    fn takes(self, transport: Transport) -> bool {
        match self {
            PlatformService::Metadata => matches!(transport, Transport::Tcp { destination: 80, .. }),
            PlatformService::Time => matches!(transport, Transport::Udp { destination: 123, .. }),
            PlatformService::Resolver => matches!(transport, Transport::Tcp { destination: DNS_PORT, .. }),
        }
    }
}

/// The service of the platform that a packet is for. What an interface forwards for others is for nobody: a service knows the
/// instance by the link, and answers the instance only.
pub(crate) fn addressed(at: &Interface<'_>, frame: &Frame) -> Option<PlatformService> {
    let ip = frame.headers.ip.as_ref()?;
    let services = [PlatformService::Metadata, PlatformService::Time, PlatformService::Resolver];
    let service = services.into_iter().find(|it| it.has(at, ip.destination))?;
    let is_own = frame.headers.destination_mac == at.subnet.router_mac && at.eni.addresses.contains(&ip.source);
    (is_own && service.takes(ip.transport)).then_some(service)
}
