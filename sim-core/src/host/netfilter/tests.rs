//! Translation against what it has to guarantee: no two connections are taken for each other, and there and back is the identity.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::PacketBuilder;
use proptest::prelude::*;

use super::*;
use crate::engine::SimDuration;

const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 10));

fn udp(source: [u8; 4], source_port: u16, destination: [u8; 4], destination_port: u16) -> Frame {
    let mut bytes = Vec::new();
    let packet = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(source, destination, 64);
    packet.udp(source_port, destination_port).write(&mut bytes, b"x").expect("a vector takes everything");
    Frame::new(bytes)
}

fn masquerading() -> Netfilter {
    let mut netfilter = Netfilter::default();
    netfilter.change(Family::V4, |rules| {
        let rule = Rule { target: Some(Target::Masquerade { ports: None }), ..Rule::default() };
        let at = rules.nat.position("POSTROUTING").expect("a built-in chain");
        rules.nat.chains[at].rules.push(rule);
    });
    netfilter
}

/// Takes a packet from one interface to the other.
fn pass(netfilter: &mut Netfilter, now: SimTime, mut frame: Frame, random: &mut Stream) -> Frame {
    let ip = frame.headers.ip.expect("IPv4");
    let passage = Passage { now, input: "eth0", output: "eth0" };
    let mut tracked = netfilter.track(now, &frame, &ip);
    netfilter
        .translate_destination(Hook::Prerouting, passage, &mut frame, &mut tracked, Some(OWN))
        .expect("nothing drops");
    netfilter
        .translate_source(Hook::Postrouting, passage, &mut frame, &mut tracked, Some(OWN), random)
        .expect("a port is free");
    frame
}

proptest! {
    #[test]
    fn no_two_connections_share_a_port_and_answers_find_back_nati_1(
        flows in prop::collection::btree_set((1u8..6, 4000u16..4004, 1u8..3), 1..40),
    ) {
        let (mut netfilter, mut random) = (masquerading(), Stream::new(1, "test"));
        let mut seen = std::collections::BTreeSet::new();
        for (host, port, server) in flows {
            let sent = udp([10, 0, 1, host], port, [198, 51, 100, server], 53);
            let left = pass(&mut netfilter, SimTime::ZERO, sent.clone(), &mut random);
            let key = FlowKey::of(&left.headers.ip.expect("IPv4"));
            prop_assert_eq!(key.source, OWN);
            prop_assert!(seen.insert(key), "two connections look alike from outside");
            let answer = udp([198, 51, 100, server], 53, [10, 0, 0, 10], key.source_port);
            let back = pass(&mut netfilter, SimTime::ZERO, answer, &mut random);
            prop_assert_eq!(&back.bytes, &udp([198, 51, 100, server], 53, [10, 0, 1, host], port).bytes);
        }
    }
}

#[test]
fn a_port_that_is_free_is_kept_and_a_connection_ends_after_its_time() {
    let (mut netfilter, mut random) = (masquerading(), Stream::new(1, "test"));
    let sent = udp([10, 0, 1, 1], 4000, [198, 51, 100, 1], 53);
    let left = pass(&mut netfilter, SimTime::ZERO, sent, &mut random);
    assert_eq!(left.bytes, udp([10, 0, 0, 10], 4000, [198, 51, 100, 1], 53).bytes);
    // Linux's `nf_conntrack_udp_timeout` is 30 s: an answer comes back just before, and is a stranger just after.
    let answer = udp([198, 51, 100, 1], 53, [10, 0, 0, 10], 4000);
    let late = SimTime::ZERO + SimDuration::from_secs(30);
    let ip = answer.headers.ip.expect("IPv4");
    assert_eq!(netfilter.track(late, &answer, &ip).state, ConnectionState::New);
    let early = SimTime::ZERO + SimDuration::from_secs(29);
    assert_eq!(netfilter.track(early, &answer, &ip).state, ConnectionState::Established);
}
