//! From claims to a directory: every address and port gets its identity at every moment.
//!
//! In: claims and tables. Out: [`Directory`].
//! **Shape** of those who claim an address the pod wins, then a service called at a port of its
//! own, then the node, then the service at any port. A port of a node's address goes to the pod
//! that declares it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::claims::{AddressClaims, Claims, NodeBasis, PortClaims, PortKey, ServiceAt};
use crate::cluster::directory::{DeclaredBy, Directory, Held, HeldPort};
use crate::cluster::endpoint;
use crate::cluster::identity::{EndKind, Identity, IdentityId, Interner, ServiceBasis};
use crate::cluster::names::{Names, PrefixTable};
use crate::cluster::span::{Segments, Span};
use crate::cluster::table::{NodeId, PodId, PodNameId, ServiceId, Tables};
use crate::time::Timestamp;

/// Decides all claims.
pub(super) fn directory(tables: &Tables, names: &Names, ranges: PrefixTable<()>) -> Directory {
    let Claims {
        addresses,
        ports,
        node_ports,
    } = Claims::collect(tables);
    let mut builder = Builder::new(tables, names, &ranges);
    let layers: HashMap<IpAddr, Layers, FixedState> = addresses
        .into_iter()
        .map(|(address, claims)| (address, Layers::settle(claims)))
        .collect();
    let none = Layers::default();
    let ports = ports
        .iter()
        .map(|(key, claims)| {
            (
                *key,
                builder.port(*key, claims, layers.get(&key.0).unwrap_or(&none)),
            )
        })
        .collect();
    let node_ports = node_ports
        .iter()
        .map(|(key, claims)| (*key, builder.called(&Segments::settle(claims))))
        .collect();
    let addresses = layers
        .into_iter()
        .map(|(address, layers)| (address, builder.address(address, layers)))
        .collect();
    let names = names.table().map(|name| builder.named(name));
    let external = builder.intern(Identity::of(EndKind::External));
    let unresolved = builder.intern(Identity::of(EndKind::Unresolved));
    let (identities, places) = builder.interner.finish();
    let mut directory = Directory {
        identities,
        addresses,
        ports,
        node_ports,
        names,
        ranges,
        external,
        unresolved,
    };
    directory.renumber(&places);
    directory
}

/// Who holds an address, kind by kind.
#[derive(Default)]
struct Layers {
    pods: Segments<PodId>,
    nodes: Segments<NodeId>,
    services: Segments<ServiceId>,
    endpoints: Vec<endpoint::EndpointClaim>,
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
        }
    }

    fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.pods
            .edges()
            .chain(self.nodes.edges())
            .chain(self.services.edges())
    }

    /// Whether some object of the cluster ever had the address.
    fn is_known(&self) -> bool {
        !(self.pods.is_empty() && self.nodes.is_empty() && self.services.is_empty())
    }
}

/// What holds a port at a moment, before it has an identity.
#[derive(Clone, Copy, Default)]
struct Holders {
    pod: Option<PodId>,
    called: Option<ServiceAt>,
    node: Option<NodeId>,
    service: Option<ServiceId>,
    endpoint: Option<ServiceId>,
}

struct Builder<'a> {
    tables: &'a Tables,
    names: &'a Names,
    ranges: &'a PrefixTable<()>,
    pods: Vec<Identity>,
    interner: Interner,
}

impl<'a> Builder<'a> {
    fn new(tables: &'a Tables, names: &'a Names, ranges: &'a PrefixTable<()>) -> Self {
        let pods = tables
            .pods
            .iter()
            .map(|known| {
                let pod = &known.life.pod;
                Identity {
                    namespace: Some(Arc::clone(&pod.namespace)),
                    pod: Some(Arc::clone(&pod.name)),
                    pod_uid: pod.uid.clone(),
                    workload: Some(tables.owners.workload(pod)),
                    node: pod.node.clone(),
                    container_id: pod.container_id.clone(),
                    ..Identity::of(EndKind::Pod)
                }
            })
            .collect();
        Self {
            tables,
            names,
            ranges,
            pods,
            interner: Interner::default(),
        }
    }

    fn intern(&mut self, identity: Identity) -> IdentityId {
        self.interner.intern(identity)
    }

    fn named(&mut self, name: &Arc<str>) -> IdentityId {
        self.intern(Identity {
            node: Some(Arc::clone(name)),
            ..Identity::of(EndKind::Node)
        })
    }

    /// An address as a client's, and as a server's at a port that nothing declares.
    fn address(&mut self, address: IpAddr, layers: Layers) -> Held {
        let owner = self.pod_names(&layers.pods);
        let endpoints = endpoint::settle(&layers.endpoints, &owner);
        let mut client = Segments::default();
        let mut server = Segments::default();
        for span in spans(layers.edges().chain(endpoints.edges())) {
            let holders = Holders {
                pod: layers.pods.at(span.from),
                called: None,
                node: layers.nodes.at(span.from),
                service: layers.services.at(span.from),
                endpoint: None,
            };
            server.push(span, self.identify(address, &layers, holders));
            // A node's address is shared by all that its endpoints stand for, and by the node.
            let endpoint = match holders {
                Holders {
                    pod: None,
                    node: Some(_),
                    ..
                } => None,
                _ => endpoints.at(span.from),
            };
            client.push(
                span,
                self.identify(
                    address,
                    &layers,
                    Holders {
                        endpoint,
                        ..holders
                    },
                ),
            );
        }
        Held {
            client,
            server,
            nodes: layers.nodes,
        }
    }

