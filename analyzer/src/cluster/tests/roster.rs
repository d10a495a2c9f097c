//! Who was there when, whether or not it had an address.

use proptest::prelude::*;

use crate::cluster::object::Phase;
use crate::cluster::tests::order::history;
use crate::cluster::tests::script::{changes, cluster, second};
use crate::cluster::{Change, Cluster, EndKind, Object};
use crate::time::Timestamp;

/// Who was there from a second to another, as `pod shop/a 10.0.0.5`.
fn there(cluster: &Cluster, from: &str, to: &str) -> Vec<String> {
    let (directory, from, to) = (cluster.directory(), second(from), second(to));
    let members = directory.roster().members().iter();
    let mut there: Vec<String> = members
        .filter(|member| member.last_moment(from, to).is_some())
        .map(|member| {
            let identity = &member.identity;
            let name = match identity.kind {
                EndKind::Pod => &identity.pod,
                EndKind::Service => &identity.service,
                EndKind::Node | EndKind::External | EndKind::Unresolved => &identity.node,
            };
            let kind = identity.kind.name();
            let namespace = identity.namespace.as_deref().unwrap_or("-");
            let addresses = member.addresses.iter().map(ToString::to_string);
            let addresses = addresses.collect::<Vec<_>>().join(",");
            format!(
                "{kind} {namespace}/{} {addresses}",
                name.as_deref().unwrap()
            )
        })
        .collect();
    let namespaces = directory.roster().namespaces(from, to);
    there.extend(namespaces.map(|name| format!("namespace {name}")));
    there
}

fn seen(script: &str, from: &str, to: &str) -> Vec<String> {
    there(&cluster(&changes(script)), from, to)
}

#[test]
fn objects_without_times_are_always_there() {
    let script = "node n1 ip=192.168.0.1
        namespace shop/shop
        pod shop/a ip=10.0.0.5 node=n1
        pod shop/waiting
        service shop/cart ip=10.96.0.7 port=tcp/80
        slice shop/old-x svc=old at=10.0.0.5 port=tcp/80";
    assert_eq!(
        seen(script, "0", "0"),
        [
            "pod shop/a 10.0.0.5",
            "pod shop/waiting ",
            "service shop/cart 10.96.0.7",
            "service shop/old ",
            "node -/n1 192.168.0.1",
            "namespace shop",
        ]
    );
    assert_eq!(seen(script, "0", "0"), seen(script, "7", "99"));
}

#[test]
fn a_pod_is_there_from_its_start_until_before_its_end() {
    let script = "@10 pod shop/a uid=a ip=10.0.0.5 start=5
        @25 -pod shop/a uid=a";
    let nobody: [&str; 0] = [];
    assert_eq!(seen(script, "0", "4"), nobody);
    assert_eq!(seen(script, "0", "5"), ["pod shop/a 10.0.0.5"]);
    assert_eq!(seen(script, "24", "99"), ["pod shop/a 10.0.0.5"]);
    assert_eq!(seen(script, "25", "99"), nobody);
}

#[test]
fn a_pod_that_ended_is_gone_and_one_that_ended_nobody_knows_when_is_left_out() {
    let script = "pod jobs/done uid=b ip=10.0.0.6 start=5 ended=17
        pod jobs/over uid=c ip=10.0.0.7 start=5 ended=";
    let nobody: [&str; 0] = [];
    assert_eq!(seen(script, "5", "17"), ["pod jobs/done 10.0.0.6"]);
    assert_eq!(seen(script, "18", "99"), nobody);
}

#[test]
fn a_changed_object_is_one_and_a_deleted_one_is_gone() {
    let script = "@10 service shop/cart ip=10.96.0.7 port=tcp/80
        @20 ~service shop/cart ip=10.96.0.7 port=tcp/81
        @30 -service shop/cart ip=10.96.0.7
        @30 namespace late/late";
    assert_eq!(seen(script, "10", "29"), ["service shop/cart 10.96.0.7"]);
    assert_eq!(seen(script, "30", "30"), ["namespace late"]);
}

proptest! {
    #[test]
    fn the_order_of_changes_does_not_matter(changes in history(), turn in 0..16_usize) {
        let mut turned = changes.clone();
        turned.rotate_left(turn % changes.len().max(1));
        turned.reverse();
        let (one, other) = (cluster(&changes).directory(), cluster(&turned).directory());
        prop_assert_eq!(one.roster(), other.roster());
    }

    #[test]
    fn a_pod_that_has_an_address_is_there(
        mut changes in history(), at in 0..25_u64, last in 0..4_u8,
    ) {
        // A pod that had ended when first seen may hold an address that nobody else claims.
        changes.retain(|change| !ends(change));
        let directory = cluster(&changes).directory();
        let at = Timestamp::from_nanos(at * 1_000_000_000);
        let found = directory.identity(directory.resolve([10, 0, 0, last].into(), None, at));
        let mut members = directory.roster().members().iter();
        let there = members.any(|member| {
            member.identity.owner() == found.owner() && member.last_moment(at, at).is_some()
        });
        prop_assert!(there || found.kind != EndKind::Pod, "{found:?}");
    }
}

fn ends(change: &Change) -> bool {
    matches!(&change.object, Object::Pod(pod) if pod.phase != Phase::Alive)
}
