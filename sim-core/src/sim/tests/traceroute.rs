//! Paths as `traceroute` shows them: who lowers a TTL, and who says so.

use serde_json::json;

use super::Lab;

/// The hops of a trace, one a line, without their times; what is behind the last answer is left out.
fn hops(text: &str) -> Vec<String> {
    let hop = |line: &str| line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    text.lines().skip(1).map(hop).collect()
}

/// The Internet's routers from AWS's edge on.
fn routers() -> Vec<String> {
    (1..=7).map(|number| format!("240.0.0.{number}")).collect()
}

#[test]
fn the_internets_routers_tell_of_a_ttl_that_runs_out_and_an_internet_gateway_is_no_hop_l2_16_igw_13() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let closed = lab.group(&site.vpc, "closed");
    // What comes back is about a tracked flow, which no rule has to allow.
    let a = lab.instance(&site.subnet, &closed, json!({}));
    lab.boot();
    let there: Vec<String> = routers().into_iter().chain(["198.51.100.9".to_owned()]).collect();
    for options in ["-I", "-T -p 80", "-T -p 81", "-U", ""] {
        let (text, exit) = lab.run(&a, &format!("traceroute -n {options} 198.51.100.9"));
        assert_eq!((hops(&text), exit), (there.clone(), 0), "{options}\n{text}");
    }
    let (text, _) = lab.run(&a, "traceroute -q 1 -m 1 198.51.100.9");
    assert!(text.contains("\n 1  240.0.0.1 (240.0.0.1)  "), "a router without a name: {text}");
    let (text, _) = lab.run(&a, "ping -c 1 -t 3 198.51.100.9");
    assert!(text.contains("From 240.0.0.3 icmp_seq=1 Time to live exceeded"), "{text}");
}

#[test]
fn the_way_into_a_vpc_is_the_same_from_its_other_end() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let public = lab.public(&a);
    let back: Vec<String> = routers().into_iter().rev().chain([public.clone()]).collect();
    let (text, _) = lab.outside(&format!("traceroute -n -I {public}"));
    assert_eq!(hops(&text), back, "{text}");
    let (text, _) = lab.outside(&format!("traceroute -n -m 9 {public}"));
    assert_eq!(hops(&text), back, "{text}");
    let (text, _) = lab.outside("traceroute -n -q 1 -m 9 203.0.113.99");
    assert_eq!(hops(&text).last().map(String::as_str), Some("*"), "nobody is there: {text}");
}

#[test]
fn a_network_acl_without_time_exceeded_makes_stars_of_hops_mtu_10() {
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let acls = json!({"Filters": [{"Name": "association.subnet-id", "Values": [site.subnet]}]});
    let acl = lab.get("DescribeNetworkAcls", acls, "/NetworkAcls/0/NetworkAclId");
    let deny = json!({
        "NetworkAclId": acl, "RuleNumber": 50, "Protocol": "1", "RuleAction": "deny", "Egress": false,
        "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 11, "Code": 0},
    });
    lab.ok("CreateNetworkAclEntry", deny);
    let (text, _) = lab.run(&a, "traceroute -n -q 1 -I 198.51.100.9");
    let stars = vec!["*".to_owned(); 7].into_iter().chain(["198.51.100.9".to_owned()]);
    assert_eq!(hops(&text), stars.collect::<Vec<_>>(), "{text}");
}

#[test]
fn routers_and_peering_connections_are_no_hops_and_names_are_real_l2_18() {
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let peering = lab.peer(&one, &two);
    lab.route(&one.routes, "10.2.0.0/16", "VpcPeeringConnectionId", &peering);
    lab.route(&two.routes, "10.1.0.0/16", "VpcPeeringConnectionId", &peering);
    lab.ok("ModifyVpcAttribute", json!({"VpcId": one.vpc, "EnableDnsHostnames": {"Value": true}}));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let beside = lab.instance(&one.subnet, &one.group, json!({}));
    let far = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    let (name, address, far) = (lab.of(&beside, "/PrivateDnsName"), lab.private(&beside), lab.private(&far));
    let (text, _) = lab.run(&a, &format!("traceroute {name}"));
    assert!(text.starts_with(&format!("traceroute to {name} ({address}), 30 hops max, 60 byte packets\n")), "{text}");
    assert!(text.contains(&format!("\n 1  {name} ({address})  ")) && text.lines().count() == 2, "{text}");
    let (text, _) = lab.run(&a, &format!("tracepath {far}"));
    assert!(text.ends_with("reached\n     Resume: pmtu 9001 hops 1 back 1 \n"), "{text}");
}

#[test]
fn ipv6_routers_of_the_internet_tell_too() {
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let b = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    lab.route(&one.routes, "::/0", "GatewayId", &one.gateway);
    lab.route(&two.routes, "::/0", "GatewayId", &two.gateway);
    let address = lab.ipv6(&b);
    let (text, _) = lab.run(&a, &format!("traceroute -6 -n -q 1 {address}"));
    let way: Vec<String> = (1..=7).map(|number| format!("2001:db8:ffff::{number}")).chain([address]).collect();
    assert_eq!(hops(&text), way, "{text}");
}
