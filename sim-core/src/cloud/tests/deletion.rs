//! What must go before what (DEL), in the orders that labs take things down; and limits that are reached on the way up.

use super::*;
use crate::cloud::{CloudConfig, Quotas};

/// Makes each request in turn and compares its code.
#[track_caller]
fn in_order(b: &mut Bench, rows: &[(&str, Value, &str)]) {
    for (name, parameters, expected) in rows {
        assert_eq!(b.code(name, parameters.clone()), *expected, "{name} {parameters}");
    }
}

#[test]
fn a_vpc_is_taken_down_from_the_instance_to_the_vpc_del_3_del_6() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let (igw, subnet) = (b.attached_igw(&vpc), b.subnet(&vpc, "10.41.1.0/24"));
    let (rtb, group) = (b.route_table(&vpc), b.group(&vpc, "web"));
    let association = json!({"RouteTableId": rtb, "SubnetId": subnet});
    let association = b.get("AssociateRouteTable", association, "/AssociationId");
    let acl = b.get("CreateNetworkAcl", json!({"VpcId": vpc}), "/NetworkAcl/NetworkAclId");
    let elastic = b.get("AllocateAddress", json!({}), "/AllocationId");
    let instance = b.instance(&subnet, json!({"SecurityGroupIds": [group]}));
    let address = json!({"AllocationId": elastic, "InstanceId": instance});
    let mapped = b.get("AssociateAddress", address, "/AssociationId");
    let (stuck, done) = ("DependencyViolation", "ok");
    let delete_vpc = json!({"VpcId": vpc});
    let detach = json!({"InternetGatewayId": igw, "VpcId": vpc});
    in_order(
        &mut b,
        &[
            // Everything is held by something.
            ("DeleteVpc", delete_vpc.clone(), stuck),
            ("DeleteSubnet", json!({"SubnetId": subnet}), stuck), // DEL-2
            ("DeleteSecurityGroup", json!({"GroupId": group}), stuck),
            ("DeleteRouteTable", json!({"RouteTableId": rtb}), stuck),
            ("DetachInternetGateway", detach.clone(), stuck), // IGW-11
            ("DeleteInternetGateway", json!({"InternetGatewayId": igw}), stuck),
            ("ReleaseAddress", json!({"AllocationId": elastic}), "InvalidIPAddress.InUse"),
            ("DisassociateAddress", json!({"AssociationId": mapped}), done),
            ("ReleaseAddress", json!({"AllocationId": elastic}), done),
            ("TerminateInstances", json!({"InstanceIds": [instance]}), done),
            ("DeleteSubnet", json!({"SubnetId": subnet}), stuck), // still shutting down
        ],
    );
    b.pass(SimDuration::from_secs(60));
    in_order(
        &mut b,
        &[
            ("DeleteSecurityGroup", json!({"GroupId": group}), done),
            ("DisassociateRouteTable", json!({"AssociationId": association}), done),
            ("DeleteRouteTable", json!({"RouteTableId": rtb}), done),
            ("DeleteVpc", delete_vpc.clone(), stuck),
            ("DeleteSubnet", json!({"SubnetId": subnet}), done),
            ("DeleteVpc", delete_vpc.clone(), stuck),
            ("DeleteNetworkAcl", json!({"NetworkAclId": acl}), done),
            ("DeleteVpc", delete_vpc.clone(), stuck),
            ("DetachInternetGateway", detach, done),
            ("DeleteInternetGateway", json!({"InternetGatewayId": igw}), done),
            ("DeleteVpc", delete_vpc.clone(), done), // its default group, ACL and main table go with it
            ("DeleteVpc", delete_vpc, "InvalidVpcID.NotFound"),
        ],
    );
    assert_eq!((b.cloud.security_groups.len(), b.cloud.network_acls.len(), b.cloud.route_tables.len()), (0, 0, 0));
}

