//! The shapes of traffic to measure with.

use crate::attack::Attack;
use crate::conversation::Kind;
use crate::link::Link;
use crate::random::Random;

/// One shape of traffic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) traffic: Traffic,
    pub(crate) view: View,
    /// Octets kept of a frame.
    pub(crate) snaplen: u32,
    /// Packet time from the first conversation's start to the last one's, unless asked otherwise.
    pub(crate) seconds: u64,
    /// Packets, unless asked otherwise: as many as make 2 GB, where that is what they are for.
    pub(crate) packets: u64,
    /// Conversations of so many packets.
    pub(crate) conversations: u64,
}

/// What is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// What a cluster's pods have to tell each other.
    Conversations(Mix),
    /// What somebody sends who wants it to be costly.
    Hostile(Attack),
}

/// Where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// At one tap between the ends.
    Between,
    /// At every interface of one node, as `tcpdump -i any` does.
    Node,
}

impl View {
    pub(crate) const fn link(self) -> Link {
        match self {
            Self::Between => Link::Ethernet,
            Self::Node => Link::Cooked,
        }
    }
}

/// Conversations of several kinds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mix {
    /// Conversations of each kind, in a hundred.
    kinds: &'static [(Kind, u8)],
    /// Conversations over IPv6, in a hundred.
    pub(crate) ipv6_percent: u8,
    /// How long a conversation with data lasts, on average; `None`: about as long as the capture.
    pub(crate) lifetime_ms: Option<u64>,
    pub(crate) acquaintance: Acquaintance,
}

/// Whom pods call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// The same few workloads each time.
    Few,
    /// Any workload, so that hardly two conversations are of one flow.
    Everybody,
}

/// Everything that tcpdump keeps by default.
const WHOLE: u32 = 262_144;

/// A cluster's mix: many small flows, half of them name look-ups.
const CLUSTER: Mix = Mix {
    kinds: &[
        (Kind::Dns, 50),
        (Kind::Exchange, 43),
        (Kind::Refused, 2),
        (Kind::Unanswered, 2),
        (Kind::Ping, 2),
        (Kind::Datagrams, 1),
    ],
    ipv6_percent: 6,
    lifetime_ms: Some(500),
    acquaintance: Acquaintance::Few,
};

const SMALL: Profile = Profile {
    name: "small",
    traffic: Traffic::Conversations(CLUSTER),
    view: View::Between,
    snaplen: WHOLE,
    seconds: 120,
    packets: 10_000_000,
    conversations: 1_000_000,
};

const fn hostile(name: &'static str, attack: Attack, packets: u64, conversations: u64) -> Profile {
    Profile {
        name,
        traffic: Traffic::Hostile(attack),
        seconds: 60,
        packets,
        conversations,
        ..SMALL
    }
}

/// Every profile there is.
pub(crate) const ALL: [Profile; 10] = [
    SMALL,
    Profile {
        name: "headers",
        snaplen: 96,
        packets: 22_000_000,
        conversations: 2_200_000,
        ..SMALL
    },
    Profile {
        name: "elephant",
        traffic: Traffic::Conversations(Mix {
            kinds: &[(Kind::Bulk, 100)],
            lifetime_ms: None,
            ..CLUSTER
        }),
        seconds: 60,
        packets: 2_200_000,
        conversations: 300,
        ..SMALL
    },
    // Twenty minutes a conversation keep more than a hundred thousand of them alive, and leave gaps
    // that are longer than the idle timeouts.
    Profile {
        name: "long",
        traffic: Traffic::Conversations(Mix {
            lifetime_ms: Some(1_200_000),
            ..CLUSTER
        }),
        seconds: 3_600,
        ..SMALL
    },
    Profile {
        name: "any",
        view: View::Node,
        packets: 2_300_000,
        conversations: 230_000,
        ..SMALL
    },
    // As few packets as a million flows take.
    Profile {
        name: "wide",
        traffic: Traffic::Conversations(Mix {
            kinds: &[(Kind::Exchange, 50), (Kind::Refused, 50)],
            acquaintance: Acquaintance::Everybody,
            ..CLUSTER
        }),
        packets: 6_060_000,
        conversations: 1_010_000,
        ..SMALL
    },
    hostile("hostile-keys", Attack::Keys, 26_000_000, 2_000_000),
    hostile("hostile-flood", Attack::Flood, 30_000_000, 10_000_000),
    hostile(
        "hostile-fragments",
        Attack::Fragments,
        13_000_000,
        1_000_000,
    ),
    hostile("hostile-chains", Attack::Chains, 64_000, 1_000),
];

impl Profile {
    /// The profile of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|profile| profile.name == name)
    }

    /// How many conversations so many packets make, in this profile's proportion.
    pub(crate) fn conversations_of(&self, packets: u64) -> u64 {
        let conversations = u128::from(packets) * u128::from(self.conversations);
        u64::try_from(conversations / u128::from(self.packets)).map_or(u64::MAX, |n| n.max(1))
    }
}

impl Mix {
    /// The kind that carries data, and its share in a hundred: what packets are left to.
    pub(crate) fn carrier(&self) -> (Kind, u64) {
        let carriers = self.kinds.iter().filter(|(kind, _)| kind.carries_data());
        carriers
            .map(|(kind, share)| (*kind, u64::from(*share)))
            .next()
            .unwrap_or((Kind::Bulk, 100))
    }

    /// A kind, by the shares of the mix.
    pub(crate) fn pick(&self, random: &mut Random) -> Kind {
        let mut left = random.below(100_u8);
        for (kind, share) in self.kinds {
            match left.checked_sub(*share) {
                Some(rest) => left = rest,
                None => return *kind,
            }
        }
        self.carrier().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_a_hundred() {
        for profile in &ALL {
            if let Traffic::Conversations(mix) = &profile.traffic {
                let sum: u8 = mix.kinds.iter().map(|(_, share)| share).sum();
                assert_eq!(sum, 100, "{}", profile.name);
            }
        }
    }

    #[test]
    fn conversations_keep_their_proportion() {
        let elephant = Profile::named("elephant").unwrap();
        assert_eq!(elephant.conversations_of(2_200_000), 300);
        assert_eq!(elephant.conversations_of(22_000), 3);
        assert_eq!(elephant.conversations_of(10), 1);
    }
}
