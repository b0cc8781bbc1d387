//! `packet/…`: the merged commit that a packet names is on the main branch.

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, MergedCommitFact};
use crate::document::Packet;
use crate::document::field::Field;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::{Spanned, to_single_line};

/// Returns the commit that a packet names as merged into the main branch.
#[must_use]
pub(crate) fn merged_commit(packet: &Packet) -> Option<Spanned<String>> {
    let field = packet.fields.iter().find(|field| field.key == "MERGED_MAIN_COMMIT" && field.is_filled())?;
    let value = field.filled_value()?;
    (!matches!(value.value.to_uppercase().as_str(), "NONE" | "N/A" | "NOT_REQUIRED")).then_some(value)
}

/// `packet/merged-commit`: the commit that the packet names as merged is an ancestor of
/// the main branch; a packet that is contained in main names its commit.
pub(in crate::check) fn merged(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let status = packet.fields.iter().find(|field| field.key == "MAIN_CONTAINMENT_STATUS");
    let is_contained = status.is_some_and(|status| status.bare_value().value == "CONTAINED_IN_MAIN");
    let Some(commit) = merged_commit(packet) else {
        let Some(status) = status.filter(|_| is_contained) else {
            return CheckResult::skipped("the packet names no merged commit");
        };
        let label = Label::text(&packet.source, span_of(status), "contained in main");
        let message = "MAIN_CONTAINMENT_STATUS is CONTAINED_IN_MAIN, but MERGED_MAIN_COMMIT is not filled";
        return Some(rule.finding(message, label)).into();
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
    Some(rule.finding(message, Label::text(&packet.source, commit.span, "named as merged"))).into()
}

fn span_of(field: &Field) -> crate::text::Span {
    field.value.span
}
