//! A conversation: what its two ends send, one packet after the other.
//!
//! **Shape** a small state that is asked for its next [`Step`]; the packets are never all in
//! memory. **Time** a step says how long the next one waits.

use crate::random::Random;
use crate::topology::End;

/// TCP's flags (RFC 9293).
pub(crate) mod flags {
    pub(crate) const FIN: u8 = 0x01;
    pub(crate) const SYN: u8 = 0x02;
    pub(crate) const RST: u8 = 0x04;
    pub(crate) const PSH: u8 = 0x08;
    pub(crate) const ACK: u8 = 0x10;
}

/// What a full Ethernet frame carries over TCP without options.
const FULL_SEGMENT: u16 = 1_440;
/// Three of the handshake and three of the close: the fewest packets of a whole TCP connection.
pub(crate) const LEAST_TCP: u64 = 6;
/// The client retransmits its SYN after so long, then after twice that (RFC 6298).
const SYN_TIMEOUT_NS: u64 = 1_000_000_000;

/// What kind of conversation it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A name is asked for, an address is answered.
    Dns,
    /// UDP that nobody answers, as metrics are sent.
    Datagrams,
    /// TCP: requests and answers.
    Exchange,
    /// TCP: full frames one way, every second one acknowledged.
    Bulk,
    /// A SYN is answered with a reset.
    Refused,
    /// Nobody answers the SYN.
    Unanswered,
    /// An echo request and its reply.
    Ping,
}

impl Kind {
    /// Whether its length can be chosen.
    pub(crate) const fn carries_data(self) -> bool {
        matches!(self, Self::Exchange | Self::Bulk)
    }
}

/// Which end sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sender {
    Client,
    Server,
}

/// IP version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    V4,
    V6,
}

/// What is sent above IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Message {
    Tcp {
        flags: u8,
        seq: u32,
        ack: u32,
        payload_len: u16,
    },
    Udp {
        payload_len: u16,
    },
    DnsQuery {
        id: u16,
    },
    DnsAnswer {
        id: u16,
    },
    EchoRequest {
        id: u16,
    },
    EchoReply {
        id: u16,
    },
}

/// One packet of a conversation, and how long the one after it waits (`None`: there is none).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) sender: Sender,
    pub(crate) message: Message,
    pub(crate) wait_ns: Option<u64>,
}

/// Who talks to whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub(crate) family: Family,
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) client_port: u16,
    pub(crate) server_port: u16,
}

impl Ends {
    /// From whom to whom a packet of `sender` goes.
    pub(crate) const fn way(&self, sender: Sender) -> (End, End) {
        match sender {
            Sender::Client => (self.client, self.server),
            Sender::Server => (self.server, self.client),
        }
    }
}

/// A conversation that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) kind: Kind,
    pub(crate) ends: Ends,
    packets: u64,
    sent: u64,
    client_seq: u32,
    server_seq: u32,
    gap_ns: u64,
    round_trip_ns: u64,
    random: Random,
}

impl Conversation {
    /// One that will send `packets` packets, a gap of about `gap_ns` between those with data.
    pub(crate) fn new(kind: Kind, ends: Ends, packets: u64, gap_ns: u64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self {
            kind,
            ends,
            packets,
            sent: 0,
            client_seq: random.below(u32::MAX),
            server_seq: random.below(u32::MAX),
            gap_ns,
            round_trip_ns: 50_000 + random.around(500_000),
            random,
        }
    }

    /// The next packet.
    pub(crate) fn step(&mut self) -> Step {
        let (sender, message) = self.message();
        let wait = self.wait_ns(message);
        self.sent += 1;
        Step {
            sender,
            message,
            wait_ns: (self.sent < self.packets).then_some(wait),
        }
    }

    fn message(&mut self) -> (Sender, Message) {
        let id = self.ends.client_port;
        match (self.kind, self.sent) {
            (Kind::Dns, 0) => (Sender::Client, Message::DnsQuery { id }),
            (Kind::Dns, _) => (Sender::Server, Message::DnsAnswer { id }),
            (Kind::Ping, 0) => (Sender::Client, Message::EchoRequest { id }),
            (Kind::Ping, _) => (Sender::Server, Message::EchoReply { id }),
            (Kind::Datagrams, _) => (
                Sender::Client,
                Message::Udp {
                    payload_len: 40 + self.random.below(400_u16),
                },
            ),
            // The same sequence number each time: it is a retransmission.
            (Kind::Unanswered, _) => (Sender::Client, self.syn()),
            (Kind::Refused, 0) => {
                let syn = self.syn();
                self.client_seq = self.client_seq.wrapping_add(1);
                (Sender::Client, syn)
            }
            (Kind::Refused, _) => {
                let (flags, ack) = (flags::RST | flags::ACK, self.client_seq);
                (
                    Sender::Server,
                    Message::Tcp {
                        flags,
                        seq: 0,
                        ack,
                        payload_len: 0,
                    },
                )
            }
            (Kind::Exchange | Kind::Bulk, _) => self.whole_tcp(),
        }
    }

