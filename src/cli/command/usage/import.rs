//! Copies numbers of calls into the ledger.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::change::TreeState;
use crate::cli::GlobalArgs;
use crate::config::{load, resolve_layout};
use crate::ledger::{Store, StoredCall};
use crate::pipeline::locate::list_packet_ids;
use crate::pipeline::verify::prepared_branches;
use crate::system::files;
use crate::system::git::GitRepository;
use crate::text::format_count;
use crate::usage::{
    KnownTree, KnownWork, LogRoots, ModelCall, SESSION_PREFIX, find_logs, is_project, read_logs,
    read_sessions,
};

use super::MAX_FILE_BYTES;

/// What an import did.
#[derive(Debug, Serialize)]
pub(super) struct ImportOutput {
    schema: &'static str,
    new_calls: usize,
    changed_logs: usize,
    /// Logs that could not be read to their end; they are read again next time.
    pub(super) unreadable: usize,
    /// Sessions of another program's report that name no project.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_project: Option<usize>,
}

impl ImportOutput {
    pub(super) fn to_sentence(&self) -> String {
        if let Some(without) = self.without_project {
            let calls = format_count(self.new_calls, "new sum");
            let rest = match without {
                0 => String::new(),
                count => format!("; {} without a project", format_count(count, "session")),
            };
            return format!("{calls} of sessions of this repository{rest}");
        }
        let skipped = match self.unreadable {
            0 => String::new(),
            count => format!("; {} could not be read to the end", format_count(count, "log")),
        };
        let (calls, logs) =
            (format_count(self.new_calls, "new call"), format_count(self.changed_logs, "log"));
        format!("{calls} of this repository, from {logs} that changed{skipped}")
    }
}

/// Copies new calls whose folder is in a working tree of this repository.
pub(super) fn import_logs(
    repo: &GitRepository,
    global: &GlobalArgs,
    store: &mut Store,
) -> anyhow::Result<ImportOutput> {
    let known = store.read_logs()?;
    let mut work = known_work(repo, global)?;
    work.sessions = store.recorded_sessions()?;
    // A working tree that is new makes calls of old logs calls of this repository.
    let trees =
        work.trees.iter().map(|tree| tree.folder.display().to_string()).collect::<Vec<_>>().join("\n");
    let trees = hash_of(&trees);
    let mut changed = Vec::new();
    let mut states = Vec::new();
    for log in find_logs(&LogRoots::of_user()) {
        let (path, state) = (hash_of(&log.path.to_string_lossy()), format!("{} {trees}", log.state));
        if known.get(&path) != Some(&state) {
            changed.push(log);
            states.push((path, state));
        }
    }
    let read = read_logs(&changed);
    // What could not be read to its end is read again next time.
    let unreadable: Vec<String> =
        read.unreadable.iter().map(|path| hash_of(&path.to_string_lossy())).collect();
    for (path, state) in &mut states {
        if unreadable.contains(path) {
            state.clear();
        }
    }
    let own: Vec<StoredCall> = read.calls.into_iter().filter_map(|call| attribute(call, &work)).collect();
    let new_calls = store.store_calls(&own, &states)?;
    store.attribute_again(|tree, branch| work.packet_named(tree, branch))?;
    Ok(ImportOutput {
        schema: "countersign.usage-import/v1",
        new_calls,
        changed_logs: changed.len(),
        unreadable: unreadable.len(),
        without_project: None,
    })
}

/// Copies sums of sessions from the output of another program. Sessions whose calls are known
/// already are left out.
pub(super) fn import_sessions(
    repo: &GitRepository,
    global: &GlobalArgs,
    file: &Path,
) -> anyhow::Result<ImportOutput> {
    let bytes = files::read(&global.resolve(file)?, MAX_FILE_BYTES)
        .with_context(|| format!("reading {}", file.display()))?;
    let sums = read_sessions(&bytes).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    let mut store = Store::open(&repo.ledger_folder())?;
    let work = known_work(repo, global)?;
    let sessions = store.recorded_sessions()?;
    let known: std::collections::BTreeSet<String> = store
        .calls(None, None)?
        .into_iter()
        .filter(|stored| !stored.call.id.starts_with(SESSION_PREFIX))
        .map(|stored| stored.call.session)
        .collect();
    let own: Vec<StoredCall> = sums
        .calls
        .into_iter()
        .filter(|call| !known.contains(&call.session))
        .filter_map(|call| {
            let tree =
                work.trees.iter().find(|tree| is_project(&call.folder, &tree.folder.to_string_lossy()))?;
            let name = tree.folder.file_name().map(|name| name.to_string_lossy().into_owned());
            // The branch of a session is not known: only a record or a folder can name its packet.
            let recorded = sessions.get(&call.session).cloned();
            let packet = recorded.or_else(|| work.packet_named(name.as_deref().unwrap_or_default(), None));
            Some(StoredCall { call: ModelCall { folder: name.unwrap_or_default(), ..call }, packet })
        })
        .collect();
    let new_calls = store.store_calls(&own, &[])?;
    Ok(ImportOutput {
        schema: "countersign.usage-import/v1",
        new_calls,
        changed_logs: 0,
        unreadable: 0,
        without_project: Some(sums.without_folder),
    })
}

/// Paths of logs name folders of other projects, which are not the business of this one.
fn hash_of(text: &str) -> String {
    crate::digest::sha256_hex(text.as_bytes())
}

/// A call of this repository. Of its folder, only the name of the working tree is kept.
fn attribute(call: ModelCall, work: &KnownWork) -> Option<StoredCall> {
    let tree = work.tree_of(&call.folder)?;
    if is_other_repository(Path::new(&call.folder), &tree.folder) {
        return None;
    }
    let packet = work.packet_of(&call).map(|(packet, _)| packet.to_owned());
    let folder = tree.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let log = call.log.as_deref().map(hash_of);
    Some(StoredCall { call: ModelCall { log, folder, ..call }, packet })
}

/// Returns whether a folder belongs to a repository inside the working tree.
fn is_other_repository(folder: &Path, tree: &Path) -> bool {
    let below = folder.ancestors().take_while(|folder| *folder != tree && folder.starts_with(tree));
    below.into_iter().any(|folder| files::find_metadata(&folder.join(".git")).ok().flatten().is_some())
}

/// Packets and records of all working trees: a packet can be on one branch only.
pub(super) fn known_work(repo: &GitRepository, global: &GlobalArgs) -> anyhow::Result<KnownWork> {
    let mut work = KnownWork::default();
    for (folder, branch) in repo.worktree_folders()? {
        let Ok(here) = GitRepository::discover(&folder) else { continue };
        let config = load(&here, TreeState::Worktree, global.config_override()?.as_ref())?.config;
        let layout = resolve_layout(&here, &config, TreeState::Worktree, TreeState::Worktree)?;
        work.packets.extend(list_packet_ids(&here, TreeState::Worktree, &layout)?);
        work.prepared.extend(prepared_branches(&here, TreeState::Worktree)?);
        let real = folder.canonicalize().ok().filter(|real| *real != folder);
        work.trees.extend(real.map(|folder| KnownTree { folder, branch: branch.clone() }));
        work.trees.push(KnownTree { folder, branch });
    }
    work.packets.sort();
    work.packets.dedup();
    work.prepared.sort();
    work.prepared.dedup();
    Ok(work)
}
