//! Who lays claim to which address and port, and when.
//!
//! In: the numbered objects and their histories. Out: [`Claims`], undecided.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::cluster::endpoint::EndpointClaim;
use crate::cluster::life::Hold;
use crate::cluster::naming::Familiarity;
use crate::cluster::object::{EndpointSlice, Node, Object, PodNetwork, Service};
use crate::cluster::selector::Selection;
use crate::cluster::span::{Claim, Span};
use crate::cluster::table::{KnownPod, NodeId, PodId, ServiceId, Tables};
use crate::cluster::version::versions;
use crate::protocol::Protocol;
use crate::time::Timestamp;

/// A port of an address.
pub(super) type PortKey = (IpAddr, Protocol, u16);

/// How well a pod claims: firmly, then the later start, then the smaller number.
pub(super) type PodRank = (Hold, Timestamp, Reverse<PodId>);

/// How well a node claims; then the smaller number.
pub(super) type NodeRank = (NodeBasis, Reverse<NodeId>);

/// A node, and why the address is its own.
pub(super) type NodeAt = (NodeId, NodeBasis);

/// A service and the port of it that was called.
pub(super) type ServiceAt = (ServiceId, u16);

/// A claim of services called; of several the smaller number has it.
pub(super) type ServiceClaim = Claim<Reverse<ServiceAt>, ServiceAt>;

/// Why an address is a node's, the weakest reason first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum NodeBasis {
    /// It is the first one of its pod range, where bridges and tunnels are.
    FirstOfRange,
    /// One of its pods says so.
    SeenInPod,
    /// The node says so.
    Declared,
}

/// Everything claimed.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) addresses: BTreeMap<IpAddr, AddressClaims>,
    pub(super) ports: BTreeMap<PortKey, PortClaims>,
    /// Node ports, at whichever node.
    pub(super) node_ports: BTreeMap<(Protocol, u16), Vec<ServiceClaim>>,
    /// Services whose selectors were not looked at to the end.
    pub(super) refused: u64,
}

/// Claims to an address.
#[derive(Debug, Default)]
pub(super) struct AddressClaims {
    pub(super) pods: Vec<Claim<PodRank, PodId>>,
    pub(super) nodes: Vec<Claim<NodeRank, NodeAt>>,
    pub(super) services: Vec<Claim<Reverse<ServiceId>, ServiceId>>,
    pub(super) endpoints: Vec<EndpointClaim>,
    pub(super) familiarity: Familiarity,
}

/// Claims to a port of an address.
#[derive(Debug, Default)]
pub(super) struct PortClaims {
    pub(super) host_pods: Vec<Claim<PodRank, PodId>>,
    pub(super) services: Vec<ServiceClaim>,
    pub(super) endpoints: Vec<EndpointClaim>,
}

impl Claims {
    /// Collects the claims of all objects.
    ///
    /// Selectors are looked at for `steps` steps; what they may say beyond is left out and counted.
    pub(super) fn collect(tables: &Tables, steps: usize) -> Self {
        let mut claims = Self::default();
        for (place, pod) in tables.pods.iter().enumerate() {
            claims.add_pod(PodId(place), pod, tables);
        }
        for (_, changes) in &tables.histories {
            for version in versions(changes) {
                claims.add(version.object, version.span, tables);
            }
        }
        let mut selection = Selection::new(tables, steps);
        selection.each(|endpoint| claims.add_endpoint(endpoint));
        claims.refused = selection.refused();
        claims
    }

    fn add(&mut self, object: &Object, span: Span, tables: &Tables) {
        match object {
            Object::Service(service) => self.add_service(service, span, tables),
            Object::EndpointSlice(slice) => self.add_slice(slice, span, tables),
            Object::Node(node) => self.add_node(node, span, tables),
            Object::Pod(_)
            | Object::Namespace(_)
            | Object::ReplicaSet(_)
            | Object::Job(_)
            | Object::AddressRange(_) => {}
        }
    }

    fn add_pod(&mut self, id: PodId, known: &KnownPod, tables: &Tables) {
        let life = &known.life;
        let node = life
            .pod
            .node
            .as_ref()
            .and_then(|name| tables.node_ids.get(name));
        let rank = |from| (life.hold, from, Reverse(id));
        for (address, span) in &life.addresses {
            match life.pod.network {
                PodNetwork::Own => {
                    let claim = Claim {
                        span: *span,
                        rank: rank(span.from),
                        value: id,
                    };
                    self.inside(*address).pods.push(claim);
                }
                PodNetwork::Host => self.add_host_ports(*address, *span, id, known),
            }
            if let (PodNetwork::Host, Some(node)) = (life.pod.network, node) {
                self.add_node_address(*address, *span, NodeBasis::SeenInPod, *node);
            }
        }
        for address in &life.pod.host_addresses {
            if let Some(node) = node {
                self.add_node_address(*address, life.span, NodeBasis::SeenInPod, *node);
            }
            self.add_host_ports(*address, life.span, id, known);
        }
    }

