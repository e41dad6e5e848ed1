//! What a NAT gateway carries and no more, by packets: ports for a destination, bandwidth, packets a second.

use std::ops::Range;

use super::nat::LAB;
use super::world::{World, build};
use crate::engine::SimDuration;
use crate::net::{AddressField, Frame, rewrite_port};
use crate::trace::DropCode;

/// The interface of the gateway.
const GATEWAY: &str = "eni-ngw";

fn frame(packet: &str) -> Frame {
    Frame::new(build(packet))
}

/// Sends a packet of each of these flows, which differ in their hosts and source ports, to one destination, until one is lost: how
/// many went on, and why the next one did not.
fn open_flows(world: &mut World, numbers: Range<u32>) -> (u32, Option<DropCode>) {
    let from = [("a", "10.0.1.10"), ("b", "10.0.1.20")]
        .map(|(host, address)| (world.at(host).eni.index, frame(&format!("udp {address}:1 > 198.51.100.9:53"))));
    let gateway = world.at(GATEWAY).eni.index;
    for number in numbers.clone() {
        let (host, packet) = &from[(number >> 16) as usize];
        let mut packet = packet.clone();
        rewrite_port(&mut packet, AddressField::Source, number as u16);
        if let Err(code) = world.pass(*host, gateway, packet) {
            return (number - numbers.start, Some(code));
        }
        world.now += SimDuration::from_micros(2); // Half of the packets that it carries in a second (NAT-12).
    }
    (numbers.len() as u32, None)
}

#[test]
fn the_fifty_five_thousand_and_first_flow_to_a_destination_is_lost_unless_there_is_another_address_nat_6() {
    let mut world = World::new(LAB);
    assert_eq!(open_flows(&mut world, 0..56_000), (55_000, Some(DropCode::NgwPortExhausted)));
    let more = "a: udp 10.0.1.10:60000 > 198.51.100.9:53";
    let account = world.act(more);
    assert!(account.ends_with("its ports for udp/53 to 198.51.100.9 are all in use (55,000 an address)"), "{account}");
    // Other destinations have their own.
    assert!(world.act("a: udp 10.0.1.10:60000 > 198.51.100.9:54").contains("becomes 10.0.0.5:"));
    assert!(world.act("a: udp 10.0.1.10:60000 > 198.51.100.8:53").contains("becomes 10.0.0.5:"));
    // A second address has as many again.
    world.add_nat_address("ngw", "10.0.0.6");
    assert!(world.act(more).contains("10.0.1.10:60000 becomes 10.0.0.6:"));
    assert_eq!(open_flows(&mut world, 60_001..120_000), (54_999, Some(DropCode::NgwPortExhausted)));
}

/// Sends a packet over and over at an even pace for some milliseconds, and answers how many of a hundred are lost, all for one
/// reason.
fn lost_of_100(world: &mut World, packet: &Frame, millis: u64, per_milli: u64) -> u64 {
    let [host, gateway] = ["a", GATEWAY].map(|name| world.at(name).eni.index);
    let mut lost = 0;
    for _ in 0..millis * per_milli {
        if let Err(code) = world.pass(host, gateway, packet.clone()) {
            assert_eq!(code, DropCode::RateLimitExceeded);
            lost += 1;
        }
        world.now += SimDuration::from_nanos(1_000_000 / per_milli);
    }
    lost * 100 / (millis * per_milli)
}

#[test]
fn what_is_more_than_five_gigabits_or_a_million_packets_a_second_is_lost_nat_12() {
    // Packets of 8,028 bytes and of 28; what comes first fills the queue of 10 ms.
    for (size, per_milli, expected) in [("8000B", 77, 0), ("8000B", 200, 61), ("0B", 900, 0), ("0B", 3_000, 66)] {
        let mut world = World::new(LAB);
        let packet = frame(&format!("udp 10.0.1.10:40000 > 198.51.100.9:9 {size}"));
        lost_of_100(&mut world, &packet, 8, per_milli);
        let lost = lost_of_100(&mut world, &packet, 5, per_milli);
        assert!(lost.abs_diff(expected) <= 1, "{per_milli} packets of {size} a millisecond: {lost} of 100");
    }
}

#[test]
fn the_limit_is_the_gateways_and_its_drop_says_so_nat_12() {
    let mut world = World::new(LAB);
    let packet = frame("udp 10.0.1.10:40000 > 198.51.100.9:9");
    let [host, gateway] = ["a", GATEWAY].map(|name| world.at(name).eni.index);
    while world.pass(host, gateway, packet.clone()).is_ok() {}
    let account = world.act("b: udp 10.0.1.20:40000 > 198.51.100.9:9");
    assert!(
        account.ends_with(
            "RATE_LIMIT_EXCEEDED by ngw: it is sent more than it carries: 5 Gb/s and a million packets a second until it \
             has grown"
        ),
        "{account}"
    );
    world.now += SimDuration::from_millis(1);
    assert!(world.act("b: udp 10.0.1.20:40000 > 198.51.100.9:9").contains("internet sees"));
}
