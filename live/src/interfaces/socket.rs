//! Sockets of the kernel's routing family: one that answers, one that tells news.
//!
//! In: requests. Out: octets of messages. Neither needs a capability.
//! **Errors** the system's own, with what was being done; a kernel that is silent for
//! [`PATIENCE`] is one.
//! **Source** `netlink(7)`, `rtnetlink(7)`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, sendto, socket_with,
};

use crate::interfaces::InterfacesError;
use crate::interfaces::message::{Message, Role, messages, request};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// More than the kernel puts into one answer.
const BUFFER: usize = 65_536;

/// Room for news that wait to be read; the system may grant less.
const NEWS_BUFFER: usize = 4 << 20;

/// How often a listing that changes under way is begun again.
const TRIES: usize = 5;

/// `RTMGRP_LINK`, `RTMGRP_NEIGH`, `RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV4_ROUTE`, `RTMGRP_IPV6_IFADDR`,
/// `RTMGRP_IPV6_ROUTE`.
const GROUPS: u32 = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400;

/// Answers requests to list things.
#[derive(Debug)]
pub(super) struct Answers {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Answers {
    pub(super) fn open() -> Result<Self, InterfacesError> {
        Self::over(open()?)
    }

    /// Takes over a socket that is bound to nothing.
    pub(super) fn over(socket: OwnedFd) -> Result<Self, InterfacesError> {
        subscribe(&socket, 0)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))
            .map_err(failed("limiting how long an answer may take"))?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: vec![0; BUFFER],
        })
    }

    /// Lists all of a kind. Things that change meanwhile make it begin again, a few times: `each`
    /// may be told the same twice.
    pub(super) fn list(
        &mut self,
        kind: u16,
        family: u8,
        mut each: impl FnMut(&Message<'_>),
    ) -> Result<(), InterfacesError> {
        for _ in 0..TRIES {
            self.sequence = self.sequence.wrapping_add(1);
            let request = request(kind, family, self.sequence);
            sendto(
                &self.socket,
                &request,
                SendFlags::empty(),
                &SocketAddrNetlink::new(0, 0),
            )
            .map_err(failed("asking for a list"))?;
            if !self.read_list(kind, &mut each)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether things changed on the way.
    fn read_list(
        &mut self,
        kind: u16,
        each: &mut impl FnMut(&Message<'_>),
    ) -> Result<bool, InterfacesError> {
        let mut is_interrupted = false;
        loop {
            let (len, _) = recv(&self.socket, self.buffer.as_mut_slice(), RecvFlags::empty())
                .map_err(failed("reading a list"))?;
            let octets = self.buffer.get(..len).unwrap_or_default();
            let sequence = self.sequence;
            for message in messages(octets).filter(|message| message.sequence == sequence) {
                is_interrupted |= message.is_interrupted();
                match message.role() {
                    Role::Content => each(&message),
                    Role::End | Role::Refusal(0) => return Ok(is_interrupted),
                    Role::Refusal(code) => {
                        return Err(InterfacesError::Refused { kind, code });
                    }
                }
            }
        }
    }
}

/// Tells what changes.
#[derive(Debug)]
pub(super) struct News {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

/// What reading news came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// All there is.
    Everything,
    /// Some, and there may be more.
    Some,
    /// Some were lost, so what is known may be wrong.
    Lost,
}

impl News {
    pub(super) fn open() -> Result<Self, InterfacesError> {
        Self::over(open()?)
    }

    /// Takes over a socket that is bound to nothing.
    pub(super) fn over(socket: OwnedFd) -> Result<Self, InterfacesError> {
        subscribe(&socket, GROUPS)?;
        // Without the room asked for, lists are only asked for more often.
        let _ = set_socket_recv_buffer_size(&socket, NEWS_BUFFER);
        Ok(Self {
            socket,
            buffer: vec![0; BUFFER],
        })
    }

    /// Reads the next news, without waiting.
    pub(super) fn read(
        &mut self,
        mut each: impl FnMut(&Message<'_>),
    ) -> Result<Heard, InterfacesError> {
        let flags = RecvFlags::TRUNC | RecvFlags::DONTWAIT;
        match recv(&self.socket, self.buffer.as_mut_slice(), flags) {
            Ok((len, whole)) if whole > len => Ok(Heard::Lost),
            Ok((len, _)) => {
                let octets = self.buffer.get(..len).unwrap_or_default();
                messages(octets).for_each(|message| each(&message));
                Ok(Heard::Some)
            }
            Err(Errno::AGAIN) => Ok(Heard::Everything),
            Err(Errno::INTR) => Ok(Heard::Some),
            Err(Errno::NOBUFS) => Ok(Heard::Lost),
            Err(source) => Err(failed("reading news")(source)),
        }
    }
}

impl AsFd for News {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn open() -> Result<OwnedFd, InterfacesError> {
    let flags = SocketFlags::CLOEXEC;
    // The routing family is the one without a protocol of its own.
    socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)
        .map_err(failed("opening a socket"))
}

fn subscribe(socket: &OwnedFd, groups: u32) -> Result<(), InterfacesError> {
    bind(socket, &SocketAddrNetlink::new(0, groups)).map_err(failed("subscribing to news"))
}

fn failed(doing: &'static str) -> impl Fn(Errno) -> InterfacesError {
    move |source| InterfacesError::System {
        doing,
        source: source.into(),
    }
}
