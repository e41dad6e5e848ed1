//! Routes: `ip route` with its changes, and `route -n` and `netstat -rn`, which show the same table.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Families, Form, Style, interface_name, interface_number, interfaces};
use crate::host::{RouteChange, StaticRoute, Sys};

/// A line of the table.
struct Line {
    /// `None` is the default route.
    net: Option<IpNet>,
    gateway: Option<IpAddr>,
    device: String,
    origin: Origin,
}

/// Who made a route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The address of the interface, which new packets carry.
    Kernel(IpAddr),
    /// DHCP or a router's advertisement.
    Network,
    /// `ip route add`.
    User,
}

/// The table of a family, in the order in which iproute2 shows it.
fn table(sys: &Sys, v6: bool) -> Vec<Line> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (number, config, _) in interfaces(sys) {
        let device = interface_name(sys, number);
        let line = |net, gateway, origin| Line { net, gateway, device: device.clone(), origin };
        let gateway = if v6 { config.ipv6_gateway.map(IpAddr::V6) } else { config.ipv4_gateway.map(IpAddr::V4) };
        let has_address = if v6 { !config.ipv6.is_empty() } else { !config.ipv4.is_empty() };
        let default = gateway.filter(|_| has_address).map(|gateway| line(None, Some(gateway), Origin::Network));
        if v6 {
            last.extend(
                config
                    .ipv6
                    .iter()
                    .map(|&(own, net)| line(Some(IpNet::V6(net.trunc())), None, Origin::Kernel(IpAddr::V6(own)))),
            );
            if let Some(&(own, _)) = config.ipv6.first() {
                let link_local: Ipv6Net = "fe80::/64".parse().expect("a constant prefix");
                last.push(line(Some(IpNet::V6(link_local)), None, Origin::Kernel(IpAddr::V6(own))));
            }
            last.extend(default);
        } else {
            first.extend(default);
            last.extend(
                config
                    .ipv4
                    .iter()
                    .map(|&(own, net)| line(Some(IpNet::V4(net.trunc())), None, Origin::Kernel(IpAddr::V4(own)))),
            );
        }
    }
    for StaticRoute { net, gateway, interface } in sys.static_routes() {
        if net.addr().is_ipv6() == v6 {
            let device = interface_name(sys, interface);
            last.push(Line { net: Some(net), gateway, device, origin: Origin::User });
        }
    }
    first.extend(last);
    first
}

fn text(line: &Line, v6: bool) -> String {
    let to = net_text(line.net);
    let via = line.gateway.map_or_else(String::new, |gateway| format!("via {gateway} "));
    let device = &line.device;
    match (v6, line.origin) {
        (false, Origin::Kernel(own)) => format!("{to} dev {device} proto kernel scope link src {own} \n"),
        (false, Origin::User) if line.gateway.is_none() => format!("{to} dev {device} scope link \n"),
        (false, _) => format!("{to} {via}dev {device} \n"),
        (true, Origin::Kernel(_)) => format!("{to} dev {device} proto kernel metric 256 pref medium\n"),
        (true, Origin::Network) => format!("{to} {via}dev {device} proto ra metric 1024 pref medium\n"),
        (true, Origin::User) => format!("{to} {via}dev {device} metric 1024 pref medium\n"),
    }
}

