use etherparse::{IpFragOffset, Ipv4Header, Ipv6Header, PacketBuilder};
use proptest::prelude::*;

use super::super::{MacAddr, Transport, embed, packet_too_big, time_exceeded, unreachable};
use super::*;

const V4: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(198, 51, 100, 9)];
const CLIENT: Ipv6Addr = Ipv6Addr::new(0xfd00, 1, 0, 1, 0, 0, 0, 0x10);

fn v4() -> Ends {
    Ends { source: V4[0].into(), destination: V4[1].into() }
}

fn v6() -> Ends {
    Ends { source: CLIENT.into(), destination: embed(V4[1]).into() }
}

fn turned(ends: Ends) -> Ends {
    Ends { source: ends.destination, destination: ends.source }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Tcp,
    Udp,
    Echo,
    EchoReply,
}

/// What both families can say of a packet.
#[derive(Clone, Debug)]
struct Packet {
    kind: Kind,
    traffic_class: u8,
    ttl: u8,
    payload: Vec<u8>,
}

impl Packet {
    fn frame(&self, ends: Ends) -> Frame {
        let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let ip = match (ends.source, ends.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let header = Ipv4Header {
                    source: source.octets(),
                    destination: destination.octets(),
                    dscp: (self.traffic_class >> 2).try_into().expect("six bits"),
                    ecn: (self.traffic_class & 3).try_into().expect("two bits"),
                    time_to_live: self.ttl,
                    ..Default::default()
                };
                ethernet.ip(etherparse::IpHeaders::Ipv4(header, Default::default()))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let header = Ipv6Header {
                    source: source.octets(),
                    destination: destination.octets(),
                    traffic_class: self.traffic_class,
                    hop_limit: self.ttl,
                    ..Default::default()
                };
                ethernet.ip(etherparse::IpHeaders::Ipv6(header, Default::default()))
            }
            _ => panic!("one family"),
        };
        let is_v4 = ends.source.is_ipv4();
        let mut bytes = Vec::new();
        match self.kind {
            Kind::Tcp => ip.tcp(40_000, 80, 3, 4).write(&mut bytes, &self.payload),
            Kind::Udp => ip.udp(40_000, 53).write(&mut bytes, &self.payload),
            Kind::Echo if is_v4 => ip.icmpv4_echo_request(9, 2).write(&mut bytes, &self.payload),
            Kind::Echo => ip.icmpv6_echo_request(9, 2).write(&mut bytes, &self.payload),
            Kind::EchoReply if is_v4 => ip.icmpv4_echo_reply(9, 2).write(&mut bytes, &self.payload),
            Kind::EchoReply => ip.icmpv6_echo_reply(9, 2).write(&mut bytes, &self.payload),
        }
        .expect("a vector takes everything");
        Frame::new(bytes)
    }

    /// The IPv4 frame, with DF and an identification as a translator sets them.
    fn translated_to_v4(&self, identification: u16) -> Frame {
        let mut bytes = self.frame(v4()).bytes;
        let is_short = bytes.len() - ETHERNET_LEN <= MAY_BE_CUT;
        set_v4(&mut bytes, if is_short { identification } else { 0 }, if is_short { 0 } else { 0x4000 });
        Frame::new(bytes)
    }
}

fn set_v4(bytes: &mut [u8], identification: u16, flags: u16) {
    bytes[18..20].copy_from_slice(&identification.to_be_bytes());
    bytes[20..22].copy_from_slice(&flags.to_be_bytes());
    bytes[24..26].copy_from_slice(&[0, 0]);
    let sum = checksum::of(&bytes[14..34]);
    bytes[24..26].copy_from_slice(&sum.to_be_bytes());
}

fn packets() -> impl Strategy<Value = Packet> {
    let kinds = prop_oneof![Just(Kind::Tcp), Just(Kind::Udp), Just(Kind::Echo), Just(Kind::EchoReply)];
    let payload =
        prop_oneof![prop::collection::vec(any::<u8>(), 0..60), prop::collection::vec(any::<u8>(), 1200..1300)];
    (kinds, any::<u8>(), 1u8.., payload).prop_map(|(kind, traffic_class, ttl, payload)| Packet {
        kind,
        traffic_class,
        ttl,
        payload,
    })
}

