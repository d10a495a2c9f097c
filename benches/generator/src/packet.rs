//! A step of a conversation as an IP packet, lengths and checksums right.
//!
//! **Units** octets. **Source** RFC 791, 8200, 9293, 768, 792, 4443, 1035.

use std::net::IpAddr;

use crate::checksum::{folded, sum};
use crate::conversation::{Conversation, Family, Message, Sender, Step};
use crate::topology::Topology;

const TTL: u8 = 63;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;
/// What payloads without a meaning consist of.
const FILLER: u8 = b'p';
/// What is asked for: `api.shop.svc.cluster.local`, address, Internet.
const QUESTION: &[u8] = b"\x03api\x04shop\x03svc\x07cluster\x05local\0\0\x01\0\x01";
/// The answer: the name above, address, Internet, 30 s, 10.96.0.1.
const ANSWER: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\x0a\x60\0\x01";

/// Replaces what is in `packet` with the one of `step`.
pub(crate) fn build(
    packet: &mut Vec<u8>,
    topology: Topology,
    conversation: &Conversation,
    step: Step,
) {
    let ends = conversation.ends;
    let (from, to) = ends.way(step.sender);
    let ports = match step.sender {
        Sender::Client => [ends.client_port, ends.server_port],
        Sender::Server => [ends.server_port, ends.client_port],
    };
    packet.clear();
    let (source, destination, protocol) = match ends.family {
        Family::V4 => {
            let (source, destination) = (topology.v4(from), topology.v4(to));
            let protocol = protocol(step.message, ICMP);
            ipv4(packet, source.octets(), destination.octets(), protocol);
            (IpAddr::V4(source), IpAddr::V4(destination), protocol)
        }
        Family::V6 => {
            let (source, destination) = (topology.v6(from), topology.v6(to));
            let protocol = protocol(step.message, ICMP_V6);
            ipv6(packet, source.octets(), destination.octets(), protocol);
            (IpAddr::V6(source), IpAddr::V6(destination), protocol)
        }
    };
    let transport = packet.len();
    let checksum_at = message(packet, ports, step.message, ends.family);
    set_lengths(packet, ends.family, transport, protocol);
    let pseudo = pseudo_header(source, destination, protocol, packet.len() - transport);
    let sum = sum(pseudo, packet.get(transport..).unwrap_or_default());
    put(packet, transport + checksum_at, folded(sum));
}

const fn protocol(message: Message, icmp: u8) -> u8 {
    match message {
        Message::Tcp { .. } => TCP,
        Message::Udp { .. } | Message::DnsQuery { .. } | Message::DnsAnswer { .. } => UDP,
        Message::EchoRequest { .. } | Message::EchoReply { .. } => icmp,
    }
}

/// The header without its length and checksum: version 4, no options, do not fragment, id 0.
fn ipv4(packet: &mut Vec<u8>, source: [u8; 4], destination: [u8; 4], protocol: u8) {
    packet.extend([0x45, 0, 0, 0, 0, 0, 0x40, 0, TTL, protocol, 0, 0]);
    packet.extend(source);
    packet.extend(destination);
}

/// The header without its length: version 6, no extensions.
fn ipv6(packet: &mut Vec<u8>, source: [u8; 16], destination: [u8; 16], protocol: u8) {
    packet.extend([0x60, 0, 0, 0, 0, 0, protocol, TTL]);
    packet.extend(source);
    packet.extend(destination);
}

/// Appends what is above IP; returns where its checksum stands.
fn message(packet: &mut Vec<u8>, [from, to]: [u16; 2], message: Message, family: Family) -> usize {
    let mut udp = |parts: &[&[u8]]| {
        packet.extend(from.to_be_bytes());
        packet.extend(to.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(parts.concat());
        6
    };
    match message {
        Message::Tcp {
            flags,
            seq,
            ack,
            payload_len,
        } => {
            packet.extend(from.to_be_bytes());
            packet.extend(to.to_be_bytes());
            packet.extend(seq.to_be_bytes());
            packet.extend(ack.to_be_bytes());
            packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            packet.resize(packet.len() + usize::from(payload_len), FILLER);
            16
        }
        Message::Udp { payload_len } => udp(&[&vec![FILLER; usize::from(payload_len)]]),
        Message::DnsQuery { id } => {
            udp(&[&id.to_be_bytes(), &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], QUESTION])
        }
        Message::DnsAnswer { id } => udp(&[
            &id.to_be_bytes(),
            &[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
            QUESTION,
            ANSWER,
        ]),
        Message::EchoRequest { id } => echo(packet, [8, 128], family, id),
        Message::EchoReply { id } => echo(packet, [0, 129], family, id),
    }
}

/// An echo of ICMP or `ICMPv6`, whose `types` differ.
fn echo(packet: &mut Vec<u8>, [v4, v6]: [u8; 2], family: Family, id: u16) -> usize {
    let kind = match family {
        Family::V4 => v4,
        Family::V6 => v6,
    };
    packet.extend([kind, 0, 0, 0]);
    packet.extend(id.to_be_bytes());
    packet.extend([0, 1]);
    packet.resize(packet.len() + 56, FILLER);
    2
}

/// Fills in the lengths that are known once the payload is there, and IPv4's checksum.
fn set_lengths(packet: &mut [u8], family: Family, transport: usize, protocol: u8) {
    let payload = u16::try_from(packet.len() - transport).unwrap_or(u16::MAX);
    match family {
        Family::V4 => {
            put(packet, 2, payload + 20);
            let header = packet.get(..transport).unwrap_or_default();
            put(packet, 10, folded(sum(0, header)));
        }
        Family::V6 => put(packet, 4, payload),
    }
    if protocol == UDP {
        put(packet, transport + 4, payload);
    }
}

/// What a checksum covers besides the message; ICMP over IPv4 covers nothing else.
fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, len: usize) -> u64 {
    let addresses = match (source, destination) {
        (IpAddr::V4(_), _) if protocol == ICMP => return 0,
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            sum(sum(0, &source.octets()), &destination.octets())
        }
        (source, destination) => {
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                IpAddr::V6(address) => address.octets(),
            };
            sum(sum(0, &octets(source)), &octets(destination))
        }
    };
    addresses + u64::from(protocol) + u64::try_from(len).unwrap_or_default()
}

fn put(packet: &mut [u8], at: usize, value: u16) {
    if let Some(place) = packet.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}
