//! Which conversations there are, and when each begins: so many of them, with so many packets.

use crate::conversation::{Conversation, Ends, Family, Kind, LEAST_TCP};
use crate::profile::{Acquaintance, Mix, Profile, View};
use crate::random::Random;
use crate::topology::{End, Topology};

/// The ports that clients draw from (Linux's default range).
const EPHEMERAL: std::ops::Range<u16> = 32_768..60_999;
const DNS_PORT: u16 = 53;
const HTTPS_PORT: u16 = 443;
/// Where metrics are sent to.
const METRICS_PORT: u16 = 8_125;
/// Conversations of the data kinds that leave the cluster, and that enter it, in a hundred.
const EGRESS_PERCENT: u8 = 5;
const INGRESS_PERCENT: u8 = 3;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    pub(crate) profile: &'static Profile,
    pub(crate) seed: u64,
    pub(crate) packets: u64,
    pub(crate) conversations: u64,
    pub(crate) seconds: u64,
    /// When the first conversation begins, after the epoch.
    pub(crate) start_ns: u64,
}

/// The conversations to come, in order of time.
pub(crate) struct Plan {
    size: Size,
    mix: &'static Mix,
    topology: Topology,
    /// The node that is looked at: an end of each conversation is on it.
    node: Option<u32>,
    random: Random,
    next_ns: u64,
    packets_left: u64,
    conversations_left: u64,
    /// The last port of each end: none is used again before all others were.
    ports: Vec<u16>,
}

impl Plan {
    pub(crate) fn new(size: Size, mix: &'static Mix, topology: Topology) -> Self {
        let ends = usize::try_from(topology.ends()).unwrap_or_default();
        let node = match size.profile.view {
            View::Between => None,
            View::Node => Some(topology.watched_node()),
        };
        Self {
            random: Random::new(size.seed),
            next_ns: size.start_ns,
            packets_left: size.packets,
            conversations_left: size.conversations,
            ports: vec![EPHEMERAL.start; ends],
            size,
            mix,
            topology,
            node,
        }
    }

    /// When the next conversation begins, if there is one.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        (self.conversations_left > 0).then_some(self.next_ns)
    }

    /// The next conversation.
    pub(crate) fn begin(&mut self) -> Conversation {
        let (kind, packets) = self.kind_and_packets();
        self.conversations_left = self.conversations_left.saturating_sub(1);
        self.packets_left = self.packets_left.saturating_sub(packets);
        let ends = self.ends(kind);
        let gap_ns = self.gap_ns(kind, packets);
        self.next_ns += self.random.below(2 * self.spacing_ns() + 1);
        Conversation::new(kind, ends, packets, gap_ns, self.random.draw())
    }

    /// A kind by its share; the kind that carries data takes what the others leave, so that
    /// the sum of all packets comes out exactly.
    fn kind_and_packets(&mut self) -> (Kind, u64) {
        let (carrier, share) = self.mix.carrier();
        if self.conversations_left <= 1 {
            return (carrier, self.packets_left);
        }
        let kind = self.mix.pick(&mut self.random);
        let packets = match kind {
            Kind::Dns | Kind::Ping | Kind::Refused => 2,
            Kind::Unanswered => 1 + self.random.below(3_u64),
            Kind::Datagrams => 1 + self.random.below(LEAST_TCP),
            Kind::Exchange | Kind::Bulk => {
                let fair = self.packets_left / self.conversations_left;
                let mean = (100 * fair).saturating_sub(2 * (100 - share)) / share;
                let kept = LEAST_TCP * (self.conversations_left - 1);
                let drawn = LEAST_TCP + self.random.around(mean.saturating_sub(LEAST_TCP));
                drawn.min(self.packets_left.saturating_sub(kept))
            }
        };
        (kind, packets)
    }

    fn ends(&mut self, kind: Kind) -> Ends {
        let random = &mut self.random;
        let family = if random.below(100_u8) < self.mix.ipv6_percent {
            Family::V6
        } else {
            Family::V4
        };
        let pod = match self.node {
            None => self.topology.pod(random),
            Some(node) => self.topology.pod_on(node, random),
        };
        let (client, server, server_port) = match kind {
            Kind::Dns => (pod, self.topology.backend(0, pod, random), DNS_PORT),
            Kind::Datagrams => {
                let workload = self.topology.called(pod, random);
                (
                    pod,
                    self.topology.backend(workload, pod, random),
                    METRICS_PORT,
                )
            }
            Kind::Exchange | Kind::Bulk | Kind::Refused | Kind::Unanswered | Kind::Ping => {
                self.call(pod)
            }
        };
        Ends {
            family,
            client,
            server,
            client_port: self.port(client),
            server_port,
        }
    }

    /// A call by `pod`, out of the cluster or in it, or one of that workload from outside. Where a
    /// node is looked at, `pod` is on it: then it is `pod` that is called from outside, and by
    /// every second call within the cluster.
    fn call(&mut self, pod: End) -> (End, End, u16) {
        let random = &mut self.random;
        let path = random.below(100_u8);
        if path < EGRESS_PERCENT {
            return (pod, self.topology.outside(random), HTTPS_PORT);
        }
        let is_from_outside = path < EGRESS_PERCENT + INGRESS_PERCENT;
        if self.node.is_some() && (is_from_outside || path.is_multiple_of(2)) {
            let client = if is_from_outside {
                self.topology.outside(random)
            } else {
                self.topology.other_than(pod, random)
            };
            return (client, pod, Topology::port(Topology::workload(pod)));
        }
        let workload = match self.mix.acquaintance {
            Acquaintance::Few => self.topology.called(pod, random),
            Acquaintance::Everybody => self.topology.workload_to_call(random),
        };
        let client = if is_from_outside {
            self.topology.outside(random)
        } else {
            pod
        };
        let server = self.topology.backend(workload, client, random);
        (client, server, Topology::port(workload))
    }

    fn port(&mut self, client: End) -> u16 {
        let index = usize::try_from(client.0).unwrap_or_default();
        let Some(port) = self.ports.get_mut(index) else {
            return EPHEMERAL.start;
        };
        *port = if *port + 1 < EPHEMERAL.end {
            *port + 1
        } else {
            EPHEMERAL.start
        };
        *port
    }

    /// The mean time between two beginnings; conversations as long as the capture begin in its
    /// first second.
    fn spacing_ns(&self) -> u64 {
        let seconds = if self.mix.lifetime_ms.is_some() {
            self.size.seconds
        } else {
            1
        };
        seconds * 1_000_000_000 / self.size.conversations.max(1)
    }

    /// The mean gap of a conversation of so many packets. In TCP, all but one of [`LEAST_TCP`]
    /// follow each other at once.
    fn gap_ns(&self, kind: Kind, packets: u64) -> u64 {
        let whole_ms = self.size.seconds * 1_000;
        let lifetime_ms = self.mix.lifetime_ms.unwrap_or(whole_ms);
        let at_once = if kind.carries_data() {
            LEAST_TCP - 1
        } else {
            0
        };
        lifetime_ms * 1_000_000 / packets.saturating_sub(at_once).max(1)
    }
}
