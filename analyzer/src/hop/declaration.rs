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

/// A source: a capture, or the rotated files of one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceDeclaration {
    /// Its file, or the first of several.
    pub name: String,
    /// Where it was taken.
    pub at: TakenAt,
    /// Whose the interfaces are, by name.
    pub owners: BTreeMap<Arc<str>, InterfaceOwner>,
    /// The names of interfaces, by number, as far as the capture tells.
    pub names: BTreeMap<u32, Arc<str>>,
}

impl SourceDeclaration {
    /// Whose the interface of this number is declared to be. Where the capture tells no names, a
    /// declaration may name the number.
    #[must_use]
    pub fn owner(&self, interface: u32) -> Option<&InterfaceOwner> {
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
