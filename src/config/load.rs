//! The only reader of a repository's configuration.
//!
//! Every command gets its configuration from [`load`], so that a missing,
//! linked, oversized or overridden file is handled in one place: no file means the
//! defaults, and whatever is there but cannot be read as a file is refused.

use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState};
use crate::document::limits::limit_error;
use crate::document::{Layout, LayoutName, record_files};
use crate::text::{RepoPath, Source};

use super::{Config, ConfigFault, FILE_NAME};

/// A configuration and its origin.
#[derive(Debug, Clone)]
pub(crate) struct LoadedConfig {
    /// The configuration; the defaults if there is no file.
    pub config: Config,
    /// Where it was read, as reports show it: `countersign.yaml of commit
    /// 0123456789ab`.
    pub origin: String,
    /// Whether there is a file.
    pub is_file: bool,
    /// Text of the file.
    pub source: Option<Arc<Source>>,
}

/// A configuration that cannot be used (exit 2).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The repository could not be read, or something else than a file of
    /// acceptable size is at the configuration's path.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The file has an error.
    #[error("{}:{}: {}", .0.source.display_path(), .0.source.line(.0.span.start), .0.message)]
    Invalid(Box<ConfigFault>),
}

impl From<ConfigFault> for ConfigError {
    fn from(fault: ConfigFault) -> Self {
        Self::Invalid(Box::new(fault))
    }
}

/// Loads the configuration of a tree, or the file that the caller names
/// instead (`--config FILE`).
///
/// # Errors
/// A link, folder or submodule at the configuration's path; a file that is too
/// large or cannot be read; an error in the file.
pub(crate) fn load(
    repo: &dyn Repository,
    tree: TreeState,
    named: Option<&Arc<Source>>,
) -> Result<LoadedConfig, ConfigError> {
    if let Some(source) = named {
        let origin = format!("{} (named by the caller)", source.name());
        return Ok(LoadedConfig {
            config: Config::read(source)?,
            origin,
            is_file: true,
            source: Some(Arc::clone(source)),
        });
    }
    let tree_name = match tree {
        TreeState::Empty => "an empty tree".to_owned(),
        TreeState::Commit(commit) => format!("commit {}", commit.short()),
        TreeState::Index => "the index".to_owned(),
        TreeState::Worktree => "the working tree".to_owned(),
    };
    match read_file(repo, tree, &tree_name)? {
        Some(source) => Ok(LoadedConfig {
            config: Config::read(&source)?,
            origin: format!("{FILE_NAME} of {tree_name}"),
            is_file: true,
            source: Some(source),
        }),
        None => Ok(LoadedConfig {
            config: Config::defaults(),
            origin: format!("defaults ({tree_name} has no {FILE_NAME})"),
            is_file: false,
            source: None,
        }),
    }
}

/// Reads the file of a tree; `None` if nothing is at its path.
fn read_file(
    repo: &dyn Repository,
    tree: TreeState,
    tree_name: &str,
) -> Result<Option<Arc<Source>>, ConfigError> {
    let path = RepoPath::from(FILE_NAME);
    let refuse = |path: RepoPath, reason: String| RepositoryError::Unreadable { path, reason };
    match repo.mode(tree, &path)? {
        Some(FileMode::Regular | FileMode::Executable) => {}
        Some(FileMode::Symlink) => {
            return Err(refuse(path, format!("in {tree_name} it is a symbolic link; expected a file")).into());
        }
        Some(FileMode::Submodule) => {
            return Err(refuse(path, format!("in {tree_name} it is a submodule; expected a file")).into());
        }
        None if repo.exists(tree, &path)? => {
            return Err(refuse(
                path,
                format!("in {tree_name} it is a folder or special file; expected a file"),
            )
            .into());
        }
        None => return Ok(None),
    }
    let bytes = repo.read(tree, &path)?.unwrap_or_default();
    if let Some(problem) = limit_error(&path, &bytes) {
        return Err(refuse(path, format!("in {tree_name} it is {problem}")).into());
    }
    let source = Source::from_bytes(path, bytes);
    // The file on disk may have other text.
    Ok(Some(match tree {
        TreeState::Commit(commit) => source.with_revision(commit.short()),
        _ => source,
    }))
}

