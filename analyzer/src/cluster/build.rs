//! From claims to a directory: every address and port gets its identity at every moment.
//!
//! In: claims and tables. Out: [`Directory`].
//! **Shape** a port of a node's address goes to the pod that declares it. A port's history is as
//! long as its address's, so the work on ports is limited; a port beyond the limit is known by its
//! address alone, and counted.

use std::iter;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::claims::{
    AddressClaims, Claims, NodeAt, NodeBasis, PortClaims, PortKey, ServiceAt,
};
use crate::cluster::directory::{DeclaredBy, Directory, EndpointOf, Held, HeldPort};
use crate::cluster::endpoint::{EndpointClaim, settle};
use crate::cluster::identity::{Identity, IdentityBasis, IdentityId, owners};
use crate::cluster::names::{Names, PrefixTable};
use crate::cluster::naming::{Familiarity, Holders, Naming};
use crate::cluster::roster::Roster;
use crate::cluster::span::{Segments, Span};
use crate::cluster::table::{PodId, PodNameId, ServiceId, Tables};
use crate::time::Timestamp;

/// Decides all claims; `steps` is how many moments of ports may be looked at.
pub(super) fn directory(
    tables: &Tables,
    names: &Names,
    ranges: &PrefixTable<IdentityBasis>,
    steps: usize,
) -> Directory {
    let Claims {
        addresses,
        ports,
        node_ports,
        refused,
    } = Claims::collect(tables, steps);
    let naming = Naming::new(tables, names, ranges);
    let mut builder = Builder {
        tables,
        naming,
        steps,
        refused,
    };
    let layers: HashMap<IpAddr, Layers, FixedState> = addresses
        .into_iter()
        .map(|(address, claims)| (address, Layers::settle(claims)))
        .collect();
    let none = Layers::default();
    let endpoints = ports
        .iter()
        .map(|(key, claims)| (*key, endpoints_of(&claims.endpoints, tables)))
        .filter(|(_, services)| !services.is_empty())
        .collect();
    let ports = ports.iter().filter_map(|(key, claims)| {
        let layers = layers.get(&key.0).unwrap_or(&none);
        Some((*key, builder.port(*key, claims, layers)?))
    });
    let ports = ports.collect();
    let node_ports = node_ports
        .iter()
        .map(|(key, claims)| (*key, builder.called(&Segments::settle(claims))))
        .collect();
    let addresses = layers.into_iter();
    let addresses = addresses
        .map(|(address, layers)| (address, builder.address(address, layers)))
        .collect();
    let Builder {
        mut naming,
        refused,
        ..
    } = builder;
    let names = names.table().map(|name| naming.named(name));
    let external = naming.intern(Identity::of(IdentityBasis::Nothing));
    let ranges = ranges.map(|basis| naming.intern(Identity::of(*basis)));
    let (identities, places) = naming.finish();
    let mut directory = Directory {
        owners: owners(&identities),
        services: services(&identities, tables),
        identities,
        addresses,
        ports,
        node_ports,
        names,
        ranges,
        external,
        roster: Roster::new(tables),
        endpoints,
        called: HashMap::default(),
        uncalled: HashMap::default(),
        refused,
    };
    directory.renumber(&places);
    directory
}

/// The place of each identity's service, behind all others when it has none.
fn services(identities: &[Identity], tables: &Tables) -> Vec<u32> {
    let place = |identity: &Identity| {
        let name = identity.namespace.clone().zip(identity.service.clone())?;
        let service = tables.service_ids.get(&name)?;
        u32::try_from(service.0).ok()
    };
    let places = identities.iter().map(place);
    places.map(|place| place.unwrap_or(u32::MAX)).collect()
}

/// Who holds an address, kind by kind.
#[derive(Default)]
struct Layers {
    pods: Segments<PodId>,
    nodes: Segments<NodeAt>,
    services: Segments<ServiceId>,
    endpoints: Vec<EndpointClaim>,
    familiarity: Familiarity,
}

impl Layers {
    fn settle(mut claims: AddressClaims) -> Self {
        if !claims.pods.is_empty() {
            claims
                .nodes
                .retain(|claim| claim.rank.0 != NodeBasis::FirstOfRange);
        }
        Self {
            pods: Segments::settle(&claims.pods),
            nodes: Segments::settle(&claims.nodes),
            services: Segments::settle(&claims.services),
            endpoints: claims.endpoints,
            familiarity: claims.familiarity,
        }
    }

    fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.pods
            .edges()
            .chain(self.nodes.edges())
            .chain(self.services.edges())
    }
}

struct Builder<'a> {
    tables: &'a Tables,
    naming: Naming<'a>,
    steps: usize,
    refused: u64,
}

