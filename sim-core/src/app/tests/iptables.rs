//! Rules typed by hand, and what they do to real packets.

use super::*;

fn lab() -> Lab {
    Lab::new(Wire::Cable, AL2).with_web_server()
}

#[test]
fn rules_are_written_as_iptables_writes_them() {
    let mut lab = lab();
    for line in [
        "sudo iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT",
        "sudo iptables -A INPUT -p tcp --dport 22 ! -s 10.0.0.0/16 -j REJECT",
        "sudo iptables -I INPUT 1 -i lo -j ACCEPT",
        "sudo iptables -N web",
        "sudo iptables -A INPUT -p tcp -m multiport --dports 80,443 -j web",
        "sudo iptables -A web -m conntrack --ctstate NEW -m comment --comment 'new ones' -j RETURN",
        "sudo iptables -P FORWARD DROP",
        "sudo iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 10.0.1.10:80",
        "sudo iptables -t nat -A POSTROUTING -s 10.0.1.0/24 -o eth0 -j SNAT --to-source 10.0.0.10",
    ] {
        let run = lab.typed(1, line);
        assert_eq!((run.exit, run.stderr.as_str(), run.notes), (0, "", Vec::new()), "{line}");
    }
    assert_eq!(
        lab.typed(1, "sudo iptables -S").stdout,
        "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N web\n-A INPUT -i lo -j ACCEPT\n\
         -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n\
         -A INPUT ! -s 10.0.0.0/16 -p tcp -m tcp --dport 22 -j REJECT --reject-with icmp-port-unreachable\n\
         -A INPUT -p tcp -m multiport --dports 80,443 -j web\n\
         -A web -m conntrack --ctstate NEW -m comment --comment \"new ones\" -j RETURN\n"
    );
    assert_eq!(
        lab.typed(1, "sudo iptables -t nat -nL PREROUTING").stdout,
        "Chain PREROUTING (policy ACCEPT)\n\
         target     prot opt source               destination         \n\
         DNAT       tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:8080 to:10.0.1.10:80\n"
    );
    let saved = lab.typed(
        1,
        "sudo iptables-save > /tmp/rules; sudo iptables -F; sudo iptables -t nat -F; \
                             sudo iptables-restore < /tmp/rules; sudo iptables -t nat -S POSTROUTING",
    );
    assert_eq!(
        saved.stdout,
        "-P POSTROUTING ACCEPT\n-A POSTROUTING -s 10.0.1.0/24 -o eth0 -j SNAT --to-source 10.0.0.10\n"
    );
}

#[test]
fn what_is_wrong_is_refused_and_what_is_not_simulated_says_so() {
    let mut lab = lab();
    for (line, exit, stderr) in [
        ("iptables -A NOWHERE -j ACCEPT", 1, "iptables: No chain/target/match by that name.\n"),
        ("iptables -A INPUT -j nowhere", 1, "iptables: No chain/target/match by that name.\n"),
        ("iptables -D INPUT 1", 1, "iptables: Index of deletion too big.\n"),
        ("iptables -D INPUT -j DROP", 1, "iptables: Bad rule (does a matching rule exist in that chain?).\n"),
        ("iptables -N INPUT", 1, "iptables: Chain already exists.\n"),
    ] {
        let run = lab.typed(1, line);
        assert_eq!((run.exit, run.stderr.as_str()), (exit, stderr), "{line}");
    }
    let run = lab.typed(1, "iptables -t mangle -A FORWARD -j ACCEPT");
    assert_eq!((run.exit, run.notes.len()), (2, 1));
    assert_eq!(lab.typed(1, "nft list ruleset").notes.len(), 1);
}

#[test]
fn the_filter_drops_rejects_and_knows_answers() {
    let mut lab = lab();
    lab.typed(1, "iptables -A INPUT -p tcp --dport 80 -j DROP");
    let run = lab.typed(0, "curl -s --connect-timeout 2 http://10.0.1.101/");
    assert_eq!(run.exit, 28, "a drop is silence");
    lab.typed(1, "iptables -R INPUT 1 -p tcp --dport 80 -j REJECT --reject-with tcp-reset");
    assert_eq!(lab.typed(0, "curl -s http://10.0.1.101/").exit, 7, "a reset is a refusal");
    lab.typed(1, "iptables -F; iptables -P INPUT DROP; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT");
    assert_eq!(lab.typed(0, "ping -c 1 -W 1 10.0.1.101").exit, 1, "nobody may begin");
    assert_eq!(lab.typed(1, "ping -c 1 -W 1 10.0.1.100").exit, 0, "answers may come");
}

#[test]
fn a_port_is_redirected_and_the_answer_comes_from_the_port_that_was_asked() {
    let mut lab = lab();
    assert_eq!(lab.typed(0, "curl -s http://10.0.1.101:8080/").exit, 7);
    lab.typed(1, "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80");
    assert_eq!(lab.typed(0, "curl -s http://10.0.1.101:8080/").stdout, "<h1>hello</h1>\n");
}

#[test]
fn parameters_of_the_kernel_are_read_and_written_in_every_way() {
    let mut lab = lab();
    assert_eq!(lab.typed(1, "sysctl net.ipv4.ip_forward").stdout, "net.ipv4.ip_forward = 0\n");
    assert_eq!(lab.typed(1, "sysctl -w net.ipv4.ip_forward=1").stdout, "net.ipv4.ip_forward = 1\n");
    assert_eq!(lab.typed(1, "cat /proc/sys/net/ipv4/ip_forward").stdout, "1\n");
    lab.typed(1, "echo 0 > /proc/sys/net/ipv4/ip_forward");
    assert_eq!(lab.typed(1, "sysctl -n net.ipv4.ip_forward").stdout, "0\n");
    lab.typed(1, "echo 'net.ipv4.ip_forward = 1' >> /etc/sysctl.conf");
    assert_eq!(lab.typed(1, "sysctl -p").stdout, "net.ipv4.ip_forward = 1\n");
    assert_eq!(lab.typed(1, "sysctl -w net.ipv4.conf.all.send_redirects=0").notes.len(), 1);
}
