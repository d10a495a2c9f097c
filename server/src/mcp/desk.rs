//! The desk: who answers the calls of tools.

use std::sync::Arc;
use std::time::Duration;

use analyzer::query::Operation;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::answer::Answers;
use crate::mcp::arguments::Asked;
use crate::mcp::call::{call, call_at_hand};
use crate::mcp::lesson::Lesson;
use crate::mcp::written::Written;
use crate::requests::Call;
use crate::source::Readiness;

/// Another server, which answers for this one.
pub trait Elsewhere: Send + Sync + 'static {
    /// Calls a tool there. It is called on a thread that may block.
    ///
    /// # Errors
    /// The object that it refused with, or one whose `error` says why it did not answer.
    fn call(&self, tool: &str, arguments: &Map<String, Value>)
    -> Result<Value, Map<String, Value>>;
}

/// Who answers the calls of tools.
#[derive(Clone)]
pub(crate) enum Desk {
    /// Snapshots of this process, and how long a call waits until they cover everything.
    Here(Answers, Duration),
    /// Another server.
    Elsewhere(Arc<dyn Elsewhere>),
}

/// How often it is looked whether everything was read.
const LOOK: Duration = Duration::from_millis(20);

impl Desk {
    /// Calls the tool of an operation.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        arguments: Map<String, Value>,
    ) -> Result<Written, Lesson> {
        let call = Call::begin(operation, &arguments);
        let outcome = self.answer(operation, arguments).await;
        call.end(outcome.as_ref().ok().map(Written::rows));
        outcome
    }

    async fn answer(
        &self,
        operation: Operation,
        arguments: Map<String, Value>,
    ) -> Result<Written, Lesson> {
        match self {
            Self::Here(answers, patience) => {
                let asked = Asked::parse(operation, &arguments)?;
                wait(answers, *patience).await;
                answers
                    .ask(asked, call_at_hand, call)
                    .await
                    .map_err(|refusal| Lesson::new(&refusal.error))?
            }
            Self::Elsewhere(server) => {
                let server = Arc::clone(server);
                let tool = operation.facts().tool;
                spawn_blocking(move || server.call(tool, &arguments))
                    .await
                    .map_err(|_| Lesson::new("the call broke off: a defect of pilotfish"))?
                    .map(Written::from)
                    .map_err(Lesson::from_object)
            }
        }
    }
}

/// Waits until everything was read, but not for ever: what was read so far is an answer too.
async fn wait(answers: &Answers, patience: Duration) {
    let mut waited = Duration::ZERO;
    while waited < patience && matches!(answers.source.readiness(), Readiness::Reading(_)) {
        sleep(LOOK).await;
        waited += LOOK;
    }
}
