//! What becomes of packets, from the cloud's records to the account of every hop.

mod frames;
mod incremental;
mod layouts;
mod path;
mod probes;
mod properties;
mod world;
