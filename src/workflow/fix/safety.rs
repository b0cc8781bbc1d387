//! Which changes somebody has to look at before they are made, whatever their
//! rule says: those of what was signed, and those that make a text mean
//! something else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::outline::{BlockKind, Outline};
use crate::document::signed_contract::SignedContract;
use crate::document::{DocumentKind, Packet, Refinement, WpId, detect_kind};
use crate::text::{Edit, RepoPath, Source, apply_edits};

use super::PendingFix;

/// So many changes of one document are weighed one by one.
const MAX_INDIVIDUAL_CHECKS: usize = 100;

/// Marks changes that are not for a machine alone.
pub(super) fn mark_unsafe(found: &mut [PendingFix]) {
    let mut by_path: BTreeMap<RepoPath, Vec<&mut PendingFix>> = BTreeMap::new();
    for wanted in found.iter_mut().filter(|wanted| !wanted.fix.is_unsafe) {
        by_path.entry(wanted.path.clone()).or_default().push(wanted);
    }
    for mut wanted in by_path.into_values() {
        let Some(source) = wanted.first().map(|wanted| Arc::clone(&wanted.source)) else { continue };
        let before = DocumentMeaning::from_source(&source);
        let (characters, others): (Vec<_>, Vec<_>) =
            wanted.iter_mut().partition(|wanted| wanted.rule.starts_with("text/"));
        for (own, is_text) in [(characters, true), (others, false)] {
            let all: Vec<Edit> = own.iter().map(|wanted| wanted.edit()).collect();
            if own.is_empty() || before.is_unchanged_by(&source, &all, is_text) {
                continue;
            }
            let few = own.len() <= MAX_INDIVIDUAL_CHECKS;
            for one in own {
                one.fix.is_unsafe = !(few && before.is_unchanged_by(&source, &[one.edit()], is_text));
            }
        }
    }
}

/// What a document says to those who judge by it.
struct DocumentMeaning {
    kind: DocumentKind,
    outline: Outline,
    /// Status, approval and verdicts of a packet.
    statements: Vec<String>,
    /// What a signature covers, by name or by key.
    signed_parts: Option<Vec<(String, String)>>,
}

impl DocumentMeaning {
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

    /// Whether a document means after changes what it did before; of
    /// characters (`is_text`), all of it.
    fn is_unchanged_by(&self, source: &Arc<Source>, edits: &[Edit], is_text: bool) -> bool {
        match self.kind {
            // Records of JSON are tied by hashes, and a specification by the
            // hashes of refinements.
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
        // A character is no more than that: not a heading, a fence, a row of
        // the audit, a verdict, or code.
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

fn contract_parts(packet: &Packet) -> Vec<(String, String)> {
    let Ok(id) = WpId::parse("WP-1-Any") else { return Vec::new() };
    let parts = SignedContract::from_packet(&id, packet, None).parts;
    parts.into_iter().map(|part| (part.name, part.hash)).collect()
}
