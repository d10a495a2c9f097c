//! Pipes: however the octets come, the reading is the same, and no frame waits for the next.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use replay::{Capture, Captures};

use crate::builder::*;

/// Gives its octets in pieces of the sizes given, over and over, with interruptions.
struct Pieces {
    octets: VecDeque<u8>,
    sizes: Vec<usize>,
    next: usize,
}

impl Pieces {
    fn new(octets: &[u8], sizes: Vec<usize>) -> Self {
        Self {
            octets: octets.iter().copied().collect(),
            sizes,
            next: 0,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()];
        self.next += 1;
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = size.min(buffer.len());
        let part: Vec<u8> = self.octets.drain(..size.min(self.octets.len())).collect();
        buffer[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }
}

/// Captures worth reading in pieces: sound ones, damaged ones, zeros, many frames.
fn captures() -> Vec<Vec<u8>> {
    let many: Vec<_> = (0..2_000)
        .map(|n| frame(b'm', n, (n % 150) as usize))
        .collect();
    let mut damaged = pcapng(Big, &frames());
    damaged[100] ^= 0x55;
    let mut padded = pcapng(Little, &frames());
    padded.extend([0; 50]);
    let mut zeros = pcap(Big, NANOS, &frames());
    zeros.extend([0; 50]);
    let mut cut = pcap(Little, MICROS, &many);
    cut.truncate(cut.len() - 5);
    vec![
        pcap(Little, MICROS, &frames()),
        pcapng(Big, &many),
        damaged,
        padded,
        zeros,
        cut,
    ]
}

#[test]
fn single_octets_give_the_same_reading() {
    for octets in captures() {
        assert_eq!(read_from(Pieces::new(&octets, vec![1])), read(&octets));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_give_the_same_reading(
        which in 0..captures().len(),
        mut sizes in proptest::collection::vec(0..5_000_usize, 1..20),
    ) {
        sizes.push(1);
        let octets = &captures()[which];
        prop_assert_eq!(read_from(Pieces::new(octets, sizes)), read(octets));
    }
}

/// A pipe whose writer is the test: reading more than was written fails the test.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<VecDeque<u8>>>);

impl Pipe {
    fn write(&self, octets: &[u8]) {
        self.0.lock().unwrap().extend(octets);
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock().unwrap();
        assert!(!waiting.is_empty(), "a read that would wait for the writer");
        waiting.read(buffer)
    }
}

#[test]
fn a_growing_pipe_gives_each_frame_as_soon_as_it_is_written() {
    type Record = fn(&TestFrame) -> Vec<u8>;
    let starts: [(Vec<u8>, Record); 2] = [
        (pcap(Little, MICROS, &[]), |frame| {
            pcap_record(Little, MICROS, frame)
        }),
        (pcapng(Big, &[]), |frame| {
            enhanced(Big, 0, frame.time / 1_000, frame, &[])
        }),
    ];
    for (start, record) in starts {
        let pipe = Pipe::default();
        pipe.write(&start);
        let capture = Capture::from_reader("-", pipe.clone()).unwrap();
        let mut captures = Captures::from_captures(vec![capture]);
        for frame in frames() {
            pipe.write(&record(&frame));
            assert_eq!(captures.next_frame().map(Seen::from).unwrap().frame, frame);
        }
    }
}

#[test]
fn a_pipe_that_fails_keeps_what_it_gave() {
    struct Failing(Pieces);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the disk is gone")),
                count => Ok(count),
            }
        }
    }
    let octets = pcap(Little, MICROS, &frames());
    let reading = read_from(Failing(Pieces::new(&octets, vec![100])));
    assert_eq!(reading.frames(), frames());
    assert_eq!(
        reading.warnings(),
        [format!(
            "t: can not be read beyond byte {}: the disk is gone; the frames before it are kept",
            octets.len()
        )]
    );
}
