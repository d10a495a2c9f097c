//! A cluster's history as text, for tests.
//!
//! A line is a change: `[@SECOND] [+|~|-]KIND NAME [KEY=VALUE]...`; `+` (the default) adds, `~`
//! modifies, `-` deletes; without `@` it is an object of a dump. A question is
//! `ADDRESS [PROTOCOL/PORT] @SECOND`.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::object::{
    AddressRange, Controller, Endpoint, EndpointSlice, EndpointSubset, Labels, Namespace, Node,
    Owner, Phase, Pod, PodNetwork, Service, ServicePort, TargetPort,
};
use crate::cluster::{Change, ChangeKind, Cluster, ClusterLimits, Directory, Object};
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// The changes of a script.
pub(super) fn changes(script: &str) -> Vec<Change> {
    (1..)
        .zip(lines(script))
        .map(|(number, line)| change(number, line))
        .collect()
}

/// A cluster that knows some changes.
pub(super) fn cluster(changes: &[Change]) -> Cluster {
    let mut cluster = Cluster::new(ClusterLimits::default());
    for change in changes {
        cluster.apply(change.clone());
    }
    cluster
}

/// The answers to questions separated by lines, each after its question.
pub(super) fn answers(directory: &Directory, questions: &str) -> String {
    let mut answers = String::new();
    for question in lines(questions) {
        let _ = writeln!(answers, "{question}: {}", answer(directory, question));
    }
    answers
}

/// The lines of a text that hold anything.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Asserts that each line `QUESTION: ANSWER` holds.
pub(super) fn check(script: &str, expected: &str) {
    check_directory(&cluster(&changes(script)).directory(), expected);
}

/// The same for a directory.
pub(super) fn check_directory(directory: &Directory, expected: &str) {
    let mut expected = lines(expected).collect::<Vec<_>>().join("\n");
    expected.push('\n');
    let questions: Vec<&str> = expected
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(answers(directory, &questions.join("\n")), expected);
}

/// The time of a second.
pub(super) fn second(text: &str) -> Timestamp {
    Timestamp::from_nanos(text.parse::<u64>().unwrap() * 1_000_000_000)
}

/// What a question asks for.
pub(super) fn question(text: &str) -> (IpAddr, Option<(Protocol, u16)>, Timestamp) {
    let mut words = text.split(' ');
    let address = words.next().unwrap().parse().unwrap();
    let (mut port, mut at) = (None, Timestamp::MIN);
    for word in words {
        match word.strip_prefix('@') {
            Some(time) => at = second(time),
            None => port = Some(protocol_port(word)),
        }
    }
    (address, port, at)
}

fn answer(directory: &Directory, asked: &str) -> String {
    let (address, port, at) = question(asked);
    let found = directory.identity(directory.resolve(address, port, at));
    let mut text = found.kind.name().to_owned();
    let mut say = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = write!(text, " {label}{value}");
        }
    };
    say("", found.pod.as_deref());
    say("uid=", found.pod_uid.as_deref());
    say("ns=", found.namespace.as_deref());
    let workload = found
        .workload
        .as_ref()
        .map(|top| format!("{}/{}", top.kind, top.name));
    say("of=", workload.as_deref());
    say("node=", found.node.as_deref());
    say("container=", found.container_id.as_deref());
    say("svc=", found.service.as_deref());
    say(
        "",
        found.service_basis.map(crate::cluster::ServiceBasis::name),
    );
    let service_port = found.service_port.map(|port| port.to_string());
    say("port=", service_port.as_deref());
    if let Some((protocol, port)) = port {
        let known = directory.is_service_port(protocol, address, port, at);
        say("", known.then_some("service-port"));
    }
    text
}

fn change(line: u64, text: &str) -> Change {
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    let time = words
        .next_if(|word| word.starts_with('@'))
        .map(|word| second(&word[1..]));
    let kind = words.next().unwrap();
    let (change, kind) = match kind.as_bytes()[0] {
        b'~' => (ChangeKind::Modified, &kind[1..]),
        b'-' => (ChangeKind::Deleted, &kind[1..]),
        b'+' => (ChangeKind::Added, &kind[1..]),
        _ => (ChangeKind::Added, kind),
    };
    let name = words.next().unwrap();
    let fields = Fields(words.map(|word| word.split_once('=').unwrap()).collect());
    Change {
        time,
        kind: change,
        resource_version: fields.one("rv").map(|version| version.parse().unwrap()),
        line,
        object: object(kind, name, &fields),
    }
}

