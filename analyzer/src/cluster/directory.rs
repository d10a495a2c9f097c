//! Who had an address at a time.
//!
//! In: an address, for a server's end its protocol and port, and a time. Out: an [`Identity`].
//! **Shape** immutable; made by [`crate::cluster::Cluster::directory`] from all that is known, so
//! that a change that came late names earlier packets too.
//! **Time** a look-up is a hash and a search among the few times an address changed hands.

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::claims::{NodeAt, PortKey};
use crate::cluster::identity::{Identity, IdentityBasis, IdentityId, OwnerId};
use crate::cluster::names::PrefixTable;
use crate::cluster::roster::Roster;
use crate::cluster::span::{Segments, Span};
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// The index of a cluster's addresses over time.
#[derive(Clone, Debug)]
pub struct Directory {
    pub(super) identities: Vec<Identity>,
    /// Whose each identity is.
    pub(super) owners: Vec<OwnerId>,
    /// The place of each identity's service among services, the preferred one first.
    pub(super) services: Vec<u32>,
    pub(super) addresses: HashMap<IpAddr, Held, FixedState>,
    pub(super) ports: HashMap<PortKey, Segments<HeldPort>, FixedState>,
    pub(super) node_ports: HashMap<(Protocol, u16), Segments<IdentityId>, FixedState>,
    pub(super) names: PrefixTable<IdentityId>,
    pub(super) ranges: PrefixTable<IdentityId>,
    pub(super) external: IdentityId,
    pub(super) roster: Roster,
    pub(super) endpoints: HashMap<PortKey, Vec<EndpointOf>, FixedState>,
    /// Ends reached through a service: the end, the service called, and the end as such.
    pub(super) called: HashMap<(IdentityId, IdentityId), IdentityId, FixedState>,
    /// The end as such of each of those.
    pub(super) uncalled: HashMap<IdentityId, IdentityId, FixedState>,
    pub(super) refused: u64,
}

/// A service that is served at an endpoint.
#[derive(Clone, Debug)]
pub(super) struct EndpointOf {
    pub(super) span: Span,
    pub(super) namespace: Arc<str>,
    pub(super) service: Arc<str>,
}

/// Who has an address, at every moment.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// As a client's, whose port says nothing.
    pub(super) client: Segments<IdentityId>,
    /// As a server's, at a port that nothing declares.
    pub(super) server: Segments<IdentityId>,
    /// When it is a node's, and node ports are served there.
    pub(super) nodes: Segments<NodeAt>,
}

/// Who has a port of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct HeldPort {
    pub(super) identity: IdentityId,
    pub(super) declared: DeclaredBy,
}

/// What says that something is served at a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeclaredBy {
    /// A service or its endpoints.
    Service,
    /// A pod that uses its node's port.
    Pod,
    /// Nothing, at that time.
    Nobody,
}

/// An address or a port of it, looked up for any moment.
#[derive(Clone, Copy, Default)]
pub struct Place<'d> {
    held: Option<&'d Segments<IdentityId>>,
    port: Option<&'d Segments<HeldPort>>,
    /// When the address is a node's, and whose node port it is then.
    node_port: Option<(&'d Segments<NodeAt>, &'d Segments<IdentityId>)>,
}

impl Place<'_> {
    /// Who had it; `None` when no object ever did.
    pub(super) fn at(&self, time: Timestamp) -> Option<IdentityId> {
        self.node_port(time)
            .or_else(|| Some(self.port(time)?.identity))
            .or_else(|| self.held?.at(time))
    }

    /// Who had it at the time of the first of some packets, known as well as it is at the first or
    /// at the last of them; `None` where no object did, and it is [`Directory::unowned`].
    #[must_use]
    pub fn held_over(
        &self,
        (first, last): (Timestamp, Timestamp),
        directory: &Directory,
    ) -> Option<IdentityId> {
        let then = self.at(first)?;
        Some(match self.at(last) {
            Some(later) if directory.owner(then) == directory.owner(later) => {
                directory.prefer(then, later)
            }
            Some(_) | None => then,
        })
    }

    /// Whether the same one had it, if anyone, at every moment from one to another.
    #[must_use]
    pub fn is_same_over(&self, times: (Timestamp, Timestamp)) -> bool {
        self.held.is_none_or(|held| held.is_same_over(times))
            && self.port.is_none_or(|port| port.is_same_over(times))
            && self.node_port.is_none_or(|(nodes, services)| {
                nodes.is_same_over(times) && services.is_same_over(times)
            })
    }

    fn port(&self, time: Timestamp) -> Option<HeldPort> {
        self.port?.at(time)
    }

    /// The service whose node port it is, when the address is a node's and nobody else's there.
    fn node_port(&self, time: Timestamp) -> Option<IdentityId> {
        let (nodes, services) = self.node_port?;
        nodes.at(time)?;
        match self.port(time) {
            Some(held) if held.declared != DeclaredBy::Nobody => None,
            Some(_) | None => services.at(time),
        }
    }
}

