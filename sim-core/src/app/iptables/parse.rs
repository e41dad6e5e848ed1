//! Reading a rule as people write it, in any order of its options.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use crate::host::netfilter::{Condition, ConnectionState, Family, Match, PortEnd, Ports, RejectWith, Rule, Target};
use crate::net::protocol;

/// Why a command line was not understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Misread {
    /// iptables says so too.
    Wrong(String),
    /// iptables knows it, the simulator does not.
    NotSimulated(String),
}

/// The words that are left of a command line.
pub(super) struct Words<'a> {
    words: std::iter::Peekable<std::slice::Iter<'a, String>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(words: &'a [String]) -> Words<'a> {
        Words { words: words.iter().peekable() }
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.words.next().map(String::as_str)
    }

    /// The next word, if it is no option.
    pub(super) fn operand(&mut self) -> Option<&'a str> {
        self.words.next_if(|word| !word.starts_with('-') && *word != "!").map(String::as_str)
    }

    /// The value of an option.
    pub(super) fn value(&mut self, option: &str) -> Result<&'a str, Misread> {
        self.next().ok_or_else(|| Misread::Wrong(format!("option \"{option}\" requires an argument")))
    }
}

/// A rule under construction.
pub(super) struct RuleReader {
    pub(super) rule: Rule,
    family: Family,
    /// `-m state` was written, and not `-m conntrack`.
    old_states: bool,
    inverted: bool,
    /// Sources after the first: `-s` takes a list, which makes a rule for each.
    pub(super) more_sources: Vec<IpNet>,
}

impl RuleReader {
    pub(super) fn new(family: Family) -> RuleReader {
        RuleReader { rule: Rule::default(), family, old_states: false, inverted: false, more_sources: Vec::new() }
    }

    /// Reads one option with what belongs to it; false when it is no option of a rule.
    pub(super) fn read(&mut self, option: &str, words: &mut Words<'_>) -> Result<bool, Misread> {
        if option == "!" {
            self.inverted = true;
            return Ok(true);
        }
        match option {
            "-s" | "--source" | "--src" => {
                let mut nets = words.value(option)?.split(',').map(|text| self.net(text));
                let first = nets.next().unwrap_or_else(|| self.net(""))?;
                self.more_sources = nets.collect::<Result<_, _>>()?;
                self.rule.source = Some(self.condition(first));
            }
            "-d" | "--destination" | "--dst" => {
                let net = self.net(words.value(option)?)?;
                self.rule.destination = Some(self.condition(net));
            }
            "-i" | "--in-interface" => self.rule.input = Some(self.condition(words.value(option)?.to_owned())),
            "-o" | "--out-interface" => self.rule.output = Some(self.condition(words.value(option)?.to_owned())),
            "-p" | "--protocol" => {
                let number = protocol_number(words.value(option)?)?;
                self.rule.protocol = number.map(|number| self.condition(number));
            }
            "-m" | "--match" => self.module(words.value(option)?)?,
            "-j" | "--jump" => {
                let name = words.value(option)?;
                self.rule.target = Some(target(name)?);
            }
            "--sport" | "--source-port" => self.ports(PortEnd::Source, false, option, words)?,
            "--dport" | "--destination-port" => self.ports(PortEnd::Destination, false, option, words)?,
            "--sports" | "--source-ports" => self.ports(PortEnd::Source, true, option, words)?,
            "--dports" | "--destination-ports" => self.ports(PortEnd::Destination, true, option, words)?,
            "--ports" => self.ports(PortEnd::Either, true, option, words)?,
            "--syn" => {
                let condition = self.condition((0x17, 0x02));
                self.rule.matches.push(Match::TcpFlags(condition));
            }
            "--tcp-flags" => {
                let flags = (tcp_flags(words.value(option)?)?, tcp_flags(words.value(option)?)?);
                let condition = self.condition(flags);
                self.rule.matches.push(Match::TcpFlags(condition));
            }
            "--icmp-type" | "--icmpv6-type" => {
                if let Some(kind) = icmp_type(self.family, words.value(option)?)? {
                    let condition = self.condition(kind);
                    self.rule.matches.push(Match::Icmp(condition));
                }
            }
            "--state" | "--ctstate" => {
                let states = words.value(option)?.split(',').map(state).collect::<Result<_, _>>()?;
                let states = self.condition(states);
                self.rule.matches.push(Match::States { states, old_name: self.old_states });
            }
            "--comment" => self.rule.matches.push(Match::Comment(words.value(option)?.to_owned())),
            _ => return self.target_option(option, words),
        }
        self.inverted = false;
        Ok(true)
    }

