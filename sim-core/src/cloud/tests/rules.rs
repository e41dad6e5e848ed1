//! Security group rules after they were made: changed in place, gone stale, named from elsewhere; and the time-outs of what
//! they let through.

use super::*;

const YOU: &str = "210987654321";
const HERE: &str = "ap-northeast-2";

/// The id of the first ingress rule of a group, or of the first egress rule.
fn rule_of(b: &mut Bench, group: &str, is_egress: bool) -> String {
    let request = json!({"Filters": [{"Name": "group-id", "Values": [group]}]});
    let rules = b.ok("DescribeSecurityGroupRules", request)["SecurityGroupRules"].clone();
    let rule = rules.as_array().expect("a list").iter().find(|rule| rule["IsEgress"] == is_egress);
    text(rule.expect("such a rule"), "/SecurityGroupRuleId")
}

fn web(group: &str, port: u16, block: &str) -> Value {
    json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": block})
}

#[test]
fn a_rule_is_changed_in_place_and_keeps_its_id_sg_5_sg_31() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let (group, other) = (b.group(&vpc, "web"), b.group(&vpc, "db"));
    b.ok("AuthorizeSecurityGroupIngress", web(&group, 80, "0.0.0.0/0"));
    b.ok("AuthorizeSecurityGroupIngress", web(&group, 443, "0.0.0.0/0"));
    let id = rule_of(&mut b, &group, false);
    let change = |rule: Value| json!({"GroupId": group, "SecurityGroupRules": [{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}]});
    let tcp = |port: u16, member: &str, peer: &str| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, member: peer});
    for (rule, code) in [
        (tcp(443, "CidrIpv4", "0.0.0.0/0"), "InvalidPermission.Duplicate"),
        (tcp(8080, "CidrIpv4", "10.0.0.0"), "InvalidParameterValue"),
        (json!({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}), "MissingParameter"),
        (tcp(80, "ReferencedGroupId", "sg-0123456789abcdef0"), "InvalidGroup.NotFound"),
        (tcp(8080, "CidrIpv4", "10.0.0.0/8"), "ok"),
    ] {
        assert_eq!(b.code("ModifySecurityGroupRules", change(rule.clone())), code, "{rule}");
    }
    let shown =
        b.ok("DescribeSecurityGroupRules", json!({"SecurityGroupRuleIds": [id]}))["SecurityGroupRules"][0].clone();
    assert_eq!((&shown["FromPort"], &shown["CidrIpv4"]), (&json!(8080), &json!("10.0.0.0/8")));
    // Which groups are named follows (SG-30).
    b.ok("ModifySecurityGroupRules", change(tcp(80, "ReferencedGroupId", &other)));
    assert_eq!(b.code("DeleteSecurityGroup", json!({"GroupId": other})), "DependencyViolation");
    b.ok("ModifySecurityGroupRules", change(tcp(80, "CidrIpv6", "::/0")));
    assert_eq!(b.code("DeleteSecurityGroup", json!({"GroupId": other})), "ok");
    let unknown = json!({"GroupId": group, "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-0123456789abcdef0",
        "SecurityGroupRule": tcp(1, "CidrIpv4", "10.0.0.0/8")}]});
    assert_eq!(b.code("ModifySecurityGroupRules", unknown), "InvalidSecurityGroupRuleId.NotFound");
}

#[test]
fn rules_are_described_anew_by_id_or_by_what_they_admit_sg_5() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let group = b.group(&vpc, "web");
    b.ok("AuthorizeSecurityGroupIngress", web(&group, 80, "0.0.0.0/0"));
    let permission = |port: u16, words: &str| {
        json!({"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port,
            "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": words}]}]})
    };
    let described = |b: &mut Bench, is_egress: bool| {
        let id = rule_of(b, &group, is_egress);
        let rule = b.ok("DescribeSecurityGroupRules", json!({"SecurityGroupRuleIds": [id]}));
        rule["SecurityGroupRules"][0].get("Description").cloned()
    };
    let ingress = "UpdateSecurityGroupRuleDescriptionsIngress";
    assert_eq!(b.code(ingress, permission(81, "web")), "InvalidPermission.NotFound");
    assert_eq!(b.code(ingress, permission(80, "the web")), "ok");
    assert_eq!(described(&mut b, false), Some(json!("the web")));
    let egress = rule_of(&mut b, &group, true);
    let by_id = json!({"GroupId": group, "SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": egress, "Description": "out"}]});
    assert_eq!(b.code(ingress, by_id.clone()), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(b.code("UpdateSecurityGroupRuleDescriptionsEgress", by_id), "ok");
    assert_eq!(described(&mut b, true), Some(json!("out")));
}

/// Two VPCs, the second of another account, whose groups name each other over an active connection.
fn peered() -> (Bench, String, String, String, String) {
    let mut b = Bench::new();
    let mine = b.vpc("10.41.0.0/16");
    let yours = b.by(YOU, HERE, |b| b.vpc("10.42.0.0/16"));
    let pcx = b.get(
        "CreateVpcPeeringConnection",
        json!({"VpcId": mine, "PeerVpcId": yours, "PeerOwnerId": YOU}),
        "/VpcPeeringConnection/VpcPeeringConnectionId",
    );
    b.pass(SimDuration::from_millis(100));
    b.by(YOU, HERE, |b| b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx})));
    b.pass(SimDuration::from_millis(100));
    let group = b.group(&mine, "web");
    let theirs = b.by(YOU, HERE, |b| b.group(&yours, "clients"));
    (b, mine, pcx, group, theirs)
}

fn naming(group: &str, theirs: &str, owner: &str) -> Value {
    json!({"GroupId": group, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
        "UserIdGroupPairs": [{"GroupId": theirs, "UserId": owner}]}]})
}

