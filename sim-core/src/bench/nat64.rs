//! An IPv6-only instance and one of IPv4 in the same VPC, with a NAT gateway between them that translates each packet: bulk TCP and
//! ping.

use std::net::Ipv4Addr;

use serde_json::json;

use super::network::Network;
use super::{Work, boot, empty_world, launch, links, ok, pass, start, text, wait_for};
use crate::engine::SimDuration;
use crate::net::embed;
use crate::sim::partition::GuestIndex;
use crate::sim::world::World;

/// The two instances, booted, and one TCP connection old.
pub struct Nat64 {
    world: World,
    client: GuestIndex,
    server: Ipv4Addr,
}

impl Default for Nat64 {
    fn default() -> Nat64 {
        Nat64::build()
    }
}

impl Nat64 {
    /// Makes the VPC.
    pub fn build() -> Nat64 {
        let mut world = empty_world(links(SimDuration::from_micros(300)), 1);
        let network = Network::build(&mut world, "10.0.0.0/16", "10.0.0.0/24", 1);
        network.admit(&mut world, "-1", "10.0.0.0/8");
        let vpc = &network.vpc;
        let request = json!({"VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true});
        let block = ok(&mut world, "AssociateVpcCidrBlock", request);
        let block = text(&block, "/Ipv6CidrBlockAssociation/Ipv6CidrBlock").replace("/56", "/64");
        let subnet = ok(&mut world, "CreateSubnet", json!({"VpcId": vpc, "Ipv6CidrBlock": block, "Ipv6Native": true}));
        let client = launch(&mut world, &text(&subnet, "/Subnet/SubnetId"), 1).remove(0);
        let beside = ok(&mut world, "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}));
        let beside = text(&beside, "/Subnet/SubnetId");
        let gateway = ok(&mut world, "CreateNatGateway", json!({"SubnetId": beside, "ConnectivityType": "private"}));
        let gateway = text(&gateway, "/NatGateway/NatGatewayId");
        let route = json!({
            "RouteTableId": network.route_table, "DestinationIpv6CidrBlock": "64:ff9b::/96", "NatGatewayId": gateway,
        });
        ok(&mut world, "CreateRoute", route);
        let everything = json!([{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]);
        let request = json!({"GroupId": network.group, "IpPermissions": everything});
        ok(&mut world, "AuthorizeSecurityGroupEgress", request); // The VPC had no IPv6 when its group was made.
        boot(&mut world);
        pass(&mut world, SimDuration::from_secs(300)); // The gateway becomes available.
        let (guest, server) = network.guest(&world, 0);
        let client = world.instance_guest(client).expect("the instance has booted");
        start(&mut world, guest, "iperf3 -s");
        let mut built = Nat64 { world, client, server };
        built.bulk_tcp(1 << 16);
        built
    }

    /// Sends `bytes` over one TCP connection with `iperf3`, through buffers of 1 MiB.
    pub fn bulk_tcp(&mut self, bytes: u64) -> Work {
        let command = format!("iperf3 -c {} -n {bytes} -w 1M -i 0", embed(self.server));
        let packet_hops = self.run(&command);
        Work { packet_hops, done: bytes }
    }

    /// Pings `count` times, a request each millisecond; the answer comes before the next.
    pub fn ping(&mut self, count: u64) -> Work {
        let command = format!("ping -q -i 0.001 -c {count} {}", embed(self.server));
        let packet_hops = self.run(&command);
        Work { packet_hops, done: count }
    }

    /// Runs a command line of the client's to its end and answers the packet-hops since.
    fn run(&mut self, command_line: &str) -> u64 {
        let before = self.world.packet_hops();
        let running = start(&mut self.world, self.client, command_line);
        wait_for(&mut self.world, running);
        pass(&mut self.world, SimDuration::from_secs(1)); // For what is still under way.
        self.world.packet_hops() - before
    }
}
