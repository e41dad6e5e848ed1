//! Egress-only Internet gateways: out and back, never in.

use super::world::{World, build, check};
use crate::net::{Frame, MacAddr, packet_too_big};

const LAB: &str = "
    vpc main 10.0.0.0/16 2001:db8:1::/56
    eigw out main
    subnet priv main 10.0.1.0/24 2001:db8:1:1::/64
    route priv ::/0 out
    eni a priv 10.0.1.10 2001:db8:1:1::10
";

const PING: &str = "a: icmp 2001:db8:1:1::10 > 2001:db8:9::1";
const PONG: &str = "internet: icmp-reply 2001:db8:9::1 > 2001:db8:1:1::10";

#[test]
fn flows_go_out_and_their_answers_come_in_eigw_1_igw_7() {
    check(
        LAB,
        &[
            (
                PING,
                "at a | open-main rule 2 | in main | acl-main rule 101 | ::/0 to out | at out | \
                 internet sees icmpv6 echo 2001:db8:1:1::10 → 2001:db8:9::1",
            ),
            (PONG, "at out | in main | at a | acl-main rule 101 | tracked | delivered"),
            ("wait 350s", ""),
            (
                PONG,
                "at out | EIGW_NO_CONNECTION by out: icmpv6 from 2001:db8:9::1 answers no flow from inside, and none is \
                 taken from outside",
            ),
        ],
    );
}

#[test]
fn nothing_is_opened_from_outside_eigw_1() {
    let refused = "at out | EIGW_NO_CONNECTION by out: tcp/22 from 2001:db8:9::1 answers no flow from inside, and none is \
                   taken from outside";
    let syn = "internet: tcp [2001:db8:9::1]:4000 > [2001:db8:1:1::10]:22 SYN";
    check(LAB, &[(syn, refused)]);
    // An Internet gateway beside it does not open the subnet: its route to the sender decides.
    let both = format!("{LAB}\n igw gw main\n subnet pub main 10.0.2.0/24 2001:db8:1:2::/64\n route pub ::/0 gw");
    let lab = format!("{both}\n eni b pub 10.0.2.10 2001:db8:1:2::10");
    check(
        &lab,
        &[
            (syn, refused),
            (
                "internet: tcp [2001:db8:9::1]:4000 > [2001:db8:1:2::10]:22 SYN",
                "at gw | in main | at b | acl-main rule 101 | open-main rule 2 | delivered",
            ),
        ],
    );
}

#[test]
fn errors_about_a_flow_come_in_and_others_do_not_eigw_1() {
    let mut world = World::new(LAB);
    world.act("a: udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:2");
    let error = |about: &str| {
        let router = "2001:db8:9::ff".parse().expect("an address");
        packet_too_big(&Frame::new(build(about)), MacAddr::local(1), router, 1400, Vec::new()).expect("plain").bytes
    };
    let account = world.send_bytes("internet", error("udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:2"));
    assert!(account.ends_with("tracked | delivered"), "{account}");
    let account = world.send_bytes("internet", error("udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:3"));
    assert!(account.contains("EIGW_NO_CONNECTION by out"), "{account}");
}

#[test]
fn network_acls_apply_and_flows_are_tracked_eigw_2_sg_19() {
    let mut world =
        World::new(&format!("{LAB}\n acl priv egress 100 allow all ::/0\n acl priv ingress 50 deny icmp ::/0"));
    world.act("acl priv ingress 60 deny 58 ::/0");
    world.act(PING);
    assert!(world.act(PONG).contains("SUBNET_ACL_RESTRICTION by acl-priv: inbound rule 60"), "stateless");

    let mut world = World::new(&format!(
        "{LAB}
         igw gw main
         subnet pub main 10.0.2.0/24 2001:db8:1:2::/64
         route pub ::/0 gw
         group wide main
         allow wide egress all ::/0
         allow wide ingress all ::/0
         eni p priv 10.0.1.20 2001:db8:1:1::20 wide
         eni q pub 10.0.2.20 2001:db8:1:2::20 wide"
    ));
    for (sender, own, is_tracked) in [("p", "2001:db8:1:1::20", true), ("q", "2001:db8:1:2::20", false)] {
        let packet = format!("{sender}: udp [{own}]:40000 > [2001:db8:9::1]:53");
        assert!(world.act(&packet).contains("wide rule 1"));
        assert_eq!(world.act(&packet).contains("tracked"), is_tracked, "{sender}");
    }
}

#[test]
fn what_does_not_belong_out_stays_in_igw_16_mtu_2d() {
    let mut world = World::new(&format!("{LAB}\n eni router priv 10.0.1.30 2001:db8:1:1::30 forwards"));
    for (packet, drop) in [
        ("a: udp [2001:db8:1:1::10]:1 > [fd12::1]:2", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS by out"),
        ("router: udp [2001:db8:7::1]:1 > [2001:db8:9::1]:2", "GATEWAY_REJECTS_SPOOFED_TRAFFIC by out"),
        ("a: udp [2001:db8:1:1::10]:1 > [2001:db8:9::1]:2 1453B", "MTU_EXCEEDED by out: 1501 bytes"),
    ] {
        let account = world.act(packet);
        assert!(account.contains(drop), "{account}");
    }
}

#[test]
fn a_deleted_gateway_leaves_a_blackhole_and_nobody_is_reached_rt_15() {
    let mut world = World::new(LAB);
    world.act(PING);
    world.act("drop eigw out");
    let account = world.act(PING);
    assert!(account.contains("BAD_STATE_ROUTE by rtb-priv: its route ::/0 to out is a blackhole"), "{account}");
    let address = "2001:db8:1:1::10".parse().expect("an address");
    assert_eq!(world.tables.internet_gateway_of(address), None, "the Internet knows no way");
}
