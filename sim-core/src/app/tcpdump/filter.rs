//! Filters of pcap-filter(7): protocols, `host`, `net`, `port`, `portrange`, with `src` and `dst`, joined by `and`, `or`, `not` and
//! parentheses. As there, `and` and `or` bind alike and to the left, and a value alone takes the qualifiers of the one before.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{Frame, Transport, ether_type, protocol};

/// A filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Filter {
    Everything,
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    EtherType(u16),
    Protocol(u8),
    Net(Side, IpNet),
    Ports(Side, u16, u16),
}

/// Which end of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Either,
    Source,
    Destination,
}

/// What is wrong with a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FilterError {
    pub(super) text: String,
    /// Whether tcpdump would have understood it.
    pub(super) real: bool,
}

/// What a value alone means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
}

impl Filter {
    /// Reads a filter; an empty one takes everything.
    pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ").replace("&&", " and ").replace("||", " or ");
        let spaced = spaced.replace('!', " not ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        if words.is_empty() {
            return Ok(Filter::Everything);
        }
        let mut parser = Parser { words: &words, last: None };
        let filter = parser.expression()?;
        if parser.words.is_empty() { Ok(filter) } else { Err(syntax_error()) }
    }

    /// Whether a frame passes.
    pub(super) fn takes(&self, frame: &Frame) -> bool {
        let ip = frame.headers.ip.as_ref();
        match self {
            Filter::Everything => true,
            Filter::Not(inner) => !inner.takes(frame),
            Filter::And(left, right) => left.takes(frame) && right.takes(frame),
            Filter::Or(left, right) => left.takes(frame) || right.takes(frame),
            Filter::EtherType(wanted) => frame.headers.ether_type == *wanted,
            Filter::Protocol(wanted) => ip.is_some_and(|ip| ip.protocol == *wanted),
            Filter::Net(side, net) => {
                let ends = ip.map(|ip| (ip.source, ip.destination)).or_else(|| arp_ends(frame));
                ends.is_some_and(|(source, destination)| side.any(net.contains(&source), net.contains(&destination)))
            }
            Filter::Ports(side, first, last) => match ip.map(|ip| ip.transport) {
                Some(Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination }) => {
                    let range = first..=last;
                    side.any(range.contains(&&source), range.contains(&&destination))
                }
                _ => false,
            },
        }
    }
}

impl Side {
    fn any(self, source: bool, destination: bool) -> bool {
        match self {
            Side::Either => source || destination,
            Side::Source => source,
            Side::Destination => destination,
        }
    }
}

/// Who asks whom: `host` means the addresses inside ARP too.
fn arp_ends(frame: &Frame) -> Option<(IpAddr, IpAddr)> {
    let arp = crate::net::ArpPacket::parse(&frame.bytes).ok()?;
    Some((IpAddr::V4(arp.sender_ip), IpAddr::V4(arp.target_ip)))
}

fn syntax_error() -> FilterError {
    FilterError { text: "can't parse filter expression: syntax error".to_owned(), real: false }
}

