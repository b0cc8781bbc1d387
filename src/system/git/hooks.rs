//! Facts about a repository for the git hooks and their installation.

use std::path::{Path, PathBuf};

use crate::change::{Commit, History as _, RepositoryError};
use crate::system::environment;
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash};

/// Maximum number of settings that are read from `GIT_CONFIG_KEY_*`.
const MAX_CONFIG_PAIRS: usize = 10_000;

impl GitRepository {
    /// Returns the hooks folder of the repository, shared by all its working trees.
    #[must_use]
    pub fn hooks_folder(&self) -> PathBuf {
        self.repo.commondir().join("hooks")
    }

    /// Returns whether a tracked ignore file of HEAD ignores a path. Gates use only
    /// these ignore files.
    ///
    /// # Errors
    /// HEAD cannot be read.
    pub fn is_ignored_at_head(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        self.is_ignored_at(self.head()?, path)
    }

    /// Returns whether a tracked ignore file of a commit ignores a path. Without a
    /// commit, nothing is ignored.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn is_ignored_at(&self, commit: Option<Commit>, path: &RepoPath) -> Result<bool, RepositoryError> {
        let base = self.flat_tree(commit)?;
        Ok(self.base_ignore_rules(&base, None)?.excludes(path))
    }

    /// Returns whether `git add` would skip a path, because of any ignore file or
    /// setting on this machine.
    ///
    /// # Errors
    /// The ignore files cannot be read.
    pub fn is_ignored_by_git(&self, path: &RepoPath) -> Result<bool, RepositoryError> {
        let operation = || format!("checking whether git ignores {path}");
        self.repo.is_path_ignored(path.to_text().as_ref()).map_err(git_error(operation()))
    }

    /// Returns the user of git's configuration, `Name <mail>`. If only one of both is
    /// configured, returns that one; `None` if neither is.
    #[must_use]
    pub fn configured_identity(&self) -> Option<String> {
        let config = self.repo.config().ok()?;
        let value = |key: &str| config.get_string(key).ok().filter(|text| !text.trim().is_empty());
        match (value("user.name"), value("user.email")) {
            (Some(name), Some(mail)) => Some(format!("{name} <{mail}>")),
            (name, mail) => name.or(mail),
        }
    }

    /// Returns the hooks folder that git uses instead of the repository's own
    /// (`core.hooksPath`), as configured; `None` if git uses the repository's own. An
    /// empty value is a folder, too: git then finds no hook at all. Settings of the
    /// environment count, because git runs with them.
    #[must_use]
    pub fn configured_hooks_path(&self) -> Option<String> {
        let configured = self.effective_hooks_path()?;
        let folder = match configured.strip_prefix("~/") {
            Some(rest) => PathBuf::from(environment::variable("HOME")?).join(rest),
            None => self.repo.workdir().unwrap_or_else(|| self.repo.path()).join(&configured),
        };
        let is_own = !configured.is_empty()
            && matches!((folder.canonicalize(), self.hooks_folder().canonicalize()), (Ok(a), Ok(b)) if a == b);
        (!is_own).then_some(configured)
    }

    /// Returns the value of `core.hooksPath` with git's precedence: `git -c` and the
    /// variables `GIT_CONFIG_*` first, then the repository, the user, the machine.
    fn effective_hooks_path(&self) -> Option<String> {
        let count = environment::variable("GIT_CONFIG_COUNT").and_then(|count| count.parse::<usize>().ok());
        let pairs = (0..count.unwrap_or(0).min(MAX_CONFIG_PAIRS)).rev();
        let is_hooks_path = |key: &String| key.eq_ignore_ascii_case("core.hooksPath");
        for number in pairs {
            if environment::variable(&format!("GIT_CONFIG_KEY_{number}")).as_ref().is_some_and(is_hooks_path)
            {
                return Some(
                    environment::variable(&format!("GIT_CONFIG_VALUE_{number}")).unwrap_or_default(),
                );
            }
        }
        if let Some(parameters) = environment::variable("GIT_CONFIG_PARAMETERS")
            && parameters.to_lowercase().contains("core.hookspath")
        {
            return Some(parameters);
        }
        let read = |config: Result<git2::Config, git2::Error>| config.ok()?.get_string("core.hooksPath").ok();
        let all = self.repo.config().ok()?;
        let level = |level: git2::ConfigLevel| read(all.open_level(level));
        let own = level(git2::ConfigLevel::Worktree).or_else(|| level(git2::ConfigLevel::Local));
        let user = || match environment::variable("GIT_CONFIG_GLOBAL") {
            Some(file) => read(git2::Config::open(Path::new(&file))),
            None => level(git2::ConfigLevel::Global).or_else(|| level(git2::ConfigLevel::XDG)),
        };
        let machine = || match environment::variable("GIT_CONFIG_SYSTEM") {
            Some(file) => read(git2::Config::open(Path::new(&file))),
            None => level(git2::ConfigLevel::System),
        };
        own.or_else(user).or_else(machine)
    }

    /// Uses the index that `git commit -a` or `git commit PATH` prepares and names to its
    /// hooks in `GIT_INDEX_FILE`. A variable with another file has no effect.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn use_index_of_commit(&mut self, folder: &Path) -> Result<(), RepositoryError> {
        let Some(file) = environment::variable("GIT_INDEX_FILE") else { return Ok(()) };
        let path = folder.join(&file);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_of_commit = name == "index.lock"
            || (name.starts_with("next-index-") && path.extension().is_some_and(|end| end == "lock"));
        let is_file = || path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if is_of_commit && is_file() && self.is_in_git_folder(&path) { self.use_index(&path) } else { Ok(()) }
    }

    fn is_in_git_folder(&self, path: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        let parent = real(path).and_then(|path| path.parent().map(Path::to_path_buf));
        parent.is_some() && parent == real(self.repo.path())
    }

    /// Uses the index that git prepares for a commit (`GIT_INDEX_FILE` of a hook)
    /// instead of the usual one.
    ///
    /// # Errors
    /// The file is not in the repository's git folder, or cannot be read.
    pub fn use_index(&mut self, path: &Path) -> Result<(), RepositoryError> {
        let operation = || format!("reading the index {}", path.display());
        if !self.is_in_git_folder(path) {
            let reason = "the file is not in the git folder of this repository".to_owned();
            return Err(RepositoryError::Git { operation: operation(), reason });
        }
        let mut index = git2::Index::open(path).map_err(git_error(operation()))?;
        self.repo.set_index(&mut index).map_err(git_error(operation()))
    }

    /// Returns the newest ancestor of `local` that a remote has, according to its
    /// remote-tracking references; `None` if there is none. `name` and `url` are what git
    /// tells the hook about the remote. References of other remotes say nothing about it.
    ///
    /// # Errors
    /// The commit or the references cannot be read.
    pub fn find_last_pushed(
        &self,
        local: Commit,
        name: Option<&str>,
        url: Option<&str>,
    ) -> Result<Option<Commit>, RepositoryError> {
        let operation = "reading the references of the remote";
        let mut newest: Option<Commit> = None;
        for pattern in self.tracking_patterns(name, url) {
            for reference in self.repo.references_glob(&pattern).map_err(git_error(operation))? {
                let reference = reference.map_err(git_error(operation))?;
                let Ok(commit) = reference.peel_to_commit() else { continue };
                // Without this reference, the base is older, so that more is scanned.
                let Ok(Some(base)) = self.find_merge_base(local, Commit(to_hash(commit.id()))) else {
                    continue;
                };
                let newer = match newest {
                    None => true,
                    Some(previous) => self.is_ancestor(previous, base)?,
                };
                if newer {
                    newest = Some(base);
                }
            }
        }
        Ok(newest)
    }

    /// Returns the patterns of references that track a remote. A push to a URL is a push
    /// to the remotes that have this URL.
    fn tracking_patterns(&self, name: Option<&str>, url: Option<&str>) -> Vec<String> {
        let names =
            self.repo.remotes().map(|names| names.iter().flatten().flatten().map(str::to_owned).collect());
        let known: Vec<String> = names.unwrap_or_default();
        let is_meant = |remote: &git2::Remote<'_>| {
            let has_url = |own: Option<&str>| own.is_some() && (own == url || own == name);
            remote.name().ok().flatten() == name
                || has_url(remote.url().ok())
                || has_url(remote.pushurl().ok().flatten())
        };
        let remotes = known.iter().filter_map(|name| self.repo.find_remote(name).ok()).filter(is_meant);
        let patterns = |remote: git2::Remote<'_>| -> Vec<String> {
            let fetched = remote.refspecs().filter(|spec| spec.direction() == git2::Direction::Fetch);
            fetched
                .filter_map(|spec| spec.dst().ok().map(str::to_owned))
                .filter(|to| to.starts_with("refs/"))
                .collect()
        };
        remotes.flat_map(patterns).collect()
    }

    /// Returns the commit that an object is or that a tag leads to; `None` if the object
    /// is not in this repository.
    ///
    /// # Errors
    /// The object is a tree or a blob, or a tag of one.
    pub fn peel_to_commit(&self, hex: &str) -> Result<Option<Commit>, RepositoryError> {
        let operation = || format!("reading {hex}");
        let Some(hash) = crate::digest::Hash20::parse(hex) else { return Ok(None) };
        let object = match self.repo.find_object(super::to_oid(hash), None) {
            Ok(object) => object,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(git_error(operation())(error)),
        };
        match object.peel_to_commit() {
            Ok(commit) => Ok(Some(Commit(to_hash(commit.id())))),
            Err(_) => Err(RepositoryError::Git {
                operation: operation(),
                reason: "it is not a commit, but a file or folder that a tag names; a push of it cannot be scanned".into(),
            }),
        }
    }
}
