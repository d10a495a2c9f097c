//! Changes of the cluster come back as they were.

use std::fs;
use std::path::Path;

use analyzer::cluster::Change;
use live::recorder::{Recorder, RecorderOptions};
use replay::cluster_file;

use crate::answers;

/// Objects with everything that identity needs, as kubectl and watches print them.
const OBJECTS: &str = r#"
{"time":"2026-11-22T10:00:01.5Z","type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"cart-7f9c-hm2ts","namespace":"shop","uid":"u-1","resourceVersion":"12","creationTimestamp":"2026-11-22T09:59:00Z","labels":{"app":"cart","empty":"","pod-template-hash":"7f9c"},"ownerReferences":[{"kind":"ReplicaSet","name":"cart-7f9c","controller":true}]},"spec":{"nodeName":"node-1","containers":[{"name":"cart","ports":[{"name":"http","containerPort":8080},{"containerPort":53,"hostPort":5353,"protocol":"UDP"}]}]},"status":{"phase":"Running","startTime":"2026-11-22T09:59:01Z","podIP":"10.244.1.5","podIPs":[{"ip":"10.244.1.5"},{"ip":"fd00::5"}],"hostIP":"192.168.0.1","containerStatuses":[{"containerID":"containerd://abc"}]}}}
{"time":"2026-11-22T10:00:02Z","type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"agent","namespace":"kube-system"},"spec":{"hostNetwork":true,"containers":[{"ports":[{"name":"metrics","containerPort":9100},{"name":"odd","containerPort":9101,"hostPort":9102}]}]},"status":{"phase":"Running","podIPs":[{"ip":"192.168.0.1"}]}}}
{"time":"2026-11-22T10:00:03Z","type":"DELETED","object":{"kind":"Pod","metadata":{"name":"job-1","namespace":"batch","resourceVersion":"none"},"status":{"phase":"Failed","podIP":"10.244.1.9","containerStatuses":[{"state":{"terminated":{"finishedAt":"2026-11-22T10:00:02Z"}}}]}}}
{"time":"2026-11-22T10:00:04Z","type":"ADDED","object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"cart","namespace":"shop","resourceVersion":"9"},"spec":{"clusterIP":"10.96.0.7","clusterIPs":["10.96.0.7"],"externalIPs":["203.0.113.9"],"selector":{"app":"cart"},"ports":[{"port":80,"targetPort":"http","nodePort":30080},{"port":53,"protocol":"UDP","targetPort":5353},{"port":443}]},"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.1"}]}}}}
{"time":"2026-11-22T10:00:05Z","type":"ADDED","object":{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{"name":"cart-x1","namespace":"shop","labels":{"kubernetes.io/service-name":"cart"}},"endpoints":[{"addresses":["10.244.1.5"],"targetRef":{"kind":"Pod","name":"cart-7f9c-hm2ts"}},{"addresses":["10.0.0.1"]}],"ports":[{"port":8080}]}}
{"time":"2026-11-22T10:00:05Z","type":"ADDED","object":{"kind":"Endpoints","metadata":{"name":"old","namespace":"shop"},"subsets":[{"addresses":[{"ip":"10.0.0.2"}],"ports":[{"port":1}]},{"addresses":[{"ip":"10.0.0.3","targetRef":{"kind":"Pod","name":"x"}}],"ports":[{"port":2,"protocol":"UDP"}]}]}}
{"time":"2026-11-22T10:00:06Z","type":"ADDED","object":{"kind":"Node","metadata":{"name":"node-1","creationTimestamp":"2026-11-01T00:00:00Z"},"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00::/64"]},"status":{"addresses":[{"type":"InternalIP","address":"192.168.0.1"},{"type":"Hostname","address":"node-1"}]}}}
{"time":"2026-11-22T10:00:06Z","type":"ADDED","object":{"kind":"Namespace","metadata":{"name":"shop"}}}
{"time":"2026-11-22T10:00:07Z","type":"ADDED","object":{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{"name":"cart-7f9c","namespace":"shop","ownerReferences":[{"kind":"Deployment","name":"cart","controller":true}]}}}
{"time":"2026-11-22T10:00:07Z","type":"ADDED","object":{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"job","namespace":"batch"}}}
{"time":"2026-11-22T10:00:08Z","type":"ADDED","object":{"kind":"ServiceCIDR","apiVersion":"networking.k8s.io/v1","metadata":{"name":"kubernetes"},"spec":{"cidrs":["10.96.0.0/16","fd01::/112"]}}}
{"time":"2026-11-22T10:00:08Z","type":"ADDED","object":{"kind":"IPPool","apiVersion":"crd.projectcalico.org/v1","metadata":{"name":"pods"},"spec":{"cidr":"10.244.0.0/16"}}}
{"kind":"Pod","metadata":{"name":"found","namespace":"shop","resourceVersion":"3"},"status":{"podIP":"10.244.1.77"}}
"#;

fn record(folder: &Path, max_file_octets: Option<u64>, changes: &[Change]) {
    let mut recorder = Recorder::create(RecorderOptions {
        folder: folder.to_owned(),
        max_file_octets,
        settings: answers::settings(),
        cluster_cidrs: Vec::new(),
        names: None,
        filter: None,
    })
    .unwrap();
    for change in changes {
        recorder.change(change).unwrap();
    }
    recorder.finish().unwrap();
}

fn read(folder: &Path, file: &str) -> Vec<Change> {
    cluster_file::read(&folder.join(file)).unwrap().changes
}

fn known() -> Vec<Change> {
    let known = cluster_file::decode(Path::new("cluster.jsonl"), OBJECTS.trim_start()).unwrap();
    assert_eq!(known.changes.len(), OBJECTS.trim().lines().count());
    known.changes
}

#[test]
fn every_kind_of_object_comes_back_as_it_was() {
    let (folder, changes) = (tempfile::tempdir().unwrap(), known());
    record(folder.path(), None, &changes);
    let back = read(folder.path(), "cluster.jsonl");
    assert_eq!(back, changes);
    let description = fs::read_to_string(folder.path().join("scenario.yaml")).unwrap();
    assert!(!description.contains("cluster:"), "it has the usual name");
}

#[test]
fn a_timeline_goes_on_in_another_file_at_the_size_that_is_asked_for() {
    let (folder, changes) = (tempfile::tempdir().unwrap(), known());
    record(folder.path(), Some(2_000), &changes);
    let description = fs::read_to_string(folder.path().join("scenario.yaml")).unwrap();
    let named = r#"cluster: ["cluster.jsonl", "cluster-00002.jsonl"]"#;
    assert!(description.contains(named), "{description}");
    let files = ["cluster.jsonl", "cluster-00002.jsonl"].map(|file| read(folder.path(), file));
    assert!(files.iter().all(|file| !file.is_empty()));
    // A line is a place in its file.
    let places = |changes: Vec<Change>| -> Vec<Change> {
        let unplaced = changes
            .into_iter()
            .map(|change| Change { line: 0, ..change });
        unplaced.collect()
    };
    assert_eq!(places(files.concat()), places(changes));
}
