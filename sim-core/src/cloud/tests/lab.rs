//! The peering lab's requests, and the shape of their answers.

use super::*;
use crate::cloud::{RouteState, SecurityGroup, Vpc};

#[test]
fn the_peering_lab_from_vpc_to_blackhole_pcx_46() {
    let mut b = Bench::new();
    let (vpc1, vpc2) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let igw = b.attached_igw(&vpc1);
    let (subnet, table) = (b.subnet(&vpc1, "10.41.1.0/24"), b.route_table(&vpc1));
    b.ok("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": subnet}));
    let route = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": igw});
    assert_eq!(b.ok("CreateRoute", route), json!({"Return": true}));
    let pcx = b.requested_peering(&vpc1, &vpc2);
    assert_eq!(b.peering_status(&pcx), "pending-acceptance");
    // RT-16: the route may come before the acceptance.
    b.ok(
        "CreateRoute",
        json!({"RouteTableId": table, "DestinationCidrBlock": "10.42.0.0/16", "VpcPeeringConnectionId": pcx}),
    );
    let state = |b: &mut Bench| {
        b.get("DescribeRouteTables", json!({"RouteTableIds": [table]}), "/RouteTables/0/Routes/2/State")
    };
    assert_eq!(state(&mut b), "blackhole");
    b.ok("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx}));
    assert_eq!((b.peering_status(&pcx).as_str(), state(&mut b).as_str()), ("provisioning", "blackhole"));
    b.pass(SimDuration::from_millis(100));
    assert_eq!((b.peering_status(&pcx).as_str(), state(&mut b).as_str()), ("active", "active"));
    b.cloud.take_touched();
    b.ok("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx}));
    assert_eq!((b.peering_status(&pcx).as_str(), state(&mut b).as_str()), ("deleted", "blackhole"));
    assert_eq!(b.cloud.take_touched(), [pcx.parse().expect("an id")], "its state is compiled again");
}

#[test]
fn the_answer_to_a_peering_request_has_awss_members_in_awss_order() {
    let mut b = Bench::new();
    let (vpc1, vpc2) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    b.pass(SimDuration::from_secs(41));
    let answer = b.ok(
        "CreateVpcPeeringConnection",
        json!({"VpcId": vpc1, "PeerVpcId": vpc2,
        "TagSpecifications": [{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "Name", "Value": "lab"}]}]}),
    );
    let pcx = text(&answer, "/VpcPeeringConnection/VpcPeeringConnectionId");
    let expected = format!(
        r#"{{"VpcPeeringConnection":{{"AccepterVpcInfo":{{"OwnerId":"123456789012","VpcId":"{vpc2}","Region":"ap-northeast-2"}},"ExpirationTime":"2024-01-08T00:00:41+00:00","RequesterVpcInfo":{{"CidrBlock":"10.41.0.0/16","CidrBlockSet":[{{"CidrBlock":"10.41.0.0/16"}}],"OwnerId":"123456789012","PeeringOptions":{{"AllowDnsResolutionFromRemoteVpc":false,"AllowEgressFromLocalClassicLinkToRemoteVpc":false,"AllowEgressFromLocalVpcToRemoteClassicLink":false}},"VpcId":"{vpc1}","Region":"ap-northeast-2"}},"Status":{{"Code":"initiating-request","Message":"Initiating Request to 123456789012"}},"Tags":[{{"Key":"Name","Value":"lab"}}],"VpcPeeringConnectionId":"{pcx}"}}}}"#
    );
    assert_eq!(answer.to_string(), expected);
}

