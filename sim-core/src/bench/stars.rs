//! Many VPCs, every two of them peered, in which every instance sends datagrams to some other one.

use std::net::Ipv4Addr;

use super::network::{Network, peer};
use super::programs::{RECEIVE, SEND};
use super::{Work, boot, empty_world, links, start, wait_for};
use crate::engine::{SimDuration, mix};
use crate::sim::partition::GuestIndex;
use crate::sim::world::World;

/// The VPCs, booted; every instance has sent something.
///
/// Between VPCs a frame takes four hops of 400 µs in all, as over four links of 100 µs: host – router – core – router – host.
pub struct Stars {
    world: World,
    guests: Vec<(GuestIndex, Ipv4Addr)>,
}

impl Stars {
    /// Makes `vpcs` VPCs with `instances` instances in each, which `threads` threads may work on.
    ///
    /// # Panics
    /// With more than 255 VPCs, or more than 251 instances in each.
    pub fn build(vpcs: usize, instances: usize, threads: usize) -> Stars {
        assert!(vpcs < 256 && instances <= 251, "there are addresses for all");
        let mut world = empty_world(links(SimDuration::from_micros(400)), threads);
        let networks: Vec<Network> = (0..vpcs)
            .map(|vpc| {
                let (block, subnet) = (format!("10.{vpc}.0.0/16"), format!("10.{vpc}.0.0/24"));
                let network = Network::build(&mut world, &block, &subnet, instances);
                network.admit(&mut world, "udp", "10.0.0.0/8");
                network
            })
            .collect();
        let pairs: Vec<(usize, usize)> =
            (0..vpcs).flat_map(|near| (near + 1..vpcs).map(move |far| (near, far))).collect();
        peer(&mut world, &networks, &pairs);
        boot(&mut world);
        let guests = networks
            .iter()
            .flat_map(|network| (0..instances).map(|instance| network.guest(&world, instance)))
            .collect();
        let mut stars = Stars { world, guests };
        stars.send(stars.guests.len() as u64);
        stars
    }

    /// Sends about `packets` datagrams of 1,000 bytes in all, and waits until they have arrived: every instance sends as many to
    /// one other, one each 100 µs.
    pub fn send(&mut self, packets: u64) -> Work {
        let before = self.world.packet_hops();
        let instances = self.guests.len();
        let each = packets.div_ceil(instances as u64);
        let others: Vec<usize> = (0..instances).map(|instance| other(instance, instances)).collect();
        let mut senders = vec![0; instances];
        others.iter().for_each(|to| senders[*to] += 1);
        let mut receivers = Vec::new();
        for (&(guest, _), senders) in self.guests.iter().zip(senders).filter(|(_, senders)| *senders > 0) {
            receivers.push(start(&mut self.world, guest, &format!("{RECEIVE} 9 {}", senders * each)));
        }
        for (number, ((guest, _), to)) in self.guests.iter().zip(others).enumerate() {
            let (to, delay) = (self.guests[to].1, 1_000 + 97 * number);
            start(&mut self.world, *guest, &format!("{SEND} {to}:9 {each} 1000 100000 {delay} one"));
        }
        receivers.into_iter().for_each(|receiver| wait_for(&mut self.world, receiver));
        Work { packet_hops: self.world.packet_hops() - before, done: each * instances as u64 }
    }
}

/// To whom an instance sends: any but itself, the same in every run.
fn other(instance: usize, instances: usize) -> usize {
    let drawn = (mix(1 + instance as u64) % (instances as u64 - 1)) as usize;
    if drawn < instance { drawn } else { drawn + 1 }
}
