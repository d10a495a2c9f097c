//! What is done when a thread ends, however it ends.

/// Calls something when it is dropped, by a panic too.
pub(super) struct Finale<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Finale<F> {
    pub(super) const fn new(call: F) -> Self {
        Self(Some(call))
    }
}

impl<F: FnOnce()> Drop for Finale<F> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}
