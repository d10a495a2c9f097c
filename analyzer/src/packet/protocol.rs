//! IP protocol numbers and IPv6 extension header types.
//!
//! **Source** IANA "Assigned Internet Protocol Numbers".

use crate::skip::SkipReason;

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const ICMP: u8 = 1;
pub(super) const IPV4: u8 = 4;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const IPV6: u8 = 41;
pub(super) const ROUTING: u8 = 43;
pub(super) const FRAGMENT: u8 = 44;
pub(super) const GRE: u8 = 47;
pub(super) const AUTHENTICATION: u8 = 51;
pub(super) const ICMPV6: u8 = 58;
pub(super) const DESTINATION_OPTIONS: u8 = 60;
pub(super) const SCTP: u8 = 132;
pub(super) const MOBILITY: u8 = 135;
pub(super) const HOST_IDENTITY: u8 = 139;
pub(super) const SHIM6: u8 = 140;

/// Whether another packet or frame follows.
pub(super) fn is_tunnel(protocol: u8) -> bool {
    matches!(protocol, IPV4 | IPV6 | GRE)
}

/// Whether ports follow, or extension headers that may hide them.
pub(super) fn may_have_ports(protocol: u8) -> bool {
    matches!(
        protocol,
        TCP | UDP
            | HOP_BY_HOP
            | ROUTING
            | FRAGMENT
            | AUTHENTICATION
            | DESTINATION_OPTIONS
            | MOBILITY
            | HOST_IDENTITY
            | SHIM6
    )
}

/// Why a protocol makes no flow.
pub(super) fn skip_reason(protocol: u8) -> SkipReason {
    match protocol {
        ICMP | ICMPV6 => SkipReason::Icmp,
        SCTP => SkipReason::Sctp,
        _ => SkipReason::OtherIpProtocol,
    }
}
