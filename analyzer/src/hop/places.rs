//! Every place that was seen, by number.
//!
//! In: frames, and how deep in tunnels a packet lay. Out: the hop of each.
//! **Shape** a place has its number for as long as something may have been counted there; numbers
//! of places that nothing is known of any more are given again, so that a node whose interfaces
//! come and go for months stays below the limit.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::endpoint::Side;
use crate::frame::{Direction, Frame, LinkType};
use crate::hop::cooked::Cooked;
use crate::hop::{HopId, Interface, Place, PlaceId, Seen, Way};
use crate::time::Timestamp;

/// Numbers are given again once one in so many of the limit is in use.
const CROWDED: usize = 2;

/// Every place that was seen, and from when to when each source was.
#[derive(Clone, Debug)]
pub struct Places {
    numbers: HashMap<Place, PlaceId, FixedState>,
    /// By number; a number that waits to be given again is that of no place.
    all: Vec<Place>,
    /// Numbers that wait to be given again, the next one last.
    vacant: Vec<PlaceId>,
    limit: usize,
    refused: u64,
    /// The last place asked for: frames come in runs.
    last: (Place, PlaceId),
    /// From when to when each source was seen.
    extents: Vec<Option<Extent>>,
}

/// From when to when a source was seen, and what it shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// Its first frame.
    pub first: Timestamp,
    /// Its last one.
    pub last: Timestamp,
    /// Whether it is of all interfaces of a machine, and tells them apart.
    pub has_interfaces: bool,
}

/// What a frame tells of its place.
struct Told {
    place: Place,
    direction: Direction,
}

impl Told {
    /// `None` when it goes out on loopback.
    fn of(frame: &Frame<'_>, depth: u8, ttl: u8) -> Option<Self> {
        let origin = frame.origin;
        let (interface, direction) = match Cooked::read(frame) {
            None => (Interface::Numbered(origin.interface), origin.direction),
            Some(cooked) if cooked.is_loopback_out() => return None,
            Some(cooked) => {
                let numbered = cooked.interface.map(Interface::Numbered);
                let interface = numbered.unwrap_or_else(|| cooked.place(ttl));
                (interface, cooked.direction())
            }
        };
        let place = Place {
            source: origin.source,
            interface,
            depth,
        };
        Some(Self { place, direction })
    }
}

impl Places {
    /// Room for `limit` places.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        let mut numbers = HashMap::with_hasher(FixedState::with_seed(seed));
        numbers.insert(Place::BETWEEN, PlaceId::BETWEEN);
        Self {
            numbers,
            all: vec![Place::BETWEEN],
            vacant: Vec::new(),
            limit,
            refused: 0,
            last: (Place::BETWEEN, PlaceId::BETWEEN),
            extents: Vec::new(),
        }
    }

    /// Takes note of a frame, whatever becomes of it.
    #[inline]
    pub fn see(&mut self, frame: &Frame<'_>) {
        if frame.origin.source != 0 {
            self.see_source(frame);
        }
    }

    /// Takes note that a source was seen from a moment to another.
    pub fn extend(&mut self, source: u32, first: Timestamp, last: Timestamp) {
        if source != 0 {
            self.extent_mut(source, first, last);
        }
    }

    /// The hop of a packet that `sender` sent, `depth` tunnels deep.
    #[inline]
    pub fn hop(&mut self, frame: &Frame<'_>, depth: u8, ttl: u8, sender: Side) -> Seen {
        if is_between(frame) {
            return Seen::At(HopId::BETWEEN);
        }
        self.told_hop(frame, depth, ttl, sender)
    }

    /// Whether a hop is one of SLL version 1, which tells no interfaces.
    #[must_use]
    pub fn is_cooked(&self, hop: HopId) -> bool {
        let place = self.all.get(hop.place().index());
        place.is_some_and(|place| matches!(place.interface, Interface::Cooked { .. }))
    }

    /// The places, by number.
    #[must_use]
    pub fn all(&self) -> &[Place] {
        &self.all
    }

    /// From when to when a source was seen; `None` when it has no frame.
    #[must_use]
    pub fn extent(&self, source: u32) -> Option<Extent> {
        self.extents.get(source as usize).copied().flatten()
    }

    /// Forgets the places at none of these hops, where they are so many that new ones may soon not
    /// fit.
    pub fn forget_but(&mut self, used: impl Iterator<Item = HopId>) {
        if self.numbers.len() <= self.limit / CROWDED {
            return;
        }
        let mut is_used = vec![false; self.all.len()];
        for place in used.map(HopId::place).chain([PlaceId::BETWEEN]) {
            if let Some(is_used) = is_used.get_mut(place.index()) {
                *is_used = true;
            }
        }
        self.vacant.clear();
        let numbers = (0..=u32::MAX).map(PlaceId).zip(&mut self.all).zip(is_used);
        for ((number, place), _) in numbers.filter(|(_, is_used)| !is_used) {
            // Of those that wait already the place is the tap between, whose number stays.
            if *place != Place::BETWEEN {
                self.numbers.remove(place);
                *place = Place::BETWEEN;
            }
            self.vacant.push(number);
        }
        self.vacant.reverse();
        self.last = (Place::BETWEEN, PlaceId::BETWEEN);
    }

    /// Frames whose place did not fit: they were counted as seen between the ends.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The hop that [`Self::hop`] would say, if a packet was seen there before.
    #[must_use]
    pub fn known_hop(&self, frame: &Frame<'_>, depth: u8, ttl: u8, sender: Side) -> Option<HopId> {
        if is_between(frame) {
            return Some(HopId::BETWEEN);
        }
        let told = Told::of(frame, depth, ttl)?;
        let number = match self.numbers.get(&told.place) {
            Some(number) => *number,
            None if self.is_full() => PlaceId::BETWEEN,
            None => return None,
        };
        Some(HopId::new(number, Way::of(told.direction, sender)))
    }

    #[inline(never)]
    fn told_hop(&mut self, frame: &Frame<'_>, depth: u8, ttl: u8, sender: Side) -> Seen {
        let Some(told) = Told::of(frame, depth, ttl) else {
            return Seen::LoopbackOut;
        };
        let hop = HopId::new(self.number(told.place), Way::of(told.direction, sender));
        match told.place.interface {
            Interface::Cooked { .. } => Seen::AtCooked(hop),
            Interface::Numbered(_) => Seen::At(hop),
        }
    }

    fn number(&mut self, place: Place) -> PlaceId {
        if self.last.0 == place {
            return self.last.1;
        }
        let number = match self.numbers.get(&place) {
            Some(number) => *number,
            None if self.is_full() => {
                self.refused += 1;
                return PlaceId::BETWEEN;
            }
            None => self.add(place),
        };
        self.last = (place, number);
        number
    }

    fn is_full(&self) -> bool {
        self.numbers.len() >= self.limit
    }

    /// Gives a place a number.
    fn add(&mut self, place: Place) -> PlaceId {
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.all.push(Place::BETWEEN);
            PlaceId(u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX))
        });
        if let Some(known) = self.all.get_mut(number.index()) {
            *known = place;
        }
        self.numbers.insert(place, number);
        number
    }

    #[inline(never)]
    fn see_source(&mut self, frame: &Frame<'_>) {
        let is_of_all = frame.link == LinkType::LINUX_SLL2;
        if let Some(extent) = self.extent_mut(frame.origin.source, frame.time, frame.time) {
            extent.has_interfaces |= is_of_all;
        }
    }

    /// From when to when a source was seen, which now includes these moments.
    fn extent_mut(
        &mut self,
        source: u32,
        first: Timestamp,
        last: Timestamp,
    ) -> Option<&mut Extent> {
        let source = source as usize;
        if source >= self.limit {
            return None;
        }
        if source >= self.extents.len() {
            self.extents.resize(source + 1, None);
        }
        let extent = self.extents.get_mut(source)?;
        let extent = extent.get_or_insert(Extent {
            first,
            last,
            has_interfaces: false,
        });
        extent.first = extent.first.min(first);
        extent.last = extent.last.max(last);
        Some(extent)
    }
}