#[test]
fn a_rule_is_added_once_and_shown_grouped() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let group = b.group(&vpc, "web");
    let rule = json!({"GroupId": group, "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.7/8", "Description": "inside"}]},
        {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]});
    let answer = b.ok("AuthorizeSecurityGroupIngress", rule.clone());
    assert_eq!(answer["SecurityGroupRules"].as_array().map(Vec::len), Some(3));
    let error = b.call("AuthorizeSecurityGroupIngress", rule).expect_err("the rules are there"); // SG-31
    assert_eq!(error.code, "InvalidPermission.Duplicate");
    assert_eq!(
        error.message,
        "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW\" already exists"
    );
    let shown = b.ok("DescribeSecurityGroups", json!({"GroupIds": [group]}));
    assert_eq!(
        shown["SecurityGroups"][0]["IpPermissions"],
        json!([
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [],
             "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"Description": "inside", "CidrIp": "10.0.0.0/8"}],
             "Ipv6Ranges": [], "PrefixListIds": []},
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [],
             "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": []}
        ])
    );
    let short = json!({"GroupId": group, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0"});
    b.ok("RevokeSecurityGroupIngress", short.clone());
    assert_eq!(b.code("RevokeSecurityGroupIngress", short), "InvalidPermission.NotFound");
}

#[test]
fn an_instance_gets_its_addresses_and_loses_the_public_one_when_stopped_igw_9() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    b.attached_igw(&vpc);
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    let id = {
        let request = json!({"ImageId": "ami-0123456789abcdef0", "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1,
            "UserData": "IyEvYmluL2Jhc2gK", "KeyName": "never-made",
            "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet, "PrivateIpAddress": "10.41.1.100", "AssociatePublicIpAddress": true}],
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "ljhVPC1-EC2"}]}]});
        b.get("RunInstances", request, "/Instances/0/InstanceId")
    };
    let show =
        |b: &mut Bench| b.ok("DescribeInstances", json!({"Filters": [{"Name": "tag:Name", "Values": ["ljhVPC1*"]}]}));
    let pending = show(&mut b);
    assert_eq!(text(&pending, "/Reservations/0/Instances/0/State/Name"), "pending");
    assert_eq!(text(&pending, "/Reservations/0/Instances/0/PrivateIpAddress"), "10.41.1.100");
    let first = text(&pending, "/Reservations/0/Instances/0/PublicIpAddress");
    assert_eq!(b.cloud.next_transition(), Some(SimTime::ZERO + SimDuration::from_secs(10)));
    b.pass(SimDuration::from_secs(10));
    assert_eq!(text(&show(&mut b), "/Reservations/0/Instances/0/State/Name"), "running");
    let instance = b.cloud.instances.values().next().expect("launched before");
    assert_eq!(instance.launch.user_data.as_deref(), Some("#!/bin/bash\n"));
    assert_eq!(
        b.code(
            "DetachInternetGateway",
            json!({"InternetGatewayId": b.cloud.internet_gateways.values().next().expect("made before").id.to_string(), "VpcId": vpc})
        ),
        "DependencyViolation"
    ); // IGW-11
    b.ok("StopInstances", json!({"InstanceIds": [id]}));
    b.pass(SimDuration::from_secs(10));
    let stopped = show(&mut b);
    assert_eq!(text(&stopped, "/Reservations/0/Instances/0/State/Name"), "stopped");
    assert_eq!(stopped.pointer("/Reservations/0/Instances/0/PublicIpAddress"), None);
    b.ok("StartInstances", json!({"InstanceIds": [id]}));
    let started = show(&mut b);
    assert_eq!(text(&started, "/Reservations/0/Instances/0/PrivateIpAddress"), "10.41.1.100"); // ADDR-15
    assert_ne!(text(&started, "/Reservations/0/Instances/0/PublicIpAddress"), first);
    b.ok("TerminateInstances", json!({"InstanceIds": [id]}));
    b.pass(SimDuration::from_secs(10));
    assert_eq!(b.ok("DescribeNetworkInterfaces", json!({})), json!({"NetworkInterfaces": []}));
    b.ok("DeleteSubnet", json!({"SubnetId": subnet}));
    assert_eq!(text(&show(&mut b), "/Reservations/0/Instances/0/State/Name"), "terminated");
}

#[test]
fn free_addresses_are_given_lowest_first_and_macs_are_locally_administered() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/28");
    let request = json!({"ImageId": "ami-0123456789abcdef0", "SubnetId": subnet, "MinCount": 3, "MaxCount": 3});
    let answer = b.ok("RunInstances", request.clone());
    for (at, address) in ["10.41.1.4", "10.41.1.5", "10.41.1.6"].iter().enumerate() {
        assert_eq!(text(&answer, &format!("/Instances/{at}/PrivateIpAddress")), *address);
        assert_eq!(text(&answer, &format!("/Instances/{at}/AmiLaunchIndex")), at.to_string());
    }
    let free = json!({"SubnetIds": [subnet]});
    assert_eq!(b.get("DescribeSubnets", free, "/Subnets/0/AvailableIpAddressCount"), "8");
    for eni in b.cloud.network_interfaces.values() {
        assert!([0x02, 0x06, 0x0a, 0x0e].contains(&eni.mac.0[0]), "{}", eni.mac); // L2-11
    }
    let nine = json!({"ImageId": "ami-0123456789abcdef0", "SubnetId": subnet, "MinCount": 9, "MaxCount": 9});
    assert_eq!(b.code("RunInstances", nine), "InsufficientFreeAddressesInSubnet");
    assert_eq!(b.cloud.network_interfaces.len(), 3, "a refused launch makes nothing");
}