/// `KEY=VALUE` of a line; a key may come again.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| *known == key)
            .map(|(_, value)| *value)
    }

    fn one(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }

    fn name(&self, key: &str) -> Option<Arc<str>> {
        self.one(key).map(Arc::from)
    }

    fn addresses(&self, key: &str) -> Vec<IpAddr> {
        self.all(key).map(|text| text.parse().unwrap()).collect()
    }

    fn ports(&self, key: &str) -> Vec<(Protocol, u16)> {
        self.all(key).map(protocol_port).collect()
    }

    /// `KEY:VALUE` of each.
    fn labels(&self, key: &str) -> Labels {
        let pair = |text: &str| {
            let (name, value) = text.split_once(':').unwrap();
            (Arc::from(name), Arc::from(value))
        };
        self.all(key).map(pair).collect()
    }

    fn owner(&self) -> Option<Owner> {
        let (kind, name) = self.one("owner")?.split_once('/').unwrap();
        Some(Owner {
            kind: Arc::from(kind),
            name: Arc::from(name),
        })
    }
}

fn protocol_port(text: &str) -> (Protocol, u16) {
    let (protocol, port) = text.split_once('/').unwrap();
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        other => panic!("no protocol: {other}"),
    };
    (protocol, port.parse().unwrap())
}

fn object(kind: &str, full_name: &str, fields: &Fields<'_>) -> Object {
    let (namespace, name) = full_name.split_once('/').unwrap_or(("", full_name));
    let (namespace, name): (Arc<str>, Arc<str>) = (Arc::from(namespace), Arc::from(name));
    let created = fields.one("created").map(second);
    match kind {
        "pod" => Object::Pod(pod(namespace, name, fields)),
        "service" => Object::Service(service(namespace, name, fields)),
        "slice" => Object::EndpointSlice(slice(namespace, name, fields)),
        "node" => Object::Node(Node {
            name,
            created,
            addresses: fields.addresses("ip"),
            pod_cidrs: fields
                .all("cidr")
                .map(|text| text.parse().unwrap())
                .collect(),
        }),
        "range" => Object::AddressRange(AddressRange {
            name,
            created,
            cidrs: fields
                .all("cidr")
                .map(|text| text.parse().unwrap())
                .collect(),
        }),
        "namespace" => Object::Namespace(Namespace { name, created }),
        "replicaset" => Object::ReplicaSet(Controller {
            namespace,
            name,
            created,
            owner: fields.owner(),
        }),
        "job" => Object::Job(Controller {
            namespace,
            name,
            created,
            owner: fields.owner(),
        }),
        other => panic!("no kind: {other}"),
    }
}

fn pod(namespace: Arc<str>, name: Arc<str>, fields: &Fields<'_>) -> Pod {
    let phase = match fields.one("ended") {
        None => Phase::Alive,
        Some("") => Phase::Terminal { finished: None },
        Some(time) => Phase::Terminal {
            finished: Some(second(time)),
        },
    };
    Pod {
        namespace,
        name,
        uid: fields.name("uid"),
        created: fields.one("created").map(second),
        started: fields.one("start").map(second),
        phase,
        node: fields.name("node"),
        network: if fields.one("net").is_some() {
            PodNetwork::Host
        } else {
            PodNetwork::Own
        },
        addresses: fields.addresses("ip"),
        host_addresses: fields.addresses("host"),
        host_ports: fields.ports("hostport"),
        owner: fields.owner(),
        labels: fields.labels("label"),
        named_ports: fields
            .all("named")
            .map(|text| {
                let (name, port) = text.split_once(':').unwrap();
                let (protocol, port) = protocol_port(port);
                (Arc::from(name), protocol, port)
            })
            .collect(),
        template_hash: fields.name("hash"),
        container_id: fields.name("container"),
    }
}

fn service(namespace: Arc<str>, name: Arc<str>, fields: &Fields<'_>) -> Service {
    let port = |text: &str| {
        let (text, node_port) = match text.split_once('+') {
            Some((text, node_port)) => (text, Some(node_port.parse().unwrap())),
            None => (text, None),
        };
        let (text, target) = match text.split_once('>') {
            Some((text, target)) => (
                text,
                target
                    .parse()
                    .map_or_else(|_| TargetPort::Name(Arc::from(target)), TargetPort::Number),
            ),
            None => (text, TargetPort::Same),
        };
        let (protocol, port) = protocol_port(text);
        ServicePort {
            protocol,
            port,
            node_port,
            target,
        }
    };
    Service {
        namespace,
        name,
        created: fields.one("created").map(second),
        cluster_ips: fields.addresses("ip"),
        external_ips: fields.addresses("external"),
        ports: fields.all("port").map(port).collect(),
        selector: fields.labels("selector"),
    }
}

fn slice(namespace: Arc<str>, name: Arc<str>, fields: &Fields<'_>) -> EndpointSlice {
    let endpoint = |text: &str| {
        let (address, pod) = match text.split_once('#') {
            Some((address, pod)) => (address, Some(Arc::from(pod))),
            None => (text, None),
        };
        Endpoint {
            address: address.parse().unwrap(),
            pod,
        }
    };
    EndpointSlice {
        namespace,
        name,
        service: fields.name("svc").unwrap(),
        created: fields.one("created").map(second),
        subsets: vec![EndpointSubset {
            endpoints: fields.all("at").map(endpoint).collect(),
            ports: fields.ports("port"),
        }],
    }
}
