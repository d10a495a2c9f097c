//! Processes of this machine, and the network namespaces that they are in.
//!
//! In: `/proc`. Out: a process and its namespace, for each process that may be looked at.
//! **Source** `proc(5)`, `namespaces(7)`.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::namespaces::NamespaceId;

/// The file by which the namespace of a process is entered.
pub(super) fn file(process: u32) -> PathBuf {
    format!("/proc/{process}/ns/net").into()
}

/// The namespace of each process. Processes that end meanwhile, and those of which it may not be
/// known, are left out.
pub(super) fn namespaces() -> io::Result<impl Iterator<Item = (u32, NamespaceId)>> {
    let processes = fs::read_dir("/proc")?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    Ok(processes.filter_map(|process| {
        let target = fs::read_link(file(process)).ok()?;
        Some((process, id(target.to_str()?)?))
    }))
}

/// The number in the name of a namespace, such as `net:[4026531840]`.
fn id(name: &str) -> Option<NamespaceId> {
    let number = name.strip_prefix("net:[")?.strip_suffix(']')?;
    number.parse().ok().map(NamespaceId)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::process;

    use super::*;

    #[test]
    fn a_namespace_is_known_by_its_number() {
        assert_eq!(id("net:[4026531840]"), Some(NamespaceId(4_026_531_840)));
        for other in ["mnt:[4026531840]", "net:[]", "net:[1", "net:[x]", ""] {
            assert_eq!(id(other), None, "{other}");
        }
    }

    #[test]
    fn this_process_is_in_the_namespace_that_its_file_is_of() {
        let number = fs::metadata(file(process::id())).unwrap().ino();
        let own = namespaces().unwrap().find(|(id, _)| *id == process::id());
        assert_eq!(own, Some((process::id(), NamespaceId(number))));
    }
}
