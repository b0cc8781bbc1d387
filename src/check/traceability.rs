//! `traceability/…`: the registry maps every base id to the packet in force.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::{DocumentCheckContext, RepositoryCheckContext};
use crate::document::registry::Registry;
use crate::document::{DocumentBody, PacketStatus, WpId};
use crate::finding::{Finding, Label, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, format_count};

/// The registry that a document is.
fn registry_of<'a>(input: &'a DocumentCheckContext<'_>) -> Result<&'a Registry, CheckResult> {
    match &input.document.body {
        DocumentBody::Registry(registry) => Ok(registry),
        _ => Err(CheckResult::skipped("not a traceability registry")),
    }
}

/// `traceability/active`: a base id has one active packet, and it is there.
pub(super) fn active(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `traceability/row`: rows have all their cells, and hold ids and paths.
pub(super) fn row(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let registry = match registry_of(input) {
        Ok(registry) => registry,
        Err(skipped) => return skipped,
    };
    let at = |span, text: String| Label::text(&registry.source, span, text);
    let mut out: Vec<Finding> = registry
        .faults
        .iter()
        .map(|fault| rule.finding(fault.message.clone(), at(fault.span, String::new())))
        .collect();
    for row in &registry.rows {
        let known = registry.faults.iter().any(|fault| fault.span == row.span);
        if known {
            continue;
        }
        let base = crate::text::to_single_line(&row.base.value, 60);
        match WpId::parse(&row.base.value) {
            Err(why) => out.push(
                rule.finding(format!("`{base}` is no base id: {why}"), at(row.base.span, "no id".into())),
            ),
            Ok(id) if id.revision().is_some() => {
                let message = format!("`{base}` is a revision; a base id has no `-vN`");
                let finding =
                    rule.finding(message, at(row.base.span, format!("the base is `{}`", id.base())));
                let exact = registry.source.slice(row.base.span) == row.base.value;
                out.push(if exact {
                    let place = Place::text(&registry.source, row.base.span);
                    finding.with_unsafe_fix(place, id.base(), "write the base id")
                } else {
                    finding
                });
            }
            Ok(id) => {
                match Registry::active_id(row) {
                    None => {
                        let shown = crate::text::to_single_line(&row.active.value, 80);
                        let message = format!("`{shown}` names no packet");
                        out.push(rule.finding(
                            message,
                            at(row.active.span, "a path `…/<WP_ID>.md` belongs here".into()),
                        ));
                    }
                    Some(active) if active.base() != id.as_str() => {
                        let message =
                            format!("the active packet of `{base}` is `{active}`, of another base id");
                        out.push(rule.finding(
                            message,
                            at(row.active.span, format!("its base is `{}`", active.base())),
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    out.into()
}

/// `traceability/stub`: no stub is named where there is a packet.
pub(super) fn stub(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `traceability/unmapped`: a base id with several packets is in the registry.
pub(super) fn unmapped(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let library = input.governance;
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, _, _) in library.packets() {
        if let Ok(parsed) = WpId::parse(id) {
            families.entry(parsed.base().to_owned()).or_default().push(id);
        }
    }
    families.retain(|_, ids| ids.len() > 1);
    let path = RepoPath::from(library.layout.registry.as_str());
    let Some(registry) = library.registry() else {
        let Some((base, ids)) = families.first_key_value() else {
            return CheckResult::skipped("no base id has several packets, and there is no registry");
        };
        let message = format!("`{base}` has {} packets, but there is no registry", ids.len());
        return Some(rule.finding(message, Label::path(&path, "no such file"))).into();
    };
    let mut out: Vec<Finding> = Vec::new();
    for (base, ids) in &families {
        if registry.rows_of(base).next().is_some() {
            continue;
        }
        let message = format!("the registry does not say which packet of `{base}` is active");
        let mut finding = rule.finding(message, Label::path(&path, "no row of this base id"));
        for id in ids.iter().filter_map(|id| library.packet(id)).take(4) {
            finding = finding.related(Label::path(id.0.path(), "one of them"));
        }
        let newest =
            ids.iter().filter_map(|id| WpId::parse(id).ok()).max_by_key(|id| id.revision().unwrap_or(0));
        let row = newest.and_then(|id| {
            let path = library.layout.packet(&id).to_string();
            let (_, packet) = library.packet(id.as_str())?;
            let status = packet.status.as_ref().map_or(String::new(), |status| status.value.to_string());
            Some((id, registry.append_row_edit(base, &path, &status, "")?))
        });
        out.push(match row {
            Some((id, edit)) => finding.with_unsafe_fix(
                Place::text(&registry.source, edit.span),
                edit.text,
                format!("add a row that names `{id}`, the newest revision"),
            ),
            None => finding,
        });
    }
    out.into()
}
