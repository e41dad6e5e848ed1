//! What the table of paths cannot say in a line: ARP and neighbour discovery, MAC addresses, odd frames, quoted packets.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::PacketBuilder;

use super::world::{World, build};
use crate::dataplane::pipeline::{Entry, Next};
use crate::id::NetworkInterfaceId;
use crate::net::{
    ArpOperation, ArpPacket, FlowKey, Frame, MacAddr, NeighborSolicitation, packet_too_big, rewrite_macs,
};

const SUBNET: &str = "
    vpc main 10.0.0.0/16 2001:db8:1::/56
    subnet web main 10.0.1.0/24 2001:db8:1:1::/64
    subnet db main 10.0.2.0/24
    eni a web 10.0.1.10 2001:db8:1:1::10
    eni b web 10.0.1.20 2001:db8:1:1::20
    eni c db 10.0.2.10
";

fn arp(world: &World, operation: ArpOperation, sender_ip: [u8; 4], target_ip: [u8; 4]) -> Vec<u8> {
    let packet = ArpPacket {
        operation,
        sender_mac: world.at("a").eni.mac,
        sender_ip: Ipv4Addr::from(sender_ip),
        target_mac: MacAddr::default(),
        target_ip: Ipv4Addr::from(target_ip),
    };
    packet.into_frame(Vec::new()).bytes
}

#[test]
fn arp_is_answered_from_the_mapping_and_only_for_the_subnet() {
    // L2-2, L2-3, L2-4, L2-5.
    let me = [10, 0, 1, 10];
    let mut world = World::new(SUBNET);
    let (router, neighbor) = (world.at("a").subnet.router_mac, world.at("b").eni.mac);
    assert_ne!(router, world.at("c").subnet.router_mac, "each subnet has a router MAC of its own");
    for (target, owner) in [
        ([10, 0, 1, 1], Some(router)),
        ([10, 0, 1, 20], Some(neighbor)),
        ([10, 0, 1, 21], None), // nobody has it
        ([10, 0, 2, 10], None), // another subnet's interface
        (me, None),             // an announcement
    ] {
        world.delivered = None;
        let question = arp(&world, ArpOperation::Request, me, target);
        let account = world.send_raw("a", question);
        let answer = world.delivered.take().map(|frame| ArpPacket::parse(&frame.bytes).expect("ARP"));
        assert_eq!(answer.map(|answer| answer.sender_mac), owner, "{target:?}: {account}");
        if let Some(answer) = answer {
            assert_eq!((answer.operation, answer.sender_ip), (ArpOperation::Reply, Ipv4Addr::from(target)));
            assert_eq!(
                account,
                "at a | ARP answers | at a | delivered | reply arp {router} → {me}"
                    .replace("{router}", &answer.sender_mac.to_string())
                    .replace("{me}", &answer.target_mac.to_string())
            );
        } else {
            assert_eq!(account, "at a", "silence, and no drop either");
        }
    }
}

#[test]
fn no_rule_judges_what_the_vpc_itself_answers_sg_26_acl_12() {
    // The group has no rules and the ACL denies all: nothing gets through, and the router's address is still told.
    let closed = "
        vpc main 10.0.0.0/16
        subnet web main 10.0.1.0/24
        group shut main
        acl web ingress 1 deny all 0.0.0.0/0
        acl web egress 1 deny all 0.0.0.0/0
        eni a web 10.0.1.10 shut
    ";
    let mut world = World::new(closed);
    let question = arp(&world, ArpOperation::Request, [10, 0, 1, 10], [10, 0, 1, 1]);
    let account = world.send_raw("a", question);
    assert!(account.starts_with("at a | ARP answers | at a | delivered"), "{account}");
    assert!(world.act("a: icmp 10.0.1.10 > 198.51.100.9").contains("SG_HAS_NO_RULES"));
}

#[test]
fn announcing_another_address_does_not_take_it_over() {
    // L2-5
    let mut world = World::new(SUBNET);
    let unsolicited = arp(&world, ArpOperation::Reply, [10, 0, 1, 20], [10, 0, 1, 10]);
    assert_eq!(world.send_raw("a", unsolicited), "at a");
    let account = world.act("c: icmp 10.0.2.10 > 10.0.1.20");
    assert!(account.contains("at b | "), "{account}");
}

