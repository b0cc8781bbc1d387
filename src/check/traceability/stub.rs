//! `traceability/stub`: no stub is named where there is a packet.

use super::registry;
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::registry::Registry;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let registry = match registry(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let Some(library) = input.library else { return Verdict::skipped("the packets were not looked at") };
    let mut out: Vec<Finding> = Vec::new();
    for row in &registry.rows {
        let Some(active) = Registry::active_id(row) else { continue };
        let folder = row.active.value.rsplit_once('/').map_or("", |(folder, _)| folder);
        if format!("{folder}/") != library.layout.stubs {
            continue;
        }
        let label = |text: &str| Label::text(&registry.source, row.active.span, text);
        let base = crate::text::one_line(&row.base.value, 60);
        if let Some((document, _)) = library.packet(active.as_str()) {
            let message = format!("the registry names the stub of `{active}`, but the packet was made");
            out.push(
                rule.finding(message, label("the stub")).related(Label::path(document.path(), "the packet")),
            );
        } else if library.stub(active.as_str()).is_none() && !library.is_bare() {
            out.push(rule.finding(
                format!("the stub that the registry names for `{base}` is not there"),
                label("no such stub"),
            ));
        }
    }
    out.into()
}
