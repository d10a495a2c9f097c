//! What is deployed: rendered by kustomize, and accepted by the API server.

use std::path::Path;
use std::process::Command;

use kube::api::{Patch, PatchParams, ValidationDirective};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::objects::{Objects, of_yaml};
use crate::server::{ApiServer, asset, steps_aside};

#[test]
fn the_api_server_accepts_what_is_deployed() {
    let Some(server) = ApiServer::start() else {
        return;
    };
    let Some(kustomize) = asset("kustomize") else {
        steps_aside("kustomize");
        return;
    };
    let objects = Objects(server.client());
    for folder in [
        "deploy/kubernetes",
        "deploy/in-pod-namespaces",
        "deploy/open",
    ] {
        let rendered = rendered(&kustomize, folder);
        assert_accepted(&server, &objects, &rendered);

        // What would not be accepted is not.
        let mut wrong = rendered.last().unwrap().clone();
        wrong["spec"]["template"]["spec"]["hostNetworks"] = Value::Bool(true);
        let error = server.runtime.block_on(dry_run(&objects, &wrong));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("hostNetworks"), "{folder}: {error}");
    }
}

/// What kustomize makes of a folder.
fn rendered(kustomize: &Path, folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let output = Command::new(kustomize).arg("build").arg(folder).output();
    let output = output.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    of_yaml(&String::from_utf8(output.stdout).unwrap())
}

fn assert_accepted(server: &ApiServer, objects: &Objects, rendered: &[Value]) {
    let kinds: Vec<&str> = rendered
        .iter()
        .map(|object| object["kind"].as_str().unwrap())
        // Where the network of the nodes is answered.
        .filter(|kind| *kind != "Service")
        .collect();
    assert_eq!(
        kinds,
        [
            "Namespace",
            "ServiceAccount",
            "ClusterRole",
            "ClusterRoleBinding",
            "DaemonSet"
        ]
    );
    let namespace = rendered.iter().find(|object| object["kind"] == "Namespace");
    server.runtime.block_on(apply(objects, namespace.unwrap()));
    for object in rendered {
        server.runtime.block_on(dry_run(objects, object)).unwrap();
    }
}

/// Has an object there, whether it was before or not.
async fn apply(objects: &Objects, object: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap();
    let parameters = PatchParams::apply("pilotfish-tests");
    let apply = Patch::Apply(object);
    let applied = objects.like(object).patch(name, &parameters, &apply).await;
    applied.unwrap();
}

/// `kubectl apply --server-side --dry-run=server --validate=strict`.
async fn dry_run(objects: &Objects, object: &Value) -> kube::Result<DynamicObject> {
    let parameters = PatchParams {
        dry_run: true,
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("pilotfish-tests")
    };
    let name = object["metadata"]["name"].as_str().unwrap();
    let apply = Patch::Apply(object);
    objects.like(object).patch(name, &parameters, &apply).await
}
