//! Ends as they are shown: whole, or at a level with its fallbacks.

use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::{EndKind, Identity};
use crate::flow::FlowEnd;
use crate::query::filter::EndFacts;
use crate::query::view::EndView;
use crate::query::{Format, Level};
use crate::snapshot::Snapshot;

impl<'s> EndFacts<'s> {
    /// What a snapshot knows of an end, but for its names.
    #[must_use]
    pub fn of(snapshot: &'s Snapshot, end: FlowEnd) -> Self {
        Self {
            address: Some(end.address),
            identity: snapshot.directory.identity(end.identity),
            dns: &[],
        }
    }

    /// With the names that name resolution gave it.
    #[must_use]
    pub const fn named(self, dns: &'s [Arc<str>]) -> Self {
        Self { dns, ..self }
    }
}

/// An end as a row shows it when nothing is merged.
#[must_use]
pub fn end_view(facts: &EndFacts<'_>, port: Option<u16>, format: Format) -> EndView {
    let identity = facts.identity;
    let compact = EndView {
        ip: facts.address,
        port,
        pod: identity.pod.clone(),
        ns: identity.namespace.clone(),
        svc: identity.service.clone(),
        node: identity.node.clone(),
        ..EndView::default()
    };
    match format {
        Format::Compact => compact,
        Format::Full => EndView {
            kind: Some(identity.kind),
            identity_basis: Some(identity.basis),
            workload: identity.workload.clone(),
            svc_basis: identity.service_basis,
            svc_port: identity.service_port,
            container_id: identity.container_id.clone(),
            dns: facts.dns.to_vec(),
            ..compact
        },
    }
}

/// What an end is at a level: ends that agree on it are merged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LevelKey {
    /// A pod, by namespace and name.
    Pod(Option<Arc<str>>, Arc<str>),
    /// A workload, by namespace, kind and name.
    Workload(Option<Arc<str>>, Arc<str>, Arc<str>),
    /// A service, by namespace and name.
    Service(Option<Arc<str>>, Arc<str>),
    /// A namespace.
    Namespace(Arc<str>),
    /// A node.
    Node(Arc<str>),
    /// An address that has none of these.
    Address(IpAddr, EndKind),
    /// All addresses of a name that name resolution gave.
    Name(Arc<str>, EndKind),
    /// All ends of a kind that have none of these.
    Kind(EndKind),
}

impl LevelKey {
    /// What `facts` is at `level`, or at the nearest one it falls back to.
    #[must_use]
    pub fn of(facts: &EndFacts<'_>, level: Level) -> Self {
        let identity = facts.identity;
        let (pod, service, node) = (
            || pod_of(identity),
            || service_of(identity),
            || node_of(identity),
        );
        let address = || match facts.address {
            Some(address) => Self::Address(address, identity.kind),
            None => Self::Kind(identity.kind),
        };
        match level {
            Level::Pod => pod().or_else(service).or_else(node).unwrap_or_else(address),
            Level::Workload => workload_of(identity)
                .or_else(pod)
                .or_else(service)
                .or_else(node)
                .unwrap_or_else(address),
            Level::Service => service()
                .or_else(|| workload_of(identity))
                .or_else(pod)
                .or_else(node)
                .unwrap_or_else(address),
            Level::Namespace => identity
                .namespace
                .clone()
                .map_or(Self::Kind(identity.kind), Self::Namespace),
            Level::Node => node().unwrap_or(Self::Kind(identity.kind)),
        }
    }

    /// The same, but addresses that have a name are one by it: by the first, where they have several.
    #[must_use]
    pub fn named(facts: &EndFacts<'_>, level: Level) -> Self {
        match (Self::of(facts, level), facts.dns.first()) {
            (Self::Address(_, kind), Some(name)) => Self::Name(Arc::clone(name), kind),
            (key, _) => key,
        }
    }

    /// The fields that an end keeps at this level. They include `kind` where it is not the level
    /// that was asked for.
    #[must_use]
    pub fn view(&self, facts: &EndFacts<'_>, asked: Level) -> EndView {
        let identity = facts.identity;
        let (ns, svc, node) = (
            identity.namespace.clone(),
            identity.service.clone(),
            identity.node.clone(),
        );
        let empty = EndView::default();
        let kept = match self {
            Self::Pod(..) => EndView {
                pod: identity.pod.clone(),
                ns,
                svc,
                node,
                ..empty
            },
            Self::Workload(..) => EndView {
                workload: identity.workload.clone(),
                ns,
                ..empty
            },
            Self::Service(..) => EndView { ns, svc, ..empty },
            Self::Namespace(_) => EndView { ns, ..empty },
            Self::Node(_) => EndView { node, ..empty },
            Self::Address(address, _) => EndView {
                ip: Some(*address),
                dns: facts.dns.to_vec(),
                ..empty
            },
            Self::Name(name, _) => EndView {
                dns: vec![Arc::clone(name)],
                ..empty
            },
            Self::Kind(_) => empty,
        };
        EndView {
            kind: (!self.is(asked)).then_some(identity.kind),
            ..kept
        }
    }

