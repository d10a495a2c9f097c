//! The crates: all are built and tested by default, and each depends only on what it may.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tree;

/// A third-party crate that only one of ours names.
const OWNERS: [(&str, &str); 6] = [
    ("axum", "server"),
    ("rmcp", "server"),
    ("kube", "live"),
    ("k8s-openapi", "live"),
    ("pcap-file", "replay"),
    ("cel", "verify"),
];

/// Which of our crates each of ours may use; the binary, which wires them up, may use all.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("analyzer", &[]),
    ("live", &["analyzer", "objects"]),
    ("objects", &["analyzer"]),
    ("pilotfish-generator", &[]),
    ("pilotfish-micro", &["analyzer", "replay"]),
    ("pilotfish-sender", &[]),
    ("replay", &["analyzer", "objects"]),
    ("server", &["analyzer"]),
    ("verify", &["analyzer", "objects", "replay"]),
];

/// Folders that hold a crate of the workspace but are not among its default members.
fn left_out(crates: &[String], defaults: &[String]) -> Vec<String> {
    crates
        .iter()
        .filter(|folder| !defaults.contains(folder))
        .cloned()
        .collect()
}

/// Why `package` may not use `dependency`, one of `ours` or not.
fn wall(package: &str, dependency: &str, ours: &[&str]) -> Option<String> {
    let owner = OWNERS
        .iter()
        .find(|(name, _)| *name == dependency)
        .map(|(_, owner)| owner);
    if let Some(owner) = owner.filter(|owner| **owner != package) {
        return Some(format!("{package} names {dependency}: only {owner} may"));
    }
    if package == "pilotfish" || !ours.contains(&dependency) {
        return None;
    }
    let may = MAY_USE.iter().find(|(name, _)| *name == package);
    let allowed = may.is_some_and(|(_, may)| may.contains(&dependency));
    (!allowed).then(|| format!("{package} uses {dependency}: that way is closed"))
}

/// What cargo says about the workspace.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(tree::root())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder of a package of the metadata, as seen from the root (`""` for the root).
fn folder(package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    tree::from_root(manifest.parent().unwrap())
}

#[test]
fn a_crate_left_out_is_found() {
    let crates = [String::new(), "analyzer".to_owned(), "live".to_owned()];
    assert_eq!(left_out(&crates, &crates[..2]), ["live"]);
    assert_eq!(left_out(&crates, &crates), [""; 0]);
}

#[test]
fn a_dependency_through_a_wall_is_found() {
    let ours = ["analyzer", "live", "pilotfish", "replay", "server"];
    for (package, dependency) in [
        ("live", "replay"),
        ("replay", "live"),
        ("analyzer", "replay"),
        ("server", "replay"),
        ("server", "pcap-file"),
        ("pilotfish", "axum"),
        ("unheard-of", "analyzer"),
    ] {
        assert!(
            wall(package, dependency, &ours).is_some(),
            "{package} uses {dependency}"
        );
    }
    for (package, dependency) in [
        ("live", "analyzer"),
        ("server", "axum"),
        ("analyzer", "serde"),
        ("pilotfish", "replay"),
    ] {
        assert_eq!(wall(package, dependency, &ours), None);
    }
}

#[test]
fn every_crate_is_a_default_member() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let is_default = |package: &&Value| {
        metadata["workspace_default_members"]
            .as_array()
            .unwrap()
            .contains(&package["id"])
    };
    let defaults: Vec<String> = packages.iter().filter(is_default).map(folder).collect();
    let crates: Vec<String> = tree::files()
        .iter()
        .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
        // A manifest below the root with a workspace of its own (fuzz) is not of this one.
        .filter(|file| file.path == "Cargo.toml" || !file.text().unwrap().contains("\n[workspace]"))
        .map(|file| {
            file.path
                .trim_end_matches("Cargo.toml")
                .trim_end_matches('/')
                .to_owned()
        })
        .collect();
    assert!(crates.len() > 3, "the crates are found: {crates:?}");
    assert_eq!(left_out(&crates, &defaults), [""; 0]);
}

#[test]
fn crates_use_only_what_they_may() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: Vec<&str> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    let mut wrong = Vec::new();
    for (package, name) in packages.iter().zip(&ours) {
        let dependencies = package["dependencies"].as_array().unwrap();
        // Tests may reach further: only what ships has to keep to the walls.
        let shipped = dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev");
        wrong.extend(shipped.filter_map(|used| wall(name, used["name"].as_str().unwrap(), &ours)));
    }
    assert_eq!(wrong, [""; 0]);
}
