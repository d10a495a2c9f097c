//! Blocks as the kernel writes them, and as it never should.

use super::*;

/// A frame as the kernel describes it.
#[derive(Clone, Copy)]
struct Told<'a> {
    hardware: u16,
    packet_type: u8,
    ether_type: u16,
    gso: (u8, u16),
    /// Octets of the link header, as the kernel knows it.
    link_len: u16,
    original_len: u32,
    data: &'a [u8],
}

const PLAIN: Told<'_> = Told {
    hardware: libc::ARPHRD_ETHER,
    packet_type: libc::PACKET_HOST,
    ether_type: IPV4,
    gso: (GSO_NONE, 0),
    link_len: 14,
    original_len: 1000,
    data: &[9; 60],
};

/// Where the frame's octets begin, behind headers and the virtio header.
const DATA: u16 = 112;

fn put(octets: &mut [u8], at: usize, value: &[u8]) {
    octets[at..at + value.len()].copy_from_slice(value);
}

fn described(told: &Told<'_>, is_last: bool) -> Vec<u8> {
    let data = usize::from(DATA);
    let mut octets = vec![0; (data + told.data.len()).next_multiple_of(8)];
    let next = if is_last { 0 } else { octets.len() };
    put(
        &mut octets,
        NEXT,
        &u32::try_from(next).unwrap().to_ne_bytes(),
    );
    put(&mut octets, SECONDS, &1_800_000_000_u32.to_ne_bytes());
    put(&mut octets, NANOSECONDS, &7_u32.to_ne_bytes());
    let kept = u32::try_from(told.data.len()).unwrap();
    put(&mut octets, KEPT_LEN, &kept.to_ne_bytes());
    put(&mut octets, ORIGINAL_LEN, &told.original_len.to_ne_bytes());
    put(&mut octets, LINK_OFFSET, &DATA.to_ne_bytes());
    put(
        &mut octets,
        NETWORK_OFFSET,
        &(DATA + told.link_len).to_ne_bytes(),
    );
    put(&mut octets, ETHER_TYPE, &told.ether_type.to_be_bytes());
    put(&mut octets, INTERFACE, &5_u32.to_ne_bytes());
    put(&mut octets, HARDWARE, &told.hardware.to_ne_bytes());
    octets[PACKET_TYPE] = told.packet_type;
    octets[data - VIRTIO + GSO_TYPE] = told.gso.0;
    put(
        &mut octets,
        data - VIRTIO + GSO_SIZE,
        &told.gso.1.to_ne_bytes(),
    );
    put(&mut octets, data, told.data);
    octets
}

