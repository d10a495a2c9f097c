//! Packet scripts: traffic as lines of text, and answers as lines of text.
//!
//! ```text
//! 0.000 10.0.0.1:4000 > 10.0.0.2:80 S seq=7
//! 0.010 10.0.0.2:80 > 10.0.0.1:4000 SA ack=8
//! 0.020 10.0.0.1:4000 > 10.0.0.2:80 PA len=100
//! 1.000 [fd00::1]:5353 > [fd00::2]:53 udp len=30
//! ```
//!
//! Times are seconds after the epoch. TCP flags are letters (S A F R P); `seq`, `ack`, `len`
//! (payload) and `id` (IPv4 identification) are 0 when left out. `gso` is the payload of a segment
//! where offload merged several, or `none` where it is known that it did not.

use std::net::{IpAddr, SocketAddr};

use analyzer::engine::{Engine, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::query::view::FlowView;
use analyzer::query::{self, Answer, Operation, Query};
use analyzer::snapshot::{Provenance, Snapshot, Source};
use analyzer::time::Timestamp;

/// Raw IP, so that a script needs no link layer.
const RAW: LinkType = LinkType(101);

/// One packet of a script.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) nanos: u64,
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    /// `None` for UDP.
    pub(crate) flags: Option<u8>,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) len: u16,
    pub(crate) id: u16,
    pub(crate) offload: Offload,
}

/// Reads a script; empty lines and `#` comments are left out.
pub(crate) fn parse(script: &str) -> Vec<Line> {
    let lines = script
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| parse_line(line).unwrap_or_else(|| panic!("not a packet: {line}")))
        .collect()
}

fn parse_line(line: &str) -> Option<Line> {
    let mut words = line.split_whitespace();
    let nanos = parse_nanos(words.next()?)?;
    let source = words.next()?.parse().ok()?;
    words.next().filter(|arrow| *arrow == ">")?;
    let destination = words.next()?.parse().ok()?;
    let flags = match words.next()? {
        "udp" => None,
        letters => Some(
            letters
                .chars()
                .try_fold(0, |flags, l| Some(flags | flag(l)?))?,
        ),
    };
    let mut parsed = Line {
        nanos,
        source,
        destination,
        flags,
        seq: 0,
        ack: 0,
        len: 0,
        id: 0,
        offload: Offload::Unknown,
    };
    for word in words {
        let (name, value) = word.split_once('=')?;
        match name {
            "seq" => parsed.seq = value.parse().ok()?,
            "ack" => parsed.ack = value.parse().ok()?,
            "len" => parsed.len = value.parse().ok()?,
            "id" => parsed.id = value.parse().ok()?,
            "gso" if value == "none" => parsed.offload = Offload::Whole,
            "gso" => parsed.offload = Offload::Segments(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(parsed)
}

fn parse_nanos(seconds: &str) -> Option<u64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos: u64 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000_000_000 + nanos)
}

fn flag(letter: char) -> Option<u8> {
    "FSRPAUEC".find(letter).map(|bit| 1 << bit)
}

impl Line {
    /// The IP packet.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut transport = Vec::new();
        transport.extend(self.source.port().to_be_bytes());
        transport.extend(self.destination.port().to_be_bytes());
        let protocol = match self.flags {
            Some(flags) => {
                transport.extend(self.seq.to_be_bytes());
                transport.extend(self.ack.to_be_bytes());
                transport.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
                6
            }
            None => {
                transport.extend((8 + self.len).to_be_bytes());
                transport.extend([0, 0]);
                17
            }
        };
        transport.resize(transport.len() + usize::from(self.len), 0);
        self.ip_header(protocol, u16::try_from(transport.len()).unwrap())
            .into_iter()
            .chain(transport)
            .collect()
    }

    fn ip_header(&self, protocol: u8, payload: u16) -> Vec<u8> {
        let mut header = Vec::new();
        match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                header.extend([0x45, 0]);
                header.extend((20 + payload).to_be_bytes());
                header.extend(self.id.to_be_bytes());
                header.extend([0x40, 0, 64, protocol, 0, 0]);
                header.extend(source.octets());
                header.extend(destination.octets());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                header.extend([0x60, 0, 0, 0]);
                header.extend(payload.to_be_bytes());
                header.extend([protocol, 64]);
                header.extend(source.octets());
                header.extend(destination.octets());
            }
            _ => panic!("the two ends have addresses of one family"),
        }
        header
    }

    /// The same packet the other way.
    #[must_use]
    pub(crate) fn reversed(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            ..self
        }
    }
}

