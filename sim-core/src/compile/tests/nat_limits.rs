//! What a NAT gateway carries and no more, by packets: bandwidth, packets a second.

use super::world::{World, build};
use crate::engine::SimDuration;
use crate::net::Frame;
use crate::trace::DropCode;

/// A private subnet behind a gateway in a public one.
const LAB: &str = "
    vpc main 10.0.0.0/16
    igw gw main
    subnet pub main 10.0.0.0/24
    subnet priv main 10.0.1.0/24
    nat ngw pub 10.0.0.5 public 203.0.113.5
    route pub 0.0.0.0/0 gw
    route priv 0.0.0.0/0 ngw
    eni a priv 10.0.1.10
    eni b priv 10.0.1.20
";

/// The interface of the gateway.
const GATEWAY: &str = "eni-ngw";

fn frame(packet: &str) -> Frame {
    Frame::new(build(packet))
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
