//! This process's own traffic: what asks it, and what it asks the cluster.
//!
//! In: the sockets that this process has. Out: which packets are theirs: by protocol and both ends,
//! as others may have the same port here towards other ends. **Shape** the sockets are looked at
//! before each frame of theirs can have been read, but for connections of a moment to a port that is
//! not known to be listened on.

mod socket;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use analyzer::endpoint::Endpoint;
use analyzer::engine::Socket;
use analyzer::protocol::Protocol;

/// Looks for which a socket that was closed is left out: its last packets are still to come.
const AFTER: u64 = 100;

/// Whether traffic of this process is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnTraffic {
    /// Like all other.
    Counted,
    /// It is left out.
    LeftOut {
        /// Where it is asked.
        listening: SocketAddr,
        /// The address at which the cluster is asked, when it is a service's: the kernel translates
        /// it before a frame is seen.
        service: Option<IpAddr>,
    },
}

/// The sockets of this process, as of late.
pub(super) struct OwnSockets {
    port: u16,
    service: Option<IpAddr>,
    /// Where it is asked.
    listening: BTreeSet<Socket>,
    /// Others, with the look that saw them last.
    seen: BTreeMap<Socket, u64>,
    looks: u64,
}

impl OwnSockets {
    pub(super) fn new(listening: SocketAddr, service: Option<IpAddr>) -> Self {
        let asked = Socket {
            protocol: Protocol::Tcp,
            near: endpoint(listening),
            far: None,
        };
        Self {
            port: listening.port(),
            service: service.map(|address| address.to_canonical()),
            listening: [asked].into(),
            seen: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Looks again; whether there are others than before.
    pub(super) fn look(&mut self) -> bool {
        self.take(socket::all())
    }

    /// All that is left out.
    pub(super) fn sockets(&self) -> BTreeSet<Socket> {
        let others = self.seen.keys();
        self.listening.iter().chain(others).copied().collect()
    }

    fn take(&mut self, sockets: impl Iterator<Item = Socket>) -> bool {
        let before = (self.listening.len(), self.seen.len());
        let mut is_new = self.looks == 0;
        self.looks += 1;
        for mut socket in sockets {
            let is_asked = socket.protocol == Protocol::Tcp && socket.near.port == self.port;
            let is_service = |far: Endpoint| Some(far.address) == self.service;
            if is_asked || socket.far.is_some_and(is_service) {
                socket.far = None;
            }
            is_new |= if is_asked {
                self.listening.insert(socket)
            } else {
                self.seen.insert(socket, self.looks).is_none()
            };
        }
        self.drop_old();
        is_new || before != (self.listening.len(), self.seen.len())
    }

    /// Drops what was closed, and what a socket was before it had a far end.
    fn drop_old(&mut self) {
        let looks = self.looks;
        let now = self.seen.iter().filter(|(_, seen)| **seen == looks);
        let connected = now.filter(|(socket, _)| socket.far.is_some());
        let formerly: BTreeSet<Socket> = connected
            .map(|(socket, _)| Socket {
                far: None,
                ..*socket
            })
            .collect();
        self.seen.retain(|socket, seen| {
            *seen == looks || (looks - *seen < AFTER && !formerly.contains(socket))
        });
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint {
        address: address.ip().to_canonical(),
        port: address.port(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    fn own(sockets: &OwnSockets) -> Vec<String> {
        let text = |end: Endpoint| SocketAddr::new(end.address, end.port).to_string();
        let line = |socket: Socket| {
            let far = socket.far.map_or_else(|| "any".to_owned(), text);
            format!("{} {} {far}", socket.protocol.name(), text(socket.near))
        };
        sockets.sockets().into_iter().map(line).collect()
    }

    fn tcp(near: &str, far: &str) -> Socket {
        Socket {
            protocol: Protocol::Tcp,
            near: endpoint(near.parse().unwrap()),
            far: far.parse().ok().map(endpoint),
        }
    }

    fn watching() -> OwnSockets {
        let service = "10.96.0.1".parse().unwrap();
        OwnSockets::new("0.0.0.0:8898".parse().unwrap(), Some(service))
    }

    #[test]
    fn where_it_is_asked_stays_and_what_it_asks_goes_with_its_socket() {
        let mut sockets = watching();
        let both = [
            tcp("10.0.0.1:8898", "10.0.0.7:50000"),
            tcp("[::ffff:10.0.0.1]:40000", "10.0.0.9:6443"),
        ];
        assert!(sockets.take(both.into_iter()));
        assert!(!sockets.take(both.into_iter()));
        let all = [
            "tcp 0.0.0.0:8898 any",
            "tcp 10.0.0.1:8898 any",
            "tcp 10.0.0.1:40000 10.0.0.9:6443",
        ];
        assert_eq!(own(&sockets), all);
        let changed: Vec<bool> = (0..AFTER).map(|_| sockets.take([].into_iter())).collect();
        assert_eq!(changed.iter().position(|changed| *changed), Some(99));
        assert_eq!(own(&sockets), all[..2]);
    }

    #[test]
    fn a_far_end_is_anyone_until_it_is_known_and_where_it_is_translated() {
        let mut sockets = watching();
        let known = |far| tcp("10.0.0.1:40000", far);
        for (far, now) in [
            ("", "any"),
            ("10.0.0.9:6443", "10.0.0.9:6443"),
            ("10.96.0.1:443", "any"),
        ] {
            assert!(sockets.take([known(far)].into_iter()));
            let now = format!("tcp 10.0.0.1:40000 {now}");
            assert!(own(&sockets).contains(&now), "{now}");
            assert_eq!(
                own(&sockets).len(),
                if far.starts_with("10.96") { 3 } else { 2 }
            );
        }
    }

    #[test]
    fn the_sockets_of_this_process_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let asked = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut sockets = OwnSockets::new("127.0.0.1:1".parse().unwrap(), None);
        assert!(sockets.look());
        let (at, from) = (listener.local_addr().unwrap(), asked.local_addr().unwrap());
        let udp = datagrams.local_addr().unwrap();
        let found = own(&sockets);
        for socket in [
            format!("tcp {at} any"),
            format!("tcp {from} {at}"),
            format!("udp {udp} any"),
        ] {
            assert!(found.contains(&socket), "{socket}: {found:?}");
        }
    }
}
