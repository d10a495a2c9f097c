//! Changes of the cluster, as lines that replay reads back as the same changes.
//!
//! In: a [`Change`]. Out: a watch event with its time, or the object alone where the change has no
//! time: an object of a dump.
//! **Shape** Kubernetes objects with the fields that identity needs, in the places where the API
//! has them: what else an object says was left out before the engine saw it.
//! **Source** the API reference, core/v1, discovery.k8s.io/v1.

use std::net::IpAddr;

use analyzer::cluster::change::{Change, ChangeKind};
use analyzer::cluster::object::{
    AddressRange, Controller, EndpointSlice, EndpointSubset, Labels, Node, Object, Owner, Phase,
    Pod, PodNetwork, Service, ServicePort, TargetPort,
};
use analyzer::protocol::Protocol;
use analyzer::time::Timestamp;
use serde_json::{Map, Value, json};

/// What stands before the name of a slice that is made of the older `Endpoints`.
const OLDER: &str = "endpoints/";

/// One line, without its end.
pub(super) fn line(change: &Change) -> String {
    let mut object = object(&change.object);
    if let Some(version) = change.resource_version {
        // Text, as the API has it.
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), version.to_string().into());
        }
    }
    let kind = match change.kind {
        ChangeKind::Added => "ADDED",
        ChangeKind::Modified => "MODIFIED",
        ChangeKind::Deleted => "DELETED",
    };
    match change.time {
        Some(time) => format!(r#"{{"time":"{time}","type":"{kind}","object":{object}}}"#),
        None => object.to_string(),
    }
}

fn object(object: &Object) -> Value {
    match object {
        Object::Pod(own) => pod(own),
        Object::Service(own) => service(own),
        Object::EndpointSlice(own) => slice(own),
        Object::Node(own) => node(own),
        Object::Namespace(own) => json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": metadata(None, &own.name, own.created),
        }),
        Object::ReplicaSet(own) => controller("apps/v1", "ReplicaSet", own),
        Object::Job(own) => controller("batch/v1", "Job", own),
        Object::AddressRange(own) => range(own),
    }
}

/// Name and age; the namespace where the kind has one.
fn metadata(namespace: Option<&str>, name: &str, created: Option<Timestamp>) -> Map<String, Value> {
    let mut metadata = Map::new();
    put(&mut metadata, "namespace", namespace);
    put(&mut metadata, "name", Some(name));
    put(&mut metadata, "creationTimestamp", created.map(text));
    metadata
}

fn pod(pod: &Pod) -> Value {
    let mut metadata = metadata(Some(&pod.namespace), &pod.name, pod.created);
    put(&mut metadata, "uid", pod.uid.as_deref());
    put(
        &mut metadata,
        "ownerReferences",
        pod.owner.as_ref().map(owner),
    );
    let mut labels = labels(&pod.labels);
    put(
        &mut labels,
        "pod-template-hash",
        pod.template_hash.as_deref(),
    );
    metadata.insert("labels".to_owned(), labels.into());
    let mut spec = Map::new();
    put(&mut spec, "nodeName", pod.node.as_deref());
    match pod.network {
        PodNetwork::Own => {}
        PodNetwork::Host => put(&mut spec, "hostNetwork", Some(true)),
    }
    spec.insert("containers".to_owned(), json!([{"ports": pod_ports(pod)}]));
    let mut status = Map::new();
    put(&mut status, "startTime", pod.started.map(text));
    status.insert("podIPs".to_owned(), ips(&pod.addresses));
    status.insert("hostIPs".to_owned(), ips(&pod.host_addresses));
    let mut container = Map::new();
    put(&mut container, "containerID", pod.container_id.as_deref());
    match pod.phase {
        Phase::Alive => put(&mut status, "phase", Some("Running")),
        Phase::Terminal { finished } => {
            put(&mut status, "phase", Some("Succeeded"));
            if let Some(finished) = finished {
                let state = json!({"terminated": {"finishedAt": text(finished)}});
                put(&mut container, "state", Some(state));
            }
        }
    }
    if !container.is_empty() {
        status.insert("containerStatuses".to_owned(), json!([container]));
    }
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": status,
    })
}

/// Ports with a name, and ports of the host: on the host's network either kind is both, so a named
/// one says which port of the host it is.
fn pod_ports(pod: &Pod) -> Vec<Value> {
    let on_host = |port: &(Protocol, u16)| match pod.network {
        PodNetwork::Own => None,
        PodNetwork::Host if pod.host_ports.contains(port) => Some(port.1),
        PodNetwork::Host => pod.host_ports.first().map(|(_, number)| *number),
    };
    let named = pod.named_ports.iter().map(|(name, protocol, number)| {
        let mut port = Map::new();
        put(&mut port, "name", Some(&**name));
        put(&mut port, "protocol", Some(spelled(*protocol)));
        put(&mut port, "containerPort", Some(*number));
        put(&mut port, "hostPort", on_host(&(*protocol, *number)));
        port.into()
    });
    let hosts = pod
        .host_ports
        .iter()
        .map(|(protocol, number)| json!({"protocol": spelled(*protocol), "hostPort": number}));
    named.chain(hosts).collect()
}

