//! Frames as text: layers from the outside in.
//!
//! ```text
//! eth / vlan / ip 10.0.0.1 > 10.0.0.2 ttl=9 / tcp 4000 > 80 SA seq=7 / data 5
//! hex 0f00 0800 / ip fd00::1 > fd00::2 / udp 53 > 4000
//! ```
//!
//! A layer names what it carries (its `EtherType`, protocol, length) from what follows it, unless
//! `proto=` or `len=` say otherwise. `hex` is octets as they stand, `data N` is N zeros.

use std::net::IpAddr;

use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::time::Timestamp;

/// The octets of `layers`.
pub(crate) fn octets(layers: &str) -> Vec<u8> {
    let mut carried = ("", Vec::new());
    for layer in layers.rsplit(" / ") {
        let layer = Layer::new(layer);
        carried = (layer.name, layer.around(carried.0, &carried.1));
    }
    carried.1
}

/// A frame that was kept whole.
pub(crate) fn whole(link: LinkType, data: &[u8]) -> Frame<'_> {
    cut(link, data, data.len())
}

/// A frame of `original_len` octets of which `data` was kept.
pub(crate) fn cut(link: LinkType, data: &[u8], original_len: usize) -> Frame<'_> {
    Frame {
        time: Timestamp::MIN,
        link,
        original_len: u32::try_from(original_len).unwrap(),
        offload: Offload::Unknown,
        data,
        origin: Origin::default(),
    }
}

/// TCP flags from the lowest bit on.
pub(crate) const FLAGS: &str = "FSRPAUEC";

