//! Interfaces that come and go, what things are like before anybody says so, and limits on peering.

use serde_json::json;

use super::{Bench, text};
use crate::cloud::{Cloud, CloudConfig, Quotas};
use crate::engine::{SimDuration, SimTime};

#[test]
fn who_may_attach_what_where_l2_10() {
    let mut b = Bench::new();
    let (vpc, other) = (b.vpc("10.1.0.0/16"), b.vpc("10.2.0.0/16"));
    let make_subnet = |b: &mut Bench, vpc: &str, block: &str, zone: &str| {
        let request = json!({"VpcId": vpc, "CidrBlock": block, "AvailabilityZone": zone});
        b.get("CreateSubnet", request, "/Subnet/SubnetId")
    };
    let here = make_subnet(&mut b, &vpc, "10.1.1.0/24", "ap-northeast-2a");
    let there = make_subnet(&mut b, &vpc, "10.1.2.0/24", "ap-northeast-2c");
    let elsewhere = make_subnet(&mut b, &other, "10.2.1.0/24", "ap-northeast-2a");
    let instance = b.instance(&here, json!({}));
    let make = |b: &mut Bench, subnet: &str| {
        b.get("CreateNetworkInterface", json!({"SubnetId": subnet}), "/NetworkInterface/NetworkInterfaceId")
    };
    let (one, two) = (make(&mut b, &here), make(&mut b, &here));
    let (far, foreign) = (make(&mut b, &there), make(&mut b, &elsewhere));
    let to = |interface: &str, index: u16| json!({"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": index});
    for (request, expected) in [
        (json!({"NetworkInterfaceId": one, "InstanceId": instance}), "MissingParameter"),
        (to("eni-x", 1), "InvalidNetworkInterfaceId.Malformed"),
        (to(&far, 1), "InvalidParameterCombination"),
        (to(&foreign, 1), "UnsupportedOperation"),
        (to(&one, 0), "InvalidParameterValue"),
        (to(&one, 2), "ok"),
        (to(&one, 3), "InvalidNetworkInterface.InUse"),
        (to(&two, 2), "InvalidParameterValue"),
        (to(&two, 1), "ok"),
    ] {
        assert_eq!(b.code("AttachNetworkInterface", request.clone()), expected, "{request}");
    }
    let shown = b.ok("DescribeInstances", json!({"InstanceIds": [instance]}));
    let order = [1, 2]
        .map(|at| text(&shown, &format!("/Reservations/0/Instances/0/NetworkInterfaces/{at}/NetworkInterfaceId")));
    assert_eq!(order, [two.clone(), one.clone()], "by device index");
    // With several interfaces an instance alone does not say which is meant.
    b.attached_igw(&vpc);
    let allocation = b.get("AllocateAddress", json!({}), "/AllocationId");
    let associate = json!({"AllocationId": allocation, "InstanceId": instance});
    assert_eq!(b.code("AssociateAddress", associate), "InvalidInstanceID");
    // Attached afterwards, an interface outlives its instance.
    b.ok("TerminateInstances", json!({"InstanceIds": [instance]}));
    assert_eq!(b.code("AttachNetworkInterface", to(&far, 3)), "IncorrectState");
    b.pass(SimDuration::from_secs(10));
    let status = |b: &mut Bench, id: &str| {
        b.get("DescribeNetworkInterfaces", json!({"NetworkInterfaceIds": [id]}), "/NetworkInterfaces/0/Status")
    };
    assert_eq!([status(&mut b, &one), status(&mut b, &two)], ["available", "available"]);
}

#[test]
fn what_a_new_subnet_and_a_new_network_acl_are_like() {
    // RT-2, ACL-1, ACL-2, ACL-3, IGW-8.
    let mut b = Bench::new();
    let vpc = b.vpc("10.1.0.0/16");
    let subnet = b.subnet(&vpc, "10.1.1.0/24");
    let shown = b.ok("DescribeSubnets", json!({"SubnetIds": [subnet]}));
    assert_eq!(text(&shown, "/Subnets/0/MapPublicIpOnLaunch"), "false");
    let of_subnet = json!([{"Name": "association.subnet-id", "Values": [subnet]}]);
    let tables = b.ok("DescribeRouteTables", json!({"Filters": of_subnet}));
    assert_eq!(tables["RouteTables"].as_array().map(Vec::len), Some(0), "main by implication only");
    let acl_of = |b: &mut Bench| {
        let acls = b.ok("DescribeNetworkAcls", json!({"Filters": of_subnet}));
        assert_eq!(acls["NetworkAcls"].as_array().map(Vec::len), Some(1), "a subnet has exactly one");
        acls["NetworkAcls"][0].clone()
    };
    let default = acl_of(&mut b);
    assert_eq!(
        (text(&default, "/IsDefault"), default["Entries"].as_array().map(Vec::len)),
        ("true".to_owned(), Some(4))
    );
    let custom = b.get("CreateNetworkAcl", json!({"VpcId": vpc}), "/NetworkAcl/NetworkAclId");
    let association = text(&default, "/Associations/0/NetworkAclAssociationId");
    b.ok("ReplaceNetworkAclAssociation", json!({"AssociationId": association, "NetworkAclId": custom}));
    let entries = acl_of(&mut b)["Entries"].clone();
    let entries = entries.as_array().expect("a list");
    assert!(entries.iter().all(|entry| entry["RuleNumber"] == 32_767 && entry["RuleAction"] == "deny"), "{entries:?}");
    assert_eq!(entries.len(), 2);
}

#[test]
fn peering_quotas_count_the_active_and_the_outstanding_pcx_13() {
    let mut quotas = Quotas::default();
    quotas.set("active-vpc-peering-connections-per-vpc", 1).expect("the name is right");
    quotas.set("outstanding-vpc-peering-connection-requests", 1).expect("the name is right");
    let mut b = Bench::new();
    b.cloud = Cloud::with_config(CloudConfig { seed: 7, quotas, ..CloudConfig::default() });
    let (a, x, y) = (b.vpc("10.1.0.0/16"), b.vpc("10.2.0.0/16"), b.vpc("10.3.0.0/16"));
    let first = b.requested_peering(&a, &x);
    let again = json!({"VpcId": a, "PeerVpcId": y});
    assert_eq!(b.code("CreateVpcPeeringConnection", again.clone()), "OutstandingVpcPeeringConnectionLimitExceeded");
    b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": first}));
    b.pass(SimDuration::from_secs(1));
    assert_eq!(b.code("CreateVpcPeeringConnection", again.clone()), "VpcPeeringConnectionsPerVpcLimitExceeded");
    b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": first}));
    assert_eq!(b.code("CreateVpcPeeringConnection", again), "ok");
}

#[test]
fn what_a_request_has_made_pointless_is_not_waited_for() {
    let mut b = Bench::new();
    let (a, x) = (b.vpc("10.1.0.0/16"), b.vpc("10.2.0.0/16"));
    let week = SimTime::ZERO + SimDuration::from_secs(7 * 24 * 3_600);
    let rejected = b.requested_peering(&a, &x);
    assert!(b.cloud.next_transition().is_some_and(|at| at >= week), "the request would expire");
    b.ok("RejectVpcPeeringConnection", json!({"VpcPeeringConnectionId": rejected}));
    assert_eq!(b.cloud.next_transition(), None);
}
