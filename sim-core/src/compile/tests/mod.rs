//! What becomes of packets, from the cloud's records to the account of every hop.

mod frames;
mod incremental;
mod layouts;
mod names;
mod path;
mod properties;
mod world;
