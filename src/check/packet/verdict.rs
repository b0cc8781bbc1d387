//! `packet/verdict`: a status and the last report agree.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::PacketStatus;
use crate::finding::Label;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(packet) = input.document.packet() else { return CheckResult::skipped("not a task packet") };
    let Some(status) = &packet.status else { return CheckResult::skipped("the packet has no status") };
    let PacketStatus::Validated(said) = &status.value else { return Vec::new().into() };
    let wanted = said.as_deref().map_or_else(|| "PASS".to_owned(), str::to_uppercase);
    let here = |text: &str| Label::text(&packet.source, status.span, text.to_owned());
    match packet.phases.reports.last() {
        None => {
            let message = format!("the packet says `{}`, but holds no report with a verdict", status.value);
            Some(rule.finding(message, here("says so here"))).into()
        }
        Some(last) if !wanted.starts_with(&last.verdict.value) => {
            let message = format!(
                "the packet says `{}`, but its last report says {}",
                status.value, last.verdict.value
            );
            let there = Label::text(&packet.source, last.verdict.span, "the last verdict");
            Some(rule.finding(message, here("says so here")).related(there)).into()
        }
        Some(_) => Vec::new().into(),
    }
}