/// Whether nobody said where a frame was seen, nor does it.
#[inline]
const fn is_between(frame: &Frame<'_>) -> bool {
    let is_cooked = matches!(frame.link, LinkType::LINUX_SLL | LinkType::LINUX_SLL2);
    frame.origin.source == 0 && frame.origin.interface == 0 && !is_cooked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Offload, Origin};

    fn at(interface: u32) -> Frame<'static> {
        Frame {
            time: Timestamp::default(),
            link: LinkType::ETHERNET,
            data: &[],
            original_len: 0,
            offload: Offload::Unknown,
            origin: Origin {
                source: 1,
                interface,
                direction: Direction::Incoming,
            },
        }
    }

    fn place(places: &mut Places, interface: u32) -> usize {
        match places.hop(&at(interface), 0, 64, Side::Low) {
            Seen::At(hop) => hop.place().index(),
            Seen::AtCooked(_) | Seen::LoopbackOut => unreachable!("it is Ethernet"),
        }
    }

    #[test]
    fn a_hop_that_is_looked_up_is_not_made() {
        let mut places = Places::new(2, 0);
        assert_eq!(places.known_hop(&at(1), 0, 64, Side::Low), None);
        assert_eq!(places.all().len(), 1);
        for (interface, place) in [(1, 1), (2, 0)] {
            let hop = HopId::new(PlaceId(place), Way::ForwardEnters);
            assert_eq!(places.hop(&at(interface), 0, 64, Side::Low), Seen::At(hop));
            let known = places.known_hop(&at(interface), 0, 64, Side::Low);
            assert_eq!(known, Some(hop), "the second did not fit");
        }
    }

    #[test]
    fn of_a_crowd_those_that_nothing_was_counted_at_make_room() {
        let mut places = Places::new(6, 0);
        let hop = |place| HopId::new(PlaceId(place), Way::ForwardLeaves);
        for interface in [1, 2] {
            place(&mut places, interface);
        }
        places.forget_but([hop(2)].into_iter());
        let next = [3, 4, 5].map(|interface| place(&mut places, interface));
        assert_eq!(next, [3, 4, 5], "there was room enough");
        assert_eq!((place(&mut places, 6), places.refused()), (0, 1));
        places.forget_but([hop(2), hop(4)].into_iter());
        assert_eq!(places.all()[3], Place::BETWEEN);
        assert_eq!(places.known_hop(&at(1), 0, 64, Side::Low), None);
        let again = [6, 2, 7, 4, 8].map(|interface| place(&mut places, interface));
        assert_eq!(again, [1, 2, 3, 4, 5]);
        assert_eq!((place(&mut places, 1), places.refused()), (0, 2));
    }
}
