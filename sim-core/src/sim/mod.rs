//! Owns the world and connects its rooms: control plane, tables, links, guests, the Internet.
//!
//! Start at `world.rs`, the only place where time moves; `windows.rs` lets partitions run side by side, and `partition.rs` has
//! the loop that moves frames.

pub(crate) mod boot;
mod dhcp;
mod flight;
mod guests;
pub(crate) mod internet;
mod leases;
pub(crate) mod links;
mod metadata;
pub(crate) mod partition;
mod placement;
mod platform;
mod public_names;
mod public_resolver;
pub(crate) mod ranks;
mod stations;
mod well_known;
mod windows;
pub(crate) mod world;

#[cfg(test)]
mod tests;