    /// Options that say more about the target.
    fn target_option(&mut self, option: &str, words: &mut Words<'_>) -> Result<bool, Misread> {
        match (option, &mut self.rule.target) {
            ("--to-source", Some(Target::Snat { addresses, ports })) => {
                let (given, given_ports) = address_and_ports(words.value(option)?)?;
                *addresses = given.ok_or_else(|| Misread::Wrong("SNAT: Bad IP address".to_owned()))?;
                *ports = given_ports;
            }
            ("--to-destination", Some(Target::Dnat { addresses, ports })) => {
                (*addresses, *ports) = address_and_ports(words.value(option)?)?;
            }
            ("--to-ports" | "--to-port", Some(Target::Masquerade { ports } | Target::Redirect { ports })) => {
                *ports = Some(port_range(words.value(option)?, '-')?);
            }
            ("--reject-with", Some(Target::Reject(with))) => *with = reject_with(words.value(option)?)?,
            ("--log-prefix" | "--log-level", Some(Target::Log)) => {
                words.value(option)?;
            }
            // A port is drawn from a random one on as it is.
            ("--random" | "--random-fully" | "--persistent", Some(_)) => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn condition<T>(&self, value: T) -> Condition<T> {
        Condition { inverted: self.inverted, value }
    }

    fn net(&self, text: &str) -> Result<IpNet, Misread> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let net = text.parse::<IpNet>().or(address);
        match net.map(|net| net.trunc()) {
            Ok(net) if Family::of(net.addr()) == self.family => Ok(net),
            _ => Err(Misread::Wrong(format!("host/network `{text}' not found"))),
        }
    }

    fn module(&mut self, name: &str) -> Result<(), Misread> {
        match name {
            "state" => self.old_states = true,
            "conntrack" => self.old_states = false,
            "tcp" | "udp" | "icmp" | "icmp6" | "icmpv6" | "multiport" | "comment" => {}
            other => return Err(Misread::NotSimulated(format!("-m {other}"))),
        }
        Ok(())
    }

    fn ports(&mut self, end: PortEnd, multiport: bool, option: &str, words: &mut Words<'_>) -> Result<(), Misread> {
        let has_ports =
            matches!(&self.rule.protocol, Some(Condition { inverted: false, value: protocol::TCP | protocol::UDP }));
        if !has_ports {
            return Err(Misread::Wrong(format!("unknown option \"{option}\"")));
        }
        let text = words.value(option)?;
        let parts: Vec<&str> = if multiport { text.split(',').collect() } else { vec![text] };
        let ports = parts.into_iter().map(|part| port_range(part, ':')).collect::<Result<_, _>>()?;
        let ports = self.condition(ports);
        self.rule.matches.push(Match::Ports { end, ports, multiport });
        Ok(())
    }
}

/// A protocol's number; `None` is any.
fn protocol_number(text: &str) -> Result<Option<u8>, Misread> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "all" | "0" => None,
        "tcp" => Some(protocol::TCP),
        "udp" => Some(protocol::UDP),
        "icmp" => Some(protocol::ICMP),
        "icmpv6" | "ipv6-icmp" => Some(protocol::ICMPV6),
        "gre" => Some(47),
        "esp" => Some(50),
        "ah" => Some(51),
        number => match number.parse() {
            Ok(number) => Some(number),
            Err(_) => return Err(Misread::Wrong(format!("unknown protocol \"{text}\" specified"))),
        },
    })
}

fn target(name: &str) -> Result<Target, Misread> {
    Ok(match name {
        "ACCEPT" => Target::Accept,
        "DROP" => Target::Drop,
        "REJECT" => Target::Reject(RejectWith::Unreachable(3)),
        "RETURN" => Target::Return,
        "LOG" => Target::Log,
        "SNAT" => Target::Snat { addresses: unspecified(), ports: None },
        "MASQUERADE" => Target::Masquerade { ports: None },
        "DNAT" => Target::Dnat { addresses: None, ports: None },
        "REDIRECT" => Target::Redirect { ports: None },
        "TCPMSS" | "MARK" | "CONNMARK" | "NOTRACK" | "CT" | "TTL" | "TEE" | "NETMAP" | "TPROXY" | "NFQUEUE" => {
            return Err(Misread::NotSimulated(format!("-j {name}")));
        }
        chain => Target::Jump(chain.into()),
    })
}

/// What `--to-source` has to replace.
fn unspecified() -> RangeInclusive<IpAddr> {
    IpAddr::from([0; 4])..=IpAddr::from([0; 4])
}

/// Whether a target was completed as it has to be.
pub(super) fn check_complete(rule: &Rule) -> Result<(), Misread> {
    match &rule.target {
        Some(Target::Snat { addresses, .. }) if *addresses == unspecified() => {
            Err(Misread::Wrong("SNAT: option \"--to-source\" must be specified".to_owned()))
        }
        Some(Target::Dnat { addresses: None, ports: None }) => {
            Err(Misread::Wrong("DNAT: option \"--to-destination\" must be specified".to_owned()))
        }
        _ => Ok(()),
    }
}

