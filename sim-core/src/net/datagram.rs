//! A UDP datagram in a frame of its own (RFC 768), for what the network itself sends.

use std::net::{IpAddr, SocketAddr};

use super::headers::{ETHERNET_LEN, Frame, IPV4_MIN_LEN, IPV6_LEN};
use super::{MacAddr, Transport, checksum, ether_type, protocol};

const UDP_LEN: usize = 8;

/// The TTL of what a service of the network sends. SIM: AWS publishes none.
const TTL: u8 = 255;

/// Where a datagram comes from and goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Datagram {
    /// The sender's hardware address.
    pub source_mac: MacAddr,
    /// The receiver's.
    pub destination_mac: MacAddr,
    /// The sender.
    pub source: SocketAddr,
    /// The receiver, of the same family.
    pub destination: SocketAddr,
}

impl Datagram {
    /// The datagram in a frame and what it carries, if it is a whole one.
    pub(crate) fn parse(frame: &Frame) -> Option<(Datagram, &[u8])> {
        let ip = frame.headers.ip?;
        let Transport::Udp { source, destination } = ip.transport else { return None };
        let at = usize::from(ip.transport_offset);
        let len = usize::from(u16::from_be_bytes(frame.bytes.get(at + 4..at + 6)?.try_into().ok()?));
        let payload = frame.bytes.get(at + UDP_LEN..at + len)?;
        let datagram = Datagram {
            source_mac: frame.headers.source_mac,
            destination_mac: frame.headers.destination_mac,
            source: SocketAddr::new(ip.source, source),
            destination: SocketAddr::new(ip.destination, destination),
        };
        Some((datagram, payload))
    }

    /// The way back.
    pub(crate) fn reversed(self) -> Datagram {
        Datagram {
            source_mac: self.destination_mac,
            destination_mac: self.source_mac,
            source: self.destination,
            destination: self.source,
        }
    }

    /// The frame that carries `payload`, in `buffer`.
    pub(crate) fn into_frame(self, payload: &[u8], mut buffer: Vec<u8>) -> Frame {
        let len = UDP_LEN + payload.len();
        buffer.clear();
        buffer.reserve(ETHERNET_LEN + IPV6_LEN + len);
        buffer.extend_from_slice(&self.destination_mac.0);
        buffer.extend_from_slice(&self.source_mac.0);
        let mut segment = Vec::with_capacity(len);
        segment.extend_from_slice(&self.source.port().to_be_bytes());
        segment.extend_from_slice(&self.destination.port().to_be_bytes());
        segment.extend_from_slice(&(len as u16).to_be_bytes());
        segment.extend_from_slice(&[0, 0]);
        segment.extend_from_slice(payload);
        let sum = match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                buffer.extend_from_slice(&ether_type::IPV4.to_be_bytes());
                let at = buffer.len();
                buffer.extend_from_slice(&[0x45, 0]);
                buffer.extend_from_slice(&((IPV4_MIN_LEN + len) as u16).to_be_bytes());
                buffer.extend_from_slice(&[0, 0, 0x40, 0, TTL, protocol::UDP, 0, 0]); // DF
                buffer.extend_from_slice(&source.octets());
                buffer.extend_from_slice(&destination.octets());
                let sum = checksum::of(&buffer[at..]);
                buffer[at + 10..at + 12].copy_from_slice(&sum.to_be_bytes());
                checksum::with_pseudo_header(&source.octets(), &destination.octets(), protocol::UDP, &segment)
            }
            (source, destination) => {
                let [source, destination] = [source, destination].map(|address| match address {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                    IpAddr::V6(v6) => v6.octets(),
                });
                buffer.extend_from_slice(&ether_type::IPV6.to_be_bytes());
                buffer.extend_from_slice(&[0x60, 0, 0, 0]);
                buffer.extend_from_slice(&(len as u16).to_be_bytes());
                buffer.extend_from_slice(&[protocol::UDP, TTL]);
                buffer.extend_from_slice(&source);
                buffer.extend_from_slice(&destination);
                checksum::with_pseudo_header(&source, &destination, protocol::UDP, &segment)
            }
        };
        // RFC 768: 0 would say that there is none.
        segment[6..8].copy_from_slice(&if sum == 0 { u16::MAX } else { sum }.to_be_bytes());
        buffer.extend_from_slice(&segment);
        Frame::new(buffer)
    }
}

#[cfg(test)]
mod tests {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    use super::*;

    #[test]
    fn a_datagram_is_read_again_with_right_checksums() {
        for (source, destination) in [("10.0.0.2:53", "10.0.1.10:40000"), ("[fd00:ec2::253]:53", "[2001:db8::1]:40000")]
        {
            let datagram = Datagram {
                source_mac: MacAddr([2, 0, 0, 0, 0, 1]),
                destination_mac: MacAddr([2, 0, 0, 0, 0, 2]),
                source: source.parse().expect("an address"),
                destination: destination.parse().expect("an address"),
            };
            let frame = datagram.into_frame(b"hello", Vec::new());
            assert_eq!(Datagram::parse(&frame), Some((datagram, &b"hello"[..])));
            assert_eq!(datagram.reversed().reversed(), datagram);
            let sliced = SlicedPacket::from_ethernet(&frame.bytes).expect("a well-formed frame");
            let Some(TransportSlice::Udp(udp)) = sliced.transport else { panic!("no UDP: {source}") };
            let right = match sliced.net.expect("an IP header") {
                NetSlice::Ipv4(ip) => {
                    assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
                    udp.to_header().calc_checksum_ipv4(&ip.header().to_header(), udp.payload())
                }
                NetSlice::Ipv6(ip) => udp.to_header().calc_checksum_ipv6(&ip.header().to_header(), udp.payload()),
                NetSlice::Arp(_) => panic!("not IP"),
            };
            assert_eq!(udp.checksum(), right.expect("short enough"));
        }
    }
}
