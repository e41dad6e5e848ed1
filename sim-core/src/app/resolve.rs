//! From what was typed to an address, as glibc does it: literals, `/etc/hosts`, the host's own name, then the DNS, whose
//! questions are packets (getaddrinfo(3), resolv.conf(5)).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::dns::{self, NoReply, ResolvConf};
use crate::host::Sys;
use crate::net::dns::{DomainName, Message, RecordData, RecordType, ResponseCode};

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
    /// Nobody has the name.
    NotFound,
    /// The name is there and has no address of the kind.
    NoAddress,
    /// An address of the other kind was given.
    WrongFamily,
    /// No server answered, or it could not say.
    NoServer,
}

impl fmt::Display for ResolveError {
    /// gai_strerror(3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResolveError::NotFound => "Name or service not known",
            ResolveError::NoAddress => "No address associated with hostname",
            ResolveError::WrongFamily => "Address family for hostname not supported",
            ResolveError::NoServer => "Temporary failure in name resolution",
        })
    }
}

/// What a name came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Resolved {
    /// What to use first comes first.
    pub(crate) addresses: Vec<IpAddr>,
    /// The name at the end of a chain of aliases.
    pub(crate) canonical: String,
}

/// Finds the address of a host.
pub(crate) async fn resolve(sys: &Sys, name: &str, family: Family) -> Result<IpAddr, ResolveError> {
    let resolved = look_up(sys, name, family).await?;
    resolved.addresses.first().copied().ok_or(ResolveError::NoAddress)
}

/// Finds the addresses of a host and its proper name.
pub(crate) async fn look_up(sys: &Sys, name: &str, family: Family) -> Result<Resolved, ResolveError> {
    let suits = |address: &IpAddr| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    let found = |addresses: Vec<IpAddr>| {
        let addresses: Vec<IpAddr> = addresses.into_iter().filter(suits).collect();
        match addresses.is_empty() {
            true => Err(ResolveError::WrongFamily),
            false => Ok(Resolved { addresses, canonical: name.to_owned() }),
        }
    };
    if let Ok(address) = name.parse::<IpAddr>() {
        return found(vec![address]);
    }
    if name.is_empty() {
        return Err(ResolveError::NotFound);
    }
    let listed: Vec<IpAddr> = hosts_file(sys)
        .into_iter()
        .filter(|(_, names)| names.iter().any(|it| it.eq_ignore_ascii_case(name)))
        .map(|(address, _)| address)
        .collect();
    if listed.iter().any(suits) {
        return found(listed);
    }
    // nss-myhostname: a host knows its own name.
    if name.eq_ignore_ascii_case(&sys.hostname()) || name.eq_ignore_ascii_case("localhost") {
        let own = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses).map(|(address, _)| address);
        let own: Vec<IpAddr> = own.filter(suits).take(1).collect();
        if !own.is_empty() {
            return found(own);
        }
    }
    if !listed.is_empty() {
        return Err(ResolveError::WrongFamily);
    }
    let found = ask_servers(sys, name, family).await;
    if found == Err(ResolveError::NotFound) && is_of_the_internet(name) {
        sys.note(format!("nobody on the simulated Internet is called {name}; a scenario names hosts under `internet`"));
    }
    found
}

/// Whether a name looks like one of the world's, rather than one of a private network or a slip.
fn is_of_the_internet(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let private = [".internal", ".local", ".test", ".invalid", ".example", ".arpa"];
    name.contains('.') && !private.iter().any(|end| name.ends_with(end))
}

/// The name that an address has: in `/etc/hosts`, else in the DNS.
pub(crate) async fn reverse(sys: &Sys, address: IpAddr) -> Option<String> {
    let listed = hosts_file(sys).into_iter().find(|(it, _)| *it == address);
    if let Some((_, names)) = listed {
        return names.into_iter().next();
    }
    let conf = ResolvConf::of(sys);
    let query = dns::query(sys, DomainName::reverse_of(address), RecordType::Ptr);
    let replies = exchange(sys, &conf, &[query]).await.ok()?;
    let mut records = replies.into_iter().flat_map(|reply| reply.answers);
    records.find_map(|record| match record.data {
        RecordData::Ptr(name) => Some(name.as_str().to_owned()),
        _ => None,
    })
}

fn hosts_file(sys: &Sys) -> Vec<(IpAddr, Vec<String>)> {
    let hosts = sys.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts).into_owned();
    let entry = |line: &str| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        Some((words.next()?.parse().ok()?, words.map(str::to_owned).collect()))
    };
    hosts.lines().filter_map(entry).collect()
}

async fn ask_servers(sys: &Sys, name: &str, family: Family) -> Result<Resolved, ResolveError> {
    let conf = ResolvConf::of(sys);
    let types: &[RecordType] = match family {
        Family::Any => &[RecordType::A, RecordType::Aaaa],
        Family::V4 => &[RecordType::A],
        Family::V6 => &[RecordType::Aaaa],
    };
    let mut error = ResolveError::NotFound;
    for candidate in conf.candidates(name) {
        let queries: Vec<Message> = types.iter().map(|kind| dns::query(sys, candidate.clone(), *kind)).collect();
        let replies = exchange(sys, &conf, &queries).await?;
        let mut canonical = candidate;
        let mut addresses = Vec::new();
        for record in replies.iter().flat_map(|reply| &reply.answers) {
            match &record.data {
                RecordData::A(address) => addresses.push(IpAddr::V4(*address)),
                RecordData::Aaaa(address) => addresses.push(IpAddr::V6(*address)),
                RecordData::Cname(target) => canonical = target.clone(),
                _ => {}
            }
        }
        if !addresses.is_empty() {
            // RFC 6724: IPv6 first where the host could use it.
            let is_usable = |address: &IpAddr| match address {
                IpAddr::V6(_) => has_global_ipv6(sys) && sys.route(*address).is_some(),
                IpAddr::V4(_) => false,
            };
            addresses.sort_by_key(|address| (!is_usable(address), address.is_ipv6()));
            return Ok(Resolved { addresses, canonical: canonical.as_str().to_owned() });
        }
        if replies.iter().any(|reply| reply.code == ResponseCode::NoError) {
            error = ResolveError::NoAddress;
        }
    }
    Err(error)
}

fn has_global_ipv6(sys: &Sys) -> bool {
    let addresses = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses);
    let is_global = |v6: Ipv6Addr| !v6.is_loopback() && !v6.is_unicast_link_local();
    addresses.into_iter().any(|(address, _)| matches!(address, IpAddr::V6(v6) if is_global(v6)))
}

/// Asks one server after the other, and all of them again, as often as resolv.conf(5) says.
async fn exchange(sys: &Sys, conf: &ResolvConf, queries: &[Message]) -> Result<Vec<Message>, ResolveError> {
    for _ in 0..conf.attempts {
        for server in &conf.servers {
            match dns::ask(sys, *server, queries, conf.timeout).await {
                Ok(replies) => {
                    let is_final = |code| matches!(code, ResponseCode::NoError | ResponseCode::NoSuchName);
                    if replies.iter().all(|reply| is_final(reply.message.code)) {
                        return Ok(replies.into_iter().map(|reply| reply.message).collect());
                    }
                }
                Err(NoReply::TimedOut | NoReply::Refused(_)) => {}
            }
        }
    }
    Err(ResolveError::NoServer)
}
