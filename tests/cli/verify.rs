//! `pilotfish verify`: answers that were accepted, and what is said when they change.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{assert_accepted, command_in, outcome, skipped, transcript_in};
use crate::surgery::{Record, cut, rewrite, shop};

const CART: [u8; 4] = [10, 244, 1, 11];
const REDIS: [u8; 4] = [10, 244, 2, 14];
const REPORT: [u8; 4] = [10, 244, 1, 16];
const POSTGRES: [u8; 4] = [10, 244, 1, 13];

/// A scenario whose answers were accepted, and then its capture changed.
fn changed(change: impl FnOnce(&mut Vec<Record>)) -> tempfile::TempDir {
    let folder = shop("mine");
    let accepted = outcome(command_in(folder.path(), "verify --new mine"));
    assert!(accepted.status.success(), "{}", accepted.stdout);
    cut(&folder.path().join("mine/shop.pcap"), change);
    folder
}

fn one_more(records: &mut Vec<Record>) {
    let at = records.iter().position(|r| r.is_tcp(CART, REDIS, 6379));
    let at = at.unwrap();
    let more = records[at].to_port(9999);
    records.insert(at + 1, more);
}

fn one_gone(records: &mut Vec<Record>) {
    records.retain(|record| !record.is_between(REPORT, POSTGRES, 5432));
}

fn one_byte(records: &mut [Record]) {
    let mut theirs = records.iter_mut().filter(|r| r.is_tcp(CART, REDIS, 6379));
    theirs.next_back().unwrap().lengthen();
}

#[test]
fn what_was_accepted_passes() {
    let folder = shop("mine");
    let mut told = transcript_in(folder.path(), "verify mine");
    told += &transcript_in(folder.path(), "verify --new mine");
    told += &transcript_in(folder.path(), "verify mine");
    told += &transcript_in(folder.path(), "verify --new mine");
    assert_accepted("verify__new", &told);
    let expect = folder.path().join("mine/expect");
    let mut files: Vec<String> = fs::read_dir(&expect)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "coverage.snap",
            "dependencies.snap",
            "flows.snap",
            "queries.yaml",
            "summary.snap"
        ]
    );
    // Nothing of this machine is in what is committed.
    for file in files {
        let text = fs::read_to_string(expect.join(file)).unwrap();
        assert!(
            !text.contains(&folder.path().display().to_string()),
            "{text}"
        );
    }
}

#[test]
fn where_a_scenario_lies_changes_nothing() {
    let folder = shop("mine");
    // A warning names the file.
    let cut_off = folder.path().join("mine/cut.pcap");
    fs::copy(folder.path().join("mine/shop.pcap"), &cut_off).unwrap();
    let octets = fs::read(&cut_off).unwrap();
    fs::write(&cut_off, &octets[..octets.len() - 1]).unwrap();
    let new = outcome(command_in(folder.path(), "verify --new mine"));
    assert!(new.status.success(), "{}", new.stdout);
    let coverage = fs::read_to_string(folder.path().join("mine/expect/coverage.snap")).unwrap();
    assert!(coverage.contains("\"cut.pcap: record "), "{coverage}");
    let mut whole = command_in(Path::new("/"), "verify");
    whole.arg(folder.path().join("mine"));
    let elsewhere = outcome(whole);
    assert!(elsewhere.status.success(), "{}", elsewhere.stdout);
    let inside = outcome(command_in(&folder.path().join("mine"), "verify ./"));
    assert!(inside.status.success(), "{}", inside.stdout);
}

#[test]
fn one_flow_more_is_told_and_nothing_else() {
    let folder = changed(one_more);
    assert_accepted(
        "verify__one_more",
        &transcript_in(folder.path(), "verify mine"),
    );
}

#[test]
fn one_flow_less_is_told_and_nothing_else() {
    let folder = changed(one_gone);
    assert_accepted(
        "verify__one_gone",
        &transcript_in(folder.path(), "verify mine"),
    );
}

