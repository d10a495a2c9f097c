//! A filter of packets, as `tcpdump` has them, by what decides about flows.
//!
//! In: an expression, such as `tcp port 443 and net 10.0.0.0/8`, then frames. Out: whether a frame
//! is kept.
//! **Shape** it looks at the packet that is counted: the innermost one, tunnels unwrapped. What it
//! asks holds for either end, so that both directions of a conversation are kept or neither is: half
//! of one looks like loss. A later fragment has no ports and is kept where its first one may have
//! been. A frame that makes no flow is left out by any filter.
//! **Errors** [`FilterError`]: where, what stands there, and what was expected.
//! **Source** pcap-filter(7), of which this is a part with the same meaning.

mod condition;
mod expression;
mod word;

use std::fmt;

use analyzer::frame::Frame;
use analyzer::packet::{self, Parsed};

use crate::filter::condition::{Condition, Facts};

pub use crate::filter::expression::FilterError;

/// Which packets are kept.
#[derive(Clone, Debug)]
pub struct PacketFilter {
    text: String,
    condition: Condition,
}

impl PacketFilter {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is none, with the character where that shows.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let condition = expression::parse(text)?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self { text, condition })
    }

    /// Whether a frame is kept.
    #[must_use]
    pub fn keeps(&self, frame: &Frame<'_>) -> bool {
        let facts = match packet::parse(frame) {
            Parsed::Packet(packet) => Facts::of_packet(&packet),
            Parsed::Fragment(fragment) => Facts::of_fragment(&fragment),
            Parsed::Skip(_) => return false,
        };
        self.condition.holds(&facts) != Some(false)
    }
}

impl fmt::Display for PacketFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
