//! The commits between a packet's `MERGE_BASE_SHA` and the start of a range: whether the
//! packet's own work is among them, so that the range leaves a part of it out.
//!
//! The main branch moves on while a packet is worked on. What others brought there was
//! judged on its way and is not this packet's work. A commit counts as the packet's work
//! if it changes code together with the packet's own documents, or changes code in the
//! packet's scope that no other packet accounts for. Code outside of the scope counts if
//! the work builds on it, unless the host of a run names the start of the range: a coder
//! could choose a start that hides it.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Commit, CommitInfo, Repository, RepositoryError, TreeState};
use crate::check::context::PacketCheckContext;
use crate::check::scope;
use crate::document::{Layout, Packet, WpId};
use crate::pipeline::locate::{list_packet_ids, read_document};
use crate::text::RepoPath;

/// Maximum number of other packets whose scopes can account for a commit. Code of further
/// packets counts as the judged packet's work.
const MAX_OTHERS: usize = 200;
/// Maximum number of commits of the main branch that are followed to find a commit.
const MAX_MAIN_COMMITS: usize = 50_000;

/// A range whose start is compared with the packet's work.
pub(crate) struct EarlierWork<'a> {
    pub repo: &'a dyn Repository,
    pub packet: PacketCheckContext<'a>,
    /// The packet's `MERGE_BASE_SHA`.
    pub merge_base: Commit,
    /// The start of the range.
    pub start: Commit,
    /// The head of the range.
    pub head: Commit,
    /// Whether the host of a run names the start of the range.
    pub is_start_of_host: bool,
}

/// Returns whether a commit is on the first-parent line of a branch, at or after `stop`.
///
/// # Errors
/// Missing objects.
pub(crate) fn is_on_main_line(
    repo: &dyn Repository,
    tip: Commit,
    wanted: Commit,
    stop: Commit,
) -> Result<bool, RepositoryError> {
    let mut at = tip;
    for _ in 0..MAX_MAIN_COMMITS {
        if at == wanted {
            return Ok(true);
        }
        match repo.parents(at)?.first() {
            Some(parent) if at != stop => at = *parent,
            _ => break,
        }
    }
    Ok(false)
}

/// What the code is that came to the main branch before the start of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EarlierCode {
    /// Other packets account for all of it, or there is none.
    Accounted,
    /// No packet accounts for it. The host says that it was on the main branch already.
    Unaccounted {
        /// Number of commits.
        count: usize,
        /// The first of them and a path, as a clause.
        first: String,
    },
    /// A part of it is the packet's work; the reason is a clause.
    OfPacket(String),
}

impl EarlierWork<'_> {
    /// Compares the commits between the packet's merge base and the start of the range with
    /// the packet's work.
    ///
    /// # Errors
    /// Missing objects, or a history with more commits than the limit.
    pub(crate) fn find(&self) -> Result<EarlierCode, RepositoryError> {
        let (mut count, mut shown) = (0_usize, None);
        let earlier = self.repo.commits_between(Some(self.merge_base), self.start)?;
        let later = self.repo.commits_between(Some(self.start), self.head)?;
        let below = self.commits_below_work(&earlier, &later);
        let others = self.read_others(&earlier)?;
        for facts in &earlier {
            let code: Vec<&RepoPath> = facts.changed_paths.iter().filter(|path| self.is_code(path)).collect();
            let Some(first) = code.first() else { continue };
            let commit = facts.commit.short();
            if let Some(own) = facts.changed_paths.iter().find(|path| self.is_own_document(path)) {
                let why = format!("commit {commit} changes {first} together with {own}");
                return Ok(EarlierCode::OfPacket(why));
            }
            if others.iter().any(|packet| code.iter().all(|path| packet.scope.allows(path))) {
                continue;
            }
            if let Some(path) = code.iter().find(|path| scope::mentions_path(&self.packet, path)) {
                return Ok(EarlierCode::OfPacket(format!(
                    "commit {commit} changes {path}, which is in the scope of this packet and of no other \
                     packet that was worked on"
                )));
            }
            if !below.contains(&facts.commit) {
                continue;
            }
            if !self.is_start_of_host {
                return Ok(EarlierCode::OfPacket(format!(
                    "commit {commit} changes {first}, the work builds on it, and no other packet accounts \
                     for it"
                )));
            }
            // Merges only bring in commits that are counted themselves.
            if facts.parents.len() < 2 {
                count += 1;
                shown.get_or_insert_with(|| format!("commit {commit} changes {first}"));
            }
        }
        Ok(shown.map_or(EarlierCode::Accounted, |first| EarlierCode::Unaccounted { count, first }))
    }

    fn is_code(&self, path: &RepoPath) -> bool {
        !self.packet.layout.is_governance(path) && !self.packet.policy.exempts(path)
    }

    fn is_own_document(&self, path: &RepoPath) -> bool {
        let (layout, id) = (self.packet.layout, self.packet.id);
        is_document_of(layout, id, path) || *path == layout.refinement(id)
    }

    /// Returns the commits that the work of the range builds on.
    fn commits_below_work(&self, earlier: &[CommitInfo], later: &[CommitInfo]) -> BTreeSet<Commit> {
        let parents: BTreeMap<Commit, &[Commit]> =
            earlier.iter().chain(later).map(|facts| (facts.commit, facts.parents.as_slice())).collect();
        let is_work = |facts: &&CommitInfo| {
            facts.parents.len() < 2 && facts.changed_paths.iter().any(|path| self.is_code(path))
        };
        let mut queue: Vec<Commit> = later.iter().filter(is_work).map(|facts| facts.commit).collect();
        // Without a commit of work, the merge itself is the work.
        if queue.is_empty() {
            queue.push(self.head);
        }
        let mut found = BTreeSet::new();
        while let Some(commit) = queue.pop() {
            for parent in parents.get(&commit).copied().unwrap_or_default() {
                if found.insert(*parent) {
                    queue.push(*parent);
                }
            }
        }
        found
    }

    /// Reads the other packets whose own documents the commits change.
    fn read_others(&self, commits: &[CommitInfo]) -> Result<Vec<Packet>, RepositoryError> {
        let layout = self.packet.layout;
        let changed: BTreeSet<&RepoPath> = commits
            .iter()
            .flat_map(|facts| &facts.changed_paths)
            .filter(|path| layout.is_governance(path))
            .collect();
        let tree = TreeState::Commit(self.start);
        let mut out = Vec::new();
        if changed.is_empty() {
            return Ok(out);
        }
        for id in list_packet_ids(self.repo, tree, layout)? {
            let Ok(id) = WpId::parse(&id) else { continue };
            let is_changed = changed.contains(&layout.packet(&id))
                || changed.contains(&Layout::manifest_file(&id, &layout.packet(&id)));
            if id == *self.packet.id || !is_changed || out.len() >= MAX_OTHERS {
                continue;
            }
            if let Some(source) = read_document(self.repo, tree, &layout.packet(&id))? {
                out.push(Packet::read(&source).value);
            }
        }
        Ok(out)
    }
}

/// Returns whether a path is the file of a packet, or of its manifests.
pub(crate) fn is_document_of(layout: &Layout, id: &WpId, path: &RepoPath) -> bool {
    let packet = layout.packet(id);
    *path == packet
        || *path == Layout::manifest_file(id, &packet)
        || layout.packet_folder(id).is_some_and(|folder| path.is_below(folder.as_bytes()))
}
