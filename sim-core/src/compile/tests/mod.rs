//! What becomes of packets, from the cloud's records to the account of every hop.

mod frames;
mod incremental;
mod layouts;
mod path;
mod properties;
mod public;
mod tracking;
mod world;
