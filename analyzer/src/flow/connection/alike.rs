//! Which records, at several hops or in several forms, are of one connection.
//!
//! In: the records of one conversation. Out: the same in sets, one a connection.
//! **Shape** one sweep over time. The records of one hop are of different connections, in the order
//! in which these began; equal sequence numbers tell, and else that both were seen at one time.

use std::collections::BTreeMap;

use crate::connection::ConnectionKey;
use crate::connection::record::ConnectionRecord;
use crate::endpoint::Endpoint;
use crate::time::{NANOS_PER_SECOND, Timestamp};

/// How far apart in time two hops may see one connection.
const SLACK: u64 = NANOS_PER_SECOND;

/// As many connections that were open at the same time are compared with a record.
const COMPARED: usize = 64;

/// The records of one connection, in order of their first packets.
pub(super) struct Alike<'r> {
    /// At least one.
    pub(super) records: Vec<&'r ConnectionRecord>,
    last: Timestamp,
    forms: Vec<Form>,
}

/// What all records of one five-tuple share.
struct Form {
    ends: (Endpoint, Endpoint),
    era: Timestamp,
    client_seq: Option<u32>,
}

/// Parts the records of one conversation by connection.
pub(super) fn part(mut records: Vec<&ConnectionRecord>) -> Vec<Alike<'_>> {
    records.sort_by_key(|record| (record.first(), record.key));
    let mut sweep = Sweep::default();
    for record in records {
        sweep.add(record);
    }
    sweep.found
}

#[derive(Default)]
struct Sweep<'r> {
    found: Vec<Alike<'r>>,
    /// Those before it are over.
    open: usize,
    /// Where each hop and form goes on: past the connection that it showed last.
    next: BTreeMap<ConnectionKey, usize>,
    /// The last connection that began with a sequence number.
    by_seq: BTreeMap<u32, usize>,
}

impl<'r> Sweep<'r> {
    fn add(&mut self, record: &'r ConnectionRecord) {
        while self.found.get(self.open).is_some_and(|f| f.is_over(record)) {
            self.open += 1;
        }
        let next = self.next.get(&record.key).copied().unwrap_or_default();
        let place = self.place_of(record, next.max(self.open));
        match place.and_then(|place| self.found.get_mut(place)) {
            Some(known) => known.add(record),
            None => {
                let mut new = Alike {
                    records: Vec::new(),
                    last: record.last(),
                    forms: Vec::new(),
                };
                new.add(record);
                self.found.push(new);
            }
        }
        let place = place.unwrap_or(self.found.len() - 1);
        self.next.insert(record.key, next.max(place + 1));
        if let Some(seq) = record.client_seq {
            self.by_seq.insert(seq, place);
        }
    }

    /// The connection of a record among those from `start` on.
    fn place_of(&self, record: &ConnectionRecord, start: usize) -> Option<usize> {
        let by_seq = record.client_seq.and_then(|seq| self.by_seq.get(&seq));
        let known = by_seq.filter(|place| **place >= start);
        let candidates = self.found.iter().enumerate().skip(start).take(COMPARED);
        let near = || candidates.map(|(place, _)| place);
        known
            .copied()
            .into_iter()
            .chain(near())
            .find(|place| self.found.get(*place).is_some_and(|f| f.takes(record)))
    }
}

impl<'r> Alike<'r> {
    fn add(&mut self, record: &'r ConnectionRecord) {
        self.records.push(record);
        self.last = self.last.max(record.last());
        let ends = ends(record);
        match self.forms.iter_mut().find(|form| form.ends == ends) {
            Some(form) => form.client_seq = form.client_seq.or(record.client_seq),
            None => self.forms.push(Form {
                ends,
                era: record.era,
                client_seq: record.client_seq,
            }),
        }
    }

    /// Whether it ended too long before a record, and so before all that come after it.
    fn is_over(&self, record: &ConnectionRecord) -> bool {
        record.first().nanos_since(self.last) > SLACK
    }

    /// Whether a record that begins no earlier may be of it.
    fn takes(&self, record: &ConnectionRecord) -> bool {
        let is_other = |form: &Form| {
            let seqs = form.client_seq.zip(record.client_seq);
            form.era != record.era || seqs.is_some_and(|(known, seq)| known != seq)
        };
        let mut same = self.forms.iter().filter(|form| form.ends == ends(record));
        !self.is_over(record) && !same.any(is_other)
    }
}

fn ends(record: &ConnectionRecord) -> (Endpoint, Endpoint) {
    (record.key.low, record.key.high)
}
