//! Hosts on the Internet that everybody knows, whatever the scenario: public name servers, and those that say from which address
//! they were asked. Where the scenario has a host of its own at one of these addresses or names, it is that host.
//!
//! SIM: the addresses are among those that the hosts really have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host that everybody knows.
#[derive(Debug)]
pub(super) struct WellKnown {
    pub(super) name: &'static str,
    pub(super) addresses: &'static [IpAddr],
    pub(super) serves: WellKnownService,
}

/// What such a host is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WellKnownService {
    /// Names: what is public, and nothing of any VPC (`public_resolver.rs`).
    Names,
    /// The address from which it is asked.
    AddressEcho,
}

/// All of them.
pub(super) const HOSTS: &[WellKnown] = &[
    names("one.one.one.one", &[v4(1, 1, 1, 1), v4(1, 0, 0, 1), v6(0x2606, 0x4700, 0x4700, 0x1111)]),
    names("dns.google", &[v4(8, 8, 8, 8), v4(8, 8, 4, 4), v6(0x2001, 0x4860, 0x4860, 0x8888)]),
    names("dns.quad9.net", &[v4(9, 9, 9, 9)]),
    address_echo("checkip.amazonaws.com", &[v4(34, 192, 84, 239)]),
    address_echo("ifconfig.me", &[v4(34, 160, 111, 145)]),
    address_echo("icanhazip.com", &[v4(104, 16, 184, 241), v6(0x2606, 0x4700, 0x0010, 0x1234)]),
    address_echo("api.ipify.org", &[v4(104, 26, 12, 205)]),
];

/// The host that has an address.
pub(super) fn at(address: IpAddr) -> Option<&'static WellKnown> {
    HOSTS.iter().find(|host| host.addresses.contains(&address))
}

/// The host that has a name.
pub(super) fn called(name: &str) -> Option<&'static WellKnown> {
    HOSTS.iter().find(|host| host.name.eq_ignore_ascii_case(name.trim_end_matches('.')))
}

const fn names(name: &'static str, addresses: &'static [IpAddr]) -> WellKnown {
    WellKnown { name, addresses, serves: WellKnownService::Names }
}

const fn address_echo(name: &'static str, addresses: &'static [IpAddr]) -> WellKnown {
    WellKnown { name, addresses, serves: WellKnownService::AddressEcho }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

/// The first three words and the last of an IPv6 address; zeros between.
const fn v6(a: u16, b: u16, c: u16, last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, last))
}
