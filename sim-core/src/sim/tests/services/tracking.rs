//! Which flows to AWS's public services are tracked, whatever the rules say (SG-19).

use super::*;

/// What becomes of a connection whose rules are taken away between its two requests: what the client printed within 30 seconds,
/// and whether any packet was lost.
fn without_rules_midway(n: &mut Network, host: &str, address: &str) -> (String, bool) {
    let group = n.site.group.clone();
    let running = n.lab.type_on(host, &format!("hold {address}"));
    n.lab.pass(SimDuration::from_secs(5));
    let all = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]});
    let rules = json!({"GroupId": group, "IpPermissions": [all]});
    n.lab.ok("RevokeSecurityGroupEgress", rules.clone());
    n.lab.ok("RevokeSecurityGroupIngress", rules.clone());
    n.lab.drops.clear();
    let limit = n.lab.world.now() + SimDuration::from_secs(30);
    let finished = n.lab.drain(|world| world.wait_for(running, limit));
    let is_lost = n.lab.drops.contains(&"SG_HAS_NO_RULES");
    n.lab.ok("AuthorizeSecurityGroupEgress", rules.clone());
    n.lab.ok("AuthorizeSecurityGroupIngress", rules);
    (finished.map(|finished| printed(finished).0).unwrap_or_default(), is_lost)
}

#[test]
fn flows_through_dynamodbs_endpoint_are_always_tracked_and_those_through_s3s_are_not_sg_19() {
    // SG-14, SG-17: rules for everybody both ways leave a flow untracked, and it ends with its rules.
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    let endpoint = n.endpoint("dynamodb", &[&table]);
    n.endpoint("s3", &[&table]);
    n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "IpAddressType": "dualstack"}));
    let addresses = PublicService::DynamoDb.addresses_in(Region::DEFAULT);
    let v6 = addresses.iter().find(|address| address.is_ipv6()).expect("it speaks IPv6");
    for (address, is_tracked) in [(addresses[0].to_string(), true), (v6.to_string(), true), (s3_address(), false)] {
        let (text, is_lost) = without_rules_midway(&mut n, &host, &address);
        assert_eq!(text == "first: answered\nsecond: answered\n", is_tracked, "{address}: {text}");
        assert_eq!(is_lost, !is_tracked, "{address}");
    }
}

#[test]
fn flows_to_dynamodb_that_take_another_way_are_tracked_as_the_rules_have_it_sg_19() {
    let mut n = network();
    let host = n.public_host.clone();
    let address = PublicService::DynamoDb.addresses_in(Region::DEFAULT)[0].to_string();
    let (text, is_lost) = without_rules_midway(&mut n, &host, &address);
    assert!(is_lost && !text.contains("second: answered"), "by the Internet gateway: {text}");
}
