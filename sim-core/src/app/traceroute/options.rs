//! traceroute's command line.

use std::net::IpAddr;

use super::OVERHEAD;
use crate::app::options::{Options, Parsed};
use crate::app::resolve::Family;
use crate::engine::SimDuration;
use crate::host::{Sys, duration};

/// What a probe is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    /// To one port further with every probe.
    Udp,
    /// To one port.
    UdpService,
    Icmp,
    Tcp,
}

/// What was asked for.
pub(super) struct Request {
    pub(super) target: String,
    /// Where the target stands on the command line, for the message about a name that is unknown.
    pub(super) target_place: usize,
    pub(super) family: Family,
    pub(super) method: Method,
    pub(super) port: u16,
    pub(super) numeric: bool,
    pub(super) first_hop: u8,
    pub(super) hops_max: u8,
    pub(super) queries: usize,
    pub(super) wait: SimDuration,
    packet_len: Option<usize>,
}

impl Request {
    /// The length of a probe's IP packet.
    pub(super) fn packet_len(&self, target: IpAddr) -> usize {
        let least = if target.is_ipv4() { OVERHEAD } else { OVERHEAD + 20 };
        self.packet_len.unwrap_or(if target.is_ipv4() { 60 } else { 80 }).max(least)
    }

    pub(super) fn payload_len(&self, target: IpAddr) -> usize {
        self.packet_len(target) - if target.is_ipv4() { OVERHEAD } else { OVERHEAD + 20 }
    }
}

/// Reads the command line; the exit status when it makes no sense.
pub(super) fn parse(sys: &Sys, arguments: &[String]) -> Result<Request, i32> {
    let number = |name: &str, value: &str, most: usize| match value.parse::<usize>() {
        Ok(value) if (1..=most).contains(&value) => Ok(value),
        _ => {
            sys.eprint(format!("Cannot handle `{name}' option with arg `{value}' (argc 2)\n"));
            Err(2)
        }
    };
    let mut request = Request {
        target: String::new(),
        target_place: 1,
        family: if arguments[0].ends_with('6') { Family::V6 } else { Family::Any },
        method: Method::Udp,
        port: 0,
        numeric: false,
        first_hop: 1,
        hops_max: 30,
        queries: 3,
        wait: SimDuration::from_secs(5),
        packet_len: None,
    };
    let mut operands = Vec::new();
    for parsed in Options::new(arguments, "pmfqwisgtlzNMO") {
        match parsed {
            Parsed::Operand(word) => operands.push(word),
            Parsed::Flag('I') | Parsed::Long("icmp") => request.method = Method::Icmp,
            Parsed::Flag('T') | Parsed::Long("tcp") => request.method = Method::Tcp,
            Parsed::Flag('U') | Parsed::Long("udp") => {
                request.method = Method::UdpService;
            }
            Parsed::Flag('n') => request.numeric = true,
            Parsed::Flag('4') => request.family = Family::V4,
            Parsed::Flag('6') => request.family = Family::V6,
            Parsed::Value('p', value) => request.port = number("-p", value, 65_535)? as u16,
            Parsed::Value('m', value) => request.hops_max = number("-m", value, 255)? as u8,
            Parsed::Value('f', value) => request.first_hop = number("-f", value, 255)? as u8,
            Parsed::Value('q', value) => request.queries = number("-q", value, 10)?,
            Parsed::Value('w', value) => {
                let most = value.split(',').next().unwrap_or_default();
                request.wait = duration(most).ok_or_else(|| {
                    sys.eprint(format!("bad wait specifications `{value}' used\n"));
                    2
                })?;
            }
            // How many are under way at once changes when they leave, not what they find.
            Parsed::Value('N', _) => {}
            Parsed::Flag(letter) | Parsed::Value(letter, _) => {
                return Err(sys.not_simulated("traceroute", &format!("-{letter}")));
            }
            Parsed::Long(name) => return Err(sys.not_simulated("traceroute", &format!("--{name}"))),
            Parsed::Missing(letter) => {
                sys.eprint(format!("Option `-{letter}' (argc {}) requires an argument\n", arguments.len() - 1));
                return Err(2);
            }
        }
    }
    if request.port == 0 {
        request.port = match request.method {
            Method::Tcp => 80,
            Method::UdpService => 53,
            Method::Udp | Method::Icmp => 33_434,
        };
    }
    if request.first_hop > request.hops_max {
        sys.eprint("first hop out of range\n");
        return Err(2);
    }
    match operands.as_slice() {
        [target] | [target, _] => {
            request.target = (*target).to_owned();
            request.target_place = arguments.iter().position(|word| word == target).unwrap_or(1);
        }
        _ => {
            sys.eprint("Usage:\n  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -m max_ttl ] [ -p port ] [ -q nqueries ] [ -w waittime ] host [ packetlen ]\n");
            return Err(2);
        }
    }
    if let [_, len] = operands.as_slice() {
        request.packet_len = Some(number("packetlen", len, 65_000)?);
    }
    Ok(request)
}
