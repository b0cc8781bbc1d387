//! `packet/identity`: file name, title and `WP_ID` name one packet.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::finding::Place;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut out = Vec::new();
    let id = input.id.as_str();
    let title = input.packet.title_id.iter().map(|title| ("the title", title.clone()));
    let fields = ["WP_ID", "TASK_ID"]
        .into_iter()
        .filter_map(|key| Some((key, input.packet.metadata_field(key)?.filled_value()?)));
    for (name, value) in title.chain(fields) {
        if value.value != id {
            let finding = rule.finding(
                format!(
                    "{name} says `{}`, the file is `{id}.md`",
                    crate::text::to_single_line(&value.value, 80)
                ),
                input.label_at(value.span, format!("not `{id}`")),
            );
            // The title's span holds more than the id.
            let exact = input.packet.source.slice(value.span) == value.value;
            let place = Place::text(&input.packet.source, value.span);
            out.push(if exact {
                finding.with_unsafe_fix(place, id, "name the packet by its file")
            } else {
                finding
            });
        }
    }
    if let Some(base) =
        input.packet.metadata_field("BASE_WP_ID").and_then(crate::document::field::Field::filled_value)
        && base.value != input.id.base()
        && base.value != id
    {
        let message =
            format!("BASE_WP_ID says `{}`, the base of `{id}` is `{}`", base.value, input.id.base());
        let place = Place::text(&input.packet.source, base.span);
        let finding = rule.finding(message, input.label_at(base.span, "another base id"));
        out.push(finding.with_unsafe_fix(place, input.id.base(), "write the base of the packet's id"));
    }
    out.into()
}
