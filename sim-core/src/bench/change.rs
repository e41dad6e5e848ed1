//! A hub peered with many VPCs, in which one route or one rule changes.

use serde_json::{Value, json};

use super::{IMAGE, empty_world, ok, pass, text};
use crate::engine::{SimDuration, SimTime};
use crate::id::VpcId;
use crate::sim::world::{Pause, World};

/// A hub with a route and a peering connection to every spoke; one instance in each VPC.
pub struct Star {
    world: World,
    hub: Hub,
    peerings: Vec<String>,
}

/// The ids of the hub's parts that change.
struct Hub {
    route_table: String,
    group: String,
}

impl Star {
    /// Makes a hub and `spokes` VPCs, peers them, writes the routes both ways and lets the instances boot.
    ///
    /// # Panics
    /// With more than 65,000 spokes, for which there are no addresses.
    pub fn build(spokes: usize) -> Star {
        assert!(spokes <= 65_000, "every spoke has a block of its own");
        let mut world = empty_world();
        let hub = vpc(&mut world, "10.0.0.0/16", "10.0.0.0/24");
        let route_table = main_route_table(&mut world, &hub);
        let mut peerings = Vec::with_capacity(spokes);
        for spoke in 0..spokes {
            let block = spoke_block(spoke);
            let far = vpc(&mut world, &block, &block);
            let answer = ok(&mut world, "CreateVpcPeeringConnection", json!({"VpcId": hub, "PeerVpcId": far}));
            let peering = text(&answer, "/VpcPeeringConnection/VpcPeeringConnectionId");
            let far_table = main_route_table(&mut world, &far);
            route(&mut world, "CreateRoute", &far_table, "10.0.0.0/16", &peering);
            route(&mut world, "CreateRoute", &route_table, &block, &peering);
            peerings.push(peering);
        }
        pass(&mut world, SimDuration::from_secs(1)); // The requests reach the accepter.
        for peering in &peerings {
            ok(&mut world, "AcceptVpcPeeringConnection", json!({"VpcPeeringConnectionId": peering}));
        }
        pass(&mut world, SimDuration::from_secs(1));
        let filters = json!([{"Name": "vpc-id", "Values": [hub]}]);
        let group = ok(&mut world, "DescribeSecurityGroups", json!({"Filters": filters}));
        let hub = Hub { route_table, group: text(&group, "/SecurityGroups/0/GroupId") };
        let Pause::Done(()) = world.run_until_booted(SimTime::MAX) else { unreachable!("nothing is traced") };
        Star { world, hub, peerings }
    }

    /// Points the hub's route to one spoke at another, `turn` after `turn`; on return packets meet it.
    pub fn change_route(&mut self, turn: usize) {
        let (spoke, peering) = (turn % self.peerings.len(), (turn + turn / self.peerings.len()) % self.peerings.len());
        let peering = self.peerings[peering].clone();
        route(&mut self.world, "ReplaceRoute", &self.hub.route_table, &spoke_block(spoke), &peering);
        self.world.compile();
    }

    /// Opens a port of the hub's group, or closes the one opened before; on return packets meet it.
    pub fn change_rule(&mut self, turn: usize) {
        let port = 1 + turn / 2 % 60_000;
        let permission = json!({
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
        });
        let operation =
            if turn.is_multiple_of(2) { "AuthorizeSecurityGroupIngress" } else { "RevokeSecurityGroupIngress" };
        ok(&mut self.world, operation, json!({"GroupId": self.hub.group, "IpPermissions": [permission]}));
        self.world.compile();
    }
}

/// A VPC with a subnet and an instance.
fn vpc(world: &mut World, block: &str, subnet_block: &str) -> String {
    let vpc = text(&ok(world, "CreateVpc", json!({"CidrBlock": block})), "/Vpc/VpcId");
    let subnet = ok(world, "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": subnet_block}));
    let subnet = text(&subnet, "/Subnet/SubnetId");
    ok(world, "RunInstances", json!({"ImageId": IMAGE, "SubnetId": subnet}));
    vpc
}

fn main_route_table(world: &mut World, vpc: &str) -> String {
    let id: VpcId = vpc.parse().expect("the id of a VPC");
    world.cloud().vpcs[&id].main_route_table.to_string()
}

fn route(world: &mut World, operation: &str, table: &str, destination: &str, peering: &str) -> Value {
    let parameters =
        json!({"RouteTableId": table, "DestinationCidrBlock": destination, "VpcPeeringConnectionId": peering});
    ok(world, operation, parameters)
}

fn spoke_block(spoke: usize) -> String {
    format!("10.{}.{}.0/24", 1 + spoke / 256, spoke % 256)
}
