//! NAT64: IPv6 hosts that reach IPv4 ones through a NAT gateway (NAT-19).

use std::net::IpAddr;

use proptest::prelude::*;

use super::world::{World, build, check};
use crate::net::{Frame, MacAddr, Transport, checksum, packet_too_big, protocol, unreachable};

/// A subnet of IPv6 hosts behind a gateway in a public one.
const LAB: &str = "
    vpc main 10.0.0.0/16 2001:db8:1::/56
    igw gw main
    subnet pub main 10.0.0.0/24
    subnet priv main 10.0.1.0/24 2001:db8:1:1::/64
    nat ngw pub 10.0.0.5 public 203.0.113.5
    route pub 0.0.0.0/0 gw
    route priv 64:ff9b::/96 ngw
    eni a priv 10.0.1.10 2001:db8:1:1::10
    eni b priv 10.0.1.20 2001:db8:1:1::20
";

/// The address that stands for 198.51.100.9.
const WEB: &str = "64:ff9b::c633:6409";

/// The port that an account says the gateway has taken.
fn port(account: &str) -> u16 {
    let (_, after) = account.split_once("becomes 10.0.0.5:").unwrap_or_else(|| panic!("no translation: {account}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

/// What the guest's checksums say: 0 where they are right.
fn transport_sum(frame: &Frame) -> u16 {
    let ip = frame.headers.ip.expect("a packet");
    let segment = &frame.bytes[usize::from(ip.transport_offset)..14 + usize::from(ip.total_len)];
    match (ip.source, ip.destination) {
        (IpAddr::V4(_), IpAddr::V4(_)) if ip.protocol == protocol::ICMP => checksum::of(segment),
        (IpAddr::V4(a), IpAddr::V4(b)) => checksum::with_pseudo_header(&a.octets(), &b.octets(), ip.protocol, segment),
        (IpAddr::V6(a), IpAddr::V6(b)) => checksum::with_pseudo_header(&a.octets(), &b.octets(), ip.protocol, segment),
        _ => panic!("one family"),
    }
}

#[test]
fn an_ipv6_host_reaches_an_ipv4_one_and_its_answers_come_back_as_ipv6_nat_19_nat_10() {
    for (kind, flags, answer) in [("tcp", "SYN", "SYN ACK"), ("udp", "", "")] {
        let mut world = World::new(LAB);
        let account = world.act(&format!("a: {kind} [2001:db8:1:1::10]:40000 > [{WEB}]:80 {flags}"));
        let port = port(&account);
        let packet = if flags.is_empty() { kind.to_owned() } else { format!("{kind} {flags}") };
        assert_eq!(
            account,
            format!(
                "at a | open-main rule 2 | in main | acl-main rule 101 | 64:ff9b::/96 to ngw | at ngw | acl-main rule 101 | \
                 [2001:db8:1:1::10]:40000 becomes 10.0.0.5:{port} | {WEB} becomes 198.51.100.9 | at ngw | \
                 acl-main rule 100 | 0.0.0.0/0 to gw | at gw | 10.0.0.5 becomes 203.0.113.5 | \
                 internet sees {packet} 203.0.113.5:{port} → 198.51.100.9:80"
            )
        );
        let left = world.left.take().expect("it left");
        assert_eq!((left.headers.ip.expect("IPv4").ttl, transport_sum(&left)), (254, 0), "a hop of its own");
        assert_eq!(
            world.act(&format!("internet: {kind} 198.51.100.9:80 > 203.0.113.5:{port} {answer}")),
            format!(
                "at gw | 203.0.113.5 becomes 10.0.0.5 | in main | at ngw | acl-main rule 100 | \
                 10.0.0.5:{port} becomes [2001:db8:1:1::10]:40000 | 198.51.100.9 becomes {WEB} | at ngw | \
                 acl-main rule 101 | 2001:db8:1::/56 to main | at a | acl-main rule 101 | tracked | delivered"
            )
        );
        let delivered = world.delivered.take().expect("delivered");
        assert_eq!((delivered.headers.ip.expect("IPv6").ttl, transport_sum(&delivered)), (254, 0));
    }
}

#[test]
fn packets_of_a_known_flow_fare_as_the_first_nat_19() {
    check(
        LAB,
        &[
            (
                "a: tcp [2001:db8:1:1::10]:40000 > [64:ff9b::c633:6409]:80 ACK",
                "at a | open-main rule 2 | in main | acl-main rule 101 | 64:ff9b::/96 to ngw | at ngw | acl-main rule 101 | \
                 NGW_NO_CONNECTION by ngw: tcp/80 belongs to no connection that it knows; it may have been idle for 350 s | \
                 at ngw | acl-main rule 101 | 2001:db8:1::/56 to main | reply tcp RST [64:ff9b::c633:6409]:80 → \
                 [2001:db8:1:1::10]:40000 | at a | acl-main rule 101 | tracked | delivered",
            ),
            (
                "a: gre 2001:db8:1:1::10 > 64:ff9b::c633:6409",
                "at a | open-main rule 2 | in main | acl-main rule 101 | 64:ff9b::/96 to ngw | at ngw | acl-main rule 101 | \
                 PROTOCOL_RESTRICTION by ngw: it takes TCP, UDP and ICMP only, not protocol 47",
            ),
        ],
    );
    let mut world = World::new(LAB);
    let syn = format!("a: tcp [2001:db8:1:1::10]:40000 > [{WEB}]:80 SYN");
    let first = port(&world.act(&syn));
    world.act("wait 349s");
    assert_eq!(port(&world.act(&syn)), first, "the binding lives for 350 s (NAT-7)");
    let other = port(&world.act(&format!("b: tcp [2001:db8:1:1::20]:40000 > [{WEB}]:80 SYN")));
    assert_ne!(first, other);
    // A host of IPv4 has ports of the same stock.
    world.act("route priv 0.0.0.0/0 ngw");
    let third = port(&world.act("a: tcp 10.0.1.10:40000 > 198.51.100.9:80 SYN"));
    assert!(third != first && third != other);
    let account = world.act(&format!("internet: tcp 198.51.100.9:80 > 203.0.113.5:{third} SYN ACK"));
    assert!(account.contains("becomes 10.0.1.10:40000"), "{account}");
}

#[test]
fn an_echo_over_ipv6_is_one_over_ipv4_and_back_nat_1_nat_19() {
    let mut world = World::new(LAB);
    let account = world.act(&format!("a: icmp 2001:db8:1:1::10 > {WEB}"));
    let id = port(&account);
    assert!(account.ends_with("internet sees icmp echo 203.0.113.5 → 198.51.100.9"), "{account}");
    assert_eq!(transport_sum(&world.left.take().expect("it left")), 0);
    let mut reply = Vec::new();
    etherparse::PacketBuilder::ethernet2([0; 6], [0; 6])
        .ipv4([198, 51, 100, 9], [203, 0, 113, 5], 57)
        .icmpv4_echo_reply(id, 1)
        .write(&mut reply, &[7; 56])
        .expect("a vector takes everything");
    let account = world.send_bytes("internet", reply);
    assert!(account.ends_with("at a | acl-main rule 101 | tracked | delivered"), "{account}");
    let delivered = world.delivered.take().expect("delivered");
    assert!(matches!(delivered.headers.ip.expect("IPv6").transport, Transport::Icmp { kind: 129, id: 9, .. }));
    assert_eq!(transport_sum(&delivered), 0);
}

#[test]
fn only_what_stands_for_an_ipv4_address_is_translated_nat_19() {
    let way = "at a | open-main rule 2 | in main | acl-main rule 101 | ";
    check(
        &format!("{LAB}\n route priv ::/0 ngw"),
        &[(
            "a: udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:2",
            &format!(
                "{way}::/0 to ngw | at ngw | acl-main rule 101 | PROTOCOL_RESTRICTION by ngw: 2001:db8:9::1 stands for no \
                 IPv4 address: of IPv6 it takes what goes to 64:ff9b::/96"
            ),
        )],
    );
    // Without the route nothing gets there; and no host of IPv6 reaches what the VPC keeps for itself (ADDR-16).
    let without = LAB.replace("route priv 64:ff9b::/96 ngw", "");
    let web = "a: udp [2001:db8:1:1::10]:1 > [64:ff9b::c633:6409]:2";
    let no_route = format!("{way}NO_ROUTE_TO_DESTINATION by rtb-priv: no route for 64:ff9b::c633:6409");
    check(&without, &[(web, &no_route)]);
    for reserved in ["64:ff9b::a9fe:a9fe", "64:ff9b::a00:2"] {
        let account = World::new(LAB).act(&format!("a: udp [2001:db8:1:1::10]:1 > [{reserved}]:80"));
        assert!(account.contains("NO_POSSIBLE_DESTINATION by main"), "{account}");
    }
}

#[test]
fn acls_judge_each_leg_in_its_own_family_nat_10_nat_19() {
    let syn = format!("a: tcp [2001:db8:1:1::10]:40000 > [{WEB}]:80 SYN");
    // In over IPv6, out over IPv4; each of the two can be denied.
    for (lines, expected) in [
        ("acl pub ingress 100 allow all 0.0.0.0/0", "SUBNET_ACL_RESTRICTION by acl-pub: no inbound rule allows tcp/80"),
        (
            "acl pub ingress 100 allow all ::/0\n acl pub egress 100 allow all ::/0",
            "SUBNET_ACL_RESTRICTION by acl-pub: no outbound rule allows tcp/80",
        ),
    ] {
        let account = World::new(&format!("{LAB}\n {lines}")).act(&syn);
        assert!(account.contains(expected), "{account}");
    }
    // The way back: in over IPv4, out over IPv6.
    let out = "acl pub ingress 100 allow all ::/0\n acl pub egress 100 allow all 0.0.0.0/0";
    for (lines, expected) in [
        ("", "SUBNET_ACL_RESTRICTION by acl-pub: no inbound rule allows tcp/"),
        ("acl pub ingress 110 allow all 0.0.0.0/0", "SUBNET_ACL_RESTRICTION by acl-pub: no outbound rule allows tcp/"),
    ] {
        let mut world = World::new(&format!("{LAB}\n {out}\n {lines}"));
        let port = port(&world.act(&syn));
        let account = world.act(&format!("internet: tcp 198.51.100.9:80 > 203.0.113.5:{port} SYN ACK"));
        assert!(account.contains(expected), "{account}");
    }
}

#[test]
fn hosts_of_the_vpc_and_of_its_peers_are_reached_too_nat_14_nat_19() {
    let mut world = World::new(
        "vpc main 10.0.0.0/16 2001:db8:1::/56
         vpc other 10.9.0.0/16
         peering ab main other
         subnet middle main 10.0.0.0/24
         subnet priv main 10.0.1.0/24 2001:db8:1:1::/64
         subnet far other 10.9.1.0/24
         nat ngw middle 10.0.0.5
         route priv 64:ff9b::/96 ngw
         route middle 10.9.0.0/16 ab
         eni a priv 10.0.1.10 2001:db8:1:1::10
         eni near middle 10.0.0.20
         eni c far 10.9.1.10",
    );
    let account = world.act("a: tcp [2001:db8:1:1::10]:40000 > [64:ff9b::a00:14]:80 SYN");
    assert!(account.ends_with("10.0.0.0/16 to main | at near | open-main rule 1 | delivered"), "{account}");
    let account = world.act(&format!("near: tcp 10.0.0.20:80 > 10.0.0.5:{} SYN ACK", port(&account)));
    assert!(account.ends_with("at a | acl-main rule 101 | tracked | delivered"), "{account}");
    let account = world.act("a: tcp [2001:db8:1:1::10]:40000 > [64:ff9b::a09:10a]:80 SYN");
    assert!(account.ends_with("in other | at c | acl-other rule 100 | open-other rule 1 | delivered"), "{account}");
    // The peer has no route back, and needs none.
    let account = world.act(&format!("c: tcp 10.9.1.10:80 > 10.0.0.5:{} SYN ACK", port(&account)));
    assert!(account.ends_with("at a | acl-main rule 101 | tracked | delivered"), "{account}");
}

#[test]
fn what_is_too_large_is_told_in_the_senders_family_mtu_3_mtu_11_nat_19() {
    // 1500 bytes of IPv4 are 1520 of IPv6.
    let mut world = World::new(LAB);
    let packet = |size: usize| format!("udp [2001:db8:1:1::10]:1 > [{WEB}]:2 {size}B");
    assert!(world.act(&format!("a: {}", packet(1472))).contains("internet sees"));
    let account = world.act(&format!("a: {}", packet(1473)));
    assert!(
        account.contains("MTU_EXCEEDED by gw: 1501 bytes are more than it takes (1500); the sender was told (ICMP) | ")
            && account.ends_with("at a | acl-main rule 101 | tracked | delivered"),
        "{account}"
    );
    let told = world.delivered.take().expect("delivered");
    assert_eq!(told.headers.ip.expect("IPv6").source, IpAddr::V6("64:ff9b::a00:1".parse().expect("an address")));
    assert_eq!(told.bytes[54..56], [2, 0], "packet too big");
    assert_eq!(told.bytes[58..62], 1520_u32.to_be_bytes());
    assert_eq!(transport_sum(&told), 0);
    let quoted = build(&packet(1473));
    assert_eq!(told.bytes[62 + 8..], quoted[14 + 8..14 + 8 + told.bytes.len() - 70], "as it was sent, but for the hop");
    // The gateway's own limit is 8500 on either side of it.
    let account = world.act(&format!("a: {}", packet(8453)));
    assert!(
        account.contains(
            "MTU_EXCEEDED by ngw: 8501 bytes are more than it takes (8500); the sender was told (ICMP) | at ngw | \
             acl-main rule 101 | 2001:db8:1::/56 to main | reply icmpv6 packet too big 64:ff9b::a00:5 → 2001:db8:1:1::10"
        ),
        "{account}"
    );
    let mut near = World::new(&format!("{LAB}\n eni near pub 10.0.0.20"));
    let port = port(&near.act("a: udp [2001:db8:1:1::10]:1 > [64:ff9b::a00:14]:2"));
    let answer = |size: usize| format!("near: udp 10.0.0.20:2 > 10.0.0.5:{port} {size}B");
    assert!(near.act(&answer(8452)).ends_with("delivered"));
    let account = near.act(&answer(8453));
    assert!(account.contains("MTU_EXCEEDED by ngw: 8481 bytes are more than it takes (8480); the sender was told"));
}

#[test]
fn errors_are_told_across_the_families_with_their_quotes_nat_1_nat_19() {
    let mut world = World::new(LAB);
    let datagram = format!("udp [2001:db8:1:1::10]:40000 > [{WEB}]:53 20B");
    let port = port(&world.act(&format!("a: {datagram}")));
    // Nobody listens on the Internet's host.
    let sent = world.left.take().expect("it left");
    let error =
        unreachable(&sent, MacAddr::local(1), IpAddr::from([198, 51, 100, 9]), 3, Vec::new()).expect("an error");
    let account = world.send_bytes("internet", error.bytes);
    assert!(account.ends_with("at a | acl-main rule 101 | tracked | delivered"), "{account}");
    let told = world.delivered.take().expect("delivered");
    assert_eq!((&told.bytes[54..56], transport_sum(&told)), (&[1, 4][..], 0), "port unreachable");
    assert_eq!(told.bytes[62 + 8..], build(&datagram)[14 + 8..], "as it was sent, but for the hop");
    // Nor does the IPv6 host any more.
    let answer = format!("udp [{WEB}]:53 > [2001:db8:1:1::10]:40000 20B");
    let from = IpAddr::V6("2001:db8:1:1::10".parse().expect("an address"));
    let error = unreachable(&Frame::new(build(&answer)), MacAddr::local(1), from, 4, Vec::new()).expect("an error");
    let account = world.send_bytes("a", error.bytes);
    assert!(account.ends_with("internet sees icmp port unreachable 203.0.113.5 → 198.51.100.9"), "{account}");
    let told = world.left.take().expect("it left");
    assert_eq!(transport_sum(&told), 0);
    let quoted = build(&format!("udp 198.51.100.9:53 > 203.0.113.5:{port} 20B"));
    assert_eq!(told.bytes[42 + 12..], quoted[14 + 12..], "as the Internet's host sent it");
    // An error about what is unknown goes nowhere.
    let stranger = format!("udp [{WEB}]:53 > [2001:db8:1:1::10]:40001 20B");
    let error = packet_too_big(&Frame::new(build(&stranger)), MacAddr::local(1), from, 1400, Vec::new());
    let account = world.send_bytes("a", error.expect("an error").bytes);
    assert!(account.contains("NGW_NO_CONNECTION by ngw"), "{account}");
}

#[test]
fn a_hop_limit_that_runs_out_is_told_from_the_gateways_own_address_l2_15_nat_19() {
    let mut bytes = build(&format!("udp [2001:db8:1:1::10]:1 > [{WEB}]:2"));
    bytes[21] = 1;
    let account = World::new(LAB).send_bytes("a", bytes);
    assert!(account.contains("TTL_EXPIRED by ngw"), "{account}");
    assert!(account.contains("reply icmpv6 time exceeded 64:ff9b::a00:5 → 2001:db8:1:1::10"), "{account}");
}

#[test]
fn a_probe_without_a_route_goes_on_to_the_nat_gateway_nat_19() {
    let without = LAB.replace("route priv 64:ff9b::/96 ngw", "eni near pub 10.0.0.20");
    let mut world = World::probing(&without);
    let account = world.act("a: tcp [2001:db8:1:1::10]:40000 > [64:ff9b::a00:14]:80 SYN");
    assert!(
        account.contains("NO_ROUTE_TO_DESTINATION by rtb-priv: no route for 64:ff9b::a00:14 | at ngw"),
        "{account}"
    );
    assert!(account.ends_with("at near | open-main rule 1 | delivered"), "{account}");
}

/// Part of an IPv6 packet: its payload's bytes from `start` to `end`, behind a fragment header.
fn fragment_v6(packet: &str, start: usize, end: usize) -> Vec<u8> {
    let whole = build(packet);
    let (headers, payload) = whole.split_at(54);
    let end = end.min(payload.len());
    let mut bytes = headers.to_vec();
    bytes[18..20].copy_from_slice(&((8 + end - start) as u16).to_be_bytes());
    bytes[20] = 44;
    let place = (start as u16) | u16::from(end < payload.len());
    bytes.extend_from_slice(&[headers[20], 0]);
    bytes.extend_from_slice(&place.to_be_bytes());
    bytes.extend_from_slice(&0xbeef_u32.to_be_bytes());
    bytes.extend_from_slice(&payload[start..end]);
    bytes
}

#[test]
fn fragments_of_udp_pass_and_those_of_tcp_and_icmp_do_not_nat_11_nat_19() {
    let mut world = World::new(LAB);
    let datagram = format!("udp [2001:db8:1:1::10]:40000 > [{WEB}]:53 3000B");
    let later = world.send_bytes("a", fragment_v6(&datagram, 1400, 2800));
    assert!(later.contains("NGW_NO_CONNECTION by ngw"), "the first has not come by: {later}");
    for (start, end) in [(0, 1400), (1400, 2800), (2800, 4000)] {
        let account = world.send_bytes("a", fragment_v6(&datagram, start, end));
        assert!(account.contains("internet sees"), "{account}");
        let left = world.left.take().expect("it left");
        assert_eq!(left.bytes[18..20], [0xbe, 0xef]);
        assert_eq!(left.headers.ip.expect("IPv4").source, IpAddr::from([203, 0, 113, 5]));
    }
    for (packet, what) in [
        (format!("tcp [2001:db8:1:1::10]:40000 > [{WEB}]:80 SYN 3000B"), "TCP"),
        (format!("icmp 2001:db8:1:1::10 > {WEB} 3000B"), "ICMP"),
    ] {
        let account = world.send_bytes("a", fragment_v6(&packet, 0, 1400));
        let expected = format!("FRAGMENT_RESTRICTION by ngw: it takes no fragments of {what}");
        assert!(account.ends_with(&expected), "{account}");
    }
}

#[test]
fn each_leg_is_logged_in_its_own_family_fl_4_nat_19() {
    let mut world = World::new(&format!("{LAB}\n log main"));
    let logged = |account: &str| {
        let parts = account.split(" | ").filter(|part| part.contains("logs"));
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    let account = world.act(&format!("a: udp [2001:db8:1:1::10]:40000 > [{WEB}]:53"));
    assert_eq!(
        logged(&account),
        [
            "a logs Accept Egress of 2001:db8:1:1::10",
            // The gateway has no IPv6 address of its own.
            "eni-ngw logs Accept Ingress of 64:ff9b::c633:6409",
            "eni-ngw logs Accept Egress of 10.0.0.5",
        ]
    );
    let account = world.act(&format!("internet: udp 198.51.100.9:53 > 203.0.113.5:{}", port(&account)));
    assert_eq!(
        logged(&account),
        [
            "eni-ngw logs Accept Ingress of 10.0.0.5",
            "eni-ngw logs Accept Egress of 64:ff9b::c633:6409",
            "a logs Accept Ingress of 2001:db8:1:1::10",
        ]
    );
}

#[test]
fn segments_fit_the_gateway_in_either_family_mtu_7_nat_19() {
    let mut world = World::new(LAB);
    let mut syn = Vec::new();
    etherparse::PacketBuilder::ethernet2([0; 6], [0; 6])
        .ipv6(
            "2001:db8:1:1::10".parse::<std::net::Ipv6Addr>().expect("an address").octets(),
            WEB.parse::<std::net::Ipv6Addr>().expect("an address").octets(),
            64,
        )
        .tcp(40_000, 80, 1, 1000)
        .syn()
        .options(&[etherparse::TcpOptionElement::MaximumSegmentSize(8941)])
        .expect("it fits")
        .write(&mut syn, &[])
        .expect("a vector takes everything");
    world.send_bytes("a", syn);
    let left = world.left.take().expect("it left");
    let at = usize::from(left.headers.ip.expect("IPv4").transport_offset);
    assert_eq!(left.bytes[at + 20..at + 24], [2, 4, (8440_u16 >> 8) as u8, 8440_u16 as u8]);
    assert_eq!(transport_sum(&left), 0);
}

proptest! {
    /// Whatever goes out comes back: the answer reaches the host that asked, at the port it asked from, from the address and port
    /// that it asked.
    #[test]
    fn translated_and_back_is_the_identity_nat_19(
        flows in prop::collection::vec((any::<bool>(), any::<bool>(), 1u16.., 1u8..5, 1u16..), 1..20),
    ) {
        let mut world = World::new(&format!("{LAB}\n route priv 0.0.0.0/0 ngw"));
        let mut open = Vec::new();
        for (is_v6, is_a, port_in, server, port_out) in flows {
            let (eni, own) = match (is_a, is_v6) {
                (true, true) => ("a", "[2001:db8:1:1::10]"),
                (false, true) => ("b", "[2001:db8:1:1::20]"),
                (true, false) => ("a", "10.0.1.10"),
                (false, false) => ("b", "10.0.1.20"),
            };
            let far = if is_v6 { format!("[64:ff9b::c633:640{server}]") } else { format!("198.51.100.{server}") };
            let sent = format!("udp {own}:{port_in} > {far}:{port_out}");
            let account = world.act(&format!("{eni}: {sent}"));
            open.push((sent, format!("198.51.100.{server}:{port_out} > 203.0.113.5:{}", port(&account))));
        }
        for (index, (sent, back)) in open.iter().enumerate() {
            prop_assert!(!open[..index].iter().any(|(other, binding)| other != sent && binding == back));
            let account = world.act(&format!("internet: udp {back}"));
            prop_assert!(account.ends_with("delivered"), "{}", account);
            let got = world.delivered.take().expect("delivered");
            prop_assert_eq!(transport_sum(&got), 0);
            let sent = Frame::new(build(sent)).headers.ip.expect("a packet");
            let got = got.headers.ip.expect("a packet");
            prop_assert_eq!(crate::net::FlowKey::of(&got), crate::net::FlowKey::of(&sent).reversed());
        }
    }
}
