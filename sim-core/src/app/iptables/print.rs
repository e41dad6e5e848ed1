//! Rules as iptables writes them: as commands (`-S`, `iptables-save`) and as a list (`-L`).

use std::fmt::Write as _;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::parse::REJECTIONS;
use crate::host::netfilter::{
    Chain, Condition, ConnectionState, Family, Match, Policy, PortEnd, Ports, RejectWith, Rule, Table, Target,
};
use crate::net::protocol;

/// How `-L` shows things.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Listing {
    /// `-n`.
    pub(super) numeric: bool,
    /// `-v`.
    pub(super) verbose: bool,
    /// `--line-numbers`.
    pub(super) numbered: bool,
}

pub(super) fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Accept => "ACCEPT",
        Policy::Drop => "DROP",
    }
}

/// `-S`.
pub(super) fn commands(table: &Table, only: Option<&str>) -> String {
    let mut text = String::new();
    let chains = || table.chains.iter().filter(|chain| only.is_none_or(|only| only == chain.name));
    for chain in chains() {
        let _ = match chain.policy {
            Some(of) => writeln!(text, "-P {} {}", chain.name, policy(of)),
            None => writeln!(text, "-N {}", chain.name),
        };
    }
    for chain in chains() {
        for rule in &chain.rules {
            let _ = writeln!(text, "{}", command(&chain.name, rule));
        }
    }
    text
}

/// One rule as the command that adds it.
pub(super) fn command(chain: &str, rule: &Rule) -> String {
    let mut text = format!("-A {chain}");
    let mut option = |inverted: bool, rest: String| {
        let _ = write!(text, " {}{rest}", if inverted { "! " } else { "" });
    };
    for (name, net) in [("-s", &rule.source), ("-d", &rule.destination)] {
        if let Some(Condition { inverted, value }) = net {
            option(*inverted, format!("{name} {value}"));
        }
    }
    for (name, interface) in [("-i", &rule.input), ("-o", &rule.output)] {
        if let Some(Condition { inverted, value }) = interface {
            option(*inverted, format!("{name} {value}"));
        }
    }
    let protocol = rule.protocol.as_ref().map(|protocol| protocol_name(protocol.value));
    if let (Some(name), Some(protocol)) = (&protocol, &rule.protocol) {
        option(protocol.inverted, format!("-p {name}"));
    }
    let mut module = String::new();
    for it in &rule.matches {
        let needed = match it {
            Match::Ports { multiport: true, .. } => "multiport".to_owned(),
            Match::Ports { .. } | Match::TcpFlags(_) => protocol.clone().unwrap_or_default(),
            Match::Icmp(_) => if protocol.as_deref() == Some("icmp") { "icmp" } else { "icmp6" }.to_owned(),
            Match::States { old_name: true, .. } => "state".to_owned(),
            Match::States { .. } => "conntrack".to_owned(),
            Match::Comment(_) => "comment".to_owned(),
        };
        if needed != module {
            option(false, format!("-m {needed}"));
            module = needed;
        }
        let (inverted, rest) = match_command(it);
        option(inverted, rest);
    }
    if let Some(target) = &rule.target {
        option(false, format!("-j {}", target_name(target)));
        let details = target_details(target);
        if let Some((name, value)) = details {
            option(false, format!("{name} {value}"));
        }
    }
    text
}

fn match_command(it: &Match) -> (bool, String) {
    match it {
        Match::Ports { end, ports, multiport } => {
            let name = match (end, multiport) {
                (PortEnd::Source, false) => "--sport",
                (PortEnd::Destination, false) => "--dport",
                (PortEnd::Source, true) => "--sports",
                (PortEnd::Destination, true) => "--dports",
                (PortEnd::Either, _) => "--ports",
            };
            (ports.inverted, format!("{name} {}", port_list(&ports.value)))
        }
        Match::TcpFlags(flags) => {
            let (mask, set) = flags.value;
            (flags.inverted, format!("--tcp-flags {} {}", flag_names(mask), flag_names(set)))
        }
        Match::Icmp(kind) => {
            let (number, code) = kind.value;
            (kind.inverted, format!("--icmp-type {number}{}", code.map(|code| format!("/{code}")).unwrap_or_default()))
        }
        Match::States { states, old_name } => {
            let name = if *old_name { "--state" } else { "--ctstate" };
            (states.inverted, format!("{name} {}", state_names(&states.value)))
        }
        Match::Comment(text) if text.contains(' ') => (false, format!("--comment \"{text}\"")),
        Match::Comment(text) => (false, format!("--comment {text}")),
    }
}

