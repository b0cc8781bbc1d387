//! Paths of a repository's governance documents.

use crate::text::RepoPath;

use super::WpId;

/// Name of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutName {
    /// `docs/…`, used to January 2026.
    Docs,
    /// `.GOV/…`, used from February 2026.
    Gov,
    /// Set by the configuration.
    Configured,
}

/// Paths of the governance documents; folders end with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the layout.
    pub name: LayoutName,
    /// Packets, `<WP_ID>.md`.
    pub packets: String,
    /// Stubs, `<WP_ID>.md`.
    pub stubs: String,
    /// Refinements, `<WP_ID>.md`.
    pub refinements: String,
    /// Contracts, in any subfolder.
    pub contracts: String,
    /// Task board.
    pub board: String,
    /// Traceability registry.
    pub registry: String,
    /// Signature audit.
    pub audit: String,
    /// Pointer to the current specification.
    pub spec_pointer: String,
    /// Orchestrator gate log (JSON).
    pub gate_log: String,
    /// Folder of validator states, `<WP_ID>.json`.
    pub validator_states: String,
    /// Older validator state of all packets; empty if the layout has none.
    pub shared_validator_state: String,
    /// Signed contracts of packets, `<WP_ID>.contract` and its `.sig`.
    pub signed_contracts: String,
    /// Keys that may sign, in the format of OpenSSH's `allowed_signers`.
    pub allowed_signers: String,
    /// Templates that the command `new` fills, if the repository has its own.
    pub templates: String,
    /// Folders whose files need no manifest.
    pub governance_folders: Vec<String>,
}

/// Extension of the file of manifests; it is no Markdown file, so that no reader of a
/// folder takes it for a packet.
const MANIFEST_EXTENSION: &str = ".manifests";

impl Layout {
    /// Returns the layout `docs`.
    #[must_use]
    pub fn docs() -> Self {
        Self {
            name: LayoutName::Docs,
            packets: "docs/task_packets/".into(),
            stubs: "docs/task_packets/stubs/".into(),
            refinements: "docs/refinements/".into(),
            contracts: "contracts/".into(),
            board: "docs/TASK_BOARD.md".into(),
            registry: "docs/WP_TRACEABILITY_REGISTRY.md".into(),
            audit: "docs/SIGNATURE_AUDIT.md".into(),
            spec_pointer: "docs/SPEC_CURRENT.md".into(),
            gate_log: "docs/ORCHESTRATOR_GATES.json".into(),
            validator_states: "docs/validator_gates/".into(),
            shared_validator_state: "docs/VALIDATOR_GATES.json".into(),
            signed_contracts: "docs/signatures/".into(),
            allowed_signers: "docs/allowed_signers".into(),
            templates: "docs/templates/".into(),
            governance_folders: vec!["docs/".into()],
        }
    }

    /// Returns the layout `.GOV`.
    #[must_use]
    pub fn gov() -> Self {
        Self {
            name: LayoutName::Gov,
            packets: ".GOV/task_packets/".into(),
            stubs: ".GOV/task_packets/stubs/".into(),
            refinements: ".GOV/refinements/".into(),
            contracts: "contracts/".into(),
            board: ".GOV/roles_shared/TASK_BOARD.md".into(),
            registry: ".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md".into(),
            audit: ".GOV/roles_shared/SIGNATURE_AUDIT.md".into(),
            spec_pointer: ".GOV/roles_shared/SPEC_CURRENT.md".into(),
            gate_log: ".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json".into(),
            validator_states: ".GOV/validator_gates/".into(),
            shared_validator_state: ".GOV/roles/validator/VALIDATOR_GATES.json".into(),
            signed_contracts: ".GOV/roles_shared/signatures/".into(),
            allowed_signers: ".GOV/roles_shared/allowed_signers".into(),
            templates: ".GOV/templates/".into(),
            governance_folders: vec![".GOV/".into()],
        }
    }

    /// Returns the path of a packet.
    #[must_use]
    pub fn packet(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.packets).as_str())
    }

    /// Returns the path of a stub.
    #[must_use]
    pub fn stub(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.stubs).as_str())
    }

    /// Returns the path of a refinement.
    #[must_use]
    pub fn refinement(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.refinements).as_str())
    }

    /// Returns the path of a packet's validator state.
    #[must_use]
    pub fn validator_state_path(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.json", self.validator_states).as_str())
    }

    /// Returns whether a path is a validator state: of one packet, or the older
    /// state of all packets.
    #[must_use]
    pub fn is_validator_state(&self, path: &RepoPath) -> bool {
        path.is_below(self.validator_states.as_bytes())
            || path.as_bytes() == self.shared_validator_state.as_bytes()
    }

    /// Returns the path of a packet's signed contract: the text that its SSH
    /// signature signs.
    #[must_use]
    pub fn signed_contract(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.contract", self.signed_contracts).as_str())
    }

    /// Returns the path of the SSH signature of a packet's signed contract.
    #[must_use]
    pub fn contract_signature(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.contract.sig", self.signed_contracts).as_str())
    }

    /// Returns the path of the file of manifests beside a packet, for `manifests: file`.
    #[must_use]
    pub fn manifest_file(&self, id: &WpId, packet: &RepoPath) -> RepoPath {
        let folder = String::from_utf8_lossy(packet.folder()).into_owned();
        RepoPath::from(format!("{folder}/{id}{MANIFEST_EXTENSION}").as_str())
    }

    /// Returns whether the work on a packet may always change a path: its packet
    /// and refinement, board, registry, audit and its gate state (CHECKS, "Scope").
    #[must_use]
    pub fn is_packet_record(&self, id: &WpId, path: &RepoPath) -> bool {
        *path == self.packet(id)
            || *path == self.manifest_file(id, &self.packet(id))
            || *path == self.refinement(id)
            || *path == self.validator_state_path(id)
            || *path == self.signed_contract(id)
            || *path == self.contract_signature(id)
            || self.is_shared_record(path)
    }

    /// Returns whether a path is a record that all packets share: board,
    /// registry, audit, gate log, the older validator state.
    #[must_use]
    pub fn is_shared_record(&self, path: &RepoPath) -> bool {
        [&self.board, &self.registry, &self.audit, &self.gate_log, &self.shared_validator_state]
            .into_iter()
            .any(|shared| path.as_bytes() == shared.as_bytes())
    }

    /// Returns whether a path is in a folder whose files need no manifest.
    #[must_use]
    pub fn is_governance(&self, path: &RepoPath) -> bool {
        self.governance_folders.iter().any(|folder| path.is_below(folder.as_bytes()))
    }
}
