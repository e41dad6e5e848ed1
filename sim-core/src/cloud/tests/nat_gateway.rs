//! NAT gateways as the API knows them: states, failures, what depends on them (NAT-2, NAT-3, NAT-16 to NAT-18, RT-13, RT-18).

use super::*;

/// A VPC with an Internet gateway and a subnet of eleven addresses, and an Elastic IP address.
fn bench() -> (Bench, String, String, String) {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    b.attached_igw(&vpc);
    let subnet = b.subnet(&vpc, "10.0.0.0/28");
    let allocation = b.get("AllocateAddress", json!({}), "/AllocationId");
    (b, vpc, subnet, allocation)
}

fn public(b: &mut Bench, subnet: &str, allocation: &str) -> String {
    let request = json!({"SubnetId": subnet, "AllocationId": allocation});
    b.get("CreateNatGateway", request, "/NatGateway/NatGatewayId")
}

fn gateway(b: &mut Bench, id: &str) -> Value {
    b.ok("DescribeNatGateways", json!({"NatGatewayIds": [id]}))["NatGateways"][0].take()
}

fn minutes(number: u64) -> SimDuration {
    SimDuration::from_secs(number * 60)
}

#[test]
fn a_gateway_is_pending_then_available_then_deleting_then_deleted_and_seen_for_an_hour_nat_16() {
    let (mut b, vpc, subnet, allocation) = bench();
    let request = json!({"SubnetId": subnet, "AllocationId": allocation,
        "TagSpecifications": [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "ngw"}]}]});
    let answer = b.ok("CreateNatGateway", request)["NatGateway"].take();
    let id = text(&answer, "/NatGatewayId");
    assert_eq!(
        answer,
        json!({"CreateTime": "2024-01-01T00:00:00+00:00", "NatGatewayAddresses": [{"AllocationId": allocation}],
            "NatGatewayId": id, "State": "pending", "SubnetId": subnet, "VpcId": vpc,
            "Tags": [{"Key": "Name", "Value": "ngw"}], "ConnectivityType": "public"})
    );
    b.pass(minutes(1));
    let shown = gateway(&mut b, &id);
    assert_eq!(shown["State"], "available");
    let address = &shown["NatGatewayAddresses"][0];
    assert_eq!((&address["PrivateIp"], &address["IsPrimary"]), (&json!("10.0.0.4"), &json!(true)));
    let elastic = b.ok("DescribeAddresses", json!({}))["Addresses"][0].take();
    assert_eq!(
        (&address["PublicIp"], &address["AssociationId"], &address["NetworkInterfaceId"]),
        (&elastic["PublicIp"], &elastic["AssociationId"], &elastic["NetworkInterfaceId"])
    );
    assert_eq!(b.ok("DeleteNatGateway", json!({"NatGatewayId": id})), json!({"NatGatewayId": id}));
    assert_eq!(gateway(&mut b, &id)["State"], "deleting");
    b.pass(minutes(1));
    assert_eq!(gateway(&mut b, &id)["State"], "deleted");
    b.pass(minutes(59));
    assert_eq!(b.code("DescribeNatGateways", json!({"NatGatewayIds": [id]})), "ok");
    b.pass(minutes(1));
    assert_eq!(b.code("DescribeNatGateways", json!({"NatGatewayIds": [id]})), "NatGatewayNotFound");
}