/// Returns the names of the main branch in all recent configurations in the
/// history of HEAD.
///
/// # Errors
/// The repository cannot be read. Commits that a shallow clone lacks give no
/// names.
pub(crate) fn main_branches_in_history(
    repo: &dyn Repository,
    head: Commit,
) -> Result<Vec<String>, RepositoryError> {
    let path = RepoPath::from(FILE_NAME);
    let names = std::cell::RefCell::new(Vec::new());
    // The closure collects names and always returns false, so the walk ends
    // after the newest commits. Commits that a shallow clone lacks give no
    // names.
    let walk = repo.find_introductions(&path, head, None, &|bytes| {
        if let Ok(config) = Config::read(&Source::from_bytes(path.clone(), bytes.to_vec())) {
            names.borrow_mut().extend(config.main_branches);
        }
        false
    });
    if let Err(error) = walk
        && !matches!(error, RepositoryError::Git { .. })
    {
        return Err(error);
    }
    let mut names = names.into_inner();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Finds the layout of a tree by its files; `None` if it has none of the known
/// ones. A folder of packets decides; without one, a record of a known layout does.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn detect_layout(
    repo: &dyn Repository,
    tree: TreeState,
) -> Result<Option<Layout>, RepositoryError> {
    match detect_known(repo, tree)? {
        Some(layout) => Ok(Some(complete_layout(repo, layout, tree, tree)?)),
        None => Ok(None),
    }
}

fn detect_known(repo: &dyn Repository, tree: TreeState) -> Result<Option<Layout>, RepositoryError> {
    let known = [Layout::gov(), Layout::docs()];
    for layout in &known {
        if repo.exists(tree, &RepoPath::from(layout.packets.trim_end_matches('/')))? {
            return Ok(Some(layout.clone()));
        }
    }
    for layout in &known {
        let folders =
            [layout.refinements.trim_end_matches('/'), layout.validator_states.trim_end_matches('/')];
        let records = [&layout.board, &layout.registry, &layout.audit, &layout.gate_log].map(String::as_str);
        for path in folders.into_iter().chain(records) {
            if repo.exists(tree, &RepoPath::from(path))? {
                return Ok(Some(layout.clone()));
            }
        }
    }
    Ok(None)
}

/// Completes a layout by what the trees contain: the places of the records, unless
/// the configuration sets them, and the packets that have a folder. What exists in
/// the trusted tree wins.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn complete_layout(
    repo: &dyn Repository,
    mut layout: Layout,
    trusted: TreeState,
    judged: TreeState,
) -> Result<Layout, RepositoryError> {
    let trees: &[TreeState] = if trusted == judged { &[judged] } else { &[trusted, judged] };
    if layout.name != LayoutName::Configured {
        for record in layout.searched_records() {
            if let Some(found) = find_record(repo, trees, record)? {
                *record = found;
            }
        }
    }
    let list = |tree: TreeState| -> Result<Vec<RepoPath>, RepositoryError> {
        let mut out = repo.list_below(tree, &layout.packets)?;
        out.extend(repo.list_below(tree, &layout.refinements)?);
        Ok(out)
    };
    let judged_paths = list(judged)?;
    let trusted_paths = if trusted == judged { Vec::new() } else { list(trusted)? };
    layout.find_forms(&trusted_paths, &judged_paths);
    Ok(layout)
}

/// Returns the first place at which a record exists, in the first tree that has it.
fn find_record(
    repo: &dyn Repository,
    trees: &[TreeState],
    record: &str,
) -> Result<Option<String>, RepositoryError> {
    for tree in trees {
        for place in Layout::record_places(record) {
            let has_files = || -> Result<bool, RepositoryError> {
                let files = repo.list(*tree, &record_files::folder(&place))?;
                Ok(files.iter().any(|file| record_files::id_of(&place, file).is_some()))
            };
            if repo.exists(*tree, &RepoPath::from(place.as_str()))? || has_files()? {
                return Ok(Some(place));
            }
        }
    }
    Ok(None)
}

/// Returns the path of the list of allowed keys in a tree. It does not depend on where
/// records and packets are.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn allowed_signers_path(
    repo: &dyn Repository,
    config: &Config,
    tree: TreeState,
) -> Result<RepoPath, RepositoryError> {
    let layout = match &config.layout {
        Some(layout) => layout.clone(),
        None => detect_known(repo, tree)?.unwrap_or_else(Layout::gov),
    };
    Ok(RepoPath::from(layout.allowed_signers.as_str()))
}

/// Returns the layout of a gate run: the configured one, or the one found in
/// the trusted tree first, so that a change cannot move the governance folder;
/// `.GOV` if neither tree has a known layout.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn resolve_layout(
    repo: &dyn Repository,
    config: &Config,
    trusted: TreeState,
    judged: TreeState,
) -> Result<Layout, RepositoryError> {
    let known = match &config.layout {
        Some(layout) => Some(layout.clone()),
        None => detect_known(repo, trusted)?,
    };
    let layout = match known {
        Some(layout) => layout,
        None => detect_known(repo, judged)?.unwrap_or_else(Layout::gov),
    };
    complete_layout(repo, layout, trusted, judged)
}
