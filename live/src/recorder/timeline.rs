//! The timeline of the cluster: a line a change, in files of a size that replay reads.
//!
//! In: changes. Out: `cluster.jsonl`, and behind it `cluster-00002.jsonl` and so on.
//! **Units** octets. **Errors** [`RecordError::Write`], with the file.

use std::path::Path;

use analyzer::cluster::Change;

use crate::recorder::RecordError;
use crate::recorder::object;
use crate::recorder::output::Output;

/// Octets of a file when nothing else is said: replay refuses one of more than a gibioctet.
const USUAL: u64 = 512 << 20;

/// The files so far.
#[derive(Default)]
pub(super) struct Timeline {
    /// The one that is written. None before the first change: a timeline without one is a mistake to
    /// whoever reads it.
    output: Option<Output>,
    files: u32,
}

impl Timeline {
    /// Adds a change; in a new file where the last one has `max_octets`.
    pub(super) fn add(
        &mut self,
        folder: &Path,
        max_octets: Option<u64>,
        change: &Change,
    ) -> Result<(), RecordError> {
        let most = max_octets.unwrap_or(USUAL).min(USUAL);
        let output = match &mut self.output {
            Some(output) if output.size() < most => output,
            full => {
                if let Some(full) = full {
                    full.flush()?;
                }
                let next = Output::create(folder.join(name(self.files + 1)))?;
                self.files += 1;
                full.insert(next)
            }
        };
        output.add(|out| {
            out.extend(object::line(change).into_bytes());
            out.push(b'\n');
        })
    }

    /// Hands everything to the system.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        self.output.as_mut().map_or(Ok(()), Output::flush)
    }

    /// How many files there are.
    pub(super) const fn files(&self) -> u32 {
        self.files
    }

    /// Their names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        (1..=self.files).map(name)
    }
}

/// The first one has the name that a folder's timeline has without being told of.
fn name(number: u32) -> String {
    match number {
        1 => "cluster.jsonl".to_owned(),
        number => format!("cluster-{number:05}.jsonl"),
    }
}
