//! What somebody sends who wants it to be costly, and knows this program but not its secrets.
//!
//! **Shape** each attack makes its packet of a number from nothing else, so that ten million
//! sources take no memory here. **Units** octets. Lengths are right; checksums above IP are 0, which
//! no reader of captures can hold against a packet.

mod chains;
mod flood;
mod fragments;
mod headers;
mod keys;

use std::io::{self, Write};

use crate::capture::Writer;
use crate::conversation::Family;
use crate::link::ethernet;
use crate::plan::Size;
use crate::random::Random;
use crate::topology::End;
use crate::truth::Truth;

/// Which attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Connections whose keys fall on one place of a table that hashes without a secret.
    Keys,
    /// An opening from each of many sources, and again.
    Flood,
    /// Every packet is a fragment; one of four belongs to nothing.
    Fragments,
    /// Headers and options as long as a packet can be.
    Chains,
}

/// What a packet should count as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Tcp,
    Udp,
    /// A fragment whose first one never came.
    Alone,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) family: Family,
    pub(crate) fate: Fate,
    /// Whose it is: a number below that of conversations.
    pub(crate) source: u64,
}

/// Which packet: the how manieth of how many sources, and from where addresses are counted.
#[derive(Clone, Copy, Debug)]
struct Turn {
    number: u64,
    sources: u64,
    base: u64,
}

impl Turn {
    /// The sources take turns.
    const fn source(self) -> u64 {
        self.number % self.sources
    }

    /// How often each of them had its turn before.
    const fn round(self) -> u64 {
        self.number / self.sources
    }
}

/// Who attacks, and whom, as Ethernet sees it.
const ENDS: (End, End) = (End(1), End(2));

/// Writes the capture: packets at equal distances, sources in turn.
///
/// # Errors
/// Those of the file.
pub(crate) fn write(
    attack: Attack,
    size: &Size,
    file: &mut Writer<'_, impl Write>,
) -> io::Result<Truth> {
    let mut truth = Truth::new(size);
    let base = Random::new(size.seed).draw();
    let spacing_ns = size.seconds * 1_000_000_000 / size.packets.max(1);
    let mut packet = Vec::new();
    let mut begun = 0;
    for number in 0..size.packets {
        let sources = size.conversations;
        let turn = Turn {
            number,
            sources,
            base,
        };
        packet.clear();
        let sent = match attack {
            Attack::Keys => keys::packet(turn, &mut packet),
            Attack::Flood => flood::packet(turn, &mut packet),
            Attack::Fragments => fragments::packet(turn, &mut packet),
            Attack::Chains => chains::packet(turn, &mut packet),
        };
        let link = ethernet(ENDS.0, ENDS.1, sent.family);
        file.frame(size.start_ns + number * spacing_ns, &[&link, &packet])?;
        let is_first = sent.fate != Fate::Alone && sent.source == begun;
        begun += u64::from(is_first);
        let ip_bytes = u64::try_from(packet.len()).map_err(io::Error::other)?;
        truth.attacked(sent, ip_bytes, is_first);
    }
    truth.most_live = begun;
    Ok(truth)
}
