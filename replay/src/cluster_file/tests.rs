//! Files as people have them, and what is said of wrong ones.

mod errors;
mod hostile;

use std::net::IpAddr;
use std::path::Path;

use analyzer::cluster::{Cluster, ClusterLimits};
use analyzer::protocol::Protocol;
use analyzer::time::Timestamp;

use crate::cluster_file::{ClusterFile, decode};

const KUBECTL: &str = include_str!("tests/kubectl.yaml");

fn decoded(text: &str) -> ClusterFile {
    decode(Path::new("cluster.yaml"), text).unwrap()
}

/// Who had an address, as short as can be.
fn who(text: &str, address: &str, port: Option<u16>, at: &str) -> String {
    let mut cluster = Cluster::new(ClusterLimits::default());
    for change in decoded(text).changes {
        cluster.apply(change);
    }
    let directory = cluster.directory();
    let address: IpAddr = address.parse().unwrap();
    let at = Timestamp::parse_rfc3339(&format!("2026-11-22T{at}Z")).unwrap();
    let port = port.map(|port| (Protocol::Tcp, port));
    let found = directory.identity(directory.resolve(address, port, at));
    let workload = found
        .workload
        .as_ref()
        .map(|top| format!("{}/{}", top.kind, top.name));
    let words = [
        Some(found.kind.name()),
        found.namespace.as_deref(),
        found.pod.as_deref(),
        workload.as_deref(),
        found.node.as_deref(),
        found.service.as_deref(),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn everything_kubectl_prints_is_read() {
    insta::assert_debug_snapshot!(decoded(KUBECTL));
}

#[test]
fn ends_are_named_by_what_kubectl_prints() {
    let who = |address, port, at| who(KUBECTL, address, port, at);
    let cart = "pod shop cart-7f9c6d5b48-hm2ts Deployment/cart node-1";
    assert_eq!(who("10.244.1.5", None, "10:00:00"), format!("{cart} cart"));
    assert_eq!(who("fd00:10:244:1::5", None, "10:00:00"), cart);
    assert_eq!(who("10.244.1.5", None, "09:59:59"), "unresolved");
    assert_eq!(who("192.168.0.1", Some(18080), "10:00:00"), cart);
    assert_eq!(who("10.96.0.7", Some(80), "10:00:00"), "service shop cart");
    assert_eq!(
        who("192.168.0.1", Some(30080), "10:00:00"),
        "service shop cart"
    );
    assert_eq!(
        who("203.0.113.7", Some(80), "10:00:00"),
        "service shop cart"
    );
    assert_eq!(
        who("203.0.113.9", Some(5432), "10:00:00"),
        "external shop ledger"
    );
    assert_eq!(who("10.244.1.64", None, "10:00:00"), "node node-1");
    assert_eq!(who("10.244.1.99", None, "10:00:00"), "unresolved");
    let nightly = "pod shop nightly-29393940-x2bvn CronJob/nightly node-1";
    assert_eq!(who("192.168.0.1", Some(15001), "10:05:00"), nightly);
    assert_eq!(who("192.168.0.1", Some(15001), "10:06:00"), "node node-1");
}

#[test]
fn ranges_of_services_and_of_network_plugins_are_inside() {
    let text = "
kind: ServiceCIDR
apiVersion: networking.k8s.io/v1
metadata: {name: kubernetes}
spec: {cidrs: [10.96.0.0/16, 'fd00:10:96::/112']}
---
kind: IPPool
apiVersion: crd.projectcalico.org/v1
metadata: {name: kubernetes}
spec: {cidr: 192.168.0.0/16, blockSize: 26}
---
kind: CiliumNode
apiVersion: cilium.io/v2
metadata: {name: node-1}
spec: {ipam: {podCIDRs: [10.0.3.0/24]}}
";
    for inside in ["10.96.1.2", "fd00:10:96::7", "192.168.7.7", "10.0.3.9"] {
        assert_eq!(
            who(text, inside, None, "10:00:00"),
            "unresolved",
            "{inside}"
        );
    }
    assert_eq!(who(text, "10.0.4.9", None, "10:00:00"), "external");
    assert_eq!(decoded(text).skipped.len(), 0);
}

#[test]
fn objects_may_be_written_by_hand() {
    let text = "
# Only what matters.
kind: Pod
metadata: {name: cart-7f9c-hm2ts}
spec: {nodeName: node-1}
status: {podIP: 10.0.0.5}
---
---
kind: PodList
items:
  - metadata: {name: frontend-abc123, namespace: shop}
    status: {podIP: 10.0.0.6}
---
kind: Service
metadata: {name: cart}
spec: {clusterIP: 10.96.0.7, ports: [{port: 80}]}
";
    assert_eq!(
        who(text, "10.0.0.5", None, "10:00:00"),
        "pod default cart-7f9c-hm2ts Pod/cart node-1"
    );
    assert_eq!(
        who(text, "10.0.0.6", None, "10:00:00"),
        "pod shop frontend-abc123 Pod/frontend"
    );
    assert_eq!(
        who(text, "10.96.0.7", Some(80), "10:00:00"),
        "service default cart"
    );
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let text = "
kind: List
common: &common {kind: Pod, status: &status {podIP: 10.0.0.5}}
items:
  - {<<: *common, metadata: {name: a}}
  - {<<: [*common], metadata: {name: b}, status: {podIP: 10.0.0.6}}
  - {kind: Pod, metadata: {name: c}, status: {<<: *status, hostIP: 10.1.0.1}}
";
    let pods: Vec<String> = decoded(text)
        .changes
        .iter()
        .map(|change| format!("{:?}", change.object))
        .collect();
    assert!(pods[0].contains("addresses: [10.0.0.5]"), "{}", pods[0]);
    assert!(pods[1].contains("addresses: [10.0.0.6]"), "{}", pods[1]);
    assert!(pods[2].contains("addresses: [10.0.0.5]"), "{}", pods[2]);
}

#[test]
fn json_documents_follow_each_other() {
    let text = r#"
{"kind": "Pod", "metadata": {"name": "a"}, "status": {"podIP": "10.0.0.5"}}
{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "b"}, "status": {"podIP": "10.0.0.6"}}]}"#;
    assert_eq!(
        who(text, "10.0.0.5", None, "10:00:00"),
        "pod default a Pod/a"
    );
    assert_eq!(
        who(text, "10.0.0.6", None, "10:00:00"),
        "pod default b Pod/b"
    );
}

