//! Marks fixes as unsafe, whatever their rule says, if they change signed text or
//! the meaning of a document. A person must review such fixes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::outline::{BlockKind, Outline};
use crate::document::signed_contract::SignedContract;
use crate::document::{DocumentKind, Packet, Refinement, WpId, detect_kind};
use crate::finding::Applicability;
use crate::text::{Edit, RepoPath, Source, apply_edits};

use super::PendingFix;

/// Up to this number, the fixes of one document are checked one by one.
const MAX_INDIVIDUAL_CHECKS: usize = 100;
/// Maximum number of bytes that are parsed to check the fixes of one document one by one.
const MAX_CHECKED_BYTES: usize = 16 * 1024 * 1024;

/// Marks the fixes that a person must review as unsafe.
pub(super) fn mark_unsafe(found: &mut [PendingFix]) {
    let mut by_path: BTreeMap<RepoPath, Vec<&mut PendingFix>> = BTreeMap::new();
    for pending in found.iter_mut().filter(|pending| !pending.fix.is_unsafe()) {
        by_path.entry(pending.path.clone()).or_default().push(pending);
    }
    for mut pending in by_path.into_values() {
        let Some(source) = pending.first().map(|pending| Arc::clone(&pending.source)) else { continue };
        let before = DocumentMeaning::from_source(&source);
        let (text_fixes, others): (Vec<_>, Vec<_>) =
            pending.iter_mut().partition(|pending| pending.rule.starts_with("text/"));
        for (own, is_text) in [(text_fixes, true), (others, false)] {
            let all: Vec<Edit> = own.iter().map(|pending| pending.edit()).collect();
            if own.is_empty() || before.is_unchanged_by(&source, &all, is_text) {
                continue;
            }
            let is_few = own.len() <= MAX_INDIVIDUAL_CHECKS
                && own.len().saturating_mul(source.text().len()) <= MAX_CHECKED_BYTES;
            for pending in own {
                let is_safe = is_few && before.is_unchanged_by(&source, &[pending.edit()], is_text);
                pending.fix.applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
            }
        }
    }
}

/// The content of a document that checks and people rely on.
struct DocumentMeaning {
    kind: DocumentKind,
    outline: Outline,
    /// Status, approval and verdicts of a packet.
    statements: Vec<String>,
    /// The parts that a signature covers, with their hashes; `None` if unsigned.
    signed_parts: Option<Vec<(String, String)>>,
}

impl DocumentMeaning {
    /// Reads the meaning of a document.
    fn from_source(source: &Arc<Source>) -> Self {
        let kind = detect_kind(source.text());
        let (mut statements, mut signed_parts) = (Vec::new(), None);
        if kind == DocumentKind::Packet {
            let packet = Packet::read(source).value;
            statements.push(format!("{:?}", packet.status.as_ref().map(|status| status.value.clone())));
            statements.push(packet.phases.approval_marker.is_some().to_string());
            statements.extend(packet.phases.reports.iter().map(|report| report.verdict.value.clone()));
            signed_parts = packet.signature.is_some().then(|| contract_parts(&packet));
        }
        if kind == DocumentKind::Refinement
            && Refinement::read(source).filled_value("USER_SIGNATURE").is_some()
        {
            signed_parts = Some(vec![("text".to_owned(), source.text().to_owned())]);
        }
        Self { kind, outline: Outline::parse(source.text()), statements, signed_parts }
    }

    /// Returns whether edits keep the signed parts of a document. For fixes of
    /// `text/…` rules (`is_text`), its structure and statements must stay too.
    fn is_unchanged_by(&self, source: &Arc<Source>, edits: &[Edit], is_text: bool) -> bool {
        match self.kind {
            // Hashes protect JSON records, and hashes in refinements protect a
            // specification: every edit would break them.
            DocumentKind::GateLog | DocumentKind::ValidatorState | DocumentKind::Unknown => return false,
            _ => {}
        }
        let (text, _) = apply_edits(source.text(), edits);
        let after = Self::from_source(&Source::from_text(source.name().clone(), text));
        if self.signed_parts != after.signed_parts {
            return false;
        }
        if !is_text {
            return true;
        }
        // The replacement of a character must not create or change a heading, a code
        // block, a row of the audit or a verdict.
        let kinds =
            |outline: &Outline| outline.blocks.iter().map(|block| block.kind.clone()).collect::<Vec<_>>();
        let code = self
            .outline
            .blocks
            .iter()
            .filter(|block| matches!(block.kind, BlockKind::Code(_) | BlockKind::Html));
        let in_code = code.into_iter().any(|block| {
            edits.iter().any(|edit| block.span.start <= edit.span.start && edit.span.end <= block.span.end)
        });
        self.kind != DocumentKind::Audit
            && !in_code
            && self.statements == after.statements
            && kinds(&self.outline) == kinds(&after.outline)
    }
}

/// Returns the parts of a packet's contract: name and hash.
fn contract_parts(packet: &Packet) -> Vec<(String, String)> {
    let Ok(id) = WpId::parse("WP-1-Any") else { return Vec::new() };
    let parts = SignedContract::from_packet(&id, packet, None).parts;
    parts.into_iter().map(|part| (part.name, part.hash)).collect()
}
