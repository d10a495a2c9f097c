//! What is said of files that tell the cluster.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use analyzer::engine::Settings;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::knowledge::engine;
use crate::session::ReplayInputs;

/// What is said of a cluster file with this text.
fn said_of(text: &str) -> Vec<String> {
    said_of_octets(text.as_bytes())
}

fn said_of_octets(octets: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.yaml");
    fs::write(&file, octets).unwrap();
    let inputs = ReplayInputs {
        captures: vec![PathBuf::from("a.pcap")],
        cluster: vec![file],
        ..ReplayInputs::default()
    };
    let (_, knowledge) = engine(Settings::default(), &inputs).unwrap();
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

#[test]
fn a_cluster_file_may_be_packed() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed
        .write_all(b"kind: ConfigMap\nmetadata: {name: shop}\n")
        .unwrap();
    let packed = packed.finish().unwrap();
    let said = "cluster.yaml: left out what says nothing about identity: 1 ConfigMap";
    assert_eq!(said_of_octets(&packed), [said]);
}

#[test]
fn what_a_watch_missed_is_said() {
    let pod = r#"{"time":"2026-11-22T10:00:03Z","type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}"#;
    let error = r#"{"type":"ERROR","object":{"kind":"Status","code":410}}"#;
    assert_eq!(
        said_of(&format!("{pod}\n{error}\n{}", &pod[..40])),
        [
            "cluster.yaml:3: the last line is cut off, the changes before it are used",
            "cluster.yaml: 1 errors of the watch in it: what changed before it went on may be missing",
        ]
    );
}
