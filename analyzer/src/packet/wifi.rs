//! IEEE 802.11 data frames.
//!
//! **Source** IEEE 802.11-2020 §9.2.4 and §9.3.2.1. Frames of several MSDUs, encrypted frames,
//! control and management are not read.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::skip::SkipReason;

/// First octet of frame control: version and type, then bits of the data subtype.
const VERSION_AND_TYPE: u8 = 0x0f;
const DATA: u8 = 0x08;
const NO_DATA: u8 = 0x40;
const QOS: u8 = 0x80;

/// Second octet of frame control.
const TO_AND_FROM_DISTRIBUTION: u8 = 0x03;
const PROTECTED: u8 = 0x40;
const HT_CONTROL: u8 = 0x80;

/// In the sequence control field.
const FRAGMENT_NUMBER: u8 = 0x0f;
/// In the first octet of `QoS` control: several MSDUs follow.
const AGGREGATE: u8 = 0x80;

/// Reads a MAC header that some cards fill up to whole words.
pub(super) fn next_padded(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const WORD: usize = 4;
    let before = cursor.link_len();
    let inside = next(cursor)?;
    let len = before - cursor.link_len();
    cursor.skip(len.next_multiple_of(WORD) - len)?;
    Ok(inside)
}

/// Reads a MAC header.
pub(super) fn next(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    let &[subtype, flags, ..] = cursor.peek::<2>()?;
    if subtype & VERSION_AND_TYPE != DATA || subtype & NO_DATA != 0 || flags & PROTECTED != 0 {
        return Err(SkipReason::UnsupportedEtherType);
    }
    let &[.., sequence, _] = cursor.take::<24>()?;
    if flags & TO_AND_FROM_DISTRIBUTION == TO_AND_FROM_DISTRIBUTION {
        cursor.skip(6)?; // the fourth address
    }
    if subtype & QOS != 0 {
        let &[qos, _] = cursor.take()?;
        if qos & AGGREGATE != 0 {
            return Err(SkipReason::UnsupportedEtherType);
        }
        if flags & HT_CONTROL != 0 {
            cursor.skip(4)?;
        }
    }
    if sequence & FRAGMENT_NUMBER != 0 {
        return Err(SkipReason::Fragment);
    }
    Ok(Layer::Llc)
}
