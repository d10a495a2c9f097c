//! Parameters as text to a [`Query`].
//!
//! **Errors** one sentence: parameter, value, what was expected. An unknown parameter, a wrong
//! value and a parameter given twice are errors; nothing is ignored.

use std::collections::BTreeSet;

use crate::query::diff::span::Span;
use crate::query::filter::EndFilter;
use crate::query::operation::Defaults;
use crate::query::parameter::is_known;
use crate::query::suggest::unknown;
use crate::query::value::{
    DIRECTIONS, FORMS, LEVELS, bounded, choice, duration, format, glob, kind, limit, name, network,
    number, percent, port, positive, presence, protocol, qualified, sort, state, terms, time,
};
use crate::query::{Operation, Query};

/// What is wrong with a parameter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{parameter}: {problem}")]
pub struct QueryError {
    /// Which parameter.
    pub parameter: String,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// How many rows may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowLimit {
    /// At most [`crate::query::Page::LIMIT_MAX`], as over HTTP.
    Bounded,
    /// Any number, or `all`.
    Unbounded,
}

impl Query {
    /// Reads the parameters of `operation`.
    ///
    /// # Errors
    /// The first parameter that is unknown, wrong or given twice.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        operation: Operation,
        pairs: impl IntoIterator<Item = (N, V)>,
        rows: RowLimit,
    ) -> Result<Self, QueryError> {
        let mut query = Self::default_of(operation);
        let mut given = BTreeSet::new();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            let error = |problem| QueryError {
                parameter: bounded(name),
                problem,
            };
            if !is_known(operation, name) {
                return Err(error(unknown(operation, name)));
            }
            if !given.insert(name.to_owned()) {
                return Err(error(
                    "given twice, expected once; separate alternatives by commas".to_owned(),
                ));
            }
            query.set(operation, name, value, rows).map_err(error)?;
        }
        query.check_window()?;
        query.check_reach(&given)?;
        Ok(query)
    }

    /// The query that an operation without parameters means.
    #[must_use]
    pub fn default_of(operation: Operation) -> Self {
        let Defaults { format, level } = operation.facts().defaults;
        Self {
            level,
            format,
            ..Self::default()
        }
    }

    fn set(
        &mut self,
        operation: Operation,
        parameter: &str,
        value: &str,
        rows: RowLimit,
    ) -> Result<(), String> {
        match parameter {
            "l4proto" => self.filter.protocol = terms(value, protocol)?,
            "port" => self.filter.port = terms(value, port)?,
            "client_port" => self.filter.client_port = terms(value, port)?,
            "state" if operation == Operation::Workloads => self.presence = presence(value)?,
            "state" => self.filter.state = terms(value, state)?,
            "across" => self.filter.across = Some(choice(value, &LEVELS)?),
            "rtt_min" => {
                let micros = duration(value)?.as_nanos().div_ceil(1_000);
                self.filter.rtt_min_us = Some(u64::try_from(micros).unwrap_or(u64::MAX));
            }
            "start" => self.window.start = Some(time(value)?),
            "end" => self.window.end = Some(time(value)?),
            "window" => self.window.length = Some(positive(duration(value)?)?),
            "aggregate" => self.aggregate = Some(choice(value, &LEVELS)?),
            "level" => self.level = choice(value, &LEVELS)?,
            "of" => self.reach.of = Some(name(value)?),
            "direction" => self.reach.direction = choice(value, &DIRECTIONS)?,
            "a_window" => self.comparison.a = Some(Span::parse(value)?),
            "b_window" => self.comparison.b = Some(Span::parse(value)?),
            "volume" => self.comparison.thresholds.volume = percent(value)?,
            "rate" => self.comparison.thresholds.rate = percent(value)?,
            "handshake" => self.comparison.thresholds.handshake = percent(value)?,
            "failures" => self.comparison.thresholds.failures = percent(value)?,
            "depth" => self.reach.depth = Some(number(value, 1, usize::MAX)?),
            "sort" => self.sort = sort(value, operation)?,
            "limit" => self.page.limit = limit(value, rows)?,
            "offset" => self.page.offset = number(value, 0, usize::MAX)?,
            "format" if operation == Operation::Dependencies => {
                self.form = choice(value, &FORMS)?;
            }
            "format" => self.format = format(value)?,
            _ => self.set_end_filter(parameter, value)?,
        }
        Ok(())
    }

    fn set_end_filter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (filter, name) = if let Some(name) = name.strip_prefix("client_") {
            (&mut self.filter.client, name)
        } else if let Some(name) = name.strip_prefix("server_") {
            (&mut self.filter.server, name)
        } else {
            (&mut self.filter.any, name)
        };
        filter.set(name, value)
    }

    /// A way to go needs somewhere to begin.
    fn check_reach(&self, given: &BTreeSet<String>) -> Result<(), QueryError> {
        let without = ["direction", "depth"]
            .into_iter()
            .find(|name| self.reach.of.is_none() && given.contains(*name));
        match without {
            Some(parameter) => Err(QueryError {
                parameter: parameter.to_owned(),
                problem: "given without of, expected of as well, such as of=shop/cart".to_owned(),
            }),
            None => Ok(()),
        }
    }

    fn check_window(&self) -> Result<(), QueryError> {
        let wrong = |parameter: &str, problem: &str| {
            Err(QueryError {
                parameter: parameter.to_owned(),
                problem: problem.to_owned(),
            })
        };
        match (self.window.start, self.window.end, self.window.length) {
            (Some(_), Some(_), Some(_)) => wrong(
                "window",
                "start and end are given already, expected at most one of them",
            ),
            (Some(start), Some(end), None) if start >= end => {
                wrong("end", "not after start, expected a later time")
            }
            _ => Ok(()),
        }
    }
}

impl EndFilter {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "ip" => self.ip = terms(value, network)?,
            "ns" => self.ns = terms(value, glob)?,
            "pod" => self.pod = terms(value, qualified)?,
            "svc" => self.svc = terms(value, qualified)?,
            "node" => self.node = terms(value, glob)?,
            // Names are kept in lower case: their case means nothing (RFC 4343).
            "dns" => self.dns = terms(&value.to_ascii_lowercase(), glob)?,
            "kind" => self.kind = terms(value, kind)?,
            _ => return Err("unknown parameter".to_owned()),
        }
        Ok(())
    }
}
