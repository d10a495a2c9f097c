//! Small files that are read again while the server runs: tokens, certificates, keys.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most octets of such a file.
const LENGTH_MAX: u64 = 1024 * 1024;

/// The whole of a small file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let file = File::open(path)?;
    file.take(LENGTH_MAX + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > LENGTH_MAX {
        let error = format!("more than {LENGTH_MAX} octets");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    Ok(octets)
}
