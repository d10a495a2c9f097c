//! What is said of files that tell the cluster.

use std::fs;
use std::path::PathBuf;

use analyzer::engine::{Engine, Settings};

use crate::knowledge::tell;
use crate::session::ReplayInputs;

/// What is said of a cluster file with this text.
fn said_of(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    fs::write(&file, text).unwrap();
    let inputs = ReplayInputs {
        captures: vec![PathBuf::from("a.pcap")],
        cluster: vec![file],
        ..ReplayInputs::default()
    };
    let knowledge = tell(&mut Engine::new(Settings::default()), &inputs).unwrap();
    let here = format!("{}/", folder.path().display());
    let warnings = knowledge.warnings.iter();
    warnings.map(|line| line.replace(&here, "")).collect()
}

#[test]
fn a_cluster_file_without_objects_is_said() {
    let empty = "cluster.yaml: no Kubernetes object in it, so it names no address: expected what \
                 `kubectl get -o yaml` prints; did that fail?";
    for text in [
        "",
        "\n",
        "# nothing yet\n",
        "---\n---\n",
        "kind: List\nitems: []\n",
    ] {
        let expected: &[&str] = &[empty];
        assert_eq!(said_of(text), expected, "{text:?}");
    }
}

#[test]
fn a_cluster_file_with_an_object_is_used_in_silence() {
    let said = said_of("kind: Namespace\nmetadata: {name: shop}\n");
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn objects_of_other_kinds_are_counted() {
    let said = said_of("kind: ConfigMap\nmetadata: {name: shop}\n");
    assert_eq!(
        said,
        ["cluster.yaml: left out what says nothing about identity: 1 ConfigMap"]
    );
}
