//! The crowd of connections: when it is too large, who is idle for longest gives way.
//!
//! **Shape** a connection is idle while none of its requests is being answered, so one that only
//! drips in is, too. Idle ones stand in the order in which they became so: what a clock would say
//! is not needed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All connections.
#[derive(Default)]
pub(crate) struct Crowd {
    idle: Mutex<Idle>,
    /// Told when a connection becomes idle.
    became_idle: Notify,
}

#[derive(Default)]
struct Idle {
    turns: u64,
    /// By the turn at which each became idle.
    seats: BTreeMap<u64, Arc<Notify>>,
}

impl Crowd {
    /// Takes a connection in; it is idle.
    pub(super) fn sit(self: &Arc<Self>) -> Seat {
        let sitting = Arc::new(Sitting {
            crowd: Arc::clone(self),
            dismissed: Arc::default(),
            turn: AtomicU64::new(BUSY),
        });
        sitting.rest();
        Seat(sitting)
    }

    /// Dismisses the connection that is idle for longest, if there is one.
    pub(crate) fn dismiss(&self) {
        if let Some((_, dismissed)) = self.lock().seats.pop_first() {
            dismissed.notify_one();
        }
    }

    /// Done when a connection has become idle since this was asked last.
    pub(crate) async fn became_idle(&self) {
        self.became_idle.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of a connection that is not idle.
const BUSY: u64 = 0;

/// A connection among all; dropped when it ends.
pub(super) struct Seat(Arc<Sitting>);

struct Sitting {
    crowd: Arc<Crowd>,
    dismissed: Arc<Notify>,
    /// The turn at which it became idle; it changes under the lock of the crowd.
    turn: AtomicU64,
}

impl Seat {
    /// A request has come.
    pub(super) fn busy(&self) -> Busy {
        self.0.leave();
        Busy(Arc::clone(&self.0))
    }

    /// Done when it has to give way; a request that came in between is answered first.
    pub(super) async fn dismissed(&self) {
        loop {
            self.0.dismissed.notified().await;
            if self.0.turn.load(Ordering::Relaxed) != BUSY {
                return;
            }
            self.0.crowd.became_idle.notify_one();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Sitting {
    fn rest(&self) {
        let mut idle = self.crowd.lock();
        idle.turns += 1;
        let turn = idle.turns;
        idle.seats.insert(turn, Arc::clone(&self.dismissed));
        self.turn.store(turn, Ordering::Relaxed);
        drop(idle);
        self.crowd.became_idle.notify_one();
    }

    fn leave(&self) {
        let mut idle = self.crowd.lock();
        let turn = self.turn.swap(BUSY, Ordering::Relaxed);
        idle.seats.remove(&turn);
    }
}

/// A request that is being answered; when it is dropped, its connection is idle again.
pub(super) struct Busy(Arc<Sitting>);

impl Drop for Busy {
    fn drop(&mut self) {
        // Of two references one is the seat's: without it the connection has ended.
        if Arc::strong_count(&self.0) > 1 {
            self.0.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_dismissed(seat: &Seat) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let soon = std::time::Duration::from_millis(1);
            tokio::time::timeout(soon, seat.dismissed()).await.is_ok()
        })
    }

    #[test]
    fn who_is_idle_for_longest_gives_way_and_who_is_busy_does_not() {
        let crowd = Arc::new(Crowd::default());
        let [first, second, third] = [(); 3].map(|()| crowd.sit());
        let answering = first.busy();
        crowd.dismiss();
        assert!(is_dismissed(&second) && !is_dismissed(&first) && !is_dismissed(&third));
        drop(answering);
        crowd.dismiss();
        assert!(
            is_dismissed(&third) && !is_dismissed(&first),
            "it was busy lately"
        );
        drop((second, third));
        crowd.dismiss();
        assert!(is_dismissed(&first));
    }

    #[test]
    fn a_request_that_comes_in_between_is_answered() {
        let crowd = Arc::new(Crowd::default());
        let seat = crowd.sit();
        crowd.dismiss();
        let _answering = seat.busy();
        assert!(!is_dismissed(&seat));
    }

    #[test]
    fn who_has_gone_leaves_nothing() {
        let crowd = Arc::new(Crowd::default());
        let seat = crowd.sit();
        let answering = seat.busy();
        drop(seat);
        drop(answering);
        drop(crowd.sit());
        assert!(crowd.lock().seats.is_empty());
    }
}
