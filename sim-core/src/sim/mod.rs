//! Owns the world and connects its rooms: control plane, tables, links, guests, the Internet.
//!
//! Start at `world.rs`, the only place where time moves; `partition.rs` has the loop that moves frames.

pub(crate) mod internet;
pub(crate) mod links;
pub(crate) mod partition;
pub(crate) mod world;

#[cfg(test)]
mod tests;
