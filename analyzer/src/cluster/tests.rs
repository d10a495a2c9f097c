//! Scripts of clusters, and who had an address when.

mod basis;
mod called;
mod history;
mod order;
mod roster;
mod script;
mod selector;

use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::tests::script::{changes, check, check_directory, cluster};
use crate::cluster::{Cluster, ClusterLimits, Names, ObjectKind};

const SHOP: &str = "
    node n1 ip=192.168.0.1 cidr=10.0.0.0/24
    replicaset shop/cart-7f9c owner=Deployment/cart
    pod shop/cart-7f9c-hm2ts uid=u1 ip=10.0.0.5 node=n1 owner=ReplicaSet/cart-7f9c container=c1
    service shop/cart ip=10.96.0.7 port=tcp/80+30080
    slice shop/cart-x svc=cart at=10.0.0.5#cart-7f9c-hm2ts port=tcp/8080
";

#[test]
fn pods_services_nodes_and_ranges_without_times_hold_always() {
    check(
        SHOP,
        "10.0.0.5 @0: pod cart-7f9c-hm2ts uid=u1 ns=shop of=Deployment/cart node=n1 container=c1 svc=cart endpoint
         10.0.0.5 tcp/8080 @9: pod cart-7f9c-hm2ts uid=u1 ns=shop of=Deployment/cart node=n1 container=c1 svc=cart endpoint service-port
         10.0.0.5 tcp/22 @9: pod cart-7f9c-hm2ts uid=u1 ns=shop of=Deployment/cart node=n1 container=c1
         10.0.0.5 udp/8080 @9: pod cart-7f9c-hm2ts uid=u1 ns=shop of=Deployment/cart node=n1 container=c1
         10.96.0.7 tcp/80 @9: service ns=shop svc=cart called port=80 service-port
         10.96.0.7 tcp/81 @9: service ns=shop svc=cart called
         10.96.0.7 @9: service ns=shop svc=cart called
         192.168.0.1 @9: node node=n1
         192.168.0.1 tcp/22 @9: node node=n1
         192.168.0.1 tcp/30080 @9: service ns=shop svc=cart called port=80 service-port
         192.168.0.1 udp/30080 @9: node node=n1
         10.0.0.0 @9: node node=n1
         10.0.0.1 @9: node node=n1
         10.0.0.2 @9: unresolved
         8.8.8.8 udp/53 @9: external
         224.0.0.251 udp/5353 @9: unresolved",
    );
}

#[test]
fn without_a_cluster_every_end_is_external_but_the_named_and_loopback() {
    let mut names = Names::default();
    for (prefix, name) in [
        ("10.0.0.0/8", "office"),
        ("10.1.0.0/16", "lab"),
        ("10.1.2.3/32", "ada"),
    ] {
        assert!(names.insert(prefix.parse().unwrap(), Arc::from(name)));
    }
    let mut cluster = Cluster::new(ClusterLimits::default());
    cluster.set_names(names);
    check_directory(
        &cluster.directory(),
        "10.9.9.9 @0: node node=office
         10.1.9.9 tcp/80 @0: node node=lab
         10.1.2.3 @0: node node=ada
         127.0.0.1 @0: unresolved
         ::1 @0: unresolved",
    );
}

#[test]
fn the_cluster_knows_better_than_names_and_names_better_than_ranges() {
    let mut cluster = cluster(&changes(SHOP));
    let mut names = Names::default();
    names.insert("0.0.0.0/0".parse().unwrap(), Arc::from("world"));
    cluster.set_names(names);
    check_directory(
        &cluster.directory(),
        "192.168.0.1 @0: node node=n1
         10.96.0.7 @0: service ns=shop svc=cart called
         10.0.0.2 @0: node node=world
         8.8.8.8 tcp/30080 @0: node node=world",
    );
}

#[test]
fn declared_ranges_are_inside() {
    let mut cluster = Cluster::new(ClusterLimits::default());
    cluster.add_range("fd00::/64".parse::<IpNet>().unwrap());
    check_directory(
        &cluster.directory(),
        "fd00::1 @0: unresolved
         fd00:0:0:1::1 @0: external
         10.0.0.1 @0: external",
    );
}