impl Directory {
    /// Who had `address` at a time; `service_port` is set for a server's end.
    #[must_use]
    pub fn resolve(
        &self,
        address: IpAddr,
        service_port: Option<(Protocol, u16)>,
        at: Timestamp,
    ) -> IdentityId {
        let found = self.place(address, service_port).at(at);
        found.unwrap_or_else(|| self.unowned(address))
    }

    /// Whether a node had `address` at a time.
    #[must_use]
    pub fn is_node_address(&self, address: IpAddr, at: Timestamp) -> bool {
        let held = self.addresses.get(&address);
        held.is_some_and(|held| held.nodes.at(at).is_some())
    }

    /// The identity behind a number.
    #[must_use]
    pub fn identity(&self, id: IdentityId) -> &Identity {
        const NOBODY: &Identity = &Identity::of(IdentityBasis::Nothing);
        self.identities.get(id.0 as usize).unwrap_or(NOBODY)
    }

    /// Whose an identity is, whichever service it serves.
    #[must_use]
    pub fn owner(&self, id: IdentityId) -> OwnerId {
        let owner = self.owners.get(id.0 as usize);
        owner.copied().unwrap_or(OwnerId::NOBODY)
    }

    /// Of two identities of one owner the one that says more: with a service before without, of
    /// two services the one with a cluster IP first, then the smallest name.
    #[must_use]
    pub fn prefer(&self, one: IdentityId, other: IdentityId) -> IdentityId {
        let rank = |id: IdentityId| (self.services.get(id.0 as usize), id);
        if rank(one) <= rank(other) { one } else { other }
    }

    /// All identities, in order of their numbers.
    #[must_use]
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Who there was, whether or not packets show them.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Ports that are known by their address alone, because the limit of work was reached.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether a service, one of its endpoints or a node port was at this port of the address.
    #[must_use]
    pub fn is_service_port(
        &self,
        protocol: Protocol,
        address: IpAddr,
        port: u16,
        at: Timestamp,
    ) -> bool {
        let place = self.place(address, Some((protocol, port)));
        let declared = place.port(at);
        if declared.is_some_and(|held| held.declared == DeclaredBy::Service) {
            return true;
        }
        place.node_port(at).is_some()
    }

    /// Replaces provisional numbers by the places in the order of identities.
    pub(super) fn renumber(&mut self, places: &[IdentityId]) {
        let renumber = |id: &mut IdentityId| {
            *id = places.get(id.0 as usize).copied().unwrap_or(*id);
        };
        for held in self.addresses.values_mut() {
            held.client
                .values_mut()
                .chain(held.server.values_mut())
                .for_each(renumber);
        }
        let ports = self.ports.values_mut().flat_map(Segments::values_mut);
        ports.for_each(|held| renumber(&mut held.identity));
        self.node_ports
            .values_mut()
            .flat_map(Segments::values_mut)
            .for_each(renumber);
        self.names.values_mut().for_each(renumber);
        self.ranges.values_mut().for_each(renumber);
        let renumbered = |mut id: IdentityId| {
            renumber(&mut id);
            id
        };
        self.called = self
            .called
            .drain()
            .map(|((end, service), id)| ((renumbered(end), renumbered(service)), renumbered(id)))
            .collect();
        self.uncalled = self
            .uncalled
            .drain()
            .map(|(id, end)| (renumbered(id), renumbered(end)))
            .collect();
        renumber(&mut self.external);
    }

    /// All that is known of an address, or of a port of it; `service_port` is set for a server's end.
    #[must_use]
    pub fn place(&self, address: IpAddr, service_port: Option<(Protocol, u16)>) -> Place<'_> {
        let held = self.addresses.get(&address);
        let Some((protocol, port)) = service_port else {
            return Place {
                held: held.map(|held| &held.client),
                ..Place::default()
            };
        };
        // Few addresses are nodes'.
        let nodes = held.map(|held| &held.nodes).filter(|at| !at.is_empty());
        let node_port = |nodes| Some((nodes, self.node_ports.get(&(protocol, port))?));
        Place {
            held: held.map(|held| &held.server),
            port: self.ports.get(&(address, protocol, port)),
            node_port: nodes.and_then(node_port),
        }
    }

    /// Who an address is that no object ever had.
    #[must_use]
    pub fn unowned(&self, address: IpAddr) -> IdentityId {
        match self.names.get(address) {
            Some(named) => *named,
            None => self.ranges.get(address).copied().unwrap_or(self.external),
        }
    }
}