proptest! {
    /// NAT-19: the oracle is the same packet, written by an encoder that is not ours.
    #[test]
    fn a_translated_packet_is_the_packet_of_the_other_family_nat_19(packet in packets(), identification: u16) {
        let mut frame = packet.frame(v6());
        translate(&mut frame, v4(), None, identification).expect("it can be said");
        let expected = packet.translated_to_v4(identification);
        prop_assert_eq!(&frame.bytes, &expected.bytes);
        prop_assert_eq!(frame.headers, expected.headers);
        translate(&mut frame, v6(), None, 0).expect("it can be said");
        let before = packet.frame(v6());
        prop_assert_eq!(&frame.bytes, &before.bytes, "translated and back is the identity");
        prop_assert_eq!(frame.headers, before.headers);
    }

    /// The error about the packet as the other family has it is the oracle.
    #[test]
    fn an_error_says_the_same_of_the_packet_in_the_other_family_nat_19(packet in packets(), what in 0usize..3) {
        let error = |about: &Frame, from: IpAddr, mtu| {
            let mac = MacAddr::local(1);
            match what {
                0 => packet_too_big(about, mac, from, mtu, Vec::new()),
                1 => time_exceeded(about, mac, from, Vec::new()),
                _ if about.headers.ip?.source.is_ipv4() => unreachable(about, mac, from, 3, Vec::new()),
                _ => unreachable(about, mac, from, 4, Vec::new()),
            }
        };
        let router = Ipv4Addr::new(192, 0, 2, 1);
        // About what went out as IPv4, to the IPv6 host that sent it.
        let mut frame = error(&packet.translated_to_v4(7), router.into(), 1500).expect("an error");
        let ends = Ends { source: embed(router).into(), destination: CLIENT.into() };
        translate(&mut frame, ends, Some(v6()), 0).expect("it can be said");
        let expected = error(&packet.frame(v6()), embed(router).into(), 1520).expect("an error");
        // IPv4 quotes less.
        let len = frame.bytes.len();
        prop_assert!(len == expected.bytes.len() || packet.payload.len() > 500);
        prop_assert_eq!(&frame.bytes[62..len], &expected.bytes[62..len]);
        prop_assert_eq!(&frame.bytes[54..56], &expected.bytes[54..56], "type and code");
        prop_assert_eq!(&frame.bytes[58..62], &expected.bytes[58..62], "the MTU");
        prop_assert!(has_right_checksums(&frame));

        // About what came in as IPv6, from the host that got it.
        let about = packet.frame(turned(v6()));
        let mut frame = error(&about, CLIENT.into(), 1520).expect("an error");
        translate(&mut frame, v4(), Some(turned(v4())), 0).expect("it can be said");
        let mut about = packet.frame(turned(v4()));
        let is_short = about.bytes.len() - ETHERNET_LEN <= MAY_BE_CUT;
        set_v4(&mut about.bytes, 0, if is_short { 0 } else { 0x4000 });
        let expected = error(&about, V4[0].into(), 1500).expect("an error");
        let len = frame.bytes.len().min(expected.bytes.len());
        prop_assert_eq!(&frame.bytes[42..len], &expected.bytes[42..len]);
        prop_assert_eq!(&frame.bytes[34..36], &expected.bytes[34..36], "type and code");
        prop_assert_eq!(&frame.bytes[38..42], &expected.bytes[38..42], "the MTU");
        prop_assert!(has_right_checksums(&frame));
    }

    #[test]
    fn random_and_damaged_packets_are_refused_or_translated_but_never_panic(
        packet in packets(), is_v4: bool, at in 0usize..120, value: u8, cut in 0usize..120,
    ) {
        let (from, to) = if is_v4 { (v4(), v6()) } else { (v6(), v4()) };
        for about in [None, Some(turned(to))] {
            let mut bytes = packet.frame(from).bytes;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(cut.max(30));
            let mut frame = Frame::new(bytes);
            if translate(&mut frame, to, about, 1).is_ok() {
                prop_assert_eq!(Headers::parse(&frame.bytes), Ok(frame.headers));
            }
        }
    }
}

fn has_right_checksums(frame: &Frame) -> bool {
    let ip = frame.headers.ip.expect("a packet");
    let message = &frame.bytes[usize::from(ip.transport_offset)..];
    match (ip.source, ip.destination) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            checksum::with_pseudo_header(&source.octets(), &destination.octets(), protocol::ICMPV6, message) == 0
        }
        _ => checksum::of(message) == 0 && checksum::of(&frame.bytes[14..34]) == 0,
    }
}

