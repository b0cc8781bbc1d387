//! `traceability/stub`: no stub is named where there is a packet.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::registry::Registry;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::registry_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.governance else {
        return CheckResult::skipped("the packets were not looked at");
    };
    let mut out: Vec<Finding> = Vec::new();
    for row in &registry.rows {
        let Some(active) = Registry::active_id(row) else { continue };
        let folder = row.active.value.rsplit_once('/').map_or("", |(folder, _)| folder);
        if format!("{folder}/") != library.layout.stubs {
            continue;
        }
        let label = |text: &str| Label::text(&registry.source, row.active.span, text);
        let base = crate::text::to_single_line(&row.base.value, 60);
        if let Some((document, _)) = library.packet(active.as_str()) {
            let message = format!("the registry names the stub of `{active}`, but the packet was made");
            out.push(
                rule.finding(message, label("the stub")).related(Label::path(document.path(), "the packet")),
            );
        } else if library.stub(active.as_str()).is_none() && !library.has_no_packets_or_stubs() {
            out.push(rule.finding(
                format!("the stub that the registry names for `{base}` is not there"),
                label("no such stub"),
            ));
        }
    }
    out.into()
}
