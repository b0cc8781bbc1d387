//! Result of a gate before its steps run.

use std::collections::BTreeMap;

use crate::change::{Selection, TreeEntry, TreeState};
use crate::check::context::{Gate, PacketCheckContext, Policy};
use crate::config::Config;
use crate::document::{Layout, Packet, WpId};
use crate::finding::Report;
use crate::text::RepoPath;

use super::context::PacketContext;

/// Result of a gate before its steps run.
pub(crate) struct GateResult {
    /// The gate whose steps belong to the result.
    pub gate: Gate,
    /// The report without results of steps.
    pub report: Report,
    /// The configuration of the gate.
    pub config: Config,
    /// The judged change; `None` for gates that judge no change.
    pub selection: Option<Selection>,
    /// The judged tree.
    pub tree: TreeState,
    /// The tree that rules and configuration were read from.
    pub policy_tree: TreeState,
    /// The judged change: the entry of every changed path after it.
    pub judged_entries: BTreeMap<RepoPath, Option<TreeEntry>>,
    /// The judged packets.
    pub packets: Vec<PacketContext>,
    /// The scope of the configuration as a packet, if there are no packets.
    pub fence: Option<FencePacket>,
    /// Whether the change can contain code, so that steps have something to judge.
    pub has_code: bool,
}

impl GateResult {
    /// Returns the reason why a new file at this path could change a result, as a
    /// clause: a packet may change it, or it controls the checks. `None` if there is
    /// no reason.
    pub(crate) fn sensitive_path_reason(&self, path: &RepoPath) -> Option<String> {
        if let Some(fence) = &self.fence {
            return crate::check::sensitive_path_reason(&fence.check_context(&self.config.policy), path);
        }
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

/// The scope of a fence in the form of a packet, for the checks of a scope.
pub(crate) struct FencePacket {
    /// Id of no packet; messages do not show it.
    pub id: WpId,
    /// A packet that has the scope and nothing else.
    pub packet: Packet,
    /// A layout; a fence has no documents.
    pub layout: Layout,
}

impl FencePacket {
    /// Builds the input for checks of the scope.
    pub(crate) fn check_context<'a>(&'a self, policy: &'a Policy) -> PacketCheckContext<'a> {
        PacketCheckContext {
            id: &self.id,
            packet: &self.packet,
            faults: &[],
            layout: &self.layout,
            policy,
            registry: None,
            board: None,
            revision_ids: &[],
            is_fence: true,
            skeleton_approval: None,
        }
    }
}
