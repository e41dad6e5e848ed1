//! ICMP's words in ICMPv6's and back (RFC 7915 §4.2, §4.3, §5.2, §5.3).
//!
//! Differs from RFC 7915: extensions of errors (RFC 4884) are not told from the packet that is quoted; nobody here sends any.

use std::net::IpAddr;

use super::{Completeness, Ends, Header, Untranslatable, replace, translate_packet};
use crate::net::headers::{ETHERNET_LEN, IPV6_LEN};
use crate::net::{checksum, protocol};

/// Bytes of an ICMP header.
const ICMP_LEN: usize = 8;
/// How much longer an IPv6 header is than an IPv4 one: an MTU of one family's path is so much another of the other's.
const DIFFERENCE: u32 = 20;
/// The least that an IPv6 path takes (RFC 8200 §5).
const MTU_MIN_IPV6: u32 = 1280;
/// An IPv6 error is no longer than this (RFC 4443 §2.4 (c)).
const ERROR_MAX_IPV6: usize = MTU_MIN_IPV6 as usize;
/// MTUs that are known to exist, for a router that says none (RFC 1191 §7.1).
const PLATEAUS: &[u32] = &[65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68];

/// An echo's type in the other family.
pub(super) fn echo(kind: u8, ends: Ends) -> Option<u8> {
    match (kind, ends.source) {
        (8, IpAddr::V6(_)) => Some(128),
        (0, IpAddr::V6(_)) => Some(129),
        (128, IpAddr::V4(_)) => Some(8),
        (129, IpAddr::V4(_)) => Some(0),
        _ => None,
    }
}

/// Translates an ICMP error and what it quotes. Errors are few: their checksum is summed anew.
pub(super) fn translate_error(
    bytes: &mut Vec<u8>,
    ends: Ends,
    about: Ends,
    identification: u16,
) -> Result<(), Untranslatable> {
    let mut outer = Header::read(&bytes[ETHERNET_LEN..]).filter(|it| it.ends.is_other(ends)).ok_or(Untranslatable)?;
    let message = ETHERNET_LEN + outer.len;
    let old: [u8; ICMP_LEN] = *bytes.get(message..).and_then(<[u8]>::first_chunk).ok_or(Untranslatable)?;
    let quoted = bytes.get(message + ICMP_LEN..).ok_or(Untranslatable)?;
    let new = match ends.source {
        IpAddr::V4(_) => in_icmp(old).ok_or(Untranslatable)?,
        IpAddr::V6(_) => in_icmpv6(old, quoted).ok_or(Untranslatable)?,
    };
    bytes[message..message + ICMP_LEN].copy_from_slice(&new);
    translate_packet(bytes, message + ICMP_LEN, about, identification, Completeness::Quoted)?;
    if ends.source.is_ipv6() {
        bytes.truncate(message + ERROR_MAX_IPV6 - IPV6_LEN);
    }
    outer.payload_len = bytes.len() - message;
    let (header, len) = outer.written(ends, identification).ok_or(Untranslatable)?;
    replace(bytes, ETHERNET_LEN, outer.len, &header[..len]);
    let message = &mut bytes[ETHERNET_LEN + len..];
    let sum = match ends.source {
        IpAddr::V4(_) => checksum::of(message),
        IpAddr::V6(_) => {
            let words = ends.words();
            checksum::with_pseudo_header(&words[..16], &words[16..], protocol::ICMPV6, message)
        }
    };
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

/// An ICMPv6 error's header as ICMP says it, without a checksum (RFC 7915 §5.2).
fn in_icmp([kind, code, _, _, a, b, c, d]: [u8; ICMP_LEN]) -> Option<[u8; ICMP_LEN]> {
    let word = u32::from_be_bytes([a, b, c, d]);
    Some(match (kind, code) {
        (1, 0 | 2 | 3) => [3, 1, 0, 0, 0, 0, 0, 0],
        (1, 1) => [3, 10, 0, 0, 0, 0, 0, 0],
        (1, 4) => [3, 3, 0, 0, 0, 0, 0, 0],
        (2, _) => {
            let [high, low] = (word.saturating_sub(DIFFERENCE).min(u32::from(u16::MAX)) as u16).to_be_bytes();
            [3, 4, 0, 0, 0, 0, high, low]
        }
        (3, _) => [11, code, 0, 0, 0, 0, 0, 0],
        (4, 0) => {
            let pointer = match word {
                0 | 1 => word as u8,
                4 | 5 => 2,
                6 => 9,
                7 => 8,
                8..=23 => 12,
                24..=39 => 16,
                _ => return None,
            };
            [12, 0, 0, 0, pointer, 0, 0, 0]
        }
        (4, 1) => [3, 2, 0, 0, 0, 0, 0, 0],
        _ => return None,
    })
}

/// An ICMP error's header as ICMPv6 says it, without a checksum (RFC 7915 §4.2).
fn in_icmpv6([kind, code, _, _, pointer, _, high, low]: [u8; ICMP_LEN], quoted: &[u8]) -> Option<[u8; ICMP_LEN]> {
    let with = |kind, code, word: u32| {
        let [a, b, c, d] = word.to_be_bytes();
        [kind, code, 0, 0, a, b, c, d]
    };
    Some(match (kind, code) {
        (3, 0 | 1 | 5..=8 | 11 | 12) => with(1, 0, 0),
        (3, 2) => with(4, 1, 6), // The Next Header field is what was not understood.
        (3, 3) => with(1, 4, 0),
        (3, 4) => {
            let mtu = match u32::from(u16::from_be_bytes([high, low])) {
                0 => {
                    let total_len = u32::from(u16::from_be_bytes([*quoted.get(2)?, *quoted.get(3)?]));
                    *PLATEAUS.iter().find(|plateau| **plateau < total_len)?
                }
                mtu => mtu,
            };
            with(2, 0, (mtu + DIFFERENCE).max(MTU_MIN_IPV6))
        }
        (3, 9 | 10 | 13 | 15) => with(1, 1, 0),
        (11, _) => with(3, code, 0),
        (12, 0 | 2) => {
            let pointer = match pointer {
                0 | 1 => pointer,
                2 | 3 => 4,
                8 => 7,
                9 => 6,
                12..=15 => 8,
                16..=19 => 24,
                _ => return None,
            };
            with(4, 0, u32::from(pointer))
        }
        _ => return None,
    })
}
