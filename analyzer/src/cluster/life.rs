//! The life of a pod: when it had which address.
//!
//! In: the changes of one namespace and name, in order. Out: one [`Life`] for each pod that bore
//! them, told apart by UID.
//! **Time** a pod's address is its own from `status.startTime` (else from its creation), however
//! late the change that shows it arrived, until the pod is deleted or its phase is terminal.
//! `deletionTimestamp` ends nothing: it lies ahead of the pod's real end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::change::{ChangeKind, Entry};
use crate::cluster::object::{Object, Phase, Pod, PodNetwork};
use crate::cluster::span::Span;
use crate::time::Timestamp;

/// Kubernetes writes whole seconds, rounded down: the event was up to this much later.
const SECOND: Duration = Duration::from_secs(1);

/// A pod from start to end.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// The pod, each field as its last change told it.
    pub(super) pod: Pod,
    /// From its start to its end.
    pub(super) span: Span,
    /// How sure the end is.
    pub(super) hold: Hold,
    /// Its addresses, each for its time.
    pub(super) addresses: Vec<(IpAddr, Span)>,
}

/// How firmly a pod holds its addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Hold {
    /// The pod had ended when first seen, at an unknown moment: anyone else's claim is better.
    Loose,
    /// It lived through the whole span.
    Firm,
}

/// The pods behind the changes of one namespace and name.
pub(super) fn lives(changes: &[Entry]) -> Vec<Life> {
    by_pod(changes)
        .iter()
        .filter_map(|changes| live(changes))
        .collect()
}

/// A state of a pod, as one change shows it.
struct State<'a> {
    change: &'a Entry,
    pod: &'a Pod,
}

/// Parts the changes by UID; a change without one belongs to the pod before it.
fn by_pod(changes: &[Entry]) -> Vec<Vec<State<'_>>> {
    let mut pods: Vec<Vec<State<'_>>> = Vec::new();
    let mut by_uid: BTreeMap<&str, usize> = BTreeMap::new();
    let mut current: Option<usize> = None;
    for change in changes {
        let Object::Pod(pod) = &*change.object else {
            continue;
        };
        let next = pods.len();
        let place = match &pod.uid {
            None => current.unwrap_or(next),
            Some(uid) => *by_uid.entry(uid).or_insert(next),
        };
        match pods.get_mut(place) {
            Some(states) => states.push(State { change, pod }),
            None => pods.push(vec![State { change, pod }]),
        }
        // Without UIDs only the deletion parts a pod from the next one of its name.
        current = match change.kind {
            ChangeKind::Deleted => None,
            ChangeKind::Added | ChangeKind::Modified => Some(place),
        };
    }
    pods
}

/// One pod's life from all its states; none when it ended before time began.
fn live(states: &[State<'_>]) -> Option<Life> {
    let from = start(states)?;
    let (until, hold) = end(states);
    let span = Span { from, until };
    let addresses = addresses(states, span);
    let mut pod = states.first()?.pod.clone();
    for state in states {
        pod = merge(pod, state.pod);
    }
    pod.container_id = only_container(states);
    (!span.is_empty()).then_some(Life {
        pod,
        span,
        hold,
        addresses,
    })
}

/// The start time, else the creation, else the moment it was added, else the beginning of time.
fn start(states: &[State<'_>]) -> Option<Timestamp> {
    let first = states.first()?;
    let started = states.iter().filter_map(|state| state.pod.started).min();
    let created = states.iter().filter_map(|state| state.pod.created).min();
    let added = match first.change.kind {
        ChangeKind::Added => first.change.time,
        ChangeKind::Modified | ChangeKind::Deleted => None,
    };
    Some(started.or(created).or(added).unwrap_or(Timestamp::MIN))
}

/// The first deletion or terminal phase.
fn end(states: &[State<'_>]) -> (Timestamp, Hold) {
    let mut ends = states
        .iter()
        .enumerate()
        .filter_map(
            |(place, State { change, pod })| match (pod.phase, change.kind) {
                (Phase::Terminal { finished: Some(at) }, _) => {
                    Some((at.saturating_add(SECOND), Hold::Firm))
                }
                (Phase::Terminal { finished: None }, _) => Some(match change.time {
                    Some(seen) if place > 0 => (seen, Hold::Firm),
                    seen => (seen.unwrap_or(Timestamp::MAX), Hold::Loose),
                }),
                (Phase::Alive, ChangeKind::Deleted) => {
                    Some((change.time.unwrap_or(Timestamp::MIN), Hold::Firm))
                }
                (Phase::Alive, ChangeKind::Added | ChangeKind::Modified) => None,
            },
        );
    ends.next().unwrap_or((Timestamp::MAX, Hold::Firm))
}

/// The addresses over a life: the first ones from its start, later ones from their change on.
fn addresses(states: &[State<'_>], life: Span) -> Vec<(IpAddr, Span)> {
    let mut closed = Vec::new();
    let mut open: BTreeMap<IpAddr, Timestamp> = BTreeMap::new();
    for State { change, pod } in states
        .iter()
        .filter(|state| !state.pod.addresses.is_empty())
    {
        let now = change.time.unwrap_or(Timestamp::MIN).max(life.from);
        let from = if open.is_empty() { life.from } else { now };
        let shown: BTreeSet<IpAddr> = pod.addresses.iter().copied().collect();
        open.retain(|address, from| {
            let stays = shown.contains(address);
            if !stays {
                closed.push((
                    *address,
                    Span {
                        from: *from,
                        until: now,
                    },
                ));
            }
            stays
        });
        for address in shown {
            open.entry(address).or_insert(from);
        }
    }
    let until = life.until;
    closed.extend(
        open.into_iter()
            .map(|(address, from)| (address, Span { from, until })),
    );
    for (_, span) in &mut closed {
        span.until = span.until.min(until);
    }
    closed.retain(|(_, span)| !span.is_empty());
    closed
}

/// The container's id, when no restart ever changed it.
fn only_container(states: &[State<'_>]) -> Option<Arc<str>> {
    let ids: BTreeSet<_> = states
        .iter()
        .filter_map(|state| state.pod.container_id.as_ref())
        .collect();
    match ids.len() {
        1 => ids.first().map(|id| Arc::clone(id)),
        _ => None,
    }
}

/// What a later state tells takes the place of what was known; what it leaves out does not.
fn merge(known: Pod, later: &Pod) -> Pod {
    Pod {
        namespace: known.namespace,
        name: known.name,
        uid: known.uid.or_else(|| later.uid.clone()),
        created: known.created.or(later.created),
        started: known.started.or(later.started),
        phase: later.phase,
        node: later.node.clone().or(known.node),
        network: match later.network {
            PodNetwork::Host => PodNetwork::Host,
            PodNetwork::Own => known.network,
        },
        addresses: Vec::new(),
        host_addresses: longer(known.host_addresses, &later.host_addresses),
        host_ports: longer(known.host_ports, &later.host_ports),
        owner: later.owner.clone().or(known.owner),
        labels: later.labels.clone(),
        named_ports: longer(known.named_ports, &later.named_ports),
        template_hash: later.template_hash.clone().or(known.template_hash),
        container_id: later.container_id.clone().or(known.container_id),
    }
}

/// The later list, unless it says nothing.
fn longer<T: Clone>(known: Vec<T>, later: &[T]) -> Vec<T> {
    if later.is_empty() {
        known
    } else {
        later.to_vec()
    }
}