#[test]
fn neighbor_solicitations_are_answered_likewise() {
    // L2-19
    let mut world = World::new(SUBNET);
    let (router, neighbor) = (world.at("a").subnet.router_mac, world.at("b").eni.mac);
    for (target, owner) in
        [("fe80:ec2::1", Some(router)), ("2001:db8:1:1::20", Some(neighbor)), ("2001:db8:1:1::21", None)]
    {
        let target: std::net::Ipv6Addr = target.parse().expect("an address");
        let own: std::net::Ipv6Addr = "2001:db8:1:1::10".parse().expect("an address");
        let mut payload = target.octets().to_vec();
        payload.extend_from_slice(&[1, 1]);
        payload.extend_from_slice(&world.at("a").eni.mac.0);
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(world.at("a").eni.mac.0, [0x33, 0x33, 0xff, 0, 0, 1])
            .ipv6(own.octets(), "ff02::1:ff00:1".parse::<std::net::Ipv6Addr>().expect("an address").octets(), 255)
            .icmpv6_raw(135, 0, [0; 4])
            .write(&mut bytes, &payload)
            .expect("a vector takes everything");
        assert!(NeighborSolicitation::parse(&Frame::new(bytes.clone())).is_some());
        world.delivered = None;
        let account = world.send_raw("a", bytes);
        let answer = world.delivered.take();
        assert_eq!(answer.as_ref().map(|frame| frame.headers.source_mac), owner, "{target}: {account}");
        if let Some(answer) = answer {
            let ip = answer.headers.ip.expect("IPv6");
            assert_eq!((ip.source, ip.destination), (IpAddr::V6(target), IpAddr::V6(own)));
            let theirs = etherparse::SlicedPacket::from_ethernet(&answer.bytes).expect("well-formed");
            let Some(etherparse::TransportSlice::Icmpv6(icmp)) = theirs.transport else { panic!("ICMPv6") };
            assert!(icmp.is_checksum_valid(target.octets(), own.octets()), "{target}");
        }
    }
}

#[test]
fn a_subnet_carries_unicast_only() {
    // L2-1
    let mut world = World::new(SUBNET);
    let mut broadcast = Frame::new(build("udp 10.0.1.10:138 > 255.255.255.255:138"));
    rewrite_macs(&mut broadcast, world.at("a").eni.mac, MacAddr::BROADCAST);
    assert_eq!(
        world.send_raw("a", broadcast.bytes),
        "at a | NOT_UNICAST by a: 255.255.255.255 is not unicast, and a subnet carries nothing else"
    );
    let multicast = build("udp 10.0.1.10:5353 > 224.0.0.251:5353");
    assert!(world.send_raw("a", multicast).contains("NOT_UNICAST by a"));
}

#[test]
fn frames_that_cannot_be_read_are_dropped_and_said_so() {
    let mut world = World::new(SUBNET);
    let mut damaged = build("icmp 10.0.1.10 > 10.0.1.20");
    damaged[22] ^= 1; // the TTL, so that the header checksum is wrong
    let account = "at a | MALFORMED_FRAME by a: the frame is not one that a VPC carries";
    assert_eq!(world.send_raw("a", damaged), account);
    assert_eq!(world.send_raw("a", vec![0xff]), account);
}

#[test]
fn frames_to_a_neighbors_mac_are_switched_whatever_the_routes_say() {
    // L2-6, L2-7: `forwards` takes what is not for it; a frame to another subnet's interface goes nowhere.
    let mut world = World::new(&format!("{SUBNET}\n eni box web 10.0.1.30 forwards"));
    let mut to_box = Frame::new(build("icmp 10.0.1.10 > 198.51.100.1"));
    rewrite_macs(&mut to_box, world.at("a").eni.mac, world.at("box").eni.mac);
    assert_eq!(
        world.send_raw("a", to_box.bytes.clone()),
        "at a | open-main rule 1 | in main | at box | open-main rule 1 | delivered"
    );
    rewrite_macs(&mut to_box, world.at("a").eni.mac, world.at("c").eni.mac);
    assert!(
        world
            .send_raw("a", to_box.bytes)
            .ends_with("NO_POSSIBLE_DESTINATION by web: no network interface has 198.51.100.1")
    );
}

#[test]
fn delivered_frames_come_from_the_neighbor_or_from_the_subnets_router() {
    // L2-2, L2-3, L2-12: the TTL is that of the sender.
    let mut world = World::new(SUBNET);
    world.act("a: icmp 10.0.1.10 > 10.0.1.20");
    let frame = world.delivered.take().expect("delivered");
    assert_eq!(frame.headers.source_mac, world.at("a").eni.mac);
    world.act("c: icmp 10.0.2.10 > 10.0.1.20");
    let frame = world.delivered.take().expect("delivered");
    assert_eq!(frame.headers.source_mac, world.at("b").subnet.router_mac);
    assert_eq!(frame.headers.ip.expect("IPv4").ttl, 255);
}

const PUBLIC: &str = "
    vpc main 10.0.0.0/16
    igw gw main
    subnet web main 10.0.1.0/24
    route web 0.0.0.0/0 gw
    group tracked main
    allow tracked egress all 0.0.0.0/0
    group untracked main
    allow untracked egress all 0.0.0.0/0
    allow untracked ingress udp/0-65535 0.0.0.0/0
    eni a web 10.0.1.10 tracked public 203.0.113.7
    eni b web 10.0.1.20 untracked public 203.0.113.8
";

