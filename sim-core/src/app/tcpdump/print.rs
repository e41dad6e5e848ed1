//! A frame in tcpdump's words (4.99).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::dns;
use crate::net::{ArpOperation, ArpPacket, Frame, Headers, IpHeader, Transport, checksum, ether_type, protocol};

/// Bytes in front of a packet.
const ETHERNET_LEN: usize = 14;

/// How lines are written, and the connections seen so far.
#[derive(Default)]
pub(super) struct Printer {
    /// `-n`.
    pub(super) numeric: bool,
    /// `-v`.
    pub(super) verbose: bool,
    /// `-e`.
    pub(super) link_level: bool,
    /// `-S`.
    pub(super) absolute: bool,
    /// The first sequence and acknowledgement numbers of each connection, from its lower end.
    connections: BTreeMap<(SocketAddr, SocketAddr), (u32, u32)>,
}

impl Printer {
    /// A line without its time.
    pub(super) fn line(&mut self, frame: &Frame) -> String {
        let Headers { source_mac, destination_mac, ether_type: kind, ip } = frame.headers;
        let (family, name) = match kind {
            ether_type::IPV4 => ("IP ", "IPv4"),
            ether_type::IPV6 => ("IP6 ", "IPv6"),
            ether_type::ARP => ("ARP, ", "ARP"),
            _ => ("", "Unknown"),
        };
        let head = if self.link_level {
            let len = frame.bytes.len();
            format!("{source_mac} > {destination_mac}, ethertype {name} (0x{kind:04x}), length {len}: ")
        } else {
            family.to_owned()
        };
        let body = match (&ip, kind) {
            (Some(ip), _) => self.packet(frame, ip),
            (None, ether_type::ARP) => arp(frame),
            (None, _) => format!("length {}", frame.bytes.len()),
        };
        head + &body
    }

    fn packet(&mut self, frame: &Frame, ip: &IpHeader) -> String {
        let packet = frame.ip_packet();
        let transport = usize::from(ip.transport_offset).saturating_sub(ETHERNET_LEN);
        let segment = packet.get(transport..).unwrap_or_default();
        let details = if self.verbose { ip_details(packet, ip) } else { String::new() };
        let (source, destination) = (ip.source, ip.destination);
        let between = format!("{source} > {destination}: ");
        details
            + &match ip.transport {
                Transport::Tcp { source: from, destination: to, .. } => {
                    let ends = self.ends(ip, from, to);
                    format!("{ends}: {}", self.tcp(ip, from, to, segment))
                }
                Transport::Udp { source: from, destination: to } => {
                    format!("{}: {}", self.ends(ip, from, to), self.udp(ip, from, to, segment))
                }
                Transport::Icmp { .. } if source.is_ipv4() => between + &icmp(segment),
                Transport::Icmp { .. } => between + &icmpv6(segment),
                Transport::Fragment if ip.protocol == protocol::ICMP => between + "icmp",
                Transport::Fragment | Transport::Other => format!("{between}ip-proto-{}", ip.protocol),
            }
    }

    fn ends(&self, ip: &IpHeader, from: u16, to: u16) -> String {
        format!("{}.{} > {}.{}", ip.source, self.port(from), ip.destination, self.port(to))
    }

    /// A port's number, or its name without `-n`.
    fn port(&self, port: u16) -> String {
        let name = match port {
            22 => "ssh",
            53 => "domain",
            67 => "bootps",
            68 => "bootpc",
            80 => "http",
            123 => "ntp",
            443 => "https",
            _ => "",
        };
        if self.numeric || name.is_empty() { port.to_string() } else { name.to_owned() }
    }

