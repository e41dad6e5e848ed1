//! `ip`, `hostname` and their like.

use super::*;

#[test]
fn the_network_tools_show_what_the_guest_has() {
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(0, "sleep 1");
    for (line, expected) in [
        ("ip route", "default via 10.0.1.1 dev eth0 \n10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.100 \n"),
        (
            "ip -br addr",
            "lo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0             UP             10.0.1.100/24 \n",
        ),
        ("ip route get 10.0.2.101", "10.0.2.101 via 10.0.1.1 dev eth0 src 10.0.1.100 uid 1000 \n    cache \n"),
        ("ip route get 10.0.1.9", "10.0.1.9 dev eth0 src 10.0.1.100 uid 1000 \n    cache \n"),
        ("hostname -I", "10.0.1.100 \n"),
        ("hostname", "ip-10-0-1-100\n"),
        ("ip neigh", "10.0.1.1 dev eth0 lladdr 02:00:00:00:00:ff REACHABLE \n"),
        ("date", "Mon Jan  1 00:00:01 UTC 2024\n"),
    ] {
        assert_eq!(lab.typed(0, line).stdout, expected, "{line}");
    }
    let run = lab.typed(0, "ip link show nope0");
    assert_eq!((run.exit, run.stderr.as_str()), (1, "Device \"nope0\" does not exist.\n"));
}

#[test]
fn a_guest_chooses_the_mtu_of_its_interface_mtu_1() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    for (command, exit, output) in [
        ("ip link set dev eth0 mtu 1500", 0, ""),
        ("ping -q -M do -c 1 -s 1473 10.0.1.101", 1, "ping: local error: Message too long, mtu=1500\n"),
        ("ip link set eth0 mtu 9001", 0, ""),
        ("ip link set eth0 mtu 9002", 2, "Error: mtu greater than device maximum.\n"),
        ("ip link set eth0 mtu 67", 2, "Error: mtu less than device minimum.\n"),
        ("ip link set eth7 mtu 1500", 1, "Cannot find device \"eth7\"\n"),
    ] {
        let run = lab.typed(0, command);
        assert_eq!((run.exit, run.stderr), (exit, output.to_owned()), "{command}");
    }
    assert!(lab.typed(0, "ip link show eth0").stdout.contains(" mtu 9001 "));
}

#[test]
fn ip_says_it_on_one_line_or_as_json_and_net_tools_show_the_same_routes() {
    let mut lab = Lab::new(Wire::Router, AL2);
    for (line, expected) in [
        (
            "ip -o -4 addr show",
            "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n\
             2: eth0    inet 10.0.1.100/24 brd 10.0.1.255 scope global dynamic eth0\\       valid_lft 3600sec preferred_lft 3600sec\n",
        ),
        ("ip -o route get 10.0.2.101", "10.0.2.101 via 10.0.1.1 dev eth0 src 10.0.1.100 uid 1000 \\    cache \n"),
        ("ip -o -4 route show to default", "default via 10.0.1.1 dev eth0 \n"),
        (
            "ip -j route",
            "[{\"dst\":\"default\",\"gateway\":\"10.0.1.1\",\"dev\":\"eth0\",\"flags\":[]},{\"dst\":\"10.0.1.0/24\",\"dev\":\"eth0\",\
             \"protocol\":\"kernel\",\"scope\":\"link\",\"prefsrc\":\"10.0.1.100\",\"flags\":[]}]\n",
        ),
        (
            "route -n",
            "Kernel IP routing table\n\
             Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n\
             0.0.0.0         10.0.1.1        0.0.0.0         UG    0      0        0 eth0\n\
             10.0.1.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0\n",
        ),
        (
            "netstat -rn",
            "Kernel IP routing table\n\
             Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n\
             0.0.0.0         10.0.1.1        0.0.0.0         UG      0 0          0 eth0\n\
             10.0.1.0        0.0.0.0         255.255.255.0   U       0 0          0 eth0\n",
        ),
        ("hostname -f; echo $HOSTNAME $EUID", "ip-10-0-1-100\nip-10-0-1-100 1000\n"),
    ] {
        assert_eq!(lab.typed(0, line).stdout, expected, "{line}");
    }
    let json = lab.typed(0, "ip -j -4 addr show dev eth0").stdout;
    let parsed: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(parsed[0]["addr_info"][0]["broadcast"], "10.0.1.255");
    assert_eq!(lab.typed(0, "ip -j link").exit, 2);
}

#[test]
fn routes_and_addresses_that_a_guest_sets_itself_count_for_its_packets() {
    let mut lab = Lab::new(Wire::Cable, AL2);
    let unreachable = (2, "connect: Network is unreachable\n");
    let run = lab.typed(0, "ping -c 1 10.9.0.1");
    assert_eq!((run.exit, run.stderr.as_str()), unreachable);
    // The neighbour takes the packet, and answers for an address of its own on the other network.
    for (host, line) in [(0, "ip route add 10.9.0.0/16 via 10.0.1.101"), (1, "ip addr add 10.9.0.1/16 dev eth0")] {
        assert_eq!(lab.typed(host, line).exit, 0, "{line}");
    }
    assert_eq!(
        lab.typed(0, "ip route get 10.9.0.1").stdout,
        "10.9.0.1 via 10.0.1.101 dev eth0 src 10.0.1.100 uid 1000 \n    cache \n"
    );
    assert!(lab.typed(0, "ping -c 1 10.9.0.1").stdout.contains("1 received"));
    assert!(lab.typed(0, "ip route").stdout.ends_with("10.9.0.0/16 via 10.0.1.101 dev eth0 \n"));
    for (line, exit, stderr) in [
        ("ip route add 10.9.0.0/16 via 10.0.1.101", 2, "RTNETLINK answers: File exists\n"),
        ("ip route replace 10.9.0.0/16 via 10.0.1.99", 0, ""),
        ("ip route del 10.9.0.0/16", 0, ""),
        ("ip route del 10.9.0.0/16", 2, "RTNETLINK answers: No such process\n"),
        ("ip route add 10.9.0.0/16 via 192.0.2.1", 2, "Error: Nexthop has invalid gateway.\n"),
        ("ip route add 10.9.0.0/16 via 10.0.1.101 dev eth9", 1, "Cannot find device \"eth9\"\n"),
        ("ip route add default via 10.0.1.101", 0, ""),
        ("ip route add default via 10.0.1.101", 2, "RTNETLINK answers: File exists\n"),
        ("ip route del default", 0, ""),
        ("ip addr add 10.0.1.100/24 dev eth0", 2, "RTNETLINK answers: File exists\n"),
        ("ip addr del 10.0.1.7/24 dev eth0", 2, "RTNETLINK answers: Cannot assign requested address\n"),
    ] {
        let run = lab.typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, stderr), "{line}");
    }
    let run = lab.typed(0, "ping -c 1 10.9.0.1");
    assert_eq!((run.exit, run.stderr.as_str()), unreachable);
}
