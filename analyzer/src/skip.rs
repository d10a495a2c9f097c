//! Why a frame made no flow.

/// Why a frame was understood as not ours. The names are those of `coverage.skipped`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum SkipReason {
    /// ICMP or `ICMPv6`.
    Icmp,
    /// ARP or RARP.
    Arp,
    /// SCTP.
    Sctp,
    /// An IP protocol that is neither TCP, UDP nor a tunnel we open.
    OtherIpProtocol,
    /// A fragment whose first one was not seen.
    Fragment,
    /// A fragment of a tunnel's outer packet.
    TunnelFragment,
    /// The snaplen cut before the ports.
    Truncated,
    /// The octets contradict their format.
    Malformed,
    /// A link type we do not read.
    UnsupportedLink,
    /// A network protocol we do not read (`EtherType`, LLC, PPP, …).
    UnsupportedEtherType,
    /// Left out by option.
    Excluded,
}

impl SkipReason {
    /// Every reason, in order of name.
    pub const ALL: [Self; 11] = [
        Self::Arp,
        Self::Excluded,
        Self::Fragment,
        Self::Icmp,
        Self::Malformed,
        Self::OtherIpProtocol,
        Self::Sctp,
        Self::Truncated,
        Self::TunnelFragment,
        Self::UnsupportedEtherType,
        Self::UnsupportedLink,
    ];

    /// Its name in `coverage.skipped`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Arp => "arp",
            Self::Sctp => "sctp",
            Self::OtherIpProtocol => "other_ip_protocol",
            Self::Fragment => "fragment",
            Self::TunnelFragment => "tunnel_fragment",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::UnsupportedLink => "unsupported_link",
            Self::UnsupportedEtherType => "unsupported_ether_type",
            Self::Excluded => "excluded",
        }
    }
}
