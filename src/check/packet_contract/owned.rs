//! The paths that the tasks of a packet own are inside the scope of the packet.

use super::label_at;
use crate::check::repository_documents::GovernanceDocuments;
use crate::check::scope::{MAX_ENTRY_PAIRS, entry_weight};
use crate::document::WpId;
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::document::typed_contract::TypedContract;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

/// Returns a finding for each path of a task that no entry of the packet covers.
pub(super) fn outside_packet(
    governance: &GovernanceDocuments<'_>,
    id: &str,
    tasks: &[&TypedContract],
    rule: &Rule,
) -> Vec<Finding> {
    let Some((_, packet)) = governance.packet(id) else { return Vec::new() };
    let entries = packet.scope.in_scope.iter();
    let packet_scope: Vec<&ScopeEntry> = entries.filter(|entry| entry.pattern.is_ok()).collect();
    let mut left = MAX_ENTRY_PAIRS;
    let cost = packet_scope.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry_weight(entry)));
    let mut out: Vec<Finding> = Vec::new();
    for task in tasks.iter().filter(|_| !packet_scope.is_empty()) {
        let name = to_single_line(&task.task_name(), 60);
        for entry in &task.allowed {
            if is_record(governance, id, entry) {
                continue;
            }
            // `packet-contract/value` and the scope rules report entries that are not paths.
            let Ok(pattern) = &entry.pattern else { continue };
            let (widest, written) = (widest_path(pattern), written_path(pattern));
            let weight = 1 + u64::try_from(widest.as_bytes().len()).unwrap_or(u64::MAX) / 100;
            let Some(rest) = left.checked_sub(cost.saturating_mul(weight)) else {
                let message = format!(
                    "the tasks of `{id}` own too many paths to compare them with its scope; at most \
                        {MAX_ENTRY_PAIRS} pairs are compared"
                );
                out.push(rule.finding(message, label_at(task, entry.raw.span, "not compared")));
                return out;
            };
            left = rest;
            let short = short_path(entry);
            let covers = |scope: &&ScopeEntry| {
                scope.covers(&widest)
                    || names_folder_of(scope, &written)
                    || short.as_ref().is_some_and(|end| ends_with(scope, end))
            };
            if !packet_scope.iter().any(covers) {
                let message = format!(
                    "the task `{name}` owns `{}`, which is outside the scope of `{id}`",
                    to_single_line(&entry.raw.value, 100)
                );
                out.push(rule.finding(message, label_at(task, entry.raw.span, "outside the packet")));
            }
        }
    }
    out
}

/// Returns whether an entry names records of the packet itself.
fn is_record(governance: &GovernanceDocuments<'_>, id: &str, entry: &ScopeEntry) -> bool {
    match &entry.pattern {
        Ok(ScopePattern::File(path)) => {
            WpId::parse(id).is_ok_and(|id| governance.layout.is_packet_record(&id, path))
        }
        _ => {
            let own_folder = format!("{}{id}", governance.layout.packets);
            entry.raw.value.trim_end_matches(['*', '/']) == own_folder
        }
    }
}

/// Returns whether an entry without a slash at its end, such as `app/src`, is a folder above
/// another entry. Gates take it for a file; here only two lists are compared.
fn names_folder_of(outer: &ScopeEntry, inner: &RepoPath) -> bool {
    let Ok(ScopePattern::File(folder)) = &outer.pattern else { return false };
    !folder.file_name().contains(&b'.') && (inner == folder || inner.is_below(folder.as_bytes()))
}

/// Returns the path of a file that may be written without its first folders, with a slash
/// before it: `/storage/mod.rs` can stand for `src/backend/storage/mod.rs`. A remark in
/// parentheses behind the path does not count.
fn short_path(entry: &ScopeEntry) -> Option<String> {
    let written = entry.raw.value.split(" (").next().unwrap_or_default().trim().trim_matches('`');
    let is_short = matches!(entry.pattern, Ok(ScopePattern::File(_)))
        && written.contains('.')
        && !written.starts_with(['.', '/']);
    is_short.then(|| format!("/{written}"))
}

/// Returns whether an entry is a file whose path ends like this.
fn ends_with(entry: &ScopeEntry, end: &str) -> bool {
    matches!(&entry.pattern, Ok(ScopePattern::File(path)) if path.as_bytes().ends_with(end.as_bytes()))
}

/// Returns the path of an entry as it is written; wildcards stay.
fn written_path(pattern: &ScopePattern) -> RepoPath {
    match pattern {
        ScopePattern::File(path) | ScopePattern::Folder(path) => path.clone(),
        ScopePattern::Glob(parts) => RepoPath::from(parts.join("/").as_str()),
    }
}

/// Returns a path that another entry covers only if it covers every path of this one: the
/// wildcards are replaced by names that no real entry contains.
fn widest_path(pattern: &ScopePattern) -> RepoPath {
    match pattern {
        ScopePattern::File(path) => path.clone(),
        ScopePattern::Folder(path) => path.join("\u{1}/\u{1}"),
        ScopePattern::Glob(parts) => {
            let names = parts
                .iter()
                .map(|part| if part == "**" { "\u{1}/\u{1}".to_owned() } else { part.replace('*', "\u{1}") });
            RepoPath::from(names.collect::<Vec<_>>().join("/").as_str())
        }
    }
}
