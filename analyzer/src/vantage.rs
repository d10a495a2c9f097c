//! Vantage: whose the interfaces are that frames were seen at.
//!
//! In: places, what is declared of their sources, the legs counted there, and the cluster's
//! directory. Out: for an end of a flow the places that are its own, and how near others are.
//! **Shape** declared beats learned. Learned over all legs: an interface is a pod's own when all
//! that comes in at it comes from that pod or, when nothing comes in, all that goes out goes to it.
//! **Errors** none: an interface that nobody claims is a place like any other.

mod holders;
mod learned;
mod scope;
mod unknown;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::cluster::{Directory, IdentityId};
use crate::hop::declaration::{InterfaceOwner, Shown, SourceDeclaration, TakenAt};
use crate::hop::places::Places;
use crate::hop::{Interface, Place, PlaceId};
use crate::leg::{Leg, LegKey};
use crate::time::Timestamp;
use crate::traffic::period::Period;
use crate::vantage::holders::{Holders, NodeNo, PodNo};
use crate::vantage::learned::Learned;

pub use crate::vantage::holders::Holder;
pub use crate::vantage::scope::{Scope, Scopes, is_scoped};
pub use crate::vantage::unknown::unknown;

/// Whose a place is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// A pod's own.
    Pod,
    /// A node's own: its machine has no pods.
    Node(NodeNo),
    /// Where a node's traffic leaves it.
    WayOut,
    /// Declared as nobody's.
    Ignored,
    /// Any other.
    Other,
}

/// How near a place is to an end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Nearness {
    /// Its own interface.
    Own,
    /// Where its node's traffic leaves the node.
    WayOut,
    /// Any other.
    Elsewhere,
}

/// What is known of every place.
pub struct Vantage<'a> {
    places: &'a Places,
    declarations: &'a [SourceDeclaration],
    holders: Holders,
    roles: Vec<Role>,
    /// Own interfaces that show one direction only, while the other one was seen on the same node.
    half_blind: BTreeMap<PlaceId, Part>,
    /// The node of each source, where known.
    nodes: BTreeMap<u32, NodeNo>,
    own: BTreeMap<PodNo, Own>,
    own_of_nodes: BTreeMap<NodeNo, Own>,
}

/// The own interfaces of a pod or a node.
#[derive(Default)]
struct Own {
    all: BTreeSet<PlaceId>,
    /// Those that their source tells apart by number.
    told: BTreeSet<PlaceId>,
}

impl Own {
    fn insert(&mut self, id: PlaceId, place: Place) {
        self.all.insert(id);
        if matches!(place.interface, Interface::Numbered(_)) {
            self.told.insert(id);
        }
    }
}

/// Whether the ends are looked at from a sender's or a receiver's side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The end sends.
    Sender,
    /// The end receives.
    Receiver,
}

