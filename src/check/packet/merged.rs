//! `packet/…`: the merged commit that a packet names is on the main branch.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, MergedCommitFact};
use crate::document::typed_contract::ContractRole;
use crate::document::{Document, DocumentKind};
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Span, Spanned, to_single_line};

/// What a document says about the merge of its packet.
struct MergeClaim {
    /// The containment status, if it is filled.
    status: Option<Spanned<String>>,
    commit: Option<Spanned<String>>,
}

/// Returns what a packet or the typed contract beside it says about its merge; `None` for
/// other documents.
fn read_claim(document: &Document) -> Option<MergeClaim> {
    let contract = document.typed_contract().filter(|contract| contract.schema.role == ContractRole::Packet);
    let (status, commit) = match (contract, document.packet()) {
        (Some(contract), _) => {
            (contract.value("containment").cloned(), contract.value("merged_commit").cloned())
        }
        (None, Some(packet)) => {
            let filled = |key: &str| packet.fields.iter().find(|field| field.key == key && field.is_filled());
            let value = |key: &str| filled(key)?.filled_value();
            (value("MAIN_CONTAINMENT_STATUS"), value("MERGED_MAIN_COMMIT"))
        }
        (None, None) => return None,
    };
    let is_none = |text: &str| matches!(text.to_uppercase().as_str(), "" | "NONE" | "N/A" | "NOT_REQUIRED");
    Some(MergeClaim { status, commit: commit.filter(|commit| !is_none(&commit.value)) })
}

/// Returns the commit that a document names as merged into the main branch.
#[must_use]
pub(crate) fn merged_commit(document: &Document) -> Option<Spanned<String>> {
    read_claim(document)?.commit
}

/// `packet/merged-commit`: the commit that the packet names as merged is an ancestor of
/// the main branch; a packet that is contained in main names its commit.
pub(in crate::check) fn merged(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let document = input.document;
    let Some(claim) = read_claim(document) else { return CheckResult::skipped("not a task packet") };
    // The packet in Markdown may say the same; it is reported there.
    let second = document.kind == DocumentKind::PacketContract;
    let markdown = document.id().filter(|_| second).zip(input.governance);
    let markdown = markdown.and_then(|(id, governance)| governance.packet(id.as_str()));
    let said = markdown.and_then(|(markdown, _)| read_claim(markdown));
    if claim.commit.is_none() && said.as_ref().is_some_and(|said| said.commit.is_some()) {
        return CheckResult::skipped("the Markdown of the packet names the commit");
    }
    let is_said = |own: &Option<Spanned<String>>, other: &Option<Spanned<String>>| {
        own.as_ref().map(|text| &text.value) == other.as_ref().map(|text| &text.value)
    };
    if said.is_some_and(|said| is_said(&claim.commit, &said.commit) && is_said(&claim.status, &said.status)) {
        return CheckResult::skipped("the Markdown of the packet says the same");
    }
    let at = |span: Span, text: &str| Label::text(&document.source, span, text);
    let is_contained = |status: &Spanned<String>| status.value == "CONTAINED_IN_MAIN";
    let Some(commit) = claim.commit else {
        let Some(status) = claim.status.filter(is_contained) else {
            return CheckResult::skipped("the packet names no merged commit");
        };
        let message = "MAIN_CONTAINMENT_STATUS is CONTAINED_IN_MAIN, but MERGED_MAIN_COMMIT is not filled";
        return Some(rule.finding(message, at(status.span, "contained in main"))).into();
    };
    let Some(facts) = input.merged_commits else {
        return CheckResult::skipped("the history is not available");
    };
    let shown = to_single_line(&commit.value, 60);
    let message = match facts.get(&commit.value) {
        Some(MergedCommitFact::OnMain) => return Vec::new().into(),
        Some(MergedCommitFact::NotOnMain) => {
            format!("the merged commit {shown} is not an ancestor of the main branch")
        }
        Some(MergedCommitFact::Missing) | None => format!("the merged commit {shown} does not exist"),
    };
    Some(rule.finding(message, at(commit.span, "named as merged"))).into()
}
