//! Reading again: files with secrets, while the server runs.
//!
//! **Shape** what a file holds is compared, not when it was written, so that a replaced file counts
//! however it was replaced. A file that cannot be used is said once, and looked at again.

use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::options::Options;

/// How often files are read.
const LOOK: Duration = Duration::from_secs(1);

/// Reads the files of `options` again, for ever.
pub(crate) async fn reload(options: Options) {
    if options.token.is_none() && options.tls.is_none() {
        return;
    }
    let mut said = [String::new(), String::new()];
    loop {
        sleep(LOOK).await;
        let (token, tls) = (options.token.clone(), options.tls.clone());
        let read = move || {
            [
                token.map(|file| outcome(file.read_again(), "token")),
                tls.map(|files| outcome(files.read_again(), "certificate")),
            ]
        };
        let Ok(outcomes) = spawn_blocking(read).await else {
            continue;
        };
        for (said, outcome) in said.iter_mut().zip(outcomes) {
            say(said, outcome.unwrap_or(Outcome::Same));
        }
    }
}

enum Outcome {
    Same,
    New(&'static str),
    Wrong(String),
}

fn outcome<E: ToString>(read: Result<bool, E>, what: &'static str) -> Outcome {
    match read {
        Ok(true) => Outcome::New(what),
        Ok(false) => Outcome::Same,
        Err(error) => Outcome::Wrong(format!("{what} kept as it was: {}", error.to_string())),
    }
}

fn say(said: &mut String, outcome: Outcome) {
    match outcome {
        Outcome::Same => said.clear(),
        Outcome::New(what) => {
            said.clear();
            tracing::info!(target: "pilotfish", "another {what} from now on");
        }
        Outcome::Wrong(error) => {
            if *said != error {
                tracing::warn!(target: "pilotfish", "{error}");
                *said = error;
            }
        }
    }
}
