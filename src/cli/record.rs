//! `pilotfish record`: what passes this node and what its cluster tells, as a scenario folder.
//!
//! **Shape** as `pilotfish live`, with a folder in the place of a server: what is opened is opened
//! first, then privileges are given up, then it is captured until the time is over or somebody ends
//! it. The folder can be replayed from the first second on.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use ::live::confine::confine;
use ::live::filter::PacketFilter;
use ::live::recorder::{Recording, RecordingWatch};
use ::live::session::Ended;
use analyzer::query::window::Window;
use anyhow::anyhow;
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command, ValueHint};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::capturing::{self, RecordTo};
use crate::cli::output::{coverage_line, say_note, say_warnings};
use crate::cli::{quantity, units};

/// Its name on the command line.
pub(crate) const NAME: &str = "record";

const OUTPUT: &str = "output";
const DURATION: &str = "duration";
const FILTER: &str = "filter";
const MAX_SIZE: &str = "max-size";
const HEADING: &str = "What is recorded";

/// How often it is looked whether the recording failed, and the progress is drawn.
const LOOK: Duration = Duration::from_millis(200);
/// The smallest file that is worth having: above it an interface is described in every file.
const LEAST_SIZE: u64 = 64 << 10;

const EXAMPLES: &str = "\
Examples:
  pilotfish record -o incident --duration 60s      a minute of this node
  pilotfish record -o incident --max-size 100M     files of 100 MB, until Ctrl-C
  pilotfish record -o dns --filter 'port 53'       only DNS, of both ends and directions
  pilotfish record -o db --filter 'tcp port 5432 and not host 10.0.0.7'
  pilotfish flows incident                         its flows, here or on any machine
  pilotfish replay incident                        served, as the node would have

The folder has the frames up to their headers (pcapng), the cluster's objects and how they changed
(cluster.jsonl), and whose the interfaces are (scenario.yaml). Ctrl-C ends it whole; what a killed
recording has written can be replayed too.

A filter is written as for tcpdump, of these words: host ADDRESS, net RANGE, port NUMBER, portrange
FIRST-LAST, tcp, udp, ip, ip6, with and, or, not and parentheses. It looks at the packet that is
counted, within tunnels, and at both its ends: a conversation is recorded in both directions or not
at all. Addresses and ports are compared as they are on the wire: a service's are gone where they
were translated. A filter that only one side of a translation passes leaves the other out, which
may look like loss; name both (`tcp port 80 or tcp port 8080`).
What is left out is counted, by the recording and by its replay.";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Record this node's traffic and its cluster, for replay")
        .args(args())
        .args(capturing::args())
        .after_help(EXAMPLES)
}

fn args() -> [Arg; 4] {
    [
        Arg::new(OUTPUT)
            .short('o')
            .long(OUTPUT)
            .value_name("FOLDER")
            .required(true)
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::DirPath)
            .help_heading(HEADING)
            .help("where to: a new folder, or an empty one"),
        Arg::new(DURATION)
            .long(DURATION)
            .value_name("DURATION")
            .value_parser(quantity::duration)
            .help_heading(HEADING)
            .help("how long, such as 60s [default: until Ctrl-C]"),
        Arg::new(FILTER)
            .long(FILTER)
            .value_name("EXPRESSION")
            .value_parser(PacketFilter::parse)
            .help_heading(HEADING)
            .help("only packets of which this holds, such as 'tcp port 443 and net 10.0.0.0/8'"),
        Arg::new(MAX_SIZE)
            .long(MAX_SIZE)
            .value_name("OCTETS")
            .value_parser(file_size)
            .help_heading(HEADING)
            .help("size at which another file is begun, such as 100M [default: one file]"),
    ]
}

fn file_size(text: &str) -> Result<u64, String> {
    match quantity::octets(text)? {
        octets if octets < LEAST_SIZE => {
            Err(format!("{octets} is too small, expected 64Ki or more"))
        }
        octets => Ok(octets),
    }
}

/// Records until the time is over, somebody ends it, or it can not go on.
pub(crate) fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let folder = matches.get_one::<PathBuf>(OUTPUT).cloned();
    let to = RecordTo {
        folder: folder.unwrap_or_default(),
        max_file_octets: matches.get_one::<u64>(MAX_SIZE).copied(),
        filter: matches.get_one::<PacketFilter>(FILTER).cloned(),
    };
    let (capturing, recording) = capturing::record(matches, &to)?;
    for note in &capturing.notes {
        say_note(note)?;
    }
    let held = confine(&capturing.needs)?;
    say_note(&format!("confined: {held}"))?;
    let (end, ended) = mpsc::channel();
    let interrupted = end.clone();
    // Nobody waits where it has ended already.
    let interrupt = move || {
        let _ = interrupted.send(());
    };
    ctrlc::set_handler(interrupt)
        .map_err(|error| anyhow!("no handler of signals can be set: {error}"))?;
    let give_up = move || {
        let _ = end.send(());
    };
    let (_, running) = capturing.session.start(give_up)?;
    wait(
        &ended,
        matches.get_one::<Duration>(DURATION).copied(),
        &recording,
    );
    let Ended {
        snapshot,
        recorded,
        failure,
    } = running.stop()?;
    let coverage = snapshot.coverage_view(&Window::default());
    say_warnings(&coverage)?;
    say_note(&coverage_line(&coverage))?;
    let recorded = recorded.ok_or_else(|| anyhow!("nothing was recorded"))??;
    say_note(&summary(&to.folder, recorded))?;
    Ok(failure.map_or(Ok(()), Err)?)
}

/// Waits until it is to end, and shows on a terminal how far it is.
fn wait(ended: &Receiver<()>, duration: Option<Duration>, recording: &RecordingWatch) {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("recording {elapsed}: {msg}") {
        line.set_style(style);
    }
    let left = |elapsed| duration.map_or(LOOK, |whole| whole.saturating_sub(elapsed).min(LOOK));
    while let Some(recording) = recording.look() {
        let wait = left(line.elapsed());
        if wait.is_zero() || ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        line.set_message(progress(recording));
        line.tick();
    }
    line.finish_and_clear();
}

fn progress(recording: Recording) -> String {
    let frames = units::counted(recording.frames, "frame");
    format!("{frames}, {}", units::bytes(recording.octets))
}

/// What there is now, and what to do with it.
fn summary(folder: &Path, recording: Recording) -> String {
    let Recording {
        frames,
        changes,
        files,
        octets,
    } = recording;
    format!(
        "recorded {}, {} of the cluster: {} in {}; try: pilotfish flows {}",
        units::counted(frames, "frame"),
        units::counted(changes, "change"),
        units::bytes(octets),
        units::counted(files, "file"),
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_there_is_and_what_to_do_with_it() {
        let recording = Recording {
            frames: 12_345,
            changes: 1,
            files: 2,
            octets: 1_234_567,
        };
        assert_eq!(
            summary(Path::new("incident"), recording),
            "recorded 12,345 frames, 1 change of the cluster: 1.2 MB in 2 files; try: pilotfish \
             flows incident"
        );
        assert_eq!(progress(recording), "12,345 frames, 1.2 MB");
    }

    #[test]
    fn a_file_has_room_for_something() {
        assert_eq!(file_size("64Ki"), Ok(65_536));
        assert!(file_size("1k").is_err());
    }
}
