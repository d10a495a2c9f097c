//! How much an engine may hold when memory is limited.
//!
//! In: octets for the whole process. Out: limits in records, so that what is evicted does not
//! depend on the machine.
//! **Units** octets a record, as measured, for what an answer needs besides: at the worst moment
//! there are the engine, its copy, the snapshot made of it and the one before.

use analyzer::cluster::ClusterLimits;
use analyzer::engine::Limits;
use analyzer::translation::TranslationLimits;

/// What is there without any record: the program, its threads, answers on their way.
const BASE: u64 = 32 << 20;

/// What is left free of the rest, in hundredths: what lies between records, and what a snapshot takes
/// while it is made. Without it a node of 256 MiB with 70 000 connections, all limits reached, peaked
/// at 276 MiB, and with 15 at 251 within a minute (`benches/live/soak`).
const SPARE_PERCENT: u64 = 25;

/// A part of the memory that is left, in hundredths, and what a record of it takes.
struct Share {
    percent: u64,
    octets: u64,
}

impl Share {
    const fn new(percent: u64, octets: u64) -> Self {
        Self { percent, octets }
    }

    fn of(&self, left: u64) -> usize {
        usize::try_from(left / 100 * self.percent / self.octets).unwrap_or(usize::MAX)
    }
}

const CONNECTIONS: Share = Share::new(20, 512);
const INTERVALS: Share = Share::new(40, 640);
const CONNECTION_RECORDS: Share = Share::new(10, 1_024);
const NAMES: Share = Share::new(4, 512);
const CLUES: Share = Share::new(4, 512);
const FORMS: Share = Share::new(2, 512);
const CLUSTER: Share = Share::new(20, 640);
/// First fragments and places are few on any node.
const FEW: usize = 4_096;

/// The limits of an engine in a process that may take `memory` octets, of which the ring takes
/// `ring`. They are never above those of a replay.
#[must_use]
pub fn limits(memory: u64, ring: u64) -> Limits {
    let left = memory.saturating_sub(ring).saturating_sub(BASE);
    let left = left / 100 * (100 - SPARE_PERCENT);
    let most = Limits::default();
    Limits {
        connections: CONNECTIONS.of(left).min(most.connections),
        intervals: INTERVALS.of(left).min(most.intervals),
        fragments: FEW,
        connection_records: CONNECTION_RECORDS.of(left),
        names: NAMES.of(left).min(most.names),
        places: most.places,
        translations: TranslationLimits {
            clues: CLUES.of(left).min(most.translations.clues),
            forms: FORMS.of(left).min(most.translations.forms),
            pairs: FORMS.of(left).min(most.translations.pairs),
        },
        cluster: ClusterLimits {
            records: CLUSTER.of(left).min(most.cluster.records),
        },
    }
}

/// The least memory with which a session is of use beside a ring of `ring` octets.
#[must_use]
pub const fn least_memory(ring: u64) -> u64 {
    ring + BASE + (16 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEBI: u64 = 1 << 20;

    #[test]
    fn memory_becomes_records() {
        let limits = limits(256 * MEBI, 32 * MEBI);
        assert_eq!((limits.connections, limits.intervals), (58_982, 94_371));
        assert_eq!(limits.connection_records, 14_745);
        assert_eq!(limits.cluster.records, 47_185);
    }

    #[test]
    fn all_shares_together_are_all_there_is() {
        let shares = [
            CONNECTIONS,
            INTERVALS,
            CONNECTION_RECORDS,
            NAMES,
            CLUES,
            FORMS,
            CLUSTER,
        ];
        assert_eq!(shares.map(|share| share.percent).iter().sum::<u64>(), 100);
    }

    #[test]
    fn more_memory_is_never_fewer_records_and_none_is_no_panic() {
        let connections = [0, 64, 256, 1 << 10, 1 << 20, u64::MAX >> 20]
            .map(|mebi| limits(mebi * MEBI, 32 * MEBI).connections);
        assert!(connections.is_sorted());
        assert_eq!((connections[0], connections[5]), (0, 4_000_000));
    }
}
