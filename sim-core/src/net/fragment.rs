//! Fragments: cutting IPv4 packets, by their sender or by a gateway on the way (RFC 791 §3.2), cutting IPv6 packets by their sender
//! (RFC 8200 §4.5), and telling which packet a fragment of either family belongs to, since only the first shows ports.

use std::net::IpAddr;

use smallvec::SmallVec;
use smoltcp::wire::Ipv4Packet;

use super::headers::{ETHERNET_LEN, Extensions, FRAGMENT, FRAGMENT_LEN, Frame, IPV6_LEN};
use super::pool::BufferPool;

/// The pieces of a packet; one larger than the path takes is most often not much larger.
pub(crate) type Fragments = SmallVec<[Vec<u8>; 4]>;

/// Cuts a frame's IPv4 packet into frames whose packets have at most `mtu` bytes. The packet may be a fragment itself. `None`
/// when it is no IPv4 packet, or must not be cut, or `mtu` leaves no room for eight bytes.
pub(crate) fn fragment(frame: &[u8], mtu: u16, pool: &mut BufferPool) -> Option<Fragments> {
    let whole = Ipv4Packet::new_checked(frame.get(ETHERNET_LEN..)?).ok().filter(|packet| packet.version() == 4)?;
    if whole.dont_frag() {
        return None;
    }
    let header_len = usize::from(whole.header_len());
    let headers = &frame[..ETHERNET_LEN + header_len];
    let step = usize::from(mtu).checked_sub(header_len)? / 8 * 8;
    if step == 0 {
        return None;
    }
    let payload = whole.payload();
    let last = payload.len().div_ceil(step).saturating_sub(1);
    let pieces = payload.chunks(step).enumerate().map(|(index, chunk)| {
        let mut piece = pool.take();
        piece.extend_from_slice(headers);
        piece.extend_from_slice(chunk);
        let mut packet = Ipv4Packet::new_unchecked(&mut piece[ETHERNET_LEN..]);
        packet.set_total_len((header_len + chunk.len()) as u16);
        packet.set_frag_offset(whole.frag_offset() + (index * step) as u16);
        packet.set_more_frags(index < last || whole.more_frags());
        packet.fill_checksum();
        piece
    });
    Some(pieces.collect())
}

/// Cuts a frame's IPv6 packet, as its sender does, into frames whose packets have at most `mtu` bytes. `None` when it is no IPv6
/// packet without extension headers, or `mtu` leaves no room for eight bytes.
pub(crate) fn fragment_ipv6(frame: &[u8], mtu: u16, identification: u32, pool: &mut BufferPool) -> Option<Fragments> {
    let (headers, payload) = frame.split_at_checked(ETHERNET_LEN + IPV6_LEN)?;
    let fixed = &headers[ETHERNET_LEN..];
    if fixed[0] >> 4 != 6 || Extensions::of(&frame[ETHERNET_LEN..]).ok()?.offset != IPV6_LEN {
        return None;
    }
    let next_header = fixed[6];
    let step = usize::from(mtu).checked_sub(IPV6_LEN + FRAGMENT_LEN)? / 8 * 8;
    if step == 0 {
        return None;
    }
    let last = payload.len().div_ceil(step).saturating_sub(1);
    let pieces = payload.chunks(step).enumerate().map(|(index, chunk)| {
        let mut piece = pool.take();
        piece.extend_from_slice(headers);
        piece[ETHERNET_LEN + 4..ETHERNET_LEN + 6].copy_from_slice(&((FRAGMENT_LEN + chunk.len()) as u16).to_be_bytes());
        piece[ETHERNET_LEN + 6] = FRAGMENT;
        piece.extend_from_slice(&[next_header, 0]);
        piece.extend_from_slice(&((index * step) as u16 | u16::from(index < last)).to_be_bytes());
        piece.extend_from_slice(&identification.to_be_bytes());
        piece.extend_from_slice(chunk);
        piece
    });
    Some(pieces.collect())
}