    fn add_host_ports(&mut self, address: IpAddr, span: Span, id: PodId, known: &KnownPod) {
        let rank = (known.life.hold, span.from, Reverse(id));
        for (protocol, port) in &known.life.pod.host_ports {
            let claims = self.ports.entry((address, *protocol, *port)).or_default();
            claims.host_pods.push(Claim {
                span,
                rank,
                value: id,
            });
        }
    }

    fn add_service(&mut self, service: &Service, span: Span, tables: &Tables) {
        let name = (service.namespace.clone(), service.name.clone());
        let Some(&id) = tables.service_ids.get(&name) else {
            return;
        };
        for address in &service.cluster_ips {
            self.inside(*address);
        }
        for address in service.cluster_ips.iter().chain(&service.external_ips) {
            let claim = Claim {
                span,
                rank: Reverse(id),
                value: id,
            };
            self.addresses
                .entry(*address)
                .or_default()
                .services
                .push(claim);
            for port in &service.ports {
                let claims = self
                    .ports
                    .entry((*address, port.protocol, port.port))
                    .or_default();
                claims.services.push(called(span, id, port.port));
            }
        }
        for port in &service.ports {
            if let Some(node_port) = port.node_port {
                let claims = self
                    .node_ports
                    .entry((port.protocol, node_port))
                    .or_default();
                claims.push(called(span, id, port.port));
            }
        }
    }

    fn add_slice(&mut self, slice: &EndpointSlice, span: Span, tables: &Tables) {
        let name = (slice.namespace.clone(), slice.service.clone());
        let Some(&service) = tables.service_ids.get(&name) else {
            return;
        };
        for subset in &slice.subsets {
            for endpoint in &subset.endpoints {
                let target = tables.target(&slice.namespace, endpoint.pod.as_ref());
                let claim = EndpointClaim {
                    span,
                    service,
                    target,
                };
                if endpoint.pod.is_some() {
                    self.inside(endpoint.address);
                }
                self.add_endpoint((endpoint.address, &subset.ports, claim));
            }
        }
    }

    /// An address that serves at some ports.
    fn add_endpoint(
        &mut self,
        (address, ports, claim): (IpAddr, &[(Protocol, u16)], EndpointClaim),
    ) {
        let claims = self.addresses.entry(address).or_default();
        claims.endpoints.push(claim);
        for (protocol, port) in ports {
            let claims = self.ports.entry((address, *protocol, *port)).or_default();
            claims.endpoints.push(claim);
        }
    }

    fn add_node(&mut self, node: &Node, span: Span, tables: &Tables) {
        let Some(&id) = tables.node_ids.get(&node.name) else {
            return;
        };
        for address in &node.addresses {
            self.add_node_address(*address, span, NodeBasis::Declared, id);
        }
        for range in &node.pod_cidrs {
            for address in first_addresses(*range) {
                self.add_node_address(address, span, NodeBasis::FirstOfRange, id);
            }
        }
    }

    fn add_node_address(&mut self, address: IpAddr, span: Span, basis: NodeBasis, node: NodeId) {
        let claim = Claim {
            span,
            rank: (basis, Reverse(node)),
            value: (node, basis),
        };
        self.inside(address).nodes.push(claim);
    }

    /// The claims to an address that is the cluster's own.
    fn inside(&mut self, address: IpAddr) -> &mut AddressClaims {
        let claims = self.addresses.entry(address).or_default();
        claims.familiarity = Familiarity::Known;
        claims
    }
}

fn called(span: Span, service: ServiceId, port: u16) -> ServiceClaim {
    Claim {
        span,
        rank: Reverse((service, port)),
        value: (service, port),
    }
}

/// The range's own address, which tunnels use, and the first one after it, the bridge's.
fn first_addresses(range: IpNet) -> impl Iterator<Item = IpAddr> {
    let first = range.network();
    let second = match first {
        IpAddr::V4(address) => IpAddr::from(address.to_bits().saturating_add(1).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from(address.to_bits().saturating_add(1).to_be_bytes()),
    };
    [first, second]
        .into_iter()
        .filter(move |address| range.contains(address))
}
