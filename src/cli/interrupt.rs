//! Ctrl-C: a pipe is answered with what was read of it.
//!
//! **Shape** Ctrl-C reaches every process of `tcpdump … | pilotfish flows -`. The first one ends
//! the reading, also where the pipe stays open and silent; the next one ends the process.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use analyzer::engine::Settings;
use analyzer::snapshot::Snapshot;
use anyhow::{anyhow, bail};
use replay::{Reading, Replay, ReplayInputs, Watch};

use crate::cli::progress::ProgressLine;

/// How often the progress is shown.
const LOOK: Duration = Duration::from_millis(100);
/// How long an interrupted pipe may take to end by itself: its writer flushes what it holds.
const GRACE: Duration = Duration::from_secs(1);
/// What a shell shows of a process that an interrupt ended.
const INTERRUPTED: i32 = 130;

const WARNING: &str = "-: interrupted before its end: the answer covers what was read until then";

/// What may come while it is read.
enum Event {
    Opened(Watch),
    Ended(anyhow::Result<Box<Reading>>),
    Interrupted,
}

/// Reads captures to their end, or until Ctrl-C.
pub(crate) fn read(inputs: &ReplayInputs, settings: Settings) -> anyhow::Result<Snapshot> {
    let (events, coming) = mpsc::channel();
    let stopping = stop_on_interrupt(events.clone())?;
    let inputs = inputs.clone();
    // A read of a silent pipe cannot be called off: the thread is left to it.
    let reader = thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || read_to_end(&inputs, settings, &events))?;
    let outcome = first_outcome(&reader, &coming);
    // From here on one interrupt is enough.
    stopping.store(true, Ordering::Relaxed);
    outcome
}

fn stop_on_interrupt(events: Sender<Event>) -> anyhow::Result<Arc<AtomicBool>> {
    let stopping = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&stopping);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) || events.send(Event::Interrupted).is_err() {
            process::exit(INTERRUPTED);
        }
    })
    .map_err(|error| anyhow!("no handler of interrupts can be set: {error}"))?;
    Ok(stopping)
}

fn read_to_end(inputs: &ReplayInputs, settings: Settings, events: &Sender<Event>) {
    let read = || -> anyhow::Result<Reading> {
        // Of a pipe this waits for the first octets, which may be the last as well.
        let (mut reading, watch) = Replay::open(inputs, settings)?.share();
        drop(events.send(Event::Opened(watch)));
        while reading.step() {}
        Ok(reading)
    };
    // Nobody waits where the answer was given already.
    drop(events.send(Event::Ended(read().map(Box::new))));
}

/// The snapshot of the end; of an interrupted read that of now, when the end does not come soon.
fn first_outcome(reader: &JoinHandle<()>, coming: &Receiver<Event>) -> anyhow::Result<Snapshot> {
    let mut progress = ProgressLine::start();
    let (mut opened, mut give_up_at) = (None, Duration::MAX);
    while progress.elapsed() < give_up_at {
        let ended = reader.is_finished();
        match coming.recv_timeout(LOOK) {
            Ok(Event::Opened(watch)) => opened = Some(watch),
            Ok(Event::Interrupted) => give_up_at = progress.elapsed() + GRACE,
            Ok(Event::Ended(outcome)) => {
                progress.clear();
                // Who watches no more spares the reading a copy.
                drop(opened);
                return outcome.map(|reading| reading.finish());
            }
            Err(_) if ended => bail!("-: the reading broke off, expected an answer"),
            Err(_) => {}
        }
        if let Some(watch) = &opened {
            progress.show(&watch.progress(), watch.frames());
        }
    }
    progress.clear();
    opened
        .as_ref()
        .map(now)
        .ok_or_else(|| anyhow!("-: interrupted before a capture came, expected pcap or pcapng"))
}

fn now(watch: &Watch) -> Snapshot {
    let mut snapshot = watch.snapshot();
    snapshot.provenance.warnings.push(WARNING.to_owned());
    snapshot
}
