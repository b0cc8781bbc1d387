//! `traceability/supersedes`: a row that lists superseded packets lists all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::registry_of;
use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::WpId;
use crate::document::audit::find_wp_ids;
use crate::document::registry::Registry;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::format_count;

/// Maximum number of packets that one message names.
const MAX_NAMED: usize = 4;

/// `traceability/supersedes`: a row that says which packets the active one supersedes names
/// every older packet of the base id.
pub(in crate::check) fn supersedes(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    let mut by_base: BTreeMap<String, Vec<WpId>> = BTreeMap::new();
    for id in governance.packets().filter_map(|(id, _, _)| WpId::parse(id).ok()) {
        by_base.entry(id.base().to_owned()).or_default().push(id);
    }
    let mut out: Vec<Finding> = Vec::new();
    for row in &registry.rows {
        let text = registry.source.slice(row.span);
        let Some(active) = Registry::active_id(row).filter(|_| text.to_lowercase().contains("supersedes:"))
        else {
            continue;
        };
        let named: BTreeSet<&str> = find_wp_ids(text).collect();
        let older = |id: &&WpId| id.revision().unwrap_or(1) < active.revision().unwrap_or(1);
        let unnamed: Vec<&WpId> = by_base
            .get(row.base.value.as_str())
            .into_iter()
            .flatten()
            .filter(older)
            // The base id is in the first cell of its row, so it counts as named only below.
            .filter(|id| !named.contains(id.as_str()) || is_only_base(text, id, &row.base.value))
            .collect();
        let Some(first) = unnamed.first() else { continue };
        let shown: Vec<String> = unnamed.iter().take(MAX_NAMED).map(|id| format!("`{id}`")).collect();
        let more = unnamed.len().saturating_sub(MAX_NAMED);
        let rest = if more > 0 { format!(" and {}", format_count(more, "other")) } else { String::new() };
        let message =
            format!("the row of `{}` does not list {}{rest} as superseded", row.base.value, shown.join(", "));
        let finding = rule.finding(message, Label::text(&registry.source, row.span, "this row"));
        let document = governance.packet(first.as_str()).map(|(document, _)| document);
        out.push(match document {
            Some(document) => finding.related(Label::path(document.path(), "an older packet")),
            None => finding,
        });
    }
    out.into()
}

/// Returns whether an id that is the base id stands in its row only as the base id.
fn is_only_base(text: &str, id: &WpId, base: &str) -> bool {
    id.as_str() == base && find_wp_ids(text).filter(|found| *found == base).count() < 2
}
