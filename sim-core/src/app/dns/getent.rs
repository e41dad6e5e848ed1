//! `getent hosts`, `getent ahosts` and `getent ahostsv4`: what every program of the host is told about a name (getent(1)).

use std::net::IpAddr;

use crate::app::resolve::{Family, look_up, reverse};
use crate::host::Sys;

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let database = arguments.get(1).map_or("", String::as_str);
    if !matches!(database, "hosts" | "ahosts" | "ahostsv4" | "ahostsv6") {
        return sys.not_simulated("getent", database);
    }
    let mut exit = 0;
    for name in &arguments[2..] {
        let is_found = match database {
            "hosts" => hosts(&sys, name).await,
            "ahostsv4" => all(&sys, name, Family::V4).await,
            "ahostsv6" => all(&sys, name, Family::V6).await,
            _ => all(&sys, name, Family::Any).await,
        };
        if !is_found {
            exit = 2;
        }
    }
    exit
}

/// IPv6 addresses if the name has any, else IPv4 ones; an address is looked up backwards.
async fn hosts(sys: &Sys, name: &str) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        let found = reverse(sys, address).await;
        if let Some(name) = &found {
            sys.print(format!("{:<15} {name}\n", address.to_string()));
        }
        return found.is_some();
    }
    let found = match look_up(sys, name, Family::V6).await {
        Ok(found) => Ok(found),
        Err(_) => look_up(sys, name, Family::V4).await,
    };
    let Ok(found) = found else { return false };
    for address in found.addresses {
        sys.print(format!("{:<15} {}\n", address.to_string(), found.canonical));
    }
    true
}

/// Every address as a program would be given it, for each kind of socket.
async fn all(sys: &Sys, name: &str, family: Family) -> bool {
    let Ok(found) = look_up(sys, name, family).await else { return false };
    for (number, address) in found.addresses.iter().enumerate() {
        let canonical = if number == 0 { found.canonical.as_str() } else { "" };
        for (kind, name) in [("STREAM", canonical), ("DGRAM", ""), ("RAW", "")] {
            sys.print(format!("{:<15} {kind:<6} {name}\n", address.to_string()));
        }
    }
    true
}
