//! Which service's endpoint an address is.
//!
//! In: what the endpoint slices say of one address (and port), and which pod had it. Out: at each
//! moment one service or none. An endpoint that stands for a pod is worth nothing while another
//! pod has the address: slices lag behind the pods.

use std::collections::BTreeMap;

use crate::cluster::span::{EdgeKind, Segments, Span, sweep};
use crate::cluster::table::{PodNameId, ServiceId};

/// A slice's claim that a service is served at an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointClaim {
    pub(super) span: Span,
    pub(super) service: ServiceId,
    /// The pod that serves, where the slice says.
    pub(super) pod: Option<PodNameId>,
}

/// Decides between services: the smallest number of those that the owner of the address allows.
pub(super) fn settle(claims: &[EndpointClaim], owner: &Segments<PodNameId>) -> Segments<ServiceId> {
    let mut segments = Segments::default();
    if claims.is_empty() {
        return segments;
    }
    let owners: Vec<(Span, PodNameId)> = owner.iter().collect();
    let spans = claims.iter().map(|claim| claim.span);
    let mut active = Active::default();
    sweep(
        spans.chain(owners.iter().map(|(span, _)| *span)),
        |span, edges| {
            for edge in edges {
                match (claims.get(edge.claim), edge.kind) {
                    (Some(claim), EdgeKind::Start) => active.start(claim),
                    (Some(claim), EdgeKind::End) => active.end(claim),
                    (None, EdgeKind::Start) => {
                        active.owner = owners.get(edge.claim - claims.len()).map(|(_, name)| *name);
                    }
                    (None, EdgeKind::End) => active.owner = None,
                }
            }
            if let Some(service) = active.best() {
                segments.push(span, service);
            }
        },
    );
    segments
}

/// The claims that hold at one moment, counted, and who has the address then.
#[derive(Default)]
struct Active {
    owner: Option<PodNameId>,
    all: BTreeMap<ServiceId, usize>,
    by_pod: BTreeMap<Option<PodNameId>, BTreeMap<ServiceId, usize>>,
}

impl Active {
    fn start(&mut self, claim: &EndpointClaim) {
        *self.all.entry(claim.service).or_default() += 1;
        *self
            .by_pod
            .entry(claim.pod)
            .or_default()
            .entry(claim.service)
            .or_default() += 1;
    }

    fn end(&mut self, claim: &EndpointClaim) {
        drop_one(&mut self.all, claim.service);
        if let Some(services) = self.by_pod.get_mut(&claim.pod) {
            drop_one(services, claim.service);
        }
    }

    fn best(&self) -> Option<ServiceId> {
        let Some(owner) = self.owner else {
            return self.all.keys().next().copied();
        };
        [None, Some(owner)]
            .iter()
            .filter_map(|pod| self.by_pod.get(pod)?.keys().next().copied())
            .min()
    }
}

fn drop_one(counts: &mut BTreeMap<ServiceId, usize>, service: ServiceId) {
    if let Some(count) = counts.get_mut(&service) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&service);
        }
    }
}
