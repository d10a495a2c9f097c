//! What the ring says of frames that are known.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use analyzer::frame::{Direction, LinkType, Offload};
use analyzer::packet::{self, Packet, Parsed};
use live::capture::{Ring, RingSettings};

use crate::lab::{inside, run};
use crate::namespace::Cable;

const SETTINGS: RingSettings = RingSettings {
    octets: 4 << 20,
    snaplen: 192,
    dns_snaplen: 65_535,
    block_timeout: Duration::from_millis(20),
    source: 1,
};

/// A frame, as far as tests look at it.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    packet: Packet,
    interface: u32,
    direction: Direction,
    link: LinkType,
    original_len: u32,
    kept: usize,
    offload: Offload,
}

/// What is in the ring until it is silent for a quarter of a second: packets with a port.
fn drain(ring: &mut Ring, port: u16) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(block) = ring.next_block(Duration::from_secs(1)).unwrap() {
        for frame in block.frames() {
            let Parsed::Packet(packet) = packet::parse(&frame) else {
                continue;
            };
            if [packet.source_port, packet.destination_port].contains(&port) {
                seen.push(Seen {
                    packet,
                    interface: frame.origin.interface,
                    direction: frame.origin.direction,
                    link: frame.link,
                    original_len: frame.original_len,
                    kept: frame.data.len(),
                    offload: frame.offload,
                });
            }
        }
    }
    seen
}

/// Sends datagrams of so many octets from one socket to an address.
fn send(namespace: &str, from: &str, to: &str, octets: usize, times: usize) {
    inside(namespace, || {
        let socket = UdpSocket::bind(from).unwrap();
        for _ in 0..times {
            socket.send_to(&vec![7; octets], to).unwrap();
        }
    });
}

fn index_of(namespace: &str, interface: &str) -> u32 {
    let path = format!("/sys/class/net/{interface}/ifindex");
    let index = run(&format!("ip netns exec {namespace} cat {path}"));
    index.trim().parse().unwrap()
}

#[test]
fn frames_say_which_interface_they_passed_and_which_way() {
    let Some(cable) = Cable::plug() else { return };
    let mut ring = cable.ring(&SETTINGS);
    for (there, here, v6) in [("10.9.0.2", "10.9.0.1", 0), ("[fd09::2]", "[fd09::1]", 20)] {
        let (there, here) = (format!("{there}:7001"), format!("{here}:7002"));
        send(&cable.there, &there, &here, 1000, 2);
        send(&cable.here, &here, &there, 1000, 3);
        let seen = drain(&mut ring, 7001);
        let ways = seen.iter().map(|seen| seen.direction);
        assert_eq!(
            ways.collect::<Vec<_>>(),
            [
                [Direction::Incoming; 2].as_slice(),
                &[Direction::Outgoing; 3]
            ]
            .concat()
        );
        let here0 = index_of(&cable.here, "here0");
        for seen in seen {
            assert_eq!((seen.interface, seen.link), (here0, LinkType::ETHERNET));
            assert_eq!((seen.original_len, seen.kept), (1042 + v6, 192));
            assert_eq!(seen.offload, Offload::Whole);
        }
    }
}

#[test]
fn dns_is_kept_whole_and_no_more_than_its_own_snaplen() {
    let Some(cable) = Cable::plug() else { return };
    for (dns_snaplen, kept) in [(65_535, 942), (512, 512)] {
        let mut ring = cable.ring(&RingSettings {
            dns_snaplen,
            ..SETTINGS
        });
        send(&cable.there, "10.9.0.2:53", "10.9.0.1:7003", 900, 1);
        let seen = drain(&mut ring, 7003);
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].kept, seen[0].original_len), (kept, 942));
    }
}

#[test]
fn loopback_is_seen_once_and_has_no_direction() {
    let Some(cable) = Cable::plug() else { return };
    let mut ring = cable.ring(&SETTINGS);
    send(&cable.here, "127.0.0.1:7004", "127.0.0.1:7005", 10, 5);
    let seen = drain(&mut ring, 7004);
    assert_eq!(seen.len(), 5);
    for seen in seen {
        assert_eq!(seen.direction, Direction::Unknown);
        assert_eq!(seen.link, LinkType::ETHERNET);
    }
}

