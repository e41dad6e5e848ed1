//! What happened: one typed event per hop and stage, and everything that is made from them.
//!
//! The pipeline tells this room, nobody else writes captures or explanations, and nothing here can change a result.

mod drop;
mod event;
mod text;

pub use drop::{Decider, DropCode, DropFamily, DropReason};
pub use event::{Direction, GroupDecision, PacketId, Step, Trace, TraceEvent};
