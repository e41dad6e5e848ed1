//! Request … expected code, noun by noun. Each refusal stands beside the request that is just right.

use super::*;
use crate::cloud::{CloudConfig, Quotas};

/// Makes each request in turn and compares its code; `ok` for those that are right.
#[track_caller]
fn table(b: &mut Bench, rows: Vec<(&str, Value, &str)>) {
    for (name, parameters, expected) in rows {
        assert_eq!(b.code(name, parameters.clone()), expected, "{name} {parameters}");
    }
}

const GONE: &str = "0123456789abcdef0";

#[test]
fn ids_that_are_malformed_or_unknown_have_each_noun_its_own_code() {
    let mut b = Bench::new();
    for (name, member, prefix, malformed, unknown) in [
        ("DeleteVpc", "VpcId", "vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"),
        ("DeleteSubnet", "SubnetId", "subnet", "InvalidSubnetId.Malformed", "InvalidSubnetID.NotFound"),
        ("DeleteRouteTable", "RouteTableId", "rtb", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"),
        (
            "DeleteInternetGateway",
            "InternetGatewayId",
            "igw",
            "InvalidInternetGatewayId.Malformed",
            "InvalidInternetGatewayID.NotFound",
        ),
        (
            "AcceptVpcPeeringConnection",
            "VpcPeeringConnectionId",
            "pcx",
            "InvalidVpcPeeringConnectionId.Malformed",
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
        ("DeleteSecurityGroup", "GroupId", "sg", "InvalidGroupId.Malformed", "InvalidGroup.NotFound"),
        ("DeleteNetworkAcl", "NetworkAclId", "acl", "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound"),
        (
            "DeleteNetworkInterface",
            "NetworkInterfaceId",
            "eni",
            "InvalidNetworkInterfaceId.Malformed",
            "InvalidNetworkInterfaceID.NotFound",
        ),
        ("ReleaseAddress", "AllocationId", "eipalloc", "InvalidElasticIpID.Malformed", "InvalidAllocationID.NotFound"),
        (
            "DisassociateRouteTable",
            "AssociationId",
            "rtbassoc",
            "InvalidAssociationID.Malformed",
            "InvalidAssociationID.NotFound",
        ),
    ] {
        assert_eq!(b.code(name, json!({member: format!("{prefix}-xyz")})), malformed, "{name}");
        assert_eq!(b.code(name, json!({member: format!("{prefix}-{GONE}")})), unknown, "{name}");
        assert_eq!(b.code(name, json!({member: format!("{prefix}-12345678")})), unknown, "{name}: an old id");
        assert_eq!(b.code(name, json!({})), "MissingParameter", "{name}");
    }
    assert_eq!(b.code("StopInstances", json!({"InstanceIds": ["i-1"]})), "InvalidInstanceID.Malformed");
    assert_eq!(b.code("StopInstances", json!({"InstanceIds": [format!("i-{GONE}")]})), "InvalidInstanceID.NotFound");
}

#[test]
fn vpcs_and_their_blocks_addr_1_3_4_5() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.5/16");
    assert_eq!(b.get("DescribeVpcs", json!({"VpcIds": [vpc]}), "/Vpcs/0/CidrBlock"), "10.41.0.0/16"); // ADDR-2
    let igw = b.attached_igw(&vpc);
    let main = b.get("DescribeRouteTables", json!({}), "/RouteTables/0/RouteTableId");
    b.ok("CreateRoute", json!({"RouteTableId": main, "DestinationCidrBlock": "10.50.1.0/24", "GatewayId": igw}));
    let primary = b.get("DescribeVpcs", json!({}), "/Vpcs/0/CidrBlockAssociationSet/0/AssociationId");
    let add = |block: &str| json!({"VpcId": vpc, "CidrBlock": block});
    table(
        &mut b,
        vec![
            ("CreateVpc", json!({}), "MissingParameter"),
            ("CreateVpc", json!({"CidrBlock": "10.0.0.0"}), "InvalidParameterValue"),
            ("CreateVpc", json!({"CidrBlock": "10.0.0.0/15"}), "InvalidVpc.Range"),
            ("CreateVpc", json!({"CidrBlock": "10.0.0.0/29"}), "InvalidVpc.Range"),
            ("CreateVpc", json!({"CidrBlock": "169.254.0.0/16"}), "InvalidVpc.Range"), // ADDR-6
            ("CreateVpc", json!({"CidrBlock": "10.0.0.0/28", "DryRun": true}), "DryRunOperation"),
            ("CreateVpc", json!({"CidrBlock": "10.0.0.0/28"}), "ok"),
            ("AssociateVpcCidrBlock", add("10.41.128.0/20"), "InvalidParameterValue"),
            ("AssociateVpcCidrBlock", add("172.16.0.0/16"), "InvalidVpc.Range"), // ADDR-5
            ("AssociateVpcCidrBlock", add("10.50.1.0/24"), "InvalidParameterValue"), // ADDR-4
            ("AssociateVpcCidrBlock", add("10.50.1.0/25"), "ok"),
            ("AssociateVpcCidrBlock", add("10.51.0.0/16"), "ok"),
            ("AssociateVpcCidrBlock", add("10.52.0.0/16"), "ok"),
            ("AssociateVpcCidrBlock", add("10.53.0.0/16"), "ok"),
            ("AssociateVpcCidrBlock", add("10.54.0.0/16"), "CidrLimitExceeded"), // ADDR-3
            ("DisassociateVpcCidrBlock", json!({"AssociationId": primary}), "OperationNotPermitted"),
            (
                "DisassociateVpcCidrBlock",
                json!({"AssociationId": format!("vpc-cidr-assoc-{GONE}")}),
                "InvalidVpcCidrBlockAssociationID.NotFound",
            ),
            ("DeleteVpc", json!({"VpcId": vpc}), "DependencyViolation"), // DEL-3: the gateway is attached.
            ("DetachInternetGateway", json!({"VpcId": vpc, "InternetGatewayId": igw}), "ok"),
            ("DeleteVpc", json!({"VpcId": vpc}), "ok"),
            ("DescribeVpcs", json!({"Filters": [{"Name": "colour", "Values": ["red"]}]}), "InvalidParameterValue"),
        ],
    );
}

#[test]
fn subnets_addr_11_12_20_del_2() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let make = |block: &str| json!({"VpcId": vpc, "CidrBlock": block});
    table(
        &mut b,
        vec![
            ("CreateSubnet", make("10.42.0.0/24"), "InvalidSubnet.Range"),
            ("CreateSubnet", make("10.41.0.0/29"), "InvalidSubnet.Range"),
            ("CreateSubnet", make("10.40.0.0/15"), "InvalidSubnet.Range"),
            ("CreateSubnet", make("10.41.1.0/24"), "ok"),
            ("CreateSubnet", make("10.41.1.128/25"), "InvalidSubnet.Conflict"),
            ("CreateSubnet", make("10.41.0.0/23"), "InvalidSubnet.Conflict"),
            (
                "CreateSubnet",
                json!({"VpcId": vpc, "CidrBlock": "10.41.2.0/24", "AvailabilityZone": "ap-northeast-2z"}),
                "InvalidParameterValue",
            ),
            (
                "CreateSubnet",
                json!({"VpcId": vpc, "CidrBlock": "10.41.2.0/24", "AvailabilityZone": "ap-northeast-2c"}),
                "ok",
            ),
        ],
    );
    let subnet = b.get(
        "DescribeSubnets",
        json!({"Filters": [{"Name": "availability-zone", "Values": ["ap-northeast-2a"]}]}),
        "/Subnets/0/SubnetId",
    );
    let eni = |address: &str| json!({"SubnetId": subnet, "PrivateIpAddress": address});
    table(
        &mut b,
        vec![
            ("CreateNetworkInterface", eni("10.41.2.10"), "InvalidParameterValue"),
            ("CreateNetworkInterface", eni("10.41.1.3"), "InvalidParameterValue"), // ADDR-12
            ("CreateNetworkInterface", eni("10.41.1.255"), "InvalidParameterValue"),
            ("CreateNetworkInterface", eni("10.41.1.4"), "ok"),
            ("CreateNetworkInterface", eni("10.41.1.4"), "InvalidIPAddress.InUse"), // ADDR-20
            ("DeleteSubnet", json!({"SubnetId": subnet}), "DependencyViolation"),
        ],
    );
}

