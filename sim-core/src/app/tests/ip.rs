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
