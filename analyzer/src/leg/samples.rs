//! The handshakes of an interval.
//!
//! **Shape** a single one is kept as it is: most intervals of a leg have no more, and a sketch
//! takes three allocations.

use std::mem;

use crate::connection::handshake::Handshake;
use crate::leg::Handshakes;

/// Handshake times, to be added to sketches.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Samples(Held);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum Held {
    #[default]
    None,
    One(Sample),
    /// At least two.
    Several(Box<Handshakes>),
}

/// The times of one handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sample {
    client_ns: u64,
    server_ns: Option<u64>,
}

impl Samples {
    /// Adds one sample.
    pub fn record(&mut self, handshake: &Handshake) {
        let &Handshake {
            client_ns,
            server_ns,
            ..
        } = handshake;
        self.add(Sample {
            client_ns,
            server_ns,
        });
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
            Held::One(sample) => sketches.record(sample.client_ns, sample.server_ns),
            Held::Several(handshakes) => sketches.merge(handshakes),
        }
    }

    fn add(&mut self, sample: Sample) {
        match &mut self.0 {
            Held::None => self.0 = Held::One(sample),
            Held::One(_) | Held::Several(_) => {
                self.sketch(|all| all.record(sample.client_ns, sample.server_ns));
            }
        }
    }

    /// Changes the sketches that these samples are from now on.
    fn sketch(&mut self, change: impl FnOnce(&mut Handshakes)) {
        let mut handshakes = match mem::take(&mut self.0) {
            Held::None => Box::default(),
            Held::One(sample) => {
                let mut first = Box::<Handshakes>::default();
                first.record(sample.client_ns, sample.server_ns);
                first
            }
            Held::Several(handshakes) => handshakes,
        };
        change(&mut handshakes);
        self.0 = Held::Several(handshakes);
    }
}
