//! IPv6 blocks of subnets and IPv6 addresses of interfaces (ADDR-10, IGW-2).

use super::*;

/// A VPC with a block of Amazon's, and the first /64 of it.
fn dual_stack() -> (Bench, String, String) {
    let mut b = Bench::new();
    let vpc = b.vpc("10.0.0.0/16");
    let request = json!({"VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true});
    let block = b.get("AssociateVpcCidrBlock", request, "/Ipv6CidrBlockAssociation/Ipv6CidrBlock");
    assert!(block.ends_with("/56"), "{block}");
    (b, vpc, block.replace("/56", "/64"))
}

#[test]
fn a_subnet_gets_a_64_of_its_vpcs_block_and_gives_it_back_addr_10() {
    let (mut b, vpc, block) = dual_stack();
    let (subnet, other) = (b.subnet(&vpc, "10.0.0.0/24"), b.subnet(&vpc, "10.0.1.0/24"));
    for (subnet, text, code) in [
        (&subnet, "2001:db8::/64", "InvalidSubnet.Range"),
        (&subnet, &block.replace("/64", "/60"), "InvalidSubnet.Range"),
        (&subnet, "nonsense", "InvalidParameterValue"),
        (&subnet, &block, "ok"),
        (&other, &block, "InvalidSubnet.Conflict"),
    ] {
        let request = json!({"SubnetId": subnet, "Ipv6CidrBlock": text});
        assert_eq!(b.code("AssociateSubnetCidrBlock", request), code, "{text}");
    }
    let shown = b.ok("DescribeSubnets", json!({"SubnetIds": [subnet]}));
    let association = text(&shown, "/Subnets/0/Ipv6CidrBlockAssociationSet/0/AssociationId");
    let eni = b.get(
        "CreateNetworkInterface",
        json!({"SubnetId": subnet, "Ipv6AddressCount": 1}),
        "/NetworkInterface/NetworkInterfaceId",
    );
    let request = json!({"AssociationId": association});
    assert_eq!(b.code("DisassociateSubnetCidrBlock", request.clone()), "InvalidCidrBlock.InUse");
    b.ok("DeleteNetworkInterface", json!({"NetworkInterfaceId": eni}));
    assert_eq!(b.code("DisassociateSubnetCidrBlock", request.clone()), "ok");
    assert_eq!(b.code("DisassociateSubnetCidrBlock", request), "InvalidSubnetCidrBlockAssociationID.NotFound");
}

#[test]
fn interfaces_get_ipv6_addresses_and_lose_them() {
    let (mut b, vpc, block) = dual_stack();
    let subnet = b.subnet(&vpc, "10.0.0.0/24");
    let eni = b.get("CreateNetworkInterface", json!({"SubnetId": subnet}), "/NetworkInterface/NetworkInterfaceId");
    let one = json!({"NetworkInterfaceId": eni, "Ipv6AddressCount": 1});
    assert_eq!(b.code("AssignIpv6Addresses", one.clone()), "InvalidParameterValue", "the subnet has no block");
    b.ok("AssociateSubnetCidrBlock", json!({"SubnetId": subnet, "Ipv6CidrBlock": block}));
    let first = b.get("AssignIpv6Addresses", one.clone(), "/AssignedIpv6Addresses/0");
    let second = b.get("AssignIpv6Addresses", one, "/AssignedIpv6Addresses/0");
    assert_ne!(first, second);
    let wanted = block.replace("/64", "99");
    let given = json!({"NetworkInterfaceId": eni, "Ipv6Addresses": [wanted]});
    b.ok("AssignIpv6Addresses", given.clone());
    assert_eq!(b.code("AssignIpv6Addresses", given), "InvalidIPAddress.InUse");
    let remove = json!({"NetworkInterfaceId": eni, "Ipv6Addresses": [first, second]});
    b.ok("UnassignIpv6Addresses", remove.clone());
    assert_eq!(b.code("UnassignIpv6Addresses", remove), "InvalidParameterValue");
    let shown = b.ok("DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [eni]}));
    assert_eq!(shown["NetworkInterfaces"][0]["Ipv6Addresses"], json!([{"Ipv6Address": wanted}]));
}
