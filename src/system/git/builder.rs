//! Creates repositories with commits from files on disk, for the demo.

use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Signature, Time};

use crate::change::{Commit, RepositoryError};
use crate::system::files;
use crate::text::RepoPath;

use super::{git_error, to_hash, to_oid};

/// Author and committer of a commit.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Name of the person.
    pub name: &'static str,
    /// Mail address.
    pub email: &'static str,
}

/// Builds a repository.
pub struct RepositoryBuilder {
    repo: git2::Repository,
    root: PathBuf,
}

impl RepositoryBuilder {
    /// Creates an empty repository with branch `main` in a folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(root: &Path) -> Result<Self, RepositoryError> {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").no_reinit(true).external_template(false);
        let repo = git2::Repository::init_opts(root, &options).map_err(git_error("creating a repository"))?;
        let mut config = repo.config().map_err(git_error("configuring the repository"))?;
        for (key, value) in [("core.autocrlf", "false"), ("commit.gpgsign", "false")] {
            config.set_str(key, value).map_err(git_error("configuring the repository"))?;
        }
        Ok(Self { repo, root: root.to_path_buf() })
    }

    /// Writes a file below the root and creates missing folders.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &str, text: &str) -> Result<(), RepositoryError> {
        let target = files::join_repo_path(&self.root, &RepoPath::from(path));
        files::write(&target, text.as_bytes()).map_err(|error| RepositoryError::Unreadable {
            path: RepoPath::from(path),
            reason: error.to_string(),
        })
    }

    /// Returns the text of a file below the root; invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, path: &str) -> Result<String, RepositoryError> {
        let target = files::join_repo_path(&self.root, &RepoPath::from(path));
        let bytes = files::read(&target, crate::system::git::MAX_FILE_BYTES)
            .map_err(|error| crate::system::git::unreadable(&RepoPath::from(path), &error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Stages everything that is not ignored.
    ///
    /// # Errors
    /// Objects or the index cannot be written.
    pub fn stage_all(&self) -> Result<(), RepositoryError> {
        self.update_index().map(|_| ())
    }

    fn update_index(&self) -> Result<git2::Index, RepositoryError> {
        let operation = "staging files";
        let mut index = self.repo.index().map_err(git_error(operation))?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None).map_err(git_error(operation))?;
        index.update_all(["*"], None).map_err(git_error(operation))?;
        index.write().map_err(git_error(operation))?;
        Ok(index)
    }

    /// Removes a file below the root.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, path: &str) -> Result<(), RepositoryError> {
        let target = files::join_repo_path(&self.root, &RepoPath::from(path));
        files::remove(&target).map_err(|error| RepositoryError::Unreadable {
            path: RepoPath::from(path),
            reason: error.to_string(),
        })
    }

    /// Commits everything that is not ignored. `at` is the commit time in seconds
    /// since 1970.
    ///
    /// # Errors
    /// Objects or references cannot be written.
    pub fn commit_all(&self, message: &str, who: Identity, at: i64) -> Result<Commit, RepositoryError> {
        let operation = "committing";
        let mut index = self.update_index()?;
        let tree = self
            .repo
            .find_tree(index.write_tree().map_err(git_error(operation))?)
            .map_err(git_error(operation))?;
        let signature =
            Signature::new(who.name, who.email, &Time::new(at, 0)).map_err(git_error(operation))?;
        let parent = self.repo.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let id = self
            .repo
            .commit(Some("HEAD"), &signature, &signature, message, &tree, &parents)
            .map_err(git_error(operation))?;
        Ok(Commit(to_hash(id)))
    }

    /// Creates a branch at HEAD and switches to it.
    ///
    /// # Errors
    /// References cannot be written.
    pub fn create_branch(&self, name: &str) -> Result<(), RepositoryError> {
        let operation = "creating a branch";
        let head = self.repo.head().and_then(|head| head.peel_to_commit()).map_err(git_error(operation))?;
        self.repo.branch(name, &head, false).map_err(git_error(operation))?;
        self.repo.set_head(&format!("refs/heads/{name}")).map_err(git_error(operation))
    }

    /// Sets a reference, for example `refs/heads/main`, to a commit.
    pub(crate) fn set_reference(&self, name: &str, commit: Commit) -> Result<(), RepositoryError> {
        let set = self.repo.reference(name, to_oid(commit.0), true, "set");
        set.map(|_| ()).map_err(git_error("setting a reference"))
    }

    /// Removes a reference.
    pub(crate) fn remove_reference(&self, name: &str) -> Result<(), RepositoryError> {
        let found = self.repo.find_reference(name);
        found.and_then(|mut reference| reference.delete()).map_err(git_error("removing a reference"))
    }

    /// Switches to a branch: its files replace those of the folder.
    pub(crate) fn switch(&self, branch: &str) -> Result<(), RepositoryError> {
        let operation = "switching to a branch";
        self.repo.set_head(&format!("refs/heads/{branch}")).map_err(git_error(operation))?;
        let mut options = git2::build::CheckoutBuilder::new();
        self.repo.checkout_head(Some(options.force())).map_err(git_error(operation))
    }
}
