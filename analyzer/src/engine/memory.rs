//! How much an engine may hold when memory is limited.
//!
//! In: octets for the whole process. Out: limits in records, so that what is evicted does not
//! depend on the machine.
//! **Units** octets a record, as measured, for what an answer needs besides: where it is answered
//! again and again there are at the worst moment the engine, its copy, the snapshot made of it and
//! the one before; where it is answered once, the engine and what becomes of it.

use crate::cluster::ClusterLimits;
use crate::engine::Limits;
use crate::translation::TranslationLimits;

/// What is there without any record: the program, its threads, answers on their way, and pieces of
/// captures that are read ahead.
const BASE: u64 = 32 << 20;

/// The least that is of any use beside that.
const LEAST: u64 = 16 << 20;

/// How often an engine is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answers {
    /// Once, when everything is counted.
    Once,
    /// Again and again, perhaps while it goes on counting.
    Often,
}

/// How the memory that is left is shared out.
struct Shares {
    /// What is left free of the rest, in hundredths: what lies between records, and what a snapshot
    /// takes while it is made. Without it a node of 256 MiB with 70 000 connections, all limits
    /// reached, peaked at 276 MiB, and with 15 at 251 within a minute (`benches/live/soak`).
    spare_percent: u64,
    connections: Share,
    intervals: Share,
    connection_records: Share,
    names: Share,
    clues: Share,
    forms: Share,
    cluster: Share,
}

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

const ONCE: Shares = Shares {
    spare_percent: 10,
    connections: Share::new(20, 240),
    intervals: Share::new(50, 448),
    connection_records: Share::new(10, 640),
    names: Share::new(4, 512),
    clues: Share::new(2, 256),
    forms: Share::new(2, 256),
    cluster: Share::new(12, 640),
};
const OFTEN: Shares = Shares {
    spare_percent: 25,
    connections: Share::new(20, 512),
    intervals: Share::new(40, 640),
    connection_records: Share::new(10, 1_024),
    names: Share::new(4, 512),
    clues: Share::new(4, 512),
    forms: Share::new(2, 512),
    cluster: Share::new(20, 640),
};
/// First fragments are few anywhere.
const FRAGMENTS: usize = 4_096;

impl Limits {
    /// The least memory of a process within which limits are of use.
    pub const LEAST_MEMORY: u64 = BASE + LEAST;

    /// The limits of an engine in a process that may take `memory` octets. They are never above
    /// those of a process that may take any, but for records of connections, of which by default
    /// none are kept.
    #[must_use]
    pub fn within(memory: u64, answers: Answers) -> Self {
        let shares = match answers {
            Answers::Once => &ONCE,
            Answers::Often => &OFTEN,
        };
        let left = memory.saturating_sub(BASE);
        let left = left / 100 * (100 - shares.spare_percent);
        let most = Self::default();
        Self {
            connections: shares.connections.of(left).min(most.connections),
            intervals: shares.intervals.of(left).min(most.intervals),
            fragments: FRAGMENTS,
            connection_records: shares.connection_records.of(left),
            names: shares.names.of(left).min(most.names),
            places: most.places,
            translations: TranslationLimits {
                clues: shares.clues.of(left).min(most.translations.clues),
                forms: shares.forms.of(left).min(most.translations.forms),
                pairs: shares.forms.of(left).min(most.translations.pairs),
            },
            cluster: ClusterLimits {
                records: shares.cluster.of(left).min(most.cluster.records),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEBI: u64 = 1 << 20;

    #[test]
    fn memory_becomes_records() {
        let limits = Limits::within(224 * MEBI, Answers::Often);
        assert_eq!((limits.connections, limits.intervals), (58_982, 94_371));
        assert_eq!(limits.connection_records, 14_745);
        assert_eq!(limits.cluster.records, 47_185);
        let once = Limits::within(224 * MEBI, Answers::Once);
        assert_eq!((once.connections, once.intervals), (150_994, 202_225));
    }

    #[test]
    fn all_shares_together_are_all_there_is() {
        for shares in [ONCE, OFTEN] {
            let all = [
                shares.connections,
                shares.intervals,
                shares.connection_records,
                shares.names,
                shares.clues,
                shares.forms,
                shares.cluster,
            ];
            assert_eq!(all.map(|share| share.percent).iter().sum::<u64>(), 100);
        }
    }

    #[test]
    fn more_memory_is_never_fewer_records_and_none_is_no_panic() {
        for answers in [Answers::Once, Answers::Often] {
            let connections = [0, 32, 224, 1 << 10, 1 << 20, u64::MAX >> 20]
                .map(|mebi| Limits::within(mebi * MEBI, answers).connections);
            assert!(connections.is_sorted());
            assert_eq!((connections[0], connections[5]), (0, 4_000_000));
        }
    }
}
