//! What stands in front of an IP packet: an Ethernet header, or that of a Linux cooked capture.
//!
//! **Units** octets. **Source** IEEE 802.3; `LINKTYPE_LINUX_SLL2`.

use crate::conversation::Family;
use crate::topology::End;

const ARPHRD_ETHER: u16 = 1;

/// How frames begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    /// Linux cooked, version 2.
    Cooked,
}

impl Link {
    /// Its number in a capture file.
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::Cooked => 276,
        }
    }
}

/// Which way a packet passes an interface of the machine that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// The header of an Ethernet frame.
pub(crate) fn ethernet(from: End, to: End, family: Family) -> [u8; 14] {
    let [d0, d1, d2, d3, d4, d5] = mac(to);
    let [s0, s1, s2, s3, s4, s5] = mac(from);
    let [type0, type1] = ether_type(family).to_be_bytes();
    [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, type0, type1]
}

/// The header of a packet that passes an interface, sent by `from`.
pub(crate) fn cooked(interface: u32, direction: Direction, from: End, family: Family) -> [u8; 20] {
    let [protocol0, protocol1] = ether_type(family).to_be_bytes();
    let [i0, i1, i2, i3] = interface.to_be_bytes();
    let [hardware0, hardware1] = ARPHRD_ETHER.to_be_bytes();
    let packet_type = match direction {
        Direction::In => 0,
        Direction::Out => 4,
    };
    let [s0, s1, s2, s3, s4, s5] = mac(from);
    #[rustfmt::skip]
    let header = [
        protocol0, protocol1, 0, 0, i0, i1, i2, i3,
        hardware0, hardware1, packet_type, 6, s0, s1, s2, s3, s4, s5, 0, 0,
    ];
    header
}

const fn ether_type(family: Family) -> u16 {
    match family {
        Family::V4 => 0x0800,
        Family::V6 => 0x86dd,
    }
}

/// A locally administered address for each end.
pub(crate) const fn mac(end: End) -> [u8; 6] {
    let [a, b, c, d] = end.0.to_be_bytes();
    [0x02, 0x42, a, b, c, d]
}
