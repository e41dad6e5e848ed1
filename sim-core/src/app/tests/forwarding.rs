//! What a guest says it did with packets that were for somebody else.

use etherparse::PacketBuilder;

use super::*;
use crate::host::{Obstacle, Ticket};

/// A SYN from elsewhere to somewhere, which the fabric has handed to the first host.
fn packet(ttl: u8, payload: usize) -> Vec<u8> {
    let ip = PacketBuilder::ethernet2([6; 6], MacAddr::local(1).0).ipv4([10, 9, 9, 9], [10, 8, 8, 8], ttl);
    let mut bytes = Vec::new();
    ip.tcp(40_000, 80, 1, 1_024).syn().write(&mut bytes, &vec![0; payload]).expect("a vector takes everything");
    bytes
}

/// What becomes of a packet: `source > destination` as it leaves, or what kept it.
fn fate(lab: &mut Lab, is_followed: bool, packet: Vec<u8>) -> Option<Result<String, Obstacle>> {
    let ticket = Ticket { packet: 7, is_answer: false, is_followed };
    lab.hosts[0].receive(lab.now, 0, packet, Some(ticket));
    lab.run_host(0);
    let transfer = lab.hosts[0].take_transfers().pop()?;
    assert_eq!((transfer.ticket, transfer.interface), (ticket, 0));
    let ends = |ip: crate::net::IpHeader| format!("{} > {}", ip.source, ip.destination);
    assert_eq!(transfer.headers.ip.map(ends), Some("10.9.9.9 > 10.8.8.8".to_owned()), "as it came");
    Some(transfer.fate.map(|leaves| leaves.ip.map(ends).expect("an IP packet")))
}

#[test]
fn what_is_passed_on_is_told_to_who_follows_it_and_what_is_lost_to_everybody() {
    let mut lab = Lab::new(Wire::Router, AL2);
    assert_eq!(fate(&mut lab, false, packet(64, 0)), Some(Err(Obstacle::NoForwarding)));
    lab.typed(0, "sudo sysctl -w net.ipv4.ip_forward=1");
    assert_eq!(fate(&mut lab, true, packet(64, 0)), Some(Ok("10.9.9.9 > 10.8.8.8".to_owned())));
    assert_eq!(fate(&mut lab, false, packet(64, 0)), None, "nobody follows it");
    assert_eq!(fate(&mut lab, false, packet(1, 0)), Some(Err(Obstacle::HopLimit)));
    lab.typed(0, "sudo ip link set dev eth0 mtu 1300");
    assert_eq!(fate(&mut lab, false, packet(64, 1_400)), Some(Err(Obstacle::TooBig { mtu: 1_300 })));
    lab.typed(0, "sudo iptables -t nat -A POSTROUTING -j MASQUERADE");
    assert_eq!(fate(&mut lab, true, packet(64, 0)), Some(Ok("10.0.1.100 > 10.8.8.8".to_owned())));
    lab.typed(0, "sudo iptables -P FORWARD DROP");
    let by = "the policy of chain FORWARD".to_owned();
    assert_eq!(fate(&mut lab, false, packet(64, 0)), Some(Err(Obstacle::Filter(by))));
    lab.typed(0, "sudo iptables -A FORWARD -p tcp --dport 80 -j REJECT");
    let by = "rule 1 of chain FORWARD".to_owned();
    assert_eq!(fate(&mut lab, false, packet(64, 0)), Some(Err(Obstacle::Filter(by))));
}

#[test]
fn a_router_without_a_way_says_so() {
    let mut lab = Lab::new(Wire::Cable, AL2023);
    lab.typed(0, "sudo sysctl -w net.ipv4.ip_forward=1");
    assert_eq!(fate(&mut lab, true, packet(64, 0)), Some(Err(Obstacle::NoRoute)));
}
