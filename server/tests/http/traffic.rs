//! A small cluster and its packets, so made that every field of every answer occurs.

use std::net::{IpAddr, SocketAddrV4};
use std::sync::Arc;

use analyzer::cluster::object::{
    Endpoint, EndpointSlice, EndpointSubset, Labels, Namespace, Owner, Phase, Pod, PodNetwork,
    Service, ServicePort, TargetPort,
};
use analyzer::cluster::{Change, ChangeKind, Object};
use analyzer::engine::{Engine, Limits, Settings};
use analyzer::frame::{Frame, LinkType, Offload, Origin};
use analyzer::protocol::Protocol;
use analyzer::snapshot::{Provenance, Snapshot, Source};
use analyzer::time::Timestamp;

/// 2026-11-22 10:00:00 UTC.
const START_NS: u64 = 1_795_341_600_000_000_000;

/// Milliseconds, from, to, TCP flags or UDP, sequence number, octets of payload.
const CALL: &str = "
       0 10.244.0.5:40000 > 10.244.1.9:8080    S   100    0
       3 10.244.1.9:8080  > 10.244.0.5:40000   SA  900    0
       4 10.244.0.5:40000 > 10.244.1.9:8080    A   101    0
       5 10.244.0.5:40000 > 10.244.1.9:8080    PA  101  300
       9 10.244.1.9:8080  > 10.244.0.5:40000   PA  901 1200
      20 10.244.0.5:40000 > 10.244.1.9:8080    FA  401    0
      21 10.244.1.9:8080  > 10.244.0.5:40000   FA 2101    0
      22 10.244.0.5:40000 > 10.244.1.9:8080    A   402    0";

/// What follows the call: a name is resolved, an address outside is talked to,
/// a service does not answer.
const REST: &str = "
      30 10.244.0.5:50000 > 10.244.1.2:53      UDP   0   40
      31 10.244.1.2:53    > 10.244.0.5:50000   UDP   0  120
     100 10.244.0.5:40001 > 203.0.113.80:443   S     7    0
     115 203.0.113.80:443 > 10.244.0.5:40001   SA    8    0
     116 10.244.0.5:40001 > 203.0.113.80:443   A     8    0
     200 10.244.0.5:40002 > 10.96.0.20:80     S     5    0
   15000 10.244.0.5:40001 > 203.0.113.80:443   PA    8  500";

/// What follows later: a larger connection than those before, which sorting puts first.
const LATER: &str = "
   16000 10.244.0.5:40009 > 203.0.113.80:443   S     5    0
   16001 10.244.0.5:40009 > 203.0.113.80:443   PA    6 1300
   16002 10.244.0.5:40009 > 203.0.113.80:443   PA 1306 1300
   16003 10.244.0.5:40009 > 203.0.113.80:443   PA 2606 1300";

/// All of the traffic, read to its end.
pub(crate) fn whole() -> Snapshot {
    let mut engine = engine();
    ingest(&mut engine, CALL);
    ingest(&mut engine, REST);
    engine.into_snapshot(provenance(true))
}

/// The first call alone, while the rest is still to be read.
pub(crate) fn part() -> Snapshot {
    let mut engine = engine();
    ingest(&mut engine, CALL);
    engine.into_snapshot(provenance(false))
}

/// The same traffic on a node that goes on counting.
pub(crate) fn live() -> Snapshot {
    live_of(&[CALL, REST])
}

/// What the node knows later.
pub(crate) fn live_on() -> Snapshot {
    live_of(&[CALL, REST, LATER])
}

fn live_of(scripts: &[&str]) -> Snapshot {
    let mut engine = engine();
    for script in scripts {
        ingest(&mut engine, script);
    }
    engine.into_snapshot(Provenance::new(Source::Live))
}

/// Nothing yet.
pub(crate) fn nothing() -> Snapshot {
    Engine::new(Settings::default()).into_snapshot(Provenance::new(Source::Replay))
}

/// As many flows as one answer may hold.
pub(crate) fn many() -> Snapshot {
    let mut engine = engine();
    for flow in 0..10_000_u16 {
        let [high, low] = flow.to_be_bytes();
        let line = format!("0 10.244.0.5:40000 > 192.0.{high}.{low}:443 S 1 0");
        ingest(&mut engine, &line);
    }
    engine.into_snapshot(provenance(true))
}

/// Ports of the call's server that its client tries.
pub(crate) const SCANNED: u16 = 3_000;

/// All of the traffic, and a scan of ports.
pub(crate) fn scanned() -> Snapshot {
    let mut engine = engine();
    ingest(&mut engine, CALL);
    ingest(&mut engine, REST);
    for port in 1..=SCANNED {
        let line = format!("50 10.244.0.5:41000 > 10.244.1.9:{port} S 1 0");
        ingest(&mut engine, &line);
    }
    engine.into_snapshot(provenance(true))
}

/// The call, of which nobody knows whose addresses it has.
pub(crate) fn unnamed() -> Snapshot {
    let mut engine = Engine::new(Settings::default());
    ingest(&mut engine, CALL);
    engine.into_snapshot(provenance(true))
}

