//! Hops: places where frames were seen.
//!
//! A connection is kept at one hop, so that the same packet seen at two places is never mixed
//! before it is known which place counts. A capture whose place nobody declared, and that tells no
//! interfaces, is a tap *between* the ends; all such captures together are one hop.
//!
//! In: frames and what was read of their headers. Out: a [`HopId`] for each.
//! **Shape** a hop is a [`Place`] and a [`Way`]. Both directions of a conversation pass an
//! interface in opposite ways, so they are at one hop; a packet that comes in and goes out again
//! by the same interface is at two.
//! **Source** `LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`; Linux `if_packet.h`, `if_arp.h`.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::endpoint::Side;
use crate::frame::{Direction, Frame, LinkType};
use crate::time::Timestamp;

pub mod declaration;

mod cooked;

use crate::hop::cooked::Cooked;

/// A hop, as the engine numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HopId(u32);

/// Which way a conversation passes a place. *Forward* is what the smaller endpoint of a connection
/// sent, or the client of a leg.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// Nobody says.
    Unknown,
    /// Forward comes in, backward goes out.
    ForwardEnters,
    /// Forward goes out, backward comes in.
    ForwardLeaves,
}

/// Number of a [`Place`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlaceId(u32);

/// Where frames were seen: an interface of a source, at a depth of tunnels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The capture, rotated files or ring; 0 for all captures that are taps between.
    pub source: u32,
    /// The interface within the source.
    pub interface: Interface,
    /// Tunnels unwrapped around the packet.
    pub depth: u8,
}

/// An interface, as far as the source tells interfaces apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Interface {
    /// By its number within the source; 0 where the format knows none.
    Numbered(u32),
    /// SLL version 1 tells no interface, but what kind of frame it was, and whose.
    Cooked {
        /// To us, to others, outgoing, ….
        packet_type: u16,
        /// The hardware of the interface.
        hardware: u16,
        /// The link address of the sender.
        sender: u64,
        /// Time to live: routing takes one off.
        ttl: u8,
    },
}

impl HopId {
    /// The tap between the ends.
    pub const BETWEEN: Self = Self(0);

    const WAYS: u32 = 4;

    /// The hop of a place and a way.
    #[must_use]
    pub const fn new(place: PlaceId, way: Way) -> Self {
        Self(place.0 * Self::WAYS + way as u32)
    }

    /// The number itself, for hashing.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Its place.
    #[must_use]
    pub const fn place(self) -> PlaceId {
        PlaceId(self.0 / Self::WAYS)
    }

    /// Its way.
    #[must_use]
    pub const fn way(self) -> Way {
        match self.0 % Self::WAYS {
            1 => Way::ForwardEnters,
            2 => Way::ForwardLeaves,
            _ => Way::Unknown,
        }
    }

    /// The same hop where what was backward is forward.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.place(), self.way().reversed())
    }

    /// The same hop with `side` as forward, given the smaller endpoint's.
    #[must_use]
    pub const fn seen_from(self, side: Side) -> Self {
        match side {
            Side::Low => self,
            Side::High => self.reversed(),
        }
    }
}

impl Way {
    /// The way of a packet that `sender` sent, with the smaller endpoint as forward.
    #[must_use]
    pub const fn of(direction: Direction, sender: Side) -> Self {
        match (direction, sender) {
            (Direction::Unknown, _) => Self::Unknown,
            (Direction::Incoming, Side::Low) | (Direction::Outgoing, Side::High) => {
                Self::ForwardEnters
            }
            (Direction::Incoming, Side::High) | (Direction::Outgoing, Side::Low) => {
                Self::ForwardLeaves
            }
        }
    }

    /// Which way forward goes through the interface.
    #[must_use]
    pub const fn forward(self) -> Direction {
        match self {
            Self::Unknown => Direction::Unknown,
            Self::ForwardEnters => Direction::Incoming,
            Self::ForwardLeaves => Direction::Outgoing,
        }
    }

    /// Which way backward goes through the interface.
    #[must_use]
    pub const fn backward(self) -> Direction {
        self.reversed().forward()
    }

    const fn reversed(self) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::ForwardEnters => Self::ForwardLeaves,
            Self::ForwardLeaves => Self::ForwardEnters,
        }
    }
}

impl PlaceId {
    /// The tap between the ends.
    pub const BETWEEN: Self = Self(0);

    /// The place at an index among all.
    #[must_use]
    pub const fn at(index: u32) -> Self {
        Self(index)
    }

    /// Its index among all places.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Place {
    /// The tap between the ends.
    pub const BETWEEN: Self = Self {
        source: 0,
        interface: Interface::Numbered(0),
        depth: 0,
    };
}

/// Where a frame was seen, and what is special about that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// At a hop.
    At(HopId),
    /// At a hop of SLL version 1, where the same packet may be seen again at another interface.
    AtCooked(HopId),
    /// Going out on loopback, where it comes in as well.
    LoopbackOut,
}

/// Every place that was seen, and from when to when each source was.
#[derive(Clone, Debug)]
pub struct Places {
    numbers: HashMap<Place, PlaceId, FixedState>,
    all: Vec<Place>,
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
            None if self.all.len() >= self.limit => PlaceId::BETWEEN,
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
        let next = PlaceId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let number = match self.numbers.get(&place) {
            Some(number) => *number,
            None if self.all.len() >= self.limit => {
                self.refused += 1;
                return PlaceId::BETWEEN;
            }
            None => {
                self.numbers.insert(place, next);
                self.all.push(place);
                next
            }
        };
        self.last = (place, number);
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
    use crate::frame::Origin;

    #[test]
    fn a_hop_is_a_place_and_a_way() {
        let place = PlaceId(7);
        for way in [Way::Unknown, Way::ForwardEnters, Way::ForwardLeaves] {
            let hop = HopId::new(place, way);
            assert_eq!((hop.place(), hop.way()), (place, way));
            assert_eq!(hop.reversed().reversed(), hop);
            assert_eq!(hop.way().forward(), hop.reversed().way().backward());
        }
        assert_eq!(HopId::new(PlaceId::BETWEEN, Way::Unknown), HopId::BETWEEN);
    }

    #[test]
    fn a_hop_that_is_looked_up_is_not_made() {
        let mut places = Places::new(2, 0);
        let at = |interface| Frame {
            time: Timestamp::default(),
            link: LinkType::ETHERNET,
            data: &[],
            original_len: 0,
            offload: crate::frame::Offload::Unknown,
            origin: Origin {
                source: 1,
                interface,
                direction: Direction::Incoming,
            },
        };
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
    fn both_directions_of_a_conversation_pass_an_interface_one_way() {
        let there = Way::of(Direction::Incoming, Side::Low);
        let back = Way::of(Direction::Outgoing, Side::High);
        assert_eq!((there, back), (Way::ForwardEnters, Way::ForwardEnters));
        let again = Way::of(Direction::Outgoing, Side::Low);
        assert_eq!(again, Way::ForwardLeaves, "out again by the same interface");
    }
}
