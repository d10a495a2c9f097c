//! A pod of a network namespace, which sends datagrams to its node until it is told to stop.

use std::fs::File;
use std::io::{self, Write};
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::process::{Command, id};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The node's interfaces to such pods.
pub(crate) const INTERFACES: &str = "pfk*";
/// Where the datagrams go.
const PORT: u16 = 9_077;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(4);

/// A pod that is silent.
pub(crate) struct SendingPod {
    namespace: String,
    node_address: String,
    /// Its address.
    pub(crate) address: String,
}

/// A pod that sends. It stays where it is when it is silent again.
pub(crate) struct Sending {
    pod: SendingPod,
    stop: Arc<AtomicBool>,
    sender: Option<JoinHandle<u64>>,
}

impl SendingPod {
    /// Makes one; `None`, said aloud, where that is not allowed.
    pub(crate) fn make(number: u8) -> Option<Self> {
        let pod = Self {
            namespace: format!("pfk-{}-{number}", id()),
            node_address: format!("10.244.{}.1", 200 + number),
            address: format!("10.244.{}.5", 200 + number),
        };
        let Self {
            namespace,
            node_address,
            address,
        } = &pod;
        // Of another run of the test, nothing is left.
        let interface = format!("pfk{:x}{number}", id());
        let commands = [
            format!("netns add {namespace}"),
            format!("link add {interface} type veth peer name eth0 netns {namespace}"),
            format!("addr add {node_address}/24 dev {interface}"),
            format!("link set {interface} up"),
            format!("-n {namespace} addr add {address}/24 dev eth0"),
            format!("-n {namespace} link set eth0 up"),
        ];
        if commands.iter().all(|command| ip(command)) {
            return Some(pod);
        }
        writeln!(
            io::stderr(),
            "SKIPPED: no network namespace; to make one needs root"
        )
        .unwrap();
        None
    }

    /// Has it send.
    pub(crate) fn send(self) -> Sending {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let namespace = File::open(format!("/var/run/netns/{}", self.namespace)).unwrap();
        let (from, to) = (self.address.clone(), self.node_address.clone());
        // Somebody takes them, so that nothing but them passes.
        let taker = UdpSocket::bind((to.as_str(), PORT)).unwrap();
        let sender = spawn(move || {
            let kind = Some(LinkNameSpaceType::Network);
            move_into_link_name_space(namespace.as_fd(), kind).unwrap();
            let socket = UdpSocket::bind((from.as_str(), 0)).unwrap();
            let mut sent = 0;
            while !stopped.load(Ordering::Relaxed) {
                socket.send_to(&[7; 100], (to.as_str(), PORT)).unwrap();
                sent += 1;
                sleep(PAUSE);
            }
            drop(taker);
            sent
        });
        Sending {
            pod: self,
            stop,
            sender: Some(sender),
        }
    }
}

impl Sending {
    pub(crate) fn address(&self) -> &str {
        &self.pod.address
    }

    /// Ends it; how many datagrams it sent altogether.
    pub(crate) fn stop(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.sender.take().unwrap().join().unwrap()
    }
}

impl Drop for SendingPod {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.namespace));
    }
}

fn ip(arguments: &str) -> bool {
    let run = Command::new("ip").args(arguments.split(' ')).output();
    run.is_ok_and(|run| run.status.success())
}
