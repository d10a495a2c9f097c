//! The shapes of traffic to measure with.

use crate::conversation::Kind;
use crate::random::Random;

/// One shape of traffic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Octets kept of a frame.
    pub(crate) snaplen: u32,
    /// Conversations of each kind, in a hundred.
    mix: &'static [(Kind, u8)],
    /// Conversations over IPv6, in a hundred.
    pub(crate) ipv6_percent: u8,
    /// Packet time from the first conversation's start to the last one's, unless asked otherwise.
    pub(crate) seconds: u64,
    /// How long a conversation with data lasts, on average; `None`: about as long as the capture.
    pub(crate) lifetime_ms: Option<u64>,
}

/// Everything that tcpdump keeps by default.
const WHOLE: u32 = 262_144;

/// A cluster's mix: many small flows, half of them name look-ups.
const CLUSTER: &[(Kind, u8)] = &[
    (Kind::Dns, 50),
    (Kind::Exchange, 43),
    (Kind::Refused, 2),
    (Kind::Unanswered, 2),
    (Kind::Ping, 2),
    (Kind::Datagrams, 1),
];

/// Every profile there is.
pub(crate) const ALL: [Profile; 4] = [
    Profile {
        name: "small",
        snaplen: WHOLE,
        mix: CLUSTER,
        ipv6_percent: 6,
        seconds: 120,
        lifetime_ms: Some(500),
    },
    Profile {
        name: "headers",
        snaplen: 96,
        mix: CLUSTER,
        ipv6_percent: 6,
        seconds: 120,
        lifetime_ms: Some(500),
    },
    Profile {
        name: "elephant",
        snaplen: WHOLE,
        mix: &[(Kind::Bulk, 100)],
        ipv6_percent: 6,
        seconds: 60,
        lifetime_ms: None,
    },
    // Twenty minutes a conversation keep more than a hundred thousand of them alive, and leave gaps
    // that are longer than the idle timeouts.
    Profile {
        name: "long",
        snaplen: WHOLE,
        mix: CLUSTER,
        ipv6_percent: 6,
        seconds: 3_600,
        lifetime_ms: Some(1_200_000),
    },
];

impl Profile {
    /// The profile of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|profile| profile.name == name)
    }

    /// The kind that carries data, and its share in a hundred: what packets are left to.
    pub(crate) fn carrier(&self) -> (Kind, u64) {
        let carriers = self.mix.iter().filter(|(kind, _)| kind.carries_data());
        carriers
            .map(|(kind, share)| (*kind, u64::from(*share)))
            .next()
            .unwrap_or((Kind::Bulk, 100))
    }

    /// A kind, by the shares of the mix.
    pub(crate) fn pick(&self, random: &mut Random) -> Kind {
        let mut left = random.below(100_u8);
        for (kind, share) in self.mix {
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
            let sum: u8 = profile.mix.iter().map(|(_, share)| share).sum();
            assert_eq!(sum, 100, "{}", profile.name);
        }
    }
}
