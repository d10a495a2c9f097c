//! Whatever the octets are, reading them ends.

use std::io::Cursor;

use proptest::prelude::*;

use crate::builder::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn octets_changed_anywhere_end_without_panic(
        which in 0..3_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut octets = match which {
            0 => pcap(Little, MICROS, &frames()),
            1 => pcapng(Big, &frames()),
            _ => [pcapng(Little, &frames()), pcapng(Big, &frames())].concat(),
        };
        for (at, value) in changes {
            let at = at.index(octets.len());
            octets[at] = value;
        }
        let length = octets.len();
        if let Ok(reading) = try_read(Cursor::new(octets)) {
            prop_assert!(reading.seen.len() <= length / 16);
            for seen in reading.seen {
                prop_assert!(seen.frame.data.len() <= seen.frame.original_len as usize);
            }
        }
    }

    #[test]
    fn any_octets_after_a_header_end_without_panic(
        tail in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        for mut octets in [pcap(Little, MICROS, &[]), pcapng(Little, &[])] {
            octets.extend(&tail);
            prop_assert!(read(&octets).seen.len() <= tail.len() / 16 + 1);
        }
    }
}

#[test]
fn a_search_through_lies_takes_one_pass() {
    // Each of these claims to be a block of 9 MiB: believing one costs a look at its end.
    let lie = [Little.u32(6), Little.u32((9 << 20) + 4)].concat();
    let mut octets = pcapng(Little, &frames());
    octets.extend(Little.u32(6));
    octets.extend(Little.u32(13));
    octets.extend(lie.repeat(5 << 18));
    let reading = read(&octets);
    assert_eq!(reading.frames(), frames());
    assert_eq!(reading.report.corrupt_blocks, 1);
}

#[test]
fn interfaces_and_names_are_bounded() {
    let mut octets = section(Little);
    let one = interface(Little, 1, 0, &[]);
    octets.extend(one.repeat(70_000));
    octets.extend(enhanced(Little, 65_535, 1, &frame(b'a', 0, 60), &[]));
    octets.extend(enhanced(Little, 65_536, 1, &frame(b'b', 0, 60), &[]));
    let mut body = Little.u16(1);
    body.extend(Little.u16(4 + 40_000));
    body.extend([10, 0, 0, 1]);
    body.extend(b"a\0".repeat(20_000));
    octets.extend(block(Little, 4, &body).repeat(5));
    let reading = read(&octets);
    assert_eq!(
        reading
            .frames()
            .iter()
            .map(|f| f.data[0])
            .collect::<Vec<_>>(),
        b"a"
    );
    assert_eq!(reading.report.interfaces.len(), 65_536);
    assert_eq!(
        (reading.report.names.len(), reading.report.names_left_out),
        (65_536, 100_000 - 65_536)
    );
    assert_eq!(
        reading.warnings(),
        [
            "t: more than 65536 interfaces at byte 1572892: frames of later ones are left out",
            "t: block at byte 1680120 is damaged: its section describes no interface 65536; it is \
             left out",
        ]
    );
}
