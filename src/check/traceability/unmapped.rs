//! `traceability/unmapped`: the registry has a row for every base id with several packets.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::WpId;
use crate::document::board::BoardEntry;
use crate::document::registry::Registry;
use crate::finding::{Finding, Label, Level, Place};
use crate::rule::Rule;
use crate::text::{RepoPath, format_count};

/// Maximum number of findings with an edit that adds a row: each one reads the registry again.
const MAX_EDITS: usize = 50;

/// `traceability/unmapped`: every base id with several packets has a row in the
/// traceability registry.
pub(in crate::check) fn unmapped(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let governance = input.governance;
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, _, _) in governance.packets() {
        if let Ok(parsed) = WpId::parse(id) {
            families.entry(parsed.base().to_owned()).or_default().push(id);
        }
    }
    families.retain(|_, ids| ids.len() > 1);
    let path = RepoPath::from(governance.layout.registry.as_str());
    let Some(registry) = governance.registry() else {
        let Some((base, ids)) = families.first_key_value() else {
            return CheckResult::skipped("no base id has several packets, and the registry does not exist");
        };
        let message = format!("`{base}` has {} packets, but the registry does not exist", ids.len());
        return Some(rule.finding(message, Label::path(&path, "no such file"))).into();
    };
    let mut out: Vec<Finding> = Vec::new();
    for (base, ids) in &families {
        if registry.rows_of(base).next().is_some() {
            continue;
        }
        let message = format!("`{base}` has {} packets, but no row in the registry", ids.len());
        let mut finding = rule.finding(message, Label::path(&path, "no row for this base id"));
        for id in ids.iter().filter_map(|id| governance.packet(id)).take(4) {
            finding = finding.related(Label::path(id.0.path(), "a packet of this base id"));
        }
        let newest =
            ids.iter().filter_map(|id| WpId::parse(id).ok()).max_by_key(|id| id.revision().unwrap_or(0));
        let row = newest.filter(|_| out.len() < MAX_EDITS).and_then(|id| {
            let path = governance.layout.packet(&id).to_string();
            let (_, packet) = governance.packet(id.as_str())?;
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
    out.extend(find_unlisted(input, registry, rule));
    out.into()
}

/// Maximum number of entries that one finding shows.
const MAX_SHOWN: usize = 12;

/// Returns one note about the open entries of the board whose base ids have no row, if the
/// registry lists most of them: it is kept as the list of all packets.
fn find_unlisted(input: &RepositoryCheckContext<'_>, registry: &Registry, rule: &Rule) -> Option<Finding> {
    let board = input.governance.board()?;
    let has_row = |entry: &&BoardEntry| {
        let id = WpId::parse(&entry.wp_id);
        id.is_ok_and(|id| registry.rows_of(id.base()).next().is_some())
    };
    let (listed, unlisted): (Vec<&BoardEntry>, Vec<&BoardEntry>) = board.entries.iter().partition(has_row);
    let open: Vec<&BoardEntry> = unlisted
        .into_iter()
        .filter(|entry| !matches!(entry.state.as_str(), "SUPERSEDED" | "ABANDONED"))
        .collect();
    let (first, others) = open.split_first()?;
    if listed.len() < open.len().saturating_mul(4) {
        return None;
    }
    let message = match others.len() {
        0 => format!("`{}` of the task board has no row in the registry", first.wp_id),
        _ => format!("{} of the task board have no row in the registry", format_count(open.len(), "packet")),
    };
    let label = |entry: &BoardEntry| Label::text(&board.source, entry.span, "no row for its base id");
    let finding = rule.finding(message, label(first)).with_level(Level::Note);
    let shown = others.iter().take(MAX_SHOWN - 1);
    let finding = shown.fold(finding, |finding, entry| finding.related(label(entry)));
    Some(finding.related(Label::path(registry.source.name(), "the registry")))
}
