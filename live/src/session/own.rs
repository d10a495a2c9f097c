//! This process's own traffic: what asks it, and what it asks the cluster.
//!
//! In: the sockets that this process has. Out: their endpoints on this machine, which are nobody
//! else's. **Shape** the sockets are looked at before each frame of theirs can have been read, but
//! for connections of a moment to a port that is not known to be listened on.

mod socket;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use analyzer::endpoint::Endpoint;

/// Looks for which the endpoint of a socket that was closed is left out: its last packets are still
/// to come.
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
    },
}

/// The sockets of this process, as of late.
pub(super) struct OwnSockets {
    port: u16,
    /// Endpoints at which it is asked.
    listening: BTreeSet<Endpoint>,
    /// Others, with the look that saw them last.
    seen: BTreeMap<Endpoint, u64>,
    looks: u64,
}

impl OwnSockets {
    pub(super) fn new(listening: SocketAddr) -> Self {
        Self {
            port: listening.port(),
            listening: [endpoint(listening)].into(),
            seen: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Looks again; whether there are others than before.
    pub(super) fn look(&mut self) -> bool {
        self.take(socket::all().map(endpoint))
    }

    /// All that is left out.
    pub(super) fn endpoints(&self) -> BTreeSet<Endpoint> {
        let others = self.seen.keys();
        self.listening.iter().chain(others).copied().collect()
    }

    fn take(&mut self, sockets: impl Iterator<Item = Endpoint>) -> bool {
        let before = (self.listening.len(), self.seen.len());
        let mut is_new = self.looks == 0;
        self.looks += 1;
        for socket in sockets {
            if socket.port == self.port {
                is_new |= self.listening.insert(socket);
            } else {
                is_new |= self.seen.insert(socket, self.looks).is_none();
            }
        }
        let looks = self.looks;
        self.seen.retain(|_, seen| looks - *seen < AFTER);
        is_new || before != (self.listening.len(), self.seen.len())
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
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn own(sockets: &OwnSockets) -> Vec<String> {
        let endpoints = sockets.endpoints().into_iter();
        let text = endpoints.map(|own| SocketAddr::new(own.address, own.port).to_string());
        text.collect()
    }

    fn at(address: &str) -> Endpoint {
        endpoint(address.parse().unwrap())
    }

    #[test]
    fn where_it_is_asked_stays_and_what_it_asks_goes_with_its_socket() {
        let mut sockets = OwnSockets::new("0.0.0.0:8898".parse().unwrap());
        let both = ["10.0.0.1:8898", "[::ffff:10.0.0.1]:40000"].map(at);
        assert!(sockets.take(both.into_iter()));
        assert!(!sockets.take(both.into_iter()));
        let all = ["0.0.0.0:8898", "10.0.0.1:8898", "10.0.0.1:40000"];
        assert_eq!(own(&sockets), all);
        let changed: Vec<bool> = (0..AFTER).map(|_| sockets.take([].into_iter())).collect();
        assert_eq!(changed.iter().position(|changed| *changed), Some(99));
        assert_eq!(own(&sockets), ["0.0.0.0:8898", "10.0.0.1:8898"]);
    }

    #[test]
    fn the_sockets_of_this_process_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let asked = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut sockets = OwnSockets::new("127.0.0.1:1".parse().unwrap());
        assert!(sockets.look());
        let endpoints = sockets.endpoints();
        for socket in [listener.local_addr().unwrap(), asked.local_addr().unwrap()] {
            assert!(endpoints.contains(&endpoint(socket)), "{socket}");
        }
    }
}
