//! Owns the world and connects its rooms: control plane, tables, links, guests, the Internet.
//!
//! Start at `world.rs`, the only place where time moves; `windows.rs` lets partitions run side by side, and `partition.rs` has
//! the loop that moves frames.

mod boot;
mod flight;
mod guests;
pub(crate) mod internet;
pub(crate) mod links;
pub(crate) mod partition;
mod public_resolver;
pub(crate) mod ranks;
mod windows;
pub(crate) mod world;

#[cfg(test)]
mod tests;