#[test]
fn a_peering_goes_before_its_routes_do_del_5_pcx_9() {
    let mut b = Bench::new();
    let (one, two) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let pcx = b.active_peering(&one, &two);
    let rtb = b.route_table(&one);
    let route = json!({"RouteTableId": rtb, "DestinationCidrBlock": "10.42.0.0/16"});
    let mut with_target = route.clone();
    with_target["VpcPeeringConnectionId"] = json!(pcx);
    b.ok("CreateRoute", with_target);
    in_order(
        &mut b,
        &[
            ("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx}), "ok"),
            ("DeleteRoute", route, "ok"), // a blackhole until then (RT-17)
            ("DeleteRouteTable", json!({"RouteTableId": rtb}), "ok"),
            ("DeleteVpc", json!({"VpcId": one}), "ok"),
            ("DeleteVpc", json!({"VpcId": two}), "ok"),
        ],
    );
}

#[test]
fn between_regions_a_connection_is_deleting_before_it_is_deleted_pcx_2() {
    let mut b = Bench::new();
    let (here, there) = ("ap-northeast-2", "ap-northeast-1");
    let me = "123456789012";
    let mine = b.vpc("10.39.0.0/16");
    let far = b.by(me, there, |b| b.vpc("172.31.0.0/16"));
    let request = json!({"VpcId": mine, "PeerVpcId": far, "PeerRegion": there});
    let id = b.get("CreateVpcPeeringConnection", request, "/VpcPeeringConnection/VpcPeeringConnectionId");
    let this = json!({"VpcPeeringConnectionId": id});
    b.pass(SimDuration::from_millis(100));
    b.by(me, there, |b| b.ok("AcceptVpcPeeringConnection", this.clone()));
    b.pass(SimDuration::from_millis(100));
    b.by(me, there, |b| b.ok("DeleteVpcPeeringConnection", this.clone()));
    for region in [here, there] {
        assert_eq!(b.by(me, region, |b| b.peering_status(&id)), "deleting");
        assert_eq!(b.by(me, region, |b| b.code("DeleteVpcPeeringConnection", this.clone())), "InvalidStateTransition");
    }
    b.pass(SimDuration::from_millis(100));
    for region in [here, there] {
        assert_eq!(b.by(me, region, |b| b.peering_status(&id)), "deleted");
    }
}

#[test]
fn a_region_that_no_peering_reaches_is_refused_pcx_15() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let ask = |region: &str| json!({"VpcId": vpc, "PeerVpcId": "vpc-0123456789abcdef0", "PeerRegion": region});
    assert_eq!(b.code("CreateVpcPeeringConnection", ask("cn-north-1")), "InvalidParameterValue");
    assert_eq!(b.code("CreateVpcPeeringConnection", ask("eu-west-1")), "InvalidVpcID.NotFound");
}

#[test]
fn quotas_are_awss_unless_the_scenario_says_otherwise_addr_18_del_7() {
    let mut b = Bench::new();
    for at in 0..5 {
        b.vpc(&format!("10.{at}.0.0/16"));
        b.ok("AllocateAddress", json!({}));
    }
    assert_eq!(b.code("CreateVpc", json!({"CidrBlock": "10.5.0.0/16"})), "VpcLimitExceeded");
    assert_eq!(b.code("AllocateAddress", json!({})), "AddressLimitExceeded");
    let vpc = b.get("DescribeVpcs", json!({}), "/Vpcs/0/VpcId");
    for at in 0..200 {
        b.subnet(&vpc, &format!("10.0.{at}.0/24"));
    }
    assert_eq!(b.code("CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.200.0/24"})), "SubnetLimitExceeded");
}

#[test]
fn each_limit_has_its_code_del_7() {
    let lowered = |names: &[&str]| {
        let mut quotas = Quotas::default();
        names.iter().for_each(|name| quotas.set(name, 1).expect("its name"));
        let mut b = Bench::new();
        b.cloud = Cloud::with_config(CloudConfig { quotas, ..CloudConfig::default() });
        b
    };
    let mut b = lowered(&[
        "route-tables-per-vpc",
        "network-acls-per-vpc",
        "network-acl-rules",
        "network-interfaces-per-region",
    ]);
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/28");
    let acl = b.get("DescribeNetworkAcls", json!({}), "/NetworkAcls/0/NetworkAclId");
    let entry = json!({"NetworkAclId": acl, "RuleNumber": 90, "Protocol": "-1", "RuleAction": "deny", "Egress": false,
        "CidrBlock": "10.0.0.0/8"});
    in_order(
        &mut b,
        &[
            ("CreateRouteTable", json!({"VpcId": vpc}), "RouteTableLimitExceeded"),
            ("CreateNetworkAcl", json!({"VpcId": vpc}), "NetworkAclLimitExceeded"),
            ("CreateNetworkAclEntry", entry, "NetworkAclEntryLimitExceeded"), // ACL-14
            ("CreateNetworkInterface", json!({"SubnetId": subnet}), "ok"),
            ("CreateNetworkInterface", json!({"SubnetId": subnet}), "NetworkInterfaceLimitExceeded"),
        ],
    );
    // A /28 has eleven addresses (ADDR-12).
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/28");
    for _ in 0..11 {
        b.ok("CreateNetworkInterface", json!({"SubnetId": subnet}));
    }
    assert_eq!(b.code("CreateNetworkInterface", json!({"SubnetId": subnet})), "InsufficientFreeAddressesInSubnet");
}

