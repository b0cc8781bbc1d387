//! A repository in memory: linear commits, an index and a working tree.

use std::collections::BTreeMap;

use countersign::{
    BranchTip, Change, ChangeSet, Commit, CommitInfo, FileMode, FoundVersion, Hash20, History, ObjectStore,
    RepoPath, Repository, RepositoryError, Selection, SelectionMode, SelectionRequest, TreeEntry, TreeState,
    VersionRequest, VersionVisitor, WorkingTree, Worktree,
};
use sha1::{Digest as _, Sha1};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryFile {
    pub mode: FileMode,
    pub bytes: Vec<u8>,
}

pub type Files = BTreeMap<RepoPath, MemoryFile>;

/// One commit.
#[derive(Debug, Clone)]
pub struct MemoryCommit {
    pub files: Files,
    pub committer: String,
    pub subject: String,
}

/// The repository. Commit `n` has the id `sha1("commit n")`.
#[derive(Debug, Clone)]
pub struct MemoryRepository {
    pub commits: Vec<MemoryCommit>,
    pub disk: Files,
    pub branch: Option<String>,
    pub folder: String,
    /// How the change is selected.
    pub mode: SelectionMode,
    /// Number of the first commit of a range.
    pub base: usize,
}

/// The SHA-1 of some bytes.
pub fn sha1(bytes: &[u8]) -> Hash20 {
    Hash20(Sha1::digest(bytes).into())
}

/// The id under which git stores the bytes as a blob.
fn git_blob_id(bytes: &[u8]) -> Hash20 {
    sha1(&[format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat())
}

/// The id of the commit with this number.
pub fn commit_id(number: usize) -> Hash20 {
    sha1(format!("commit {number}").as_bytes())
}

fn entry(file: &MemoryFile) -> TreeEntry {
    TreeEntry { mode: file.mode, id: git_blob_id(&file.bytes) }
}

impl MemoryRepository {
    fn files(&self, side: TreeState) -> &Files {
        static EMPTY: Files = BTreeMap::new();
        match side {
            TreeState::Empty => &EMPTY,
            TreeState::Index | TreeState::Worktree => &self.disk,
            TreeState::Commit(commit) => self.number(commit).map_or(&EMPTY, |n| &self.commits[n].files),
        }
    }

    fn number(&self, commit: Commit) -> Option<usize> {
        (0..self.commits.len()).find(|n| commit_id(*n) == commit.0)
    }

    /// Facts of a commit. All have the date of the commits in real repositories.
    fn facts(&self, number: usize) -> CommitInfo {
        CommitInfo {
            commit: Commit(commit_id(number)),
            subject: self.commits[number].subject.clone(),
            author: self.commits[number].committer.clone(),
            committer: self.commits[number].committer.clone(),
            time: 1_772_359_200,
            parents: number.checked_sub(1).map(|number| Commit(commit_id(number))).into_iter().collect(),
            changed_paths: self.touched_paths(number),
        }
    }

    fn touched_paths(&self, number: usize) -> Vec<RepoPath> {
        let before = number.checked_sub(1).map_or_else(Files::new, |n| self.commits[n].files.clone());
        differences(&before, &self.commits[number].files).into_iter().map(|change| change.path).collect()
    }
}

fn differences(before: &Files, after: &Files) -> Vec<Change> {
    let mut paths: Vec<&RepoPath> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| {
            Change::from_entries(path.clone(), before.get(path).map(entry), after.get(path).map(entry))
        })
        .collect()
}

impl ObjectStore for MemoryRepository {
    fn entry(&self, side: TreeState, path: &RepoPath) -> Result<Option<TreeEntry>, RepositoryError> {
        Ok(self.files(side).get(path).map(entry))
    }

    fn read(&self, side: TreeState, path: &RepoPath) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(self.files(side).get(path).map(|file| file.bytes.clone()))
    }

    fn read_entry(&self, side: TreeState, path: &RepoPath, _: TreeEntry) -> Result<Vec<u8>, RepositoryError> {
        Ok(self.read(side, path)?.unwrap_or_default())
    }

    fn list(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.trim_end_matches('/').as_bytes();
        Ok(self.files(side).keys().filter(|path| path.folder() == folder).cloned().collect())
    }

    fn list_below(&self, side: TreeState, folder: &str) -> Result<Vec<RepoPath>, RepositoryError> {
        let folder = folder.trim_end_matches('/').as_bytes();
        Ok(self.files(side).keys().filter(|path| path.is_below(folder)).cloned().collect())
    }

    fn exists(&self, side: TreeState, path: &RepoPath) -> Result<bool, RepositoryError> {
        Ok(self.files(side).keys().any(|other| other == path || other.is_below(path.as_bytes())))
    }
}

