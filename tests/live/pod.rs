//! A pod on a node, as two network namespaces with a pair of interfaces between them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, id};

use crate::node::BINARY;

/// The node's address, and the pod's.
const NODE: &str = "10.244.9.1";
const POD: &str = "10.244.9.5";

/// The namespaces; they go with it.
pub(crate) struct Pod {
    node: String,
    client: String,
    folder: tempfile::TempDir,
}

impl Pod {
    /// `None`, said aloud, where no namespace can be made.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let made = Self {
            node: format!("pf-{}-{name}-n", id()),
            client: format!("pf-{}-{name}-p", id()),
            folder: tempfile::tempdir().unwrap(),
        };
        let (node, pod) = (&made.node, &made.client);
        let commands = [
            format!("netns add {node}"),
            format!("netns add {pod}"),
            format!("-n {node} link add veth5 type veth peer name eth0 netns {pod}"),
            format!("-n {node} link set lo up"),
            format!("-n {node} link set veth5 up"),
            format!("-n {pod} link set eth0 up"),
            format!("-n {node} addr add {NODE}/24 dev veth5"),
            format!("-n {pod} addr add {POD}/24 dev eth0"),
        ];
        let all = commands.iter().all(|command| ip(command));
        if !all {
            eprintln!("skipped: no network namespace is to be had");
        }
        all.then_some(made)
    }

    /// The cluster's objects: the node, and the pod in the namespace `shop`.
    pub(crate) fn cluster(&self) -> PathBuf {
        let file = self.folder.path().join("cluster.yaml");
        let text = format!(
            "apiVersion: v1\nkind: List\nitems:\n\
             - {{apiVersion: v1, kind: Node, metadata: {{name: n-1}}, status: {{addresses: \
             [{{type: InternalIP, address: {NODE}}}]}}}}\n\
             - {{apiVersion: v1, kind: Pod, metadata: {{name: cart-1, namespace: shop, uid: u}}, \
             spec: {{nodeName: n-1}}, status: {{phase: Running, podIP: {POD}}}}}\n"
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// Where the node is.
    pub(crate) fn namespace(&self) -> Namespace {
        Namespace(self.node.clone())
    }

    /// Has the pod open a connection to a port of the node where nobody listens.
    pub(crate) fn call(&self, port: u16) {
        let script = format!("exec 3<>/dev/tcp/{NODE}/{port}");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.client, "bash", "-c", &script]);
        assert!(
            !command.output().unwrap().status.success(),
            "nobody listens"
        );
    }
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