#[test]
fn filters_and_tags_find_gateways() {
    let (mut b, vpc, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    b.ok("CreateTags", json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": "ngw"}]}));
    for (name, value, found) in [
        ("state", "pending", 1),
        ("state", "available", 0),
        ("vpc-id", vpc.as_str(), 1),
        ("subnet-id", subnet.as_str(), 1),
        ("nat-gateway-id", id.as_str(), 1),
        ("tag:Name", "n*", 1),
        ("tag:Name", "other", 0),
    ] {
        let answer = b.ok("DescribeNatGateways", json!({"Filter": [{"Name": name, "Values": [value]}]}));
        assert_eq!(answer["NatGateways"].as_array().map(Vec::len), Some(found), "{name} {value}");
    }
    assert_eq!(
        b.code("DescribeNatGateways", json!({"Filter": [{"Name": "x", "Values": []}]})),
        "InvalidParameterValue"
    );
    let tags = b.ok("DescribeTags", json!({"Filters": [{"Name": "resource-type", "Values": ["natgateway"]}]}));
    assert_eq!(tags["Tags"][0]["ResourceId"], json!(id));
}

#[test]
fn a_gateway_fails_after_it_was_accepted_and_says_why_nat_16() {
    // Without an Internet gateway; with an Elastic IP address that is in use; in a subnet that is full.
    for (reason, message) in [
        ("Gateway.NotAttached", "has no Internet gateway attached"),
        ("Resource.AlreadyAssociated", "is already associated"),
        ("InsufficientFreeAddressesInSubnet", "Subnet has insufficient free addresses"),
    ] {
        let (mut b, vpc, subnet, allocation) = bench();
        match reason {
            "Gateway.NotAttached" => {
                let igw = text(&b.ok("DescribeInternetGateways", json!({})), "/InternetGateways/0/InternetGatewayId");
                b.ok("DetachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": vpc}));
            }
            "Resource.AlreadyAssociated" => drop(public(&mut b, &subnet, &allocation)),
            _ => {
                for _ in 0..11 {
                    b.ok("CreateNetworkInterface", json!({"SubnetId": subnet}));
                }
            }
        }
        let id = public(&mut b, &subnet, &allocation);
        assert_eq!(gateway(&mut b, &id)["State"], "pending");
        b.pass(minutes(1));
        let shown = gateway(&mut b, &id);
        assert_eq!((&shown["State"], &shown["FailureCode"]), (&json!("failed"), &json!(reason)));
        assert!(text(&shown, "/FailureMessage").contains(message), "{shown}");
        b.pass(minutes(60));
        assert_eq!(b.code("DescribeNatGateways", json!({"NatGatewayIds": [id]})), "NatGatewayNotFound", "{reason}");
    }
}

#[test]
fn what_is_refused_at_once() {
    let (mut b, _, subnet, allocation) = bench();
    let none = "subnet-0123456789abcdef0";
    for (request, code) in [
        (json!({"AllocationId": allocation}), "MissingParameter"),
        (json!({"SubnetId": none, "AllocationId": allocation}), "InvalidSubnet"),
        (json!({"SubnetId": subnet}), "MissingParameter"),
        (json!({"SubnetId": subnet, "AllocationId": "eipalloc-0123456789abcdef0"}), "InvalidElasticIpID.NotFound"),
        (json!({"SubnetId": subnet, "ConnectivityType": "both"}), "InvalidParameterValue"),
        (
            json!({"SubnetId": subnet, "ConnectivityType": "private", "AllocationId": allocation}),
            "InvalidParameterCombination",
        ),
        (
            json!({"SubnetId": subnet, "ConnectivityType": "private", "PrivateIpAddress": "10.0.0.1"}),
            "InvalidParameterValue",
        ),
        (
            json!({"SubnetId": subnet, "ConnectivityType": "private", "SecondaryPrivateIpAddressCount": 8}),
            "PrivateIpAddressLimitExceeded",
        ),
        (
            json!({"SubnetId": subnet, "AllocationId": allocation, "AvailabilityMode": "regional"}),
            "UnsupportedOperation",
        ),
        (json!({"SubnetId": subnet, "AllocationId": allocation, "DryRun": true}), "DryRunOperation"),
    ] {
        assert_eq!(b.code("CreateNatGateway", request.clone()), code, "{request}");
    }
    assert_eq!(b.code("DeleteNatGateway", json!({"NatGatewayId": "nat-0123456789abcdef0"})), "NatGatewayNotFound");
    assert_eq!(b.code("DeleteNatGateway", json!({"NatGatewayId": "nat"})), "NatGatewayMalformed");
}

#[test]
fn a_private_gateway_needs_neither_an_elastic_ip_address_nor_an_internet_gateway_nat_2() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let request = json!({"SubnetId": subnet, "ConnectivityType": "private", "PrivateIpAddress": "10.0.0.77",
        "SecondaryPrivateIpAddressCount": 2});
    let id = b.get("CreateNatGateway", request, "/NatGateway/NatGatewayId");
    b.pass(minutes(1));
    let shown = gateway(&mut b, &id);
    assert_eq!((&shown["State"], &shown["ConnectivityType"]), (&json!("available"), &json!("private")));
    let addresses: Vec<_> =
        shown["NatGatewayAddresses"].as_array().expect("a list").iter().map(|it| &it["PrivateIp"]).collect();
    assert_eq!(addresses, ["10.0.0.77", "10.0.0.4", "10.0.0.5"]);
}

