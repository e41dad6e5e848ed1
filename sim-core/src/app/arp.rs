//! `arp` (net-tools): the neighbour table of IPv4.

use std::net::IpAddr;

use super::ip::interface_name;
use super::options::{Options, Parsed};
use crate::host::{NeighbourState, Sys};

/// The program.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let (mut bsd, mut only) = (false, None);
    for parsed in Options::new(&arguments, "iHds") {
        match parsed {
            // Names are not looked up, with or without it.
            Parsed::Flag('n') | Parsed::Flag('e') => {}
            Parsed::Flag('a') => bsd = true,
            Parsed::Value('i', name) => only = Some(name.to_owned()),
            Parsed::Operand(word) => match word.parse::<IpAddr>() {
                Ok(_) => only = Some(word.to_owned()),
                Err(_) => {
                    sys.eprint(format!("{word}: Unknown host\n"));
                    return 255;
                }
            },
            Parsed::Flag(letter) | Parsed::Value(letter, _) | Parsed::Missing(letter) => {
                return sys.not_simulated("arp", &format!("-{letter}"));
            }
            Parsed::Long(name) => return sys.not_simulated("arp", &format!("--{name}")),
        }
    }
    let mut rows = Vec::new();
    for number in 0..sys.interfaces().len() {
        let name = interface_name(&sys, number);
        for (address, state) in sys.neighbours(number).into_iter().filter(|(address, _)| address.is_ipv4()) {
            if only.as_ref().is_some_and(|only| *only != name && *only != address.to_string()) {
                continue;
            }
            let mac = match state {
                NeighbourState::Reachable(mac) | NeighbourState::Stale(mac) => Some(mac),
                NeighbourState::Incomplete | NeighbourState::Failed => None,
            };
            rows.push((address, mac, name.clone()));
        }
    }
    if rows.is_empty() {
        if let Some(only) = only.filter(|only| only.parse::<IpAddr>().is_ok()) {
            sys.print(format!("{only} ({only}) -- no entry\n"));
        }
        return 0;
    }
    if !bsd {
        sys.print("Address                  HWtype  HWaddress           Flags Mask            Iface\n");
    }
    for (address, mac, name) in rows {
        let address = address.to_string();
        sys.print(match (bsd, mac) {
            (true, Some(mac)) => format!("? ({address}) at {mac} [ether] on {name}\n"),
            (true, None) => format!("? ({address}) at <incomplete> on {name}\n"),
            (false, Some(mac)) => {
                format!("{address:<24} ether   {:<19} C                     {name}\n", mac.to_string())
            }
            (false, None) => format!("{address:<24}         (incomplete)                              {name}\n"),
        });
    }
    0
}
