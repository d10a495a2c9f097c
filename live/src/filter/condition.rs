//! What a filter asks of a packet.
//!
//! In: the facts of a packet or a later fragment. Out: whether the condition holds; `None` where
//! the facts do not say.
//! **Source** Kleene's three-valued logic: what is not known decides nothing by itself.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use analyzer::packet::{Fragment, Packet, Transport};
use analyzer::protocol::Protocol;
use ipnet::IpNet;

/// Numbers of IP protocols, as a fragment has them.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A question about a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The transport.
    Transport(Protocol),
    /// The version of IP.
    Version(Version),
    /// An end's address is in a range.
    Net(IpNet),
    /// An end's port is in a range.
    Ports(RangeInclusive<u16>),
}

/// A version of IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

/// What is known of a packet.
pub(super) struct Facts {
    addresses: [IpAddr; 2],
    /// `None` for what is neither TCP nor UDP.
    transport: Option<Protocol>,
    /// `None` where a fragment does not say.
    ports: Option<[u16; 2]>,
}

impl Facts {
    pub(super) const fn of_packet(packet: &Packet) -> Self {
        let transport = match packet.transport {
            Transport::Tcp(_) => Protocol::Tcp,
            Transport::Udp => Protocol::Udp,
        };
        Self {
            addresses: [packet.source, packet.destination],
            transport: Some(transport),
            ports: Some([packet.source_port, packet.destination_port]),
        }
    }

    pub(super) const fn of_fragment(fragment: &Fragment) -> Self {
        let transport = match fragment.key.protocol {
            TCP => Some(Protocol::Tcp),
            UDP => Some(Protocol::Udp),
            _ => None,
        };
        Self {
            addresses: [fragment.key.source, fragment.key.destination],
            transport,
            ports: None,
        }
    }
}

impl Condition {
    /// Whether it holds.
    pub(super) fn holds(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::All(conditions) => decide(conditions, facts, false),
            Self::Any(conditions) => decide(conditions, facts, true),
            Self::Not(condition) => condition.holds(facts).map(|holds| !holds),
            Self::Transport(protocol) => Some(facts.transport == Some(*protocol)),
            Self::Version(version) => {
                let is_v4 = facts.addresses.iter().all(IpAddr::is_ipv4);
                Some(is_v4 == (*version == Version::V4))
            }
            Self::Net(net) => Some(facts.addresses.iter().any(|address| net.contains(address))),
            Self::Ports(range) => facts
                .ports
                .map(|ports| ports.iter().any(|port| range.contains(port))),
        }
    }
}

/// One that is `decisive` decides; else what is not known leaves it open.
fn decide(conditions: &[Condition], facts: &Facts, decisive: bool) -> Option<bool> {
    let mut outcome = Some(!decisive);
    for condition in conditions {
        match condition.holds(facts) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => outcome = None,
        }
    }
    outcome
}
