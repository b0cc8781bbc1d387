//! Versions of a packet in history, each read once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::change::RepositoryError;
use crate::digest::{Hash20, sha1};
use crate::document::Packet;
use crate::document::limit::too_much;
use crate::text::{RepoPath, Source};

/// The versions of one packet that were asked for.
pub(super) struct Versions<'a> {
    path: &'a RepoPath,
    known: RefCell<BTreeMap<Hash20, Rc<Packet>>>,
    refused: RefCell<Option<String>>,
}

impl<'a> Versions<'a> {
    /// None yet, of the packet at a path.
    pub(super) fn of(path: &'a RepoPath) -> Self {
        Self { path, known: RefCell::default(), refused: RefCell::default() }
    }

    /// One version by its bytes; `None` if they are too much to be read, which
    /// [`Versions::checked`] then tells.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Rc<Packet>> {
        if let Some(why) = too_much(bytes) {
            *self.refused.borrow_mut() = Some(why);
            return None;
        }
        let id = sha1(bytes);
        if let Some(known) = self.known.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let source = Source::from_bytes(self.path.clone(), bytes.to_vec());
        let packet = Rc::new(Packet::read(&source).value);
        self.known.borrow_mut().insert(id, Rc::clone(&packet));
        Some(packet)
    }

    /// Fails if a version was too much to be read: what it says is not known.
    pub(super) fn checked(&self) -> Result<(), RepositoryError> {
        match self.refused.borrow().as_ref() {
            Some(why) => {
                let reason = format!("a version in its history is {why}");
                Err(RepositoryError::Unreadable { path: self.path.clone(), reason })
            }
            None => Ok(()),
        }
    }
}
