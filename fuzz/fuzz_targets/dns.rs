//! Messages from port 53: a first octet that says how they came and what the snaplen cut, then the
//! message.
#![no_main]

use analyzer::dns::message;
use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Frame, LinkType, Origin, Offload};
use analyzer::snapshot::{Provenance, Source};
use analyzer::time::Timestamp;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((how, message)) = input.split_first() else {
        return Corpus::Reject;
    };
    // IP's length has 16 bits.
    if message.len() > 65_000 {
        return Corpus::Reject;
    }
    let answer = message::read(message);
    if let Ok(answer) = &answer {
        let name = answer.name.to_string();
        assert!(!name.is_empty() && name.len() <= 4 * 255, "{name}");
        assert!(name.bytes().all(|octet| octet.is_ascii_graphic()), "{name}");
        assert!(answer.addresses.len() <= message.len() / 14);
    }
    let packet = packet(how & 1 != 0, message);
    let kept = packet.len() - usize::from(how >> 1).min(message.len());
    let mut engine = Engine::new(Settings {
        limits: pilotfish_fuzz::small_limits(),
        ..Settings::default()
    });
    for seconds in [1, 9, 200] {
        engine.ingest(&Frame {
            time: Timestamp::from_nanos(seconds * 1_000_000_000),
            link: LinkType::RAW,
            original_len: packet.len() as u32,
            offload: Offload::Unknown,
            data: &packet[..kept],
            origin: Origin::default(),
        });
    }
    let snapshot = engine.into_snapshot(Provenance::new(Source::Replay));
    assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
    assert!(snapshot.coverage.dns_cut <= 3 * (message.len() as u64 + 1));
    pilotfish_fuzz::answer_everything(&snapshot);
    Corpus::Keep
});

/// An IPv4 packet from port 53; over TCP the message is all of the payload, its length included.
fn packet(tcp: bool, message: &[u8]) -> Vec<u8> {
    let transport: &[u8] = if tcp {
        &[
            0, 53, 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 0, 0, 0, 0, 0,
        ]
    } else {
        &[0, 53, 0x9c, 0x40, 0, 0, 0, 0]
    };
    let total = (20 + transport.len() + message.len()) as u16;
    let mut octets = vec![0x45, 0];
    octets.extend(total.to_be_bytes());
    octets.extend([0, 1, 0x40, 0, 64, if tcp { 6 } else { 17 }, 0, 0]);
    octets.extend([10, 0, 0, 53, 203, 0, 113, 9]);
    [&octets, transport, message].concat()
}
