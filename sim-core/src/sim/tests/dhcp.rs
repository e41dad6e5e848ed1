//! What instances are told when they boot, as `/etc/resolv.conf` shows it.

use super::*;

#[test]
fn a_booting_instance_is_told_of_its_vpcs_options_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let told = |lab: &mut Lab| lab.run(&a, "cat /etc/resolv.conf").0;
    assert_eq!(told(&mut lab), "nameserver 10.0.0.2\nsearch ap-northeast-2.compute.internal\n");
    let configurations = json!([
        {"Key": "domain-name", "Values": ["example.com"]}, {"Key": "domain-name-servers", "Values": ["10.0.9.9", "AmazonProvidedDNS"]},
    ]);
    let request = json!({"DhcpConfigurations": configurations});
    let options = lab.get("CreateDhcpOptions", request, "/DhcpOptions/DhcpOptionsId");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": options, "VpcId": site.vpc}));
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(told(&mut lab), "nameserver 10.0.9.9\nnameserver 10.0.0.2\nsearch example.com\n");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": site.vpc}));
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(told(&mut lab), "");
}

#[test]
fn a_client_that_asks_again_is_told_of_new_options_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    // No rule judges DHCP (SG-26).
    let closed = lab.group(&site.vpc, "closed");
    let everything =
        json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]);
    lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": closed, "IpPermissions": everything}));
    let a = lab.instance(&site.subnet, &closed, json!({}));
    lab.boot();
    let address = lab.private(&a);
    let configurations = json!([
        {"Key": "domain-name", "Values": ["example.com"]}, {"Key": "domain-name-servers", "Values": ["10.0.9.9", "AmazonProvidedDNS"]},
    ]);
    let request = json!({"DhcpConfigurations": configurations});
    let options = lab.get("CreateDhcpOptions", request, "/DhcpOptions/DhcpOptionsId");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": options, "VpcId": site.vpc}));
    assert!(lab.run(&a, "cat /etc/resolv.conf").0.contains("10.0.0.2\n"), "nobody has asked yet");
    let (said, exit) = lab.run(&a, "sudo dhclient -v 2>&1");
    assert_eq!(exit, 0, "{said}");
    let lines: Vec<&str> = said.lines().map(|line| line.split(" (xid").next().unwrap_or(line)).collect();
    assert_eq!(
        lines[lines.len() - 5..],
        [
            "DHCPDISCOVER on ens5 to 255.255.255.255 port 67 interval 3",
            &format!("DHCPOFFER of {address} from 10.0.1.1"),
            &format!("DHCPREQUEST for {address} on ens5 to 255.255.255.255 port 67"),
            &format!("DHCPACK of {address} from 10.0.1.1"),
            &format!("bound to {address} -- renewal in 1800 seconds."),
        ],
        "{said}"
    );
    assert_eq!(lab.run(&a, "cat /etc/resolv.conf").0, "nameserver 10.0.9.9\nnameserver 10.0.0.2\nsearch example.com\n");
    assert_eq!(lab.drops, [""; 0]);
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": site.vpc}));
    assert_eq!(lab.run(&a, "sudo networkctl renew ens5").1, 0);
    assert_eq!(lab.run(&a, "cat /etc/resolv.conf").0, "");
    assert_eq!(lab.run(&a, "sudo dhclient -r ens5").1, 0);
    assert_eq!(lab.run(&a, "sudo dhclient eth7").1, 1);
}

#[test]
fn what_is_said_to_the_server_is_seen_on_the_link_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let (seen, _) = lab.run(&a, "sudo timeout 2 tcpdump -nvi any udp port 67 & sudo dhclient; wait");
    assert!(seen.contains("0.0.0.0.68 > 255.255.255.255.67") && seen.contains("10.0.1.1.67 >"), "{seen}");
}

/// Gives a VPC another domain.
fn change_options(lab: &mut Lab, site: &Site, domain: &str) {
    let request = json!({"DhcpConfigurations": [{"Key": "domain-name", "Values": [domain]}]});
    let options = lab.get("CreateDhcpOptions", request, "/DhcpOptions/DhcpOptionsId");
    lab.ok("AssociateDhcpOptions", json!({"DhcpOptionsId": options, "VpcId": site.vpc}));
}

#[test]
fn a_running_instance_hears_of_new_options_when_it_renews_its_lease_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let [awake, woken, asleep] = [(); 3].map(|()| lab.instance(&site.subnet, &site.group, json!({})));
    lab.boot();
    let told = |lab: &mut Lab, instance: &str| lab.run(instance, "cat /etc/resolv.conf").0;
    let before = told(&mut lab, &awake);
    lab.run(&awake, "sudo tcpdump -nv -c 2 udp port 67 > /tmp/seen &");
    lab.pass(SimDuration::from_secs(600));
    change_options(&mut lab, &site, "first.example");
    lab.pass(SimDuration::from_secs(600));
    change_options(&mut lab, &site, "second.example");
    // Whether it slept makes no difference: nobody has renewed anything yet.
    assert_eq!([told(&mut lab, &awake), told(&mut lab, &woken)], [before.clone(), before]);
    lab.pass(SimDuration::from_secs(601));
    for instance in [&awake, &woken, &asleep] {
        assert_eq!(told(&mut lab, instance), "search second.example\n");
    }
    let (seen, _) = lab.run(&awake, "cat /tmp/seen");
    assert!(seen.contains(".68 > 10.0.1.1.67") && seen.contains("10.0.1.1.67 >"), "of its server alone: {seen}");
    assert_eq!(lab.drops, [""; 0]);
    // Renewals that are told nothing new are not sent.
    lab.pass(SimDuration::from_secs(60));
    let hops = lab.world.packet_hops();
    lab.pass(SimDuration::from_secs(7 * 86_400));
    assert_eq!(lab.world.packet_hops(), hops);
    change_options(&mut lab, &site, "third.example");
    lab.pass(SimDuration::from_secs(1_801));
    assert_eq!(told(&mut lab, &awake), "search third.example\n");
}

#[test]
fn who_asks_by_hand_has_a_new_lease_addr_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    change_options(&mut lab, &site, "first.example");
    lab.pass(SimDuration::from_secs(900));
    assert_eq!(lab.run(&a, "sudo dhclient").1, 0);
    change_options(&mut lab, &site, "second.example");
    // Half of the first lease is over, of the second it is not.
    lab.pass(SimDuration::from_secs(1_000));
    assert_eq!(lab.run(&a, "cat /etc/resolv.conf").0, "search first.example\n");
    lab.pass(SimDuration::from_secs(900));
    assert_eq!(lab.run(&a, "cat /etc/resolv.conf").0, "search second.example\n");
}
