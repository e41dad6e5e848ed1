//! Two instances in two peered VPCs: bulk TCP, ping, datagrams; with as many rules and routes as are asked for.
//!
//! A frame takes four hops of 300 µs in all, at 10 Gb/s on the first and the last: guest → interface → peering connection →
//! interface → guest. Simulators of plain routers, host – router – router – host, have three links of 100 µs for it. So both
//! have the same number of frames under way, and per packet ours have one hop more to judge.

use std::net::Ipv4Addr;

use serde_json::json;

use super::network::{Network, peer, route};
use super::programs::{RECEIVE, SEND};
use super::{Work, boot, empty_world, links, ok, pass, start, wait_for};
use crate::engine::SimDuration;
use crate::sim::partition::GuestIndex;
use crate::sim::world::World;

/// Idle instances in each VPC besides.
const IDLE_EACH: usize = 50;

/// What a pair is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PairOptions {
    /// The largest IP packet that the guests send.
    pub mtu: u16,
    /// Inbound rules of the security groups, of which the last admits.
    pub group_rules: usize,
    /// Entries of the network ACLs in either direction that are read before the one that allows.
    pub acl_entries: usize,
    /// Routes besides those that are needed.
    pub routes: usize,
    /// Instances in other VPCs that do nothing, 50 in each.
    pub idle_instances: usize,
}

impl Default for PairOptions {
    fn default() -> PairOptions {
        PairOptions { mtu: 1500, group_rules: 1, acl_entries: 0, routes: 0, idle_instances: 0 }
    }
}

/// From how many ports datagrams are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ports {
    /// All from one: one flow.
    One,
    /// Each from another: a flow for each, which no table of flows knows yet.
    Each,
}

/// The two instances, booted, and one TCP connection old: both know their routers' hardware addresses.
pub struct Pair {
    world: World,
    near: GuestIndex,
    far: GuestIndex,
    address: Ipv4Addr,
}

impl Pair {
    /// Makes the VPCs, the rules and the routes.
    ///
    /// # Panics
    /// With more rules, entries or routes than there are numbers or addresses for.
    pub fn build(options: PairOptions) -> Pair {
        let PairOptions { mtu, group_rules, acl_entries, routes, idle_instances } = options;
        let mut world = empty_world(links(SimDuration::from_micros(300)), 1);
        let blocks = ["10.0.0.0/16", "10.1.0.0/16"];
        let networks = blocks.map(|block| Network::build(&mut world, block, &block.replace("/16", "/24"), 1));
        let peering = peer(&mut world, &networks, &[(0, 1)]).remove(0);
        assert!(routes <= 1 << 16 && acl_entries < 30_000, "there are numbers for all");
        for network in &networks {
            for rule in 1..group_rules {
                network.admit(&mut world, "tcp", &other_block(rule));
            }
            network.admit(&mut world, "-1", "10.0.0.0/8");
            allow_last(&mut world, &network.network_acl);
            for entry in 0..acl_entries {
                for egress in [false, true] {
                    let block = other_block(entry);
                    let parameters = json!({
                        "NetworkAclId": network.network_acl, "RuleNumber": 1 + entry, "Protocol": "6",
                        "RuleAction": "deny", "Egress": egress, "CidrBlock": block,
                        "PortRange": {"From": 1, "To": 65_535},
                    });
                    ok(&mut world, "CreateNetworkAclEntry", parameters);
                }
            }
            for number in 0..routes {
                route(&mut world, "CreateRoute", &network.route_table, &other_block(number), &peering);
            }
        }
        for _ in 0..idle_instances / IDLE_EACH {
            Network::build(&mut world, "10.2.0.0/16", "10.2.0.0/24", IDLE_EACH);
        }
        boot(&mut world);
        let [(near, _), (far, address)] = [0, 1].map(|number| networks[number].guest(&world, 0));
        let mut pair = Pair { world, near, far, address };
        for guest in [near, far] {
            pair.run(guest, &format!("sudo ip link set dev ens5 mtu {mtu}"));
        }
        start(&mut pair.world, far, "iperf3 -s");
        pair.bulk_tcp(1 << 16);
        // iperf3 ends when it has handed its data over; what is still under way must not count for what comes next.
        pass(&mut pair.world, SimDuration::from_secs(1));
        pair
    }

    /// Sends `bytes` over one TCP connection with `iperf3`, through buffers of 1 MiB, which fill the links.
    pub fn bulk_tcp(&mut self, bytes: u64) -> Work {
        let command = format!("iperf3 -c {} -n {bytes} -w 1M -i 0", self.address);
        let packet_hops = self.run(self.near, &command);
        Work { packet_hops, done: bytes }
    }

    /// Pings `count` times, a request each millisecond; the answer comes before the next.
    pub fn ping(&mut self, count: u64) -> Work {
        let command = format!("ping -q -i 0.001 -c {count} {}", self.address);
        let packet_hops = self.run(self.near, &command);
        Work { packet_hops, done: count }
    }

    /// Sends `count` datagrams of 1,000 bytes, one each 10 µs.
    pub fn datagrams(&mut self, count: u64, ports: Ports) -> Work {
        let before = self.world.packet_hops();
        let receiver = start(&mut self.world, self.far, &format!("{RECEIVE} 9 {count}"));
        let ports = match ports {
            Ports::One => "one",
            Ports::Each => "each",
        };
        self.run(self.near, &format!("{SEND} {}:9 {count} 1000 10000 0 {ports}", self.address));
        wait_for(&mut self.world, receiver);
        Work { packet_hops: self.world.packet_hops() - before, done: count }
    }

    /// Runs a command line to its end and answers the packet-hops since.
    fn run(&mut self, guest: GuestIndex, command_line: &str) -> u64 {
        let before = self.world.packet_hops();
        let running = start(&mut self.world, guest, command_line);
        wait_for(&mut self.world, running);
        // A program may end before all that it wrote has arrived.
        pass(&mut self.world, SimDuration::from_secs(1));
        self.world.packet_hops() - before
    }
}

/// Blocks that have nothing to do with the instances.
fn other_block(number: usize) -> String {
    format!("172.{}.{}.0/24", number / 256, number % 256)
}

/// Gives the entries that allow everything, which AWS makes with number 100, the highest number.
fn allow_last(world: &mut World, network_acl: &str) {
    for egress in [false, true] {
        let old = json!({"NetworkAclId": network_acl, "RuleNumber": 100, "Egress": egress});
        let new = json!({
            "NetworkAclId": network_acl, "RuleNumber": 32_766, "Protocol": "-1", "RuleAction": "allow",
            "Egress": egress, "CidrBlock": "0.0.0.0/0",
        });
        ok(world, "CreateNetworkAclEntry", new);
        ok(world, "DeleteNetworkAclEntry", old);
    }
}