fn provenance(complete: bool) -> Provenance {
    Provenance {
        complete,
        files: 1,
        ..Provenance::new(Source::Replay)
    }
}

fn engine() -> Engine {
    let limits = Limits {
        connection_records: 100,
        ..Limits::default()
    };
    let mut engine = Engine::new(Settings {
        limits,
        ..Settings::default()
    });
    for (line, object) in objects().into_iter().enumerate() {
        engine.apply(Change {
            time: None,
            kind: ChangeKind::Added,
            resource_version: None,
            line: line as u64,
            object,
        });
    }
    engine.add_dns_name(ip("203.0.113.80"), "api.bank.example");
    engine
}

fn ingest(engine: &mut Engine, script: &str) {
    for line in script.lines().filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [millis, from, ">", to, kind, sequence, payload] = fields[..] else {
            panic!("no packet: {line}")
        };
        let millis: u64 = millis.parse().unwrap();
        let transport = match kind {
            "UDP" => None,
            flags => Some((flags, sequence.parse().unwrap())),
        };
        let data = packet(
            from.parse().unwrap(),
            to.parse().unwrap(),
            transport,
            payload.parse().unwrap(),
        );
        engine.ingest(&Frame {
            time: Timestamp::from_nanos(START_NS + millis * 1_000_000),
            link: LinkType::RAW,
            original_len: u32::try_from(data.len()).unwrap(),
            offload: Offload::Unknown,
            data: &data,
            origin: Origin::default(),
        });
    }
}

/// An IPv4 packet without checksums, which nobody verifies; `tcp` is flags and sequence number.
fn packet(from: SocketAddrV4, to: SocketAddrV4, tcp: Option<(&str, u32)>, payload: u16) -> Vec<u8> {
    let (protocol, header) = if tcp.is_some() { (6, 20) } else { (17, 8) };
    let total = 20 + header + payload;
    let mut octets = vec![0x45, 0];
    octets.extend(total.to_be_bytes());
    octets.extend([0, 1, 0x40, 0, 64, protocol, 0, 0]);
    octets.extend(from.ip().octets());
    octets.extend(to.ip().octets());
    octets.extend(from.port().to_be_bytes());
    octets.extend(to.port().to_be_bytes());
    match tcp {
        Some((flags, sequence)) => {
            octets.extend(sequence.to_be_bytes());
            let flags = flags.chars().map(flag).fold(0, |all, one| all | one);
            octets.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        }
        None => {
            octets.extend((header + payload).to_be_bytes());
            octets.extend([0, 0]);
        }
    }
    octets.resize(usize::from(total), 0);
    octets
}

fn flag(letter: char) -> u8 {
    match letter {
        'F' => 0x01,
        'S' => 0x02,
        'P' => 0x08,
        'A' => 0x10,
        other => panic!("no flag: {other}"),
    }
}

fn objects() -> Vec<Object> {
    let namespace = |name: &str| {
        Object::Namespace(Namespace {
            name: name.into(),
            created: None,
        })
    };
    vec![
        namespace("shop"),
        namespace("payments"),
        pod("shop", "frontend-6d5f9c7b8-x2x4z", "10.244.0.5", "node-1"),
        pod(
            "payments",
            "payment-7c9d8b6f5-k8s2p",
            "10.244.1.9",
            "node-2",
        ),
        service("payments", "payment-service", 80),
        endpoints("payments", "payment-service", "10.244.1.9", 8080),
    ]
}

fn pod(namespace: &str, name: &str, address: &str, node: &str) -> Object {
    let replica_set = name.rsplit_once('-').unwrap().0;
    Object::Pod(Pod {
        namespace: namespace.into(),
        name: name.into(),
        uid: Some(format!("uid-{name}").into()),
        created: None,
        started: None,
        phase: Phase::Alive,
        node: Some(node.into()),
        network: PodNetwork::Own,
        addresses: vec![ip(address)],
        host_addresses: Vec::new(),
        host_ports: Vec::new(),
        labels: Labels::default(),
        named_ports: Vec::new(),
        owner: Some(Owner {
            kind: "ReplicaSet".into(),
            name: replica_set.into(),
        }),
        template_hash: replica_set.rsplit_once('-').map(|(_, hash)| hash.into()),
        container_id: Some(Arc::from("4f1c")),
    })
}

fn service(namespace: &str, name: &str, port: u16) -> Object {
    Object::Service(Service {
        namespace: namespace.into(),
        name: name.into(),
        created: None,
        cluster_ips: vec![ip("10.96.0.20")],
        external_ips: Vec::new(),
        ports: vec![ServicePort {
            protocol: Protocol::Tcp,
            port,
            node_port: None,
            target: TargetPort::Same,
        }],
        selector: Labels::default(),
    })
}

fn endpoints(namespace: &str, service: &str, address: &str, port: u16) -> Object {
    Object::EndpointSlice(EndpointSlice {
        namespace: namespace.into(),
        name: format!("{service}-1").into(),
        service: service.into(),
        created: None,
        subsets: vec![EndpointSubset {
            endpoints: vec![Endpoint {
                address: ip(address),
                pod: None,
            }],
            ports: vec![(Protocol::Tcp, port)],
        }],
    })
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}
