//! The ends of sockets that this process has, asked of the kernel one by one.
//!
//! **Soundness** the calls that the compiler cannot check write at most as many octets as they are
//! told into memory that is borrowed for them; which socket a number stands for, or whether it stands
//! for one, makes no difference to that.

#![expect(
    unsafe_code,
    reason = "the standard library asks only for sockets that it owns"
)]

use std::net::{IpAddr, SocketAddr};

use analyzer::engine::Socket;
use analyzer::protocol::Protocol;

use crate::session::own::endpoint;

/// Numbers of descriptors that are looked at: the server's limits keep them below.
const DESCRIPTORS: i32 = 1_024;
/// Octets of an address, of any family.
const ROOM: usize = 128;

/// Addresses with the alignment that the kernel's structures have.
#[repr(C, align(8))]
struct Room([u8; ROOM]);

/// All sockets of TCP and UDP that have a port. One that is not connected has no far end.
pub(super) fn all() -> impl Iterator<Item = Socket> {
    (0..DESCRIPTORS).filter_map(|descriptor| {
        Some(Socket {
            near: endpoint(near(descriptor)?),
            far: far(descriptor).map(endpoint),
            protocol: protocol(descriptor)?,
        })
    })
}

fn near(descriptor: i32) -> Option<SocketAddr> {
    let mut room = Room([0; ROOM]);
    let mut len = u32::try_from(ROOM).ok()?;
    // SAFETY: both pointers are to live, writable memory of this frame, and `len` is its length.
    let named = unsafe { libc::getsockname(descriptor, (&raw mut room).cast(), &raw mut len) };
    (named == 0).then(|| address(&room.0)).flatten()
}

fn far(descriptor: i32) -> Option<SocketAddr> {
    let mut room = Room([0; ROOM]);
    let mut len = u32::try_from(ROOM).ok()?;
    // SAFETY: both pointers are to live, writable memory of this frame, and `len` is its length.
    let named = unsafe { libc::getpeername(descriptor, (&raw mut room).cast(), &raw mut len) };
    (named == 0).then(|| address(&room.0)).flatten()
}

fn protocol(descriptor: i32) -> Option<Protocol> {
    let mut number = 0_i32;
    let mut len = u32::try_from(size_of_val(&number)).ok()?;
    let place = (&raw mut number).cast();
    // SAFETY: both pointers are to live, writable memory of this frame, and `len` is its length.
    let told = unsafe {
        libc::getsockopt(
            descriptor,
            libc::SOL_SOCKET,
            libc::SO_PROTOCOL,
            place,
            &raw mut len,
        )
    };
    match number {
        libc::IPPROTO_TCP if told == 0 => Some(Protocol::Tcp),
        libc::IPPROTO_UDP if told == 0 => Some(Protocol::Udp),
        _ => None,
    }
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
