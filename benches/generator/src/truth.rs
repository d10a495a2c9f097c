//! What is true of the capture that was written: an answer about it can be compared with this.
//!
//! **Units** bytes are IP bytes; times are nanoseconds since the epoch.

use serde::Serialize;

use crate::conversation::{Conversation, Family, Kind};

/// Sums over the whole capture.
#[derive(Serialize, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) profile: &'static str,
    pub(crate) seed: u64,
    pub(crate) file_bytes: u64,
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    pub(crate) frames: u64,
    pub(crate) ipv6_frames: u64,
    /// Conversations of every kind, pings too.
    pub(crate) conversations: u64,
    pub(crate) tcp: Protocol,
    pub(crate) udp: Protocol,
    /// What makes no flow.
    pub(crate) icmp_frames: u64,
    /// TCP connections that a reset answered.
    pub(crate) refused: u64,
    /// TCP connections that nothing answered.
    pub(crate) unanswered: u64,
    /// The most conversations that were under way at one time.
    pub(crate) most_live: u64,
}

/// Sums of one protocol.
#[derive(Serialize, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Protocol {
    /// Sockets opened and closed. A gap above the idle timeout does not end them here.
    pub(crate) connections: u64,
    /// Distinct client address, server address and server port.
    pub(crate) flows: u64,
    pub(crate) packets: u64,
    pub(crate) ip_bytes: u64,
    #[serde(skip)]
    keys: Vec<u64>,
}

impl Truth {
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

    /// Counts a frame of it.
    pub(crate) fn sent(&mut self, conversation: &Conversation, time_ns: u64, ip_bytes: u32) {
        self.frames += 1;
        self.to_ns = time_ns;
        self.ipv6_frames += u64::from(conversation.ends.family == Family::V6);
        match self.protocol(conversation.kind) {
            Some(protocol) => {
                protocol.packets += 1;
                protocol.ip_bytes += u64::from(ip_bytes);
            }
            None => self.icmp_frames += 1,
        }
    }

    /// Counts the distinct flows, which is known at the end.
    pub(crate) fn close(&mut self) {
        for protocol in [&mut self.tcp, &mut self.udp] {
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
