//! The log: lines on standard error, of requests and of troubles.
//!
//! **Shape** a thread writes; whoever logs only hands a line over, so a reader of standard error
//! that stands still stops nothing. What finds no room is left out, and said.

use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use thiserror::Error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Whose events are logged unless others are asked for.
pub(crate) const TARGET: &str = "pilotfish";

/// Lines that wait to be written.
const WAITING: usize = 1024;

/// The form of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogForm {
    /// For people.
    Text,
    /// An object of JSON.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    form: LogForm,
    which: Targets,
}

/// A text that does not say what is to be logged.
#[derive(Debug, Error)]
#[error(
    "`{0}` is no choice of what is logged, expected a level (error, warn, info, debug, trace, off) \
     or targets with levels, such as warn,pilotfish=info"
)]
pub struct LogError(String);

impl Log {
    /// Requests and troubles of this server, or troubles alone.
    #[must_use]
    pub fn new(form: LogForm, level: LogLevel) -> Self {
        let level = match level {
            LogLevel::Requests => LevelFilter::INFO,
            LogLevel::Troubles => LevelFilter::WARN,
        };
        let which = Targets::new().with_target(TARGET, level);
        Self { form, which }
    }

    /// What a text as that of `RUST_LOG` says.
    ///
    /// # Errors
    /// It says nothing.
    pub fn parse(form: LogForm, which: &str) -> Result<Self, LogError> {
        let which = Targets::from_str(which).map_err(|_| LogError(which.to_owned()))?;
        Ok(Self { form, which })
    }

    /// Logs from now on, for the whole process; whoever is first decides how.
    pub(crate) fn start(self) -> io::Result<()> {
        let lines = Lines::start()?;
        let (text, json) = match self.form {
            LogForm::Text => (Some(fmt::layer().with_ansi(false).with_writer(lines)), None),
            LogForm::Json => {
                let json = fmt::layer().json().flatten_event(true);
                (None, Some(json.with_current_span(false).with_writer(lines)))
            }
        };
        let layers = text.with_filter(self.which.clone());
        let others = json.with_filter(self.which);
        // A second server of one process logs where the first does.
        let _ = tracing_subscriber::registry()
            .with(layers)
            .with(others)
            .try_init();
        Ok(())
    }
}

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLevel {
    /// Every request.
    Requests,
    /// What goes wrong.
    Troubles,
}

/// Where lines are handed over.
#[derive(Clone)]
struct Lines {
    lines: SyncSender<Vec<u8>>,
    left_out: Arc<AtomicU64>,
}

impl Lines {
    fn start() -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let left_out = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&left_out);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&waiting, &count, &mut io::stderr()))?;
        Ok(Self { lines, left_out })
    }
}

/// Writes lines until nobody hands one over any more, or nobody reads them.
fn write(lines: &Receiver<Vec<u8>>, left_out: &AtomicU64, out: &mut impl Write) {
    for line in lines {
        let missing = left_out.swap(0, Ordering::Relaxed);
        if missing > 0 && writeln!(out, "pilotfish: {missing} lines of the log left out").is_err() {
            return;
        }
        if out.write_all(&line).is_err() {
            return;
        }
    }
}

impl Write for Lines {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(line.to_vec()).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_left_out_and_said() {
        let (lines, waiting) = sync_channel(2);
        let left_out = Arc::new(AtomicU64::new(0));
        let mut log = Lines {
            lines,
            left_out: Arc::clone(&left_out),
        };
        for number in 0..5 {
            writeln!(log, "{number}").unwrap();
        }
        drop(log);
        let mut out = Vec::new();
        write(&waiting, &left_out, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("pilotfish: "), "{text}");
        assert!(text.contains("lines of the log left out\n0"), "{text}");
    }

    #[test]
    fn what_is_logged_can_be_chosen() {
        for right in ["info", "warn,pilotfish=debug", "off"] {
            assert!(Log::parse(LogForm::Text, right).is_ok(), "{right}");
        }
        let error = Log::parse(LogForm::Json, "pilotfish=loud").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`pilotfish=loud` is no choice")
        );
    }
}