    /// A port of an address that some object declares at some time.
    fn port(&mut self, key: PortKey, claims: &PortClaims, layers: &Layers) -> Segments<HeldPort> {
        let host_pods = Segments::settle(&claims.host_pods);
        let services = Segments::settle(&claims.services);
        let mut pods = Segments::default();
        for span in spans(layers.pods.edges().chain(host_pods.edges())) {
            if let Some(pod) = layers.pods.at(span.from).or(host_pods.at(span.from)) {
                pods.push(span, pod);
            }
        }
        let endpoints = endpoint::settle(&claims.endpoints, &self.pod_names(&pods));
        let edges = layers.edges().chain(pods.edges()).chain(services.edges());
        let mut held = Segments::default();
        for span in spans(edges.chain(endpoints.edges())) {
            let holders = Holders {
                pod: pods.at(span.from),
                called: services.at(span.from),
                node: layers.nodes.at(span.from),
                service: layers.services.at(span.from),
                endpoint: endpoints.at(span.from),
            };
            let declared = match holders {
                Holders {
                    endpoint: Some(_), ..
                }
                | Holders {
                    pod: None,
                    called: Some(_),
                    ..
                } => DeclaredBy::Service,
                _ if host_pods.at(span.from).is_some() => DeclaredBy::Pod,
                _ => DeclaredBy::Nobody,
            };
            let identity = self.identify(key.0, layers, holders);
            held.push(span, HeldPort { identity, declared });
        }
        held
    }

    /// The identities of services called.
    fn called(&mut self, services: &Segments<ServiceAt>) -> Segments<IdentityId> {
        let mut called = Segments::default();
        for (span, (service, port)) in services.iter() {
            let identity = self.called_service(service, Some(port));
            called.push(span, self.intern(identity));
        }
        called
    }

    fn identify(&mut self, address: IpAddr, layers: &Layers, holders: Holders) -> IdentityId {
        let identity = match holders {
            Holders { pod: Some(pod), .. } => self.pod(pod),
            Holders {
                called: Some((service, port)),
                ..
            } => {
                return self.interned_call(service, Some(port));
            }
            Holders {
                node: Some(node), ..
            } => Identity {
                node: self.tables.nodes.get(node.0).cloned(),
                ..Identity::of(EndKind::Node)
            },
            Holders {
                service: Some(service),
                ..
            } => return self.interned_call(service, None),
            Holders { .. } => self.unowned(address, layers),
        };
        let identity = self.with_endpoint(identity, holders.endpoint);
        self.intern(identity)
    }

    fn pod(&self, pod: PodId) -> Identity {
        self.pods
            .get(pod.0)
            .cloned()
            .unwrap_or(Identity::of(EndKind::Unresolved))
    }

    fn interned_call(&mut self, service: ServiceId, port: Option<u16>) -> IdentityId {
        let identity = self.called_service(service, port);
        self.intern(identity)
    }

    fn called_service(&self, service: ServiceId, port: Option<u16>) -> Identity {
        let (namespace, name) = self.tables.services.get(service.0).cloned().unzip();
        Identity {
            namespace,
            service: name,
            service_basis: Some(ServiceBasis::Called),
            service_port: port,
            ..Identity::of(EndKind::Service)
        }
    }

    /// An address while nobody has it: named, or inside the cluster, or else outside.
    fn unowned(&self, address: IpAddr, layers: &Layers) -> Identity {
        match self.names.get(address) {
            Some(name) => Identity {
                node: Some(Arc::clone(name)),
                ..Identity::of(EndKind::Node)
            },
            None if layers.is_known() || self.ranges.get(address).is_some() => {
                Identity::of(EndKind::Unresolved)
            }
            None => Identity::of(EndKind::External),
        }
    }

    fn with_endpoint(&self, identity: Identity, service: Option<ServiceId>) -> Identity {
        let Some((namespace, name)) = service.and_then(|id| self.tables.services.get(id.0)) else {
            return identity;
        };
        Identity {
            namespace: identity.namespace.or_else(|| Some(Arc::clone(namespace))),
            service: Some(Arc::clone(name)),
            service_basis: Some(ServiceBasis::Endpoint),
            ..identity
        }
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

/// All of time, cut at some moments.
fn spans(cuts: impl Iterator<Item = Timestamp>) -> impl Iterator<Item = Span> {
    let mut cuts: BTreeSet<Timestamp> = cuts.collect();
    cuts.insert(Timestamp::MIN);
    let ends: Vec<Timestamp> = cuts
        .iter()
        .copied()
        .skip(1)
        .chain([Timestamp::MAX])
        .collect();
    cuts.into_iter()
        .zip(ends)
        .map(|(from, until)| Span { from, until })
}
