//! A packet-level simulator of AWS VPC networking.
//!
//! `ARCHITECTURE.md` beside this crate's manifest is the map. Rooms, from the ground up: `id`, `engine` (when), `net`
//! (what travels), `trace` (what happened), `cloud` (what was asked), `compile` (asked → forwarded), `dataplane` (what is
//! done to frames), `host` and `app` (guests), `sim` (owns and connects), `frontend` (text in), [`lab`] (runs a scenario).

mod app;
pub mod bench;
mod cloud;
mod compile;
mod dataplane;
mod engine;
mod flat;
mod frontend;
mod host;
mod id;
pub mod lab;
mod net;
mod sim;
mod trace;

pub use engine::{SimDuration, SimTime};
pub use frontend::diagnostic::Severity;
pub use id::ResourceId;
pub use trace::{CaptureError, CaptureFormat, Direction, DropCode, DropFamily, SnapLength};