impl<'a> Vantage<'a> {
    /// Learns whose the places of `legs` are. `sides` says who sends what in a leg.
    pub fn learn<'l>(
        places: &'a Places,
        declarations: &'a [SourceDeclaration],
        legs: impl Iterator<Item = (&'l LegKey, &'l Leg)>,
        directory: &Directory,
    ) -> Self {
        let mut vantage = Self {
            places,
            declarations,
            holders: Holders::of(directory),
            roles: vec![Role::Other; places.all().len()],
            half_blind: BTreeMap::new(),
            nodes: BTreeMap::new(),
            own: BTreeMap::new(),
            own_of_nodes: BTreeMap::new(),
        };
        // Taps between the ends tell nothing of interfaces.
        if places.all().len() == 1 {
            return vantage;
        }
        let learned = Learned::of(places, legs, directory, &vantage.holders);
        vantage.declare(&learned);
        vantage.adopt_learned(&learned);
        vantage.find_ways_out(&learned);
        vantage.find_half_blind(&learned);
        vantage
    }

    /// Who holds an end, as places are held: a pod on its node's network has the node's interfaces.
    #[must_use]
    pub fn holder_of(
        &self,
        identity: IdentityId,
        address: IpAddr,
        at: Timestamp,
        directory: &Directory,
    ) -> Holder {
        self.holders.of_end(identity, address, at, directory)
    }

    /// The place of a number.
    #[must_use]
    pub fn place(&self, id: PlaceId) -> Place {
        self.places
            .all()
            .get(id.index())
            .copied()
            .unwrap_or(Place::BETWEEN)
    }

    /// Whether there is a place of which what was seen is to be left out.
    #[must_use]
    pub fn has_ignored(&self) -> bool {
        self.roles.contains(&Role::Ignored)
    }

    /// Whether there is a capture of SLL version 1.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        let interface = |place: &Place| matches!(place.interface, Interface::Cooked { .. });
        self.places.all().iter().any(interface)
    }

    /// Whether what was seen at a place is to be left out.
    #[must_use]
    pub fn is_ignored(&self, place: PlaceId) -> bool {
        self.role(place) == Role::Ignored
    }

    /// Whether an end has interfaces of its own.
    #[must_use]
    pub fn has_own(&self, holder: Holder) -> bool {
        self.own(holder).is_some_and(|own| !own.all.is_empty())
    }

    fn own(&self, holder: Holder) -> Option<&Own> {
        match holder.pod {
            Some(pod) => self.own.get(&pod),
            None => holder.node.and_then(|node| self.own_of_nodes.get(&node)),
        }
    }

    /// How near `place` is to an end.
    #[must_use]
    pub fn nearness(&self, holder: Holder, place: PlaceId) -> Nearness {
        let own = self.own(holder);
        if own.is_some_and(|own| own.all.contains(&place)) {
            return Nearness::Own;
        }
        let node = self.nodes.get(&self.place(place).source);
        if self.role(place) == Role::WayOut && holder.node.is_some() && node == holder.node.as_ref()
        {
            return Nearness::WayOut;
        }
        Nearness::Elsewhere
    }

    /// Whether an own interface would have shown what its end sends or receives in an interval: its
    /// source was being captured, and it is not half-blind. SLL version 1 tells nothing of
    /// interfaces that show nothing.
    #[must_use]
    pub fn covers(&self, holder: Holder, part: Part, period: Period) -> bool {
        let is_covered = |place: &PlaceId| {
            let source = self.place(*place).source;
            self.is_captured(source, period) && self.half_blind.get(place) != Some(&part)
        };
        let own = self.own(holder);
        own.is_some_and(|own| own.told.iter().any(is_covered))
    }

    /// Whether a capture of all interfaces of the end's node was running: a packet that reached the
    /// end's own interface, whichever that is, would be in it.
    #[must_use]
    pub fn is_watched(&self, holder: Holder, period: Period) -> bool {
        let Some(node) = holder.node.filter(|_| holder.pod.is_some()) else {
            return false;
        };
        self.nodes.iter().any(|(source, of)| {
            *of == node && self.is_any(*source) && self.is_captured(*source, period)
        })
    }

    /// Whether a place is in a capture of all interfaces of the end's node, and of nobody's pod.
    #[must_use]
    pub fn is_on_node_of(&self, holder: Holder, place: PlaceId) -> bool {
        let node = self.nodes.get(&self.place(place).source);
        node.is_some() && node == holder.node.as_ref() && self.role(place) != Role::Pod
    }

    /// Interfaces that show one direction only while the other was seen on the same node, and the
    /// part of their pod that they do not show. Of a pod that was captured within, none is missed.
    pub fn half_blind(&self) -> impl Iterator<Item = (String, Part)> {
        let within: BTreeSet<PlaceId> = self
            .own
            .values()
            .filter(|own| own.told.iter().any(|place| self.is_within(*place)))
            .flat_map(|own| own.told.iter().copied())
            .collect();
        let places = self.half_blind.iter();
        let missed = places.filter(move |(place, _)| !within.contains(place));
        missed.map(|(place, blind_to)| (self.name(*place), *blind_to))
    }

    /// Whether a place is in a capture that was taken in a pod, and is not half-blind.
    fn is_within(&self, place: PlaceId) -> bool {
        let source = self.place(place).source as usize;
        let at = self.declarations.get(source).map(|source| &source.at);
        matches!(at, Some(TakenAt::Pod(_))) && !self.half_blind.contains_key(&place)
    }

    /// The nodes of the sources, by name, in order.
    #[must_use]
    pub fn nodes(&self, directory: &Directory) -> Vec<Arc<str>> {
        let nodes: BTreeSet<NodeNo> = self.nodes.values().copied().collect();
        let identities = directory.identities().iter();
        let names = identities.filter_map(|identity| identity.node.as_ref());
        let names: BTreeSet<_> = names
            .filter(|name| {
                self.holders
                    .node(name)
                    .is_some_and(|node| nodes.contains(&node))
            })
            .collect();
        let declared = self
            .declarations
            .iter()
            .filter_map(|declaration| match &declaration.at {
                TakenAt::Node(node) => Some(node),
                TakenAt::Pod(_) | TakenAt::Between => None,
            });
        let all: BTreeSet<_> = names.into_iter().chain(declared).cloned().collect();
        all.into_iter().collect()
    }

    /// What a person calls a source.
    #[must_use]
    pub fn source_name(&self, source: u32) -> &str {
        let declaration = self.declarations.get(source as usize);
        let name = declaration.map_or("", |declaration| &declaration.name);
        if name.is_empty() && source == Place::BETWEEN.source {
            return "captures of which nothing is said";
        }
        name
    }

    /// What a person calls a place.
    #[must_use]
    pub fn name(&self, place: PlaceId) -> String {
        let Place {
            source, interface, ..
        } = self.place(place);
        let declaration = self.declarations.get(source as usize);
        let file = self.source_name(source);
        match interface {
            Interface::Numbered(0) => file.to_owned(),
            Interface::Numbered(number) => {
                let name = declaration.map_or_else(
                    || format!("interface {number}"),
                    |d| d.interface_name(number),
                );
                format!("{file}: {name}")
            }
            Interface::Cooked { sender, .. } => format!("{file}: link address {sender:012x}"),
        }
    }

    fn role(&self, place: PlaceId) -> Role {
        self.roles
            .get(place.index())
            .copied()
            .unwrap_or(Role::Other)
    }

    /// Whether a source shows all interfaces of its machine, and tells them apart.
    fn is_any(&self, source: u32) -> bool {
        let declaration = self.declarations.get(source as usize);
        let extent = self.places.extent(source);
        extent.is_some_and(|extent| extent.has_interfaces)
            || declaration.is_some_and(|declaration| declaration.shows == Shown::All)
    }

    /// A source without frames saw nothing pass, and was there all the time.
    fn is_captured(&self, source: u32, period: Period) -> bool {
        self.places
            .extent(source)
            .is_none_or(|extent| extent.first < period.end() && period.start() <= extent.last)
    }

    fn numbered_places(&self) -> impl Iterator<Item = (PlaceId, Place)> + use<'a> {
        (0..)
            .map(PlaceId::at)
            .zip(self.places.all().iter().copied())
    }

    /// Takes in what is declared of sources and their interfaces.
    fn declare(&mut self, learned: &Learned) {
        for (source, declaration) in (0_u32..).zip(self.declarations) {
            if let TakenAt::Node(node) = &declaration.at
                && let Some(node) = self.holders.node(node)
            {
                self.nodes.insert(source, node);
            }
        }
        // Pods that follow each other under one name have an interface each.
        let seen = LazyCell::new(|| learned.seen_at());
        for (id, place) in self.numbered_places() {
            let Some(declaration) = self.declarations.get(place.source as usize) else {
                continue;
            };
            let owner = match place.interface {
                Interface::Numbered(number) => declaration.owner(number),
                Interface::Cooked { .. } => None,
            };
            match (owner, &declaration.at) {
                (Some(InterfaceOwner::Ignore), _) => self.assign(id, Role::Ignored),
                (Some(InterfaceOwner::Uplink), _) if self.is_of_podless(place) => {}
                (Some(InterfaceOwner::Uplink), _) => self.assign(id, Role::WayOut),
                (Some(InterfaceOwner::Pod(pod)), _) | (None, TakenAt::Pod(pod)) => {
                    if place.depth == 0 {
                        let mut pods: Vec<PodNo> = self.holders.pods(pod).collect();
                        if pods.len() > 1 && pods.iter().any(|pod| seen.contains(&(id, *pod))) {
                            pods.retain(|pod| seen.contains(&(id, *pod)));
                        }
                        self.give(id, pods);
                    }
                }
                (None, TakenAt::Node(_) | TakenAt::Between) => {}
            }
        }
    }

    /// Whether a place is an interface by number of a node without pods, where the way out is the
    /// node's own.
    fn is_of_podless(&self, place: Place) -> bool {
        let number = match place.interface {
            Interface::Numbered(number) => number,
            Interface::Cooked { .. } => return false,
        };
        let declaration = self.declarations.get(place.source as usize);
        let is_by_number = declaration.is_some_and(|d| d.numbered.contains_key(&number));
        let node = self.nodes.get(&place.source);
        is_by_number && node.is_some_and(|node| !self.holders.nodes_with_pods().contains(node))
    }

    /// Takes in whose interfaces were learned, where nothing is declared of them nor of the pod, and
    /// the pod is, or may be, on the node of the source.
    fn adopt_learned(&mut self, learned: &Learned) {
        let is_free = |(pod, place): &(PodNo, PlaceId)| {
            let source = |place: PlaceId| self.place(place).source;
            let own = self.own.get(pod);
            let is_settled =
                own.is_some_and(|own| own.told.iter().any(|told| source(*told) == source(*place)));
            !is_settled && self.role(*place) == Role::Other
        };
        let candidates = learned.own_by_source(self.places);
        let candidates: Vec<(PodNo, PlaceId)> = candidates.filter(is_free).collect();
        let mut votes: BTreeMap<u32, BTreeMap<NodeNo, BTreeSet<PodNo>>> = BTreeMap::new();
        for (pod, place) in &candidates {
            if let Some(node) = self.holders.node_of(*pod) {
                let of_source = votes.entry(self.place(*place).source).or_default();
                of_source.entry(node).or_default().insert(*pod);
            }
        }
        for (source, votes) in votes {
            if let Some(node) = most_voted(&votes) {
                self.nodes.entry(source).or_insert(node);
            }
        }
        for (pod, place) in candidates {
            let (source, pods) = (
                self.nodes.get(&self.place(place).source),
                self.holders.node_of(pod),
            );
            if source.is_none() || pods.is_none() || source == pods.as_ref() {
                self.give(place, vec![pod]);
            }
        }
    }

    /// Where traffic leaves a node or, on a machine without pods, is the node's own.
    fn find_ways_out(&mut self, learned: &Learned) {
        let populated = self.holders.nodes_with_pods();
        for (id, place) in self.numbered_places() {
            let node = self.nodes.get(&place.source).copied();
            let (Some(node), Role::Other) = (node, self.role(id)) else {
                continue;
            };
            if !populated.contains(&node) && place.depth == 0 && learned.is_at_node(id, node) {
                self.assign(id, Role::Node(node));
                self.own_of_nodes.entry(node).or_default().insert(id, place);
            } else if learned.crosses(id, node) {
                self.assign(id, Role::WayOut);
            }
        }
    }

    /// An own interface that never shows what its pod sends, or receives, though others on the node
    /// do. In SLL version 1 all are like that.
    fn find_half_blind(&mut self, learned: &Learned) {
        let sights = learned.sights(|pod, place| {
            let own = self.own.get(&pod);
            own.is_some_and(|own| own.all.contains(&place))
        });
        let node = |place: PlaceId| {
            let source = self.place(place).source;
            self.nodes.get(&source).copied().ok_or(source)
        };
        let seen: BTreeSet<_> = learned
            .seen()
            .map(|(pod, part, place)| (pod, part, node(place)))
            .collect();
        let of_pods = self
            .own
            .iter()
            .flat_map(|(pod, own)| own.told.iter().map(|place| (*pod, *place)));
        let half_blind = of_pods.filter_map(|(pod, place)| {
            let blind_to = sights.get(&(pod, place))?.blind_to()?;
            let is_blind = seen.contains(&(pod, blind_to, node(place)));
            is_blind.then_some((place, blind_to))
        });
        self.half_blind = half_blind.collect();
    }

    fn assign(&mut self, place: PlaceId, role: Role) {
        if let Some(slot) = self.roles.get_mut(place.index()) {
            *slot = role;
        }
    }

    fn give(&mut self, id: PlaceId, pods: Vec<PodNo>) {
        self.assign(id, Role::Pod);
        let place = self.place(id);
        for pod in pods {
            self.own.entry(pod).or_default().insert(id, place);
        }
    }
}

/// The node on which most of the pods are; `None` when two have as many.
fn most_voted(votes: &BTreeMap<NodeNo, BTreeSet<PodNo>>) -> Option<NodeNo> {
    let most = votes.values().map(BTreeSet::len).max()?;
    let mut nodes = votes.iter().filter(|(_, pods)| pods.len() == most);
    match (nodes.next(), nodes.next()) {
        (Some((node, _)), None) => Some(*node),
        _ => None,
    }
}
