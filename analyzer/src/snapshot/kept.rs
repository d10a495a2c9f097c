//! What queries work out of a snapshot once and keep with it, as long as it lives.
//!
//! **Shape** one thing at a time, and none before the second query: a snapshot that is asked once
//! costs no more than its answer. A copy of a snapshot begins with nothing.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The place for it.
#[derive(Default)]
pub struct Kept {
    asked: AtomicBool,
    thing: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

impl Kept {
    /// What is kept and fits, else what is made now; `None` the first time.
    pub fn get_or_make<T: Any + Send + Sync>(
        &self,
        fits: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Option<Arc<T>> {
        if !self.asked.swap(true, Ordering::Relaxed) {
            return None;
        }
        let thing = self.thing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = thing.clone();
        // Others need not wait while it is made; who makes it at the same time makes the same.
        drop(thing);
        let known = known.and_then(|thing| thing.downcast().ok());
        if let Some(known) = known.filter(|known| fits(known)) {
            return Some(known);
        }
        let new = Arc::new(make());
        let mut thing = self.thing.lock().unwrap_or_else(PoisonError::into_inner);
        *thing = Some(Arc::<T>::clone(&new));
        Some(new)
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