#[test]
fn routes_rt_12_13_14_19_20_22() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let (igw, far_igw) = (b.attached_igw(&vpc), b.attached_igw(&other));
    let (subnet, rtb) = (b.subnet(&vpc, "10.41.1.0/24"), b.route_table(&vpc));
    let eni = b.get("CreateNetworkInterface", json!({"SubnetId": subnet}), "/NetworkInterface/NetworkInterfaceId");
    let to = |block: &str, member: &str, target: &str| json!({"RouteTableId": rtb, "DestinationCidrBlock": block, member: target});
    table(
        &mut b,
        vec![
            ("CreateRoute", json!({"RouteTableId": rtb, "GatewayId": igw}), "MissingParameter"),
            ("CreateRoute", json!({"RouteTableId": rtb, "DestinationCidrBlock": "0.0.0.0/0"}), "MissingParameter"),
            ("CreateRoute", to("0.0.0/0", "GatewayId", &igw), "InvalidParameterValue"),
            ("CreateRoute", to("0.0.0.0/0", "GatewayId", &format!("igw-{GONE}")), "InvalidGatewayID.NotFound"),
            ("CreateRoute", to("0.0.0.0/0", "GatewayId", &far_igw), "InvalidParameterValue"), // RT-20
            ("CreateRoute", to("0.0.0.0/0", "NatGatewayId", &format!("nat-{GONE}")), "InvalidNatGatewayID.NotFound"),
            (
                "CreateRoute",
                to("0.0.0.0/0", "TransitGatewayId", &format!("tgw-{GONE}")),
                "InvalidTransitGatewayID.NotFound",
            ),
            (
                "CreateRoute",
                to("0.0.0.0/0", "VpcPeeringConnectionId", &format!("pcx-{GONE}")),
                "InvalidVpcPeeringConnectionID.NotFound",
            ),
            ("CreateRoute", to("0.0.0.0/0", "GatewayId", &igw), "ok"),
            ("CreateRoute", to("0.0.0.0/0", "GatewayId", &igw), "RouteAlreadyExists"), // RT-12
            ("CreateRoute", to("0.0.0.0/1", "GatewayId", &igw), "ok"),
            ("CreateRoute", to("10.41.0.0/16", "GatewayId", &igw), "InvalidParameterValue"),
            ("CreateRoute", to("10.41.0.0/16", "NetworkInterfaceId", &eni), "RouteAlreadyExists"),
            ("CreateRoute", to("10.41.1.0/24", "GatewayId", &igw), "InvalidParameterValue"), // RT-13
            ("CreateRoute", to("10.41.1.0/25", "NetworkInterfaceId", &eni), "InvalidParameterValue"),
            ("CreateRoute", to("10.41.1.0/24", "NetworkInterfaceId", &eni), "ok"),
            ("CreateRoute", to("169.254.168.0/22", "NetworkInterfaceId", &eni), "InvalidParameterValue"), // RT-14
            ("CreateRoute", to("169.254.0.0/16", "NetworkInterfaceId", &eni), "ok"),
            ("ReplaceRoute", to("192.168.0.0/16", "GatewayId", &igw), "InvalidParameterValue"),
            ("ReplaceRoute", to("10.41.0.0/16", "NetworkInterfaceId", &eni), "ok"), // RT-13: local, retargeted
            (
                "ReplaceRoute",
                json!({"RouteTableId": rtb, "DestinationCidrBlock": "10.41.0.0/16", "LocalTarget": true}),
                "ok",
            ),
            (
                "DeleteRoute",
                json!({"RouteTableId": rtb, "DestinationCidrBlock": "10.41.0.0/16"}),
                "InvalidParameterValue",
            ), // RT-4
            (
                "DeleteRoute",
                json!({"RouteTableId": rtb, "DestinationCidrBlock": "192.168.0.0/16"}),
                "InvalidRoute.NotFound",
            ),
            ("DeleteRoute", json!({"RouteTableId": rtb, "DestinationCidrBlock": "0.0.0.0/1"}), "ok"),
            ("AssociateRouteTable", json!({"RouteTableId": rtb, "SubnetId": subnet}), "ok"),
            ("DeleteRouteTable", json!({"RouteTableId": rtb}), "DependencyViolation"), // RT-30
        ],
    );
}

