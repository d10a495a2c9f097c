//! The opener: enters the network namespaces of other processes, and passes sockets in them on.
//!
//! In: the processes of this machine, looked at twice a second. Out: news to whoever started it, by
//! the socket that is its standard input.
//! **Shape** one thread, which nobody tells anything: whatever happens at the other end of the
//! socket ends it. It keeps three capabilities and may make few calls of the system; Landlock would
//! keep it from looking at other processes, so files are not limited.
//! **Errors** those that concern one namespace are told; any other ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::socket_type;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::confine::{ConfineError, confine_opener};
use crate::namespaces::news::{self, NamespaceId, News, Sockets};
use crate::namespaces::processes;

/// How often processes are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Namespaces that are known at a time, whoever they are of.
const NAMESPACES: usize = 4_096;

/// Why the opener ended before it was to.
#[derive(Debug, thiserror::Error)]
pub enum OpenerError {
    /// It is not for people.
    #[error(
        "standard input is no socket of a program that enters network namespaces; expected that \
         --in-pod-namespaces starts this by itself"
    )]
    NotStarted,
    /// A privilege that stays.
    #[error(transparent)]
    Confine(#[from] ConfineError),
    /// Anything else.
    #[error("entering network namespaces: {0}")]
    System(#[from] io::Error),
}

/// Does what the opener is for, until nobody listens to it any more.
///
/// # Errors
/// It was not started by [`Namespaces`](crate::namespaces::Namespaces), can not give its other
/// privileges up, or can not come back from a namespace.
pub fn run() -> Result<(), OpenerError> {
    let stdin = io::stdin();
    if socket_type(&stdin) != Ok(SocketType::SEQPACKET) {
        return Err(OpenerError::NotStarted);
    }
    let home = File::open("/proc/self/ns/net")?;
    let id = NamespaceId(home.metadata()?.ino());
    confine_opener()?;
    let mut opener = Opener {
        socket: stdin.as_fd(),
        home: home.into(),
        id,
        known: BTreeMap::new(),
    };
    if opener.look()? == Listened::No || tell(opener.socket, &News::Looked)? == Listened::No {
        return Ok(());
    }
    while opener.wait()? == Listened::Yes {
        if opener.look()? == Listened::No {
            break;
        }
    }
    Ok(())
}

/// Whether somebody is at the other end of the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Listened {
    Yes,
    No,
}

/// What became of a namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Entered,
    Refused,
}

struct Opener<'s> {
    socket: BorrowedFd<'s>,
    /// The namespace that it began in, to come back to.
    home: OwnedFd,
    id: NamespaceId,
    known: BTreeMap<NamespaceId, Outcome>,
}

impl Opener<'_> {
    /// Looks who is in which namespace, and tells what is new.
    fn look(&mut self) -> io::Result<Listened> {
        let mut there = BTreeSet::new();
        for (process, id) in processes::namespaces()? {
            let is_first = id != self.id && there.insert(id);
            if !is_first || self.known.contains_key(&id) || self.known.len() >= NAMESPACES {
                continue;
            }
            if self.enter(process, id)? == Listened::No {
                return Ok(Listened::No);
            }
        }
        let is_left = |(id, _): &(&NamespaceId, &Outcome)| !there.contains(id);
        let left: Vec<_> = self.known.iter().filter(is_left).collect();
        let left: Vec<_> = left.into_iter().map(|(id, what)| (*id, *what)).collect();
        for (id, outcome) in left {
            self.known.remove(&id);
            if outcome == Outcome::Entered && tell(self.socket, &News::Left(id))? == Listened::No {
                return Ok(Listened::No);
            }
        }
        Ok(Listened::Yes)
    }

    /// Opens sockets in the namespace of a process, and tells of them.
    fn enter(&mut self, process: u32, id: NamespaceId) -> io::Result<Listened> {
        // A process that ended, and another that has its number, are no matter: the next look
        // finds who is in the namespace then.
        let file = match File::open(processes::file(process)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Listened::Yes),
            Err(error) => return self.refuse(id, &error),
        };
        if NamespaceId(file.metadata()?.ino()) != id {
            return Ok(Listened::Yes);
        }
        let network = Some(LinkNameSpaceType::Network);
        if let Err(error) = move_into_link_name_space(file.as_fd(), network) {
            return self.refuse(id, &error.into());
        }
        let opened = open();
        // Whoever can not come back would look for others at the wrong place.
        move_into_link_name_space(self.home.as_fd(), network)?;
        match opened {
            Ok(sockets) => {
                self.known.insert(id, Outcome::Entered);
                tell(self.socket, &News::Entered(id, sockets))
            }
            Err(error) => self.refuse(id, &error.into()),
        }
    }

    fn refuse(&mut self, id: NamespaceId, error: &io::Error) -> io::Result<Listened> {
        self.known.insert(id, Outcome::Refused);
        let number = error.raw_os_error().unwrap_or_default();
        tell(self.socket, &News::Refused(id, number))
    }

    /// Waits until it is to look again; whatever comes by the socket is its end.
    fn wait(&self) -> io::Result<Listened> {
        let mut waiting = [PollFd::new(&self.socket, PollFlags::IN)];
        let timeout = Timespec::try_from(LOOK).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(&mut waiting, Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => Ok(Listened::Yes),
            Ok(_) => Ok(Listened::No),
            Err(error) => Err(error.into()),
        }
    }
}

/// Sockets in the namespace that this thread is in now.
fn open() -> Result<Sockets, Errno> {
    let raw = |family| socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, None);
    Ok(Sockets {
        packets: raw(AddressFamily::PACKET)?,
        answers: raw(AddressFamily::NETLINK)?,
        news: raw(AddressFamily::NETLINK)?,
    })
}

fn tell(socket: BorrowedFd<'_>, news: &News) -> io::Result<Listened> {
    match news::send(socket, news) {
        Ok(()) => Ok(Listened::Yes),
        Err(Errno::PIPE | Errno::CONNRESET) => Ok(Listened::No),
        Err(error) => Err(error.into()),
    }
}
