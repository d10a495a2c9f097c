//! Asks the processor to fetch a record from memory, without waiting for it.
//!
//! **Shape** a read would do the same, but the processor runs only a few hundred instructions past
//! a read that waits: of tables that fit in no cache, several records are fetched at one time only
//! when nothing waits for the first. **Errors** none: a hint changes no state that a program sees.
#![expect(
    unsafe_code,
    reason = "the instruction takes an address; it is that of a reference, and it is never read"
)]

/// Octets in a line of a cache.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Fetches all of `record`; nothing where there is no such instruction.
#[inline]
pub fn prefetch<T>(record: &T) {
    #[cfg(target_arch = "x86_64")]
    for offset in (0..size_of::<T>()).step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = std::ptr::from_ref(record).cast::<i8>().wrapping_add(offset);
        // SAFETY: a prefetch of any address is allowed, and SSE is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = record;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it must not do shows to who runs this under Miri or a sanitizer.
    #[test]
    fn records_of_any_size_are_fetched_and_stay_as_they_are() {
        let records: Vec<[u64; 9]> = (0..4).map(|number| [number; 9]).collect();
        records.iter().for_each(prefetch);
        assert!(
            records
                .iter()
                .zip(0..)
                .all(|(record, number)| *record == [number; 9])
        );
        prefetch(&());
        prefetch(&Box::new(0_u8));
    }
}
