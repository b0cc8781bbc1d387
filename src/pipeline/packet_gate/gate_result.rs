//! Result of a gate before its steps run.

use std::collections::BTreeMap;

use crate::change::{Selection, TreeEntry, TreeState};
use crate::config::Config;
use crate::finding::Report;
use crate::text::RepoPath;

use super::context::PacketContext;

/// Result of a gate before its steps run.
pub(crate) struct GateResult {
    /// The report without results of steps.
    pub report: Report,
    /// The configuration of the gate.
    pub config: Config,
    /// The judged change; `None` for gates that judge no change.
    pub selection: Option<Selection>,
    /// The judged tree.
    pub tree: TreeState,
    /// The judged change: the entry of every changed path after it.
    pub judged_entries: BTreeMap<RepoPath, Option<TreeEntry>>,
    /// The judged packets.
    pub packets: Vec<PacketContext>,
}

impl GateResult {
    /// Returns the reason why a new file at this path could change a result, as a
    /// clause: a packet may change it, or it controls the checks. `None` if there is
    /// no reason.
    pub(crate) fn sensitive_path_reason(&self, path: &RepoPath) -> Option<String> {
        self.packets.iter().find_map(|packet| {
            let input = packet.packet_input()?;
            crate::check::sensitive_path_reason(&input, path)
        })
    }

    /// Returns whether the repository has a configuration, or the caller named one.
    pub(crate) fn is_configured(&self) -> bool {
        !self.config.is_default
    }
}