/// A fragment of a UDP datagram: its first shows the ports, later ones are data.
fn fragment_v4(offset: u16, more: bool, checksum: u16) -> Frame {
    let header = Ipv4Header {
        source: V4[1].octets(),
        destination: V4[0].octets(),
        identification: 0xbeef,
        fragment_offset: IpFragOffset::try_new(offset).expect("13 bits"),
        more_fragments: more,
        dont_fragment: false,
        protocol: etherparse::IpNumber::UDP,
        time_to_live: 60,
        total_len: 20 + 16,
        ..Default::default()
    };
    let mut bytes = vec![2; 12];
    bytes.extend_from_slice(&ether_type::IPV4.to_be_bytes());
    header.write(&mut bytes).expect("a vector takes everything");
    bytes.extend_from_slice(&[0, 53, 0x9c, 0x40, 0x07, 0xd0]);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.extend_from_slice(&[7; 8]);
    Frame::new(bytes)
}

#[test]
fn a_fragment_keeps_its_place_and_its_packets_number_nat_11_nat_19() {
    for (offset, more) in [(0, true), (185, true), (370, false)] {
        let before = fragment_v4(offset, more, 0x1234);
        let mut frame = before.clone();
        translate(&mut frame, turned(v6()), None, 0).expect("it can be said");
        let ip = frame.headers.ip.expect("IPv6");
        assert_eq!((ip.protocol, ip.total_len), (protocol::UDP, 40 + 8 + 16));
        assert_eq!(ip.transport == Transport::Fragment, offset > 0);
        let of = super::super::FragmentOf::of(&frame).expect("a fragment still");
        assert_eq!(of.identification, 0xbeef);
        let place = u16::from_be_bytes([frame.bytes[56], frame.bytes[57]]);
        assert_eq!((place >> 3, place & 1), (offset, u16::from(more)));
        translate(&mut frame, turned(v4()), None, 0).expect("it can be said");
        assert_eq!(frame.bytes, before.bytes);
    }
}

#[test]
fn a_datagram_without_checksum_gets_one_and_a_part_of_one_is_refused_nat_19() {
    let packet = Packet { kind: Kind::Udp, traffic_class: 0, ttl: 9, payload: vec![3; 21] };
    let mut frame = packet.frame(turned(v4()));
    frame.bytes[40..42].copy_from_slice(&[0, 0]);
    translate(&mut frame, turned(v6()), None, 0).expect("it can be said");
    assert_eq!(frame.bytes, packet.frame(turned(v6())).bytes);
    // RFC 7915 §4.5.
    assert_eq!(translate(&mut fragment_v4(0, true, 0), turned(v6()), None, 0), Err(Untranslatable));
    assert_eq!(translate(&mut fragment_v4(8, true, 0), turned(v6()), None, 0), Ok(()), "a later one shows none");
}

