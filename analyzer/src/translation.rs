//! Translations: connections seen in several forms, before and after their addresses were
//! translated on the way.
//!
//! In: segments that open connections, and those with data of connections whose opening was not
//! seen. Out: marks on connections, and pairs of five-tuples ("twins") that are one connection.
//! Which form is the service's is decided later, from the cluster's objects.
//!
//! **Shape** a connection in one form costs a look among the clues of the last seconds for each
//! opening segment, and nothing later. Nothing here depends on which form was seen first.
//! **Errors** what could be several connections is refused and counted.

use std::collections::BTreeSet;

use crate::connection::table::ConnectionTable;
use crate::connection::tcp::flag;
use crate::connection::{Connection, TwinId};
use crate::endpoint::{Endpoint, Side};
use crate::packet::Segment;
use crate::time::{NANOS_PER_SECOND, Timestamp};
use crate::translation::clue::{Clue, DataClue, Shown};
use crate::translation::form::{Form, FormSets};
use crate::translation::older::{FiveTuple, Older};
use crate::translation::opened::Opened;
use crate::translation::recent::Recent;
use crate::translation::remembered::Whole;

pub mod clue;
pub mod form;
pub mod older;
mod opened;
mod recent;
mod remembered;

/// How far apart the same opening may be seen: a translation takes microseconds, and nodes' clocks
/// disagree by more.
const OPENING_WINDOW: u64 = 3 * NANOS_PER_SECOND;
/// The same for a segment with data.
const DATA_WINDOW: u64 = NANOS_PER_SECOND;
/// How many segments that open are held instead of one with data: a record of them takes 16 octets,
/// and as much again in the index.
const OPENINGS: usize = 4;
/// A service's address, a node port, a masqueraded client: more forms than a connection has.
const MAX_FIVE_TUPLES: usize = 4;

/// How many records of translations may be held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TranslationLimits {
    /// Segments with data of the last second, about 120 octets each; of segments that open, four
    /// times as many of the last three.
    pub clues: usize,
    /// Sets of forms, about 200 octets each.
    pub forms: usize,
    /// Pairs of connections whose opening was not seen, about 120 octets each.
    pub pairs: usize,
}

impl Default for TranslationLimits {
    fn default() -> Self {
        Self {
            clues: 262_144,
            forms: 1_000_000,
            pairs: 100_000,
        }
    }
}

/// Finds connections that were seen in several forms.
#[derive(Clone)]
pub struct Translations {
    openings: Recent<remembered::Opening>,
    data: Recent<Whole>,
    forms: FormSets,
    older: Older,
    opened: Opened,
    ambiguous: u64,
}

/// What was found.
pub struct Twins {
    /// The forms that marks stand for.
    pub forms: FormSets,
    /// Pairs of five-tuples whose opening was not seen, in order.
    pub older: Vec<(FiveTuple, FiveTuple)>,
    /// Connections that could have been one with several others, or with too many to be looked at.
    pub ambiguous: u64,
    /// Records that did not fit.
    pub evicted: u64,
}

impl Translations {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(limits: TranslationLimits, seed: u64) -> Self {
        Self {
            openings: Recent::new(OPENING_WINDOW, limits.clues.saturating_mul(OPENINGS), seed),
            data: Recent::new(DATA_WINDOW, limits.clues, seed),
            forms: FormSets::new(limits.forms, seed),
            older: Older::new(limits.pairs),
            opened: Opened::new(seed),
            ambiguous: 0,
        }
    }

    /// Takes note of a clue that was counted in `table`, and marks the connections it joins.
    pub fn observe(&mut self, seen: Shown, table: &mut ConnectionTable) {
        match seen.clue {
            Clue::Data(clue) => self.observe_data(&seen, clue, table),
            Clue::Syn { .. } | Clue::SynAck { .. } => self.observe_opening(seen, table),
        }
    }

    /// Fetches what a segment from `source` will be looked for in when it is taken note of, without
    /// waiting for it.
    #[inline]
    pub fn expect(&self, source: Endpoint, segment: &Segment) {
        if segment.flags & flag::SYN != 0 {
            self.openings.expect(&Clue::of(source, segment));
        }
    }

    /// Forgets pairs that nobody has shown since `before`, and sets of forms that are not `used`
    /// any more.
    pub fn forget(&mut self, before: Timestamp, used: impl Iterator<Item = TwinId>) {
        self.older.forget(before);
        self.forms.keep(used);
    }

    /// What was found.
    #[must_use]
    pub fn into_twins(self) -> Twins {
        let (openings, data) = (&self.openings, &self.data);
        Twins {
            older: self.older.proven().collect(),
            evicted: openings.evicted()
                + data.evicted()
                + self.older.refused()
                + self.opened.refused()
                + self.forms.refused(),
            ambiguous: self.ambiguous + openings.refused() + data.refused(),
            forms: self.forms,
        }
    }

    fn observe_data(&mut self, seen: &Shown, clue: DataClue, table: &mut ConnectionTable) {
        for other in self.data.see(*seen, table).unwrap_or_default() {
            if let Some([one, other]) = self.older.note(seen, &other, clue) {
                self.mark_opened(one, other, table);
                self.mark_opened(other, one, table);
            }
        }
    }

