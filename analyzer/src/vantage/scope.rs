//! Scopes: loopback and link-local addresses mean something only on their machine.
//!
//! In: where sources were taken. Out: for a place the pod or node within which such an address is
//! meant, which keeps equal addresses of different machines apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::cluster::{Directory, EndKind, Identity, IdentityId};
use crate::hop::Place;
use crate::hop::declaration::{SourceDeclaration, TakenAt};

/// The pod or node within which an address is meant; the same for all others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Scope(u32);

impl Scope {
    /// The scope of a number.
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number itself, for ordering.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The scopes of sources.
#[derive(Default)]
pub struct Scopes {
    by_source: Vec<(Scope, Option<IdentityId>)>,
    owners: BTreeMap<Scope, IdentityId>,
}

/// Whether an address is one of loopback or of a link.
#[must_use]
pub const fn is_scoped(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

impl Scopes {
    /// The scopes of declared sources.
    #[must_use]
    pub fn of(declarations: &[SourceDeclaration], directory: &Directory) -> Self {
        // By what is declared and not by the order in which it is.
        let place = |declaration: &SourceDeclaration| match &declaration.at {
            TakenAt::Between => (TakenAt::Between, declaration.name.clone()),
            at @ (TakenAt::Node(_) | TakenAt::Pod(_)) => (at.clone(), String::new()),
        };
        let places: BTreeSet<_> = declarations.iter().map(place).collect();
        let numbers: BTreeMap<_, u32> = places.into_iter().zip(1..).collect();
        let scope = |declaration: &SourceDeclaration| {
            let number = numbers.get(&place(declaration)).copied();
            let scope = Scope(number.unwrap_or_default());
            (scope, owner(&declaration.at, directory))
        };
        let by_source: Vec<_> = declarations.iter().map(scope).collect();
        let owners = by_source
            .iter()
            .filter_map(|(scope, owner)| Some((*scope, (*owner)?)));
        Self {
            owners: owners.collect(),
            by_source,
        }
    }

    /// The scope of a conversation between two addresses, seen at `place`.
    #[must_use]
    pub fn scope(&self, place: Place, one: IpAddr, other: IpAddr) -> Scope {
        if place.source == 0 || !(is_scoped(one) || is_scoped(other)) {
            return Scope::default();
        }
        let known = self.by_source.get(place.source as usize);
        known.map_or(Scope(place.source), |(scope, _)| *scope)
    }

    /// Whose a loopback address is in a scope.
    #[must_use]
    pub fn loopback_owner(&self, scope: Scope, address: IpAddr) -> Option<IdentityId> {
        if !address.is_loopback() {
            return None;
        }
        self.owners.get(&scope).copied()
    }
}

/// Who the pod or node is where a source was taken.
fn owner(at: &TakenAt, directory: &Directory) -> Option<IdentityId> {
    let is_it = |identity: &Identity| match at {
        TakenAt::Between => false,
        TakenAt::Node(node) => {
            identity.kind == EndKind::Node
                && identity.service.is_none()
                && identity.node.as_ref() == Some(node)
        }
        TakenAt::Pod(pod) => {
            identity.pod.as_ref() == Some(&pod.name)
                && identity.namespace.as_ref() == Some(&pod.namespace)
        }
    };
    directory
        .identities()
        .iter()
        .position(is_it)
        .map(IdentityId::at)
}
