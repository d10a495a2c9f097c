//! What the rows of an answer are: the finest of what fits is shown.

use analyzer::query::{Level, Operation, Query};

use crate::mcp::arguments::Asked;

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Grain {
    /// As it comes: a flow, a connection, or what the operation has instead of rows.
    Single,
    /// All that is one at a level.
    At(Level),
}

const LEVELS: [(&str, Grain); 6] = [
    ("single", Grain::Single),
    ("pod", Grain::At(Level::Pod)),
    ("workload", Grain::At(Level::Workload)),
    ("service", Grain::At(Level::Service)),
    ("namespace", Grain::At(Level::Namespace)),
    ("node", Grain::At(Level::Node)),
];

impl Grain {
    /// Its name in answers and cursors.
    pub(super) fn name(self) -> &'static str {
        let known = LEVELS.iter().find(|(_, grain)| *grain == self);
        known.map_or("single", |(name, _)| name)
    }

    /// The grain with a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = LEVELS.iter().find(|(known, _)| *known == name);
        known.map(|(_, grain)| *grain)
    }

    /// From the finest to the coarsest of what a call may be answered with. One that was asked
    /// for, or that a cursor goes on with, is the only one.
    pub(super) fn ladder(asked: &Asked) -> Vec<Self> {
        if let Some(cursor) = asked.cursor {
            return vec![cursor.grain];
        }
        let query = &asked.query;
        match asked.operation {
            Operation::Flows => match query.aggregate {
                Some(level) => vec![Self::At(level)],
                None => [Self::Single]
                    .into_iter()
                    .chain(coarser(Level::Pod))
                    .collect(),
            },
            Operation::Workloads | Operation::Dependencies | Operation::Diff
                if asked.has("level") =>
            {
                vec![Self::At(query.level)]
            }
            // Who was asked about is somebody at this level, and nobody at a coarser one.
            Operation::Dependencies if query.reach.of.is_some() => vec![Self::At(query.level)],
            Operation::Workloads | Operation::Dependencies | Operation::Diff => {
                coarser(query.level).collect()
            }
            Operation::Connections | Operation::Summary => vec![Self::Single],
        }
    }

    /// The query with rows of this grain.
    pub(super) fn query(self, operation: Operation, query: &Query) -> Query {
        let mut query = query.clone();
        match (self, operation) {
            (Self::Single, Operation::Flows) => query.aggregate = None,
            (Self::At(level), Operation::Flows) => query.aggregate = Some(level),
            (Self::At(level), Operation::Workloads | Operation::Dependencies | Operation::Diff) => {
                query.level = level;
            }
            (_, _) => {}
        }
        query
    }

    /// Rows of this grain, in a word.
    pub(super) fn rows(self, operation: Operation) -> &'static str {
        match (self, operation) {
            (Self::Single, Operation::Flows) => "flows",
            (Self::Single, Operation::Connections) => "connections",
            (Self::At(Level::Pod), Operation::Dependencies | Operation::Diff) => "edges of pods",
            (Self::At(Level::Workload), Operation::Dependencies | Operation::Diff) => {
                "edges of workloads"
            }
            (Self::At(Level::Service), Operation::Dependencies | Operation::Diff) => {
                "edges of services"
            }
            (Self::At(Level::Namespace), Operation::Dependencies | Operation::Diff) => {
                "edges of namespaces"
            }
            (Self::At(Level::Node), Operation::Dependencies | Operation::Diff) => "edges of nodes",
            (Self::Single, Operation::Dependencies | Operation::Diff) => "edges",
            (Self::At(Level::Pod), _) => "rows of pods",
            (Self::At(Level::Workload), _) => "rows of workloads",
            (Self::At(Level::Service), _) => "rows of services",
            (Self::At(Level::Namespace), _) => "rows of namespaces",
            (Self::At(Level::Node), _) => "rows of nodes",
            (Self::Single, Operation::Summary | Operation::Workloads) => "rows",
        }
    }
}

/// The levels that hold each other, from `finest` on.
fn coarser(finest: Level) -> impl Iterator<Item = Grain> {
    [Level::Pod, Level::Workload, Level::Namespace]
        .into_iter()
        .skip_while(move |level| *level != finest)
        .map(Grain::At)
}
