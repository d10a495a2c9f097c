use super::*;
use crate::frame::{LinkType, Offload, Origin};
use crate::packet::{Parsed, parse};

const CLIENT: [u8; 4] = [10, 0, 0, 1];

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

/// A DNS message: `n` is at 203.0.113.9 for ten seconds.
fn message() -> Vec<u8> {
    let header = [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    let question = [1, b'n', 0, 0, 1, 0, 1];
    let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 10, 0, 4, 203, 0, 113, 9];
    [header.as_slice(), &question, &record].concat()
}

/// A message as it goes over TCP.
fn prefixed(message: &[u8]) -> Vec<u8> {
    let len = u16::try_from(message.len()).unwrap();
    [&len.to_be_bytes(), message].concat()
}

/// An IPv4 packet from port 53 to the client; `protocol` is 6 or 17.
fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut transport = vec![0, 53, 0x9c, 0x40];
    match protocol {
        6 => transport.extend([0, 0, 0, 1, 0, 0, 0, 1, 5 << 4, 0x18, 0, 0, 0, 0, 0, 0]),
        _ => transport.extend([0, 0, 0, 0]),
    }
    let total = u16::try_from(20 + transport.len() + payload.len()).unwrap();
    let mut octets = vec![0x45, 0];
    octets.extend(total.to_be_bytes());
    octets.extend([0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 53]);
    octets.extend(CLIENT);
    [octets, transport, payload.to_vec()].concat()
}

/// What is known after packets, of which `kept` octets were captured.
fn read(packets: &[Vec<u8>], kept: usize) -> NameRecords {
    let mut names = NameRecords::new(100, 0);
    for octets in packets {
        let data = octets.get(..kept).unwrap_or(octets);
        let frame = Frame {
            time: Timestamp::from_nanos(1_000_000_000),
            link: LinkType::RAW,
            original_len: u32::try_from(octets.len()).unwrap(),
            offload: Offload::Unknown,
            data,
            origin: Origin::default(),
        };
        let Parsed::Packet(packet) = parse(&frame) else {
            panic!("no packet")
        };
        names.read(&frame, &packet);
    }
    names.settle();
    names
}

/// The names that the client was given for 203.0.113.9, and how many answers were cut.
fn told(names: &NameRecords) -> (usize, u64) {
    let asked = Asked {
        client: CLIENT.into(),
        address: [203, 0, 113, 9].into(),
    };
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    (
        names.given().during(asked, first, last).count(),
        names.cut(),
    )
}

const ALL: usize = usize::MAX;

#[test]
fn an_answer_names_an_address_for_whom_it_goes_to() {
    let names = read(&[packet(17, &message())], ALL);
    assert_eq!(told(&names), (1, 0));
    let held = |client: [u8; 4], seconds: u64| {
        let at = Timestamp::from_nanos(seconds * 1_000_000_000);
        let asked = Asked {
            client: client.into(),
            address: [203, 0, 113, 9].into(),
        };
        names.given().during(asked, at, at).count()
    };
    // From the first second on, for ten seconds and five more.
    assert_eq!(
        [0, 1, 16, 17].map(|second| held(CLIENT, second)),
        [0, 1, 1, 0]
    );
    assert_eq!(held([10, 0, 0, 2], 1), 0);
}

#[test]
fn a_datagram_that_was_cut_is_counted() {
    let octets = packet(17, &message());
    let one = [octets.clone()];
    for kept in 28..octets.len() {
        assert_eq!(told(&read(&one, kept)), (0, 1), "{kept}");
    }
    let mut first_fragment = octets.clone();
    first_fragment[6] = 0x20;
    first_fragment.truncate(octets.len() - 3);
    let len = u8::try_from(first_fragment.len()).unwrap();
    first_fragment[3] = len;
    assert_eq!(told(&read(&[first_fragment], ALL)), (0, 1), "a fragment");
    let mut malformed = message();
    malformed.truncate(30);
    assert_eq!(
        told(&read(&[packet(17, &malformed)], ALL)),
        (0, 0),
        "never whole"
    );
    let mut unkept_end = octets;
    unkept_end.extend([0; 40]);
    assert_eq!(
        told(&read(&[unkept_end], 63)),
        (1, 0),
        "the answer itself is whole"
    );
}

#[test]
fn over_tcp_messages_are_read_that_lie_in_one_segment() {
    let one = prefixed(&message());
    let both = [one.as_slice(), &one].concat();
    assert_eq!(told(&read(&[packet(6, &one)], ALL)), (1, 0));
    let mut query_first = one.clone();
    query_first[4] = 1;
    query_first.extend(&one);
    assert_eq!(
        told(&read(&[packet(6, &query_first)], ALL)),
        (1, 0),
        "the second"
    );
    let padded = [packet(6, &[]), one.clone()].concat();
    assert_eq!(told(&read(&[padded], ALL)), (0, 0), "behind the packet");
    // A last part of two octets passes for a length.
    for at in (14..one.len()).filter(|at| *at != one.len() - 2) {
        let (start, rest) = one.split_at(at);
        let segments = [packet(6, start), packet(6, rest)];
        assert_eq!(told(&read(&segments, ALL)), (0, 1), "in two at {at}");
        let (start, rest) = both.split_at(one.len() + at);
        let segments = [packet(6, start), packet(6, rest)];
        assert_eq!(
            told(&read(&segments, ALL)),
            (1, 1),
            "the second in two at {at}"
        );
    }
    let apart = [packet(6, &one[..2]), packet(6, &one[2..])];
    assert_eq!(told(&read(&apart, ALL)), (0, 1), "its length apart");
    for kept in 40..40 + one.len() {
        assert_eq!(
            told(&read(&[packet(6, &one)], kept)),
            (0, 1),
            "{kept} were kept"
        );
    }
}

#[test]
fn names_are_sorted_and_each_is_there_once() {
    let mut names = NameRecords::new(10, 0);
    for name in ["b.example", "A.example", "a.example", "b.example"] {
        names.insert(address(1), name);
    }
    let of: Vec<&str> = names.of(address(1)).iter().map(|name| &**name).collect();
    assert_eq!(of, ["a.example", "b.example"]);
    assert_eq!((names.of(address(2)).len(), names.refused()), (0, 0));
}

#[test]
fn what_does_not_fit_is_counted() {
    let mut names = NameRecords::new(100, 0);
    names.insert(address(1), "");
    names.insert(address(1), &"x".repeat(256));
    for n in 0..70 {
        names.insert(address(2), &format!("name-{n}"));
    }
    assert_eq!((names.of(address(2)).len(), names.refused()), (64, 8));
    let mut few = NameRecords::new(1, 0);
    few.insert(address(1), "a");
    few.insert(address(2), "b");
    assert_eq!((few.of(address(2)).len(), few.refused()), (0, 1));
}