#[test]
fn an_address_used_again_is_the_later_pods_from_its_start() {
    check(
        "@30 pod shop/b uid=b ip=10.0.0.5 start=20
         @10 pod shop/a uid=a ip=10.0.0.5 start=5
         @25 -pod shop/a uid=a ip=10.0.0.5 start=5",
        "10.0.0.5 @4: unresolved
         10.0.0.5 @5: pod a uid=a ns=shop of=Pod/a
         10.0.0.5 @19: pod a uid=a ns=shop of=Pod/a
         10.0.0.5 @20: pod b uid=b ns=shop of=Pod/b
         10.0.0.5 @99: pod b uid=b ns=shop of=Pod/b",
    );
}

#[test]
fn a_deleted_pod_leaves_its_address_unresolved() {
    check(
        "@10 pod shop/a uid=a ip=10.0.0.5 start=5
         @25 -pod shop/a uid=a",
        "10.0.0.5 @24: pod a uid=a ns=shop of=Pod/a
         10.0.0.5 @25: unresolved
         10.0.0.6 @25: external",
    );
}

#[test]
fn a_terminal_phase_releases_the_address() {
    check(
        "@10 pod jobs/a uid=a ip=10.0.0.5 start=5
         @30 ~pod jobs/a uid=a ip=10.0.0.5 start=5 ended=
         pod jobs/b uid=b ip=10.0.0.6 start=5 ended=17
         pod jobs/c uid=c ip=10.0.0.7 start=5 ended=
         pod jobs/d uid=d ip=10.0.0.8 start=5 ended=
         pod jobs/e uid=e ip=10.0.0.8",
        "10.0.0.5 @29: pod a uid=a ns=jobs of=Pod/a
         10.0.0.5 @30: unresolved
         10.0.0.6 @17: pod b uid=b ns=jobs of=Pod/b
         10.0.0.6 @18: unresolved
         10.0.0.7 @99: pod c uid=c ns=jobs of=Pod/c
         10.0.0.8 @9: pod e uid=e ns=jobs of=Pod/e",
    );
}

#[test]
fn pods_of_one_name_are_told_apart() {
    check(
        "@1 pod shop/web-0 uid=a ip=10.0.0.5
         @9 -pod shop/web-0 uid=a
         @9 pod shop/web-0 uid=b ip=10.0.0.6
         @9 pod shop/web-1 ip=10.0.0.7
         @12 -pod shop/web-1
         @15 pod shop/web-1 ip=10.0.0.7 node=n2",
        "10.0.0.5 @8: pod web-0 uid=a ns=shop of=Pod/web-0
         10.0.0.5 @9: unresolved
         10.0.0.6 @8: unresolved
         10.0.0.6 @9: pod web-0 uid=b ns=shop of=Pod/web-0
         10.0.0.7 @11: pod web-1 ns=shop of=Pod/web-1
         10.0.0.7 @12: unresolved
         10.0.0.7 @15: pod web-1 ns=shop of=Pod/web-1 node=n2",
    );
}

#[test]
fn an_address_that_comes_later_is_the_pods_from_its_start() {
    check(
        "@10 pod shop/a uid=a created=4
         @12 ~pod shop/a uid=a created=4 start=6
         @15 ~pod shop/a uid=a created=4 start=6 ip=10.0.0.5 ip=fd00::5
         @40 ~pod shop/a uid=a created=4 start=6 ip=10.0.0.9",
        "10.0.0.5 @5: unresolved
         10.0.0.5 @6: pod a uid=a ns=shop of=Pod/a
         fd00::5 @6: pod a uid=a ns=shop of=Pod/a
         10.0.0.5 @40: unresolved
         10.0.0.9 @39: unresolved
         10.0.0.9 @40: pod a uid=a ns=shop of=Pod/a",
    );
}

#[test]
fn a_restarted_container_leaves_no_single_id() {
    check(
        "@1 pod shop/a ip=10.0.0.5 container=c1
         @9 ~pod shop/a ip=10.0.0.5 container=c2
         @1 pod shop/b ip=10.0.0.6
         @9 ~pod shop/b ip=10.0.0.6 container=c3",
        "10.0.0.5 @5: pod a ns=shop of=Pod/a
         10.0.0.6 @5: pod b ns=shop of=Pod/b container=c3",
    );
}

