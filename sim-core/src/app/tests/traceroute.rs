//! `traceroute` and `tracepath`.

use super::*;

#[test]
fn a_hop_that_lowers_the_ttl_is_seen_by_every_method_l2_15() {
    let expected = "traceroute to 10.0.2.101 (10.0.2.101), 30 hops max, 60 byte packets\n \
                    1  10.0.9.2 (10.0.9.2)  0.100 ms  0.100 ms  0.100 ms\n \
                    2  10.0.2.101 (10.0.2.101)  0.200 ms  0.200 ms  0.200 ms\n";
    for options in ["", "-I ", "-T -p 22 ", "-T -p 81 "] {
        let mut lab = Lab::new(Wire::Hop, AL2);
        lab.typed(0, "sleep 1");
        let run = lab.typed(0, &format!("traceroute {options}10.0.2.101"));
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, expected, ""), "{options}");
        // A port that is open was not left half open.
        assert!(!lab.typed(1, "sleep 1; ss -tn").stdout.contains("SYN-RECV"), "{options}");
        assert!(lab.typed(1, "ss -Htln").stdout.starts_with("LISTEN 0 "), "{options}");
    }
}

#[test]
fn a_trace_to_one_udp_port_stays_at_it() {
    let mut lab = Lab::new(Wire::Hop, AL2);
    lab.typed(0, "sleep 1");
    let run =
        lab.typed(0, "sudo tcpdump -nc 9 udp > /tmp/f 2>/dev/null & traceroute -n -U 10.0.2.101; wait; cat /tmp/f");
    assert!(run.stdout.contains("\n 2  10.0.2.101  "), "{run:?}");
    let (to_53, to_54) = ("> 10.0.2.101.53: ", "> 10.0.2.101.54: ");
    assert!(run.stdout.contains(to_53) && !run.stdout.contains(to_54), "{run:?}");
    let run = lab.typed(0, "sudo tcpdump -nc 2 udp > /tmp/f 2>/dev/null & traceroute -n 10.0.2.101; wait; cat /tmp/f");
    assert!(run.stdout.contains("101.33434: UDP") && run.stdout.contains("101.33435: UDP"), "{run:?}");
}

#[test]
fn a_vpc_router_is_no_hop_l2_18() {
    let mut lab = Lab::new(Wire::Router, AL2);
    lab.typed(0, "sleep 1");
    let run = lab.typed(0, "traceroute -n -q 1 -m 5 10.0.2.101 100");
    assert_eq!(
        run.stdout,
        "traceroute to 10.0.2.101 (10.0.2.101), 5 hops max, 100 byte packets\n 1  10.0.2.101  0.200 ms\n"
    );
}

#[test]
fn silence_is_stars_and_exit_0_l2_21() {
    let mut lab = Lab::new(Wire::BlackHole, AL2);
    let run = lab.typed(0, "traceroute -n -m 3 10.0.2.101");
    assert!(run.stdout.ends_with(" 1  * * *\n 2  * * *\n 3  * * *\n"), "{}", run.stdout);
    assert_eq!((run.exit, run.took.as_secs()), (0, 5));
    let run = lab.typed(0, "traceroute -w 1 -q 2 -m 20 10.0.2.101");
    assert_eq!((run.exit, run.took.as_secs(), run.stdout.lines().count()), (0, 3, 21));
    let run = lab.typed(0, "tracepath -n -m 2 10.0.2.101");
    assert_eq!(
        run.stdout,
        " 1?: [LOCALHOST]                      pmtu 9001\n 1:  no reply\n 2:  no reply\n     Too many hops: pmtu 9001\n     Resume: pmtu 9001 \n"
    );
}

#[test]
fn traceroute_says_what_is_wrong() {
    for (line, exit, text) in [
        (
            "traceroute nosuch.invalid",
            2,
            "nosuch.invalid: Temporary failure in name resolution\nCannot handle \"host\" cmdline arg `nosuch.invalid' on position 1 (argc 1)\n",
        ),
        ("traceroute 192.0.2.1", 1, "\nconnect: Network is unreachable\n"),
        ("traceroute -A 10.0.1.101", 2, "vpcsim: traceroute: option '-A' is not simulated\n"),
        ("tracepath nosuch.invalid", 1, "tracepath: nosuch.invalid: Temporary failure in name resolution\n"),
    ] {
        let run = Lab::new(Wire::Cable, AL2).typed(0, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, text), "{line}");
    }
    let mut lab = Lab::new(Wire::Cable, AL2);
    let run = lab.typed(0, "traceroute -n -m 1 10.0.1.77");
    assert!(run.stdout.ends_with(" 1  10.0.1.100  3000.000 ms !H  3000.000 ms !H  3000.000 ms !H\n"), "{}", run.stdout);
    assert_eq!(lab.typed(0, "tracepath 192.0.2.1").stdout, " 1:  send failed\n     Resume: pmtu 65535 \n");
}

#[test]
fn tracepath_finds_the_mtu_of_the_path() {
    let mut lab = Lab::new(Wire::Hop, AL2);
    lab.typed(0, "sleep 1");
    let run = lab.typed(0, "tracepath -n 10.0.2.101");
    assert_eq!(
        run.stdout,
        " 1?: [LOCALHOST]                      pmtu 9001\n \
         1:  10.0.9.2                                              0.100ms \n \
         2:  10.0.9.2                                              0.100ms pmtu 1500\n \
         2:  10.0.2.101                                            0.200ms reached\n     \
         Resume: pmtu 1500 hops 2 back 2 \n"
    );
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
}
