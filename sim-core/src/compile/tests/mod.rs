//! What becomes of packets, from the cloud's records to the account of every hop.

mod egress_only;
mod flow_logs;
mod frames;
mod groups;
mod incremental;
mod layouts;
mod middlebox;
mod names;
mod nat;
mod nat64;
mod nat_limits;
mod path;
mod prefix_lists;
mod probes;
mod properties;
mod public;
mod services;
mod sizes;
mod tracking;
mod world;
