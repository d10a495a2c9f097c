//! Aggregates: flows that agree on protocol and on both ends at a level, merged.

use std::collections::BTreeMap;

use crate::flow::{Basis, Observed};
use crate::leg::Handshakes;
use crate::protocol::Protocol;
use crate::query::end::{LevelKey, keep_common};
use crate::query::filter::EndFacts;
use crate::query::flows::{Match, measured_view};
use crate::query::measure::{Measure, median_us, set_handshakes};
use crate::query::row::{Ranked, Volume};
use crate::query::view::{EndView, FlowView};
use crate::query::{Format, Level, Sort};
use crate::snapshot::Snapshot;

/// Flows merged into one row.
pub struct Group<'s> {
    protocol: Protocol,
    client: EndView,
    server: EndView,
    observed: Option<Observed>,
    basis: Option<Basis>,
    measure: Measure,
    members: Vec<Match<'s>>,
}

/// Merges `matches` at `level`; groups come in the order of their keys.
#[must_use]
pub fn groups<'s>(
    snapshot: &'s Snapshot,
    matches: impl Iterator<Item = Match<'s>>,
    level: Level,
    format: Format,
) -> Vec<Group<'s>> {
    let mut groups: BTreeMap<(Protocol, LevelKey, LevelKey), Group<'s>> = BTreeMap::new();
    for found in matches {
        let key = &found.flow.key;
        let names = found.names(snapshot, format);
        let (client, server) = (
            EndFacts::of(snapshot, key.client).named(&names.client),
            EndFacts::of(snapshot, key.server).named(&names.server),
        );
        let (client_key, server_key) = (LevelKey::of(&client, level), LevelKey::of(&server, level));
        let client = client_key.view(&client, level);
        let server = EndView {
            port: Some(key.server_port),
            ..server_key.view(&server, level)
        };
        match groups.get_mut(&(key.protocol, client_key.clone(), server_key.clone())) {
            Some(group) => group.add(found, &client, &server),
            None => {
                let group = Group::new(found, client, server);
                groups.insert((key.protocol, client_key, server_key), group);
            }
        }
    }
    groups.into_values().collect()
}

impl<'s> Group<'s> {
    fn new(found: Match<'s>, client: EndView, server: EndView) -> Self {
        Self {
            protocol: found.flow.key.protocol,
            client,
            server,
            observed: Some(found.flow.observed),
            basis: Some(found.flow.basis),
            measure: found.measure,
            members: vec![found],
        }
    }

    fn add(&mut self, found: Match<'s>, client: &EndView, server: &EndView) {
        keep_common(&mut self.client, client);
        keep_common(&mut self.server, server);
        self.observed = self
            .observed
            .filter(|observed| *observed == found.flow.observed);
        self.basis = self.basis.filter(|basis| *basis == found.flow.basis);
        self.measure.merge(&found.measure);
        self.members.push(found);
    }

    /// The row.
    #[must_use]
    pub fn view(self, format: Format) -> FlowView {
        let handshakes = self.handshakes();
        let mut view = measured_view(self.protocol, &self.measure, format);
        set_handshakes(&mut view.client_stats, &mut view.server_stats, &handshakes);
        view.client = self.client;
        view.server = self.server;
        if format == Format::Full {
            view.observed = self.observed;
            view.basis = self.basis;
        }
        view
    }

    fn handshakes(&self) -> Handshakes {
        let mut all = Handshakes::default();
        for member in &self.members {
            all.merge(&member.handshakes());
        }
        all
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
