//! Worlds to measure: busy ones, large ones that do nothing, ones that change a little; and two parts by themselves.
//!
//! Everything is made through operations, as a user makes it, and traffic comes from programs on guests. No clock is read here;
//! whoever calls holds it, and counts bytes and seconds between calls.

mod change;
mod idle;
mod nat64;
mod network;
mod pair;
mod parts;
mod programs;
mod stars;

pub use change::Star;
pub use idle::IdleWorld;
pub use nat64::Nat64;
pub use pair::{Pair, PairOptions, Ports};
pub use parts::{Delays, Queue, Routes};
pub use stars::Stars;

use serde_json::Value;

use crate::cloud::{Caller, Quotas, RunInstances};
use crate::engine::{SimDuration, SimTime};
use crate::id::{AccountId, InstanceId, Origin, Region};
use crate::sim::boot::Packages;
use crate::sim::links::{LinkFigures, LinkSettings};
use crate::sim::partition::GuestIndex;
use crate::sim::world::{Pause, Running, World, WorldConfig};
use crate::trace::{Detail, Recording};

/// What was done between two moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Work {
    /// Frames received over a link.
    pub packet_hops: u64,
    /// What the traffic was for: payload bytes, round trips or datagrams that arrived.
    pub done: u64,
}

/// Any well-formed image will do.
const IMAGE: &str = "ami-0123456789abcdef0";

/// Who asks for everything.
const CALLER: Caller =
    Caller { account: AccountId::DEFAULT, region: Region::DEFAULT, now: SimTime::ZERO, origin: Origin::Step(1) };

/// An empty world in which no quota is in the way, without hosts on the Internet and without captures.
fn empty_world(links: LinkSettings, threads: usize) -> World {
    let mut quotas = Quotas::default();
    for name in Quotas::names() {
        quotas.set(name, u32::MAX).expect("the names are those of quotas");
    }
    World::new(WorldConfig {
        seed: 1,
        epoch_nanos: 0,
        links,
        quotas,
        internet: Vec::new(),
        programs: programs::programs(),
        packages: Packages::Preinstalled,
        detail: Detail::Drops,
        snap_length: None,
        threads,
    })
}

/// Links of 10 Gb/s without jitter, on which a frame is under way for `latency` from guest to guest.
fn links(latency: SimDuration) -> LinkSettings {
    let figures = LinkFigures { latency: Some(latency), jitter: SimDuration::ZERO, loss_per_million: 0 };
    LinkSettings { bandwidth_bps: 10_000_000_000, same_zone: figures, cross_zone: figures, ..LinkSettings::default() }
}

/// Carries out an operation that cannot be refused.
fn ok(world: &mut World, operation: &str, parameters: Value) -> Value {
    world.call(&CALLER, operation, parameters).unwrap_or_else(|error| panic!("{operation} is refused: {error}"))
}

/// Launches instances into a subnet.
fn launch(world: &mut World, subnet: &str, count: usize) -> Vec<InstanceId> {
    let request = RunInstances {
        image_id: Some(IMAGE.to_owned()),
        instance_type: Some("t3.micro".to_owned()),
        min_count: Some(count as u32),
        max_count: Some(count as u32),
        subnet_id: Some(subnet.to_owned()),
        ..RunInstances::default()
    };
    world.launch(&CALLER, request).unwrap_or_else(|error| panic!("RunInstances is refused: {error}"))
}

/// Lets virtual time pass.
fn pass(world: &mut World, length: SimDuration) {
    let until = world.now() + length;
    while let Pause::Meanwhile = world.run_until(until) {
        look_for_drops(world);
    }
}

/// Lets virtual time pass until every instance has booted.
fn boot(world: &mut World) {
    loop {
        match world.run_until_booted(SimTime::MAX) {
            Pause::Done(()) => return,
            Pause::Meanwhile => look_for_drops(world),
            Pause::Limit => unreachable!("nothing that boots takes for ever"),
        }
    }
}

/// Starts a command line on a guest that runs.
fn start(world: &mut World, guest: GuestIndex, command_line: &str) -> Running {
    world.start(guest, command_line).expect("the guest has booted")
}

/// Lets virtual time pass until a program has ended, and well.
fn wait_for(world: &mut World, running: Running) {
    loop {
        match world.wait_for(running, SimTime::MAX) {
            Pause::Done(finished) => {
                let said: Vec<u8> = finished.terminal.into_iter().flat_map(|(_, text)| text).collect();
                assert_eq!(finished.exit, 0, "a benchmark measures what works: {}", String::from_utf8_lossy(&said));
                return look_for_drops(world);
            }
            Pause::Meanwhile => look_for_drops(world),
            Pause::Limit => panic!("a program waits for what never comes"),
        }
    }
}

/// Who drops packets measures something else.
fn look_for_drops(world: &mut World) {
    let mut recording = Recording::default();
    world.take_trace(&mut recording);
    assert!(recording.events.is_empty(), "a packet was lost: {:?}", recording.events.first());
}

/// The text at a place of an answer.
fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).expect("the answer has AWS's members").to_owned()
}
