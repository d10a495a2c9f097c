//! `pilotfish diff`: what is different, by workload.

use std::fs;

use tempfile::TempDir;

use crate::run::{assert_accepted, command, command_in, outcome, transcript, transcript_in};
use crate::surgery::{Record, cut, rewrite, shop};

const CHECKOUT: [u8; 4] = [10, 244, 2, 11];
const ELSEWHERE: [u8; 4] = [10, 244, 1, 211];
const FRONTEND: [u8; 4] = [10, 244, 1, 10];
const CART: [u8; 4] = [10, 244, 1, 11];
const REDIS: [u8; 4] = [10, 244, 2, 14];
const POSTGRES: [u8; 4] = [10, 244, 1, 13];
const REPORT: [u8; 4] = [10, 244, 1, 16];

/// The shop twice, as `before` and `after`, the second one changed.
fn both(change: impl FnOnce(&mut Vec<Record>)) -> TempDir {
    let (folder, other) = (shop("before"), shop("after"));
    let after = folder.path().join("after");
    fs::rename(other.path().join("after"), &after).unwrap();
    cut(&after.join("shop.pcap"), change);
    folder
}

#[test]
fn a_capture_is_not_different_from_itself() {
    let told = transcript("diff captures/shop captures/shop");
    assert_accepted("diff__same", &told);
}

#[test]
fn a_service_on_other_pods_and_addresses_is_not_different() {
    let folder = both(|records| {
        for record in records {
            record.readdress(CHECKOUT, ELSEWHERE);
        }
    });
    rewrite(&folder.path().join("after/cluster.yaml"), |objects| {
        let moved = objects.replace("10.244.2.11", "10.244.1.211");
        assert!(moved != objects);
        moved.replace("checkout-59b7d4c86c-2vbnl", "checkout-59b7d4c86c-x9x9x")
    });
    let same = outcome(command_in(folder.path(), "diff before after"));
    assert!(same.status.success(), "{}", same.stdout);
    assert!(
        same.stdout.starts_with("nothing differs"),
        "{}",
        same.stdout
    );
    // By pod, they are others.
    let pods = outcome(command_in(folder.path(), "diff before after --level pod"));
    assert_eq!(pods.status.code(), Some(1));
}

#[test]
fn one_new_dependency_is_the_one_that_is_told() {
    let folder = both(|records| {
        let calls = records.iter().filter(|r| r.is_tcp(FRONTEND, CART, 8080));
        let mut call = calls.clone().next().unwrap().to_port(6379);
        call.readdress(CART, REDIS);
        records.push(call);
    });
    let mut told = transcript_in(folder.path(), "diff before after");
    told += &transcript_in(folder.path(), "diff after before");
    told += &transcript_in(folder.path(), "diff before after --format markdown");
    told += &transcript_in(folder.path(), "diff before after --ns payments");
    assert_accepted("diff__new", &told);
}

#[test]
fn of_many_ports_the_first_are_named() {
    let folder = both(|records| {
        let mut calls = records.iter().filter(|r| r.is_tcp(FRONTEND, CART, 8080));
        let call = calls.next().unwrap().clone();
        records.extend((1..=300).map(|port| call.to_port(port)));
    });
    let there = transcript_in(folder.path(), "diff before after");
    let back = transcript_in(folder.path(), "diff after before");
    assert_accepted("diff__ports", &(there + &back));
}

#[test]
fn what_changed_is_told_beyond_its_threshold() {
    let folder = both(|records| {
        // Half of what postgres sends to the report is not there any more.
        let mut number = 0;
        records.retain(|record| {
            number += usize::from(record.is_between(REPORT, POSTGRES, 5432));
            !record.is_between(REPORT, POSTGRES, 5432) || number < 90
        });
        // And nobody answers checkout's calls of the payments, on one pod of two.
        let payments = [10, 244, 1, 12];
        records.retain(|r| {
            !r.is_between(CHECKOUT, payments, 8080) || r.is_tcp(CHECKOUT, payments, 8080)
        });
    });
    let mut told = transcript_in(folder.path(), "diff before after");
    told += &transcript_in(
        folder.path(),
        "diff before after --volume 90% --rate 1000% --failures 60",
    );
    assert_accepted("diff__changed", &told);
}

#[test]
fn windows_of_one_capture_are_compared() {
    let mut told = transcript("diff captures/shop --server-svc postgres");
    told +=
        &transcript("diff captures/shop --server-svc postgres --a-window 0s/20s --b-window -20s/");
    told += &transcript("diff captures/shop --a-window 20s");
    told += &transcript("diff captures/shop --volume many");
    told += &transcript("diff");
    assert_accepted("diff__windows", &told);
}

#[test]
fn windows_that_share_an_interval_or_hold_nothing_are_refused() {
    let mut told = String::new();
    for windows in [
        "--a-window 0s/30s --b-window 30s/",
        "--a-window 0s/30s --b-window 30s/ --format markdown",
        "--a-window 0s/40s --b-window 20s/",
        "--a-window 20s/21s --b-window 22s/23s",
        "--a-window 2020-01-01T00:00:00Z/1s --b-window 30s/",
        "--a-window /20s --b-window 2021-01-01T00:00:00Z/2021-01-02T00:00:00Z",
    ] {
        told += &transcript(&format!(
            "diff captures/shop --server-svc postgres {windows}"
        ));
    }
    assert_accepted("diff__refused_windows", &told);
}

#[test]
fn a_capture_of_one_interval_has_no_halves() {
    let folder = shop("mine");
    cut(&folder.path().join("mine/shop.pcap"), |records| {
        records.truncate(50);
    });
    let mut told = transcript_in(folder.path(), "diff mine");
    told += &transcript_in(folder.path(), "diff mine --format markdown");
    // What was asked for and cannot be had is another thing.
    told += &transcript_in(folder.path(), "diff mine --a-window /1s --b-window 1s/");
    told += &transcript_in(folder.path(), "diff mine --a-window /");
    assert_accepted("diff__one_interval", &told);
}

#[test]
fn a_side_without_frames_is_told() {
    let folder = both(Vec::clear);
    let mut told = transcript_in(folder.path(), "diff after after");
    told += &transcript_in(folder.path(), "diff before after --ns payments");
    told += &transcript_in(folder.path(), "diff after --format markdown");
    told += &transcript_in(folder.path(), "diff after --a-window /10s --b-window 10s/");
    assert_accepted("diff__empty", &told);
}

#[test]
fn json_is_the_answer_of_the_server() {
    let told = outcome(command(
        "diff captures/shop --server-svc redis --format json",
    ));
    let value: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(
        value["edges"].as_array().unwrap().len() as u64,
        value["total"]
    );
    // The halves meet, and begin where the capture does.
    let (a, b) = (&value["coverage_a"]["window"], &value["coverage"]["window"]);
    assert!(a["end"].is_string() && a["end"] == b["start"]);
    assert!(a["start"].as_str().unwrap().starts_with("2026-11-22T19:39"));
}
