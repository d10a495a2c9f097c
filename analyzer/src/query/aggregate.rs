//! Aggregates: flows that agree on protocol and on both ends at a level, merged.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cluster::IdentityId;
use crate::flow::{Basis, Flow, FlowEnd, Observed};
use crate::keyed::Keyed;
use crate::leg::Handshakes;
use crate::protocol::Protocol;
use crate::query::end::{LevelKey, keep_common};
use crate::query::ends::LevelEnds;
use crate::query::filter::EndFacts;
use crate::query::flows::{Match, matches, measured_view};
use crate::query::groups::{self, Groups, Merged, Row};
use crate::query::measure::{Measure, median_us, set_handshakes};
use crate::query::row::{self, Ranked, Shown, Volume};
use crate::query::view::{EndView, FlowView};
use crate::query::window::Bounds;
use crate::query::{Format, Level, Query, Sort};
use crate::snapshot::Snapshot;
use crate::snapshot::kept::Keep;

/// The rows of a page, and what they are a page of.
pub(super) fn page(snapshot: &Snapshot, query: &Query, level: Level) -> Shown<FlowView> {
    let asked = Asked {
        bounds: snapshot.bounds(&query.window),
        level,
        format: query.format,
        sort: query.sort,
    };
    let is_whole = query.filter.is_none();
    let known = || snapshot.kept.get(|known: &Whole| known.asked == asked);
    if let Some(known) = is_whole.then(known).flatten() {
        return known.page(snapshot, query);
    }
    let groups = groups(snapshot, matches(snapshot, query), level, query.format);
    if is_whole {
        snapshot.kept.keep(|| Whole {
            asked,
            groups: Groups::of(&groups, query.sort).0,
        });
    }
    let shown = row::page(&groups, query.sort, query.page);
    shown.map(|group| group.view(query.format))
}

/// What groups of all flows are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Asked {
    bounds: Bounds,
    level: Level,
    format: Format,
    sort: Sort,
}

/// The groups of all flows.
struct Whole {
    asked: Asked,
    groups: Groups<Group<'static>>,
}

impl Whole {
    fn page(&self, snapshot: &Snapshot, query: &Query) -> Shown<FlowView> {
        let Asked {
            bounds,
            level,
            format,
            ..
        } = self.asked;
        let mut ends = Ends::new(snapshot, level);
        let shown = self.groups.page(query.page);
        shown.filter_map(|(_, row)| match row {
            Row::Many(group) => Some(group.view(format)),
            Row::Few(members) => {
                let members = members.iter();
                let matches = members.filter_map(|flow| Match::at(snapshot, *flow, &bounds));
                Some(merged(&mut ends, matches, format)?.view(format))
            }
        })
    }
}

impl Keep for Whole {
    fn octets(&self) -> usize {
        size_of::<Self>() + self.groups.octets(Group::octets)
    }
}

/// Flows merged into one row.
struct Group<'s> {
    protocol: Protocol,
    client: EndView,
    server: EndView,
    observed: Option<Observed>,
    basis: Option<Basis>,
    measure: Measure,
    bounds: Bounds,
    /// All flows of the snapshot, and the numbers of its own.
    flows: &'s [Flow],
    members: Vec<u32>,
    /// Of a group without its members.
    handshakes: Option<Handshakes>,
}

/// The protocol of a group, and the numbers of its ends.
type Key = (Protocol, usize, usize);

/// Merges `matches` at `level`; groups come in the order of their keys.
fn groups<'s>(
    snapshot: &'s Snapshot,
    matches: impl Iterator<Item = Match<'s>>,
    level: Level,
    format: Format,
) -> Vec<Group<'s>> {
    let mut ends = Ends::new(snapshot, level);
    let mut places: HashMap<Key, usize, FixedState> = HashMap::default();
    let mut groups: Vec<(_, Group<'s>)> = Vec::new();
    for found in matches {
        let (key, [client, server]) = ends.of(&found, format);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.add(found, &client, &server),
            None => groups.push((key, Group::new(snapshot, found, &client, &server))),
        }
    }
    let order = ends.numbers.places();
    let place = |number: usize| order.get(number).copied();
    groups.sort_by_cached_key(|((protocol, client, server), _)| {
        (*protocol, place(*client), place(*server))
    });
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Merges `matches` that are one at a level.
fn merged<'s>(
    ends: &mut Ends<'s>,
    matches: impl Iterator<Item = Match<'s>>,
    format: Format,
) -> Option<Group<'s>> {
    let snapshot = ends.snapshot;
    let mut merged: Option<Group<'s>> = None;
    for found in matches {
        let (_, [client, server]) = ends.of(&found, format);
        match &mut merged {
            Some(group) => group.add(found, &client, &server),
            None => merged = Some(Group::new(snapshot, found, &client, &server)),
        }
    }
    merged
}

/// Ends of flows at a level. A snapshot has far fewer than flows: each is looked at once.
struct Ends<'s> {
    snapshot: &'s Snapshot,
    level: Level,
    numbers: LevelEnds<'s>,
    places: HashMap<(IpAddr, IdentityId), usize, Keyed>,
    known: Vec<End>,
}

/// An end of flows.
struct End {
    /// That of all that are one at the level.
    number: usize,
    /// As it is shown without the names that a flow has for it.
    view: EndView,
    naming: Naming,
}

