//! `scope/unparsable-entry`: every entry of `IN_SCOPE_PATHS` is a path.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::label::unquoted;
use crate::document::scope_entry::BadEntry;
use crate::rule::Rule;
use crate::text::one_line;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let bad = input
        .packet
        .packet
        .scope
        .inside
        .iter()
        .filter_map(|entry| Some((entry, entry.coverage.as_ref().err()?)));
    bad.map(|(entry, why)| {
        let finding = rule.finding(format!("`{}` allows nothing: {why}", one_line(unquoted(&entry.raw.value), 60)), input.packet.at(entry.raw.span, "not a path"));
        match why {
            BadEntry::BackSlash => {
                let place = crate::finding::Place::text(&input.packet.packet.source, entry.raw.span);
                finding.fixed_by(place, entry.raw.value.replace('\\', "/"), "write the path with `/`")
            }
            BadEntry::Prose => finding.help("A path with blanks is written in back-ticks; a remark stands in parentheses behind the path."),
            _ => finding,
        }
    })
    .collect::<Vec<_>>()
    .into()
}
