//! `traceability/…`: the registry maps every base id to its active packet.

mod board;
mod supersedes;
mod unmapped;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::check::CheckResult;
use crate::check::record::report_missing;
use crate::check::repository_documents::{DocumentCheckContext, GovernanceDocuments};
use crate::document::registry::{Registry, RegistryRow};
use crate::document::{DocumentBody, PacketStatus, WpId};
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{Span, format_count};

pub(super) use board::board;
pub(super) use supersedes::supersedes;
pub(super) use unmapped::unmapped;

/// Returns the document as a traceability registry, or a skipped result.
fn registry_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Registry, CheckResult> {
    match &input.document.body {
        DocumentBody::Registry(registry) => Ok(registry),
        _ => Err(CheckResult::skipped("not a traceability registry")),
    }
}

/// `traceability/row`: every row of the traceability registry has all its cells, a
/// base id, and the path of a packet with that base id.
pub(super) fn row(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let at = |span, text: String| Label::text(&registry.source, span, text);
    let rows: HashSet<Span> = registry.rows.iter().map(|row| row.span).collect();
    let mut out: Vec<Finding> = registry
        .faults
        .iter()
        .map(|fault| {
            let finding = rule.finding(fault.message.clone(), at(fault.span, String::new()));
            // Lines below a gap in the table are no rows of it; the table itself is read.
            let is_row = rows.contains(&fault.span);
            if is_row || rows.is_empty() { finding } else { finding.with_level(Level::Warning) }
        })
        .collect();
    let faulty: HashSet<Span> = registry.faults.iter().map(|fault| fault.span).collect();
    for row in &registry.rows {
        if faulty.contains(&row.span) {
            continue;
        }
        let base = crate::text::to_single_line(&row.base.value, 60);
        match WpId::parse(&row.base.value) {
            Err(why) => out.push(rule.finding(
                format!("invalid base id `{base}`: {why}"),
                at(row.base.span, "not a work packet id".into()),
            )),
            Ok(id) if id.revision().is_some() => {
                let message = format!("`{base}` is a revision; a base id has no `-vN`");
                let finding =
                    rule.finding(message, at(row.base.span, format!("the base id is `{}`", id.base())));
                let exact = registry.source.slice(row.base.span) == row.base.value;
                out.push(if exact {
                    let place = Place::text(&registry.source, row.base.span);
                    finding.with_unsafe_fix(place, id.base(), "write the base id")
                } else {
                    finding
                });
            }
            Ok(id) => match Registry::active_id(row) {
                // `Task board only: WP-1-A-v1` says that there is no packet.
                None if !row.active.value.contains('/') && row.active.value.contains(": WP-") => {}
                None => {
                    let shown = crate::text::to_single_line(&row.active.value, 80);
                    let message = format!("`{shown}` is not the path of a packet; expected `…/<WP_ID>.md`");
                    out.push(rule.finding(message, at(row.active.span, "not the path of a packet".into())));
                }
                // `Folded into Ready for Dev: WP-2-B` names the packet that took the work over.
                Some(active)
                    if row.board.as_ref().is_some_and(|cell| is_taken_over(&cell.value, active.base())) => {}
                Some(active) if active.base() != id.as_str() => {
                    let message =
                        format!("the active packet of `{base}` is `{active}`, which has another base id");
                    out.push(rule.finding(
                        message,
                        at(row.active.span, format!("its base id is `{}`", active.base())),
                    ));
                }
                Some(_) => {}
            },
        }
    }
    out.into()
}

/// Returns whether the active packet of a row is one of another base id.
fn has_other_base(row: &RegistryRow, active: &WpId) -> bool {
    WpId::parse(&row.base.value).is_ok_and(|id| id.revision().is_none() && id.base() != active.base())
        && !row.board.as_ref().is_some_and(|cell| is_taken_over(&cell.value, active.base()))
}

/// Returns for each row the first row with the same base id; `None` if the row
/// itself is the first one, or has no base id.
fn first_rows<'a>(rows: &'a [RegistryRow]) -> Vec<Option<&'a RegistryRow>> {
    let mut by_base: HashMap<&str, &RegistryRow> = HashMap::new();
    let first_of = |row: &'a RegistryRow| match by_base.entry(row.base.value.as_str()) {
        Entry::Occupied(first) => Some(*first.get()).filter(|_| !row.base.value.is_empty()),
        Entry::Vacant(entry) => {
            entry.insert(row);
            None
        }
    };
    rows.iter().map(first_of).collect()
}

