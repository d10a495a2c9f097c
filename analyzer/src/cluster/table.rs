//! The objects of a cluster, numbered: claims carry numbers instead of names.
//!
//! In: the histories of all objects. Out: pods' lives, service names in order of preference,
//! node names, owners. **Shape** numbers depend on the set of changes alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;

use crate::cluster::change::{Entry, in_order};
use crate::cluster::endpoint::Target;
use crate::cluster::identity::{Identity, IdentityBasis};
use crate::cluster::life::{Life, lives};
use crate::cluster::object::{Controller, Object, ObjectKey, ObjectKind, PodNetwork};
use crate::cluster::workload::{OwnerTable, Owners};

/// Number of a pod, by namespace, name and time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct PodId(pub(super) usize);

/// Number of a namespace and pod name, which pods share one after another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct PodNameId(pub(super) usize);

/// Number of a service: those with a cluster IP first, then by name, then by namespace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct ServiceId(pub(super) usize);

/// Number of a node, by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct NodeId(pub(super) usize);

/// Namespace and name.
pub(super) type FullName = (Arc<str>, Arc<str>);

/// A pod and what stands for its name.
#[derive(Debug)]
pub(super) struct KnownPod {
    pub(super) life: Life,
    pub(super) name: PodNameId,
}

impl KnownPod {
    /// Who it is; the service whose endpoint it is comes with the time.
    pub(super) fn identity(&self, owners: &Owners) -> Identity {
        let pod = &self.life.pod;
        Identity {
            namespace: Some(Arc::clone(&pod.namespace)),
            pod: Some(Arc::clone(&pod.name)),
            pod_uid: pod.uid.clone(),
            workload: Some(owners.workload(pod)),
            node: pod.node.clone(),
            container_id: pod.container_id.clone(),
            ..Identity::of(IdentityBasis::PodIp)
        }
    }
}

/// All that claims refer to.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) histories: Vec<(ObjectKind, Vec<Entry>)>,
    pub(super) pods: Vec<KnownPod>,
    pub(super) pod_names: BTreeMap<FullName, PodNameId>,
    /// Names of pods that had addresses of their own.
    pub(super) addressed: BTreeSet<PodNameId>,
    /// Namespace and name of each service.
    pub(super) services: Vec<FullName>,
    pub(super) service_ids: BTreeMap<FullName, ServiceId>,
    /// Services of which an endpoint slice is known at some time: selectors say nothing more.
    pub(super) sliced: BTreeSet<FullName>,
    pub(super) nodes: Vec<Arc<str>>,
    pub(super) node_ids: BTreeMap<Arc<str>, NodeId>,
    pub(super) owners: Owners,
    /// The cluster's, at whatever time.
    pub(super) ranges: BTreeSet<IpNet>,
}

impl Tables {
    /// Numbers the objects.
    pub(super) fn new(histories: &BTreeMap<ObjectKey, Vec<Entry>>) -> Self {
        let mut tables = Self::default();
        let mut services: BTreeMap<FullName, HasClusterIp> = BTreeMap::new();
        let mut nodes: BTreeSet<Arc<str>> = BTreeSet::new();
        for (key, entries) in histories {
            let changes = in_order(entries);
            for change in &changes {
                note_services(&change.object, &mut services);
                tables.note(&change.object, &mut nodes);
            }
            if key.kind == ObjectKind::Pod {
                tables.add_pods(key, &changes);
            }
            tables.histories.push((key.kind, changes));
        }
        tables.number_services(services);
        tables.nodes = nodes.into_iter().collect();
        tables.node_ids = numbered(&tables.nodes, NodeId);
        tables
    }