    fn tcp(&mut self, ip: &IpHeader, from: u16, to: u16, segment: &[u8]) -> String {
        const FLAGS: [(u8, char); 6] = [(0x01, 'F'), (0x02, 'S'), (0x04, 'R'), (0x08, 'P'), (0x10, '.'), (0x20, 'U')];
        let Some(header) = segment.first_chunk::<20>() else { return "[|tcp]".to_owned() };
        let header_len = usize::from(header[12] >> 4) * 4;
        let payload = segment.get(header_len..).unwrap_or_default();
        let flags = header[13];
        let shown: String = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|&(_, letter)| letter).collect();
        let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let ends = (SocketAddr::new(ip.source, from), SocketAddr::new(ip.destination, to));
        let (sequence, acknowledged) = self.relative(ends, flags, number(4), number(8));
        let mut text = format!("Flags [{}]", if shown.is_empty() { "none" } else { &shown });
        if self.verbose {
            let right = with_pseudo_header(ip, protocol::TCP, segment) == 0;
            let verdict = if right { "correct" } else { "incorrect" };
            text.push_str(&format!(", cksum 0x{:04x} ({verdict})", word(16)));
        }
        match payload.len() {
            0 if flags & 0x07 == 0 => {}
            0 => text.push_str(&format!(", seq {sequence}")),
            len => text.push_str(&format!(", seq {sequence}:{}", sequence.wrapping_add(len as u32))),
        }
        if flags & 0x10 != 0 {
            text.push_str(&format!(", ack {acknowledged}"));
        }
        text.push_str(&format!(", win {}", word(14)));
        let options = tcp_options(segment.get(20..header_len).unwrap_or_default());
        if !options.is_empty() {
            text.push_str(&format!(", options [{}]", options.join(",")));
        }
        text.push_str(&format!(", length {}", payload.len()));
        text + &application(from, to, payload, self.verbose)
    }

    /// Numbers as tcpdump shows them: from the first acknowledged segment of a connection on they count from its own.
    fn relative(&mut self, ends: (SocketAddr, SocketAddr), flags: u8, sequence: u32, acknowledged: u32) -> (u32, u32) {
        const SYN: u8 = 0x02;
        const ACK: u8 = 0x10;
        if self.absolute || flags & ACK == 0 {
            return (sequence, acknowledged);
        }
        let reversed = ends.0 > ends.1;
        let key = if reversed { (ends.1, ends.0) } else { ends };
        let flip = |(ours, theirs)| if reversed { (theirs, ours) } else { (ours, theirs) };
        match self.connections.get(&key) {
            Some(&first) if flags & SYN == 0 => {
                let (ours, theirs) = flip(first);
                (sequence.wrapping_sub(ours), acknowledged.wrapping_sub(theirs))
            }
            _ => {
                self.connections.insert(key, flip((sequence, acknowledged.wrapping_sub(1))));
                (sequence, acknowledged)
            }
        }
    }

    fn udp(&self, ip: &IpHeader, from: u16, to: u16, segment: &[u8]) -> String {
        let payload = segment.get(8..).unwrap_or_default();
        let right = segment.get(6..8) == Some(&[0, 0]) || with_pseudo_header(ip, protocol::UDP, segment) == 0;
        let sum = match (self.verbose, right) {
            (false, _) => "",
            (true, true) => "[udp sum ok] ",
            (true, false) => "[bad udp cksum] ",
        };
        let text = match (from, to) {
            (53, _) | (_, 53) => dns::describe(payload),
            (67 | 68, 67 | 68) => {
                Some(format!("BOOTP/DHCP, {}, length {}", if from == 68 { "Request" } else { "Reply" }, payload.len()))
            }
            _ => None,
        };
        sum.to_owned() + &text.unwrap_or_else(|| format!("UDP, length {}", payload.len()))
    }
}

fn with_pseudo_header(ip: &IpHeader, transport: u8, segment: &[u8]) -> u16 {
    match (ip.source, ip.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            checksum::with_pseudo_header(&source.octets(), &destination.octets(), transport, segment)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            checksum::with_pseudo_header(&source.octets(), &destination.octets(), transport, segment)
        }
        _ => 1,
    }
}

