//! What a VPC carries without being asked, and what groups of a peer VPC admit.

use super::*;

#[test]
fn what_a_vpc_routes_and_carries_without_being_asked() {
    // ADDR-8: a block that is added has its local route at once. MTU-1, MTU-2a. ADDR-16, L2-17, L2-18: the router and the
    // services behind link-local addresses say nothing.
    let mut lab = Lab::new();
    let site = lab.site("10.1.0.0/16", "10.1.1.0/24");
    lab.ok("AssociateVpcCidrBlock", json!({"VpcId": site.vpc, "CidrBlock": "10.9.0.0/16"}));
    let added = lab.subnet(&site.vpc, "10.9.1.0/24", 1);
    let a = lab.instance(&site.subnet, &site.group, json!({}));
    let b = lab.instance(&added, &site.group, json!({}));
    lab.boot();
    let address = lab.private(&b);
    assert!(address.starts_with("10.9.1."), "{address}");
    assert_eq!(lab.ping(&a, &address), "pong");
    for (size, exit) in [(8_973, 0), (8_974, 1)] {
        assert_eq!(lab.run(&a, &format!("ping -c 1 -W 1 -M do -s {size} {address}")).1, exit, "{size} bytes");
    }
    for silent in ["10.1.1.1", "10.1.0.2", "169.254.169.254"] {
        assert_eq!(lab.ping(&a, silent), "NO_POSSIBLE_DESTINATION", "{silent}");
    }
}

#[test]
fn a_rule_may_name_a_group_of_the_peer_vpc_while_the_peering_lasts() {
    // SG-8, SG-9, SG-12.
    let mut lab = Lab::new();
    let (one, two) = (lab.site("10.1.0.0/16", "10.1.1.0/24"), lab.site("10.2.0.0/16", "10.2.1.0/24"));
    let peering = lab.peer(&one, &two);
    lab.route(&one.routes, "10.2.0.0/16", "VpcPeeringConnectionId", &peering);
    lab.route(&two.routes, "10.1.0.0/16", "VpcPeeringConnectionId", &peering);
    let clients = lab.group(&one.vpc, "clients");
    let servers = lab.group(&two.vpc, "servers");
    let named = json!({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": clients}]});
    lab.allow(&servers, named);
    let client = lab.instance(&one.subnet, &clients, json!({}));
    let stranger = lab.instance(&one.subnet, &one.group, json!({}));
    let server = lab.instance(&two.subnet, &servers, json!({}));
    lab.boot();
    let address = lab.private(&server);
    assert_eq!(lab.ping(&client, &address), "pong");
    assert_eq!(lab.ping(&stranger, &address), "ENI_SG_RULES_MISMATCH");
    let public = lab.public(&server);
    assert_eq!(lab.ping(&client, &public), "SG_REFERENCES_NOT_PRESERVED"); // SG-11
    lab.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
    assert_eq!(lab.ping(&client, &address), "BAD_STATE_ROUTE"); // RT-17
}
