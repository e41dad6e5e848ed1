//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
//!
//! Rewriting an address changes a few 16-bit words; the checksums that cover them are adjusted by the difference instead of
//! being summed anew, so the cost does not depend on the packet's size and a wrong checksum stays wrong.

/// The checksum of `bytes`; 0 when they contain their own, correct one.
pub(crate) fn of(bytes: &[u8]) -> u16 {
    !fold(sum(bytes))
}

/// The same of an IPv4 header without options: of a length that the compiler knows, the sum is a few additions.
#[inline]
pub(crate) fn of_plain_header(header: &[u8; 20]) -> u16 {
    let (quads, _) = header.as_chunks::<4>();
    !fold(quads.iter().map(|quad| u64::from(u32::from_le_bytes(*quad))).sum()).swap_bytes()
}

/// The checksum of a transport `segment` with its pseudo-header (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1).
#[inline]
pub(crate) fn with_pseudo_header(source: &[u8], destination: &[u8], protocol: u8, segment: &[u8]) -> u16 {
    // An address of either family is whole words of four bytes.
    let words = source.as_chunks::<4>().0.iter().chain(destination.as_chunks::<4>().0);
    let addresses: u64 = words.map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    !fold(addresses + u64::from(protocol) + segment.len() as u64 + sum(segment))
}

/// What a rewrite changed, ready to be applied to every checksum that covers it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delta(u64);

impl Delta {
    /// The difference of replacing `old` by `new`, both of the same even length and at an even offset.
    pub(crate) fn between(old: &[u8], new: &[u8]) -> Delta {
        debug_assert!(old.len() == new.len() && old.len().is_multiple_of(2), "words are replaced by words");
        let complement = |pair: &[u8]| u64::from(!u16::from_be_bytes([pair[0], pair[1]]));
        Delta(old.chunks_exact(2).map(complement).sum::<u64>() + sum(new))
    }

    /// Both changes together.
    pub(crate) fn and(self, other: Delta) -> Delta {
        Delta(self.0 + other.0)
    }

    /// RFC 1624 equation 3: `HC' = ~(~HC + ~m + m')`.
    pub(crate) fn apply(self, checksum: u16) -> u16 {
        !fold(u64::from(!checksum) + self.0)
    }
}

/// The sum of the 16-bit words, folded. It is taken over eight bytes at a time in the other byte order, which RFC 1071 §2 (B)
/// and (C) allow. Within a block each addition takes in the carry of the one before, an instruction for eight bytes; blocks do not
/// wait for each other.
fn sum(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let (words, rest) = rest.as_chunks::<8>();
    let mut total = 0_u128;
    for block in blocks {
        let (mut sum, mut carry) = (0_u64, false);
        for word in block.as_chunks::<8>().0 {
            (sum, carry) = sum.carrying_add(u64::from_le_bytes(*word), carry);
        }
        total += u128::from(sum) + u128::from(carry);
    }
    for word in words {
        total += u128::from(u64::from_le_bytes(*word));
    }
    total += u128::from(rest.iter().rev().fold(0, |last, &byte| last << 8 | u64::from(byte)));
    // 2^16, 2^32 and 2^64 are all 1 to a sum in one's complement.
    let quads = (total >> 64) as u64 + (total as u64 >> 32) + (total as u64 & 0xffff_ffff);
    u64::from(fold(quads).swap_bytes())
}

#[inline]
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_1624_section_4_comes_out_right() {
        assert_eq!(Delta::between(&[0x55, 0x55], &[0x32, 0x85]).apply(0xdd2f), 0x0000);
    }

    #[test]
    fn carries_are_carried_to_the_end() {
        for len in 0..300 {
            // All ones is the other zero of one's complement, and an odd byte at the end is the upper half of its word.
            let ones = if len == 0 { 0 } else { 0xffff - if len % 2 == 1 { 0xff } else { 0 } };
            assert_eq!(sum(&vec![0xff; len]), ones, "{len} bytes");
        }
    }

    proptest! {
        #[test]
        fn the_sum_is_that_of_the_words(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let word = |pair: &[u8]| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u64::from(low));
            prop_assert_eq!(sum(&bytes), u64::from(fold(bytes.chunks(2).map(word).sum())));
        }

        #[test]
        fn a_plain_header_has_the_checksum_of_its_bytes(header: [u8; 20]) {
            prop_assert_eq!(of_plain_header(&header), of(&header));
        }

        #[test]
        fn an_updated_checksum_is_the_checksum_of_the_changed_bytes(
            mut bytes in prop::collection::vec(any::<u8>(), 8..64), word in 0usize..4, new: [u8; 2],
        ) {
            // A header is never all zero; there, one's complement has two zeros and RFC 1624 §3 says so.
            bytes[0] |= 0x40;
            let at = if word == 0 { 2 } else { word * 2 };
            let before = of(&bytes);
            let delta = Delta::between(&bytes[at..at + 2], &new);
            bytes[at..at + 2].copy_from_slice(&new);
            prop_assert_eq!(delta.apply(before), of(&bytes));
        }
    }
}
