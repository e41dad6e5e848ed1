//! The TCP reset with which a middlebox answers a segment of a connection that it does not know (RFC 9293 §3.10.7.1).

use std::net::IpAddr;

use super::headers::{ETHERNET_LEN, Frame, IPV4_MIN_LEN, IPV6_LEN};
use super::{TcpFlags, Transport, checksum, ether_type, protocol};

/// The hop limit of what the network sends.
const TTL: u8 = 255;
/// Bytes of a TCP header without options.
const TCP_LEN: usize = 20;

/// The reset that answers the TCP segment in `frame`, as if from its destination. `None` when there is no segment in it, or one
/// that is itself a reset.
pub(crate) fn reset(frame: &Frame, buffer: Vec<u8>) -> Option<Frame> {
    let ip = frame.headers.ip?;
    let Transport::Tcp { source, destination, flags } = ip.transport else { return None };
    if flags.contains(TcpFlags::RST) {
        return None;
    }
    let end = ETHERNET_LEN + usize::from(ip.total_len);
    let segment = frame.bytes.get(usize::from(ip.transport_offset)..end).filter(|segment| segment.len() >= TCP_LEN)?;
    let word = |at: usize| u32::from_be_bytes([segment[at], segment[at + 1], segment[at + 2], segment[at + 3]]);
    let payload = segment.len().saturating_sub(usize::from(segment[12] >> 4) * 4) as u32;
    let space = payload + u32::from(flags.contains(TcpFlags::SYN)) + u32::from(flags.contains(TcpFlags::FIN));
    let (sequence, acknowledgement, flags) = if flags.contains(TcpFlags::ACK) {
        (word(8), 0, TcpFlags::RST.0)
    } else {
        (0, word(4).wrapping_add(space), TcpFlags::RST.0 | TcpFlags::ACK.0)
    };
    let mut tcp = [0; TCP_LEN];
    tcp[0..2].copy_from_slice(&destination.to_be_bytes());
    tcp[2..4].copy_from_slice(&source.to_be_bytes());
    tcp[4..8].copy_from_slice(&sequence.to_be_bytes());
    tcp[8..12].copy_from_slice(&acknowledgement.to_be_bytes());
    tcp[12] = (TCP_LEN as u8 / 4) << 4;
    tcp[13] = flags;

    let mut buffer = buffer;
    buffer.clear();
    buffer.extend_from_slice(&frame.headers.source_mac.0);
    buffer.extend_from_slice(&frame.headers.destination_mac.0);
    match (ip.destination, ip.source) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            buffer.extend_from_slice(&ether_type::IPV4.to_be_bytes());
            let [len_high, len_low] = ((IPV4_MIN_LEN + TCP_LEN) as u16).to_be_bytes();
            let mut header =
                [0x45, 0, len_high, len_low, 0, 0, 0x40, 0, TTL, protocol::TCP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            header[12..16].copy_from_slice(&from.octets());
            header[16..20].copy_from_slice(&to.octets());
            let sum = checksum::of(&header);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            buffer.extend_from_slice(&header);
            let sum = checksum::with_pseudo_header(&from.octets(), &to.octets(), protocol::TCP, &tcp);
            tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            buffer.extend_from_slice(&ether_type::IPV6.to_be_bytes());
            let [len_high, len_low] = (TCP_LEN as u16).to_be_bytes();
            buffer.extend_from_slice(&[0x60, 0, 0, 0, len_high, len_low, protocol::TCP, TTL]);
            buffer.extend_from_slice(&from.octets());
            buffer.extend_from_slice(&to.octets());
            debug_assert_eq!(buffer.len(), ETHERNET_LEN + IPV6_LEN);
            let sum = checksum::with_pseudo_header(&from.octets(), &to.octets(), protocol::TCP, &tcp);
            tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        }
        _ => return None,
    }
    buffer.extend_from_slice(&tcp);
    Some(Frame::new(buffer))
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, SlicedPacket, TransportSlice};

    use super::*;

    fn answer(
        segment: impl FnOnce(etherparse::PacketBuilderStep<etherparse::TcpHeader>, &mut Vec<u8>),
    ) -> Option<Frame> {
        let mut bytes = Vec::new();
        let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [198, 51, 100, 9], 64);
        segment(ip.tcp(40_000, 80, 1_000, 4_096), &mut bytes);
        reset(&Frame::new(bytes), Vec::new())
    }

    #[test]
    fn a_reset_takes_the_acknowledged_number_or_acknowledges_all_that_was_sent() {
        for (acknowledges, sequence, acknowledgement) in [(Some(7), 7, 0), (None, 0, 1_003)] {
            let frame = answer(|segment, bytes| {
                let segment = if let Some(number) = acknowledges { segment.ack(number) } else { segment };
                segment.write(bytes, b"abc").expect("a vector takes everything");
            })
            .expect("a segment is answered");
            let ip = frame.headers.ip.expect("IPv4");
            let there = (IpAddr::from([198, 51, 100, 9]), IpAddr::from([10, 0, 0, 1]));
            assert_eq!((ip.source, ip.destination), there);
            let packet = SlicedPacket::from_ethernet(&frame.bytes).expect("well-formed");
            let Some(TransportSlice::Tcp(tcp)) = packet.transport else { panic!("TCP") };
            assert!(tcp.rst() && tcp.ack() == acknowledges.is_none());
            assert_eq!((tcp.sequence_number(), tcp.acknowledgment_number()), (sequence, acknowledgement));
            assert_eq!(tcp.calc_checksum_ipv4([198, 51, 100, 9], [10, 0, 0, 1]), Ok(tcp.checksum()));
        }
    }

    #[test]
    fn a_reset_is_not_answered() {
        assert!(answer(|segment, bytes| segment.rst().write(bytes, &[]).expect("a vector takes everything")).is_none());
    }
}
