//! Facts as text: one line a frame.

use std::fmt::Write as _;

use analyzer::frame::LinkType;
use analyzer::packet::{Packet, Parsed, Segment, Transport, parse};

use crate::wire::{FLAGS, octets, whole};

/// What the parser says about an Ethernet frame of `layers`.
pub(crate) fn ethernet(layers: &str) -> String {
    facts(&parse(&whole(LinkType::ETHERNET, &octets(layers))))
}

/// What the parser says about an IP packet of `layers`.
pub(crate) fn raw(layers: &str) -> String {
    facts(&parse(&whole(LinkType::RAW, &octets(layers))))
}

/// Facts as one line; what is 0 or absent is left out.
pub(crate) fn facts(parsed: &Parsed) -> String {
    match parsed {
        Parsed::Skip(reason) => format!("skip {}", reason.name()),
        Parsed::Packet(packet) => packet_facts(packet),
        Parsed::Fragment(fragment) => {
            let key = fragment.key;
            let mut line = format!("fragment {} > {}", key.source, key.destination);
            write!(line, " id={} proto={}", key.id, key.protocol).unwrap();
            write!(line, " ip_bytes={}", fragment.ip_bytes).unwrap();
            write_place(&mut line, fragment.depth, fragment.ip_offset);
            line
        }
    }
}

fn packet_facts(packet: &Packet) -> String {
    let name = match packet.transport {
        Transport::Tcp(_) => "tcp",
        Transport::Udp => "udp",
    };
    let mut line = format!("{name} {} {}", packet.source, packet.source_port);
    write!(
        line,
        " > {} {}",
        packet.destination, packet.destination_port
    )
    .unwrap();
    match packet.transport {
        Transport::Tcp(Some(segment)) => write_segment(&mut line, segment),
        Transport::Tcp(None) => line.push_str(" cut"),
        Transport::Udp => {}
    }
    write!(line, " ip_bytes={} ttl={}", packet.ip_bytes, packet.ttl).unwrap();
    if packet.ip_id != 0 {
        write!(line, " id={}", packet.ip_id).unwrap();
    }
    write_place(&mut line, packet.depth, packet.ip_offset);
    if let Some(key) = packet.fragment {
        write!(line, " first_of={}/{}", key.id, key.protocol).unwrap();
    }
    if let Some(key) = packet.tunnel_fragment {
        write!(line, " in_first_of={}/{}", key.id, key.protocol).unwrap();
    }
    line
}

fn write_segment(line: &mut String, segment: Segment) {
    line.push(' ');
    for (bit, letter) in FLAGS.chars().enumerate() {
        if segment.flags & (1 << bit) != 0 {
            line.push(letter);
        }
    }
    let Segment { seq, ack, .. } = segment;
    write!(line, " seq={seq} ack={ack} len={}", segment.payload_len).unwrap();
}

fn write_place(line: &mut String, depth: u8, ip_offset: u16) {
    if depth != 0 {
        write!(line, " depth={depth}").unwrap();
    }
    write!(line, " at={ip_offset}").unwrap();
}