/// `-L`.
pub(super) fn list(table: &Table, family: Family, only: Option<&str>, how: Listing) -> String {
    let chains = table.chains.iter().filter(|chain| only.is_none_or(|only| only == chain.name));
    let listed: Vec<String> = chains.map(|chain| list_chain(table, chain, family, how)).collect();
    listed.join("\n")
}

fn list_chain(table: &Table, chain: &Chain, family: Family, how: Listing) -> String {
    let mut text = match chain.policy {
        Some(of) if how.verbose => format!(
            "Chain {} (policy {} {} packets, {} bytes)\n",
            chain.name,
            policy(of),
            count(chain.packets),
            count(chain.bytes)
        ),
        Some(of) => format!("Chain {} (policy {})\n", chain.name, policy(of)),
        None => {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules);
            let calls = |rule: &&Rule| matches!(&rule.target, Some(Target::Jump(name)) if **name == *chain.name);
            format!("Chain {} ({} references)\n", chain.name, rules.filter(calls).count())
        }
    };
    let numbers = if how.numbered { "num  " } else { "" };
    let interfaces = if how.verbose { " in     out    " } else { "" };
    let counts = if how.verbose { " pkts bytes " } else { "" };
    let _ =
        writeln!(text, "{numbers}{counts}target     prot opt{interfaces} source               destination         ");
    for (rule, number) in chain.rules.iter().zip(1..) {
        if how.numbered {
            let _ = write!(text, "{number:<4} ");
        }
        if how.verbose {
            let _ = write!(text, "{:>5} {:>5} ", count(rule.packets), count(rule.bytes));
        }
        let protocol = rule.protocol.as_ref().map_or_else(
            || "all".to_owned(),
            |protocol| format!("{}{}", not(protocol.inverted), protocol_name(protocol.value)),
        );
        let name = rule.target.as_ref().map(target_name).unwrap_or_default();
        let opt = if family == Family::V4 { "--" } else { "  " };
        let _ = write!(text, "{name:<9}  {protocol:<5}{opt} ");
        if how.verbose {
            let interface = |it: &Option<Condition<String>>| {
                it.as_ref().map_or_else(|| "*".to_owned(), |it| format!("{}{}", not(it.inverted), it.value))
            };
            let _ = write!(text, " {:<6} {:<6} ", interface(&rule.input), interface(&rule.output));
        }
        let (source, destination) = (end(&rule.source, family, how), end(&rule.destination, family, how));
        let _ = write!(text, " {source:<19}  {destination:<19} ");
        for it in &rule.matches {
            let _ = write!(text, " {}", match_listed(it, &protocol, how));
        }
        let details = rule.target.as_ref().and_then(target_details);
        if let Some((option, value)) = details {
            let _ = match option {
                "--reject-with" => write!(text, " reject-with {value}"),
                "--to-ports" => write!(text, " ports {value}"),
                _ => write!(text, " to:{value}"),
            };
        }
        text.push('\n');
    }
    text
}

fn match_listed(it: &Match, protocol: &str, how: Listing) -> String {
    match it {
        Match::Ports { end, ports, multiport } => {
            let name = match (end, multiport) {
                (PortEnd::Source, false) => "spt",
                (PortEnd::Destination, false) => "dpt",
                (PortEnd::Source, true) => "sports",
                (PortEnd::Destination, true) => "dports",
                (PortEnd::Either, _) => "ports",
            };
            let listed = match ports.value.as_slice() {
                [range] if range.start() == range.end() && !how.numeric => service(*range.start()),
                ranges => port_list(ranges),
            };
            if *multiport {
                format!("multiport {name} {}{listed}", not(ports.inverted))
            } else {
                let plural = if listed.contains(':') { "s" } else { "" };
                format!("{protocol} {name}{plural}:{}{listed}", not(ports.inverted))
            }
        }
        Match::TcpFlags(flags) => {
            let (mask, set) = flags.value;
            format!("{protocol} flags:{}0x{mask:02X}/0x{set:02X}", not(flags.inverted))
        }
        Match::Icmp(kind) => format!("{protocol}type {}{}", not(kind.inverted), kind.value.0),
        Match::States { states, old_name } => {
            let name = if *old_name { "state" } else { "ctstate" };
            format!("{}{name} {}", not(states.inverted), state_names(&states.value))
        }
        Match::Comment(text) => format!("/* {text} */"),
    }
}

