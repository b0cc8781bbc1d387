//! Versions of a packet in history; each is parsed once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::change::RepositoryError;
use crate::digest::{Hash20, sha1};
use crate::document::Packet;
use crate::document::limits::limit_error;
use crate::text::{RepoPath, Source};

/// Cache of parsed versions of one packet.
pub(crate) struct PacketVersions<'a> {
    path: &'a RepoPath,
    /// Versions by the SHA-1 of their bytes.
    cache: RefCell<BTreeMap<Hash20, Rc<Packet>>>,
    /// Limit that a version exceeds, as a clause.
    unreadable: RefCell<Option<String>>,
}

impl<'a> PacketVersions<'a> {
    /// Returns an empty cache for the packet at `path`.
    pub(crate) fn new(path: &'a RepoPath) -> Self {
        Self { path, cache: RefCell::default(), unreadable: RefCell::default() }
    }

    /// Parses one version; `None` if its bytes exceed a limit, which
    /// [`Self::ensure_all_read`] reports later.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Rc<Packet>> {
        if let Some(excess) = limit_error(bytes) {
            *self.unreadable.borrow_mut() = Some(excess);
            return None;
        }
        let hash = sha1(bytes);
        if let Some(known) = self.cache.borrow().get(&hash) {
            return Some(Rc::clone(known));
        }
        let source = Source::from_bytes(self.path.clone(), bytes.to_vec());
        let packet = Rc::new(Packet::read(&source).value);
        self.cache.borrow_mut().insert(hash, Rc::clone(&packet));
        Some(packet)
    }

    /// Fails if a version exceeded a limit, because its content is unknown.
    pub(crate) fn ensure_all_read(&self) -> Result<(), RepositoryError> {
        match self.unreadable.borrow().as_ref() {
            Some(excess) => {
                let reason = format!("a version in its history is {excess}");
                Err(RepositoryError::Unreadable { path: self.path.clone(), reason })
            }
            None => Ok(()),
        }
    }
}
