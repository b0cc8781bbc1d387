//! `scope/unparsable-entry`: every entry of `IN_SCOPE_PATHS` is a path.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::label::unquoted;
use crate::document::scope_entry::BadEntry;
use crate::rule::Rule;
use crate::text::one_line;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let bad =
        input.packet.scope.inside.iter().filter_map(|entry| Some((entry, entry.coverage.as_ref().err()?)));
    bad.map(|(entry, why)| {
        let finding = rule.finding(format!("`{}` allows nothing: {why}", one_line(unquoted(&entry.raw.value), 60)), input.at(entry.raw.span, "not a path"));
        match why {
            BadEntry::BackSlash => {
                let place = crate::finding::Place::text(&input.packet.source, entry.raw.span);
                finding.fixed_by(place, entry.raw.value.replace('\\', "/"), "write the path with `/`")
            }
            BadEntry::Prose if entry.raw.value.starts_with('`') => {
                    finding.help("Put the remark behind the path into parentheses: `path` (remark).")
                }
                BadEntry::Prose => finding
                    .help("A path with blanks is written in back-ticks; a remark stands in parentheses behind the path."),
            _ => finding,
        }
    })
    .collect::<Vec<_>>()
    .into()
}
