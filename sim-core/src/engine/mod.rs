//! When: virtual time, an ordered queue of events, and named random streams from one seed.
//!
//! The engine knows neither IP nor AWS. Time is integer nanoseconds and never goes back; events are plain values, totally
//! ordered; nothing here reads the wall clock or the operating system's randomness.

mod lanes;
mod queue;
mod random;
mod time;

pub(crate) use queue::{EventKey, EventQueue};
pub(crate) use random::{Stream, mix, unmix};
pub use time::{SimDuration, SimTime};