/// `-v`: the IP header.
fn ip_details(packet: &[u8], ip: &IpHeader) -> String {
    let name = match ip.protocol {
        protocol::ICMP => "ICMP",
        protocol::TCP => "TCP",
        protocol::UDP => "UDP",
        protocol::ICMPV6 => "ICMPv6",
        _ => "unknown",
    };
    let word = |at: usize| {
        u16::from_be_bytes([packet.get(at).copied().unwrap_or(0), packet.get(at + 1).copied().unwrap_or(0)])
    };
    let number = ip.protocol;
    if ip.source.is_ipv6() {
        return format!("(hlim {}, next-header {name} ({number}) payload length: {}) ", ip.ttl, word(4));
    }
    let fragment = word(6);
    let flags = match (fragment & 0x4000 != 0, fragment & 0x2000 != 0) {
        (true, _) => "DF",
        (false, true) => "+",
        (false, false) => "none",
    };
    format!(
        "(tos 0x{:x}, ttl {}, id {}, offset {}, flags [{flags}], proto {name} ({number}), length {})\n    ",
        packet.get(1).copied().unwrap_or(0),
        ip.ttl,
        word(4),
        u32::from(fragment & 0x1fff) * 8,
        ip.total_len
    )
}

fn arp(frame: &Frame) -> String {
    let Ok(arp) = ArpPacket::parse(&frame.bytes) else { return "[|arp]".to_owned() };
    let len = frame.bytes.len() - ETHERNET_LEN;
    match arp.operation {
        ArpOperation::Request => {
            format!("Request who-has {} tell {}, length {len}", arp.target_ip, arp.sender_ip)
        }
        ArpOperation::Reply => format!("Reply {} is-at {}, length {len}", arp.sender_ip, arp.sender_mac),
    }
}

fn tcp_options(mut bytes: &[u8]) -> Vec<String> {
    let mut options = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        match kind {
            0 => {
                options.push("eol".to_owned());
                break;
            }
            1 => {
                options.push("nop".to_owned());
                bytes = rest;
                continue;
            }
            _ => {}
        }
        let Some(&len) = rest.first() else { break };
        let Some(data) = bytes.get(2..usize::from(len)) else { break };
        let number = |at: usize| {
            data.get(at..at + 4).map_or(0, |four| four.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
        };
        options.push(match (kind, data) {
            (2, &[high, low]) => format!("mss {}", u16::from_be_bytes([high, low])),
            (3, &[shift]) => format!("wscale {shift}"),
            (4, []) => "sackOK".to_owned(),
            (5, data) => {
                let blocks: String = (0..data.len() / 8)
                    .map(|block| format!("{{{}:{}}}", number(block * 8), number(block * 8 + 4)))
                    .collect();
                format!("sack {} {blocks}", data.len() / 8)
            }
            (8, [_, _, _, _, _, _, _, _]) => format!("TS val {} ecr {}", number(0), number(4)),
            _ => format!("unknown-{kind}"),
        });
        bytes = &bytes[usize::from(len)..];
    }
    options
}

/// What tcpdump says about a payload: the first line of HTTP, SSH's banner.
fn application(from: u16, to: u16, payload: &[u8], verbose: bool) -> String {
    let name = match (from, to) {
        (80 | 8080, _) | (_, 80 | 8080) => "HTTP",
        (22, _) | (_, 22) => "SSH",
        _ => return String::new(),
    };
    if payload.is_empty() {
        return String::new();
    }
    let text = String::from_utf8_lossy(payload);
    let first = text.lines().next().unwrap_or_default();
    let is_head = first.contains("HTTP/1.") || first.starts_with("SSH-");
    match (is_head, verbose) {
        (true, true) if name == "HTTP" => {
            let lines: String =
                text.lines().take_while(|line| !line.is_empty()).map(|line| format!("\n\t{line}")).collect();
            format!(": {name}, length: {}\n\t{}", payload.len(), lines.trim_start_matches("\n\t"))
        }
        (true, _) => format!(": {name}: {first}"),
        (false, _) if name == "HTTP" => ": HTTP".to_owned(),
        (false, _) => String::new(),
    }
}

