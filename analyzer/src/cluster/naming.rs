//! Who holds an address, as an identity.
//!
//! In: the numbers of those that hold an address or port at a moment. Out: [`IdentityId`]s.
//! **Shape** of those who claim an address the pod wins, then a service called at a port of its
//! own, then the node, then the service at any port.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::claims::{NodeAt, NodeBasis, ServiceAt};
use crate::cluster::identity::{Identity, IdentityBasis, IdentityId, Interner, ServiceBasis};
use crate::cluster::names::{Names, PrefixTable};
use crate::cluster::table::{PodId, ServiceId, Tables};

/// What holds an address or port at a moment.
#[derive(Clone, Copy)]
pub(super) struct Holders {
    pub(super) pod: Option<PodId>,
    /// How it is known to be the pod's.
    pub(super) pod_basis: IdentityBasis,
    /// A service that has the port.
    pub(super) called: Option<ServiceAt>,
    pub(super) node: Option<NodeAt>,
    /// A service that has the address.
    pub(super) service: Option<ServiceId>,
    /// A service whose endpoint it is.
    pub(super) endpoint: Option<ServiceId>,
}

/// Whether an object of the cluster has the address as one of the cluster's own at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Familiarity {
    /// One has: without an owner it is still inside.
    Known,
    /// None has.
    #[default]
    Unknown,
}

/// Makes identities.
pub(super) struct Naming<'a> {
    tables: &'a Tables,
    names: &'a Names,
    ranges: &'a PrefixTable<IdentityBasis>,
    pods: Vec<Identity>,
    /// The numbers that pods were given: a pod is asked for at each of its ports.
    of_pods: HashMap<PodAs, IdentityId, FixedState>,
    /// The same of those that are nobody's: nearly every address is, before and after.
    of_bases: BTreeMap<IdentityBasis, IdentityId>,
    interner: Interner,
}

/// A pod, how it is known, and the service whose endpoint it is.
type PodAs = (PodId, IdentityBasis, Option<ServiceId>);

impl<'a> Naming<'a> {
    pub(super) fn new(
        tables: &'a Tables,
        names: &'a Names,
        ranges: &'a PrefixTable<IdentityBasis>,
    ) -> Self {
        let pods = tables.pods.iter();
        let pods = pods.map(|known| known.identity(&tables.owners)).collect();
        Self {
            tables,
            names,
            ranges,
            pods,
            of_pods: HashMap::default(),
            of_bases: BTreeMap::new(),
            interner: Interner::default(),
        }
    }

    /// The number of an identity.
    pub(super) fn intern(&mut self, identity: Identity) -> IdentityId {
        self.interner.intern(identity)
    }

    /// All identities in order, and the place of each number given out.
    pub(super) fn finish(self) -> (Vec<Identity>, Vec<IdentityId>) {
        self.interner.finish()
    }

    /// Who holds an address.
    pub(super) fn holder(
        &mut self,
        address: IpAddr,
        familiarity: Familiarity,
        holders: Holders,
    ) -> IdentityId {
        let owner = match holders {
            Holders { pod: Some(pod), .. } => {
                return self.pod((pod, holders.pod_basis, holders.endpoint));
            }
            Holders {
                called: Some((service, port)),
                ..
            } => {
                return self.called(service, Some(port), IdentityBasis::ServiceIp);
            }
            Holders {
                node: Some(node), ..
            } => self.node(node),
            Holders {
                service: Some(service),
                ..
            } => return self.called(service, None, IdentityBasis::ServiceIp),
            Holders { endpoint, .. } => match self.names.get(address) {
                Some(name) => name_identity(name),
                None => {
                    let basis = self.unowned(address, familiarity);
                    if endpoint.is_none() {
                        return self.of_basis(basis);
                    }
                    Identity::of(basis)
                }
            },
        };
        let identity = self.with_endpoint(owner, holders.endpoint);
        self.intern(identity)
    }

    /// A service called, at a port that it has or at any.
    pub(super) fn called(
        &mut self,
        service: ServiceId,
        port: Option<u16>,
        basis: IdentityBasis,
    ) -> IdentityId {
        let (namespace, name) = self.tables.services.get(service.0).cloned().unzip();
        self.intern(Identity {
            namespace,
            service: name,
            service_basis: Some(ServiceBasis::Called),
            service_port: port,
            ..Identity::of(basis)
        })
    }

    /// An address that a name stands for.
    pub(super) fn named(&mut self, name: &Arc<str>) -> IdentityId {
        self.intern(name_identity(name))
    }

    fn pod(&mut self, pod_as: PodAs) -> IdentityId {
        if let Some(known) = self.of_pods.get(&pod_as) {
            return *known;
        }
        let (pod, basis, endpoint) = pod_as;
        let known = self.pods.get(pod.0).cloned();
        let owner = Identity {
            basis,
            ..known.unwrap_or(Identity::of(IdentityBasis::ClusterAddress))
        };
        let identity = self.with_endpoint(owner, endpoint);
        let identity = self.intern(identity);
        self.of_pods.insert(pod_as, identity);
        identity
    }

    fn node(&self, (node, basis): NodeAt) -> Identity {
        let basis = match basis {
            NodeBasis::FirstOfRange => IdentityBasis::PodCidr,
            NodeBasis::SeenInPod => IdentityBasis::HostIp,
            NodeBasis::Declared => IdentityBasis::NodeAddress,
        };
        Identity {
            node: self.tables.nodes.get(node.0).cloned(),
            ..Identity::of(basis)
        }
    }

    /// What is known of an address that nobody has and nothing names: inside the cluster, or else
    /// outside.
    fn unowned(&self, address: IpAddr, familiarity: Familiarity) -> IdentityBasis {
        match (familiarity, self.ranges.get(address)) {
            (Familiarity::Known, _) => IdentityBasis::ClusterAddress,
            (Familiarity::Unknown, Some(range)) => *range,
            (Familiarity::Unknown, None) => IdentityBasis::Nothing,
        }
    }

    /// The number of an identity of which nothing else is known.
    fn of_basis(&mut self, basis: IdentityBasis) -> IdentityId {
        if let Some(known) = self.of_bases.get(&basis) {
            return *known;
        }
        let identity = self.intern(Identity::of(basis));
        self.of_bases.insert(basis, identity);
        identity
    }

    fn with_endpoint(&self, owner: Identity, service: Option<ServiceId>) -> Identity {
        let Some((namespace, name)) = service.and_then(|id| self.tables.services.get(id.0)) else {
            return owner;
        };
        Identity {
            namespace: owner.namespace.or_else(|| Some(Arc::clone(namespace))),
            service: Some(Arc::clone(name)),
            service_basis: Some(ServiceBasis::Endpoint),
            ..owner
        }
    }
}

fn name_identity(name: &Arc<str>) -> Identity {
    Identity {
        node: Some(Arc::clone(name)),
        ..Identity::of(IdentityBasis::NamesFile)
    }
}