#[test]
fn a_dump_takes_its_place_in_a_timeline_by_resource_version() {
    check(
        "@10 service shop/a rv=100 ip=10.96.0.1
         @20 ~service shop/a rv=200 ip=10.96.0.2
         service shop/a rv=200 ip=10.96.0.2
         @30 ~service shop/a rv=300 ip=10.96.0.3",
        "10.96.0.1 @15: service ns=shop svc=a called
         10.96.0.2 @15: unresolved
         10.96.0.2 @25: service ns=shop svc=a called
         10.96.0.3 @31: service ns=shop svc=a called
         10.96.0.2 @31: unresolved",
    );
}

#[test]
fn a_service_is_valid_from_its_creation_until_it_is_deleted_or_made_anew() {
    check(
        "@20 service shop/a ip=10.96.0.1 created=10
         @50 service shop/a ip=10.96.0.2 created=40
         @70 -service shop/a ip=10.96.0.2 created=40
         @80 ~service shop/b ip=10.96.0.3",
        "10.96.0.1 @9: unresolved
         10.96.0.1 @10: service ns=shop svc=a called
         10.96.0.1 @39: service ns=shop svc=a called
         10.96.0.1 @40: unresolved
         10.96.0.2 @40: service ns=shop svc=a called
         10.96.0.2 @70: unresolved
         10.96.0.3 @0: service ns=shop svc=b called",
    );
}

#[test]
fn changes_of_one_time_go_by_version_else_by_kind_else_by_line() {
    check(
        "@10 ~service s/a rv=7 ip=10.96.0.1
         @10 service s/a rv=9 ip=10.96.0.2
         @10 -service s/b ip=10.96.0.3 created=1
         @10 service s/b ip=10.96.0.3 created=1
         @10 ~service s/c ip=10.96.0.4
         @10 ~service s/c ip=10.96.0.5",
        "10.96.0.1 @11: unresolved
         10.96.0.2 @11: service ns=s svc=a called
         10.96.0.3 @11: unresolved
         10.96.0.4 @11: unresolved
         10.96.0.5 @11: service ns=s svc=c called",
    );
}

#[test]
fn a_nodes_address_is_the_nodes_but_for_ports_that_its_pods_declare() {
    check(
        "node n1 ip=192.168.0.1
         pod kube-system/dns uid=d net=host ip=192.168.0.1 node=n1 hostport=udp/53
         pod shop/web uid=w ip=10.0.0.5 host=192.168.0.1 node=n1 hostport=tcp/80
         slice kube-system/api svc=api at=192.168.0.1 port=tcp/6443
         pod shop/far uid=f ip=10.0.1.5 host=192.168.0.2 node=n2",
        "192.168.0.1 @0: node node=n1
         192.168.0.1 udp/53 @0: pod dns uid=d ns=kube-system of=Pod/dns node=n1
         192.168.0.1 tcp/80 @0: pod web uid=w ns=shop of=Pod/web node=n1
         192.168.0.1 tcp/6443 @0: node ns=kube-system node=n1 svc=api endpoint service-port
         192.168.0.1 tcp/22 @0: node node=n1
         192.168.0.2 tcp/22 @0: node node=n2",
    );
}

#[test]
fn a_balancers_address_on_a_node_goes_by_port() {
    check(
        "node n1 ip=192.168.0.1
         service a/web ip=10.96.0.1 external=192.168.0.1 external=203.0.113.5 port=tcp/80
         service b/dns ip=10.96.0.2 external=203.0.113.5 port=udp/53",
        "192.168.0.1 @0: node node=n1
         192.168.0.1 tcp/80 @0: service ns=a svc=web called port=80 service-port
         192.168.0.1 tcp/81 @0: node node=n1
         203.0.113.5 tcp/80 @0: service ns=a svc=web called port=80 service-port
         203.0.113.5 udp/53 @0: service ns=b svc=dns called port=53 service-port
         203.0.113.5 @0: service ns=b svc=dns called",
    );
}