/// `traceability/active`: the registry maps each base id once, to an active packet at
/// the right path, which is not superseded and has no newer open revision.
pub(super) fn active(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let at = |span, text: &str| Label::text(&registry.source, span, text);
    let mut out: Vec<Finding> = Vec::new();
    let mut missing: Vec<(String, Label)> = Vec::new();
    for (index, (row, first)) in registry.rows.iter().zip(first_rows(&registry.rows)).enumerate() {
        if let Some(first) = first {
            let message =
                format!("`{}` has more than one row", crate::text::to_single_line(&row.base.value, 60));
            out.push(
                rule.finding(message, at(row.base.span, "a further row"))
                    .related(at(first.base.span, "the first row")),
            );
        }
        let (Some(governance), Some(active)) = (input.governance, Registry::active_id(row)) else { continue };
        if governance.has_no_packets_or_stubs() && index > 0 {
            // The finding of the first row covers all rows.
            continue;
        }
        let folder = row.active.value.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_stub = format!("{folder}/") == governance.layout.stubs;
        if is_stub {
            continue;
        }
        let Some((_, packet)) = governance.packet(active.as_str()) else {
            // `record/json` reports a broken contract, and `traceability/row` another base id.
            if governance.has_broken_packet(active.as_str()) || has_other_base(row, &active) {
                continue;
            }
            let base = crate::text::to_single_line(&row.base.value, 60);
            let message = if governance.has_no_packets_or_stubs() {
                let rows = format_count(registry.rows.len(), "packet");
                format!("the registry names {rows}, but the repository has no packet and no stub")
            } else {
                format!("the active packet `{active}` of `{base}` does not exist")
            };
            missing.push((message, at(row.active.span, "no such packet")));
            continue;
        };
        let wanted = governance.layout.packet(&active).to_string();
        // `packet/twin` reports the second file of a packet.
        let is_twin = row.active.value == governance.layout.packet_twin(&active).to_string()
            && governance
                .documents
                .iter()
                .any(|document| *document.path() == row.active.value.as_str().into());
        if row.active.value != wanted && !is_twin {
            let message =
                format!("the path of the active packet is `{wanted}`, not the path in the registry");
            let place = Place::text(&registry.source, row.active.span);
            let finding = rule.finding(message, at(row.active.span, "a different path"));
            out.push(if registry.source.slice(row.active.span) == row.active.value {
                finding.with_fix(place, wanted, "write the path of the packet")
            } else {
                finding
            });
        }
        if let Some(status) = packet.status.as_ref().filter(|status| status.value == PacketStatus::Superseded)
        {
            let message = format!("the active packet `{active}` has the status Superseded");
            let there = Label::text(&packet.source, status.span, "the status");
            out.push(rule.finding(message, at(row.active.span, "named as active")).related(there));
        }
        out.extend(find_newer_revision(governance, &active).map(|id| {
            let message = format!("the registry names `{active}` as active, but `{id}` is newer and open");
            rule.finding(message, at(row.active.span, "an older revision"))
        }));
    }
    out.extend(report_missing(rule, missing, "registry", "active packet"));
    out.into()
}

/// Finds the newest later revision that is open for work.
fn find_newer_revision(governance: &GovernanceDocuments<'_>, active: &WpId) -> Option<String> {
    let is_later = |id: &String| {
        WpId::parse(id).is_ok_and(|id| id.revision().unwrap_or(0) > active.revision().unwrap_or(0))
    };
    let is_open = |id: &String| {
        let status = governance.packet(id).and_then(|(_, packet)| packet.status.as_ref());
        status.is_some_and(|status| status.value.allows_work())
    };
    governance.ids_with_base(active.base()).into_iter().rfind(|id| is_later(id) && is_open(id))
}

/// Returns whether the state of a row says that another packet took the work over.
fn is_taken_over(state: &str, base: &str) -> bool {
    let lower = state.to_lowercase();
    ["folded into", "merged into", "absorbed by", "superseded by", "replaced by"]
        .iter()
        .any(|words| lower.contains(words))
        && state.contains(base)
}

/// `traceability/stub`: the registry names a stub only if the stub exists and its
/// task packet does not exist.
pub(super) fn stub(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let Some(governance) = input.governance else {
        return CheckResult::skipped("the packets were not read");
    };
    let mut out: Vec<Finding> = Vec::new();
    let mut missing: Vec<(String, Label)> = Vec::new();
    for row in &registry.rows {
        let Some(active) = Registry::active_id(row) else { continue };
        let folder = row.active.value.rsplit_once('/').map_or("", |(folder, _)| folder);
        if format!("{folder}/") != governance.layout.stubs {
            continue;
        }
        let label = |text: &str| Label::text(&registry.source, row.active.span, text);
        let base = crate::text::to_single_line(&row.base.value, 60);
        if let Some((document, _)) = governance.packet(active.as_str()) {
            let message = format!("the registry names the stub of `{active}`, but its task packet exists");
            out.push(
                rule.finding(message, label("the stub")).related(Label::path(document.path(), "the packet")),
            );
        } else if governance.stub(active.as_str()).is_none() && !governance.has_no_packets_or_stubs() {
            let message = format!("the stub that the registry names for `{base}` does not exist");
            missing.push((message, label("no such stub")));
        }
    }
    out.extend(report_missing(rule, missing, "registry", "stub"));
    out.into()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::text::Spanned;

    #[test]
    fn many_rows_are_compared_in_linear_time() {
        let row = |at: usize, base: String| RegistryRow {
            span: Span::new(at, at + 1),
            base: Spanned::new(base, Span::new(at, at + 1)),
            active: Spanned::new(String::new(), Span::new(at, at + 1)),
            board: None,
        };
        let mut rows: Vec<RegistryRow> = (0..60_000).map(|n| row(n, format!("WP-1-Name-{n}"))).collect();
        rows.extend([
            row(60_000, "WP-1-Name-7".into()),
            row(60_001, String::new()),
            row(60_002, String::new()),
        ]);
        let start = Instant::now();
        let first = first_rows(&rows);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        let repeated: Vec<(usize, usize)> = first
            .iter()
            .enumerate()
            .filter_map(|(at, first)| Some((at, first.as_ref()?.span.start)))
            .collect();
        assert_eq!(repeated, [(60_000, 7)], "rows without a base id are not compared");
    }
}