#[test]
fn a_timeline_has_a_line_a_change() {
    let text = r#"
{"time":"2026-11-22T10:00:03Z","type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","uid":"1"},"status":{"podIP":"10.0.0.5","startTime":"2026-11-22T10:00:00Z"}}}
{"time":"2026-11-22T10:00:04Z","type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"12"}}}
{"time":"2026-11-22T10:00:30Z","type":"DELETED","object":{"kind":"Pod","metadata":{"name":"a","uid":"1"}}}
{"time":"2026-11-22T10:00:40Z","type":"ADDED","object":{"kind":"Pod","metadata":{"name":"b"},"status":{"podIP":"10.0.0.5"}}}"#;
    assert_eq!(who(text, "10.0.0.5", None, "09:59:59"), "unresolved");
    assert_eq!(
        who(text, "10.0.0.5", None, "10:00:00"),
        "pod default a Pod/a"
    );
    assert_eq!(who(text, "10.0.0.5", None, "10:00:30"), "unresolved");
    assert_eq!(
        who(text, "10.0.0.5", None, "10:00:40"),
        "pod default b Pod/b"
    );
    assert_eq!(decoded(text).skipped.len(), 0);
}

/// A line of a timeline about a pod, `t` seconds after ten.
fn line(t: u8, kind: &str, pod: &str, ip: &str) -> String {
    format!(
        r#"{{"time":"2026-11-22T10:00:{t:02}.5Z","type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{pod}","uid":"{pod}","resourceVersion":"{t}"}},"status":{{"podIP":"{ip}"}}}}}}"#
    )
}