#[test]
fn its_interface_is_managed_by_the_requester_and_nobody_else_may_touch_it_nat_3() {
    let (mut b, vpc, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    b.pass(minutes(1));
    let filter = json!({"Filters": [{"Name": "interface-type", "Values": ["nat_gateway"]}]});
    let eni = b.ok("DescribeNetworkInterfaces", filter)["NetworkInterfaces"][0].take();
    assert_eq!((&eni["RequesterManaged"], &eni["Status"]), (&json!(true), &json!("in-use")));
    assert_eq!((&eni["Groups"], &eni["SourceDestCheck"]), (&json!([]), &json!(false)), "no security group (NAT-10)");
    assert_eq!(eni["Description"], json!(format!("Interface for NAT Gateway {id}")));
    let interface = text(&eni, "/NetworkInterfaceId");
    let instance = b.instance(&subnet, json!({}));
    let association = text(&eni, "/Association/AssociationId");
    let group = b.group(&vpc, "g");
    for (name, request, code) in [
        ("DeleteNetworkInterface", json!({"NetworkInterfaceId": interface}), "InvalidNetworkInterface.InUse"),
        (
            "AttachNetworkInterface",
            json!({"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": 1}),
            "InvalidNetworkInterface.InUse",
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            json!({"NetworkInterfaceId": interface, "Groups": [group]}),
            "OperationNotPermitted",
        ),
        (
            "AssignPrivateIpAddresses",
            json!({"NetworkInterfaceId": interface, "SecondaryPrivateIpAddressCount": 1}),
            "OperationNotPermitted",
        ),
        ("DisassociateAddress", json!({"AssociationId": association}), "OperationNotPermitted"),
        ("AssociateAddress", json!({"AllocationId": allocation, "InstanceId": instance}), "OperationNotPermitted"),
        ("ReleaseAddress", json!({"AllocationId": allocation}), "InvalidIPAddress.InUse"),
        ("DeleteSubnet", json!({"SubnetId": subnet}), "DependencyViolation"),
        ("DeleteVpc", json!({"VpcId": vpc}), "DependencyViolation"),
    ] {
        assert_eq!(b.code(name, request), code, "{name}");
    }
}

#[test]
fn deletion_frees_the_address_and_keeps_the_allocation_nat_17_del_2_del_3_del_6() {
    let (mut b, vpc, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    b.pass(minutes(1));
    let igw = text(&b.ok("DescribeInternetGateways", json!({})), "/InternetGateways/0/InternetGatewayId");
    let detach = json!({"InternetGatewayId": igw, "VpcId": vpc});
    assert_eq!(b.code("DetachInternetGateway", detach.clone()), "DependencyViolation", "its address is mapped");
    b.ok("DeleteNatGateway", json!({"NatGatewayId": id}));
    assert_eq!(b.code("DeleteSubnet", json!({"SubnetId": subnet})), "DependencyViolation", "while it is deleting");
    b.pass(minutes(1));
    let elastic = b.ok("DescribeAddresses", json!({}))["Addresses"][0].take();
    assert_eq!((&elastic["AllocationId"], elastic.get("AssociationId")), (&json!(allocation), None));
    assert_eq!(b.code("DetachInternetGateway", detach), "ok");
    assert_eq!(b.code("DeleteSubnet", json!({"SubnetId": subnet})), "ok");
    assert_eq!(b.code("ReleaseAddress", json!({"AllocationId": allocation})), "ok");
    assert_eq!(b.code("DeleteVpc", json!({"VpcId": vpc})), "ok");
    assert_eq!(gateway(&mut b, &id)["State"], "deleted", "it is still told of");
}

#[test]
fn five_gateways_of_a_zone_and_a_deleting_one_counts_nat_18() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let request = json!({"SubnetId": subnet, "ConnectivityType": "private"});
    let first = b.get("CreateNatGateway", request.clone(), "/NatGateway/NatGatewayId");
    for _ in 1..5 {
        b.ok("CreateNatGateway", request.clone());
    }
    assert_eq!(b.code("CreateNatGateway", request.clone()), "NatGatewayLimitExceeded");
    b.pass(minutes(1));
    b.ok("DeleteNatGateway", json!({"NatGatewayId": first}));
    assert_eq!(b.code("CreateNatGateway", request.clone()), "NatGatewayLimitExceeded");
    let other_zone = json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "ap-northeast-2c"});
    let other = b.get("CreateSubnet", other_zone, "/Subnet/SubnetId");
    assert_eq!(b.code("CreateNatGateway", json!({"SubnetId": other, "ConnectivityType": "private"})), "ok");
    b.pass(minutes(1));
    assert_eq!(b.code("CreateNatGateway", request), "ok");
}

