//! Worlds to measure: large ones that do nothing, and one that changes a little.
//!
//! Everything is made through operations, as a user makes it. No clock is read here; whoever calls holds it, and counts bytes
//! and seconds between calls.

mod change;
mod idle;

pub use change::Star;
pub use idle::IdleWorld;

use serde_json::Value;

use crate::app;
use crate::cloud::{Caller, Quotas};
use crate::engine::{SimDuration, SimTime};
use crate::id::{AccountId, Origin, Region};
use crate::sim::links::LinkSettings;
use crate::sim::world::{Pause, World, WorldConfig};
use crate::trace::Detail;

/// Any well-formed image will do.
const IMAGE: &str = "ami-0123456789abcdef0";

/// Who asks for everything.
const CALLER: Caller =
    Caller { account: AccountId::DEFAULT, region: Region::DEFAULT, now: SimTime::ZERO, origin: Origin::Step(1) };

/// An empty world in which no quota is in the way, without hosts on the Internet and without captures.
fn empty_world() -> World {
    let mut quotas = Quotas::default();
    for name in Quotas::names() {
        quotas.set(name, u32::MAX).expect("the names are those of quotas");
    }
    World::new(WorldConfig {
        seed: 1,
        epoch_nanos: 0,
        links: LinkSettings::default(),
        quotas,
        internet: Vec::new(),
        programs: app::programs(),
        detail: Detail::Drops,
        snap_length: None,
        threads: 1,
    })
}

/// Carries out an operation that cannot be refused.
fn ok(world: &mut World, operation: &str, parameters: Value) -> Value {
    world.call(&CALLER, operation, parameters).unwrap_or_else(|error| panic!("{operation} is refused: {error}"))
}

/// Lets virtual time pass.
fn pass(world: &mut World, length: SimDuration) {
    let until = world.now() + length;
    let Pause::Done(()) = world.run_until(until) else { unreachable!("nothing is traced") };
}

/// The text at a place of an answer.
fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).expect("the answer has AWS's members").to_owned()
}
