//! Tunnels over UDP: VXLAN, Geneve and GTP-U.
//!
//! In: a datagram after its ports. Out: what it carries, or nothing when the payload is not that of
//! its port. A header is believed when its fixed bits are as the RFC wants them on transmission,
//! because any program may have drawn a tunnel's port for something else.
//!
//! **Source** RFC 7348 §5 (VXLAN), RFC 8926 §3.4 (Geneve), 3GPP TS 29.281 §5 (GTP-U).

use super::cursor::Cursor;
use super::ether_type::{BRIDGED_ETHERNET, IPV4, IPV6};
use super::layer::Layer;
use super::transport::{Ports, UDP_REST};

/// Reads the tunnel header that a datagram's ports announce, after these ports. Either port may:
/// some speakers answer from the port they were called on. No header passes for another kind's, so
/// it does not matter which port is tried first.
#[inline]
pub(super) fn open(ports: Ports, cursor: Cursor<'_>) -> Option<(Layer, Cursor<'_>)> {
    match (Tunnel::at(ports.destination), Tunnel::at(ports.source)) {
        (None, None) => None,
        (Some(tunnel), None) | (None, Some(tunnel)) => tunnel.open(cursor),
        (Some(one), Some(other)) => one.open(cursor).or_else(|| other.open(cursor)),
    }
}

/// Whether a datagram's ports announce a tunnel.
#[inline]
pub(super) fn is_announced(ports: Ports) -> bool {
    Tunnel::at(ports.destination).is_some() || Tunnel::at(ports.source).is_some()
}

/// What a UDP port announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tunnel {
    /// Port 4789, and 8472 where Linux does not say otherwise.
    Vxlan,
    /// Port 6081.
    Geneve,
    /// Port 2152.
    GtpU,
}

impl Tunnel {
    #[inline]
    fn at(port: u16) -> Option<Self> {
        match port {
            4789 | 8472 => Some(Self::Vxlan),
            6081 => Some(Self::Geneve),
            2152 => Some(Self::GtpU),
            _ => None,
        }
    }

    #[cold]
    fn open(self, mut cursor: Cursor<'_>) -> Option<(Layer, Cursor<'_>)> {
        cursor.skip(UDP_REST).ok()?;
        let inside = match self {
            Self::Vxlan => vxlan(&mut cursor),
            Self::Geneve => geneve(&mut cursor),
            Self::GtpU => gtp_u(&mut cursor),
        }?;
        Some((inside, cursor))
    }
}

/// A header of eight octets with the I flag; group policy (the G flag) uses octets 1 to 3.
fn vxlan(cursor: &mut Cursor<'_>) -> Option<Layer> {
    const IDENTIFIER: u8 = 0x08;
    const GROUP_POLICY: u8 = 0x80;
    let &[flags, policy @ .., _, _, _, reserved] = cursor.take::<8>().ok()?;
    let policy_fits = policy == [0; 3] || flags & GROUP_POLICY != 0;
    let known = flags & !GROUP_POLICY == IDENTIFIER && policy_fits && reserved == 0;
    known.then_some(Layer::Ethernet)
}

/// A header of eight octets, then options.
fn geneve(cursor: &mut Cursor<'_>) -> Option<Layer> {
    const VERSION: u8 = 0xc0;
    const OPTIONS_LEN: u8 = 0x3f;
    const RESERVED: u8 = 0x3f;
    let &[version_len, flags, type0, type1, _, _, _, reserved] = cursor.take().ok()?;
    if version_len & VERSION != 0 || flags & RESERVED != 0 || reserved != 0 {
        return None;
    }
    cursor
        .skip(usize::from(version_len & OPTIONS_LEN) * 4)
        .ok()?;
    match u16::from_be_bytes([type0, type1]) {
        BRIDGED_ETHERNET => Some(Layer::Ethernet),
        IPV4 | IPV6 => Some(Layer::Ip),
        _ => None,
    }
}

/// A user-plane packet (G-PDU): eight octets, four more when a flag asks, then extension headers.
fn gtp_u(cursor: &mut Cursor<'_>) -> Option<Layer> {
    const VERSION_AND_TYPE: u8 = 0xf0;
    const VERSION_1_GTP: u8 = 0x30;
    const EXTENSION: u8 = 0x04;
    const ANY_OPTIONAL: u8 = 0x07;
    const USER_PACKET: u8 = 255;
    let &[flags, message_type, ..] = cursor.take::<8>().ok()?;
    if flags & VERSION_AND_TYPE != VERSION_1_GTP || message_type != USER_PACKET {
        return None;
    }
    if flags & ANY_OPTIONAL != 0 {
        let &[_, _, _, mut extension] = cursor.take().ok()?;
        while flags & EXTENSION != 0 && extension != 0 {
            extension = gtp_u_extension(cursor)?;
        }
    }
    let &[version] = cursor.peek().ok()?;
    matches!(version >> 4, 4 | 6).then_some(Layer::Ip)
}

/// Goes past an extension header, whose length is in units of four octets and never zero; answers
/// with the type of the next.
fn gtp_u_extension(cursor: &mut Cursor<'_>) -> Option<u8> {
    let units = cursor.u8().ok()?;
    cursor
        .skip(usize::from(units).checked_mul(4)?.checked_sub(2)?)
        .ok()?;
    cursor.u8().ok()
}
