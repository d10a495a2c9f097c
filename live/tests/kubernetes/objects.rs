//! Objects as those who run a cluster write them.

use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use objects::document::{Keep, documents};
use serde_json::{Value, json};

/// All objects of a cluster, as one who may write them.
pub(crate) struct Objects(pub(crate) Client);

impl Objects {
    /// The objects of the kind that an object has, where it is.
    pub(crate) fn like(&self, object: &Value) -> Api<DynamicObject> {
        let text = |field: &Value| field.as_str().unwrap().to_owned();
        let (group, version) = match object["apiVersion"].as_str().unwrap().split_once('/') {
            Some((group, version)) => (group.to_owned(), version.to_owned()),
            None => (String::new(), text(&object["apiVersion"])),
        };
        let kind = GroupVersionKind {
            group,
            version,
            kind: text(&object["kind"]),
        };
        let resource = ApiResource::from_gvk(&kind);
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(self.0.clone(), namespace, &resource),
            None => Api::all_with(self.0.clone(), &resource),
        }
    }

    /// Creates an object, with its status where it has one.
    pub(crate) async fn create(&self, object: Value) {
        let api = self.like(&object);
        let typed = serde_json::from_value(object.clone()).unwrap();
        api.create(&PostParams::default(), &typed).await.unwrap();
        if object.get("status").is_some() {
            self.set_status(&object).await;
        }
    }

    /// Gives an object its status.
    pub(crate) async fn set_status(&self, object: &Value) {
        let status = Patch::Merge(json!({"status": object["status"]}));
        let name = object["metadata"]["name"].as_str().unwrap();
        let api = self.like(object);
        api.patch_status(name, &PatchParams::default(), &status)
            .await
            .unwrap();
    }

    /// Deletes an object at once, as `kubectl delete --force` does.
    pub(crate) async fn delete(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let at_once = DeleteParams {
            grace_period_seconds: Some(0),
            ..DeleteParams::default()
        };
        self.like(object).delete(name, &at_once).await.unwrap();
    }

    /// All objects of a kind, as `kubectl get -o json` prints them.
    pub(crate) async fn list(&self, api_version: &str, kind: &str) -> Vec<Value> {
        let like = json!({"apiVersion": api_version, "kind": kind, "metadata": {}});
        let list = self.like(&like).list(&ListParams::default()).await.unwrap();
        let items = list.items.into_iter().map(|item| {
            let mut item = serde_json::to_value(item).unwrap();
            item["apiVersion"] = json!(api_version);
            item["kind"] = json!(kind);
            item
        });
        items.collect()
    }
}

/// A pod that runs, with an address of its own.
pub(crate) fn pod(name: &str, address: &str, started: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop",
            "labels": {"app": name.split('-').next()},
            "annotations": {"a-note": "that nobody reads"},
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "main", "image": "main:1",
                "env": [{"name": "SECRET", "value": "hidden"}],
                "ports": [{"name": "http", "containerPort": 8080}]}],
        },
        "status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
            "startTime": started,
        },
    })
}

/// A namespace.
pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// The objects of a YAML text.
pub(crate) fn of_yaml(text: &str) -> Vec<Value> {
    let documents = documents(text, Keep::All).unwrap();
    let objects = documents
        .iter()
        .map(|value| serde_json::to_value(value).unwrap());
    objects.filter(|object| !object.is_null()).collect()
}
