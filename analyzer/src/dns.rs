//! Names of addresses, as name resolution gave them: to everyone by a capture's name resolution
//! blocks, to a client by the DNS answers that it got.
//!
//! In: names of blocks, and packets from port 53. Out: the names of an address, for the one that
//! talks to it, at that time.
//! **Shape** an answer names its addresses for the client it goes to, with the name that was asked
//! for: what it is an alias of is the server's business. A DNS server that asks others is a client
//! of theirs.
//! **Time** a name holds from the answer's time until its time to live is over, and
//! [`GRACE`] more.
//! **Source** RFC 1035 §4.2: UDP, and TCP with a length before each message.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::dns::given::{Asked, GivenNames};
use crate::dns::message::{Answer, NoAnswer};
use crate::frame::Frame;
use crate::name::seen;
use crate::packet::{Packet, Segment, Transport};
use crate::time::Timestamp;

pub mod given;
pub mod message;
pub mod name;
mod spelling;

/// Where DNS servers answer from.
pub const PORT: u16 = 53;
/// How much longer than its time to live a name holds. A client asks for addresses of both families
/// and begins when it has both answers, or has waited for the second: five seconds, unless
/// resolv.conf says otherwise. A time to live of 0 is good for the connection that follows.
pub const GRACE: Duration = Duration::from_secs(5);
/// The longest time to live that is believed: resolvers cache no longer.
const TTL_MAX: u32 = 86_400;
/// The most names that blocks give one address; a capture has no honest use for more.
const NAMES_PER_ADDRESS: usize = 64;
/// Longest name that is taken from a block: the limit of DNS (RFC 1035 §2.3.4).
const NAME_MAX: usize = 255;
const UDP_HEADER_LEN: usize = 8;
/// Over TCP, a message's length is before it.
const LENGTH_LEN: usize = 2;
/// With less of a segment nothing can be said of the message in it.
const START_LEN: usize = LENGTH_LEN + message::HEADER_LEN;
/// Octets of a TCP header up to and including its data offset.
const TCP_OFFSET_END: usize = 13;

/// Names by address.
#[derive(Clone, Debug)]
pub struct NameRecords {
    limit: usize,
    names: BTreeMap<IpAddr, Vec<Arc<str>>>,
    taken: BTreeSet<Arc<str>>,
    count: usize,
    refused: u64,
    given: GivenNames,
    cut: u64,
}

impl NameRecords {
    /// Room for `limit` names of blocks, and as many of answers.
    #[must_use]
    pub fn new(limit: usize, seed: u64) -> Self {
        Self {
            limit,
            names: BTreeMap::new(),
            taken: BTreeSet::new(),
            count: 0,
            refused: 0,
            given: GivenNames::new(limit, seed),
            cut: 0,
        }
    }

    /// Adds a name that an address has for everyone, at all times.
    pub fn insert(&mut self, address: IpAddr, name: &str) {
        let name = &seen(name).to_ascii_lowercase();
        let of = self.names.get(&address).map_or(&[][..], Vec::as_slice);
        let Err(at) = of.binary_search_by(|known| (**known).cmp(name)) else {
            return;
        };
        let fits = !name.is_empty() && name.len() <= NAME_MAX;
        if !fits || of.len() >= NAMES_PER_ADDRESS || self.count >= self.limit {
            self.refused += 1;
            return;
        }
        let name = self.share(name);
        self.names.entry(address).or_default().insert(at, name);
        self.count += 1;
    }

    /// Takes the names out of a packet from [`PORT`], if it is an answer.
    #[inline(never)]
    pub fn read(&mut self, frame: &Frame<'_>, packet: &Packet) {
        let transport = frame.data.get(usize::from(packet.transport_offset)..);
        let transport = transport.unwrap_or_default();
        match packet.transport {
            Transport::Udp => {
                let message = transport.get(UDP_HEADER_LEN..).unwrap_or_default();
                let answer = message::read(message);
                self.take(
                    answer,
                    packet.destination,
                    frame.time,
                    extent(frame, packet),
                );
            }
            Transport::Tcp(Some(segment)) if segment.payload_len > 0 => {
                self.read_segment(frame, packet, payload(transport, segment));
            }
            Transport::Tcp(_) => {}
        }
    }

