//! Routes that somebody has set in the guest (`ip route`), beside those that come by DHCP.

use std::net::IpAddr;

use ipnet::IpNet;

use super::errno::Errno;
use super::kernel::Kernel;
use super::network::Route;

/// A route that was set by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StaticRoute {
    /// Where to.
    pub(crate) net: IpNet,
    /// The station that takes it on; without one everybody there is on the link.
    pub(crate) gateway: Option<IpAddr>,
    /// Out of which interface.
    pub(crate) interface: usize,
}

/// What to do with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteChange {
    /// It must not be there yet.
    Add,
    /// Whether it is there or not.
    Replace,
    /// It must be there.
    Delete,
}

impl Kernel {
    /// Changes the table. The default route is that of an interface, wherever it came from.
    pub(super) fn change_route(&mut self, change: RouteChange, route: StaticRoute) -> Result<(), Errno> {
        if route.net.prefix_len() == 0 {
            return self.change_default(change, route);
        }
        let known = self.routes.iter().position(|known| {
            known.net == route.net
                && (change != RouteChange::Delete || route.gateway.is_none_or(|it| known.gateway == Some(it)))
        });
        match (change, known) {
            (RouteChange::Add, Some(_)) => return Err(Errno::Exists),
            (RouteChange::Delete, None) => return Err(Errno::NoSuchProcess),
            (_, Some(at)) => drop(self.routes.remove(at)),
            (_, None) => {}
        }
        if change != RouteChange::Delete {
            self.routes.push(route);
        }
        self.forget_ways();
        Ok(())
    }

    fn change_default(&mut self, change: RouteChange, route: StaticRoute) -> Result<(), Errno> {
        let v6 = route.net.addr().is_ipv6();
        let has_one = |nic: &super::nic::Nic| match v6 {
            true => nic.config.ipv6_gateway.is_some(),
            false => nic.config.ipv4_gateway.is_some(),
        };
        let first = self.nics.iter().position(has_one);
        match (change, first) {
            (RouteChange::Add, Some(_)) => return Err(Errno::Exists),
            (RouteChange::Delete, None) => return Err(Errno::NoSuchProcess),
            _ => {}
        }
        let mut changes = Vec::new();
        if let Some(first) = first {
            changes.push((first, None));
        }
        if change != RouteChange::Delete {
            changes.push((route.interface, route.gateway));
        }
        for (interface, gateway) in changes {
            let Some(nic) = self.nics.get(interface) else { continue };
            let mut config = nic.config.clone();
            match gateway {
                Some(IpAddr::V4(gateway)) => config.ipv4_gateway = Some(gateway),
                Some(IpAddr::V6(gateway)) => config.ipv6_gateway = Some(gateway),
                None if v6 => config.ipv6_gateway = None,
                None => config.ipv4_gateway = None,
            }
            self.configure(interface, config);
        }
        Ok(())
    }

    /// The static route that a packet takes, if none of the connected networks is as narrow (`connected` bits).
    pub(super) fn static_route(&self, destination: IpAddr, connected: Option<u8>) -> Option<StaticRoute> {
        let matching = self.routes.iter().filter(|route| route.net.contains(&destination));
        let narrowest = matching.max_by_key(|route| route.net.prefix_len())?;
        connected.is_none_or(|bits| narrowest.net.prefix_len() > bits).then_some(*narrowest)
    }

    /// As a way for a new packet.
    pub(super) fn route_of(&self, destination: IpAddr, found: StaticRoute) -> Option<Route> {
        let StaticRoute { gateway, interface, .. } = found;
        let own = self.nics.get(interface)?.addresses.iter().map(|&(own, _)| own);
        let source = own.into_iter().find(|own| own.is_ipv4() == destination.is_ipv4() && !own.is_loopback())?;
        Some(Route { interface, next_hop: gateway.unwrap_or(destination), gateway, source, local: false })
    }
}
