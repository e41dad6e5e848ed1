//! VPCs with instances, peered with each other.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{launch, ok, pass, text};
use crate::engine::SimDuration;
use crate::id::{InstanceId, VpcId};
use crate::sim::partition::GuestIndex;
use crate::sim::world::World;

/// A VPC with one subnet and some instances in it, by AWS's names.
pub(super) struct Network {
    pub(super) vpc: String,
    pub(super) block: String,
    /// The main route table.
    pub(super) route_table: String,
    /// The default security group, which all instances have.
    pub(super) group: String,
    /// The default network ACL.
    pub(super) network_acl: String,
    pub(super) instances: Vec<InstanceId>,
}

impl Network {
    /// Makes a VPC with the block `block` and launches instances in a subnet that takes its first half or, of a small one, all.
    pub(super) fn build(world: &mut World, block: &str, subnet_block: &str, instances: usize) -> Network {
        let vpc = text(&ok(world, "CreateVpc", json!({"CidrBlock": block})), "/Vpc/VpcId");
        let subnet = ok(world, "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": subnet_block}));
        let subnet = text(&subnet, "/Subnet/SubnetId");
        let of_vpc = json!([{"Name": "vpc-id", "Values": [vpc]}]);
        let group = ok(world, "DescribeSecurityGroups", json!({"Filters": of_vpc}));
        let acl = ok(world, "DescribeNetworkAcls", json!({"Filters": of_vpc}));
        let id: VpcId = vpc.parse().expect("the id of a VPC");
        let route_table = world.cloud().vpcs[&id].main_route_table.to_string();
        let instances = launch(world, &subnet, instances);
        Network {
            vpc,
            block: block.to_owned(),
            route_table,
            group: text(&group, "/SecurityGroups/0/GroupId"),
            network_acl: text(&acl, "/NetworkAcls/0/NetworkAclId"),
            instances,
        }
    }

    /// Lets in what comes by `protocol` from `block`.
    pub(super) fn admit(&self, world: &mut World, protocol: &str, block: &str) {
        let ports = match protocol {
            "tcp" | "udp" => (0, 65_535),
            _ => (-1, -1),
        };
        let permission = json!({
            "IpProtocol": protocol, "FromPort": ports.0, "ToPort": ports.1, "IpRanges": [{"CidrIp": block}],
        });
        let parameters = json!({"GroupId": self.group, "IpPermissions": [permission]});
        ok(world, "AuthorizeSecurityGroupIngress", parameters);
    }

    /// The guest of an instance, once it has booted, and its address.
    pub(super) fn guest(&self, world: &World, instance: usize) -> (GuestIndex, Ipv4Addr) {
        let id = self.instances[instance];
        let guest = world.instance_guest(id).expect("the instance has booted");
        let primary = world.cloud().instances[&id].interfaces[0];
        let own = world.cloud().network_interfaces[&primary].primary().expect("its subnet has an IPv4 block");
        (guest, own.address)
    }
}

/// Peers pairs of VPCs, given by number, and writes the routes both ways.
pub(super) fn peer(world: &mut World, networks: &[Network], pairs: &[(usize, usize)]) -> Vec<String> {
    let mut peerings = Vec::with_capacity(pairs.len());
    for &(near, far) in pairs {
        let parameters = json!({"VpcId": networks[near].vpc, "PeerVpcId": networks[far].vpc});
        let answer = ok(world, "CreateVpcPeeringConnection", parameters);
        peerings.push(text(&answer, "/VpcPeeringConnection/VpcPeeringConnectionId"));
    }
    pass(world, SimDuration::from_secs(1)); // The requests reach the accepter.
    for (peering, &(near, far)) in peerings.iter().zip(pairs) {
        ok(world, "AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
        route(world, "CreateRoute", &networks[near].route_table, &networks[far].block, peering);
        route(world, "CreateRoute", &networks[far].route_table, &networks[near].block, peering);
    }
    pass(world, SimDuration::from_secs(1));
    peerings
}

/// Creates or replaces a route to a peering connection.
pub(super) fn route(world: &mut World, operation: &str, table: &str, destination: &str, peering: &str) -> Value {
    let parameters =
        json!({"RouteTableId": table, "DestinationCidrBlock": destination, "VpcPeeringConnectionId": peering});
    ok(world, operation, parameters)
}
