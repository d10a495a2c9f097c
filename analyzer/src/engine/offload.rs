//! What a frame was on the wire: one packet, or the segments that offload makes of it.
//!
//! In: a frame and the packet in it. Out: wire packets, and their IP bytes.
//! **Shape** every segment but the first has the headers of IP and layer 4 once more.
//! **Units** IP bytes. **Source** Linux `Documentation/networking/segmentation-offloads.rst`;
//! RFC 768 for the length of a datagram.

use std::num::NonZeroU16;

use crate::frame::{Frame, Offload};
use crate::packet::{Packet, Transport};

const UDP_LEN: u32 = 8;

/// Wire packets and IP bytes of a frame.
#[inline]
pub(super) fn on_wire(frame: &Frame<'_>, packet: &Packet) -> (u32, u32) {
    match frame.offload {
        Offload::Unknown | Offload::Whole => (1, packet.ip_bytes),
        // A copy goes to who needs it in memory; the packet itself stays in registers.
        Offload::Segments(size) => segments(frame, &Packet { ..*packet }, size),
    }
}

/// Those of a frame that becomes segments with `size` octets of payload each.
#[inline(never)]
fn segments(frame: &Frame<'_>, packet: &Packet, size: NonZeroU16) -> (u32, u32) {
    let Some(payload) = payload(frame, packet) else {
        return (1, packet.ip_bytes);
    };
    let packets = payload.div_ceil(u32::from(size.get())).max(1);
    let headers = packet.ip_bytes.saturating_sub(payload);
    let more = headers.saturating_mul(packets - 1);
    (packets, packet.ip_bytes.saturating_add(more))
}

/// Octets behind the layer-4 header; `None` when that was cut.
fn payload(frame: &Frame<'_>, packet: &Packet) -> Option<u32> {
    match packet.transport {
        Transport::Tcp(segment) => segment.map(|segment| segment.payload_len),
        Transport::Udp => {
            let header = frame.data.get(usize::from(packet.transport_offset)..)?;
            let &[_, _, _, _, len0, len1] = header.first_chunk::<6>()?;
            let len = u32::from(u16::from_be_bytes([len0, len1]));
            len.checked_sub(UDP_LEN)
        }
    }
}