    /// Forgets the names that clients were given and that did not hold any more at `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.given.forget(before);
    }

    /// Adds the names of answers that wait to be added: what was read is found from now on.
    pub fn settle(&mut self) {
        self.given.settle();
    }

    /// The names that an address has for everyone, sorted.
    #[must_use]
    pub fn of(&self, address: IpAddr) -> &[Arc<str>] {
        self.names.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The names that clients were given.
    #[must_use]
    pub const fn given(&self) -> &GivenNames {
        &self.given
    }

    /// Names that were empty, too long or too many.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused + self.given.refused()
    }

    /// Frames with answers that are not whole.
    #[must_use]
    pub const fn cut(&self) -> u64 {
        self.cut
    }

    /// A segment has whole messages, each after its length, or the start of one that goes on in the
    /// next: that one is cut. Later parts of it have no header that passes for a message's.
    fn read_segment(&mut self, frame: &Frame<'_>, packet: &Packet, payload: &[u8]) {
        if payload.len() < START_LEN && extent(frame, packet) == Extent::Part {
            self.cut += 1;
            return;
        }
        let mut rest = payload;
        while let Some((len, after)) = rest.split_first_chunk::<LENGTH_LEN>() {
            let len = usize::from(u16::from_be_bytes(*len));
            let (message, others, extent) = match after.split_at_checked(len) {
                Some((message, others)) => (message, others, Extent::Whole),
                // A length alone, whose message comes apart from it, or a start.
                None if after.is_empty() || rest.len() >= START_LEN => {
                    (after, &[][..], Extent::Part)
                }
                None => return,
            };
            let answer = message::read(message);
            self.take(answer, packet.destination, frame.time, extent);
            rest = others;
        }
    }

    fn take(
        &mut self,
        answer: Result<Answer<'_>, NoAnswer>,
        client: IpAddr,
        time: Timestamp,
        extent: Extent,
    ) {
        match (answer, extent) {
            (Ok(answer), _) => self.give(&answer, client, time),
            (Err(NoAnswer::Truncated), _) | (Err(NoAnswer::Ends), Extent::Part) => self.cut += 1,
            (Err(NoAnswer::Other), _) | (Err(NoAnswer::Ends), Extent::Whole) => {}
        }
    }

    fn give(&mut self, answer: &Answer<'_>, client: IpAddr, time: Timestamp) {
        for &(address, ttl) in &answer.addresses {
            let hold = Duration::from_secs(ttl.min(TTL_MAX).into()) + GRACE;
            self.given
                .insert(Asked { client, address }, answer.name, time, hold);
        }
    }

    /// Many addresses have one name: it is kept once.
    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.taken.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.taken.insert(Arc::clone(&name));
        name
    }
}

/// How much of a message there is to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// Its start.
    Part,
}

/// A datagram's message is whole unless the snaplen or fragmentation cut it.
const fn extent(frame: &Frame<'_>, packet: &Packet) -> Extent {
    let all_kept = frame.data.len() >= frame.original_len as usize;
    let fragmented = packet.fragment.is_some() || packet.tunnel_fragment.is_some();
    if all_kept && !fragmented {
        Extent::Whole
    } else {
        Extent::Part
    }
}

/// What was kept of a segment's payload, without padding.
fn payload(transport: &[u8], segment: Segment) -> &[u8] {
    let offset = transport.first_chunk::<TCP_OFFSET_END>();
    let header_len = offset.map_or(0, |&[.., offset]| usize::from(offset >> 4) * 4);
    let payload = transport.get(header_len..).unwrap_or_default();
    payload
        .get(..segment.payload_len as usize)
        .unwrap_or(payload)
}

#[cfg(test)]
mod tests;