    /// What tells it from all others, the same in every answer: `workload:shop/Deployment/cart`.
    #[must_use]
    pub fn id(&self) -> String {
        // A name with a slash could pass for two.
        let part = |name: &str| name.replace('%', "%25").replace('/', "%2F");
        let path = |names: &[Option<&Arc<str>>]| -> String {
            let parts: Vec<String> = names.iter().flatten().map(|name| part(name)).collect();
            parts.join("/")
        };
        match self {
            Self::Pod(namespace, name) => {
                format!("pod:{}", path(&[namespace.as_ref(), Some(name)]))
            }
            Self::Workload(namespace, kind, name) => {
                let path = path(&[namespace.as_ref(), Some(kind), Some(name)]);
                format!("workload:{path}")
            }
            Self::Service(namespace, name) => {
                format!("service:{}", path(&[namespace.as_ref(), Some(name)]))
            }
            Self::Namespace(name) => format!("namespace:{}", path(&[Some(name)])),
            Self::Node(name) => format!("node:{}", path(&[Some(name)])),
            Self::Address(address, kind) => format!("{}:{address}", kind.name()),
            Self::Name(name, kind) => format!("{}:{}", kind.name(), path(&[Some(name)])),
            Self::Kind(kind) => kind.name().to_owned(),
        }
    }

    /// The name by which a person knows it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Pod(_, name)
            | Self::Workload(_, _, name)
            | Self::Service(_, name)
            | Self::Namespace(name)
            | Self::Node(name)
            | Self::Name(name, _) => name.to_string(),
            Self::Address(address, _) => address.to_string(),
            Self::Kind(kind) => kind.name().to_owned(),
        }
    }

    /// Whether it is what was asked for, and no fallback.
    #[must_use]
    pub const fn is(&self, level: Level) -> bool {
        matches!(
            (self, level),
            (Self::Pod(..), Level::Pod)
                | (Self::Workload(..), Level::Workload)
                | (Self::Service(..), Level::Service)
                | (Self::Namespace(_), Level::Namespace)
                | (Self::Node(_), Level::Node)
        )
    }
}

/// Keeps the fields on which merged ends agree, and the names that any of them has: clients know one
/// address by different names.
pub fn keep_common(kept: &mut EndView, other: &EndView) {
    fn common<T: PartialEq>(kept: &mut Option<T>, other: Option<&T>) {
        if kept.as_ref() != other {
            *kept = None;
        }
    }
    common(&mut kept.ip, other.ip.as_ref());
    common(&mut kept.port, other.port.as_ref());
    common(&mut kept.pod, other.pod.as_ref());
    common(&mut kept.ns, other.ns.as_ref());
    common(&mut kept.svc, other.svc.as_ref());
    common(&mut kept.node, other.node.as_ref());
    common(&mut kept.kind, other.kind.as_ref());
    common(&mut kept.workload, other.workload.as_ref());
    if kept.dns != other.dns {
        kept.dns.extend_from_slice(&other.dns);
        kept.dns.sort_unstable();
        kept.dns.dedup();
    }
}

fn pod_of(identity: &Identity) -> Option<LevelKey> {
    Some(LevelKey::Pod(
        identity.namespace.clone(),
        identity.pod.clone()?,
    ))
}

fn workload_of(identity: &Identity) -> Option<LevelKey> {
    let workload = identity.workload.as_ref()?;
    let (kind, name) = (Arc::clone(&workload.kind), Arc::clone(&workload.name));
    Some(LevelKey::Workload(identity.namespace.clone(), kind, name))
}

fn service_of(identity: &Identity) -> Option<LevelKey> {
    Some(LevelKey::Service(
        identity.namespace.clone(),
        identity.service.clone()?,
    ))
}

fn node_of(identity: &Identity) -> Option<LevelKey> {
    Some(LevelKey::Node(identity.node.clone()?))
}
