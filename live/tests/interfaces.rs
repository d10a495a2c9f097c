//! The kernel's own answers: a node of a network namespace, with pods that come and go.
//!
//! Needs root, `ip` and `bridge`; steps aside loudly elsewhere.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure is the test's"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::process::{Command, Stdio, id};
use std::thread;

use analyzer::hop::declaration::{InterfaceOwner, PodName};
use live::interfaces::{Changed, Interfaces};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Two network namespaces, a node and a pod, removed in the end.
struct Lab {
    node: String,
    pod: String,
}

impl Lab {
    /// `None` without the right to make one.
    fn new(name: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            let _ = writeln!(std::io::stderr(), "SKIPPED, not root: {name}");
            return None;
        }
        let lab = Self {
            node: format!("{name}-{}-node", id()),
            pod: format!("{name}-{}-pod", id()),
        };
        for namespace in [&lab.node, &lab.pod] {
            ip(&format!("netns add {namespace}"));
            ip(&format!("-n {namespace} link set lo up"));
        }
        Some(lab)
    }

    /// Does things to the node, one a line, where `POD` is the pod's namespace.
    fn node(&self, commands: &str) {
        for command in commands
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let command = command.replace("POD", &self.pod);
            ip(&format!("-n {} {command}", self.node));
        }
    }

    fn pod(&self, command: &str) {
        ip(&format!("-n {} {command}", self.pod));
    }

    /// Calls `look` within the node, in a thread of its own.
    fn look<T: Send>(&self, look: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.node)).unwrap();
        let within = move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            look()
        };
        thread::scope(|scope| scope.spawn(within).join().unwrap())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for namespace in [&self.node, &self.pod] {
            let _ = Command::new("ip")
                .args(["netns", "del", namespace])
                .status();
        }
    }
}

fn ip(command: &str) {
    let status = Command::new("ip").args(command.split(' ')).status();
    assert!(status.unwrap().success(), "ip {command}");
}

fn pods() -> BTreeMap<IpAddr, PodName> {
    let pod = |address: &str, name: &str| {
        let name = PodName {
            namespace: "shop".into(),
            name: name.into(),
        };
        (address.parse().unwrap(), name)
    };
    BTreeMap::from([
        pod("10.244.1.10", "web"),
        pod("10.244.1.11", "api"),
        pod("fd00:244:1::b", "api"),
    ])
}

/// A line an owner: the interface's number, its name, whose it is.
fn owners(interfaces: &mut Interfaces) -> String {
    let names = interfaces.names();
    let line = |(number, owner): (u32, InterfaceOwner)| {
        let owner = match owner {
            InterfaceOwner::Pod(pod) => pod.name.to_string(),
            InterfaceOwner::Uplink => "uplink".to_owned(),
            InterfaceOwner::Ignore => "ignored".to_owned(),
        };
        format!("{number} {} {owner}\n", names[&number])
    };
    interfaces.owners(&pods()).into_iter().map(line).collect()
}

#[test]
fn a_machine_has_a_loopback_interface() {
    let interfaces = Interfaces::open().unwrap();
    let names = interfaces.names();
    assert_eq!(names.get(&1).map(|name| &**name), Some("lo"), "{names:?}");
}

#[test]
fn routed_pods_come_and_go_and_names_are_given_again() {
    let Some(lab) = Lab::new("routed") else {
        return;
    };
    lab.node(
        "link add eth0 index 2 type bridge
         link set eth0 up
         addr add 10.0.0.11/24 dev eth0
         route add default via 10.0.0.1
         link add cali1 index 7 type veth peer name eth0 netns POD
         link set cali1 up
         route add 10.244.1.10/32 dev cali1 scope link",
    );
    lab.look(|| {
        let mut interfaces = Interfaces::open().unwrap();
        insta::assert_snapshot!(owners(&mut interfaces), @"
        2 eth0 uplink
        7 cali1 web
        ");
        lab.node(
            "link del cali1
             link add cali1 index 9 type veth peer name eth0 netns POD
             link set cali1 up
             route add 10.244.1.11/32 dev cali1 scope link
             -6 route add fd00:244:1::b/128 dev cali1",
        );
        assert_eq!(interfaces.refresh().unwrap(), Changed::Something);
        insta::assert_snapshot!(owners(&mut interfaces), @"
        2 eth0 uplink
        7 cali1 web
        9 cali1 api
        ");
        lab.node("link del cali1\n link del eth0");
        assert_eq!(interfaces.refresh().unwrap(), Changed::Something);
        insta::assert_snapshot!(owners(&mut interfaces), @"
        2 eth0 uplink
        7 cali1 web
        9 cali1 api
        ");
    });
}

#[test]
fn bridged_pods_are_known_by_what_the_bridge_learned() {
    let Some(lab) = Lab::new("bridged") else {
        return;
    };
    lab.node(
        "link add cni0 index 3 type bridge
         link set cni0 up
         addr add 10.244.1.1/24 dev cni0",
    );
    lab.look(|| {
        let mut interfaces = Interfaces::open().unwrap();
        lab.node(
            "link add veth5 index 5 type veth peer name eth0 netns POD
             link set veth5 master cni0 up",
        );
        lab.pod("link set eth0 address 02:00:00:00:00:0a up");
        lab.node("neigh replace 10.244.1.10 lladdr 02:00:00:00:00:0a dev cni0");
        let command = [
            "-n",
            &lab.node,
            "fdb",
            "replace",
            "02:00:00:00:00:0a",
            "dev",
            "veth5",
        ];
        let status = Command::new("bridge").args(command).arg("master").status();
        assert!(status.unwrap().success());
        assert_eq!(interfaces.refresh().unwrap(), Changed::Something);
        insta::assert_snapshot!(owners(&mut interfaces), @"5 veth5 web");
        // A new look at everything says the same.
        insta::assert_snapshot!(owners(&mut Interfaces::open().unwrap()), @"5 veth5 web");
    });
}

#[test]
fn more_news_than_there_is_room_for_are_made_up_for_by_a_list() {
    let Some(lab) = Lab::new("flooded") else {
        return;
    };
    lab.look(|| {
        let mut interfaces = Interfaces::open().unwrap();
        lab.node(
            "link add cali1 index 7 type veth peer name eth0 netns POD
             link set cali1 up",
        );
        let batch = |address: u32| {
            format!(
                "route add 10.1.{}.{}/32 dev cali1\n",
                address / 256,
                address % 256
            )
        };
        let mut batches: String = (0..60_000_u32).map(batch).collect();
        batches.push_str("route add 10.244.1.10/32 dev cali1\n");
        let mut flood = Command::new("ip")
            .args(["-n", &lab.node, "-batch", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        flood
            .stdin
            .take()
            .unwrap()
            .write_all(batches.as_bytes())
            .unwrap();
        assert!(flood.wait().unwrap().success());
        // Nobody read them meanwhile.
        while interfaces.refresh().unwrap() == Changed::Something {}
        insta::assert_snapshot!(owners(&mut interfaces), @"7 cali1 web");
    });
}
