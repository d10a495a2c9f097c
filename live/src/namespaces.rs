//! Network namespaces of others on this machine: sockets in each, which another process opens.
//!
//! ```text
//! opener:  /proc/*/ns/net ──► a namespace that is new ──► three sockets in it ──┐ descriptors
//! this:    a ring, names and addresses of interfaces ◄──────────────────────────┘
//! ```
//!
//! In: the processes of this machine, as far as they are to be seen. Out: [`News`]: which
//! namespaces were entered, and which have nobody in them any more.
//! **Shape** to enter a namespace takes privileges that whoever reads packets is not to have. The
//! opener is this program again, with a command of its own, begun before this process gives its
//! privileges up; it keeps three capabilities. It takes no orders: it tells, and nothing is ever
//! sent to it. It ends when the socket between both is closed, which the kernel does however this
//! process ends.
//! **Errors** what the opener cannot enter is told with the system's number and not tried again
//! while somebody is in it.

mod opener;
mod news;
mod processes;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use caps::{CapSet, Capability};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::clock::Stopwatch;

pub use crate::namespaces::news::{NamespaceId, News, Sockets};
pub use crate::namespaces::opener::{OpenerError, run};

/// What it takes to enter the network namespaces of others, and to see packets there.
pub const NEEDED: [Capability; 3] = [
    Capability::CAP_NET_RAW,
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_SYS_PTRACE,
];

/// How long the opener may take to look at all processes for the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// The opener, and what it tells. It ends when this is dropped.
#[derive(Debug)]
pub struct Namespaces {
    /// `None` when the opener has ended.
    socket: Option<OwnedFd>,
    opener: Child,
    /// What was told while the first look was waited for, the last first.
    waiting: Vec<News>,
}

/// Why no namespace can be entered.
#[derive(Debug, thiserror::Error)]
pub enum NamespacesError {
    /// Privileges are missing.
    #[error(
        "cannot enter network namespaces: the capabilities {0} are missing; run as root (sudo), \
         or give this program all it needs: cap_net_raw,cap_sys_admin,cap_sys_ptrace=ep"
    )]
    NotPermitted(String),
    /// The opener cannot be started.
    #[error("cannot start the opener that enters network namespaces: {0}")]
    Starting(#[from] io::Error),
    /// It ended, or is silent.
    #[error(
        "the opener that enters network namespaces {0}; expected that it looks at the processes \
         below /proc within ten seconds"
    )]
    Silent(&'static str),
}

impl Namespaces {
    /// Starts an opener, by a command that calls [`run`], and waits until it has looked at all
    /// processes once.
    ///
    /// # Errors
    /// Privileges are missing, or the opener does not start.
    pub fn start(mut command: Command) -> Result<Self, NamespacesError> {
        check_capabilities()?;
        raise_descriptors();
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .map_err(io::Error::from)?;
        // In a group of its own: Ctrl-C is for whoever it tells.
        let opener = command
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()?;
        // The command holds their end, by which the kernel would take the opener for alive.
        drop(command);
        let mut namespaces = Self {
            socket: Some(ours),
            opener,
            waiting: Vec::new(),
        };
        namespaces.wait_for_first_look()?;
        Ok(namespaces)
    }

    /// The number of the opener's process.
    #[must_use]
    pub fn opener(&self) -> u32 {
        self.opener.id()
    }

    /// The next news, without waiting for any. After [`News::Ended`] there are none.
    pub fn try_next(&mut self) -> Option<News> {
        if let Some(news) = self.waiting.pop() {
            return Some(news);
        }
        let news = news::receive(self.socket.as_ref()?.as_fd())?;
        if matches!(news, News::Ended) {
            self.socket = None;
        }
        Some(news)
    }

    fn wait_for_first_look(&mut self) -> Result<(), NamespacesError> {
        let began = Stopwatch::start();
        let mut told = Vec::new();
        while let Some(left) = PATIENCE.checked_sub(began.elapsed()) {
            match self.try_next() {
                Some(News::Looked) => {
                    told.reverse();
                    self.waiting = told;
                    return Ok(());
                }
                Some(News::Ended) => return Err(NamespacesError::Silent("ended at once")),
                Some(news) => told.push(news),
                None => self.wait(left)?,
            }
        }
        Err(NamespacesError::Silent("says nothing"))
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        let mut waiting = [PollFd::new(socket, PollFlags::IN)];
        let timeout = Timespec::try_from(timeout).map_err(|_| io::ErrorKind::InvalidInput)?;
        poll(&mut waiting, Some(&timeout))?;
        Ok(())
    }
}

impl Drop for Namespaces {
    /// The opener ends by the end of the socket, and is waited for so that it leaves nothing behind.
    fn drop(&mut self) {
        self.socket = None;
        drop(self.opener.wait());
    }
}

fn check_capabilities() -> Result<(), NamespacesError> {
    let is_missing = |needed: &Capability| {
        let held = caps::has_cap(None, CapSet::Permitted, *needed);
        !held.is_ok_and(|held| held)
    };
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|needed| is_missing(needed))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(NamespacesError::NotPermitted(missing.join(", ")))
}

/// Lets this process have as many descriptors as it may: each namespace takes three. Without them
/// fewer namespaces are entered, which is told.
fn raise_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, most);
}
