//! A packet socket: what the kernel is asked to do.
//!
//! In: settings. Out: a socket with a ring, bound to all interfaces, and what it tells.
//! **Errors** the kernel's own.
//! **Source** packet(7), Linux `if_packet.h`.
#![expect(
    unsafe_code,
    reason = "system calls that the standard library does not have. Each is given addresses of \
              values that live until it returns, with their own sizes, and a descriptor that is \
              owned; what it fills in is plain integers, of which any octets are a value"
)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// `SIOCGIFNAME`.
const GET_NAME: libc::Ioctl = 0x8910;

/// A ring of this kind is filled with frames of any length: this divides nothing, but the kernel
/// looks at it.
const FRAME: usize = 2048;

/// A packet socket of the network namespace that it was opened in.
#[derive(Debug)]
pub(super) struct PacketSocket(OwnedFd);

impl PacketSocket {
    /// Opens one that receives nothing yet.
    ///
    /// A raw one, which shows link headers: the kernel describes offload for no other.
    pub(super) fn open() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: three numbers.
        let socket = checked(unsafe { libc::socket(libc::AF_PACKET, kind, 0) })?;
        // SAFETY: a new descriptor, which nothing else owns.
        Self::over(unsafe { OwnedFd::from_raw_fd(socket) })
    }

    /// Takes over one that receives nothing yet, in the namespace that it was opened in.
    pub(super) fn over(socket: OwnedFd) -> io::Result<Self> {
        let socket = Self(socket);
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        socket.set(libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        Ok(socket)
    }

    /// Has every frame come with a virtio header, which says what offload made of it.
    pub(super) fn describe_offload(&self) -> io::Result<()> {
        let on: libc::c_int = 1;
        self.set(libc::SOL_PACKET, libc::PACKET_VNET_HDR, &on)
    }

    /// Runs a program on every frame, which says how many of its octets are kept.
    pub(super) fn attach(&self, program: &[libc::sock_filter]) -> io::Result<()> {
        let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        // The kernel copies the program and writes nothing to it.
        let program = libc::sock_fprog {
            len,
            filter: program.as_ptr().cast_mut(),
        };
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Makes a ring of so many blocks, which are handed over when they are full or `timeout` has
    /// passed since their first frame.
    pub(super) fn make_ring(
        &self,
        block_len: usize,
        blocks: usize,
        timeout: Duration,
    ) -> io::Result<()> {
        let word = |number: usize| u32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput);
        let settings = libc::tpacket_req3 {
            tp_block_size: word(block_len)?,
            tp_block_nr: word(blocks)?,
            tp_frame_size: word(FRAME)?,
            tp_frame_nr: word(block_len / FRAME * blocks)?,
            tp_retire_blk_tov: milliseconds(timeout).max(1).unsigned_abs(),
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, &settings)
    }

    /// Begins to receive from every interface there is and will be.
    pub(super) fn bind_to_all(&self) -> io::Result<()> {
        let address = libc::sockaddr_ll {
            sll_family: family(libc::AF_PACKET),
            sll_protocol: family(libc::ETH_P_ALL).to_be(),
            sll_ifindex: 0,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        };
        let (socket, len) = (self.0.as_raw_fd(), length_of::<libc::sockaddr_ll>()?);
        // SAFETY: the address is one of packet sockets, with its size.
        checked(unsafe { libc::bind(socket, (&raw const address).cast(), len) })?;
        Ok(())
    }

    /// Waits until a block is handed over, a signal comes, or `timeout` has passed.
    pub(super) fn wait(&self, timeout: Duration) -> io::Result<()> {
        let mut waiting = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one descriptor is waited for, as is said.
        match checked(unsafe { libc::poll(&raw mut waiting, 1, milliseconds(timeout)) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
            Ok(_) if waiting.revents & libc::POLLERR != 0 => self.error(),
            Ok(_) => Ok(()),
        }
    }

    /// What was counted since it was asked for last.
    pub(super) fn statistics(&self) -> io::Result<libc::tpacket_stats_v3> {
        let nothing = libc::tpacket_stats_v3 {
            tp_packets: 0,
            tp_drops: 0,
            tp_freeze_q_cnt: 0,
        };
        self.get(libc::SOL_PACKET, libc::PACKET_STATISTICS, nothing)
    }

    /// The name that an interface has now; `None` when there is no such interface.
    pub(super) fn interface_name(&self, index: u32) -> Option<String> {
        let mut asked = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru {
                ifru_ifindex: libc::c_int::try_from(index).ok()?,
            },
        };
        let socket = self.0.as_raw_fd();
        // SAFETY: the kernel reads the number and writes the name, both within the value.
        let answer = unsafe { libc::ioctl(socket, GET_NAME, &raw mut asked) };
        checked(answer).ok()?;
        let name = asked.ifr_name.map(|octet| octet.to_ne_bytes()[0]);
        let name = CStr::from_bytes_until_nul(&name).ok()?;
        Some(name.to_str().ok()?.to_owned())
    }

    /// Another descriptor of the same socket.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// What went wrong. That an interface went down is said once and changes nothing.
    fn error(&self) -> io::Result<()> {
        match self.get(libc::SOL_SOCKET, libc::SO_ERROR, 0)? {
            0 | libc::ENETDOWN => Ok(()),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    }

    fn set<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        let socket = self.0.as_raw_fd();
        let len = length_of::<T>()?;
        let value: *const T = value;
        // SAFETY: the value is as long as is said; what it points to lives in the caller.
        checked(unsafe { libc::setsockopt(socket, level, option, value.cast(), len) })?;
        Ok(())
    }

    /// Reads an option of plain integers over `value`.
    fn get<T: Copy>(&self, level: libc::c_int, option: libc::c_int, value: T) -> io::Result<T> {
        let (mut value, mut len) = (value, length_of::<T>()?);
        let socket = self.0.as_raw_fd();
        let place = (&raw mut value).cast();
        // SAFETY: the kernel writes at most `len` octets, which is the value's size.
        checked(unsafe { libc::getsockopt(socket, level, option, place, &raw mut len) })?;
        Ok(value)
    }
}

fn length_of<T>() -> io::Result<libc::socklen_t> {
    let len = libc::socklen_t::try_from(size_of::<T>());
    len.map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// The answer of a system call, or the error it left.
fn checked(answer: libc::c_int) -> io::Result<libc::c_int> {
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(answer)
}

/// Whole milliseconds, rounded up, so that a short wait is no busy one.
fn milliseconds(duration: Duration) -> libc::c_int {
    let milliseconds = duration.as_nanos().div_ceil(1_000_000);
    libc::c_int::try_from(milliseconds).unwrap_or(libc::c_int::MAX)
}

/// Numbers of families and protocols, which addresses hold in sixteen bits.
fn family(number: libc::c_int) -> u16 {
    u16::try_from(number).unwrap_or_default()
}
