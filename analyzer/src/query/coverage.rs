//! Coverage as answers show it.

use std::collections::BTreeMap;

use crate::cluster::IdentityBasis;
use crate::name::seen;
use crate::query::view::{CoarsenedView, CoverageView, WindowView};
use crate::query::window::Window;
use crate::snapshot::Snapshot;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::traffic::IntervalIndex;

impl Snapshot {
    /// What answers rest on, and the bounds that `window` took.
    #[must_use]
    pub fn coverage_view(&self, window: &Window) -> CoverageView {
        let (coverage, provenance) = (&self.coverage, &self.provenance);
        let skipped = coverage.skipped();
        let bounds = (!window.is_all()).then(|| self.bounds(window));
        CoverageView {
            source: provenance.source,
            complete: provenance.complete,
            from: coverage.from,
            to: coverage.to,
            window: bounds.map(|bounds| WindowView {
                start: bounds.start,
                end: bounds.end,
            }),
            frames: coverage.frames,
            counted: coverage.counted,
            copies: coverage.copies,
            skipped: skipped
                .map(|(reason, n)| (reason.name().to_owned(), n))
                .collect(),
            dropped: provenance.dropped,
            evicted: coverage.evicted,
            forgotten: (coverage.forgotten > 0).then_some(coverage.forgotten),
            coarsened: self.coarsened(),
            truncated_records: provenance.truncated_records,
            merged_frames: coverage.merged_frames,
            offload_segments: (coverage.offload_segments > 0).then_some(coverage.offload_segments),
            suspected_duplicates: coverage.suspected_duplicates,
            copies_uncertain: coverage.copies_uncertain,
            connections_not_kept: self.connections_not_kept,
            names_not_kept: coverage.names_not_kept,
            dns_cut: coverage.dns_cut,
            objects_not_kept: coverage.objects_not_kept,
            files: provenance.files,
            nodes: self.nodes.clone(),
            identity: self.identity(|basis| basis.kind().name()),
            identity_basis: self.identity(IdentityBasis::name),
            joins: self.joins,
            warnings: self.warnings(),
        }
    }

    /// Which of what is kept is coarse.
    fn coarsened(&self) -> Option<CoarsenedView> {
        let grid = self.coverage.grid;
        let from = self.coverage.from?;
        // Nothing may be left of it.
        let before = |index: IntervalIndex| Some(index.start()).filter(|time| *time > from);
        Some(CoarsenedView {
            intervals: self.coverage.coarsened,
            minutes_before: before(grid.minutes_before())?,
            ten_minutes_before: before(grid.ten_minutes_before()),
        })
    }

    /// How many ends there are by a name that their basis has.
    fn identity(&self, name: fn(IdentityBasis) -> &'static str) -> BTreeMap<String, u64> {
        let mut ends = BTreeMap::new();
        for (basis, n) in &self.ends {
            *ends.entry(name(*basis).to_owned()).or_default() += n;
        }
        ends
    }

    fn warnings(&self) -> Vec<String> {
        let coverage = &self.coverage;
        let own = [
            coverage.ahead.map(|ahead| set_back(ahead, self.to())),
            repeats(coverage.suspected_duplicates, coverage.counted),
            limit(
                coverage.evicted,
                "records did not fit: old or idle traffic is missing or split",
            ),
            self.coarsened().as_ref().map(coarse),
            limit(coverage.names_not_kept, "names of addresses were not kept"),
            limit(
                coverage.dns_cut,
                "DNS answers were cut: names of addresses may miss",
            ),
            limit(
                coverage.objects_not_kept,
                "changes of the cluster were not kept: names may miss",
            ),
        ];
        self.provenance
            .warnings
            .iter()
            .cloned()
            .chain(self.warnings.iter().cloned())
            .chain(own.into_iter().flatten())
            // They quote files, interfaces and objects.
            .map(|warning| seen(&warning).into_owned())
            .collect()
    }
}

/// What to know of frames that a clock gave times which it has not reached again.
fn set_back(ahead: Timestamp, to: Timestamp) -> String {
    let seconds = ahead.nanos_since(to) / NANOS_PER_SECOND;
    format!(
        "the clock was set back: some of what was captured has times up to {ahead}, {seconds} s after \
         the time that it tells; answers end at that, and `start` and `end` ask for what is behind it"
    )
}

/// What to know of windows where intervals were merged.
fn coarse(coarsened: &CoarsenedView) -> String {
    let ten_minutes = coarsened.ten_minutes_before;
    let ten_minutes = ten_minutes.map(|time| format!(", before {time} ten minutes"));
    format!(
        "{} intervals were merged to longer ones to stay within a limit: no count is lost, but windows \
         are whole minutes before {}{}",
        coarsened.intervals,
        coarsened.minutes_before,
        ten_minutes.unwrap_or_default()
    )
}

/// A mirror port shows nearly every packet twice; a few repeats are what senders do.
fn repeats(suspected: u64, counted: u64) -> Option<String> {
    match suspected {
        0 => None,
        n if n >= counted / 4 => Some(format!(
            "{n} of {counted} packets repeat an earlier one within a millisecond, as a mirror port \
             of both directions or a capture on several interfaces shows them: all are counted; \
             --dedup leaves repeats out"
        )),
        n => Some(format!(
            "{n} of {counted} packets repeat an earlier one within a millisecond: all are counted"
        )),
    }
}

fn limit(count: u64, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {what}"))
}
