//! Packets that an allowed key signed inside of the judged change.
//!
//! The trusted revision does not contain them, or contains an earlier contract. A signature
//! by a key that the trusted revision lists proves itself, so such a packet can be the one
//! that the change is judged by. The gate checks the whole approval again.

use crate::change::{RepositoryError, TreeState, VersionRequest};
use crate::digest::sha1;
use crate::digest::sshsig::{NAMESPACE, verify};
use crate::document::allowed_signers::AllowedSigners;
use crate::document::{Layout, Packet, WpId};
use crate::pipeline::locate::{list_packet_ids, read_document};
use crate::text::RepoPath;

use super::VerifyContext;

/// Returns the packets that the change signs with a key of the trusted revision.
///
/// # Errors
/// The repository cannot be read.
pub(super) fn find_signed_packets(
    context: &VerifyContext<'_>,
    layout: &Layout,
) -> Result<Vec<(WpId, Packet)>, RepositoryError> {
    let signers_path = RepoPath::from(layout.allowed_signers.as_str());
    let Some(signers) = read_document(context.repo, context.trusted.tree, &signers_path)? else {
        return Ok(Vec::new());
    };
    let signers = AllowedSigners::read(&signers);
    let judged = context.selection.judged_tree();
    let mut out = Vec::new();
    for id in list_packet_ids(context.repo, judged, layout)? {
        let Ok(id) = WpId::parse(&id) else { continue };
        let signature = layout.contract_signature(&id);
        if !context.change.files.iter().any(|file| file.change.path == signature) {
            continue;
        }
        let Some(source) = read_document(context.repo, judged, &layout.packet(&id))? else { continue };
        if is_signed(context, layout, &signers, &id)? && !was_removed(context, layout, &id)? {
            out.push((id, Packet::read(&source).value));
        }
    }
    Ok(out)
}

/// Returns whether an allowed key signed the contract file of a packet.
fn is_signed(
    context: &VerifyContext<'_>,
    layout: &Layout,
    signers: &AllowedSigners,
    id: &WpId,
) -> Result<bool, RepositoryError> {
    let judged = context.selection.judged_tree();
    let read = |path: RepoPath| read_document(context.repo, judged, &path);
    let (Some(contract), Some(signature)) =
        (read(layout.signed_contract(id))?, read(layout.contract_signature(id))?)
    else {
        return Ok(false);
    };
    let text = contract.text().replace("\r\n", "\n");
    let Ok(key) = verify(signature.text(), text.as_bytes()) else { return Ok(false) };
    let mut allowed = signers.signers_with_key(&key.key);
    Ok(allowed.any(|signer| !signer.is_authority && signer.allows_namespace(NAMESPACE)))
}

/// Returns whether the trusted revision once had this signed contract and has no such
/// packet any more: work under it is over, and the change brings it back.
fn was_removed(context: &VerifyContext<'_>, layout: &Layout, id: &WpId) -> Result<bool, RepositoryError> {
    let TreeState::Commit(trusted) = context.trusted.tree else { return Ok(false) };
    if context.repo.exists(context.trusted.tree, &layout.packet(id))? {
        return Ok(false);
    }
    let path = layout.signed_contract(id);
    let Some(contract) = read_document(context.repo, context.selection.judged_tree(), &path)? else {
        return Ok(false);
    };
    let hash = sha1(contract.text().replace("\r\n", "\n").as_bytes());
    let wanted = VersionRequest { path, sha1: hash, any_line_ends: true };
    match context.repo.find_versions(trusted, &[wanted]) {
        Ok(found) => Ok(found.iter().any(Option::is_some)),
        // A clone without history, or one with more commits than a search reads, cannot tell.
        // There the signature alone counts, as it does for a packet that `--packet` names.
        Err(RepositoryError::TooManyCommits { .. }) => Ok(false),
        Err(_) if context.repo.is_shallow() => Ok(false),
        Err(error) => Err(error),
    }
}
