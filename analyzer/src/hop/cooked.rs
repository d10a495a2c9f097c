//! What Linux cooked captures tell of the place: interface, packet type, link address.
//!
//! **Source** `LINKTYPE_LINUX_SLL`, `LINKTYPE_LINUX_SLL2`; Linux `if_packet.h`, `if_arp.h`.

use crate::frame::{Direction, Frame, LinkType};
use crate::hop::Interface;

/// Sent by the machine itself (`PACKET_OUTGOING`); all other types came in.
const OUTGOING: u16 = 4;
/// `ARPHRD_LOOPBACK`.
const LOOPBACK: u16 = 772;

/// The link header of a cooked frame, as far as it tells a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cooked {
    /// Known in version 2.
    pub(super) interface: Option<u32>,
    packet_type: u16,
    hardware: u16,
    sender: u64,
}

impl Cooked {
    /// Reads it; `None` when the frame is no cooked one, or cut.
    pub(super) fn read(frame: &Frame<'_>) -> Option<Self> {
        match frame.link {
            LinkType::LINUX_SLL => Self::version_1(frame.data),
            LinkType::LINUX_SLL2 => Self::version_2(frame.data),
            _ => None,
        }
    }

    fn version_1(data: &[u8]) -> Option<Self> {
        #[rustfmt::skip]
        let &[
            type0, type1, hardware0, hardware1, _, len, a0, a1, a2, a3, a4, a5, a6, a7,
        ] = data.first_chunk::<14>()?;
        let address = u64::from_be_bytes([a0, a1, a2, a3, a4, a5, a6, a7]);
        // What lies behind a shorter address is whatever was there before.
        let unused = 64 - u32::from(len.min(8)) * 8;
        Some(Self {
            interface: None,
            packet_type: u16::from_be_bytes([type0, type1]),
            hardware: u16::from_be_bytes([hardware0, hardware1]),
            sender: address.checked_shr(unused).unwrap_or_default(),
        })
    }

    fn version_2(data: &[u8]) -> Option<Self> {
        #[rustfmt::skip]
        let &[
            _, _, _, _, index0, index1, index2, index3, hardware0, hardware1, packet_type,
        ] = data.first_chunk::<11>()?;
        Some(Self {
            interface: Some(u32::from_be_bytes([index0, index1, index2, index3])),
            packet_type: u16::from(packet_type),
            hardware: u16::from_be_bytes([hardware0, hardware1]),
            sender: 0,
        })
    }

    /// Whether it comes in on the same interface as well.
    pub(super) const fn is_loopback_out(&self) -> bool {
        self.hardware == LOOPBACK && self.packet_type == OUTGOING
    }

    /// On loopback both directions come in, so it says nothing.
    pub(super) const fn direction(&self) -> Direction {
        if self.hardware == LOOPBACK {
            Direction::Unknown
        } else if self.packet_type == OUTGOING {
            Direction::Outgoing
        } else {
            Direction::Incoming
        }
    }

    /// The place that version 1 tells, of a packet with this time to live.
    pub(super) const fn place(&self, ttl: u8) -> Interface {
        Interface::Cooked {
            packet_type: self.packet_type,
            hardware: self.hardware,
            sender: self.sender,
            ttl,
        }
    }
}