#[test]
fn internet_gateways_igw_1_15() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let igw = b.attached_igw(&vpc);
    let spare = b.get("CreateInternetGateway", json!({}), "/InternetGateway/InternetGatewayId");
    table(
        &mut b,
        vec![
            ("AttachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": other}), "Resource.AlreadyAssociated"),
            ("AttachInternetGateway", json!({"InternetGatewayId": spare, "VpcId": vpc}), "Resource.AlreadyAssociated"),
            ("DetachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": other}), "Gateway.NotAttached"),
            ("DeleteInternetGateway", json!({"InternetGatewayId": igw}), "DependencyViolation"),
            ("DetachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": vpc}), "ok"),
            ("DeleteInternetGateway", json!({"InternetGatewayId": igw}), "ok"),
        ],
    );
}

#[test]
fn security_groups_sg_4_6_29_30_32() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let (web, foreign) = (b.group(&vpc, "web"), b.group(&other, "web"));
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let default = b.get(
        "DescribeSecurityGroups",
        json!({"Filters": [{"Name": "group-name", "Values": ["default"]}]}),
        "/SecurityGroups/0/GroupId",
    );
    let rule = |protocol: &str, from: i64, to: i64, block: &str| {
        json!({"GroupId": web, "IpPermissions": [
        {"IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": block}]}]})
    };
    let all_out =
        json!({"GroupId": web, "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
    let naming =
        json!({"GroupId": default, "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": web}]}]});
    table(
        &mut b,
        vec![
            ("CreateSecurityGroup", json!({"GroupName": "a", "VpcId": vpc}), "MissingParameter"),
            ("CreateSecurityGroup", json!({"GroupName": "a", "Description": "a"}), "VPCIdNotSpecified"),
            (
                "CreateSecurityGroup",
                json!({"GroupName": "web", "Description": "a", "VpcId": vpc}),
                "InvalidGroup.Duplicate",
            ),
            (
                "CreateSecurityGroup",
                json!({"GroupName": "default", "Description": "a", "VpcId": vpc}),
                "InvalidGroup.Reserved",
            ),
            (
                "CreateSecurityGroup",
                json!({"GroupName": "sg-a", "Description": "a", "VpcId": vpc}),
                "InvalidParameterValue",
            ),
            ("AuthorizeSecurityGroupIngress", rule("tcp", 80, 79, "0.0.0.0/0"), "InvalidParameterValue"),
            ("AuthorizeSecurityGroupIngress", rule("tcp", 80, 65_536, "0.0.0.0/0"), "InvalidParameterValue"),
            ("AuthorizeSecurityGroupIngress", rule("tcp", 0, 65_535, "0.0.0.0/0"), "ok"),
            ("AuthorizeSecurityGroupIngress", rule("icmp", 8, -1, "10.40.0.0/0"), "ok"),
            ("AuthorizeSecurityGroupIngress", rule("icmp", 8, -1, "0.0.0.0/0"), "InvalidPermission.Duplicate"),
            ("AuthorizeSecurityGroupIngress", rule("icmp", 256, -1, "0.0.0.0/0"), "InvalidParameterValue"),
            ("AuthorizeSecurityGroupIngress", rule("tpc", 80, 80, "0.0.0.0/0"), "InvalidParameterValue"),
            ("AuthorizeSecurityGroupIngress", rule("tcp", 80, 80, "10.0.0.0"), "InvalidParameterValue"),
            ("AuthorizeSecurityGroupEgress", all_out, "InvalidPermission.Duplicate"), // SG-2: it comes with the group.
            (
                "AuthorizeSecurityGroupIngress",
                json!({"GroupId": web, "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": foreign}]}]}),
                "InvalidGroup.NotFound",
            ),
            ("DeleteSecurityGroup", json!({"GroupId": default}), "CannotDelete"), // SG-4
            ("AuthorizeSecurityGroupIngress", naming.clone(), "ok"),
            ("DeleteSecurityGroup", json!({"GroupId": web}), "DependencyViolation"), // SG-30: named
            ("RevokeSecurityGroupIngress", naming, "ok"),
            ("CreateNetworkInterface", json!({"SubnetId": subnet, "Groups": [foreign]}), "InvalidParameter"), // SG-32
            ("CreateNetworkInterface", json!({"SubnetId": subnet, "Groups": [web]}), "ok"),
            ("DeleteSecurityGroup", json!({"GroupId": web}), "DependencyViolation"), // SG-30: in use
            ("DeleteSecurityGroup", json!({"GroupId": foreign}), "ok"),
        ],
    );
}

