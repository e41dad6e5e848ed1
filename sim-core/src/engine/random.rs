//! Named random streams.
//!
//! Every thing that needs chance has a stream of its own, made from the scenario's seed and the thing's name, so that one
//! more host changes nobody else's numbers. The generator is a named algorithm (PCG64 MCG), the same on every machine.

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers that belongs to one named thing.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Pcg64Mcg);

impl Stream {
    /// The stream of the thing called `name`.
    pub(crate) fn new(seed: u64, name: &str) -> Stream {
        // FNV-1a over seed and name, twice with different offsets: 128 bits of state that differ for every name.
        let hash = |offset: u64| {
            let bytes = seed.to_le_bytes();
            bytes
                .iter()
                .chain(name.as_bytes())
                .fold(offset, |state, &byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
        };
        let state = u128::from(hash(0xcbf2_9ce4_8422_2325)) << 64 | u128::from(hash(0x8422_2325_cbf2_9ce4));
        let mut generator = Pcg64Mcg::new(state);
        generator.next_u64();
        Stream(generator)
    }

    /// Sixty-four random bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// When `bound` is zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below zero");
        // Multiply and shift (Lemire 2019) without the rejection step: the bias is below bound / 2^64.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// Chance without state: the finaliser of SplitMix64 (Steele, Lea, Flood 2014), a bijection that spreads every input bit.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What [`mix`] made these bits of.
pub(crate) fn unmix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 31) ^ (bits >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    bits = (bits ^ (bits >> 27) ^ (bits >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    bits ^ (bits >> 30) ^ (bits >> 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_undone() {
        for bits in [0, 1, 7, u64::from(u32::MAX), 1 << 63, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(unmix(mix(bits)), bits);
            assert_eq!(mix(unmix(bits)), bits);
        }
    }

    #[test]
    fn streams_depend_on_seed_and_name_only() {
        let draw = |seed, name| Stream::new(seed, name).next_u64();
        assert_eq!(draw(7, "web1"), draw(7, "web1"));
        assert_ne!(draw(7, "web1"), draw(7, "web2"));
        assert_ne!(draw(7, "web1"), draw(8, "web1"));
    }

    #[test]
    fn draws_stay_below_their_bound() {
        let mut stream = Stream::new(1, "bound");
        assert!((0..1000).all(|_| stream.below(3) < 3));
    }
}
