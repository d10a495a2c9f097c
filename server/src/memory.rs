//! The memory of this process, as the kernel counts it. **Source** `proc_pid_status(5)`.
//!
//! **Shape** the file is opened once, so that a process which may open no file any more reads it.

use std::fs::File;
use std::sync::Arc;

/// What tells how much memory this process has; nothing where the system does not say.
#[derive(Clone, Debug, Default)]
pub struct Memory(Option<Arc<File>>);

impl Memory {
    /// That of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(File::open("/proc/self/status").ok().map(Arc::new))
    }

    /// Octets in memory.
    pub(crate) fn resident(&self) -> Option<u64> {
        let mut text = [0; 4096];
        let read = read(self.0.as_ref()?, &mut text)?;
        let text = str::from_utf8(text.get(..read)?).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024)
    }
}

#[cfg(unix)]
fn read(file: &File, octets: &mut [u8]) -> Option<usize> {
    std::os::unix::fs::FileExt::read_at(file, octets, 0).ok()
}

#[cfg(not(unix))]
fn read(_: &File, _: &mut [u8]) -> Option<usize> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_again_and_again() {
        let memory = Memory::of_this_process();
        assert!(memory.resident() > Some(1 << 20));
        assert!(memory.resident() > Some(1 << 20));
        assert_eq!(Memory::default().resident(), None);
    }
}
