//! Progress of a long read, on the terminal: how much, how fast, how long still.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use replay::captures::Progress;

use crate::cli::units;

/// Frames between two looks at the progress.
pub(crate) const FRAMES: usize = 1 << 18;
/// What is over sooner shows nothing.
const LONG: Duration = Duration::from_millis(500);
/// How often it is drawn, per second.
const HERTZ: u8 = 10;

const OF_TOTAL: &str = "reading [{bar:24}] {decimal_bytes} of {decimal_total_bytes}, \
                        {decimal_bytes_per_sec}, {eta} left";
const OF_PIPE: &str = "reading {decimal_bytes}, {decimal_bytes_per_sec}, {msg} frames";

/// The line that says how far a read is. It draws on standard error, if that is a terminal.
pub(crate) struct ProgressLine {
    bar: ProgressBar,
    shown: Shown,
}

#[derive(PartialEq, Eq)]
enum Shown {
    NotYet,
    Yes,
}

impl ProgressLine {
    /// Nothing is shown yet.
    pub(crate) fn start() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            shown: Shown::NotYet,
        }
    }

    /// How long it has been going on.
    pub(crate) fn elapsed(&self) -> Duration {
        self.bar.elapsed()
    }

    /// Shows how far it is, once it takes long.
    pub(crate) fn show(&mut self, progress: &Progress, frames: u64) {
        if self.shown == Shown::NotYet && self.bar.elapsed() < LONG {
            return;
        }
        self.bar.set_message(units::count(frames));
        self.bar.set_position(progress.bytes_read);
        if self.shown == Shown::NotYet {
            self.appear(progress.bytes_total);
        }
    }

    /// Takes it off the terminal.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn appear(&mut self, total: Option<u64>) {
        let template = if total.is_some() { OF_TOTAL } else { OF_PIPE };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar
            .set_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ));
        self.shown = Shown::Yes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_templates_are_sound() {
        for template in [OF_TOTAL, OF_PIPE] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
