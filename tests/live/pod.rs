//! A pod on a node, as two network namespaces with a pair of interfaces between them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::in_pods::Inhabitant;
use crate::node::BINARY;

/// How many there were.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The namespaces; they go with it.
pub(crate) struct Pod {
    node: String,
    client: String,
    /// What the node's address begins with, and the pod's: no other pod of this machine has it, as
    /// namespaces are found by it.
    net: String,
    folder: tempfile::TempDir,
}

impl Pod {
    /// `None`, said aloud, where no namespace can be made.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let made = Self {
            node: format!("pf-{}-{name}-n", id()),
            client: format!("pf-{}-{name}-p", id()),
            net: net(id(), NUMBER.fetch_add(1, Ordering::Relaxed)),
            folder: tempfile::tempdir().unwrap(),
        };
        let (node, pod, net) = (&made.node, &made.client, &made.net);
        let commands = [
            format!("netns add {node}"),
            format!("netns add {pod}"),
            format!("-n {node} link add veth5 type veth peer name eth0 netns {pod}"),
            format!("-n {node} link set lo up"),
            format!("-n {node} link set veth5 up"),
            format!("-n {pod} link set eth0 up"),
            format!("-n {node} addr add {net}.1/28 dev veth5"),
            format!("-n {pod} addr add {net}.5/28 dev eth0"),
        ];
        let all = commands.iter().all(|command| ip(command));
        if !all {
            eprintln!("skipped: no network namespace is to be had");
        }
        all.then_some(made)
    }

    /// The cluster's objects: the node, and the pod in the namespace `shop`.
    pub(crate) fn cluster(&self) -> PathBuf {
        let net = &self.net;
        let file = self.folder.path().join("cluster.yaml");
        let text = format!(
            "apiVersion: v1\nkind: List\nitems:\n\
             - {{apiVersion: v1, kind: Node, metadata: {{name: n-1}}, status: {{addresses: \
             [{{type: InternalIP, address: {net}.1}}]}}}}\n\
             - {{apiVersion: v1, kind: Pod, metadata: {{name: cart-1, namespace: shop, uid: u}}, \
             spec: {{nodeName: n-1}}, status: {{phase: Running, podIP: {net}.5}}}}\n"
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// Where the node is.
    pub(crate) fn namespace(&self) -> Namespace {
        Namespace(self.node.clone())
    }

    /// Has a process live in the pod.
    pub(crate) fn inhabit(&self) -> Inhabitant {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.client, "sleep", "60"]);
        let living = command.spawn().unwrap();
        let namespace = |process| fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
        let here = namespace(id());
        while namespace(living.id()) == here {
            thread::sleep(Duration::from_millis(5));
        }
        Inhabitant(living)
    }

    /// Has the pod open a connection to a port of the node where nobody listens.
    pub(crate) fn call(&self, port: u16) {
        self.call_at(1, port);
    }

    /// Gives the node another address, by its last number.
    pub(crate) fn give_node(&self, last: u8) {
        let (node, net) = (&self.node, &self.net);
        assert!(ip(&format!("-n {node} addr add {net}.{last}/28 dev veth5")));
    }

    /// Gives the node's interface of the pod another name.
    pub(crate) fn rename_interface(&self, name: &str) {
        let node = &self.node;
        for command in [
            format!("-n {node} link set veth5 down"),
            format!("-n {node} link set veth5 name {name}"),
            format!("-n {node} link set {name} up"),
        ] {
            assert!(ip(&command), "{command}");
        }
    }

    /// Has the pod open a connection as above, to an address of the node.
    pub(crate) fn call_at(&self, last: u8, port: u16) {
        let script = format!("exec 3<>/dev/tcp/{}.{last}/{port}", self.net);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.client, "bash", "-c", &script]);
        assert!(
            !command.output().unwrap().status.success(),
            "nobody listens"
        );
    }
}

/// `10.`, and two numbers that follow from a process and a turn.
fn net(process: u32, turn: u32) -> String {
    let number = process.wrapping_mul(16).wrapping_add(turn) % 65_536;
    format!("10.{}.{}", number / 256, number % 256)
}

/// A network namespace.
pub(crate) struct Namespace(String);

impl Namespace {
    /// The binary, in it.
    pub(crate) fn binary(&self) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, BINARY]);
        command
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        for name in [&self.node, &self.client] {
            ip(&format!("netns del {name}"));
        }
    }
}

fn ip(arguments: &str) -> bool {
    let run = Command::new("ip").args(arguments.split(' ')).output();
    run.is_ok_and(|run| run.status.success())
}
