//! The cluster's objects that were there in a window, as filters see them.
//!
//! **Time** a window without bounds is that of the capture: an object that was gone before the
//! first frame, or came after the last, is not in it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::roster::Member;
use crate::cluster::{Identity, IdentityBasis};
use crate::query::filter::{EndFacts, Filter};
use crate::query::window::Window;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;

/// An object that was there.
pub struct Present<'s> {
    snapshot: &'s Snapshot,
    identity: Cow<'s, Identity>,
    addresses: &'s [IpAddr],
    /// The last moment of the window at which it was there.
    at: Timestamp,
    /// Whether it is of a kind that an end can be of.
    is_end: bool,
}

/// Everything that was there at some time of the window.
pub fn present<'s>(
    snapshot: &'s Snapshot,
    window: &Window,
) -> impl Iterator<Item = Present<'s>> + use<'s> {
    let (from, to) = span(snapshot, window);
    let roster = snapshot.directory.roster();
    let members = roster.members().iter().filter_map(move |member| {
        let at = member.last_moment(from, to)?;
        Some(Present::of(snapshot, member, at))
    });
    let namespaces = roster.namespaces(from, to);
    members.chain(namespaces.map(move |name| Present {
        snapshot,
        identity: Cow::Owned(Identity {
            namespace: Some(Arc::clone(name)),
            ..Identity::of(IdentityBasis::ClusterAddress)
        }),
        addresses: &[],
        at: to,
        is_end: false,
    }))
}

/// The part of the window that was captured: its first and its last moment.
fn span(snapshot: &Snapshot, window: &Window) -> (Timestamp, Timestamp) {
    let bounds = snapshot.bounds(window);
    let last = Timestamp::from_nanos(bounds.end.as_nanos().saturating_sub(1));
    let coverage = &snapshot.coverage;
    (
        bounds.start.max(coverage.from.unwrap_or(Timestamp::MIN)),
        last.min(coverage.to.unwrap_or(Timestamp::MAX)),
    )
}

impl<'s> Present<'s> {
    fn of(snapshot: &'s Snapshot, member: &'s Member, at: Timestamp) -> Self {
        Self {
            snapshot,
            identity: Cow::Borrowed(&member.identity),
            addresses: &member.addresses,
            at,
            is_end: true,
        }
    }

    /// What is known of it: once for each of its addresses, once where it has none.
    #[must_use]
    pub fn facts(&self) -> Vec<EndFacts<'_>> {
        if self.addresses.is_empty() {
            return vec![EndFacts {
                address: None,
                identity: &self.identity,
                dns: &[],
            }];
        }
        let facts = |address: &IpAddr| EndFacts {
            address: Some(*address),
            identity: self.at_address(*address),
            dns: self.snapshot.names.of(*address),
        };
        self.addresses.iter().map(facts).collect()
    }

    /// Whether the filters of ends hold for it, of which `facts` are all that is known.
    #[must_use]
    pub fn passes(&self, facts: &[EndFacts<'_>], filter: &Filter) -> bool {
        let any = &filter.any;
        (self.is_end || any.kind.include.is_empty())
            && facts.iter().any(|facts| any.includes(facts))
            && !facts.iter().any(|facts| any.excludes(facts))
    }

    /// Its identity with the service whose endpoint it is, where the address is its own.
    fn at_address(&self, address: IpAddr) -> &Identity {
        let directory = &self.snapshot.directory;
        let found = directory.identity(directory.resolve(address, None, self.at));
        if found.owner() == self.identity.owner() {
            found
        } else {
            &self.identity
        }
    }
}
