//! How an engine works, and how much it may hold.

use crate::cluster::ClusterLimits;
use crate::connection::IdleTimeouts;
use crate::connection::record::Surplus;
use crate::translation::TranslationLimits;

/// How much an engine may hold, in records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections that have not ended, 192 octets each and the spare room of their table. One that
    /// lasts for several intervals has about 100 more; one whose opening goes on without an answer
    /// about 700 more: what it counted in eight intervals waits until its forms are known.
    pub connections: usize,
    /// Intervals of legs, about 200 octets each.
    pub intervals: usize,
    /// First fragments of the last 30 seconds, about 100 octets each.
    pub fragments: usize,
    /// Records of single connections, about 200 octets each; 0 when nobody lists them.
    pub connection_records: usize,
    /// Names that captures give addresses in blocks of their own, and as many again, with the times
    /// when they held, that DNS answers give.
    pub names: usize,
    /// Interfaces of captures, each at every depth of tunnels: about 100 octets.
    pub places: usize,
    /// What finds the two sides of a translation.
    pub translations: TranslationLimits,
    /// What the cluster may hold.
    pub cluster: ClusterLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_000_000,
            intervals: 16_000_000,
            fragments: 65_536,
            connection_records: 0,
            names: 100_000,
            places: 65_536,
            translations: TranslationLimits::default(),
            cluster: ClusterLimits::default(),
        }
    }
}

impl Limits {
    /// Every limit with its name, as descriptions of scenarios write it.
    pub fn named(&mut self) -> [(&'static str, &mut usize); 10] {
        let Self {
            connections,
            intervals,
            fragments,
            connection_records,
            names,
            places,
            translations,
            cluster,
        } = self;
        let TranslationLimits {
            clues,
            forms,
            pairs,
        } = translations;
        [
            ("connections", connections),
            ("intervals", intervals),
            ("fragments", fragments),
            ("connection_records", connection_records),
            ("names", names),
            ("places", places),
            ("clues", clues),
            ("forms", forms),
            ("pairs", pairs),
            ("cluster_records", &mut cluster.records),
        ]
    }
}

/// What becomes of a packet whose octets were seen a moment ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DuplicatePolicy {
    /// It is counted, and suspected in the coverage.
    #[default]
    Suspect,
    /// It is a copy.
    Copy,
}

/// How an engine works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// How much it may hold.
    pub limits: Limits,
    /// What becomes of packets seen twice.
    pub duplicates: DuplicatePolicy,
    /// How long connections may be silent.
    pub idle: IdleTimeouts,
    /// Which records of single connections go when there are more than the limit.
    pub surplus: Surplus,
    /// Where its hashes start from; it changes no answer.
    pub seed: u64,
}
