//! What makes two packets belong to one conversation: the five-tuple, or an echo's identifier in place of ports.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::headers::{Frame, IpHeader};
use super::{Transport, protocol};
use crate::flat::flat;

/// A conversation, seen in one direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct FlowKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// Source port. The identifier of an echo stands here in the question and at the destination in the answer, so that both
    /// are one conversation (RFC 5508 §3.1) and a question from the other side is another. 0 where there is neither (SG-22).
    pub source_port: u16,
    /// Destination port, likewise.
    pub destination_port: u16,
}

flat!(struct FlowKey(source, destination, protocol, source_port, destination_port));

impl FlowKey {
    /// The conversation that a packet belongs to.
    #[inline]
    pub(crate) fn of(ip: &IpHeader) -> FlowKey {
        let (source_port, destination_port) = ports(ip);
        FlowKey { source: ip.source, destination: ip.destination, protocol: ip.protocol, source_port, destination_port }
    }

    /// Whether a packet belongs to the conversation and goes this way.
    #[inline]
    pub(crate) fn is_of(&self, ip: &IpHeader) -> bool {
        (self.source_port, self.destination_port) == ports(ip)
            && self.protocol == ip.protocol
            && self.source == ip.source
            && self.destination == ip.destination
    }

    /// Whether a packet belongs to the conversation and goes the other way.
    #[inline]
    pub(crate) fn is_back(&self, ip: &IpHeader) -> bool {
        (self.destination_port, self.source_port) == ports(ip)
            && self.protocol == ip.protocol
            && self.destination == ip.source
            && self.source == ip.destination
    }

    /// The conversation that an ICMP error speaks of, as its quoted packet was sent.
    pub(crate) fn quoted(frame: &Frame) -> Option<FlowKey> {
        let ip = frame.headers.ip.filter(IpHeader::is_icmp_error)?;
        let quoted = frame.bytes.get(usize::from(ip.transport_offset) + 8..)?;
        IpHeader::parse_quoted(quoted).map(|quoted| FlowKey::of(&quoted))
    }

    /// The same conversation seen from the other end.
    #[inline]
    pub(crate) fn reversed(self) -> FlowKey {
        FlowKey {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
            ..self
        }
    }
}

impl Hash for FlowKey {
    /// In few words: a flow is looked up for every packet at every interface.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.source_port) << 16 | u64::from(self.destination_port);
        state.write_u64(ports << 8 | u64::from(self.protocol));
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                state.write_u64(u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits()));
            }
            (source, destination) => {
                for address in [source, destination] {
                    let bits = match address {
                        IpAddr::V4(v4) => u128::from(v4.to_bits()),
                        IpAddr::V6(v6) => v6.to_bits(),
                    };
                    state.write_u64(bits as u64);
                    state.write_u64((bits >> 64) as u64);
                }
            }
        }
    }
}

/// What distinguishes the conversations of two addresses: source and destination port, or what stands for them.
#[inline]
fn ports(ip: &IpHeader) -> (u16, u16) {
    match ip.transport {
        Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => (source, destination),
        Transport::Icmp { kind, id, .. } if is_echo_reply(ip.protocol, kind) => (0, id),
        Transport::Icmp { id, .. } => (id, 0),
        Transport::Fragment | Transport::Other => (0, 0),
    }
}

fn is_echo_reply(ip_protocol: u8, kind: u8) -> bool {
    matches!((ip_protocol, kind), (protocol::ICMP, 0) | (protocol::ICMPV6, 129))
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    #[test]
    fn an_echo_and_its_reply_are_one_conversation_and_the_other_sides_echo_is_another() {
        let key = |is_reply: bool, from: u8, to: u8| {
            let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, from], [10, 0, 0, to], 64);
            let icmp = if is_reply { ip.icmpv4_echo_reply(9, 1) } else { ip.icmpv4_echo_request(9, 1) };
            let mut bytes = Vec::new();
            icmp.write(&mut bytes, &[]).expect("a vector takes everything");
            FlowKey::of(&Frame::new(bytes).headers.ip.expect("IPv4"))
        };
        assert_eq!(key(false, 1, 2), key(true, 2, 1).reversed());
        assert_ne!(key(false, 1, 2), key(false, 2, 1).reversed());
    }

    #[test]
    fn a_packet_is_of_its_own_conversation_only() {
        let headers = |from: [u8; 4], to: [u8; 4], ports: [u16; 2]| {
            let mut bytes = Vec::new();
            let udp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64).udp(ports[0], ports[1]);
            udp.write(&mut bytes, &[]).expect("a vector takes everything");
            Frame::new(bytes).headers.ip.expect("IPv4")
        };
        let (a, b) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let packets = [headers(a, b, [1, 2]), headers(a, b, [2, 1]), headers(b, a, [2, 1]), headers(b, a, [1, 2])];
        for (one, other) in packets.iter().flat_map(|one| packets.iter().map(move |other| (one, other))) {
            let key = FlowKey::of(one);
            assert_eq!(key.is_of(other), key == FlowKey::of(other));
            assert_eq!(key.is_back(other), key == FlowKey::of(other).reversed());
        }
    }
}
