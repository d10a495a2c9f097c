//! Whatever order changes come in, the directory is the same.

use std::fmt::Write;

use proptest::prelude::*;

use crate::cluster::Change;
use crate::cluster::tests::script::{answers, changes, cluster};

/// Any history of a small world in which addresses, names and ports meet all the time.
pub(super) fn history() -> impl Strategy<Value = Vec<Change>> {
    let time = prop_oneof![
        Just(String::new()),
        (1..20_u64).prop_map(|at| format!("@{at} "))
    ];
    let version = prop_oneof![
        Just(String::new()),
        (1..20_u64).prop_map(|rv| format!(" rv={rv}"))
    ];
    let created = prop_oneof![
        Just(String::new()),
        (1..20_u64).prop_map(|at| format!(" created={at}"))
    ];
    let kind = prop::sample::select(vec!["+", "~", "-"]);
    let line = (time, kind, object(), created, version).prop_map(
        |(time, kind, object, created, version)| format!("{time}{kind}{object}{created}{version}"),
    );
    prop::collection::vec(line, 1..16).prop_map(|lines| changes(&lines.join("\n")))
}

fn object() -> impl Strategy<Value = String> {
    let pod = (
        0..3,
        0..3,
        0..4,
        prop::sample::select(vec!["", " ended=", " ended=9", " net=host"]),
    )
        .prop_map(|(name, uid, ip, rest)| match uid {
            0 => format!("pod s/p{name} ip=10.0.0.{ip} node=n1{rest}"),
            _ => format!("pod s/p{name} uid={name}{uid} ip=10.0.0.{ip} node=n2{rest}"),
        });
    let service = (0..2, 0..4)
        .prop_map(|(name, ip)| format!("service s/v{name} ip=10.0.0.{ip} port=tcp/80+30000"));
    let slice = (0..2, 0..4, 0..3).prop_map(|(name, ip, pod)| {
        format!("slice s/v{name} svc=v{name} at=10.0.0.{ip}#p{pod} port=tcp/80")
    });
    let node =
        (1..3, 0..4).prop_map(|(name, ip)| format!("node n{name} ip=10.0.0.{ip} cidr=10.0.0.0/30"));
    prop_oneof![3 => pod, 1 => service, 2 => slice, 1 => node]
}

/// Every address of that world at every second, as either end.
pub(super) fn everything(changes: &[Change]) -> String {
    let mut questions = String::new();
    for ip in 0..5 {
        for at in 0..=20 {
            for port in ["", "tcp/80 ", "tcp/30000 "] {
                let _ = writeln!(questions, "10.0.0.{ip} {port}@{at}");
            }
        }
    }
    let directory = cluster(changes).directory();
    let identities = format!("{:#?}", directory.identities());
    answers(&directory, &questions) + &identities
}

proptest! {
    #[test]
    fn any_order_of_changes_gives_the_same_answers(
        (history, shuffled) in history().prop_flat_map(|history| {
            (Just(history.clone()), Just(history).prop_shuffle())
        })
    ) {
        prop_assert_eq!(everything(&history), everything(&shuffled));
    }

    #[test]
    fn a_change_told_twice_is_told_once(history in history()) {
        let twice: Vec<Change> = history.iter().chain(&history).cloned().collect();
        prop_assert_eq!(everything(&history), everything(&twice));
    }
}
