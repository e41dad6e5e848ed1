//! Questions over TCP.

use super::*;

#[test]
fn the_resolver_answers_over_tcp_dns_1_addr_13_addr_16() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    lab.boot();
    let (name, address) = (lab.private_name(&instance), lab.private(&instance));
    for server in ["", "@10.0.0.2", "@169.254.169.253", "@fd00:ec2::253"] {
        assert_eq!(lab.dig(&instance, &format!("+tcp {server} {name}")), address, "{server}");
    }
    assert_eq!(lab.dig(&instance, "+tcp nobody.ap-northeast-2.compute.internal"), "NXDOMAIN");
    assert_eq!(lab.dig(&instance, &format!("+tcp +norecurse {name}")), "REFUSED", "recursive queries only");
    let (text, _) = lab.run(&instance, &format!("dig +tcp {name}"));
    assert!(text.contains(";; SERVER: 10.0.0.2#53(10.0.0.2) (TCP)\n"), "{text}");
    assert_eq!(lab.dig(&instance, &format!("+tcp @10.0.7.2 {name}")), "exit 9", "reserved, and nobody is there");
}

#[test]
fn the_resolver_is_next_door_in_the_subnet_that_holds_its_address_dns_1() {
    let mut lab = Lab::new();
    let Named { instance, .. } = lab.named("10.0.0.0/16", "10.0.0.0/24");
    lab.boot();
    assert_eq!(lab.dig(&instance, "+tcp www.office.example"), "198.51.100.9");
}

#[test]
fn no_rule_judges_questions_over_tcp_dns_9_sg_26_acl_12() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    lab.ok("RevokeSecurityGroupEgress", json!({"GroupId": site.group, "IpPermissions": all}));
    let filters = json!([{"Name": "vpc-id", "Values": [site.vpc]}]);
    let acl = lab.get("DescribeNetworkAcls", json!({"Filters": filters}), "/NetworkAcls/0/NetworkAclId");
    lab.ok("DeleteNetworkAclEntry", json!({"NetworkAclId": acl, "RuleNumber": 100, "Egress": true}));
    lab.boot();
    assert_eq!(lab.dig(&instance, "+tcp www.office.example"), "198.51.100.9");
    assert_eq!(lab.ping(&instance, "198.51.100.9"), "ENI_SG_RULES_MISMATCH");
}

#[test]
fn without_dns_support_nobody_takes_connections_dns_3() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    lab.boot();
    lab.attribute(&site.vpc, "EnableDnsSupport", false);
    assert!(lab.dig(&instance, "+tcp www.office.example").starts_with("exit 9 "));
    assert!(lab.dig(&instance, "+tcp @169.254.169.253 www.office.example").starts_with("exit 9 "));
}

#[test]
fn an_answer_too_large_for_a_datagram_is_asked_again_over_tcp_dns_1() {
    let mut lab = Lab::new();
    let Named { site, instance } = lab.named("10.0.0.0/16", "10.0.7.0/24");
    let zone = lab.zone("lab.example", Some(&site.vpc));
    let values: Vec<Value> = (1..=100).map(|host| json!({"Value": format!("10.9.0.{host}")})).collect();
    let set = json!({"Name": "many.lab.example", "Type": "A", "TTL": 300, "ResourceRecords": values});
    lab.change(&zone, json!({"Action": "CREATE", "ResourceRecordSet": set}));
    lab.boot();
    let (text, exit) = lab.run(&instance, "dig many.lab.example");
    assert!(exit == 0 && text.starts_with(";; Truncated, retrying in TCP mode.\n"), "{text}");
    assert!(text.contains("ANSWER: 100,") && text.contains("(TCP)"), "{text}");
    let (text, _) = lab.run(&instance, "host -t A many.lab.example");
    assert!(text.starts_with(";; Truncated, retrying in TCP mode.\n") && text.contains("10.9.0.100"), "{text}");
    // The C library asks again, too, and says nothing.
    let (text, exit) = lab.run(&instance, "ping -c 1 -W 1 many.lab.example");
    assert!(exit == 1 && text.starts_with("PING many.lab.example (10.9.0.1)"), "{text}");
}
