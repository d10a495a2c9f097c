//! A node of network namespaces: two pods behind it, routed, and a service's address.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::lab::{self, inside, output, run};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A node, `node-1`; the pods `a` (10.9.1.2) and `b` (10.9.2.2) at its interfaces `a0` and `b0`;
/// 10.96.0.10:80 is translated to `b`'s port 8080.
pub(crate) struct Node {
    pub(crate) host: String,
    pub(crate) a: String,
    pub(crate) b: String,
}

impl Node {
    /// Makes one; `None`, with a word on why, where that is not allowed.
    pub(crate) fn build() -> Option<Self> {
        if !lab::is_allowed() {
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |end| format!("pf-record-{}-{number}-{end}", std::process::id());
        let built = Self {
            host: name("node"),
            a: name("a"),
            b: name("b"),
        };
        let node = &built.host;
        run(&format!("ip netns add {node}"));
        run(&format!("ip -n {node} link set lo up"));
        run(&format!(
            "ip netns exec {node} sysctl -qw net.ipv4.ip_forward=1"
        ));
        for (pod, end, net) in [(&built.a, "a0", 1), (&built.b, "b0", 2)] {
            run(&format!("ip netns add {pod}"));
            run(&format!(
                "ip -n {node} link add {end} type veth peer name eth0 netns {pod}"
            ));
            run(&format!("ip -n {node} addr add 10.9.{net}.1/24 dev {end}"));
            run(&format!("ip -n {node} link set {end} up"));
            run(&format!("ip -n {pod} addr add 10.9.{net}.2/24 dev eth0"));
            run(&format!("ip -n {pod} link set eth0 up"));
            run(&format!("ip -n {pod} route add default via 10.9.{net}.1"));
        }
        let rules = "add table ip svc; \
             add chain ip svc pre { type nat hook prerouting priority -100 ; }; \
             add rule ip svc pre ip daddr 10.96.0.10 tcp dport 80 dnat to 10.9.2.2:8080";
        run(&format!("ip netns exec {node} nft '{rules}'"));
        Some(built)
    }

    /// Has a process live in each pod, until what comes back is dropped.
    pub(crate) fn inhabit(&self) -> Vec<Inhabitant> {
        let live = |pod: &String| {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", pod, "sleep", "60"]);
            let living = command.spawn().unwrap();
            let namespace = |process| fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
            let here = namespace(std::process::id());
            while namespace(living.id()) == here {
                thread::sleep(Duration::from_millis(5));
            }
            Inhabitant(living)
        };
        [&self.a, &self.b].map(live).into()
    }

    /// One pod calls the other by the service's address, sends so many octets and is sent as many.
    pub(crate) fn call(&self, octets: usize) {
        let listener = inside(&self.b, || TcpListener::bind("10.9.2.2:8080").unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; octets];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(&request).unwrap();
        });
        let mut client = inside(&self.a, || TcpStream::connect("10.96.0.10:80").unwrap());
        let sending = client.try_clone().unwrap();
        let sender = thread::spawn(move || (&sending).write_all(&vec![7; octets]).unwrap());
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.len(), octets);
        sender.join().unwrap();
        server.join().unwrap();
    }

    /// Datagrams from one pod to the other's port 9000, from one socket.
    pub(crate) fn send(&self, datagrams: usize) {
        let socket = inside(&self.a, || UdpSocket::bind("10.9.1.2:40000").unwrap());
        for _ in 0..datagrams {
            socket.send_to(&[1; 900], "10.9.2.2:9000").unwrap();
        }
    }

    /// A connection of the node to itself.
    pub(crate) fn talk_to_itself(&self) {
        let listener = inside(&self.host, || TcpListener::bind("127.0.0.1:7070").unwrap());
        let mut client = inside(&self.host, || TcpStream::connect("127.0.0.1:7070").unwrap());
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(&vec![3; 70_000]).unwrap();
        drop(client);
        assert_eq!(server.read_to_end(&mut Vec::new()).unwrap(), 70_000);
    }
}

/// A process in a network namespace.
pub(crate) struct Inhabitant(Child);

impl Drop for Inhabitant {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        for namespace in [&self.a, &self.b, &self.host] {
            drop(output(&format!("ip netns del {namespace}")));
        }
    }
}
