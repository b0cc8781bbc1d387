//! `packet/identity`: file name, title and `WP_ID` name one packet.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::finding::Place;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    let id = input.id.as_str();
    let title = input.packet.title_id.iter().map(|title| ("the title", title.clone()));
    let fields =
        ["WP_ID", "TASK_ID"].into_iter().filter_map(|key| Some((key, input.packet.meta(key)?.filled()?)));
    for (name, value) in title.chain(fields) {
        if value.value != id {
            let finding = rule.finding(
                format!("{name} says `{}`, the file is `{id}.md`", crate::text::one_line(&value.value, 80)),
                input.at(value.span, format!("not `{id}`")),
            );
            // The title's span holds more than the id.
            let exact = input.packet.source.slice(value.span) == value.value;
            let place = Place::text(&input.packet.source, value.span);
            out.push(if exact {
                finding.unsafely_fixed_by(place, id, "name the packet by its file")
            } else {
                finding
            });
        }
    }
    if let Some(base) = input.packet.meta("BASE_WP_ID").and_then(crate::document::label::Field::filled)
        && base.value != input.id.base()
        && base.value != id
    {
        let message =
            format!("BASE_WP_ID says `{}`, the base of `{id}` is `{}`", base.value, input.id.base());
        let place = Place::text(&input.packet.source, base.span);
        let finding = rule.finding(message, input.at(base.span, "another base id"));
        out.push(finding.unsafely_fixed_by(place, input.id.base(), "write the base of the packet's id"));
    }
    out.into()
}
