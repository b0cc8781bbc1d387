//! Versions of a packet in history, each read once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::change::RepositoryError;
use crate::digest::{Hash20, sha1};
use crate::document::Packet;
use crate::document::limits::limit_error;
use crate::text::{RepoPath, Source};

/// The versions of one packet that were asked for.
pub(crate) struct PacketVersions<'a> {
    path: &'a RepoPath,
    cache: RefCell<BTreeMap<Hash20, Rc<Packet>>>,
    unreadable: RefCell<Option<String>>,
}

impl<'a> PacketVersions<'a> {
    /// None yet, of the packet at a path.
    pub(crate) fn new(path: &'a RepoPath) -> Self {
        Self { path, cache: RefCell::default(), unreadable: RefCell::default() }
    }

    /// One version by its bytes; `None` if they are too much to be read, which
    /// [`Versions::checked`] then tells.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Rc<Packet>> {
        if let Some(why) = limit_error(bytes) {
            *self.unreadable.borrow_mut() = Some(why);
            return None;
        }
        let id = sha1(bytes);
        if let Some(known) = self.cache.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let source = Source::from_bytes(self.path.clone(), bytes.to_vec());
        let packet = Rc::new(Packet::read(&source).value);
        self.cache.borrow_mut().insert(id, Rc::clone(&packet));
        Some(packet)
    }

    /// Fails if a version was too much to be read: what it says is not known.
    pub(crate) fn ensure_all_read(&self) -> Result<(), RepositoryError> {
        match self.unreadable.borrow().as_ref() {
            Some(why) => {
                let reason = format!("a version in its history is {why}");
                Err(RepositoryError::Unreadable { path: self.path.clone(), reason })
            }
            None => Ok(()),
        }
    }
}
