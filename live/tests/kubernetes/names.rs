//! What is told of a cluster, and who has an address by it.

use std::collections::BTreeMap;
use std::path::Path;

use analyzer::cluster::object::{Object, ObjectKey};
use analyzer::cluster::{Change, ChangeKind};
use live::cluster::connection::Listing;
use live::cluster::resource::RESOURCES;
use serde_json::{Value, json};

use crate::objects::{Objects, namespace, pod};
use crate::server::ApiServer;
use crate::watching::Watching;

/// A shop: a deployment's pod behind a service, a cron job's, and a node.
fn shop() -> Vec<Value> {
    let owned = |mut object: Value, kind: &str, name: &str| {
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": kind, "name": name, "uid": name, "controller": true,
        }]);
        object
    };
    let template = json!({
        "metadata": {"labels": {"app": "cart"}},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "main", "image": "main:1"}]},
    });
    let mut once = template.clone();
    once["spec"]["restartPolicy"] = json!("Never");
    let named = |name: &str| json!({"name": name, "namespace": "shop"});
    vec![
        namespace("shop"),
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "annotations":
                {"flannel.alpha.coreos.com/public-ip": "192.168.9.1"}},
            "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.1"}]}}),
        owned(
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": named("cart-7f9c"),
                "spec": {"selector": {"matchLabels": {"app": "cart"}}, "template": template}}),
            "Deployment",
            "cart",
        ),
        owned(
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": named("night-1"),
                "spec": {"template": once}}),
            "CronJob",
            "night",
        ),
        owned(
            pod("cart-7f9c-a", "10.244.1.2", "2020-01-01T10:00:00Z"),
            "ReplicaSet",
            "cart-7f9c",
        ),
        owned(
            pod("night-1-b", "10.244.1.3", "2020-01-01T10:00:00Z"),
            "Job",
            "night-1",
        ),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": named("cart"),
            "spec": {"clusterIP": "10.96.0.10", "selector": {"app": "cart"},
                "ports": [{"port": 80, "targetPort": "http"}]}}),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "cart-x", "namespace": "shop",
                "labels": {"kubernetes.io/service-name": "cart"}},
            "addressType": "IPv4", "ports": [{"port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["10.244.1.2"],
                "targetRef": {"kind": "Pod", "name": "cart-7f9c-a", "namespace": "shop"}}]}),
    ]
}

#[test]
fn a_cluster_is_named_as_it_changes() {
    let Some(server) = ApiServer::start() else {
        return;
    };
    let objects = Objects(server.client());
    for object in shop() {
        server.runtime.block_on(objects.create(object));
    }
    let mut streams = Watching::start(server.kubeconfig(None), Listing::AsTheServerCan);
    streams.until_complete();
    let mut pages = Watching::start(server.kubeconfig(None), Listing::Pages);
    pages.until_complete();

    for watching in [&streams, &pages] {
        let who = |address| watching.who(address, "2099-01-01T00:00:00Z");
        assert_eq!(who("10.244.1.2"), "pod shop cart-7f9c-a Deployment/cart");
        assert_eq!(who("10.244.1.3"), "pod shop night-1-b CronJob/night");
        assert_eq!(who("192.168.9.1"), "node");
        // The server's own ServiceCIDR.
        assert_eq!(who("10.96.77.7"), "unresolved");
    }
    a_replay_knows_the_same(&server, &objects, &streams);
    assert_eq!(latest(&streams.changes), latest(&pages.changes));
    addresses_go_to_other_pods(&server, &objects, &mut streams);
}

/// The last state of each object that is there, without what tells when.
fn latest(changes: &[Change]) -> BTreeMap<ObjectKey, Object> {
    let mut objects = BTreeMap::new();
    for change in changes {
        match change.kind {
            ChangeKind::Added | ChangeKind::Modified => {
                objects.insert(change.object.key(), change.object.clone());
            }
            ChangeKind::Deleted => {
                objects.remove(&change.object.key());
            }
        }
    }
    objects
}

/// What `kubectl get -o json` prints of the same cluster makes the same objects.
fn a_replay_knows_the_same(server: &ApiServer, objects: &Objects, watching: &Watching) {
    let mut items = Vec::new();
    for resource in RESOURCES.iter().take(8) {
        let api_version = resource.api_version();
        let list = objects.list(&api_version, resource.kind);
        items.extend(server.runtime.block_on(list));
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let dump = replay::cluster_file::decode(Path::new("cluster.json"), &list).unwrap();
    assert!(dump.changes.len() >= shop().len(), "{}", dump.changes.len());
    assert_eq!(latest(&watching.changes), latest(&dump.changes));
}

/// A pod that is deleted by force, one that has ended, and those that get their addresses.
fn addresses_go_to_other_pods(server: &ApiServer, objects: &Objects, watching: &mut Watching) {
    let before = watching.changes.len();
    let cart = pod("cart-7f9c-a", "10.244.1.2", "2020-01-01T10:00:00Z");
    let mut night = pod("night-1-b", "10.244.1.3", "2020-01-01T10:00:00Z");
    night["status"]["phase"] = json!("Succeeded");
    server.runtime.block_on(async {
        objects.delete(&cart).await;
        objects.set_status(&night).await;
    });
    watching.until("the deletion and the end", |watching| {
        watching.was_told(before, ChangeKind::Deleted, "cart-7f9c-a")
            && watching.was_told(before, ChangeKind::Modified, "night-1-b")
    });
    assert_eq!(
        watching.who("10.244.1.2", "2020-01-01T12:00:00Z"),
        "pod shop cart-7f9c-a Deployment/cart"
    );
    assert_eq!(
        watching.who("10.244.1.2", "2099-01-01T00:00:00Z"),
        "unresolved"
    );
    assert_eq!(
        watching.who("10.244.1.3", "2099-01-01T00:00:00Z"),
        "unresolved"
    );

    // The ended pod is still there, with the address that another one has now.
    let started = "2098-12-31T00:00:00Z";
    server.runtime.block_on(async {
        objects.create(pod("web-1", "10.244.1.2", started)).await;
        objects.create(pod("web-2", "10.244.1.3", started)).await;
    });
    watching.until("the new pods", |watching| {
        watching.who("10.244.1.2", "2099-01-01T00:00:00Z") == "pod shop web-1"
            && watching.who("10.244.1.3", "2099-01-01T00:00:00Z") == "pod shop web-2"
    });
    assert_eq!(
        watching.who("10.244.1.3", "2020-01-01T10:30:00Z"),
        "pod shop night-1-b CronJob/night"
    );
}
