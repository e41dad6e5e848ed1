//! `ip` and `ifconfig`: what the guest's own network looks like (iproute2, net-tools).
//!
//! Addresses and routes of an instance come from the control plane by DHCP. What a guest sets by itself is the MTU of its
//! interface (MTU-1), further addresses, and routes of its own; the VPC does not know of them.

mod json;
pub(crate) mod route;

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::host::{InterfaceConfig, NeighbourState, Sys};
use crate::net::MacAddr;

/// The number of an interface by its name.
pub(crate) fn interface_number(sys: &Sys, name: &str) -> Option<usize> {
    interfaces(sys).map(|(number, ..)| number).find(|&number| interface_name(sys, number) == name)
}

/// The interfaces with their numbers; one that was detached has no address and is not there.
fn interfaces(sys: &Sys) -> impl Iterator<Item = (usize, InterfaceConfig, Vec<(IpAddr, u8)>)> {
    let all = sys.interfaces().into_iter().enumerate();
    all.filter(|(_, (_, addresses))| !addresses.is_empty()).map(|(number, (config, own))| (number, config, own))
}

/// The name of an interface.
pub(crate) fn interface_name(sys: &Sys, number: usize) -> String {
    let (prefix, first) = sys.profile().interface_prefix();
    format!("{prefix}{}", first as usize + number)
}

/// Which families to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Families {
    Both,
    V4,
    V6,
}

impl Families {
    fn shows(self, address: IpAddr) -> bool {
        match self {
            Families::Both => true,
            Families::V4 => address.is_ipv4(),
            Families::V6 => address.is_ipv6(),
        }
    }
}

/// How to show it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Full,
    Brief,
    /// One object a line, with a backslash for each line end within.
    OneLine,
    Json,
}

/// What stands in front of the object.
#[derive(Clone, Copy)]
struct Style {
    families: Families,
    form: Form,
}

impl Style {
    /// What ends a line that goes on.
    fn line_end(self) -> &'static str {
        if self.form == Form::OneLine { "\\" } else { "\n" }
    }
}

/// `ip`.
pub(crate) async fn main(sys: Sys, arguments: Vec<String>) -> i32 {
    let mut style = Style { families: Families::Both, form: Form::Full };
    let mut words = arguments[1..].iter().map(String::as_str).peekable();
    while let Some(option) = words.next_if(|word| word.starts_with('-')) {
        match option {
            "-4" => style.families = Families::V4,
            "-6" => style.families = Families::V6,
            "-br" | "-brief" => style.form = Form::Brief,
            "-o" | "-oneline" => style.form = Form::OneLine,
            "-j" | "-json" => style.form = Form::Json,
            "-c" | "-color" | "-color=never" => {}
            other => return sys.not_simulated("ip", other),
        }
    }
    let object = words.next().unwrap_or("help").to_owned();
    let rest: Vec<&str> = words.collect();
    let is = |full: &str| !object.is_empty() && full.starts_with(&object);
    if is("address") || object == "addr" {
        match rest.as_slice() {
            ["add" | "a" | "replace", rest @ ..] => change_address(&sys, true, rest),
            ["del" | "delete" | "d", rest @ ..] => change_address(&sys, false, rest),
            rest => with_device(&sys, rest, |only| addresses(&sys, only, style)),
        }
    } else if is("link") {
        if let ["set", rest @ ..] = rest.as_slice() {
            return set_link(&sys, rest);
        }
        if style.form == Form::Json {
            return sys.not_simulated("ip", "-j link");
        }
        with_device(&sys, &rest, |only| links(&sys, only, style))
    } else if is("route") {
        route::main(&sys, style, &rest)
    } else if is("neighbour") || is("neighbor") || object == "neigh" {
        match rest.as_slice() {
            _ if style.form == Form::Json => sys.not_simulated("ip", "-j neigh"),
            [] | ["show" | "list" | "ls" | "s", ..] => neighbours(&sys, style.families),
            [verb, ..] => sys.not_simulated("ip", &format!("neigh {verb}")),
        }
    } else if is("rule") {
        sys.print("0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n");
        0
    } else if object == "help" {
        sys.eprint("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n");
        255
    } else {
        sys.eprint(format!("Object \"{object}\" is unknown, try \"ip help\".\n"));
        1
    }
}

