//! Flows: all connections of one protocol from one client to one server and port.
//!
//! In: the legs of everything that was seen, and the cluster's directory. Out: flows, each between
//! two ends whose owners did not change. Everything that needs knowledge of the whole is decided
//! here: who is client, whose address it was, which view counts.

use std::cmp::Ordering;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::cluster::{Directory, IdentityId};
use crate::leg::intervals::Intervals;
use crate::leg::{Handshakes, Interval};
use crate::protocol::Protocol;
use crate::time::Timestamp;

pub mod build;
pub mod order;
pub mod roles;

/// One end of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FlowEnd {
    /// Its address.
    pub address: IpAddr,
    /// Whose address it was then.
    pub identity: IdentityId,
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
}

impl FlowKey {
    /// The order of flows between the same addresses: by what is known of their owners.
    #[must_use]
    pub fn compare_owners(&self, other: &Self, directory: &Directory) -> Ordering {
        let owners = |key: &Self| {
            (
                directory.identity(key.client.identity),
                directory.identity(key.server.identity),
            )
        };
        owners(self).cmp(&owners(other))
    }
}

/// How it is known who is client, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
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
    /// Sorted by index.
    pub intervals: Intervals,
}

impl Flow {
    /// Whether one of its connections has not ended.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let sum = |count: fn(&Interval) -> u32| -> u64 {
            self.intervals
                .iter()
                .map(|interval| u64::from(count(interval)))
                .sum()
        };
        sum(|interval| interval.started) > sum(|interval| interval.ended)
    }

    /// The handshake times of some intervals.
    #[must_use]
    pub fn handshakes<'i>(intervals: impl IntoIterator<Item = &'i Interval>) -> Handshakes {
        let mut all = Handshakes::default();
        for interval in intervals {
            interval.handshakes.add_to(&mut all);
        }
        all
    }
}

/// The first packet of an interval, in either direction.
fn first_packet(interval: &Interval) -> Timestamp {
    interval.forward.first.min(interval.backward.first)
}
