//! GRE headers, and those of ERSPAN and PPTP inside.
//!
//! **Source** RFC 2784 §2 and RFC 2890 §2 (GRE), RFC 7637 (NVGRE), RFC 2637 §4.1 (PPTP),
//! draft-foschiano-erspan-03 §4.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

const CHECKSUM: u16 = 0x8000;
/// Source routes, which RFC 2784 dropped.
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
/// In version 1 only.
const ACKNOWLEDGEMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Protocol types that no `EtherType` table has.
const ERSPAN_1_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;
const PPP: u16 = 0x880b;

/// Reads a header and its optional fields, of four octets each.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let flags = cursor.u16()?;
    let protocol = cursor.u16()?;
    match flags & VERSION {
        0 if flags & ROUTING == 0 => {
            skip_fields(cursor, flags, &[CHECKSUM, KEY, SEQUENCE])?;
            carried(protocol, flags, cursor)
        }
        1 if protocol == PPP && flags & SEQUENCE != 0 => {
            skip_fields(cursor, flags, &[KEY, SEQUENCE, ACKNOWLEDGEMENT])?;
            Ok(Layer::Ppp)
        }
        _ => Err(SkipReason::OtherIpProtocol),
    }
}

fn skip_fields(cursor: &mut Cursor<'_>, flags: u16, fields: &[u16]) -> Result<(), SkipReason> {
    let present = fields.iter().filter(|&&field| flags & field != 0);
    cursor.skip(present.count() * 4)
}

fn carried(protocol: u16, flags: u16, cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match protocol {
        // Type I has neither sequence number nor a header of its own, type II both.
        ERSPAN_1_2 if flags & SEQUENCE == 0 => Ok(Layer::Ethernet),
        ERSPAN_1_2 => cursor.skip(8).map(|()| Layer::Ethernet),
        ERSPAN_3 => erspan_3(cursor),
        other => Ok(Layer::EtherType(other)),
    }
}

/// Twelve octets, and eight more when the last bit says so.
fn erspan_3(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const SUBHEADER: u8 = 0x01;
    const FRAME_TYPE: u8 = 0x7c;
    let &[.., frame_type, optional] = cursor.take::<12>()?;
    cursor.skip(usize::from(optional & SUBHEADER) * 8)?;
    if frame_type & FRAME_TYPE == 0 {
        Ok(Layer::Ethernet)
    } else {
        Ok(Layer::Ip)
    }
}
