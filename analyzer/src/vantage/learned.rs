//! What legs tell of the places they were counted at: who sends in, who is sent out to.
//!
//! **Time** whose an address was is asked for each leg's first packet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::cluster::Directory;
use crate::endpoint::{Endpoint, Side};
use crate::frame::Direction;
use crate::hop::places::Places;
use crate::hop::{Interface, PlaceId};
use crate::leg::{Ends, Leg, LegKey};
use crate::time::Timestamp;
use crate::vantage::Part;
use crate::vantage::holders::{Holder, Holders, NodeNo, PodNo};
use crate::vantage::scope::is_scoped;

/// Who a set of packets was from, or went to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Who {
    /// There were none.
    #[default]
    Nobody,
    /// One pod.
    Pod(PodNo),
    /// Others as well, or no pod.
    Others,
}

/// What a place showed of the pod whose own it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sights {
    sent: bool,
    received: bool,
}

/// Who was seen where, of one direction of a leg.
#[derive(Clone, Copy)]
struct Sighting {
    place: PlaceId,
    sender: Holder,
    receiver: Holder,
}

/// What is known of one place.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// Who sends in.
    incoming: Who,
    /// Who is sent out to.
    outgoing: Who,
    first_in: Option<Timestamp>,
    first_out: Option<Timestamp>,
    /// Nodes, or `None` for no node, of those who send in or are sent out to.
    crossing: BTreeSet<Option<NodeNo>>,
    /// Nodes that send out or are sent in to, themselves.
    at_nodes: BTreeSet<NodeNo>,
}

/// What is known of all places.
pub(super) struct Learned {
    facts: Vec<Facts>,
    sightings: Vec<Sighting>,
}

impl Learned {
    pub(super) fn of<'l>(
        places: &Places,
        legs: impl Iterator<Item = (&'l LegKey, &'l Leg)>,
        directory: &Directory,
        holders: &Holders,
    ) -> Self {
        let mut learned = Self {
            facts: vec![Facts::default(); places.all().len()],
            sightings: Vec::new(),
        };
        for (key, leg) in legs {
            if key.hop.place() != PlaceId::BETWEEN {
                learned.add_leg(key, leg, directory, holders);
            }
        }
        learned
    }

    /// What each place showed of the pods whose own it is.
    pub(super) fn sights(
        &self,
        owns: impl Fn(PodNo, PlaceId) -> bool,
    ) -> BTreeMap<(PodNo, PlaceId), Sights> {
        let mut sights: BTreeMap<(PodNo, PlaceId), Sights> = BTreeMap::new();
        for (pod, part, place) in self.seen().filter(|(pod, _, place)| owns(*pod, *place)) {
            let sights = sights.entry((pod, place)).or_default();
            match part {
                Part::Sender => sights.sent = true,
                Part::Receiver => sights.received = true,
            }
        }
        sights
    }

    /// Which pods were seen at which places.
    pub(super) fn seen_at(&self) -> BTreeSet<(PlaceId, PodNo)> {
        let seen = self.seen();
        seen.map(|(pod, _, place)| (place, pod)).collect()
    }

    /// Every pod that was seen to send, or to be sent to, and where.
    pub(super) fn seen(&self) -> impl Iterator<Item = (PodNo, Part, PlaceId)> {
        self.sightings.iter().flat_map(|sighting| {
            let sender = sighting.sender.pod.map(|pod| (pod, Part::Sender));
            let receiver = sighting.receiver.pod.map(|pod| (pod, Part::Receiver));
            let parts = sender.into_iter().chain(receiver);
            parts.map(|(pod, part)| (pod, part, sighting.place))
        })
    }

    /// For each source and pod the place that is its own: of several the one that shows a packet
    /// of it first or, where nothing comes in, a packet to it last. SLL version 1 tells a pod's
    /// interface apart by what passes it, so there all of them are.
    pub(super) fn own_by_source(
        &self,
        places: &Places,
    ) -> impl Iterator<Item = (PodNo, PlaceId)> + use<> {
        let mut incoming: BTreeMap<(u32, PodNo), (Timestamp, PlaceId)> = BTreeMap::new();
        let mut outgoing: BTreeMap<(u32, PodNo), (Timestamp, PlaceId)> = BTreeMap::new();
        let mut cooked = Vec::new();
        let numbered = (0..).map(PlaceId::at).zip(places.all()).zip(&self.facts);
        for ((id, place), facts) in numbered.filter(|((_, place), _)| place.depth == 0) {
            let is_cooked = matches!(place.interface, Interface::Cooked { .. });
            match (facts.incoming, facts.outgoing) {
                (Who::Pod(pod), Who::Nobody) | (Who::Nobody, Who::Pod(pod)) if is_cooked => {
                    cooked.push((pod, id));
                }
                (Who::Pod(pod), _) => {
                    let own = (facts.first_in.unwrap_or(Timestamp::MAX), id);
                    let first = incoming.entry((place.source, pod)).or_insert(own);
                    *first = own.min(*first);
                }
                (Who::Nobody, Who::Pod(pod)) => {
                    let own = (facts.first_out.unwrap_or_default(), id);
                    let last = outgoing.entry((place.source, pod)).or_insert(own);
                    *last = own.max(*last);
                }
                (Who::Nobody | Who::Others, _) => {}
            }
        }
        outgoing.retain(|key, _| !incoming.contains_key(key));
        let numbered = incoming.into_iter().chain(outgoing);
        let numbered = numbered.map(|((_, pod), (_, place))| (pod, place));
        numbered.chain(cooked)
    }

    /// Whether something that is not on `node` is sent in or out here.
    pub(super) fn crosses(&self, place: PlaceId, node: NodeNo) -> bool {
        let facts = self.facts.get(place.index());
        facts.is_some_and(|facts| facts.crossing.iter().any(|other| *other != Some(node)))
    }

    /// Whether `node` itself sends out or is sent in to here.
    pub(super) fn is_at_node(&self, place: PlaceId, node: NodeNo) -> bool {
        let facts = self.facts.get(place.index());
        facts.is_some_and(|facts| facts.at_nodes.contains(&node))
    }

    fn add_leg(&mut self, key: &LegKey, leg: &Leg, directory: &Directory, holders: &Holders) {
        let (forward, backward) = ends(key);
        let (mut first_forward, mut first_backward) = (Timestamp::MAX, Timestamp::MAX);
        for interval in leg.intervals().iter() {
            first_forward = first_forward.min(interval.forward.first);
            first_backward = first_backward.min(interval.backward.first);
        }
        let at = first_forward.min(first_backward);
        let who = |endpoint: Endpoint, side| {
            let port = match (key.ends, side) {
                (Ends::Roles { .. }, Side::High) => Some((key.protocol, endpoint.port)),
                (Ends::Roles { .. } | Ends::Ports { .. }, _) => None,
            };
            let identity = directory.resolve(endpoint.address, port, at);
            holders.of_end(identity, endpoint.address, at, directory)
        };
        if is_scoped(forward.address) || is_scoped(backward.address) {
            return;
        }
        let (low, high) = (who(forward, Side::Low), who(backward, Side::High));
        let way = key.hop.way();
        for (direction, sender, receiver, to, first) in [
            (way.forward(), low, high, backward.address, first_forward),
            (way.backward(), high, low, forward.address, first_backward),
        ] {
            if first != Timestamp::MAX {
                let place = key.hop.place();
                let sighting = Sighting {
                    place,
                    sender,
                    receiver,
                };
                self.sightings.push(sighting);
                if let Some(facts) = self.facts.get_mut(place.index()) {
                    facts.add(direction, &sighting, to, first);
                }
            }
        }
    }
}

