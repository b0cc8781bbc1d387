//! Tree objects, decoded once in a run.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use git2::{ObjectType, Oid};

use crate::change::{FileMode, RepositoryError};
use crate::digest::Hash20;
use crate::text::RepoPath;

use super::{GitRepository, to_oid};

/// Raw mode of a folder in a tree.
pub(super) const FOLDER_MODE: u32 = 0o040_000;
/// Maximum number of entries that are kept; with more, the trees are decoded again.
const MAX_KEPT_ENTRIES: usize = 2_000_000;
/// Maximum number of tree entries that one run reads. Every comparison of two trees
/// counts.
const MAX_ENTRIES_READ: u64 = 50_000_000;
/// Maximum number of folders that one run reads.
const MAX_FOLDERS_READ: u64 = 600_000;

/// One entry of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RawTreeEntry<'t> {
    pub name: &'t [u8],
    pub mode: u32,
    pub id: Hash20,
}

/// A tree: its bytes, and where its entries are, in the order of their names.
#[derive(Default)]
pub(super) struct RawTree {
    bytes: Arc<[u8]>,
    places: Vec<EntryPlace>,
}

/// The place of an entry's name in the bytes of a tree. A NUL and the id follow it.
struct EntryPlace {
    start: u32,
    length: u32,
    mode: u32,
}

impl RawTree {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns the entries, sorted by the bytes of their names.
    pub(super) fn entries(&self) -> impl Iterator<Item = RawTreeEntry<'_>> {
        self.places.iter().filter_map(|place| self.entry(place))
    }

    /// Finds an entry by its name.
    pub(super) fn find(&self, name: &[u8]) -> Option<RawTreeEntry<'_>> {
        let found = self.places.binary_search_by(|place| self.name(place).cmp(name)).ok()?;
        self.entry(self.places.get(found)?)
    }

    fn name(&self, place: &EntryPlace) -> &[u8] {
        name_at(&self.bytes, place)
    }

    fn entry(&self, place: &EntryPlace) -> Option<RawTreeEntry<'_>> {
        let end = place.start as usize + place.length as usize;
        let id = self.bytes.get(end + 1..end + 21)?.try_into().ok()?;
        Some(RawTreeEntry { name: self.name(place), mode: place.mode, id: Hash20(id) })
    }
}

fn name_at<'t>(bytes: &'t [u8], place: &EntryPlace) -> &'t [u8] {
    let start = place.start as usize;
    bytes.get(start..start + place.length as usize).unwrap_or_default()
}

/// Trees that were decoded in this run.
#[derive(Default)]
pub(super) struct TreeCache {
    trees: RefCell<HashMap<Oid, Rc<RawTree>>>,
    entries: Cell<usize>,
}

impl TreeCache {
    fn insert(&self, id: Oid, tree: &Rc<RawTree>) {
        let count = self.entries.get() + tree.len();
        if count > MAX_KEPT_ENTRIES {
            self.trees.borrow_mut().clear();
            self.entries.set(0);
        }
        self.entries.set(self.entries.get() + tree.len());
        self.trees.borrow_mut().insert(id, Rc::clone(tree));
    }
}

/// Returns the entries of two trees side by side, in order of name.
pub(super) fn merge_by_name<'a>(
    a: &'a RawTree,
    b: &'a RawTree,
) -> impl Iterator<Item = (Option<RawTreeEntry<'a>>, Option<RawTreeEntry<'a>>)> {
    let (mut a, mut b) = (a.entries().peekable(), b.entries().peekable());
    std::iter::from_fn(move || {
        let order = match (a.peek(), b.peek()) {
            (Some(a), Some(b)) => a.name.cmp(b.name),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return None,
        };
        Some(match order {
            std::cmp::Ordering::Less => (a.next(), None),
            std::cmp::Ordering::Equal => (a.next(), b.next()),
            std::cmp::Ordering::Greater => (None, b.next()),
        })
    })
}

/// Returns the reason why no checkout may create a file of this name, as a clause.
/// `None` if it may. These are the names that git itself refuses to check out.
pub(super) fn forbidden_name(name: &[u8]) -> Option<&'static str> {
    // Most names cannot be one of the others.
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'-' | b'.');
    let starts_plain = name.first().is_some_and(|first| !matches!(first, b'.' | b'g' | b'G'));
    // Without an early end, many bytes are compared at once.
    if starts_plain && name.iter().fold(true, |all, byte| all & is_plain(byte)) {
        return None;
    }
    if name.is_empty() || name == b"." || name == b".." {
        return Some("has a name that is not a file name");
    }
    if name.iter().any(|byte| matches!(byte, b'/' | 0)) {
        return Some("has a name with a slash or a NUL byte");
    }
    is_git_folder(name).then_some("has a name that means git's own folder")
}

/// Returns whether a name means `.git` on any file system: in upper case, as the short
/// name of NTFS, as an NTFS stream, or with characters that HFS+ ignores.
fn is_git_folder(name: &[u8]) -> bool {
    let visible: String =
        String::from_utf8_lossy(name).chars().filter(|c| !is_ignored_by_hfs(*c)).collect::<String>();
    let lower = visible.to_lowercase();
    let stem = lower.split([':', '\\']).next().unwrap_or_default();
    matches!(stem.trim_end_matches([' ', '.']), ".git" | "git~1")
}

fn is_ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

