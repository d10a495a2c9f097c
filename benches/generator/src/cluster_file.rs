//! The cluster's objects, as `kubectl get -o yaml` lists them, with the fields that matter.
//!
//! **Shape** one list, one object a line (YAML's flow style): small to write and quick to read.

use std::io::{self, Write};

use crate::random::Random;
use crate::topology::{End, PODS_PER_NODE, PODS_PER_WORKLOAD, Topology};

/// Namespaces that workloads are spread over.
const NAMESPACES: u32 = 20;
/// Before the first packet.
const CREATED: &str = "2025-12-01T00:00:00Z";
/// What Kubernetes draws the ends of names from.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// What hashes of pod templates are made of: a number's digits, each as one of those letters.
const HASH_LETTERS: &[u8] = b"456789bcdf";

/// Writes nodes, namespaces, services, endpoint slices and pods.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(topology: Topology, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "apiVersion: v1\nkind: List\nitems:")?;
    for node in 0..topology.nodes() {
        write_node(out, node)?;
    }
    for namespace in (0..NAMESPACES.min(topology.workloads())).map(namespace) {
        writeln!(
            out,
            "- {{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, uid: {namespace}, \
             creationTimestamp: \"{CREATED}\"}}}}"
        )?;
    }
    for workload in 0..topology.workloads() {
        write_service(out, workload)?;
        write_slice(out, topology, workload)?;
    }
    let mut random = Random::new(0);
    for pod in 0..topology.pods {
        write_pod(out, topology, End(pod), &mut random)?;
    }
    Ok(())
}

fn write_node(out: &mut impl Write, node: u32) -> io::Result<()> {
    let address = Topology::node_v4(node);
    writeln!(
        out,
        "- {{apiVersion: v1, kind: Node, metadata: {{name: node-{node}, uid: node-{node}, \
         creationTimestamp: \"{CREATED}\"}}, spec: {{podCIDR: 10.244.{node}.0/24}}, status: \
         {{addresses: [{{type: InternalIP, address: {address}}}]}}}}"
    )
}

fn write_service(out: &mut impl Write, workload: u32) -> io::Result<()> {
    let (namespace, name) = (namespace(workload), name(workload));
    let port = port(workload);
    let [.., high, low] = (workload + 10).to_be_bytes();
    writeln!(
        out,
        "- {{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}, \
         uid: svc-{workload}, creationTimestamp: \"{CREATED}\"}}, spec: {{clusterIP: \
         10.96.{high}.{low}, clusterIPs: [10.96.{high}.{low}], ports: [{{port: {port}, \
         targetPort: {port}, protocol: {}}}]}}}}",
        protocol(workload)
    )
}

fn write_slice(out: &mut impl Write, topology: Topology, workload: u32) -> io::Result<()> {
    let (namespace, name) = (namespace(workload), name(workload));
    write!(
        out,
        "- {{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: {name}-1, \
         namespace: {namespace}, uid: slice-{workload}, creationTimestamp: \"{CREATED}\", labels: \
         {{kubernetes.io/service-name: {name}}}}}, addressType: IPv4, ports: [{{port: {}, \
         protocol: {}}}], endpoints: [",
        port(workload),
        protocol(workload)
    )?;
    let first = workload * PODS_PER_WORKLOAD;
    let last = topology.pods.min(first + PODS_PER_WORKLOAD);
    for pod in first..last {
        let comma = if pod == first { "" } else { ", " };
        let address = topology.v4(End(pod));
        write!(
            out,
            "{comma}{{addresses: [{address}], conditions: {{ready: true}}}}"
        )?;
    }
    writeln!(out, "]}}")
}

fn write_pod(
    out: &mut impl Write,
    topology: Topology,
    pod: End,
    random: &mut Random,
) -> io::Result<()> {
    let workload = pod.0 / PODS_PER_WORKLOAD;
    let (namespace, name) = (namespace(workload), name(workload));
    let hash = letters(&mut Random::new(u64::from(workload)), HASH_LETTERS, 10);
    let set = format!("{name}-{hash}");
    let (v4, v6) = (topology.v4(pod), topology.v6(pod));
    writeln!(
        out,
        "- {{apiVersion: v1, kind: Pod, metadata: {{name: {set}-{}, namespace: {namespace}, uid: \
         pod-{}, creationTimestamp: \"{CREATED}\", ownerReferences: [{{apiVersion: apps/v1, kind: \
         ReplicaSet, name: {set}, uid: set-{workload}, controller: true}}]}}, spec: {{nodeName: \
         node-{}}}, status: {{phase: Running, podIP: {v4}, podIPs: [{{ip: {v4}}}, \
         {{ip: \"{v6}\"}}], startTime: \"{CREATED}\"}}}}",
        letters(random, NAME_LETTERS, 5),
        pod.0,
        pod.0 / PODS_PER_NODE
    )
}

fn namespace(workload: u32) -> String {
    match workload % NAMESPACES {
        0 => "kube-system".to_owned(),
        team => format!("team-{team}"),
    }
}

fn name(workload: u32) -> String {
    if workload == 0 {
        "kube-dns".to_owned()
    } else {
        format!("app-{workload}")
    }
}

fn port(workload: u32) -> u16 {
    if workload == 0 {
        53
    } else {
        Topology::port(workload)
    }
}

const fn protocol(workload: u32) -> &'static str {
    if workload == 0 { "UDP" } else { "TCP" }
}

/// Letters of an alphabet.
fn letters(random: &mut Random, alphabet: &[u8], count: usize) -> String {
    let letter = |_| {
        let index = random.below(u32::try_from(alphabet.len()).unwrap_or(1));
        let letter = usize::try_from(index)
            .ok()
            .and_then(|index| alphabet.get(index));
        char::from(letter.copied().unwrap_or(b'b'))
    };
    (0..count).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_there_once() {
        let mut file = Vec::new();
        write(Topology::new(215), &mut file).unwrap();
        let text = String::from_utf8(file).unwrap();
        let count = |kind: &str| text.matches(&format!("kind: {kind}, metadata")).count();
        let kinds = ["Node", "Namespace", "Service", "EndpointSlice", "Pod"].map(count);
        assert_eq!(kinds, [2, 20, 22, 22, 215]);
        assert!(text.contains("name: node-1, "));
        assert!(text.lines().skip(3).all(|line| {
            line.starts_with("- {") && line.matches('{').count() == line.matches('}').count()
        }));
    }
}
