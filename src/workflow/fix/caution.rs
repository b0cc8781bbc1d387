//! Which changes somebody has to look at before they are made, whatever their
//! rule says: those of what was signed, and those that make a text mean
//! something else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::outline::{Kind, Outline};
use crate::document::seal::Contract;
use crate::document::{DocumentKind, Packet, Refinement, WpId, kind_of};
use crate::text::{Edit, RepoPath, Source, apply};

use super::Wanted;

/// So many changes of one document are weighed one by one.
const WORTH_WEIGHING: usize = 100;

/// Marks changes that are not for a machine alone.
pub(super) fn mark(found: &mut [Wanted]) {
    let mut by_path: BTreeMap<RepoPath, Vec<&mut Wanted>> = BTreeMap::new();
    for wanted in found.iter_mut().filter(|wanted| !wanted.fix.is_unsafe) {
        by_path.entry(wanted.path.clone()).or_default().push(wanted);
    }
    for mut wanted in by_path.into_values() {
        let Some(source) = wanted.first().map(|wanted| Arc::clone(&wanted.source)) else { continue };
        let before = Meaning::of(&source);
        let (characters, others): (Vec<_>, Vec<_>) =
            wanted.iter_mut().partition(|wanted| wanted.rule.starts_with("text/"));
        for (own, is_text) in [(characters, true), (others, false)] {
            let all: Vec<Edit> = own.iter().map(|wanted| wanted.edit()).collect();
            if own.is_empty() || before.stays(&source, &all, is_text) {
                continue;
            }
            let few = own.len() <= WORTH_WEIGHING;
            for one in own {
                one.fix.is_unsafe = !(few && before.stays(&source, &[one.edit()], is_text));
            }
        }
    }
}

/// What a document says to those who judge by it.
struct Meaning {
    kind: DocumentKind,
    outline: Outline,
    /// Status, approval and verdicts of a packet.
    said: Vec<String>,
    /// What a signature covers, by name or by key.
    signed: Option<Vec<(String, String)>>,
}

impl Meaning {
    fn of(source: &Arc<Source>) -> Self {
        let kind = kind_of(source.text());
        let (mut said, mut signed) = (Vec::new(), None);
        if kind == DocumentKind::Packet {
            let packet = Packet::read(source).value;
            said.push(format!("{:?}", packet.status.as_ref().map(|status| status.value.clone())));
            said.push(packet.phases.approved.is_some().to_string());
            said.extend(packet.phases.reports.iter().map(|report| report.verdict.value.clone()));
            signed = packet.signature.is_some().then(|| parts(&packet));
        }
        if kind == DocumentKind::Refinement && Refinement::read(source).filled("USER_SIGNATURE").is_some() {
            signed = Some(vec![("text".to_owned(), source.text().to_owned())]);
        }
        Self { kind, outline: Outline::parse(source.text()), said, signed }
    }

    /// Whether a document means after changes what it did before; of
    /// characters (`is_text`), all of it.
    fn stays(&self, source: &Arc<Source>, edits: &[Edit], is_text: bool) -> bool {
        match self.kind {
            // Records of JSON are tied by hashes, and a specification by the
            // hashes of refinements.
            DocumentKind::GateLog | DocumentKind::ValidatorState | DocumentKind::Unknown => return false,
            _ => {}
        }
        let (text, _) = apply(source.text(), edits);
        let after = Self::of(&Source::from_text(source.name().clone(), text));
        if self.signed != after.signed {
            return false;
        }
        if !is_text {
            return true;
        }
        // A character is no more than that: not a heading, a fence, a row of
        // the audit, a verdict, or code.
        let kinds =
            |outline: &Outline| outline.blocks.iter().map(|block| block.kind.clone()).collect::<Vec<_>>();
        let code =
            self.outline.blocks.iter().filter(|block| matches!(block.kind, Kind::Code(_) | Kind::Html));
        let in_code = code.into_iter().any(|block| {
            edits.iter().any(|edit| block.span.start <= edit.span.start && edit.span.end <= block.span.end)
        });
        self.kind != DocumentKind::Audit
            && !in_code
            && self.said == after.said
            && kinds(&self.outline) == kinds(&after.outline)
    }
}

fn parts(packet: &Packet) -> Vec<(String, String)> {
    let Ok(id) = WpId::parse("WP-1-Any") else { return Vec::new() };
    let parts = Contract::of(&id, packet, None).parts;
    parts.into_iter().map(|part| (part.name, part.hash)).collect()
}
