//! Files and ports: only those that are named can be opened from now on (Landlock).
//!
//! **Shape** a file is known by what it is and not by its name, so folders are named where files in
//! them are replaced, as tokens are. What is open stays usable, the listener among it.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use crate::confine::{Connections, Needs};

/// What is asked of the kernel; an older one gives what it has.
const ASKED: ABI = ABI::V6;

/// What the look-up of a host's name reads, and what a C library does besides.
const NAME_RESOLUTION: [&str; 9] = [
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/lib",
    "/lib64",
    "/usr/lib",
];

/// Whether files are limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileRules {
    /// As asked.
    Whole,
    /// As far as this kernel goes.
    Partial,
    /// Not at all.
    None,
}

/// Limits this thread, and those it starts, to what is needed.
pub(super) fn limit(needs: &Needs) -> Result<FileRules, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::from_write(ASKED) | read;
    let mut ports = BitFlags::from(AccessNet::BindTcp);
    let names: &[&str] = match needs.connections {
        Connections::Made => &NAME_RESOLUTION,
        Connections::None => {
            ports |= AccessNet::ConnectTcp;
            &[]
        }
    };
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(ports)?
        .scope(Scope::from_all(ASKED))?
        .create()?;
    for path in names.iter().map(Path::new).chain(paths(&needs.read)) {
        rules = allow(rules, path, read)?;
    }
    for path in paths(&needs.write) {
        rules = allow(rules, path, write)?;
    }
    Ok(match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => FileRules::Whole,
        RulesetStatus::PartiallyEnforced => FileRules::Partial,
        RulesetStatus::NotEnforced => FileRules::None,
    })
}

fn paths(paths: &[PathBuf]) -> impl Iterator<Item = &Path> {
    paths.iter().map(PathBuf::as_path)
}

/// Allows what is at or below a path. What is not there needs no leave.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(rules);
    };
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(ASKED)
    };
    rules.add_rule(PathBeneath::new(opened, access))
}