fn with_device(sys: &Sys, rest: &[&str], show: impl Fn(Option<usize>)) -> i32 {
    let name = match rest {
        [] | ["show" | "list" | "ls" | "s"] => None,
        ["show" | "list" | "ls" | "s", "up"] => None,
        ["show" | "list" | "ls" | "s", "dev", name] | ["show" | "list" | "ls" | "s", name] => Some(*name),
        ["dev", name] => Some(*name),
        [verb, ..] => return sys.not_simulated("ip", verb),
    };
    // Number 0 is the loopback, as in the kernel's own count less one.
    let only = match name {
        None => None,
        Some("lo") => Some(0),
        Some(name) => match interface_number(sys, name) {
            Some(number) => Some(number + 1),
            None => {
                sys.eprint(format!("Device \"{name}\" does not exist.\n"));
                return 1;
            }
        },
    };
    show(only);
    0
}

/// The MTUs that the driver of EC2's interfaces takes (`ena`: 68 up to the jumbo frame of MTU-1).
const MTU: std::ops::RangeInclusive<u32> = 68..=9001;

/// `ip link set [dev] NAME mtu N`.
fn set_link(sys: &Sys, words: &[&str]) -> i32 {
    let (name, value) = match words {
        ["dev", name, "mtu", value] | [name, "mtu", value] => (*name, *value),
        _ => return sys.not_simulated("ip", &format!("link set {}", words.join(" "))),
    };
    let Some(interface) = interface_number(sys, name) else {
        sys.eprint(format!("Cannot find device \"{name}\"\n"));
        return 1;
    };
    let Ok(mtu) = value.parse::<u32>() else {
        sys.eprint(format!("Error: argument \"{value}\" is wrong: Invalid \"mtu\" value\n\n"));
        return 255;
    };
    match u16::try_from(mtu) {
        Ok(mtu_bytes) if MTU.contains(&mtu) => {
            sys.set_link_mtu(interface, mtu_bytes);
            0
        }
        _ => {
            let limit = if mtu < *MTU.start() { "less than device minimum" } else { "greater than device maximum" };
            sys.eprint(format!("Error: mtu {limit}.\n"));
            2
        }
    }
}

const LOOPBACK_FLAGS: &str = "<LOOPBACK,UP,LOWER_UP>";
const ETHERNET_FLAGS: &str = "<BROADCAST,MULTICAST,UP,LOWER_UP>";

/// One line of the list of interfaces: the loopback, then the network interfaces.
struct Shown {
    /// Its place in the list, the loopback's is 0.
    number: usize,
    name: String,
    mac: MacAddr,
    mtu: u32,
    addresses: Vec<(IpAddr, u8)>,
    loopback: bool,
}

fn shown(sys: &Sys) -> Vec<Shown> {
    let own = sys.interfaces().into_iter().flat_map(|(_, addresses)| addresses);
    let mut list = vec![Shown {
        number: 0,
        name: "lo".to_owned(),
        mac: MacAddr::default(),
        mtu: 65_536,
        addresses: own.filter(|(address, _)| address.is_loopback()).collect(),
        loopback: true,
    }];
    for (number, config, addresses) in interfaces(sys) {
        list.push(Shown {
            number: number + 1,
            name: interface_name(sys, number),
            mac: config.mac,
            mtu: u32::from(config.mtu),
            addresses: addresses.into_iter().filter(|(address, _)| !address.is_loopback()).collect(),
            loopback: false,
        });
    }
    list
}

