//! A mergeable sketch of handshake times, for percentiles.
//!
//! **Shape** integer log-linear buckets, 128 to each power of two, so that a value is known to
//! better than 0.8 %; kept sparse, sorted by bucket. Merging adds bucket by bucket. The least and
//! the greatest value are kept exactly, so a single sample is known as it was.
//! **Units** whole microseconds, rounded half up, at least 1.
//! **Source** the layout is that of HDR histograms (7 significant bits).

/// Bits below the leading one that a bucket keeps.
const PRECISION: u32 = 7;
/// Buckets in each power of two.
const PER_OCTAVE: u32 = 1 << PRECISION;

/// A sketch of durations.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sketch {
    /// (bucket, samples), sorted by bucket.
    buckets: Vec<(u16, u32)>,
    /// The least and the greatest value; `None` without samples.
    range: Option<(u64, u64)>,
}

impl Sketch {
    /// Adds one duration.
    pub fn record(&mut self, nanos: u64) {
        let micros = micros(nanos);
        self.add(bucket_of(micros), 1);
        self.widen(micros, micros);
    }

    /// Adds the samples of another sketch.
    pub fn merge(&mut self, other: &Self) {
        for &(bucket, samples) in &other.buckets {
            self.add(bucket, samples);
        }
        if let Some((least, greatest)) = other.range {
            self.widen(least, greatest);
        }
    }

    /// The duration in microseconds that `percent` of the samples do not exceed (nearest rank): the
    /// middle of its bucket, but no less or more than any sample. `None` without samples.
    #[must_use]
    pub fn percentile_us(&self, percent: u64) -> Option<u64> {
        let (least, greatest) = self.range?;
        let samples: u64 = self.buckets.iter().map(|&(_, n)| u64::from(n)).sum();
        let rank = (samples * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|&(bucket, n)| {
            seen += u64::from(n);
            (seen >= rank).then(|| middle_of(bucket).clamp(least, greatest))
        })
    }

    /// How many octets its samples take.
    #[must_use]
    pub fn octets(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    fn widen(&mut self, least: u64, greatest: u64) {
        let (low, high) = self.range.unwrap_or((least, greatest));
        self.range = Some((low.min(least), high.max(greatest)));
    }

    fn add(&mut self, bucket: u16, samples: u32) {
        match self.buckets.binary_search_by_key(&bucket, |&(b, _)| b) {
            Ok(at) => {
                if let Some((_, n)) = self.buckets.get_mut(at) {
                    *n = n.saturating_add(samples);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, samples)),
        }
    }
}

/// Whole microseconds, rounded half up, at least 1.
#[must_use]
pub const fn micros(nanos: u64) -> u64 {
    let rounded = nanos / 1_000 + (nanos % 1_000 >= 500) as u64;
    if rounded == 0 { 1 } else { rounded }
}

/// Values below 256 have a bucket each; above, the seven bits after the leading one count.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 58 octaves of 128 buckets"
)]
const fn bucket_of(micros: u64) -> u16 {
    let shift = match micros.checked_ilog2() {
        Some(log) if log > PRECISION => log - PRECISION,
        _ => 0,
    };
    (shift * PER_OCTAVE + (micros >> shift) as u32) as u16
}

const fn middle_of(bucket: u16) -> u64 {
    let bucket = bucket as u32;
    let shift = if bucket < 2 * PER_OCTAVE {
        0
    } else {
        bucket / PER_OCTAVE - 1
    };
    let lowest = ((bucket - shift * PER_OCTAVE) as u64) << shift;
    lowest + ((1_u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nanoseconds_round_half_up_to_at_least_one_microsecond() {
        assert_eq!(
            [0, 1, 499, 1_499, 1_500, 2_499].map(micros),
            [1, 1, 1, 1, 2, 2]
        );
    }

    #[test]
    fn small_values_are_exact() {
        for value in 1..256 {
            assert_eq!(middle_of(bucket_of(value)), value);
        }
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut sketch = Sketch::default();
        assert_eq!(sketch.percentile_us(50), None);
        for us in 1..=100 {
            sketch.record(us * 1_000);
        }
        let percentiles = [0, 1, 50, 90, 99, 100].map(|p| sketch.percentile_us(p).unwrap());
        assert_eq!(percentiles, [1, 1, 50, 90, 99, 100]);
    }

    #[test]
    fn a_single_sample_is_known_exactly() {
        let mut sketch = Sketch::default();
        sketch.record(15_234_000);
        assert_eq!(sketch.percentile_us(50), Some(15_234));
    }

    proptest! {
        #[test]
        fn a_bucket_is_within_one_part_in_128(value in 1_u64..u64::MAX / 1_000) {
            let middle = middle_of(bucket_of(value));
            prop_assert!(middle.abs_diff(value) <= value / 128);
        }

        #[test]
        fn buckets_keep_the_order(a: u64, b: u64) {
            prop_assert!((a <= b) == (bucket_of(a) <= bucket_of(b)) || bucket_of(a) == bucket_of(b));
        }

        #[test]
        fn merging_in_any_order_equals_recording(
            a in prop::collection::vec(any::<u64>(), 0..40),
            b in prop::collection::vec(any::<u64>(), 0..40),
        ) {
            let of = |values: &[u64]| {
                let mut sketch = Sketch::default();
                for &value in values {
                    sketch.record(value);
                }
                sketch
            };
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &ba);
            prop_assert_eq!(ab, of(&[a, b].concat()));
        }
    }
}
