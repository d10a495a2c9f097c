//! What joins are made of: which connections seen in several forms are one, and which are not.

use analyzer::engine::Settings;
use analyzer::frame::{Direction, Origin};
use proptest::prelude::*;

use crate::invariants::lines;
use crate::script::{ingest_at, parse, snapshot};
use crate::translations::{EGRESS, OLDER, OPENED, QUERY, SHOP, engine, joins};

#[test]
fn a_syn_seen_before_and_after_is_one_connection() {
    assert_eq!(joins(SHOP, OPENED), (1, 0));
    let unanswered: Vec<&str> = OPENED.lines().take(3).collect();
    assert_eq!(joins(SHOP, &unanswered.join("\n")), (1, 0));
}

#[test]
fn without_objects_the_later_form_is_the_servers() {
    assert_eq!(joins("", OPENED), (1, 0));
}

#[test]
fn a_connection_to_a_pod_itself_is_joined_with_none() {
    let direct = "
        1 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100
        1.1 10.0.2.8:8080 > 10.0.1.5:40000 SA seq=900 ack=101
        1.2 10.0.1.5:40001 > 10.96.0.7:80 S seq=7
        1.3 10.96.0.7:80 > 10.0.1.5:40001 SA seq=8 ack=8";
    assert_eq!(joins(SHOP, direct), (0, 0));
}

#[test]
fn equal_syns_with_different_answers_are_two_connections() {
    let scan = "
        1.0 203.0.113.9:40000 > 198.51.100.1:80 S seq=100
        1.1 203.0.113.9:40000 > 198.51.100.2:80 S seq=100
        1.2 198.51.100.1:80 > 203.0.113.9:40000 SA seq=5 ack=101
        1.3 198.51.100.2:80 > 203.0.113.9:40000 SA seq=6 ack=101";
    assert_eq!(joins("", scan), (0, 1));
}

#[test]
fn equal_syns_to_two_pods_are_refused() {
    let scan = "
        1.0 10.0.1.5:40000 > 10.0.1.8:8080 S seq=100
        1.1 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100";
    assert_eq!(joins(SHOP, scan), (0, 1));
    let retried = "
        1.0 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
        1.1 10.0.1.5:40000 > 10.0.1.8:8080 S seq=100
        2.0 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
        2.1 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100";
    assert_eq!(joins(SHOP, retried), (0, 1));
}

#[test]
fn equal_syns_long_apart_are_two_connections() {
    let apart = "
        1.0 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
        4.1 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100";
    assert_eq!(joins(SHOP, apart), (0, 0));
}

#[test]
fn a_pod_that_calls_itself_through_its_service_is_joined() {
    let hairpin = "
        1.000 10.0.1.8:50000 > 10.96.0.7:80 S seq=1
        1.001 10.0.1.1:61000 > 10.0.1.8:8080 S seq=1
        1.002 10.0.1.8:8080 > 10.0.1.1:61000 SA seq=77 ack=2
        1.003 10.96.0.7:80 > 10.0.1.8:50000 SA seq=77 ack=2";
    assert_eq!(joins(SHOP, hairpin), (1, 0));
}

#[test]
fn a_pod_that_leaves_the_cluster_as_its_node_is_joined() {
    assert_eq!(joins(SHOP, EGRESS), (1, 0));
}

#[test]
fn a_chain_of_three_is_one_connection() {
    let chain = "
        1.000 203.0.113.9:50000 > 198.51.100.7:80 S seq=1
        1.001 203.0.113.9:50000 > 192.168.0.1:30080 S seq=1
        1.002 192.168.0.1:61000 > 10.0.2.8:8080 S seq=1
        1.003 10.0.2.8:8080 > 192.168.0.1:61000 SA seq=77 ack=2
        1.004 192.168.0.1:30080 > 203.0.113.9:50000 SA seq=77 ack=2
        1.005 198.51.100.7:80 > 203.0.113.9:50000 SA seq=77 ack=2";
    assert_eq!(joins(SHOP, chain), (1, 0));
}

#[test]
fn two_segments_with_data_join_a_connection_whose_opening_was_not_seen() {
    assert_eq!(joins(SHOP, OLDER), (1, 0));
    assert_eq!(joins("", OLDER), (1, 0));
    let one: Vec<&str> = OLDER.lines().take(3).collect();
    assert_eq!(joins(SHOP, &one.join("\n")), (0, 0), "one may be chance");
}

#[test]
fn a_segment_seen_again_is_not_a_second_one() {
    let again = "
        1.0 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=70 len=100
        1.1 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=70 len=100
        1.2 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=70 len=100
        1.3 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=70 len=100";
    assert_eq!(joins(SHOP, again), (0, 0));
}

#[test]
fn segments_without_data_say_nothing() {
    let acks = "
        1.0 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=70
        1.1 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=70
        1.2 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=71
        1.3 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=71";
    assert_eq!(joins(SHOP, acks), (0, 0));
}

