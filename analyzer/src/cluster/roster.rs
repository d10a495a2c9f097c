//! Who there was: the cluster's objects, whether or not packets show them.
//!
//! In: the numbered objects and their histories. Out: [`Roster`], in the order of identities.
//! **Time** a pod is there from its start to its end, as its addresses are; one that had ended when
//! it was first seen, at an unknown moment, is left out. Others are there from their creation to
//! their deletion.

use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::identity::{Identity, IdentityBasis};
use crate::cluster::life::Hold;
use crate::cluster::object::Object;
use crate::cluster::span::Span;
use crate::cluster::table::Tables;
use crate::cluster::version::versions;
use crate::time::Timestamp;

/// The objects of a cluster over time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    members: Vec<Member>,
    namespaces: Vec<(Arc<str>, Span)>,
}

/// A pod, a service or a node, for a while in which its addresses did not change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Member {
    /// Who it is; of a pod without the service whose endpoint it is.
    pub identity: Identity,
    /// Its addresses, of both families.
    pub addresses: Vec<IpAddr>,
    span: Span,
}

impl Roster {
    /// Everything that `tables` know.
    pub(super) fn new(tables: &Tables) -> Self {
        let mut roster = Self::default();
        roster.add_pods(tables);
        for (_, changes) in &tables.histories {
            for version in versions(changes) {
                roster.add(version.object, version.span);
            }
        }
        roster.members.sort_unstable();
        roster.members.dedup_by(|later, earlier| {
            let same = later.identity == earlier.identity && later.addresses == earlier.addresses;
            same && goes_on(&mut earlier.span, later.span)
        });
        roster.namespaces.sort_unstable();
        roster
            .namespaces
            .dedup_by(|later, earlier| later.0 == earlier.0 && goes_on(&mut earlier.1, later.1));
        roster
    }

    /// Pods, services and nodes.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The namespaces that were there at some time from `from` to `to`.
    pub fn namespaces(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Arc<str>> {
        let there = move |(_, span): &&(Arc<str>, Span)| last_moment(*span, from, to).is_some();
        self.namespaces.iter().filter(there).map(|(name, _)| name)
    }

    fn add_pods(&mut self, tables: &Tables) {
        for known in &tables.pods {
            let life = &known.life;
            if life.hold == Hold::Firm {
                self.members.push(Member {
                    identity: known.identity(&tables.owners),
                    addresses: life.addresses.iter().map(|(address, _)| *address).collect(),
                    span: life.span,
                });
            }
        }
    }

    fn add(&mut self, object: &Object, span: Span) {
        let (identity, addresses) = match object {
            Object::Service(service) => {
                let addresses = service.cluster_ips.iter().chain(&service.external_ips);
                let identity = service_identity(&service.namespace, &service.name);
                (identity, addresses.copied().collect())
            }
            Object::EndpointSlice(slice) => {
                let identity = service_identity(&slice.namespace, &slice.service);
                (identity, Vec::new())
            }
            Object::Node(node) => {
                let identity = Identity {
                    node: Some(Arc::clone(&node.name)),
                    ..Identity::of(IdentityBasis::NodeAddress)
                };
                (identity, node.addresses.clone())
            }
            Object::Namespace(namespace) => {
                self.namespaces.push((Arc::clone(&namespace.name), span));
                return;
            }
            Object::Pod(_) | Object::ReplicaSet(_) | Object::Job(_) | Object::AddressRange(_) => {
                return;
            }
        };
        self.members.push(Member {
            identity,
            addresses,
            span,
        });
    }
}

impl Member {
    /// The last moment from `from` to `to` at which it was there; `None` when it was not.
    #[must_use]
    pub fn last_moment(&self, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        last_moment(self.span, from, to)
    }
}

fn service_identity(namespace: &Arc<str>, name: &Arc<str>) -> Identity {
    Identity {
        namespace: Some(Arc::clone(namespace)),
        service: Some(Arc::clone(name)),
        ..Identity::of(IdentityBasis::ServiceIp)
    }
}

/// Lengthens a span by a later one, unless there is time between them.
fn goes_on(earlier: &mut Span, later: Span) -> bool {
    let goes_on = later.from <= earlier.until;
    if goes_on {
        earlier.until = earlier.until.max(later.until);
    }
    goes_on
}

fn last_moment(span: Span, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
    let last = Timestamp::from_nanos(span.until.as_nanos().saturating_sub(1)).min(to);
    (span.from <= last && last >= from).then_some(last)
}
