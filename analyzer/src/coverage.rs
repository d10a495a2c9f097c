//! Coverage: what was read, counted, skipped, lost and doubted. The sums must close.
//!
//! **Units** frames, but for `packets`, which are wire packets.

use std::time::Duration;

use crate::skip::SkipReason;
use crate::time::Timestamp;
use crate::traffic::period::Grid;

/// A frame is read within a minute of its time: one that is of a later time than the clock tells by
/// more than that had its time of a clock that was set back since.
const BELIEVED: Duration = Duration::from_secs(60);

/// The engine's own account of every frame it was given.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Frames given to the engine; one that stands for several on the wire is as many.
    pub frames: u64,
    /// Frames counted in a flow.
    pub counted: u64,
    /// Frames seen again at a hop that does not count.
    pub copies: u64,
    /// The time of the earliest frame, once there is one.
    pub from: Option<Timestamp>,
    /// The time of the latest frame, or that the clock tells.
    pub to: Option<Timestamp>,
    /// The time that a clock told last, where there is one to ask.
    pub told: Option<Timestamp>,
    /// The time of the latest frame, where the clock was set back since.
    pub ahead: Option<Timestamp>,
    /// Frames above an Ethernet MTU: segments that offload had merged.
    pub merged_frames: u64,
    /// Those of `frames` that were not captured by themselves: what offload makes of one frame, but
    /// for the first.
    pub offload_segments: u64,
    /// Frames equal to an earlier one within a millisecond.
    pub suspected_duplicates: u64,
    /// Frames equal to an earlier one within a millisecond, in a capture that does not tell its
    /// interfaces: copies, or sent again.
    pub copies_uncertain: u64,
    /// Connections folded early, or legs and first fragments dropped, at a limit.
    pub evicted: u64,
    /// Names of addresses that were empty, too long or too many.
    pub names_not_kept: u64,
    /// Frames with DNS answers that are not whole, so that names may miss.
    pub dns_cut: u64,
    /// Changes of the cluster, or claims of its objects, beyond the limit.
    pub objects_not_kept: u64,
    /// Intervals of legs and records of connections that are older than is kept.
    pub forgotten: u64,
    /// By how many intervals there are fewer because they were merged near a limit: no count is
    /// lost, only when it was.
    pub coarsened: u64,
    /// In which periods what was counted is kept.
    pub grid: Grid,
    skipped: [u64; SkipReason::ALL.len()],
}

impl Coverage {
    /// Takes note of a frame, whatever becomes of it.
    #[inline]
    pub fn see(&mut self, time: Timestamp) {
        self.frames += 1;
        self.from = Some(self.from.map_or(time, |from| from.min(time)));
        self.to = self.to.max(Some(time));
    }

    /// Adds the account of other frames.
    pub fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.counted += other.counted;
        self.copies += other.copies;
        self.from = match (self.from, other.from) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.to = self.to.max(other.to);
        self.told = self.told.max(other.told);
        self.merged_frames += other.merged_frames;
        self.offload_segments += other.offload_segments;
        self.suspected_duplicates += other.suspected_duplicates;
        self.copies_uncertain += other.copies_uncertain;
        self.evicted += other.evicted;
        self.names_not_kept += other.names_not_kept;
        self.dns_cut += other.dns_cut;
        self.objects_not_kept += other.objects_not_kept;
        self.forgotten += other.forgotten;
        self.coarsened += other.coarsened;
        self.grid.merge(&other.grid);
        for (count, other) in self.skipped.iter_mut().zip(other.skipped) {
            *count += other;
        }
    }

    /// Takes note that it is `now`, though no frame says so.
    pub fn reach(&mut self, now: Timestamp) {
        self.from = self.from.or(Some(now));
        self.to = self.to.max(Some(now));
        self.told = Some(now);
    }

    /// Ends what is covered where a clock that was set back tells that it is: what it said before
    /// is no time to count back from.
    pub fn believe_clock(&mut self) {
        if let (Some(to), Some(told)) = (self.to, self.told)
            && to > told.saturating_add(BELIEVED)
        {
            self.ahead = Some(to);
            self.to = Some(told);
        }
    }

    /// Takes note that it was watched from a moment to another, though no frame says so.
    pub fn watch(&mut self, from: Timestamp, until: Timestamp) {
        self.from = Some(self.from.map_or(from, |own| own.min(from)));
        self.to = self.to.max(Some(until));
    }

    /// Counts frames that were left out before they came here.
    pub fn exclude(&mut self, frames: u64) {
        self.frames = self.frames.saturating_add(frames);
        if let Some(count) = self.skipped.get_mut(SkipReason::Excluded as usize) {
            *count = count.saturating_add(frames);
        }
    }

    /// Takes note that what was before `before` is forgotten, which were so many records.
    pub fn forget(&mut self, before: Timestamp, records: u64) {
        self.from = self.from.map(|from| from.max(before));
        self.forgotten += records;
    }

    /// Counts a frame that was as many packets on the wire. All of them are frames here: which hop
    /// counts is decided packet by packet, and the sums must close.
    #[inline]
    pub fn count(&mut self, packets: u32) {
        let more = u64::from(packets.saturating_sub(1));
        self.counted += 1 + more;
        self.frames += more;
        self.offload_segments += more;
    }

    /// Counts a skipped frame.
    pub fn skip(&mut self, reason: SkipReason) {
        if let Some(count) = self.skipped.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Takes note that frames which were counted are copies.
    pub const fn turn_into_copies(&mut self, frames: u64) {
        self.counted = self.counted.saturating_sub(frames);
        self.copies = self.copies.saturating_add(frames);
    }

    /// Takes note that frames which were counted are left out.
    pub fn turn_into_excluded(&mut self, frames: u64) {
        self.counted = self.counted.saturating_sub(frames);
        if let Some(count) = self.skipped.get_mut(SkipReason::Excluded as usize) {
            *count += frames;
        }
    }

    /// The reasons that occurred, by name, with their counts.
    pub fn skipped(&self) -> impl Iterator<Item = (SkipReason, u64)> {
        SkipReason::ALL.into_iter().filter_map(|reason| {
            let count = self
                .skipped
                .get(reason as usize)
                .copied()
                .unwrap_or_default();
            (count > 0).then_some((reason, count))
        })
    }

    /// Whether every frame is accounted for.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.frames == self.counted + self.copies + self.skipped.iter().sum::<u64>()
    }
}
