//! Work on several scenarios at once, with results in the order of their names.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What `work` makes of each folder, in order of name; a folder named twice is worked on once,
/// however it is spelled.
pub fn in_order<T: Send>(folders: &[PathBuf], work: impl Fn(&Path) -> T + Sync) -> Vec<T> {
    let mut folders: Vec<&PathBuf> = folders.iter().collect();
    folders.sort();
    let mut known = BTreeSet::new();
    // What is not there has one spelling alone, and `work` says that it is not there.
    folders.retain(|folder| {
        let spelled = |_| PathBuf::clone(folder);
        known.insert(folder.canonicalize().unwrap_or_else(spelled))
    });
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers.min(folders.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(folder) = folders.get(number) else {
                        return;
                    };
                    let result = (number, work(folder));
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(result);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_of_name_each_once() {
        let folders: Vec<PathBuf> = ["b", "c", "a", "b"].map(PathBuf::from).into();
        let names = in_order(&folders, |folder| folder.display().to_string());
        assert_eq!(names, ["a", "b", "c"]);
        assert!(in_order(&[], |_| ()).is_empty());
    }

    #[test]
    fn a_folder_of_two_spellings_is_worked_on_once() {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("shop");
        std::fs::create_dir(&shop).unwrap();
        let other = shop.join("..").join("shop");
        let names = in_order(&[other, shop.clone()], Path::to_path_buf);
        assert_eq!(names.len(), 1, "{names:?}");
    }
}
