//! Where a node sees a packet: at the interfaces that it passes, one after the other.
//!
//! **Shape** pods have a pair of interfaces each, whose outer ends are ports of a bridge; packets
//! for other nodes go through a VXLAN device, as with flannel.

use std::io::{self, Write};

use crate::capture::Writer;
use crate::conversation::Family;
use crate::link::{Direction, cooked};
use crate::topology::{End, PODS_PER_NODE, Topology};
use crate::truth::Seen;
use crate::tunnel;

/// The interface that leads out of the node.
const UPLINK: u32 = 2;
/// The VXLAN device.
const TUNNEL: u32 = 3;
const BRIDGE: u32 = 4;
/// The interface of the node's first pod.
const FIRST_POD: u32 = 10;

/// Writes a packet once for each place where it passes; what another than a pod's own interface
/// shows is a copy.
///
/// # Errors
/// Those of the file.
pub(crate) fn write(
    file: &mut Writer<'_, impl Write>,
    time_ns: u64,
    topology: Topology,
    ((from, to), family): ((End, End), Family),
    packet: &[u8],
) -> io::Result<Seen> {
    let mut seen = Seen::default();
    for sighting in path(topology, from, to) {
        let link = cooked(sighting.interface, sighting.direction, from, family);
        match sighting.wrap {
            Wrap::Plain => file.frame(time_ns, &[&link, packet])?,
            Wrap::Vxlan => {
                let link = cooked(sighting.interface, sighting.direction, from, Family::V4);
                let outer = tunnel::vxlan(topology, (from, to), family, packet.len());
                file.frame(time_ns, &[&link, &outer, packet])?;
            }
        }
        seen.frames += 1;
        seen.copies += u64::from(!sighting.is_at_pod());
    }
    Ok(seen)
}

/// A place where a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sighting {
    interface: u32,
    direction: Direction,
    wrap: Wrap,
}

/// Whether a packet is seen as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrap {
    Plain,
    /// Within a packet between the two nodes.
    Vxlan,
}

const fn plain(interface: u32, direction: Direction) -> Sighting {
    Sighting {
        interface,
        direction,
        wrap: Wrap::Plain,
    }
}

const fn wrapped(direction: Direction) -> Sighting {
    Sighting {
        interface: UPLINK,
        direction,
        wrap: Wrap::Vxlan,
    }
}

const TO_NODE: &[Sighting] = &[
    plain(BRIDGE, Direction::In),
    plain(TUNNEL, Direction::Out),
    wrapped(Direction::Out),
];
const TO_OUTSIDE: &[Sighting] = &[plain(BRIDGE, Direction::In), plain(UPLINK, Direction::Out)];
const FROM_NODE: &[Sighting] = &[
    wrapped(Direction::In),
    plain(TUNNEL, Direction::In),
    plain(BRIDGE, Direction::Out),
];
const FROM_OUTSIDE: &[Sighting] = &[plain(UPLINK, Direction::In), plain(BRIDGE, Direction::Out)];

impl Sighting {
    /// Whether it is at the interface of a pod, which has no other.
    const fn is_at_pod(self) -> bool {
        self.interface >= FIRST_POD
    }
}

/// The sightings of a packet at the node that is looked at, in order.
fn path(topology: Topology, from: End, to: End) -> impl Iterator<Item = Sighting> {
    let here = Some(topology.watched_node());
    let place = |end: End| FIRST_POD + end.0 % PODS_PER_NODE;
    let (is_from_here, is_to_here) = (topology.node(from) == here, topology.node(to) == here);
    let between = match (is_from_here, is_to_here) {
        (true, true) | (false, false) => &[],
        (true, false) if topology.node(to).is_some() => TO_NODE,
        (true, false) => TO_OUTSIDE,
        (false, true) if topology.node(from).is_some() => FROM_NODE,
        (false, true) => FROM_OUTSIDE,
    };
    let first = is_from_here.then(|| plain(place(from), Direction::In));
    let last = is_to_here.then(|| plain(place(to), Direction::Out));
    first.into_iter().chain(between.iter().copied()).chain(last)
}
