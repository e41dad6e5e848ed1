//! Session tokens of the metadata service. As on AWS the service keeps none: a token says itself until when it is good, sealed with
//! a key that only this instance's service has (IMDS-2).
//!
//! The seal is a hash of the simulator's, not a cipher; it keeps a token from working elsewhere, and nothing else.

use crate::engine::{SimTime, mix};

/// How every token begins, as AWS's do (`AQAEA…`).
const HEAD: [u8; 4] = [0x01, 0x00, 0x04, 0x00];
/// Bytes of a token: 56 characters.
const LEN: usize = 40;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What an instance's tokens are sealed with.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Key(u64);

impl Key {
    /// Reads a key in hexadecimal digits.
    pub(super) fn parse(text: &str) -> Key {
        Key(u64::from_str_radix(text, 16).unwrap_or_default())
    }

    /// A token that is good until `expiry`.
    pub(super) fn token(self, expiry: SimTime, nonce: u64) -> String {
        encode(&self.seal(expiry.as_nanos(), nonce))
    }

    /// Until when a token is good; `None` when it is none of this key's.
    pub(super) fn expiry(self, token: &str) -> Option<SimTime> {
        let bytes = decode(token)?;
        let word = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes were taken"));
        let nonce = word(4);
        let expiry = word(12) ^ mix(self.0 ^ nonce);
        (self.seal(expiry, nonce) == bytes).then(|| SimTime::from_nanos(expiry))
    }

    fn seal(self, expiry: u64, nonce: u64) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..4].copy_from_slice(&HEAD);
        bytes[4..12].copy_from_slice(&nonce.to_be_bytes());
        bytes[12..20].copy_from_slice(&(expiry ^ mix(self.0 ^ nonce)).to_be_bytes());
        let mut state = mix(self.0) ^ expiry;
        for chunk in bytes[20..].chunks_mut(4) {
            state = mix(state ^ nonce);
            chunk.copy_from_slice(&(state as u32).to_be_bytes());
        }
        bytes
    }
}

/// RFC 4648 §5, with padding.
fn encode(bytes: &[u8; LEN]) -> String {
    let mut text = String::with_capacity(LEN.div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = group >> (18 - 6 * place) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[digit as usize]) } else { '=' });
        }
    }
    text
}

fn decode(text: &str) -> Option<[u8; LEN]> {
    let digits = text.trim_end_matches('=').bytes().map(|byte| ALPHABET.iter().position(|digit| *digit == byte));
    let mut bytes = Vec::with_capacity(LEN);
    let (mut group, mut bits) = (0u32, 0);
    for digit in digits {
        group = (group << 6 | digit? as u32) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
        }
    }
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_works_on_its_own_instance_until_its_time_imds_2() {
        let (own, other) = (Key::parse("00c0ffee00c0ffee"), Key::parse("00c0ffee00c0ffef"));
        let expiry = SimTime::from_nanos(21_600_000_000_000);
        let token = own.token(expiry, 7);
        assert_eq!(token.len(), 56);
        assert!(token.starts_with("AQAEA") && token.ends_with("=="), "{token}");
        assert_eq!(own.expiry(&token), Some(expiry));
        assert_eq!(other.expiry(&token), None);
        for at in 0..54 {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("letters");
            // The last digit has bits that no byte takes.
            assert!(own.expiry(&changed).is_none() || at == 53, "{changed}");
        }
        for nonsense in ["", "A", "====", "ä", &token[..20], &format!("{token}AAAA")] {
            assert_eq!(own.expiry(nonsense), None, "{nonsense}");
        }
    }
}