#[test]
fn an_elastic_ip_takes_the_place_of_the_automatic_one_igw_10() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let subnet = b.subnet(&vpc, "10.41.1.0/24");
    b.ok("ModifySubnetAttribute", json!({"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": true}}));
    let instance = b.instance(&subnet, json!({}));
    let eip = b.ok("AllocateAddress", json!({"Domain": "vpc"}));
    let associate = json!({"AllocationId": eip["AllocationId"], "InstanceId": instance});
    assert_eq!(b.code("AssociateAddress", associate.clone()), "Gateway.NotAttached");
    b.attached_igw(&vpc);
    let association = b.get("AssociateAddress", associate, "/AssociationId");
    let public = |b: &mut Bench| b.get("DescribeInstances", json!({}), "/Reservations/0/Instances/0/PublicIpAddress");
    assert_eq!(public(&mut b), text(&eip, "/PublicIp"));
    assert_eq!(b.code("ReleaseAddress", json!({"AllocationId": eip["AllocationId"]})), "InvalidIPAddress.InUse");
    b.ok("DisassociateAddress", json!({"AssociationId": association}));
    assert_ne!(public(&mut b), text(&eip, "/PublicIp"));
    b.ok("ReleaseAddress", json!({"AllocationId": eip["AllocationId"]}));
    assert_eq!(b.ok("DescribeAddresses", json!({})), json!({"Addresses": []}));
}

#[test]
fn route_states_follow_their_targets_rt_15() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let (igw, subnet, table) = (b.attached_igw(&vpc), b.subnet(&vpc, "10.41.1.0/24"), b.route_table(&vpc));
    let instance = b.instance(&subnet, json!({}));
    b.ok("CreateRoute", json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": igw}));
    b.ok(
        "CreateRoute",
        json!({"RouteTableId": table, "DestinationCidrBlock": "192.168.0.0/16", "InstanceId": instance}),
    );
    let states = |b: &Bench| {
        let table = b.cloud.route_tables.values().find(|table| !table.routes.is_empty()).expect("it has routes");
        table.routes.iter().map(|route| b.cloud.route_state(table.vpc, &route.target)).collect::<Vec<_>>()
    };
    assert_eq!(states(&b), [RouteState::Active, RouteState::Active]);
    b.ok("StopInstances", json!({"InstanceIds": [instance]}));
    assert_eq!(states(&b), [RouteState::Active, RouteState::Blackhole]);
    b.ok("DetachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": vpc}));
    let other = b.vpc("10.99.0.0/16");
    b.ok("AttachInternetGateway", json!({"InternetGatewayId": igw, "VpcId": other}));
    assert_eq!(states(&b), [RouteState::Blackhole, RouteState::Blackhole], "attached elsewhere is not attached here");
}

#[test]
fn the_main_table_can_be_replaced_and_takes_the_implicit_subnets_along_rt_3() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    let table = b.route_table(&vpc);
    let main =
        json!({"Filters": [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}]});
    let association =
        b.get("DescribeRouteTables", main.clone(), "/RouteTables/0/Associations/0/RouteTableAssociationId");
    b.ok("ReplaceRouteTableAssociation", json!({"AssociationId": association, "RouteTableId": table}));
    assert_eq!(b.get("DescribeRouteTables", main, "/RouteTables/0/RouteTableId"), table);
    let vpc: VpcId = vpc.parse().expect("an id");
    assert_eq!(b.cloud.vpcs[&vpc].main_route_table.to_string(), table);
    assert_eq!(b.code("DeleteRouteTable", json!({"RouteTableId": table})), "DependencyViolation"); // RT-1
}