    /// Marks the connections of `one` whose opening was seen elsewhere: captures do not begin
    /// together.
    fn mark_opened(&mut self, one: FiveTuple, other: FiveTuple, table: &mut ConnectionTable) {
        for key in self.opened.keys(one) {
            let Some(connection) = table.get_mut(&key) else {
                continue;
            };
            let Some(client) = connection.tcp.client else {
                continue;
            };
            // What they share is the client's endpoint, or else the server's.
            let (client_end, server_end) = (key.endpoint(client), key.endpoint(client.other()));
            let there = other
                .side_of(client_end)
                .or_else(|| other.side_of(server_end).map(Side::other));
            if let Some(there) = there {
                let forms = [one.form(client), other.form(there)];
                connection.set_twin(self.forms.number(forms));
            }
        }
    }

    fn observe_opening(&mut self, seen: Shown, table: &mut ConnectionTable) {
        self.opened.note(&seen.key, table);
        let same = match self.openings.see(seen, table) {
            Some(same) => same,
            // An answer tells more of what is joined already.
            None if seen.twin != TwinId::NONE => vec![seen],
            None => return,
        };
        let opening = self.gather(same, table);
        self.mark(&opening, table);
    }

    /// Everything that is of one opening with `same`: what has an equal SYN or an equal SYN-ACK.
    fn gather(&self, same: Vec<Shown>, table: &ConnectionTable) -> Opening {
        let mut opening = Opening::default();
        opening.add(same, table);
        for syn_ack in opening.syn_acks() {
            opening.add(self.openings.find(&syn_ack, table), table);
        }
        for syn in opening.syns() {
            opening.add(self.openings.find(&syn, table), table);
        }
        opening
    }

    /// Marks the connections of one opening.
    fn mark(&mut self, opening: &Opening, table: &mut ConnectionTable) {
        let sightings = opening.sightings.iter();
        let five_tuples: BTreeSet<FiveTuple> = sightings.map(|s| (&s.key).into()).collect();
        if five_tuples.len() < 2 {
            return;
        }
        let is_one = five_tuples.len() <= MAX_FIVE_TUPLES && opening.answers.len() < 2;
        let twin = if is_one {
            self.forms
                .number(opening.sightings.iter().filter_map(form_of))
        } else {
            TwinId::NONE
        };
        let mut was_joined = false;
        for seen in &opening.sightings {
            let connection = table.get_mut(&seen.key);
            if let Some(connection) = connection.filter(|connection| is_of(seen, connection)) {
                was_joined |= connection.twin() != TwinId::NONE;
                connection.set_twin(twin);
            }
        }
        self.ambiguous += u64::from(was_joined && !is_one);
    }
}

/// The sightings of one opening, in all its forms.
#[derive(Default)]
struct Opening {
    sightings: Vec<Shown>,
    /// The initial sequence numbers with which servers answered: a translation changes none.
    answers: BTreeSet<u32>,
}

impl Opening {
    /// Adds sightings, but for those whose connection has ended since.
    fn add(&mut self, sightings: Vec<Shown>, table: &ConnectionTable) {
        for seen in sightings {
            let connection = table.get(&seen.key);
            let Some(connection) = connection.filter(|connection| is_of(&seen, connection)) else {
                continue;
            };
            let server = seen.client().map(Side::other);
            self.answers
                .extend(server.and_then(|server| connection.tcp.initial_seq(server)));
            self.sightings.push(seen);
        }
    }

    /// The SYN-ACKs that its servers must have sent.
    fn syn_acks(&self) -> Vec<Shown> {
        let Some((seen, client_seq)) = self
            .sightings
            .first()
            .and_then(|seen| Some((*seen, seen.clue.client_seq()?)))
        else {
            return Vec::new();
        };
        let answers = self.answers.iter().map(|server_seq| Clue::SynAck {
            client_seq,
            server_seq: *server_seq,
        });
        answers.map(|clue| Shown { clue, ..seen }).collect()
    }

    /// The SYNs that its clients must have sent.
    fn syns(&self) -> Vec<Shown> {
        let mut syns: Vec<Shown> = self.sightings.iter().filter_map(syn_of).collect();
        let client = |seen: &Shown| (seen.source(), seen.clue.client_seq());
        syns.sort_unstable_by_key(client);
        syns.dedup_by_key(|seen| client(seen));
        syns
    }
}

fn syn_of(seen: &Shown) -> Option<Shown> {
    let (from, seq) = (seen.client()?, seen.clue.client_seq()?);
    let client = seen.key.endpoint(from);
    Some(Shown {
        from,
        clue: Clue::Syn { client, seq },
        ..*seen
    })
}

/// Whether a connection is still the one that showed the clue.
fn is_of(seen: &Shown, connection: &Connection) -> bool {
    let client = seen.client();
    client.is_some_and(|client| connection.tcp.initial_seq(client) == seen.clue.client_seq())
}

fn form_of(seen: &Shown) -> Option<Form> {
    let client = seen.client()?;
    Some(Form {
        client: seen.key.endpoint(client).address,
        server: seen.key.endpoint(client.other()),
    })
}