/// A layer's words: a name, arguments, and `key=value` pairs.
struct Layer<'a> {
    name: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Layer<'a> {
    fn new(text: &'a str) -> Self {
        let mut words = text.split_whitespace();
        Self {
            name: words.next().unwrap(),
            words: words.collect(),
        }
    }

    fn around(&self, inside: &str, payload: &[u8]) -> Vec<u8> {
        let mut octets = match self.name {
            "eth" => self.eth(inside),
            "vlan" => self.vlan(inside),
            "ip" => self.ip(inside, payload.len()),
            "tcp" => self.tcp(),
            "udp" => self.udp(payload.len()),
            "gre" => self.gre(inside),
            "vxlan" => unhex("08000000 00002a00"),
            "geneve" => self.geneve(inside),
            "gtp" => self.gtp(payload.len()),
            "icmp" => vec![8, 0, 0, 0, 0, 0, 0, 0],
            "hex" => unhex(&self.words.concat()),
            "data" => vec![0; self.words[0].parse().unwrap()],
            other => panic!("no layer is called {other}"),
        };
        octets.extend(payload);
        octets
    }

    /// The number after `key=`, decimal or `0x…`, or what stands for it.
    fn number(&self, key: &str, default: usize) -> usize {
        let value = |word: &&str| word.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
        let Some(text) = self.words.iter().find_map(value) else {
            return default;
        };
        match text.strip_prefix("0x") {
            Some(hex) => usize::from_str_radix(hex, 16).unwrap(),
            None => text.parse().unwrap(),
        }
    }

    fn u8(&self, key: &str, default: u8) -> u8 {
        u8::try_from(self.number(key, default.into())).unwrap()
    }

    fn u16(&self, key: &str, default: usize) -> [u8; 2] {
        u16::try_from(self.number(key, default))
            .unwrap()
            .to_be_bytes()
    }

    fn u32(&self, key: &str) -> [u8; 4] {
        u32::try_from(self.number(key, 0)).unwrap().to_be_bytes()
    }

    /// Both sides of `a > b`.
    fn ends<T: std::str::FromStr<Err: std::fmt::Debug>>(&self) -> [T; 2] {
        [
            self.words[0].parse().unwrap(),
            self.words[2].parse().unwrap(),
        ]
    }

    fn eth(&self, inside: &str) -> Vec<u8> {
        let mut octets = unhex("020000000001 020000000002");
        octets.extend(self.u16("type", ether_type(inside)));
        octets
    }

    fn vlan(&self, inside: &str) -> Vec<u8> {
        let mut octets = vec![0, 42];
        octets.extend(self.u16("type", ether_type(inside)));
        octets
    }

    fn ip(&self, inside: &str, payload_len: usize) -> Vec<u8> {
        match self.ends() {
            [IpAddr::V4(source), IpAddr::V4(destination)] => {
                let mut octets = self.ipv4(inside, payload_len);
                octets.extend(source.octets());
                octets.extend(destination.octets());
                octets
            }
            [IpAddr::V6(source), IpAddr::V6(destination)] => {
                let mut octets = self.ipv6(inside, payload_len);
                octets.extend(source.octets());
                octets.extend(destination.octets());
                octets
            }
            ends => panic!("two families: {ends:?}"),
        }
    }

    fn ipv4(&self, inside: &str, payload_len: usize) -> Vec<u8> {
        let mut octets = vec![0x40 | self.u8("ihl", 5), 0];
        octets.extend(self.u16("len", 20 + payload_len));
        octets.extend(self.u16("id", 1));
        let [offset0, offset1] = u16::try_from(self.number("off", 0) / 8)
            .unwrap()
            .to_be_bytes();
        let more = u8::from(self.words.contains(&"more")) << 5;
        octets.extend([more | offset0, offset1]);
        octets.extend([self.u8("ttl", 64), self.u8("proto", protocol(inside)), 0, 0]);
        octets
    }

    fn ipv6(&self, inside: &str, payload_len: usize) -> Vec<u8> {
        let mut octets = vec![0x60, 0, 0, 0];
        octets.extend(self.u16("len", payload_len));
        octets.extend([self.u8("proto", protocol(inside)), self.u8("ttl", 64)]);
        octets
    }

    fn tcp(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for port in self.ends::<u16>() {
            octets.extend(port.to_be_bytes());
        }
        octets.extend(self.u32("seq"));
        octets.extend(self.u32("ack"));
        let letters = self.words.get(3).filter(|word| !word.contains('='));
        let bit = |letter| 1 << FLAGS.find(letter).unwrap();
        let flags = letters.map_or(0, |letters| letters.chars().map(bit).sum());
        octets.extend([self.u8("doff", 5) << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
        octets
    }

    fn udp(&self, payload_len: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        for port in self.ends::<u16>() {
            octets.extend(port.to_be_bytes());
        }
        octets.extend(self.u16("len", 8 + payload_len));
        octets.extend([0, 0]);
        octets
    }

    fn gre(&self, inside: &str) -> Vec<u8> {
        let mut octets = self.u16("flags", 0).to_vec();
        octets.extend(self.u16("type", tunnelled(inside)));
        octets
    }

    fn geneve(&self, inside: &str) -> Vec<u8> {
        let mut octets = vec![self.u8("options", 0) / 4, 0];
        octets.extend(self.u16("type", tunnelled(inside)));
        octets.extend([0, 0, 42, 0]);
        octets
    }

    fn gtp(&self, payload_len: usize) -> Vec<u8> {
        let mut octets = vec![self.u8("flags", 0x30), self.u8("message", 255)];
        octets.extend(self.u16("len", payload_len));
        octets.extend([0, 0, 0, 42]);
        octets
    }
}

fn ether_type(inside: &str) -> usize {
    match inside {
        "vlan" => 0x8100,
        "ip" => 0x0800,
        _ => 0xffff,
    }
}

fn tunnelled(inside: &str) -> usize {
    match inside {
        "eth" => 0x6558,
        other => ether_type(other),
    }
}

fn protocol(inside: &str) -> u8 {
    match inside {
        "icmp" => 1,
        "ip" => 4,
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        _ => 255,
    }
}

/// Octets from hexadecimal digits, spaces between them or not.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}
