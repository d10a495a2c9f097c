//! Folders and what they say of themselves.

use std::fs;
use std::path::Path;

use analyzer::hop::declaration::{InterfaceOwner, PodName, TakenAt};
use tempfile::TempDir;

use crate::scenario::Scenario;

/// A folder with empty files of some names, and a `scenario.yaml` where there is one.
fn folder(files: &[&str], declaration: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(file), "").unwrap();
    }
    if let Some(text) = declaration {
        fs::write(folder.path().join("scenario.yaml"), text).unwrap();
    }
    folder
}

/// The captures of each source, by file name.
fn captures(scenario: &Scenario) -> Vec<Vec<String>> {
    let name = |file: &std::path::PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    scenario
        .captures
        .iter()
        .map(|source| source.files.iter().map(name).collect())
        .collect()
}

fn wrong(files: &[&str], declaration: &str) -> String {
    let folder = folder(files, Some(declaration));
    let error = Scenario::open(folder.path()).unwrap_err().to_string();
    let place = format!("{}/scenario.yaml:", folder.path().display());
    error.strip_prefix(&place).unwrap_or(&error).to_owned()
}

#[test]
fn without_a_description_every_file_that_may_be_a_capture_is_a_source() {
    let folder = folder(
        &[
            "b.pcapng",
            "a.pcap.gz",
            "README.md",
            "cluster.yaml",
            "cluster.jsonl",
            "names.txt",
            ".hidden",
            "expect.json",
        ],
        None,
    );
    fs::create_dir(folder.path().join("more")).unwrap();
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(captures(&scenario), [["a.pcap.gz"], ["b.pcapng"]]);
    assert!(
        scenario
            .captures
            .iter()
            .all(|source| source.at == TakenAt::Between)
    );
    assert_eq!(
        scenario.cluster,
        [
            folder.path().join("cluster.yaml"),
            folder.path().join("cluster.jsonl")
        ]
    );
    assert_eq!(scenario.names, Some(folder.path().join("names.txt")));
}

#[test]
fn a_description_says_what_is_read_and_where_it_was_taken() {
    let pod = || PodName {
        namespace: "shop".into(),
        name: "cart-7f9c-hm2ts".into(),
    };
    let text = "
version: 1
captures:
  - files: [n1-1.pcap, n1-0.pcap]
    at: {node: node-1}
    interfaces: {veth1a: {pod: shop/cart-7f9c-hm2ts}, eth0: uplink, docker0: ignore}
  - files: [pod.pcap]
    at: {pod: shop/cart-7f9c-hm2ts}
  - files: [tap.pcap]
    at: between
cluster: [objects.yaml]
cluster_cidrs: [10.244.0.0/16, 'fd00::/48']
";
    let files = [
        "n1-0.pcap",
        "n1-1.pcap",
        "pod.pcap",
        "tap.pcap",
        "other.pcap",
        "objects.yaml",
        "cluster.yaml",
    ];
    let folder = folder(&files, Some(text));
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(
        captures(&scenario),
        [
            vec!["n1-1.pcap", "n1-0.pcap"],
            vec!["pod.pcap"],
            vec!["tap.pcap"]
        ]
    );
    let at: Vec<_> = scenario
        .captures
        .iter()
        .map(|source| source.at.clone())
        .collect();
    assert_eq!(
        at,
        [
            TakenAt::Node("node-1".into()),
            TakenAt::Pod(pod()),
            TakenAt::Between
        ]
    );
    let interfaces: Vec<_> = scenario.captures[0]
        .interfaces
        .clone()
        .into_iter()
        .collect();
    assert_eq!(
        interfaces,
        [
            ("docker0".into(), InterfaceOwner::Ignore),
            ("eth0".into(), InterfaceOwner::Uplink),
            ("veth1a".into(), InterfaceOwner::Pod(pod())),
        ]
    );
    assert_eq!(scenario.cluster, [folder.path().join("objects.yaml")]);
    let ranges: Vec<String> = scenario
        .cluster_cidrs
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(ranges, ["10.244.0.0/16", "fd00::/48"]);
}

#[test]
fn a_description_may_leave_everything_to_the_folder() {
    let folder = folder(&["a.pcap", "cluster.yaml"], Some("version: 1\n"));
    let scenario = Scenario::open(folder.path()).unwrap();
    assert_eq!(captures(&scenario), [["a.pcap"]]);
    assert_eq!(scenario.cluster, [folder.path().join("cluster.yaml")]);
}

#[test]
fn a_wrong_description_is_said_field_by_field() {
    let errors = [
        ("", " version: expected version 1"),
        ("captures: []", "1: version: expected version 1"),
        ("version: 2", "1: version: expected version 1"),
        (
            "version: 1\ncapture: []",
            "2: capture: unknown field, did you mean `captures`?",
        ),
        (
            "version: 1\ncaptures:\n- {file: [a.pcap]}",
            "3: captures[0].file: unknown field, did you mean `files`?",
        ),
        (
            "version: 1\ncaptures:\n- {at: between}",
            "3: captures[0].files: no file, expected the names of captures",
        ),
        (
            "version: 1\ncaptures:\n- {files: [b.pcap]}",
            r#"3: captures[0].files[0]: no file "b.pcap" in this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [../a.pcap]}",
            r#"3: captures[0].files[0]: "../a.pcap" is not within this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [/etc/passwd]}",
            r#"3: captures[0].files[0]: "/etc/passwd" is not within this folder"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap, a.pcap]}",
            "3: captures[0].files[1]: named twice",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], at: node-1}",
            "3: captures[0].at: expected between, {node: NAME} or {pod: NAMESPACE/NAME}",
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], at: {pod: cart}}",
            r#"3: captures[0].at.pod: "cart" is not a pod, expected NAMESPACE/NAME"#,
        ),
        (
            "version: 1\ncaptures:\n- {files: [a.pcap], interfaces: {eth0: up}}",
            "3: captures[0].interfaces.eth0: expected uplink, ignore or {pod: NAMESPACE/NAME}",
        ),
        (
            "version: 1\ncluster: [none.yaml]",
            r#"2: cluster[0]: no file "none.yaml" in this folder"#,
        ),
        (
            "version: 1\ncluster_cidrs: [10.0.0.0]",
            r#"2: cluster_cidrs[0]: "10.0.0.0" is not a range such as 10.244.0.0/16"#,
        ),
        (
            "version: 1\n---\nversion: 1",
            "3: a second document, expected one",
        ),
        ("version: [1", "1:10: unclosed bracket '['"),
    ];
    for (text, error) in errors {
        assert_eq!(wrong(&["a.pcap"], text), error, "{text}");
    }
}

#[test]
fn a_folder_needs_a_capture() {
    let folder = folder(&["README.md"], None);
    let error = Scenario::open(folder.path()).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{}: no capture in this folder", folder.path().display())
    );
    let error = Scenario::open(Path::new("/none")).unwrap_err().to_string();
    assert_eq!(error, "/none: No such file or directory (os error 2)");
}
