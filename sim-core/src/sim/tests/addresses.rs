//! Addresses: IPv6, public, elastic and secondary ones.

use super::*;

#[test]
fn ipv6_within_a_subnet_between_subnets_and_over_a_peering() {
    // ADDR-10, RT-4, RT-5, PCX-29, L2-19.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let second = lab.subnet(&one.vpc, "10.1.2.0/24", 1);
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let neighbor = lab.instance(&one.subnet, &one.group, json!({}));
    let beyond = lab.instance(&second, &one.group, json!({}));
    let far = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    let addresses = [&neighbor, &beyond, &far].map(|instance| lab.ipv6(instance));
    let seen = addresses.each_ref().map(|address| lab.ping(&a, address));
    assert_eq!(seen.each_ref().map(String::as_str), ["pong", "pong", "NO_ROUTE_TO_DESTINATION"]);

    let peering = lab.peer(&one, &two);
    lab.route(&one.routes, "2000::/3", "VpcPeeringConnectionId", &peering);
    assert_eq!(lab.ping(&a, &addresses[2]), "NO_ROUTE_TO_DESTINATION", "the way back has no route yet");
    lab.route(&two.routes, "2000::/3", "VpcPeeringConnectionId", &peering);
    assert_eq!(lab.ping(&a, &addresses[2]), "pong");
    assert_eq!(lab.ping(&a, "2001:db8::1"), "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
}

#[test]
fn ipv6_goes_through_the_internet_gateway_untranslated() {
    // IGW-7, RT-5: 0.0.0.0/0 says nothing about IPv6.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let b = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    let address = lab.ipv6(&b);
    assert_eq!(lab.ping(&a, &address), "NO_ROUTE_TO_DESTINATION");
    lab.route(&one.routes, "::/0", "GatewayId", &one.gateway);
    lab.route(&two.routes, "::/0", "GatewayId", &two.gateway);
    assert_eq!(lab.ping(&a, &address), "pong");
}

#[test]
fn public_addresses_between_vpcs_within_one_and_from_outside() {
    // IGW-2, IGW-3, IGW-12, IGW-16.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let a = lab.instance(&one.subnet, &one.group, json!({}));
    let beside = lab.instance(&one.subnet, &one.group, json!({}));
    let b = lab.instance(&two.subnet, &two.group, json!({}));
    lab.boot();
    for (to, name) in [(&b, "the other VPC"), (&beside, "the same VPC")] {
        let (private, public) = (lab.private(to), lab.public(to));
        assert_eq!(lab.ping(&a, &public), "pong", "{name}");
        if to == &b {
            assert_eq!(lab.ping(&a, &private), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS");
        }
    }
    assert_eq!(lab.ping(&a, "198.51.100.9"), "pong");
    assert_eq!(lab.run(&a, "curl -s 198.51.100.9"), ("<h1>outside</h1>\n".to_owned(), 0));
    let public = lab.public(&a);
    let (text, exit) = lab.outside(&format!("ping -c 1 {public}"));
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains(&format!("from {public}: icmp_seq=1 ttl=57")), "{text}"); // 64 (L2-13) less the Internet (L2-16)
}

#[test]
fn an_elastic_address_takes_over_while_the_instance_runs() {
    // IGW-9, IGW-10.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    lab.boot();
    let first = lab.public(&a);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {first}")).1, 0);
    let allocated = lab.ok("AllocateAddress", json!({}));
    let (elastic, allocation) = (allocated["PublicIp"].as_str().expect("text"), &allocated["AllocationId"]);
    let association =
        lab.get("AssociateAddress", json!({"AllocationId": allocation, "InstanceId": a}), "/AssociationId");
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 0);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {first}")).1, 1, "the automatic one is released");
    lab.stop(&a);
    lab.start(&a);
    assert_eq!(lab.public(&a), elastic, "an Elastic IP address stays over a stop");
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 0);
    lab.ok("DisassociateAddress", json!({"AssociationId": association}));
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {elastic}")).1, 1);
    let next = lab.public(&a);
    assert_eq!(lab.outside(&format!("ping -c 1 -W 1 {next}")).1, 0, "a new automatic one takes its place");
}

#[test]
fn a_secondary_address_is_reached_once_the_guest_has_it() {
    // L2-9, L2-10.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(
        &site.subnet,
        &site.group,
        json!({"PrivateIpAddresses": [
            {"Primary": true, "PrivateIpAddress": "10.1.1.50"}, {"Primary": false, "PrivateIpAddress": "10.1.1.51"},
        ]}),
    );
    lab.boot();
    let eni = lab.of(&b, "/NetworkInterfaces/0/NetworkInterfaceId");
    assert_eq!(lab.ping(&a, "10.1.1.50"), "pong");
    assert_eq!(lab.ping(&a, "10.1.1.51"), "pong");
    lab.ok("AssignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "PrivateIpAddresses": ["10.1.1.52"]}));
    assert_eq!(lab.ping(&a, "10.1.1.52"), "pong");
    lab.stop(&b);
    lab.start(&b);
    assert_eq!(lab.ping(&a, "10.1.1.52"), "pong");
    lab.ok("UnassignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "PrivateIpAddresses": ["10.1.1.51"]}));
    assert_ne!(lab.ping(&a, "10.1.1.51"), "pong", "nobody owns it, so nobody answers ARP (L2-4)");
}
