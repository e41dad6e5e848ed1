//! `ss`, `netstat`, `arp`, and what `ip` shows of the path.

use super::*;

#[test]
fn sockets_are_listed_with_their_states() {
    let mut lab = Lab::new(Wire::Router, AL2).with_web_server();
    assert_eq!(
        lab.typed(1, "ss -tln").stdout,
        "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n\
         LISTEN 0      128          0.0.0.0:22        0.0.0.0:*   \n\
         LISTEN 0      128          0.0.0.0:80        0.0.0.0:*   \n"
    );
    assert_eq!(
        lab.typed(1, "netstat -tln").stdout,
        "Active Internet connections (only servers)\n\
         Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n\
         tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN     \n\
         tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN     \n"
    );
    lab.typed(0, "sleep 30 | nc 10.0.2.101 22 & nc -lu 514 & sleep 1");
    lab.typed(0, "timeout 3 nc -k -l 6000 & sleep 1");
    let listed = lab.typed(0, "ss -n").stdout;
    assert!(listed.starts_with("Netid State"), "{listed}");
    assert!(lab.typed(0, "ss -uln").stdout.contains("UNCONN 0      0            0.0.0.0:514"), "{listed}");
    assert!(lab.typed(0, "ss -tl").stdout.contains(":ssh"));
    let run = lab.typed(0, "ss -s");
    assert_eq!((run.exit, run.notes.len()), (2, 1));
}

#[test]
fn an_established_connection_is_shown_on_both_sides() {
    let mut lab = Lab::new(Wire::Router, Profile::Ubuntu);
    lab.typed(1, "nc -lk 5000 &");
    lab.typed(0, "echo hi | nc 10.0.2.101 5000 & sleep 1");
    let own = lab.typed(0, "ss -tn").stdout;
    assert!(own.contains("ESTAB 0      0         10.0.1.100:"), "{own}");
    assert!(own.contains(" 10.0.2.101:5000"), "{own}");
    let other = lab.typed(1, "netstat -tn").stdout;
    assert!(other.contains("tcp        0      0 10.0.2.101:5000         10.0.1.100:"), "{other}");
    assert!(other.contains(" ESTABLISHED\n"), "{other}");
}

#[test]
fn neighbours_are_shown_by_arp() {
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(0, "sleep 1");
    assert_eq!(
        lab.typed(0, "arp -n").stdout,
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n\
         10.0.1.1                 ether   02:00:00:00:00:ff   C                     eth0\n"
    );
    assert_eq!(lab.typed(0, "arp -a").stdout, "? (10.0.1.1) at 02:00:00:00:00:ff [ether] on eth0\n");
    assert_eq!(lab.typed(0, "arp -n 10.0.1.9").stdout, "10.0.1.9 (10.0.1.9) -- no entry\n");
    let mut lab = Lab::new(Wire::Cable, AL2);
    lab.typed(0, "ping -c 1 10.0.1.77");
    assert!(
        lab.typed(0, "arp -n")
            .stdout
            .ends_with("10.0.1.77                        (incomplete)                              eth0\n")
    );
}

#[test]
fn a_route_tells_what_mtu_was_learnt() {
    let mut lab = Lab::new(Wire::Hop, AL2);
    let run = lab.typed(0, "ping -c 2 -s 4000 -M do 10.0.2.101");
    assert!(run.stdout.contains("From 10.0.9.2 icmp_seq=1 Frag needed and DF set (mtu = 1500)"), "{run:?}");
    let shown = lab.typed(0, "ip route get 10.0.2.101").stdout;
    assert!(shown.contains("uid 1000 \n    cache expires 59") && shown.ends_with("sec mtu 1500 \n"), "{shown}");
}
