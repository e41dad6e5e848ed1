//! However many partitions, threads and ranks share a world, everybody sees the same: worlds are drawn, and run in several cuts.

use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use proptest::prelude::*;

use super::*;
use crate::sim::world::Running;

/// A world to draw.
#[derive(Clone, Debug)]
struct Draw {
    seed: u64,
    vpcs: usize,
    /// Pairs of VPCs that are peered, with routes both ways or only there.
    peerings: Vec<(usize, usize, bool)>,
    /// VPCs whose instance goes out through a NAT gateway.
    nat_gateways: Vec<bool>,
    /// Commands that run at the same time: from the instance of a VPC to that of another, or to the Internet.
    traffic: Vec<(usize, Option<usize>, Kind)>,
    jitter_micros: u64,
    loss_per_million: u32,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Ping,
    LargePing,
    Curl,
    Refused,
    Metadata,
}

fn draws() -> impl Strategy<Value = Draw> {
    (2usize..6).prop_flat_map(|vpcs| {
        let pair = (0..vpcs, 0..vpcs, prop::bool::weighted(0.8));
        let kind = prop_oneof![
            Just(Kind::Ping),
            Just(Kind::LargePing),
            Just(Kind::Curl),
            Just(Kind::Refused),
            Just(Kind::Metadata)
        ];
        let command = (0..vpcs, prop::option::weighted(0.8, 0..vpcs), kind);
        (
            any::<u64>(),
            prop::collection::vec(pair, 1..8),
            prop::collection::vec(prop::bool::weighted(0.3), vpcs),
            prop::collection::vec(command, 1..8),
            prop_oneof![Just(0u64), Just(50), Just(300)],
            prop_oneof![3 => Just(0u32), 1 => Just(50_000)],
        )
            .prop_map(move |(seed, peerings, nat_gateways, traffic, jitter_micros, loss_per_million)| Draw {
                seed,
                vpcs,
                peerings,
                nat_gateways,
                traffic,
                jitter_micros,
                loss_per_million,
            })
    })
}

/// What anybody can see of a run: what was printed and when, every step of every packet, and the frames.
#[derive(PartialEq, Debug)]
struct Account {
    printed: Vec<String>,
    told: Vec<String>,
    frames: Vec<Vec<u8>>,
    notes: Vec<String>,
    packet_hops: u64,
    now: SimTime,
}

fn run(draw: &Draw, threads: usize, transport: Option<Box<dyn Transport>>) -> Account {
    let mut links = LinkSettings::default();
    for figures in [&mut links.same_zone, &mut links.internet] {
        figures.jitter = SimDuration::from_micros(draw.jitter_micros);
        figures.loss_per_million = draw.loss_per_million;
    }
    let change = |config: &mut WorldConfig| {
        let (snap_length, packages) = (Some(u32::MAX), Packages::Mirror);
        *config = WorldConfig { seed: draw.seed, links, snap_length, threads, packages, ..config.clone() };
    };
    let mut lab = Lab::on_ranks(change, transport);
    lab.world.always_side_by_side();
    let mut account = Account {
        printed: Vec::new(),
        told: Vec::new(),
        frames: Vec::new(),
        notes: Vec::new(),
        packet_hops: 0,
        now: SimTime::ZERO,
    };
    let sites: Vec<Site> =
        (0..draw.vpcs).map(|n| lab.site(&format!("10.{n}.0.0/16"), &format!("10.{n}.1.0/24"))).collect();
    for site in sites.iter().skip(1) {
        let request = json!({"ResourceIds": [site.vpc], "ResourceType": "VPC", "TrafficType": "ALL",
            "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::lab"});
        lab.ok("CreateFlowLogs", request);
    }
    // What the servers install comes from S3: by the Internet gateway here, by an endpoint there.
    for site in sites.iter().step_by(2) {
        let service = "com.amazonaws.ap-northeast-2.s3";
        let request = json!({"VpcId": site.vpc, "ServiceName": service, "RouteTableIds": [site.routes]});
        lab.ok("CreateVpcEndpoint", request);
    }
    // #!/bin/bash, yum -y install httpd, systemctl start httpd
    let server = "IyEvYmluL2Jhc2gKeXVtIC15IGluc3RhbGwgaHR0cGQKc3lzdGVtY3RsIHN0YXJ0IGh0dHBkCg==";
    let instances: Vec<String> = sites
        .iter()
        .map(|site| {
            let interface = json!({
                "DeviceIndex": 0, "SubnetId": site.subnet, "Groups": [site.group], "AssociatePublicIpAddress": true,
            });
            let request = json!({
                "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "UserData": server, "NetworkInterfaces": [interface],
            });
            lab.get("RunInstances", request, "/Instances/0/InstanceId")
        })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for &(a, b, both_ways) in &draw.peerings {
        if a == b || !seen.insert((a.min(b), a.max(b))) {
            continue;
        }
        let id = lab.peer(&sites[a], &sites[b]);
        lab.route(&sites[a].routes, &format!("10.{b}.0.0/16"), "VpcPeeringConnectionId", &id);
        if both_ways {
            lab.route(&sites[b].routes, &format!("10.{a}.0.0/16"), "VpcPeeringConnectionId", &id);
        }
    }
    for (number, site) in sites.iter().enumerate().filter(|(number, _)| draw.nat_gateways[*number]) {
        lab.nat_gateway(site, &format!("10.{number}.2.0/24"));
    }
    lab.boot();
    observe(&mut lab, &mut account);
    lab.world.watch_first_packet();
    let running: Vec<Running> = draw
        .traffic
        .iter()
        .map(|&(from, to, kind)| {
            let address = to.map_or_else(|| "198.51.100.9".to_owned(), |to| lab.private(&instances[to]));
            let line = match kind {
                Kind::Ping => format!("ping -c 3 -i 0.2 -W 1 {address}"),
                Kind::LargePing => format!("ping -c 2 -s 3000 -W 1 {address}"),
                Kind::Metadata => "ec2-metadata; ntpdate -q 169.254.169.123".to_owned(),
                Kind::Curl => format!("curl -s -S --connect-timeout 2 http://{address}/"),
                Kind::Refused => format!("curl -s -S --connect-timeout 2 http://{address}:81/"),
            };
            lab.type_on(&instances[from], &line)
        })
        .collect();
    for running in running {
        let limit = lab.world.now() + SimDuration::from_secs(60);
        loop {
            let pause = lab.world.wait_for(running, limit);
            observe(&mut lab, &mut account);
            match pause {
                Pause::Meanwhile => {}
                Pause::Done(finished) => {
                    let (text, exit) = printed(finished.clone());
                    break account.printed.push(format!("{exit} at {:?}\n{text}", finished.ended));
                }
                Pause::Limit => break account.printed.push("nothing".to_owned()),
            }
        }
    }
    lab.pass(SimDuration::from_secs(2));
    account.packet_hops = lab.world.packet_hops();
    account.now = lab.world.now();
    account
}

