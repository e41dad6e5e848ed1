//! `ip -j addr`: iproute2's JSON, members in its order.

use std::net::{IpAddr, Ipv4Addr};

use super::{Families, Shown};

/// All interfaces, or one, on one line.
pub(super) fn addresses(interfaces: &[Shown], only: Option<usize>, families: Families) -> String {
    let wanted = interfaces.iter().filter(|interface| only.is_none_or(|only| only == interface.number));
    let objects: Vec<String> = wanted.map(|interface| object(interface, families)).collect();
    format!("[{}]\n", objects.join(","))
}

fn object(interface: &Shown, families: Families) -> String {
    let Shown { number, name, mac, mtu, loopback, .. } = interface;
    let (flags, queue, state, kind, broadcast) = if *loopback {
        (r#""LOOPBACK","UP","LOWER_UP""#, "noqueue", "UNKNOWN", "loopback", mac.to_string())
    } else {
        (r#""BROADCAST","MULTICAST","UP","LOWER_UP""#, "mq", "UP", "ether", "ff:ff:ff:ff:ff:ff".to_owned())
    };
    let own = interface.addresses.iter().filter(|(address, _)| families.shows(*address));
    let list: Vec<String> = own.map(|&(address, prefix)| entry(interface, address, prefix)).collect();
    format!(
        r#"{{"ifindex":{},"ifname":"{name}","flags":[{flags}],"mtu":{mtu},"qdisc":"{queue}","operstate":"{state}","group":"default","txqlen":1000,"link_type":"{kind}","address":"{mac}","broadcast":"{broadcast}","addr_info":[{}]}}"#,
        number + 1,
        list.join(",")
    )
}

fn entry(interface: &Shown, address: IpAddr, prefix: u8) -> String {
    let is_link_local = super::is_link_local(address);
    let scope = match interface.loopback {
        true => "host",
        false if is_link_local => "link",
        false => "global",
    };
    let leased = scope == "global";
    // The loopback's and link-local ones last for ever.
    let lifetime = if leased { 3_600 } else { u32::MAX };
    let mut members = match address {
        IpAddr::V4(_) => vec![r#""family":"inet""#.to_owned()],
        IpAddr::V6(_) => vec![r#""family":"inet6""#.to_owned()],
    };
    members.push(format!(r#""local":"{address}","prefixlen":{prefix}"#));
    if let (IpAddr::V4(own), true) = (address, leased) {
        let broadcast = Ipv4Addr::from_bits(own.to_bits() | u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0));
        members.push(format!(r#""broadcast":"{broadcast}""#));
    }
    members.push(format!(r#""scope":"{scope}""#));
    if leased {
        members.push(r#""dynamic":true"#.to_owned());
    }
    if address.is_ipv4() {
        members.push(format!(r#""label":"{}""#, interface.name));
    }
    members.push(format!(r#""valid_life_time":{lifetime},"preferred_life_time":{lifetime}"#));
    format!("{{{}}}", members.join(","))
}
