//! What travels: Ethernet frames, their parsed headers, and what may be done to them.
//!
//! IPv4 and IPv6 share one code path. A frame is parsed once, when it enters the fabric; the small [`Headers`] view travels
//! with it and is kept true by whoever rewrites the bytes. This room knows nothing of AWS.

mod headers;
mod mac;

pub use headers::{Frame, Headers, IpHeader, TcpFlags, Transport, protocol};
pub use mac::MacAddr;
