//! What files say of a cluster, wherever its frames come from.
//!
//! In: files of objects and of names, and ranges. Out: the same as values, and what to say about
//! them. **Errors** the first file that can not be used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use analyzer::cluster::{Change, Names};
use analyzer::engine::Engine;
use ipnet::IpNet;

use crate::cluster_file;
use crate::error::ReplayError;
use crate::names_file;

/// What files say of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Its objects, in the order of the files.
    pub changes: Vec<Change>,
    /// Ranges of its addresses.
    pub ranges: Vec<IpNet>,
    /// Names for addresses that no object explains.
    pub names: Names,
    /// What to know before trusting the answers.
    pub warnings: Vec<String>,
}

impl Told {
    /// Reads what the `files` of objects and of `names` say.
    ///
    /// # Errors
    /// The first file that can not be used.
    pub fn read<'f>(
        files: impl IntoIterator<Item = &'f Path>,
        names: impl IntoIterator<Item = &'f Path>,
        ranges: Vec<IpNet>,
    ) -> Result<Self, ReplayError> {
        let mut told = Self {
            ranges,
            ..Self::default()
        };
        let mut read = BTreeSet::new();
        for file in files.into_iter().filter(|file| read.insert(*file)) {
            told.read_cluster(file)?;
        }
        for file in names {
            told.names.extend(names_file::read(file)?);
        }
        Ok(told)
    }

    /// Tells it an engine.
    pub fn tell(self, engine: &mut Engine) {
        for change in self.changes {
            engine.apply(change);
        }
        for range in self.ranges {
            engine.add_cluster_range(range);
        }
        engine.set_names(self.names);
    }

    fn read_cluster(&mut self, file: &Path) -> Result<(), ReplayError> {
        let cluster = cluster_file::read(file)?;
        if cluster.is_empty() && cluster.cut.is_none() {
            self.warnings.push(format!(
                "{}: no Kubernetes object in it, so it names no address: expected what `kubectl \
                 get -o yaml` prints; did that fail?",
                file.display()
            ));
        }
        if let Some(line) = cluster.cut {
            self.warnings.push(format!(
                "{}:{line}: the last line is cut off, the changes before it are used",
                file.display()
            ));
        }
        if cluster.watch_errors > 0 {
            self.warnings.push(format!(
                "{}: {} errors of the watch in it: what changed before it went on may be missing",
                file.display(),
                cluster.watch_errors
            ));
        }
        if !cluster.skipped.is_empty() {
            self.warnings.push(skipped(file, &cluster.skipped));
        }
        self.changes.extend(cluster.changes);
        Ok(())
    }
}

fn skipped(file: &Path, kinds: &BTreeMap<String, u64>) -> String {
    let list: Vec<String> = kinds
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    format!(
        "{}: left out what says nothing about identity: {}",
        file.display(),
        list.join(", ")
    )
}
