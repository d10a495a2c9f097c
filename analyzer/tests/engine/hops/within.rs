//! A pod that is captured within its own network namespace, beside its node.

use analyzer::hop::declaration::{PodName, SourceDeclaration, TakenAt};

use super::{declared, flows, on_node, sightings};

/// What node-1 (source 1) and a capture within web (source 2) show.
fn check(script: &str) -> String {
    let web = PodName {
        namespace: "shop".into(),
        name: "web".into(),
    };
    let within = SourceDeclaration {
        name: "web".to_owned(),
        at: TakenAt::Pod(web),
        ..SourceDeclaration::default()
    };
    let snapshot = declared(&sightings(script), vec![on_node(&"node-1"), within]);
    let coverage = &snapshot.coverage;
    assert!(coverage.closes(), "{coverage:?}");
    let warnings: String = snapshot.warnings.iter().map(|w| format!("{w}\n")).collect();
    format!("{}copies {}\n{warnings}", flows(&snapshot), coverage.copies)
}

#[test]
fn an_interface_that_shows_one_direction_only_is_not_told_of_where_the_pod_shows_both() {
    insta::assert_snapshot!(check(
        "2:2 out 0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:5 in  0.001 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out 0.002 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 in  0.003 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         2:2 in  0.004 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:6 in  0.005 10.244.1.11:80 > 10.244.1.10:4000 udp len=12",
    ), @"
    udp web > api:80, client 1/1, server 2/1, Both, 1 connections, wire 3
    copies 1
    ");
}

#[test]
fn a_packet_between_two_intervals_is_counted_once_at_an_end_that_was_seen_at_two_places() {
    insta::assert_snapshot!(check(
        "2:2 out  0.000 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:5 in   0.001 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 out  0.002 10.244.1.10:4000 > 10.244.1.11:80 udp len=10
         1:6 in   9.996 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:5 out  9.997 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         2:2 out  9.999 10.244.1.10:4000 > 10.244.1.11:80 udp len=12
         2:2 in  10.001 10.244.1.11:80 > 10.244.1.10:4000 udp len=11
         1:5 in  10.002 10.244.1.10:4000 > 10.244.1.11:80 udp len=12
         1:6 out 10.003 10.244.1.10:4000 > 10.244.1.11:80 udp len=12",
    ), @"
    udp web > api:80, client 2/1, server 1/2, Both, 1 connections, wire 3
    copies 3
    ");
}
