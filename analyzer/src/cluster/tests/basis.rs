//! How it is known whose address it is, and what is inside.

use std::sync::Arc;

use crate::cluster::Names;
use crate::cluster::tests::script::{changes, cluster, lines, question};

/// Asserts that each line `QUESTION: KIND BASIS` holds.
fn check(script: &str, expected: &str) {
    let mut cluster = cluster(&changes(script));
    cluster.add_range("10.9.0.0/16".parse().unwrap());
    let mut names = Names::default();
    names.insert("198.51.100.0/24".parse().unwrap(), Arc::from("office"));
    cluster.set_names(names);
    let directory = cluster.directory();
    let known = |line: &str| {
        let asked = line.split(": ").next().unwrap();
        let (address, port, at) = question(asked);
        let found = directory.identity(directory.resolve(address, port, at));
        format!("{asked}: {} {}", found.kind.name(), found.basis.name())
    };
    let expected: Vec<&str> = lines(expected).collect();
    let answers: Vec<String> = expected.iter().copied().map(known).collect();
    assert_eq!(answers, expected);
}

#[test]
fn every_end_says_how_it_is_known() {
    check(
        "node n1 ip=192.168.0.1 cidr=10.0.0.0/24
         pod shop/a ip=10.0.0.5 host=192.168.0.2 node=n2 hostport=tcp/8080
         pod shop/b net=host ip=192.168.0.1 node=n1 hostport=tcp/9100
         service shop/a ip=10.96.0.7 external=203.0.113.7 port=tcp/80+30080
         slice shop/a svc=a at=10.0.0.5#a port=tcp/80",
        "10.0.0.5 @0: pod pod_ip
         10.0.0.5 tcp/80 @0: pod pod_ip
         192.168.0.2 tcp/8080 @0: pod host_port
         192.168.0.1 tcp/9100 @0: pod host_port
         10.96.0.7 @0: service service_ip
         10.96.0.7 tcp/80 @0: service service_ip
         203.0.113.7 tcp/80 @0: service service_ip
         192.168.0.1 tcp/30080 @0: service node_port
         192.168.0.2 tcp/30080 @0: service node_port
         192.168.0.1 @0: node node_address
         192.168.0.2 @0: node host_ip
         10.0.0.1 @0: node pod_cidr
         198.51.100.5 @0: node names_file
         10.0.0.6 @0: unresolved cluster_range
         10.9.0.6 @0: unresolved cluster_range
         169.254.169.254 tcp/80 @0: unresolved link_range
         fe80::1 @0: unresolved link_range
         203.0.113.8 @0: external nothing",
    );
}

#[test]
fn only_what_is_the_clusters_own_is_inside_without_an_owner() {
    check(
        "@5 pod shop/a ip=10.1.0.5
         @9 -pod shop/a ip=10.1.0.5
         @5 service shop/v ip=10.96.0.7 external=203.0.113.7 port=tcp/80
         @9 -service shop/v ip=10.96.0.7 external=203.0.113.7 port=tcp/80
         @5 node n1 ip=192.168.0.1
         @9 -node n1 ip=192.168.0.1
         slice shop/far svc=far at=10.1.0.6#gone port=tcp/80
         slice shop/out svc=out at=203.0.113.9 port=tcp/80
         @5 range services cidr=10.97.0.0/16 cidr=fd97::/112",
        "10.1.0.5 @4: unresolved cluster_address
         10.1.0.5 @9: unresolved cluster_address
         10.96.0.7 tcp/80 @9: unresolved cluster_address
         192.168.0.1 @9: unresolved cluster_address
         10.1.0.6 tcp/80 @0: unresolved cluster_address
         203.0.113.7 tcp/80 @8: service service_ip
         203.0.113.7 tcp/80 @9: external nothing
         203.0.113.9 tcp/80 @0: external nothing
         10.97.3.4 @0: unresolved cluster_range
         fd97::4 @0: unresolved cluster_range
         10.1.0.7 @0: external nothing",
    );
}
