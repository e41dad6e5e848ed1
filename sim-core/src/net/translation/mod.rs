//! A packet of one family made into one of the other, in place (RFC 7915, "IP/ICMP Translation Algorithm").
//!
//! ```text
//!            IPv6                                            IPv4
//!  Traffic Class, Hop Limit                  ◄──►  Type of Service, Time to Live
//!  Next Header behind the extension headers  ◄──►  Protocol; ICMPv6 is ICMP
//!  Flow Label, options                       ──►   dropped; 0 on the way back
//!  Fragment Header                           ◄──►  Identification (its low 16 bits), MF, offset; DF clear
//!  none                                      ──►   up to 1260 bytes DF clear and an identification, beyond that DF
//! ```
//!
//! Checksums of TCP and UDP are adjusted by the difference of the pseudo-headers, ICMP's by that of its type too, which only
//! ICMPv6 sums with a pseudo-header (RFC 4443 §2.3). What an ICMP error quotes is translated by the same rules ([`icmp`]).
//!
//! Which addresses take whose place is the caller's business; so are ports, and the TTL, which is copied.

mod icmp;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::checksum::{self, Delta};
use super::headers::{ETHERNET_LEN, Extensions, FRAGMENT, FRAGMENT_LEN, Frame, Headers, IPV4_MIN_LEN, IPV6_LEN};
use super::{ether_type, protocol};

/// The longest IPv4 packet that leaves without DF: 1280 bytes of IPv6 (RFC 7915 §5.1).
const MAY_BE_CUT: usize = 1260;

/// A packet's addresses after translation, both of the family that it is translated to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
}

/// The other family has no way to say what the packet says (RFC 7915 §4.2, §4.5, §5.1, §5.2). It may be half translated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Untranslatable;

/// Translates the frame's packet to the family of `ends`. `about` are the ends of the packet that an ICMP error quotes.
/// `identification` is taken where IPv4 needs one and IPv6 has none.
pub(crate) fn translate(
    frame: &mut Frame,
    ends: Ends,
    about: Option<Ends>,
    identification: u16,
) -> Result<(), Untranslatable> {
    let ip = frame.headers.ip.ok_or(Untranslatable)?;
    frame.bytes.truncate(ETHERNET_LEN + usize::from(ip.total_len));
    if ip.is_icmp_error() {
        icmp::translate_error(&mut frame.bytes, ends, about.ok_or(Untranslatable)?, identification)?;
    } else {
        translate_packet(&mut frame.bytes, ETHERNET_LEN, ends, identification, Completeness::Whole)?;
    }
    let ether_type = if ends.source.is_ipv4() { ether_type::IPV4 } else { ether_type::IPV6 };
    frame.bytes[12..ETHERNET_LEN].copy_from_slice(&ether_type.to_be_bytes());
    frame.headers = Headers::parse(&frame.bytes).map_err(|_| Untranslatable)?;
    Ok(())
}

/// Whether a packet must be all there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Completeness {
    Whole,
    /// Quoted by an ICMP error: its end may be cut off.
    Quoted,
}

/// Translates the packet at `at`, which is no ICMP error, or one that is quoted.
fn translate_packet(
    bytes: &mut Vec<u8>,
    at: usize,
    ends: Ends,
    identification: u16,
    completeness: Completeness,
) -> Result<(), Untranslatable> {
    let header = Header::read(bytes.get(at..).ok_or(Untranslatable)?).filter(|it| it.ends.is_other(ends));
    let header = header.ok_or(Untranslatable)?;
    if !header.is_later_fragment() {
        let payload = bytes.get_mut(at + header.len..).ok_or(Untranslatable)?;
        header.translate_transport(payload, ends, completeness)?;
    }
    let (new, len) = header.written(ends, identification).ok_or(Untranslatable)?;
    replace(bytes, at, header.len, &new[..len]);
    Ok(())
}

/// Replaces `len` bytes at `at`. The bytes behind move.
fn replace(bytes: &mut Vec<u8>, at: usize, len: usize, new: &[u8]) {
    let (old_end, new_end, total) = (at + len, at + new.len(), bytes.len());
    let new_total = total - len + new.len();
    if new_total > total {
        bytes.resize(new_total, 0);
    }
    bytes.copy_within(old_end..total, new_end);
    bytes.truncate(new_total);
    bytes[at..new_end].copy_from_slice(new);
}

impl Ends {
    fn is_other(self, other: Ends) -> bool {
        self.source.is_ipv4() != other.source.is_ipv4() && other.source.is_ipv4() == other.destination.is_ipv4()
    }

