//! What goes to the services at the far end of an interface's own link.

use super::world::{World, check};

/// Groups and tables that let nothing through.
const CLOSED: &str = "
    vpc main 10.0.0.0/16
    subnet net main 10.0.1.0/24
    group nothing main
    eni a net 10.0.1.10 nothing
    eni b net 10.0.1.11 nothing
";

const TIME: &str = "a: udp 10.0.1.10:123 > 169.254.169.123:123";

#[test]
fn they_are_taken_out_behind_the_source_check_and_before_any_rule_addr_16_sg_26_acl_12() {
    check(
        CLOSED,
        &[
            ("a: tcp 10.0.1.10:40000 > 169.254.169.254:80 SYN", "at a | IMDS answers"),
            (TIME, "at a | NTP answers"),
            (
                "a: tcp 10.0.1.11:40000 > 169.254.169.254:80 SYN",
                "at a | ENI_SOURCE_DEST_CHECK_RESTRICTION by a: the source 10.0.1.11 is not one of its addresses, and its source/destination \
                 check is on",
            ),
            (
                "a: tcp 10.0.1.10:40000 > 169.254.169.254:443 SYN",
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 169.254.169.254: it is the metadata service, on tcp/80, and \
                 answers nothing else",
            ),
            (
                "a: udp 10.0.1.10:40000 > 169.254.170.2:80",
                "at a | NO_POSSIBLE_DESTINATION by main: no network interface has 169.254.170.2",
            ),
        ],
    );
}

#[test]
fn an_interface_asks_1024_times_a_second_and_no_more_addr_17() {
    let mut world = World::new(CLOSED);
    world.compile();
    for _ in 0..512 {
        assert_eq!(world.act(TIME), "at a | NTP answers");
        assert_eq!(world.act("a: tcp 10.0.1.10:40000 > 169.254.169.254:80 ACK"), "at a | IMDS answers");
    }
    let refused = world.act(TIME);
    assert!(refused.starts_with("at a | RATE_LIMIT_EXCEEDED by a: "), "{refused}");
    let other = "b: udp 10.0.1.11:123 > 169.254.169.123:123";
    assert_eq!(world.act(other), "at b | NTP answers", "every interface has an allowance of its own");
    world.act("wait 1s");
    assert_eq!(world.act(TIME), "at a | NTP answers");
}
