//! What travels: Ethernet frames, their parsed headers, and what may be done to them.
//!
//! IPv4 and IPv6 share one code path. A frame is parsed once, when it enters the fabric; the small [`Headers`] view travels
//! with it and is kept true by whoever rewrites the bytes. This room knows nothing of AWS.

mod arp;
pub(crate) mod checksum;
mod datagram;
pub(crate) mod dhcp;
pub(crate) mod dns;
mod embedded;
mod flow;
mod fragment;
mod headers;
mod icmp;
mod lpm;
mod mac;
mod ndp;
mod pool;
mod reset;
mod rewrite;
mod summary;
mod translation;

pub(crate) use arp::{ArpOperation, ArpPacket};
pub(crate) use datagram::Datagram;
pub(crate) use embedded::{embed, embedded};
pub(crate) use flow::FlowKey;
pub(crate) use fragment::{FragmentOf, fragment, fragment_ipv6};
pub(crate) use headers::{FRAGMENT, FRAGMENT_LEN, Frame, Headers, IpHeader, TcpFlags, Transport, ether_type, protocol};
pub(crate) use icmp::{packet_too_big, time_exceeded, unreachable};
pub(crate) use lpm::PrefixTable;
pub(crate) use mac::MacAddr;
pub(crate) use ndp::{NeighborRole, NeighborSolicitation};
pub(crate) use pool::BufferPool;
pub(crate) use reset::reset;
pub(crate) use rewrite::{
    AddressField, clamp_mss, lower_ttl, rewrite_address, rewrite_macs, rewrite_port, rewrite_quoted_address,
    rewrite_quoted_port,
};
pub(crate) use summary::Summary;
pub(crate) use translation::{Ends, Untranslatable, translate};