#[test]
fn the_first_address_of_a_range_is_the_nodes_unless_a_pod_has_it() {
    check(
        "node n1 cidr=10.0.0.0/24 cidr=fd00::/64
         node n2 cidr=10.0.1.0/24
         @5 pod shop/a ip=10.0.1.1",
        "10.0.0.1 @0: node node=n1
         fd00::1 @0: node node=n1
         10.0.1.0 @0: node node=n2
         10.0.1.1 @5: pod a ns=shop of=Pod/a
         10.0.1.1 @4: unresolved",
    );
}

#[test]
fn of_several_services_one_with_a_cluster_ip_comes_first_then_the_smallest_name() {
    check(
        "pod shop/a ip=10.0.0.5
         service shop/peers port=tcp/80
         service shop/web ip=10.96.0.1 port=tcp/80
         service shop/zap ip=10.96.0.2 port=tcp/80
         slice shop/1 svc=peers at=10.0.0.5 port=tcp/80 port=tcp/81
         slice shop/2 svc=zap at=10.0.0.5 port=tcp/80
         slice shop/3 svc=web at=10.0.0.5 port=tcp/80",
        "10.0.0.5 tcp/80 @0: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/81 @0: pod a ns=shop of=Pod/a svc=peers endpoint service-port
         10.0.0.5 @0: pod a ns=shop of=Pod/a svc=web endpoint",
    );
}

#[test]
fn a_slice_that_lags_behind_does_not_name_the_next_pod() {
    check(
        "@1 pod shop/old ip=10.0.0.5
         @1 slice shop/1 svc=web at=10.0.0.5#old port=tcp/80
         @10 pod shop/new ip=10.0.0.5
         @14 ~slice shop/1 svc=web at=10.0.0.6 port=tcp/80
         @18 ~slice shop/1 svc=web at=10.0.0.5#new port=tcp/80",
        "10.0.0.5 tcp/80 @9: pod old ns=shop of=Pod/old svc=web endpoint service-port
         10.0.0.5 tcp/80 @10: pod new ns=shop of=Pod/new
         10.0.0.5 @12: pod new ns=shop of=Pod/new
         10.0.0.5 tcp/80 @18: pod new ns=shop of=Pod/new svc=web endpoint service-port",
    );
}

#[test]
fn an_endpoint_stands_for_its_pod_while_that_has_the_address() {
    check(
        "@5 pod shop/a ip=10.0.0.5
         @9 -pod shop/a ip=10.0.0.5
         slice shop/1 svc=web at=10.0.0.5#a port=tcp/80
         slice shop/2 svc=far at=10.0.0.6#unheard-of port=tcp/80
         node n1 ip=192.168.0.1
         pod shop/agent net=host ip=192.168.0.1 node=n1
         slice shop/3 svc=agents at=192.168.0.1#agent port=tcp/9100",
        "10.0.0.5 tcp/80 @4: unresolved
         10.0.0.5 tcp/80 @5: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/80 @9: unresolved
         10.0.0.6 tcp/80 @0: unresolved ns=shop svc=far endpoint service-port
         192.168.0.1 tcp/9100 @0: node ns=shop node=n1 svc=agents endpoint service-port",
    );
}

#[test]
fn endpoints_outside_the_cluster_keep_their_kind() {
    check(
        "service data/ledger ip=10.96.0.1 port=tcp/5432
         slice data/1 svc=ledger at=203.0.113.9 port=tcp/5432",
        "203.0.113.9 tcp/5432 @0: external ns=data svc=ledger endpoint service-port
         203.0.113.9 tcp/22 @0: external",
    );
}