fn service(service: &Service) -> Value {
    let ports: Vec<Value> = service.ports.iter().map(service_port).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(Some(&service.namespace), &service.name, service.created),
        "spec": {
            "clusterIPs": service.cluster_ips,
            "externalIPs": service.external_ips,
            "ports": ports,
            "selector": labels(&service.selector),
        },
    })
}

fn service_port(port: &ServicePort) -> Value {
    let mut value = Map::new();
    put(&mut value, "protocol", Some(spelled(port.protocol)));
    put(&mut value, "port", Some(port.port));
    put(&mut value, "nodePort", port.node_port);
    match &port.target {
        TargetPort::Same => {}
        TargetPort::Number(number) => put(&mut value, "targetPort", Some(*number)),
        TargetPort::Name(name) => put(&mut value, "targetPort", Some(&**name)),
    }
    value.into()
}

fn slice(slice: &EndpointSlice) -> Value {
    let EndpointSlice {
        namespace,
        name,
        service,
        created,
        subsets,
    } = slice;
    if name.starts_with(OLDER) {
        let subsets: Vec<Value> = subsets.iter().map(older_subset).collect();
        return json!({
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": metadata(Some(namespace), service, *created),
            "subsets": subsets,
        });
    }
    let mut metadata = metadata(Some(namespace), name, *created);
    let labels = json!({"kubernetes.io/service-name": &**service});
    metadata.insert("labels".to_owned(), labels);
    let endpoints = subsets.iter().flat_map(|subset| &subset.endpoints);
    let endpoints: Vec<Value> = endpoints
        .map(|endpoint| {
            let mut value = target(endpoint.pod.as_deref());
            put(&mut value, "addresses", Some(json!([endpoint.address])));
            value.into()
        })
        .collect();
    let numbers = subsets.iter().flat_map(|subset| &subset.ports);
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "endpoints": endpoints,
        "ports": ports(numbers),
    })
}

fn older_subset(subset: &EndpointSubset) -> Value {
    let addresses = subset.endpoints.iter().map(|endpoint| {
        let mut value = target(endpoint.pod.as_deref());
        put(&mut value, "ip", Some(endpoint.address.to_string()));
        Value::from(value)
    });
    json!({"addresses": addresses.collect::<Vec<_>>(), "ports": ports(&subset.ports)})
}

/// The pod that an endpoint stands for.
fn target(pod: Option<&str>) -> Map<String, Value> {
    let mut value = Map::new();
    put(
        &mut value,
        "targetRef",
        pod.map(|name| json!({"kind": "Pod", "name": name})),
    );
    value
}

fn ports<'a>(numbers: impl IntoIterator<Item = &'a (Protocol, u16)>) -> Vec<Value> {
    let port = |(protocol, number): &(Protocol, u16)| json!({"protocol": spelled(*protocol), "port": number});
    numbers.into_iter().map(port).collect()
}

fn node(node: &Node) -> Value {
    let addresses: Vec<Value> = node
        .addresses
        .iter()
        .map(|address| json!({"type": "InternalIP", "address": address}))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(None, &node.name, node.created),
        "spec": {"podCIDRs": node.pod_cidrs},
        "status": {"addresses": addresses},
    })
}

/// A range keeps the kind of its object in its name.
fn range(range: &AddressRange) -> Value {
    let (kind, name) = range
        .name
        .split_once('/')
        .unwrap_or(("ServiceCIDR", &range.name));
    json!({
        "kind": kind,
        "metadata": metadata(None, name, range.created),
        "spec": {"cidrs": range.cidrs},
    })
}

fn controller(version: &str, kind: &str, controller: &Controller) -> Value {
    let mut metadata = metadata(
        Some(&controller.namespace),
        &controller.name,
        controller.created,
    );
    put(
        &mut metadata,
        "ownerReferences",
        controller.owner.as_ref().map(owner),
    );
    json!({"apiVersion": version, "kind": kind, "metadata": metadata})
}

fn owner(owner: &Owner) -> Value {
    json!([{"kind": &*owner.kind, "name": &*owner.name, "controller": true}])
}

fn labels(labels: &Labels) -> Map<String, Value> {
    let labels = labels.iter();
    labels
        .map(|(key, value)| (key.to_string(), value.to_string().into()))
        .collect()
}

fn ips(addresses: &[IpAddr]) -> Value {
    let entries = addresses.iter().map(|address| json!({"ip": address}));
    entries.collect::<Vec<_>>().into()
}

const fn spelled(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}

fn text(time: Timestamp) -> String {
    time.to_string()
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