/// Whether an end is shown with its names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As an address is.
    Shown,
    /// As what has a name of its own.
    Hidden,
}

impl<'s> Ends<'s> {
    fn new(snapshot: &'s Snapshot, level: Level) -> Self {
        Self {
            snapshot,
            level,
            numbers: LevelEnds::new(snapshot, level, Format::Compact),
            places: HashMap::with_hasher(snapshot.hashes),
            known: Vec::new(),
        }
    }

    /// The key of the group that a flow is in, and how its ends are shown in it.
    fn of(&mut self, found: &Match<'_>, format: Format) -> (Key, [Cow<'_, EndView>; 2]) {
        let key = &found.flow.key;
        let names = found.names(self.snapshot, format);
        let [client, server] = [key.client, key.server].map(|end| self.find(end));
        let key = (key.protocol, self.number(client), self.number(server));
        let client = self.view(client, &names.client);
        (key, [client, self.view(server, &names.server)])
    }

    /// Where an end is.
    fn find(&mut self, end: FlowEnd) -> usize {
        let known = (end.address, end.identity);
        if let Some(place) = self.places.get(&known) {
            return *place;
        }
        let facts = EndFacts::of(self.snapshot, end);
        let key = LevelKey::of(&facts, self.level);
        self.known.push(End {
            number: self.numbers.number(end, &[]),
            view: key.view(&facts, self.level),
            naming: match key {
                LevelKey::Address(..) => Naming::Shown,
                LevelKey::Pod(..)
                | LevelKey::Workload(..)
                | LevelKey::Service(..)
                | LevelKey::Namespace(_)
                | LevelKey::Node(_)
                | LevelKey::Name(..)
                | LevelKey::Kind(_) => Naming::Hidden,
            },
        });
        let place = self.known.len() - 1;
        self.places.insert(known, place);
        place
    }

    fn number(&self, place: usize) -> usize {
        self.known.get(place).map_or(0, |end| end.number)
    }

    /// How an end is shown in a flow that has these names for it.
    fn view(&self, place: usize, names: &[Arc<str>]) -> Cow<'_, EndView> {
        match self.known.get(place) {
            Some(end) if names.is_empty() || end.naming == Naming::Hidden => {
                Cow::Borrowed(&end.view)
            }
            Some(end) => Cow::Owned(EndView {
                dns: names.to_vec(),
                ..end.view.clone()
            }),
            None => Cow::Owned(EndView::default()),
        }
    }
}

impl<'s> Group<'s> {
    fn new(snapshot: &'s Snapshot, found: Match<'s>, client: &EndView, server: &EndView) -> Self {
        Self {
            protocol: found.flow.key.protocol,
            client: client.clone(),
            server: EndView {
                port: Some(found.flow.key.server_port),
                ..server.clone()
            },
            observed: Some(found.flow.observed),
            basis: Some(found.flow.basis),
            measure: found.measure,
            bounds: found.bounds,
            flows: &snapshot.flows,
            members: vec![found.number],
            handshakes: None,
        }
    }

    fn add(&mut self, found: Match<'s>, client: &EndView, server: &EndView) {
        let port = self.server.port.take();
        keep_common(&mut self.client, client);
        keep_common(&mut self.server, server);
        self.server.port = port.filter(|port| *port == found.flow.key.server_port);
        self.observed = self
            .observed
            .filter(|observed| *observed == found.flow.observed);
        self.basis = self.basis.filter(|basis| *basis == found.flow.basis);
        self.measure.merge(&found.measure);
        self.members.push(found.number);
    }

    /// The row.
    fn view(&self, format: Format) -> FlowView {
        let handshakes = self.handshakes();
        let mut view = measured_view(self.protocol, &self.measure, format);
        set_handshakes(&mut view.client_stats, &mut view.server_stats, &handshakes);
        view.client = self.client.clone();
        view.server = self.server.clone();
        if format == Format::Full {
            view.observed = self.observed;
            view.basis = self.basis;
        }
        view
    }

    /// How many octets it takes, about.
    fn octets(&self) -> usize {
        let names = self.client.dns.len() + self.server.dns.len();
        let handshakes = self.handshakes.as_ref().map_or(0, Handshakes::octets);
        size_of::<Self>() + names * size_of::<Arc<str>>() + handshakes
    }

    fn handshakes(&self) -> Handshakes {
        if let Some(handshakes) = &self.handshakes {
            return handshakes.clone();
        }
        groups::handshakes(self.flows, &self.members, &self.bounds)
    }
}

impl Merged for Group<'_> {
    type Alone = Group<'static>;

    fn members(&self) -> &[u32] {
        &self.members
    }

    fn alone(&self) -> Group<'static> {
        Group {
            protocol: self.protocol,
            client: self.client.clone(),
            server: self.server.clone(),
            observed: self.observed,
            basis: self.basis,
            measure: self.measure,
            bounds: self.bounds,
            flows: &[],
            members: Vec::new(),
            handshakes: Some(self.handshakes()),
        }
    }
}

impl Ranked for Group<'_> {
    fn rank(&self, sort: Sort) -> u128 {
        self.measure.rank(sort, || median_us(&self.handshakes()))
    }

    fn volume(&self) -> Volume {
        Volume {
            pkts: self.measure.total_packets(),
            bytes: self.measure.total_ip_bytes(),
        }
    }
}