fn addresses(sys: &Sys, only: Option<usize>, style: Style) {
    if style.form == Form::Json {
        sys.print(json::addresses(&shown(sys), only, style.families));
        return;
    }
    for interface in shown(sys).iter().filter(|interface| only.is_none_or(|only| only == interface.number)) {
        let own = interface.addresses.iter().filter(|(address, _)| style.families.shows(*address));
        if style.form == Form::Brief {
            let state = if interface.loopback { "UNKNOWN" } else { "UP" };
            let list: String = own.map(|(address, prefix)| format!("{address}/{prefix} ")).collect();
            sys.print(format!("{:<16} {state:<14} {list}\n", interface.name));
            continue;
        }
        // Addresses alone, each behind the number and name of its interface, when one line has to say it all.
        if style.form == Form::Full {
            print_link(sys, interface, style);
        }
        for &(address, prefix) in own {
            let name = &interface.name;
            if style.form == Form::OneLine {
                sys.print(format!("{}: {name}", interface.number + 1));
            }
            let end = style.line_end();
            match address {
                IpAddr::V4(_) if interface.loopback => {
                    sys.print(format!("    inet {address}/{prefix} scope host {name}{end}"));
                }
                IpAddr::V4(own) => {
                    let broadcast = std::net::Ipv4Addr::from_bits(
                        own.to_bits() | u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0),
                    );
                    sys.print(format!("    inet {own}/{prefix} brd {broadcast} scope global dynamic {name}{end}"));
                }
                IpAddr::V6(_) if interface.loopback => {
                    sys.print(format!("    inet6 {address}/{prefix} scope host {end}"))
                }
                IpAddr::V6(own) if own.is_unicast_link_local() => {
                    sys.print(format!("    inet6 {own}/{prefix} scope link {end}"));
                }
                IpAddr::V6(own) => sys.print(format!("    inet6 {own}/{prefix} scope global dynamic {end}")),
            }
            // EC2's DHCP leases last an hour; the guest has just renewed its own.
            let leased = !interface.loopback && !is_link_local(address);
            let lifetime = if leased { "3600sec" } else { "forever" };
            sys.print(format!("       valid_lft {lifetime} preferred_lft {lifetime}\n"));
        }
    }
}

fn links(sys: &Sys, only: Option<usize>, style: Style) {
    for interface in shown(sys).iter().filter(|interface| only.is_none_or(|only| only == interface.number)) {
        if style.form == Form::Brief {
            let (state, flags) = if interface.loopback { ("UNKNOWN", LOOPBACK_FLAGS) } else { ("UP", ETHERNET_FLAGS) };
            sys.print(format!("{:<16} {state:<14} {} {flags} \n", interface.name, interface.mac));
        } else {
            print_link(sys, interface, style);
        }
    }
}

fn print_link(sys: &Sys, interface: &Shown, style: Style) {
    let end = style.line_end();
    let Shown { number, name, mac, mtu, .. } = interface;
    let number = number + 1;
    sys.print(if interface.loopback {
        format!(
            "{number}: {name}: {LOOPBACK_FLAGS} mtu {mtu} qdisc noqueue state UNKNOWN group default qlen 1000{end}    link/loopback {mac} brd {mac}\n"
        )
    } else {
        format!(
            "{number}: {name}: {ETHERNET_FLAGS} mtu {mtu} qdisc mq state UP group default qlen 1000{end}    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n"
        )
    });
}

