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

use std::fmt;
use std::path::PathBuf;

use caps::CapSet;

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

/// What holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    files: FileRules,
    calls: Calls,
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
}

/// Gives up all that is not needed.
///
/// # Errors
/// A privilege that the kernel would let go and that stays all the same.
pub fn confine(needs: &Needs) -> Result<Held, ConfineError> {
    let files = files::limit(needs)?;
    drop_capabilities()?;
    let calls = match calls::limit() {
        Ok(()) => Calls::Listed,
        Err(error) => Calls::All(error.to_string()),
    };
    Ok(Held { files, calls })
}

/// Gives up the capabilities of this thread.
fn drop_capabilities() -> Result<(), ConfineError> {
    // Who may not shrink the bounding set gains nothing from it: no program is started any more.
    drop(caps::clear(None, CapSet::Bounding));
    for set in [
        CapSet::Ambient,
        CapSet::Inheritable,
        CapSet::Effective,
        CapSet::Permitted,
    ] {
        caps::clear(None, set)?;
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
        };
        assert_eq!(
            whole.to_string(),
            "no capabilities, no new privileges, only its own files and ports (Landlock), only the \
             calls it makes (seccomp)"
        );
        let lacking = Held {
            files: FileRules::None,
            calls: Calls::All("not built in".to_owned()),
        };
        assert!(whole.is_whole() && !lacking.is_whole());
        assert_eq!(
            lacking.to_string(),
            "no capabilities, no new privileges, ALL FILES of its user, as this kernel has no \
             Landlock or has it turned off, ALL CALLS, as seccomp is not to be had: not built in"
        );
    }
}
