//! Fragments: putting arriving ones together, and making a packet fit the path: IPv4 fragmentation where DF is clear (RFC 791
//! §3.2), IPv6 fragmentation (RFC 8200 §4.5), and cutting a TCP segment in two or more where the stack below does not know the path's MTU (smoltcp has no path-MTU
//! discovery; RFC 1191).
//!
//! A packet that does not fit and may not be cut is sent whole: the network answers it with "fragmentation needed".
//!
//! Differs from AWS: a TCP segment that was refused so goes again when its retransmission time-out ends, where Linux sends it at
//! once.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smallvec::{SmallVec, smallvec};
use smoltcp::wire::{Ipv4Packet, Ipv6Packet, TcpPacket};

use super::neighbour::ETHERNET_HEADER;
use super::network::IpView;
use crate::engine::{SimDuration, SimTime};
use crate::net::{BufferPool, FRAGMENT_LEN, fragment, fragment_ipv6, protocol};

/// Linux's `ip_frag_time`.
const REASSEMBLY_TIMEOUT: SimDuration = SimDuration::from_secs(30);
/// Packets being put together at once; beyond it the oldest is given up, as `ipfrag_high_thresh` makes Linux do.
const REASSEMBLIES_MAX: usize = 64;

/// Packets that have arrived in part (RFC 791 §3.2, RFC 8200 §4.5).
#[derive(Default)]
pub(super) struct Reassembly {
    /// By source, destination, protocol (IPv4's) and identification.
    partial: BTreeMap<(IpAddr, IpAddr, u8, u32), Partial>,
}

struct Partial {
    since: SimTime,
    header: Vec<u8>,
    /// Pieces of the payload by offset.
    pieces: BTreeMap<usize, Vec<u8>>,
    total: Option<usize>,
    largest: u16,
}

/// A packet that was put together.
pub(super) struct Whole {
    /// The packet, header room in front.
    pub(super) packet: Vec<u8>,
    /// The length of the largest of its fragments: what a router may send on in one piece.
    pub(super) largest: u16,
}

impl Reassembly {
    /// Takes a fragment, header room in front; gives the packet when it is whole.
    pub(super) fn add(&mut self, now: SimTime, packet: Vec<u8>, ip: &IpView) -> Option<Whole> {
        self.partial.retain(|_, partial| now.since(partial.since) < REASSEMBLY_TIMEOUT);
        let bytes = &packet[ETHERNET_HEADER..];
        if ip.total_len > bytes.len() || ip.total_len < ip.header_len {
            return None;
        }
        let place = Place::read(bytes, ip)?;
        let key = (ip.source, ip.destination, ip.protocol, place.identification);
        if self.partial.len() >= REASSEMBLIES_MAX && !self.partial.contains_key(&key) {
            let oldest = self.partial.iter().min_by_key(|(_, partial)| partial.since).map(|(key, _)| *key)?;
            self.partial.remove(&oldest);
        }
        let Place { offset, more, .. } = place;
        let payload = bytes[place.payload_at..ip.total_len].to_vec();
        let partial = self.partial.entry(key).or_insert_with(|| Partial {
            since: now,
            header: packet[..ETHERNET_HEADER + ip.header_len].to_vec(),
            pieces: BTreeMap::new(),
            total: None,
            largest: 0,
        });
        partial.largest = partial.largest.max(ip.total_len as u16);
        if !more {
            partial.total = Some(offset + payload.len());
        }
        partial.pieces.insert(offset, payload);
        let total = partial.total.filter(|total| total + ip.header_len <= usize::from(u16::MAX))?;
        let mut whole = Vec::new();
        for (&offset, piece) in &partial.pieces {
            // A hole, or pieces that overlap (RFC 5722 forbids them in IPv6; here they wait for the timeout).
            if offset != whole.len() {
                return None;
            }
            whole.extend_from_slice(piece);
        }
        if whole.len() != total {
            return None;
        }
        let Partial { header: mut result, largest, .. } = self.partial.remove(&key)?;
        let header_len = result.len() - ETHERNET_HEADER;
        result.extend_from_slice(&whole);
        let header = &mut result[ETHERNET_HEADER..];
        if ip.source.is_ipv4() {
            let mut view = Ipv4Packet::new_unchecked(header);
            view.set_total_len((header_len + total) as u16);
            view.set_frag_offset(0);
            view.set_more_frags(false);
            view.fill_checksum();
        } else {
            let mut view = Ipv6Packet::new_unchecked(header);
            view.set_payload_len(total as u16);
            view.set_next_header(place.next_header.into());
        }
        Some(Whole { packet: result, largest })
    }
}

