//! DynamoDB over IPv6 (GWE-13).

use super::*;

const DUAL_STACK: &str = "dynamodb.ap-northeast-2.api.aws";

/// The first of DynamoDB's IPv6 addresses.
fn dynamodb_ipv6() -> String {
    let addresses = PublicService::DynamoDb.addresses_in(Region::DEFAULT);
    addresses.iter().find(|address| address.is_ipv6()).expect("it speaks IPv6").to_string()
}

/// An endpoint for DynamoDB that carries both families.
fn dual_stack_endpoint(n: &mut Network, table: &str) -> String {
    let request = json!({
        "VpcId": n.site.vpc, "ServiceName": "com.amazonaws.ap-northeast-2.dynamodb", "RouteTableIds": [table],
        "IpAddressType": "dualstack",
    });
    n.lab.get("CreateVpcEndpoint", request, "/VpcEndpoint/VpcEndpointId")
}

#[test]
fn a_dual_stack_endpoint_carries_ipv6_to_dynamodb_and_an_ipv4_one_does_not_gwe_13() {
    // GWE-15, L2-16.
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    let own = n.lab.ipv6(&host);
    let endpoint = n.endpoint("dynamodb", &[&table]);
    assert_eq!(n.lab.ping(&host, &dynamodb_ipv6()), "NO_ROUTE_TO_DESTINATION", "the endpoint carries IPv4");
    assert_eq!(n.lab.ping(&host, "dynamodb.ap-northeast-2.amazonaws.com"), "pong");
    n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "IpAddressType": "dualstack"}));
    let (text, exit) = n.lab.run(&host, &format!("ping -6 -c 1 {DUAL_STACK}"));
    assert!(exit == 0 && text.contains("ttl=57"), "{text}");
    assert_eq!(n.lab.run(&host, &format!("{STATUS}[{}]/", dynamodb_ipv6())), ("200".to_owned(), 0));
    let by_name = n.lab.run(&host, &format!("curl -s -v -m 5 http://{DUAL_STACK}/"));
    assert!(by_name.0.contains(&format!("Trying [{}", &dynamodb_ipv6()[..10])), "IPv6 first: {}", by_name.0);
    // The service sees the address of the instance's own.
    let only = |address: &str| {
        format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{{"IpAddress":{{"aws:VpcSourceIp":"{address}"}}}}}}]}}"#
        )
    };
    for (address, expected) in [(own.as_str(), "200"), ("2001:db8::1", "403")] {
        n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "PolicyDocument": only(address)}));
        assert_eq!(n.lab.run(&host, &format!("{STATUS}[{}]/", dynamodb_ipv6())).0, expected, "{address}");
    }
    n.lab.pass(SimDuration::from_secs(300)); // The connections come to their end.
    n.lab.ok("ModifyVpcEndpoint", json!({"VpcEndpointId": endpoint, "IpAddressType": "ipv4"}));
    assert_eq!(n.lab.ping(&host, &dynamodb_ipv6()), "NO_ROUTE_TO_DESTINATION");
    assert_eq!(n.lab.ping(&host, "dynamodb.ap-northeast-2.amazonaws.com"), "pong");
}

#[test]
fn dynamodb_has_aaaa_records_under_its_dual_stack_name_alone_gwe_13() {
    let mut n = network();
    let host = n.private_host.clone();
    for (name, kind, is_answered) in [
        (DUAL_STACK, "A", true),
        (DUAL_STACK, "AAAA", true),
        ("dynamodb.ap-northeast-2.amazonaws.com", "A", true),
        ("dynamodb.ap-northeast-2.amazonaws.com", "AAAA", false),
        (S3, "AAAA", false),
    ] {
        let (text, exit) = n.lab.run(&host, &format!("dig +short {name} {kind}"));
        assert_eq!(exit, 0, "{text}");
        assert_eq!(!text.is_empty(), is_answered, "{name} {kind}: {text}");
    }
}

#[test]
fn an_endpoint_carries_tcp_and_ping_over_ipv6_and_nothing_else_gwe_15() {
    let mut n = network();
    let (host, table) = (n.private_host.clone(), n.private_routes.clone());
    dual_stack_endpoint(&mut n, &table);
    assert_eq!(n.lab.ping(&host, &dynamodb_ipv6()), "pong");
    n.lab.drops.clear();
    n.lab.run(&host, &format!("datagram {}", dynamodb_ipv6()));
    n.lab.pass(SimDuration::from_secs(1));
    assert_eq!(n.lab.drops, ["VPCE_GATEWAY_PROTOCOL_RESTRICTION"]);
}

#[test]
fn without_an_endpoint_dynamodb_is_reached_over_ipv6_by_the_gateways_to_the_internet_gwe_13() {
    // IGW-14, EIGW-1.
    let mut n = network();
    let (public_host, private_host) = (n.public_host.clone(), n.private_host.clone());
    assert_eq!(n.lab.ping(&public_host, &dynamodb_ipv6()), "NO_ROUTE_TO_DESTINATION");
    n.lab.route(&n.site.routes.clone(), "::/0", "GatewayId", &n.site.gateway.clone());
    assert_eq!(n.lab.ping(&public_host, &dynamodb_ipv6()), "pong");
    let gateway = n.lab.get(
        "CreateEgressOnlyInternetGateway",
        json!({"VpcId": n.site.vpc}),
        "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId",
    );
    n.lab.route(&n.private_routes.clone(), "::/0", "EgressOnlyInternetGatewayId", &gateway);
    assert_eq!(n.lab.ping(&private_host, &dynamodb_ipv6()), "pong");
    assert_eq!(n.lab.run(&private_host, &format!("{STATUS}[{}]/", dynamodb_ipv6())), ("200".to_owned(), 0));
}

#[test]
fn a_security_group_may_let_out_to_dynamodbs_ipv6_list_alone_gwe_13() {
    // SG-28.
    let mut n = network();
    let (group, host, table) = (n.site.group.clone(), n.private_host.clone(), n.private_routes.clone());
    dual_stack_endpoint(&mut n, &table);
    let shown = n.lab.ok("DescribeSecurityGroups", json!({"GroupIds": [group]}));
    let egress = shown["SecurityGroups"][0]["IpPermissionsEgress"].clone();
    n.lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": egress}));
    for (list, expected) in [(AwsPrefixList::DYNAMODB, "ENI_SG_RULES_MISMATCH"), (AwsPrefixList::DYNAMODB_IPV6, "pong")]
    {
        let id = list.id_in(Region::DEFAULT).to_string();
        let rule = json!({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": id}]});
        n.lab.ok("AuthorizeSecurityGroupEgress", json!({"GroupId": group, "IpPermissions": [rule]}));
        assert_eq!(n.lab.ping(&host, &dynamodb_ipv6()), expected);
    }
}
