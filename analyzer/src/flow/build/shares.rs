//! Legs shared out to workers.
//!
//! In: legs in divisions, which are built one by one. Out: the flows of all, in order. **Shape** a
//! share is of divisions that follow one another, so what shares come to is only put together.

use std::mem;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::flow::build::{Built, Knowledge};
use crate::flow::order::{Order, Ranked, sort};
use crate::leg::{Leg, LegKey};
use crate::workers::Workers;

/// Divisions for one worker.
pub(super) struct Share<'l> {
    legs: &'l mut [(LegKey, Leg)],
    ranked: &'l mut [Ranked],
    /// How many legs each division has.
    divisions: Vec<usize>,
}

/// Shares of about as many legs for so many workers, in order.
pub(super) fn shares<'l>(
    ends: &[usize],
    mut legs: &'l mut [(LegKey, Leg)],
    mut ranked: &'l mut [Ranked],
    workers: NonZeroUsize,
) -> Vec<Share<'l>> {
    let each = legs.len().div_ceil(workers.get());
    let (mut shares, mut divisions, mut begins) = (Vec::new(), Vec::new(), 0);
    let mut start = 0;
    for end in ends {
        divisions.push(end - start);
        start = *end;
        if start - begins >= each || start == begins + legs.len() {
            let (here, later) = mem::take(&mut legs).split_at_mut(start - begins);
            let (ranked_here, ranked_later) = mem::take(&mut ranked).split_at_mut(start - begins);
            shares.push(Share {
                legs: here,
                ranked: ranked_here,
                divisions: mem::take(&mut divisions),
            });
            (legs, ranked, begins) = (later, ranked_later, start);
        }
    }
    shares
}

impl Share<'_> {
    /// Builds its flows.
    pub(super) fn build(self, knowledge: &Knowledge<'_>, order: &Order<'_>) -> Built {
        let (mut legs, mut ranked) = (self.legs, self.ranked);
        let mut built = Built {
            flows: Vec::with_capacity(legs.len()),
            ..Built::default()
        };
        for count in self.divisions {
            let (here, later) = mem::take(&mut legs).split_at_mut(count);
            let (ranked_here, ranked_later) = mem::take(&mut ranked).split_at_mut(count);
            sort(ranked_here);
            built.add(here, ranked_here, (knowledge, order));
            (legs, ranked) = (later, ranked_later);
        }
        built
    }
}

/// A share, until somebody takes it, and then what it comes to.
#[derive(Default)]
struct Part<'l> {
    share: Option<Share<'l>>,
    built: Built,
}

/// Has all shares worked on, and puts together what they come to.
pub(super) fn build_all<'l>(
    shares: Vec<Share<'l>>,
    workers: &dyn Workers,
    build: impl Fn(Share<'l>) -> Built + Sync,
) -> Built {
    let waiting = |share| {
        Mutex::new(Part {
            share: Some(share),
            built: Built::default(),
        })
    };
    let parts: Vec<Mutex<Part<'_>>> = shares.into_iter().map(waiting).collect();
    workers.each(parts.len(), &|number| {
        let part = parts.get(number).map(Mutex::lock);
        let mut part = part.map(|part| part.unwrap_or_else(PoisonError::into_inner));
        if let Some(part) = part.as_deref_mut()
            && let Some(share) = part.share.take()
        {
            part.built = build(share);
        }
    });
    let results = parts.into_iter().map(|part| {
        let part = part.into_inner();
        part.unwrap_or_else(PoisonError::into_inner).built
    });
    results.reduce(Built::and).unwrap_or_default()
}