struct Parser<'a> {
    words: &'a [&'a str],
    /// The qualifiers of the value before.
    last: Option<(Side, Kind)>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.first().copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.next();
        }
        found
    }

    fn expression(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.term()?;
        loop {
            left = if self.eat("and") {
                Filter::And(Box::new(left), Box::new(self.term()?))
            } else if self.eat("or") {
                Filter::Or(Box::new(left), Box::new(self.term()?))
            } else {
                return Ok(left);
            };
        }
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        if self.eat("not") {
            return Ok(Filter::Not(Box::new(self.term()?)));
        }
        if self.eat("(") {
            let inner = self.expression()?;
            return if self.eat(")") { Ok(inner) } else { Err(syntax_error()) };
        }
        self.primitive()
    }

    /// `[PROTOCOL] [src|dst] [host|net|port|portrange] [VALUE]`.
    fn primitive(&mut self) -> Result<Filter, FilterError> {
        let mut proto = None;
        if let Some(filter) = self.peek().and_then(protocol_filter) {
            self.next();
            proto = Some(filter);
        }
        let side = match self.peek() {
            Some("src") => Some(Side::Source),
            Some("dst") => Some(Side::Destination),
            _ => None,
        };
        if side.is_some() {
            self.next();
            if self.peek() == Some("or") || self.peek() == Some("and") {
                return Err(FilterError { text: String::new(), real: true });
            }
        }
        let kind = match self.peek() {
            Some("host") => Some(Kind::Host),
            Some("net") => Some(Kind::Net),
            Some("port") => Some(Kind::Port),
            Some("portrange") => Some(Kind::PortRange),
            _ => None,
        };
        if kind.is_some() {
            self.next();
        }
        let ended = matches!(self.peek(), None | Some("and" | "or" | ")"));
        if let (Some(filter), None, None, true) = (&proto, side, kind, ended) {
            return Ok(filter.clone());
        }
        let (side, kind) = match (side, kind, self.last) {
            (None, None, Some(last)) if proto.is_none() => last,
            (side, kind, _) => (side.unwrap_or(Side::Either), kind.unwrap_or(Kind::Host)),
        };
        let value = self.next().ok_or_else(syntax_error)?;
        let filter = value_filter(side, kind, value)?;
        self.last = Some((side, kind));
        Ok(match proto {
            Some(proto) => Filter::And(Box::new(proto), Box::new(filter)),
            None => filter,
        })
    }
}

fn protocol_filter(word: &str) -> Option<Filter> {
    Some(match word {
        "icmp" => Filter::Protocol(protocol::ICMP),
        "icmp6" => Filter::Protocol(protocol::ICMPV6),
        "tcp" => Filter::Protocol(protocol::TCP),
        "udp" => Filter::Protocol(protocol::UDP),
        "arp" => Filter::EtherType(ether_type::ARP),
        "ip" => Filter::EtherType(ether_type::IPV4),
        "ip6" => Filter::EtherType(ether_type::IPV6),
        _ => return None,
    })
}

fn value_filter(side: Side, kind: Kind, value: &str) -> Result<Filter, FilterError> {
    let port = |text: &str| match text {
        "ssh" => Ok(22),
        "domain" => Ok(53),
        "http" => Ok(80),
        "https" => Ok(443),
        number => {
            let wrong =
                FilterError { text: format!("can't parse filter expression: unknown port '{text}'"), real: false };
            number.parse::<u16>().map_err(|_| wrong)
        }
    };
    match kind {
        Kind::Port => port(value).map(|port| Filter::Ports(side, port, port)),
        Kind::PortRange => {
            // A port alone is a range too: `portrange 80-90 or 443`.
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            Ok(Filter::Ports(side, port(first)?, port(last)?))
        }
        Kind::Net => match value.parse::<IpNet>() {
            Ok(net) if net.trunc() == net => Ok(Filter::Net(side, net)),
            Ok(_) => Err(FilterError { text: "non-network bits set in \"".to_owned() + value + "\"", real: false }),
            Err(_) => Err(FilterError { text: String::new(), real: true }),
        },
        Kind::Host => match value.parse::<IpAddr>() {
            Ok(address) => Ok(Filter::Net(side, IpNet::from(address))),
            // Offsets, flags and names are good filters too.
            Err(_) => Err(FilterError { text: String::new(), real: true }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_as_pcap_filter_reads_them() {
        let all = |text: &str| format!("{:?}", Filter::parse(text).map_err(|error| error.text));
        for (short, long) in [
            ("port 80 or 443", "port 80 or port 443"),
            ("tcp port 80", "tcp and port 80"),
            ("10.0.0.1", "host 10.0.0.1"),
            ("src 10.0.0.1 && !icmp", "( src host 10.0.0.1 ) and not icmp"),
            ("icmp or tcp and udp", "(icmp or tcp) and udp"),
            ("port http", "port 80"),
            ("net 10.0.0.0/8", "net 10.0.0.0/8"),
        ] {
            assert_eq!(all(short), all(long), "{short}");
        }
        for (text, real) in [
            ("port", false),
            ("port 99999", false),
            ("( icmp", false),
            ("icmp and", false),
            ("net 10.0.0.1/8", false),
            ("tcp[13] & 2 != 0", true),
            ("host web", true),
        ] {
            assert_eq!(Filter::parse(text).map_err(|error| error.real), Err(real), "{text}");
        }
    }
}
