//! What a VXLAN device puts around a packet for another node.
//!
//! **Units** octets. **Source** RFC 7348; the port is Linux's and flannel's.

use crate::checksum::{folded, sum};
use crate::conversation::Family;
use crate::link::ethernet;
use crate::topology::{End, Topology};

const PORT: u16 = 8_472;
/// UDP, VXLAN and the Ethernet header of the packet within.
const WITHIN_IP: usize = 8 + 8 + 14;
const TTL: u8 = 64;
const UDP: u8 = 17;

/// The octets from the outer IP header to the inner one; ends outside are on no node and get none.
pub(crate) fn vxlan(
    topology: Topology,
    (from, to): (End, End),
    family: Family,
    ip_bytes: usize,
) -> Vec<u8> {
    let (Some(source), Some(destination)) = (topology.node(from), topology.node(to)) else {
        return Vec::new();
    };
    let length = |above: usize| u16::try_from(above + ip_bytes).unwrap_or(u16::MAX);
    let [total0, total1] = length(20 + WITHIN_IP).to_be_bytes();
    let mut octets = vec![0x45, 0, total0, total1, 0, 0, 0, 0, TTL, UDP, 0, 0];
    octets.extend(Topology::node_v4(source).octets());
    octets.extend(Topology::node_v4(destination).octets());
    let checksum = folded(sum(0, &octets)).to_be_bytes();
    if let Some(place) = octets.get_mut(10..12) {
        place.copy_from_slice(&checksum);
    }
    // As the kernel does, a source port for each pair of ends.
    let [.., low] = (from.0 ^ to.0).to_be_bytes();
    octets.extend((49_152 + u16::from(low)).to_be_bytes());
    octets.extend(PORT.to_be_bytes());
    octets.extend(length(WITHIN_IP).to_be_bytes());
    octets.extend([0, 0]);
    octets.extend([0x08, 0, 0, 0, 0, 0, 1, 0]);
    octets.extend(ethernet(from, to, family));
    octets
}
