//! The state of a repository that a step must not change: HEAD, branch, references
//! and the index file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::change::{Commit, History as _, RepositoryError, WorkingTree as _};
use crate::digest::sha256_hex;
use crate::system::files;
use crate::text::RepoPath;

use super::{GitRepository, git_error, unreadable};

/// Maximum number of references that are compared.
const MAX_REFERENCES: usize = 1_000_000;

/// HEAD, branch, references and index of a repository at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GitState {
    /// The commit of HEAD.
    pub head: Option<Commit>,
    /// The checked-out branch; `None` if HEAD is detached.
    pub branch: Option<String>,
    /// Object id, or name of the target reference, of every reference by its name.
    /// Branches that another working tree has checked out are not contained: work
    /// there goes on while a step runs.
    pub references: BTreeMap<String, String>,
    /// SHA-256 of the index; `None` if there is none. It is that of the paths, ids, modes and
    /// flags: `git diff` writes the times of files anew, as its own cache. An index that
    /// cannot be parsed counts with all of its bytes.
    pub index_sha256: Option<String>,
    /// SHA-256 of the repository's own settings of git.
    pub settings_sha256: String,
    /// SHA-256 of the names and bytes of its hooks.
    pub hooks_sha256: String,
}

/// Maximum number of hooks that are compared.
const MAX_HOOKS: usize = 1_000;
/// Maximum size of settings and of a hook, in bytes.
const MAX_SETTINGS_BYTES: u64 = 4 * 1024 * 1024;

/// Sections of the settings that change while others work in the same clone, and that
/// decide nothing about what git runs.
const HARMLESS_SECTIONS: [&str; 6] = ["branch", "maintenance", "gc", "gui", "color", "rerere"];

/// Returns the settings without harmless sections.
fn deciding_settings(text: &str) -> String {
    let mut out = String::new();
    let mut is_harmless = false;
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let name: String = header.chars().take_while(char::is_ascii_alphanumeric).collect();
            is_harmless = HARMLESS_SECTIONS.contains(&name.to_lowercase().as_str());
        }
        // A setting can stand behind the header, on its line.
        let has_setting = line.starts_with('[') && line.contains('=');
        if !is_harmless || has_setting {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns the SHA-256 of what the entries of an index say, without the times of files.
fn digest_of_entries(path: &std::path::Path) -> Option<String> {
    let index = git2::Index::open(path).ok()?;
    let mut text = Vec::new();
    for entry in index.iter() {
        text.extend_from_slice(
            format!("{} {:o} {:x} {:x} ", entry.id, entry.mode, entry.flags, entry.flags_extended).as_bytes(),
        );
        text.extend_from_slice(&entry.path);
        text.push(0);
    }
    Some(sha256_hex(&text))
}

impl GitState {
    /// Returns the state without the references of other repositories.
    #[must_use]
    pub(crate) fn without_remotes(&self) -> Self {
        let is_own = |name: &str| !name.starts_with("refs/remotes/");
        let own = self.references.iter().filter(|(name, _)| is_own(name));
        Self { references: own.map(|(name, id)| (name.clone(), id.clone())).collect(), ..self.clone() }
    }
}

impl GitRepository {
    /// Reads HEAD, branch, references and index.
    ///
    /// # Errors
    /// One of them cannot be read, or there are too many references.
    pub(crate) fn read_state(&self) -> Result<GitState, RepositoryError> {
        let branch = self.current_branch()?;
        let index = self.index_path();
        let index_sha256 = match files::sha256_of_file(&index) {
            Ok(digest) => Some(digest_of_entries(&index).unwrap_or(digest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(&RepoPath::from("index"), &error)),
        };
        Ok(GitState {
            settings_sha256: self.digest_of_settings(),
            hooks_sha256: self.digest_of_hooks(),
            head: self.head()?,
            references: self.list_references(branch.as_deref())?,
            branch,
            index_sha256,
        })
    }

    fn index_path(&self) -> std::path::PathBuf {
        let named = self.repo.index().ok().and_then(|index| index.path().map(std::path::Path::to_path_buf));
        named.unwrap_or_else(|| self.repo.path().join("index"))
    }

    fn digest_of_settings(&self) -> String {
        let mut text = String::new();
        for path in [self.repo.commondir().join("config"), self.repo.path().join("config.worktree")] {
            let bytes = files::read(&path, MAX_SETTINGS_BYTES).unwrap_or_default();
            text.push_str(&deciding_settings(&String::from_utf8_lossy(&bytes)));
        }
        sha256_hex(text.as_bytes())
    }

    fn digest_of_hooks(&self) -> String {
        let folder = self.hooks_folder();
        let found = files::list_folder(&folder).unwrap_or_default();
        let mut names: Vec<_> = found.into_iter().map(|(name, _)| name).collect();
        names.sort();
        let mut text = String::new();
        for name in names.iter().take(MAX_HOOKS) {
            let path = files::join_repo_path(&folder, &RepoPath::from_bytes(name.as_bytes()));
            let bytes = files::read(&path, MAX_SETTINGS_BYTES).unwrap_or_default();
            text.push_str(&format!("{} {}\n", sha256_hex(name.as_bytes()), sha256_hex(&bytes)));
        }
        sha256_hex(text.as_bytes())
    }

    fn list_references(&self, own_branch: Option<&str>) -> Result<BTreeMap<String, String>, RepositoryError> {
        let operation = "reading the references";
        let others: BTreeSet<String> = self
            .list_worktrees()?
            .into_iter()
            .filter_map(|tree| tree.branch)
            .filter(|branch| Some(branch.as_str()) != own_branch)
            .map(|branch| format!("refs/heads/{branch}"))
            .collect();
        let mut out = BTreeMap::new();
        for reference in self.repo.references().map_err(git_error(operation))? {
            let reference = reference.map_err(git_error(operation))?;
            let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
            let target = match reference.target() {
                Some(id) => id.to_string(),
                None => reference
                    .symbolic_target_bytes()
                    .map_or_else(String::new, |target| String::from_utf8_lossy(target).into_owned()),
            };
            if out.len() == MAX_REFERENCES {
                let reason = format!("there are more than {MAX_REFERENCES} references");
                return Err(RepositoryError::Git { operation: operation.into(), reason });
            }
            if !others.contains(&name) {
                out.insert(name, target);
            }
        }
        Ok(out)
    }
}
