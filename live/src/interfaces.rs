//! Interfaces: what they are called and whose they are, asked of the kernel and kept up to date.
//!
//! In: the kernel's links, addresses, routes, neighbours and bridges, by netlink, and which pods
//! the node has. Out: names and owners by number. Needs no capability.
//! **Shape** a number is never given to another interface while a kernel runs, a name may be. So
//! what was known of an interface stays known when it is gone, for the traffic it showed.
//! **Time** nothing is polled: the kernel tells news, which are read when there are any
//! ([`Interfaces`] has a descriptor to wait for). When some were lost, everything is listed again.
//! **Errors** what the kernel refuses, with what was asked. An owner that is not known is left to
//! be learned from traffic.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use analyzer::hop::declaration::{InterfaceOwner, PodName};

use crate::interfaces::fact::{
    ANY_FAMILY, BRIDGE, Fact, GET_ADDRESSES, GET_LINKS, GET_NEIGHBOURS, GET_ROUTES, Holds,
};
use crate::interfaces::socket::{Answers, Heard, News};
use crate::interfaces::tables::Tables;

mod fact;
mod message;
mod socket;
mod tables;

/// The most interfaces that are gone and still known.
const GONE_LIMIT: usize = 65_536;

/// The most news that are read in one go.
const NEWS_LIMIT: usize = 1024;

/// What is asked for, as kinds and families.
const LISTS: [(u16, u8); 5] = [
    (GET_LINKS, ANY_FAMILY),
    (GET_ADDRESSES, ANY_FAMILY),
    (GET_ROUTES, ANY_FAMILY),
    (GET_NEIGHBOURS, ANY_FAMILY),
    (GET_NEIGHBOURS, BRIDGE),
];

/// Why interfaces are not known.
#[derive(Debug, thiserror::Error)]
pub enum InterfacesError {
    /// A call of the system failed.
    #[error("netlink: {doing} failed: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The kernel does not list something.
    #[error("netlink: the kernel refused request {kind} with error {code}, expected a list")]
    Refused {
        /// What was asked for, `RTM_GET…`.
        kind: u16,
        /// The kernel's error number.
        code: i32,
    },
}

/// Whether news said anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Nothing that counts here.
    Nothing,
    /// Something: names and owners may be others than before.
    Something,
}

/// The interfaces of a network namespace, present and past.
#[derive(Debug)]
pub struct Interfaces {
    answers: Answers,
    news: News,
    tables: Tables,
    known: Known,
    /// Whether news were lost, and not all was listed again since.
    outdated: bool,
}

impl Interfaces {
    /// Opens the sockets, in this thread's network namespace, and lists what there is.
    ///
    /// # Errors
    /// When the system refuses a socket, or the kernel a list.
    pub fn open() -> Result<Self, InterfacesError> {
        // News first: what changes while things are listed is told again.
        let news = News::open()?;
        Self::of(Answers::open()?, news)
    }

