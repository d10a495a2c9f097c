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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kubernetes");
    let output = Command::new(kustomize).arg("build").arg(folder).output();
    let output = output.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rendered = of_yaml(&String::from_utf8(output.stdout).unwrap());
    let kinds: Vec<&str> = rendered
        .iter()
        .map(|object| object["kind"].as_str().unwrap())
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
    let objects = Objects(server.client());
    let namespace = rendered.iter().find(|object| object["kind"] == "Namespace");
    server
        .runtime
        .block_on(objects.create(namespace.unwrap().clone()));
    for object in &rendered {
        server.runtime.block_on(dry_run(&objects, object)).unwrap();
    }

    // What would not be accepted is not.
    let mut wrong = rendered.last().unwrap().clone();
    wrong["spec"]["template"]["spec"]["hostNetworks"] = Value::Bool(true);
    let error = server.runtime.block_on(dry_run(&objects, &wrong));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("hostNetworks"), "{error}");
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
