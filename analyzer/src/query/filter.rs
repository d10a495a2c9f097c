//! Filters: which flows match.
//!
//! All parameters must hold. The unprefixed ones must all hold for *one* end, either one; a value
//! they exclude must hold for *neither*. An absent name passes an exclusion.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::{EndKind, Identity};
use crate::protocol::Protocol;
use crate::query::Level;
use crate::query::end::LevelKey;
use crate::query::pattern::{Glob, QualifiedGlob, Terms, holds};
use crate::query::view::State;

/// Every filter of a query.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Of either end.
    pub any: EndFilter,
    /// Of the client.
    pub client: EndFilter,
    /// Of the server.
    pub server: EndFilter,
    /// TCP or UDP.
    pub protocol: Terms<Protocol>,
    /// The server's port, or that of the service called.
    pub port: Terms<u16>,
    /// The client's port, of single connections.
    pub client_port: Terms<u16>,
    /// Active or closed.
    pub state: Terms<State>,
    /// Between two different ones of this level.
    pub across: Option<Level>,
    /// The least handshake time, in microseconds.
    pub rtt_min_us: Option<u64>,
}

/// The filters of one end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EndFilter {
    /// Addresses and networks.
    pub ip: Terms<IpNet>,
    /// Namespaces.
    pub ns: Terms<Glob>,
    /// Pods, or their workloads.
    pub pod: Terms<QualifiedGlob>,
    /// Services.
    pub svc: Terms<QualifiedGlob>,
    /// Nodes.
    pub node: Terms<Glob>,
    /// Names that name resolution gave.
    pub dns: Terms<Glob>,
    /// Kinds.
    pub kind: Terms<EndKind>,
}

/// What a filter sees of an end.
#[derive(Clone, Copy, Debug)]
pub struct EndFacts<'a> {
    /// Its address; an object of the cluster may have none.
    pub address: Option<IpAddr>,
    /// Who it is.
    pub identity: &'a Identity,
    /// The names that name resolution gave its address, when they are asked for.
    pub dns: &'a [Arc<str>],
}

impl Filter {
    /// Whether a filter is on names that name resolution gave.
    #[must_use]
    pub const fn asks_for_dns(&self) -> bool {
        !(self.any.dns.is_empty() && self.client.dns.is_empty() && self.server.dns.is_empty())
    }

    /// Whether everything passes.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing is asked of ends but who owns their addresses.
    #[must_use]
    pub fn is_by_owner(&self) -> bool {
        let ends = [&self.any, &self.client, &self.server];
        ends.iter()
            .all(|end| end.ip.is_empty() && end.dns.is_empty())
            && self.across.is_none()
    }

    /// Whether two ends pass the filters of ends.
    #[must_use]
    pub fn accepts_ends(&self, client: &EndFacts<'_>, server: &EndFacts<'_>) -> bool {
        self.client.accepts(client)
            && self.server.accepts(server)
            && (self.any.includes(client) || self.any.includes(server))
            && !self.any.excludes(client)
            && !self.any.excludes(server)
            && self
                .across
                .is_none_or(|level| differ(client, server, level))
    }

    /// Whether any two ends pass, whatever their protocol and ports.
    #[must_use]
    pub fn accepts_every_key(&self) -> bool {
        let none = EndFilter::default();
        self.any == none
            && self.client == none
            && self.server == none
            && self.protocol.is_empty()
            && self.port.is_empty()
            && self.across.is_none()
    }

    /// Whether nothing is asked but of either end: nothing that only traffic could have.
    #[must_use]
    pub fn is_of_either_end(&self) -> bool {
        let none = EndFilter::default();
        self.client == none
            && self.server == none
            && self.protocol.is_empty()
            && self.port.is_empty()
            && self.client_port.is_empty()
            && self.state.is_empty()
            && self.across.is_none()
            && self.rtt_min_us.is_none()
    }

    /// Whether a server's port passes; the port of the service called counts as well.
    #[must_use]
    pub fn accepts_port(&self, port: u16, service_port: Option<u16>) -> bool {
        self.port
            .accepts(|term| *term == port || Some(*term) == service_port)
    }
}

impl EndFilter {
    /// Whether an end holds what is asked for and nothing that is excluded.
    #[must_use]
    pub fn accepts(&self, end: &EndFacts<'_>) -> bool {
        self.includes(end) && !self.excludes(end)
    }

    /// Whether all that is asked for holds.
    #[must_use]
    pub fn includes(&self, end: &EndFacts<'_>) -> bool {
        self.ip.includes(|network| has_address(end, network))
            && self.kind.includes(|kind| *kind == end.identity.kind)
            && self
                .ns
                .includes(|glob| is_like(end.identity.namespace.as_deref(), glob))
            && self.pod.includes(|glob| is_pod(end, glob))
            && self.svc.includes(|glob| is_service(end, glob))
            && self
                .node
                .includes(|glob| is_like(end.identity.node.as_deref(), glob))
            && self
                .dns
                .includes(|glob| end.dns.iter().any(|name| glob.matches(name)))
    }

    /// Whether something that is excluded holds.
    #[must_use]
    pub fn excludes(&self, end: &EndFacts<'_>) -> bool {
        self.ip.excludes(|network| has_address(end, network))
            || self.kind.excludes(|kind| *kind == end.identity.kind)
            || self
                .ns
                .excludes(|glob| is_like(end.identity.namespace.as_deref(), glob))
            || self.pod.excludes(|glob| is_pod(end, glob))
            || self.svc.excludes(|glob| is_service(end, glob))
            || self
                .node
                .excludes(|glob| is_like(end.identity.node.as_deref(), glob))
            || self
                .dns
                .excludes(|glob| end.dns.iter().any(|name| glob.matches(name)))
    }
}

/// Whether two ends are known to be different ones at a level.
fn differ(client: &EndFacts<'_>, server: &EndFacts<'_>, level: Level) -> bool {
    let (client, server) = (LevelKey::of(client, level), LevelKey::of(server, level));
    client.is(level) && server.is(level) && client != server
}

fn has_address(end: &EndFacts<'_>, network: &IpNet) -> bool {
    end.address.is_some_and(|address| holds(network, address))
}

/// A pod is also meant by the name of its workload.
fn is_pod(end: &EndFacts<'_>, glob: &QualifiedGlob) -> bool {
    let (identity, namespace) = (end.identity, end.identity.namespace.as_deref());
    let workload = identity.workload.as_ref().map(|workload| &*workload.name);
    glob.matches(namespace, identity.pod.as_deref()) || glob.matches(namespace, workload)
}

fn is_service(end: &EndFacts<'_>, glob: &QualifiedGlob) -> bool {
    glob.matches(
        end.identity.namespace.as_deref(),
        end.identity.service.as_deref(),
    )
}

fn is_like(name: Option<&str>, glob: &Glob) -> bool {
    name.is_some_and(|name| glob.matches(name))
}
