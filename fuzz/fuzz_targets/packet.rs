//! One frame of any link type: two octets of link type, two of what the snaplen cut, then data.
#![no_main]

use analyzer::frame::{Frame, LinkType, Origin, Offload};
use analyzer::packet::{Parsed, parse};
use analyzer::time::Timestamp;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(([a, b, c, d], data)) = input.split_first_chunk() else {
        return Corpus::Reject;
    };
    let Ok(len) = u32::try_from(data.len()) else {
        return Corpus::Reject;
    };
    let frame = Frame {
        time: Timestamp::MIN,
        link: LinkType(u16::from_le_bytes([*a, *b])),
        original_len: len + u32::from(u16::from_le_bytes([*c, *d])),
        offload: Offload::Unknown,
        data,
        origin: Origin::default(),
    };
    let parsed = parse(&frame);
    match parsed {
        Parsed::Packet(packet) => assert!(usize::from(packet.ip_offset) < data.len()),
        Parsed::Fragment(fragment) => assert!(usize::from(fragment.ip_offset) < data.len()),
        Parsed::Skip(_) => {}
    }
    Corpus::Keep
});