impl Builder<'_> {
    /// An address as a client's, and as a server's at a port that nothing declares.
    fn address(&mut self, address: IpAddr, layers: Layers) -> Held {
        let endpoints = settle(&layers.endpoints, &self.pod_names(&layers.pods));
        let familiarity = layers.familiarity;
        let mut client = Segments::default();
        let mut server = Segments::default();
        for span in spans(layers.edges().chain(endpoints.edges())) {
            let holders = Holders {
                pod: layers.pods.at(span.from),
                pod_basis: IdentityBasis::PodIp,
                called: None,
                node: layers.nodes.at(span.from),
                service: layers.services.at(span.from),
                endpoint: None,
            };
            let holder = self.naming.holder(address, familiarity, holders);
            server.push(span, holder);
            // A node's address is shared by all that its endpoints stand for, and by the node.
            let endpoint = match holders {
                Holders {
                    pod: None,
                    node: Some(_),
                    ..
                } => None,
                Holders { .. } => endpoints.at(span.from),
            };
            let called = endpoint.map(|_| {
                let holders = Holders {
                    endpoint,
                    ..holders
                };
                self.naming.holder(address, familiarity, holders)
            });
            client.push(span, called.unwrap_or(holder));
        }
        Held {
            client,
            server,
            nodes: layers.nodes,
        }
    }

    /// A port of an address that some object declares at some time, within the limit of work.
    fn port(
        &mut self,
        key: PortKey,
        claims: &PortClaims,
        layers: &Layers,
    ) -> Option<Segments<HeldPort>> {
        let claimed = claims.host_pods.len() + claims.services.len() + claims.endpoints.len();
        match self.steps.checked_sub(claimed + layers.edges().count()) {
            Some(left) => self.steps = left,
            None => {
                self.refused += 1;
                return None;
            }
        }
        let host_pods = Segments::settle(&claims.host_pods);
        let services = Segments::settle(&claims.services);
        let pods = first_of(&layers.pods, &host_pods);
        let endpoints = settle(&claims.endpoints, &self.pod_names(&pods));
        let edges = layers.edges().chain(pods.edges()).chain(services.edges());
        let mut held = Segments::default();
        for span in spans(edges.chain(endpoints.edges())) {
            let holders = Holders {
                pod: pods.at(span.from),
                pod_basis: match layers.pods.at(span.from) {
                    Some(_) => IdentityBasis::PodIp,
                    None => IdentityBasis::HostPort,
                },
                called: services.at(span.from),
                node: layers.nodes.at(span.from),
                service: layers.services.at(span.from),
                endpoint: endpoints.at(span.from),
            };
            let declared = declared_by(holders, host_pods.at(span.from));
            let identity = self.naming.holder(key.0, layers.familiarity, holders);
            held.push(span, HeldPort { identity, declared });
        }
        Some(held)
    }

    /// The identities of services called.
    fn called(&mut self, services: &Segments<ServiceAt>) -> Segments<IdentityId> {
        let mut called = Segments::default();
        for (span, (service, port)) in services.iter() {
            let identity = self
                .naming
                .called(service, Some(port), IdentityBasis::NodePort);
            called.push(span, identity);
        }
        called
    }

    fn pod_names(&self, pods: &Segments<PodId>) -> Segments<PodNameId> {
        let mut names = Segments::default();
        for (span, pod) in pods.iter() {
            if let Some(known) = self.tables.pods.get(pod.0) {
                names.push(span, known.name);
            }
        }
        names
    }
}

/// The services that slices say are served at a port.
fn endpoints_of(claims: &[EndpointClaim], tables: &Tables) -> Vec<EndpointOf> {
    let services = claims.iter().filter_map(|claim| {
        let (namespace, service) = tables.services.get(claim.service.0)?.clone();
        Some(EndpointOf {
            span: claim.span,
            namespace,
            service,
        })
    });
    services.collect()
}

/// What says that something is served at a port.
fn declared_by(holders: Holders, host_pod: Option<PodId>) -> DeclaredBy {
    match (holders, host_pod) {
        (
            Holders {
                endpoint: Some(_), ..
            }
            | Holders {
                pod: None,
                called: Some(_),
                ..
            },
            _,
        ) => DeclaredBy::Service,
        (Holders { .. }, Some(_)) => DeclaredBy::Pod,
        (Holders { .. }, None) => DeclaredBy::Nobody,
    }
}

/// The pod whose address it is, else the one that has its node's port.
fn first_of(own: &Segments<PodId>, host: &Segments<PodId>) -> Segments<PodId> {
    let mut pods = Segments::default();
    for span in spans(own.edges().chain(host.edges())) {
        if let Some(pod) = own.at(span.from).or(host.at(span.from)) {
            pods.push(span, pod);
        }
    }
    pods
}

/// All of time, cut at some moments.
fn spans(cuts: impl Iterator<Item = Timestamp>) -> impl Iterator<Item = Span> {
    let mut cuts: Vec<Timestamp> = iter::once(Timestamp::MIN).chain(cuts).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut cuts = cuts.into_iter().peekable();
    iter::from_fn(move || {
        let from = cuts.next()?;
        let until = cuts.peek().copied().unwrap_or(Timestamp::MAX);
        Some(Span { from, until })
    })
}
