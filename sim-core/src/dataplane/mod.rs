//! What is done to frames: compiled tables, flow state, and the pipeline. No Create or Describe words here.
//!
//! Start reading at [`pipeline`]. Each stage is a sibling file that knows its own rules and none of the others; it returns pass
//! or a drop with its reason, and the pipeline tells the trace.

pub(crate) mod conntrack;
mod eni;
mod fragments;
mod gateway;
mod hop;
mod known_way;
pub(crate) mod matching;
pub(crate) mod names;
mod network_acl;
pub(crate) mod pipeline;
mod probe;
pub(crate) mod resolver;
mod route_table;
mod security_group;
pub(crate) mod services;
pub(crate) mod tables;

pub(crate) use services::{answer_in_vpc, answer_publicly};

#[cfg(test)]
pub(crate) use conntrack::Flows;
#[cfg(test)]
pub(crate) use network_acl::judge as judge_network_acl;
