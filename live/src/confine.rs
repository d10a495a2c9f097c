//! Confinement: once everything is open, every privilege is given up.
//!
//! In: which files are still to be read and written, and whether anything is still to be connected
//! to. Out: what holds from then on, in a line, with what this kernel lacks.
//! **Shape** it holds for the thread that asks and those it starts, so it is asked for before
//! there are others. Nothing of it can be taken back.
//! **Errors** only a privilege that stays is an error: whoever has it and must not. What a kernel
//! does not offer is said, and the rest holds.
//! **Source** `capabilities(7)`, `landlock(7)`, `seccomp(2)`.

mod calls;
mod files;
mod opener;

use std::fmt;
use std::path::PathBuf;

use caps::{CapSet, Capability};

use crate::namespaces::NEEDED;

pub use crate::confine::files::FileRules;

/// What a confined process still needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Files and folders it reads.
    pub read: Vec<PathBuf>,
    /// Folders it writes to.
    pub write: Vec<PathBuf>,
    /// Whether it connects to anything.
    pub connections: Connections,
    /// Whether a process beside it keeps privileges for it.
    pub opener: Opener,
}

/// Whether a process still connects to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Connections {
    /// To an API server, wherever that is.
    Made,
    /// To nobody.
    #[default]
    None,
}

/// Whether a process beside a confined one keeps privileges.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Opener {
    /// It enters network namespaces: see [`crate::namespaces`]. It told before that it is confined
    /// by [`confine_opener`].
    EntersNamespaces {
        /// Its number.
        process: u32,
    },
    /// There is none.
    #[default]
    None,
}

/// What holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    files: FileRules,
    calls: Calls,
    opener: Opener,
}

/// Whether the calls of the system are limited.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Calls {
    Listed,
    /// They are not, and why.
    All(String),
}

/// Why a process keeps a privilege.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// Its capabilities cannot be given up.
    #[error("capabilities: {0}; expected that a process may give up its own")]
    Capabilities(#[from] caps::errors::CapsError),
    /// Its files cannot be limited, though the kernel knows how.
    #[error("Landlock: {0}; expected that a process may limit itself")]
    Files(#[from] landlock::RulesetError),
    /// The calls of a process that keeps privileges cannot be limited.
    #[error("seccomp: {0}; expected that a process may limit itself")]
    Calls(#[from] seccompiler::Error),
}

/// Gives up all that is not needed.
///
/// # Errors
/// A privilege that the kernel would let go and that stays all the same.
pub fn confine(needs: &Needs) -> Result<Held, ConfineError> {
    let files = files::limit(needs)?;
    drop_capabilities(&[])?;
    let calls = match calls::limit() {
        Ok(()) => Calls::Listed,
        Err(error) => Calls::All(error.to_string()),
    };
    Ok(Held {
        files,
        calls,
        opener: needs.opener,
    })
}

/// Gives up all that the opener does not need which enters network namespaces. Landlock is not for
/// it: it would not let it look at processes that are not limited like it.
///
/// # Errors
/// A privilege that stays, or calls that are not limited: what keeps privileges is to be confined
/// as a whole.
pub fn confine_opener() -> Result<(), ConfineError> {
    drop_capabilities(&NEEDED)?;
    Ok(opener::limit_calls()?)
}

/// Gives up the capabilities of this thread but some.
fn drop_capabilities(kept: &[Capability]) -> Result<(), ConfineError> {
    // Who may not shrink the bounding set gains nothing from it: no program is started any more.
    drop(caps::clear(None, CapSet::Bounding));
    for set in [CapSet::Ambient, CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    let kept = kept.iter().copied().collect();
    for set in [CapSet::Effective, CapSet::Permitted] {
        caps::set(None, set, &kept)?;
    }
    Ok(())
}

impl Held {
    /// Whether everything holds that there is.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.calls == Calls::Listed && self.files == FileRules::Whole
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no capabilities, no new privileges, ")?;
        match &self.files {
            FileRules::Whole => write!(f, "only its own files and ports (Landlock), ")?,
            FileRules::Partial => write!(
                f,
                "only its own files, as far as this kernel's Landlock goes, "
            )?,
            FileRules::None => write!(
                f,
                "ALL FILES of its user, as this kernel has no Landlock or has it turned off, "
            )?,
        }
        match &self.calls {
            Calls::Listed => write!(f, "only the calls it makes (seccomp)"),
            Calls::All(why) => write!(f, "ALL CALLS, as seccomp is not to be had: {why}"),
        }?;
        match self.opener {
            Opener::None => Ok(()),
            Opener::EntersNamespaces { process } => write!(
                f,
                "; beside it process {process}, which takes no orders and opens sockets in network \
                 namespaces: {}, ALL FILES of its user, only the calls it makes (seccomp)",
                NEEDED.map(|kept| kept.to_string()).join(", ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kernel_lacks_is_said_loudly() {
        let whole = Held {
            files: FileRules::Whole,
            calls: Calls::Listed,
            opener: Opener::None,
        };
        assert_eq!(
            whole.to_string(),
            "no capabilities, no new privileges, only its own files and ports (Landlock), only the \
             calls it makes (seccomp)"
        );
        let lacking = Held {
            files: FileRules::None,
            calls: Calls::All("not built in".to_owned()),
            opener: Opener::None,
        };
        assert!(whole.is_whole() && !lacking.is_whole());
        assert_eq!(
            lacking.to_string(),
            "no capabilities, no new privileges, ALL FILES of its user, as this kernel has no \
             Landlock or has it turned off, ALL CALLS, as seccomp is not to be had: not built in"
        );
    }
    #[test]
    fn what_an_opener_keeps_is_said_in_the_same_line() {
        let held = Held {
            files: FileRules::Whole,
            calls: Calls::Listed,
            opener: Opener::EntersNamespaces { process: 7 },
        };
        insta::assert_snapshot!(held, @"no capabilities, no new privileges, only its own files and ports (Landlock), only the calls it makes (seccomp); beside it process 7, which takes no orders and opens sockets in network namespaces: CAP_NET_RAW, CAP_SYS_ADMIN, CAP_SYS_PTRACE, ALL FILES of its user, only the calls it makes (seccomp)");
    }
}
