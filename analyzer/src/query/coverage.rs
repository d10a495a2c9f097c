//! Coverage as answers show it.

use crate::query::view::{CoverageView, WindowView};
use crate::query::window::Window;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// What answers rest on, and the bounds that `window` took.
    #[must_use]
    pub fn coverage_view(&self, window: &Window) -> CoverageView {
        let (coverage, provenance) = (&self.coverage, &self.provenance);
        let skipped = coverage.skipped();
        let bounds = (!window.is_all()).then(|| window.bounds(self.to()));
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
            truncated_records: provenance.truncated_records,
            merged_frames: coverage.merged_frames,
            suspected_duplicates: coverage.suspected_duplicates,
            connections_not_kept: self.connections_not_kept,
            files: provenance.files,
            identity: self
                .ends
                .iter()
                .map(|(kind, n)| (kind.name().to_owned(), *n))
                .collect(),
            warnings: self.warnings(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let coverage = &self.coverage;
        let mut warnings = self.provenance.warnings.clone();
        if coverage.suspected_duplicates > 0 {
            warnings.push(format!(
                "{} frames equal an earlier one within a millisecond, as a mirror port shows both \
                 directions: they are counted; --dedup leaves them out",
                coverage.suspected_duplicates
            ));
        }
        if coverage.evicted > 0 {
            warnings.push(format!(
                "{} records did not fit the limits: old or idle traffic is missing or split",
                coverage.evicted
            ));
        }
        warnings
    }
}
