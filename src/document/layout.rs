//! Paths of a repository's governance documents.

mod forms;

use crate::text::RepoPath;

use super::{WpId, record_files};

pub(super) use forms::DocumentForms;

/// File name of a packet in a folder of its own.
const FOLDER_PACKET: &str = "packet.md";
/// File name of a refinement in the folder of its packet.
const FOLDER_REFINEMENT: &str = "refinement.md";
/// File name of a packet's typed contract.
const FOLDER_CONTRACT: &str = "packet.json";
/// Files in the folder of a packet that have the id of the packet.
const FOLDER_FILES: [&str; 4] = [FOLDER_PACKET, FOLDER_REFINEMENT, FOLDER_CONTRACT, "refinement.json"];
/// Names of folders whose documents are history.
const ARCHIVE_FOLDERS: [&str; 3] = ["_archive", "archive", "archived"];
/// Folders in which the records of a repository have been kept, in the order in
/// which they are searched (FORMATS, "Later formats").
const RECORD_FOLDERS: [&str; 6] =
    [".GOV/roles_shared/", ".GOV/roles_shared/records/", ".GOV/spec/", ".GOV/", "docs/", "docs/records/"];

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
    /// Which packets and refinements are in a folder of their own.
    pub forms: DocumentForms,
    /// Prefixes of paths in documents that stand for a path of the repository, such as
    /// the name of a sibling working tree; longest first.
    pub aliases: Vec<(String, String)>,
}

