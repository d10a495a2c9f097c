//! The handshakes of an interval.
//!
//! **Shape** a single one is kept as it is: most intervals of a leg have no more, and a sketch
//! takes three allocations.
//! **Units** whole microseconds, as in sketches.

use std::mem;
use std::num::NonZeroU32;

use crate::connection::handshake::Handshake;
use crate::leg::Handshakes;
use crate::sketch::micros;

/// Nanoseconds of a microsecond.
const NANOS: u64 = 1_000;

/// Handshake times, to be added to sketches.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Samples(Held);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Held {
    #[default]
    None,
    One(Sample),
    /// At least two, or one that took above an hour.
    Several(Box<Handshakes>),
}

/// The times of one handshake: as much as a pointer takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sample {
    client_us: NonZeroU32,
    server_us: Option<NonZeroU32>,
}

const _: () = assert!(size_of::<Samples>() <= 16);

impl Sample {
    /// A handshake, where its times have room.
    fn of(handshake: &Handshake) -> Option<Self> {
        let micros = |nanos| NonZeroU32::new(u32::try_from(micros(nanos)).ok()?);
        Some(Self {
            client_us: micros(handshake.client_ns)?,
            server_us: match handshake.server_ns {
                Some(nanos) => Some(micros(nanos)?),
                None => None,
            },
        })
    }

    fn add_to(self, sketches: &mut Handshakes) {
        let nanos = |micros: NonZeroU32| u64::from(micros.get()) * NANOS;
        sketches.record(nanos(self.client_us), self.server_us.map(nanos));
    }
}

impl Samples {
    /// Adds one sample.
    pub fn record(&mut self, handshake: &Handshake) {
        match Sample::of(handshake) {
            Some(sample) => self.add(sample),
            None => self.sketch(|all| all.record(handshake.client_ns, handshake.server_ns)),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, Held::None)
    }

    /// Adds the samples of another record.
    pub fn merge(&mut self, other: &Self) {
        match &other.0 {
            Held::None => {}
            Held::One(sample) => self.add(*sample),
            Held::Several(handshakes) => self.sketch(|all| all.merge(handshakes)),
        }
    }

    /// Adds these samples to sketches.
    pub fn add_to(&self, sketches: &mut Handshakes) {
        match &self.0 {
            Held::None => {}
            Held::One(sample) => sample.add_to(sketches),
            Held::Several(handshakes) => sketches.merge(handshakes),
        }
    }

    fn add(&mut self, sample: Sample) {
        match &mut self.0 {
            Held::None => self.0 = Held::One(sample),
            Held::One(_) | Held::Several(_) => {
                self.sketch(|all| sample.add_to(all));
            }
        }
    }

    /// Changes the sketches that these samples are from now on.
    fn sketch(&mut self, change: impl FnOnce(&mut Handshakes)) {
        let mut handshakes = match mem::take(&mut self.0) {
            Held::None => Box::default(),
            Held::One(sample) => {
                let mut first = Box::<Handshakes>::default();
                sample.add_to(&mut first);
                first
            }
            Held::Several(handshakes) => handshakes,
        };
        change(&mut handshakes);
        self.0 = Held::Several(handshakes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn samples(times: &[(u64, Option<u64>)]) -> Samples {
        let mut samples = Samples::default();
        for (client_ns, server_ns) in times {
            samples.record(&Handshake {
                at: Timestamp::MIN,
                client_ns: *client_ns,
                server_ns: *server_ns,
            });
        }
        samples
    }

    #[test]
    fn a_sample_is_what_a_sketch_of_it_would_be_however_long_it_took() {
        let hour = 3_600 * 1_000_000_000;
        for (client_ns, server_ns) in [
            (0, None),
            (499, Some(1_500)),
            (81_234_567, Some(0)),
            (hour, Some(2 * hour)),
            (2 * hour, None),
            (u64::MAX, Some(u64::MAX)),
        ] {
            let mut expected = Handshakes::default();
            expected.record(client_ns, server_ns);
            let mut sketches = Handshakes::default();
            samples(&[(client_ns, server_ns)]).add_to(&mut sketches);
            assert_eq!(sketches, expected, "{client_ns} {server_ns:?}");
        }
    }

    #[test]
    fn samples_merge_in_any_order_however_long_they_took() {
        let long = 5_000 * 1_000_000_000;
        let all = [(1_000, None), (long, Some(2_000)), (3_000, Some(long))];
        let parts = all.map(|one| samples(&[one]));
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut merged = Samples::default();
            for at in order {
                merged.merge(&parts[at]);
            }
            assert_eq!(merged, samples(&all), "{order:?}");
        }
    }
}