#[test]
fn one_byte_more_is_told_and_nothing_else() {
    let folder = changed(|records| one_byte(records));
    assert_accepted(
        "verify__one_byte",
        &transcript_in(folder.path(), "verify mine --diff"),
    );
}

#[test]
fn another_name_is_told_and_nothing_else() {
    let folder = changed(|_| {});
    rewrite(&folder.path().join("mine/cluster.yaml"), |objects| {
        objects.replace("redis-6c9f7d5c8b-zt5np", "redis-6c9f7d5c8b-other")
    });
    assert_accepted(
        "verify__renamed",
        &transcript_in(folder.path(), "verify mine"),
    );
}

#[test]
fn what_changed_is_accepted_and_told() {
    let folder = changed(|records| one_byte(records));
    let mut told = transcript_in(folder.path(), "verify --update mine");
    told += &transcript_in(folder.path(), "verify mine");
    assert_accepted("verify__update", &told);
}

#[test]
fn a_difference_lies_beside_the_answer_until_it_is_gone() {
    let folder = changed(|records| one_byte(records));
    let new = folder.path().join("mine/expect/flows.snap.new");
    assert!(
        !outcome(command_in(folder.path(), "verify mine"))
            .status
            .success()
    );
    let (before, after) = (
        fs::read_to_string(folder.path().join("mine/expect/flows.snap")).unwrap(),
        fs::read_to_string(&new).unwrap(),
    );
    let header = |text: &str| text.split("---\n").nth(1).unwrap().to_owned();
    assert_eq!(header(&before), header(&after));
    // As `cargo insta accept` does.
    for name in ["flows", "summary", "dependencies"] {
        let accepted = folder.path().join(format!("mine/expect/{name}.snap"));
        fs::rename(accepted.with_extension("snap.new"), accepted).unwrap();
    }
    let same = outcome(command_in(folder.path(), "verify mine"));
    assert!(same.status.success(), "{}", same.stdout);
    assert!(!new.exists());
}

