//! Reading ahead: threads of their own fill pieces of captures before anybody asks for them.
//!
//! In: [`Reader`]s. Out: the [`Piece`]s of each in order, whoever filled them.
//!
//! **Shape** a piece is claimed, filled while nothing is locked, and put in [`Stock`], from which the
//! thread that parses takes it. Where the next piece is not there yet that thread claims one
//! itself, and waits only where there is none to claim: a thread that comes late holds up nothing
//! but its piece. Pieces of a file are filled side by side, those of a stream one after the other.
//! Buffers are handed over whole and come back to be filled again.
//! **Limits** the stock's: a few pieces of each capture, and so many of all of them, however many
//! are open. Threads begin with the first capture that is read, two for each, and end when no more
//! are.
//! **Errors** what ends a stream stays with the piece that it ended, in its place among the others.

mod piece;
mod stock;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

pub(crate) use crate::ahead::piece::{FRONT, Piece};
use crate::ahead::stock::{Claim, Stock, Ticket};
use crate::reader::Reader;

/// Threads that find something to do for one capture: of a file in memory two fill pieces about
/// as fast as a third parses them.
const THREADS_A_CAPTURE: usize = 2;

/// The threads that read ahead.
pub(crate) struct Ahead {
    crew: Arc<Crew>,
    /// Threads that have not begun.
    resting: usize,
}

/// The pieces of one capture, taken in order.
pub(crate) struct Pieces {
    crew: Arc<Crew>,
    ticket: Ticket,
}

/// What the threads share.
struct Crew {
    stock: Mutex<Stock>,
    /// There may be something to claim.
    work: Condvar,
    /// A piece was put where somebody waits for one.
    filled: Condvar,
}

impl Ahead {
    /// Up to so many threads, none of which has begun.
    pub(crate) fn new(threads: usize) -> Self {
        let crew = Crew {
            stock: Mutex::new(Stock::default()),
            work: Condvar::new(),
            filled: Condvar::new(),
        };
        Self {
            crew: Arc::new(crew),
            resting: threads,
        }
    }

    /// Reads on from where `reader` is.
    pub(crate) fn read(&mut self, reader: Reader) -> Pieces {
        let ticket = self.crew.locked().open(reader);
        for _ in 0..THREADS_A_CAPTURE.min(self.resting) {
            self.resting -= 1;
            let crew = Arc::clone(&self.crew);
            let named = thread::Builder::new().name("ahead".to_owned());
            // Where there can be no more threads, whoever parses fills more pieces itself.
            drop(named.spawn(move || crew.fill_pieces()));
        }
        self.crew.work.notify_one();
        Pieces {
            crew: Arc::clone(&self.crew),
            ticket,
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.crew.locked().close();
        self.crew.work.notify_all();
    }
}

impl Pieces {
    /// The next piece. None may be asked for after the one with which the octets end.
    pub(crate) fn next(&mut self) -> Piece {
        let mut stock = self.crew.locked();
        loop {
            if let Some(piece) = stock.take(self.ticket) {
                if stock.wants_help(self.ticket) {
                    self.crew.work.notify_one();
                }
                return piece;
            }
            stock = match stock.claim(self.ticket) {
                Some(claim) => self.crew.fill(claim, stock),
                None => {
                    stock.is_awaited = true;
                    let waited = self.crew.filled.wait(stock);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }

    /// Gives a buffer back whose octets are parsed.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        self.crew.locked().give_back(buffer);
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.crew.locked().leave(self.ticket);
        // What was held back for it may go to another capture.
        self.crew.work.notify_one();
    }
}

impl Crew {
    /// What a thread does until there are no more captures.
    fn fill_pieces(&self) {
        let mut stock = self.locked();
        while !stock.is_closed() {
            stock = match stock.claim_any() {
                Some(claim) => {
                    stock = self.fill(claim, stock);
                    if std::mem::take(&mut stock.is_awaited) {
                        self.filled.notify_one();
                    }
                    stock
                }
                None => {
                    stock.idle += 1;
                    let waited = self.work.wait(stock);
                    stock = waited.unwrap_or_else(PoisonError::into_inner);
                    stock.idle -= 1;
                    stock
                }
            };
        }
    }

    /// Fills a piece while nothing is locked.
    fn fill<'c>(&'c self, claim: Claim, stock: MutexGuard<'c, Stock>) -> MutexGuard<'c, Stock> {
        drop(stock);
        let filled = claim.fill();
        let mut stock = self.locked();
        stock.put(filled);
        stock
    }

    /// What a thread that panicked left is whole: nothing under the lock does.
    fn locked(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
