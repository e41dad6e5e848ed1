//! What travels: Ethernet frames, their parsed headers, and what may be done to them.
//!
//! IPv4 and IPv6 share one code path. A frame is parsed once, when it enters the fabric; the small [`Headers`] view travels
//! with it and is kept true by whoever rewrites the bytes. This room knows nothing of AWS.

mod arp;
mod checksum;
mod flow;
mod headers;
mod icmp;
mod lpm;
mod mac;
mod ndp;
mod pool;
mod rewrite;
mod summary;

pub use arp::{ArpOperation, ArpPacket};
pub use flow::FlowKey;
pub use headers::{Frame, Headers, IpHeader, TcpFlags, Transport, ether_type, protocol};
pub use icmp::packet_too_big;
pub use lpm::PrefixTable;
pub use mac::MacAddr;
pub use ndp::{NeighborRole, NeighborSolicitation};
pub use pool::BufferPool;
pub use rewrite::{AddressField, lower_ttl, rewrite_address, rewrite_macs, rewrite_quoted_address};
pub use summary::Summary;
