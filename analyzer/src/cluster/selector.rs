//! Endpoints of services whose endpoint slices nobody told: the pods that their selectors choose.
//!
//! In: services, and pods with their labels. Out: endpoints, as a slice would have them.
//! **Shape** a slice knows better: as soon as one of a service is known, at whatever time, its
//! selector says nothing. Labels are those a pod had last. The work is limited, because services
//! times pods is not.

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::endpoint::EndpointClaim;
use crate::cluster::object::{Labels, Object, ObjectKind, Pod, Service, ServicePort, TargetPort};
use crate::cluster::span::Span;
use crate::cluster::table::{KnownPod, ServiceId, Tables};
use crate::cluster::version::versions;
use crate::protocol::Protocol;

/// A label in a namespace.
type LabelKey<'t> = (&'t str, &'t str, &'t str);

/// Whom selectors choose.
pub(super) struct Selection<'t> {
    tables: &'t Tables,
    /// Pods by each of their labels.
    labelled: HashMap<LabelKey<'t>, Vec<&'t KnownPod>, FixedState>,
    steps: usize,
    refused: u64,
}

/// A service as it was for a while.
#[derive(Clone, Copy)]
struct Selecting<'t> {
    id: ServiceId,
    service: &'t Service,
    span: Span,
}

impl<'t> Selection<'t> {
    pub(super) fn new(tables: &'t Tables, steps: usize) -> Self {
        let mut labelled: HashMap<_, Vec<_>, _> = HashMap::default();
        for known in &tables.pods {
            let pod = &known.life.pod;
            for (key, value) in pod.labels.iter() {
                let label = (&*pod.namespace, &**key, &**value);
                labelled.entry(label).or_default().push(known);
            }
        }
        Self {
            tables,
            labelled,
            steps,
            refused: 0,
        }
    }

    /// Services whose pods were not all looked at.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Hands out every endpoint: an address, its ports, and what is claimed for both.
    pub(super) fn each(
        &mut self,
        mut take: impl FnMut((IpAddr, &[(Protocol, u16)], EndpointClaim)),
    ) {
        let histories = self.tables.histories.iter();
        for (_, changes) in histories.filter(|(kind, _)| *kind == ObjectKind::Service) {
            for version in versions(changes) {
                let Object::Service(service) = version.object else {
                    break;
                };
                let name = (Arc::clone(&service.namespace), Arc::clone(&service.name));
                let id = self.tables.service_ids.get(&name);
                let id = id.filter(|_| !self.tables.sliced.contains(&name));
                if let Some(&id) = id {
                    let span = version.span;
                    self.select(Selecting { id, service, span }, &mut take);
                }
            }
        }
    }

    fn select(
        &mut self,
        selecting: Selecting<'_>,
        take: &mut impl FnMut((IpAddr, &[(Protocol, u16)], EndpointClaim)),
    ) {
        let Selecting { id, service, span } = selecting;
        let candidates = service.selector.iter().map(|(key, value)| {
            let label = (&*service.namespace, &**key, &**value);
            self.labelled.get(&label).map_or(&[][..], Vec::as_slice)
        });
        for known in candidates.min_by_key(|pods| pods.len()).unwrap_or_default() {
            let work = 1 + known.life.addresses.len() * (1 + service.ports.len());
            let Some(left) = self.steps.checked_sub(work) else {
                self.refused += 1;
                return;
            };
            self.steps = left;
            let pod = &known.life.pod;
            if !has_all(&pod.labels, &service.selector) {
                continue;
            }
            let ports: Vec<(Protocol, u16)> = service
                .ports
                .iter()
                .filter_map(|port| Some((port.protocol, at_pod(port, pod)?)))
                .collect();
            for (address, held) in &known.life.addresses {
                let claim = EndpointClaim {
                    span: span.meet(*held),
                    service: id,
                    target: self.tables.target(&pod.namespace, Some(&pod.name)),
                };
                take((*address, &ports, claim));
            }
        }
    }
}

/// Whether labels have all that a selector asks for.
fn has_all(labels: &Labels, selector: &Labels) -> bool {
    selector.iter().all(|asked| labels.contains(asked))
}

/// The port of a service at one of its pods; none when the pod has none of that name.
fn at_pod(port: &ServicePort, pod: &Pod) -> Option<u16> {
    match &port.target {
        TargetPort::Same => Some(port.port),
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => pod
            .named_ports
            .iter()
            .find(|(known, protocol, _)| known == name && *protocol == port.protocol)
            .map(|(.., number)| *number),
    }
}
