//! Compares the index with a commit's tree by the ids that its folders would have.
//!
//! The id of a folder is computed from the entries of the index, as git computes it when it
//! writes a tree. Where the commit has the same id, the folder has the same content, and the
//! commit's tree is not read. The cache of trees in the index file is not used: it can lie.

use std::collections::BTreeMap;
use std::ops::Range;

use git2::Oid;

use crate::change::{Change, ChangeSet, Commit, FileMode, RepositoryError, TreeEntry};
use crate::digest::git_object_id;
use crate::text::RepoPath;

use super::index::{Staged, StagedEntry};
use super::tree_objects::FOLDER_MODE;
use super::{GitRepository, to_oid};

/// Maximum depth of folders that are compared by id; git has no limit for the index.
const MAX_DEPTH: usize = 256;

/// A folder of the index.
#[derive(Debug)]
struct IndexFolder<'a> {
    /// Its id as a tree; `None` if no content below it is staged.
    id: Option<Oid>,
    /// The staged paths below it.
    range: Range<usize>,
    files: BTreeMap<&'a [u8], TreeEntry>,
    folders: BTreeMap<&'a [u8], IndexFolder<'a>>,
}

impl GitRepository {
    /// Returns the changes between a commit's tree (HEAD) and the index.
    pub(super) fn read_index_changes(&self, base: Option<Commit>) -> Result<ChangeSet, RepositoryError> {
        let staged = self.staged_list()?;
        let mut changes = Vec::new();
        let tree = base.map(|commit| self.tree_of(commit)).transpose()?;
        match read_folder(staged, 0..staged.len(), 0, 0) {
            Some(root) => {
                self.compare_folder(Some(&root), tree, &RepoPath::default(), 0, staged, &mut changes)?;
            }
            None => {
                let before = self.flat_tree(base)?;
                changes.extend(compare_flat(before, staged.to_vec()));
            }
        }
        Ok(ChangeSet::new(changes))
    }

    /// Returns the files of a commit's tree, from the index where that has the same content.
    pub(super) fn flat_tree_like(
        &self,
        base: Option<Commit>,
        staged: &BTreeMap<RepoPath, StagedEntry>,
    ) -> Result<BTreeMap<RepoPath, TreeEntry>, RepositoryError> {
        let tree = base.map(|commit| self.tree_of(commit)).transpose()?;
        let entries: Vec<Staged> = staged.iter().map(|(path, entry)| (path.clone(), entry.clone())).collect();
        let root = read_folder(&entries, 0..entries.len(), 0, 0);
        if tree.is_some() && root.is_some_and(|root| root.id == tree) {
            let content = entries.into_iter().filter(|(_, staged)| !staged.intent_to_add);
            return Ok(content.map(|(path, staged)| (path, staged.entry)).collect());
        }
        self.flat_tree(base)
    }

    /// Adds the changes from a tree to a folder of the index to `out`. `at` is the path of
    /// both.
    fn compare_folder(
        &self,
        folder: Option<&IndexFolder<'_>>,
        tree: Option<Oid>,
        at: &RepoPath,
        depth: usize,
        staged: &[Staged],
        out: &mut Vec<Change>,
    ) -> Result<(), RepositoryError> {
        let Some(folder) = folder else { return self.compare_trees(tree, None, at, depth, out) };
        if tree.is_some() && folder.id == tree {
            return Ok(());
        }
        let Some(tree) = tree else {
            let added = staged.get(folder.range.clone()).unwrap_or_default().iter();
            let added = added.filter(|(_, staged)| !staged.intent_to_add);
            out.extend(
                added.filter_map(|(path, staged)| {
                    Change::from_entries(path.clone(), None, Some(staged.entry))
                }),
            );
            return Ok(());
        };
        let before = self.read_counted_tree(Some(tree), at)?;
        let mut names: Vec<&[u8]> = before.entries().map(|entry| entry.name).collect();
        names.extend(folder.files.keys().chain(folder.folders.keys()).copied());
        names.sort_unstable();
        names.dedup();
        for name in names {
            let old = before.find(name);
            let is_folder = old.is_some_and(|old| old.mode & 0o170_000 == FOLDER_MODE);
            let old_file = old
                .filter(|_| !is_folder)
                .and_then(|old| Some(TreeEntry { mode: FileMode::from_raw(old.mode)?, id: old.id }));
            let old_folder = old.filter(|_| is_folder).map(|old| to_oid(old.id));
            let path = at.join(name);
            let new_folder = folder.folders.get(name);
            if old_folder.is_some() || new_folder.is_some() {
                self.compare_folder(new_folder, old_folder, &path, depth + 1, staged, out)?;
            }
            out.extend(Change::from_entries(path, old_file, folder.files.get(name).copied()));
        }
        Ok(())
    }
}

/// Compares without the ids of folders.
fn compare_flat(
    mut before: BTreeMap<RepoPath, TreeEntry>,
    staged: Vec<Staged>,
) -> impl Iterator<Item = Change> {
    let mut changes = Vec::new();
    for (path, staged) in staged {
        let old = before.remove(&path);
        let new = Some(staged.entry).filter(|_| !staged.intent_to_add);
        changes.extend(Change::from_entries(path, old, new));
    }
    changes.extend(before.into_iter().filter_map(|(path, old)| Change::from_entries(path, Some(old), None)));
    changes.into_iter()
}

