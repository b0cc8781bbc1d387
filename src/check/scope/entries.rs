//! `scope/no-entry`, `scope/unparsable-entry`, `scope/overlap`: the entries of a scope.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::field::strip_quotes;
use crate::document::scope_entry::{ScopeEntry, ScopeEntryError, ScopePattern};
use crate::finding::{Level, Place};
use crate::rule::Rule;
use crate::text::to_single_line;

/// `scope/no-entry`: `IN_SCOPE_PATHS` contains at least one valid entry.
pub(in crate::check) fn no_entry(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    if scope.in_scope.iter().any(|entry| entry.pattern.is_ok()) {
        return Vec::new().into();
    }
    let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
    let label =
        if scope.declared.is_some() { "no valid path in this list" } else { "add `IN_SCOPE_PATHS` here" };
    let message = "IN_SCOPE_PATHS contains no valid path, so the packet allows no change";
    let finding = rule.finding(message, input.label_at(span, label));
    let finding =
        if scope.declared.is_none() { finding.misses("SCOPE", Some("IN_SCOPE_PATHS")) } else { finding };
    Some(match scope.in_scope.first() {
        Some(entry) => finding.because_of(Place::text(&input.packet.source, entry.raw.span)),
        None => finding,
    })
    .into()
}

/// `scope/unparsable-entry`: every entry of `IN_SCOPE_PATHS` is a path, a
/// folder or a glob.
pub(in crate::check) fn unparsable_entry(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let entries = input.packet.scope.in_scope.iter();
    let invalid = entries.filter_map(|entry| Some((entry, entry.pattern.as_ref().err()?)));
    let findings = invalid.map(|(entry, why)| {
        let shown = to_single_line(strip_quotes(&entry.raw.value), 60);
        let message = format!("the scope entry `{shown}` is invalid and allows nothing: {why}");
        let finding = rule.finding(message, input.label_at(entry.raw.span, "not a path"));
        match why {
            ScopeEntryError::Backslash => {
                let place = Place::text(&input.packet.source, entry.raw.span);
                finding.with_fix(place, entry.raw.value.replace('\\', "/"), "replace `\\` with `/`")
            }
            ScopeEntryError::Prose if entry.raw.value.starts_with('`') => {
                finding.help("Put the remark in parentheses after the path: `path` (remark).")
            }
            ScopeEntryError::Prose => finding.help(
                "Write a path that contains spaces in backticks. Put a remark in parentheses after the path.",
            ),
            _ => finding,
        }
    });
    findings.collect::<Vec<_>>().into()
}

/// Returns whether two entries name the same path; a folder is also excluded without the
/// slash at its end.
fn is_same(inside: &ScopeEntry, outside: &ScopeEntry) -> bool {
    let is_same_folder = match (&inside.pattern, &outside.pattern) {
        (Ok(ScopePattern::Folder(inside)), Ok(ScopePattern::File(outside))) => inside == outside,
        _ => false,
    };
    is_same_folder || inside.pattern == outside.pattern
}

/// Maximum number of pairs of entries in scope and out of scope that are compared.
const MAX_OVERLAP_PAIRS: usize = 100_000;
/// Maximum number of pairs of their characters.
const MAX_OVERLAP_CELLS: usize = 50_000_000;

/// `scope/overlap`: no path is covered by both `IN_SCOPE_PATHS` and
/// `OUT_OF_SCOPE`.
pub(in crate::check) fn overlap(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let scope = &input.packet.scope;
    let mut out = Vec::new();
    let bytes = |entries: &[ScopeEntry]| entries.iter().map(|entry| entry.raw.value.len()).sum::<usize>();
    if scope.in_scope.len().saturating_mul(scope.out_of_scope.len()) > MAX_OVERLAP_PAIRS
        || bytes(&scope.in_scope).saturating_mul(bytes(&scope.out_of_scope)) > MAX_OVERLAP_CELLS
    {
        let (inside, outside) = (scope.in_scope.len(), scope.out_of_scope.len());
        let message = format!(
            "{inside} entries in scope and {outside} out of scope are too many or too long to compare; at \
                most {MAX_OVERLAP_PAIRS} pairs and {MAX_OVERLAP_CELLS} pairs of characters are compared"
        );
        let span = scope.declared.unwrap_or_else(|| input.packet.heading_span("SCOPE"));
        return Some(rule.finding(message, input.label_at(span, "too many entries"))).into();
    }
    for inside in &scope.in_scope {
        let is_file = |entry: &ScopeEntry| matches!(entry.pattern, Ok(ScopePattern::File(_)));
        // An exact path in scope is an exception of a folder or pattern out of scope.
        let conflicts = |outside: &&ScopeEntry| {
            inside.meets_exclusion(outside) && (!is_file(inside) || is_same(inside, outside))
        };
        for outside in scope.out_of_scope.iter().filter(conflicts) {
            let message = format!(
                "`{}` is in scope and `{}` is out of scope, and both cover the same path",
                to_single_line(strip_quotes(&inside.raw.value), 60),
                to_single_line(strip_quotes(&outside.raw.value), 60)
            );
            // A narrower entry out of scope is how exceptions are written: it wins.
            let level = if is_same(inside, outside) { Level::Error } else { Level::Warning };
            out.push(
                rule.finding(message, input.label_at(inside.raw.span, "in scope"))
                    .with_level(level)
                    .related(input.label_at(outside.raw.span, "out of scope")),
            );
        }
    }
    out.into()
}
