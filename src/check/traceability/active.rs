//! `traceability/active`: a base id has one active packet, and it is there.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::registry::Registry;
use crate::document::{PacketStatus, WpId};
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::format_count;

use super::registry_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let at = |span, text: &str| Label::text(&registry.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    for (index, row) in registry.rows.iter().enumerate() {
        let first = registry.rows.iter().take(index).find(|other| other.base.value == row.base.value);
        if let Some(first) = first.filter(|_| !row.base.value.is_empty()) {
            let message =
                format!("`{}` is mapped a second time", crate::text::to_single_line(&row.base.value, 60));
            out.push(
                rule.finding(message, at(row.base.span, "again")).related(at(first.base.span, "mapped here")),
            );
        }
        let (Some(library), Some(active)) = (input.governance, Registry::active_id(row)) else { continue };
        if library.has_no_packets_or_stubs() && index > 0 {
            // The first row has said it.
            continue;
        }
        let folder = row.active.value.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_stub = format!("{folder}/") == library.layout.stubs;
        if is_stub {
            continue;
        }
        let Some((_, packet)) = library.packet(active.as_str()) else {
            let base = crate::text::to_single_line(&row.base.value, 60);
            let message = if library.has_no_packets_or_stubs() {
                let rows = format_count(registry.rows.len(), "packet");
                format!("the registry names {rows}, but there is not one packet or stub")
            } else {
                format!("the active packet of `{base}` is not there")
            };
            out.push(rule.finding(message, at(row.active.span, "no such packet")));
            continue;
        };
        let wanted = library.layout.packet(&active).to_string();
        if row.active.value != wanted {
            let message = format!("the active packet lies in `{wanted}`, not where the registry says");
            let place = Place::text(&registry.source, row.active.span);
            let finding = rule.finding(message, at(row.active.span, "another path"));
            out.push(if registry.source.slice(row.active.span) == row.active.value {
                finding.with_fix(place, wanted, "write the path where the packet lies")
            } else {
                finding
            });
        }
        if let Some(status) = packet.status.as_ref().filter(|status| status.value == PacketStatus::Superseded)
        {
            let message = format!("the active packet `{active}` calls itself superseded");
            let there = Label::text(&packet.source, status.span, "says so here");
            out.push(rule.finding(message, at(row.active.span, "named as active")).related(there));
        }
        out.extend(find_newer_revision(library, &active).map(|id| {
            let message = format!("`{active}` is named as active, but `{id}` is newer and open");
            rule.finding(message, at(row.active.span, "an older revision"))
        }));
    }
    out.into()
}

/// A later revision that is open for work.
fn find_newer_revision(
    library: &crate::check::repository_documents::GovernanceDocuments<'_>,
    active: &WpId,
) -> Option<String> {
    let is_later = |id: &String| {
        WpId::parse(id).is_ok_and(|id| id.revision().unwrap_or(0) > active.revision().unwrap_or(0))
    };
    let is_open = |id: &String| {
        let status = library.packet(id).and_then(|(_, packet)| packet.status.as_ref());
        status.is_some_and(|status| status.value.allows_work())
    };
    library.ids_with_base(active.base()).into_iter().rfind(|id| is_later(id) && is_open(id))
}