impl Facts {
    fn add(&mut self, direction: Direction, sighting: &Sighting, to: IpAddr, first: Timestamp) {
        let Sighting {
            sender, receiver, ..
        } = *sighting;
        let earlier =
            |known: Option<Timestamp>| Some(known.map_or(first, |known| known.min(first)));
        match direction {
            Direction::Incoming => {
                self.incoming.add(sender.pod);
                self.first_in = earlier(self.first_in);
                self.crossing.insert(sender.node);
                if let Holder {
                    pod: None,
                    node: Some(node),
                } = receiver
                {
                    self.at_nodes.insert(node);
                }
            }
            Direction::Outgoing if to.is_multicast() => {}
            Direction::Outgoing => {
                self.outgoing.add(receiver.pod);
                self.first_out = earlier(self.first_out);
                self.crossing.insert(receiver.node);
                if let Holder {
                    pod: None,
                    node: Some(node),
                } = sender
                {
                    self.at_nodes.insert(node);
                }
            }
            // A capture of one interface of a node: all that it shows passes there.
            Direction::Unknown => {
                self.crossing.insert(sender.node);
                self.crossing.insert(receiver.node);
            }
        }
    }
}

impl Who {
    fn add(&mut self, pod: Option<PodNo>) {
        *self = match (*self, pod) {
            (Self::Nobody, Some(pod)) => Self::Pod(pod),
            (Self::Pod(known), Some(pod)) if known == pod => *self,
            (Self::Nobody | Self::Pod(_) | Self::Others, _) => Self::Others,
        };
    }
}

impl Sights {
    /// The direction that is missing, when only the other one was seen.
    pub(super) const fn blind_to(self) -> Option<Part> {
        match (self.sent, self.received) {
            (true, false) => Some(Part::Receiver),
            (false, true) => Some(Part::Sender),
            (true, true) | (false, false) => None,
        }
    }
}

/// Who sends forward, and who backward.
fn ends(key: &LegKey) -> (Endpoint, Endpoint) {
    match key.ends {
        Ends::Roles { client, server } => {
            let client = Endpoint {
                address: client,
                port: 0,
            };
            (client, server)
        }
        Ends::Ports { low, high } => (low, high),
    }
}
