//! Packets that netfilter logged: a header, then attributes, one of which is the packet.
//!
//! **Source** `LINKTYPE_NFLOG`; Linux `nfnetlink_log.h`. Attributes are in the byte order of the
//! capturing machine, which a length of few octets gives away.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The attribute that is the packet.
const PAYLOAD: u16 = 9;
/// Length and type.
const ATTRIBUTE_HEADER_LEN: u16 = 4;

/// Goes past everything before the packet.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[family, version, _, _] = cursor.take()?;
    if version != 0 {
        return Err(SkipReason::Malformed);
    }
    if !matches!(family, AF_INET | AF_INET6) {
        return Err(SkipReason::UnsupportedEtherType);
    }
    let &[_, _, type0, type1] = cursor.peek()?;
    let number: fn([u8; 2]) -> u16 = if type0 == 0 && type1 != 0 {
        u16::from_be_bytes
    } else {
        u16::from_le_bytes
    };
    loop {
        let &[len0, len1, type0, type1] = cursor.take()?;
        if number([type0, type1]) == PAYLOAD {
            return Ok(Layer::Ip);
        }
        let value_len = number([len0, len1]).checked_sub(ATTRIBUTE_HEADER_LEN);
        let value_len = usize::from(value_len.ok_or(SkipReason::Malformed)?);
        cursor.skip(value_len.next_multiple_of(4))?;
    }
}
