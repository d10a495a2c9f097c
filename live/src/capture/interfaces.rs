//! Which interfaces are kept.
//!
//! In: names as they were asked for, and what the kernel calls an interface. Out: whether its
//! frames are kept. **Shape** an interface may get another name soon after it appears (network
//! plugins do that), so that an answer holds for a second. **Time** is that of frames.

use std::collections::BTreeMap;
use std::time::Duration;

use analyzer::query::pattern::Glob;
use analyzer::time::Timestamp;

use crate::capture::socket::PacketSocket;

/// How long an interface is believed to have its name.
const BELIEVED: Duration = Duration::from_secs(1);

/// Names interfaces of a network namespace.
#[derive(Debug)]
pub struct InterfaceNames(PacketSocket);

impl InterfaceNames {
    pub(super) const fn new(socket: PacketSocket) -> Self {
        Self(socket)
    }

    /// What an interface is called now; `None` when it is gone.
    #[must_use]
    pub fn name(&self, index: u32) -> Option<String> {
        self.0.interface_name(index)
    }
}

/// The interfaces that are kept: all, or those with names of certain forms.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InterfaceChoice {
    globs: Vec<Glob>,
    /// The answer for each interface, and until when it holds. There are no more than the kernel
    /// has had since the choice was made.
    known: BTreeMap<u32, (bool, Timestamp)>,
}

impl InterfaceChoice {
    /// Those whose name is one of `names`, in which `*` stands for any characters; all when there
    /// are none.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let globs = names.into_iter().map(|name| Glob::new(name.as_ref()));
        Self {
            globs: globs.collect(),
            known: BTreeMap::new(),
        }
    }

    /// Whether frames of an interface are kept at a time. `name` is asked at most once a second of
    /// an interface; of one that is gone the last answer holds.
    #[inline]
    pub fn keeps(
        &mut self,
        index: u32,
        time: Timestamp,
        name: impl FnOnce(u32) -> Option<String>,
    ) -> bool {
        if self.globs.is_empty() {
            return true;
        }
        match self.known.get(&index) {
            Some((kept, until)) if time < *until => *kept,
            known => {
                let before = known.is_some_and(|(kept, _)| *kept);
                let kept = name(index).map_or(before, |name| self.names(&name));
                self.remember(index, kept, time);
                kept
            }
        }
    }

    /// What was asked for and is the name of none of these.
    pub fn unmet(&self, present: &[&str]) -> impl Iterator<Item = &str> {
        let is_unmet = |glob: &&Glob| !present.iter().any(|name| glob.matches(name));
        self.globs.iter().filter(is_unmet).map(Glob::as_str)
    }

    fn names(&self, name: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(name))
    }

    fn remember(&mut self, index: u32, kept: bool, time: Timestamp) {
        let until = time.saturating_add(BELIEVED);
        self.known.insert(index, (kept, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn called(name: &str) -> impl FnOnce(u32) -> Option<String> {
        let name = name.to_owned();
        move |_| Some(name)
    }

    #[test]
    fn without_names_everything_is_kept_and_nobody_is_asked() {
        let mut all = InterfaceChoice::new([""; 0]);
        assert!(all.keeps(3, at(1), |_| unreachable!()));
    }

    #[test]
    fn names_may_be_globs() {
        let mut choice = InterfaceChoice::new(["eth0", "veth*"]);
        let kept = ["eth0", "veth1a", "eth01", "lo"].map(|name| {
            let mut choice = choice.clone();
            choice.keeps(3, at(1), called(name))
        });
        assert_eq!(kept, [true, true, false, false]);
        assert!(!choice.keeps(9, at(1), |_| None), "gone and never seen");
    }

    #[test]
    fn what_is_asked_for_is_unmet_while_nothing_is_called_that() {
        let choice = InterfaceChoice::new(["eth0", "veth*", "nope0"]);
        let unmet = |present: &[&str]| choice.unmet(present).collect::<Vec<_>>().join(" ");
        assert_eq!(unmet(&["lo", "eth0"]), "veth* nope0");
        assert_eq!(unmet(&["nope0", "veth1", "eth0"]), "");
        assert_eq!(unmet(&[]), "eth0 veth* nope0");
        assert_eq!(InterfaceChoice::default().unmet(&[]).count(), 0, "all");
    }

    #[test]
    fn an_interface_that_is_renamed_is_asked_for_again() {
        let mut choice = InterfaceChoice::new(["veth*"]);
        assert!(!choice.keeps(3, at(1), called("tmp42")));
        assert!(!choice.keeps(3, at(1), |_| unreachable!()), "believed");
        assert!(choice.keeps(3, at(2), called("veth42")));
        assert!(choice.keeps(3, at(4), |_| None), "gone, as it was");
    }
}
