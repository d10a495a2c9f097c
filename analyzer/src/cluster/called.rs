//! Services called: what an address was before it was translated to a backend's.
//!
//! In: an endpoint that was called, and the endpoint that answered. Out: the identity of an end
//! that was reached through a service. **Shape** such identities are made once, for the calls that
//! were seen, before anybody asks: ids go on ordering as the identities do.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::directory::Directory;
use crate::cluster::identity::{EndKind, Identity, IdentityId, owners};
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// Ends and services that the endpoints of all calls may have been over time, multiplied for each
/// call. An end beyond is shown without the service called, and counted.
const COMBINATIONS: usize = 1_000_000;

/// An endpoint that was called, and the one that it was translated to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Call {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// A service's address and port, or a node port.
    pub service: Endpoint,
    /// Who answered.
    pub backend: Endpoint,
}

/// Identities with the numbers they were given.
type Made = BTreeMap<Identity, IdentityId>;

impl Directory {
    /// Whether any service has an address of its own.
    #[must_use]
    pub fn has_services(&self) -> bool {
        let mut kinds = self.identities.iter().map(|identity| identity.kind);
        kinds.any(|kind| kind == EndKind::Service)
    }

    /// The service that is called at an endpoint: by its own address, or by a node port.
    #[must_use]
    pub fn service_called(
        &self,
        protocol: Protocol,
        endpoint: Endpoint,
        at: Timestamp,
    ) -> Option<IdentityId> {
        let Endpoint { address, port } = endpoint;
        let id = self.place(address, Some((protocol, port))).at(at)?;
        (self.identity(id).kind == EndKind::Service).then_some(id)
    }

    /// Whether slices say that any service was ever served at an endpoint.
    #[must_use]
    pub fn is_endpoint(&self, protocol: Protocol, endpoint: Endpoint) -> bool {
        let key = (endpoint.address, protocol, endpoint.port);
        self.endpoints.contains_key(&key)
    }

    /// Whether slices say that a service was served at an endpoint.
    #[must_use]
    pub fn is_endpoint_of(
        &self,
        protocol: Protocol,
        endpoint: Endpoint,
        service: IdentityId,
        at: Timestamp,
    ) -> bool {
        let service = self.identity(service);
        let key = (endpoint.address, protocol, endpoint.port);
        let served = self.endpoints.get(&key).into_iter().flatten();
        served
            .filter(|served| served.span.from <= at && at < served.span.until)
            .any(|served| {
                (Some(&served.namespace), Some(&served.service))
                    == (service.namespace.as_ref(), service.service.as_ref())
            })
    }

    /// An end that was reached through a service, as [`Self::add_calls`] made it.
    #[must_use]
    pub fn called(&self, end: IdentityId, service: IdentityId) -> IdentityId {
        self.called.get(&(end, service)).copied().unwrap_or(end)
    }

    /// An identity of the same owner as such, whichever service it was reached through.
    #[must_use]
    pub fn uncalled(&self, end: IdentityId) -> IdentityId {
        self.uncalled.get(&end).copied().unwrap_or(end)
    }

    /// Makes the identities of ends that were reached through services. All ids change. Says how many
    /// calls did not fit.
    #[must_use]
    pub fn add_calls(&mut self, calls: impl IntoIterator<Item = Call>) -> u64 {
        self.add_calls_within(COMBINATIONS, calls)
    }

    /// The same with room for `limit` combinations.
    pub(super) fn add_calls_within(
        &mut self,
        limit: usize,
        calls: impl IntoIterator<Item = Call>,
    ) -> u64 {
        // Which are refused depends on nobody's order, and many clients make one call.
        let calls: BTreeSet<Call> = calls.into_iter().collect();
        if calls.is_empty() {
            return 0;
        }
        let numbered = (0..).zip(&self.identities);
        let mut made: Made = numbered
            .map(|(id, identity)| (identity.clone(), IdentityId(id)))
            .collect();
        let (mut room, mut refused) = (limit, 0);
        for call in calls {
            let (ends, services) = match room {
                0 => (Vec::new(), Vec::new()),
                _ => (
                    self.ever_at(call.protocol, call.backend),
                    self.ever_at(call.protocol, call.service),
                ),
            };
            let combinations = ends.len().saturating_mul(services.len());
            if combinations == 0 || combinations > room {
                // To find that it is too much was work too.
                room = room.saturating_sub(ends.len() + services.len());
                refused += 1;
                continue;
            }
            room -= combinations;
            for end in ends {
                for service in &services {
                    self.add_call(&mut made, end, *service);
                }
            }
        }
        self.sort_identities(made);
        refused
    }

    fn add_call(&mut self, made: &mut Made, end: IdentityId, service: IdentityId) {
        if self.identity(service).kind != EndKind::Service {
            return;
        }
        let identity = self.identity(end).called(self.identity(service));
        let next = IdentityId(u32::try_from(made.len()).unwrap_or(u32::MAX));
        let id = *made.entry(identity).or_insert(next);
        if id == next {
            let place = self.services.get(service.0 as usize).copied();
            self.services.push(place.unwrap_or(u32::MAX));
        }
        self.called.insert((end, service), id);
        let uncalled = self.uncalled.entry(id).or_insert(end);
        *uncalled = end.min(*uncalled);
    }

    /// Puts the identities in order again.
    fn sort_identities(&mut self, made: Made) {
        let mut places = vec![IdentityId(0); made.len()];
        let mut services = Vec::with_capacity(made.len());
        self.identities.clear();
        for (place, (identity, given)) in (0..).zip(made) {
            let given = given.0 as usize;
            if let Some(slot) = places.get_mut(given) {
                *slot = IdentityId(place);
            }
            services.push(self.services.get(given).copied().unwrap_or(u32::MAX));
            self.identities.push(identity);
        }
        self.services = services;
        self.owners = owners(&self.identities);
        self.renumber(&places);
    }

    /// Everything that an endpoint was at some time.
    fn ever_at(&self, protocol: Protocol, endpoint: Endpoint) -> Vec<IdentityId> {
        let Endpoint { address, port } = endpoint;
        let ports = self.ports.get(&(address, protocol, port)).into_iter();
        let ports = ports.flat_map(|held| held.iter().map(|(_, held)| held.identity));
        let node_ports = self.node_ports.get(&(protocol, port)).into_iter();
        let node_ports = node_ports.flat_map(|held| held.iter().map(|(_, id)| id));
        let held = self.addresses.get(&address).into_iter();
        let held = held.flat_map(|held| held.server.iter().map(|(_, id)| id));
        let all = ports.chain(node_ports).chain(held);
        let mut all: Vec<_> = all.chain([self.unowned(address)]).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
