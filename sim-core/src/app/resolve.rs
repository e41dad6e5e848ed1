//! From what was typed to an address: literals, `/etc/hosts`, and the public names that are known to everybody.
//!
//! `Differs from AWS:` names are not asked for over the network yet. A name that is not known behaves as with a
//! resolver that never answers, after the ten seconds glibc takes to give up (resolv.conf(5): two attempts of five seconds),
//! and a note says so.

use std::net::IpAddr;

use crate::engine::SimDuration;
use crate::host::Sys;

/// Which addresses will do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    Any,
    V4,
    V6,
}

/// Why there is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResolveError {
    NotFound,
    WrongFamily,
    NoServer,
}

/// Finds the address of a host.
pub(crate) async fn resolve(sys: &Sys, name: &str, family: Family) -> Result<IpAddr, ResolveError> {
    let suits = |address: &IpAddr| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    if let Ok(address) = name.parse::<IpAddr>() {
        return if suits(&address) { Ok(address) } else { Err(ResolveError::WrongFamily) };
    }
    if name.is_empty() {
        return Err(ResolveError::NotFound);
    }
    let hosts = sys.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts).into_owned();
    let entries = hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next()?.parse::<IpAddr>().ok()?;
        Some((address, words.any(|word| word.eq_ignore_ascii_case(name))))
    });
    let own = sys.hostname();
    let found: Vec<IpAddr> = entries.filter(|&(_, matches)| matches).map(|(address, _)| address).collect();
    if let Some(address) = found.iter().copied().find(|address| suits(address)) {
        return Ok(address);
    }
    // nss-myhostname: a host knows its own name.
    if name.eq_ignore_ascii_case(&own) || name.eq_ignore_ascii_case("localhost") {
        let own = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses).map(|(address, _)| address);
        if let Some(address) = own.into_iter().find(|address| suits(address)) {
            return Ok(address);
        }
    }
    if !found.is_empty() {
        return Err(ResolveError::WrongFamily);
    }
    let public = sys.public_addresses(name);
    if let Some(address) = public.iter().copied().find(|address| suits(address)) {
        return Ok(address);
    }
    if !public.is_empty() {
        return Err(ResolveError::WrongFamily);
    }
    sys.note(format!("DNS is not simulated yet: '{name}' is not in /etc/hosts and was not looked up"));
    sys.sleep(SimDuration::from_secs(10)).await;
    Err(ResolveError::NoServer)
}