    const fn syn(&self) -> Message {
        Message::Tcp {
            flags: flags::SYN,
            seq: self.client_seq,
            ack: 0,
            payload_len: 0,
        }
    }

    fn whole_tcp(&mut self) -> (Sender, Message) {
        use Sender::{Client, Server};
        if self.sent == 0 {
            let syn = self.syn();
            self.client_seq = self.client_seq.wrapping_add(1);
            return (Client, syn);
        }
        let (sender, flags, payload_len) = match (self.sent, self.packets - self.sent) {
            (1, _) => (Server, flags::SYN | flags::ACK, 0),
            (2, _) | (_, 1) => (Client, flags::ACK, 0),
            (_, 3) => (Client, flags::FIN | flags::ACK, 0),
            (_, 2) => (Server, flags::FIN | flags::ACK, 0),
            _ => self.data(),
        };
        (sender, self.tcp(sender, flags, payload_len))
    }

    fn data(&mut self) -> (Sender, u8, u16) {
        let turn = self.sent % 3;
        match (self.kind, turn) {
            (Kind::Bulk, 0 | 1) => (Sender::Server, flags::ACK, FULL_SEGMENT),
            (Kind::Bulk, _) | (_, 2) => (Sender::Client, flags::ACK, 0),
            (_, 0) => {
                let len = 80 + self.random.below(450_u16);
                (Sender::Client, flags::PSH | flags::ACK, len)
            }
            (_, _) => {
                let len = 60 + self.random.below(900_u16);
                (Sender::Server, flags::PSH | flags::ACK, len)
            }
        }
    }

    fn tcp(&mut self, sender: Sender, flags: u8, payload_len: u16) -> Message {
        let (own, peer) = match sender {
            Sender::Client => (&mut self.client_seq, self.server_seq),
            Sender::Server => (&mut self.server_seq, self.client_seq),
        };
        let message = Message::Tcp {
            flags,
            seq: *own,
            ack: peer,
            payload_len,
        };
        let counted = u32::from(flags & (flags::SYN | flags::FIN) != 0);
        *own = own.wrapping_add(u32::from(payload_len) + counted);
        message
    }

    /// How long after `message` the next packet comes.
    fn wait_ns(&mut self, message: Message) -> u64 {
        let handshake = self.sent < 2 || self.packets - self.sent <= 3;
        match (self.kind, message) {
            (Kind::Unanswered, _) => SYN_TIMEOUT_NS << self.sent,
            (Kind::Dns | Kind::Ping | Kind::Refused, _) => self.round_trip_ns,
            (Kind::Exchange | Kind::Bulk, _) if handshake => self.round_trip_ns / 2,
            (Kind::Exchange | Kind::Bulk | Kind::Datagrams, _) => {
                1 + self.random.below(2 * self.gap_ns)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends() -> Ends {
        Ends {
            family: Family::V4,
            client: End(1),
            server: End(2),
            client_port: 40_000,
            server_port: 80,
        }
    }

    fn steps(kind: Kind, packets: u64) -> Vec<Step> {
        let mut conversation = Conversation::new(kind, ends(), packets, 1_000, 3);
        let mut steps = vec![conversation.step()];
        while steps.last().unwrap().wait_ns.is_some() {
            steps.push(conversation.step());
        }
        steps
    }

    #[test]
    fn a_conversation_sends_what_it_was_given() {
        for kind in [Kind::Exchange, Kind::Bulk] {
            for packets in LEAST_TCP..20 {
                assert_eq!(u64::try_from(steps(kind, packets).len()).unwrap(), packets);
            }
        }
        assert_eq!(steps(Kind::Unanswered, 3).len(), 3);
    }

    #[test]
    fn sequence_numbers_are_continuous_and_acknowledged() {
        for kind in [Kind::Exchange, Kind::Bulk] {
            let mut next = [None, None];
            for step in steps(kind, 50) {
                let Message::Tcp {
                    flags,
                    seq,
                    ack,
                    payload_len,
                } = step.message
                else {
                    panic!("TCP only")
                };
                let [own, peer] = match step.sender {
                    Sender::Client => [0, 1],
                    Sender::Server => [1, 0],
                };
                assert_eq!(*next[own].get_or_insert(seq), seq);
                let counted = u32::from(flags & (flags::SYN | flags::FIN) != 0);
                next[own] = Some(seq.wrapping_add(u32::from(payload_len) + counted));
                assert_eq!(ack, next[peer].unwrap_or_default());
            }
        }
    }

    #[test]
    fn a_connection_opens_and_closes() {
        let flags: Vec<u8> = steps(Kind::Exchange, LEAST_TCP)
            .iter()
            .map(|step| {
                let Message::Tcp { flags, .. } = step.message else {
                    panic!("TCP only")
                };
                flags
            })
            .collect();
        assert_eq!(flags, [0x02, 0x12, 0x10, 0x11, 0x11, 0x10]);
    }
}
