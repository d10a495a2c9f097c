//! A pace: when the next batch is due.
//!
//! **Units** packets a second. **Errors** none: who falls behind catches up, so that the rate holds
//! over all.
#![expect(
    clippy::disallowed_methods,
    reason = "a steady rate is one of the clock; nothing that is counted depends on it"
)]

use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is left of a pause when sleeping becomes inexact.
const INEXACT: Duration = Duration::from_micros(150);

/// A clock that says when to go on.
pub(crate) struct Pace {
    began: Instant,
    rate: u64,
}

impl Pace {
    /// A pace of so many packets a second; 0 for none.
    pub(crate) fn start(rate: u64) -> Self {
        Self {
            began: Instant::now(),
            rate,
        }
    }

    /// Waits until so many packets are due.
    pub(crate) fn wait_until_due(&self, packets: u64) {
        let Some(nanos) = packets.saturating_mul(1_000_000_000).checked_div(self.rate) else {
            return;
        };
        let due = Duration::from_nanos(nanos);
        loop {
            let left = due.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return;
            }
            if left > INEXACT {
                sleep(left.saturating_sub(INEXACT));
            } else {
                std::hint::spin_loop();
            }
        }
    }

    /// The time since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