#[test]
fn network_acls_acl_2_3_4_14_15() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let acl = b.get("CreateNetworkAcl", json!({"VpcId": vpc}), "/NetworkAcl/NetworkAclId");
    let own = json!({"Filters": [{"Name": "association.subnet-id", "Values": [subnet]}]});
    let association =
        b.get("DescribeNetworkAcls", own.clone(), "/NetworkAcls/0/Associations/0/NetworkAclAssociationId");
    let default = b.get("DescribeNetworkAcls", own, "/NetworkAcls/0/NetworkAclId");
    let entry = |number: i64| {
        json!({"NetworkAclId": acl, "RuleNumber": number, "Protocol": "6", "RuleAction": "allow",
        "Egress": false, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 80, "To": 80}})
    };
    table(
        &mut b,
        vec![
            ("CreateNetworkAclEntry", entry(0), "InvalidParameterValue"),
            ("CreateNetworkAclEntry", entry(32_767), "InvalidParameterValue"), // ACL-4
            ("CreateNetworkAclEntry", entry(32_766), "ok"),
            ("CreateNetworkAclEntry", entry(100), "ok"),
            ("CreateNetworkAclEntry", entry(100), "NetworkAclEntryAlreadyExists"), // ACL-14
            ("ReplaceNetworkAclEntry", entry(100), "ok"),
            ("ReplaceNetworkAclEntry", entry(101), "InvalidNetworkAclEntry.NotFound"),
            (
                "CreateNetworkAclEntry",
                json!({"NetworkAclId": acl, "RuleNumber": 7, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}),
                "MissingParameter",
            ),
            ("DeleteNetworkAcl", json!({"NetworkAclId": default}), "DependencyViolation"), // ACL-15
            ("ReplaceNetworkAclAssociation", json!({"AssociationId": association, "NetworkAclId": acl}), "ok"),
            ("DeleteNetworkAcl", json!({"NetworkAclId": acl}), "DependencyViolation"), // ACL-15
        ],
    );
    let numbers: Vec<u16> =
        b.cloud.network_acls.values().nth(1).expect("made before").inbound.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [100, 32_766], "entries stand by number");
}