/// The packet that a fragment is a part of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FragmentOf {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// The packet's identification; IPv4's has 16 bits.
    pub identification: u32,
}

impl FragmentOf {
    /// The packet that `frame` carries a part of; `None` when it carries a whole one.
    #[inline]
    pub(crate) fn of(frame: &Frame) -> Option<FragmentOf> {
        // Most packets say that they are none without a look at their bytes.
        let ip = frame.headers.ip.as_ref()?;
        match ip.source {
            IpAddr::V4(_) if ip.dont_fragment => None,
            IpAddr::V6(_) if usize::from(ip.transport_offset) == ETHERNET_LEN + IPV6_LEN => None,
            _ => FragmentOf::read(frame),
        }
    }

    fn read(frame: &Frame) -> Option<FragmentOf> {
        let ip = frame.headers.ip?;
        let packet = frame.ip_packet();
        // The offset and the flag "more fragments": both are zero in a whole packet.
        let (is_part, identification) = match ip.source {
            IpAddr::V4(_) => {
                let is_part = u16::from_be_bytes([packet[6], packet[7]]) & 0x3fff != 0;
                (is_part, u32::from(u16::from_be_bytes([packet[4], packet[5]])))
            }
            IpAddr::V6(_) => {
                let header: &[u8; 8] = packet.get(Extensions::of(packet).ok()?.fragment?..)?.first_chunk()?;
                let is_part = u16::from_be_bytes([header[2], header[3]]) & 0xfff9 != 0;
                (is_part, u32::from_be_bytes([header[4], header[5], header[6], header[7]]))
            }
        };
        is_part.then_some(FragmentOf {
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            identification,
        })
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    fn datagram(payload: &[u8], dont_fragment: bool) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let mut bytes = Vec::new();
        builder.udp(1, 2).write(&mut bytes, payload).expect("a buffer takes everything");
        let mut packet = Ipv4Packet::new_unchecked(&mut bytes[ETHERNET_LEN..]);
        packet.set_ident(77);
        packet.set_dont_frag(dont_fragment);
        packet.fill_checksum();
        bytes
    }

    proptest! {
        /// MTU-3: cut once and cut again, the pieces still make the packet, each fits, and each is a frame that reads well.
        #[test]
        fn pieces_of_pieces_make_the_packet_mtu_3(
            payload in prop::collection::vec(any::<u8>(), 0..4000), mtu in 68_u16..2000, smaller in 68_u16..1000,
        ) {
            let whole = datagram(&payload, false);
            let pool = &mut BufferPool::default();
            let once = fragment(&whole, mtu, pool).expect("it may be cut");
            let twice = once.iter().flat_map(|piece| fragment(piece, smaller.min(mtu), &mut BufferPool::default()).expect("so may a piece"));
            let mut pieces: Vec<Vec<u8>> = twice.collect();
            pieces.sort_by_key(|piece| Ipv4Packet::new_unchecked(&piece[ETHERNET_LEN..]).frag_offset());
            let mut data = Vec::new();
            let count = pieces.len();
            for (index, piece) in pieces.into_iter().enumerate() {
                let packet = Ipv4Packet::new_checked(&piece[ETHERNET_LEN..]).expect("a packet");
                prop_assert!(packet.verify_checksum());
                prop_assert!(packet.total_len() <= smaller.min(mtu));
                prop_assert_eq!(packet.ident(), 77);
                prop_assert_eq!(usize::from(packet.frag_offset()), data.len());
                prop_assert_eq!(packet.more_frags(), index + 1 < count);
                data.extend_from_slice(packet.payload());
                prop_assert!(Frame::new(piece).headers.ip.is_some());
            }
            prop_assert_eq!(&data[..], &whole[ETHERNET_LEN + 20..]);
        }
    }

    #[test]
    fn what_must_not_be_cut_is_not_mtu_3() {
        assert!(fragment(&datagram(&[0; 2000], true), 1500, &mut BufferPool::default()).is_none());
    }
}