#[test]
fn tags_are_set_found_and_listed() {
    let mut b = Bench::new();
    let vpc = b.vpc("10.41.0.0/16");
    b.ok("CreateTags", json!({"Resources": [vpc], "Tags": [{"Key": "Name", "Value": "main"}]}));
    let id: ResourceId = vpc.parse().expect("an id");
    assert_eq!(b.cloud.tags(id).and_then(|tags| tags.name()), Some("main"));
    for (filter, found) in [
        (json!({"Name": "tag:Name", "Values": ["ma?n"]}), 1),
        (json!({"Name": "tag:Name", "Values": ["mane"]}), 0),
        (json!({"Name": "tag-key", "Values": ["Name"]}), 1),
        (json!({"Name": "cidr", "Values": ["10.41.0.0/16", "10.9.0.0/16"]}), 1),
        (json!({"Name": "isDefault", "Values": ["true"]}), 0),
    ] {
        let answer = b.ok("DescribeVpcs", json!({"Filters": [filter]}));
        assert_eq!(answer["Vpcs"].as_array().map(Vec::len), Some(found), "{filter}");
    }
    assert_eq!(
        b.ok("DescribeTags", json!({})),
        json!({"Tags": [{"Key": "Name", "ResourceId": vpc, "ResourceType": "vpc", "Value": "main"}]})
    );
    b.ok("DeleteTags", json!({"Resources": [vpc], "Tags": [{"Key": "Name", "Value": "other"}]}));
    assert_eq!(b.cloud.tags(id).and_then(|tags| tags.name()), Some("main"), "another value is another tag");
    b.ok("DeleteTags", json!({"Resources": [vpc], "Tags": [{"Key": "Name"}]}));
    assert_eq!(b.cloud.tags(id).and_then(|tags| tags.name()), None);
}

#[test]
fn same_requests_and_seed_give_the_same_cloud_and_another_seed_other_ids() {
    let build = |seed: u64| {
        let mut b = Bench::new();
        b.cloud = Cloud::new(seed);
        let vpc = b.vpc("10.41.0.0/16");
        let subnet = b.subnet(&vpc, "10.41.1.0/24");
        b.ok("ModifySubnetAttribute", json!({"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": true}}));
        b.instance(&subnet, json!({}));
        b.ok("DescribeInstances", json!({})).to_string()
    };
    assert_eq!(build(7), build(7));
    assert_ne!(build(7), build(8));
}

#[test]
fn a_group_that_goes_touches_those_that_name_it_and_an_interface_touches_no_group_sg_12() {
    let mut b = Bench::new();
    let (vpc1, vpc2) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let (mine, theirs) = (b.group(&vpc1, "mine"), b.group(&vpc2, "theirs"));
    let name =
        json!({"GroupId": mine, "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": theirs}]}]});
    assert_eq!(b.code("AuthorizeSecurityGroupIngress", name.clone()), "InvalidGroup.NotFound");
    b.active_peering(&vpc1, &vpc2);
    b.ok("AuthorizeSecurityGroupIngress", name);
    let subnet = b.subnet(&vpc2, "10.42.1.0/24");
    b.cloud.take_touched();
    let eni = b.get(
        "CreateNetworkInterface",
        json!({"SubnetId": subnet, "Groups": [theirs]}),
        "/NetworkInterface/NetworkInterfaceId",
    );
    assert_eq!(texts(&b.cloud.take_touched()), [eni.as_str()]);
    assert_eq!(b.code("DeleteSecurityGroup", json!({"GroupId": theirs})), "DependencyViolation");
    b.ok("DeleteNetworkInterface", json!({"NetworkInterfaceId": eni}));
    b.cloud.take_touched();
    b.ok("DeleteSecurityGroup", json!({"GroupId": theirs}));
    assert_eq!(texts(&b.cloud.take_touched()), [theirs, mine]);
}

#[test]
fn deleting_a_vpc_takes_along_what_came_with_it_and_ends_its_peerings_pcx_8() {
    let mut b = Bench::new();
    let (vpc1, vpc2) = (b.vpc("10.41.0.0/16"), b.vpc("10.42.0.0/16"));
    let pcx = b.active_peering(&vpc1, &vpc2);
    b.ok("DeleteVpc", json!({"VpcId": vpc2}));
    assert_eq!(b.peering_status(&pcx), "deleted");
    let survivor: &Vpc = b.cloud.vpcs.values().next().expect("one is left");
    let groups: Vec<&SecurityGroup> = b.cloud.security_groups.values().collect();
    assert_eq!((groups.len(), groups[0].vpc), (1, survivor.id));
    assert_eq!((b.cloud.route_tables.len(), b.cloud.network_acls.len()), (1, 1));
}

fn texts(ids: &[ResourceId]) -> Vec<String> {
    ids.iter().map(ResourceId::to_string).collect()
}
