//! Types of records and what records say (RFC 1035 §3.2 to §3.4, RFC 3596, RFC 2782), read and written as zone files have it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::DomainName;

/// What kind of record is asked for or given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum RecordType {
    A,
    Ns,
    Cname,
    Soa,
    Ptr,
    Mx,
    Txt,
    Aaaa,
    Srv,
    /// All there are.
    Any,
}

impl RecordType {
    /// Every type, with the name and the number by which it is known.
    const ALL: [(RecordType, &str, u16); 10] = [
        (RecordType::A, "A", 1),
        (RecordType::Ns, "NS", 2),
        (RecordType::Cname, "CNAME", 5),
        (RecordType::Soa, "SOA", 6),
        (RecordType::Ptr, "PTR", 12),
        (RecordType::Mx, "MX", 15),
        (RecordType::Txt, "TXT", 16),
        (RecordType::Aaaa, "AAAA", 28),
        (RecordType::Srv, "SRV", 33),
        (RecordType::Any, "ANY", 255),
    ];

    /// The name, as in `AAAA`.
    pub(crate) fn as_str(self) -> &'static str {
        RecordType::ALL.iter().find(|(it, ..)| *it == self).map_or("", |(_, name, _)| name)
    }

    pub(super) fn number(self) -> u16 {
        RecordType::ALL.iter().find(|(it, ..)| *it == self).map_or(0, |(.., number)| *number)
    }

    pub(super) fn from_number(number: u16) -> Option<RecordType> {
        RecordType::ALL.iter().find(|(.., it)| *it == number).map(|(it, ..)| *it)
    }

    /// The type of this name, in either case.
    pub(crate) fn parse(name: &str) -> Option<RecordType> {
        RecordType::ALL.iter().find(|(_, it, _)| it.eq_ignore_ascii_case(name)).map(|(it, ..)| *it)
    }

    /// Whether a record of the other type is an answer to a question for this one.
    pub(crate) fn takes(self, other: RecordType) -> bool {
        self == RecordType::Any || self == other
    }
}

/// What a record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum RecordData {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(DomainName),
    Ns(DomainName),
    Ptr(DomainName),
    Mx { preference: u16, exchange: DomainName },
    Txt(Vec<String>),
    Srv { priority: u16, weight: u16, port: u16, target: DomainName },
    Soa(Box<StartOfAuthority>),
}

/// The start of a zone of authority (RFC 1035 §3.3.13).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StartOfAuthority {
    pub(crate) server: DomainName,
    pub(crate) mailbox: DomainName,
    pub(crate) serial: u32,
    pub(crate) refresh: u32,
    pub(crate) retry: u32,
    pub(crate) expire: u32,
    /// How long that a name is not there may be remembered (RFC 2308).
    pub(crate) minimum: u32,
}

impl RecordData {
    /// The address record for an address.
    pub(crate) fn address(address: IpAddr) -> RecordData {
        match address {
            IpAddr::V4(v4) => RecordData::A(v4),
            IpAddr::V6(v6) => RecordData::Aaaa(v6),
        }
    }

    /// Its type.
    pub(crate) fn record_type(&self) -> RecordType {
        match self {
            RecordData::A(_) => RecordType::A,
            RecordData::Aaaa(_) => RecordType::Aaaa,
            RecordData::Cname(_) => RecordType::Cname,
            RecordData::Ns(_) => RecordType::Ns,
            RecordData::Ptr(_) => RecordType::Ptr,
            RecordData::Mx { .. } => RecordType::Mx,
            RecordData::Txt(_) => RecordType::Txt,
            RecordData::Srv { .. } => RecordType::Srv,
            RecordData::Soa(_) => RecordType::Soa,
        }
    }

    /// The value of a record of a type, as zone files have it.
    pub(crate) fn parse(record_type: RecordType, text: &str) -> Option<RecordData> {
        let name = |text: &str| text.parse::<DomainName>().ok().filter(|name| !name.as_str().is_empty());
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(match (record_type, &words[..]) {
            (RecordType::A, [address]) => RecordData::A(address.parse().ok()?),
            (RecordType::Aaaa, [address]) => RecordData::Aaaa(address.parse().ok()?),
            (RecordType::Cname, [target]) => RecordData::Cname(name(target)?),
            (RecordType::Ns, [server]) => RecordData::Ns(name(server)?),
            (RecordType::Ptr, [target]) => RecordData::Ptr(name(target)?),
            (RecordType::Mx, [preference, exchange]) => {
                RecordData::Mx { preference: preference.parse().ok()?, exchange: name(exchange)? }
            }
            (RecordType::Srv, [priority, weight, port, target]) => RecordData::Srv {
                priority: priority.parse().ok()?,
                weight: weight.parse().ok()?,
                port: port.parse().ok()?,
                target: name(target)?,
            },
            (RecordType::Soa, [server, mailbox, serial, refresh, retry, expire, minimum]) => {
                RecordData::Soa(Box::new(StartOfAuthority {
                    server: name(server)?,
                    mailbox: name(mailbox)?,
                    serial: serial.parse().ok()?,
                    refresh: refresh.parse().ok()?,
                    retry: retry.parse().ok()?,
                    expire: expire.parse().ok()?,
                    minimum: minimum.parse().ok()?,
                }))
            }
            (RecordType::Txt, _) => RecordData::Txt(quoted_strings(text)?),
            _ => return None,
        })
    }
}

/// `"one" "two"`: at most 255 bytes each, as a TXT record takes them.
fn quoted_strings(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim();
    let mut strings = Vec::new();
    while !rest.is_empty() {
        let inner = rest.strip_prefix('"')?;
        let end = inner.find('"').filter(|end| *end <= 255)?;
        strings.push(inner[..end].to_owned());
        rest = inner[end + 1..].trim_start();
    }
    (!strings.is_empty()).then_some(strings)
}

impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordData::A(address) => write!(f, "{address}"),
            RecordData::Aaaa(address) => write!(f, "{address}"),
            RecordData::Cname(name) | RecordData::Ns(name) | RecordData::Ptr(name) => write!(f, "{name}"),
            RecordData::Mx { preference, exchange } => write!(f, "{preference} {exchange}"),
            RecordData::Txt(strings) => {
                let quoted: Vec<String> = strings.iter().map(|string| format!("\"{string}\"")).collect();
                f.write_str(&quoted.join(" "))
            }
            RecordData::Srv { priority, weight, port, target } => write!(f, "{priority} {weight} {port} {target}"),
            RecordData::Soa(soa) => {
                let StartOfAuthority { server, mailbox, serial, refresh, retry, expire, minimum } = &**soa;
                write!(f, "{server} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written_as_zone_files_have_them() {
        for (record_type, text) in [
            (RecordType::A, "10.0.0.1"),
            (RecordType::Aaaa, "2001:db8::1"),
            (RecordType::Cname, "web.lab.internal."),
            (RecordType::Mx, "10 mail.lab.internal."),
            (RecordType::Txt, "\"v=spf1 -all\" \"two\""),
            (RecordType::Srv, "1 2 80 web.lab.internal."),
            (RecordType::Soa, "ns.a. host.a. 1 7200 900 1209600 86400"),
        ] {
            assert_eq!(RecordData::parse(record_type, text).map(|data| data.to_string()).as_deref(), Some(text));
        }
        for (record_type, text) in
            [(RecordType::A, "10.0.0"), (RecordType::Mx, "mail"), (RecordType::Txt, "bare"), (RecordType::Cname, "")]
        {
            assert_eq!(RecordData::parse(record_type, text), None, "{text}");
        }
    }
}
