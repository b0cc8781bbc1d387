//! The walk over the working tree, and what a base revision's ignore files
//! excuse.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::change::{Entry, FileMode, RepositoryError};
use crate::system::files;
use crate::text::RepoPath;

use super::attributes::is_attributes;
use super::{GitRepository, oid, too_many, unreadable};

/// The ignore files of one revision, by folder, deepest last.
pub(super) struct Ignores(Vec<(RepoPath, Gitignore)>);

impl Ignores {
    /// Whether a path is ignored; its folders are asked on the way down.
    fn covers(&self, path: &RepoPath, is_dir: bool) -> bool {
        let disk = files::relative(path);
        let below = |folder: &RepoPath| path.is_below(folder.as_bytes());
        let verdict = self
            .0
            .iter()
            .rev()
            .filter(|(folder, _)| below(folder))
            .map(|(_, rules)| rules.matched(&disk, is_dir))
            .find(|m| !m.is_none());
        verdict.is_some_and(|m| m.is_ignore())
    }
}

impl GitRepository {
    /// The `.gitignore` files that the base revision tracks. Only they excuse
    /// an untracked file: `.git/info/exclude`, global files and edits of the
    /// judged change do not.
    pub(super) fn base_ignores(&self, base: &BTreeMap<RepoPath, Entry>) -> Result<Ignores, RepositoryError> {
        let mut out = Vec::new();
        for (path, entry) in base {
            if path.file_name() != ".gitignore" || entry.mode == FileMode::Submodule {
                continue;
            }
            let folder = RepoPath::from_bytes(path.folder());
            let mut builder = GitignoreBuilder::new(files::relative(&folder));
            for line in String::from_utf8_lossy(&self.blob(oid(entry.id), path)?).lines() {
                // A line that is no pattern excuses nothing.
                let _ = builder.add_line(None, &without_braces(line));
            }
            if let Ok(rules) = builder.build() {
                out.push((folder, rules));
            }
        }
        out.sort_by_key(|(folder, _)| folder.as_bytes().len());
        Ok(Ignores(out))
    }
}

/// A pattern as git reads it: braces are letters, not alternatives.
pub(super) fn without_braces(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut escaped = false;
    for c in line.chars() {
        if matches!(c, '{' | '}') && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

/// A file, link or nested repository on disk.
pub(super) struct Found {
    pub mode: FileMode,
}

pub(super) struct Walk<'a> {
    pub root: &'a Path,
    /// Folders that hold tracked files.
    pub folders: &'a BTreeSet<RepoPath>,
    /// Tracked submodules.
    pub submodules: &'a BTreeSet<RepoPath>,
    /// Whether a path is tracked.
    pub tracked: &'a dyn Fn(&RepoPath) -> bool,
    pub ignores: Ignores,
    /// Set once a `.gitattributes` is seen, ignored or not.
    pub saw_attributes: Cell<bool>,
    /// Whether the file system tells executables and links.
    pub trust_modes: bool,
    /// The mode that the index records, for file systems that do not tell.
    pub recorded: &'a dyn Fn(&RepoPath) -> Option<FileMode>,
    /// How many files are looked at before the walk gives up.
    pub most: usize,
}

impl Walk<'_> {
    /// Everything below the root that is tracked or not ignored.
    pub(super) fn run(&self) -> Result<BTreeMap<RepoPath, Found>, RepositoryError> {
        let mut out = BTreeMap::new();
        let mut open = vec![RepoPath::default()];
        while let Some(folder) = open.pop() {
            let disk = files::below(self.root, &folder);
            let names = files::names(&disk).map_err(|error| unreadable(&folder, &error))?;
            for (name, metadata) in names {
                let path = folder.join(name.as_bytes());
                if is_attributes(name.as_bytes()) {
                    self.saw_attributes.set(true);
                }
                let folds = cfg!(any(windows, target_os = "macos"));
                if name.as_bytes() == b".git" || (folds && name.as_bytes().eq_ignore_ascii_case(b".git")) {
                    continue;
                }
                if metadata.is_dir() {
                    self.folder(path, &mut open, &mut out);
                } else if ((self.tracked)(&path) || !self.is_ignored(&path))
                    && let Some(mode) = files::mode(&metadata)
                {
                    if out.len() > self.most {
                        return Err(too_many(super::MOST_CHANGED));
                    }
                    let mode = if self.trust_modes { mode } else { (self.recorded)(&path).unwrap_or(mode) };
                    out.insert(path, Found { mode });
                }
            }
        }
        Ok(out)
    }

    /// Whether a file or a folder above it is ignored: what lies in an ignored
    /// folder cannot be taken out again.
    fn is_ignored(&self, path: &RepoPath) -> bool {
        let bytes = path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut folders = slashes.map(|at| RepoPath::from_bytes(bytes.get(..at).unwrap_or_default()));
        self.ignores.covers(path, false) || folders.any(|folder| self.ignores.covers(&folder, true))
    }

    fn folder(&self, path: RepoPath, open: &mut Vec<RepoPath>, out: &mut BTreeMap<RepoPath, Found>) {
        let holds_tracked = self.folders.contains(&path);
        let nested = files::below(self.root, &path.join(b".git")).symlink_metadata().is_ok();
        if self.submodules.contains(&path) {
            if nested {
                out.insert(path, Found { mode: FileMode::Submodule });
            } else {
                // Not checked out: whatever lies here belongs to nobody.
                open.push(path);
            }
        } else if !holds_tracked && self.ignores.covers(&path, true) {
        } else if nested && !holds_tracked {
            out.insert(path, Found { mode: FileMode::Submodule });
        } else {
            open.push(path);
        }
    }
}
