//! Which service's endpoint an address is.
//!
//! In: what the endpoint slices say of one address (and port), and which pod had it. Out: at each
//! moment one service or none. An endpoint that stands for a pod is worth nothing while that pod
//! does not have the address: slices lag behind the pods.

use std::collections::BTreeMap;

use crate::cluster::span::{EdgeKind, Segments, Span, sweep};
use crate::cluster::table::{PodNameId, ServiceId};

/// A slice's claim that a service is served at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
    let Some((first, others)) = claims.split_first() else {
        return segments;
    };
    if others.iter().all(|other| other == first)
        && let Some(alone) = settle_alone(first, owner)
    {
        return alone;
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

/// The same for a single claim, as most are, where who has the address decides nothing or all.
fn settle_alone(claim: &EndpointClaim, owner: &Segments<PodNameId>) -> Option<Segments<ServiceId>> {
    let mut segments = Segments::default();
    match claim.target {
        Target::Anyone => segments.push(claim.span, claim.service),
        Target::Own(pod) => {
            for (span, _) in owner.iter().filter(|(_, owner)| *owner == pod) {
                segments.push(span.meet(claim.span), claim.service);
            }
        }
        Target::Shared(_) => return None,
    }
    Some(segments)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Timestamp;

    fn span(from: u64, len: u64) -> Span {
        let at = Timestamp::from_nanos;
        Span {
            from: at(from),
            until: at(from + len),
        }
    }

    fn claim() -> impl Strategy<Value = EndpointClaim> {
        let target = (0..3_u8, 0..2_usize).prop_map(|(kind, pod)| match kind {
            0 => Target::Anyone,
            1 => Target::Shared(PodNameId(pod)),
            _ => Target::Own(PodNameId(pod)),
        });
        (0..20_u64, 1..12_u64, 0..2_usize, target).prop_map(|(from, len, service, target)| {
            EndpointClaim {
                span: span(from, len),
                service: ServiceId(service),
                target,
            }
        })
    }

    proptest! {
        #[test]
        fn at_each_moment_the_first_service_has_it_that_the_owner_allows(
            mut claims in prop::collection::vec(claim(), 0..4), repeated: bool,
            owners in prop::collection::vec((0..4_u64, 1..9_u64, 0..2_usize), 0..5),
        ) {
            if repeated {
                claims.extend(claims.clone());
            }
            let (mut owner, mut now) = (Segments::default(), 0);
            for (gap, len, pod) in owners {
                owner.push(span(now + gap, len), PodNameId(pod));
                now += gap + len;
            }
            let settled = settle(&claims, &owner);
            for moment in (0..40).map(Timestamp::from_nanos) {
                let owner = owner.at(moment);
                let is_allowed = |claim: &&EndpointClaim| {
                    let is_there = match claim.target {
                        Target::Anyone => true,
                        Target::Shared(pod) => owner.is_none_or(|owner| owner == pod),
                        Target::Own(pod) => owner == Some(pod),
                    };
                    is_there && claim.span.from <= moment && moment < claim.span.until
                };
                let expected = claims.iter().filter(is_allowed).map(|claim| claim.service).min();
                prop_assert_eq!(settled.at(moment), expected, "{:?}", moment);
            }
        }
    }
}
