//! The files of this repository, as they lie on the disk.

use std::fs;
use std::path::Path;

/// What building and fuzzing leave behind, and git's own folder.
const NOT_OURS: [&str; 6] = [
    ".git",
    "fuzz/artifacts",
    "fuzz/corpus",
    "fuzz/coverage",
    "fuzz/target",
    "target",
];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository: its path from the root with `/` between names, and its size.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

impl File {
    /// Its text, or `None` when it is not UTF-8.
    pub(crate) fn text(&self) -> Option<String> {
        String::from_utf8(fs::read(root().join(&self.path)).unwrap()).ok()
    }

    /// Whether it is Rust source of a crate that ships, or of one that measures it.
    pub(crate) fn is_source(&self) -> bool {
        self.is_rust() && (self.path.starts_with("src/") || self.path.contains("/src/"))
    }

    /// Whether it is Rust at all.
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|extension| extension == "rs")
    }
}

/// Every file under the root, in order of path.
pub(crate) fn files() -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = from_root(&entry.path());
            let kind = entry.file_type().unwrap();
            if NOT_OURS.contains(&path.as_str()) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = entry.metadata().unwrap().len();
                found.push(File { path, bytes });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// A path as seen from the root, with `/` between names.
pub(crate) fn from_root(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap();
    let names: Vec<_> = below.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

#[test]
fn the_walk_finds_this_file_and_no_build_output() {
    let files = files();
    assert!(
        files
            .iter()
            .any(|file| file.path == "tests/house/tree.rs" && !file.is_source())
    );
    assert!(
        files
            .iter()
            .any(|file| file.path == "analyzer/src/lib.rs" && file.is_source())
    );
    assert!(files.iter().all(|file| !file.path.starts_with("target/")));
}