/// Extension of the file of manifests, which no reader of a folder takes for a packet.
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
            forms: DocumentForms::default(),
            aliases: Vec::new(),
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
            forms: DocumentForms::default(),
            aliases: Vec::new(),
        }
    }

    /// Returns the path of a packet: `<WP_ID>.md`, or `<WP_ID>/packet.md` if the
    /// packet has a folder, or its typed contract if it has no Markdown.
    #[must_use]
    pub fn packet(&self, id: &WpId) -> RepoPath {
        if self.forms.contracts.contains(id.as_str()) {
            self.packet_contract(id)
        } else if self.forms.packets.contains(id.as_str()) || self.forms.new_in_folder {
            self.folder_packet(id)
        } else {
            self.flat_packet(id)
        }
    }

    fn flat_packet(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.packets).as_str())
    }

    fn folder_packet(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}/{FOLDER_PACKET}", self.packets).as_str())
    }

    /// Returns the path of a packet's typed contract.
    #[must_use]
    pub fn packet_contract(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}/{FOLDER_CONTRACT}", self.packets).as_str())
    }

    /// Returns the path that the packet would have in the other form. A file there
    /// is a second version of the same packet and is not in force.
    #[must_use]
    pub fn packet_twin(&self, id: &WpId) -> RepoPath {
        let folder = self.folder_packet(id);
        if self.packet(id) == folder { self.flat_packet(id) } else { folder }
    }

    /// Returns the paths of all forms that a packet can have: a single file, a folder, and
    /// only a typed contract.
    #[must_use]
    pub(crate) fn packet_forms(&self, id: &WpId) -> [RepoPath; 3] {
        [self.flat_packet(id), self.folder_packet(id), self.packet_contract(id)]
    }

    /// Returns the paths of both forms that a refinement can have.
    #[must_use]
    pub(crate) fn refinement_forms(&self, id: &WpId) -> [RepoPath; 2] {
        [self.flat_refinement(id), self.folder_refinement(id)]
    }

    /// Returns the folder of a packet, with a trailing slash; `None` if the packet
    /// is a single file.
    #[must_use]
    pub fn packet_folder(&self, id: &WpId) -> Option<String> {
        let path = self.packet(id);
        let has_folder = path == self.folder_packet(id) || path == self.packet_contract(id);
        has_folder.then(|| format!("{}{id}/", self.packets))
    }

    /// Returns the id that a path gives to its document: the file name without its
    /// extension, or the name of the folder for the documents of a packet's folder.
    #[must_use]
    pub fn id_of(path: &RepoPath) -> Option<WpId> {
        let name = path.file_name().to_string();
        if FOLDER_FILES.contains(&name.as_str()) {
            let folder = RepoPath::from_bytes(path.folder());
            return WpId::parse(&folder.file_name().to_string()).ok();
        }
        let in_json = || name.strip_suffix(".contract.json").or_else(|| name.strip_suffix(".json"));
        let stem = name.strip_suffix(".md").or_else(in_json)?;
        WpId::parse(stem).ok()
    }

    /// Returns whether a path is in an archive below one of the layout's folders.
    #[must_use]
    pub fn is_archived(&self, path: &RepoPath) -> bool {
        let folders = [&self.packets, &self.stubs, &self.refinements, &self.contracts];
        let text = path.to_text();
        let below = folders.iter().filter_map(|folder| text.strip_prefix(folder.as_str()));
        below.into_iter().any(|rest| {
            let names = rest.split('/');
            names.map(str::to_ascii_lowercase).any(|name| ARCHIVE_FOLDERS.contains(&name.as_str()))
        })
    }

    /// Replaces the alias at the start of a path in a document.
    #[must_use]
    pub fn resolve_alias(&self, path: &str) -> Option<String> {
        self.aliases.iter().find_map(|(alias, target)| Some(format!("{target}{}", path.strip_prefix(alias)?)))
    }

    /// Returns the paths at which a record is searched, its own path first.
    #[must_use]
    pub(crate) fn record_places(record: &str) -> Vec<String> {
        let name = record.rsplit('/').next().unwrap_or(record);
        let mut out = vec![record.to_owned()];
        out.extend(
            RECORD_FOLDERS.iter().map(|folder| format!("{folder}{name}")).filter(|path| path != record),
        );
        out
    }

    /// Returns the path at which a moved record is now; `None` if the path is not one
    /// of the places of a record, or if the record is not moved.
    #[must_use]
    pub(crate) fn moved_record(&self, path: &RepoPath) -> Option<RepoPath> {
        let records = [&self.board, &self.registry, &self.audit, &self.spec_pointer, &self.gate_log];
        let text = path.to_text();
        let is_place = |record: &&&String| Self::record_places(record).iter().any(|place| *place == text);
        let now = records.iter().find(is_place)?;
        (***now != *text).then(|| RepoPath::from(now.as_str()))
    }

    /// Returns the paths of the records that are searched at several places.
    pub(crate) fn searched_records(&mut self) -> [&mut String; 5] {
        [&mut self.board, &mut self.registry, &mut self.audit, &mut self.spec_pointer, &mut self.gate_log]
    }

    /// Returns the path of a stub.
    #[must_use]
    pub fn stub(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.stubs).as_str())
    }

    /// Returns the path of a refinement, which may be in the folder of its packet.
    #[must_use]
    pub fn refinement(&self, id: &WpId) -> RepoPath {
        if self.forms.refinements.contains(id.as_str()) {
            self.folder_refinement(id)
        } else {
            self.flat_refinement(id)
        }
    }

    fn flat_refinement(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}.md", self.refinements).as_str())
    }

    fn folder_refinement(&self, id: &WpId) -> RepoPath {
        RepoPath::from(format!("{}{id}/{FOLDER_REFINEMENT}", self.packets).as_str())
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
    pub fn manifest_file(id: &WpId, packet: &RepoPath) -> RepoPath {
        let folder = String::from_utf8_lossy(packet.folder()).into_owned();
        RepoPath::from(format!("{folder}/{id}{MANIFEST_EXTENSION}").as_str())
    }

    /// Returns whether the work on a packet may always change a path: its packet
    /// and refinement, board, registry, audit and its gate state (CHECKS, "Scope").
    #[must_use]
    pub fn is_packet_record(&self, id: &WpId, path: &RepoPath) -> bool {
        *path == self.packet(id)
            || *path == Self::manifest_file(id, &self.packet(id))
            || self.packet_folder(id).is_some_and(|folder| path.is_below(folder.as_bytes()))
            || *path == self.refinement(id)
            || *path == self.validator_state_path(id)
            || *path == self.signed_contract(id)
            || *path == self.contract_signature(id)
            || self.is_shared_record(path)
            || self.record_file(path).is_some_and(|(_, owner)| owner.base() == id.base())
    }

    /// Returns record and packet of a file of a record with one file per packet.
    #[must_use]
    pub(crate) fn record_file(&self, path: &RepoPath) -> Option<(&str, WpId)> {
        self.joined_records()
            .into_iter()
            .find_map(|record| Some((record, record_files::id_of(record, path)?)))
    }

    /// Returns the records that can have one file per packet.
    #[must_use]
    pub(crate) fn joined_records(&self) -> [&str; 4] {
        [&self.board, &self.registry, &self.audit, &self.gate_log].map(String::as_str)
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
