//! What a history keeps, and what it means.

use std::fmt::Write;

use proptest::prelude::*;

use crate::cluster::tests::order::everything;
use crate::cluster::tests::script::{changes, check_directory, cluster, second};
use crate::cluster::{Cluster, ClusterLimits};

#[test]
fn changes_that_repeat_a_state_take_no_room() {
    let mut cluster = Cluster::new(ClusterLimits { records: 40 });
    let script: String = (0..1_000).fold(String::new(), |text, at| {
        text + &format!(
            "@{at} ~node n1 rv={at} ip=192.168.0.1\n@{at} ~pod s/a rv={at} ip=10.0.0.5 label=a:b\n"
        )
    });
    for change in changes(&script) {
        cluster.apply(change);
    }
    assert_eq!(cluster.refused(), 0);
    cluster.apply(changes("@2000 -pod s/a ip=10.0.0.5").remove(0));
    check_directory(
        &cluster.directory(),
        "192.168.0.1 @0: node node=n1
         10.0.0.5 @1999: pod a ns=s of=Pod/a
         10.0.0.5 @2000: unresolved",
    );
}

#[test]
fn the_newest_state_stays_though_it_has_no_time() {
    let mut cluster = cluster(&changes(
        "service s/a rv=9 ip=10.96.0.2
         @10 service s/a rv=1 ip=10.96.0.1
         @20 ~service s/a rv=5 ip=10.96.0.1 port=tcp/80",
    ));
    assert!(cluster.forget(second("60")));
    check_directory(
        &cluster.directory(),
        "10.96.0.1 @70: external
         10.96.0.2 @70: service ns=s svc=a called",
    );
}

#[test]
fn a_change_in_between_that_comes_a_little_late_still_counts() {
    let repeated: String = (0..40).fold(String::new(), |text, at| {
        text + &format!("@{at} ~service s/a ip=10.96.0.1\n")
    });
    let late = "@30 ~service s/a ip=10.96.0.2";
    check_directory(
        &cluster(&changes(&(repeated + late))).directory(),
        "10.96.0.1 @29: service ns=s svc=a called
         10.96.0.1 @30: unresolved
         10.96.0.2 @30: service ns=s svc=a called
         10.96.0.1 @31: service ns=s svc=a called",
    );
}

/// The life of some objects, in order: each has a new version at each change.
fn increments() -> impl Strategy<Value = Vec<(u64, String, Step)>> {
    let step = prop_oneof![
        3 => (0..4_u8).prop_map(Step::Is),
        1 => Just(Step::Gone),
    ];
    let object = (
        prop::sample::select(vec![
            "pod s/a uid=a",
            "pod s/b uid=b",
            "service s/v",
            "node n1",
        ]),
        step,
    );
    prop::collection::vec(object, 0..20).prop_map(|steps| {
        (1..)
            .zip(steps)
            .map(|(at, (object, step))| (at, object.to_owned(), step))
            .collect()
    })
}

/// What becomes of an object.
#[derive(Clone, Debug)]
enum Step {
    Is(u8),
    Gone,
}

/// The increments as a watch tells them, and the list of what is there in the end.
fn told(increments: &[(u64, String, Step)]) -> (String, String) {
    let (mut watch, mut there) = (String::new(), std::collections::BTreeMap::new());
    for (at, object, step) in increments {
        let known = there.remove(object);
        match (step, known) {
            (Step::Is(ip), known) => {
                let verb = if known.is_some() { "~" } else { "+" };
                // One made anew is another one.
                let created: u64 = known.map_or(*at, |(created, _)| created);
                let text = format!("{object} ip=10.0.0.{ip} rv={at} created={created}");
                let text = text.replace("uid=", &format!("uid={created}"));
                let _ = writeln!(watch, "@{at} {verb}{text}");
                there.insert(object.clone(), (created, text));
            }
            (Step::Gone, Some((_, text))) => {
                let _ = writeln!(watch, "@{at} -{text}");
            }
            (Step::Gone, None) => {}
        }
    }
    let list = there.into_values().map(|(_, text)| text + "\n").collect();
    (watch, list)
}

/// A list as a watch that begins at a time tells it.
fn at_once(at: u64, list: &str) -> String {
    list.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "@{at} +{line}");
        text
    })
}

proptest! {
    #[test]
    fn a_full_list_equals_its_increments(increments in increments()) {
        let (watch, list) = told(&increments);
        // Beside the timeline, the list that was taken last says nothing new,
        let beside = changes(&(watch.clone() + &list));
        prop_assert_eq!(everything(&changes(&watch)), everything(&beside));
        // nor does a watch that begins anew with a list, at a later time.
        let again = at_once(99, &list);
        let again = changes(&(watch.clone() + &again));
        prop_assert_eq!(everything(&changes(&watch)), everything(&again));
    }

    #[test]
    fn objects_that_never_changed_are_the_same_as_a_list_and_as_a_watch(
        ips in prop::collection::vec(0..5_u8, 1..6),
    ) {
        let objects = ["pod s/a uid=a", "pod s/b", "service s/v", "node n1", "slice s/v svc=v port=tcp/80"];
        let of = |(object, ip): (&&str, &u8)| {
            let key = if object.starts_with("slice") { "at" } else { "ip" };
            format!("{object} {key}=10.0.0.{ip} created=3\n")
        };
        let list: String = objects.iter().zip(&ips).map(of).collect();
        let watch = at_once(7, &list);
        prop_assert_eq!(everything(&changes(&list)), everything(&changes(&watch)));
    }

    #[test]
    fn pods_told_late_are_named_from_their_start(
        pods in prop::collection::vec((0..5_u8, 0..20_u64, 0..20_u64), 0..5),
    ) {
        let script = |late: u64| -> String {
            let pod = |(place, (ip, start, wait)): (usize, &(u8, u64, u64))| {
                let at = start + wait * late;
                format!("@{at} pod s/p{place} uid={place} ip=10.0.0.{ip} start={start}\n")
            };
            pods.iter().enumerate().map(pod).collect()
        };
        prop_assert_eq!(everything(&changes(&script(0))), everything(&changes(&script(1))));
    }
}
