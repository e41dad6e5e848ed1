//! What goes to the subnet's DHCP server (ADDR-19). Who answers knows more than tables hold, and is outside this room; no rule
//! judges either way (SG-26).

use std::net::{IpAddr, Ipv4Addr};

use crate::dataplane::tables::Interface;
use crate::net::dhcp::SERVER_PORT;
use crate::net::{Frame, Transport};

/// Whether a frame is for the server: to everybody on the link, or to the subnet's router.
pub(super) fn is_addressed(at: &Interface<'_>, frame: &Frame) -> bool {
    frame.headers.ip.is_some_and(|ip| {
        matches!(ip.transport, Transport::Udp { destination: SERVER_PORT, .. })
            && (ip.destination == IpAddr::V4(Ipv4Addr::BROADCAST)
                || Some(ip.destination) == at.subnet.router.map(IpAddr::V4))
    })
}
