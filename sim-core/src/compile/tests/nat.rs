//! NAT gateways: packets through them and what becomes of those that do not get through.

use std::net::IpAddr;

use proptest::prelude::*;

use super::world::{World, build, check};
use crate::net::{Frame, MacAddr, Transport, checksum, lower_ttl, packet_too_big, protocol};

/// A private subnet behind a gateway in a public one.
pub(super) const LAB: &str = "
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

/// From a packet's sender to the translation.
const TO_THE_GATEWAY: &str =
    "open-main rule 1 | in main | acl-main rule 100 | 0.0.0.0/0 to ngw | at ngw | acl-main rule 100 | ";

/// The port that an account says the gateway has taken.
fn port(account: &str) -> u16 {
    let (_, after) = account.split_once("becomes 10.0.0.5:").unwrap_or_else(|| panic!("no translation: {account}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

#[test]
fn a_connection_goes_out_under_an_address_and_port_of_the_gateways_and_its_answers_come_back_nat_4_nat_5_nat_10() {
    for (kind, flags, answer) in [("tcp", "SYN", "SYN ACK"), ("udp", "", "")] {
        let mut world = World::new(LAB);
        let account = world.act(&format!("a: {kind} 10.0.1.10:40000 > 198.51.100.9:80 {flags}"));
        let port = port(&account);
        assert!(port >= 1024);
        let packet = if flags.is_empty() { kind.to_owned() } else { format!("{kind} {flags}") };
        assert_eq!(
            account,
            format!(
                "at a | {TO_THE_GATEWAY}10.0.1.10:40000 becomes 10.0.0.5:{port} | at ngw | acl-main rule 100 | \
                 0.0.0.0/0 to gw | at gw | 10.0.0.5 becomes 203.0.113.5 | \
                 internet sees {packet} 203.0.113.5:{port} → 198.51.100.9:80"
            )
        );
        assert_eq!(
            world.act(&format!("internet: {kind} 198.51.100.9:80 > 203.0.113.5:{port} {answer}")),
            format!(
                "at gw | 203.0.113.5 becomes 10.0.0.5 | in main | at ngw | acl-main rule 100 | \
                 10.0.0.5:{port} becomes 10.0.1.10:40000 | at ngw | acl-main rule 100 | 10.0.0.0/16 to main | \
                 at a | acl-main rule 100 | tracked | delivered"
            )
        );
        let delivered = world.delivered.take().expect("delivered");
        assert_eq!(delivered.headers.ip.expect("IPv4").ttl, 254, "a hop of its own");
    }
}

#[test]
fn two_hosts_with_the_same_ports_have_two_bindings_nat_4() {
    let mut world = World::new(LAB);
    let first = port(&world.act("a: udp 10.0.1.10:40000 > 198.51.100.9:53"));
    let second = port(&world.act("b: udp 10.0.1.20:40000 > 198.51.100.9:53"));
    assert_ne!(first, second);
    for (port, host) in [(second, "at b"), (first, "at a")] {
        let account = world.act(&format!("internet: udp 198.51.100.9:53 > 203.0.113.5:{port}"));
        assert!(account.contains(host) && account.ends_with("delivered"), "{account}");
    }
}

#[test]
fn an_echo_goes_out_under_an_identifier_of_the_gateways_nat_1() {
    let mut world = World::new(LAB);
    let account = world.act("a: icmp 10.0.1.10 > 198.51.100.9");
    let id = port(&account);
    assert!(account.contains(&format!("10.0.1.10:9 becomes 10.0.0.5:{id}")), "{account}");
    let mut reply = Vec::new();
    etherparse::PacketBuilder::ethernet2([0; 6], [0; 6])
        .ipv4([198, 51, 100, 9], [203, 0, 113, 5], 57)
        .icmpv4_echo_reply(id, 1)
        .write(&mut reply, &[])
        .expect("a vector takes everything");
    let account = world.send_bytes("internet", reply);
    assert!(account.ends_with("at a | acl-main rule 100 | tracked | delivered"), "{account}");
    let delivered = world.delivered.take().expect("delivered");
    assert!(matches!(delivered.headers.ip.expect("IPv4").transport, Transport::Icmp { id: 9, .. }));
}

#[test]
fn only_tcp_udp_and_icmp_pass_nat_1() {
    check(
        LAB,
        &[(
            "a: gre 10.0.1.10 > 198.51.100.9",
            &format!(
                "at a | {TO_THE_GATEWAY}PROTOCOL_RESTRICTION by ngw: it takes TCP, UDP and ICMP only, not protocol 47"
            ),
        )],
    );
}

#[test]
fn an_idle_connection_is_forgotten_after_350_seconds_and_the_inside_gets_a_reset_nat_7() {
    let mut world = World::new(LAB);
    let port = port(&world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN"));
    world.act("wait 349s");
    let segment = "a: tcp 10.0.1.10:40000 > 198.51.100.9:80 ACK";
    assert!(world.act(segment).contains("internet sees"), "a keepalive keeps it");
    world.act("wait 349s");
    assert!(world.act(segment).contains("internet sees"));
    world.act("wait 350s");
    let account = world.act(segment);
    assert!(
        account.contains(
            "NGW_NO_CONNECTION by ngw: tcp/80 belongs to no connection that it knows; it may have been idle for 350 s | \
             at ngw | acl-main rule 100 | 10.0.0.0/16 to main | reply tcp RST 198.51.100.9:80 → 10.0.1.10:40000 | at a | "
        ) && account.ends_with("delivered"),
        "{account}"
    );
    let late = world.act(&format!("internet: tcp 198.51.100.9:80 > 203.0.113.5:{port} ACK"));
    assert!(late.ends_with("and connections are not taken from outside"), "outside there is silence: {late}");
    // A reset is not answered by another.
    let account = world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 RST");
    assert!(account.contains("NGW_NO_CONNECTION by ngw") && !account.contains("reply"), "{account}");
}

#[test]
fn nothing_comes_in_that_nobody_asked_for_nat_8() {
    let inside =
        "at gw | 203.0.113.5 becomes 10.0.0.5 | in main | at ngw | acl-main rule 100 | NGW_NO_CONNECTION by ngw: ";
    check(
        LAB,
        &[(
            "internet: tcp 198.51.100.9:4000 > 203.0.113.5:22 SYN",
            &format!(
                "{inside}tcp/22 from 198.51.100.9 answers no connection from inside, and connections are not taken \
                     from outside"
            ),
        )],
    );
    // Nor what comes from another destination than the one that was written to.
    let mut world = World::new(LAB);
    let port = port(&world.act("a: udp 10.0.1.10:40000 > 198.51.100.9:53"));
    for other in ["198.51.100.8:53", "198.51.100.9:54"] {
        let account = world.act(&format!("internet: udp {other} > 203.0.113.5:{port}"));
        assert!(account.contains("NGW_NO_CONNECTION by ngw"), "{account}");
    }
}

#[test]
fn it_answers_no_ping_on_either_address_nat_9() {
    let mut world = World::new(LAB);
    for (ping, sender) in
        [("internet: icmp 198.51.100.9 > 203.0.113.5", "198.51.100.9"), ("a: icmp 10.0.1.10 > 10.0.0.5", "10.0.1.10")]
    {
        let account = world.act(ping);
        let expected = format!(
            "NGW_NO_CONNECTION by ngw: icmp from {sender} answers no connection from inside, and connections are not taken \
             from outside"
        );
        assert!(account.ends_with(&expected), "{account}");
    }
}

#[test]
fn the_acl_of_its_subnet_judges_all_four_legs_nat_10_acl_6() {
    let denied = |leg: &str| {
        let mut world = World::new(&format!("{LAB}\n{leg}"));
        for (direction, _) in [("ingress", 0), ("egress", 0)] {
            world.act(&format!("acl pub {direction} 100 allow all 0.0.0.0/0"));
        }
        let account = world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN");
        if account.contains("SUBNET_ACL_RESTRICTION") {
            return account;
        }
        let port = port(&account);
        world.act(&format!("internet: tcp 198.51.100.9:80 > 203.0.113.5:{port} SYN ACK"))
    };
    for (leg, where_to) in [
        ("acl pub ingress 50 deny tcp/80 0.0.0.0/0", "inbound rule 50 denies tcp/80 from 10.0.1.10"),
        ("acl pub egress 50 deny tcp/80 0.0.0.0/0", "outbound rule 50 denies tcp/80 to 198.51.100.9"),
        ("acl pub ingress 50 deny tcp/1024-65535 198.51.100.0/24", "inbound rule 50 denies tcp/"),
        ("acl pub egress 50 deny tcp/40000 10.0.1.0/24", "outbound rule 50 denies tcp/40000 to 10.0.1.10"),
    ] {
        let account = denied(leg);
        assert!(account.contains(&format!("SUBNET_ACL_RESTRICTION by acl-pub: {where_to}")), "{leg}: {account}");
    }
}

/// A part of a packet, from its text: the payload's bytes from `start` to `end`, counted after the IP header.
fn fragment(packet: &str, start: usize, end: usize) -> Vec<u8> {
    let whole = build(packet);
    let (header, payload) = whole[14..].split_at(20);
    let mut header = header.to_vec();
    let end = end.min(payload.len());
    header[2..4].copy_from_slice(&((20 + end - start) as u16).to_be_bytes());
    header[4..6].copy_from_slice(&[7, 7]);
    let more = if end < payload.len() { 0x2000 } else { 0 };
    header[6..8].copy_from_slice(&(more | (start / 8) as u16).to_be_bytes());
    header[10..12].fill(0);
    let sum = checksum::of(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [&whole[..14], &header[..], &payload[start..end]].concat()
}

#[test]
fn fragments_of_udp_pass_and_those_of_tcp_and_icmp_do_not_nat_11() {
    let mut world = World::new(LAB);
    let datagram = "udp 10.0.1.10:40000 > 198.51.100.9:53 3000B";
    let later = world.send_bytes("a", fragment(datagram, 1400, 2800));
    assert!(later.contains("NGW_NO_CONNECTION by ngw"), "the first has not come by: {later}");
    for (start, end) in [(0, 1400), (1400, 2800), (2800, 4000)] {
        let account = world.send_bytes("a", fragment(datagram, start, end));
        assert!(account.contains("internet sees"), "{account}");
        let left = world.left.take().expect("it left").headers.ip.expect("IPv4");
        assert_eq!(left.source, IpAddr::from([203, 0, 113, 5]));
    }
    for (packet, what) in
        [("tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN 3000B", "TCP"), ("icmp 10.0.1.10 > 198.51.100.9 3000B", "ICMP")]
    {
        for (start, end) in [(0, 1400), (1400, 2800)] {
            let account = world.send_bytes("a", fragment(packet, start, end));
            let expected = format!("FRAGMENT_RESTRICTION by ngw: it takes no fragments of {what}");
            assert!(account.ends_with(&expected), "{account}");
        }
    }
}

#[test]
fn fragmented_answers_find_their_way_back_nat_11() {
    let mut world = World::new(LAB);
    let port = port(&world.act("a: udp 10.0.1.10:40000 > 198.51.100.9:53"));
    for (start, end) in [(0, 1400), (1400, 2800), (2800, 4000)] {
        let datagram = format!("udp 198.51.100.9:53 > 203.0.113.5:{port} 3000B");
        world.send_bytes("internet", fragment(&datagram, start, end));
        let delivered = world.delivered.take().expect("delivered").headers.ip.expect("IPv4");
        assert_eq!(delivered.destination, IpAddr::from([10, 0, 1, 10]));
    }
}

#[test]
fn a_gateway_serves_its_own_vpc_only_nat_13() {
    // Over a peering connection nobody gets as far as the gateway (PCX-22), and what an instance forwards from elsewhere it refuses.
    let mut world = World::new(&format!(
        "{LAB}
         vpc other 10.9.0.0/16
         subnet far other 10.9.1.0/24
         peering ab main other
         route far 0.0.0.0/0 ab
         eni c far 10.9.1.10
         eni router priv 10.0.1.30 forwards"
    ));
    assert!(
        world
            .act("c: tcp 10.9.1.10:40000 > 198.51.100.9:80 SYN")
            .contains("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR by ab: 198.51.100.9 is not in the peer VPC's blocks")
    );
    let account = world.act("router: tcp 10.9.1.10:40000 > 198.51.100.9:80 SYN");
    assert!(
        account.ends_with(
            "NGW_REQUIRES_SOURCE_IN_VPC by ngw: it takes only what its own VPC sends, and the source 10.9.1.10 is not in \
             the VPC's blocks"
        ),
        "{account}"
    );
}

/// A private gateway, and a peer VPC that has no route back.
const PEERED: &str = "
    vpc main 10.0.0.0/16
    vpc other 10.9.0.0/16
    peering ab main other
    subnet middle main 10.0.0.0/24
    subnet priv main 10.0.1.0/24
    subnet far other 10.9.1.0/24
    nat ngw middle 10.0.0.5
    route priv 10.9.0.0/16 ngw
    route middle 10.9.0.0/16 ab
    eni a priv 10.0.1.10
    eni c far 10.9.1.10
";

#[test]
fn answers_to_a_gateway_beyond_a_peering_connection_need_no_route_nat_14_pcx_27() {
    let mut world = World::new(PEERED);
    let account = world.act("a: tcp 10.0.1.10:40000 > 10.9.1.10:80 SYN");
    let port = port(&account);
    assert!(
        account.ends_with(
            "at ngw | acl-main rule 100 | 10.9.0.0/16 to ab | at ab | in other | at c | acl-other rule 100 | \
             open-other rule 1 | delivered"
        ),
        "{account}"
    );
    assert_eq!(
        world.act(&format!("c: tcp 10.9.1.10:80 > 10.0.0.5:{port} SYN ACK")),
        format!(
            "at c | open-other rule 1 | in other | acl-other rule 100 | at ab | in main | at ngw | acl-main rule 100 | \
             10.0.0.5:{port} becomes 10.0.1.10:40000 | at ngw | acl-main rule 100 | 10.0.0.0/16 to main | at a | \
             acl-main rule 100 | tracked | delivered"
        )
    );
    // Without a NAT gateway there is no way back, nor is there for what answers nothing.
    world.act("route priv 10.9.1.10/32 ab");
    assert!(world.act("a: tcp 10.0.1.10:40001 > 10.9.1.10:80 SYN").ends_with("delivered"));
    let no_route = "NO_ROUTE_TO_DESTINATION by rtb-far: no route for ";
    let account = world.act("c: tcp 10.9.1.10:80 > 10.0.1.10:40001 SYN ACK");
    assert!(account.ends_with(&format!("{no_route}10.0.1.10")), "{account}");
    let account = world.act("c: tcp 10.9.1.10:4000 > 10.0.0.5:80 SYN");
    assert!(account.ends_with(&format!("{no_route}10.0.0.5")), "{account}");
}

#[test]
fn an_acl_blocks_the_way_back_nat_14() {
    let mut world = World::new(&format!(
        "{PEERED}\n acl far ingress 100 allow all 0.0.0.0/0\n acl far egress 50 deny all 10.0.0.5/32"
    ));
    let port = port(&world.act("a: tcp 10.0.1.10:40000 > 10.9.1.10:80 SYN"));
    let account = world.act(&format!("c: tcp 10.9.1.10:80 > 10.0.0.5:{port} SYN ACK"));
    assert!(account.contains("SUBNET_ACL_RESTRICTION by acl-far: outbound rule 50"), "{account}");
}

#[test]
fn its_flows_are_tracked_whatever_the_rules_say_nat_15_sg_19() {
    // Open to the world both ways: untracked (SG-17), unless the flow leaves through the gateway.
    let mut world = World::new(&format!(
        "{LAB}
         subnet web main 10.0.2.0/24
         route web 0.0.0.0/0 gw
         group wide main
         allow wide egress all 0.0.0.0/0
         allow wide ingress all 0.0.0.0/0
         eni p priv 10.0.1.40 wide
         eni q web 10.0.2.40 wide public 203.0.113.9"
    ));
    for (sender, own, is_tracked) in [("p", "10.0.1.40", true), ("q", "10.0.2.40", false)] {
        let packet = format!("{sender}: udp {own}:40000 > 198.51.100.9:53");
        assert!(world.act(&packet).contains("wide rule 1"));
        assert_eq!(world.act(&packet).contains("tracked"), is_tracked, "{sender}");
    }
    // So the answer comes in even when the rule for it is gone.
    let port = port(&world.act("p: udp 10.0.1.40:40001 > 198.51.100.9:53"));
    world.act("drop rules wide ingress");
    let account = world.act(&format!("internet: udp 198.51.100.9:53 > 203.0.113.5:{port}"));
    assert!(account.ends_with("tracked | delivered"), "{account}");
}

#[test]
fn a_gateway_without_a_way_to_the_internet_passes_nothing_there_nat_2_nat_20_igw_5() {
    let account = |lab: &str| World::new(lab).act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN");
    let in_private_subnet = account(&LAB.replace("route pub 0.0.0.0/0 gw", ""));
    assert!(
        in_private_subnet.ends_with("NO_ROUTE_TO_DESTINATION by rtb-pub: no route for 198.51.100.9"),
        "{in_private_subnet}"
    );
    let private_gateway = account(&LAB.replace(" public 203.0.113.5", ""));
    assert!(
        private_gateway.ends_with("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS by gw: 10.0.0.5 has no public IP address"),
        "{private_gateway}"
    );
}

#[test]
fn a_gateway_in_its_clients_subnet_meets_its_own_packets_again_nat_21() {
    let lab = "
        vpc main 10.0.0.0/16
        igw gw main
        subnet priv main 10.0.1.0/24
        nat ngw priv 10.0.1.5 public 203.0.113.5
        route priv 0.0.0.0/0 ngw
        eni a priv 10.0.1.10
    ";
    let account = World::new(lab).act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN");
    assert!(
        account.ends_with("NGW_LOOP by ngw: its own subnet's route 0.0.0.0/0 of rtb-priv leads back to it"),
        "{account}"
    );
}

#[test]
fn a_gateway_that_is_deleted_leaves_a_blackhole_rt_15_rt_18() {
    let mut world = World::new(LAB);
    world.act("drop nat ngw");
    let account = world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN");
    assert!(
        account.ends_with(
            "BAD_STATE_ROUTE by rtb-priv: its route 0.0.0.0/0 to ngw is a blackhole: the target is gone or not active"
        ),
        "{account}"
    );
}

#[test]
fn bindings_outlive_a_change_of_the_tables_rt_25() {
    let mut world = World::new(LAB);
    let port = port(&world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN"));
    world.act("subnet more main 10.0.7.0/24");
    let account = world.act(&format!("internet: tcp 198.51.100.9:80 > 203.0.113.5:{port} SYN ACK"));
    assert!(account.ends_with("tracked | delivered"), "{account}");
}

#[test]
fn it_takes_8500_bytes_and_says_so_from_its_private_address_mtu_2h_mtu_3() {
    let mut world = World::new(PEERED);
    assert!(world.act("a: udp 10.0.1.10:1 > 10.9.1.10:2 8472B").ends_with("delivered"));
    let account = world.act("a: udp 10.0.1.10:1 > 10.9.1.10:2 8473B");
    assert!(
        account.contains(
            "MTU_EXCEEDED by ngw: 8501 bytes are more than it takes (8500); the sender was told (ICMP) | at ngw | \
             acl-main rule 100 | 10.0.0.0/16 to main | reply icmp fragmentation needed 10.0.0.5 → 10.0.1.10 | at a | "
        ) && account.ends_with("tracked | delivered"),
        "{account}"
    );
    let account = world.act("a: udp 10.0.1.10:1 > 10.9.1.10:2 8473B -DF");
    assert!(account.ends_with("the sender was not told"), "{account}");
}

#[test]
fn what_the_internet_gateway_says_of_a_translated_packet_reaches_its_sender_mtu_11_sg_20() {
    let mut world = World::new(LAB);
    let packet = "udp 10.0.1.10:1 > 198.51.100.9:2 1473B";
    let account = world.act(&format!("a: {packet}"));
    assert!(
        account.contains("MTU_EXCEEDED by gw: 1501 bytes are more than it takes (1500); the sender was told (ICMP) | ")
            && account.ends_with("at a | acl-main rule 100 | tracked | delivered"),
        "{account}"
    );
    // The packet it quotes is the one that was sent, but for the hop.
    let mut sent = Frame::new(build(packet));
    lower_ttl(&mut sent, 1);
    let router = IpAddr::from([10, 0, 0, 1]);
    let expected = packet_too_big(&sent, MacAddr::local(1), router, 1500, Vec::new()).expect("a plain packet");
    let mut expected = expected;
    lower_ttl(&mut expected, 1);
    assert_eq!(world.delivered.take().expect("delivered").bytes[14..], expected.bytes[14..]);
}

#[test]
fn errors_that_an_inside_host_sends_leave_with_their_quotes_translated_nat_1() {
    let mut world = World::new(LAB);
    let port = port(&world.act("a: udp 10.0.1.10:40000 > 198.51.100.9:53"));
    let error = |about: &str, from: [u8; 4]| {
        packet_too_big(&Frame::new(build(about)), MacAddr::local(1), IpAddr::from(from), 1400, Vec::new())
            .expect("a plain packet")
            .bytes
    };
    let account = world.send_bytes("a", error("udp 198.51.100.9:53 > 10.0.1.10:40000", [10, 0, 1, 10]));
    assert!(account.ends_with("internet sees icmp fragmentation needed 203.0.113.5 → 198.51.100.9"), "{account}");
    let left = world.left.take().expect("it left");
    let expected = error(&format!("udp 198.51.100.9:53 > 203.0.113.5:{port}"), [203, 0, 113, 5]);
    assert_eq!(left.bytes[34..], expected[34..], "what it quotes is what was sent");
    let unknown = world.send_bytes("a", error("udp 198.51.100.9:53 > 10.0.1.10:40001", [10, 0, 1, 10]));
    assert!(unknown.contains("NGW_NO_CONNECTION by ngw"), "{unknown}");
}

#[test]
fn a_syns_segment_size_is_lowered_to_what_fits_mtu_7() {
    let mut world = World::new(PEERED);
    for (offered, passes) in [(8961, 8460), (8460, 8460), (1460, 1460)] {
        let mut bytes = Vec::new();
        etherparse::PacketBuilder::ethernet2([0; 6], [0; 6])
            .ipv4([10, 0, 1, 10], [10, 9, 1, 10], 64)
            .tcp(offered, 80, 1, 1000)
            .syn()
            .options(&[etherparse::TcpOptionElement::MaximumSegmentSize(offered)])
            .expect("it fits")
            .write(&mut bytes, &[])
            .expect("a vector takes everything");
        let account = world.send_bytes("a", bytes);
        assert!(account.ends_with("delivered"), "{account}");
        let delivered = world.delivered.take().expect("delivered");
        let packet = etherparse::SlicedPacket::from_ethernet(&delivered.bytes).expect("well-formed");
        let Some(etherparse::TransportSlice::Tcp(tcp)) = packet.transport else { panic!("TCP") };
        let sizes: Vec<_> = tcp.options_iterator().flatten().collect();
        assert!(sizes.contains(&etherparse::TcpOptionElement::MaximumSegmentSize(passes)), "{sizes:?}");
        assert!(checksums_are_right(&delivered.bytes));
    }
}

#[test]
fn it_is_a_hop_that_says_when_the_ttl_runs_out_l2_15() {
    let mut world = World::new(LAB);
    let mut probe = Frame::new(build("udp 10.0.1.10:40000 > 198.51.100.9:33434"));
    assert!(lower_ttl(&mut probe, 254));
    let account = world.send_bytes("a", probe.bytes);
    assert!(
        account.contains(
            "TTL_EXPIRED by ngw: the TTL reached 0 | at ngw | acl-main rule 100 | 10.0.0.0/16 to main | reply icmp "
        ) && account.contains("10.0.0.5 → 10.0.1.10")
            && account.ends_with("tracked | delivered"),
        "{account}"
    );
}

#[test]
fn a_route_to_another_subnet_may_lead_through_a_gateway_rt_13() {
    let mut world =
        World::new(&format!("{LAB}\n subnet db main 10.0.3.0/24\n eni d db 10.0.3.10\n route priv 10.0.3.0/24 ngw"));
    let account = world.act("a: tcp 10.0.1.10:40000 > 10.0.3.10:5432 SYN");
    let port = port(&account);
    assert!(
        account.ends_with("10.0.0.0/16 to main | at d | acl-main rule 100 | open-main rule 1 | delivered"),
        "{account}"
    );
    let account = world.act(&format!("d: tcp 10.0.3.10:5432 > 10.0.0.5:{port} SYN ACK"));
    assert!(account.ends_with("at a | acl-main rule 100 | tracked | delivered"), "{account}");
}

/// The packet that answers another, with the same payload: addresses and ports change places, and an echo becomes its reply or
/// the other way round.
fn mirrored(frame: &Frame) -> Vec<u8> {
    let mut bytes = frame.bytes.clone();
    let (source, destination) = bytes[26..34].split_at_mut(4);
    source.swap_with_slice(destination);
    if bytes[23] == protocol::ICMP {
        bytes[34] ^= 8;
        bytes[36..38].fill(0);
        let sum = checksum::of(&bytes[34..]);
        bytes[36..38].copy_from_slice(&sum.to_be_bytes());
    } else {
        let (source, destination) = bytes[34..38].split_at_mut(2);
        source.swap_with_slice(destination);
    }
    bytes
}

/// Whether both checksums are those that the bytes have when they are summed anew.
fn checksums_are_right(bytes: &[u8]) -> bool {
    let (header, segment) = bytes[14..].split_at(20);
    let transport = match header[9] {
        protocol::ICMP => checksum::of(segment),
        number => checksum::with_pseudo_header(&header[12..16], &header[16..20], number, segment),
    };
    checksum::of(header) == 0 && transport == 0
}

/// The IP packet of a frame as if it had passed no hop.
fn before_any_hop(bytes: &[u8]) -> Vec<u8> {
    let mut packet = bytes[14..].to_vec();
    packet[8] = 255;
    packet[10..12].fill(0);
    let sum = checksum::of(&packet[..20]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

proptest! {
    #[test]
    fn what_is_translated_and_back_is_as_it_was_and_its_checksums_are_right_nat_4(
        kind in 0..3usize, port in 1u16.., far_port in 1u16.., host in 4u8..250, payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut world = World::new(LAB);
        let far = [198, 51, 100, host];
        let ip = etherparse::PacketBuilder::ethernet2([0; 6], [0; 6]).ipv4([10, 0, 1, 10], far, 255);
        let mut sent = Vec::new();
        match kind {
            0 => ip.tcp(port, far_port, 7, 1000).syn().write(&mut sent, &payload),
            1 => ip.udp(port, far_port).write(&mut sent, &payload),
            _ => ip.icmpv4_echo_request(port, 1).write(&mut sent, &payload),
        }
        .expect("a vector takes everything");
        world.send_bytes("a", sent.clone());
        let left = world.left.take().expect("it left");
        prop_assert!(checksums_are_right(&left.bytes));
        // Answered with the same payload: the far end's SYN, if it is TCP, opens nothing new.
        world.send_bytes("internet", mirrored(&left));
        let delivered = world.delivered.take().expect("the answer is delivered");
        prop_assert!(checksums_are_right(&delivered.bytes));
        prop_assert_eq!(before_any_hop(&mirrored(&delivered)), before_any_hop(&sent));
    }
}
