//! A packet in one line, for people: `icmp echo 10.41.1.100 → 10.42.1.100`, `tcp SYN 10.0.1.10:49152 → 10.0.2.10:80`.

use std::fmt;
use std::net::IpAddr;

use super::{Headers, IpHeader, TcpFlags, Transport, ether_type, protocol};

/// Prints the packet that the headers belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary<'a>(pub &'a Headers);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Headers { source_mac, destination_mac, ether_type, .. } = self.0;
        let Some(ip) = &self.0.ip else {
            return match *ether_type {
                ether_type::ARP => write!(f, "arp {source_mac} → {destination_mac}"),
                other => write!(f, "frame of type 0x{other:04x} {source_mac} → {destination_mac}"),
            };
        };
        let IpHeader { source, destination, .. } = *ip;
        match ip.transport {
            Transport::Tcp { source: from, destination: to, flags } => {
                write!(f, "tcp {} {} → {}", flag_names(flags), Endpoint(source, from), Endpoint(destination, to))
            }
            Transport::Udp { source: from, destination: to } => {
                write!(f, "udp {} → {}", Endpoint(source, from), Endpoint(destination, to))
            }
            Transport::Icmp { kind, code, .. } => {
                let family = if ip.protocol == protocol::ICMP { "icmp" } else { "icmpv6" };
                match icmp_name(ip.protocol, kind, code) {
                    Some(name) => write!(f, "{family} {name} {source} → {destination}"),
                    None => write!(f, "{family} type {kind} code {code} {source} → {destination}"),
                }
            }
            Transport::Fragment => write!(f, "ip fragment {source} → {destination}"),
            Transport::Other => write!(f, "ip protocol {} {source} → {destination}", ip.protocol),
        }
    }
}

/// An address with a port, IPv6 in brackets (RFC 3986 §3.2.2).
struct Endpoint(IpAddr, u16);

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}:{}", self.1),
            IpAddr::V6(address) => write!(f, "[{address}]:{}", self.1),
        }
    }
}

fn flag_names(flags: TcpFlags) -> &'static str {
    let has = |flag| flags.contains(flag);
    match () {
        () if has(TcpFlags::RST) => "RST",
        () if has(TcpFlags::SYN) && has(TcpFlags::ACK) => "SYN-ACK",
        () if has(TcpFlags::SYN) => "SYN",
        () if has(TcpFlags::FIN) => "FIN",
        () if has(TcpFlags::PSH) => "data",
        () => "ACK",
    }
}

fn icmp_name(ip_protocol: u8, kind: u8, code: u8) -> Option<&'static str> {
    Some(match (ip_protocol, kind, code) {
        (protocol::ICMP, 8, _) | (protocol::ICMPV6, 128, _) => "echo",
        (protocol::ICMP, 0, _) | (protocol::ICMPV6, 129, _) => "echo reply",
        (protocol::ICMP, 3, 0) | (protocol::ICMPV6, 1, 0) => "net unreachable",
        (protocol::ICMP, 3, 1) | (protocol::ICMPV6, 1, 3) => "host unreachable",
        (protocol::ICMP, 3, 3) | (protocol::ICMPV6, 1, 4) => "port unreachable",
        (protocol::ICMP, 3, 4) => "fragmentation needed",
        (protocol::ICMPV6, 2, _) => "packet too big",
        (protocol::ICMP, 11, _) | (protocol::ICMPV6, 3, _) => "time exceeded",
        (protocol::ICMPV6, 133, _) => "router solicitation",
        (protocol::ICMPV6, 135, _) => "neighbor solicitation",
        (protocol::ICMPV6, 136, _) => "neighbor advertisement",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::super::Frame;
    use super::*;

    #[test]
    fn packets_read_as_people_write_them() {
        let v4 = || PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 41, 1, 100], [10, 42, 1, 100], 64);
        let v6 = || PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([0x11; 16], [0x22; 16], 64);
        let mut packets: Vec<Vec<u8>> = vec![Vec::new(); 6];
        v4().icmpv4_echo_request(1, 2).write(&mut packets[0], &[]).expect("a vector takes everything");
        v4().icmpv4_echo_reply(1, 2).write(&mut packets[1], &[]).expect("a vector takes everything");
        v4().tcp(49152, 80, 1, 2).syn().write(&mut packets[2], &[]).expect("a vector takes everything");
        v4().tcp(80, 49152, 1, 2).syn().ack(2).write(&mut packets[3], &[]).expect("a vector takes everything");
        v4().udp(68, 67).write(&mut packets[4], &[]).expect("a vector takes everything");
        v6().udp(1, 2).write(&mut packets[5], &[]).expect("a vector takes everything");
        let lines: Vec<String> =
            packets.into_iter().map(|bytes| Summary(&Frame::new(bytes).headers).to_string()).collect();
        assert_eq!(
            lines,
            [
                "icmp echo 10.41.1.100 → 10.42.1.100",
                "icmp echo reply 10.41.1.100 → 10.42.1.100",
                "tcp SYN 10.41.1.100:49152 → 10.42.1.100:80",
                "tcp SYN-ACK 10.41.1.100:80 → 10.42.1.100:49152",
                "udp 10.41.1.100:68 → 10.42.1.100:67",
                "udp [1111:1111:1111:1111:1111:1111:1111:1111]:1 → [2222:2222:2222:2222:2222:2222:2222:2222]:2",
            ]
        );
    }
}
