//! Portions: what is decompressed is asked for in the same amounts, whoever reads and how.
//!
//! In: a decoder. Out: its octets.
//!
//! **Shape** a decoder that meets damage loses what it decoded in the same call, so that where the
//! octets end depends on how much was asked for. Here that depends on the stream alone. What does
//! not fit where it is read to is kept for the next read.

use std::io::{self, Read};

/// Octets that are asked for at a time: no more than these are lost to damage.
const PORTION: usize = 32 << 10;

/// A decoder that is read in portions.
pub(crate) struct Portions<R> {
    decoder: R,
    /// Octets that are still to come of a portion.
    left: usize,
    kept: Vec<u8>,
    /// How many of the kept ones were read.
    given: usize,
}

impl<R: Read> Portions<R> {
    pub(crate) const fn new(decoder: R) -> Self {
        Self {
            decoder,
            left: PORTION,
            kept: Vec::new(),
            given: 0,
        }
    }

    fn decode(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(room)?;
        self.left = match self.left.saturating_sub(count) {
            0 => PORTION,
            left => left,
        };
        Ok(count)
    }

    /// Decodes what the room that there is would not hold.
    #[cold]
    fn keep(&mut self) -> io::Result<()> {
        self.given = 0;
        let mut kept = std::mem::take(&mut self.kept);
        kept.resize(self.left, 0);
        let count = self.decode(&mut kept)?;
        kept.truncate(count);
        self.kept = kept;
        Ok(())
    }
}

impl<R: Read> Read for Portions<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.kept.len() {
            let left = self.left;
            if let Some(room) = buffer.get_mut(..left) {
                return self.decode(room);
            }
            self.keep()?;
        }
        let mut kept = self.kept.get(self.given..).unwrap_or_default();
        let count = kept.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a test that meets the unexpected fails, and its numbers are small"
    )]

    use flate2::Compression;
    use flate2::bufread::{GzEncoder, MultiGzDecoder};
    use proptest::prelude::*;
    use zstd::stream::read::Decoder as ZstdDecoder;

    use super::*;

    /// What comes of a decoder that is read into rooms of these sizes, over and over.
    fn octets(decoder: impl Read, rooms: &[usize]) -> Vec<u8> {
        let mut portions = Portions::new(decoder);
        let mut octets = Vec::new();
        for size in rooms.iter().cycle() {
            let mut room = vec![0; *size];
            match portions.read(&mut room) {
                Ok(0) | Err(_) => break,
                Ok(count) => octets.extend_from_slice(&room[..count]),
            }
        }
        octets
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn damage_ends_the_octets_in_one_place_however_they_are_read(
            at in 0.05..0.95_f64,
            rooms in proptest::collection::vec(1_000..200_000_usize, 1..5),
        ) {
            let plain: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(n).to_be_bytes()).collect();
            let mut gzip = Vec::new();
            GzEncoder::new(&plain[..], Compression::fast()).read_to_end(&mut gzip).unwrap();
            for mut packed in [zstd::encode_all(&plain[..], 1).unwrap(), gzip] {
                let at = (packed.len() as f64 * at) as usize;
                packed[at..at + 100].fill(0x55);
                let decoded = |rooms: &[usize]| match packed[0] {
                    0x28 => octets(ZstdDecoder::new(&packed[..]).unwrap(), rooms),
                    _ => octets(MultiGzDecoder::new(&packed[..]), rooms),
                };
                prop_assert!(decoded(&rooms) == decoded(&[1 << 20]));
            }
        }
    }
}
