//! The program, run as the kernel runs it, on frames.

use super::*;

const SNAPLEN: u32 = 192;
const WHOLE: u32 = 65_535;

/// What the kernel knows of a frame besides its octets.
struct Seen<'a> {
    hardware: u16,
    packet_type: u8,
    protocol: u16,
    octets: &'a [u8],
}

/// Runs the program; `None` where a load beyond the end loses the frame.
fn kept(seen: &Seen<'_>) -> Option<u32> {
    let program = program(SNAPLEN, WHOLE);
    let (mut a, mut x, mut stored) = (0_u32, 0_u32, 0_u32);
    let mut at = 0;
    loop {
        let libc::sock_filter { code, jt, jf, k } = program[at];
        at += 1;
        let read = |at: u32, len: usize| {
            let octets = seen.octets.get(at as usize..at as usize + len)?;
            Some(octets.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)))
        };
        let mut branch = |passed: bool| at += usize::from(if passed { jt } else { jf });
        match code {
            0x20 => {
                a = match k.cast_signed() - libc::SKF_AD_OFF {
                    libc::SKF_AD_HATYPE => seen.hardware.into(),
                    libc::SKF_AD_PKTTYPE => seen.packet_type.into(),
                    libc::SKF_AD_PROTOCOL => seen.protocol.into(),
                    other => panic!("load {other}"),
                }
            }
            0x80 => a = u32::try_from(seen.octets.len()).unwrap(),
            0x28 => a = read(k, 2)?,
            0x48 => a = read(x + k, 2)?,
            0x50 => a = read(x + k, 1)?,
            0x54 => a &= k,
            0x64 => a <<= k,
            0x04 => a += k,
            0x0c => a += x,
            0x07 => x = a,
            0x87 => a = x,
            0x01 => x = k,
            0x03 => stored = x,
            0x61 => x = stored,
            0x05 => at += k as usize,
            0x15 => branch(a == k),
            0x35 => branch(a >= k),
            0x3d => branch(a >= x),
            0x45 => branch(a & k != 0),
            0x06 => return Some(k),
            other => panic!("instruction {other:#x}"),
        }
    }
}

/// An IP packet with ports and `payload` octets behind them.
fn packet(v6: bool, protocol: u8, ports: [u16; 2], options: usize, payload: usize) -> Vec<u8> {
    let mut octets = if v6 {
        [&[0x60, 0, 0, 0, 0, 0, protocol, 64][..], &[7; 32]].concat()
    } else {
        let words = u8::try_from(5 + options).unwrap();
        let mut header = vec![0x40 | words, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol];
        header.resize(usize::from(words) * 4, 7);
        header
    };
    octets.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    octets.resize(octets.len() + payload, 0);
    octets
}

fn ethernet(tags: usize, v6: bool, packet: &[u8]) -> Vec<u8> {
    let mut octets = vec![2; 12];
    for _ in 0..tags {
        octets.extend([0x81, 0x00, 0, 5]);
    }
    octets.extend(if v6 { [0x86, 0xdd] } else { [0x08, 0x00] });
    octets.extend(packet);
    octets
}

fn on_ethernet(octets: &[u8]) -> Option<u32> {
    kept(&Seen {
        hardware: libc::ARPHRD_ETHER,
        packet_type: libc::PACKET_OUTGOING,
        protocol: 0,
        octets,
    })
}

#[test]
fn dns_is_kept_whole_in_every_form() {
    for v6 in [false, true] {
        for protocol in [6, 17] {
            for tags in [0, 1] {
                for (ports, expected) in [
                    ([53, 40_000], WHOLE),
                    ([40_000, 53], WHOLE),
                    ([40_000, 5353], SNAPLEN),
                ] {
                    let packet = packet(v6, protocol, ports, 0, 400);
                    let frame = ethernet(tags, v6, &packet);
                    let case = (v6, protocol, tags, ports);
                    assert_eq!(on_ethernet(&frame), Some(expected), "{case:?}");
                }
            }
        }
    }
}

#[test]
fn ports_are_found_behind_options() {
    let dns = ethernet(0, false, &packet(false, 17, [53, 1], 3, 100));
    assert_eq!(on_ethernet(&dns), Some(WHOLE));
}

#[test]
fn what_has_no_ports_has_no_dns() {
    let icmp = ethernet(0, false, &packet(false, 1, [53, 53], 0, 100));
    assert_eq!(on_ethernet(&icmp), Some(SNAPLEN));
    let mut later = packet(false, 17, [53, 53], 0, 100);
    later[7] = 9;
    assert_eq!(on_ethernet(&ethernet(0, false, &later)), Some(SNAPLEN));
    let two_tags = ethernet(2, false, &packet(false, 17, [53, 53], 0, 100));
    assert_eq!(on_ethernet(&two_tags), Some(SNAPLEN));
}

#[test]
fn a_tunnel_without_link_header_is_read_from_its_first_octet() {
    for (v6, protocol) in [(false, 0x0800), (true, 0x86dd)] {
        let seen = Seen {
            hardware: libc::ARPHRD_NONE,
            packet_type: libc::PACKET_OUTGOING,
            protocol,
            octets: &packet(v6, 17, [40_000, 53], 0, 50),
        };
        assert_eq!(kept(&seen), Some(WHOLE));
    }
}

#[test]
fn loopback_is_seen_once() {
    let octets = ethernet(0, false, &packet(false, 17, [53, 53], 0, 9));
    let seen = |packet_type| {
        kept(&Seen {
            hardware: libc::ARPHRD_LOOPBACK,
            packet_type,
            protocol: 0,
            octets: &octets,
        })
    };
    assert_eq!(seen(libc::PACKET_OUTGOING), Some(0));
    assert_eq!(seen(libc::PACKET_HOST), Some(WHOLE));
}

#[test]
fn no_frame_is_lost_however_short_it_is() {
    for v6 in [false, true] {
        for tags in [0, 1] {
            for words in [0_u8, 5, 15] {
                let mut packet = packet(v6, 17, [53, 53], 10, 9);
                if !v6 {
                    packet[0] = 0x40 | words;
                }
                let whole = ethernet(tags, v6, &packet);
                for len in 0..=whole.len() {
                    let kept = on_ethernet(&whole[..len]);
                    assert!(kept.is_some_and(|kept| kept > 0), "{v6} {tags} {len}");
                }
                for len in 0..=packet.len() {
                    let kept = kept(&Seen {
                        hardware: libc::ARPHRD_NONE,
                        packet_type: 0,
                        protocol: if v6 { 0x86dd } else { 0x0800 },
                        octets: &packet[..len],
                    });
                    assert!(kept.is_some_and(|kept| kept > 0), "{v6} {len}");
                }
            }
        }
    }
}