#[test]
fn workloads_are_the_top_owners() {
    check(
        "replicaset s/known-5d4f owner=Rollout/known
         replicaset s/bare
         job s/manual-28345678
         job s/nightly-28345678 owner=CronJob/nightly
         pod s/a ip=10.0.0.1 owner=ReplicaSet/known-5d4f
         pod s/b ip=10.0.0.2 owner=ReplicaSet/bare
         pod s/c ip=10.0.0.3 owner=ReplicaSet/web-abc hash=abc
         pod s/d ip=10.0.0.4 owner=ReplicaSet/web-6b8f9c5d
         pod s/e ip=10.0.0.5 owner=ReplicaSet/web
         pod s/f ip=10.0.0.6 owner=Job/nightly-28345678
         pod s/g ip=10.0.0.7 owner=Job/manual-28345678
         pod s/h ip=10.0.0.8 owner=Job/gone-28345678
         pod s/i ip=10.0.0.9 owner=Job/gone
         pod s/db-0 ip=10.0.1.1 owner=StatefulSet/db
         pod s/agent-x2bcd ip=10.0.1.2 owner=DaemonSet/agent
         pod s/kube-proxy-node-1 ip=10.0.1.3 owner=Node/node-1",
        "10.0.0.1 @0: pod a ns=s of=Rollout/known
         10.0.0.2 @0: pod b ns=s of=ReplicaSet/bare
         10.0.0.3 @0: pod c ns=s of=Deployment/web
         10.0.0.4 @0: pod d ns=s of=Deployment/web
         10.0.0.5 @0: pod e ns=s of=ReplicaSet/web
         10.0.0.6 @0: pod f ns=s of=CronJob/nightly
         10.0.0.7 @0: pod g ns=s of=Job/manual-28345678
         10.0.0.8 @0: pod h ns=s of=CronJob/gone
         10.0.0.9 @0: pod i ns=s of=Job/gone
         10.0.1.1 @0: pod db-0 ns=s of=StatefulSet/db
         10.0.1.2 @0: pod agent-x2bcd ns=s of=DaemonSet/agent
         10.0.1.3 @0: pod kube-proxy-node-1 ns=s of=Pod/kube-proxy",
    );
}

#[test]
fn an_owners_identity_is_the_same_whichever_service_it_serves() {
    let cluster = cluster(&changes(
        "pod shop/a uid=a ip=10.0.0.5
         @5 slice shop/1 svc=web at=10.0.0.5 port=tcp/80",
    ));
    let directory = cluster.directory();
    let at = |second| directory.resolve("10.0.0.5".parse().unwrap(), None, script::second(second));
    assert_ne!(at("4"), at("5"));
    let owner = |second| directory.identity(at(second)).owner();
    assert_eq!(owner("4"), owner("5"));
}

#[test]
fn numbers_order_as_identities_do() {
    let directory = cluster(&changes(SHOP)).directory();
    assert!(directory.identities().is_sorted());
    assert_eq!(directory.identities().len(), 11);
}

#[test]
fn what_exceeds_the_limit_is_refused_and_counted() {
    let mut cluster = Cluster::new(ClusterLimits { records: 8 });
    for change in changes(
        "pod shop/a ip=10.0.0.5
         pod shop/b ip=10.0.0.6
         slice shop/1 svc=web at=10.0.0.5 at=10.0.0.6 port=tcp/80
         namespace shop",
    ) {
        cluster.apply(change);
    }
    assert_eq!(cluster.refused(), 1);
    let objects: Vec<_> = cluster.objects().into_iter().collect();
    assert_eq!(objects, [(ObjectKind::Pod, 2), (ObjectKind::Namespace, 1)]);
}

#[test]
fn ports_beyond_the_limit_of_work_are_known_by_their_address() {
    // Each of many ports of an address that changed hands many times has a long history.
    let pods: String = (0..60).fold(String::new(), |text, pod| {
        text + &format!("@{pod} pod s/p{pod} ip=10.0.0.5\n")
    });
    let ports = (1..100).fold("slice s/1 svc=web at=10.0.0.5".to_owned(), |text, port| {
        text + &format!(" port=tcp/{port}")
    });
    let mut cluster = Cluster::new(ClusterLimits { records: 800 });
    for change in changes(&(pods + &ports)) {
        cluster.apply(change);
    }
    assert_eq!(cluster.refused(), 0);
    let directory = cluster.directory();
    assert_eq!(directory.refused(), 93);
    check_directory(
        &directory,
        "10.0.0.5 tcp/1 @7: pod p7 ns=s of=Pod/p7 svc=web endpoint service-port
         10.0.0.5 tcp/99 @7: pod p7 ns=s of=Pod/p7",
    );
}