#[test]
fn errors_about_a_tracked_flow_come_back_with_their_quotes_translated() {
    // IGW-3, SG-20.
    let mut world = World::new(PUBLIC);
    let router = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    let error = |about: &str| {
        let about = Frame::new(build(about));
        packet_too_big(&about, MacAddr::local(99), router, 1400, Vec::new()).expect("a plain packet").bytes
    };
    world.act("a: udp 10.0.1.10:1 > 198.51.100.9:2");
    assert_eq!(
        world.send_bytes("internet", error("udp 203.0.113.7:1 > 198.51.100.9:2")),
        "at gw | 203.0.113.7 becomes 10.0.1.10 | in main | at a | acl-main rule 100 | tracked | delivered"
    );
    let delivered = world.delivered.take().expect("delivered");
    assert_eq!(delivered.bytes[14..], error("udp 10.0.1.10:1 > 198.51.100.9:2")[14..]);
    // About a flow that there never was:
    let account = world.send_bytes("internet", error("udp 203.0.113.7:1 > 198.51.100.9:3"));
    assert!(
        account.ends_with(
            "SG_HAS_NO_RULES by tracked: it has no inbound rules at all, \
                              so icmp from 198.51.100.1 is refused by default"
        ),
        "{account}"
    );
}

#[test]
fn errors_that_an_instance_sends_leave_with_their_quotes_translated() {
    // IGW-3: outbound, the quoted packet came in to the public address.
    let mut world = World::new(PUBLIC);
    let about = |text: &str| {
        let about = Frame::new(build(text));
        packet_too_big(&about, MacAddr::local(99), IpAddr::V4(Ipv4Addr::new(10, 0, 1, 20)), 1400, Vec::new())
            .expect("a plain packet")
    };
    let error = about("udp 198.51.100.9:2 > 10.0.1.20:1");
    assert_eq!(FlowKey::quoted(&error).expect("quoted").destination, IpAddr::V4(Ipv4Addr::new(10, 0, 1, 20)));
    let account = world.send_bytes("b", error.bytes);
    assert!(account.ends_with("internet sees icmp fragmentation needed 203.0.113.8 → 198.51.100.9"), "{account}");
}

#[test]
fn errors_about_an_untracked_flow_need_a_rule() {
    // MTU-9, SG-17, SG-20.
    let mut world = World::new(PUBLIC);
    world.act("b: udp 10.0.1.20:1 > 198.51.100.9:2");
    let about = Frame::new(build("udp 203.0.113.8:1 > 198.51.100.9:2"));
    let router = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    let error = packet_too_big(&about, MacAddr::local(99), router, 1400, Vec::new()).expect("a plain packet");
    let lost = world.send_bytes("internet", error.bytes.clone());
    assert!(lost.ends_with("ENI_SG_RULES_MISMATCH by untracked: no inbound rule for icmp from 198.51.100.1"), "{lost}");
    world.act("allow untracked ingress icmp 0.0.0.0/0");
    let passed = world.send_bytes("internet", error.bytes);
    assert!(passed.ends_with("untracked rule 2 | delivered"), "{passed}");
}

#[test]
fn what_counts_at_a_gateway_is_its_state_when_the_packet_gets_there() {
    // PCX-9, PCX-22, IGW-1: between two events the peering is deleted, the gateway detached.
    let mut world = World::new(&format!("{PUBLIC}\n vpc other 10.9.0.0/16\n peering ab main other"));
    let (a, main) = (world.at("a").eni.index, world.at("a").vpc_index);
    let ab = world.compiler.peering_index(world.id("ab")).expect("compiled");
    let (sent, handed_over) = (Entry::Interface(a), Entry::Peering(ab));
    assert_eq!(
        world.send_from(Next::InternetGatewayOut(main), handed_over, "icmp 10.9.0.1 > 198.51.100.9"),
        "at gw | NO_TRANSITIVE_ROUTING by gw: the packet came into the VPC by a gateway and may not leave it by another"
    );
    world.act("peering ab main other deleted");
    world.act("drop igw gw");
    assert_eq!(
        world.send_from(Next::Peering(world.tables.side(ab, main)), sent, "icmp 10.0.1.10 > 10.9.0.1"),
        "at ab | BAD_STATE by ab: the peering connection is not active"
    );
    assert_eq!(
        world.send_from(Next::InternetGatewayOut(main), sent, "icmp 10.0.1.10 > 198.51.100.9"),
        "BAD_STATE_ATTACHMENT by main: its Internet gateway is detached"
    );
}

#[test]
fn a_frame_that_reaches_a_deleted_interface_is_lost() {
    let mut world = World::new(SUBNET);
    let b: NetworkInterfaceId = world.id("b");
    world.cloud.network_interfaces.remove(&b);
    world.compile();
    assert!(
        world
            .act("a: icmp 10.0.1.10 > 10.0.1.20")
            .ends_with("NO_POSSIBLE_DESTINATION by main: no network interface has 10.0.1.20")
    );
}
