//! The names of sockets that this process has, asked of the kernel one by one.
//!
//! **Soundness** the one call that the compiler cannot check writes at most as many octets as it is
//! told into memory that is borrowed for it; which socket a number stands for, or whether it stands
//! for one, makes no difference to that.

#![expect(
    unsafe_code,
    reason = "the standard library asks only for sockets that it owns"
)]

use std::net::{IpAddr, SocketAddr};

/// Numbers of descriptors that are looked at: the server's limits keep them below.
const DESCRIPTORS: i32 = 1_024;
/// Octets of an address, of any family.
const ROOM: usize = 128;

/// Addresses with the alignment that the kernel's structures have.
#[repr(C, align(8))]
struct Room([u8; ROOM]);

/// The endpoints on this machine of all IP sockets that have a port.
pub(super) fn all() -> impl Iterator<Item = SocketAddr> {
    (0..DESCRIPTORS).filter_map(name)
}

fn name(descriptor: i32) -> Option<SocketAddr> {
    let mut room = Room([0; ROOM]);
    let mut len = u32::try_from(ROOM).ok()?;
    // SAFETY: both pointers are to live, writable memory of this frame, and `len` is its length.
    let named = unsafe { libc::getsockname(descriptor, (&raw mut room).cast(), &raw mut len) };
    (named == 0).then(|| address(&room.0)).flatten()
}

/// Reads `sockaddr_in` and `sockaddr_in6`.
fn address(octets: &[u8; ROOM]) -> Option<SocketAddr> {
    let (family, rest) = octets.split_first_chunk::<2>()?;
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let ip = match i32::from(u16::from_ne_bytes(*family)) {
        libc::AF_INET => IpAddr::from(*rest.first_chunk::<4>()?),
        // The flow's label is before it.
        libc::AF_INET6 => IpAddr::from(*rest.get(4..)?.first_chunk::<16>()?),
        _ => return None,
    };
    let port = u16::from_be_bytes(*port);
    (port != 0).then_some(SocketAddr::new(ip, port))
}