#[test]
fn launches() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let image = "ami-0123456789abcdef0";
    let at = |address: &str| json!({"ImageId": image, "SubnetId": subnet, "PrivateIpAddress": address});
    table(
        &mut b,
        vec![
            ("RunInstances", json!({"SubnetId": subnet}), "MissingParameter"),
            ("RunInstances", json!({"ImageId": "ami-x", "SubnetId": subnet}), "InvalidAMIID.Malformed"),
            ("RunInstances", json!({"ImageId": image}), "VPCIdNotSpecified"), // DVPC-1
            (
                "RunInstances",
                json!({"ImageId": image, "SubnetId": subnet, "UserData": "not base64"}),
                "InvalidParameterValue",
            ),
            (
                "RunInstances",
                json!({"ImageId": image, "SubnetId": subnet, "MinCount": 2, "MaxCount": 1}),
                "InvalidParameterValue",
            ),
            ("RunInstances", at("10.41.1.100"), "ok"),
            ("RunInstances", at("10.41.1.100"), "InvalidIPAddress.InUse"),
            (
                "RunInstances",
                json!({"ImageId": image, "SubnetId": subnet, "NetworkInterfaces": [{"SubnetId": subnet}]}),
                "InvalidParameterCombination",
            ),
        ],
    );
    let id = b.cloud.instances.values().next().expect("made before").id.to_string();
    let these = json!({"InstanceIds": [id]});
    table(
        &mut b,
        vec![
            ("StopInstances", these.clone(), "IncorrectInstanceState"), // It is pending.
            ("TerminateInstances", these.clone(), "ok"),
            ("StartInstances", these, "IncorrectInstanceState"),
        ],
    );
}

