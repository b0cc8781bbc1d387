//! Changes without code that let the shared records open a packet again.

use std::collections::BTreeSet;

use crate::change::{RepositoryError, TreeState};
use crate::check::{is_closed, is_over_by_board, names_newer, over_on};
use crate::document::board::Board;
use crate::document::registry::Registry;
use crate::document::{Layout, Packet, WpId};
use crate::finding::Label;
use crate::pipeline::locate::{read_document, read_record};
use crate::text::RepoPath;

use super::VerifyContext;
use super::contract_fault::ContractFault;

/// The records that can end a packet without a word in its own file.
struct EndingRecords {
    board: Option<Board>,
    registry: Option<Registry>,
}

impl EndingRecords {
    fn read(context: &VerifyContext<'_>, layout: &Layout, tree: TreeState) -> Result<Self, RepositoryError> {
        let read = |path: &str| read_record(context.repo, tree, path);
        Ok(Self {
            board: read(&layout.board)?.map(|source| Board::read(&source)),
            registry: read(&layout.registry)?.map(|source| Registry::read(&source)),
        })
    }

    /// Returns whether one of the records says that the packet is not in force any more.
    fn end(&self, id: &WpId, packet: &Packet) -> bool {
        self.board.as_ref().is_some_and(|board| is_over_by_board(board, id, packet))
            || self.registry.as_ref().is_some_and(|registry| names_newer(registry, id))
    }
}

/// Returns a finding for each packet of the trusted revision that the task board or the
/// registry ends there, and after the change no record ends any more. The packet's own status
/// is judged with its file.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn opened_by_records(
    context: &VerifyContext<'_>,
    layout: &Layout,
) -> Result<Vec<ContractFault>, RepositoryError> {
    let trees = (context.trusted.tree, context.selection.judged_tree());
    let before = EndingRecords::read(context, layout, trees.0)?;
    let after = EndingRecords::read(context, layout, trees.1)?;
    let mut out = Vec::new();
    for id in candidates(context, layout, &before, &after)? {
        let Some((path, packet)) = read_packet(context, layout, trees.0, &id)? else { continue };
        let now = read_document(context.repo, trees.1, &path)?.map(|source| Packet::read(&source).value);
        let is_open =
            |packet: &Packet| !packet.status.as_ref().is_some_and(|status| is_closed(&status.value));
        // A packet that is gone has a finding of its own.
        let Some(now) = now.filter(|now| is_open(&packet) && is_open(now)) else { continue };
        if before.end(&id, &packet) && !after.end(&id, &now) {
            out.push(fault(layout, (&id, &packet), &before, &after).with_revision(&path));
        }
    }
    Ok(out)
}

/// Returns the packets that a record of the trusted revision may end, and no longer ends.
fn candidates(
    context: &VerifyContext<'_>,
    layout: &Layout,
    before: &EndingRecords,
    after: &EndingRecords,
) -> Result<BTreeSet<WpId>, RepositoryError> {
    // Whether the board ends a packet depends on the packet's own status, too.
    let files = context.change.files.iter().map(|file| &file.change.path);
    let mut out: BTreeSet<WpId> =
        files.filter(|path| path.is_below(layout.packets.as_bytes())).filter_map(Layout::id_of).collect();
    let over = |records: &EndingRecords| records.board.as_ref().map(over_on).unwrap_or_default();
    let still = over(after);
    let lost =
        over(before).into_iter().filter(|(id, (_, state))| still.get(id).is_none_or(|(_, now)| now != state));
    out.extend(lost.filter_map(|(id, _)| WpId::parse(&id).ok()));
    if let Some(registry) = &before.registry {
        let is_ended = |registry: Option<&Registry>, id: &WpId| {
            registry.is_some_and(|registry| names_newer(registry, id))
        };
        let files = context.repo.list(context.trusted.tree, &layout.packets)?;
        let ids = files.iter().filter_map(Layout::id_of);
        out.extend(ids.filter(|id| names_newer(registry, id) && !is_ended(after.registry.as_ref(), id)));
    }
    Ok(out)
}

/// Reads a packet in any of its forms.
fn read_packet(
    context: &VerifyContext<'_>,
    layout: &Layout,
    tree: TreeState,
    id: &WpId,
) -> Result<Option<(RepoPath, Packet)>, RepositoryError> {
    for path in layout.packet_forms(id) {
        if path != layout.packet_contract(id)
            && let Some(source) = read_document(context.repo, tree, &path)?
        {
            return Ok(Some((path, Packet::read(&source).value)));
        }
    }
    Ok(None)
}

/// Says which record ended the packet, and where it no longer does.
fn fault(
    layout: &Layout,
    (id, packet): (&WpId, &Packet),
    before: &EndingRecords,
    after: &EndingRecords,
) -> ContractFault {
    let gone = |path: &str| Label::path(&RepoPath::from(path), "it no longer says so");
    let board = before.board.as_ref().filter(|board| is_over_by_board(board, id, packet));
    let Some((_, state)) = board.and_then(|board| over_on(board).remove(id.as_str())) else {
        let message =
            format!("the change reopens `{id}`, which the trusted registry replaces by a newer revision");
        return ContractFault::new(message, gone(&layout.registry));
    };
    let entry = after.board.as_ref().and_then(|board| {
        let entry = board.entries_of(id.as_str()).next()?;
        Some(Label::text(&board.source, entry.span, "open again"))
    });
    let message = format!("the change reopens `{id}`, which the trusted task board lists as {state}");
    ContractFault::new(message, entry.unwrap_or_else(|| gone(&layout.board)))
}
