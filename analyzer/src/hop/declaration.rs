//! What is declared of a source: where it was taken, and whose its interfaces are.
//!
//! In: a scenario's description, options, or what a recorder wrote down. Declared beats learned.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a capture was taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum TakenAt {
    /// Somewhere between the ends.
    #[default]
    Between,
    /// On a node.
    Node(Arc<str>),
    /// In a pod's network.
    Pod(PodName),
}

/// A pod's namespace and name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PodName {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

/// Whose an interface is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InterfaceOwner {
    /// A pod's, on the host's side.
    Pod(PodName),
    /// The node's way out.
    Uplink,
    /// Nobody's: what is seen there is left out.
    Ignore,
}

/// Which interfaces of its machine a source shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Shown {
    /// Those that it has frames of, as far as is known.
    #[default]
    Some,
    /// All: what no frame was seen of had no traffic.
    All,
}

/// A source: a capture, or the rotated files of one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceDeclaration {
    /// Its file, or the first of several.
    pub name: String,
    /// Where it was taken.
    pub at: TakenAt,
    /// Which interfaces it shows; cooked captures say so themselves.
    pub shows: Shown,
    /// Whose the interfaces are, by name.
    pub owners: BTreeMap<Arc<str>, InterfaceOwner>,
    /// The same by number, which counts for more: while a machine runs, a name may go to another
    /// interface, and a number may not.
    pub numbered: BTreeMap<u32, InterfaceOwner>,
    /// The names of interfaces, by number, as far as the capture tells.
    pub names: BTreeMap<u32, Arc<str>>,
}

impl SourceDeclaration {
    /// Whose the interface of this number is declared to be. Where the capture tells no names, a
    /// declaration may name the number.
    #[must_use]
    pub fn owner(&self, interface: u32) -> Option<&InterfaceOwner> {
        if let Some(owner) = self.numbered.get(&interface) {
            return Some(owner);
        }
        if self.owners.is_empty() {
            return None;
        }
        match self.names.get(&interface) {
            Some(name) => self.owners.get(name),
            None => self.owners.get(interface.to_string().as_str()),
        }
    }

    /// What to call an interface.
    #[must_use]
    pub fn interface_name(&self, interface: u32) -> String {
        self.names
            .get(&interface)
            .map_or_else(|| format!("interface {interface}"), ToString::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_of_a_number_counts_for_more_than_what_is_of_a_name() {
        let source = SourceDeclaration {
            owners: BTreeMap::from([("eth0".into(), InterfaceOwner::Ignore)]),
            numbered: BTreeMap::from([(2, InterfaceOwner::Uplink)]),
            names: BTreeMap::from([(2, "eth0".into()), (7, "eth0".into())]),
            ..SourceDeclaration::default()
        };
        assert_eq!(source.owner(2), Some(&InterfaceOwner::Uplink));
        assert_eq!(source.owner(7), Some(&InterfaceOwner::Ignore));
        assert_eq!(source.owner(3), None);
    }
}