/// Which part of which packet a fragment is.
struct Place {
    identification: u32,
    offset: usize,
    more: bool,
    payload_at: usize,
    /// What the packet carries: in IPv6 it is the fragment header that says so.
    next_header: u8,
}

impl Place {
    fn read(bytes: &[u8], ip: &IpView) -> Option<Place> {
        if ip.source.is_ipv4() {
            let flags = u16::from_be_bytes([bytes[6], bytes[7]]);
            return Some(Place {
                identification: u32::from(u16::from_be_bytes([bytes[4], bytes[5]])),
                offset: usize::from(flags & 0x1fff) * 8,
                more: flags & 0x2000 != 0,
                payload_at: ip.header_len,
                next_header: ip.protocol,
            });
        }
        let header: &[u8; FRAGMENT_LEN] = bytes.get(ip.header_len..ip.total_len)?.first_chunk()?;
        let place = u16::from_be_bytes([header[2], header[3]]);
        Some(Place {
            identification: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            offset: usize::from(place & !7),
            more: place & 1 != 0,
            payload_at: ip.header_len + FRAGMENT_LEN,
            next_header: header[0],
        })
    }
}

/// What a packet becomes on the way out.
pub(super) type Pieces = SmallVec<[Vec<u8>; 4]>;

/// Cuts a packet (header room in front) into pieces of at most `mtu` bytes. IPv6 numbers a packet only when it is cut: by
/// `identification`.
pub(super) fn fit(packet: Vec<u8>, ip: &IpView, mtu: u16, identification: u32, pool: &mut BufferPool) -> Pieces {
    let bytes = &packet[ETHERNET_HEADER..];
    if bytes.len() <= usize::from(mtu) || ip.total_len != bytes.len() {
        return smallvec![packet];
    }
    let pieces = if ip.protocol == protocol::TCP && !ip.fragment {
        cut_segment(bytes, ip, usize::from(mtu), pool)
    } else if ip.source.is_ipv4() {
        fragment(&packet, mtu, pool)
    } else {
        fragment_ipv6(&packet, mtu, identification, pool)
    };
    match pieces {
        Some(pieces) => {
            pool.give(packet);
            pieces
        }
        None => smallvec![packet],
    }
}

/// A buffer with room for the Ethernet header, a packet's headers and a part of its payload.
fn piece_of(headers: &[u8], chunk: &[u8], pool: &mut BufferPool) -> Vec<u8> {
    let mut piece = pool.take();
    piece.extend_from_slice(&[0; ETHERNET_HEADER]);
    piece.extend_from_slice(headers);
    piece.extend_from_slice(chunk);
    piece
}

