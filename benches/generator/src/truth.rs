//! What is true of the capture that was written: an answer about it can be compared with this.
//!
//! **Units** bytes are IP bytes; times are nanoseconds since the epoch.

use serde::Serialize;

use crate::attack::{Fate, Sent};
use crate::conversation::{Conversation, Family, Kind};
use crate::plan::Size;

/// Sums over the whole capture.
#[derive(Serialize, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) profile: &'static str,
    pub(crate) seed: u64,
    /// Before any compression.
    pub(crate) file_bytes: u64,
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    pub(crate) frames: u64,
    pub(crate) ipv6_frames: u64,
    /// Frames that show a packet at a place which is nobody's own, when a node is looked at.
    pub(crate) copies: u64,
    /// Conversations of every kind, pings too.
    pub(crate) conversations: u64,
    pub(crate) tcp: Protocol,
    pub(crate) udp: Protocol,
    /// What makes no flow.
    pub(crate) icmp_frames: u64,
    /// Fragments that nobody can say the ports of: their first one never came.
    pub(crate) fragments_alone: u64,
    /// TCP connections that a reset answered.
    pub(crate) refused: u64,
    /// TCP connections that nothing answered.
    pub(crate) unanswered: u64,
    /// The most conversations that were under way at one time.
    pub(crate) most_live: u64,
}

/// Where a packet was seen: in so many frames, some of them copies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) frames: u64,
    pub(crate) copies: u64,
}

/// Sums of one protocol.
#[derive(Serialize, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Protocol {
    /// Sockets opened and closed. A gap above the idle timeout does not end them here.
    pub(crate) connections: u64,
    /// Distinct client address, server address and server port.
    pub(crate) flows: u64,
    /// On the wire, however often they were seen.
    pub(crate) packets: u64,
    pub(crate) ip_bytes: u64,
    #[serde(skip)]
    keys: Vec<u64>,
}

impl Truth {
    /// Nothing was sent yet.
    pub(crate) fn new(size: &Size) -> Self {
        Self {
            profile: size.profile.name,
            seed: size.seed,
            from_ns: size.start_ns,
            ..Self::default()
        }
    }

    /// Counts a conversation that begins.
    pub(crate) fn begun(&mut self, conversation: &Conversation) {
        self.conversations += 1;
        match conversation.kind {
            Kind::Refused => self.refused += 1,
            Kind::Unanswered => self.unanswered += 1,
            Kind::Dns | Kind::Datagrams | Kind::Exchange | Kind::Bulk | Kind::Ping => {}
        }
        if let Some(protocol) = self.protocol(conversation.kind) {
            protocol.connections += 1;
            protocol.keys.push(flow_key(conversation));
        }
    }

    /// Counts a packet of it.
    pub(crate) fn sent(&mut self, conversation: &Conversation, ip_bytes: u64, seen: Seen) {
        self.frames += seen.frames;
        if conversation.ends.family == Family::V6 {
            self.ipv6_frames += seen.frames;
        }
        match self.protocol(conversation.kind) {
            Some(protocol) => {
                protocol.packets += 1;
                protocol.ip_bytes += ip_bytes;
                self.copies += seen.copies;
            }
            None => self.icmp_frames += seen.frames,
        }
    }

    /// Counts a packet of an attack, which begins a conversation where it is the first one.
    pub(crate) fn attacked(&mut self, sent: Sent, ip_bytes: u64, is_first: bool) {
        self.frames += 1;
        self.ipv6_frames += u64::from(sent.family == Family::V6);
        let protocol = match sent.fate {
            Fate::Tcp => &mut self.tcp,
            Fate::Udp => &mut self.udp,
            Fate::Alone => {
                self.fragments_alone += 1;
                return;
            }
        };
        protocol.packets += 1;
        protocol.ip_bytes += ip_bytes;
        if is_first {
            self.conversations += 1;
            protocol.connections += 1;
            protocol.flows += 1;
        }
    }

    /// Counts the distinct flows, which is known at the end.
    pub(crate) fn close(&mut self) {
        for protocol in [&mut self.tcp, &mut self.udp] {
            if protocol.keys.is_empty() {
                continue;
            }
            protocol.keys.sort_unstable();
            protocol.keys.dedup();
            protocol.flows = u64::try_from(protocol.keys.len()).unwrap_or(u64::MAX);
            protocol.keys = Vec::new();
        }
    }

    fn protocol(&mut self, kind: Kind) -> Option<&mut Protocol> {
        match kind {
            Kind::Exchange | Kind::Bulk | Kind::Refused | Kind::Unanswered => Some(&mut self.tcp),
            Kind::Dns | Kind::Datagrams => Some(&mut self.udp),
            Kind::Ping => None,
        }
    }
}

/// Client, server, port and IP version in one word: 20, 20, 16 and 1 bits.
fn flow_key(conversation: &Conversation) -> u64 {
    let ends = conversation.ends;
    let ends_and_port = (u64::from(ends.client.0) << 36)
        | (u64::from(ends.server.0) << 16)
        | u64::from(ends.server_port);
    (u64::from(ends.family == Family::V6) << 63) | ends_and_port
}
