//! The lock that keeps writers away while the checks read.

use crate::system::transaction::{WriteError, lock_for_reading};

use super::GitRepository;

impl GitRepository {
    /// Takes the lock for reading: no command of countersign writes until it is released.
    ///
    /// # Errors
    /// A command writes for longer than the timeout.
    pub(crate) fn lock_for_reading(&self) -> Result<(), WriteError> {
        *self.read_lock.borrow_mut() = lock_for_reading(&self.state_folder())?;
        Ok(())
    }

    /// Releases the lock for reading. Steps run without it: they may write.
    pub(crate) fn release_read_lock(&self) {
        *self.read_lock.borrow_mut() = None;
    }
}
