//! ARCNET, as BSD and as Linux capture it.
//!
//! **Source** RFC 1201 §3 (with a split flag and a sequence number), RFC 1051 (without),
//! `LINKTYPE_ARCNET_BSD`, `LINKTYPE_ARCNET_LINUX`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// System codes; those of RFC 1051 first.
const IPV4_OLD: u8 = 240;
const ARP_OLD: u8 = 241;
const IPV6: u8 = 196;
const IPV4: u8 = 212;
const ARP: u8 = 213;
const RARP: u8 = 214;

/// A split flag that another one follows, after padding.
const EXCEPTION: u8 = 0xff;

/// Reads BSD's header: source, destination, system code.
pub(super) fn bsd(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[_, _, code] = cursor.take()?;
    carried(code, cursor)
}

/// Reads Linux's header, which has an offset before the system code.
pub(super) fn linux(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[_, _, _, _, code] = cursor.take()?;
    carried(code, cursor)
}

fn carried(code: u8, cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    match code {
        IPV4_OLD => Ok(Layer::Ip),
        IPV4 | IPV6 => split(cursor).map(|()| Layer::Ip),
        ARP_OLD | ARP | RARP => Err(SkipReason::Arp),
        _ => Err(SkipReason::UnsupportedEtherType),
    }
}

/// Goes past the split flag and the sequence number: only the first part of a packet, whose flag
/// is 0 or odd, has its IP header.
fn split(cursor: &mut Cursor<'_>) -> Result<(), SkipReason> {
    let &[mut flag, _, _] = cursor.take()?;
    if flag == EXCEPTION {
        [flag, _, _] = *cursor.take()?;
    }
    if flag == 0 || flag & 1 != 0 {
        Ok(())
    } else {
        Err(SkipReason::Fragment)
    }
}