/// `ADDRESS[-ADDRESS][:PORT[-PORT]]`; for IPv6 an address with ports has brackets.
fn address_and_ports(text: &str) -> Result<(Option<RangeInclusive<IpAddr>>, Option<Ports>), Misread> {
    let (addresses, ports) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((addresses, ports)) => (addresses, ports.strip_prefix(':')),
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(addresses, ports)| (addresses, Some(ports))),
    };
    let address = |text: &str| text.parse::<IpAddr>().map_err(|_| Misread::Wrong(format!("Bad IP address \"{text}\"")));
    let addresses = match addresses.split_once('-') {
        _ if addresses.is_empty() => None,
        Some((first, last)) => Some(address(first)?..=address(last)?),
        None => Some(address(addresses)?..=address(addresses)?),
    };
    Ok((addresses, ports.map(|ports| port_range(ports, '-')).transpose()?))
}

fn port_range(text: &str, separator: char) -> Result<Ports, Misread> {
    let wrong = || Misread::Wrong(format!("invalid port/service `{text}' specified"));
    let port = |text: &str, open: u16| match text {
        "" => Some(open),
        "ssh" => Some(22),
        "domain" => Some(53),
        "http" => Some(80),
        "https" => Some(443),
        "mysql" => Some(3306),
        number => number.parse().ok(),
    };
    if text.is_empty() {
        return Err(wrong());
    }
    let (first, last) = text.split_once(separator).unwrap_or((text, text));
    match (port(first, 0), port(last, u16::MAX)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(wrong()),
    }
}

fn tcp_flags(text: &str) -> Result<u8, Misread> {
    text.split(',').try_fold(0, |flags, name| {
        Ok(flags
            | match name {
                "FIN" => 0x01,
                "SYN" => 0x02,
                "RST" => 0x04,
                "PSH" => 0x08,
                "ACK" => 0x10,
                "URG" => 0x20,
                "ALL" => 0x3f,
                "NONE" => 0,
                other => return Err(Misread::Wrong(format!("Unknown TCP flag `{other}'"))),
            })
    })
}

fn icmp_type(family: Family, text: &str) -> Result<Option<(u8, Option<u8>)>, Misread> {
    let echo = if family == Family::V4 { (8, 0) } else { (128, 129) };
    Ok(Some(match text {
        "any" => return Ok(None),
        "echo-request" | "ping" => (echo.0, None),
        "echo-reply" | "pong" => (echo.1, None),
        "destination-unreachable" => (if family == Family::V4 { 3 } else { 1 }, None),
        "fragmentation-needed" => (3, Some(4)),
        "time-exceeded" | "ttl-exceeded" => (if family == Family::V4 { 11 } else { 3 }, None),
        number => {
            let (kind, code) = number.split_once('/').map_or((number, None), |(kind, code)| (kind, Some(code)));
            match (kind.parse(), code.map(str::parse).transpose()) {
                (Ok(kind), Ok(code)) => (kind, code),
                _ => return Err(Misread::Wrong(format!("Invalid ICMP type `{text}'"))),
            }
        }
    }))
}

fn state(name: &str) -> Result<ConnectionState, Misread> {
    Ok(match name {
        "NEW" => ConnectionState::New,
        "ESTABLISHED" => ConnectionState::Established,
        "RELATED" => ConnectionState::Related,
        "INVALID" => ConnectionState::Invalid,
        "UNTRACKED" | "SNAT" | "DNAT" => return Err(Misread::NotSimulated(format!("--ctstate {name}"))),
        other => return Err(Misread::Wrong(format!("Bad ctstate \"{other}\""))),
    })
}

/// The ICMP codes that `--reject-with` names.
pub(super) const REJECTIONS: [(&str, u8); 6] = [
    ("icmp-net-unreachable", 0),
    ("icmp-host-unreachable", 1),
    ("icmp-proto-unreachable", 2),
    ("icmp-port-unreachable", 3),
    ("icmp-host-prohibited", 10),
    ("icmp-admin-prohibited", 13),
];

fn reject_with(text: &str) -> Result<RejectWith, Misread> {
    if text == "tcp-reset" {
        return Ok(RejectWith::TcpReset);
    }
    let found = REJECTIONS.iter().find(|(name, _)| *name == text || name.strip_prefix("icmp-") == Some(text));
    match found {
        Some(&(_, code)) => Ok(RejectWith::Unreachable(code)),
        None => Err(Misread::NotSimulated(format!("--reject-with {text}"))),
    }
}