#[test]
fn an_older_connection_that_could_be_of_two_backends_is_refused() {
    let several = "
        1.0 10.0.1.5:40000 > 10.96.0.7:80 A seq=5000 ack=70 len=100
        1.1 10.0.1.5:40000 > 10.0.1.8:8080 A seq=5000 ack=70 len=100
        1.2 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5000 ack=70 len=100
        1.3 10.0.1.5:40000 > 10.96.0.7:80 A seq=5100 ack=70 len=100
        1.4 10.0.1.5:40000 > 10.0.1.8:8080 A seq=5100 ack=70 len=100
        1.5 10.0.1.5:40000 > 10.0.2.8:8080 A seq=5100 ack=70 len=100";
    assert_eq!(joins(SHOP, several), (0, 1));
}

#[test]
fn datagrams_are_joined_where_one_backend_is_possible() {
    assert_eq!(joins(SHOP, QUERY), (1, 0));
    assert_eq!(joins("", QUERY), (0, 0), "nobody says that it is a service");
    let other = QUERY.replace("10.0.1.9:5353", "10.0.1.9:5355");
    assert_eq!(joins(SHOP, &other), (0, 0), "no endpoint of the service");
}

#[test]
fn datagrams_with_two_possible_backends_are_refused() {
    let both = format!("{QUERY}\n1.002 10.0.1.5:45000 > 10.0.2.9:5353 udp len=30");
    assert_eq!(joins(SHOP, &both), (0, 1));
}

#[test]
fn a_call_that_several_places_saw_is_joined_once() {
    let mut engine = engine(SHOP, &[], Settings::default());
    for line in parse(QUERY) {
        for interface in 1..4 {
            let origin = Origin {
                source: 1,
                interface,
                direction: Direction::Incoming,
            };
            ingest_at(&mut engine, &line, origin);
        }
    }
    let counts = snapshot(engine).joins;
    assert_eq!((counts.made, counts.refused), (1, 0));
}

#[test]
fn an_answer_in_the_next_interval_is_near_and_one_later_is_not() {
    let at = |time: &str| {
        format!(
            "9.5 10.0.1.5:45000 > 10.96.0.10:53 udp len=30
             {time} 10.0.1.5:45000 > 10.0.1.9:5353 udp len=30"
        )
    };
    assert_eq!(joins(SHOP, &at("10.4")), (1, 0));
    assert_eq!(joins(SHOP, &at("8.6")), (1, 0));
    assert_eq!(joins(SHOP, &at("10.6")), (0, 0));
}

#[test]
fn a_port_used_again_for_another_backend_is_decided_anew() {
    let again = QUERY
        .replace("1.00", "25.00")
        .replace("10.0.1.9", "10.0.2.9");
    assert_eq!(joins(SHOP, &format!("{QUERY}{again}")), (2, 0));
}

#[test]
fn limits_of_clues_are_counted() {
    let mut settings = Settings::default();
    // Four openings.
    settings.limits.translations.clues = 1;
    let syn = |n: u64| format!("1.{n} 10.0.9.{n}:40000 > 10.0.2.8:8080 S seq={n}");
    let between: Vec<String> = (2..6).map(syn).collect();
    let packets = "
        1.1 10.0.1.5:40000 > 10.96.0.7:80 S seq=100
        BETWEEN
        1.9 10.0.1.5:40000 > 10.0.2.8:8080 S seq=100"
        .replace("BETWEEN", &between.join("\n"));
    let limited = snapshot(engine(SHOP, &parse(&packets), settings));
    assert_eq!(limited.joins.made, 0);
    assert_eq!(limited.coverage.evicted, 2);
    assert_eq!(joins(SHOP, &packets), (1, 0));
}

/// The same from another client.
fn second_client() -> String {
    OPENED
        .replace("10.0.1.5", "10.0.1.6")
        .replace("seq=900", "seq=950")
}

#[test]
fn limits_of_forms_are_counted() {
    let mut settings = Settings::default();
    settings.limits.translations.forms = 1;
    let packets = format!("{OPENED}{}", second_client());
    let limited = snapshot(engine(SHOP, &parse(&packets), settings));
    assert_eq!(limited.joins.made, 1);
    assert!(limited.coverage.evicted > 0);
    assert_eq!(joins(SHOP, &packets), (2, 0));
}

proptest! {
    #[test]
    fn what_looks_alike_by_chance_loses_no_frame(lines in lines(), seed: u64) {
        let mut lines = lines;
        for line in &mut lines {
            (line.seq, line.ack) = (line.seq & 3, line.ack & 3);
        }
        let answers = |seed| {
            let settings = Settings { seed, ..Settings::default() };
            let snapshot = snapshot(engine("", &lines, settings));
            assert!(snapshot.coverage.closes(), "{:?}", snapshot.coverage);
            assert_eq!(snapshot.coverage.frames, lines.len() as u64);
            let flows = snapshot.flows.iter();
            let counted = flows.map(|flow| format!("{:?} {:?}", flow.key, flow.intervals));
            (snapshot.joins, counted.collect::<Vec<_>>())
        };
        prop_assert_eq!(answers(seed), answers(0));
    }
}