#[test]
fn a_group_of_a_peers_account_is_named_with_its_owner_sg_9_pcx_31() {
    let (mut b, _, pcx, group, theirs) = peered();
    let allow = "AuthorizeSecurityGroupIngress";
    assert_eq!(b.code(allow, naming(&group, &theirs, "123456789012")), "InvalidGroup.NotFound");
    assert_eq!(b.code(allow, naming(&group, &theirs, YOU)), "ok");
    let pair = b.ok("DescribeSecurityGroups", json!({"GroupIds": [group]}))["SecurityGroups"][0]["IpPermissions"][0]
        ["UserIdGroupPairs"][0]
        .clone();
    assert_eq!((&pair["UserId"], &pair["VpcPeeringConnectionId"]), (&json!(YOU), &json!(pcx)));
    assert_eq!(pair["PeeringStatus"], "active");
    // The named group's owner sees who names it.
    let references = b.by(YOU, HERE, |b| b.ok("DescribeSecurityGroupReferences", json!({"GroupId": [theirs]})));
    assert_eq!(references["SecurityGroupReferenceSet"][0]["VpcPeeringConnectionId"], pcx);
    let none = b.ok("DescribeSecurityGroupReferences", json!({"GroupId": [group]}));
    assert_eq!(none["SecurityGroupReferenceSet"], json!([]));
    // Without an active connection there is nothing to name.
    b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx}));
    let egress = "AuthorizeSecurityGroupEgress";
    assert_eq!(b.code(egress, naming(&group, &theirs, YOU)), "InvalidGroup.NotFound");
}

#[test]
fn rules_go_stale_with_the_connection_or_the_group_and_are_listed_sg_12() {
    let (mut b, mine, pcx, group, theirs) = peered();
    b.ok("AuthorizeSecurityGroupIngress", naming(&group, &theirs, YOU));
    let stale =
        |b: &mut Bench| b.ok("DescribeStaleSecurityGroups", json!({"VpcId": mine}))["StaleSecurityGroupSet"].clone();
    assert_eq!(stale(&mut b), json!([]));
    b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx}));
    let found = stale(&mut b);
    assert_eq!(found[0]["GroupId"], group);
    let pair = &found[0]["StaleIpPermissions"][0]["UserIdGroupPairs"][0];
    assert_eq!((&pair["GroupId"], &pair["PeeringStatus"]), (&json!(theirs), &json!("deleted")));
    assert_eq!(found[0]["StaleIpPermissionsEgress"], json!([]));
    // The same VPCs peered again: it means something again.
    let yours = text(pair, "/VpcId");
    let again = b.get(
        "CreateVpcPeeringConnection",
        json!({"VpcId": mine, "PeerVpcId": yours, "PeerOwnerId": YOU}),
        "/VpcPeeringConnection/VpcPeeringConnectionId",
    );
    b.pass(SimDuration::from_millis(100));
    b.by(YOU, HERE, |b| b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": again})));
    b.pass(SimDuration::from_millis(100));
    assert_eq!(stale(&mut b), json!([]));
    // A group that is deleted leaves the rule behind.
    b.by(YOU, HERE, |b| b.ok("DeleteSecurityGroup", json!({"GroupId": theirs})));
    assert_eq!(stale(&mut b)[0]["StaleIpPermissions"][0]["FromPort"], 80);
    assert_eq!(b.code("RevokeSecurityGroupIngress", naming(&group, &theirs, YOU)), "ok");
    assert_eq!(stale(&mut b), json!([]));
}

#[test]
fn the_groups_of_a_vpc_are_those_that_may_be_used_in_it_sg_32() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let group = b.group(&vpc, "web");
    b.group(&other, "web");
    let request = json!({"VpcId": vpc, "Filters": [{"Name": "group-name", "Values": ["w*"]}]});
    let found = b.ok("GetSecurityGroupsForVpc", request)["SecurityGroupForVpcs"].clone();
    assert_eq!(found.as_array().expect("a list").len(), 1);
    assert_eq!(found[0]["GroupId"], group);
    let wrong = json!({"VpcId": vpc, "Filters": [{"Name": "colour", "Values": ["red"]}]});
    assert_eq!(b.code("GetSecurityGroupsForVpc", wrong), "InvalidParameterValue");
}

#[test]
fn idle_time_outs_are_set_within_their_ranges_sg_21() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let set =
        |member: &str, seconds: u32| json!({"SubnetId": subnet, "ConnectionTrackingSpecification": {member: seconds}});
    for (member, least, most) in
        [("TcpEstablishedTimeout", 60, 432_000), ("UdpStreamTimeout", 60, 180), ("UdpTimeout", 30, 60)]
    {
        for (seconds, code) in
            [(least - 1, "InvalidParameterValue"), (least, "ok"), (most, "ok"), (most + 1, "InvalidParameterValue")]
        {
            assert_eq!(b.code("CreateNetworkInterface", set(member, seconds)), code, "{member} {seconds}");
        }
    }
    let eni = b.get("CreateNetworkInterface", set("UdpTimeout", 40), "/NetworkInterface/NetworkInterfaceId");
    let request = json!({"NetworkInterfaceId": eni, "ConnectionTrackingSpecification": {"TcpEstablishedTimeout": 600}});
    b.ok("ModifyNetworkInterfaceAttribute", request);
    let shown = b.ok("DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [eni]}));
    let configuration = &shown["NetworkInterfaces"][0]["ConnectionTrackingConfiguration"];
    assert_eq!(*configuration, json!({"TcpEstablishedTimeout": 600, "UdpTimeout": 40}));
}