/// Reads the folder whose staged paths are `range`; `start` is the length of its path with
/// the slash. `None` if folders are nested too deep.
fn read_folder(
    staged: &[Staged],
    range: Range<usize>,
    start: usize,
    depth: usize,
) -> Option<IndexFolder<'_>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut folder =
        IndexFolder { id: None, range: range.clone(), files: BTreeMap::new(), folders: BTreeMap::new() };
    // Staged paths have the order of git's trees, in which a folder ends with a slash.
    let mut text: Vec<u8> = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let (path, entry) = staged.get(at)?;
        let rest = path.as_bytes().get(start..)?;
        let Some(slash) = memchr::memchr(b'/', rest) else {
            at += 1;
            if !entry.intent_to_add {
                folder.files.insert(rest, entry.entry);
                add_entry(&mut text, entry.entry.mode.as_str(), rest, to_oid(entry.entry.id));
            }
            continue;
        };
        let (name, prefix) = (rest.get(..slash)?, path.as_bytes().get(..start + slash + 1)?);
        let inside = staged.get(at..range.end)?;
        let end = at + inside.partition_point(|(path, _)| path.as_bytes().starts_with(prefix));
        let inner = read_folder(staged, at..end.max(at + 1), start + slash + 1, depth + 1)?;
        if let Some(id) = inner.id {
            add_entry(&mut text, "40000", name, id);
        }
        // Only a damaged index has a file and a folder of one name.
        if folder.files.contains_key(name) {
            return None;
        }
        folder.folders.insert(name, inner);
        at = end.max(at + 1);
    }
    let is_root = start == 0;
    if is_root || !text.is_empty() {
        folder.id = Some(to_oid(git_object_id("tree", &text)));
    }
    Some(folder)
}

/// Adds an entry to the text of a tree object.
fn add_entry(text: &mut Vec<u8>, mode: &str, name: &[u8], id: Oid) {
    text.extend_from_slice(mode.as_bytes());
    text.push(b' ');
    text.extend_from_slice(name);
    text.push(0);
    text.extend_from_slice(id.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::to_hash;
    use super::*;
    use crate::system::files;

    const NAMES: [&str; 14] = [
        "a", "a-b", "a.txt", "a/b", "a/b/c", "a/b.c", "a0", "b/x", "b/y/z", "b-/x", "b.d/x", "c", "c/d/e/f",
        "é/x",
    ];

    /// Returns paths of which none is the folder of another one, each with a content.
    fn draw(next: &mut impl FnMut(usize) -> usize) -> BTreeMap<&'static str, usize> {
        let mut out: BTreeMap<&str, usize> = BTreeMap::new();
        for _ in 0..next(9) {
            let name = NAMES[next(NAMES.len())];
            let is_in_the_way = |other: &&str| {
                other.starts_with(&format!("{name}/")) || name.starts_with(&format!("{other}/"))
            };
            if !out.keys().any(is_in_the_way) {
                out.insert(name, next(3));
            }
        }
        out
    }

    fn fill(repo: &git2::Repository, files: &BTreeMap<&str, usize>) -> git2::Index {
        let mut index = git2::Index::new().expect("index");
        for (path, content) in files {
            let id = repo.blob(content.to_string().as_bytes()).expect("blob");
            let time = git2::IndexTime::new(0, 0);
            let mode = if *content == 2 { 0o100_755 } else { 0o100_644 };
            let entry = git2::IndexEntry {
                ctime: time,
                mtime: time,
                dev: 0,
                ino: 0,
                mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).expect("entry");
        }
        index
    }

    #[test]
    fn folders_are_compared_as_their_files_are() {
        let scratch = files::create_scratch_folder("countersign-index-").expect("folder");
        let made = git2::Repository::init(scratch.path()).expect("repository");
        let repo = GitRepository::discover(scratch.path()).expect("repository");
        let who = git2::Signature::new("a", "a@example.org", &git2::Time::new(0, 0)).expect("name");
        let mut state: u64 = 20_261_129;
        let mut next = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % limit
        };
        let (mut same, mut different) = (0, 0);
        for _ in 0..600 {
            let head = draw(&mut next);
            let staged = if next(3) == 0 { head.clone() } else { draw(&mut next) };
            let tree = fill(&made, &head).write_tree_to(&made).expect("tree");
            let tree = made.find_tree(tree).expect("tree");
            let commit = made.commit(None, &who, &who, "x", &tree, &[]).expect("commit");
            let commit = Commit(to_hash(commit));
            let index: Vec<Staged> = fill(&made, &staged)
                .iter()
                .map(|entry| {
                    let mode = FileMode::from_raw(entry.mode).expect("mode");
                    let staged = StagedEntry {
                        entry: TreeEntry { mode, id: to_hash(entry.id) },
                        assume_unchanged: false,
                        skip_worktree: false,
                        intent_to_add: next(12) == 0,
                    };
                    (RepoPath::from_bytes(&entry.path), staged)
                })
                .collect();
            let root = read_folder(&index, 0..index.len(), 0, 0).expect("a folder");
            let mut found = Vec::new();
            let tree = Some(repo.tree_of(commit).expect("tree"));
            repo.compare_folder(Some(&root), tree, &RepoPath::default(), 0, &index, &mut found)
                .expect("compared");
            let mut expected: Vec<Change> =
                compare_flat(repo.flat_tree(Some(commit)).expect("tree"), index.clone()).collect();
            let key = |change: &Change| (change.path.clone(), change.before, change.after);
            found.sort_by_key(|change| change.path.clone());
            expected.sort_by_key(|change| change.path.clone());
            assert_eq!(
                found.iter().map(key).collect::<Vec<_>>(),
                expected.iter().map(key).collect::<Vec<_>>(),
                "{head:?} {staged:?}"
            );
            if expected.is_empty() { same += 1 } else { different += 1 }
        }
        assert!(same > 60 && different > 240, "{same} {different}");
    }
}
