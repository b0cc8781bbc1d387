//! `list`: every packet and stub of a repository with its state.

use crate::change::Repository;
use crate::check::repository_documents::GovernanceDocuments;
use crate::document::field::Field;
use crate::document::registry::Registry;
use crate::document::{DocumentBody, Layout, PacketStatus, Signature, WpId};
use crate::pipeline::error::PipelineError;
use crate::text::RepoPath;

use super::DocumentCheckRequest;
use super::collect::collect_documents;
use super::run::load_config_and_layout;

/// One packet or stub.
#[derive(Debug, Clone)]
pub struct PacketListEntry {
    /// Its id.
    pub wp_id: String,
    /// Its base id.
    pub base_id: String,
    /// `packet` or `stub`.
    pub kind: &'static str,
    /// Its path.
    pub path: RepoPath,
    /// How a packet reads: `G0`, `G1`, …
    pub generation: Option<String>,
    /// What it says of itself.
    pub status: Option<String>,
    /// What the board says.
    pub board: Option<String>,
    /// `active`, `superseded`, `stub`, or `-` where nothing says so.
    pub lifecycle: &'static str,
    /// Day of its signature, YYYY-MM-DD.
    pub signed: Option<String>,
}

/// All packets and stubs, in order of id.
#[derive(Debug, Clone, Default)]
pub struct PacketListing {
    /// The entries.
    pub entries: Vec<PacketListEntry>,
}

/// Lists the packets and stubs of a side.
///
/// # Errors
/// The repository or the configuration cannot be read.
pub fn list_packets(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<PacketListing, PipelineError> {
    let (_, layout) = load_config_and_layout(repo, request)?;
    let layout = layout.unwrap_or_else(Layout::gov);
    let collected = collect_documents(repo, request.tree, &layout, &[])?;
    let library = GovernanceDocuments::new(&collected.in_layout, &layout);
    let mut entries: Vec<PacketListEntry> = Vec::new();
    for (id, document, packet) in library.packets() {
        let signature = packet.signature.as_ref().and_then(|text| Signature::parse(&text.value).ok());
        let status = packet.status.as_ref().map(|status| &status.value);
        entries.push(PacketListEntry {
            wp_id: id.to_owned(),
            base_id: base_id_of(id),
            kind: "packet",
            path: document.path().clone(),
            generation: Some(packet.generation.to_string()),
            status: status.map(ToString::to_string),
            board: find_board_state(&library, id, false),
            lifecycle: determine_lifecycle(&library, id, status),
            signed: signature.map(|signature| signature.at.date().to_string()),
        });
    }
    for (id, document) in library.stubs() {
        let DocumentBody::Stub(stub) = &document.body else { continue };
        entries.push(PacketListEntry {
            wp_id: id.to_owned(),
            base_id: base_id_of(id),
            kind: "stub",
            path: document.path().clone(),
            generation: None,
            status: stub.field("STUB_STATUS").and_then(Field::filled_value).map(|status| status.value),
            board: find_board_state(&library, id, true),
            lifecycle: "stub",
            signed: None,
        });
    }
    entries.sort_by(|a, b| a.wp_id.cmp(&b.wp_id).then_with(|| a.kind.cmp(b.kind)));
    Ok(PacketListing { entries })
}

fn base_id_of(id: &str) -> String {
    WpId::parse(id).map_or_else(|_| id.to_owned(), |id| id.base().to_owned())
}

/// The board's state; entries of stubs and of packets share ids.
fn find_board_state(library: &GovernanceDocuments<'_>, id: &str, stub: bool) -> Option<String> {
    let entries = library.board()?.entries_of(id);
    let mut states = entries.map(|entry| entry.state.as_str());
    let has_packet = library.packet(id).is_some();
    states.find(|state| (*state == "STUB") == (stub && has_packet) || !has_packet).map(str::to_owned)
}

fn determine_lifecycle(
    library: &GovernanceDocuments<'_>,
    id: &str,
    status: Option<&PacketStatus>,
) -> &'static str {
    let on_board =
        library.board().is_some_and(|board| board.entries_of(id).any(|entry| entry.state == "SUPERSEDED"));
    if on_board || status == Some(&PacketStatus::Superseded) {
        return "superseded";
    }
    let base = base_id_of(id);
    let Some(registry) = library.registry() else { return "-" };
    let rows: Vec<WpId> = registry.rows_of(&base).filter_map(Registry::active_id).collect();
    match rows.as_slice() {
        [only] if only.as_str() == id => "active",
        [only] if library.packet(only.as_str()).is_some() => "superseded",
        // A base id with one packet needs no row.
        [] if library.ids_with_base(&base).len() == 1 => "active",
        _ => "-",
    }
}
