//! `pilotfish live` follows a real API server while packets pass: a restart of the server loses no
//! packet and no name.

use std::thread::sleep;
use std::time::Duration;

use analyzer::time::{NANOS_PER_SECOND, Timestamp};
use live::clock::now;
use serde_json::Value;

use crate::node::Node;
use crate::objects::{Objects, namespace, pod};
use crate::sending::SendingPod;
use crate::server::{ApiServer, Lists, free_port};

/// As a kubelet writes it: whole seconds.
fn this_second() -> String {
    let nanos = now().as_nanos();
    Timestamp::from_nanos(nanos - nanos % NANOS_PER_SECOND).to_string()
}

#[test]
fn a_restart_of_the_server_loses_no_flow_and_no_name() {
    let Some(binary) = Node::binary() else {
        return;
    };
    let (Some(cart), Some(new)) = (SendingPod::make(1), SendingPod::make(2)) else {
        return;
    };
    let Some(mut server) = ApiServer::start() else {
        return;
    };
    let objects = Objects(server.client());
    let cart_1 = pod("cart-1", &cart.address, &this_second());
    server.runtime.block_on(async {
        objects.create(namespace("shop")).await;
        objects.create(cart_1).await;
    });
    let node = Node::start(&binary, &server.kubeconfig(None));
    let mut cart = cart.send();
    until("the pod is named", || {
        node.pods_of(cart.address()) == ["cart-1"]
    });

    server.stop();
    until("the outage is told", || {
        let answer = node.flows(cart.address());
        let warnings = answer["coverage"]["warnings"].to_string();
        warnings.contains("does not answer since")
    });
    assert_eq!(node.pods_of(cart.address()), ["cart-1"], "as it was");
    let started = this_second();
    let mut new = new.send();
    until("its packets are counted", || {
        node.pods_of(new.address()) == [""]
    });
    create_unseen(&mut server, pod("new-1", new.address(), &started));
    server.start_again(server.port(), Lists::Streamed);
    until("the new pod is named", || {
        node.pods_of(new.address()) == ["new-1"]
    });
    until("all is followed again", || {
        node.flows(cart.address())["coverage"]["warnings"] == Value::Array(Vec::new())
    });

    let sent = [&mut cart, &mut new].map(|pod| (pod.address().to_owned(), pod.stop()));
    for ((address, datagrams), name) in sent.into_iter().zip(["cart-1", "new-1"]) {
        until("all datagrams are counted", || {
            node.flows(&address)["flows"][0]["client_stats"]["tx_pkts"].as_u64() >= Some(datagrams)
        });
        let answer = node.flows(&address);
        assert_eq!(answer["total"], 1, "{answer}");
        let flow = &answer["flows"][0];
        assert_eq!(flow["client"]["pod"], name, "{answer}");
        assert_eq!(flow["client_stats"]["tx_pkts"], datagrams, "{answer}");
        assert_eq!(answer["coverage"]["dropped"], 0, "{answer}");
    }
}

/// Creates an object in the server's store where whoever follows the server does not see it.
fn create_unseen(server: &mut ApiServer, object: Value) {
    let elsewhere = free_port();
    server.start_again(elsewhere, Lists::Streamed);
    let objects = Objects(server.client_at(elsewhere));
    server.runtime.block_on(objects.create(object));
    server.stop();
}

/// Waits until something holds, for a minute at most.
fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..120 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(500));
    }
    panic!("{what}: not after a minute");
}
