//! `scope/unparsable-entry`: every entry of `IN_SCOPE_PATHS` is a path.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::field::strip_quotes;
use crate::document::scope_entry::ScopeEntryError;
use crate::rule::Rule;
use crate::text::to_single_line;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let bad =
        input.packet.scope.in_scope.iter().filter_map(|entry| Some((entry, entry.pattern.as_ref().err()?)));
    bad.map(|(entry, why)| {
        let finding = rule.finding(format!("`{}` allows nothing: {why}", to_single_line(strip_quotes(&entry.raw.value), 60)), input.label_at(entry.raw.span, "not a path"));
        match why {
            ScopeEntryError::Backslash => {
                let place = crate::finding::Place::text(&input.packet.source, entry.raw.span);
                finding.with_fix(place, entry.raw.value.replace('\\', "/"), "write the path with `/`")
            }
            ScopeEntryError::Prose if entry.raw.value.starts_with('`') => {
                    finding.help("Put the remark behind the path into parentheses: `path` (remark).")
                }
                ScopeEntryError::Prose => finding
                    .help("A path with blanks is written in back-ticks; a remark stands in parentheses behind the path."),
            _ => finding,
        }
    })
    .collect::<Vec<_>>()
    .into()
}