#[test]
fn quotas_can_be_lowered_and_are_kept() {
    let mut quotas = Quotas::default();
    for (name, value) in [("vpcs-per-region", 1), ("routes-per-route-table", 1), ("security-group-rules", 2)] {
        quotas.set(name, value).expect("the name is right");
    }
    let mut b = Bench::new();
    b.cloud = Cloud::with_config(CloudConfig { seed: 7, quotas, ..CloudConfig::default() });
    let vpc = b.vpc("10.41.0.0/16");
    let (igw, rtb, group) = (b.attached_igw(&vpc), b.route_table(&vpc), b.group(&vpc, "web"));
    let route = |block: &str| json!({"RouteTableId": rtb, "DestinationCidrBlock": block, "GatewayId": igw});
    let rule = |port: u16| json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"});
    table(
        &mut b,
        vec![
            ("CreateVpc", json!({"CidrBlock": "10.42.0.0/16"}), "VpcLimitExceeded"),
            ("CreateRoute", route("0.0.0.0/0"), "ok"),
            ("CreateRoute", route("1.0.0.0/8"), "RouteLimitExceeded"), // RT-22
            ("AuthorizeSecurityGroupIngress", rule(80), "ok"),
            ("AuthorizeSecurityGroupIngress", rule(81), "ok"),
            ("AuthorizeSecurityGroupIngress", rule(82), "RulesPerSecurityGroupLimitExceeded"), // SG-29
            ("DeleteVpc", json!({"VpcId": vpc}), "DependencyViolation"),
        ],
    );
    b.by("123456789012", "us-east-1", |b| b.vpc("10.41.0.0/16")); // A Region has a quota of its own.
}

#[test]
fn an_unknown_member_or_operation_is_named() {
    let unknown = Operation::from_value("CreateVpc", json!({"CidrBlok": "10.0.0.0/16"})).expect_err("a typo");
    assert!(unknown.to_string().contains("CidrBlok"), "{unknown}");
    let unknown = Operation::from_value("CreateVolume", json!({})).expect_err("not simulated");
    assert_eq!(unknown.to_string(), "CreateVolume is not simulated");
    for name in Operation::NAMES {
        assert!(Operation::from_value(name, json!({"DryRun": true})).is_ok(), "{name} takes DryRun");
    }
}

#[test]
fn others_resources_are_not_found() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    for (account, region) in [("210987654321", "ap-northeast-2"), ("123456789012", "us-east-1")] {
        let code = b.by(account, region, |b| b.code("DeleteVpc", json!({"VpcId": vpc})));
        assert_eq!(code, "InvalidVpcID.NotFound", "{account} in {region}");
    }
    b.ok("DeleteVpc", json!({"VpcId": vpc}));
}