#[test]
fn each_error_has_its_counterpart_or_none_nat_19() {
    // RFC 7915 §4.2 and §5.2.
    let quoted = Packet { kind: Kind::Udp, traffic_class: 0, ttl: 9, payload: vec![3; 1000] };
    let said = |from: Ends, to: Ends, about: [Ends; 2], header: [u8; 8]| {
        let about_frame = quoted.frame(about[0]);
        let mut frame = unreachable(&about_frame, MacAddr::local(1), from.source, 0, Vec::new()).expect("an error");
        let at = if from.source.is_ipv4() { 34 } else { 54 };
        frame.bytes[at..at + 8].copy_from_slice(&header);
        let mut frame = Frame::new(frame.bytes);
        translate(&mut frame, to, Some(about[1]), 0).ok().map(|()| {
            assert!(has_right_checksums(&frame));
            let at = usize::from(frame.headers.ip.expect("a packet").transport_offset);
            let [kind, code, _, _, a, b, c, d] = *frame.bytes[at..].first_chunk::<8>().expect("an ICMP header");
            (kind, code, u32::from_be_bytes([a, b, c, d]))
        })
    };
    let router = Ipv4Addr::new(192, 0, 2, 1);
    let to_v6 = |kind, code, pointer: u8, mtu: u16| {
        let from = Ends { source: router.into(), destination: V4[0].into() };
        let to = Ends { source: embed(router).into(), destination: CLIENT.into() };
        let [high, low] = mtu.to_be_bytes();
        said(from, to, [v4(), v6()], [kind, code, 0, 0, pointer, 0, high, low])
    };
    for (kind, code, pointer, mtu, expected) in [
        (3, 0, 0, 0, Some((1, 0, 0))),
        (3, 1, 0, 0, Some((1, 0, 0))),
        (3, 2, 0, 0, Some((4, 1, 6))),
        (3, 3, 0, 0, Some((1, 4, 0))),
        (3, 4, 0, 1500, Some((2, 0, 1520))),
        (3, 4, 0, 576, Some((2, 0, 1280))),
        (3, 4, 0, 0, Some((2, 0, 1280))), // a plateau: 1006 and 20 are less than IPv6 wants
        (3, 10, 0, 0, Some((1, 1, 0))),
        (3, 13, 0, 0, Some((1, 1, 0))),
        (3, 14, 0, 0, None),
        (4, 0, 0, 0, None),
        (5, 0, 0, 0, None),
        (11, 1, 0, 0, Some((3, 1, 0))),
        (12, 0, 8, 0, Some((4, 0, 7))),
        (12, 0, 13, 0, Some((4, 0, 8))),
        (12, 0, 4, 0, None),
        (12, 1, 0, 0, None),
    ] {
        assert_eq!(to_v6(kind, code, pointer, mtu), expected, "ICMP {kind}/{code}");
    }
    let to_v4 = |kind, code, word: u32| {
        let [a, b, c, d] = word.to_be_bytes();
        said(v6(), v4(), [turned(v6()), turned(v4())], [kind, code, 0, 0, a, b, c, d])
    };
    for (kind, code, word, expected) in [
        (1, 0, 0, Some((3, 1, 0))),
        (1, 1, 0, Some((3, 10, 0))),
        (1, 4, 0, Some((3, 3, 0))),
        (1, 5, 0, None),
        (2, 0, 1520, Some((3, 4, 1500))),
        (3, 0, 0, Some((11, 0, 0))),
        (4, 0, 7, Some((12, 0, 8 << 24))),
        (4, 0, 40, None),
        (4, 1, 6, Some((3, 2, 0))),
        (4, 2, 0, None),
    ] {
        assert_eq!(to_v4(kind, code, word), expected, "ICMPv6 {kind}/{code}");
    }
}

#[test]
fn options_and_extension_headers_are_left_behind_but_not_those_that_bind_nat_19() {
    let packet = Packet { kind: Kind::Udp, traffic_class: 0, ttl: 9, payload: vec![3; 21] };
    let with_extension = |header: u8, extension: [u8; 8]| {
        let plain = packet.frame(v6()).bytes;
        let mut bytes = plain[..54].to_vec();
        bytes[18..20].copy_from_slice(&(8 + 29_u16).to_be_bytes());
        bytes[20] = header;
        bytes.extend_from_slice(&extension);
        bytes.extend_from_slice(&plain[54..]);
        Frame::new(bytes)
    };
    let mut frame = with_extension(60, [protocol::UDP, 0, 1, 4, 0, 0, 0, 0]);
    translate(&mut frame, v4(), None, 5).expect("destination options are no matter");
    assert_eq!(frame.bytes, packet.translated_to_v4(5).bytes);
    // A routing header with segments left.
    let mut frame = with_extension(43, [protocol::UDP, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(translate(&mut frame, v4(), None, 5), Err(Untranslatable));
}

#[test]
fn packets_are_translated_in_their_own_buffers_nat_19() {
    // Once a buffer has the size of the longer packet, it keeps it: nothing is allocated for any packet after that.
    for kind in [Kind::Tcp, Kind::Udp, Kind::Echo] {
        let packet = Packet { kind, traffic_class: 0, ttl: 9, payload: vec![3; 1400] };
        let mut frame = packet.frame(v6());
        let mut there_and_back = |times: usize| {
            for _ in 0..times {
                translate(&mut frame, v4(), None, 1).expect("it can be said");
                translate(&mut frame, v6(), None, 1).expect("it can be said");
            }
        };
        there_and_back(1);
        let allocated = allocation_counter::measure(|| there_and_back(100));
        assert_eq!(allocated.count_total, 0, "{kind:?}");
    }
}
