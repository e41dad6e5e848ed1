//! A network interface with its layers, as the guest's system sets it up: at boot, when it is attached, and when its addresses
//! change.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::neighbour::{Link, link_local};
use super::stack::Stack;
use super::{InterfaceConfig, Profile};
use crate::engine::SimTime;
use crate::net::MacAddr;

/// One network interface with its layers.
pub(super) struct Nic {
    /// As in `eth0`.
    pub(super) name: String,
    pub(super) config: InterfaceConfig,
    /// Every address it answers for, with prefix lengths; loopback addresses live on the first interface.
    pub(super) addresses: Vec<(IpAddr, u8)>,
    pub(super) link: Link,
    pub(super) stack: Stack,
}

impl Nic {
    /// Interface `number`, which asks for its gateway at once.
    pub(super) fn new(now: SimTime, profile: Profile, number: usize, config: InterfaceConfig, random_seed: u64) -> Nic {
        let (prefix, first) = profile.interface_prefix();
        let name = format!("{prefix}{}", first as usize + number);
        let addresses = addresses(number, &config);
        let gateways = gateways(&config);
        let mut link = Link::new(config.mac, own(&addresses));
        gateways.iter().for_each(|gateway| link.announce(now, *gateway));
        let stack = Stack::new(now, config.mtu, &addresses, &gateways, random_seed);
        Nic { name, config, addresses, link, stack }
    }

    /// Takes other addresses, or becomes another interface in the same place. Its connections stay; from an address that is
    /// gone they reach nobody.
    pub(super) fn configure(&mut self, now: SimTime, number: usize, mut config: InterfaceConfig, random_seed: u64) {
        let mut before = gateways(&self.config);
        self.addresses = addresses(number, &config);
        if config.mac == self.config.mac && !self.addresses.is_empty() {
            config.mtu = self.config.mtu; // Somebody may have set it.
            self.link.set_addresses(own(&self.addresses));
        } else {
            self.link = Link::new(config.mac, own(&self.addresses));
            before.clear();
        }
        let gateways = gateways(&config);
        gateways.iter().filter(|gateway| !before.contains(gateway)).for_each(|new| self.link.announce(now, *new));
        self.stack.configure(now, config.mtu, &self.addresses, &gateways, random_seed);
        self.config = config;
    }

    /// Sends at most `mtu` bytes from now on.
    pub(super) fn set_mtu(&mut self, now: SimTime, mtu: u16, random_seed: u64) {
        self.config.mtu = mtu;
        self.stack.configure(now, mtu, &self.addresses, &gateways(&self.config), random_seed);
    }
}

impl InterfaceConfig {
    /// An interface that has been pulled out.
    pub(crate) fn detached(mac: MacAddr) -> InterfaceConfig {
        InterfaceConfig { mac, mtu: 1500, ipv4: Vec::new(), ipv6: Vec::new(), ipv4_gateway: None, ipv6_gateway: None }
    }
}

/// All addresses of an interface: what it was given, what IPv6 adds, and loopback.
fn addresses(number: usize, config: &InterfaceConfig) -> Vec<(IpAddr, u8)> {
    let mut addresses: Vec<(IpAddr, u8)> =
        config.ipv4.iter().map(|&(address, net)| (IpAddr::V4(address), net.prefix_len())).collect();
    addresses.extend(config.ipv6.iter().map(|&(address, net)| (IpAddr::V6(address), net.prefix_len())));
    if !config.ipv6.is_empty() {
        addresses.push((IpAddr::V6(link_local(config.mac)), 64));
    }
    if number == 0 {
        addresses.push((IpAddr::V4(Ipv4Addr::LOCALHOST), 8));
        addresses.push((IpAddr::V6(Ipv6Addr::LOCALHOST), 128));
    }
    addresses
}

fn own(addresses: &[(IpAddr, u8)]) -> Vec<IpAddr> {
    addresses.iter().map(|&(address, _)| address).collect()
}

/// An interface's default routers.
fn gateways(interface: &InterfaceConfig) -> Vec<IpAddr> {
    let InterfaceConfig { ipv4_gateway, ipv6_gateway, .. } = interface;
    ipv4_gateway.map(IpAddr::V4).into_iter().chain(ipv6_gateway.map(IpAddr::V6)).collect()
}