    /// What the sum of a transport's pseudo-header takes of the addresses, as words; fewer are as good as zeros.
    fn words(self) -> [u8; 32] {
        let mut words = [0; 32];
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                words[..4].copy_from_slice(&source.octets());
                words[4..8].copy_from_slice(&destination.octets());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                words[..16].copy_from_slice(&source.octets());
                words[16..].copy_from_slice(&destination.octets());
            }
            _ => {}
        }
        words
    }
}

/// What both families' headers say.
struct Header {
    ends: Ends,
    /// Bytes of the header with its options or extensions.
    len: usize,
    /// Bytes that it says follow.
    payload_len: usize,
    traffic_class: u8,
    hop_limit: u8,
    protocol: u8,
    fragment: Option<Fragment>,
}

/// The part of a packet that a fragment is.
#[derive(Clone, Copy)]
struct Fragment {
    identification: u32,
    /// In units of eight bytes.
    offset: u16,
    more: bool,
}

impl Header {
    /// Reads a well-formed packet's header, or one that is quoted.
    fn read(packet: &[u8]) -> Option<Header> {
        match packet.first()? >> 4 {
            4 => Header::read_v4(packet),
            6 => Header::read_v6(packet),
            _ => None,
        }
    }

    fn read_v4(packet: &[u8]) -> Option<Header> {
        let header: &[u8; IPV4_MIN_LEN] = packet.first_chunk()?;
        let address = |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
        let len = usize::from(header[0] & 0x0f) * 4;
        let flags = u16::from_be_bytes([header[6], header[7]]);
        let (offset, more) = (flags & 0x1fff, flags & 0x2000 != 0);
        let identification = u32::from(u16::from_be_bytes([header[4], header[5]]));
        Some(Header {
            ends: Ends { source: address(12).into(), destination: address(16).into() },
            len,
            payload_len: usize::from(u16::from_be_bytes([header[2], header[3]])).checked_sub(len)?,
            traffic_class: header[1],
            hop_limit: header[8],
            protocol: header[9],
            fragment: (more || offset > 0).then_some(Fragment { identification, offset, more }),
        })
    }

    fn read_v6(packet: &[u8]) -> Option<Header> {
        let header: &[u8; IPV6_LEN] = packet.first_chunk()?;
        let address = |at: usize| header[at..].first_chunk().map(|octets: &[u8; 16]| Ipv6Addr::from(*octets));
        let extensions = Extensions::of(packet).ok().filter(|it| !it.is_binding)?;
        let fragment = match extensions.fragment {
            None => None,
            Some(at) => {
                let fragment: &[u8; FRAGMENT_LEN] = packet.get(at..)?.first_chunk()?;
                let offset = u16::from_be_bytes([fragment[2], fragment[3]]);
                let identification = u32::from_be_bytes([fragment[4], fragment[5], fragment[6], fragment[7]]);
                Some(Fragment { identification, offset: offset >> 3, more: offset & 1 != 0 })
            }
        };
        let total = IPV6_LEN + usize::from(u16::from_be_bytes([header[4], header[5]]));
        Some(Header {
            ends: Ends { source: address(8)?.into(), destination: address(24)?.into() },
            len: extensions.offset,
            payload_len: total.checked_sub(extensions.offset)?,
            traffic_class: header[0] << 4 | header[1] >> 4,
            hop_limit: header[7],
            protocol: extensions.protocol,
            fragment,
        })
    }

    fn is_later_fragment(&self) -> bool {
        self.fragment.is_some_and(|fragment| fragment.offset > 0)
    }

    /// The protocol as the family of `ends` numbers it.
    fn translated_protocol(&self, ends: Ends) -> u8 {
        match self.protocol {
            protocol::ICMP | protocol::ICMPV6 if ends.source.is_ipv4() => protocol::ICMP,
            protocol::ICMP | protocol::ICMPV6 => protocol::ICMPV6,
            other => other,
        }
    }

