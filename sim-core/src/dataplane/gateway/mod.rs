//! What gateways do to packets: one file each. The pipeline decides the order; a gateway knows its own rules only.

pub(super) mod endpoint;
pub(super) mod internet;
pub(super) mod peering;
