//! Hops: places where frames were seen.
//!
//! A connection is kept at one hop, so that the same packet seen at two places is never mixed
//! before it is known which place counts. A capture whose place nobody declared, and that tells no
//! interfaces, is a tap *between* the ends; all such captures together are one hop.
//!
//! In: frames and what was read of their headers. Out: a [`HopId`] for each, from
//! [`places::Places`].
//! **Shape** a hop is a [`Place`] and a [`Way`]. Both directions of a conversation pass an
//! interface in opposite ways, so they are at one hop; a packet that comes in and goes out again
//! by the same interface is at two.
//! **Source** `LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`; Linux `if_packet.h`, `if_arp.h`.

use crate::endpoint::Side;
use crate::frame::Direction;

pub mod declaration;
pub mod places;
pub mod set;

mod cooked;

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

/// Places with numbers next to one another, among which one connection's sightings are looked for
/// together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlaceGroup(u32);

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

    /// The group it is in.
    #[must_use]
    pub const fn group(self) -> PlaceGroup {
        PlaceGroup(self.0 / PlaceGroup::PLACES)
    }

    /// Its index among all places.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl PlaceGroup {
    /// The group of the first places.
    pub const FIRST: Self = Self(0);

    const PLACES: u32 = 64;
    /// Groups in which is looked for what was seen elsewhere: nodes have fewer places.
    const NEAR: u32 = 8;

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether what was seen in one group is found from the other.
    #[must_use]
    pub const fn finds(self, other: Self) -> bool {
        self.0 == other.0 || self.0 < Self::NEAR || other.0 < Self::NEAR
    }

    /// The groups in which is looked for what was also seen in this one, up to the `last`.
    pub fn others(self, last: Self) -> impl Iterator<Item = Self> {
        let near = (0..=last.0).take(Self::NEAR as usize).map(Self);
        near.chain((self.0 >= Self::NEAR).then_some(self))
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn both_directions_of_a_conversation_pass_an_interface_one_way() {
        let there = Way::of(Direction::Incoming, Side::Low);
        let back = Way::of(Direction::Outgoing, Side::High);
        assert_eq!((there, back), (Way::ForwardEnters, Way::ForwardEnters));
        let again = Way::of(Direction::Outgoing, Side::Low);
        assert_eq!(again, Way::ForwardLeaves, "out again by the same interface");
    }
}
