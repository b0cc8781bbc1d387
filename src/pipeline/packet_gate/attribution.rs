//! Attributes each changed file to packets, if one run judges several packets.

use crate::change::{ChangedFile, RepositoryError};
use crate::check::context::PacketCheckContext;
use crate::check::{MAX_ENTRY_PAIRS, is_comparable, scope};
use crate::pipeline::selected_change::SelectedChange;
use crate::text::RepoPath;

use super::context::PacketContext;

/// The changed files by packet.
pub(crate) struct FileAttribution {
    files: Vec<Vec<ChangedFile>>,
    /// Files that several packets allow, with the ids of the other packets.
    shared: Vec<Vec<(RepoPath, String)>>,
}

impl FileAttribution {
    /// Attributes every file to the packets whose scope allows it; a file that
    /// several packets allow is also recorded as shared. A file that no packet
    /// allows belongs to the packets that mention it, or else to the first.
    pub(crate) fn new(files: Vec<ChangedFile>, packets: &[PacketContext]) -> Self {
        let mut out =
            Self { files: vec![Vec::new(); packets.len()], shared: vec![Vec::new(); packets.len()] };
        if let [only] = out.files.as_mut_slice() {
            *only = files;
            return out;
        }
        for file in files {
            let path = &file.change.path;
            let allowing = find_packets(packets, |packet| allows_path(packet, path));
            let is_shared = allowing.len() > 1;
            let mut owners = match allowing.as_slice() {
                [] => find_packets(packets, |packet| mentions_path(packet, path)),
                _ => allowing,
            };
            // Shared records such as the board are checked once, by the first
            // packet.
            let is_record = packets.iter().any(|packet| packet.layout.is_shared_record(path));
            if owners.is_empty() || is_record {
                owners = vec![0];
            }
            for owner in &owners {
                let others = owners.iter().filter(|other| *other != owner);
                if let Some(shared) = out.shared.get_mut(*owner).filter(|_| is_shared && owners.len() > 1) {
                    let names: Vec<String> =
                        others.filter_map(|other| packet_name(packets.get(*other)?)).collect();
                    shared.push((path.clone(), names.join("`, `")));
                }
                if let Some(own) = out.files.get_mut(*owner) {
                    own.push(file.clone());
                }
            }
        }
        out
    }

    /// Returns the files that belong to a packet, in order of path.
    pub(crate) fn files(&self, index: usize) -> &[ChangedFile] {
        self.files.get(index).map_or(&[], Vec::as_slice)
    }

    /// Returns the files that belong to the first packet, in order of path.
    pub(crate) fn into_first(self) -> Vec<ChangedFile> {
        self.files.into_iter().next().unwrap_or_default()
    }

    /// Returns the files that a packet shares, with the ids of the other packets.
    pub(crate) fn shared(&self, index: usize) -> &[(RepoPath, String)] {
        self.shared.get(index).map_or(&[], Vec::as_slice)
    }

    /// Returns true if a path, changed or not, belongs to a packet.
    pub(crate) fn belongs(&self, index: usize, path: &RepoPath, packets: &[PacketContext]) -> bool {
        let is_mentioned = packets.get(index).is_some_and(|packet| mentions_path(packet, path));
        is_mentioned || contains_path(self.files(index), path)
    }

    /// Returns the id of another packet that a changed path belongs to.
    pub(crate) fn other_owner(
        &self,
        index: usize,
        path: &RepoPath,
        packets: &[PacketContext],
    ) -> Option<String> {
        let other = (0..packets.len())
            .filter(|other| *other != index)
            .find(|other| contains_path(self.files(*other), path))?;
        packet_name(packets.get(other)?)
    }
}

/// Returns true if files, in order of path, contain a path.
fn contains_path(files: &[ChangedFile], path: &RepoPath) -> bool {
    files.binary_search_by(|file| file.change.path.cmp(path)).is_ok()
}

fn find_packets(packets: &[PacketContext], is_wanted: impl Fn(&PacketContext) -> bool) -> Vec<usize> {
    packets.iter().enumerate().filter(|(_, packet)| is_wanted(packet)).map(|(index, _)| index).collect()
}

fn allows_path(packet: &PacketContext, path: &RepoPath) -> bool {
    packet.packet_input().is_some_and(|input| scope::allows_change(&input, path))
}

fn mentions_path(packet: &PacketContext, path: &RepoPath) -> bool {
    packet.packet_input().is_some_and(|input| scope::mentions_path(&input, path))
}

/// Takes untracked files out of a change that only the user of git ignores, or that are in a
/// cache that the configuration names. A file stays if a scope contains it or it
/// controls the checks. Without a packet, every file stays.
///
/// # Errors
/// The globs of the scopes are too many for the change.
pub(crate) fn set_aside_untracked(
    change: &mut SelectedChange,
    packets: &[PacketContext],
) -> Result<(), RepositoryError> {
    let Some(first) = packets.first() else { return Ok(()) };
    let inputs = packets.iter().filter_map(PacketContext::packet_input);
    refuse_too_many_globs(inputs, change.files.len())?;
    change.set_aside_untracked(&first.config.policy.caches, |path| {
        packets.iter().any(|packet| {
            packet.packet_input().is_none_or(|input| scope::sensitive_path_reason(&input, path).is_some())
        })
    });
    Ok(())
}

/// Fails if the entries of the scopes are too many for this number of paths.
///
/// # Errors
/// There are more pairs than the limit.
pub(crate) fn refuse_too_many_globs<'a>(
    mut inputs: impl Iterator<Item = PacketCheckContext<'a>>,
    paths: usize,
) -> Result<(), RepositoryError> {
    if inputs.all(|input| is_comparable(&input, paths)) {
        return Ok(());
    }
    Err(RepositoryError::TooManyComparisons { what: "the entries of the scope", limit: MAX_ENTRY_PAIRS })
}

fn packet_name(packet: &PacketContext) -> Option<String> {
    Some(packet.located.as_ref()?.id.as_str().to_owned())
}
