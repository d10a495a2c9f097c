//! Loads: packets that wait to be counted, in groups.
//!
//! In: parcels. Out: the same in order, with what was known when a group was closed.
//! **Shape** where groups end depends on the frames alone, and never on how many groups are counted
//! together: whoever counts them comes to the same.

use crate::coverage::Coverage;
use crate::engine::parcel::Parcel;
use crate::time::Timestamp;

/// Packets that are counted together: their connections are fetched from memory at the same time
/// instead of one after the other.
pub(super) const GROUP: usize = 32;

/// Packets that wait to be counted.
#[derive(Clone, Default)]
pub struct Load {
    parcels: Vec<Parcel>,
    closed: Vec<Closed>,
}

/// The end of a group, and what was known then.
#[derive(Clone, Copy)]
pub(super) struct Closed {
    /// The place of the first parcel behind the group.
    end: usize,
    /// Frames taken in.
    pub(super) frames: u64,
    /// The time of the earliest.
    pub(super) from: Option<Timestamp>,
    /// A time that nearly all later frames are not before, when it is time to look for what is over.
    pub(super) watermark: Option<Timestamp>,
}

impl Load {
    /// Adds a packet.
    #[inline]
    pub(super) fn put(&mut self, parcel: Parcel) {
        self.parcels.push(parcel);
    }

    /// Whether there are enough packets to be counted together.
    #[inline]
    pub(super) fn is_group(&self) -> bool {
        self.parcels.len() - self.open() >= GROUP
    }

    /// Keeps those packets of the open group for which `keep` holds, asked in order.
    pub(super) fn retain_open(&mut self, mut keep: impl FnMut(&mut Parcel) -> bool) {
        let open = self.open();
        let mut kept = open;
        for at in open..self.parcels.len() {
            if self.parcels.get_mut(at).is_some_and(&mut keep) {
                if kept < at {
                    self.parcels.swap(kept, at);
                }
                kept += 1;
            }
        }
        self.parcels.truncate(kept);
    }

    /// Closes the group that is open, which may be empty.
    #[inline]
    pub(super) fn close(&mut self, coverage: &Coverage, watermark: Option<Timestamp>) {
        self.closed.push(Closed {
            end: self.parcels.len(),
            frames: coverage.frames,
            from: coverage.from,
            watermark,
        });
    }

    /// How many groups are closed.
    #[inline]
    #[must_use]
    pub fn groups(&self) -> usize {
        self.closed.len()
    }

    /// Takes the closed groups out; what is of an open one stays.
    #[must_use]
    pub(super) fn take_closed(&mut self, mut room: Self) -> Self {
        room.clear();
        let open = self.open();
        room.parcels
            .extend_from_slice(self.parcels.get(open..).unwrap_or_default());
        self.parcels.truncate(open);
        std::mem::swap(self, &mut room);
        room
    }

    /// Forgets what was counted: all but the open group.
    pub(super) fn clear_closed(&mut self) {
        let open = self.open();
        self.parcels.drain(..open);
        self.closed.clear();
    }

    /// The parcels of the first group.
    pub(super) fn first_group(&self) -> &[Parcel] {
        let end = self.closed.first().map_or(0, |closed| closed.end);
        self.parcels.get(..end).unwrap_or_default()
    }

    /// The closed groups in order, each with the parcels of the next.
    pub(super) fn each_group(&self, mut take: impl FnMut(&[Parcel], &[Parcel], &Closed)) {
        let (mut rest, mut start) = (self.parcels.as_slice(), 0);
        for closed in &self.closed {
            let (group, later) = rest.split_at(closed.end - start);
            let next = later.get(..GROUP.min(later.len())).unwrap_or_default();
            take(group, next, closed);
            (rest, start) = (later, closed.end);
        }
    }

    fn clear(&mut self) {
        self.parcels.clear();
        self.closed.clear();
    }

    /// Where the open group begins.
    #[inline]
    fn open(&self) -> usize {
        self.closed.last().map_or(0, |closed| closed.end)
    }
}
