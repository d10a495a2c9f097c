//! What may be claimed, when, and how much of it.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::io::{self, Read, Write};

use super::*;
use crate::ahead::piece::{FRONT, PIECE};
use crate::octets::State;
use crate::reader::Counted;

/// A stream that never ends.
fn endless() -> Reader {
    Reader::Stream(Box::new(io::repeat(7)))
}

/// A file that has so many octets: those of piece `n` are `n`.
fn file(octets: usize) -> Reader {
    let mut file = tempfile::tempfile().unwrap();
    for (number, at) in (0..octets).step_by(PIECE).enumerate() {
        let number = u8::try_from(number).unwrap();
        file.write_all(&vec![number; PIECE.min(octets - at)])
            .unwrap();
    }
    Counted::file(file).unwrap().reader
}

/// What a piece holds: its first octet and how many there are.
fn held(piece: &Piece) -> (Option<u8>, usize) {
    (piece.buffer.get(FRONT).copied(), piece.end - FRONT)
}

#[test]
fn a_capture_is_a_few_pieces_ahead_and_all_are_no_more_than_the_buffers() {
    let mut stock = Stock::default();
    let tickets: Vec<_> = (0..1_000).map(|_| stock.open(endless())).collect();
    let mut put = 0;
    while let Some(claim) = stock.claim_any() {
        stock.put(claim.fill());
        put += 1;
    }
    assert_eq!(put, BUFFERS);
    let mut alone = Stock::default();
    let ticket = alone.open(endless());
    while let Some(claim) = alone.claim_any() {
        alone.put(claim.fill());
    }
    assert_eq!(alone.ahead, PIECES);
    // Nobody read the last capture ahead: who parses it reads it.
    let last = *tickets.last().unwrap();
    assert!(stock.take(last).is_none());
    let claim = stock.claim(last).unwrap();
    stock.put(claim.fill());
    assert!(stock.take(last).is_some());
    assert!(alone.claim(ticket).is_none());
}

#[test]
fn pieces_of_a_file_are_filled_side_by_side_and_taken_in_order() {
    let mut stock = Stock::default();
    let ticket = stock.open(file(2 * PIECE + 5));
    let claims: Vec<_> = (0..3).map(|_| stock.claim(ticket).unwrap()).collect();
    for claim in claims.into_iter().rev() {
        assert!(stock.take(ticket).is_none());
        stock.put(claim.fill());
    }
    assert!(stock.claim(ticket).is_none(), "nothing is behind the end");
    let taken: Vec<_> = std::iter::from_fn(|| stock.take(ticket)).collect();
    let octets: Vec<_> = taken.iter().map(held).collect();
    assert_eq!(octets, [(Some(0), PIECE), (Some(1), PIECE), (Some(2), 5)]);
    let over: Vec<_> = taken.iter().map(|piece| piece.state.is_over()).collect();
    assert_eq!(over, [false, false, true]);
}

#[test]
fn a_stream_is_read_by_one_at_a_time() {
    let mut stock = Stock::default();
    let ticket = stock.open(endless());
    let claim = stock.claim(ticket).unwrap();
    assert!(stock.claim(ticket).is_none() && stock.claim_any().is_none());
    stock.put(claim.fill());
    assert!(stock.claim(ticket).is_some());
}

#[test]
fn what_is_left_gives_its_buffers_to_others() {
    let mut stock = Stock::default();
    let (one, other) = (stock.open(endless()), stock.open(endless()));
    let late = stock.claim(one).unwrap();
    for _ in 0..3 {
        let claim = stock.claim(other).unwrap();
        stock.put(claim.fill());
    }
    stock.leave(other);
    stock.leave(one);
    stock.put(late.fill());
    assert_eq!((stock.ahead, stock.spare.len()), (0, 4));
    let longer = vec![0; 2 * (FRONT + PIECE)];
    stock.give_back(longer);
    assert_eq!(stock.spare.len(), 4);
}

#[test]
fn a_reader_that_panics_ends_its_capture_with_an_error() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("a defect of a decoder")
        }
    }
    let mut stock = Stock::default();
    let ticket = stock.open(Reader::Stream(Box::new(Panics)));
    let claim = stock.claim(ticket).unwrap();
    stock.put(claim.fill());
    let piece = stock.take(ticket).unwrap();
    assert!(matches!(piece.state, State::Failed(_)));
}