#[test]
fn a_watch_is_read_as_it_comes_with_bookmarks_errors_repeats_and_lines_out_of_order() {
    let bookmark = r#"{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"12","creationTimestamp":null},"spec":{"containers":null},"status":{}}}"#;
    let error = r#"{"time":"2026-11-22T10:00:20Z","type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version: 1 (12)","reason":"Expired","code":410}}"#;
    let text = [
        line(30, "ADDED", "b", "10.0.0.5"),
        bookmark.to_owned(),
        line(1, "ADDED", "a", "10.0.0.5"),
        String::new(),
        line(15, "DELETED", "a", "10.0.0.5"),
        line(9, "MODIFIED", "a", "10.0.0.5"),
        error.to_owned(),
        line(30, "ADDED", "b", "10.0.0.5"),
    ]
    .join("\r\n");
    let file = decoded(&text);
    assert_eq!(
        (file.changes.len(), file.watch_errors, file.cut),
        (5, 1, None)
    );
    assert_eq!(file.skipped.len(), 0);
    let at = |time| who(&text, "10.0.0.5", None, time);
    assert_eq!(at("10:00:01"), "unresolved");
    assert_eq!(at("10:00:02"), "pod default a Pod/a");
    assert_eq!(at("10:00:16"), "unresolved");
    assert_eq!(at("10:00:31"), "pod default b Pod/b");
}

#[test]
fn the_time_of_a_line_may_be_in_unix_seconds() {
    let line = line(1, "ADDED", "a", "10.0.0.5");
    let unix = line.replace("\"2026-11-22T10:00:01.5Z\"", "1795341601.5");
    assert_ne!(line, unix);
    assert_eq!(decoded(&unix), decoded(&line));
}

#[test]
fn a_line_may_be_written_over_several() {
    let pretty = line(1, "ADDED", "a", "10.0.0.5").replace(',', ",\n    ");
    let text = format!("{pretty}\n{}\n", line(9, "DELETED", "a", "10.0.0.5"));
    assert_eq!(decoded(&text).changes.len(), 2);
}

#[test]
fn a_last_line_that_is_cut_is_left_out() {
    let (first, second) = (
        line(1, "ADDED", "a", "10.0.0.5"),
        line(9, "DELETED", "a", "10.0.0.5"),
    );
    let text = format!("{first}\n{second}");
    for end in first.len() + 2..text.len() {
        let file = decoded(&text[..end]);
        assert_eq!((file.changes.len(), file.cut), (1, Some(2)), "{end}");
    }
    assert_eq!(decoded(&text).cut, None);
    for end in 1..first.len() {
        let file = decode(Path::new("cluster.jsonl"), &text[..end]).unwrap();
        assert_eq!((file.changes.len(), file.cut), (0, Some(1)), "{end}");
    }
    for wrong in [
        "{oops}",
        &format!("{}\n{second}\n", &first[..30]),
        &format!("{first}\n{}\n", &second[..30]),
    ] {
        assert!(
            decode(Path::new("cluster.jsonl"), wrong).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn what_says_nothing_about_identity_is_counted_by_kind() {
    let text = "
kind: List
items:
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: a}}
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: b}}
- {kind: Service, apiVersion: serving.knative.dev/v1, metadata: {name: a}}
- {kind: EndpointSlice, metadata: {name: a}}
- {kind: EndpointSlice, addressType: FQDN, metadata: {name: a, labels: {kubernetes.io/service-name: a}}}
---
kind: Status
message: forbidden
";
    let file = decoded(text);
    assert_eq!(file.changes, []);
    let skipped: Vec<String> = file
        .skipped
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    assert_eq!(
        skipped,
        [
            "2 Deployment",
            "1 EndpointSlice of names",
            "1 EndpointSlice without a service",
            "1 Service.serving.knative.dev",
            "1 Status"
        ]
    );
}

#[test]
fn nothing_is_a_file_without_objects() {
    for text in ["", "\n", "# nothing\n", "---\n---\n", "\u{feff}"] {
        assert_eq!(decoded(text), ClusterFile::default(), "{text:?}");
    }
}