fn cut_segment(bytes: &[u8], ip: &IpView, mtu: usize, pool: &mut BufferPool) -> Option<Pieces> {
    let segment = TcpPacket::new_checked(&bytes[ip.header_len..]).ok()?;
    let headers = ip.header_len + usize::from(segment.header_len());
    let step = mtu.checked_sub(headers).filter(|&step| step > 0)?;
    let (sequence, fin, push) = (segment.seq_number(), segment.fin(), segment.psh());
    let payload = &bytes[headers..];
    let count = payload.len().div_ceil(step);
    let pieces = payload.chunks(step).enumerate().map(|(index, chunk)| {
        let last = index + 1 == count;
        let mut piece = piece_of(&bytes[..headers], chunk, pool);
        let packet = &mut piece[ETHERNET_HEADER..];
        match ip.source {
            IpAddr::V4(_) => {
                let mut view = Ipv4Packet::new_unchecked(&mut *packet);
                view.set_total_len((headers + chunk.len()) as u16);
                view.fill_checksum();
            }
            IpAddr::V6(_) => {
                let payload_len = (headers - ip.header_len + chunk.len()) as u16;
                Ipv6Packet::new_unchecked(&mut *packet).set_payload_len(payload_len);
            }
        }
        let mut view = TcpPacket::new_unchecked(&mut packet[ip.header_len..]);
        view.set_seq_number(sequence + index * step);
        view.set_fin(fin && last);
        view.set_psh(push && last);
        view.fill_checksum(&ip.source.into(), &ip.destination.into());
        piece
    });
    Some(pieces.collect())
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    fn datagram(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let headers = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(7, 53);
        headers.write(&mut bytes, payload).expect("a vector takes everything");
        let mut packet = Ipv4Packet::new_unchecked(&mut bytes[ETHERNET_HEADER..]);
        packet.set_dont_frag(false);
        packet.fill_checksum();
        bytes
    }

    fn datagram_ipv6(payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let headers = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6([0x11; 16], [0x22; 16], 64).udp(7, 53);
        headers.write(&mut bytes, payload).expect("a vector takes everything");
        bytes
    }

    fn take(reassembly: &mut Reassembly, now: SimTime, piece: &[u8]) -> Option<Vec<u8>> {
        let ip = IpView::parse(&piece[ETHERNET_HEADER..]).expect("a piece is a packet");
        if ip.fragment {
            reassembly.add(now, piece.to_vec(), &ip).map(|whole| whole.packet)
        } else {
            Some(piece.to_vec())
        }
    }

    proptest! {
        /// MTU-3: in whatever order pieces arrive, and however often, the packet is whole when the last is there.
        #[test]
        fn pieces_in_any_order_make_the_packet_mtu_3(
            payload in prop::collection::vec(any::<u8>(), 1..5000), mtu in 68_u16..1500, is_v6: bool,
            order in any::<prop::sample::Index>(), seed in any::<u64>(), twice in any::<prop::sample::Index>(),
        ) {
            let whole = if is_v6 { datagram_ipv6(&payload) } else { datagram(&payload) };
            let ip = IpView::parse(&whole[ETHERNET_HEADER..]).expect("a packet");
            let mut pieces = fit(whole.clone(), &ip, mtu, 77, &mut BufferPool::default()).to_vec();
            for piece in &pieces {
                prop_assert!(piece.len() - ETHERNET_HEADER <= usize::from(mtu));
                prop_assert!(crate::net::Frame::new(piece.clone()).headers.ip.is_some());
            }
            let again = pieces[twice.index(pieces.len())].clone();
            // A permutation by a stride that shares no factor with the number of pieces, begun anywhere.
            let (count, start) = (pieces.len(), order.index(pieces.len()));
            let stride = (1..=count).filter(|stride| gcd(*stride, count) == 1).nth(seed as usize % count.clamp(1, 2)).unwrap_or(1);
            pieces = (0..count).map(|n| pieces[(start + n * stride) % count].clone()).collect();
            let mut reassembly = Reassembly::default();
            if count > 1 {
                prop_assert_eq!(take(&mut reassembly, SimTime::ZERO, &again), None);
            }
            let last = pieces.pop().expect("there is a piece");
            for piece in &pieces {
                let made = take(&mut reassembly, SimTime::ZERO, piece);
                prop_assert!(made.is_none() || last == again, "one piece is missing");
                if made.is_some() {
                    prop_assert_eq!(&made.expect("it is there")[..], &whole[..]);
                    return Ok(());
                }
            }
            prop_assert_eq!(take(&mut reassembly, SimTime::ZERO, &last), Some(whole));
        }
    }

    fn gcd(a: usize, b: usize) -> usize {
        if b == 0 { a } else { gcd(b, a % b) }
    }

    #[test]
    fn pieces_wait_thirty_seconds_for_the_others_and_overlaps_never_make_a_packet() {
        let whole = datagram(&[7; 100]);
        let pieces = fragment(&whole, 68, &mut BufferPool::default()).expect("it may be cut");
        let mut reassembly = Reassembly::default();
        assert_eq!(take(&mut reassembly, SimTime::ZERO, &pieces[0]), None);
        assert_eq!(take(&mut reassembly, SimTime::ZERO + REASSEMBLY_TIMEOUT, &pieces[1]), None);
        assert_eq!(
            take(&mut reassembly, SimTime::ZERO + REASSEMBLY_TIMEOUT, &pieces[2]),
            None,
            "the first is forgotten"
        );

        let wide = fragment(&whole, 100, &mut BufferPool::default()).expect("it may be cut");
        let mut reassembly = Reassembly::default();
        assert_eq!(take(&mut reassembly, SimTime::ZERO, &wide[0]), None);
        for piece in &pieces[1..] {
            assert_eq!(take(&mut reassembly, SimTime::ZERO, piece), None, "it overlaps the first");
        }
    }
}
