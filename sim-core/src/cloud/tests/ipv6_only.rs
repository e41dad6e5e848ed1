//! IPv6-only subnets (ADDR-10): what is in them has no IPv4 address, and what needs one is refused.

use super::*;

/// A VPC with an IPv6-only subnet.
fn ipv6_only() -> (Bench, String, String) {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let request = json!({"VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true});
    let block = b.get("AssociateVpcCidrBlock", request, "/Ipv6CidrBlockAssociation/Ipv6CidrBlock");
    let request = json!({"VpcId": vpc, "Ipv6CidrBlock": block.replace("/56", "/64"), "Ipv6Native": true});
    let subnet = b.get("CreateSubnet", request, "/Subnet/SubnetId");
    (b, vpc, subnet)
}

#[test]
fn a_subnet_is_ipv6_only_if_it_is_asked_for_addr_10() {
    let (mut b, vpc, subnet) = ipv6_only();
    let shown = b.ok("DescribeSubnets", json!({"SubnetIds": [subnet]}))["Subnets"][0].clone();
    assert_eq!(shown["Ipv6Native"], true);
    assert_eq!(shown["CidrBlock"], Value::Null);
    assert_eq!(shown["AvailableIpAddressCount"], 0);
    assert_eq!(shown["AssignIpv6AddressOnCreation"], true);
    assert_eq!(shown["PrivateDnsNameOptionsOnLaunch"]["HostnameType"], "resource-name");
    let found = |b: &mut Bench, value: &str| {
        let filters = json!([{"Name": "ipv6-native", "Values": [value]}, {"Name": "vpc-id", "Values": [vpc]}]);
        b.ok("DescribeSubnets", json!({"Filters": filters}))["Subnets"].as_array().expect("a list").len()
    };
    assert_eq!((found(&mut b, "true"), found(&mut b, "false")), (1, 0));
    let block = text(&shown, "/Ipv6CidrBlockAssociationSet/0/Ipv6CidrBlock");
    for (request, code) in [
        (json!({"VpcId": vpc, "Ipv6Native": true}), "MissingParameter"),
        (json!({"VpcId": vpc, "Ipv6CidrBlock": block, "Ipv6Native": true}), "InvalidSubnet.Conflict"),
        (json!({"VpcId": vpc, "Ipv6CidrBlock": block}), "MissingParameter"),
        (
            json!({"VpcId": vpc, "Ipv6CidrBlock": block, "CidrBlock": "10.0.0.0/24", "Ipv6Native": true}),
            "InvalidParameterCombination",
        ),
    ] {
        assert_eq!(b.code("CreateSubnet", request.clone()), code, "{request}");
    }
    // A subnet of IPv4 does not mind its neighbour, nor does the VPC's block.
    b.subnet(&vpc, "10.0.0.0/24");
    let association = text(&shown, "/Ipv6CidrBlockAssociationSet/0/AssociationId");
    let request = json!({"AssociationId": association});
    assert_eq!(b.code("DisassociateSubnetCidrBlock", request), "InvalidParameterValue", "it has no other");
}

#[test]
fn an_interface_has_an_ipv6_address_and_no_other_addr_10() {
    let (mut b, vpc, subnet) = ipv6_only();
    let group = b.group(&vpc, "own");
    let instance = b.instance(&subnet, json!({"SecurityGroupIds": [group]}));
    let shown =
        b.ok("DescribeInstances", json!({"InstanceIds": [instance]}))["Reservations"][0]["Instances"][0].clone();
    assert_eq!(shown["PrivateIpAddress"], Value::Null);
    assert_eq!(shown["PrivateDnsName"], format!("{instance}.ap-northeast-2.compute.internal"));
    let interface = &shown["NetworkInterfaces"][0];
    assert_eq!(interface["PrivateIpAddress"], Value::Null);
    assert_eq!(interface["PrivateIpAddresses"], json!([]));
    assert_eq!(interface["Ipv6Addresses"].as_array().expect("a list").len(), 1);
    let eni = text(interface, "/NetworkInterfaceId");
    let shown = b.ok("DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [eni]}));
    assert_eq!(shown["NetworkInterfaces"][0]["PrivateIpAddress"], Value::Null);
    assert_eq!(b.code("DeleteSubnet", json!({"SubnetId": subnet})), "DependencyViolation", "DEL-2");
    b.ok("StopInstances", json!({"InstanceIds": [instance]}));
    b.pass(SimDuration::from_secs(60));
    b.ok("StartInstances", json!({"InstanceIds": [instance]}));
    b.pass(SimDuration::from_secs(60));
    b.ok("TerminateInstances", json!({"InstanceIds": [instance]}));
    b.pass(SimDuration::from_secs(60));
    assert_eq!(b.code("DeleteSubnet", json!({"SubnetId": subnet})), "ok");
}

#[test]
fn what_needs_an_ipv4_address_is_refused_addr_10() {
    let (mut b, vpc, subnet) = ipv6_only();
    b.attached_igw(&vpc);
    let instance = b.instance(&subnet, json!({}));
    let shown = b.ok("DescribeInstances", json!({"InstanceIds": [instance]}));
    let eni = text(&shown, "/Reservations/0/Instances/0/NetworkInterfaces/0/NetworkInterfaceId");
    let allocation = b.get("AllocateAddress", json!({}), "/AllocationId");
    let launch = |more: Value| {
        let mut request = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"});
        for (name, value) in more.as_object().expect("members") {
            request[name] = value.clone();
        }
        request
    };
    let public = json!([{"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": true}]);
    let switch = |name: &str, value: bool| json!({"SubnetId": subnet, name: {"Value": value}});
    for (operation, request) in [
        ("RunInstances", launch(json!({"SubnetId": subnet, "PrivateIpAddress": "10.0.0.9"}))),
        ("RunInstances", launch(json!({"NetworkInterfaces": public}))),
        ("CreateNetworkInterface", json!({"SubnetId": subnet, "PrivateIpAddress": "10.0.0.9"})),
        ("CreateNetworkInterface", json!({"SubnetId": subnet, "SecondaryPrivateIpAddressCount": 1})),
        ("AssignPrivateIpAddresses", json!({"NetworkInterfaceId": eni, "SecondaryPrivateIpAddressCount": 1})),
        ("AssociateAddress", json!({"InstanceId": instance, "AllocationId": allocation})),
        ("ModifySubnetAttribute", switch("MapPublicIpOnLaunch", true)),
        ("ModifySubnetAttribute", switch("AssignIpv6AddressOnCreation", false)),
        ("ModifySubnetAttribute", switch("EnableResourceNameDnsARecordOnLaunch", true)),
        ("ModifySubnetAttribute", json!({"SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "ip-name"})),
    ] {
        assert_eq!(b.code(operation, request.clone()), "InvalidParameterValue", "{operation} {request}");
    }
    for (name, value) in [("MapPublicIpOnLaunch", false), ("EnableDns64", true), ("AssignIpv6AddressOnCreation", true)]
    {
        assert_eq!(b.code("ModifySubnetAttribute", switch(name, value)), "ok", "{name}");
    }
    // A NAT gateway finds no address there (NAT-16).
    let request = json!({"SubnetId": subnet, "AllocationId": allocation});
    let gateway = b.get("CreateNatGateway", request, "/NatGateway/NatGatewayId");
    b.pass(SimDuration::from_secs(120));
    let shown = b.ok("DescribeNatGateways", json!({"NatGatewayIds": [gateway]}));
    assert_eq!(text(&shown, "/NatGateways/0/FailureCode"), "InsufficientFreeAddressesInSubnet");
}