impl History for MemoryRepository {
    fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        let last = self.number(head).map_or(0, |number| number + 1);
        let find = |want: &VersionRequest| {
            (0..last).rev().find_map(|number| {
                let file = self.commits[number].files.get(&want.path)?;
                (sha1(&file.bytes) == want.sha1 && !want.any_line_ends).then(|| FoundVersion {
                    commit: Commit(commit_id(number)),
                    bytes: file.bytes.clone(),
                    sha1: want.sha1,
                })
            })
        };
        Ok(wanted.iter().map(find).collect())
    }

    fn visit_versions(
        &self,
        head: Commit,
        paths: &[RepoPath],
        visit: &mut VersionVisitor<'_>,
    ) -> Result<Vec<Option<Commit>>, RepositoryError> {
        let last = self.number(head).map_or(0, |number| number + 1);
        let mut oldest = vec![None; paths.len()];
        for (at, path) in paths.iter().enumerate() {
            let mut seen = std::collections::BTreeSet::new();
            for number in (0..last).rev() {
                let Some(file) = self.commits[number].files.get(path) else { continue };
                oldest[at] = Some(Commit(commit_id(number)));
                if !seen.insert(file.bytes.clone()) {
                    continue;
                }
                let is_file = matches!(file.mode, FileMode::Regular | FileMode::Executable);
                if !visit(at, is_file.then_some(&file.bytes[..])) {
                    break;
                }
            }
        }
        Ok(oldest)
    }

    fn head(&self) -> Result<Option<Commit>, RepositoryError> {
        Ok(self.commits.len().checked_sub(1).map(|last| Commit(commit_id(last))))
    }

    fn find_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        Ok(Hash20::parse(hex).map(Commit).filter(|commit| self.number(*commit).is_some()))
    }

    fn is_ancestor(&self, ancestor: Commit, of: Commit) -> Result<bool, RepositoryError> {
        Ok(self.number(ancestor).zip(self.number(of)).is_some_and(|(a, b)| a <= b))
    }

    /// The main branch contains the project; packet and work are on another branch.
    fn branch_tips(&self, names: &[String]) -> Result<Vec<BranchTip>, RepositoryError> {
        let tip = |name: &String| BranchTip {
            name: name.clone(),
            reference: name.clone(),
            tip: Commit(commit_id(0)),
            is_remote: false,
        };
        Ok(names.iter().filter(|name| *name == "main").map(tip).collect())
    }

    fn merge_base(&self, a: Commit, b: Commit) -> Result<Option<Commit>, RepositoryError> {
        Ok(self.number(a).zip(self.number(b)).map(|(a, b)| Commit(commit_id(a.min(b)))))
    }

    fn subjects(&self, head: Commit) -> Result<Vec<String>, RepositoryError> {
        let last = self.number(head).map_or(0, |number| number + 1);
        Ok(self.commits[..last].iter().map(|commit| commit.subject.clone()).collect())
    }

    fn commits_between(
        &self,
        base: Option<Commit>,
        head: Commit,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        let first = base.and_then(|base| self.number(base)).map_or(0, |number| number + 1);
        let last = self.number(head).map_or(0, |number| number + 1);
        Ok((first..last).rev().map(|number| self.facts(number)).collect())
    }

    fn find_introductions(
        &self,
        path: &RepoPath,
        head: Commit,
        stop: Option<Commit>,
        holds: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<CommitInfo>, RepositoryError> {
        let has = |number: usize| self.commits[number].files.get(path).is_some_and(|file| holds(&file.bytes));
        let first = stop.and_then(|stop| self.number(stop)).map_or(0, |number| number + 1);
        let last = self.number(head).map_or(0, |number| number + 1);
        let mut out: Vec<CommitInfo> = (first..last)
            .filter(|number| has(*number) && !(*number > 0 && has(number - 1)))
            .map(|number| self.facts(number))
            .collect();
        out.reverse();
        Ok(out)
    }
}

impl WorkingTree for MemoryRepository {
    fn worktrees(&self) -> Result<Option<Vec<Worktree>>, RepositoryError> {
        Ok(Some(vec![Worktree { folder: self.folder.clone(), branch: self.branch.clone() }]))
    }

    fn current_branch(&self) -> Result<Option<String>, RepositoryError> {
        Ok(self.branch.clone())
    }

    fn worktree_name(&self) -> Option<String> {
        Some(self.folder.clone())
    }
}

impl Repository for MemoryRepository {
    fn select(
        &self,
        _: &SelectionRequest,
        _: &dyn Fn(Commit) -> Option<String>,
        _: Option<&BranchTip>,
    ) -> Result<Selection, RepositoryError> {
        let last = self.commits.len() - 1;
        let (base, head) = match self.mode {
            SelectionMode::Range | SelectionMode::Rev => (self.base, Some(Commit(commit_id(last)))),
            SelectionMode::Staged | SelectionMode::Worktree => (last, None),
        };
        Ok(Selection {
            mode: self.mode,
            base: Some(Commit(commit_id(base))),
            head,
            reason: "as the fixture says".into(),
            is_explicit: true,
            left_end: None,
        })
    }

    fn changes(&self, selection: &Selection) -> Result<ChangeSet, RepositoryError> {
        let before = self.files(selection.base.map_or(TreeState::Empty, TreeState::Commit));
        let after = selection.head.map_or(&self.disk, |head| self.files(TreeState::Commit(head)));
        Ok(ChangeSet::new(differences(before, after)))
    }
}
