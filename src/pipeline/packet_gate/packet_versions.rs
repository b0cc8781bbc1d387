//! Versions of a packet in history; each is parsed once, and only what is asked about it is
//! kept.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use crate::change::RepositoryError;
use crate::digest::{Hash20, sha1};
use crate::document::Packet;
use crate::document::limits::limit_error;
use crate::document::waiver::Waiver;
use crate::text::{RepoPath, Source};

/// What is asked about a version of a packet.
pub(crate) struct PacketVersion {
    /// The value of `USER_SIGNATURE`.
    pub signature: Option<String>,
    /// The waivers, as hashes of their words.
    waivers: HashSet<Hash20>,
}

impl PacketVersion {
    pub(crate) fn of(packet: &Packet) -> Self {
        Self {
            signature: packet.signature.as_ref().map(|signature| signature.value.clone()),
            waivers: packet.waivers.iter().map(|waiver| waiver_hash(packet, waiver)).collect(),
        }
    }

    /// Returns whether the version has the same waiver as a packet, whatever its line breaks.
    pub(crate) fn has_waiver(&self, packet: &Packet, waiver: &Waiver) -> bool {
        self.waivers.contains(&waiver_hash(packet, waiver))
    }
}

fn waiver_hash(packet: &Packet, waiver: &Waiver) -> Hash20 {
    let words: Vec<&str> = packet.source.slice(waiver.span).split_whitespace().collect();
    sha1(words.join(" ").as_bytes())
}

/// Cache of parsed versions of one packet.
pub(crate) struct PacketVersions<'a> {
    path: &'a RepoPath,
    /// Versions by the SHA-1 of their bytes.
    cache: RefCell<BTreeMap<Hash20, Rc<PacketVersion>>>,
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
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Rc<PacketVersion>> {
        if let Some(excess) = limit_error(self.path, bytes) {
            *self.unreadable.borrow_mut() = Some(excess);
            return None;
        }
        let hash = sha1(bytes);
        if let Some(known) = self.cache.borrow().get(&hash) {
            return Some(Rc::clone(known));
        }
        let source = Source::from_bytes(self.path.clone(), bytes.to_vec());
        let version = Rc::new(PacketVersion::of(&Packet::read(&source).value));
        self.cache.borrow_mut().insert(hash, Rc::clone(&version));
        Some(version)
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