fn not(inverted: bool) -> &'static str {
    if inverted { "!" } else { "" }
}

fn end(net: &Option<Condition<IpNet>>, family: Family, how: Listing) -> String {
    match net {
        None if !how.numeric => "anywhere".to_owned(),
        None if family == Family::V4 => "0.0.0.0/0".to_owned(),
        None => "::/0".to_owned(),
        Some(Condition { inverted, value }) => {
            let is_host = value.prefix_len() == value.max_prefix_len();
            let net = if is_host { value.addr().to_string() } else { value.to_string() };
            format!("{}{net}", not(*inverted))
        }
    }
}

fn service(port: u16) -> String {
    match port {
        22 => "ssh".to_owned(),
        53 => "domain".to_owned(),
        80 => "http".to_owned(),
        443 => "https".to_owned(),
        3306 => "mysql".to_owned(),
        8080 => "webcache".to_owned(),
        other => other.to_string(),
    }
}

/// Counters as iptables shortens them.
fn count(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        100_000..10_000_000 => format!("{}K", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

fn protocol_name(number: u8) -> String {
    match number {
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        protocol::ICMP => "icmp".to_owned(),
        protocol::ICMPV6 => "ipv6-icmp".to_owned(),
        47 => "gre".to_owned(),
        50 => "esp".to_owned(),
        51 => "ah".to_owned(),
        other => other.to_string(),
    }
}

fn port_list(ports: &[Ports]) -> String {
    let range = |range: &Ports| match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}:{last}"),
    };
    ports.iter().map(range).collect::<Vec<_>>().join(",")
}

fn flag_names(flags: u8) -> String {
    let names = [(0x01, "FIN"), (0x02, "SYN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG")];
    let set: Vec<&str> = names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "NONE".to_owned() } else { set.join(",") }
}

fn state_names(states: &[ConnectionState]) -> String {
    let names = [
        (ConnectionState::Invalid, "INVALID"),
        (ConnectionState::New, "NEW"),
        (ConnectionState::Related, "RELATED"),
        (ConnectionState::Established, "ESTABLISHED"),
    ];
    let named: Vec<&str> = names.iter().filter(|(state, _)| states.contains(state)).map(|(_, name)| *name).collect();
    named.join(",")
}

fn target_name(target: &Target) -> String {
    match target {
        Target::Accept => "ACCEPT",
        Target::Drop => "DROP",
        Target::Reject(_) => "REJECT",
        Target::Return => "RETURN",
        Target::Log => "LOG",
        Target::Snat { .. } => "SNAT",
        Target::Masquerade { .. } => "MASQUERADE",
        Target::Dnat { .. } => "DNAT",
        Target::Redirect { .. } => "REDIRECT",
        Target::Jump(name) => name,
    }
    .to_owned()
}

/// What a target says besides its name: the option and its value.
fn target_details(target: &Target) -> Option<(&'static str, String)> {
    let joined = |addresses: Option<&RangeInclusive<IpAddr>>, ports: &Option<Ports>| {
        let mut text = match addresses {
            None => String::new(),
            Some(range) if range.start() == range.end() => match (range.start(), ports) {
                (IpAddr::V6(v6), Some(_)) => format!("[{v6}]"),
                (address, _) => address.to_string(),
            },
            Some(range) => format!("{}-{}", range.start(), range.end()),
        };
        if let Some(ports) = ports {
            let _ = write!(text, ":{}", dashed(ports));
        }
        text
    };
    match target {
        Target::Snat { addresses, ports } => Some(("--to-source", joined(Some(addresses), ports))),
        Target::Dnat { addresses, ports } => Some(("--to-destination", joined(addresses.as_ref(), ports))),
        Target::Masquerade { ports: Some(ports) } | Target::Redirect { ports: Some(ports) } => {
            Some(("--to-ports", dashed(ports)))
        }
        Target::Reject(RejectWith::TcpReset) => Some(("--reject-with", "tcp-reset".to_owned())),
        Target::Reject(RejectWith::Unreachable(code)) => {
            let name = REJECTIONS.iter().find(|(_, known)| known == code).map(|(name, _)| (*name).to_owned());
            Some(("--reject-with", name.unwrap_or_default()))
        }
        _ => None,
    }
}

fn dashed(ports: &Ports) -> String {
    if ports.start() == ports.end() { ports.start().to_string() } else { format!("{}-{}", ports.start(), ports.end()) }
}
