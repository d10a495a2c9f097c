//! What capture drivers put before IEEE 802.11 frames: radiotap, Prism, AVS and PPI headers.
//!
//! **Source** radiotap.org; `LINKTYPE_IEEE802_11_PRISM`; `LINKTYPE_IEEE802_11_AVS`; `LINKTYPE_PPI`.

use super::cursor::Cursor;
use super::layer::Layer;
use crate::frame::LinkType;
use crate::skip::SkipReason;

/// Goes past a radiotap header, whose length is in octets 2 and 3. What it tells of the frame is
/// read for whether the MAC header is filled up.
pub(super) fn radiotap(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const FIXED_LEN: usize = 4;
    let told = *cursor;
    let &[_, _, len0, len1] = cursor.take::<FIXED_LEN>()?;
    let len = usize::from(u16::from_le_bytes([len0, len1]));
    skip_rest(cursor, len, FIXED_LEN)?;
    let flags = radiotap_flags(told, len).unwrap_or_default();
    Ok(if flags & PADDED == 0 {
        Layer::Wifi
    } else {
        Layer::WifiPadded
    })
}

/// Of radiotap's flags: the MAC header is filled up to whole words.
const PADDED: u8 = 0x20;

/// The flags in a radiotap header of `len` octets, if it has any. Fields lie at multiples of their
/// length, in the order of the bits that announce them: first the time of the card, then flags.
fn radiotap_flags(mut header: Cursor<'_>, len: usize) -> Result<u8, SkipReason> {
    const TIME: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    const TIME_LEN: usize = 8;

    let start = header.link_len();
    header.skip(4)?;
    let told = u32::from_le_bytes(*header.take()?);
    let mut last = told;
    while last & MORE != 0 {
        last = u32::from_le_bytes(*header.take()?);
    }
    if told & TIME != 0 {
        let at = start - header.link_len();
        header.skip(at.next_multiple_of(TIME_LEN) - at + TIME_LEN)?;
    }
    let is_within = start - header.link_len() < len;
    if told & FLAGS != 0 && is_within {
        header.u8()
    } else {
        Ok(0)
    }
}

/// Goes past a Prism header, or an AVS header under the same link type.
pub(super) fn prism(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const AVS_MAGIC: [u8; 3] = [0x80, 0x21, 0x10];
    const PRISM_LEN: usize = 144;
    if cursor.peek() == Ok(&AVS_MAGIC) {
        avs(cursor)
    } else {
        cursor.skip(PRISM_LEN).map(|()| Layer::Wifi)
    }
}

/// Goes past an AVS header, whose length follows its magic.
pub(super) fn avs(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const FIXED_LEN: usize = 8;
    let &[_, _, _, _, len @ ..] = cursor.take::<FIXED_LEN>()?;
    let len = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
    skip_rest(cursor, len, FIXED_LEN).map(|()| Layer::Wifi)
}

/// Goes past a PPI header, which names the link type of what follows.
pub(super) fn ppi(cursor: &mut Cursor<'_>) -> Result<Layer, SkipReason> {
    const FIXED_LEN: usize = 8;
    let &[_, _, len0, len1, link @ ..] = cursor.take::<FIXED_LEN>()?;
    let len = usize::from(u16::from_le_bytes([len0, len1]));
    skip_rest(cursor, len, FIXED_LEN)?;
    let link = u16::try_from(u32::from_le_bytes(link));
    let link = link.map_err(|_| SkipReason::UnsupportedLink)?;
    Ok(Layer::Link(LinkType(link)))
}

/// Leaves out what is left of a header of `len` octets after its first `fixed_len`.
fn skip_rest(cursor: &mut Cursor<'_>, len: usize, fixed_len: usize) -> Result<(), SkipReason> {
    cursor.skip(len.checked_sub(fixed_len).ok_or(SkipReason::Malformed)?)
}