/// `ip addr add|del ADDRESS[/LENGTH] dev NAME`. The VPC gives and takes what the instance then uses, or drops it.
fn change_address(sys: &Sys, adds: bool, words: &[&str]) -> i32 {
    let (text, name) = match words {
        [text, "dev", name, ..] | ["dev", name, text] => (*text, *name),
        _ => {
            sys.eprint("Not enough information: \"dev\" argument is required.\n");
            return 255;
        }
    };
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let Some(net) = net else {
        sys.eprint(format!("Error: any valid prefix is expected rather than \"{text}\".\n"));
        return 1;
    };
    let found = interfaces(sys).find(|&(number, ..)| interface_name(sys, number) == name);
    let Some((number, mut config, own)) = found else {
        sys.eprint(format!("Cannot find device \"{name}\"\n"));
        return 1;
    };
    if own.iter().any(|&(address, _)| address == net.addr()) == adds {
        let errno = if adds { "File exists" } else { "Cannot assign requested address" };
        sys.eprint(format!("RTNETLINK answers: {errno}\n"));
        return 2;
    }
    let whole = "a length that was just read fits";
    match net {
        IpNet::V4(net) if adds => {
            config.ipv4.push((net.addr(), Ipv4Net::new(net.network(), net.prefix_len()).expect(whole)))
        }
        IpNet::V6(net) if adds => {
            config.ipv6.push((net.addr(), Ipv6Net::new(net.network(), net.prefix_len()).expect(whole)))
        }
        IpNet::V4(net) => config.ipv4.retain(|&(address, _)| address != net.addr()),
        IpNet::V6(net) => config.ipv6.retain(|&(address, _)| address != net.addr()),
    }
    sys.configure_interface(number, config);
    0
}

fn neighbours(sys: &Sys, families: Families) -> i32 {
    for (number, config, _) in interfaces(sys) {
        let name = interface_name(sys, number);
        for (address, state) in sys.neighbours(number).into_iter().filter(|(address, _)| families.shows(*address)) {
            let state = match state {
                NeighbourState::Reachable(mac) => format!("lladdr {mac} REACHABLE"),
                NeighbourState::Stale(mac) => format!("lladdr {mac} STALE"),
                NeighbourState::Incomplete => "INCOMPLETE".to_owned(),
                NeighbourState::Failed => "FAILED".to_owned(),
            };
            // Neighbour discovery tells routers from others.
            let router = if Some(address) == config.ipv6_gateway.map(IpAddr::V6) { "router " } else { "" };
            let state = match state.rsplit_once(' ') {
                Some((mac, word)) => format!("{mac} {router}{word}"),
                None => format!("{router}{state}"),
            };
            sys.print(format!("{address} dev {name} {state} \n"));
        }
    }
    0
}

/// `ifconfig`, the parts that the model knows; counters are left out because nothing counts.
pub(crate) async fn ifconfig(sys: Sys, arguments: Vec<String>) -> i32 {
    let only = arguments.iter().skip(1).find(|word| !word.starts_with('-'));
    let list = shown(&sys);
    if let Some(name) = only.filter(|name| list.iter().all(|interface| interface.name != **name)) {
        sys.eprint(format!("{name}: error fetching interface information: Device not found\n"));
        return 1;
    }
    let ordered = list[1..].iter().chain(&list[..1]);
    for interface in ordered.filter(|interface| only.is_none_or(|name| *name == interface.name)) {
        let flags = if interface.loopback { "73<UP,LOOPBACK,RUNNING>" } else { "4163<UP,BROADCAST,RUNNING,MULTICAST>" };
        sys.print(format!("{}: flags={flags}  mtu {}\n", interface.name, interface.mtu));
        for &(address, prefix) in &interface.addresses {
            match address {
                IpAddr::V4(own) => {
                    let host_bits = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
                    let mask = std::net::Ipv4Addr::from_bits(!host_bits);
                    let broadcast = std::net::Ipv4Addr::from_bits(own.to_bits() | host_bits);
                    let broadcast = if interface.loopback { String::new() } else { format!("  broadcast {broadcast}") };
                    sys.print(format!("        inet {own}  netmask {mask}{broadcast}\n"));
                }
                IpAddr::V6(own) => {
                    let scope = match own {
                        own if own.is_loopback() => "0x10<host>",
                        own if own.is_unicast_link_local() => "0x20<link>",
                        _ => "0x0<global>",
                    };
                    sys.print(format!("        inet6 {own}  prefixlen {prefix}  scopeid {scope}\n"));
                }
            }
        }
        sys.print(if interface.loopback {
            "        loop  txqueuelen 1000  (Local Loopback)\n\n".to_owned()
        } else {
            format!("        ether {}  txqueuelen 1000  (Ethernet)\n\n", interface.mac)
        });
    }
    0
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}