impl GitRepository {
    /// Returns the entries of a tree, counted against the limits of one run. `at` is the
    /// tree's path, for messages; `None` is the empty tree.
    pub(super) fn read_counted_tree(
        &self,
        tree: Option<Oid>,
        at: &RepoPath,
    ) -> Result<Rc<RawTree>, RepositoryError> {
        let Some(id) = tree else { return Ok(Rc::default()) };
        let tree = self.read_tree(id, at)?;
        let count = u64::try_from(tree.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.entries_read.set(self.entries_read.get().saturating_add(count));
        self.folders_read.set(self.folders_read.get().saturating_add(1));
        let limits = [
            (self.entries_read.get(), MAX_ENTRIES_READ, "entries of folders"),
            (self.folders_read.get(), MAX_FOLDERS_READ, "folders"),
        ];
        if let Some((_, limit, what)) = limits.into_iter().find(|(read, limit, _)| read > limit) {
            return Err(RepositoryError::Git {
                operation: format!("reading folder {at}"),
                reason: format!("this would require reading more than {limit} {what}"),
            });
        }
        Ok(tree)
    }

    /// Returns raw mode and id of one entry of a tree that is read for this entry only, as
    /// walks through history do. Names and modes of the other entries are not checked.
    ///
    /// # Errors
    /// A missing or malformed tree, or two entries of this name.
    pub(super) fn find_in_tree(
        &self,
        id: Oid,
        name: &[u8],
        at: &RepoPath,
    ) -> Result<Option<(u32, Oid)>, RepositoryError> {
        if let Some(known) = self.tree_cache.trees.borrow().get(&id) {
            return Ok(known.find(name).map(|entry| (entry.mode, to_oid(entry.id))));
        }
        let operation = || format!("reading folder {at} ({id})");
        let odb = self.object_store()?;
        let object = self.read_object(&odb, id, ObjectType::Tree, &operation)?;
        let mut found = None;
        let mut rest = object.data();
        while !rest.is_empty() {
            let Some((mode, entry, id, after)) = split_entry(rest) else {
                let reason = "the tree is malformed".to_owned();
                return Err(RepositoryError::Git { operation: operation(), reason });
            };
            if entry == name && found.replace((mode, to_oid(id))).is_some() {
                let reason = format!("{} is there twice", at.join(name));
                return Err(RepositoryError::Git { operation: operation(), reason });
            }
            rest = after;
        }
        Ok(found)
    }

    /// Returns the entries of a tree. Unknown modes, duplicate names and names that no
    /// checkout may create are errors.
    pub(super) fn read_tree(&self, id: Oid, at: &RepoPath) -> Result<Rc<RawTree>, RepositoryError> {
        if let Some(known) = self.tree_cache.trees.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let operation = || format!("reading folder {at} ({id})");
        let odb = self.object_store()?;
        let object = self.read_object(&odb, id, ObjectType::Tree, &operation)?;
        let refused = |reason: String| RepositoryError::Git { operation: operation(), reason };
        let tree =
            parse_tree(object.into_bytes()).ok_or_else(|| refused("the tree is malformed".to_owned()))?;
        let mut before: Option<RawTreeEntry<'_>> = None;
        for entry in tree.entries() {
            let fault = |reason: &str| refused(format!("{} {reason}", at.join(entry.name)));
            if let Some(problem) = forbidden_name(entry.name) {
                return Err(fault(problem));
            }
            if entry.mode & 0o170_000 != FOLDER_MODE && FileMode::from_raw(entry.mode).is_none() {
                return Err(fault(&format!("has mode {:o}, which git does not define", entry.mode)));
            }
            if before.is_some_and(|before| before.name == entry.name) {
                return Err(fault("is there twice"));
            }
            before = Some(entry);
        }
        let tree = Rc::new(tree);
        self.tree_cache.insert(id, &tree);
        Ok(tree)
    }
}

/// Splits the first entry from a tree object, `<mode> <name>\0<20 bytes of id>`: returns
/// mode, name, id and the rest.
fn split_entry(bytes: &[u8]) -> Option<(u32, &[u8], Hash20, &[u8])> {
    let space = memchr::memchr(b' ', bytes)?;
    let (digits, rest) = (bytes.get(..space)?, bytes.get(space + 1..)?);
    let is_octal =
        !digits.is_empty() && digits.len() <= 7 && digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    is_octal.then_some(())?;
    let mode = digits.iter().fold(0_u32, |mode, digit| mode * 8 + u32::from(digit - b'0'));
    let end = memchr::memchr(0, rest)?;
    let id = rest.get(end + 1..end + 21)?.try_into().ok()?;
    Some((mode, rest.get(..end)?, Hash20(id), rest.get(end + 21..)?))
}

/// Decodes a tree object.
fn parse_tree(bytes: Arc<[u8]>) -> Option<RawTree> {
    let mut places = Vec::with_capacity(bytes.len() / 36);
    let mut rest: &[u8] = &bytes;
    while !rest.is_empty() {
        let (mode, name, _, after) = split_entry(rest)?;
        // The name ends 21 bytes before the next entry.
        let start = bytes.len() - after.len() - 21 - name.len();
        let (start, length) = (u32::try_from(start).ok()?, u32::try_from(name.len()).ok()?);
        places.push(EntryPlace { start, length, mode });
        rest = after;
    }
    // Git sorts a folder as if its name had a slash at its end.
    places.sort_unstable_by(|a, b| name_at(&bytes, a).cmp(name_at(&bytes, b)));
    Some(RawTree { bytes, places })
}

#[cfg(test)]
mod tests {
    use super::forbidden_name;

    #[test]
    fn names_of_git_and_paths_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "a\0",
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~1",
            ".git.",
            ".git ",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            ".git\\x",
        ] {
            assert!(forbidden_name(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in [".gitignore", "git", ".git2", "...", "git~2", ".gitx.", "a.git", "\u{fffd}"] {
            assert!(forbidden_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }
}
