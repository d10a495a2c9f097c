//! The Internet's checksum.
//!
//! **Source** RFC 1071.

/// Adds the 16-bit words of `octets`, the last one filled up with a zero.
pub(crate) fn sum(start: u64, octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<2>();
    let words: u64 = words
        .iter()
        .map(|word| u64::from(u16::from_be_bytes(*word)))
        .sum();
    start + words + rest.first().map_or(0, |last| u64::from(*last) << 8)
}

/// The one's complement of a sum. Never 0, which would mean "none" in UDP; both are zero.
pub(crate) fn folded(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    match u16::try_from(sum).map(|sum| !sum) {
        Ok(0) | Err(_) => 0xffff,
        Ok(checksum) => checksum,
    }
}
