//! Sources: which captures are one, where they were taken, and what frames carry as their source.
//!
//! In: captures in order of their first frames, and what is declared of them. Out: a number for
//! each, and the declarations by number.
//!
//! **Shape** a plain capture of which nothing is declared is source 0, the tap between the ends.
//! Declared captures have a source each, or one for the rotated files of one. A capture of all
//! interfaces of a machine is a source of its own. Either goes on in a file that begins after it
//! ended: when both are declared to be of one place or, of those of all interfaces, when their
//! names differ by digits alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use analyzer::engine::Unrecorded;
use analyzer::frame::{Direction, LinkType, Origin};
use analyzer::hop::declaration::{Shown, SourceDeclaration, TakenAt};

use crate::arguments::Inputs;
use crate::error::ReplayError;
use crate::scenario::Source;

/// Where a capture was taken, as an option says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// A file or a pattern: all files of a pattern are one source.
    pub files: PathBuf,
    /// Where it was taken.
    pub at: TakenAt,
}

/// The sources of a replay, options first.
#[derive(Default)]
pub(crate) struct Sources {
    declared: Vec<Source>,
    options: usize,
}

/// The numbers of a capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Numbers {
    /// What its frames carry; 0 where nothing is declared.
    pub(crate) plain: u32,
    /// What they carry when they tell of several interfaces.
    pub(crate) cooked: u32,
}

impl Numbers {
    /// Where a frame of the capture was seen.
    #[inline]
    pub(crate) const fn origin(
        self,
        link: LinkType,
        interface: u32,
        direction: Direction,
    ) -> Origin {
        Origin {
            source: match (link, interface) {
                (LinkType::LINUX_SLL | LinkType::LINUX_SLL2, _) | (_, 1..) => self.cooked,
                (_, 0) => self.plain,
            },
            interface,
            direction,
        }
    }
}

impl Sources {
    /// Sources as folders declare them, and as options do, which count for more.
    pub(crate) fn new(folders: Vec<Source>, options: &[Taken]) -> Result<Self, ReplayError> {
        let mut declared = Vec::new();
        for Taken { files, at } in options {
            let inputs = Inputs::of(std::slice::from_ref(files))?;
            declared.push(Source {
                files: inputs.files.into_iter().map(|input| input.path).collect(),
                at: at.clone(),
                shows: Shown::Some,
                interfaces: BTreeMap::new(),
                numbered: BTreeMap::new(),
                names: BTreeMap::new(),
                left_out: None,
            });
        }
        let options = declared.len();
        declared.extend(folders);
        Ok(Self { declared, options })
    }

    /// The numbers of captures, given in order, and the declarations by number.
    pub(crate) fn number(
        &self,
        files: &[&Path],
    ) -> Result<(Vec<Numbers>, Vec<SourceDeclaration>), ReplayError> {
        let mut declarations = vec![SourceDeclaration::default()];
        declarations.extend(self.declared.iter().map(declaration));
        let mut is_read = vec![false; self.declared.len()];
        let known: Vec<Vec<PathBuf>> = self
            .declared
            .iter()
            .map(|source| source.files.iter().map(|file| identity(file)).collect())
            .collect();
        let mut numbers = Vec::with_capacity(files.len());
        for file in files {
            let own = identity(file);
            match known.iter().position(|files| files.contains(&own)) {
                Some(at) => {
                    if let Some(read) = is_read.get_mut(at) {
                        *read = true;
                    }
                    let number = number(at + 1);
                    numbers.push(Numbers {
                        plain: number,
                        cooked: number,
                    });
                }
                None => {
                    numbers.push(Numbers {
                        plain: 0,
                        cooked: number(declarations.len()),
                    });
                    declarations.push(SourceDeclaration {
                        name: file.display().to_string(),
                        ..SourceDeclaration::default()
                    });
                }
            }
        }
        // What an option says counts for more than a folder.
        let said = self.declared.iter().zip(&is_read).take(self.options);
        let unread = said.enumerate().find(|(_, (_, read))| !**read);
        if let Some((at, (source, _))) = unread {
            let path = source.files.first().cloned().unwrap_or_default();
            let own = identity(&path);
            let mut before = known.iter().take(at).flatten();
            return Err(if before.any(|file| *file == own) {
                ReplayError::PlaceTwice { path }
            } else {
                ReplayError::NotRead { path }
            });
        }
        Ok((numbers, declarations))
    }

    /// What recorders left out, by the number of the source.
    pub(crate) fn left_out(&self) -> Vec<(u32, Unrecorded)> {
        let sources = self.declared.iter().zip(1..);
        let left_out = sources.filter_map(|(source, number)| Some((number, source.left_out?)));
        left_out.collect()
    }

    /// What the files of one source have in common.
    pub(crate) fn chain(&self, numbers: Numbers, file: &Path) -> Chain {
        let declared = (numbers.plain as usize).checked_sub(1);
        match declared.and_then(|at| self.declared.get(at)) {
            Some(source) if source.at != TakenAt::Between => Chain::At(source.at.clone()),
            Some(_) => Chain::Source(numbers.plain),
            None => Chain::Name(rotation_name(file)),
        }
    }
}

/// What tells that one capture goes on in another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Chain {
    /// The place they are declared to be of.
    At(TakenAt),
    /// The source they are declared to be.
    Source(u32),
    /// Their names, less what rotation writes.
    Name(String),
}

/// A file's name without what rotation and packing add to it: counters, times, endings.
fn rotation_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let plain = name.strip_suffix(".gz").or(name.strip_suffix(".zst"));
    let letters = plain.unwrap_or(&name).chars();
    letters.filter(|letter| !letter.is_ascii_digit()).collect()
}

/// How many letters two files' paths have in common from their beginning.
pub(crate) fn alike(one: &Path, other: &Path) -> usize {
    let (one, other) = (one.to_string_lossy(), other.to_string_lossy());
    let pairs = one.chars().zip(other.chars());
    pairs.take_while(|(one, other)| one == other).count()
}

fn declaration(source: &Source) -> SourceDeclaration {
    let first = source.files.iter().min();
    SourceDeclaration {
        name: first.map_or_else(String::new, |file| file.display().to_string()),
        at: source.at.clone(),
        shows: source.shows,
        owners: source.interfaces.clone(),
        numbered: source.numbered.clone(),
        names: source.names.clone(),
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn identity(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_have_one_name() {
        let name = |file: &str| rotation_name(Path::new(file));
        assert_eq!(name("any.pcap"), name("any.pcap12"));
        assert_eq!(name("any.pcap1.gz"), name("any.pcap"));
        assert_eq!(
            name("any_00001_20261122.pcap"),
            name("any_00002_20261123.pcap")
        );
        assert_eq!(
            name("any-2026-11-22_10:00:00.pcap"),
            name("any-2026-11-22_10:00:05.pcap")
        );
        assert_ne!(name("web.pcap"), name("api.pcap"));
    }
}
