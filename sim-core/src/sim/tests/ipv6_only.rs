//! Instances without an IPv4 address, in IPv6-only subnets (ADDR-10), and how they reach IPv4 all the same (NAT-19).

use super::*;

/// An instance of an IPv6-only subnet, beside a site.
fn beside(lab: &mut Lab, site: &Site) -> (String, String) {
    let pointer = "/Vpcs/0/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock";
    let block = lab.get("DescribeVpcs", json!({"VpcIds": [site.vpc]}), pointer);
    let own = block.replace("00::/56", "77::/64");
    let request = json!({
        "VpcId": site.vpc, "Ipv6CidrBlock": own, "Ipv6Native": true, "AvailabilityZone": "ap-northeast-2a",
    });
    let subnet = lab.get("CreateSubnet", request, "/Subnet/SubnetId");
    let request = json!({
        "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet, "SecurityGroupIds": [site.group],
        "MetadataOptions": {"HttpProtocolIpv6": "enabled", "HttpTokens": "optional"},
    });
    (subnet, lab.get("RunInstances", request, "/Instances/0/InstanceId"))
}

#[test]
fn an_instance_knows_itself_by_ipv6_alone_addr_10_imds_7() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.0.0/24");
    let (_, instance) = beside(&mut lab, &site);
    lab.boot();
    let own = lab.ipv6(&instance);
    let (text, _) = lab.run(&instance, "ip -4 addr");
    assert_eq!(text.matches("inet ").count(), 1, "that of the loopback: {text}");
    let (text, _) = lab.run(&instance, "ip -6 addr");
    assert!(text.contains(&own), "{text}");
    assert_eq!(lab.run(&instance, "hostname").0, format!("{instance}\n"));
    let (text, _) = lab.run(&instance, "cat /etc/resolv.conf");
    assert!(text.contains("nameserver fd00:ec2::253\n"), "{text}");
    let ask =
        |path: &str| format!("curl -s -o /dev/null -w '%{{http_code}}' http://[fd00:ec2::254]/latest/meta-data/{path}");
    assert_eq!(lab.run(&instance, "curl -s http://[fd00:ec2::254]/latest/meta-data/ipv6").0, own);
    assert_eq!(lab.run(&instance, &ask("local-ipv4")).0, "404");
    assert_eq!(lab.run(&instance, &ask("public-ipv4")).0, "404");
    assert_eq!(lab.run(&instance, "curl -s http://198.51.100.9/").1, 7, "nothing of IPv4 is within reach");
    lab.stop(&instance);
    lab.start(&instance);
    assert_eq!(lab.ipv6(&instance), own);
    assert_eq!(lab.run(&instance, "ping -c1 -W1 fd00:ec2::253").1, 1, "the Resolver answers no ping");
    assert_eq!(lab.run(&instance, "dig +short A www.office.example").0, "198.51.100.9\n");
}

#[test]
fn programs_reach_ipv4_by_name_through_nat64_nat_19() {
    let mut lab = Lab::new();
    let site = lab.site("10.0.0.0/16", "10.0.0.0/24");
    let gateway = lab.nat_gateway(&site, "10.0.9.0/24");
    let (subnet, instance) = beside(&mut lab, &site);
    lab.route(&site.routes, "64:ff9b::/96", "NatGatewayId", &gateway);
    lab.boot();
    let page = "curl -s http://www.office.example/";
    assert_ne!(lab.run(&instance, page).1, 0, "without DNS64 the name leads nowhere");
    lab.ok("ModifySubnetAttribute", json!({"SubnetId": subnet, "EnableDns64": {"Value": true}}));
    assert_eq!(lab.run(&instance, page), ("<h1>outside</h1>\n".to_owned(), 0));
    assert_eq!(lab.run(&instance, "curl -6 -s http://www.office.example/").1, 0);
    let (text, exit) = lab.run(&instance, "ping -c 2 www.office.example");
    assert!(exit == 0 && text.contains("64:ff9b::c633:6409") && text.contains("2 received"), "{text}");
    let (text, exit) = lab.run(&instance, "traceroute -6 -n -q 1 www.office.example");
    assert!(exit == 0 && text.contains(" 1  64:ff9b::a00:9"), "the gateway is a hop of its own: {text}");
    assert!(text.trim_end().lines().last().is_some_and(|line| line.contains("64:ff9b::c633:6409")), "{text}");
    lab.drops.clear();
    let (text, _) = lab.run(&instance, "nc -z -v -w 2 www.office.example 81");
    assert!(text.contains("refused"), "a reset comes back: {text}");
    assert_eq!(lab.drops, [] as [&str; 0]);
}

#[test]
fn an_ipv6_host_cuts_what_is_too_large_for_the_path_itself_mtu_4() {
    let mut lab = Lab::with(|config| {
        let news = config.internet[0].clone();
        let address = "2001:db8:80::80".parse().expect("an address");
        config.internet.push(InternetHostConfig { name: "news".to_owned(), address, names: Vec::new(), ..news });
    });
    let site = lab.site("10.0.0.0/16", "10.0.0.0/24");
    lab.route(&site.routes, "::/0", "GatewayId", &site.gateway);
    let (_, instance) = beside(&mut lab, &site);
    lab.boot();
    let (text, exit) = lab.run(&instance, "ping -c 3 -s 4000 2001:db8:80::80");
    // The first is lost and tells the size; those after it go and come in pieces.
    assert!(exit == 0 && text.contains("Packet too big: mtu=1500") && text.contains("2 received"), "{text}");
    assert_eq!(lab.drops, ["MTU_EXCEEDED"]);
}