    fn note(&mut self, object: &Object, nodes: &mut BTreeSet<Arc<str>>) {
        match object {
            Object::Pod(pod) => nodes.extend(pod.node.clone()),
            Object::Node(node) => {
                nodes.insert(Arc::clone(&node.name));
                self.ranges.extend(&node.pod_cidrs);
            }
            Object::ReplicaSet(controller) => {
                note_owner(&mut self.owners.replica_sets, controller);
            }
            Object::Job(controller) => note_owner(&mut self.owners.jobs, controller),
            Object::AddressRange(range) => self.ranges.extend(&range.cidrs),
            Object::EndpointSlice(slice) => {
                let service = (Arc::clone(&slice.namespace), Arc::clone(&slice.service));
                self.sliced.insert(service);
                for subset in &slice.subsets {
                    for pod in subset
                        .endpoints
                        .iter()
                        .filter_map(|endpoint| endpoint.pod.as_ref())
                    {
                        self.pod_name((Arc::clone(&slice.namespace), Arc::clone(pod)));
                    }
                }
            }
            Object::Service(_) | Object::Namespace(_) => {}
        }
    }

    fn pod_name(&mut self, name: FullName) -> PodNameId {
        let next = PodNameId(self.pod_names.len());
        *self.pod_names.entry(name).or_insert(next)
    }

    fn add_pods(&mut self, key: &ObjectKey, changes: &[Entry]) {
        let name = self.pod_name((Arc::clone(&key.namespace), Arc::clone(&key.name)));
        for life in lives(changes) {
            if life.pod.network == PodNetwork::Own && !life.addresses.is_empty() {
                self.addressed.insert(name);
            }
            self.pods.push(KnownPod { life, name });
        }
    }

    /// Whom an endpoint in a namespace stands for.
    pub(super) fn target(&self, namespace: &Arc<str>, pod: Option<&Arc<str>>) -> Target {
        let Some(pod) = pod else {
            return Target::Anyone;
        };
        match self
            .pod_names
            .get(&(Arc::clone(namespace), Arc::clone(pod)))
        {
            Some(name) if self.addressed.contains(name) => Target::Own(*name),
            Some(name) => Target::Shared(*name),
            None => Target::Anyone,
        }
    }

    fn number_services(&mut self, services: BTreeMap<FullName, HasClusterIp>) {
        let mut ordered: Vec<(HasClusterIp, Arc<str>, Arc<str>)> = services
            .into_iter()
            .map(|((namespace, name), has)| (has, name, namespace))
            .collect();
        ordered.sort_unstable();
        self.services = ordered
            .into_iter()
            .map(|(_, name, namespace)| (namespace, name))
            .collect();
        self.service_ids = numbered(&self.services, ServiceId);
    }
}

/// Whether a service has a cluster IP, the preferred answer first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HasClusterIp {
    Yes,
    No,
}

fn note_services(object: &Object, services: &mut BTreeMap<FullName, HasClusterIp>) {
    let (namespace, name, has) = match object {
        Object::Service(service) if service.cluster_ips.is_empty() => {
            (&service.namespace, &service.name, HasClusterIp::No)
        }
        Object::Service(service) => (&service.namespace, &service.name, HasClusterIp::Yes),
        Object::EndpointSlice(slice) => (&slice.namespace, &slice.service, HasClusterIp::No),
        Object::Pod(_)
        | Object::Node(_)
        | Object::Namespace(_)
        | Object::ReplicaSet(_)
        | Object::Job(_)
        | Object::AddressRange(_) => return,
    };
    let known = services
        .entry((Arc::clone(namespace), Arc::clone(name)))
        .or_insert(has);
    *known = has.min(*known);
}

fn note_owner(owners: &mut OwnerTable, controller: &Controller) {
    let key = (
        Arc::clone(&controller.namespace),
        Arc::clone(&controller.name),
    );
    let known = owners.entry(key).or_default();
    // The deletion of an object may show less than its life did.
    if controller.owner.is_some() {
        known.clone_from(&controller.owner);
    }
}

fn numbered<K: Clone + Ord, N>(keys: &[K], number: impl Fn(usize) -> N) -> BTreeMap<K, N> {
    keys.iter()
        .enumerate()
        .map(|(place, key)| (key.clone(), number(place)))
        .collect()
}