/// An engine that has seen a script.
pub(crate) fn engine(lines: &[Line], settings: Settings) -> Engine {
    let mut engine = Engine::new(settings);
    for line in lines {
        ingest(&mut engine, line);
    }
    engine
}

/// Gives an engine one packet.
pub(crate) fn ingest(engine: &mut Engine, line: &Line) {
    ingest_at(engine, line, Origin::default());
}

/// Gives an engine one packet that was seen somewhere.
pub(crate) fn ingest_at(engine: &mut Engine, line: &Line, origin: Origin) {
    let octets = line.octets();
    engine.ingest(&Frame {
        time: Timestamp::from_nanos(line.nanos),
        link: RAW,
        original_len: u32::try_from(octets.len()).unwrap(),
        offload: line.offload,
        data: &octets,
        origin,
    });
}

/// What is known at the end.
pub(crate) fn snapshot(engine: Engine) -> Snapshot {
    engine.into_snapshot(provenance())
}

/// Everything was read.
pub(crate) fn provenance() -> Provenance {
    Provenance {
        complete: true,
        ..Provenance::new(Source::Replay)
    }
}

/// Answers an operation with parameters such as `window=5m&port=80`.
pub(crate) fn ask(snapshot: &Snapshot, operation: Operation, parameters: &str) -> Answer {
    let pairs = parameters
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query = Query::parse(operation, pairs, query::parse::RowLimit::Bounded)
        .unwrap_or_else(|error| panic!("{error}"));
    query::run(snapshot, operation, &query).unwrap_or_else(|error| panic!("{error}"))
}

/// The flows of a script, a line each, in the order of their first packets.
pub(crate) fn flows(script: &str) -> String {
    flows_asked(script, "")
}

/// The flows of a script that match some parameters.
pub(crate) fn flows_asked(script: &str, parameters: &str) -> String {
    let snapshot = snapshot(engine(&parse(script), Settings::default()));
    let parameters = format!("format=full&sort=first_seen&{parameters}");
    let Answer::Flows(view) = ask(&snapshot, Operation::Flows, &parameters) else {
        panic!("flows were asked for");
    };
    view.flows
        .iter()
        .rev()
        .map(|flow| flow_line(flow) + "\n")
        .collect()
}

fn flow_line(flow: &FlowView) -> String {
    let (client, server) = (&flow.client_stats, &flow.server_stats);
    let median = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), |us| format!("{us}us"));
    format!(
        "{} {} > {}:{} by {:?}, {:?}, {} connections, {} packets {} bytes out, {} {} back, handshake {} {}",
        flow.proto,
        flow.client.ip.unwrap(),
        flow.server.ip.unwrap(),
        flow.server.port.unwrap(),
        flow.basis.unwrap(),
        flow.state.unwrap(),
        flow.connections.unwrap(),
        client.tx_pkts,
        client.tx_bytes,
        client.rx_pkts,
        client.rx_bytes,
        median(client.tcp_handshake_p50_us),
        median(server.tcp_handshake_p50_us),
    )
}

/// The connections of a script, a line each, in the order of their starts.
pub(crate) fn connections(script: &str) -> String {
    let mut settings = Settings::default();
    settings.limits.connection_records = 1_000;
    let snapshot = snapshot(engine(&parse(script), settings));
    let Answer::Connections(view) = ask(&snapshot, Operation::Connections, "sort=first_seen")
    else {
        panic!("connections were asked for");
    };
    let line = |c: &query::view::ConnectionView| {
        let flags = c.tcp_flags.as_ref().map_or_else(String::new, |flags| {
            format!(", flags {} {}", flags.client, flags.server)
        });
        format!(
            "{}:{} {}, {} ms, {}{flags}\n",
            c.flow.client.ip.unwrap(),
            c.flow.client.port.unwrap(),
            flow_line(&c.flow).split(" connections, ").next().unwrap(),
            c.duration_ns / 1_000_000,
            c.end_reason
                .map_or_else(|| "open".to_owned(), |reason| format!("{reason:?}")),
        )
    };
    view.connections.iter().rev().map(line).collect()
}