fn observe(lab: &mut Lab, account: &mut Account) {
    let mut recording = Recording::default();
    lab.world.take_trace(&mut recording);
    for event in &recording.events {
        match &event.step {
            Step::Seen { point, direction, frame } => {
                account.told.push(format!("{:?} {:?} {point} {direction:?}", event.time, event.packet));
                account.frames.extend(frame.map(|frame| recording.bytes_of(frame).to_vec()));
            }
            Step::FlowLogged { interface, own, direction, action } => {
                account.told.push(format!("{:?} {interface} {own} {direction:?} {action:?}", event.time));
            }
            Step::Dropped(reason) => account.told.push(format!("{:?} {:?} {reason:?}", event.time, event.packet)),
            // Which packets are marked differs; what a report shows of them does not.
            _ => {}
        }
    }
    account.notes.extend(lab.world.take_notes().iter().map(|note| format!("{note:?}")));
}

/// Ranks that are threads of this process.
struct Wires {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Wires {
    fn between(ranks: usize) -> Vec<Wires> {
        let mut wires: Vec<Wires> = (0..ranks).map(|rank| Wires { rank, to: Vec::new(), from: Vec::new() }).collect();
        for a in 0..ranks {
            for b in 0..ranks {
                let (to, from) = unbounded();
                wires[a].to.push(to);
                wires[b].from.push(from);
            }
        }
        wires
    }
}

impl Transport for Wires {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.to.len()
    }

    fn exchange(&mut self, to: &[Vec<u8>], from: &mut [Vec<u8>]) {
        let peers = || (0..to.len()).filter(|peer| *peer != self.rank);
        peers().for_each(|peer| self.to[peer].send(to[peer].clone()).expect("the other rank still runs"));
        peers().for_each(|peer| from[peer] = self.from[peer].recv().expect("the other rank still runs"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_number_of_threads_shows_the_same(draw in draws()) {
        let alone = run(&draw, 1, None);
        for threads in [2, 3, 7] {
            let together = run(&draw, threads, None);
            prop_assert_eq!(&together, &alone, "{} threads", threads);
        }
    }

    #[test]
    fn any_number_of_ranks_shows_the_same(draw in draws()) {
        let alone = run(&draw, 1, None);
        for ranks in [2, 3] {
            let accounts = thread::scope(|scope| {
                let wires = Wires::between(ranks);
                let draw = &draw;
                let ranks: Vec<_> =
                    wires.into_iter().map(|wires| scope.spawn(|| run(draw, 1, Some(Box::new(wires))))).collect();
                ranks.into_iter().map(|rank| rank.join().expect("no rank fails")).collect::<Vec<_>>()
            });
            prop_assert_eq!(&accounts[0], &alone, "the first of {} ranks", ranks);
            for other in &accounts[1..] {
                // Frames go to the first rank alone; what decides is known to all.
                let decisive = |account: &Account| {
                    (account.printed.clone(), account.notes.clone(), account.packet_hops, account.now)
                };
                prop_assert_eq!(decisive(other), decisive(&alone), "another of {} ranks", ranks);
            }
        }
    }
}