#[test]
fn a_route_to_a_gateway_is_active_while_the_gateway_is_and_then_a_blackhole_rt_15_rt_18() {
    let (mut b, vpc, subnet, allocation) = bench();
    let table = b.route_table(&vpc);
    let id = public(&mut b, &subnet, &allocation);
    let route = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": id});
    b.ok("CreateRoute", route);
    let shown = |b: &mut Bench| {
        b.ok("DescribeRouteTables", json!({"RouteTableIds": [table]}))["RouteTables"][0]["Routes"][1].take()
    };
    assert_eq!(shown(&mut b)["State"], "blackhole", "not usable yet");
    b.pass(minutes(1));
    assert_eq!(
        shown(&mut b),
        json!({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": id, "Origin": "CreateRoute", "State": "active"})
    );
    b.ok("DeleteNatGateway", json!({"NatGatewayId": id}));
    assert_eq!(shown(&mut b)["State"], "blackhole");
    b.pass(minutes(90));
    assert_eq!(shown(&mut b)["State"], "blackhole", "for as long as the route is there");
    b.ok("DeleteRoute", json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}));
}

#[test]
fn which_routes_may_lead_to_a_gateway_rt_13_rt_19_rt_20() {
    let (mut b, vpc, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    let table = b.route_table(&vpc);
    let other_vpc = b.vpc("10.9.0.0/16");
    let elsewhere = b.route_table(&other_vpc);
    for (table, destination, code) in [
        (&table, "10.0.0.0/28", "ok"),                      // a whole subnet
        (&table, "10.0.0.0/29", "InvalidParameterValue"),   // a part of one
        (&elsewhere, "0.0.0.0/0", "InvalidParameterValue"), // another VPC's table
        (&table, "0.0.0.0/0", "ok"),
        (&table, "0.0.0.0/0", "RouteAlreadyExists"),
    ] {
        let request = json!({"RouteTableId": table, "DestinationCidrBlock": destination, "NatGatewayId": id});
        assert_eq!(b.code("CreateRoute", request), code, "{destination}");
    }
    let unknown =
        json!({"RouteTableId": table, "DestinationCidrBlock": "1.0.0.0/8", "NatGatewayId": "nat-0123456789abcdef0"});
    assert_eq!(b.code("CreateRoute", unknown), "InvalidNatGatewayID.NotFound");
    b.ok("DeleteNatGateway", json!({"NatGatewayId": id}));
    let gone = json!({"RouteTableId": table, "DestinationCidrBlock": "1.0.0.0/8", "NatGatewayId": id});
    assert_eq!(b.code("CreateRoute", gone), "InvalidNatGatewayID.NotFound");
}

#[test]
fn an_ipv6_route_leads_to_a_gateway_and_is_shown_nat_19() {
    let (mut b, vpc, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    let table = b.route_table(&vpc);
    b.ok("CreateRoute", json!({"RouteTableId": table, "DestinationIpv6CidrBlock": "64:ff9b::/96", "NatGatewayId": id}));
    b.pass(minutes(2));
    let shown = b.ok("DescribeRouteTables", json!({"RouteTableIds": [table]}));
    let routes = shown["RouteTables"][0]["Routes"].as_array().expect("a list");
    let route = routes.iter().find(|route| route["NatGatewayId"] == id.as_str()).expect("it is shown");
    assert_eq!((&route["DestinationIpv6CidrBlock"], &route["State"]), (&json!("64:ff9b::/96"), &json!("active")));
    b.ok("DeleteRoute", json!({"RouteTableId": table, "DestinationIpv6CidrBlock": "64:ff9b::/96"}));
}

/// The private address and status of each of a gateway's addresses.
fn addresses(b: &mut Bench, id: &str) -> Vec<String> {
    let shown = gateway(b, id);
    let addresses = shown["NatGatewayAddresses"].as_array().expect("a list").iter();
    addresses.map(|address| format!("{} {}", text(address, "/PrivateIp"), text(address, "/Status"))).collect()
}

#[test]
fn an_elastic_address_drains_before_it_is_free_nat_17() {
    let (mut b, _, subnet, allocation) = bench();
    let id = public(&mut b, &subnet, &allocation);
    let more = b.get("AllocateAddress", json!({}), "/AllocationId");
    let associate = json!({"NatGatewayId": id, "AllocationIds": [more]});
    assert_eq!(b.code("AssociateNatGatewayAddress", associate.clone()), "IncorrectState", "while it is pending");
    b.pass(minutes(1));
    let answer = b.ok("AssociateNatGatewayAddress", associate.clone());
    assert_eq!(text(&answer, "/NatGatewayAddresses/0/Status"), "associating");
    assert_eq!(addresses(&mut b, &id), ["10.0.0.4 succeeded", "10.0.0.5 succeeded"]);
    assert_eq!(b.code("AssociateNatGatewayAddress", associate), "Resource.AlreadyAssociated");

    let association = text(&answer, "/NatGatewayAddresses/0/AssociationId");
    let primary = text(&gateway(&mut b, &id), "/NatGatewayAddresses/0/AssociationId");
    for (association, seconds, code) in [
        (&primary, 350, "InvalidParameterValue"),
        (&association, 0, "InvalidParameterValue"),
        (&association, 4_001, "InvalidParameterValue"),
    ] {
        let request = json!({"NatGatewayId": id, "AssociationIds": [association], "MaxDrainDurationSeconds": seconds});
        assert_eq!(b.code("DisassociateNatGatewayAddress", request), code, "{association} {seconds}");
    }
    let answer = b.ok("DisassociateNatGatewayAddress", json!({"NatGatewayId": id, "AssociationIds": [association]}));
    assert_eq!(text(&answer, "/NatGatewayAddresses/0/Status"), "disassociating");
    b.pass(SimDuration::from_secs(349));
    assert_eq!(addresses(&mut b, &id), ["10.0.0.4 succeeded", "10.0.0.5 disassociating"]);
    assert_eq!(b.code("ReleaseAddress", json!({"AllocationId": more})), "InvalidIPAddress.InUse");
    b.pass(SimDuration::from_secs(1));
    assert_eq!(addresses(&mut b, &id), ["10.0.0.4 succeeded"]);
    assert_eq!(b.code("ReleaseAddress", json!({"AllocationId": more})), "ok");
    let private = json!({"NatGatewayId": id, "PrivateIpAddressCount": 1});
    assert_eq!(b.code("AssignPrivateNatGatewayAddress", private), "InvalidParameterCombination", "a public gateway");
}

#[test]
fn a_private_gateway_takes_and_gives_back_private_addresses_nat_17_nat_6() {
    let (mut b, _, subnet, allocation) = bench();
    let request = json!({"SubnetId": subnet, "ConnectivityType": "private"});
    let id = b.get("CreateNatGateway", request, "/NatGateway/NatGatewayId");
    b.pass(minutes(1));
    let assign = |more: Value| {
        let mut request = more;
        request["NatGatewayId"] = json!(id);
        request
    };
    b.ok("AssignPrivateNatGatewayAddress", assign(json!({"PrivateIpAddresses": ["10.0.0.10"]})));
    b.ok("AssignPrivateNatGatewayAddress", assign(json!({"PrivateIpAddressCount": 1})));
    assert_eq!(addresses(&mut b, &id), ["10.0.0.4 succeeded", "10.0.0.10 succeeded", "10.0.0.5 succeeded"]);
    for (more, code) in [
        (json!({"PrivateIpAddresses": ["10.0.0.10"]}), "InvalidIPAddress.InUse"),
        (json!({"PrivateIpAddresses": ["10.0.9.9"]}), "InvalidParameterValue"),
        (json!({"PrivateIpAddressCount": 6}), "PrivateIpAddressLimitExceeded"),
        (json!({}), "MissingParameter"),
    ] {
        assert_eq!(b.code("AssignPrivateNatGatewayAddress", assign(more.clone())), code, "{more}");
    }
    let public = json!({"NatGatewayId": id, "AllocationIds": [allocation]});
    assert_eq!(b.code("AssociateNatGatewayAddress", public), "InvalidParameterCombination", "a private gateway");
    let unassign =
        |address: &str| json!({"NatGatewayId": id, "PrivateIpAddresses": [address], "MaxDrainDurationSeconds": 10});
    assert_eq!(b.code("UnassignPrivateNatGatewayAddress", unassign("10.0.0.4")), "InvalidParameterValue", "primary");
    b.ok("UnassignPrivateNatGatewayAddress", unassign("10.0.0.10"));
    assert_eq!(addresses(&mut b, &id)[1], "10.0.0.10 unassigning");
    b.pass(SimDuration::from_secs(10));
    assert_eq!(addresses(&mut b, &id), ["10.0.0.4 succeeded", "10.0.0.5 succeeded"]);
    // One that is deleted while an address drains goes as a whole.
    b.ok("UnassignPrivateNatGatewayAddress", unassign("10.0.0.5"));
    b.ok("DeleteNatGateway", json!({"NatGatewayId": id}));
    b.pass(minutes(2));
    assert_eq!(b.code("DeleteSubnet", json!({"SubnetId": subnet})), "ok");
}
