//! Which service's endpoint an address is.
//!
//! In: what the endpoint slices say of one address (and port), and which pod had it. Out: at each
//! moment one service or none. An endpoint that stands for a pod is worth nothing while that pod
//! does not have the address: slices lag behind the pods.

use std::collections::BTreeMap;

use crate::cluster::span::{EdgeKind, Segments, Span, sweep};
use crate::cluster::table::{PodNameId, ServiceId};

/// A slice's claim that a service is served at an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointClaim {
    pub(super) span: Span,
    pub(super) service: ServiceId,
    pub(super) target: Target,
}

/// Whom an endpoint stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Target {
    /// Whoever has the address.
    Anyone,
    /// A pod of which no address of its own is known: it may be there while nobody else is.
    Shared(PodNameId),
    /// A pod whose addresses are known: it is there while it has the address.
    Own(PodNameId),
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
    /// Services of endpoints that stand while nobody has the address.
    unowned: BTreeMap<ServiceId, usize>,
    by_target: BTreeMap<Target, BTreeMap<ServiceId, usize>>,
}

impl Active {
    fn start(&mut self, claim: &EndpointClaim) {
        if !matches!(claim.target, Target::Own(_)) {
            *self.unowned.entry(claim.service).or_default() += 1;
        }
        let services = self.by_target.entry(claim.target).or_default();
        *services.entry(claim.service).or_default() += 1;
    }

    fn end(&mut self, claim: &EndpointClaim) {
        if !matches!(claim.target, Target::Own(_)) {
            drop_one(&mut self.unowned, claim.service);
        }
        if let Some(services) = self.by_target.get_mut(&claim.target) {
            drop_one(services, claim.service);
        }
    }

    fn best(&self) -> Option<ServiceId> {
        let Some(owner) = self.owner else {
            return self.unowned.keys().next().copied();
        };
        [Target::Anyone, Target::Shared(owner), Target::Own(owner)]
            .iter()
            .filter_map(|target| self.by_target.get(target)?.keys().next().copied())
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
