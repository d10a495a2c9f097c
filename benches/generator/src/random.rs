//! One stream of numbers for one seed.
//!
//! **Source** `SplitMix64`: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
//! OOPSLA 2014. Integers only, so that every machine draws the same.

/// A stream of numbers, eight octets of state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, all 64 bits of it.
    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; `end` itself when that is 0.
    pub(crate) fn below<T: Copy + Into<u64> + TryFrom<u64>>(&mut self, end: T) -> T {
        let product = u128::from(self.draw()) * u128::from(end.into());
        let high = u64::try_from(product >> 64).unwrap_or_default();
        T::try_from(high).unwrap_or(end)
    }

    /// A number with this mean and a long tail: nine of ten are below it, one is up to eleven
    /// times as large.
    pub(crate) fn around(&mut self, mean: u64) -> u64 {
        let tail = self.below(10_u8) == 0;
        self.below(if tail { 11 * mean + 1 } else { mean + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference stream of seed 1234567, as published with the algorithm.
    #[test]
    fn the_stream_is_split_mix() {
        let mut random = Random::new(1_234_567);
        let drawn = [random.draw(), random.draw(), random.draw()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn draws_stay_below_and_keep_their_mean() {
        let mut random = Random::new(7);
        assert!((0..10_000).all(|_| random.below(3_u8) < 3));
        let sum: u64 = (0..100_000).map(|_| random.around(1_000)).sum();
        assert!((950..1_050).contains(&(sum / 100_000)), "{sum}");
    }
}