#[test]
fn a_capture_without_frames_is_told_and_a_failed_start_leaves_no_queries() {
    let folder = shop("mine");
    cut(&folder.path().join("mine/shop.pcap"), Vec::clear);
    fs::create_dir_all(folder.path().join("mine/expect/summary.snap")).unwrap();
    let failed = outcome(command_in(folder.path(), "verify --new mine"));
    assert_eq!(failed.status.code(), Some(2), "{}", failed.stdout);
    assert!(!folder.path().join("mine/expect/queries.yaml").exists());
    fs::remove_dir(folder.path().join("mine/expect/summary.snap")).unwrap();
    let accepted = outcome(command_in(folder.path(), "verify --new mine"));
    assert!(accepted.status.success(), "{}", accepted.stdout);
    let same = outcome(command_in(folder.path(), "verify mine"));
    assert!(same.status.success(), "{}", same.stdout);
    let said = "warning: its captures have no frame in them";
    for told in [accepted.stdout, same.stdout] {
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn what_is_tolerated_and_ignored_passes() {
    let folder = shop("mine");
    fs::create_dir(folder.path().join("mine/expect")).unwrap();
    let queries = folder.path().join("mine/expect/queries.yaml");
    let text = "version: 1\nqueries:\n  - name: redis\n    ask: flows\n    \
                parameters: {server_svc: redis, format: full}\n    \
                tolerances: {bytes: 1%, bps: 1%}\n    ignore: [container_id]\n";
    fs::write(&queries, text).unwrap();
    let accepted = outcome(command_in(folder.path(), "verify --update mine"));
    assert!(accepted.status.success(), "{}", accepted.stdout);
    cut(&folder.path().join("mine/shop.pcap"), |records| {
        one_byte(records);
    });
    let same = outcome(command_in(folder.path(), "verify mine"));
    assert!(same.status.success(), "{}", same.stdout);
    rewrite(&queries, |text| text.replace("bytes: 1%, ", ""));
    let moved = outcome(command_in(folder.path(), "verify mine"));
    assert_eq!(moved.status.code(), Some(1), "{}", moved.stdout);
}

#[test]
fn wrong_queries_are_refused_with_their_place() {
    let folder = shop("mine");
    fs::create_dir(folder.path().join("mine/expect")).unwrap();
    let queries = folder.path().join("mine/expect/queries.yaml");
    let mut told = String::new();
    for query in [
        "name: a/b\n    ask: flows",
        "name: a\n    ask: flow",
        "name: a\n    ask: flows\n    parameters: {server_svcc: redis}",
        "name: a\n    ask: coverage\n    parameters: {ns: shop}",
        "name: a\n    ask: dependencies\n    parameters: {format: dot}",
        "name: a\n    ask: dependencies\n    parameters: {of: nobody}",
        "name: a\n    ask: flows\n    tolerances: {byte: 5%}",
        "name: a\n    ask: flows\n    tolerances: {bytes: five}",
        "name: a\n    ask: flows\n    ignore: [containerid]",
        "name: a\n    ask: flows\n    tolerance: {}",
        "name: a\n    ask: flows\n  - name: a\n    ask: summary",
    ] {
        fs::write(&queries, format!("version: 1\nqueries:\n  - {query}\n")).unwrap();
        told += &outcome(command_in(folder.path(), "verify mine")).transcript(query);
    }
    assert_accepted("verify__queries", &told);
}

#[test]
fn damaged_answers_and_answers_of_nothing_are_told() {
    let folder = changed(|_| {});
    let expect = folder.path().join("mine/expect");
    fs::write(
        expect.join("old.snap"),
        "---\nsource: queries.yaml\n---\ntotal: 0\n",
    )
    .unwrap();
    let mut told = transcript_in(folder.path(), "verify mine");
    told += &transcript_in(folder.path(), "verify --update mine");
    rewrite(&expect.join("flows.snap"), |text| {
        text.replacen("{\"client\"", "client", 1)
    });
    told += &transcript_in(folder.path(), "verify mine");
    told += &transcript_in(folder.path(), "verify --update mine");
    fs::write(expect.join("flows.snap"), "total: 0\n").unwrap();
    told += &transcript_in(folder.path(), "verify mine");
    told += &transcript_in(folder.path(), "verify --update mine");
    assert_accepted("verify__damaged", &told);
}

#[test]
fn every_form_of_the_report_tells_the_same() {
    let folder = changed(|records| one_byte(records));
    let mut told = String::new();
    for format in ["json", "junit", "github"] {
        let arguments = format!("verify mine nowhere --format {format} --summary summary.md");
        told += &transcript_in(folder.path(), &arguments);
    }
    // What is added to a summary stays.
    let summary = fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert_eq!(summary.matches("### Pilotfish verify").count(), 3);
    let third = summary.len() / 3;
    assert_accepted(
        "verify__forms",
        &(told + "--- summary.md\n" + &summary[..third]),
    );
}

/// `cargo insta` reads what is written, where it is installed.
#[test]
fn insta_reviews_the_answers() {
    let folder = changed(|records| one_byte(records));
    assert!(
        !outcome(command_in(folder.path(), "verify mine"))
            .status
            .success()
    );
    let manifest = "[package]\nname = \"x\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"x.rs\"\n";
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.path().join("x.rs"), "").unwrap();
    let accept = Command::new(env!("CARGO"))
        .args(["insta", "accept"])
        .current_dir(folder.path())
        .env("CARGO_NET_OFFLINE", "true")
        .output();
    let accepted = accept.is_ok_and(|output| output.status.success());
    if !accepted {
        // The subcommand is not installed everywhere; its form is held by the test above.
        skipped("insta_reviews_the_answers", "cargo insta");
        return;
    }
    let same = outcome(command_in(folder.path(), "verify mine"));
    assert!(same.status.success(), "{}", same.stdout);
}
