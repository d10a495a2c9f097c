//! Services whose endpoint slices nobody told.

use crate::cluster::tests::script::{changes, check, check_directory};
use crate::cluster::{Cluster, ClusterLimits};

const PODS: &str = "
    pod shop/a ip=10.0.0.5 label=app:web label=tier:front named=http:tcp/8080
    pod shop/b ip=10.0.0.6 label=app:web
    pod shop/c ip=10.0.0.7 label=app:cart
    pod other/d ip=10.0.0.8 label=app:web label=tier:front
";

#[test]
fn a_selector_chooses_pods_of_its_namespace_that_have_all_its_labels() {
    check(
        &format!(
            "{PODS} service shop/web ip=10.96.0.1 port=tcp/80>http port=tcp/81>9090 port=udp/53 selector=app:web selector=tier:front
             service shop/none ip=10.96.0.2 port=tcp/80"
        ),
        "10.0.0.5 tcp/8080 @0: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/9090 @0: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 udp/53 @0: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/80 @0: pod a ns=shop of=Pod/a
         10.0.0.5 @0: pod a ns=shop of=Pod/a svc=web endpoint
         10.0.0.6 @0: pod b ns=shop of=Pod/b
         10.0.0.7 @0: pod c ns=shop of=Pod/c
         10.0.0.8 @0: pod d ns=other of=Pod/d",
    );
}

#[test]
fn a_name_that_a_pod_gives_no_port_serves_nothing_there() {
    check(
        &format!("{PODS} service shop/web ip=10.96.0.1 port=tcp/80>http selector=app:web"),
        "10.0.0.5 tcp/8080 @0: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.6 tcp/8080 @0: pod b ns=shop of=Pod/b
         10.0.0.6 @0: pod b ns=shop of=Pod/b svc=web endpoint",
    );
}

#[test]
fn a_slice_that_is_known_at_any_time_knows_better() {
    check(
        &format!(
            "{PODS} service shop/web ip=10.96.0.1 port=tcp/80 selector=app:web
             @50 slice shop/web-1 svc=web at=10.0.0.5#a port=tcp/80"
        ),
        "10.0.0.5 tcp/80 @49: pod a ns=shop of=Pod/a
         10.0.0.5 tcp/80 @50: pod a ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.6 tcp/80 @50: pod b ns=shop of=Pod/b",
    );
}

#[test]
fn a_selector_chooses_while_service_and_pod_are_there() {
    check(
        "@5 pod shop/a uid=1 ip=10.0.0.5 label=app:web
         @20 -pod shop/a uid=1 ip=10.0.0.5 label=app:web
         @25 pod shop/b uid=2 ip=10.0.0.5 label=app:cart
         @10 service shop/web ip=10.96.0.1 port=tcp/80 selector=app:web
         @15 ~service shop/web ip=10.96.0.1 port=tcp/80>81 selector=app:web",
        "10.0.0.5 tcp/80 @9: pod a uid=1 ns=shop of=Pod/a
         10.0.0.5 tcp/80 @10: pod a uid=1 ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/80 @15: pod a uid=1 ns=shop of=Pod/a
         10.0.0.5 tcp/81 @15: pod a uid=1 ns=shop of=Pod/a svc=web endpoint service-port
         10.0.0.5 tcp/81 @20: unresolved
         10.0.0.5 tcp/81 @25: pod b uid=2 ns=shop of=Pod/b",
    );
}

#[test]
fn a_pod_on_its_nodes_network_serves_at_the_nodes_address() {
    check(
        "node n1 ip=192.168.0.1
         pod shop/agent net=host ip=192.168.0.1 node=n1 label=app:agent
         service shop/agents port=tcp/9100 selector=app:agent",
        "192.168.0.1 tcp/9100 @0: node ns=shop node=n1 svc=agents endpoint service-port
         192.168.0.1 @0: node node=n1",
    );
}

#[test]
fn selectors_beyond_the_limit_of_work_choose_no_more_and_are_counted() {
    let pods = (0..40).fold(String::new(), |text, pod| {
        text + &format!("pod s/p{pod} ip=10.0.0.{pod} label=a:b\n")
    });
    let services = (0..40).fold(pods, |text, service| {
        text + &format!("service s/v{service} port=tcp/80 selector=a:b\n")
    });
    let mut cluster = Cluster::new(ClusterLimits { records: 300 });
    for change in changes(&services) {
        cluster.apply(change);
    }
    assert_eq!(cluster.refused(), 0);
    let directory = cluster.directory();
    assert_eq!(
        directory.refused(),
        38,
        "each service looks at 40 pods, of 3 steps each"
    );
    check_directory(
        &directory,
        "10.0.0.5 @0: pod p5 ns=s of=Pod/p5 svc=v0 endpoint",
    );
}
