//! How many octets of a frame are kept: a program that the kernel runs on each.
//!
//! In: two snaplens. Out: classic BPF. **Shape** headers are kept of every frame, and more where a
//! port of the outermost TCP or UDP header is 53, also behind one VLAN tag. Loopback shows every
//! frame twice; the one that goes out is left out. No other frame is: a load beyond a frame's end
//! would end the program and lose it, so the length is looked at before each.
//! **Source** Linux `Documentation/networking/filter.rst`; RFC 791 §3.1, RFC 8200 §3.

mod assembly;

use crate::capture::filter::assembly::{Mark, Step, assemble};

/// DNS, over UDP and TCP.
const DNS: u32 = 53;
const ETHERNET: u32 = libc::ARPHRD_ETHER as u32;
const LOOPBACK: u32 = libc::ARPHRD_LOOPBACK as u32;
const OUTGOING: u32 = libc::PACKET_OUTGOING as u32;

const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
/// Customer and service tags (IEEE 802.1Q).
const TAGS: [u32; 2] = [0x8100, 0x88a8];
const TCP: u32 = 6;
const UDP: u32 = 17;

const ETHERNET_LEN: u32 = 14;
const TAGGED_LEN: u32 = 18;
const IPV4_LEN: u32 = 20;
const IPV6_LEN: u32 = 40;
const PORTS_LEN: u32 = 4;
/// All but the first fragment have an offset.
const FRAGMENT_OFFSET: u32 = 0x1fff;

/// The program that keeps `snaplen` octets of a frame, or `dns_snaplen` of one with DNS.
pub(super) fn program(snaplen: u32, dns_snaplen: u32) -> Vec<libc::sock_filter> {
    let parts = [
        link(),
        ethernet(),
        ipv4(),
        ipv6(),
        ports(),
        vec![
            Step::Mark(Mark::Headers),
            Step::Keep(snaplen),
            Step::Mark(Mark::Whole),
            Step::Keep(dns_snaplen),
            Step::Mark(Mark::Nothing),
            Step::Keep(0),
        ],
    ];
    assemble(&parts.concat())
}

/// From the kind of interface to [`Mark::Ethernet`]; or to [`Mark::Ip`] with the type of what is
/// carried, and in X where that begins.
fn link() -> Vec<Step> {
    vec![
        Step::LoadHardware,
        Step::unless_equal(LOOPBACK, Mark::NotLoopback),
        Step::LoadPacketType,
        Step::if_equal(OUTGOING, Mark::Nothing),
        Step::GoTo(Mark::Ethernet),
        Step::Mark(Mark::NotLoopback),
        Step::if_equal(ETHERNET, Mark::Ethernet),
        // A tunnel: IP without a link header.
        Step::SetX(0),
        Step::LoadProtocol,
        Step::GoTo(Mark::Ip),
    ]
}

fn ethernet() -> Vec<Step> {
    let mut steps = vec![
        Step::Mark(Mark::Ethernet),
        Step::LoadLength,
        Step::unless_at_least(TAGGED_LEN, Mark::Headers),
        Step::SetX(ETHERNET_LEN),
        Step::LoadShort(12),
    ];
    steps.extend(TAGS.map(|tag| Step::if_equal(tag, Mark::Tagged)));
    steps.extend([
        Step::GoTo(Mark::Ip),
        Step::Mark(Mark::Tagged),
        Step::SetX(TAGGED_LEN),
        Step::LoadShort(16),
        Step::Mark(Mark::Ip),
        Step::if_equal(IPV4, Mark::Ipv4),
        Step::if_equal(IPV6, Mark::Ipv6),
        Step::GoTo(Mark::Headers),
    ]);
    steps
}

/// To [`Mark::Ports`], with A where the ports begin.
fn ipv4() -> Vec<Step> {
    let mut steps = vec![Step::Mark(Mark::Ipv4)];
    steps.extend(long_enough(IPV4_LEN + PORTS_LEN));
    steps.extend([
        Step::LoadShortFromX(6),
        Step::if_any_bit(FRAGMENT_OFFSET, Mark::Headers),
        Step::LoadOctetFromX(9),
        Step::if_equal(TCP, Mark::Ipv4Length),
        Step::unless_equal(UDP, Mark::Headers),
        Step::Mark(Mark::Ipv4Length),
        // The length of the header, in words of four octets.
        Step::LoadOctetFromX(0),
        Step::And(0xf),
        Step::ShiftLeft(2),
        Step::AddX,
        Step::GoTo(Mark::Ports),
    ]);
    steps
}

/// The same, where no extension header comes first.
fn ipv6() -> Vec<Step> {
    let mut steps = vec![Step::Mark(Mark::Ipv6)];
    steps.extend(long_enough(IPV6_LEN + PORTS_LEN));
    steps.extend([
        Step::LoadOctetFromX(6),
        Step::if_equal(TCP, Mark::Ipv6Length),
        Step::unless_equal(UDP, Mark::Headers),
        Step::Mark(Mark::Ipv6Length),
        Step::CopyXToA,
        Step::Add(IPV6_LEN),
    ]);
    steps
}

fn ports() -> Vec<Step> {
    let mut steps = vec![Step::Mark(Mark::Ports), Step::CopyAToX];
    steps.extend(long_enough(PORTS_LEN));
    steps.extend([
        Step::LoadShortFromX(0),
        Step::if_equal(DNS, Mark::Whole),
        Step::LoadShortFromX(2),
        Step::if_equal(DNS, Mark::Whole),
    ]);
    steps
}

/// Goes on when the frame has `octets` more from X on; X stays as it is.
fn long_enough(octets: u32) -> [Step; 7] {
    [
        Step::StoreX,
        Step::CopyXToA,
        Step::Add(octets),
        Step::CopyAToX,
        Step::LoadLength,
        Step::unless_at_least_x(Mark::Headers),
        Step::RestoreX,
    ]
}

#[cfg(test)]
mod tests;