#[test]
fn five_addresses_of_an_ipv6_subnet_are_kept_by_aws_addr_14() {
    let mut b = Bench::new();
    let vpc =
        b.get("CreateVpc", json!({"CidrBlock": "10.41.0.0/16", "AmazonProvidedIpv6CidrBlock": true}), "/Vpc/VpcId");
    let block = b.get("DescribeVpcs", json!({}), "/Vpcs/0/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock");
    let network = block.strip_suffix("::/56").expect("a /56 that ends in zeros");
    let request = json!({"VpcId": vpc, "CidrBlock": "10.41.1.0/24", "Ipv6CidrBlock": format!("{network}::/64")});
    let subnet = b.get("CreateSubnet", request, "/Subnet/SubnetId");
    for (host, code) in [
        ("0", "InvalidParameterValue"),
        ("3", "InvalidParameterValue"),
        ("4", "ok"),
        ("ffff:ffff:ffff:fffe", "ok"),
        ("ffff:ffff:ffff:ffff", "InvalidParameterValue"),
    ] {
        let address = if host.contains(':') { format!("{network}:{host}") } else { format!("{network}::{host}") };
        let request = json!({"SubnetId": subnet, "Ipv6Addresses": [{"Ipv6Address": address}]});
        assert_eq!(b.code("CreateNetworkInterface", request), code, "{address}");
    }
}

#[test]
fn a_reboot_keeps_every_address_igw_9() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    b.attached_igw(&vpc);
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    b.ok("ModifySubnetAttribute", json!({"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": true}}));
    let id = b.instance(&subnet, json!({}));
    let these = json!({"InstanceIds": [id]});
    let addresses = |b: &mut Bench| {
        let shown = b.ok("DescribeInstances", json!({"InstanceIds": [id]}));
        let instance = &shown["Reservations"][0]["Instances"][0];
        assert_eq!(instance["State"]["Name"], "running");
        (text(instance, "/PublicIpAddress"), text(instance, "/PrivateIpAddress"))
    };
    let before = addresses(&mut b);
    b.ok("RebootInstances", these.clone());
    assert_eq!(addresses(&mut b), before, "while it reboots");
    b.pass(SimDuration::from_secs(60));
    assert_eq!(addresses(&mut b), before, "and after");
    b.ok("StopInstances", these.clone());
    assert_eq!(b.code("RebootInstances", these), "IncorrectInstanceState");
}

#[test]
fn single_attributes_are_shown_and_reset_l2_9() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let id = b.instance(&subnet, json!({}));
    b.ok("ModifyInstanceAttribute", json!({"InstanceId": id, "SourceDestCheck": {"Value": false}}));
    let of_instance = json!({"InstanceId": id, "Attribute": "sourceDestCheck"});
    assert_eq!(b.get("DescribeInstanceAttribute", of_instance.clone(), "/SourceDestCheck/Value"), "false");
    let eni = b.get("DescribeNetworkInterfaces", json!({}), "/NetworkInterfaces/0/NetworkInterfaceId");
    let of_eni = json!({"NetworkInterfaceId": eni, "Attribute": "sourceDestCheck"});
    assert_eq!(b.get("DescribeNetworkInterfaceAttribute", of_eni, "/SourceDestCheck/Value"), "false");
    b.ok("ResetNetworkInterfaceAttribute", json!({"NetworkInterfaceId": eni, "SourceDestCheck": "true"}));
    assert_eq!(b.get("DescribeInstanceAttribute", of_instance, "/SourceDestCheck/Value"), "true");
    let groups = json!({"InstanceId": id, "Attribute": "groupSet"});
    assert_eq!(b.get("DescribeInstanceAttribute", groups, "/Groups/0/GroupName"), "default");
    let wrong = json!({"InstanceId": id, "Attribute": "colour"});
    assert_eq!(b.code("DescribeInstanceAttribute", wrong), "InvalidParameterValue");
}
