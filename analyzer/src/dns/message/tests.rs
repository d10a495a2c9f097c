//! Messages as they are written here: a name a word, a record a line.

use proptest::prelude::*;

use super::*;

/// A record: owner, type, time to live, data.
#[derive(Clone, Debug)]
struct Record(&'static str, u16, u32, Vec<u8>);

fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let octets = labels.flat_map(|label| {
        let len = u8::try_from(label.len()).unwrap();
        [&[len], label.as_bytes()].concat()
    });
    octets.chain([0]).collect()
}

/// An answer to a question for `name`; of `name` there is only a pointer in the records.
fn answer(flags: u16, name: &str, kind: u16, records: &[Record]) -> Vec<u8> {
    let mut octets = vec![0x12, 0x34];
    octets.extend(flags.to_be_bytes());
    octets.extend([0, 1]);
    octets.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
    octets.extend([0, 0, 0, 0]);
    octets.extend(wire(name));
    octets.extend(kind.to_be_bytes());
    octets.extend([0, 1]);
    for Record(owner, kind, ttl, data) in records {
        if *owner == name {
            octets.extend([0xc0, 12]);
        } else {
            octets.extend(wire(owner));
        }
        octets.extend(kind.to_be_bytes());
        octets.extend([0, 1]);
        octets.extend(ttl.to_be_bytes());
        octets.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        octets.extend(data);
    }
    octets
}

const OK: u16 = 0x8180;

fn a(owner: &'static str, ttl: u32, last: u8) -> Record {
    Record(owner, A, ttl, vec![203, 0, 113, last])
}

fn alias(owner: &'static str, ttl: u32, target: &str) -> Record {
    Record(owner, CNAME, ttl, wire(target))
}

/// The answer in a line: `name: address ttl, …`.
fn told(message: &[u8]) -> Result<String, NoAnswer> {
    let Answer { name, addresses } = read(message)?;
    let addresses: Vec<String> = addresses
        .iter()
        .map(|(ip, ttl)| format!("{ip} {ttl}"))
        .collect();
    Ok(format!("{name}: {}", addresses.join(", ")))
}

#[test]
fn the_name_asked_for_names_every_address() {
    let six = Record("Api.example", AAAA, 60, vec![0xfd; 16]);
    let message = answer(
        OK,
        "Api.example",
        A,
        &[a("Api.example", 30, 1), a("API.EXAMPLE", 20, 2), six],
    );
    let expected =
        "api.example: 203.0.113.1 30, 203.0.113.2 20, fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd 60";
    assert_eq!(told(&message).unwrap(), expected);
}

#[test]
fn aliases_are_followed_and_the_shortest_time_counts() {
    let records = [
        alias("www.shop", 5, "edge.cdn"),
        a("stranger", 90, 9),
        alias("edge.cdn", 300, "e7.cdn"),
        a("e7.cdn", 60, 1),
        a("www.shop", 60, 2),
        a("e7.cdn", 2, 3),
    ];
    let message = answer(OK, "www.shop", A, &records);
    assert_eq!(
        told(&message).unwrap(),
        "www.shop: 203.0.113.1 5, 203.0.113.3 2"
    );
}

#[test]
fn what_names_no_address_is_left_alone() {
    let one = [a("n", 1, 1)];
    let (query, no_such_name, update) = (0x0100, 0x8183, 0xa800);
    let cases = [
        ("a query", answer(query, "n", A, &one)),
        ("no such name", answer(no_such_name, "n", A, &[])),
        ("no answer to a query", answer(update, "n", A, &one)),
        ("no address", answer(OK, "n", A, &[])),
        ("another's address", answer(OK, "n", A, &[a("m", 1, 1)])),
        (
            "an alias of nothing",
            answer(OK, "n", A, &[alias("n", 1, "m")]),
        ),
        (
            "an alias of itself",
            answer(OK, "n", A, &[alias("n", 1, "n")]),
        ),
        ("mail", answer(OK, "n", 15, &one)),
        ("the root", answer(OK, "", A, &[a("", 1, 1)])),
        (
            "an address of three octets",
            answer(OK, "n", A, &[Record("n", A, 1, vec![1, 2, 3])]),
        ),
        ("no DNS", vec![0; 100]),
    ];
    for (case, message) in cases {
        assert_eq!(told(&message), Err(NoAnswer::Other), "{case}");
    }
}

#[test]
fn a_negative_time_to_live_is_none() {
    let message = answer(
        OK,
        "n",
        ANY,
        &[a("n", 1 << 31, 1), a("n", u32::MAX >> 1, 2)],
    );
    assert_eq!(
        told(&message).unwrap(),
        "n: 203.0.113.1 0, 203.0.113.2 2147483647"
    );
}

#[test]
fn a_truncated_answer_says_so() {
    let truncated = OK | u16::from(TRUNCATED) << 8;
    assert_eq!(
        told(&answer(truncated, "n", A, &[])),
        Err(NoAnswer::Truncated)
    );
    assert_eq!(
        told(&answer(truncated, "n", 15, &[])),
        Err(NoAnswer::Other),
        "of no addresses"
    );
}

#[test]
fn a_message_that_was_cut_anywhere_ends() {
    let records = [alias("n", 9, "m"), a("m", 9, 1), a("m", 9, 2)];
    let message = answer(OK, "n", A, &records);
    for len in 0..message.len() {
        assert_eq!(told(&message[..len]), Err(NoAnswer::Ends), "{len}");
    }
    let longer = [message.as_slice(), &[0; 11]].concat();
    assert!(told(&message).is_ok() && told(&longer) == told(&message));
}

#[test]
fn counts_that_lie_end_with_the_octets() {
    let mut message = answer(OK, "n", A, &[a("n", 1, 1)]);
    message[6..8].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(told(&message), Err(NoAnswer::Ends));
}

proptest! {
    #[test]
    fn any_octets_have_an_answer_or_a_reason(
        records in prop::collection::vec(
            prop_oneof![Just(a("n", 1, 1)), Just(alias("n", 1, "m")), Just(a("m", 1, 2))], 0..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut message = answer(OK, "n", A, &records);
        message.extend(tail);
        for (index, octet) in changes {
            let at = index.index(message.len());
            message[at] = octet;
        }
        if let Ok(found) = read(&message) {
            // An address takes four octets at least, after ten others.
            prop_assert!(!found.addresses.is_empty());
            prop_assert!(found.addresses.len() <= message.len() / 14);
            prop_assert!(!found.name.to_string().is_empty());
        }
    }
}
