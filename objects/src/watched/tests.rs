//! What comes from the API, and what is kept of it.

use analyzer::cluster::change::ChangeKind;
use analyzer::cluster::object::Object;
use analyzer::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::decoded::{Decoded, ObjectPlace};
use crate::document::field::Field;
use crate::document::{Keep, documents};
use crate::kept::{READ, kept};
use crate::watched::{ObjectName, WatchedObject};

const AT: Timestamp = Timestamp::from_nanos(1_700_000_000_123_456_789);

fn pod() -> WatchedObject {
    serde_json::from_value(json!({
        "metadata": {
            "name": "cart-1", "namespace": "shop", "uid": "u1", "resourceVersion": "7",
            "labels": {"app": "cart", "anything/else": ""},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{…}"},
            "managedFields": [{"manager": "kubelet"}],
        },
        "spec": {"nodeName": "node-1", "containers": [{
            "name": "web", "image": "web:1", "env": [{"name": "SECRET", "value": "x"}],
            "ports": [{"containerPort": 80}],
        }]},
        "status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready"}]},
    }))
    .unwrap()
}

#[test]
fn what_nobody_reads_is_dropped() {
    assert_eq!(
        pod().of_kind("v1", "Pod").to_json(),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{},"labels":{"anything/else":"","app":"cart"},"name":"cart-1","namespace":"shop","resourceVersion":"7","uid":"u1"},"spec":{"containers":[{"name":"web","ports":[{"containerPort":80}]}],"nodeName":"node-1"},"status":{"phase":"Running","podIP":"10.0.0.1"}}"#
    );
}

#[test]
fn an_object_knows_its_name_and_version() {
    let name = ObjectName {
        namespace: "shop".to_owned(),
        name: "cart-1".to_owned(),
    };
    assert_eq!(pod().name(), name);
    assert_eq!(pod().metadata("resourceVersion").as_deref(), Some("7"));
    assert_eq!(pod().metadata("absent"), None);
    assert_eq!(pod().without_version().metadata("resourceVersion"), None);
    assert_eq!(pod().without_version().name(), name);
}

#[test]
fn metadata_alone_is_of_the_kind_that_was_asked_for() {
    let partial = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "cart-7f9c", "namespace": "shop",
            "ownerReferences": [{"kind": "Deployment", "name": "cart", "controller": true}]},
    });
    let object: WatchedObject = serde_json::from_value(partial).unwrap();
    let object = object.of_kind("apps/v1", "ReplicaSet");
    let change = object.change(ChangeKind::Added, AT, 0).unwrap().unwrap();
    let Object::ReplicaSet(set) = change.object else {
        panic!("{:?}", change.object);
    };
    assert_eq!(&*set.owner.unwrap().name, "cart");
}

#[test]
fn what_says_nothing_is_no_change_and_what_is_wrong_is_an_error() {
    let slice = json!({"metadata": {"name": "x"}, "addressType": "IPv4", "endpoints": []});
    let slice: WatchedObject = serde_json::from_value(slice).unwrap();
    let slice = slice.of_kind("discovery.k8s.io/v1", "EndpointSlice");
    assert_eq!(slice.change(ChangeKind::Added, AT, 0), Ok(None));

    let wrong = json!({"metadata": {"name": "x"}, "status": {"podIP": "ten"}});
    let wrong: WatchedObject = serde_json::from_value(wrong).unwrap();
    let error = wrong
        .of_kind("v1", "Pod")
        .change(ChangeKind::Added, AT, 0)
        .unwrap_err();
    assert_eq!(error.path, "status.podIP");
}

/// Objects of every kind whose fields hold anything.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<i16>().prop_map(|quarters| json!(f64::from(quarters) / 4.0)),
        "\\PC{0,8}".prop_map(|text| json!(text)),
        Just(json!("10.0.0.1")),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = prop::sample::select(READ.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn a_dump_of_the_object_says_the_same(
        (spec, status, lists) in (anything(), anything(), anything()),
        kind in prop::sample::select(vec!["Pod", "Service", "Node", "EndpointSlice"]),
    ) {
        let metadata = json!({"name": "x", "labels": {"kubernetes.io/service-name": "x"}});
        let object = json!({"metadata": metadata, "spec": spec, "status": status,
            "ports": lists, "endpoints": [lists]});
        let object = WatchedObject::from_json(&object.to_string()).unwrap().of_kind("v1", kind);
        let object = match kind {
            "EndpointSlice" => object.of_kind("discovery.k8s.io/v1", kind),
            _ => object,
        };
        let Ok(change) = object.change(ChangeKind::Modified, AT, 0) else { return Ok(()) };

        let json = object.to_json();
        let read = documents(&json, Keep::Some(kept)).unwrap();
        let mut replayed = Decoded::default();
        for document in &read {
            let place = ObjectPlace { document: 1, item: None, name: String::new() };
            replayed.add_document(place, &Field::root(document)).unwrap();
        }
        let told: Vec<_> = change.into_iter().map(|change| change.object).collect();
        let read: Vec<_> = replayed.changes.into_iter().map(|change| change.object).collect();
        prop_assert_eq!(read, told);
    }

    #[test]
    fn an_object_reads_as_it_was_written(fields in anything()) {
        let json = serde_json::to_string(&json!({"spec": fields})).unwrap();
        if let Some(object) = WatchedObject::from_json(&json) {
            let again = WatchedObject::from_json(&object.to_json()).unwrap();
            prop_assert_eq!(again.to_json(), object.to_json());
        }
    }
}
