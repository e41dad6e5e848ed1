//! Which IPv4 packet a fragment belongs to (RFC 791 §3.2): what a translator must remember, since only the first fragment shows
//! ports. Nothing is put together here.

use std::net::IpAddr;

use super::headers::{ETHERNET_LEN, Frame};

/// The packet that an IPv4 fragment is a part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FragmentOf {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// The packet's identification.
    pub identification: u16,
}

impl FragmentOf {
    /// The packet that `frame` carries a part of; `None` when it carries a whole one.
    pub(crate) fn of(frame: &Frame) -> Option<FragmentOf> {
        let ip = frame.headers.ip.filter(|ip| ip.source.is_ipv4())?;
        let header = frame.bytes.get(ETHERNET_LEN..ETHERNET_LEN + 8)?;
        // The flag "more fragments" and the offset: both are zero in a whole packet.
        let is_part = u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0;
        is_part.then(|| FragmentOf {
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            identification: u16::from_be_bytes([header[4], header[5]]),
        })
    }
}