/// The packet that an ICMP error is about, and its destination port.
fn quoted(segment: &[u8]) -> Option<(IpHeader, u16)> {
    let ip = IpHeader::parse_quoted(segment.get(8..)?)?;
    let port = match ip.transport {
        Transport::Tcp { destination, .. } | Transport::Udp { destination, .. } => destination,
        _ => 0,
    };
    Some((ip, port))
}

fn protocol_name(number: u8) -> String {
    match number {
        protocol::TCP => "tcp".to_owned(),
        protocol::UDP => "udp".to_owned(),
        other => format!("protocol {other}"),
    }
}

fn icmp(segment: &[u8]) -> String {
    let len = segment.len();
    let Some(&[kind, code, _, _, a, b, c, d]) = segment.first_chunk() else { return "[|icmp]".to_owned() };
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let (about, port, transport) = match quoted(segment) {
        Some((ip, port)) => (ip.destination, port, ip.protocol),
        None => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0, 0),
    };
    let text = match (kind, code) {
        (8, _) => format!("echo request, id {high}, seq {low}"),
        (0, _) => format!("echo reply, id {high}, seq {low}"),
        (3, 0) => format!("net {about} unreachable"),
        (3, 1) => format!("host {about} unreachable"),
        (3, 2) => format!("{about} protocol {transport} unreachable"),
        (3, 3) => format!("{about} {} port {port} unreachable", protocol_name(transport)),
        (3, 4) if low == 0 => format!("{about} unreachable - need to frag"),
        (3, 4) => format!("{about} unreachable - need to frag (mtu {low})"),
        (3, 9) => format!("net {about} unreachable - admin prohibited"),
        (3, 10) => format!("host {about} unreachable - admin prohibited"),
        (3, 13) => format!("host {about} unreachable - admin prohibited filter"),
        (3, code) => format!("{about} unreachable - #{code}"),
        (11, 0) => "time exceeded in-transit".to_owned(),
        (11, _) => "ip reassembly time exceeded".to_owned(),
        (kind, _) => format!("type-#{kind}"),
    };
    format!("ICMP {text}, length {len}")
}

fn icmpv6(segment: &[u8]) -> String {
    let len = segment.len();
    let Some(&[kind, code, _, _, a, b, c, d]) = segment.first_chunk() else { return "[|icmp6]".to_owned() };
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let (about, port, transport) = match quoted(segment) {
        Some((ip, port)) => (ip.destination, port, ip.protocol),
        None => (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0, 0),
    };
    let target = segment.get(8..24).and_then(|octets| <[u8; 16]>::try_from(octets).ok()).map(Ipv6Addr::from);
    let target = target.unwrap_or(Ipv6Addr::UNSPECIFIED);
    let text = match (kind, code) {
        (128, _) => format!("echo request, id {high}, seq {low}"),
        (129, _) => format!("echo reply, id {high}, seq {low}"),
        (1, 0) => format!("destination unreachable, unreachable route {about}"),
        (1, 1) => format!("destination unreachable, unreachable prohibited {about}"),
        (1, 3) => format!("destination unreachable, unreachable address {about}"),
        (1, 4) => {
            format!("destination unreachable, unreachable port, {about} {} port {port}", protocol_name(transport))
        }
        (1, _) => "destination unreachable".to_owned(),
        (2, _) => format!("packet too big, mtu {}", u32::from(high) << 16 | u32::from(low)),
        (3, _) => format!("time exceeded in-transit for {about}"),
        (133, _) => "router solicitation".to_owned(),
        (134, _) => "router advertisement".to_owned(),
        (135, _) => format!("neighbor solicitation, who has {target}"),
        (136, _) => format!("neighbor advertisement, tgt is {target}"),
        (kind, _) => format!("type-#{kind}"),
    };
    format!("ICMP6, {text}, length {len}")
}