    /// Takes over two raw sockets of netlink's routing family, which are bound to nothing, and lists
    /// what there is in the network namespace that they are in.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(answers: OwnedFd, news: OwnedFd) -> Result<Self, InterfacesError> {
        let news = News::over(news)?;
        Self::of(Answers::over(answers)?, news)
    }

    fn of(answers: Answers, news: News) -> Result<Self, InterfacesError> {
        let mut interfaces = Self {
            answers,
            news,
            tables: Tables::default(),
            known: Known::default(),
            outdated: false,
        };
        interfaces.list()?;
        Ok(interfaces)
    }

    /// Takes in the kernel's news, without waiting for any.
    ///
    /// # Errors
    /// When news cannot be read, or a list that they made necessary. What is known stays known, and
    /// everything is listed again the next time.
    pub fn refresh(&mut self) -> Result<Changed, InterfacesError> {
        if !self.outdated {
            // Until they were read, they may be lost.
            self.outdated = true;
            if let Some(changed) = self.take_news()? {
                self.outdated = false;
                return Ok(changed);
            }
        }
        self.discard_news()?;
        self.list()?;
        self.outdated = false;
        Ok(Changed::Something)
    }

    /// Reads what there is; `None` when some of it was lost.
    fn take_news(&mut self) -> Result<Option<Changed>, InterfacesError> {
        let mut changed = Changed::Nothing;
        for _ in 0..NEWS_LIMIT {
            let (tables, known) = (&mut self.tables, &mut self.known);
            let heard = self.news.read(|message| {
                if let Some((holds, fact)) = Fact::read(message) {
                    // It may be gone again before the news are all read.
                    if let (Holds::Now, Fact::Link(link)) = (holds, &fact) {
                        known.see_link(link.index, &link.name);
                    }
                    tables.apply(holds, fact);
                    changed = Changed::Something;
                }
            })?;
            match heard {
                Heard::Everything => break,
                Heard::Some => {}
                Heard::Lost => return Ok(None),
            }
        }
        if changed == Changed::Something {
            self.known.see(&self.tables);
        }
        Ok(Some(changed))
    }

    /// What the interfaces are called, by number, also those that are gone.
    #[must_use]
    pub fn names(&self) -> BTreeMap<u32, Arc<str>> {
        let names = self.known.by_number.iter();
        names
            .map(|(number, known)| (*number, Arc::clone(&known.name)))
            .collect()
    }

    /// What those that are there are called.
    pub fn present(&self) -> impl Iterator<Item = &str> {
        let there = self.known.by_number.values();
        let there = there.filter(|known| known.gone.is_none());
        there.map(|known| &*known.name)
    }

    /// Whose the interfaces are, by number, when these are the addresses of the node's pods now.
    /// Interfaces that are gone stay whose they were. Those not named are left to be learned.
    pub fn owners(&mut self, pods: &BTreeMap<IpAddr, PodName>) -> BTreeMap<u32, InterfaceOwner> {
        self.known.own(self.tables.owners(pods));
        let owned = self.known.by_number.iter();
        owned
            .filter_map(|(number, known)| Some((*number, known.owner.clone()?)))
            .collect()
    }

    /// The addresses of the machine itself.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        self.tables.addresses().collect()
    }

    /// What the kernel told and there was no room for.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.tables.refused()
    }

    /// Lists everything, in place of what was known of the present.
    fn list(&mut self) -> Result<(), InterfacesError> {
        let mut tables = Tables::default();
        for (kind, family) in LISTS {
            self.answers.list(kind, family, |message| {
                if let Some((holds, fact)) = Fact::read(message) {
                    tables.apply(holds, fact);
                }
            })?;
        }
        self.tables = tables;
        self.known.see(&self.tables);
        Ok(())
    }

    /// News that are older than the list to come would undo what it says.
    fn discard_news(&mut self) -> Result<(), InterfacesError> {
        for _ in 0..NEWS_LIMIT {
            if self.news.read(|_| {})? == Heard::Everything {
                break;
            }
        }
        Ok(())
    }
}

impl AsFd for Interfaces {
    /// Readable when there are news.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.news.as_fd()
    }
}

/// Interfaces that are there and that were.
#[derive(Debug, Default)]
struct Known {
    by_number: BTreeMap<u32, KnownInterface>,
    /// Those that are gone, the first to go first.
    gone: BTreeSet<(u64, u32)>,
    /// How many ever went.
    departures: u64,
}

#[derive(Debug)]
struct KnownInterface {
    name: Arc<str>,
    owner: Option<InterfaceOwner>,
    /// Which departure was its own.
    gone: Option<u64>,
}

impl Known {
    /// Takes in which links there are.
    fn see(&mut self, tables: &Tables) {
        let mut present = BTreeSet::new();
        for (number, name) in tables.links() {
            present.insert(number);
            self.see_link(number, name);
        }
        for (number, known) in &mut self.by_number {
            if known.gone.is_none() && !present.contains(number) {
                known.gone = Some(self.departures);
                self.gone.insert((self.departures, *number));
                self.departures += 1;
            }
        }
        while self.gone.len() > GONE_LIMIT
            && let Some((_, number)) = self.gone.pop_first()
        {
            self.by_number.remove(&number);
        }
    }

    fn see_link(&mut self, number: u32, name: &Arc<str>) {
        let known = self
            .by_number
            .entry(number)
            .or_insert_with(|| KnownInterface {
                name: Arc::clone(name),
                owner: None,
                gone: None,
            });
        if known.name != *name {
            known.name = Arc::clone(name);
        }
        // Back from another network namespace: whose it is now is another matter.
        if let Some(departure) = known.gone.take() {
            self.gone.remove(&(departure, number));
            known.owner = None;
        }
    }

    /// Takes in whose links are. One of which nothing is said now stays whose it was: what told of
    /// a pod goes before its link does.
    fn own(&mut self, owners: BTreeMap<u32, InterfaceOwner>) {
        for (number, owner) in owners {
            let known = self.by_number.get_mut(&number);
            if let Some(known) = known.filter(|known| known.gone.is_none()) {
                known.owner = Some(owner);
            }
        }
    }
}

#[cfg(test)]
mod tests;