    /// The transport header's checksum, and the type of an echo.
    fn translate_transport(
        &self,
        payload: &mut [u8],
        ends: Ends,
        completeness: Completeness,
    ) -> Result<(), Untranslatable> {
        let addresses = Delta::between(&self.ends.words(), &ends.words());
        match self.protocol {
            protocol::TCP => adjust(payload, 16, addresses),
            protocol::UDP => match payload.get(6..8) {
                Some([0, 0]) if completeness == Completeness::Whole && !ends.source.is_ipv4() => {
                    // IPv6 wants one (RFC 8200 §8.1), which a part of a datagram is not enough for (RFC 7915 §4.5).
                    if self.fragment.is_some() {
                        return Err(Untranslatable);
                    }
                    let payload = payload.get_mut(..self.payload_len).ok_or(Untranslatable)?;
                    let (words, own) = (ends.words(), protocol::UDP);
                    let sum = checksum::with_pseudo_header(&words[..16], &words[16..], own, payload);
                    payload[6..8].copy_from_slice(&if sum == 0 { u16::MAX } else { sum }.to_be_bytes());
                }
                Some([0, 0]) | None => {}
                Some(_) => {
                    adjust(payload, 6, addresses);
                    // RFC 768: a computed 0 is sent as all ones.
                    if payload[6..8] == [0, 0] {
                        payload[6..8].copy_from_slice(&[0xff, 0xff]);
                    }
                }
            },
            protocol::ICMP | protocol::ICMPV6 => {
                let echo = icmp::echo(payload.first().copied().ok_or(Untranslatable)?, ends).ok_or(Untranslatable)?;
                let old = [payload[0], payload.get(1).copied().ok_or(Untranslatable)?];
                payload[0] = echo;
                let pseudo_header = |ends: Ends| match ends.source {
                    IpAddr::V4(_) => [0; 40],
                    IpAddr::V6(_) => {
                        let mut words = [0; 40];
                        words[..32].copy_from_slice(&ends.words());
                        words[32..36].copy_from_slice(&(self.payload_len as u32).to_be_bytes());
                        words[39] = protocol::ICMPV6;
                        words
                    }
                };
                let delta = Delta::between(&pseudo_header(self.ends), &pseudo_header(ends));
                adjust(payload, 2, delta.and(Delta::between(&old, &[echo, old[1]])));
            }
            _ => return Err(Untranslatable),
        }
        Ok(())
    }

    /// The header of the other family and its length.
    fn written(&self, ends: Ends, identification: u16) -> Option<([u8; IPV6_LEN + FRAGMENT_LEN], usize)> {
        let mut new = [0; IPV6_LEN + FRAGMENT_LEN];
        let protocol = self.translated_protocol(ends);
        match (ends.source, ends.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let total_len = IPV4_MIN_LEN + self.payload_len;
                let (identification, flags) = match self.fragment {
                    Some(Fragment { identification, offset, more }) => {
                        (identification as u16, offset | u16::from(more) << 13)
                    }
                    None if total_len <= MAY_BE_CUT => (identification, 0),
                    None => (0, 0x4000),
                };
                new[..2].copy_from_slice(&[0x45, self.traffic_class]);
                new[2..4].copy_from_slice(&u16::try_from(total_len).ok()?.to_be_bytes());
                new[4..6].copy_from_slice(&identification.to_be_bytes());
                new[6..8].copy_from_slice(&flags.to_be_bytes());
                new[8..10].copy_from_slice(&[self.hop_limit, protocol]);
                new[12..16].copy_from_slice(&source.octets());
                new[16..20].copy_from_slice(&destination.octets());
                let sum = checksum::of(&new[..IPV4_MIN_LEN]);
                new[10..12].copy_from_slice(&sum.to_be_bytes());
                Some((new, IPV4_MIN_LEN))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let extension = if self.fragment.is_some() { FRAGMENT_LEN } else { 0 };
                let payload_len = u16::try_from(self.payload_len + extension).ok()?;
                new[..2].copy_from_slice(&[0x60 | self.traffic_class >> 4, self.traffic_class << 4]);
                new[4..6].copy_from_slice(&payload_len.to_be_bytes());
                new[6..8].copy_from_slice(&[if extension > 0 { FRAGMENT } else { protocol }, self.hop_limit]);
                new[8..24].copy_from_slice(&source.octets());
                new[24..40].copy_from_slice(&destination.octets());
                if let Some(Fragment { identification, offset, more }) = self.fragment {
                    new[40] = protocol;
                    new[42..44].copy_from_slice(&(offset << 3 | u16::from(more)).to_be_bytes());
                    new[44..48].copy_from_slice(&identification.to_be_bytes());
                }
                Some((new, IPV6_LEN + extension))
            }
            _ => None,
        }
    }
}

/// Adjusts the checksum at `at`, if there is so much of the packet.
fn adjust(payload: &mut [u8], at: usize, delta: Delta) {
    if let Some(field) = payload.get_mut(at..at + 2) {
        let old = u16::from_be_bytes([field[0], field[1]]);
        field.copy_from_slice(&delta.apply(old).to_be_bytes());
    }
}
