//! Joins: the legs of a connection before and after a translation are one flow.
//!
//! In: legs, the twins that were found, and the cluster's directory. Out: for each set of forms how
//! it is one flow, if it is; legs that keep both ports are told which set is theirs.
//! **Errors** a join that could be several is not made, and counted.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster::{Call, Directory};
use crate::connection::TwinId;
use crate::endpoint::{Endpoint, Side};
use crate::flow::build::first_packets;
use crate::flow::join::decide::{Joined, Passed, decide};
use crate::keyed::Keyed;
use crate::leg::{Ends, Leg, LegKey};
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::translation::Twins;
use crate::translation::form::{Form, FormSets};

pub mod decide;

mod datagrams;
mod older;

/// How many joins were made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct JoinCounts {
    /// Services' addresses, each with a client and a backend, whose two sides are one flow.
    pub made: u64,
    /// Those that could be several, and connections that could be one with several others.
    pub refused: u64,
}

/// Where a form of a connection was seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// As the client sent it: what was counted there is the client's.
    Before,
    /// Between two translations: the client's, where nothing was seen before.
    Midway,
    /// As the server received it.
    After,
}

/// The joins of a snapshot.
#[derive(Debug, Default)]
pub struct Joins {
    made: HashMap<(Protocol, TwinId), Joined, FixedState>,
    /// How many.
    pub counts: JoinCounts,
}

impl Joins {
    /// Decides the joins of all legs, and tells those that keep both ports.
    #[must_use]
    pub fn find(
        legs: &mut Vec<(LegKey, Leg)>,
        twins: Twins,
        (directory, hashes): (&Directory, Keyed),
    ) -> Self {
        let Twins {
            mut forms,
            older,
            ambiguous,
            ..
        } = twins;
        let mut refused = ambiguous;
        refused += older::mark(legs, &older, &mut forms, directory);
        refused += datagrams::mark(legs, &mut forms, (directory, hashes));
        let mut joins = Self::default();
        for ((protocol, twin), firsts) in first_of_forms(legs, &forms) {
            let passed: Vec<Passed> = firsts
                .into_iter()
                .map(|(form, first)| Passed { form, first })
                .collect();
            match decide(protocol, &passed, directory) {
                Some(joined) => {
                    joins.made.insert((protocol, twin), joined);
                }
                None => refused += 1,
            }
        }
        let made = joins.made.len() as u64;
        joins.counts = JoinCounts { made, refused };
        joins
    }

    /// The calls of services that were seen on both sides.
    pub fn calls(&self) -> impl Iterator<Item = Call> {
        self.made.iter().filter_map(|((protocol, _), joined)| {
            Some(Call {
                protocol: *protocol,
                service: joined.service?,
                backend: joined.last.server,
            })
        })
    }

    /// How a leg is one flow with others, if it is.
    #[must_use]
    pub fn of(&self, key: &LegKey) -> Option<&Joined> {
        self.get(key.protocol, key.twin)
    }

    /// How a set of forms is one flow, if it is.
    #[must_use]
    pub fn get(&self, protocol: Protocol, twin: TwinId) -> Option<&Joined> {
        if twin == TwinId::NONE {
            return None;
        }
        self.made.get(&(protocol, twin))
    }
}

impl Joined {
    /// Which side of a leg that keeps both ports is the client.
    #[must_use]
    pub fn client_of(&self, low: Endpoint, high: Endpoint) -> Side {
        let is_server = |endpoint: Endpoint| {
            let servers = [
                Some(self.first.server),
                Some(self.last.server),
                self.service,
            ];
            servers.contains(&Some(endpoint))
        };
        if is_server(low) && !is_server(high) {
            Side::High
        } else {
            Side::Low
        }
    }

    /// On which side of the translation a form is.
    #[must_use]
    pub fn stage(&self, form: Form) -> Stage {
        if form == self.last {
            Stage::After
        } else if form == self.first {
            Stage::Before
        } else {
            Stage::Midway
        }
    }

    /// The client's address and the server's endpoint of the flow.
    #[must_use]
    pub const fn ends(&self) -> (IpAddr, Endpoint) {
        (self.first.client, self.last.server)
    }
}

/// When each form of the sets that legs refer to was first seen.
fn first_of_forms(
    legs: &[(LegKey, Leg)],
    forms: &FormSets,
) -> BTreeMap<(Protocol, TwinId), BTreeMap<Form, Timestamp>> {
    let mut sets: BTreeMap<_, BTreeMap<Form, Timestamp>> = BTreeMap::new();
    for (key, leg) in legs.iter().filter(|(key, _)| key.twin != TwinId::NONE) {
        let Some(known) = forms.get(key.twin) else {
            continue;
        };
        let set = sets.entry((key.protocol, key.twin)).or_insert_with(|| {
            let unseen = known.iter().map(|form| (*form, Timestamp::MAX));
            unseen.collect()
        });
        let (forward, backward) = first_packets(leg);
        let first = forward.min(backward);
        for form in forms_of(key.ends) {
            if let Some(known) = set.get_mut(&form) {
                *known = first.min(*known);
            }
        }
    }
    sets
}

/// The forms that a leg may be.
fn forms_of(ends: Ends) -> impl Iterator<Item = Form> {
    let form = |client, server| Form { client, server };
    let (one, other) = match ends {
        Ends::Roles { client, server } => (form(client, server), None),
        Ends::Ports { low, high } => (form(low.address, high), Some(form(high.address, low))),
    };
    [one].into_iter().chain(other)
}