/// The octets of a block from where they are lent.
fn block(told: &[Told<'_>]) -> Vec<u8> {
    let mut octets = vec![0; 48];
    put(
        &mut octets,
        12,
        &u32::try_from(told.len()).unwrap().to_ne_bytes(),
    );
    put(&mut octets, 16, &48_u32.to_ne_bytes());
    for (index, one) in told.iter().enumerate() {
        octets.extend(described(one, index + 1 == told.len()));
    }
    octets.split_off(LENT_FROM)
}

fn only<'b>(octets: &'b [u8], lost: &'b Cell<u64>) -> Frame<'b> {
    let frames: Vec<Frame<'b>> = Frames::of(octets, 1, lost).collect();
    assert_eq!((frames.len(), lost.get()), (1, 0));
    frames[0]
}

/// How many frames of a block can be read, and how many cannot.
fn counts(octets: &[u8]) -> (u64, u64) {
    let lost = Cell::new(0);
    let read = Frames::of(octets, 1, &lost).count() as u64;
    (read, lost.get())
}

#[test]
fn a_frame_says_when_where_and_how_long_it_was() {
    let octets = block(&[PLAIN]);
    let lost = Cell::new(0);
    let frame = only(&octets, &lost);
    assert_eq!(frame.time.as_nanos(), 1_800_000_000_000_000_007);
    assert_eq!((frame.original_len, frame.data), (1000, &[9; 60][..]));
    let origin = Origin {
        source: 1,
        interface: 5,
        direction: Direction::Incoming,
    };
    assert_eq!((frame.origin, frame.link), (origin, LinkType::ETHERNET));
}

#[test]
fn the_packet_type_says_which_way() {
    for (hardware, packet_type, direction) in [
        (
            libc::ARPHRD_ETHER,
            libc::PACKET_OUTGOING,
            Direction::Outgoing,
        ),
        (
            libc::ARPHRD_ETHER,
            libc::PACKET_OTHERHOST,
            Direction::Incoming,
        ),
        (
            libc::ARPHRD_ETHER,
            libc::PACKET_BROADCAST,
            Direction::Incoming,
        ),
        (libc::ARPHRD_LOOPBACK, libc::PACKET_HOST, Direction::Unknown),
    ] {
        let octets = block(&[Told {
            hardware,
            packet_type,
            ..PLAIN
        }]);
        assert_eq!(only(&octets, &Cell::new(0)).origin.direction, direction);
    }
}

#[test]
fn segments_are_as_long_as_the_virtio_header_says() {
    let size = NonZeroU16::new(1448).unwrap();
    for (gso, offload) in [
        ((GSO_NONE, 0), Offload::Whole),
        ((GSO_TCP_IPV4, 1448), Offload::Segments(size)),
        ((GSO_TCP_IPV6 | GSO_ECN, 1448), Offload::Segments(size)),
        ((GSO_UDP, 1448), Offload::Segments(size)),
        ((GSO_TCP_IPV4, 0), Offload::Unknown),
        ((3, 1448), Offload::Unknown),
    ] {
        let octets = block(&[Told { gso, ..PLAIN }]);
        assert_eq!(only(&octets, &Cell::new(0)).offload, offload, "{gso:?}");
    }
}

#[test]
fn a_tunnel_interface_gives_ip_whatever_stands_before_it() {
    for link_len in [0, 4] {
        let octets = block(&[Told {
            hardware: libc::ARPHRD_NONE,
            link_len,
            ..PLAIN
        }]);
        let lost = Cell::new(0);
        let frame = only(&octets, &lost);
        assert_eq!(frame.link, LinkType::RAW);
        assert_eq!(frame.data.len(), 60 - usize::from(link_len));
        assert_eq!(frame.original_len, 1000 - u32::from(link_len));
    }
    let octets = block(&[Told {
        hardware: libc::ARPHRD_NONE,
        ether_type: 0x88cc,
        ..PLAIN
    }]);
    assert_eq!(only(&octets, &Cell::new(0)).link, UNKNOWN_LINK);
}

#[test]
fn frames_come_one_after_the_other() {
    let lens = [60, 1, 0, 90];
    let told = lens.map(|len| Told {
        data: &[9; 90][..len],
        ..PLAIN
    });
    let (octets, lost) = (block(&told), Cell::new(0));
    let found = Frames::of(&octets, 1, &lost).map(|frame| frame.data.len());
    assert_eq!(found.collect::<Vec<_>>(), lens);
    assert_eq!(lost.get(), 0);
}

#[test]
fn a_frame_that_makes_no_sense_is_lost_and_those_after_it_are_read() {
    let odd = Told {
        hardware: libc::ARPHRD_NONE,
        link_len: 0,
        data: &[9; 77],
        ..PLAIN
    };
    let mut octets = block(&[PLAIN, odd, PLAIN]);
    let second = 48 - LENT_FROM + described(&PLAIN, false).len();
    // The IP header is before the frame.
    let before = DATA - 1;
    put(&mut octets, second + NETWORK_OFFSET, &before.to_ne_bytes());
    assert_eq!(counts(&octets), (2, 1));
}

#[test]
fn a_tunnels_frame_that_was_shorter_than_its_header_has_no_octets_of_ip() {
    let octets = block(&[Told {
        hardware: libc::ARPHRD_NONE,
        original_len: 3,
        data: &[9; 3],
        ..PLAIN
    }]);
    let lost = Cell::new(0);
    let frame = only(&octets, &lost);
    assert_eq!((frame.original_len, frame.data.len()), (0, 0));
}

#[test]
fn whatever_a_block_says_every_frame_is_accounted_for() {
    let whole = block(&[PLAIN, PLAIN, PLAIN]);
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut octets = whole.clone();
            octets[at] = value;
            let told = word(&octets, FRAMES).map_or(0, u64::from);
            let (read, lost) = counts(&octets);
            assert_eq!(read + lost, told, "octet {at} is {value}");
            assert!(read <= 4, "octet {at} is {value}");
        }
    }
    for len in 0..whole.len() {
        let told = word(&whole[..len], FRAMES).map_or(0, u64::from);
        let (read, lost) = counts(&whole[..len]);
        assert_eq!(read + lost, told, "cut to {len}");
    }
}
