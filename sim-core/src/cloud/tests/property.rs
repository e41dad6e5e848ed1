//! Whatever is asked in whatever order: nothing refers to what is not there, the look-ups agree with the records, and a
//! refused request has changed nothing.

use proptest::prelude::*;

use super::*;
use crate::cloud::records::Records;
use crate::cloud::{InstanceState, PublicAddress};

/// One request: which, and which of the things there are it is about.
pub(crate) type Pick = (usize, usize, usize);

/// How many kinds of requests there are to pick from.
pub(crate) const REQUESTS: usize = 50;

/// The request that a pick means in this cloud. Ids come from what there is, so that many requests are accepted.
pub(crate) fn request(cloud: &Cloud, (which, a, b): Pick) -> (&'static str, Value) {
    fn nth<I: Copy + ToString + Eq + std::hash::Hash, T>(table: &Records<I, T>, at: usize) -> String {
        match table.len() {
            0 => String::new(),
            count => table.keys().nth(at % count).map(I::to_string).unwrap_or_default(),
        }
    }
    let vpc = |at| nth(&cloud.vpcs, at);
    let subnet = |at| nth(&cloud.subnets, at);
    let table = |at| nth(&cloud.route_tables, at);
    let igw = |at| nth(&cloud.internet_gateways, at);
    let pcx = |at| nth(&cloud.peerings, at);
    let group = |at| nth(&cloud.security_groups, at);
    let acl = |at| nth(&cloud.network_acls, at);
    let eni = |at| nth(&cloud.network_interfaces, at);
    let instance = |at| nth(&cloud.instances, at);
    let eip = |at| nth(&cloud.elastic_ips, at);
    let secondary = |at: usize| {
        let eni = cloud.network_interfaces.values().nth(at % cloud.network_interfaces.len().max(1));
        eni.and_then(|eni| Some(eni.ipv4.get(1)?.address.to_string())).unwrap_or_default()
    };
    let association = |at: usize| {
        let subnet = cloud.subnets.values().nth(at % cloud.subnets.len().max(1));
        subnet.and_then(|subnet| subnet.route_table).map(|(id, _)| id.to_string()).unwrap_or_default()
    };
    let nat = |at| nth(&cloud.nat_gateways, at);
    let eigw = |at| nth(&cloud.egress_only_internet_gateways, at);
    let gateway_or_peering = |at: usize| match at % 3 {
        0 => ("GatewayId", igw(at)),
        1 => ("VpcPeeringConnectionId", pcx(at)),
        _ => ("NetworkInterfaceId", eni(at)),
    };
    match which % REQUESTS {
        0 => ("CreateVpc", json!({"CidrBlock": format!("10.{}.0.0/16", a % 6)})),
        1 => ("DeleteVpc", json!({"VpcId": vpc(a)})),
        2 | 3 => ("CreateSubnet", json!({"VpcId": vpc(a), "CidrBlock": format!("10.{}.{}.0/28", a % 6, b % 4)})),
        4 => ("DeleteSubnet", json!({"SubnetId": subnet(a)})),
        5 => ("CreateRouteTable", json!({"VpcId": vpc(a)})),
        6 => ("DeleteRouteTable", json!({"RouteTableId": table(a)})),
        7 => ("AssociateRouteTable", json!({"RouteTableId": table(a), "SubnetId": subnet(b)})),
        8 => ("DisassociateRouteTable", json!({"AssociationId": association(a)})),
        9 => ("ReplaceRouteTableAssociation", json!({"AssociationId": association(a), "RouteTableId": table(b)})),
        10 => ("CreateInternetGateway", json!({})),
        11 | 12 => ("AttachInternetGateway", json!({"InternetGatewayId": igw(a), "VpcId": vpc(b)})),
        13 => ("DetachInternetGateway", json!({"InternetGatewayId": igw(a), "VpcId": vpc(b)})),
        14 => ("DeleteInternetGateway", json!({"InternetGatewayId": igw(a)})),
        15 => ("CreateVpcPeeringConnection", json!({"VpcId": vpc(a), "PeerVpcId": vpc(b)})),
        16 => ("AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx(a)})),
        17 => ("DeleteVpcPeeringConnection", json!({"VpcPeeringConnectionId": pcx(a)})),
        18 => ("CreateSecurityGroup", json!({"VpcId": vpc(a), "GroupName": format!("g{}", b % 3), "Description": "g"})),
        19 => ("DeleteSecurityGroup", json!({"GroupId": group(a)})),
        20 => (
            "AuthorizeSecurityGroupIngress",
            json!({"GroupId": group(a), "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group(b)}]}]}),
        ),
        21 => ("CreateNetworkAcl", json!({"VpcId": vpc(a)})),
        22 => ("DeleteNetworkAcl", json!({"NetworkAclId": acl(a)})),
        23 => ("CreateNetworkInterface", json!({"SubnetId": subnet(a), "Groups": [group(b)]})),
        24 => ("DeleteNetworkInterface", json!({"NetworkInterfaceId": eni(a)})),
        25 | 26 => (
            "RunInstances",
            json!({"ImageId": "ami-0123456789abcdef0",
                "NetworkInterfaces": [{"SubnetId": subnet(a), "AssociatePublicIpAddress": b.is_multiple_of(2)}]}),
        ),
        27 => ("TerminateInstances", json!({"InstanceIds": [instance(a)]})),
        28 => ("StopInstances", json!({"InstanceIds": [instance(a)]})),
        29 => ("StartInstances", json!({"InstanceIds": [instance(a)]})),
        30 => ("AllocateAddress", json!({})),
        32 => ("AssociateVpcCidrBlock", json!({"VpcId": vpc(a), "CidrBlock": format!("10.{}.0.0/16", b % 6)})),
        33 => ("AssignPrivateIpAddresses", json!({"NetworkInterfaceId": eni(a), "SecondaryPrivateIpAddressCount": 1})),
        34 => {
            ("UnassignPrivateIpAddresses", json!({"NetworkInterfaceId": eni(a), "PrivateIpAddresses": [secondary(a)]}))
        }
        35 => ("ModifyNetworkInterfaceAttribute", json!({"NetworkInterfaceId": eni(a), "Groups": [group(b)]})),
        36 => {
            ("DeleteRoute", json!({"RouteTableId": table(a), "DestinationCidrBlock": format!("10.{}.0.0/16", b % 6)}))
        }
        37 => (
            "AttachNetworkInterface",
            json!({"NetworkInterfaceId": eni(a), "InstanceId": instance(b), "DeviceIndex": 1}),
        ),
        38 => (
            "CreateNetworkAclEntry",
            json!({"NetworkAclId": acl(a), "RuleNumber": 1 + b, "Protocol": "-1",
            "RuleAction": "deny", "Egress": false, "CidrBlock": "10.0.0.0/8"}),
        ),
        39 | 40 => {
            let (member, target) = gateway_or_peering(b);
            let block = format!("10.{}.0.0/16", (a + b) % 6);
            ("CreateRoute", json!({"RouteTableId": table(a), "DestinationCidrBlock": block, member: target}))
        }
        41 => ("AssociateVpcCidrBlock", json!({"VpcId": vpc(a), "AmazonProvidedIpv6CidrBlock": true})),
        42 => ("CreateNatGateway", json!({"SubnetId": subnet(a), "AllocationId": eip(b)})),
        43 => ("CreateNatGateway", json!({"SubnetId": subnet(a), "ConnectivityType": "private"})),
        44 => ("DeleteNatGateway", json!({"NatGatewayId": nat(a)})),
        45 => ("CreateEgressOnlyInternetGateway", json!({"VpcId": vpc(a)})),
        46 => ("DeleteEgressOnlyInternetGateway", json!({"EgressOnlyInternetGatewayId": eigw(a)})),
        47 => (
            "CreateRoute",
            json!({"RouteTableId": table(a), "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": eigw(b)}),
        ),
        48 => (
            "CreateRoute",
            json!({"RouteTableId": table(a), "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat(b)}),
        ),
        49 => ("AssignIpv6Addresses", json!({"NetworkInterfaceId": eni(a), "Ipv6AddressCount": 1})),
        31 => ("AssociateAddress", json!({"AllocationId": eip(a), "NetworkInterfaceId": eni(b)})),
        _ => {
            ("CreateRoute", json!({"RouteTableId": table(a), "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": igw(b)}))
        }
    }
}

/// The records, without the counters behind ids and without look-ups.
fn records(cloud: &Cloud) -> String {
    let c = cloud;
    format!(
        "{:?}",
        (
            (&c.vpcs, &c.subnets, &c.route_tables, &c.internet_gateways, &c.peerings, &c.security_groups),
            (&c.network_acls, &c.network_interfaces, &c.instances, &c.elastic_ips, &c.rule_tags),
            (&c.nat_gateways, &c.egress_only_internet_gateways),
        )
    )
}

/// Fails when something refers to what is not there, or a look-up disagrees with the records.
fn assert_whole(c: &Cloud) {
    for vpc in c.vpcs.values() {
        assert_eq!(c.route_tables[&vpc.main_route_table].vpc, vpc.id);
        assert!(c.route_tables[&vpc.main_route_table].main.is_some());
        assert_eq!(c.security_groups[&vpc.default_security_group].vpc, vpc.id);
        assert_eq!(c.network_acls[&vpc.default_network_acl].vpc, vpc.id);
        let contents = c.index.vpc(vpc.id);
        assert_eq!(contents.subnets.len(), c.subnets.values().filter(|it| it.vpc == vpc.id).count());
        assert_eq!(contents.route_tables.len(), c.route_tables.values().filter(|it| it.vpc == vpc.id).count());
        assert_eq!(contents.network_acls.len(), c.network_acls.values().filter(|it| it.vpc == vpc.id).count());
        assert_eq!(contents.security_groups.len(), c.security_groups.values().filter(|it| it.vpc == vpc.id).count());
        let attached = c.internet_gateways.values().find(|igw| igw.attached == Some(vpc.id)).map(|igw| igw.id);
        assert_eq!(contents.internet_gateway, attached);
        let here = c.network_interfaces.values().filter(|eni| eni.vpc == vpc.id).flat_map(|eni| &eni.ipv4);
        let public = here.filter(|address| address.public.is_some()).count();
        assert_eq!(contents.public_addresses as usize, public);
    }
    assert_eq!(c.index.vpcs.len(), c.vpcs.len());
    for table in c.route_tables.values() {
        assert!(c.vpcs.contains_key(&table.vpc));
        assert_eq!(table.main.is_some(), c.vpcs[&table.vpc].main_route_table == table.id);
    }
    for group in c.security_groups.values() {
        assert!(c.vpcs.contains_key(&group.vpc));
        let members = c.network_interfaces.values().filter(|eni| eni.groups.contains(&group.id)).count();
        assert_eq!(c.index.members.get(&group.id).copied().unwrap_or(0) as usize, members);
    }
    for gateway in c.internet_gateways.values() {
        assert!(gateway.attached.is_none_or(|vpc| c.vpcs.contains_key(&vpc)));
    }
    for gateway in c.egress_only_internet_gateways.values() {
        assert_eq!(c.index.vpc(gateway.vpc).egress_only_gateway, Some(gateway.id));
    }
    for gateway in c.nat_gateways.values() {
        let interface = gateway.interface.map(|id| &c.network_interfaces[&id]);
        assert!(interface.is_none_or(|eni| (eni.vpc, eni.subnet) == (gateway.vpc, gateway.subnet)));
    }
    for peering in c.peerings.values().filter(|peering| peering.status.is_alive()) {
        assert!(c.vpcs.contains_key(&peering.requester.vpc) && c.vpcs.contains_key(&peering.accepter.vpc));
    }
    for subnet in c.subnets.values() {
        assert_eq!(c.network_acls[&subnet.network_acl.1].vpc, subnet.vpc);
        assert!(subnet.route_table.is_none_or(|(_, table)| c.route_tables[&table].vpc == subnet.vpc));
        let here = c.network_interfaces.values().filter(|eni| eni.subnet == subnet.id);
        let taken: usize = here.map(|eni| eni.ipv4.len()).sum();
        assert_eq!(c.index.subnet(subnet.id).free_count(), 11 - taken);
    }
    let mut public = 0;
    for eni in c.network_interfaces.values() {
        assert_eq!(c.subnets[&eni.subnet].vpc, eni.vpc);
        assert!(eni.groups.iter().all(|group| c.security_groups[group].vpc == eni.vpc));
        if let Some(attachment) = &eni.attachment {
            assert!(c.instances[&attachment.instance].interfaces.contains(&eni.id));
        }
        for private in &eni.ipv4 {
            match private.public {
                Some(PublicAddress::Elastic { allocation, association, .. }) => {
                    assert_eq!(c.elastic_ips[&allocation].association, Some((association, eni.id, private.address)));
                }
                Some(PublicAddress::Auto(_)) => public += 1,
                None => {}
            }
        }
    }
    assert_eq!(c.index.public.len(), public + c.elastic_ips.len(), "every public address in use is somebody's");
    for elastic in c.elastic_ips.values() {
        if let Some((_, interface, _)) = elastic.association {
            assert!(c.network_interfaces.contains_key(&interface));
        }
    }
    for instance in c.instances.values() {
        let terminated = matches!(instance.state, InstanceState::Terminated { .. });
        assert_eq!(instance.interfaces.is_empty(), terminated);
        for interface in &instance.interfaces {
            let attachment = c.network_interfaces[interface].attachment.as_ref();
            assert_eq!(attachment.map(|it| it.instance), Some(instance.id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_requests_leaves_a_dangling_reference(
        picks in proptest::collection::vec((0..REQUESTS, 0..8usize, 0..8usize), 1..160),
    ) {
        let mut b = Bench::new();
        for block in ["10.0.0.0", "10.1.0.0"] {
            let vpc = b.vpc(&format!("{block}/16"));
            b.subnet(&vpc, &format!("{block}/28"));
        }
        for pick in picks {
            b.pass(SimDuration::from_secs(4));
            let (name, parameters) = request(&b.cloud, pick);
            let before = records(&b.cloud);
            let answer = b.call(name, parameters.clone());
            if let Err(error) = answer {
                prop_assert_eq!(before, records(&b.cloud), "{} {} was refused ({})", name, parameters, error);
            }
            assert_whole(&b.cloud);
            b.ok("DescribeInstances", json!({}));
            b.ok("DescribeNetworkInterfaces", json!({}));
            b.ok("DescribeNatGateways", json!({}));
            b.ok("DescribeRouteTables", json!({}));
            b.ok("DescribeSecurityGroups", json!({}));
        }
    }
}