#[test]
fn segments_are_those_that_the_sender_counted() {
    let Some(cable) = Cable::plug() else { return };
    let mut ring = cable.ring(&RingSettings {
        octets: 32 << 20,
        ..SETTINGS
    });
    let (sent, octets) = (8, 1 << 20);
    let before = segments_out(&cable.there);
    let listener = inside(&cable.here, || TcpListener::bind("10.9.0.1:7006").unwrap());
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        io::copy(&mut stream, &mut io::sink()).unwrap()
    });
    inside(&cable.there, || {
        let mut stream = TcpStream::connect("10.9.0.1:7006").unwrap();
        for _ in 0..sent {
            stream.write_all(&vec![7; octets]).unwrap();
        }
    });
    assert_eq!(receiver.join().unwrap(), (sent * octets) as u64);
    let after = segments_out(&cable.there);
    let seen = drain(&mut ring, 7006);
    let incoming = seen
        .iter()
        .filter(|seen| seen.direction == Direction::Incoming);
    let merged = incoming.clone().filter(|seen| seen.original_len > 1514);
    assert!(merged.count() > 0, "nothing was offloaded");
    let counted: u64 = incoming.map(segments).sum();
    assert_eq!(counted, after - before);
    assert_eq!(ring.statistics().unwrap().dropped, 0);
}

fn segments(seen: &Seen) -> u64 {
    match (seen.offload, seen.packet.transport) {
        (Offload::Segments(size), packet::Transport::Tcp(Some(segment))) => {
            u64::from(segment.payload_len.div_ceil(size.get().into()).max(1))
        }
        _ => 1,
    }
}

/// TCP segments that a namespace has sent. `OutSegs` leaves out what was sent again.
fn segments_out(namespace: &str) -> u64 {
    let told = run(&format!(
        "ip netns exec {namespace} nstat -asz TcpOutSegs TcpRetransSegs"
    ));
    let counter = |name| -> u64 {
        let line = told.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.unwrap().parse().unwrap()
    };
    counter("TcpOutSegs") + counter("TcpRetransSegs")
}

#[test]
fn what_a_starved_reader_loses_is_counted() {
    let Some(cable) = Cable::plug() else { return };
    let mut ring = cable.ring(&RingSettings {
        octets: 512 << 10,
        ..SETTINGS
    });
    let sent = 20_000;
    send(&cable.there, "10.9.0.2:7007", "10.9.0.1:7008", 100, sent);
    let read = drain(&mut ring, 7007).len() as u64;
    let statistics = ring.statistics().unwrap();
    assert!(
        statistics.dropped > 0 && statistics.freezes > 0,
        "{statistics:?}"
    );
    assert!(read > 0 && read <= statistics.stored);
    let others = statistics.stored - read;
    assert!(read + statistics.dropped >= sent as u64);
    assert!(
        read + statistics.dropped <= sent as u64 + others + 50,
        "{statistics:?}"
    );
    send(&cable.there, "10.9.0.2:7007", "10.9.0.1:7008", 100, 10);
    assert_eq!(drain(&mut ring, 7007).len(), 10, "and it goes on");
    let later = ring.statistics().unwrap();
    assert_eq!(later.dropped, statistics.dropped, "summed, not forgotten");
}

#[test]
fn interfaces_may_come_and_go() {
    let Some(cable) = Cable::plug() else { return };
    let mut ring = cable.ring(&SETTINGS);
    let names = ring.interface_names().unwrap();
    let here0 = index_of(&cable.here, "here0");
    assert_eq!(names.name(here0).as_deref(), Some("here0"));
    send(&cable.there, "10.9.0.2:7009", "10.9.0.1:7010", 10, 1);
    run(&format!("ip -n {} link set here0 down", cable.here));
    run(&format!("ip -n {} link del here0", cable.here));
    assert_eq!(drain(&mut ring, 7009).len(), 1);
    assert_eq!(names.name(here0), None);
    run(&format!(
        "ip -n {} link add late0 type veth peer name late1 netns {}",
        cable.here, cable.there
    ));
    run(&format!(
        "ip -n {} addr add 10.8.0.1/24 dev late0",
        cable.here
    ));
    run(&format!("ip -n {} link set late0 up", cable.here));
    run(&format!(
        "ip -n {} addr add 10.8.0.2/24 dev late1",
        cable.there
    ));
    run(&format!("ip -n {} link set late1 up", cable.there));
    send(&cable.there, "10.8.0.2:7009", "10.8.0.1:7010", 10, 1);
    let seen = drain(&mut ring, 7009);
    assert_eq!(seen.len(), 1);
    assert_eq!(names.name(seen[0].interface).as_deref(), Some("late0"));
}