fn json(line: &Line) -> String {
    let mut members = vec![format!(r#""dst":"{}""#, net_text(line.net))];
    members.extend(line.gateway.map(|gateway| format!(r#""gateway":"{gateway}""#)));
    members.push(format!(r#""dev":"{}""#, line.device));
    if let Origin::Kernel(own) = line.origin {
        members.push(r#""protocol":"kernel""#.to_owned());
        if own.is_ipv4() {
            members.push(format!(r#""scope":"link","prefsrc":"{own}""#));
        }
    }
    members.push(r#""flags":[]"#.to_owned());
    format!("{{{}}}", members.join(","))
}

/// A host is shown without its length.
fn net_text(net: Option<IpNet>) -> String {
    match net {
        None => "default".to_owned(),
        Some(net) if net.prefix_len() == net.max_prefix_len() => net.addr().to_string(),
        Some(net) => net.to_string(),
    }
}

/// `ip route …`.
pub(super) fn main(sys: &Sys, style: Style, words: &[&str]) -> i32 {
    match words {
        ["get", target, ..] => get(sys, style, target),
        [] => show(sys, style, &[]),
        ["show" | "list" | "ls" | "s", filters @ ..] => show(sys, style, filters),
        ["add" | "a", rest @ ..] => change(sys, RouteChange::Add, rest),
        ["replace" | "change", rest @ ..] => change(sys, RouteChange::Replace, rest),
        ["del" | "delete" | "d", rest @ ..] => change(sys, RouteChange::Delete, rest),
        [verb, ..] => sys.not_simulated("ip", &format!("route {verb}")),
    }
}

fn show(sys: &Sys, style: Style, filters: &[&str]) -> i32 {
    let (mut device, mut to) = (None, None);
    let mut words = filters.iter();
    while let Some(&word) = words.next() {
        match word {
            "dev" => device = words.next().copied(),
            "to" | "exact" | "root" => {}
            "table" if words.as_slice().first() == Some(&"main") => drop(words.next()),
            "table" | "via" | "proto" | "scope" | "type" | "match" | "cache" => {
                return sys.not_simulated("ip", &format!("route show {word}"));
            }
            other => to = Some(other),
        }
    }
    // `ip route` alone shows IPv4, as iproute2 does.
    let v6 = style.families == Families::V6;
    let wanted = |line: &Line| {
        device.is_none_or(|device| line.device == device)
            && to.is_none_or(|to| {
                net_text(line.net) == to || (line.net.is_none() && matches!(to, "0/0" | "0.0.0.0/0" | "::/0"))
            })
    };
    let lines: Vec<Line> = table(sys, v6).into_iter().filter(wanted).collect();
    if style.form == Form::Json {
        let objects: Vec<String> = lines.iter().map(json).collect();
        sys.print(format!("[{}]\n", objects.join(",")));
    } else {
        sys.print(lines.iter().map(|line| text(line, v6)).collect::<String>());
    }
    0
}

fn get(sys: &Sys, style: Style, target: &str) -> i32 {
    let Ok(target) = target.parse::<IpAddr>() else {
        sys.eprint(format!("Error: any valid prefix is expected rather than \"{target}\".\n"));
        return 1;
    };
    let Some(route) = sys.route(target) else {
        sys.eprint("RTNETLINK answers: Network is unreachable\n");
        return 2;
    };
    if style.form == Form::Json {
        return sys.not_simulated("ip", "-j route get");
    }
    let uid = if sys.environment.get("USER").is_some_and(|user| user == "root") { 0 } else { 1000 };
    let end = style.line_end();
    if route.local {
        sys.print(format!("local {target} dev lo src {target} uid {uid} {end}    cache <local> \n"));
        return 0;
    }
    let via = route.gateway.map_or_else(String::new, |gateway| format!("via {gateway} "));
    let name = interface_name(sys, route.interface);
    // What path-MTU discovery has learnt, while it lasts.
    let learnt = sys
        .learnt_mtu(target)
        .map_or_else(String::new, |(mtu, until)| format!("expires {}sec mtu {mtu} ", until.since(sys.now()).as_secs()));
    sys.print(format!("{target} {via}dev {name} src {} uid {uid} {end}    cache {learnt}\n", route.source));
    0
}

/// `ip route add|replace|del NET [via GATEWAY] [dev NAME]`.
fn change(sys: &Sys, change: RouteChange, words: &[&str]) -> i32 {
    let refuse = |text: &str, exit: i32| {
        sys.eprint(format!("{text}\n"));
        exit
    };
    let (mut net, mut gateway, mut device) = (None, None, None);
    let mut rest = words.iter();
    while let Some(&word) = rest.next() {
        let mut value = || rest.next().copied().unwrap_or_default();
        match word {
            "via" => {
                let text = value();
                match text.parse::<IpAddr>() {
                    Ok(address) => gateway = Some(address),
                    Err(_) => return refuse(&format!("Error: inet address is expected rather than \"{text}\"."), 1),
                }
            }
            "dev" => device = Some(value()),
            // All routes are in one table, and the order of two to one network is not simulated.
            "proto" | "scope" => drop(value()),
            "onlink" => {}
            "src" | "metric" | "table" | "mtu" | "nexthop" | "blackhole" | "unreachable" => {
                return sys.not_simulated("ip", &format!("route … {word}"));
            }
            text => match parse_net(text) {
                Some(parsed) => net = Some(parsed),
                None => return refuse(&format!("Error: inet prefix is expected rather than \"{text}\"."), 1),
            },
        }
    }
    let Some(net) = net else { return refuse("Error: either \"to\" is duplicate, or \"\" is a garbage.", 1) };
    let by_gateway = gateway.and_then(|gateway| sys.route(gateway)).filter(|route| route.gateway.is_none());
    let interface = match device {
        Some(name) => match interface_number(sys, name) {
            Some(number) => Some(number),
            None => return refuse(&format!("Cannot find device \"{name}\""), 1),
        },
        None => by_gateway.map(|route| route.interface),
    };
    if gateway.is_some() && by_gateway.is_none() && change != RouteChange::Delete {
        return refuse("Error: Nexthop has invalid gateway.", 2);
    }
    let Some(interface) = interface.or_else(|| (change == RouteChange::Delete).then_some(0)) else {
        return refuse("RTNETLINK answers: No such device", 2);
    };
    match sys.change_route(change, StaticRoute { net, gateway, interface }) {
        Ok(()) => 0,
        Err(errno) => refuse(&format!("RTNETLINK answers: {errno}"), 2),
    }
}

fn parse_net(text: &str) -> Option<IpNet> {
    if text == "default" {
        return Some(IpNet::V4(Ipv4Net::default()));
    }
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    (net.trunc() == net).then_some(net)
}

/// `route [-n]`, and what `netstat -rn` shows: net-tools' table.
pub(crate) fn net_tools(sys: &Sys, title: &str, columns: &str) -> i32 {
    sys.print(format!("{title}\nDestination     Gateway         Genmask         Flags {columns} Iface\n"));
    let columns = if columns.starts_with("Metric") { "0      0        0" } else { "  0 0          0" };
    for line in table(sys, false) {
        let net = match line.net {
            Some(IpNet::V4(net)) => net,
            _ => Ipv4Net::default(),
        };
        let gateway = line.gateway.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let host = if net.prefix_len() == 32 { "H" } else { "" };
        let flags = format!("U{}{host}", if line.gateway.is_some() { "G" } else { "" });
        sys.print(format!(
            "{:<15} {:<15} {:<15} {flags:<5} {columns} {}\n",
            net.network().to_string(),
            gateway.to_string(),
            net.netmask().to_string(),
            line.device
        ));
    }
    0
}

/// `route`.
pub(crate) async fn route(sys: Sys, arguments: Vec<String>) -> i32 {
    match arguments[1..].iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // Names are not looked up, with or without it.
        [] | ["-n"] => net_tools(&sys, "Kernel IP routing table", "Metric Ref    Use"),
        [word, ..] => sys.not_simulated("route", word),
    }
}
