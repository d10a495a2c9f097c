//! Flows: all connections of one protocol from one client to one server and port.
//!
//! In: the legs of everything that was seen, and the cluster's directory. Out: flows, each between
//! two ends whose owners did not change. Everything that needs knowledge of the whole is decided
//! here: who is client, whose address it was, which view counts.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::{Directory, IdentityId, OwnerId};
use crate::leg::intervals::Intervals;
use crate::leg::{Handshakes, Interval};
use crate::protocol::Protocol;
use crate::sketch::Sketch;
use crate::time::Timestamp;
use crate::vantage::Scope;

pub mod build;
pub mod clocks;
pub mod connection;
mod handover;
pub mod join;
pub mod order;
mod parties;
pub mod point;
pub mod roles;

/// One end of a flow: an address while it had one owner.
///
/// Ends are equal when address and owner are: the services of a pod may change while it talks.
#[derive(Clone, Copy, Debug)]
pub struct FlowEnd {
    /// Its address.
    pub address: IpAddr,
    /// Whose address it was then.
    pub owner: OwnerId,
    /// What is known of the owner; of what changed, what the directory prefers.
    pub identity: IdentityId,
}

impl FlowEnd {
    /// An address with the identity it had.
    #[must_use]
    pub fn new(address: IpAddr, identity: IdentityId, directory: &Directory) -> Self {
        Self {
            address,
            owner: directory.owner(identity),
            identity,
        }
    }
}

impl PartialEq for FlowEnd {
    fn eq(&self, other: &Self) -> bool {
        (self.address, self.owner) == (other.address, other.owner)
    }
}

impl Eq for FlowEnd {}

impl Hash for FlowEnd {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.address, self.owner).hash(state);
    }
}

/// What makes a flow this flow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FlowKey {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Who asks.
    pub client: FlowEnd,
    /// Who answers.
    pub server: FlowEnd,
    /// The port it answers on.
    pub server_port: u16,
    /// Where its addresses mean something, when they are of loopback or of a link.
    pub scope: Scope,
}

impl FlowKey {
    /// What orders flows between the same addresses.
    #[must_use]
    pub const fn owners(&self) -> (OwnerId, OwnerId) {
        (self.client.owner, self.server.owner)
    }

    /// Takes what an equal key knows better of the two ends.
    pub fn learn(&mut self, other: &Self, directory: &Directory) {
        for (end, known) in [
            (&mut self.client, other.client),
            (&mut self.server, other.server),
        ] {
            end.identity = directory.prefer(end.identity, known.identity);
        }
    }
}

/// How it is known who is client, the surest first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It sent the SYN or received the SYN-ACK.
    Syn,
    /// The other end answered a SYN on that port elsewhere in the data.
    SynElsewhere,
    /// The other end's port is a service's or an endpoint's.
    ServicePort,
    /// The port numbers.
    Port,
    /// It sent the first packet.
    FirstPacket,
}

/// Which ends had a counting point of their own.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// The client's; the server mirrors it.
    Client,
    /// The server's; the client mirrors it.
    Server,
    /// Both ends, each counted apart.
    Both,
    /// A tap between the ends, credited to both.
    Between,
}

/// A flow, in intervals: `forward` is from the client.
#[derive(Clone, Debug)]
pub struct Flow {
    /// What makes it this flow.
    pub key: FlowKey,
    /// The surest basis of its roles.
    pub basis: Basis,
    /// Where it was counted.
    pub observed: Observed,
    /// What was counted at the client's end, sorted by time.
    pub intervals: Intervals,
    /// What was counted at the server's end, where that was counted apart.
    pub at_server: Option<Box<Intervals>>,
}

const _: () = assert!(size_of::<Flow>() <= 176);

impl Flow {
    /// What was counted at the server's end.
    #[must_use]
    pub fn server_intervals(&self) -> &Intervals {
        self.at_server.as_deref().unwrap_or(&self.intervals)
    }

    /// The end that shows its connections: the server may have seen none of them.
    #[must_use]
    pub fn connection_intervals(&self) -> &Intervals {
        let started = |intervals: &Intervals| -> u64 {
            let counts = intervals.iter().map(|interval| u64::from(interval.started));
            counts.sum()
        };
        match &self.at_server {
            Some(at_server) if started(at_server) > started(&self.intervals) => at_server,
            Some(_) | None => &self.intervals,
        }
    }

    /// Adds what was counted of the same flow in another way.
    fn merge(&mut self, other: Self, directory: &Directory) {
        self.key.learn(&other.key, directory);
        self.basis = self.basis.min(other.basis);
        if self.at_server.is_some() || other.at_server.is_some() {
            let own = || Box::new(self.intervals.clone());
            let at_server = self.at_server.get_or_insert_with(own);
            for interval in other.server_intervals().iter() {
                at_server.add(interval.clone());
            }
        }
        self.observed = match (self.observed, other.observed) {
            (one, other) if one == other => one,
            (Observed::Between, other) => other,
            (one, Observed::Between) => one,
            (_, _) => Observed::Both,
        };
        for interval in other.intervals {
            self.intervals.add(interval);
        }
    }

    /// Whether one of its connections has not ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let intervals = self.connection_intervals();
        let sum = |count: fn(&Interval) -> u32| -> u64 {
            intervals
                .iter()
                .map(|interval| u64::from(count(interval)))
                .sum()
        };
        sum(|interval| interval.started) > sum(|interval| interval.ended)
    }

    /// The handshake times of the intervals that are taken, at each end that was observed.
    #[must_use]
    pub fn handshakes(&self, takes: impl Fn(&Interval) -> bool) -> Handshakes {
        let sum = |intervals: &Intervals| {
            let mut all = Handshakes::default();
            for interval in intervals.iter().filter(|interval| takes(interval)) {
                interval.handshakes.add_to(&mut all);
            }
            all
        };
        let mut all = sum(&self.intervals);
        if let Some(at_server) = &self.at_server {
            all.server = sum(at_server).server;
        }
        match self.observed {
            Observed::Client => all.server = Sketch::default(),
            Observed::Server => all.client = Sketch::default(),
            Observed::Both | Observed::Between => {}
        }
        all
    }
}

/// The first and the last packet of an interval, in either direction; without any, its start.
fn packets_of(interval: &Interval) -> (Timestamp, Timestamp) {
    let Interval {
        period,
        forward,
        backward,
        ..
    } = interval;
    if forward.is_empty() && backward.is_empty() {
        return (period.start(), period.start());
    }
    (
        forward.first.min(backward.first),
        forward.last.max(backward.last),
    )
}
