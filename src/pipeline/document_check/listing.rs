//! Lists every packet and stub of a repository with its state (`list`).

use crate::change::Repository;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::field::Field;
use crate::document::registry::Registry;
use crate::document::typed_contract::ContractRole;
use crate::document::{Document, DocumentBody, Layout, PacketStatus, Signature, WpId};
use crate::pipeline::error::PipelineError;
use crate::text::RepoPath;

use super::collect::{WantedDocuments, collect_documents};
use super::policy::load_config_and_layout;
use super::request::DocumentCheckRequest;

/// One packet or stub.
#[derive(Debug, Clone)]
pub(crate) struct PacketListEntry {
    /// Its id.
    pub wp_id: String,
    /// Its base id.
    pub base_id: String,
    /// `packet` or `stub`.
    pub kind: &'static str,
    /// Its path.
    pub path: RepoPath,
    /// Format generation of a packet: `G0`, `G1`, …
    pub generation: Option<String>,
    /// Status in the document itself.
    pub status: Option<String>,
    /// State on the task board.
    pub board: Option<String>,
    /// `active`, `superseded`, `stub`, or `-` if no record determines it.
    pub lifecycle: &'static str,
    /// Date of its signature, YYYY-MM-DD.
    pub signed: Option<String>,
}

/// One task of a packet.
#[derive(Debug, Clone)]
pub(crate) struct TaskListEntry {
    /// Id of the packet.
    pub wp_id: String,
    /// Id of the task.
    pub task_id: String,
    /// The task's path.
    pub path: RepoPath,
    /// Its status.
    pub status: Option<String>,
    /// Ids of the tasks that it depends on.
    pub depends_on: Vec<String>,
    /// Number of entries that its scope has.
    pub files: usize,
}

/// All packets and stubs.
#[derive(Debug, Clone, Default)]
pub(crate) struct PacketListing {
    /// The entries, in order of id.
    pub entries: Vec<PacketListEntry>,
    /// The tasks of all packets, in order of packet and id.
    pub tasks: Vec<TaskListEntry>,
}

/// Lists the packets and stubs of a tree.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub(crate) fn list_packets(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<PacketListing, PipelineError> {
    let (_, layout) = load_config_and_layout(repo, request)?;
    let layout = layout.unwrap_or_else(Layout::gov);
    let collected = collect_documents(repo, request.tree, &layout, &[], WantedDocuments::ForList)?;
    let governance = GovernanceDocuments::new(&collected.in_layout, &layout);
    let mut entries: Vec<PacketListEntry> = Vec::new();
    for (id, document, packet) in governance.packets() {
        let signature = packet.signature.as_ref().and_then(|text| Signature::parse(&text.value).ok());
        let status = packet.status.as_ref().map(|status| &status.value);
        entries.push(PacketListEntry {
            wp_id: id.to_owned(),
            base_id: base_id_of(id),
            kind: "packet",
            path: document.path().clone(),
            generation: Some(packet.generation.to_string()),
            status: status.map(ToString::to_string),
            board: find_board_state(&governance, id, false),
            lifecycle: determine_lifecycle(&governance, id, status),
            signed: signature.map(|signature| signature.at.date().to_string()),
        });
    }
    for (id, document) in governance.stubs() {
        let DocumentBody::Stub(stub) = &document.body else { continue };
        entries.push(PacketListEntry {
            wp_id: id.to_owned(),
            base_id: base_id_of(id),
            kind: "stub",
            path: document.path().clone(),
            generation: None,
            status: stub.field("STUB_STATUS").and_then(Field::filled_value).map(|status| status.value),
            board: find_board_state(&governance, id, true),
            lifecycle: "stub",
            signed: None,
        });
    }
    entries.sort_by(|a, b| a.wp_id.cmp(&b.wp_id).then_with(|| a.kind.cmp(b.kind)));
    Ok(PacketListing { entries, tasks: list_tasks(&governance) })
}

fn list_tasks(governance: &GovernanceDocuments<'_>) -> Vec<TaskListEntry> {
    let read = |document: &Document| {
        let contract = document.typed_contract().filter(|_| !governance.is_copy_of_task(document))?;
        let text = |fact: &str| contract.value(fact).map(|value| value.value.clone());
        let folder = RepoPath::from_bytes(document.path().folder()).file_name().to_string();
        (contract.schema.role == ContractRole::Task).then_some(TaskListEntry {
            wp_id: text("wp_id").unwrap_or(folder),
            task_id: text("task_id")?,
            path: document.path().clone(),
            status: contract.written("status").map(|status| status.value.clone()),
            depends_on: contract.depends_on.iter().map(|id| id.value.clone()).collect(),
            files: contract.allowed.len(),
        })
    };
    let mut out: Vec<TaskListEntry> = governance.documents.iter().filter_map(read).collect();
    out.sort_by(|a, b| (&a.wp_id, &a.task_id).cmp(&(&b.wp_id, &b.task_id)));
    out
}

fn base_id_of(id: &str) -> String {
    WpId::parse(id).map_or_else(|_| id.to_owned(), |id| id.base().to_owned())
}

/// Returns the state on the task board. A packet and its stub share an id; the
/// `STUB` entry then belongs to the stub.
fn find_board_state(governance: &GovernanceDocuments<'_>, id: &str, is_stub: bool) -> Option<String> {
    let entries = governance.board()?.entries_of(id);
    let mut states = entries.map(|entry| entry.state.as_str());
    let has_packet = governance.packet(id).is_some();
    states.find(|state| (*state == "STUB") == (is_stub && has_packet) || !has_packet).map(str::to_owned)
}

fn determine_lifecycle(
    governance: &GovernanceDocuments<'_>,
    id: &str,
    status: Option<&PacketStatus>,
) -> &'static str {
    let is_superseded_on_board =
        governance.board().is_some_and(|board| board.entries_of(id).any(|entry| entry.state == "SUPERSEDED"));
    if is_superseded_on_board || status == Some(&PacketStatus::Superseded) {
        return "superseded";
    }
    let base = base_id_of(id);
    let Some(registry) = governance.registry() else { return "-" };
    let rows: Vec<WpId> = registry.rows_of(&base).filter_map(Registry::active_id).collect();
    match rows.as_slice() {
        [only] if only.as_str() == id => "active",
        [only] if governance.packet(only.as_str()).is_some() => "superseded",
        // A base id with one packet needs no row.
        [] if governance.ids_with_base(&base).len() == 1 => "active",
        _ => "-",
    }
}
