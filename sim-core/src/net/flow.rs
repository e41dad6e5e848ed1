//! What makes two packets belong to one conversation: the five-tuple, or an echo's identifier in place of ports.

use std::net::IpAddr;

use super::headers::{Frame, IpHeader};
use super::{Transport, protocol};

/// A conversation, seen in one direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// Source port. An echo's identifier stands in both ports, so that question and answer are one conversation
    /// (RFC 5508 §3.1); 0 where the protocol has neither (SG-22).
    pub source_port: u16,
    /// Destination port, likewise.
    pub destination_port: u16,
}

impl FlowKey {
    /// The conversation that a packet belongs to.
    pub fn of(ip: &IpHeader) -> FlowKey {
        let (source_port, destination_port) = match ip.transport {
            Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => {
                (source, destination)
            }
            Transport::Icmp { id, .. } => (id, id),
            Transport::Fragment | Transport::Other => (0, 0),
        };
        FlowKey { source: ip.source, destination: ip.destination, protocol: ip.protocol, source_port, destination_port }
    }

    /// The conversation that an ICMP error speaks of, as its quoted packet was sent.
    pub fn quoted(frame: &Frame) -> Option<FlowKey> {
        let ip = frame.headers.ip.filter(IpHeader::is_icmp_error)?;
        let quoted = frame.bytes.get(usize::from(ip.transport_offset) + 8..)?;
        IpHeader::parse_quoted(quoted).map(|quoted| FlowKey::of(&quoted))
    }

    /// The same conversation seen from the other end.
    pub fn reversed(self) -> FlowKey {
        FlowKey {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
            ..self
        }
    }

    /// Whether the protocol has ports.
    pub fn has_ports(&self) -> bool {
        matches!(self.protocol, protocol::TCP | protocol::UDP)
    }
}
