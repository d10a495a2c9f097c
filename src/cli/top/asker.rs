//! The thread that asks: the same question again and again, until there is another.
//!
//! **Time** none is told: an interval is how long it waits for another question.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use analyzer::query::view::FlowsView;
use analyzer::query::{self, Answer, Operation};
use analyzer::snapshot::Snapshot;
use anyhow::{anyhow, bail};

use crate::cli::client::Server;
use crate::cli::output::Output;
use crate::cli::parameters::{self, Pair};
use crate::cli::question::Question;
use crate::cli::{client, top};

/// Who answers.
pub(crate) enum Source {
    /// A running server.
    Server(Box<Server>),
    /// What was read of captures.
    Captures(Box<Snapshot>),
}

/// Whether a question is asked again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// At every interval.
    Running,
    /// Not before there is another one.
    Paused,
}

/// What is asked, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    /// The parameters.
    pub(crate) pairs: Vec<Pair>,
    /// How often.
    pub(crate) pace: Pace,
}

/// An answer, and to what.
pub(crate) struct Reply {
    /// The parameters.
    pub(crate) pairs: Vec<Pair>,
    /// The flows, or what is wrong.
    pub(crate) outcome: Result<FlowsView, String>,
}

/// The thread's mouth and ear.
pub(crate) struct Asker {
    questions: Sender<Asked>,
    replies: Receiver<Reply>,
}

impl Asker {
    /// Starts the thread. It ends with the process; nothing waits for an answer on its way.
    pub(crate) fn start(source: Source, interval: Duration) -> anyhow::Result<Self> {
        let (questions, asked) = mpsc::channel();
        let (answers, replies) = mpsc::channel();
        thread::Builder::new()
            .name("asker".to_owned())
            .spawn(move || ask_on(&source, interval, &asked, &answers))?;
        Ok(Self { questions, replies })
    }

    /// Asks something else from now on.
    pub(crate) fn ask(&self, asked: Asked) -> anyhow::Result<()> {
        self.questions.send(asked).map_err(|_| broken())
    }

    /// The next answer, if one came.
    pub(crate) fn reply(&self) -> anyhow::Result<Option<Reply>> {
        match self.replies.try_recv() {
            Ok(reply) => Ok(Some(reply)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(broken()),
        }
    }
}

fn broken() -> anyhow::Error {
    anyhow!("{}: the asking broke off, expected an answer", top::NAME)
}

fn ask_on(source: &Source, interval: Duration, asked: &Receiver<Asked>, answers: &Sender<Reply>) {
    let Ok(mut now) = asked.recv() else { return };
    loop {
        // Of several that came meanwhile only the last one is worth an answer.
        now = asked.try_iter().last().unwrap_or(now);
        let outcome = source.ask(&now.pairs).map_err(|error| format!("{error:#}"));
        let pairs = now.pairs.clone();
        if answers.send(Reply { pairs, outcome }).is_err() {
            return;
        }
        let Some(next) = next(source, interval, asked, now) else {
            return;
        };
        now = next;
    }
}

/// Waits for what is to be asked next; `None` at the end.
fn next(
    source: &Source,
    interval: Duration,
    asked: &Receiver<Asked>,
    mut now: Asked,
) -> Option<Asked> {
    loop {
        let newer = match (now.pace, source) {
            (Pace::Running, Source::Server(_)) => match asked.recv_timeout(interval) {
                Ok(newer) => newer,
                Err(RecvTimeoutError::Timeout) => return Some(now),
                Err(RecvTimeoutError::Disconnected) => return None,
            },
            // What was read of captures stays as it is.
            (Pace::Paused, _) | (Pace::Running, Source::Captures(_)) => asked.recv().ok()?,
        };
        if newer.pace == Pace::Running || newer.pairs != now.pairs {
            return Some(newer);
        }
        now = newer;
    }
}

impl Source {
    fn ask(&self, pairs: &[Pair]) -> anyhow::Result<FlowsView> {
        let answer = match self {
            Self::Server(server) => {
                let question = Question {
                    operation: Operation::Flows,
                    given: pairs.to_vec(),
                    asked: pairs.to_vec(),
                    output: Output::Table,
                };
                client::answer(server, &question)?
            }
            Self::Captures(snapshot) => {
                let query = parameters::query(Operation::Flows, pairs)?;
                query::run(snapshot, Operation::Flows, &query)
                    .map_err(|error| parameters::refused(&error))?
            }
        };
        let Answer::Flows(view) = answer else {
            bail!("the answer has no flows, expected those that were asked for");
        };
        Ok(view)
    }
}
