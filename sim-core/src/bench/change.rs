//! A hub peered with many VPCs, in which one route or one rule changes.

use serde_json::json;

use super::network::{Network, peer, route};
use super::{boot, empty_world, ok};
use crate::sim::links::LinkSettings;
use crate::sim::world::World;

/// A hub with a route and a peering connection to every spoke; one instance in each VPC.
pub struct Star {
    world: World,
    hub: Network,
    peerings: Vec<String>,
}

impl Star {
    /// Makes a hub and `spokes` VPCs, peers them, writes the routes both ways and lets the instances boot.
    ///
    /// # Panics
    /// With more than 65,000 spokes, for which there are no addresses.
    pub fn build(spokes: usize) -> Star {
        assert!(spokes <= 65_000, "every spoke has a block of its own");
        let mut world = empty_world(LinkSettings::default(), 1);
        let mut networks = vec![Network::build(&mut world, "10.0.0.0/16", "10.0.0.0/24", 1)];
        for spoke in 0..spokes {
            let block = spoke_block(spoke);
            networks.push(Network::build(&mut world, &block, &block, 1));
        }
        let pairs: Vec<(usize, usize)> = (1..=spokes).map(|spoke| (0, spoke)).collect();
        let peerings = peer(&mut world, &networks, &pairs);
        boot(&mut world);
        Star { world, hub: networks.swap_remove(0), peerings }
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

fn spoke_block(spoke: usize) -> String {
    format!("10.{}.{}.0/24", 1 + spoke / 256, spoke % 256)
}
